package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

func sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

// softplus is log(1+eˣ), without overflow for large x.
func softplus(x float32) float32 {
	v := float64(x)
	return float32(math.Max(v, 0) + math.Log1p(math.Exp(-math.Abs(v))))
}

func geluGrad(dy, x float32) float32 {
	v := float64(x)
	return float32(float64(dy) * (0.5*(1+math.Erf(v/math.Sqrt2)) + v*math.Exp(-v*v/2)/math.Sqrt(2*math.Pi)))
}

// The tanh form of Gelu is x/2·(1+tanh(√(2/π)(x+0.044715x³))).
func geluTanh(x float32) float32 {
	v := float64(x)
	return float32(0.5 * v * (1 + math.Tanh(geluInner*(v+geluCube*v*v*v))))
}

const (
	geluInner = 0.7978845608028654 // √(2/π)
	geluCube  = 0.044715
)

func geluTanhGrad(dy, x float32) float32 {
	v := float64(x)
	t := math.Tanh(geluInner * (v + geluCube*v*v*v))
	return float32(float64(dy) * (0.5*(1+t) + 0.5*v*(1-t*t)*geluInner*(1+3*geluCube*v*v)))
}

// each is the kernel that applies a function of the node to every element.
func each(f func(*graph.Node) func(float32) float32) func(*binding) []stage {
	return func(b *binding) []stage {
		f := f(b.n)
		return spread(b.out.len(), func(from, to int) {
			x, y := b.p.f32(b.in[0])[from:to], b.p.f32(b.out)[from:to]
			for i, v := range x {
				y[i] = f(v)
			}
		})
	}
}

// eachRangeOf is the kernel that applies a function of ranges.
func eachRangeOf(f func(*graph.Node) func(dst, x []float32)) func(*binding) []stage {
	return func(b *binding) []stage {
		f := f(b.n)
		return spread(b.out.len(), func(from, to int) { f(b.p.f32(b.out)[from:to], b.p.f32(b.in[0])[from:to]) })
	}
}

func eachRange(f func(dst, x []float32)) func(*binding) []stage {
	return eachRangeOf(func(*graph.Node) func(dst, x []float32) { return f })
}

func eachOf(f func(float32) float32) func(*binding) []stage {
	return each(func(*graph.Node) func(float32) float32 { return f })
}

// eachGrad is the kernel of dx from dy and what the forward operator read or gave.
func eachGrad(f func(*graph.Node) func(dy, x float32) float32) func(*binding) []stage {
	return func(b *binding) []stage {
		f := f(b.n)
		return spread(b.out.len(), func(from, to int) {
			dy, x, dx := b.p.f32(b.in[0])[from:to], b.p.f32(b.in[1])[from:to], b.p.f32(b.out)[from:to]
			for i, v := range x {
				dx[i] = f(dy[i], v)
			}
		})
	}
}

func eachGradOf(f func(dy, x float32) float32) func(*binding) []stage {
	return eachGrad(func(*graph.Node) func(dy, x float32) float32 { return f })
}

// bindReluGrad passes dy where y is above zero.
func bindReluGrad(b *binding) []stage {
	return spread(b.out.len(), func(from, to int) {
		kernel.PassPositive(b.p.f32(b.out)[from:to], b.p.f32(b.in[0])[from:to], b.p.f32(b.in[1])[from:to])
	})
}

// arithmetic is one binary operation over slices of equal length, or with a
// number on either side.
type arithmetic struct {
	vv func(d, a, b []float32)
	vs func(d, a []float32, b float32)
	sv func(d []float32, a float32, b []float32)
}

// zip is the kernel of a binary operation with broadcasting.
func zip(f arithmetic) func(*binding) []stage {
	return func(b *binding) []stage {
		x, y := b.in[0], b.in[1]
		n := newNest(b.out.typ.Shape, x.typ.Shape, y.typ.Shape)
		if n.rows == 1 {
			return spread(n.inner, func(from, to int) {
				f.run(b.p.f32(b.out)[from:to], b.p.f32(x)[from*n.step[0]:], b.p.f32(y)[from*n.step[1]:], n.step)
			})
		}
		return spreadBy(n.rows, max(1, chunk/n.inner), func(from, to int) {
			xs, ys, out := b.p.f32(x), b.p.f32(y), b.p.f32(b.out)[from*n.inner:]
			n.walk(from, to, func(off []int) {
				f.run(out[:n.inner], xs[off[0]:], ys[off[1]:], n.step)
				out = out[n.inner:]
			})
		})
	}
}

func (f *arithmetic) run(d, a, b []float32, step []int) {
	switch {
	case step[0] == 1 && step[1] == 1:
		f.vv(d, a[:len(d)], b[:len(d)])
	case step[0] == 1:
		f.vs(d, a[:len(d)], b[0])
	case step[1] == 1:
		f.sv(d, a[0], b[:len(d)])
	default: // one element
		f.vs(d, a[:1], b[0])
	}
}
