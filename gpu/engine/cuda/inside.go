package cuda

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// An expr is a value that is computed where it is read: f of one element of each
// source, for each element of its own.
type expr struct {
	out operand
	in  []source
	f   func(b *body, x []ptx.Value) ptx.Value
}

// cheap is how many operations an element may cost that is computed anew each time
// it is read.
const cheap = 4

// inlines reports whether the kernel of reader can compute its operand number i,
// which is the result of n, where it reads it.
func inlines(reader *graph.Node, i int, n *graph.Node) bool {
	if !settles.has(n.DType) || !elementwise[n.Op] {
		return false
	}
	size := n.Elements()
	light := n.FLOPs <= uint64(cheap*size)
	switch {
	case elementwise[reader.Op]:
		return light || size >= reader.Elements()
	case readsOnce[reader.Op]:
		return i == 0
	case readsAgain[reader.Op]:
		return i == 0 && light
	}
	return false
}

// settles are the types of values that registers hold as memory does.
var settles = of(abi.Float32, abi.Float64, abi.Int64, abi.Int32, abi.Bool)

// elementwise lists the operators whose kernel is one zip.
var elementwise = zips()

func zips() map[string]bool {
	list := map[string]bool{}
	for op := range elementRows {
		list[op] = op != "EyeLike" && op != "OneHotMask"
	}
	return list
}

// readsOnce lists kernels that read each element of their first operand once, by
// load or raw, and readsAgain those that read it a few times.
var (
	readsOnce = map[string]bool{
		"ReduceSum": true, "ReduceMean": true, "ReduceMax": true, "ReduceMin": true, "ReduceProd": true,
		"BatchNormalization": true, "Transpose": true, "GlobalAveragePool": true, "BatchNormalizationGradX": true,
	}
	readsAgain = map[string]bool{
		"ReduceLogSumExp": true, "Softmax": true, "LogSoftmax": true, "LayerNormalization": true, "Standardize": true,
	}
)

// inside is the value v, which the step computes where it reads it.
func (c *compiler) inside(v abi.Value, all []abi.Value) (o operand, err error) {
	n := c.plan.Graph.At(v)
	in := make([]operand, len(n.In))
	for i, x := range n.In {
		if in[i], err = c.within(x, all); err != nil {
			return o, err
		}
	}
	o.Type, o.there = n.Type, true
	o.expr, err = c.express(n, in)
	return o, err
}

// express is n as a function of its operands.
func (c *compiler) express(n *graph.Node, in []operand) (*expr, error) {
	s := &step{c: c, n: n, in: in, out: operand{Type: n.Type, there: true}}
	s.capture = &expr{out: s.out}
	r, err := rowOf(n, s.types())
	if err != nil {
		return nil, err
	}
	if !elementwise[n.Op] || !settles.has(n.DType) || n.Elements() == 0 {
		return nil, fmt.Errorf("cuda: %s of %v is not computed inside another step: %w", n.Op, n.Type, abi.Invalid)
	}
	r.lower(s)
	return s.capture, nil
}

// at evaluates e for its elements i, i+1, …, of which there are w.
func (e *expr) at(b *body, i ptx.Value, w int64) []ptx.Value {
	all := make([][]ptx.Value, len(e.in))
	for k, src := range e.in {
		all[k] = b.neighbours(src, e.out.Shape, i, w)
	}
	out := make([]ptx.Value, w)
	for l := range out {
		x := make([]ptx.Value, len(e.in))
		for k := range x {
			x[k] = all[k][l]
		}
		out[l] = b.settle(e.out, e.f(b, x))
	}
	return out
}

// settle makes of what was computed what load gives.
func (b *body) settle(o operand, v ptx.Value) ptx.Value {
	if v.Type == ptx.Pred {
		return b.Convert(ptx.U32, v)
	}
	if t := element(o.DType).Held(); v.Type != t {
		return b.Bits(t, v)
	}
	return v
}
