package cuda

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// elementRows: element by element.
var elementRows = join(table{
	"Add": {numbers, pairs(func(b *body, x, y ptx.Value) ptx.Value { return b.Add(x, y) })},
	"Sub": {numbers, pairs(func(b *body, x, y ptx.Value) ptx.Value { return b.Sub(x, y) })},
	"Mul": {numbers, pairs(func(b *body, x, y ptx.Value) ptx.Value { return b.Mul(x, y) })},
}, curveRows())

// pairs is the kernel of a function of two numbers, with broadcasting. A result of
// 8 bits keeps the low ones.
func pairs(f func(b *body, x, y ptx.Value) ptx.Value) func(*step) {
	return func(s *step) {
		s.each(s.out.Elements(), func(b *body, i ptx.Value) {
			x := b.load(s.in[0], b.at(s.in[0], i, s.out.Shape))
			y := b.load(s.in[1], b.at(s.in[1], i, s.out.Shape))
			b.put(i, f(b, x, y))
		})
	}
}

// A curve is a function of one number, of type F32 or F64.
type curve func(b *body, a *graph.Attrs, x ptx.Value) ptx.Value

// curves lists the functions of one number.
var curves = map[string]curve{
	"Neg":     func(b *body, _ *graph.Attrs, x ptx.Value) ptx.Value { return b.Neg(x) },
	"Abs":     func(b *body, _ *graph.Attrs, x ptx.Value) ptx.Value { return b.Abs(x) },
	"Sqrt":    func(b *body, _ *graph.Attrs, x ptx.Value) ptx.Value { return b.Sqrt(x) },
	"Exp":     func(b *body, _ *graph.Attrs, x ptx.Value) ptx.Value { return b.exp32(x) },
	"Log":     func(b *body, _ *graph.Attrs, x ptx.Value) ptx.Value { return b.log32(x) },
	"Sigmoid": func(b *body, _ *graph.Attrs, x ptx.Value) ptx.Value { return b.sigmoid32(x) },
	"Tanh":    func(b *body, _ *graph.Attrs, x ptx.Value) ptx.Value { return b.tanh32(x) },
	"Erf":     func(b *body, _ *graph.Attrs, x ptx.Value) ptx.Value { return b.erf32(x) },
	"Relu": func(b *body, _ *graph.Attrs, x ptx.Value) ptx.Value {
		zero := ptx.Number(x.Type, 0)
		return b.Select(b.Cmp(x, ptx.LT, zero), zero, x)
	},
}

func curveRows() table {
	t := table{}
	for op, f := range curves {
		t[op] = row{of(abi.Float32), func(s *step) {
			s.each(s.out.Elements(), func(b *body, i ptx.Value) { b.put(i, f(b, &s.n.Attrs, b.load(s.in[0], i))) })
		}}
	}
	return t
}

// put writes v as element i of the result, after what the step does to it last.
func (b *body) put(i, v ptx.Value) {
	s := b.s
	if s.norm != nil {
		v = b.normalize(i, v)
	}
	if s.add.there {
		v = b.Add(v, b.load(s.add, b.at(s.add, i, s.out.Shape)))
	}
	if s.act != nil {
		v = curves[s.act.Op](b, &s.act.Attrs, v)
	}
	b.store(s.out, i, v)
}

// normalize is the BatchNormalization of element i of the result: one product and
// one sum.
func (b *body) normalize(i, v ptx.Value) ptx.Value {
	s := b.s
	step := make([]int64, len(s.out.Shape))
	step[1] = 1
	c := b.offset(i, s.out.Shape, step, 0)
	mul, add := b.normLine(s.line[0], s.line[1], s.line[2], s.line[3], c, s.norm.Attrs.Epsilon)
	return b.FMA(v, mul, add)
}

// normLine is what normalising channel c multiplies by, and adds.
func (b *body) normLine(scale, bias, mean, variance operand, c ptx.Value, eps float32) (mul, add ptx.Value) {
	wide := func(o operand) ptx.Value { return b.Convert(ptx.F64, b.load(o, c)) }
	std := b.Sqrt(b.Add(wide(variance), ptx.Float(ptx.F64, float64(eps))))
	m := b.Mul(wide(scale), b.Div(ptx.Float(ptx.F64, 1), std))
	return b.Convert(ptx.F32, m), b.Convert(ptx.F32, b.Sub(wide(bias), b.Mul(wide(mean), m)))
}
