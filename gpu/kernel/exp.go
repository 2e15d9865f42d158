package kernel

import "math"

var (
	inf = float32(math.Inf(1))
	nan = float32(math.NaN())
)

// Exp is eˣ, within 1 ulp. It overflows to +Inf and underflows through the denormal
// numbers to zero.
func Exp(dst, x []float32) {
	run(ofExp, func(x, _, _, _ float32) float32 { return exp(x) }, dst, x, nil, 0, 0)
}

// ExpSub is e to the x - s, as Exp of the rounded difference.
func ExpSub(dst, x []float32, s float32) {
	run(ofExpSub, func(x, _, s, _ float32) float32 { return exp(x - s) }, dst, x, nil, s, 0)
}

// Log is the natural logarithm, within 2 ulp: -Inf of zero, NaN of what is below it.
func Log(dst, x []float32) {
	run(ofLog, func(x, _, _, _ float32) float32 { return log(x) }, dst, x, nil, 0, 0)
}

// Sigmoid is 1/(1+e⁻ˣ), within 3 ulp.
func Sigmoid(dst, x []float32) {
	run(ofSigmoid, func(x, _, _, _ float32) float32 { return sigmoid(x) }, dst, x, nil, 0, 0)
}

// Tanh is the hyperbolic tangent, within 5 ulp.
func Tanh(dst, x []float32) {
	run(ofTanh, func(x, _, _, _ float32) float32 { return tanh(x) }, dst, x, nil, 0, 0)
}

// Erf is the error function, within 2 ulp.
func Erf(dst, x []float32) {
	run(ofErf, func(x, _, _, _ float32) float32 { return erf(x) }, dst, x, nil, 0, 0)
}

// Silu is x·Sigmoid(x), within 4 ulp.
func Silu(dst, x []float32) {
	run(ofSilu, func(x, _, _, _ float32) float32 { return x * sigmoid(x) }, dst, x, nil, 0, 0)
}

// Gelu is x/2·(1+Erf(x/√2)), within 1e-6 of x.
func Gelu(dst, x []float32) {
	run(ofGelu, func(x, _, _, _ float32) float32 {
		e := 1 + erf(float32(x*(math.Sqrt2/2)))
		return float32(x*0.5) * e
	}, dst, x, nil, 0, 0)
}

// Constants of exp: 1/ln 2, a number that rounds what is added to it to an
// integer, and ln 2 in two parts, of which products with small integers are exact.
const (
	log2e   = 1.442695041
	rounder = 12582912.0
	ln2High = 0.693145752
	ln2Low  = 1.42860677e-6
)

// exp: x = i·ln 2 + f, and e to the f is a polynomial. The power of two is applied
// in two halves, so that the result may be denormal or overflow.
func exp(x float32) float32 {
	x = clamp(x, -104, 89)
	t := fma(x, log2e, rounder)
	i := int32(math.Float32bits(t)) - 0x4B400000
	t -= rounder
	f := fma(t, -ln2High, x)
	f = fma(t, -ln2Low, f)
	r := float32(1.37805939e-3)
	r = fma(r, f, 8.37312452e-3)
	r = fma(r, f, 4.16695364e-2)
	r = fma(r, f, 1.66664720e-1)
	r = fma(r, f, 4.99999851e-1)
	r = fma(r, f, 1)
	r = fma(r, f, 1)
	half := i >> 1
	r *= math.Float32frombits(uint32(half+127) << 23)
	return float32(r * math.Float32frombits(uint32(i-half+127)<<23))
}

func clamp(x, low, high float32) float32 {
	if low > x {
		x = low
	}
	if high < x {
		x = high
	}
	return x
}

func abs(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

// withSign is x, which is not negative, with the sign of s.
func withSign(x, s float32) float32 {
	return math.Float32frombits(math.Float32bits(x) | math.Float32bits(s)&(1<<31))
}

// sigmoid computes with e to the -|x|, which does not overflow.
func sigmoid(x float32) float32 {
	e := exp(math.Float32frombits(math.Float32bits(x) | 1<<31))
	s := 1 / (1 + e)
	if 0 > x {
		return s * e
	}
	return s
}

// log: x = 2ⁱ·(1+f) with f from -1/3 to 1/3, and log(1+f) is a polynomial.
func log(x float32) float32 {
	a, shift := x, float32(0)
	if smallestNormal > a {
		a, shift = float32(a*(1<<23)), -23
	}
	bits := int32(math.Float32bits(a))
	e := (bits - 0x3F2AAAAB) &^ (1<<23 - 1)
	f := math.Float32frombits(uint32(bits-e)) - 1
	i := fma(float32(e), 1.1920929e-7, shift)
	s := f * f
	r := fma(-0.130310059, s, -0.121489234)
	t := fma(0.140869141, s, 0.139847368)
	r = fma(r, s, -0.166839436)
	t = fma(t, s, 0.200120315)
	r = fma(r, s, -0.249996200)
	r = fma(t, f, r)
	r = fma(r, f, 0.333331972)
	r = fma(r, f, -0.5)
	r = fma(r, s, f)
	r = fma(i, 0.693147182, r)
	switch { // in the order of the assembly, which selects one after the other
	case 0 > x || x != x:
		return nan
	case x == 0:
		return -inf
	case x == inf:
		return inf
	}
	return r
}

const smallestNormal = 0x1p-126

// tanh is a rational function of x up to where float32 rounds the result to one;
// the coefficients are those of Eigen.
func tanh(x float32) float32 {
	v := clamp(x, -7.99881172180175781, 7.99881172180175781)
	s := v * v
	p := fma(-2.76076847742355e-16, s, 2.00018790482477e-13)
	p = fma(p, s, -8.60467152213735e-11)
	p = fma(p, s, 5.12229709037114e-08)
	p = fma(p, s, 1.48572235717979e-05)
	p = fma(p, s, 6.37261928875436e-04)
	p = fma(p, s, 4.89352455891786e-03)
	p *= v
	q := fma(1.19825839466702e-06, s, 1.18534705686654e-04)
	q = fma(q, s, 2.26843463243900e-03)
	q = fma(q, s, 4.89352518554385e-03)
	r := p / q
	if abs(x) < 0.0004 {
		return x
	}
	return r
}

// erf is a polynomial near zero, and one minus e to the power of one elsewhere
// (N. Juffa).
func erf(x float32) float32 {
	t := abs(x)
	s := x * x
	r := fma(-1.72853470e-5, t, 3.83197126e-4)
	u := fma(-3.88396438e-3, t, 2.42546219e-2)
	r = fma(r, s, u)
	r = fma(r, t, -1.06777877e-1)
	r = fma(r, t, -6.34846687e-1)
	r = fma(r, t, -1.28717512e-1)
	r = fma(r, t, -t)
	far := withSign(1-exp(r), x)
	r = fma(-5.96761703e-4, s, 4.99119423e-3)
	r = fma(r, s, -2.67681349e-2)
	r = fma(r, s, 1.12819925e-1)
	r = fma(r, s, -3.76125336e-1)
	r = fma(r, s, 1.28379166e-1)
	near := fma(r, x, x)
	if t > 0.927734375 {
		return far
	}
	return near
}
