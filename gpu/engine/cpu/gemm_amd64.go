package cpu

import "golang.org/x/sys/cpu"

// kernel computes an m×nr block of c, m at most mr, from the rows of a and a
// packed panel of b; load says whether it adds to c.
func kernel(m, k int, a []float32, rs, cs int, b, c []float32, ldc int, load bool) {
	if !cpu.X86.HasAVX {
		kernelGo(m, k, a, rs, cs, b, c, ldc, load)
		return
	}
	// The slices are checked here, so that the assembly need not.
	_, _, _ = a[(m-1)*rs+(k-1)*cs], b[k*nr-1], c[(m-1)*ldc+nr-1]
	if m == mr {
		kernel4x16(k, &a[0], rs, cs, &b[0], &c[0], ldc, load)
		return
	}
	for i := range m {
		kernel1x16(k, &a[i*rs], cs, &b[0], &c[i*ldc], load)
	}
}

//go:noescape
func kernel4x16(k int, a *float32, rs, cs int, b, c *float32, ldc int, load bool)

//go:noescape
func kernel1x16(k int, a *float32, cs int, b, c *float32, load bool)
