//go:build !amd64

package cpu

// kernel computes an m×nr block of c, m at most mr, from the rows of a and a
// packed panel of b; load says whether it adds to c.
func kernel(m, k int, a []float32, rs, cs int, b, c []float32, ldc int, load bool) {
	kernelGo(m, k, a, rs, cs, b, c, ldc, load)
}
