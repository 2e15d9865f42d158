package kernel

// Add sets dst to x + y. dst may be an operand, as in all functions of a range.
func Add(dst, x, y []float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] + y[i]
	}
}

// Sub sets dst to x - y.
func Sub(dst, x, y []float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] - y[i]
	}
}

// Mul sets dst to x · y.
func Mul(dst, x, y []float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] * y[i]
	}
}

// Div sets dst to x / y.
func Div(dst, x, y []float32) {
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] / y[i]
	}
}

// AddTo sets dst to x + s.
func AddTo(dst, x []float32, s float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = x[i] + s
	}
}

// Scale sets dst to x · s.
func Scale(dst, x []float32, s float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = x[i] * s
	}
}

// Axpy sets dst to fma(s, x, dst).
func Axpy(dst []float32, s float32, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = fma(s, x[i], dst[i])
	}
}

// Bound sets dst to x, or low where x is below it, or high where it is above; a NaN
// stays one.
func Bound(dst, x []float32, low, high float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] = clamp(x[i], low, high)
	}
}
