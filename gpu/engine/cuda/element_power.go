package cuda

import (
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// powerRows: powers, of one known exponent and of any, and their gradients.
var powerRows = table{
	"Pow":               {of(abi.Float32), lowerPow},
	"PowGrad":           {of(abi.Float32), lowerPowGrad},
	"Power":             {numbers, lowerPower},
	"PowerGradBase":     {reals, powerGrad(powerBase)},
	"PowerGradExponent": {reals, powerGrad(powerExponent)},
}

// lowerPow computes the usual powers by products and quotients.
func lowerPow(s *step) {
	e := float64(s.n.Attrs.Alpha)
	short := map[float64]func(b *body, x ptx.Value) ptx.Value{
		1:  func(_ *body, x ptx.Value) ptx.Value { return x },
		2:  func(b *body, x ptx.Value) ptx.Value { return b.Mul(x, x) },
		-1: func(b *body, x ptx.Value) ptx.Value { return b.Div(f32(1), x) },
		3:  func(b *body, x ptx.Value) ptx.Value { return b.Mul(b.Mul(x, x), x) },
		0.5: func(b *body, x ptx.Value) ptx.Value { // a square root, but for -0 and -∞
			root := b.Add(b.Sqrt(x), f32(0))
			return b.Select(b.Cmp(x, ptx.LT, f32(-math.MaxFloat32)), b.Neg(x), root)
		},
	}[e]
	in := []source{s.beside(s.in[0])}
	if short != nil {
		s.zip(true, in, func(b *body, x []ptx.Value) ptx.Value { return short(b, x[0]) })
		return
	}
	s.zip(false, in, inDouble(func(b *body, x []ptx.Value) ptx.Value { return b.pow64(x[0], f64(e)) }))
}

// lowerPowGrad is dy·e·x^(e-1).
func lowerPowGrad(s *step) {
	switch e := float64(s.n.Attrs.Alpha); e {
	case 0: // and not 0·∞
		s.pair(true, func(*body, ptx.Value, ptx.Value) ptx.Value { return f32(0) })
	case 2:
		s.pair(true, func(b *body, dy, x ptx.Value) ptx.Value { return b.Mul(f32(2), b.Mul(dy, x)) })
	default:
		s.zip(false, []source{s.beside(s.in[0]), s.beside(s.in[1])}, inDouble(func(b *body, x []ptx.Value) ptx.Value {
			return b.Mul(b.Mul(x[0], f64(e)), b.pow64(x[1], f64(e-1)))
		}))
	}
}

func lowerPower(s *step) {
	if whole(s.in[0].DType) {
		s.pair(false, integerPower)
		return
	}
	s.zip(false, []source{s.beside(s.in[0]), s.beside(s.in[1])}, inDouble(func(b *body, x []ptx.Value) ptx.Value {
		return b.Select(b.Cmp(x[1], ptx.EQ, f64(2)), b.Mul(x[0], x[0]), b.pow64(x[0], x[1]))
	}))
}

// powerGrad is a gradient of xᵉ, from dy, x and e.
func powerGrad(f func(b *body, x []ptx.Value) ptx.Value) func(*step) {
	return func(s *step) {
		s.zip(false, []source{s.beside(s.in[0]), s.beside(s.in[1]), s.beside(s.in[2])}, inDouble(f))
	}
}

func powerBase(b *body, x []ptx.Value) ptx.Value {
	dy, base, e := x[0], x[1], x[2]
	d := b.Mul(b.Mul(dy, e), b.pow64(base, b.Sub(e, f64(1))))
	return b.Select(b.Cmp(e, ptx.EQ, f64(0)), f64(0), d)
}

// powerExponent is zero at x = 0 where e is not negative: the limit of xᵉ·log x, and
// at e = 0 what is kept.
func powerExponent(b *body, x []ptx.Value) ptx.Value {
	dy, base, e := x[0], x[1], x[2]
	d := b.Mul(b.Mul(dy, b.pow64(base, e)), b.log64(base))
	return b.Select(b.And(b.Cmp(base, ptx.EQ, f64(0)), b.Cmp(e, ptx.GE, f64(0))), f64(0), d)
}
