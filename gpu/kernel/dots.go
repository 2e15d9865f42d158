package kernel

// Dot is Σ x(i)·y(i), as sixteen chains of fused multiply-adds from zero, one for
// each i mod 16, added up as a tree: 8, 4, 2, then 1 apart. The last chains go on
// with zeros to a whole number of sixteen.
func Dot(x, y []float32) float32 {
	var c [1]float32
	Dots(1, 1, len(x), x, len(x), y, len(x), c[:], 1, 1)
	return c[0]
}

// Dots is c(i,j) = Dot(row i of a, row j of b) for m rows of a and n rows of b, k
// elements each, lda and ldb apart; c(i,j) is c[i*rs+j*cs]. It reads b once for four
// rows of a: for few rows it is much faster than a Product, which would have to
// turn b around.
func Dots(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, rs, cs int) {
	if m <= 0 || n <= 0 {
		return
	}
	_ = c[(m-1)*rs+(n-1)*cs]
	if k > 0 {
		_, _ = a[(m-1)*lda+k-1], b[(n-1)*ldb+k-1]
	}
	down, across := dotsAtOnce()
	var out [16]float32
	for i := 0; i < m; i += down {
		h := min(down, m-i)
		for j := 0; j < n; {
			w := across
			if n-j < across {
				w = 1
			}
			if k > 0 {
				dots(h, w, k, a[i*lda:], lda, b[j*ldb:], ldb, &out)
			}
			for r := range h {
				for q := range w {
					c[(i+r)*rs+(j+q)*cs] = out[r*w+q]
				}
			}
			j += w
		}
	}
}

// portableDots is the definition of dots.
func portableDots(m, n, k int, a []float32, lda int, b []float32, ldb int, out *[16]float32) {
	for i := range m {
		for j := range n {
			var acc [16]float32
			x, y := a[i*lda:][:k], b[j*ldb:][:k]
			for p, v := range x {
				acc[p%16] = fma(v, y[p], acc[p%16])
			}
			for p := k; p%16 != 0; p++ {
				acc[p%16] += 0 // a negative zero becomes a positive one
			}
			for step := 8; step > 0; step /= 2 {
				for p := range step {
					acc[p] += acc[p+step]
				}
			}
			out[i*n+j] = acc[0]
		}
	}
}
