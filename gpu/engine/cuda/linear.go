package cuda

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// linearRows: matrix products.
var linearRows = table{
	"MatMul": {numbers, lowerMatMul},
	"Gemm":   {numbers, lowerGemm},
}

// A stacking is how two stacks of matrices are multiplied: strides of their rows and
// columns, and the shapes of the stacks, which are broadcast.
type stacking struct {
	leftBy, leftAlong, rightBy, rightAlong int64
	left, right, both                      []int64
}

// matrixExtents is the product of two operands, which are matrices, or stacks of
// them. A vector is a row on the left, a column on the right.
func matrixExtents(n *graph.Node, in []graph.Type) (e extents, by stacking) {
	a, c := in[0].Shape, in[1].Shape
	if len(a) == 1 {
		a = []int64{1, a[0]}
	}
	if len(c) == 1 {
		c = []int64{c[0], 1}
	}
	la, lc := len(a), len(c)
	e = extents{m: a[la-2], k: a[la-1], n: c[lc-1]}
	by = stacking{leftBy: a[la-1], leftAlong: 1, rightAlong: c[lc-1], rightBy: 1, left: a[:la-2], right: c[:lc-2]}
	if n.Attrs.TransA {
		e.m, e.k, by.leftBy, by.leftAlong = e.k, e.m, 1, a[la-1]
	}
	if n.Attrs.TransB {
		e.n, by.rightAlong, by.rightBy = c[lc-2], 1, c[lc-1]
	}
	by.both = broadcast(by.left, by.right)
	e.batch = elements(by.both)
	e.leftAlong, e.rightAlong = by.leftAlong == 1, by.rightAlong == 1 && by.rightBy != 1
	return e, by
}

// matrices is the product of the first two operands.
func (s *step) matrices() product {
	e, by := matrixExtents(s.n, s.types())
	e.typ = element(s.in[0].DType).Held()
	lies := func(o operand, own []int64, step, along, limit int64) *matrix {
		batch := spread(own, by.both)
		even := true
		for d := range batch {
			batch[d] *= limit * e.k
			even = even && batch[d]%4 == 0
		}
		m := &matrix{operand: o, along: along}
		switch {
		case even && along == 1 && step%4 == 0 && e.k%4 == 0:
			m.pack = packAlong
		case even && step == 1 && along%4 == 0 && limit%4 == 0:
			m.pack = packAcross
		}
		m.start = func(b *body, stack, at ptx.Value) ptx.Value {
			return b.Add(b.offset(stack, by.both, batch, 0), b.Mul(at, b.int(step)))
		}
		return m
	}
	return product{
		extents: e, close: true,
		left:  laid(lies(s.in[0], by.left, by.leftBy, by.leftAlong, e.m)),
		right: laid(lies(s.in[1], by.right, by.rightBy, by.rightAlong, e.n)),
	}
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
	p.done = func(b *body, batch, i, j ptx.Value, sums []ptx.Value) {
		b.putMany(b.Add(b.Mul(b.Add(b.Mul(batch, b.int(p.m)), i), b.int(p.n)), j), sums)
	}
	s.product(p)
}

// lowerGemm is alpha·A·B + beta·C. Of integers it is computed in float64 and
// rounded toward zero, unless alpha and beta are one.
func lowerGemm(s *step) {
	p := s.matrices()
	alpha, beta := float64(s.n.Attrs.Alpha), float64(s.n.Attrs.Beta)
	p.done = func(b *body, _, i, j ptx.Value, sums []ptx.Value) {
		at := b.Add(b.Mul(i, b.int(p.n)), j)
		t := p.typ
		if !t.Float() && (alpha != 1 || beta != 1) {
			t = ptx.F64
		}
		var c []ptx.Value
		if s.has(2) {
			c = b.neighbours(s.beside(s.in[2]), s.out.Shape, at, int64(len(sums)))
		}
		out := make([]ptx.Value, len(sums))
		for l, sum := range sums {
			sum = b.Convert(t, sum)
			if alpha != 1 {
				sum = b.Mul(sum, ptx.Float(t, alpha))
			}
			if c != nil {
				more := b.Convert(t, c[l])
				if beta != 1 {
					more = b.Mul(more, ptx.Float(t, beta))
				}
				sum = b.Add(sum, more)
			}
			out[l] = b.toward(s.out.DType, sum)
		}
		b.putMany(at, out)
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
