package gorgonia_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	adapt "github.com/cloister-ai/cloister/gpu/gorgonia"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
	"pgregory.net/rapid"
)

// near reports whether two sums of n products of numbers below one agree.
func near(got, want []float32, n int) bool {
	for i := range want {
		if !(math.Abs(float64(got[i]-want[i])) <= 2e-6*float64(n+1)) {
			return false
		}
	}
	return len(got) == len(want)
}

var transposes = rapid.SampledFrom([]blas.Transpose{blas.NoTrans, blas.Trans, blas.ConjTrans})

// A matrix is rows × cols numbers whose rows are stride apart.
func matrix(t *rapid.T, name string, trans blas.Transpose, rows, cols int) (data []float32, stride int) {
	if trans != blas.NoTrans {
		rows, cols = cols, rows
	}
	stride = cols + rapid.IntRange(0, 3).Draw(t, name+" gap")
	return numbers(max(rows-1, 0)*stride+cols, rapid.Uint64().Draw(t, name), 1), stride
}

func TestProductsAreGonums(t *testing.T) {
	size, factor := rapid.IntRange(1, 90), rapid.SampledFrom([]float32{0, 1, -0.5})
	rapid.Check(t, func(t *rapid.T) {
		m, n, k := size.Draw(t, "m"), size.Draw(t, "n"), size.Draw(t, "k")
		tA, tB := transposes.Draw(t, "transpose a"), transposes.Draw(t, "transpose b")
		a, lda := matrix(t, "a", tA, m, k)
		b, ldb := matrix(t, "b", tB, k, n)
		got, ldc := matrix(t, "c", blas.NoTrans, m, n)
		want := slices.Clone(got)
		alpha, beta := factor.Draw(t, "alpha"), factor.Draw(t, "beta")
		gonum.Implementation{}.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, want, ldc)
		adapt.BLAS{}.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, got, ldc)
		if !near(got, want, k) {
			t.Fatalf("Sgemm = %v, want %v", got, want)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		m, n, trans := size.Draw(t, "m"), size.Draw(t, "n"), transposes.Draw(t, "transpose")
		rows, cols := m, n
		if trans != blas.NoTrans {
			rows, cols = n, m
		}
		a, lda := matrix(t, "a", blas.NoTrans, m, n)
		incX, incY := rapid.IntRange(1, 2).Draw(t, "step of x"), rapid.IntRange(1, 2).Draw(t, "step of y")
		x, got := numbers(cols*incX, 7, 1), numbers(rows*incY, 8, 1)
		want := slices.Clone(got)
		alpha, beta := factor.Draw(t, "alpha"), factor.Draw(t, "beta")
		gonum.Implementation{}.Sgemv(trans, m, n, alpha, a, lda, x, incX, beta, want, incY)
		adapt.BLAS{}.Sgemv(trans, m, n, alpha, a, lda, x, incX, beta, got, incY)
		if !near(got, want, cols) {
			t.Fatalf("Sgemv = %v, want %v", got, want)
		}
	})
}

// What does not fit is refused in Gonum's words, before anything is written.
func TestArgumentsThatDoNotFitPanicAsGonums(t *testing.T) {
	words := func(f func()) (said string) {
		defer func() { said = fmt.Sprint(recover()) }()
		f()
		return ""
	}
	type product func(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int)
	calls := map[string]func(product){
		"no transpose": func(f product) {
			f('x', blas.NoTrans, 2, 2, 2, 1, numbers(4, 1, 1), 2, numbers(4, 2, 1), 2, 0, make([]float32, 4), 2)
		},
		"negative": func(f product) { f(blas.NoTrans, blas.NoTrans, -1, 2, 2, 1, nil, 2, numbers(4, 2, 1), 2, 0, nil, 2) },
		"narrow stride": func(f product) {
			f(blas.NoTrans, blas.Trans, 2, 2, 2, 1, numbers(4, 1, 1), 2, numbers(4, 2, 1), 1, 0, make([]float32, 4), 2)
		},
		"short a": func(f product) {
			f(blas.NoTrans, blas.NoTrans, 2, 2, 2, 1, numbers(3, 1, 1), 2, numbers(4, 2, 1), 2, 0, make([]float32, 4), 2)
		},
		"short c": func(f product) {
			f(blas.NoTrans, blas.NoTrans, 2, 2, 2, 1, numbers(4, 1, 1), 2, numbers(4, 2, 1), 2, 0, make([]float32, 3), 2)
		},
	}
	for name, call := range calls {
		want := words(func() { call(gonum.Implementation{}.Sgemm) })
		if got := words(func() { call(adapt.BLAS{}.Sgemm) }); got != want || want == "" {
			t.Errorf("%s: panic %q, want %q", name, got, want)
		}
	}
}

func TestThreadsDoNotChangeBits(t *testing.T) {
	const m, n, k = 130, 257, 300
	a, b := numbers(m*k, 1, 1), numbers(k*n, 2, 1)
	var first []float32
	for threads := range 4 {
		func() {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads + 1))
			c, y := make([]float32, m*n), make([]float32, m)
			adapt.BLAS{}.Sgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, a, k, b, n, 0, c, n)
			adapt.BLAS{}.Sgemv(blas.NoTrans, m, k, 1, a, k, b[:k], 1, 0, y, 1)
			if c = append(c, y...); first == nil {
				first = c
			}
			if !slices.Equal(c, first) {
				t.Errorf("%d threads give other bits than one", threads+1)
			}
		}()
	}
}
