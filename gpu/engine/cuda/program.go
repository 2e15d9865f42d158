// Package cuda compiles planned graphs to kernels for CUDA cards and lists of
// launches, and runs them through a driver.
//
// The kernels are PTX text that package ptx writes for the shapes of each plan, so
// they carry every size and stride as a constant. The same plan gives the same
// text. Every sum has an order that follows from shapes alone, and nothing is
// added up by atomic operations: the same program gives the same bits again, on
// every card.
package cuda

import (
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// A Program is a compiled plan. It holds no addresses: they are filled in when it
// is run.
type Program struct {
	Source    string // a PTX module
	Launches  []Launch
	Constants []byte // what Args of space Constant point into
	Arena     int64  // bytes
	State     int64  // bytes of the optimizer's state, zeros to begin with
}

// A Launch runs a kernel with a grid of blocks.
type Launch struct {
	Kernel string
	Step   int // of the plan, for messages; -1 is the update of the parameters
	Grid   [3]uint32
	Block  uint32
	Args   []Arg // a parameter of the kernel each
}

// A Space is a memory that an argument points into.
type Space uint8

// The spaces. Index selects an input, parameter or output; the others are one
// each. Page holds what changes from run to run: see pageBytes.
const (
	Input Space = iota
	Param
	Output
	Constant
	Arena
	State
	Page
)

// An Arg is an address.
type Arg struct {
	Space  Space
	Index  int
	Offset int64
}

// A compiler makes the program of one plan.
type compiler struct {
	plan    *graph.Plan
	opt     abi.Optimizer
	out     *Program
	module  *ptx.Module
	names   map[string]string   // of kernels, by their bodies
	offsets map[abi.Value]int64 // of constants
	tables  map[string]Arg      // of functions, by their bytes
	step    int
}

// Layout returns what the planner must know of the kernels.
func Layout() graph.Layout { return graph.Layout{Work: work, Fuse: fuses, Inline: inlines} }

// Compile makes p a program. A plan with gradients updates its parameters by opt,
// whose defaults are filled in.
//
// Errors: Invalid for an operator or type without a kernel.
func Compile(p *graph.Plan, opt abi.Optimizer, t ptx.Target) (*Program, error) {
	c := &compiler{
		plan: p, opt: opt, out: &Program{Arena: p.Arena}, module: ptx.NewModule(t),
		names: make(map[string]string), offsets: make(map[abi.Value]int64), tables: make(map[string]Arg),
	}
	for i := range p.Steps {
		c.step = i
		s, err := c.bind(&p.Steps[i])
		if err != nil {
			return nil, err
		}
		r, err := rowOf(s.n, s.types())
		if err != nil {
			return nil, err
		}
		if s.out.Elements() > 0 {
			r.lower(s)
		}
	}
	for _, x := range p.Copies {
		c.copyOut(x)
	}
	c.step = -1
	if len(p.Grads) > 0 {
		c.update()
	}
	c.out.Source = c.module.String()
	return c.out, nil
}

// arg is where a value lies.
func (c *compiler) arg(v abi.Value) Arg {
	switch pl := c.plan.Places[v-1]; pl.Kind {
	case graph.InInput:
		return Arg{Space: Input, Index: pl.Index}
	case graph.InParam:
		return Arg{Space: Param, Index: pl.Index}
	case graph.InOutput:
		return Arg{Space: Output, Index: pl.Index}
	case graph.InConstant:
		return Arg{Space: Constant, Offset: c.constant(abi.Value(pl.Index + 1))}
	default:
		return Arg{Space: Arena, Offset: pl.Offset}
	}
}

// constant is where the elements of a constant lie.
func (c *compiler) constant(v abi.Value) int64 {
	if off, ok := c.offsets[v]; ok {
		return off
	}
	off := c.data(c.plan.Graph.At(v).Data)
	c.offsets[v] = off
	return off
}

// table is where the bytes of a table lie that functions look into.
func (c *compiler) table(b []byte) Arg {
	a, ok := c.tables[string(b)]
	if !ok {
		a = Arg{Space: Constant, Offset: c.data(b)}
		c.tables[string(b)] = a
	}
	return a
}

// data puts b among the constants, aligned for any load.
func (c *compiler) data(b []byte) int64 {
	off := int64(len(c.out.Constants)+graph.Align-1) &^ (graph.Align - 1)
	c.out.Constants = append(c.out.Constants, make([]byte, off-int64(len(c.out.Constants)))...)
	c.out.Constants = append(c.out.Constants, b...)
	return off
}

// bind gathers what a step reads and writes.
func (c *compiler) bind(g *graph.Step) (*step, error) {
	s := &step{c: c, n: g.Node, norm: g.Norm, out: c.operand(g.Value), work: Arg{Space: Arena, Offset: g.WorkOffset}}
	for _, v := range g.Node.In {
		o, err := c.within(v, g.Inside)
		if err != nil {
			return nil, err
		}
		s.in = append(s.in, o)
	}
	if g.Norm != nil {
		for _, v := range g.Norm.In[1:] {
			s.line = append(s.line, c.operand(v))
		}
	}
	if g.Add != 0 {
		s.add = c.operand(g.Add)
	}
	if g.Act == nil {
		return s, nil
	}
	act, err := c.express(g.Act, []operand{s.out})
	s.act = act
	return s, err
}

// within is the value v as a step sees it that computes the given ones inside.
func (c *compiler) within(v abi.Value, inside []abi.Value) (operand, error) {
	if slices.Contains(inside, v) {
		return c.inside(v, inside)
	}
	return c.operand(v), nil
}

// operand is a value that lies somewhere, or none.
func (c *compiler) operand(v abi.Value) operand {
	if v == 0 {
		return operand{}
	}
	return operand{arg: c.arg(v), Type: c.plan.Graph.At(v).Type, there: true}
}

// copyOut writes a value that lies elsewhere into an output, by bytes of whole
// words where it has them.
func (c *compiler) copyOut(x graph.Copy) {
	from := c.operand(x.From)
	to := from
	to.arg = Arg{Space: Output, Index: x.Output}
	s := &step{c: c, n: c.plan.Graph.At(x.From), in: []operand{from}, out: to}
	if s.out.Elements() > 0 {
		s.each(s.out.Elements(), func(b *body, i ptx.Value) { b.store(s.out, i, b.raw(s.in[0], i)) })
	}
}
