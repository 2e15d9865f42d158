package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/graph"
)

// A mark is one element along an axis that a sample is made of: its weight, and
// how that changes with the position. at is -1 where there is nothing but zero.
type mark struct {
	at            int
	weight, slope float64
}

// gridAxis returns the elements of n that position x, from -1 to 1, is made of.
func gridAxis(g graph.Grid, x float64, n int, marks *[4]mark) []mark {
	low, high, rate := -0.5, float64(n)-0.5, float64(n)/2
	if g.Corners {
		low, high, rate = 0, float64(n-1), float64(n-1)/2
		x = (x + 1) * rate
	} else {
		x = ((x+1)*float64(n) - 1) / 2
	}
	if g.Method == "nearest" {
		x, rate = math.RoundToEven(x), 0
	}
	if !(x >= low && x <= high) {
		switch {
		case g.Outside == "border" && x == x:
			x, rate = math.Min(math.Max(x, 0), float64(n-1)), 0
		case g.Outside == "reflection" && math.Abs(x) < 1<<40:
			var turn float64
			x, turn = reflect(x, low, high)
			rate *= turn
		case !(math.Abs(x) < 1<<40):
			marks[0] = mark{at: -1}
			return marks[:1]
		}
	}
	base := math.Floor(x)
	f := x - base
	out := marks[:2]
	switch g.Method {
	case "nearest":
		marks[0] = mark{int(base), 1, 0}
		out = marks[:1]
	case "cubic":
		base--
		for i := range marks {
			u := f + 1 - float64(i)
			marks[i].at = int(base) + i
			marks[i].weight, marks[i].slope = keys(math.Abs(u))
			marks[i].slope *= math.Copysign(rate, u)
		}
		out = marks[:]
	default:
		marks[0], marks[1] = mark{int(base), 1 - f, -rate}, mark{int(base) + 1, f, rate}
	}
	for i := range out {
		if m := &out[i]; m.at < 0 || m.at >= n {
			switch g.Outside {
			case "border":
				m.at = min(max(m.at, 0), n-1)
			case "reflection":
				at, _ := reflect(float64(m.at), low, high)
				m.at = min(max(int(at), 0), n-1)
			default:
				m.at = -1
			}
		}
	}
	return out
}

// reflect mirrors x at low and high until it lies between, and returns the sign of
// its slope.
func reflect(x, low, high float64) (at, turn float64) {
	span := high - low
	if span <= 0 {
		return low, 0
	}
	over, from, back, sign := low-x, low, high, 1.0
	if x >= low {
		over, from, back, sign = x-high, high, low, -1
	}
	times := math.Floor(over / span)
	rest := over - times*span
	if math.Mod(times, 2) == 0 {
		return from + sign*rest, -1
	}
	return back - sign*rest, 1
}

// keys is the piecewise cubic of Keys (1981) with a = -3/4, and its slope.
func keys(d float64) (weight, slope float64) {
	const a = -0.75
	switch {
	case d <= 1:
		return ((a+2)*d-(a+3))*d*d + 1, (3*(a+2)*d - 2*(a+3)) * d
	case d < 2:
		return ((a*d-5*a)*d+8*a)*d - 4*a, (3*a*d-10*a)*d + 8*a
	}
	return 0, 0
}

// A grid is the sizes of one GridSample.
type grid struct {
	how                graph.Grid
	channels, h, w, at int // at is how many positions an image has
}

func newGrid(n *graph.Node, image, positions []int64) grid {
	return grid{n.Attrs.Grid, int(image[1]), int(image[2]), int(image[3]), int(positions[1] * positions[2])}
}

// sampled calls f for each pixel that is part of a position, with its weight and
// the slopes of that along x and y.
func (g *grid) sampled(x, y float64, f func(at int, weight, dx, dy float64)) {
	var mx, my [4]mark
	xs, ys := gridAxis(g.how, x, g.w, &mx), gridAxis(g.how, y, g.h, &my)
	for _, b := range ys {
		for _, a := range xs {
			if a.at >= 0 && b.at >= 0 {
				f(b.at*g.w+a.at, a.weight*b.weight, a.slope*b.weight, a.weight*b.slope)
			}
		}
	}
}

func bindGridSample[T float32 | float64](b *binding) []stage {
	g := newGrid(b.n, b.in[0].typ.Shape, b.in[1].typ.Shape)
	plane := g.h * g.w
	return spreadBy(int(b.in[0].typ.Shape[0])*g.at, max(1, chunk/64/max(1, g.channels)), func(from, to int) {
		x, at, y := view[T](b.p, b.in[0]), view[T](b.p, b.in[1]), view[T](b.p, b.out)
		for p := from; p < to; p++ {
			image := p / g.at * g.channels
			for c := range g.channels {
				y[(image+c)*g.at+p%g.at] = 0
			}
			g.sampled(float64(at[2*p]), float64(at[2*p+1]), func(pixel int, weight, _, _ float64) {
				for c := range g.channels {
					y[(image+c)*g.at+p%g.at] += T(T(weight) * x[(image+c)*plane+pixel])
				}
			})
		}
	})
}

// bindGridSampleGrad adds dy up over the pixels that it was made of, image by
// image, in the order of the positions.
func bindGridSampleGrad[T float32 | float64](b *binding) []stage {
	g := newGrid(b.n, b.out.typ.Shape, b.in[2].typ.Shape)
	plane := g.h * g.w
	return []stage{{int(b.out.typ.Shape[0]), func(_, n int) {
		dy, at := view[T](b.p, b.in[0])[n*g.channels*g.at:], view[T](b.p, b.in[2])[2*n*g.at:]
		dx := view[T](b.p, b.out)[n*g.channels*plane:][:g.channels*plane]
		clear(dx)
		for p := range g.at {
			g.sampled(float64(at[2*p]), float64(at[2*p+1]), func(pixel int, weight, _, _ float64) {
				for c := range g.channels {
					dx[c*plane+pixel] += T(T(weight) * dy[c*g.at+p])
				}
			})
		}
	}}}
}

// bindGridSampleGradGrid is the gradient by the positions.
func bindGridSampleGradGrid[T float32 | float64](b *binding) []stage {
	g := newGrid(b.n, b.in[1].typ.Shape, b.out.typ.Shape)
	plane := g.h * g.w
	return spreadBy(b.out.len()/2, max(1, chunk/64/max(1, g.channels)), func(from, to int) {
		dy, x, at, out := view[T](b.p, b.in[0]), view[T](b.p, b.in[1]), view[T](b.p, b.in[2]), view[T](b.p, b.out)
		for p := from; p < to; p++ {
			image, sx, sy := p/g.at*g.channels, 0.0, 0.0
			g.sampled(float64(at[2*p]), float64(at[2*p+1]), func(pixel int, _, dx, dv float64) {
				for c := range g.channels {
					v := float64(x[(image+c)*plane+pixel]) * float64(dy[(image+c)*g.at+p%g.at])
					sx += float64(v * dx)
					sy += float64(v * dv)
				}
			})
			out[2*p], out[2*p+1] = T(sx), T(sy)
		}
	})
}
