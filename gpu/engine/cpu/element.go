package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/graph"
)

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

// eachGradRange is the kernel of a gradient of ranges: of dy, and of what the
// forward operator gave.
func eachGradRange(f func(dx, dy, y []float32)) func(*binding) []stage {
	return func(b *binding) []stage {
		return spread(b.out.len(), func(from, to int) {
			f(b.p.f32(b.out)[from:to], b.p.f32(b.in[0])[from:to], b.p.f32(b.in[1])[from:to])
		})
	}
}

func absolute(dst, x []float32) {
	for i, v := range x {
		dst[i] = math.Float32frombits(math.Float32bits(v) &^ (1 << 31))
	}
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
