package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/kernel"
)

// channels splits N×C×… into images, channels and elements of a channel.
func channels(shape []int64) (images, c, n int) {
	images, c, n = int(shape[0]), int(shape[1]), 1
	for _, d := range shape[2:] {
		n *= int(d)
	}
	return images, c, n
}

func invStd(variance float32, eps float32) float64 {
	return 1 / math.Sqrt(float64(variance)+float64(eps))
}

// normLine is what normalising a channel multiplies by, and adds.
func normLine(scale, bias, mean, variance, eps float32) (mul, add float32) {
	m := float64(scale) * invStd(variance, eps)
	return float32(m), float32(float64(bias) - float64(float64(mean)*m))
}

// bindBatchNorm is one product and one sum an element: within 2·2⁻²⁴ of the largest.
func bindBatchNorm(b *binding) []stage {
	images, c, n := channels(b.out.typ.Shape)
	eps := b.n.Attrs.Epsilon
	return spreadBy(images*c, max(1, chunk/n), func(from, to int) {
		x, y := b.p.f32(b.in[0]), b.p.f32(b.out)
		scale, bias, mean, variance := b.p.f32(b.in[1]), b.p.f32(b.in[2]), b.p.f32(b.in[3]), b.p.f32(b.in[4])
		for r := from; r < to; r++ {
			k := r % c
			mul, add := normLine(scale[k], bias[k], mean[k], variance[k], eps)
			kernel.MulAdd(y[r*n:][:n], x[r*n:][:n], mul, add)
		}
	})
}

func bindBatchNormGradX(b *binding) []stage {
	images, c, n := channels(b.out.typ.Shape)
	eps := b.n.Attrs.Epsilon
	return spreadBy(images*c, max(1, chunk/n), func(from, to int) {
		dy, scale, variance, dx := b.p.f32(b.in[0]), b.p.f32(b.in[1]), b.p.f32(b.in[2]), b.p.f32(b.out)
		for r := from; r < to; r++ {
			mul := float32(float64(scale[r%c]) * invStd(variance[r%c], eps))
			kernel.Scale(dx[r*n:][:n], dy[r*n:][:n], mul)
		}
	})
}

func bindBatchNormGradScale(b *binding) []stage {
	images, c, n := channels(b.in[0].typ.Shape)
	eps := b.n.Attrs.Epsilon
	return []stage{{c, func(_, k int) {
		dy, x, mean, variance := b.p.f32(b.in[0]), b.p.f32(b.in[1]), float64(b.p.f32(b.in[2])[k]), b.p.f32(b.in[3])[k]
		sum := 0.0
		for img := range images {
			at := (img*c + k) * n
			for i, d := range dy[at:][:n] {
				sum += float64(float64(d) * (float64(x[at+i]) - mean))
			}
		}
		b.p.f32(b.out)[k] = float32(sum * invStd(variance, eps))
	}}}
}

// moments returns mean and 1/σ of a row.
func moments(x []float32, eps float32) (mean, inv float64) {
	n := float64(len(x))
	mean = kernel.Sum(x) / n
	return mean, 1 / math.Sqrt(kernel.SumSquares(x, mean)/n+float64(eps))
}

func rowLen(shape []int64, axis int) int {
	n := 1
	for _, d := range shape[axis:] {
		n *= int(d)
	}
	return n
}

// bindLayerNorm is within 3·2⁻²⁴ of the largest element.
func bindLayerNorm(b *binding) []stage {
	n, eps := rowLen(b.out.typ.Shape, b.n.Attrs.Axis), b.n.Attrs.Epsilon
	return spreadBy(b.out.len()/n, max(1, chunk/n), func(from, to int) {
		scale := b.p.f32(b.in[1])
		for r := from; r < to; r++ {
			x, y := b.p.f32(b.in[0])[r*n:][:n], b.p.f32(b.out)[r*n:][:n]
			mean, inv := moments(x, eps)
			kernel.AddTo(y, x, float32(-mean))
			kernel.Scale(y, y, float32(inv))
			kernel.Mul(y, y, scale)
			if len(b.in) > 2 && b.in[2].has() {
				kernel.Add(y, y, b.p.f32(b.in[2]))
			}
		}
	})
}

// bindLayerNormGradX: with g = dy·scale, dx = (g - mean(g) - x̂·mean(g·x̂))/σ.
func bindLayerNormGradX(b *binding) []stage {
	n, eps := rowLen(b.out.typ.Shape, b.n.Attrs.Axis), b.n.Attrs.Epsilon
	return spreadBy(b.out.len()/n, max(1, chunk/n), func(from, to int) {
		scale := b.p.f32(b.in[2])
		for r := from; r < to; r++ {
			dy, x, dx := b.p.f32(b.in[0])[r*n:][:n], b.p.f32(b.in[1])[r*n:][:n], b.p.f32(b.out)[r*n:][:n]
			mean, inv := moments(x, eps)
			g, gx := 0.0, 0.0
			for i, d := range dy {
				v := float64(d) * float64(scale[i])
				g += v
				gx += float64(v * (float64(x[i]) - mean) * inv)
			}
			g, gx = g/float64(n), gx/float64(n)
			for i, d := range dy {
				v := float64(d) * float64(scale[i])
				dx[i] = float32((v - g - float64((float64(x[i])-mean)*inv*gx)) * inv)
			}
		}
	})
}

// bindLayerNormGradScale adds dy·x̂ up over the rows, in their order; it is one
// task because every row's moments are needed once.
func bindLayerNormGradScale(b *binding) []stage {
	n, eps := b.out.len(), b.n.Attrs.Epsilon
	return []stage{{1, func(_, _ int) {
		dy, x, ds := b.p.f32(b.in[0]), b.p.f32(b.in[1]), b.p.f32(b.out)
		clear(ds)
		for at := 0; at < len(x); at += n {
			mean, inv := moments(x[at:][:n], eps)
			for i := range ds {
				ds[i] += float32(float64(dy[at+i]) * (float64(x[at+i]) - mean) * inv)
			}
		}
	}}}
}
