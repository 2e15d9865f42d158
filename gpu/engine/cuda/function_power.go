package cuda

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/ptx"
)

// pow64 is xʸ: x to the fraction of y by exponential and logarithm, times x to the
// integer by squaring.
func (b *body) pow64(x, y ptx.Value) ptx.Value {
	s32 := func(n int64) ptx.Value { return ptx.Int(ptx.S32, n) }
	zero, one, inf, nan := f64(0), f64(1), f64(math.Inf(1)), f64(math.NaN())
	ax, ay := b.Abs(x), b.Abs(y)
	down := b.Cmp(y, ptx.LT, zero)
	big := b.Cmp(ay, ptx.GE, f64(1<<63))

	yi := b.Round(ay, ptx.Zero)
	yf := b.Sub(ay, yi)
	whole := b.Cmp(yf, ptx.EQ, zero)
	up := b.Cmp(yf, ptx.GT, f64(0.5))
	yf, yi = b.Select(up, b.Sub(yf, one), yf), b.Select(up, b.Add(yi, one), yi)
	a := b.Var(one)
	b.If(b.Not(whole), func() { b.Set(a, b.exp64(b.Mul(yf, b.log64(x)))) })

	f, e := b.exponent(x)
	f, e = b.Var(f), b.Var(e)
	sum := b.Var(s32(0)) // of exponents
	i := b.Var(b.Convert(ptx.U64, b.Select(big, zero, yi)))
	b.While(func() ptx.Value { return b.Cmp(i, ptx.NE, ptx.Int(ptx.U64, 0)) }, func() {
		odd := b.bit(i, 0)
		out := b.Cmp(b.Abs(e), ptx.GT, s32(1<<12)) // the result over- or underflows
		b.Set(sum, b.Add(sum, b.Select(b.Or(odd, out), e, s32(0))))
		b.Set(a, b.Select(b.And(odd, b.Not(out)), b.Mul(a, f), a))
		b.Set(f, b.Mul(f, f))
		b.Set(e, b.Shl(e, 1))
		low := b.Cmp(f, ptx.LT, f64(0.5))
		b.Set(f, b.Select(low, b.Add(f, f), f))
		b.Set(e, b.Sub(e, b.Convert(ptx.S32, low)))
		b.Set(i, b.Select(out, ptx.Int(ptx.U64, 0), b.Shr(i, 1)))
	})
	n := b.clamp(b.Select(down, b.Neg(sum), sum), s32(-2000), s32(2000)) // far past what the other factor, at most 2⁵⁴⁰, makes up for
	r := b.scaleBy(b.Select(down, b.Div(one, a), a), n)

	// What is not computed so, the strongest rule last.
	r = b.Select(b.And(b.Not(whole), b.Cmp(x, ptx.LT, zero)), nan, r)
	shrinks := b.Xor(b.Cmp(ax, ptx.LT, one), down)
	r = b.Select(big, b.Select(b.Cmp(x, ptx.EQ, f64(-1)), one, b.Select(shrinks, zero, inf)), r)
	half := b.Sqrt(x)
	r = b.Select(b.Cmp(y, ptx.EQ, f64(0.5)), half, r)
	r = b.Select(b.Cmp(y, ptx.EQ, f64(-0.5)), b.Div(one, half), r)
	none, all := b.Cmp(ax, ptx.EQ, zero), b.Cmp(ax, ptx.EQ, inf)
	odd := b.And(b.And(b.Cmp(b.Round(ay, ptx.Zero), ptx.EQ, ay), b.Cmp(ay, ptx.LT, f64(1<<53))), b.bit(b.Convert(ptx.S64, ay), 0))
	end := b.Select(b.Xor(none, down), zero, inf)
	r = b.Select(b.Or(none, all), b.Select(odd, b.likeSign(end, x), end), r)
	r = b.Select(b.Unordered(x, y), nan, r)
	r = b.Select(b.Cmp(y, ptx.EQ, one), x, r)
	return b.Select(b.Or(b.Cmp(y, ptx.EQ, zero), b.Cmp(x, ptx.EQ, one)), one, r)
}

// mod64 is what division of x by y leaves, exactly, with the sign of x: long
// division, bit by bit.
func (b *body) mod64(x, y ptx.Value) ptx.Value {
	inf := f64(math.Inf(1))
	ax, ay := b.Abs(x), b.Abs(y)
	bad := b.Or(b.Unordered(x, y), b.Or(b.Cmp(ax, ptx.EQ, inf), b.Cmp(ay, ptx.EQ, f64(0))))
	r := b.Var(ax)
	b.If(b.And(b.Cmp(ax, ptx.GE, ay), b.Not(bad)), func() {
		fx, ex := b.exponent(ax)
		fy, ey := b.exponent(ay)
		m, d := b.Var(b.Convert(ptx.U64, b.Mul(fx, f64(1<<53)))), b.Convert(ptx.U64, b.Mul(fy, f64(1<<53)))
		n := b.Var(b.Sub(ex, ey))
		take := func() ptx.Value { return b.Select(b.Cmp(m, ptx.GE, d), b.Sub(m, d), m) }
		b.While(func() ptx.Value { return b.Cmp(n, ptx.GT, ptx.Int(ptx.S32, 0)) }, func() {
			b.Set(m, b.Shl(take(), 1))
			b.Set(n, b.Sub(n, ptx.Int(ptx.S32, 1)))
		})
		b.Set(r, b.scaleBy(b.Convert(ptx.F64, take()), b.Sub(ey, ptx.Int(ptx.S32, 53))))
	})
	return b.Select(bad, f64(math.NaN()), b.likeSign(r, x))
}
