package cuda

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/ptx"
)

// The functions of float64 in the files function_*.go are those of Go's package
// math, operation by operation, so that they give the same bits where the
// processor does not fuse operations that Go's source keeps apart. That package
// has them from FreeBSD's msun, from the Cephes library and from SLEEF.

func f64(x float64) ptx.Value { return ptx.Float(ptx.F64, x) }

// horner is c[0]·xⁿ + c[1]·xⁿ⁻¹ + …, each product and sum rounded.
func (b *body) horner(x ptx.Value, c ...float64) ptx.Value {
	return b.goOn(f64(c[0]), x, c[1:])
}

// monic is horner with 1 before c.
func (b *body) monic(x ptx.Value, c ...float64) ptx.Value {
	return b.goOn(b.Add(x, f64(c[0])), x, c[1:])
}

func (b *body) goOn(r, x ptx.Value, c []float64) ptx.Value {
	for _, k := range c {
		r = b.Add(b.Mul(r, x), f64(k))
	}
	return r
}

// branch is one of two values of type F64 of which only one is computed.
func (b *body) branch(p ptx.Value, yes, no func() ptx.Value) ptx.Value {
	r := b.Var(f64(0))
	b.IfElse(p, func() { b.Set(r, yes()) }, func() { b.Set(r, no()) })
	return r
}

// likeSign is x with the sign of s, both F64.
func (b *body) likeSign(x, s ptx.Value) ptx.Value {
	sign := b.And(b.Bits(ptx.U64, s), ptx.Int(ptx.U64, math.MinInt64))
	return b.Bits(ptx.F64, b.Or(b.Bits(ptx.U64, b.Abs(x)), sign))
}

// scale is 2ⁿ as a float64, for n of type S32 from -1022 to 1023.
func (b *body) scale(n ptx.Value) ptx.Value {
	return b.Bits(ptx.F64, b.Shl(b.Convert(ptx.S64, b.Add(n, ptx.Int(ptx.S32, 1023))), 52))
}

// scaleBy is x·2ⁿ, rounded once, for n from -2044 to 2046: x·2^(n/2) must be normal
// where x·2ⁿ is not zero or infinite.
func (b *body) scaleBy(x, n ptx.Value) ptx.Value {
	half := b.Shr(n, 1)
	return b.Mul(b.Mul(x, b.scale(half)), b.scale(b.Sub(n, half)))
}

// exponent is e and frac f where x = f·2ᵉ and |f| is from ½ to below 1; x is
// finite and not zero.
func (b *body) exponent(x ptx.Value) (f, e ptx.Value) {
	small := b.Cmp(b.Abs(x), ptx.LT, f64(0x1p-1022))
	bits := b.Bits(ptx.U64, b.Select(small, b.Mul(x, f64(1<<52)), x))
	e = b.Convert(ptx.S32, b.And(b.Shr(bits, 52), ptx.Int(ptx.U64, 0x7FF)))
	e = b.Sub(e, b.Select(small, ptx.Int(ptx.S32, 1022+52), ptx.Int(ptx.S32, 1022)))
	bits = b.And(bits, ptx.Int(ptx.U64, -1-0x7FF<<52))
	return b.Bits(ptx.F64, b.Or(bits, ptx.Int(ptx.U64, 1022<<52))), e
}

// exp64 is eˣ: e to the remainder by ln 2, taken to the power ½⁴ and squared back.
func (b *body) exp64(x ptx.Value) ptx.Value {
	v := b.clamp(x, f64(-800), f64(800))
	t := b.Round(b.Mul(v, f64(math.Log2E)), ptx.Nearest)
	n := b.Convert(ptx.S32, t)
	r := b.FMA(t, f64(-0.69314718055966295651160180568695068359375), v)
	r = b.FMA(t, f64(-0.28235290563031577122588448175013436025525412068e-12), r)
	r = b.Mul(r, f64(0.0625))
	p := f64(2.4801587301587301587e-5)
	for _, c := range []float64{1.9841269841269841270e-4, 1.3888888888888888889e-3, 8.3333333333333333333e-3, 4.1666666666666666667e-2, 1.6666666666666666667e-1, 0.5, 1} {
		p = b.FMA(p, r, f64(c))
	}
	r = b.Mul(r, p) // e to the 16th of the remainder, less 1
	for range 3 {
		r = b.Mul(r, b.Add(r, f64(2)))
	}
	r = b.FMA(r, b.Add(r, f64(2)), f64(1))
	r = b.scaleBy(r, n)
	r = b.Select(b.Cmp(x, ptx.GT, f64(7.09782712893384e+02)), f64(math.Inf(1)), r)
	return b.Select(b.IsNaN(x), x, r)
}

// The parts of ln 2: products of the high one with small integers are exact.
const (
	ln2Hi = 6.93147180369123816490e-01
	ln2Lo = 1.90821492927058770002e-10
)

// expm64 is eˣ - 1.
func (b *body) expm64(x ptx.Value) ptx.Value {
	const (
		ln2X56    = 3.88162421113569373274e+01
		ln2HalfX3 = 1.03972077083991796413e+00
		ln2Half   = 3.46573590279972654709e-01
		most      = 7.09782712893383973096e+02
	)
	abs := b.Abs(x)
	t := b.Round(b.Add(b.Mul(f64(1/math.Ln2), x), b.likeSign(f64(0.5), x)), ptx.Zero)
	t = b.Select(b.Cmp(abs, ptx.LT, f64(ln2HalfX3)), b.likeSign(f64(1), x), t)
	t = b.Select(b.Cmp(abs, ptx.LE, f64(ln2Half)), f64(0), t)
	k := b.Convert(ptx.S32, t)
	hi, lo := b.Sub(x, b.Mul(t, f64(ln2Hi))), b.Mul(t, f64(ln2Lo))
	r := b.Sub(hi, lo)
	c := b.Sub(b.Sub(hi, r), lo)

	hfx := b.Mul(f64(0.5), r)
	hxs := b.Mul(r, hfx)
	r1 := b.horner(hxs, -2.01099218183624371326e-07, 4.00821782732936239552e-06, -7.93650757867487942473e-05, 1.58730158725481460165e-03, -3.33333333333331316428e-02, 1)
	u := b.Sub(f64(3), b.Mul(r1, hfx))
	e := b.Mul(hxs, b.Div(b.Sub(r1, u), b.Sub(f64(6), b.Mul(r, u))))
	near := b.Sub(r, b.Sub(b.Mul(r, e), hxs)) // k is 0

	e = b.Sub(b.Sub(b.Mul(r, b.Sub(e, c)), c), hxs)
	d := b.Sub(e, r)
	int32 := func(n int64) ptx.Value { return ptx.Int(ptx.S32, n) }
	whole := b.Or(b.Cmp(k, ptx.LE, int32(-2)), b.Cmp(k, ptx.GT, int32(56)))
	inv := b.scale(b.Neg(b.clamp(k, int32(-1000), int32(1000)))) // 2⁻ᵏ
	y := b.Sub(b.Select(whole, f64(1), b.Sub(f64(1), inv)), d)
	late := b.Add(b.Sub(r, b.Add(e, inv)), f64(1))
	y = b.Select(b.And(b.Cmp(k, ptx.GE, int32(20)), b.Not(whole)), late, y)
	y = b.Bits(ptx.F64, b.Add(b.Bits(ptx.S64, y), b.Shl(b.Convert(ptx.S64, k), 52)))
	y = b.Select(whole, b.Sub(y, f64(1)), y)
	one := b.Select(b.Cmp(r, ptx.LT, f64(-0.25)), b.Mul(f64(-2), b.Sub(e, b.Add(r, f64(0.5)))), b.Add(f64(1), b.Mul(f64(2), b.Sub(r, e))))
	y = b.Select(b.Cmp(k, ptx.EQ, int32(1)), one, y)
	y = b.Select(b.Cmp(k, ptx.EQ, int32(-1)), b.Sub(b.Mul(f64(0.5), b.Sub(r, e)), f64(0.5)), y)
	y = b.Select(b.Cmp(k, ptx.EQ, int32(0)), near, y)
	y = b.Select(b.Cmp(x, ptx.LE, f64(-ln2X56)), f64(-1), y)
	y = b.Select(b.Cmp(x, ptx.GE, f64(most)), f64(math.Inf(1)), y)
	return b.Select(b.Or(b.IsNaN(x), b.Cmp(abs, ptx.LT, f64(0x1p-54))), x, y)
}

// log64 is the natural logarithm.
func (b *body) log64(x ptx.Value) ptx.Value {
	f, ki := b.exponent(x)
	low := b.Cmp(f, ptx.LT, f64(math.Sqrt2/2))
	f = b.Sub(b.Select(low, b.Mul(f, f64(2)), f), f64(1))
	k := b.Convert(ptx.F64, b.Sub(ki, b.Convert(ptx.S32, low)))
	s := b.Div(f, b.Add(f64(2), f))
	s2 := b.Mul(s, s)
	s4 := b.Mul(s2, s2)
	t1 := b.Mul(s2, b.horner(s4, 1.479819860511658591e-01, 1.818357216161805012e-01, 2.857142874366239149e-01, 6.666666666666735130e-01))
	t2 := b.Mul(s4, b.horner(s4, 1.531383769920937332e-01, 2.222219843214978396e-01, 3.999999999940941908e-01))
	r := b.logOf(k, f, s, b.Add(t1, t2), f64(0))
	r = b.Select(b.Cmp(x, ptx.EQ, f64(math.Inf(1))), x, r)
	r = b.Select(b.Cmp(x, ptx.EQ, f64(0)), f64(math.Inf(-1)), r)
	return b.Select(b.Cmp(x, ptx.GE, f64(0)), r, f64(math.NaN()))
}

// logOf is k·ln 2 + log(1+f) where s = f/(2+f), r is a polynomial in s², and c what
// rounding took from f.
func (b *body) logOf(k, f, s, r, c ptx.Value) ptx.Value {
	hfsq := b.Mul(b.Mul(f64(0.5), f), f)
	rest := b.Add(b.Mul(k, f64(ln2Lo)), c)
	return b.Sub(b.Mul(k, f64(ln2Hi)), b.Sub(b.Sub(hfsq, b.Add(b.Mul(s, b.Add(hfsq, r)), rest)), f))
}

// logp64 is log(1+x).
func (b *body) logp64(x ptx.Value) ptx.Value {
	abs := b.Abs(x)
	far := b.Cmp(abs, ptx.GE, f64(1<<53))
	u := b.Select(far, x, b.Add(f64(1), x))
	bits := b.Bits(ptx.U64, u)
	k := b.Sub(b.Convert(ptx.S32, b.Shr(bits, 52)), ptx.Int(ptx.S32, 1023))
	c := b.Select(b.Cmp(k, ptx.GT, ptx.Int(ptx.S32, 0)), b.Sub(f64(1), b.Sub(u, x)), b.Sub(x, b.Sub(u, f64(1))))
	c = b.Select(far, f64(0), b.Div(c, u))
	bits = b.And(bits, ptx.Int(ptx.U64, 1<<52-1))
	high := b.Cmp(bits, ptx.GE, ptx.Int(ptx.U64, 0x6a09e667f3bcd)) // the mantissa of √2
	bits = b.Or(bits, b.Select(high, ptx.Int(ptx.U64, 0x3fe<<52), ptx.Int(ptx.U64, 0x3ff<<52)))
	f := b.Sub(b.Bits(ptx.F64, bits), f64(1))
	k = b.Add(k, b.Convert(ptx.S32, high))

	// From √½-1 to √2-1, x is as it is.
	near := b.And(b.Cmp(x, ptx.GT, f64(-2.928932188134524755992e-01)), b.Cmp(x, ptx.LT, f64(4.142135623730950488017e-01)))
	f, c = b.Select(near, x, f), b.Select(near, f64(0), c)
	kf := b.Select(near, f64(0), b.Convert(ptx.F64, k))
	s := b.Div(f, b.Add(f64(2), f))
	z := b.Mul(s, s)
	r := b.Mul(z, b.horner(z, 1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01))
	r = b.logOf(kf, f, s, r, c)
	r = b.Select(b.Cmp(abs, ptx.LT, f64(0x1p-29)), b.Sub(x, b.Mul(b.Mul(x, x), f64(0.5))), r)
	r = b.Select(b.Cmp(abs, ptx.LT, f64(0x1p-54)), x, r)
	r = b.Select(b.Cmp(x, ptx.EQ, f64(math.Inf(1))), x, r)
	r = b.Select(b.Cmp(x, ptx.EQ, f64(-1)), f64(math.Inf(-1)), r)
	return b.Select(b.Cmp(x, ptx.GE, f64(-1)), r, f64(math.NaN()))
}
