package cuda

import (
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// A product is Σ left[i,k]·right[k,j] over k for every i and j, of one type. Its
// operands are functions, so that convolutions are products of what they gather.
// Sums are added up along k in order, one fused multiply-add after the other, but
// for what split and thin say.
type product struct {
	extents
	left, right side
	// first is what the sums of row i start from; nil is zero.
	first func(b *body, batch, i ptx.Value) ptx.Value
	// done takes the sums at row i from column j on: one, or four where close says
	// so and j is a multiple of four.
	done func(b *body, batch, i, j ptx.Value, sums []ptx.Value)
	// close says that four neighbours along j, from a multiple of four on, are
	// neighbours in the result too, and n a multiple of four.
	close bool
}

// extents are the sizes of a product, from which follows how it is computed.
type extents struct {
	m, n, k, batch int64
	typ            ptx.Type
	// leftAlong and rightAlong say that neighbours along k are neighbours in memory.
	leftAlong, rightAlong bool
}

// A side is an operand of a product: rows of the left one, columns of the right.
type side struct {
	// read prepares for one row or column of a batch, which is there, and returns
	// what reads the element at k, which is there too.
	read func(b *body, batch, at ptx.Value) func(k ptx.Value) ptx.Value
	lies *matrix // or nil, for what is gathered or computed
}

// A matrix is a side that lies in memory with one stride along k.
type matrix struct {
	operand
	// start is the number of the first element of a row or column.
	start func(b *body, batch, at ptx.Value) ptx.Value
	along int64 // from k to k
	pack  pack  // which elements could be loaded at once, were the tensor aligned
}

// A pack is in which direction four elements of a side are loaded at once.
type pack uint8

const (
	single     pack = iota
	packAlong       // neighbours along k, from a multiple of four on
	packAcross      // neighbouring rows or columns, from a multiple of four on
)

// packing is how a side is loaded.
func (x *side) packing() pack {
	m := x.lies
	if m == nil || m.expr != nil || element(m.DType) != ptx.F32 || m.arg.Offset%16 != 0 {
		return single
	}
	return m.pack
}

// quad prepares like read, for four elements at k.
func (x *side) quad(b *body, batch, at ptx.Value) func(k ptx.Value) []ptx.Value {
	m := x.lies
	base := m.start(b, batch, at)
	return func(k ptx.Value) []ptx.Value {
		return b.LoadMany(ptx.F32, ptx.Global, b.At(b.base(m.arg), b.Add(base, b.Mul(k, b.int(m.along))), 4), 0, 4)
	}
}

// laid is the side that m is, read element by element.
func laid(m *matrix) side {
	return side{lies: m, read: func(b *body, batch, at ptx.Value) func(k ptx.Value) ptx.Value {
		base := m.start(b, batch, at)
		return func(k ptx.Value) ptx.Value { return b.load(m.operand, b.Add(base, b.Mul(k, b.int(m.along)))) }
	}}
}

// product writes the kernels of p.
func (s *step) product(p product) {
	if p.m == 0 || p.n == 0 || p.batch == 0 {
		return
	}
	p.close = p.close && p.n%4 == 0 && s.out.DType.Size() == 4 && s.out.arg.Offset%16 == 0
	switch {
	case p.thin():
		s.thin(p)
	default:
		s.tiles(p, p.plan())
	}
}

// productOf is the sizes of the product that n computes, of operands of the given
// types.
func productOf(n *graph.Node, in []graph.Type) (e extents, ok bool) {
	win := n.Attrs.Window
	switch n.Op {
	case "MatMul", "Gemm", "IntegerProduct":
		e, _ = matrixExtents(n, in)
	case "Conv", "IntegerConv":
		c := convOf(win, in[0].Shape, in[1].Shape, n.Shape)
		e = extents{m: c.out(), n: c.images * c.oh * c.ow, k: c.in() * c.kh * c.kw, batch: c.Group, leftAlong: true}
	case "ConvGradX":
		c := convOf(win, n.Shape, in[1].Shape, in[0].Shape)
		e = extents{m: c.in(), n: c.images * c.h * c.w, k: c.out() * c.kh * c.kw, batch: c.Group}
	case "ConvGradW":
		c := convOf(win, in[1].Shape, n.Shape, in[0].Shape)
		e = extents{m: c.out(), n: c.in() * c.kh * c.kw, k: c.images * c.oh * c.ow, batch: c.Group, leftAlong: true, rightAlong: true}
	default:
		return e, false
	}
	e.typ = element(n.DType).Held()
	return e, true
}
