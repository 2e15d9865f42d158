package kernel

import (
	"math"
	"testing"
)

// TestFunctionsAreWithinTheirBounds compares each function with float64 over every
// exponent and many mantissas, both signs.
func TestFunctionsAreWithinTheirBounds(t *testing.T) {
	var x []float32
	for bits := uint64(0); bits < 1<<32; bits += 4099 {
		x = append(x, math.Float32frombits(uint32(bits)))
	}
	for v := float32(-110); v < 110; v += 0.00317 { // where the functions are not constant
		x = append(x, v)
	}
	for _, c := range []struct {
		name string
		f    func(dst, src []float32)
		want func(float64) float64
		ulp  float64
	}{
		{"Exp", Exp, math.Exp, 1},
		{"Log", Log, math.Log, 2},
		{"Sigmoid", Sigmoid, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, 3},
		{"Tanh", Tanh, math.Tanh, 5},
		{"Erf", Erf, math.Erf, 2},
	} {
		got := make([]float32, len(x))
		c.f(got, x)
		worst, at := 0.0, 0
		for i, v := range x {
			if e := ulps(got[i], c.want(float64(v))); e > worst {
				worst, at = e, i
			}
		}
		if worst > c.ulp {
			t.Errorf("%s(%g) = %g, want %g: %.2f ulp, bound %g", c.name, x[at], got[at], c.want(float64(x[at])), worst, c.ulp)
		}
		t.Logf("%s: %.3f ulp at %g", c.name, worst, x[at])
	}
}

func TestFunctionsAtTheirEnds(t *testing.T) {
	zero := float32(math.Copysign(0, -1))
	for _, c := range []struct {
		name    string
		f       func(dst, src []float32)
		x, want []float32
	}{
		{"Exp", Exp, []float32{0, zero, inf, -inf, 88.7228, 89, -103.98, -200, nan}, []float32{1, 1, inf, 0, 3.40276e38, inf, 0, 0, nan}},
		{"Log", Log, []float32{0, zero, inf, -inf, -1, 1, nan}, []float32{-inf, -inf, inf, nan, nan, 0, nan}},
		{"Sigmoid", Sigmoid, []float32{0, inf, -inf, nan}, []float32{0.5, 1, 0, nan}},
		{"Tanh", Tanh, []float32{0, zero, inf, -inf, 20, 1e-40, nan}, []float32{0, zero, 1, -1, 1, 1e-40, nan}},
		{"Erf", Erf, []float32{0, zero, inf, -inf, 20, nan}, []float32{0, zero, 1, -1, 1, nan}},
	} {
		got := make([]float32, len(c.x))
		c.f(got, c.x)
		for i, w := range c.want {
			if g := got[i]; !(g != g && w != w) && (math.Abs(float64(g-w)) > 1e-4*math.Abs(float64(w)) || math.Signbit(float64(g)) != math.Signbit(float64(w))) {
				t.Errorf("%s(%g) = %g, want %g", c.name, c.x[i], g, w)
			}
		}
	}
}

// ulps is how far got is from want, in units of the last bit of want as a float32.
func ulps(got float32, want float64) float64 {
	if got != got || want != want {
		if got != got && want != want {
			return 0
		}
		return math.Inf(1)
	}
	w := float32(want)
	if got == w {
		if math.IsInf(float64(got), 0) {
			return 0
		}
	} else if math.IsInf(float64(got), 0) || math.IsInf(float64(w), 0) {
		if math.Abs(want) > math.MaxFloat32*(1-1e-7) && math.Abs(float64(got)) > math.MaxFloat32*(1-1e-7) {
			return 1
		}
		return math.Inf(1)
	}
	_, e := math.Frexp(want)
	return math.Abs(float64(got)-want) / math.Ldexp(1, max(e, -125)-24)
}
