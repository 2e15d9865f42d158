package cuda

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// wholeRows: products of 8-bit integers less their zero points, which wrap around
// in int32.
var wholeRows = table{
	"IntegerProduct": {of(abi.Int8, abi.Uint8), lowerIntegerProduct},
	"IntegerConv":    {of(abi.Int8, abi.Uint8), lowerIntegerConv},
}

// zero is the zero point of row or column i of an operand: operand k, which is one
// number, or one each, or left out.
func (b *body) zero(k int, i ptx.Value) ptx.Value {
	switch s := b.s; {
	case !s.has(k):
		return ptx.Int(ptx.S32, 0)
	case s.in[k].Elements() == 1:
		i = b.int(0)
		fallthrough
	default:
		return b.Convert(ptx.S32, b.load(s.in[k], i))
	}
}

// less is element i of o less its zero point.
func (b *body) less(o operand, i, zero ptx.Value) ptx.Value {
	return b.Sub(b.Convert(ptx.S32, b.load(o, i)), zero)
}

func lowerIntegerProduct(s *step) {
	p := s.matrices()
	x, w := s.in[0], s.in[1]
	p.typ = ptx.S32
	p.left = side{read: func(b *body, _, i ptx.Value) func(k ptx.Value) ptx.Value {
		zero, base := b.zero(2, i), b.Mul(i, b.int(p.k))
		return func(k ptx.Value) ptx.Value { return b.less(x, b.Add(base, k), zero) }
	}}
	p.right = side{read: func(b *body, _, j ptx.Value) func(k ptx.Value) ptx.Value {
		zero := b.zero(3, j)
		return func(k ptx.Value) ptx.Value { return b.less(w, b.Add(b.Mul(k, b.int(p.n)), j), zero) }
	}}
	p.done = func(b *body, _, i, j ptx.Value, sums []ptx.Value) { b.putMany(b.Add(b.Mul(i, b.int(p.n)), j), sums) }
	s.product(p)
}

// lowerIntegerConv is a convolution whose padding is the zero point.
func lowerIntegerConv(s *step) {
	p := s.convolution(ptx.S32,
		func(b *body, at ptx.Value, channel ptx.Value) ptx.Value {
			return b.less(s.in[1], at, b.zero(3, channel))
		},
		func(b *body, at ptx.Value) ptx.Value { return b.less(s.in[0], at, b.zero(2, b.int(0))) })
	s.product(p)
}
