package cuda

import (
	"encoding/binary"
	"math"

	"github.com/cloister-ai/cloister/gpu/ptx"
)

// sin64 is the sine.
func (b *body) sin64(x ptx.Value) ptx.Value {
	j, z := b.octant(x)
	y := b.Select(b.bit(j, 1), b.cosNear(z), b.sinNear(z))
	sign := b.Xor(b.And(b.Bits(ptx.U64, x), ptx.Int(ptx.U64, math.MinInt64)), b.signFrom(j, 2))
	return b.finite(x, b.flip(y, sign))
}

// cos64 is the cosine.
func (b *body) cos64(x ptx.Value) ptx.Value {
	j, z := b.octant(x)
	y := b.Select(b.bit(j, 1), b.sinNear(z), b.cosNear(z))
	return b.finite(x, b.flip(y, b.Xor(b.signFrom(j, 2), b.signFrom(j, 1))))
}

// tan64 is the tangent.
func (b *body) tan64(x ptx.Value) ptx.Value {
	j, z := b.octant(x)
	zz := b.Mul(z, z)
	p := b.horner(zz, -1.30936939181383777646e4, 1.15351664838587416140e6, -1.79565251976484877988e7)
	q := b.monic(zz, 1.36812963470692954678e4, -1.32089234440210967447e6, 2.50083801823357915839e7, -5.38695755929454629881e7)
	y := b.Select(b.Cmp(zz, ptx.GT, f64(1e-14)), b.Add(z, b.Mul(z, b.Div(b.Mul(zz, p), q))), z)
	y = b.Select(b.bit(j, 1), b.Div(f64(-1), y), y)
	return b.finite(x, b.flip(y, b.And(b.Bits(ptx.U64, x), ptx.Int(ptx.U64, math.MinInt64))))
}

// finite is y, or NaN where x is infinite.
func (b *body) finite(x, y ptx.Value) ptx.Value {
	return b.Select(b.Cmp(b.Abs(x), ptx.EQ, f64(math.Inf(1))), f64(math.NaN()), y)
}

// flip changes the sign of y where the sign bit is set.
func (b *body) flip(y, sign ptx.Value) ptx.Value {
	return b.Bits(ptx.F64, b.Xor(b.Bits(ptx.U64, y), sign))
}

// bit reports whether bit n of j is set.
func (b *body) bit(j ptx.Value, n int) ptx.Value {
	return b.Cmp(b.And(j, ptx.Int(j.Type, 1<<n)), ptx.NE, ptx.Int(j.Type, 0))
}

// signFrom is bit n of j, of type U32, as the sign bit of a float64.
func (b *body) signFrom(j ptx.Value, n int) ptx.Value {
	return b.Join(ptx.Int(ptx.U32, 0), b.And(b.Shl(j, 31-n), ptx.Int(ptx.U32, 1<<31)))
}

// sinNear and cosNear are of z from -π/4 to π/4.
func (b *body) sinNear(z ptx.Value) ptx.Value {
	zz := b.Mul(z, z)
	p := b.horner(zz, 1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6, -1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1)
	return b.Add(z, b.Mul(b.Mul(z, zz), p))
}

func (b *body) cosNear(z ptx.Value) ptx.Value {
	zz := b.Mul(z, z)
	p := b.horner(zz, -1.13585365213876817300e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7, 2.48015872888517045348e-5, -1.38888888888730564116e-3, 4.16666666666665929218e-2)
	return b.Add(b.Sub(f64(1), b.Mul(f64(0.5), zz)), b.Mul(b.Mul(zz, zz), p))
}

// octant is j, even and of type U32, and z where |x| = j·π/4 + z modulo 2π. Up to
// 2²⁹ π/4 is subtracted in three parts; from there on π has to be known to more
// bits than x has.
func (b *body) octant(x ptx.Value) (j, z ptx.Value) {
	abs := b.Abs(x)
	j = b.Convert(ptx.U32, b.Mul(abs, f64(4/math.Pi)))
	j = b.Add(j, b.And(j, ptx.Int(ptx.U32, 1)))
	y := b.Convert(ptx.F64, j)
	z = b.Sub(abs, b.Mul(y, f64(7.85398125648498535156e-1)))
	z = b.Sub(z, b.Mul(y, f64(3.77489470793079817668e-8)))
	z = b.Sub(z, b.Mul(y, f64(2.69515142907905952645e-15)))
	j, z = b.Var(j), b.Var(z)
	b.If(b.Cmp(abs, ptx.GE, f64(1<<29)), func() {
		far, rest := b.farOctant(abs)
		b.Set(j, far)
		b.Set(z, rest)
	})
	return j, z
}

// farOctant is octant by Payne and Hanek ("Radian reduction for trigonometric
// functions", 1983): the product of x and 192 bits of 4/π, those that matter.
func (b *body) farOctant(x ptx.Value) (j, z ptx.Value) {
	u64 := func(n int64) ptx.Value { return ptx.Int(ptx.U64, n) }
	u32 := func(n int64) ptx.Value { return ptx.Int(ptx.U32, n) }
	bits := b.Bits(ptx.U64, x)
	exp := b.Sub(b.Convert(ptx.U32, b.Shr(bits, 52)), u32(1023+52-61))
	m := b.Or(b.And(bits, u64(1<<52-1)), u64(1<<52))
	digit, shift := b.Shr(exp, 6), b.And(exp, u32(63))
	digit = b.Select(b.Cmp(digit, ptx.GT, u32(16)), u32(16), digit) // of what is infinite
	at := b.At(b.base(b.s.c.table(fourByPi())), digit, 8)
	back := b.Sub(u32(64), shift)
	var d, w [4]ptx.Value
	for i := range d {
		d[i] = b.Load(ptx.U64, ptx.Global, at, int64(8*i))
	}
	for i := range 3 {
		w[i] = b.Or(b.ShlBy(d[i], shift), b.ShrBy(d[i+1], back))
	}
	mid := b.Mul(w[1], m)
	low := b.Add(mid, b.MulHigh(w[2], m))
	carry := b.Convert(ptx.U64, b.Cmp(low, ptx.LT, mid))
	high := b.Add(b.Add(b.Mul(w[0], m), b.MulHigh(w[1], m)), carry)
	j = b.Convert(ptx.U32, b.Shr(high, 61))
	high = b.Or(b.Shl(high, 3), b.Shr(low, 61))
	lead := b.Add(b.LeadingZeros(high), u32(1))
	frac := b.Or(b.ShlBy(high, lead), b.ShrBy(low, b.Sub(u32(64), lead)))
	frac = b.Or(b.Shr(frac, 12), b.Shl(b.Convert(ptx.U64, b.Sub(u32(1023), lead)), 52))
	z = b.Bits(ptx.F64, frac)
	odd := b.And(j, u32(1))
	z = b.Select(b.Cmp(odd, ptx.NE, u32(0)), b.Sub(z, f64(1)), z)
	return b.And(b.Add(j, odd), u32(7)), b.Mul(z, f64(math.Pi/4))
}

// fourByPi is 4/π in binary, 64 bits after the other.
func fourByPi() []byte {
	var out []byte
	for _, d := range [...]uint64{
		0x0000000000000001, 0x45f306dc9c882a53, 0xf84eafa3ea69bb81, 0xb6c52b3278872083, 0xfca2c757bd778ac3,
		0x6e48dc74849ba5c0, 0x0c925dd413a32439, 0xfc3bd63962534e7d, 0xd1046bea5d768909, 0xd338e04d68befc82,
		0x7323ac7306a673e9, 0x3908bf177bf25076, 0x3ff12fffbc0b301f, 0xde5e2316b414da3e, 0xda6cfd9e4f96136e,
		0x9e8c7ecd3cbfd45a, 0xea4f758fd7cbe2f6, 0x7a0e73ef14a525d4, 0xd7f6bf623f1aba10, 0xac06608df8f6d757,
	} {
		out = binary.LittleEndian.AppendUint64(out, d)
	}
	return out
}
