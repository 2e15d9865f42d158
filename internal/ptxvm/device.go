package ptxvm

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/cloister-ai/cloister/abi"
)

// Why a module is not loaded, beside abi.Unavailable.
var (
	ErrVersion = errors.New("unsupported PTX version")
	ErrTarget  = errors.New("no binary for the device")
)

// A Config says what machine to be. The zero value is a strict Hopper.
type Config struct {
	Name       string
	Capability int   // 75, 80, 90, …; 90 if 0
	Driver     int   // as cuDriverGetVersion: 12040 if 0
	Bytes      int64 // of memory: 1 GiB if 0
	SMs        int   // 4 if 0
	Budget     int64 // instructions of one warp after which a kernel counts as endless: 2^26 if 0
	Workers    int   // blocks at once, with Fast and without atomics: GOMAXPROCS if 0
	Fast       bool  // look for no races: several times as fast, and blocks run on all cores
	Keep       bool  // memory that Set fills still counts as never written: see Device.Poison
}

// A Device has memory and runs kernels, one at a time. It is safe for
// concurrent use.
type Device struct {
	cfg Config

	mu       sync.Mutex
	memory   memory
	launches uint64
	count    atomic.Int64
}

// New returns a device with nothing in its memory.
func New(cfg Config) *Device {
	set := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	set(&cfg.Capability, 90)
	set(&cfg.Driver, 12040)
	set(&cfg.SMs, 4)
	set(&cfg.Workers, runtime.GOMAXPROCS(0))
	if cfg.Bytes == 0 {
		cfg.Bytes = 1 << 30
	}
	if cfg.Budget == 0 {
		cfg.Budget = 1 << 26
	}
	if cfg.Name == "" {
		cfg.Name = "PTX machine"
	}
	return &Device{cfg: cfg}
}

// Config returns what machine d is, defaults filled in.
func (d *Device) Config() Config { return d.cfg }

// Instructions counts the instructions that warps have run on d.
func (d *Device) Instructions() int64 { return d.count.Load() }

// Used is how many bytes are allocated.
func (d *Device) Used() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.memory.used
}

// Alloc reserves n bytes that hold nothing yet: a kernel that reads them before
// it writes them faults.
func (d *Device) Alloc(n int64) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n <= 0 {
		return 0, fmt.Errorf("ptxvm: allocation of %d bytes: %w", n, abi.Invalid)
	}
	if n > d.cfg.Bytes-d.memory.used {
		return 0, fmt.Errorf("ptxvm: allocation of %d bytes, %d of %d are free: %w", n, d.cfg.Bytes-d.memory.used, d.cfg.Bytes, abi.Exhausted)
	}
	return d.memory.alloc(n, "global").base, nil
}

// Free gives an allocation back. Its addresses are not used again.
func (d *Device) Free(addr uint64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.memory.free(addr) {
		return fmt.Errorf("ptxvm: %#x is no allocation: %w", addr, abi.Invalid)
	}
	return nil
}

// Map makes host memory the device's at an address of the caller's choosing,
// all of it written. A stand-in driver with an allocator of its own uses it.
func (d *Device) Map(addr uint64, data []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, err := d.memory.adopt(addr, data)
	if err == nil {
		r.fill(0, uint64(len(data)), aValue)
	}
	return err
}

// span finds n bytes at addr, which lie in one allocation.
func (d *Device) span(addr uint64, n int64) (*region, uint64, error) {
	r := d.memory.find(addr)
	if r == nil || n < 0 || uint64(n) > uint64(len(r.data))-(addr-r.base) {
		return nil, 0, fmt.Errorf("ptxvm: %d bytes at %#x, %s: %w", n, addr, d.memory.near(addr), abi.Invalid)
	}
	return r, addr - r.base, nil
}

// Write copies b to the device.
func (d *Device) Write(addr uint64, b []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, off, err := d.span(addr, int64(len(b)))
	if err == nil {
		copy(r.data[off:], b)
		r.fill(off, uint64(len(b)), aValue)
	}
	return err
}

// Read copies from the device, what was never written too: it is what was left there.
func (d *Device) Read(b []byte, addr uint64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, off, err := d.span(addr, int64(len(b)))
	if err == nil {
		copy(b, r.data[off:])
	}
	return err
}

// Set fills n bytes.
func (d *Device) Set(addr uint64, v byte, n int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, off, err := d.span(addr, n)
	if err != nil {
		return err
	}
	b := r.data[off : off+uint64(n)]
	for i := range b {
		b[i] = v
	}
	if !d.cfg.Keep {
		r.fill(off, uint64(n), aValue)
	}
	return nil
}

// Copy copies within the device. What was never written stays so.
func (d *Device) Copy(to, from uint64, n int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, off, err := d.span(from, n)
	if err != nil {
		return err
	}
	s, at, err := d.span(to, n)
	if err == nil {
		copy(s.data[at:at+uint64(n)], r.data[off:])
		copy(s.written[at:at+uint64(n)], r.written[off:])
	}
	return err
}

// Poison makes n bytes count as never written, and fills them with a pattern
// that no computation survives: 0xA5. An arena is one allocation; poisoning it
// before a run shows every read that comes before the write it should follow.
func (d *Device) Poison(addr uint64, n int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, off, err := d.span(addr, n)
	if err != nil {
		return err
	}
	b := r.data[off : off+uint64(n)]
	for i := range b {
		b[i] = 0xa5
	}
	r.fill(off, uint64(n), nothing)
	return nil
}

// Unwritten counts the bytes of n at addr that were never written, and gives
// the offset of the first, or -1.
func (d *Device) Unwritten(addr uint64, n int64) (count, first int64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, off, err := d.span(addr, n)
	if err != nil {
		return 0, -1, err
	}
	first = -1
	for i, w := range r.written[off : off+uint64(n)] {
		if w != 0 {
			continue
		}
		if count++; first < 0 {
			first = int64(i)
		}
	}
	return count, first, nil
}
