package cuda

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// A step is one step of the plan while its kernels are written.
type step struct {
	c    *compiler
	n    *graph.Node
	in   []operand
	out  operand
	work Arg         // scratch
	norm *graph.Node // BatchNormalization of the result, or nil; see graph.Step
	line []operand   // its scale, bias, mean and variance
	add  operand     // added to the result, where there is one
	act  *expr       // applied to the result last, or nil
	// capture takes what zip would write a kernel of, where the step is inside another.
	capture *expr
}

// An operand is a value as a kernel sees it.
type operand struct {
	arg Arg
	graph.Type
	there bool  // false for an optional operand that is left out
	expr  *expr // how it is computed, where it lies nowhere; or nil
}

func (s *step) types() []graph.Type {
	out := make([]graph.Type, len(s.in))
	for i, o := range s.in {
		out[i] = o.Type
	}
	return out
}

// has reports whether operand i is there.
func (s *step) has(i int) bool { return i < len(s.in) && s.in[i].there }

// element is the type of the elements of dt in memory.
func element(dt abi.DType) ptx.Type {
	switch dt {
	case abi.Float32:
		return ptx.F32
	case abi.Float64:
		return ptx.F64
	case abi.Float16:
		return ptx.F16
	case abi.Int64:
		return ptx.S64
	case abi.Int32:
		return ptx.S32
	case abi.Int8:
		return ptx.S8
	default: // bool too
		return ptx.U8
	}
}

// A body is a kernel of a step while it is written.
type body struct {
	*ptx.Kernel
	s     *step
	args  []Arg
	bases map[Arg]ptx.Value
	ix    ptx.Type // of indices: U32 where no operand has more elements than that counts
}

// threads is how many threads a block has where nothing asks for another number.
const threads = 256

// index is the type that counts the elements of everything the step touches.
func (s *step) index() ptx.Type {
	most := s.out.Elements()
	for _, o := range s.in {
		most = max(most, o.Elements())
	}
	if s.add.there {
		most = max(most, s.add.Elements())
	}
	if most < 1<<31 {
		return ptx.U32
	}
	return ptx.U64
}

func (s *step) body(threads int) *body {
	return &body{Kernel: ptx.NewKernel(threads), s: s, bases: make(map[Arg]ptx.Value), ix: s.index()}
}

// launch adds the kernel b to the program, or finds it there, and a launch of it.
func (s *step) launch(b *body, grid ...int64) {
	c := s.c
	text := b.Body()
	name, ok := c.names[text]
	if !ok {
		name = fmt.Sprintf("k%d_%s", len(c.names), s.n.Op)
		c.names[text] = name
		b.Name = name
		c.module.Add(b.Kernel)
	}
	l := Launch{Kernel: name, Step: c.step, Grid: [3]uint32{1, 1, 1}, Block: uint32(b.Threads()), Args: b.args}
	for i, g := range grid {
		l.Grid[i] = uint32(g)
	}
	c.out.Launches = append(c.out.Launches, l)
}

// each runs f with a thread for each of n numbers i. n is not zero.
func (s *step) each(n int64, f func(b *body, i ptx.Value)) {
	b := s.body(threads)
	i := b.number(n)
	f(b, i)
	s.launch(b, (n+threads-1)/threads)
}

// number is the number of the thread; threads from n on end here.
func (b *body) number(n int64) ptx.Value {
	block, x := b.Convert(b.ix, b.Special(ptx.BlockX)), b.Convert(b.ix, b.Special(ptx.ThreadX))
	i := b.FMA(block, b.int(int64(b.Threads())), x)
	if n%int64(b.Threads()) != 0 {
		b.Return(b.Cmp(i, ptx.GE, b.int(n)))
	}
	return i
}

// int is a known index.
func (b *body) int(n int64) ptx.Value { return ptx.Int(b.ix, n) }

// base is the address of an argument.
func (b *body) base(a Arg) ptx.Value {
	v, ok := b.bases[a]
	if !ok {
		v = b.Param()
		b.bases[a] = v
		b.args = append(b.args, a)
	}
	return v
}

// raw is element i of o as it lies in memory: F16 as bits, bool as its byte.
func (b *body) raw(o operand, i ptx.Value) ptx.Value {
	if o.expr != nil {
		return o.expr.at(b, i, 1)[0]
	}
	t := element(o.DType)
	return b.Load(t, ptx.Global, b.At(b.base(o.arg), i, t.Size()), 0)
}

// load is element i of o to compute with: F16 as F32, bool as 0 or 1.
func (b *body) load(o operand, i ptx.Value) ptx.Value { return b.open(o, b.raw(o, i)) }

// open makes of what lies in memory what load gives.
func (b *body) open(o operand, v ptx.Value) ptx.Value {
	switch o.DType {
	case abi.Float16:
		return b.Convert(ptx.F32, v)
	case abi.Bool:
		return b.Convert(ptx.U32, b.Cmp(v, ptx.NE, ptx.Int(ptx.U32, 0)))
	}
	return v
}

// store writes v as element i of o; what computes gives a float for F16, and may
// give a predicate for bool.
func (b *body) store(o operand, i, v ptx.Value) {
	t := element(o.DType)
	b.Store(t, ptx.Global, b.At(b.base(o.arg), i, t.Size()), 0, b.close(o, v))
}

// close makes of what was computed what lies in memory.
func (b *body) close(o operand, v ptx.Value) ptx.Value {
	switch {
	case o.DType == abi.Float16 && v.Type.Float():
		return b.Convert(ptx.F16, v)
	case v.Type == ptx.Pred:
		return b.Convert(ptx.U32, v)
	}
	return v
}

// coordinates splits number i of the elements of shape, the last dimension
// fastest.
func (b *body) coordinates(i ptx.Value, shape []int64) []ptx.Value {
	out := make([]ptx.Value, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		if d == 0 {
			out[d] = i
			break
		}
		n := ptx.Int(i.Type, shape[d])
		out[d], i = b.Rem(i, n), b.Div(i, n)
	}
	return out
}

// strides are those of a tensor of the shape that lies without gaps.
func strides(shape []int64) []int64 {
	out := make([]int64, len(shape))
	n := int64(1)
	for d := len(shape) - 1; d >= 0; d-- {
		out[d] = n
		n *= shape[d]
	}
	return out
}

// collapse takes dimensions as one that lie one in the other, and leaves out those
// of size 1.
func collapse(shape, step []int64) (n, by []int64) {
	for d := range shape {
		last := len(n) - 1
		switch {
		case shape[d] == 1:
		case last >= 0 && by[last] == step[d]*shape[d]:
			n[last], by[last] = n[last]*shape[d], step[d]
		default:
			n, by = append(n, shape[d]), append(by, step[d])
		}
	}
	return n, by
}

// offset is start + Σ step[d]·x[d], where x are the coordinates of number i of
// shape.
func (b *body) offset(i ptx.Value, shape, step []int64, start int64) ptx.Value {
	n, by := collapse(shape, step)
	sum := b.int(start)
	for d := len(n) - 1; d >= 0; d-- {
		x := i
		if d > 0 {
			size := ptx.Int(i.Type, n[d])
			x, i = b.Rem(i, size), b.Div(i, size)
		}
		sum = b.Add(sum, b.Mul(x, b.int(by[d])))
	}
	return sum
}

// spread are the strides by which a tensor of shape from is read where one of
// shape to is wanted: zero along what is broadcast.
func spread(from, to []int64) []int64 {
	own := strides(from)
	out := make([]int64, len(to))
	for d := range from {
		if from[d] != 1 {
			out[d+len(to)-len(from)] = own[d]
		}
	}
	return out
}
