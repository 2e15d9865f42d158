// Package gorgonia lets programs that are written with Gorgonia compute with this
// module's kernels: a BLAS, an engine, a convolution, solvers, and tensors that
// share memory with slices. All of it is float32; what is not goes on as before.
//
//	gorgonia.Use(adapt.BLAS{})
//	c, err := adapt.Conv2d(x, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, nil)
//	vm := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(params...), gorgonia.WithEngine(adapt.Engine{}))
//	solver := adapt.NewAdam(adapt.Adam{Rate: 1e-3})
package gorgonia

import (
	"runtime"
	"sync"

	"github.com/cloister-ai/cloister/gpu/kernel"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// BLAS is Gonum's, with products of float32 matrices by our kernels, on as many
// threads as GOMAXPROCS says. gorgonia.Use sets it for the whole process. An
// element of a product has the same bits on every number of threads.
type BLAS struct{ gonum.Implementation }

// parallelFrom is the number of multiplications that pays for a goroutine.
const parallelFrom = 1 << 18

// Sgemm is c = alpha·a·b + beta·c, with a and b transposed as tA and tB say. It
// panics, as Gonum does, for arguments that do not fit each other.
func (x BLAS) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if alpha == 0 || !fits(tA, m, k, a, lda) || !fits(tB, k, n, b, ldb) || !fits(blas.NoTrans, m, n, c, ldc) {
		x.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) // scales c, or panics
		return
	}
	if beta != 0 && beta != 1 {
		for i := range m {
			row := c[i*ldc:][:n]
			kernel.Scale(row, row, beta)
		}
	}
	left, right := view(tA, a, lda), view(tB, b, ldb)
	part := func(i0, i1, j0, j1 int) {
		kernel.Gemm(i1-i0, j1-j0, k, alpha, left.At(i0, 0), right.At(0, j0), beta != 0, c[i0*ldc+j0:], ldc)
	}
	if m >= n {
		split(m, n*k, func(from, to int) { part(from, to, 0, n) })
	} else {
		split(n, m*k, func(from, to int) { part(0, m, from, to) })
	}
}

// Sgemv is y = alpha·a·x + beta·y, with a transposed as t says.
func (x BLAS) Sgemv(t blas.Transpose, m, n int, alpha float32, a []float32, lda int, in []float32, incX int, beta float32, y []float32, incY int) {
	rows, cols := m, n
	if t != blas.NoTrans {
		rows, cols = n, m
	}
	if alpha == 0 || incX != 1 || incY != 1 || !fits(blas.NoTrans, m, n, a, lda) || t != blas.NoTrans && t != blas.Trans && t != blas.ConjTrans || len(in) < cols || len(y) < rows {
		x.Implementation.Sgemv(t, m, n, alpha, a, lda, in, incX, beta, y, incY)
		return
	}
	if beta != 0 && beta != 1 {
		kernel.Scale(y[:rows], y[:rows], beta)
	}
	matrix := view(t, a, lda)
	split(rows, cols, func(from, to int) {
		kernel.Gemv(to-from, cols, alpha, matrix.At(from, 0), in[:cols], beta != 0, y[from:to])
	})
}

// fits reports whether a matrix whose product form is rows × cols lies in data.
func fits(t blas.Transpose, rows, cols int, data []float32, stride int) bool {
	switch t {
	case blas.NoTrans:
	case blas.Trans, blas.ConjTrans:
		rows, cols = cols, rows
	default:
		return false
	}
	return rows > 0 && cols > 0 && stride >= cols && len(data) >= (rows-1)*stride+cols
}

func view(t blas.Transpose, data []float32, stride int) kernel.Matrix {
	if t == blas.NoTrans {
		return kernel.Matrix{Data: data, RS: stride, CS: 1}
	}
	return kernel.Matrix{Data: data, RS: 1, CS: stride}
}

// split runs f over parts of 0 to n, in parallel when there is work enough: each
// of the n costs so many operations. Parts begin at multiples of 32, which is a
// cache line twice over and a tile of a product.
func split(n, each int, f func(from, to int)) {
	const grain = 32
	threads := min(runtime.GOMAXPROCS(0), (n+grain-1)/grain, n*each/parallelFrom)
	if threads < 2 {
		f(0, n)
		return
	}
	step := (n/threads + grain - 1) / grain * grain
	var wg sync.WaitGroup
	for from := step; from < n; from += step {
		wg.Go(func() { f(from, min(from+step, n)) })
	}
	f(0, min(step, n))
	wg.Wait()
}
