package kernel

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestDotsAreTrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, n, k := rapid.IntRange(1, 9).Draw(t, "m"), rapid.IntRange(1, 9).Draw(t, "n"), rapid.IntRange(0, 70).Draw(t, "k")
		lda, ldb := k+rapid.IntRange(0, 2).Draw(t, "a gap"), k+rapid.IntRange(0, 2).Draw(t, "b gap")
		a, b := noise(1, m*lda), noise(2, n*ldb)
		got := onEveryPath(t, func() []float32 {
			c := make([]float32, m*n)
			Dots(m, n, k, a, lda, b, ldb, c, 1, m)
			return c
		})
		for i := range m {
			for j := range n {
				want := 0.0
				for p := range k {
					want += float64(a[i*lda+p]) * float64(b[j*ldb+p])
				}
				if d := math.Abs(float64(got[j*m+i]) - want); d > 1e-5*float64(k) {
					t.Fatalf("element %d, %d is %g, want %g", i, j, got[j*m+i], want)
				}
			}
		}
	})
}

// TestGemvIsADotOrAChain in both layouts, with and without adding.
func TestGemvIsADotOrAChain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, n := rapid.IntRange(1, 90).Draw(t, "m"), rapid.IntRange(1, 40).Draw(t, "n")
		alpha := rapid.SampledFrom([]float32{1, 0.7}).Draw(t, "alpha")
		add := rapid.Bool().Draw(t, "add")
		a, x, y := drawMatrix(t, m, n, "a"), noise(1, n), noise(2, m)
		got := onEveryPath(t, func() []float32 {
			z := slices.Clone(y)
			Gemv(m, n, alpha, a, x, add, z)
			return z
		})
		for i, g := range got {
			want := 0.0
			for j, v := range x {
				want += float64(alpha) * float64(a.Data[i*a.RS+j*a.CS]) * float64(v)
			}
			if add {
				want += float64(y[i])
			}
			if math.Abs(float64(g)-want) > 1e-5*float64(n) {
				t.Fatalf("element %d is %g, want %g", i, g, want)
			}
		}
	})
}
