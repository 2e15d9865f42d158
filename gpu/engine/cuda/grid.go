package cuda

import (
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// A mark is one element along an axis that a sample is made of: its weight, and
// how that changes with the position. Where there is nothing but zero, there is
// false.
type mark struct{ at, weight, slope, there ptx.Value }

// marks returns the elements of n that position x, from -1 to 1, is made of.
func (b *body) marks(g graph.Grid, x ptx.Value, n int64) []mark {
	size := float64(n)
	low, high, rate := -0.5, size-0.5, size/2
	if g.Corners {
		low, high, rate = 0, size-1, (size-1)/2
		x = b.Mul(b.Add(x, f64(1)), f64(rate))
	} else {
		x = b.Div(b.Sub(b.Mul(b.Add(x, f64(1)), f64(size)), f64(1)), f64(2))
	}
	if g.Method == "nearest" {
		x, rate = b.Round(x, ptx.Nearest), 0
	}
	pace := b.Var(f64(rate)) // the rate, where the position is held or turned
	inside := b.And(b.Cmp(x, ptx.GE, f64(low)), b.Cmp(x, ptx.LE, f64(high)))
	near := b.Cmp(b.Abs(x), ptx.LT, f64(1<<40)) // false of NaN
	there := near
	switch g.Outside {
	case "border":
		held := b.Min(b.Max(x, f64(0)), f64(size-1))
		number := b.Cmp(x, ptx.EQ, x)
		out := b.And(b.Not(inside), number)
		x = b.Select(out, held, x)
		b.Set(pace, b.Select(out, f64(0), pace))
		there = number
	case "reflection":
		turned, turn := b.reflect(b.Select(near, x, f64(0)), low, high)
		x = b.Select(inside, x, turned)
		b.Set(pace, b.Select(inside, pace, b.Mul(pace, turn)))
	}
	x = b.Select(there, x, f64(0))
	base := b.Round(x, ptx.Down)
	f := b.Sub(x, base)
	first := b.Convert(ptx.S64, base)
	var out []mark
	one := f64(1)
	switch g.Method {
	case "nearest":
		out = []mark{{at: first, weight: one, slope: f64(0)}}
	case "cubic":
		for i := range int64(4) {
			u := b.Sub(b.Add(f, one), f64(float64(i)))
			w, slope := b.keys(b.Abs(u))
			negative := b.Cmp(b.Bits(ptx.S64, u), ptx.LT, ptx.Int(ptx.S64, 0))
			slope = b.Mul(slope, b.Select(negative, b.Neg(b.Abs(pace)), b.Abs(pace)))
			out = append(out, mark{at: b.Add(first, ptx.Int(ptx.S64, i-1)), weight: w, slope: slope})
		}
	default:
		out = []mark{{at: first, weight: b.Sub(one, f), slope: b.Neg(pace)}, {at: b.Add(first, ptx.Int(ptx.S64, 1)), weight: f, slope: pace}}
	}
	for i := range out {
		m := &out[i]
		zero, last := ptx.Int(ptx.S64, 0), ptx.Int(ptx.S64, n-1)
		in := b.And(b.Cmp(m.at, ptx.GE, zero), b.Cmp(m.at, ptx.LE, last))
		m.there = there
		switch g.Outside {
		case "border":
			m.at = b.Min(b.Max(m.at, zero), last)
		case "reflection":
			back, _ := b.reflect(b.Convert(ptx.F64, m.at), low, high)
			held := b.Min(b.Max(b.Convert(ptx.S64, back), zero), last)
			m.at = b.Select(in, m.at, held)
		default:
			m.there = b.And(there, in)
		}
		m.at = b.Convert(b.ix, m.at)
	}
	return out
}

// reflect mirrors x at low and high until it lies between, and returns the sign of
// its slope.
func (b *body) reflect(x ptx.Value, low, high float64) (at, turn ptx.Value) {
	span := high - low
	if span <= 0 {
		return f64(low), f64(0)
	}
	under := b.Cmp(x, ptx.LT, f64(low))
	over := b.Select(under, b.Sub(f64(low), x), b.Sub(x, f64(high)))
	from, back := b.Select(under, f64(low), f64(high)), b.Select(under, f64(high), f64(low))
	sign := b.Select(under, f64(1), f64(-1))
	times := b.Round(b.Div(over, f64(span)), ptx.Down)
	rest := b.Mul(sign, b.Sub(over, b.Mul(times, f64(span))))
	half := b.Mul(times, f64(0.5))
	even := b.Cmp(b.Round(half, ptx.Down), ptx.EQ, half)
	return b.Select(even, b.Add(from, rest), b.Sub(back, rest)), b.Select(even, f64(-1), f64(1))
}

// keys is the piecewise cubic of Keys (1981) with a = -3/4, and its slope.
func (b *body) keys(d ptx.Value) (weight, slope ptx.Value) {
	const a = -0.75
	poly := func(c ...float64) ptx.Value {
		r := f64(c[0])
		for _, k := range c[1:] {
			r = b.Add(b.Mul(r, d), f64(k))
		}
		return r
	}
	near, far := b.Cmp(d, ptx.LE, f64(1)), b.Cmp(d, ptx.LT, f64(2))
	weight = b.Select(far, poly(a, -5*a, 8*a, -4*a), f64(0))
	slope = b.Select(far, poly(3*a, -10*a, 8*a), f64(0))
	return b.Select(near, poly(a+2, -(a+3), 0, 1), weight), b.Select(near, poly(3*(a+2), -2*(a+3), 0), slope)
}

// A grid is the sizes of one GridSample.
type grid struct {
	how                          graph.Grid
	images, channels, h, w, many int64 // many is how many positions an image has
	at                           operand
}

func (s *step) grid(image []int64, positions operand) grid {
	p := positions.Shape
	return grid{s.n.Attrs.Grid, image[0], image[1], image[2], image[3], p[1] * p[2], positions}
}

// sampled runs f for each pixel that is part of position p of an image, with its
// weight and the slopes of that along x and y.
func (g *grid) sampled(b *body, image, p ptx.Value, f func(at, weight, dx, dy ptx.Value)) {
	n := b.Mul(b.Add(b.Mul(image, b.int(g.many)), p), b.int(2))
	xs := b.marks(g.how, b.Convert(ptx.F64, b.load(g.at, n)), g.w)
	ys := b.marks(g.how, b.Convert(ptx.F64, b.load(g.at, b.Add(n, b.int(1)))), g.h)
	for _, y := range ys {
		for _, x := range xs {
			b.If(b.And(x.there, y.there), func() {
				f(b.Add(b.Mul(y.at, b.int(g.w)), x.at), b.Mul(x.weight, y.weight), b.Mul(x.slope, y.weight), b.Mul(x.weight, y.slope))
			})
		}
	}
}

func lowerGridSample(s *step) {
	x := s.in[0]
	g := s.grid(x.Shape, s.in[1])
	t := element(s.out.DType)
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		at := b.coordinates(i, []int64{g.images, g.channels, g.many})
		base := b.Mul(b.Add(b.Mul(at[0], b.int(g.channels)), at[1]), b.int(g.h*g.w))
		sum := b.Var(ptx.Number(t, 0))
		g.sampled(b, at[0], at[2], func(k, weight, _, _ ptx.Value) {
			b.Set(sum, b.Add(sum, b.Mul(b.Convert(t, weight), b.load(x, b.Add(base, k)))))
		})
		b.put(i, sum)
	})
}

// lowerGridSampleGrad adds dy up over the pixels that it was made of, in the order
// of the positions; a thread takes a channel of an image.
func lowerGridSampleGrad(s *step) {
	dy := s.in[0]
	g := s.grid(s.out.Shape, s.in[2])
	t := element(s.out.DType)
	s.each(s.out.Elements(), func(b *body, i ptx.Value) { b.store(s.out, i, ptx.Number(t, 0)) })
	s.each(g.images*g.channels, func(b *body, c ptx.Value) {
		base := b.Mul(c, b.int(g.h*g.w))
		b.Count(b.ix, g.many, func(p ptx.Value) {
			d := b.load(dy, b.Add(b.Mul(c, b.int(g.many)), p))
			g.sampled(b, b.Div(c, b.int(g.channels)), p, func(k, weight, _, _ ptx.Value) {
				k = b.Add(base, k)
				b.store(s.out, k, b.Add(b.load(s.out, k), b.Mul(b.Convert(t, weight), d)))
			})
		})
	})
}

// lowerGridSampleGradGrid is the gradient by the positions.
func lowerGridSampleGradGrid(s *step) {
	dy, x := s.in[0], s.in[1]
	g := s.grid(x.Shape, s.in[2])
	t := element(s.out.DType)
	s.each(s.out.Elements()/2, func(b *body, i ptx.Value) {
		image, p := b.Div(i, b.int(g.many)), b.Rem(i, b.int(g.many))
		sx, sy := b.Var(f64(0)), b.Var(f64(0))
		g.sampled(b, image, p, func(k, _, dx, dv ptx.Value) {
			b.Count(b.ix, g.channels, func(c ptx.Value) {
				c = b.Add(b.Mul(image, b.int(g.channels)), c)
				v := b.Convert(ptx.F64, b.load(x, b.Add(b.Mul(c, b.int(g.h*g.w)), k)))
				v = b.Mul(v, b.Convert(ptx.F64, b.load(dy, b.Add(b.Mul(c, b.int(g.many)), p))))
				b.Set(sx, b.Add(sx, b.Mul(v, dx)))
				b.Set(sy, b.Add(sy, b.Mul(v, dv)))
			})
		})
		b.store(s.out, b.Mul(i, b.int(2)), b.Convert(t, sx))
		b.store(s.out, b.Add(b.Mul(i, b.int(2)), b.int(1)), b.Convert(t, sy))
	})
}
