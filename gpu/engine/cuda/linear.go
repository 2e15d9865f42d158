package cuda

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// linearRows: matrix products.
var linearRows = table{
	"MatMul": {numbers, lowerMatMul},
	"Gemm":   {numbers, lowerGemm},
}

// matrices is the product of the first two operands, which are matrices, or stacks
// of them that are broadcast. A vector is a row on the left, a column on the right.
func (s *step) matrices() product {
	x, w, at := s.in[0], s.in[1], s.n.Attrs
	a, c := x.Shape, w.Shape
	if len(a) == 1 {
		a = []int64{1, a[0]}
	}
	if len(c) == 1 {
		c = []int64{c[0], 1}
	}
	p := product{typ: element(x.DType).Held()}
	la, lc := len(a), len(c)
	p.m, p.k, p.n = a[la-2], a[la-1], c[lc-1]
	ars, acs, crs, ccs := a[la-1], int64(1), c[lc-1], int64(1) // strides of rows and columns
	if at.TransA {
		p.m, p.k, ars, acs = p.k, p.m, 1, a[la-1]
	}
	if at.TransB {
		p.n, crs, ccs = c[lc-2], 1, c[lc-1]
	}
	stack := broadcast(a[:la-2], c[:lc-2])
	p.batch = elements(stack)
	from := func(o operand, own []int64, size int64, batch ptx.Value, b *body) ptx.Value {
		step := spread(own, stack)
		for d := range step {
			step[d] *= size
		}
		return b.offset(batch, stack, step, 0)
	}
	p.left = func(b *body, batch, i ptx.Value) func(k ptx.Value) ptx.Value {
		base := b.Add(from(x, a[:la-2], p.m*p.k, batch, b), b.Mul(i, b.int(ars)))
		return func(k ptx.Value) ptx.Value { return b.load(x, b.Add(base, b.Mul(k, b.int(acs)))) }
	}
	p.right = func(b *body, batch, j ptx.Value) func(k ptx.Value) ptx.Value {
		base := b.Add(from(w, c[:lc-2], p.k*p.n, batch, b), b.Mul(j, b.int(ccs)))
		return func(k ptx.Value) ptx.Value { return b.load(w, b.Add(base, b.Mul(k, b.int(crs)))) }
	}
	p.leftAlong, p.rightAlong = acs == 1, ccs != 1
	return p
}

// broadcast is the shape that both are broadcast to.
func broadcast(a, c []int64) []int64 {
	n := max(len(a), len(c))
	out := make([]int64, n)
	for d := range out {
		out[d] = 1
		for _, s := range [][]int64{a, c} {
			if e := d - n + len(s); e >= 0 && s[e] != 1 {
				out[d] = s[e]
			}
		}
	}
	return out
}

func elements(shape []int64) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	return n
}

func lowerMatMul(s *step) {
	p := s.matrices()
	p.done = func(b *body, batch, i, j, sum ptx.Value) {
		b.put(b.Add(b.Mul(b.Add(b.Mul(batch, b.int(p.m)), i), b.int(p.n)), j), sum)
	}
	s.product(p)
}

// lowerGemm is alpha·A·B + beta·C. Of integers it is computed in float64 and
// rounded toward zero, unless alpha and beta are one.
func lowerGemm(s *step) {
	p := s.matrices()
	alpha, beta := float64(s.n.Attrs.Alpha), float64(s.n.Attrs.Beta)
	p.done = func(b *body, _, i, j, sum ptx.Value) {
		at := b.Add(b.Mul(i, b.int(p.n)), j)
		t := sum.Type
		if !t.Float() && (alpha != 1 || beta != 1) {
			t = ptx.F64
			sum = b.Convert(t, sum)
		}
		if alpha != 1 {
			sum = b.Mul(sum, ptx.Float(t, alpha))
		}
		if s.has(2) {
			c := b.Convert(t, b.load(s.in[2], b.at(s.in[2], at, s.out.Shape)))
			if beta != 1 {
				c = b.Mul(c, ptx.Float(t, beta))
			}
			sum = b.Add(sum, c)
		}
		b.put(at, b.toward(s.out.DType, sum))
	}
	s.product(p)
}

// toward is the number v, where it is an F64 and dt an integer, rounded toward
// zero; what does not fit becomes the nearest that does, and NaN zero.
func (b *body) toward(dt abi.DType, v ptx.Value) ptx.Value {
	t := element(dt).Held()
	if v.Type != ptx.F64 || t.Float() {
		return v
	}
	return b.Select(b.IsNaN(v), ptx.Int(t, 0), b.Convert(t, v))
}
