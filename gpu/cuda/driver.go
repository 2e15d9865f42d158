// Package cuda is the CUDA driver API as far as an executor of plans needs it:
// one interface, and the real driver behind it, found when the program runs.
package cuda

import "time"

// A Ptr is an address in a device's memory. Zero is none.
type Ptr uint64

// Info describes a device. It does not change while the device is open.
type Info struct {
	Name    string // as its maker calls it
	UUID    string // "GPU-…", or "MIG-…" for an instance, as NVML writes it; empty if the driver does not say
	Bus     string // PCI address, "0000:3b:00.0"; empty if the driver does not say
	Major   int    // compute capability
	Minor   int
	Memory  int64 // bytes in all; see [Driver.Memory] for what is free
	SMs     int   // multiprocessors
	Threads int   // most threads in a block
	Shared  int   // most bytes of shared memory in a block that asks for them
	L2      int   // bytes of second-level cache
	Driver  int   // CUDA version that the driver speaks: 12040 is 12.4
	MIG     bool  // an instance of a divided card
}

// Capability is the compute capability as one number: 90 for 9.0.
func (i Info) Capability() int { return 10*i.Major + i.Minor }

// A Stream is a queue of work on a device. What is in one stream runs in order.
type Stream uint8

// The streams. What is in different ones is ordered by events alone.
const (
	Compute   Stream = iota // kernels, and what is captured
	Transfers               // copies beside them
	Streams                 // how many there are
)

// A Driver is one open device. Between Enter's start and end it belongs to one
// goroutine; every method but Info, Enter and Close is called inside Enter.
//
// Work is queued: a call returns before the device has done it, and an error of
// the device may come from any later call. Errors are [*Error], or another error
// of kind Invalid for a call that makes no sense. After an error for which
// errors.Is(err, ErrLost) holds, nothing works any more but Close.
type Driver interface {
	Info() Info
	// Enter runs f with the device. Others wait meanwhile, so f is a whole plan
	// rather than a call. It does not nest.
	Enter(f func() error) error
	// Memory says how many bytes of the device nobody holds, and how many there are.
	Memory() (free, total int64, err error)

	// Alloc returns n > 0 bytes, aligned to 256, with whatever was left in them.
	// A device that is full is [OutOfMemory].
	Alloc(n int64) (Ptr, error)
	// Free gives back what Alloc returned, after all work that was queued before.
	Free(p Ptr) error
	// AllocHost returns n > 0 bytes of page-locked memory, zeroed. They are not
	// Go's: no use of them may outlive FreeHost or Close.
	AllocHost(n int64) ([]byte, error)
	FreeHost(mem []byte) error
	// Register page-locks memory that is mapped already and stays mapped until
	// Unregister or Close: never memory that Go allocated. A system that cannot is
	// [NotSupported], and the memory is then used as any other.
	Register(mem []byte) error
	Unregister(mem []byte) error

	// Upload copies src to the device. From page-locked memory the copy runs
	// later, and src is left alone until the stream has passed it; from other
	// memory src is free again when Upload returns.
	Upload(s Stream, dst Ptr, src []byte) error
	// Download copies into dst. Into page-locked memory the copy runs later; in
	// other memory the bytes are there when Download returns.
	Download(s Stream, dst []byte, src Ptr) error
	// Set fills n bytes.
	Set(s Stream, dst Ptr, value byte, n int64) error
	// Copy copies n bytes on the device, between ranges that do not overlap.
	Copy(s Stream, dst, src Ptr, n int64) error

	// Load compiles a text of PTX for the device. A text that is refused is an
	// error with the compiler's log in it.
	Load(ptx string) (Module, error)
	// Launch queues f on Compute. args is f's parameter space in slots of 8 bytes:
	// a .u64 is one slot, an array of bytes as many as it fills, from an offset
	// that its alignment divides. They are copied before Launch returns. shared
	// is dynamic shared memory in bytes, at most [Info.Shared] less f's own.
	Launch(f Function, grid, block [3]uint32, shared uint32, args []uint64) error

	// Capture records what f queues on Compute, without running it. Addresses and
	// args are recorded as they are now; contents of memory are read when the
	// graph runs. Inside f only Launch, Set, Copy and, with page-locked memory,
	// Upload and Download make sense; the rest is Invalid. A failing f records nothing.
	Capture(f func() error) (Graph, error)

	// Event returns an event that has not happened.
	Event() (Event, error)
	// Sync waits until s has done everything that was queued.
	Sync(s Stream) error

	// Close gives back everything, also after ErrLost. It waits for who is inside.
	// A second Close does nothing.
	Close() error
}

// A Module is compiled PTX on a device.
type Module interface {
	// Function returns the .entry of that name. The same name gives the same
	// function; it ends with the module.
	Function(name string) (Function, error)
	// Unload gives the module back, after all work that was queued before. No
	// graph uses it.
	Unload() error
}

// A Function is an entry of a module.
type Function interface {
	Name() string
	// Resources says what the compiler used for it.
	Resources() Resources
}

// Resources are what one function takes of a multiprocessor.
type Resources struct {
	Registers int // a thread
	Local     int // bytes a thread spills or indexes
	Shared    int // bytes a block declares, beside what a launch asks for
	Threads   int // most threads a block may have
}

// A Graph is work that was captured.
type Graph interface {
	// Launch queues all of it on Compute, once more.
	Launch() error
	// Free gives the graph back when the device is done with it.
	Free() error
}

// An Event marks a place in a stream.
type Event interface {
	// Record makes the event happen when s has done what was queued so far.
	// Recorded again, it is the later one.
	Record(s Stream) error
	// Wait holds s until the event has happened, if it was recorded.
	Wait(s Stream) error
	// Sync waits here until the event has happened, if it was recorded.
	Sync() error
	// Since is the time from earlier to this event, by the device's clock of about
	// half a microsecond. Both have happened.
	Since(earlier Event) (time.Duration, error)
	Free() error
}
