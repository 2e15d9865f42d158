package kernel

import "math"

// Sum is Σ x(i) in float64: sixteen sums in ascending order, one for each i mod 16,
// added up as a tree: 8, 4, 2, then 1 apart.
func Sum(x []float32) float64 { return sum(x, 0, false) }

// SumSquares is Σ (x(i)-mean)² in float64, in the order of Sum, with fused
// multiply-adds.
func SumSquares(x []float32, mean float64) float64 { return sum(x, mean, true) }

func sum(x []float32, mean float64, square bool) float64 {
	var acc [16]float64
	whole := 0
	if len(x) >= 16 && sumVectors(&acc, x[:len(x)&^15], mean, square) {
		whole = len(x) &^ 15
	}
	for i, v := range x[whole:] {
		if square {
			d := float64(v) - mean
			acc[i%16] = math.FMA(d, d, acc[i%16])
		} else {
			acc[i%16] += float64(v)
		}
	}
	for step := 8; step > 0; step /= 2 {
		for i := range step {
			acc[i] += acc[i+step]
		}
	}
	return acc[0]
}

// Widen adds each element of x to one of acc.
func Widen(acc []float64, x []float32) {
	acc = acc[:len(x)]
	whole := 0
	if len(x) >= 16 && widenVectors(acc, x[:len(x)&^15]) {
		whole = len(x) &^ 15
	}
	for i := whole; i < len(x); i++ {
		acc[i] += float64(x[i])
	}
}
