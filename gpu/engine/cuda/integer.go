package cuda

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// Integers wrap around. Those of 8 bits are computed in 32, of which the low ones
// are kept; a bool is 0 or 1.

// integerRows: of integers and bools alone.
var integerRows = table{
	"And":        {bools, bitwise((*body).and)},
	"Or":         {bools, bitwise((*body).or)},
	"Xor":        {bools, bitwise((*body).xor)},
	"Not":        {bools, bitwiseOne(func(b *body, x ptx.Value) ptx.Value { return b.Xor(x, ptx.Int(ptx.U32, 1)) })},
	"BitwiseAnd": {integers, bitwise((*body).and)},
	"BitwiseOr":  {integers, bitwise((*body).or)},
	"BitwiseXor": {integers, bitwise((*body).xor)},
	"BitwiseNot": {integers, bitwiseOne(func(b *body, x ptx.Value) ptx.Value { return b.Not(x) })},
	"BitShift":   {of(abi.Uint8), lowerShift},
}

// integerOnes lists the functions of one number that integers have.
var integerOnes = map[string]func(b *body, x ptx.Value) ptx.Value{
	"Neg":  func(b *body, x ptx.Value) ptx.Value { return b.Neg(x) },
	"Abs":  func(b *body, x ptx.Value) ptx.Value { return b.below(x, b.Neg(x), x) },
	"Sign": (*body).sign,
	"Relu": func(b *body, x ptx.Value) ptx.Value { return b.Max(x, ptx.Int(x.Type, 0)) },
}

// whole reports whether dt is an integer type.
func whole(dt abi.DType) bool { return integers.has(dt) }

func bitwise(f pair) func(*step) { return func(s *step) { s.pair(true, f) } }

func bitwiseOne(f func(b *body, x ptx.Value) ptx.Value) func(*step) {
	return func(s *step) {
		s.zip(true, []source{s.beside(s.in[0])}, func(b *body, x []ptx.Value) ptx.Value { return f(b, x[0]) })
	}
}

func (b *body) and(x, y ptx.Value) ptx.Value { return b.And(x, y) }
func (b *body) or(x, y ptx.Value) ptx.Value  { return b.Or(x, y) }
func (b *body) xor(x, y ptx.Value) ptx.Value { return b.Xor(x, y) }

// lowerShift shifts uint8: by the width or more gives zero.
func lowerShift(s *step) {
	if s.n.Attrs.Left {
		s.pair(true, func(b *body, x, n ptx.Value) ptx.Value { return b.ShlBy(x, n) })
		return
	}
	s.pair(true, func(b *body, x, n ptx.Value) ptx.Value { return b.ShrBy(x, n) })
}

func integerAdd(b *body, x, y ptx.Value) ptx.Value { return b.Add(x, y) }
func integerSub(b *body, x, y ptx.Value) ptx.Value { return b.Sub(x, y) }
func integerMul(b *body, x, y ptx.Value) ptx.Value { return b.Mul(x, y) }

// divisor is y where division by it is defined on every card, else 1: what is by
// zero or by -1 is told apart.
func (b *body) divisor(y ptx.Value) (d, zero, negative ptx.Value) {
	zero = b.Cmp(y, ptx.EQ, ptx.Int(y.Type, 0))
	one := ptx.Int(y.Type, 1)
	if !y.Type.Signed() {
		return b.Select(zero, one, y), zero, ptx.Value{}
	}
	negative = b.Cmp(y, ptx.EQ, ptx.Int(y.Type, -1))
	return b.Select(b.Or(zero, negative), one, y), zero, negative
}

// integerDiv truncates; division by zero gives zero.
func integerDiv(b *body, x, y ptx.Value) ptx.Value {
	d, zero, negative := b.divisor(y)
	q := b.Div(x, d)
	if y.Type.Signed() {
		q = b.Select(negative, b.Neg(x), q)
	}
	return b.Select(zero, ptx.Int(x.Type, 0), q)
}

// integerRem has the sign of x; by zero it is zero.
func integerRem(b *body, x, y ptx.Value) ptx.Value {
	d, _, _ := b.divisor(y)
	return b.Rem(x, d)
}

// integerMod has the sign of y; by zero it is zero.
func integerMod(b *body, x, y ptx.Value) ptx.Value {
	r, zero := integerRem(b, x, y), ptx.Int(x.Type, 0)
	if !y.Type.Signed() {
		return r
	}
	other := b.Xor(b.Cmp(r, ptx.LT, zero), b.Cmp(y, ptx.LT, zero))
	return b.Select(b.And(other, b.Cmp(r, ptx.NE, zero)), b.Add(r, y), r)
}

// integerPower is x^y; below y = 0 what is left of the fraction: nothing, unless x
// is 1 or -1.
func integerPower(b *body, x, y ptx.Value) ptx.Value {
	num := func(n int64) ptx.Value { return ptx.Int(x.Type, n) }
	base, p, n := b.Var(x), b.Var(num(1)), b.Var(y)
	b.While(func() ptx.Value { return b.Cmp(n, ptx.GT, num(0)) }, func() {
		b.Set(p, b.Select(b.bit(n, 0), b.Mul(p, base), p))
		b.Set(base, b.Mul(base, base))
		b.Set(n, b.Shr(n, 1))
	})
	if !x.Type.Signed() {
		return p
	}
	ones := b.Select(b.bit(y, 0), x, num(1))
	unit := b.Or(b.Cmp(x, ptx.EQ, num(1)), b.Cmp(x, ptx.EQ, num(-1)))
	return b.Select(b.Cmp(y, ptx.LT, num(0)), b.Select(unit, ones, num(0)), p)
}
