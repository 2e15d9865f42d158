package engine

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/driver"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
	"github.com/cloister-ai/cloister/gpu/engine/gorgonia"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// A pool keeps child processes that no session uses, because starting one takes
// longer than a small job.
type pool struct {
	mu     sync.Mutex
	idle   []*driver.Process
	closed bool
}

// maxIdle bounds the processes that wait for a session.
const maxIdle = 2

func (p *pool) take() *driver.Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		x := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return x
	}
	return new(driver.Process)
}

func (p *pool) give(x *driver.Process) error {
	p.mu.Lock()
	if keep := !p.closed && len(p.idle) < maxIdle; keep {
		p.idle = append(p.idle, x)
		x = nil
	}
	p.mu.Unlock()
	if x == nil {
		return nil
	}
	return x.Close()
}

func (p *pool) close() error {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, x := range idle {
		_ = x.Close() // kills; it cannot fail
	}
	return nil
}

// gorgoniaBackend keeps tensors here and runs programs in a process that is this
// session's alone, so that killing it harms nobody else.
type gorgoniaBackend struct {
	pool    *pool
	process *driver.Process // nil until the first program
}

func (*gorgoniaBackend) accept(n *graph.Node, in []graph.Type) error { return gorgonia.Accept(n, in) }

// layout plans for accounting only: Gorgonia has its own memory.
func (*gorgoniaBackend) layout() graph.Layout {
	return graph.Layout{
		Work: func(*graph.Graph, *graph.Step) int64 { return 0 },
		Fuse: func(_, _ *graph.Node, _ graph.Type) bool { return false },
	}
}

func (*gorgoniaBackend) alloc(n int64) (buffer, error) { return &hostBuffer{b: cpu.Alloc(n)}, nil }

func (g *gorgoniaBackend) close() error {
	if g.process == nil {
		return nil
	}
	return g.pool.give(g.process)
}

func (g *gorgoniaBackend) compile(ctx context.Context, p *graph.Plan, opt abi.Optimizer) (executable, error) {
	l, err := gorgonia.Lower(p)
	if err != nil {
		return nil, err
	}
	plan, err := l.Encode()
	if err != nil {
		return nil, err
	}
	if g.process == nil {
		g.process = g.pool.take()
	}
	program, err := g.process.Compile(ctx, plan)
	if err != nil {
		return nil, err
	}
	x := &gorgoniaProgram{program: program, outputs: len(p.Graph.Outputs()), trained: p.Trained}
	if len(p.Grads) > 0 {
		var sizes []int
		for _, v := range p.Grads {
			sizes = append(sizes, int(p.Graph.At(v).Elements()))
		}
		x.update = cpu.NewOptimizer(opt, sizes)
	}
	return x, nil
}

// A gorgoniaProgram is a program in the child; the update of its parameters, the
// same as of the engine cpu, is done here.
type gorgoniaProgram struct {
	program *driver.Program
	outputs int
	trained []int // parameters, by their index
	update  *cpu.Optimizer
}

func (x *gorgoniaProgram) run(ctx context.Context, in, params, out []buffer, rate float32) error {
	given := append(hostBytes(in), hostBytes(params)...)
	got, err := x.program.Run(ctx, given)
	if err != nil {
		return err
	}
	want := x.outputs
	if x.update != nil {
		want += len(x.trained)
	}
	if len(got) != want {
		return fmt.Errorf("gorgonia: %d results, want %d: %w", len(got), want, abi.Internal)
	}
	for i, b := range hostBytes(out) {
		if len(got[i]) != len(b) {
			return fmt.Errorf("gorgonia: output %d has %d bytes, want %d: %w", i, len(got[i]), len(b), abi.Internal)
		}
		copy(b, got[i])
	}
	if x.update == nil {
		return nil
	}
	w, g := make([][]float32, len(x.trained)), make([][]float32, len(x.trained))
	all := hostBytes(params)
	for i, at := range x.trained {
		b := all[at]
		if len(got[x.outputs+i]) != len(b) {
			return fmt.Errorf("gorgonia: gradient %d has %d bytes, want %d: %w", i, len(got[x.outputs+i]), len(b), abi.Internal)
		}
		d := cpu.Alloc(int64(len(b)))
		copy(d, got[x.outputs+i])
		w[i], g[i] = numbers(b), numbers(d)
	}
	x.update.Step(runtime.GOMAXPROCS(0), w, g, rate)
	return nil
}

// numbers views memory that cpu.Alloc made as float32.
func numbers(b []byte) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
}

func (x *gorgoniaProgram) close() {
	_ = x.program.Close(context.Background()) // a child that ended took the program along
}
