package ptxvm

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
)

// A Driver is a Device behind the interface of the CUDA driver. Work is done
// when it is queued, so an error comes from the call that caused it; like the
// real one, a device whose kernel faulted is lost. Errors of kernels wrap both
// a *cuda.Error with the code that a card would give and the *Fault.
type Driver struct {
	device *Device

	mu      sync.Mutex
	inside  bool
	closed  bool
	lost    error
	pinned  [][]byte
	allocs  map[cuda.Ptr]bool
	capture *graph // being recorded
}

var _ cuda.Driver = (*Driver)(nil)

// NewDriver returns a driver with a device of its own.
func NewDriver(cfg Config) *Driver {
	return &Driver{device: New(cfg), allocs: map[cuda.Ptr]bool{}}
}

// Device is the machine behind the driver: for Poison, Unwritten and counts.
func (d *Driver) Device() *Device { return d.device }

// Info describes the machine.
func (d *Driver) Info() cuda.Info {
	cfg := d.device.cfg
	return cuda.Info{
		Name: cfg.Name, UUID: "GPU-00000000-0000-0000-0000-000000000000",
		Major: cfg.Capability / 10, Minor: cfg.Capability % 10, Memory: cfg.Bytes, SMs: cfg.SMs,
		Threads: threadLimit, Shared: sharedLimit(cfg.Capability), L2: 1 << 20, Driver: cfg.Driver,
	}
}

// Enter runs f with the device.
func (d *Driver) Enter(f func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return invalidCall("Enter after Close")
	}
	d.inside = true
	defer func() { d.inside = false }()
	return f()
}

func invalidCall(format string, args ...any) error {
	return fmt.Errorf("ptxvm: %s: %w", fmt.Sprintf(format, args...), abi.Invalid)
}

// ready says whether a call makes sense now. Inside Capture only calls that can be recorded do.
func (d *Driver) ready(records bool) error {
	switch {
	case !d.inside:
		return invalidCall("a call outside Enter")
	case d.lost != nil:
		return d.lost
	case d.capture != nil && !records:
		return invalidCall("a call that cannot be captured")
	}
	return nil
}

// queue does something now, or records it.
func (d *Driver) queue(f func() error) error {
	if err := d.ready(true); err != nil {
		return err
	}
	if d.capture != nil {
		d.capture.steps = append(d.capture.steps, f)
		return nil
	}
	return f()
}

// Memory says what is free.
func (d *Driver) Memory() (free, total int64, err error) {
	if err := d.ready(false); err != nil {
		return 0, 0, err
	}
	total = d.device.cfg.Bytes
	return total - d.device.Used(), total, nil
}

// Alloc returns n bytes that hold nothing yet.
func (d *Driver) Alloc(n int64) (cuda.Ptr, error) {
	if err := d.ready(false); err != nil {
		return 0, err
	}
	p, err := d.device.Alloc(n)
	if errors.Is(err, abi.Exhausted) {
		return 0, &cuda.Error{Call: "cuMemAlloc_v2", Code: cuda.OutOfMemory, Note: err.Error()}
	}
	if err == nil {
		d.allocs[cuda.Ptr(p)] = true
	}
	return cuda.Ptr(p), err
}

// Free gives back what Alloc returned.
func (d *Driver) Free(p cuda.Ptr) error {
	if err := d.ready(false); err != nil {
		return err
	}
	if !d.allocs[p] {
		return invalidCall("Free of %#x, which Alloc did not return", p)
	}
	delete(d.allocs, p)
	return d.device.Free(uint64(p))
}

// AllocHost returns zeroed memory that counts as page-locked.
func (d *Driver) AllocHost(n int64) ([]byte, error) {
	if n <= 0 || n > 1<<40 {
		return nil, invalidCall("page-locked memory of %d bytes", n)
	}
	mem := make([]byte, n)
	return mem, d.Register(mem)
}

// FreeHost gives back what AllocHost returned.
func (d *Driver) FreeHost(mem []byte) error { return d.Unregister(mem) }

// Register makes memory count as page-locked.
func (d *Driver) Register(mem []byte) error {
	if err := d.ready(false); err != nil {
		return err
	}
	if len(mem) == 0 {
		return invalidCall("no memory to page-lock")
	}
	d.pinned = append(d.pinned, mem)
	return nil
}

// Unregister ends what Register began.
func (d *Driver) Unregister(mem []byte) error {
	if err := d.ready(false); err != nil {
		return err
	}
	for i, p := range d.pinned {
		if len(mem) == len(p) && len(mem) > 0 && &p[0] == &mem[0] {
			d.pinned = slices.Delete(d.pinned, i, i+1)
			return nil
		}
	}
	return invalidCall("memory that is not page-locked")
}

func (d *Driver) isPinned(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	at := uintptr(unsafe.Pointer(&b[0]))
	return slices.ContainsFunc(d.pinned, func(p []byte) bool {
		from := uintptr(unsafe.Pointer(&p[0]))
		return at >= from && at+uintptr(len(b)) <= from+uintptr(len(p))
	})
}

// transfer queues a copy between host and device: a captured one needs page-locked memory.
func (d *Driver) transfer(s cuda.Stream, host []byte, f func() error) error {
	if d.capture != nil && (!d.isPinned(host) || s != cuda.Compute) {
		return invalidCall("a captured copy of memory that is not page-locked, or on another stream")
	}
	return d.queue(f)
}

// Upload copies src to the device.
func (d *Driver) Upload(s cuda.Stream, dst cuda.Ptr, src []byte) error {
	return d.transfer(s, src, func() error { return d.device.Write(uint64(dst), src) })
}

// Download copies into dst.
func (d *Driver) Download(s cuda.Stream, dst []byte, src cuda.Ptr) error {
	return d.transfer(s, dst, func() error { return d.device.Read(dst, uint64(src)) })
}

// Set fills n bytes.
func (d *Driver) Set(s cuda.Stream, dst cuda.Ptr, value byte, n int64) error {
	return d.transfer(s, nil, func() error { return d.device.Set(uint64(dst), value, n) })
}

// Copy copies n bytes on the device.
func (d *Driver) Copy(s cuda.Stream, dst, src cuda.Ptr, n int64) error {
	return d.transfer(s, nil, func() error {
		if max(dst, src)-min(dst, src) < cuda.Ptr(n) {
			return invalidCall("a copy of %d bytes from %#x to %#x: they overlap", n, src, dst)
		}
		return d.device.Copy(uint64(dst), uint64(src), n)
	})
}

// Load parses and checks PTX.
func (d *Driver) Load(text string) (cuda.Module, error) {
	if err := d.ready(false); err != nil {
		return nil, err
	}
	m, err := Parse(text)
	if err != nil {
		return nil, loadError(cuda.InvalidPTX, err)
	}
	l, err := d.device.Load(m)
	switch {
	case errors.Is(err, ErrVersion):
		return nil, loadError(cuda.UnsupportedPTX, err)
	case errors.Is(err, ErrTarget):
		return nil, loadError(cuda.NoBinaryForGPU, err)
	case err != nil:
		return nil, err
	}
	return &module{driver: d, loaded: l}, nil
}

func loadError(code cuda.Code, err error) error {
	return &cuda.Error{Call: "cuModuleLoadDataEx", Code: code, Note: err.Error()}
}

// Launch runs a kernel, or records it.
func (d *Driver) Launch(f cuda.Function, grid, block [3]uint32, shared uint32, args []uint64) error {
	fn, ok := f.(*function)
	if !ok || fn.module.driver != d {
		return invalidCall("a function of another driver")
	}
	params := make([]byte, 8*len(args))
	for i, v := range args {
		store(params[8*i:], 8, v)
	}
	if n := fn.kernel.ParamBytes; len(params) != (n+7)/8*8 {
		return invalidCall("%s takes %d bytes of parameters, these are %d", fn.kernel.Name, n, len(params))
	}
	params = params[:fn.kernel.ParamBytes]
	return d.queue(func() error {
		if fn.module.unloaded {
			return invalidCall("%s: the module is unloaded", fn.kernel.Name)
		}
		err := fn.module.loaded.Launch(fn.kernel.Name, grid, block, shared, params)
		if fault, ok := errors.AsType[*Fault](err); ok {
			err = &launchError{&cuda.Error{Call: "cuLaunchKernel", Code: fault.code(), Note: fault.Error()}, fault}
			if fault.code().Sticky() {
				d.lost = err
			}
		}
		return err
	})
}

// launchError is a driver's error with the fault behind it.
type launchError struct {
	call  *cuda.Error
	fault *Fault
}

func (e *launchError) Error() string   { return e.call.Error() }
func (e *launchError) Unwrap() []error { return []error{e.call, e.fault} }

// code is what a card reports for such a fault. What no card notices is a
// failed launch here.
func (f *Fault) code() cuda.Code {
	switch f.Class {
	case OutOfBounds:
		return cuda.IllegalAddress
	case Misaligned:
		return cuda.MisalignedAddress
	case Resources:
		return cuda.OutOfResources
	case Endless, Deadlock:
		return cuda.LaunchTimeout
	}
	return cuda.LaunchFailed
}

// Sync has nothing to wait for.
func (d *Driver) Sync(cuda.Stream) error { return d.ready(false) }

// Close gives back everything. A second Close does nothing.
func (d *Driver) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for p := range d.allocs {
		if err := d.device.Free(uint64(p)); err != nil {
			return err
		}
	}
	d.allocs, d.pinned = nil, nil
	return nil
}
