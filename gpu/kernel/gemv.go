package kernel

// Gemv is y = alpha·a·x, or y += alpha·a·x with add, for a of m×n.
//
// Where the columns of a lie side by side (CS is 1), an element is a Dot, then
// times alpha, fused with adding to y. Otherwise an
// element is one chain along j, fma(alpha·x(j), a(i,j), acc), as in Gemm.
func Gemv(m, n int, alpha float32, a Matrix, x []float32, add bool, y []float32) {
	y = y[:m]
	if a.CS == 1 {
		if !add {
			Dots(1, m, n, x, n, a.Data, a.RS, y, m, 1)
			if alpha != 1 {
				Scale(y, y, alpha)
			}
			return
		}
		var d [64]float32
		for i := 0; i < m; i += len(d) {
			rows := min(len(d), m-i)
			Dots(1, rows, n, x, n, a.Data[i*a.RS:], a.RS, d[:], rows, 1)
			Axpy(y[i:][:rows], alpha, d[:rows])
		}
		return
	}
	if !add {
		clear(y)
	}
	for j, v := range x[:n] {
		v = float32(v * alpha)
		at := j * a.CS
		if a.RS == 1 {
			Axpy(y, v, a.Data[at:])
			continue
		}
		for i := range y {
			y[i] = fma(v, a.Data[at], y[i])
			at += a.RS
		}
	}
}
