package kernel

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// edges are what functions are tried on beside noise.
func edges() []float32 {
	x := []float32{0, float32(math.Copysign(0, -1)), inf, -inf, nan, -nan, 1e-40, -1e-40, math.MaxFloat32, -math.MaxFloat32, 0x1p-126, 1, -1}
	for bits := uint64(0); bits < 1<<32; bits += 104729 {
		x = append(x, math.Float32frombits(uint32(bits)))
	}
	return append(x, noise(7, 5000)...)
}

// TestEveryFunctionGivesTheSameBitsOnEveryPath over every exponent, both signs.
func TestEveryFunctionGivesTheSameBitsOnEveryPath(t *testing.T) {
	x := edges()
	y := slices.Clone(x)
	slices.Reverse(y)
	dst := func(f func(dst []float32)) {
		t.Helper()
		onEveryPath(t, func() []float32 {
			d := noise(3, len(x))
			f(d)
			return d
		})
	}
	for _, f := range []func(dst, x []float32){Exp, Log, Sigmoid, Tanh, Erf, Silu, Gelu, Sqrt, Relu} {
		dst(func(d []float32) { f(d, x) })
	}
	for _, f := range []func(dst, x, y []float32){Add, Sub, Mul, Div, PassPositive, SigmoidGrad, TanhGrad} {
		dst(func(d []float32) { f(d, x, y) })
	}
	for _, s := range []float32{0.3, -2, inf, nan} {
		for _, f := range []func(dst, x []float32, s float32){AddTo, Scale, DivBy, SubFrom, DivInto, LeakyRelu, ExpSub} {
			dst(func(d []float32) { f(d, x, s) })
		}
		dst(func(d []float32) { Axpy(d, s, x) })
		dst(func(d []float32) { MulAdd(d, x, s, 0.7) })
		dst(func(d []float32) { Bound(d, x, s, 2) })
	}
}

// TestNothingIsWrittenBeyondARange at every length around whole vectors.
func TestNothingIsWrittenBeyondARange(t *testing.T) {
	for n := range 40 {
		x, y := noise(1, n), noise(2, n)
		got := onEveryPath(t, func() []float32 {
			d := make([]float32, n+20)
			Add(d[:n], x, y)
			return d
		})
		for i, v := range got {
			if want := float32(0); i < n {
				if want = x[i] + y[i]; v != want {
					t.Errorf("element %d of %d is %g, want %g", i, n, v, want)
				}
			} else if v != 0 {
				t.Errorf("element %d was written, of %d", i, n)
			}
		}
	}
}

func TestSumsGiveTheSameBitsOnEveryPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(t, "n")
		x := noise(rapid.Uint32().Draw(t, "seed"), n)
		want := 0.0
		for _, v := range x {
			want += float64(v)
		}
		for _, p := range Paths() {
			restore := Use(p)
			got, squares := Sum(x), SumSquares(x, 0.25)
			restore()
			if math.Abs(got-want) > 1e-12*float64(n) {
				t.Fatalf("%v: Sum = %g, want %g", p, got, want)
			}
			defer Use(Portable)()
			if got != Sum(x) || squares != SumSquares(x, 0.25) {
				t.Fatalf("%v: the bits differ", p)
			}
		}
	})
}

func TestOptimizerStepsGiveTheSameBitsOnEveryPath(t *testing.T) {
	for n := range 70 {
		g := noise(1, n)
		a := Adam{Rate: 0.01, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Scale: 0.5, Decay: 0.01, Shrink: 0.99}
		onEveryPath(t, func() []float32 {
			x, m, v := noise(2, n), noise(3, n), noise(4, n)
			Bound(v, v, 0, inf)
			a.Step(x, g, m, v)
			return slices.Concat(x, m, v)
		})
		s := Momentum{Rate: 0.1, Momentum: 0.9, Scale: 0.5, Decay: 0.01}
		onEveryPath(t, func() []float32 {
			x, z, m := noise(2, n), noise(5, n), noise(3, n)
			s.Step(x, g, m)
			s.Step(z, g, nil)
			return slices.Concat(x, z, m)
		})
	}
}

// TestAnAdamStepIsAdam against the formulas in float64.
func TestAnAdamStepIsAdam(t *testing.T) {
	x, g, m, v := []float32{0.5}, []float32{-0.3}, []float32{0.1}, []float32{0.02}
	a := Adam{Rate: AdamRate(0.01, 0.9, 0.999, 3), Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Scale: 1, Shrink: 1}
	a.Step(x, g, m, v)
	wm, wv := 0.9*0.1-0.1*0.3, 0.999*0.02+0.001*0.09
	rate := 0.01 * math.Sqrt(1-math.Pow(0.999, 3)) / (1 - math.Pow(0.9, 3))
	wx := 0.5 - rate*wm/(math.Sqrt(wv)+1e-8)
	for i, w := range []float64{wx, wm, wv} {
		if got := []float32{x[0], m[0], v[0]}[i]; math.Abs(float64(got)-w) > 1e-6*math.Abs(w) {
			t.Errorf("value %d is %g, want %g", i, got, w)
		}
	}
}

func BenchmarkFunctions(b *testing.B) {
	x, dst := noise(1, 1<<14), make([]float32, 1<<14)
	for _, f := range []struct {
		name string
		f    func(dst, x []float32)
	}{{"Exp", Exp}, {"Log", Log}, {"Sigmoid", Sigmoid}, {"Tanh", Tanh}, {"Erf", Erf}, {"Gelu", Gelu}, {"Relu", Relu}} {
		b.Run(f.name, func(b *testing.B) {
			b.SetBytes(4 << 14)
			for b.Loop() {
				f.f(dst, x)
			}
		})
	}
}

func TestWidenAddsEachElement(t *testing.T) {
	for n := range 70 {
		x := noise(1, n)
		for _, p := range Paths() {
			restore := Use(p)
			acc := make([]float64, n+1)
			Widen(acc[:n], x)
			Widen(acc[:n], x)
			restore()
			for i, v := range x {
				if acc[i] != 2*float64(v) {
					t.Errorf("%v: element %d of %d is %g, want %g", p, i, n, acc[i], 2*v)
				}
			}
			if acc[n] != 0 {
				t.Errorf("%v: element %d was written", p, n)
			}
		}
	}
}
