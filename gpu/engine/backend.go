package engine

import (
	"context"
	"runtime"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// A backend keeps the tensors and runs the plans of one session. Everything above
// it is the same for all engines. One goroutine uses it.
type backend interface {
	// accept refuses, as Invalid and by name, an operator the backend lacks.
	accept(n *graph.Node, in []graph.Type) error
	// layout says what the planner must know of the kernels.
	layout() graph.Layout
	// alloc returns n zero bytes.
	alloc(n int64) (buffer, error)
	// compile makes p runnable; opt is complete, and used if p has gradients.
	compile(ctx context.Context, p *graph.Plan, opt abi.Optimizer) (executable, error)
	// close ends the session; its executables are closed already.
	close() error
}

// A buffer is the memory of one tensor.
type buffer interface {
	write(off int64, b []byte) error
	read(off int64, b []byte) error
	free()
}

// An executable is a compiled plan, used by one goroutine.
type executable interface {
	// run computes the outputs from inputs and parameters and then updates the
	// parameters, if the plan has gradients, with the given learning rate.
	run(ctx context.Context, in, params, out []buffer, rate float32) error
	close()
}

// hostBuffer is the memory of backends that compute in this process's memory.
type hostBuffer struct {
	b       []byte
	version int // counts changes
}

func (h *hostBuffer) write(off int64, b []byte) error {
	h.version++
	copy(h.b[off:], b)
	return nil
}
func (h *hostBuffer) read(off int64, b []byte) error { copy(b, h.b[off:]); return nil }
func (h *hostBuffer) free()                          { h.b = nil }

// hostLists are the bytes of what one run is given.
type hostLists [3][][]byte

func (h *hostLists) set(lists ...[]buffer) {
	for i, list := range lists {
		for _, b := range list {
			h[i] = append(h[i], b.(*hostBuffer).b)
		}
	}
}

func (h *hostLists) forget() {
	for i := range h {
		clear(h[i])
		h[i] = h[i][:0]
	}
}

// cpuBackend is package cpu.
type cpuBackend struct{}

func (cpuBackend) accept(n *graph.Node, in []graph.Type) error {
	return cpu.Accept(n, in)
}
func (cpuBackend) layout() graph.Layout          { return cpu.Layout() }
func (cpuBackend) alloc(n int64) (buffer, error) { return &hostBuffer{b: cpu.Alloc(n)}, nil }
func (cpuBackend) close() error                  { return nil }

func (cpuBackend) compile(_ context.Context, p *graph.Plan, opt abi.Optimizer) (executable, error) {
	x, err := cpu.Compile(p, opt, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	return &cpuProgram{Program: x, trained: p.Trained, versions: make([]int, len(p.Graph.Params()))}, nil
}

type cpuProgram struct {
	*cpu.Program
	lists    hostLists // of the current run
	trained  []int     // the parameters that a run changes
	versions []int     // of the parameters in the last run
}

func (p *cpuProgram) run(ctx context.Context, in, params, out []buffer, rate float32) error {
	for i, b := range params {
		if now := b.(*hostBuffer).version; now != p.versions[i] {
			p.Changed(i)
			p.versions[i] = now
		}
	}
	defer p.lists.forget()
	p.lists.set(in, params, out)
	err := p.Run(ctx, p.lists[0], p.lists[1], p.lists[2], rate)
	for _, i := range p.trained {
		params[i].(*hostBuffer).version++
	}
	return err
}

func (*cpuProgram) close() {}
