package cuda

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/ptx"
)

// The functions of float32 below are those of package kernel, operation by
// operation: they give the same bits as the processor.

func f32(x float32) ptx.Value { return ptx.Float(ptx.F32, float64(x)) }

// exp is eˣ of either type.
func (b *body) exp(x ptx.Value) ptx.Value {
	if x.Type == ptx.F64 {
		return b.exp64(x)
	}
	return b.exp32(x)
}

// log is the natural logarithm of either type.
func (b *body) log(x ptx.Value) ptx.Value {
	if x.Type == ptx.F64 {
		return b.log64(x)
	}
	return b.log32(x)
}

// clamp is x held to low and high; NaN stays.
func (b *body) clamp(x, low, high ptx.Value) ptx.Value {
	x = b.Select(b.Cmp(x, ptx.LT, low), low, x)
	return b.Select(b.Cmp(x, ptx.GT, high), high, x)
}

// poly is c[0]·xⁿ + c[1]·xⁿ⁻¹ + …, by fused multiply-adds from the left.
func (b *body) poly(x ptx.Value, c ...float32) ptx.Value {
	r := f32(c[0])
	for _, k := range c[1:] {
		r = b.FMA(r, x, f32(k))
	}
	return r
}

// exp32 is kernel.Exp.
func (b *body) exp32(x ptx.Value) ptx.Value {
	x = b.clamp(x, f32(-104), f32(89))
	t := b.FMA(x, f32(1.442695041), f32(12582912))
	i := b.Sub(b.Bits(ptx.S32, t), ptx.Int(ptx.S32, 0x4B400000))
	t = b.Sub(t, f32(12582912))
	f := b.FMA(t, f32(-0.693145752), x)
	f = b.FMA(t, f32(-1.42860677e-6), f)
	r := b.poly(f, 1.37805939e-3, 8.37312452e-3, 4.16695364e-2, 1.66664720e-1, 4.99999851e-1, 1, 1)
	half := b.Shr(i, 1)
	r = b.Mul(r, b.pow2(half))
	return b.Mul(r, b.pow2(b.Sub(i, half)))
}

// pow2 is 2ⁱ as a float32, for i of -126 to 127.
func (b *body) pow2(i ptx.Value) ptx.Value {
	return b.Bits(ptx.F32, b.Shl(b.Add(i, ptx.Int(ptx.S32, 127)), 23))
}

func (b *body) signBit(x ptx.Value) ptx.Value {
	return b.And(b.Bits(ptx.U32, x), ptx.Int(ptx.U32, 1<<31))
}

// withSign is x, which is not negative, with the sign of s.
func (b *body) withSign(x, s ptx.Value) ptx.Value {
	return b.Bits(ptx.F32, b.Or(b.Bits(ptx.U32, x), b.signBit(s)))
}

// sigmoid32 is kernel.Sigmoid.
func (b *body) sigmoid32(x ptx.Value) ptx.Value {
	e := b.exp32(b.Bits(ptx.F32, b.Or(b.Bits(ptx.U32, x), ptx.Int(ptx.U32, 1<<31))))
	s := b.Div(f32(1), b.Add(f32(1), e))
	return b.Select(b.Cmp(x, ptx.LT, f32(0)), b.Mul(s, e), s)
}

// log32 is kernel.Log.
func (b *body) log32(x ptx.Value) ptx.Value {
	small := b.Cmp(x, ptx.LT, f32(0x1p-126))
	a := b.Select(small, b.Mul(x, f32(1<<23)), x)
	shift := b.Select(small, f32(-23), f32(0))
	bits := b.Bits(ptx.S32, a)
	e := b.And(b.Sub(bits, ptx.Int(ptx.S32, 0x3F2AAAAB)), ptx.Int(ptx.S32, -1<<23))
	f := b.Sub(b.Bits(ptx.F32, b.Sub(bits, e)), f32(1))
	i := b.FMA(b.Convert(ptx.F32, e), f32(1.1920929e-7), shift)
	s := b.Mul(f, f)
	r := b.FMA(f32(-0.130310059), s, f32(-0.121489234))
	t := b.FMA(f32(0.140869141), s, f32(0.139847368))
	r = b.FMA(r, s, f32(-0.166839436))
	t = b.FMA(t, s, f32(0.200120315))
	r = b.FMA(r, s, f32(-0.249996200))
	r = b.FMA(t, f, r)
	r = b.FMA(r, f, f32(0.333331972))
	r = b.FMA(r, f, f32(-0.5))
	r = b.FMA(r, s, f)
	r = b.FMA(i, f32(0.693147182), r)
	r = b.Select(b.Cmp(x, ptx.EQ, f32(inf)), f32(inf), r)
	r = b.Select(b.Cmp(x, ptx.EQ, f32(0)), f32(-inf), r)
	return b.Select(b.Cmp(x, ptx.GE, f32(0)), r, f32(nan))
}

// tanh32 is kernel.Tanh.
func (b *body) tanh32(x ptx.Value) ptx.Value {
	const top = 7.99881172180175781
	v := b.clamp(x, f32(-top), f32(top))
	s := b.Mul(v, v)
	p := b.poly(s, -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-08, 1.48572235717979e-05, 6.37261928875436e-04, 4.89352455891786e-03)
	q := b.poly(s, 1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03)
	r := b.Div(b.Mul(p, v), q)
	return b.Select(b.Cmp(b.Abs(x), ptx.LT, f32(0.0004)), x, r)
}

// erf32 is kernel.Erf.
func (b *body) erf32(x ptx.Value) ptx.Value {
	t, s := b.Abs(x), b.Mul(x, x)
	r := b.FMA(f32(-1.72853470e-5), t, f32(3.83197126e-4))
	u := b.FMA(f32(-3.88396438e-3), t, f32(2.42546219e-2))
	r = b.FMA(r, s, u)
	for _, c := range []float32{-1.06777877e-1, -6.34846687e-1, -1.28717512e-1} {
		r = b.FMA(r, t, f32(c))
	}
	r = b.FMA(r, t, b.Neg(t))
	far := b.withSign(b.Sub(f32(1), b.exp32(r)), x)
	r = b.poly(s, -5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1)
	near := b.FMA(r, x, x)
	return b.Select(b.Cmp(t, ptx.GT, f32(0.927734375)), far, near)
}

// silu32 is kernel.Silu.
func (b *body) silu32(x ptx.Value) ptx.Value { return b.Mul(x, b.sigmoid32(x)) }

// gelu32 is kernel.Gelu.
func (b *body) gelu32(x ptx.Value) ptx.Value {
	e := b.Add(f32(1), b.erf32(b.Mul(x, f32(math.Sqrt2/2))))
	return b.Mul(b.Mul(x, f32(0.5)), e)
}

// hardSigmoid32 is max(0, min(1, alpha·x + beta)).
func (b *body) hardSigmoid32(x ptx.Value, alpha, beta float32) ptx.Value {
	return b.clamp(b.FMA(f32(alpha), x, f32(beta)), f32(0), f32(1))
}

// mish32 is x·tanh(log(1+eˣ)). With n = eˣ·(eˣ+2), the tanh is n/(n+2).
func (b *body) mish32(x ptx.Value) ptx.Value {
	e := b.exp32(b.clamp(x, f32(-inf), f32(20)))
	n := b.Mul(e, b.Add(e, f32(2)))
	return b.Mul(x, b.Div(n, b.Add(n, f32(2))))
}

var (
	inf = float32(math.Inf(1))
	nan = float32(math.NaN())
)
