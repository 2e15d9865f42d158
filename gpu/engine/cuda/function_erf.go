package cuda

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/ptx"
)

// erf64 is the error function: a rational function near zero and around one, from
// where on it is one less what is left.
func (b *body) erf64(x ptx.Value) ptx.Value {
	abs := b.Abs(x)
	y := b.branch(b.Cmp(abs, ptx.LT, f64(0.84375)), func() ptx.Value { return b.erfNear(abs) }, func() ptx.Value {
		return b.branch(b.Cmp(abs, ptx.LT, f64(1.25)), func() ptx.Value { return b.erfAround(abs) }, func() ptx.Value { return b.erfFar(abs) })
	})
	return b.likeSign(y, x)
}

func (b *body) erfNear(x ptx.Value) ptx.Value {
	z := b.Mul(x, x)
	r := b.horner(z, -2.37630166566501626084e-05, -5.77027029648944159157e-03, -2.84817495755985104766e-02, -3.25042107247001499370e-01, 1.28379167095512558561e-01)
	s := b.horner(z, -3.96022827877536812320e-06, 1.32494738004321644526e-04, 5.08130628187576562776e-03, 6.50222499887672944485e-02, 3.97917223959155352819e-01, 1)
	y := b.Add(x, b.Mul(x, b.Div(r, s)))
	small := b.Add(x, b.Mul(f64(1.28379167095512586316e-01), x))
	tiny := b.Mul(f64(0.125), b.Add(b.Mul(f64(8), x), b.Mul(f64(1.02703333676410069053e+00), x))) // does not underflow between
	small = b.Select(b.Cmp(x, ptx.LT, f64(2.848094538889218e-306)), tiny, small)
	return b.Select(b.Cmp(x, ptx.LT, f64(0x1p-28)), small, y)
}

func (b *body) erfAround(x ptx.Value) ptx.Value {
	s := b.Sub(x, f64(1))
	p := b.horner(s, -2.16637559486879084300e-03, 3.54783043256182359371e-02, -1.10894694282396677476e-01, 3.18346619901161753674e-01, -3.72207876035701323847e-01, 4.14856118683748331666e-01, -2.36211856075265944077e-03)
	q := b.horner(s, 1.19844998467991074170e-02, 1.36370839120290507362e-02, 1.26171219808761642112e-01, 7.18286544141962662868e-02, 5.40397917702171048937e-01, 1.06420880400844228286e-01, 1)
	return b.Add(f64(8.45062911510467529297e-01), b.Div(p, q))
}

func (b *body) erfFar(x ptx.Value) ptx.Value {
	s := b.Div(f64(1), b.Mul(x, x))
	ratio := b.branch(b.Cmp(x, ptx.LT, f64(1/0.35)), func() ptx.Value {
		r := b.horner(s, -9.81432934416914548592e+00, -8.12874355063065934246e+01, -1.84605092906711035994e+02, -1.62396669462573470355e+02, -6.23753324503260060396e+01, -1.05586262253232909814e+01, -6.93858572707181764372e-01, -9.86494403484714822705e-03)
		t := b.horner(s, -6.04244152148580987438e-02, 6.57024977031928170135e+00, 1.08635005541779435134e+02, 4.29008140027567833386e+02, 6.45387271733267880336e+02, 4.34565877475229228821e+02, 1.37657754143519042600e+02, 1.96512716674392571292e+01, 1)
		return b.Div(r, t)
	}, func() ptx.Value {
		r := b.horner(s, -4.83519191608651397019e+02, -1.02509513161107724954e+03, -6.37566443368389627722e+02, -1.60636384855821916062e+02, -1.77579549177547519889e+01, -7.99283237680523006574e-01, -9.86494292470009928597e-03)
		t := b.horner(s, -2.24409524465858183362e+01, 4.74528541206955367215e+02, 2.55305040643316442583e+03, 3.19985821950859553908e+03, 1.53672958608443695994e+03, 3.25792512996573918826e+02, 3.03380607434824582924e+01, 1)
		return b.Div(r, t)
	})
	z := b.Bits(ptx.F64, b.And(b.Bits(ptx.U64, x), ptx.Int(ptx.U64, -1<<32))) // its square is exact
	e := b.exp64(b.Sub(b.Mul(b.Neg(z), z), f64(0.5625)))
	e = b.Mul(e, b.exp64(b.Add(b.Mul(b.Sub(z, x), b.Add(z, x)), ratio)))
	y := b.Sub(f64(1), b.Div(e, x))
	return b.Select(b.Cmp(x, ptx.GE, f64(6)), f64(1), y)
}

// hypot64 is √(x²+y²), which does not overflow between.
func (b *body) hypot64(x, y ptx.Value) ptx.Value {
	x, y = b.Abs(x), b.Abs(y)
	less := b.Cmp(x, ptx.LT, y)
	p, q := b.Select(less, y, x), b.Select(less, x, y)
	d := b.Div(q, p)
	h := b.Mul(p, b.Sqrt(b.Add(f64(1), b.Mul(d, d))))
	h = b.Select(b.Cmp(p, ptx.EQ, f64(0)), f64(0), h)
	return b.Select(b.Cmp(p, ptx.EQ, f64(math.Inf(1))), p, h)
}
