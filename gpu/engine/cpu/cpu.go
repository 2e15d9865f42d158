// Package cpu runs planned graphs on the processor, with the same bits for any
// number of workers.
//
// Every sum has an order that follows from shapes alone: matrix products add up
// along the inner dimension, one fused multiply-add after the other, and are
// divided among workers by rows and columns of the result only.
//
// How far results of float32 may be from those of float64 is a table that a test of
// gpu/engine holds: TestOperatorsAreAsAccurateAsStated. Comments repeat it, in units
// of the last bit of an element (ulp), or of 2⁻²⁴ of the largest element of a result
// where terms may cancel.
package cpu

import (
	"context"
	"fmt"
	"time"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// A Program is a plan bound to kernels and an arena. One goroutine uses it.
type Program struct {
	plan      *graph.Plan
	workers   int
	duties    []duty
	took      []time.Duration // by each step in all runs; nil before Profile
	copies    []copyOut
	keepsakes []*keepsake
	update    *Optimizer // nil without gradients
	grads     []arg
	arena     []byte
	gang      gang

	// what the current run reads and writes
	in, params, out [][]byte
}

// A stage is work that may be divided: tasks are independent of each other, and
// how many there are follows from shapes alone.
type stage struct {
	tasks int
	run   func(worker, task int)
}

// A duty is a stage of one step.
type duty struct {
	stage
	step  int
	nanos float64   // what the step takes on one goroutine, about
	when  *choice   // what must hold for it to be of use; nil: always
	makes *keepsake // what it is done for, not in every run; or nil
}

type copyOut struct {
	from arg
	to   int
}

// Layout returns what the planner must know of the kernels.
func Layout() graph.Layout { return graph.Layout{Work: work, Keep: keep, Fuse: fuses} }

// Compile binds p to kernels that use at most the given number of goroutines. A
// plan with gradients updates its parameters by opt, whose state is in the
// program: StateBytes says how much.
func Compile(p *graph.Plan, opt abi.Optimizer, workers int) (*Program, error) {
	x := &Program{plan: p, workers: max(1, workers), arena: Alloc(p.Arena)}
	when := choices(p)
	for i, s := range p.Steps {
		in := make([]graph.Type, len(s.Node.In))
		for k, v := range s.Node.In {
			if v != 0 {
				in[k] = p.Graph.At(v).Type
			}
		}
		if len(s.Inside) > 0 {
			return nil, fmt.Errorf("cpu: step of %s computes %d operands inside: %w", s.Node.Op, len(s.Inside), abi.Invalid)
		}
		bind := kernelOf(s.Node, in)
		if bind == nil {
			return nil, fmt.Errorf("cpu: %s has no kernel for %v to %v: %w", s.Node.Op, in, s.Node.Type, abi.Invalid)
		}
		b := &binding{p: x, n: s.Node, out: x.arg(s.Value), norm: s.Norm, add: x.arg(s.Add), act: s.Act,
			work: arg{place: graph.Place{Kind: graph.InArena, Offset: s.WorkOffset}, bytes: s.Work},
			keep: arg{place: graph.Place{Kind: graph.InArena, Offset: s.KeepOffset}, bytes: s.Keep}}
		for _, v := range s.Node.In {
			b.in = append(b.in, x.arg(v))
		}
		stages := bind(b)
		if k := b.keepsake; k != nil {
			x.keepsakes = append(x.keepsakes, k)
			x.duties = append(x.duties, duty{k.stage, i, nanos(s.Node, in), when[i], k})
		}
		for _, stage := range stages {
			x.duties = append(x.duties, duty{stage, i, nanos(s.Node, in), when[i], nil})
		}
	}
	for _, c := range p.Copies {
		x.copies = append(x.copies, copyOut{x.arg(c.From), c.Output})
	}
	if len(p.Grads) > 0 {
		var sizes []int
		for _, v := range p.Grads {
			x.grads = append(x.grads, x.arg(v))
			sizes = append(sizes, int(p.Graph.At(v).Elements()))
		}
		x.update = NewOptimizer(opt, sizes)
	}
	return x, nil
}

// Run computes the outputs and, with gradients, one update of the parameters with
// the given learning rate. The slices hold one tensor an input, parameter and
// output, in the order of the graph. It returns the cause of ctx when that ends,
// between two tasks; outputs are then undefined and parameters as they were. Who
// gives a parameter other elements between two runs calls Changed.
func (p *Program) Run(ctx context.Context, in, params, out [][]byte, rate float32) error {
	p.in, p.params, p.out = in, params, out
	defer func() { p.in, p.params, p.out = nil, nil, nil }()
	if err := p.steps(ctx); err != nil {
		return err
	}
	for _, c := range p.copies {
		copy(out[c.to], p.bytes(c.from))
	}
	if p.update == nil {
		return nil
	}
	x, g := make([][]float32, len(p.grads)), make([][]float32, len(p.grads))
	for i, at := range p.plan.Trained {
		v := p.plan.Graph.ParamValues()[at]
		x[i], g[i] = p.f32(arg{place: graph.Place{Kind: graph.InParam, Index: at}, bytes: p.arg(v).bytes}), p.f32(p.grads[i])
	}
	p.update.Step(p.workers, x, g, rate)
	return nil
}

// steps runs all duties that are of use.
func (p *Program) steps(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	g := &p.gang
	g.ctx, g.members = ctx, p.workers-1
	defer g.end()
	for i := range p.duties {
		d := &p.duties[i]
		if !d.when.holds(p) || d.makes != nil && d.makes.fresh {
			continue
		}
		var begun time.Time
		if p.took != nil {
			begun = time.Now()
		}
		if err := g.do(&d.stage, d.nanos); err != nil {
			return err
		}
		if d.makes != nil {
			d.makes.fresh = true
		}
		if p.took != nil {
			p.took[d.step] += time.Since(begun)
		}
	}
	return nil
}

// nanos is about how long n takes on one goroutine: products by their operations,
// others by what they move.
func nanos(n *graph.Node, in []graph.Type) float64 {
	switch n.Op {
	case "MatMul", "Gemm", "Conv", "ConvGradX", "ConvGradW", "Recurrence":
		var bytes int64
		for _, t := range in {
			bytes += t.Bytes()
		}
		return max(float64(n.FLOPs)/100, float64(bytes)/16)
	}
	return max(float64(n.FLOPs)/4, float64(n.Bytes())/8)
}

// Save returns what the program keeps between runs, for Load: the state of its
// optimizer, and nothing without one.
func (p *Program) Save() []byte {
	if p.update == nil {
		return nil
	}
	return p.update.Save()
}

// Load makes the program go on where the one that b is of was.
func (p *Program) Load(b []byte) error {
	if p.update != nil {
		return p.update.Load(b)
	}
	if len(b) != 0 {
		return fmt.Errorf("cpu: %d bytes of state for a program that has none: %w", len(b), abi.Invalid)
	}
	return nil
}

// Alloc returns n zero bytes, aligned for every element type.
func Alloc(n int64) []byte {
	if n == 0 {
		return nil
	}
	words := make([]uint64, (n+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), n)
}

// An arg is a value as a kernel sees it: where it lies, and its type.
type arg struct {
	place graph.Place
	bytes int64
	typ   graph.Type
}

func (p *Program) arg(v abi.Value) arg {
	if v == 0 {
		return arg{}
	}
	n := p.plan.Graph.At(v)
	return arg{p.plan.Places[v-1], n.Bytes(), n.Type}
}

// has reports whether the optional operand is there.
func (a arg) has() bool { return a.place.Kind != graph.Nowhere }

func (a arg) len() int { return int(a.typ.Elements()) }

func (p *Program) bytes(a arg) []byte {
	switch a.place.Kind {
	case graph.InInput:
		return p.in[a.place.Index][:a.bytes]
	case graph.InParam:
		return p.params[a.place.Index][:a.bytes]
	case graph.InOutput:
		return p.out[a.place.Index][:a.bytes]
	case graph.InConstant:
		return p.plan.Graph.At(abi.Value(a.place.Index + 1)).Data
	default:
		return p.arena[a.place.Offset : a.place.Offset+a.bytes]
	}
}

// view returns the elements of a value during a run. Everything it may point to
// is aligned to eight bytes: see Alloc.
func view[T any](p *Program, a arg) []T {
	b := p.bytes(a)
	var t T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(t)))
}

func (p *Program) f32(a arg) []float32 { return view[float32](p, a) }

// A binding is one step while its kernel is chosen.
type binding struct {
	p        *Program
	n        *graph.Node
	in       []arg
	out      arg
	work     arg
	keep     arg
	keepsake *keepsake   // what is made in keep, or nil
	norm     *graph.Node // BatchNormalization of the result, or nil; see graph.Step
	add      arg         // added to the result, where there is one
	act      *graph.Node // applied to the result last, or nil
}

// chunk is how many elements one task of an elementwise kernel takes.
const chunk = 1 << 14

// spread divides n elements into tasks of whole chunks.
func spread(n int, run func(from, to int)) []stage {
	return spreadBy(n, chunk, run)
}

func spreadBy(n, size int, run func(from, to int)) []stage {
	return []stage{{(n + size - 1) / size, func(_, t int) { run(t*size, min(n, (t+1)*size)) }}}
}
