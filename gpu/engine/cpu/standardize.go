package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

// A standardized row is (x - mean)/√(variance + ε), or x/√(mean of squares + ε)
// where the operator asks for that. Sums are in float64 and in order. It is within
// 3·2⁻²⁴ of the largest element.

func bindStandardize(b *binding) []stage {
	if b.out.typ.DType == abi.Float64 {
		return standardize(b)
	}
	return fastStandardize(b)
}

func bindStandardizeGrad(b *binding) []stage {
	if b.out.typ.DType == abi.Float64 {
		return standardizeGrad[float64](b)
	}
	return standardizeGrad[float32](b)
}

// center returns what is taken from the elements of a row, and what they are then
// multiplied by.
func center[T real](x []T, eps float32, square bool) (mean, inv float64) {
	if !square {
		for _, v := range x {
			mean += float64(v)
		}
		mean /= float64(len(x))
	}
	sq := 0.0
	for _, v := range x {
		d := float64(v) - mean
		sq += float64(d * d)
	}
	return mean, 1 / math.Sqrt(sq/float64(len(x))+float64(eps))
}

func fastStandardize(b *binding) []stage {
	n, eps, square := rowLen(b.out.typ.Shape, b.n.Attrs.Axis), b.n.Attrs.Epsilon, b.n.Attrs.Square
	return spreadBy(b.out.len()/n, max(1, chunk/n), func(from, to int) {
		for r := from; r < to; r++ {
			x, y := b.p.f32(b.in[0])[r*n:][:n], b.p.f32(b.out)[r*n:][:n]
			if square {
				kernel.Scale(y, x, float32(1/math.Sqrt(kernel.SumSquares(x, 0)/float64(n)+float64(eps))))
				continue
			}
			mean, inv := moments(x, eps)
			kernel.AddTo(y, x, float32(-mean))
			kernel.Scale(y, y, float32(inv))
		}
	})
}

func standardize(b *binding) []stage {
	n, eps, square := rowLen(b.out.typ.Shape, b.n.Attrs.Axis), b.n.Attrs.Epsilon, b.n.Attrs.Square
	return spreadBy(b.out.len()/n, max(1, chunk/n), func(from, to int) {
		for r := from; r < to; r++ {
			x, y := view[float64](b.p, b.in[0])[r*n:][:n], view[float64](b.p, b.out)[r*n:][:n]
			mean, inv := center(x, eps, square)
			for i, v := range x {
				y[i] = (v - mean) * inv
			}
		}
	})
}

// standardizeGrad: with x̂ the result, dx = (dy - mean(dy) - x̂·mean(dy·x̂))/σ, and
// without mean(dy) where only squares count.
func standardizeGrad[T real](b *binding) []stage {
	n, eps, square := rowLen(b.out.typ.Shape, b.n.Attrs.Axis), b.n.Attrs.Epsilon, b.n.Attrs.Square
	return spreadBy(b.out.len()/n, max(1, chunk/n), func(from, to int) {
		for r := from; r < to; r++ {
			dy, x, dx := view[T](b.p, b.in[0])[r*n:][:n], view[T](b.p, b.in[1])[r*n:][:n], view[T](b.p, b.out)[r*n:][:n]
			mean, inv := center(x, eps, square)
			g, gx := 0.0, 0.0
			for i, d := range dy {
				g += float64(d)
				gx += float64(float64(d) * (float64(x[i]) - mean) * inv)
			}
			if g, gx = g/float64(n), gx/float64(n); square {
				g = 0
			}
			for i, d := range dy {
				dx[i] = T((float64(d) - g - float64((float64(x[i])-mean)*inv*gx)) * inv)
			}
		}
	})
}
