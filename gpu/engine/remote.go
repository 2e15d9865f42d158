package engine

import (
	"context"
	"errors"
	"sync"

	"github.com/cloister-ai/cloister/abi"
	nvidia "github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/driver"
	"github.com/cloister-ai/cloister/gpu/engine/cuda"
	"github.com/cloister-ai/cloister/gpu/engine/gorgonia"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// A driverEntry says how a driver is used.
type driverEntry struct {
	open  func() (driver.Device, error)
	cfg   driver.Config
	alone bool // a process is one session's: killing it, which is how a run is cancelled, harms nobody else
	// What follows from the operators alone need not be asked of the process.
	accept func(n *graph.Node, in []graph.Type) error
	layout func() graph.Layout
}

// variables are those of the environment that drivers get: where libraries are, and
// which devices are to be used.
var variables = []string{
	"HOME", "VIRTUAL_ENV", "CONDA_PREFIX", "CUDA_HOME", "CUDA_PATH", "LD_LIBRARY_PATH", "CUDA_DRIVER_LIB", "NVML_LIB", "CUBLASLT_LIB", "CUDA_CACHE_PATH", "CUDA_MPS_PIPE_DIRECTORY",
	"CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ZE_AFFINITY_MASK",
}

// builtIn lists the drivers that this binary has in it.
var builtIn = map[string]driverEntry{
	"cuda":     {open: cuda.OpenDevice, cfg: driver.Config{Pass: nvidia.Environment()}, accept: cuda.Accept, layout: cuda.Layout},
	"gorgonia": {open: gorgonia.OpenDevice, cfg: driver.Config{Grace: -1}, alone: true, accept: gorgonia.Accept, layout: gorgonia.Layout},
}

// Main is the first call in main of every program that opens engines: where the
// process was started as a driver's it serves and exits, in any other it returns.
func Main() {
	drivers := make(map[string]func() (driver.Device, error))
	for name, d := range builtIn {
		drivers[name] = d.open
	}
	driver.Main(drivers)
}

// remoteEngine is the engine of a driver. One that is shared runs from now on.
func remoteEngine(ctx context.Context, d driverEntry) (*Engine, error) {
	if d.alone {
		p := &pool{cfg: d.cfg}
		return &Engine{open: func() backend {
			h := p.take()
			return &remoteBackend{driver: d, session: h.Session(), left: func() error { return p.give(h) }}
		}, close: p.close}, nil
	}
	d.cfg.Pass = variables
	h := driver.Open(d.cfg)
	if _, err := h.Start(ctx); err != nil {
		return nil, noDevice{errors.Join(err, h.Close())}
	}
	return &Engine{open: func() backend {
		return &remoteBackend{driver: d, session: h.Session(), left: func() error { return nil }}
	}, close: h.Close}, nil
}

// noDevice is why a shared driver did not start.
type noDevice struct{ error }

func (e noDevice) Unwrap() error { return e.error }

// Hint says what its user can do; what the driver would advise stays in its process.
func (e noDevice) Hint() string {
	return "cloister devices says which devices are here, and why one cannot be used"
}

// A pool keeps devices that no session uses, because starting a process takes longer
// than a small job.
type pool struct {
	cfg    driver.Config
	mu     sync.Mutex
	idle   []*driver.Host
	closed bool
}

// maxIdle bounds the processes that wait for a session.
const maxIdle = 2

func (p *pool) take() *driver.Host {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		h := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return h
	}
	return driver.Open(p.cfg)
}

func (p *pool) give(h *driver.Host) error {
	p.mu.Lock()
	if keep := !p.closed && len(p.idle) < maxIdle; keep {
		p.idle = append(p.idle, h)
		h = nil
	}
	p.mu.Unlock()
	if h == nil {
		return nil
	}
	return h.Close()
}

func (p *pool) close() error {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	var errs error
	for _, h := range idle {
		errs = errors.Join(errs, h.Close())
	}
	return errs
}

// remoteBackend is a session on a device in a process of its own.
type remoteBackend struct {
	driver  driverEntry
	session *driver.Session
	left    func() error // after the session
	asked   error        // the first error of a question, which the planner cannot return
}

func (r *remoteBackend) accept(n *graph.Node, in []graph.Type) error {
	if r.driver.accept != nil {
		return r.driver.accept(n, in)
	}
	return r.session.Accept(n, in)
}

func (r *remoteBackend) layout() graph.Layout {
	if r.driver.layout != nil {
		return r.driver.layout()
	}
	r.asked = nil
	note := func(err error) {
		if r.asked == nil {
			r.asked = err
		}
	}
	return graph.Layout{
		Work: func(g *graph.Graph, s *graph.Step) int64 {
			n, err := r.session.Work(g, s)
			note(err)
			return n
		},
		Keep: func(g *graph.Graph, s *graph.Step) int64 {
			n, err := r.session.Keep(g, s)
			note(err)
			return n
		},
		Inline: func(reader *graph.Node, i int, n *graph.Node) bool {
			yes, err := r.session.Inline(reader, i, n)
			note(err)
			return yes
		},
		Fuse: func(n, next *graph.Node, with graph.Type) bool {
			yes, err := r.session.Fuse(n, next, with)
			note(err)
			return yes
		},
	}
}

func (r *remoteBackend) alloc(n int64) (buffer, error) {
	b, err := r.session.Alloc(n)
	if err != nil {
		return nil, err
	}
	return remoteBuffer{b}, nil
}

func (r *remoteBackend) compile(ctx context.Context, p *graph.Plan, opt abi.Optimizer) (executable, error) {
	if r.asked != nil {
		return nil, r.asked
	}
	x, err := r.session.Compile(ctx, p, opt)
	if err != nil {
		return nil, err
	}
	return remoteProgram{x}, nil
}

func (r *remoteBackend) close() error { return errors.Join(r.session.Close(), r.left()) }

type remoteBuffer struct{ *driver.Buffer }

func (b remoteBuffer) write(off int64, data []byte) error { return b.Write(off, data) }
func (b remoteBuffer) read(off int64, data []byte) error  { return b.Read(off, data) }
func (b remoteBuffer) free()                              { b.Free() }

type remoteProgram struct{ *driver.Executable }

func (x remoteProgram) run(ctx context.Context, in, params, out []buffer, rate float32) error {
	return x.Run(ctx, remoteBuffers(in), remoteBuffers(params), remoteBuffers(out), rate)
}

func (x remoteProgram) close() { x.Close() }

func remoteBuffers(list []buffer) []*driver.Buffer {
	out := make([]*driver.Buffer, len(list))
	for i, b := range list {
		out[i] = b.(remoteBuffer).Buffer
	}
	return out
}
