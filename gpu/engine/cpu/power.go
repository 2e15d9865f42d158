package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

// bindPow is a power with one exponent. The usual ones are products and quotients,
// which are within 1 ulp for each.
func bindPow(b *binding) []stage {
	e := float64(b.n.Attrs.Alpha)
	return eachRange(func(y, x []float32) {
		switch e {
		case 1:
			copy(y, x)
		case 2:
			kernel.Mul(y, x, x)
		case -1:
			kernel.DivInto(y, x, 1)
		case 3:
			for i, v := range x {
				y[i] = float32(v*v) * v
			}
		case 0.5: // a square root, but for -0 and -∞
			for i, v := range x {
				y[i] = sqrtOf(v)
			}
		default:
			for i, v := range x {
				y[i] = float32(math.Pow(float64(v), e))
			}
		}
	})(b)
}

func sqrtOf(x float32) float32 {
	if x < -math.MaxFloat32 {
		return -x
	}
	return float32(math.Sqrt(float64(x))) + 0
}

// powGrad is dy·e·x^(e-1).
func powGrad(n *graph.Node) func(dy, x float32) float32 {
	switch e := float64(n.Attrs.Alpha); e {
	case 0: // and not 0·∞
		return func(_, _ float32) float32 { return 0 }
	case 2:
		return func(dy, x float32) float32 { return 2 * float32(dy*x) }
	default:
		return func(dy, x float32) float32 { return float32(float64(dy) * e * math.Pow(float64(x), e-1)) }
	}
}

// power is x^y; below y = 0 what is left of the fraction: nothing, unless x is 1
// or -1.
func power[T integer](x, y T) T {
	if y < 0 {
		switch {
		case x == 1:
			return 1
		case x == ^T(0): // -1
			if y&1 == 0 {
				return 1
			}
			return x
		}
		return 0
	}
	p := T(1)
	for ; y > 0; y >>= 1 {
		if y&1 == 1 {
			p *= x
		}
		x *= x
	}
	return p
}

// bindPowerGrad is the gradient of x^e by the base, or by the exponent.
func bindPowerGrad[T real](exponent bool) bind {
	f := func(dy, x, e float64) float64 {
		if e == 0 {
			return 0
		}
		return dy * e * math.Pow(x, e-1)
	}
	if exponent {
		f = func(dy, x, e float64) float64 {
			if x == 0 && e >= 0 { // the limit of x^e·log x, and at e = 0 what is kept
				return 0
			}
			return dy * math.Pow(x, e) * math.Log(x)
		}
	}
	return func(b *binding) []stage {
		return spread(b.out.len(), func(from, to int) {
			dy, x, e := view[T](b.p, b.in[0])[from:to], view[T](b.p, b.in[1])[from:to], view[T](b.p, b.in[2])[from:to]
			for i, out := range dy {
				view[T](b.p, b.out)[from+i] = T(f(float64(out), float64(x[i]), float64(e[i])))
			}
		})
	}
}
