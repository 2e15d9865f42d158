package cpu

import (
	"math"
	"math/bits"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// fourierKernels serve both types: sums are in float64.
var fourierKernels = map[string]bind{"Fourier": bindFourier}

func bindFourier(b *binding) []stage {
	if b.out.typ.DType == abi.Float64 {
		return fourier[float64](b)
	}
	return fourier[float32](b)
}

// A point is a complex number.
type point struct{ re, im float64 }

func (a point) plus(b point) point  { return point{a.re + b.re, a.im + b.im} }
func (a point) minus(b point) point { return point{a.re - b.re, a.im - b.im} }
func (a point) times(b point) point {
	return point{float64(a.re*b.re) - float64(a.im*b.im), float64(a.re*b.im) + float64(a.im*b.re)}
}

// fourierRows is how many lines a task transforms.
func fourierRows(length int) int { return max(1, chunk/length) }

// workFourier is room for the roots of one, and for two lines a task.
func workFourier(g *graph.Graph, n *graph.Node) int64 {
	length := n.Attrs.Length
	lines := g.At(n.In[0]).Elements() / g.At(n.In[0]).Shape[n.Attrs.Axis] / 2
	rows := int64(fourierRows(int(length)))
	return 16 * length * (1 + 2*((lines+rows-1)/rows))
}

// fourier transforms lines of pairs, with the fast algorithm of J. Cooley and J.
// Tukey (1965) where the length is a power of two, and by the definition elsewhere.
func fourier[T real](b *binding) []stage {
	a := b.n.Attrs
	n := int(a.Length)
	outer, size, inner := around(b.in[0].typ.Shape, a.Axis)
	bins := int(b.out.typ.Shape[a.Axis])
	inner /= 2 // pairs
	scale := 1.0
	if a.Inverse {
		scale = 1 / float64(n)
	}
	prepare := stage{1, func(_, _ int) { roots(view[point](b.p, b.work)[:n], a.Inverse) }}
	rows := fourierRows(n)
	tasks := (outer*inner + rows - 1) / rows
	return []stage{prepare, {tasks, func(_, t int) {
		x, y := view[T](b.p, b.in[0]), view[T](b.p, b.out)
		work := view[point](b.p, b.work)
		turns, line, other := work[:n], work[(1+2*t)*n:][:n], work[(2+2*t)*n:][:n]
		for r := t * rows; r < min(outer*inner, (t+1)*rows); r++ {
			clear(line)
			for i := range min(size, n) {
				at := 2 * ((r/inner*size+i)*inner + r%inner)
				line[i] = point{float64(x[at]), float64(x[at+1])}
			}
			for i, v := range transform(line, other, turns, bins)[:bins] {
				at := 2 * ((r/inner*bins+i)*inner + r%inner)
				y[at], y[at+1] = T(v.re*scale), T(v.im*scale)
			}
		}
	}}}
}

// roots are the powers of the root of one of as many elements.
func roots(to []point, inverse bool) {
	for i := range to {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(len(to)))
		if !inverse {
			sin = -sin
		}
		to[i] = point{cos, sin}
	}
}

// transform returns the transform of x, in x, or its first bins in work.
func transform(x, work, turns []point, bins int) []point {
	n := len(x)
	if n&(n-1) != 0 {
		for k := range bins {
			sum, at := point{}, 0
			for _, v := range x {
				sum = sum.plus(v.times(turns[at]))
				if at += k; at >= n {
					at -= n
				}
			}
			work[k] = sum
		}
		return work
	}
	width := bits.Len(uint(n)) - 1
	for i := range x { // the order in which halves of halves lie side by side
		if j := int(bits.Reverse64(uint64(i)) >> (64 - width)); i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	for half := 1; half < n; half *= 2 {
		step := n / (2 * half)
		for from := 0; from < n; from += 2 * half {
			for i := range half {
				a, b := x[from+i], x[from+half+i].times(turns[i*step])
				x[from+i], x[from+half+i] = a.plus(b), a.minus(b)
			}
		}
	}
	return x
}
