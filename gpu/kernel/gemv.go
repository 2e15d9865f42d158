package kernel

// Gemv is y = alpha·a·x, or y += alpha·a·x with add, for a of m×n.
//
// Where the columns of a lie side by side (CS is 1), an element is a dot product:
// sixteen chains of fused multiply-adds, one for each j mod 16, added up as a tree
// (8, 4, 2, then 1 apart), then times alpha, fused with adding to y. Otherwise an
// element is one chain along j, fma(alpha·x(j), a(i,j), acc), as in Gemm.
func Gemv(m, n int, alpha float32, a Matrix, x []float32, add bool, y []float32) {
	y = y[:m]
	if a.CS == 1 {
		for i := range y {
			d := Dot(a.Data[i*a.RS:][:n], x[:n])
			if add {
				y[i] = fma(alpha, d, y[i])
			} else {
				y[i] = alpha * d
			}
		}
		return
	}
	if !add {
		clear(y)
	}
	for j, v := range x[:n] {
		v = float32(v * alpha)
		at := j * a.CS
		for i := range y {
			y[i] = fma(v, a.Data[at], y[i])
			at += a.RS
		}
	}
}

// Dot is Σ x(i)·y(i), as sixteen chains of fused multiply-adds, one for each i mod
// 16, added up as a tree: 8, 4, 2, then 1 apart.
func Dot(x, y []float32) float32 {
	y = y[:len(x)]
	var acc [16]float32
	for i, v := range x {
		acc[i%16] = fma(v, y[i], acc[i%16])
	}
	return tree16(&acc)
}

func tree16(acc *[16]float32) float32 {
	for step := 8; step > 0; step /= 2 {
		for i := range step {
			acc[i] += acc[i+step]
		}
	}
	return acc[0]
}
