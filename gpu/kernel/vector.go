package kernel

import "math"

// Functions of a range set each element of dst, which may be an operand. Operands
// are at least as long as dst.

// Add is x + y.
func Add(dst, x, y []float32) {
	run(ofAdd, func(x, y, s, u float32) float32 { return x + y }, dst, x, y, 0, 0)
}

// Sub is x - y.
func Sub(dst, x, y []float32) {
	run(ofSub, func(x, y, s, u float32) float32 { return x - y }, dst, x, y, 0, 0)
}

// Mul is x · y.
func Mul(dst, x, y []float32) {
	run(ofMul, func(x, y, s, u float32) float32 { return x * y }, dst, x, y, 0, 0)
}

// Div is x / y.
func Div(dst, x, y []float32) {
	run(ofDiv, func(x, y, s, u float32) float32 { return x / y }, dst, x, y, 0, 0)
}

// AddTo is x + s.
func AddTo(dst, x []float32, s float32) {
	run(ofAddTo, func(x, y, s, u float32) float32 { return x + s }, dst, x, nil, s, 0)
}

// Scale is x · s.
func Scale(dst, x []float32, s float32) {
	run(ofScale, func(x, y, s, u float32) float32 { return x * s }, dst, x, nil, s, 0)
}

// DivBy is x / s.
func DivBy(dst, x []float32, s float32) {
	run(ofDivBy, func(x, y, s, u float32) float32 { return x / s }, dst, x, nil, s, 0)
}

// SubFrom is s - x.
func SubFrom(dst, x []float32, s float32) {
	run(ofSubFrom, func(x, y, s, u float32) float32 { return s - x }, dst, x, nil, s, 0)
}

// DivInto is s / x.
func DivInto(dst, x []float32, s float32) {
	run(ofDivInto, func(x, y, s, u float32) float32 { return s / x }, dst, x, nil, s, 0)
}

// Axpy is fma(s, x, dst).
func Axpy(dst []float32, s float32, x []float32) {
	run(ofAxpy, func(x, y, s, u float32) float32 { return fma(s, x, y) }, dst, x, dst, s, 0)
}

// MulAdd is fma(s, x, u).
func MulAdd(dst, x []float32, s, u float32) {
	run(ofMulAdd, func(x, y, s, u float32) float32 { return fma(s, x, u) }, dst, x, nil, s, u)
}

// Bound is x, or low where x is below it, then high where that is above; a NaN stays
// one.
func Bound(dst, x []float32, low, high float32) {
	run(ofBound, func(x, y, s, u float32) float32 { return clamp(x, s, u) }, dst, x, nil, low, high)
}

// LeakyRelu is x, or x · s where the sign bit of x is set.
func LeakyRelu(dst, x []float32, s float32) {
	run(ofLeaky, func(x, y, s, u float32) float32 { return leaky(x, s) }, dst, x, nil, s, 0)
}

// PassPositive is x where y is above zero, and zero elsewhere: the gradient of Relu.
func PassPositive(dst, x, y []float32) {
	run(ofPassPositive, func(x, y, s, u float32) float32 { return passPositive(x, y) }, dst, x, y, 0, 0)
}

// SigmoidGrad is x · y · (1 - y), for y of Sigmoid.
func SigmoidGrad(dst, x, y []float32) {
	run(ofSigmoidGrad, func(x, y, s, u float32) float32 { return float32(x*y) * (1 - y) }, dst, x, y, 0, 0)
}

// TanhGrad is x · (1 - y²), for y of Tanh.
func TanhGrad(dst, x, y []float32) {
	run(ofTanhGrad, func(x, y, s, u float32) float32 { return x * fma(-y, y, 1) }, dst, x, y, 0, 0)
}

// Sqrt is the square root, correctly rounded.
func Sqrt(dst, x []float32) {
	run(ofSqrt, func(x, y, s, u float32) float32 { return sqrt(x) }, dst, x, nil, 0, 0)
}

// Relu is x, or zero where x is below it; a NaN stays one.
func Relu(dst, x []float32) { Bound(dst, x, 0, inf) }

func leaky(x, s float32) float32 {
	if math.Signbit(float64(x)) {
		x *= s
	}
	return x
}

func passPositive(x, y float32) float32 {
	if y > 0 {
		return x
	}
	return 0
}
