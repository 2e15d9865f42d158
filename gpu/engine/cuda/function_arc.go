package cuda

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/ptx"
)

// atan64 is the arctangent.
func (b *body) atan64(x ptx.Value) ptx.Value { return b.likeSign(b.atanPositive(b.Abs(x)), x) }

// asin64 is the arcsine.
func (b *body) asin64(x ptx.Value) ptx.Value {
	abs := b.Abs(x)
	root := b.Sqrt(b.Sub(f64(1), b.Mul(abs, abs)))
	high := b.Cmp(abs, ptx.GT, f64(0.7))
	a := b.atanPositive(b.Div(b.Select(high, root, abs), b.Select(high, abs, root)))
	return b.likeSign(b.Select(high, b.Sub(f64(math.Pi/2), a), a), x)
}

// acos64 is the arccosine.
func (b *body) acos64(x ptx.Value) ptx.Value { return b.Sub(f64(math.Pi/2), b.asin64(x)) }

// atanPositive is the arctangent of x ≥ 0, brought below 0.66.
func (b *body) atanPositive(x ptx.Value) ptx.Value {
	const moreBits = 6.123233995736765886130e-17 // of π/2
	small, big := b.Cmp(x, ptx.LE, f64(0.66)), b.Cmp(x, ptx.GT, f64(2.41421356237309504880))
	num := b.Select(small, x, b.Select(big, f64(1), b.Sub(x, f64(1))))
	den := b.Select(small, f64(1), b.Select(big, x, b.Add(x, f64(1))))
	u := b.Div(num, den)
	z := b.Mul(u, u)
	p := b.horner(z, -8.750608600031904122785e-01, -1.615753718733365076637e+01, -7.500855792314704667340e+01, -1.228866684490136173410e+02, -6.485021904942025371773e+01)
	q := b.monic(z, 2.485846490142306297962e+01, 1.650270098316988542046e+02, 4.328810604912902668951e+02, 4.853903996359136964868e+02, 1.945506571482613964425e+02)
	a := b.Add(b.Mul(u, b.Div(b.Mul(z, p), q)), u)
	far := b.Add(b.Select(big, f64(math.Pi/2), f64(math.Pi/4)), b.Select(big, b.Neg(a), a))
	return b.Select(small, a, b.Add(far, b.Select(big, f64(moreBits), f64(0.5*moreBits))))
}

// sinh64 is the hyperbolic sine.
func (b *body) sinh64(x ptx.Value) ptx.Value {
	abs := b.Abs(x)
	e := b.exp64(abs)
	far := b.Mul(b.Sub(e, b.Div(f64(1), e)), f64(0.5))
	sq := b.Mul(abs, abs)
	p := b.horner(sq, -0.2630563213397497062819489e+2, -0.2894211355989563807284660366e+4, -0.8991272022039509355398013511e+5, -0.6307673640497716991184787251e+6)
	q := b.monic(sq, -0.173678953558233699533450911e+3, 0.1521517378790019070696485176e+5, -0.6307673640497716991212077277e+6)
	near := b.Div(b.Mul(p, abs), q)
	return b.likeSign(b.Select(b.Cmp(abs, ptx.GT, f64(0.5)), far, near), x)
}

// cosh64 is the hyperbolic cosine.
func (b *body) cosh64(x ptx.Value) ptx.Value {
	e := b.exp64(b.Abs(x))
	return b.Mul(b.Add(e, b.Div(f64(1), e)), f64(0.5))
}

// tanh64 is the hyperbolic tangent.
func (b *body) tanh64(x ptx.Value) ptx.Value {
	abs := b.Abs(x)
	far := b.Sub(f64(1), b.Div(f64(2), b.Add(b.exp64(b.Mul(f64(2), abs)), f64(1))))
	s := b.Mul(abs, abs)
	p := b.horner(s, -9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3)
	q := b.monic(s, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3)
	near := b.Add(abs, b.Div(b.Mul(b.Mul(abs, s), p), q))
	return b.likeSign(b.Select(b.Cmp(abs, ptx.GE, f64(0.625)), far, near), x)
}

// asinh64 is the inverse of sinh64.
func (b *body) asinh64(x ptx.Value) ptx.Value {
	abs := b.Abs(x)
	sq := b.Mul(abs, abs)
	y := b.branch(b.Cmp(abs, ptx.GT, f64(2)), func() ptx.Value {
		large := b.Cmp(abs, ptx.GT, f64(1<<28))
		v := b.Add(b.Mul(f64(2), abs), b.Div(f64(1), b.Add(b.Sqrt(b.Add(sq, f64(1))), abs)))
		return b.Add(b.log64(b.Select(large, abs, v)), b.Select(large, f64(math.Ln2), f64(0)))
	}, func() ptx.Value {
		return b.logp64(b.Add(abs, b.Div(sq, b.Add(f64(1), b.Sqrt(b.Add(f64(1), sq))))))
	})
	return b.likeSign(b.Select(b.Cmp(abs, ptx.LT, f64(0x1p-28)), abs, y), x)
}

// acosh64 is the inverse of cosh64 from 1 up.
func (b *body) acosh64(x ptx.Value) ptx.Value {
	y := b.branch(b.Cmp(x, ptx.GT, f64(2)), func() ptx.Value {
		large := b.Cmp(x, ptx.GE, f64(1<<28))
		root := b.Sqrt(b.Sub(b.Mul(x, x), f64(1)))
		v := b.Sub(b.Mul(f64(2), x), b.Div(f64(1), b.Add(x, root)))
		return b.Add(b.log64(b.Select(large, x, v)), b.Select(large, f64(math.Ln2), f64(0)))
	}, func() ptx.Value {
		t := b.Sub(x, f64(1))
		return b.logp64(b.Add(t, b.Sqrt(b.Add(b.Mul(f64(2), t), b.Mul(t, t)))))
	})
	return b.Select(b.Cmp(x, ptx.GE, f64(1)), y, f64(math.NaN()))
}

// atanh64 is the inverse of tanh64.
func (b *body) atanh64(x ptx.Value) ptx.Value {
	abs := b.Abs(x)
	twice, rest := b.Add(abs, abs), b.Sub(f64(1), abs)
	small := b.Cmp(abs, ptx.LT, f64(0.5))
	v := b.Div(b.Select(small, b.Mul(twice, abs), twice), rest)
	y := b.Mul(f64(0.5), b.logp64(b.Select(small, b.Add(twice, v), v)))
	return b.likeSign(b.Select(b.Cmp(abs, ptx.LT, f64(0x1p-28)), abs, y), x)
}
