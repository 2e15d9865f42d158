package cuda

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/driver"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// OpenDevice is the driver of the first CUDA device that this process is shown.
func OpenDevice() (driver.Device, error) {
	d, err := cuda.Open(cuda.Config{Cache: cache()})
	if err != nil {
		return nil, err
	}
	return NewDevice(d), nil
}

// cache is the folder in which the driver keeps compiled kernels: the user's own,
// and apart from those of other programs. Empty leaves it to the driver, where the
// environment names one or the user has none that can be written.
func cache() string {
	dir, err := os.UserCacheDir()
	if err != nil || os.Getenv("CUDA_CACHE_PATH") != "" {
		return ""
	}
	dir = filepath.Join(dir, "cloister", "cuda")
	if os.MkdirAll(dir, 0o700) != nil {
		return "" // kernels are compiled again each time
	}
	return dir
}

// A Device computes plans on one card. Tensors lie in its memory, and in pieces of
// one size class each where they are small: a run that makes a tensor anew finds it
// where the last one had it, and is replayed as a graph.
type Device struct {
	d     cuda.Driver
	spare map[int64][]cuda.Ptr
	kept  int64 // bytes of spare
}

var _ driver.Device = (*Device)(nil)

// maxKept bounds the memory that nobody has and that waits for the next tensor.
const maxKept = 256 << 20

// NewDevice is a device over a driver, which it closes.
func NewDevice(d cuda.Driver) *Device { return &Device{d: d, spare: make(map[int64][]cuda.Ptr)} }

// Info describes the card.
func (x *Device) Info() driver.Info {
	i := x.d.Info()
	return driver.Info{Name: "cuda", Device: i.Name, ID: i.UUID, Version: fmt.Sprintf("CUDA %d.%d", i.Driver/1000, i.Driver%1000/10), Memory: i.Memory}
}

// Accept refuses, as Invalid and by name, what has no kernel.
func (x *Device) Accept(n *graph.Node, in []graph.Type) error { return Accept(n, in) }

// Layout says what the planner must know of the kernels.
func (x *Device) Layout() graph.Layout { return Layout() }

// Pin page-locks the ring, so that copies run beside the processor; where a system
// cannot, they go by way of the driver's own memory.
func (x *Device) Pin(ring []byte) error {
	err := x.enter(func() error { return x.d.Register(ring) })
	var refused *cuda.Error
	if errors.As(err, &refused) && refused.Code == cuda.NotSupported {
		return nil
	}
	return err
}

// enter runs f with the device; an error after which nothing works says so in the
// words of the protocol.
func (x *Device) enter(f func() error) error {
	err := x.d.Enter(f)
	if errors.Is(err, cuda.ErrLost) {
		return fmt.Errorf("%w: %w", driver.ErrLost, err)
	}
	return err
}

// class is how many bytes are taken for n: a power of two, or a multiple of 1 MiB.
func class(n int64) int64 {
	const large = 1 << 20
	if n >= large {
		return (n + large - 1) &^ (large - 1)
	}
	size := int64(256)
	for size < n {
		size *= 2
	}
	return size
}

// Alloc returns n zero bytes.
func (x *Device) Alloc(n int64) (driver.Memory, error) {
	m := &memory{x: x, n: n}
	err := x.enter(func() (err error) {
		size := class(n)
		if list := x.spare[size]; len(list) > 0 {
			m.at, x.spare[size] = list[len(list)-1], list[:len(list)-1]
			x.kept -= size
			return nil // it was wiped when it was given back
		}
		if m.at, err = x.d.Alloc(size); err != nil && x.kept > 0 {
			if err = x.drop(); err == nil {
				m.at, err = x.d.Alloc(size)
			}
		}
		if err != nil {
			return err
		}
		return x.d.Set(cuda.Compute, m.at, 0, size)
	})
	return m, err
}

// drop gives the spare memory back to the card.
func (x *Device) drop() error {
	var errs error
	for size, list := range x.spare {
		for _, at := range list {
			errs = errors.Join(errs, x.d.Free(at))
		}
		delete(x.spare, size)
	}
	x.kept = 0
	return errs
}

// Close gives the card back.
func (x *Device) Close() error { return x.d.Close() }

// memory is one tensor on the card.
type memory struct {
	x  *Device
	at cuda.Ptr
	n  int64
}

func (m *memory) Write(off int64, b []byte) error {
	return m.x.enter(func() error {
		if err := m.x.d.Upload(cuda.Compute, m.at+cuda.Ptr(off), b); err != nil {
			return err
		}
		return m.x.d.Sync(cuda.Compute) // b is the caller's again
	})
}

func (m *memory) Read(off int64, b []byte) error {
	return m.x.enter(func() error {
		if err := m.x.d.Download(cuda.Compute, b, m.at+cuda.Ptr(off)); err != nil {
			return err
		}
		return m.x.d.Sync(cuda.Compute)
	})
}

// Free wipes the memory, and keeps it for the next tensor of its class.
func (m *memory) Free() error {
	x, size := m.x, class(m.n)
	return x.enter(func() error {
		if err := x.d.Set(cuda.Compute, m.at, 0, size); err != nil {
			return err
		}
		if x.kept+size > maxKept {
			return x.d.Free(m.at)
		}
		x.spare[size] = append(x.spare[size], m.at)
		x.kept += size
		return nil
	})
}

// Compile makes p runnable, on the card.
func (x *Device) Compile(_ context.Context, p *graph.Plan, opt abi.Optimizer) (driver.Program, error) {
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Work != work(p.Graph, s) {
			return nil, fmt.Errorf("cuda: step %d has %d bytes of scratch, want %d: %w", i, s.Work, work(p.Graph, s), abi.Invalid)
		}
	}
	c, err := Compile(p, opt, ptx.Turing)
	if err != nil {
		return nil, err
	}
	r := &program{x: x}
	return r, x.enter(func() (err error) {
		r.l, err = Load(x.d, c, opt)
		return err
	})
}

// program is a plan on the card.
type program struct {
	x *Device
	l *Loaded
}

func (r *program) Run(ctx context.Context, in, params, out []driver.Memory, rate float32) error {
	return r.x.enter(func() error { return r.l.Run(ctx, places(in), places(params), places(out), rate) })
}

func places(list []driver.Memory) []cuda.Ptr {
	at := make([]cuda.Ptr, len(list))
	for i, m := range list {
		if m != nil {
			at[i] = m.(*memory).at
		}
	}
	return at
}

func (r *program) Save() (b []byte, err error) {
	err = r.x.enter(func() error {
		b, err = r.l.Save()
		return err
	})
	return b, err
}

func (r *program) Load(b []byte) error { return r.x.enter(func() error { return r.l.Restore(b) }) }

func (r *program) Close() error { return r.x.enter(r.l.Close) }
