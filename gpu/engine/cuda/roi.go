package cuda

import (
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// A regions is the sizes of one RoiAlign. Places are computed in float64.
type regions struct {
	how                           graph.Roi
	images, channels, h, w, count int64
	rows, cols                    int64 // bins
	boxes, numbers                operand
}

func (s *step) regions(image []int64, out []int64, boxes int) regions {
	return regions{how: s.n.Attrs.Roi, images: image[0], channels: image[1], h: image[2], w: image[3],
		count: out[0], rows: out[2], cols: out[3], boxes: s.in[boxes], numbers: s.in[boxes+1]}
}

// image is the image that region n is of.
func (r *regions) image(b *body, n ptx.Value) ptx.Value {
	k := b.load(r.numbers, n)
	k = b.Min(b.Max(k, ptx.Int(ptx.S64, 0)), ptx.Int(ptx.S64, r.images-1))
	return b.Convert(b.ix, k)
}

// sides is where region n begins, and the size of its bins.
func (r *regions) sides(b *body, n ptx.Value) (x0, y0, bw, bh ptx.Value) {
	shift := 0.0
	if r.how.Half {
		shift = 0.5
	}
	edge := func(i int64) ptx.Value {
		v := b.Convert(ptx.F64, b.load(r.boxes, b.Add(b.Mul(n, b.int(4)), b.int(i))))
		return b.Sub(b.Mul(v, f64(r.how.Scale)), f64(shift))
	}
	x0, y0 = edge(0), edge(1)
	width, height := b.Sub(edge(2), x0), b.Sub(edge(3), y0)
	if !r.how.Half {
		width, height = b.larger(width, f64(1)), b.larger(height, f64(1))
	}
	return x0, y0, b.Div(width, f64(float64(r.cols))), b.Div(height, f64(float64(r.rows)))
}

// many is how many samples a bin has along a side.
func (r *regions) many(b *body, side ptx.Value) ptx.Value {
	if r.how.Samples > 0 {
		return b.int(r.how.Samples)
	}
	up := b.Round(b.Min(side, f64(graph.MaxRoiSamples)), ptx.Up)
	return b.Convert(b.ix, b.Select(b.Cmp(side, ptx.GT, f64(1)), up, f64(1)))
}

// samples is how many a bin of region n has.
func (r *regions) samples(b *body, n ptx.Value) ptx.Value {
	_, _, bw, bh := r.sides(b, n)
	return b.Mul(r.many(b, bw), r.many(b, bh))
}

// bin runs f for the corners of the samples of one bin, four each; those
// outside have none.
func (r *regions) bin(b *body, n, row, col ptx.Value, f func(at, weight ptx.Value)) {
	x0, y0, bw, bh := r.sides(b, n)
	nx, ny := r.many(b, bw), r.many(b, bh)
	place := func(from, size, bin, i, count ptx.Value) ptx.Value {
		part := b.Div(b.Add(b.Convert(ptx.F64, i), f64(0.5)), b.Convert(ptx.F64, count))
		return b.Add(from, b.Mul(size, b.Add(b.Convert(ptx.F64, bin), part)))
	}
	b.For(b.int(0), ny, b.int(1), func(i ptx.Value) {
		y := place(y0, bh, row, i, ny)
		b.For(b.int(0), nx, b.int(1), func(j ptx.Value) { r.sample(b, place(x0, bw, col, j, nx), y, f) })
	})
}

func (r *regions) sample(b *body, x, y ptx.Value, f func(at, weight ptx.Value)) {
	within := func(v ptx.Value, n int64) ptx.Value {
		return b.And(b.Cmp(v, ptx.GE, f64(-1)), b.Cmp(v, ptx.LE, f64(float64(n))))
	}
	b.If(b.And(within(x, r.w), within(y, r.h)), func() {
		xl, xh, fx := b.between(x, r.w)
		yl, yh, fy := b.between(y, r.h)
		gx, gy := b.Sub(f64(1), fx), b.Sub(f64(1), fy)
		at := func(y, x ptx.Value) ptx.Value { return b.Add(b.Mul(y, b.int(r.w)), x) }
		f(at(yl, xl), b.Mul(gy, gx))
		f(at(yl, xh), b.Mul(gy, fx))
		f(at(yh, xl), b.Mul(fy, gx))
		f(at(yh, xh), b.Mul(fy, fx))
	})
}

// between is the elements below and above a position, and how far it is from the
// lower.
func (b *body) between(x ptx.Value, n int64) (low, high, f ptx.Value) {
	x = b.larger(x, f64(0))
	low = b.Convert(b.ix, x)
	last := b.int(n - 1)
	end := b.Cmp(low, ptx.GE, last)
	f = b.Select(end, f64(0), b.Sub(x, b.Convert(ptx.F64, low)))
	high = b.Select(end, last, b.Add(low, b.int(1)))
	return b.Select(end, last, low), high, f
}

func lowerRoiAlign(s *step) {
	x := s.in[0]
	r := s.regions(x.Shape, s.out.Shape, 1)
	t := element(s.out.DType)
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		at := b.coordinates(i, []int64{r.count, r.channels, r.rows, r.cols})
		base := b.Mul(b.Add(b.Mul(r.image(b, at[0]), b.int(r.channels)), at[1]), b.int(r.h*r.w))
		v, first := b.Var(ptx.Number(t, 0)), b.Var(ptx.Int(ptx.U32, 1))
		r.bin(b, at[0], at[2], at[3], func(k, weight ptx.Value) {
			p := b.Mul(b.Convert(t, weight), b.load(x, b.Add(base, k)))
			if !r.how.Max {
				b.Set(v, b.Add(v, p))
				return
			}
			take := b.Or(b.Cmp(first, ptx.EQ, ptx.Int(ptx.U32, 1)), b.over(p, v))
			b.Set(v, b.Select(take, p, v))
			b.Set(first, ptx.Int(ptx.U32, 0))
		})
		if r.how.Max {
			b.put(i, v)
		} else {
			b.put(i, b.Div(v, b.Convert(t, r.samples(b, at[0]))))
		}
	})
}

// lowerRoiAlignGrad adds dy up over the pixels, in the order of regions and bins; a
// thread takes one channel of all images.
func lowerRoiAlignGrad(s *step) {
	dy, x := s.in[0], s.in[1]
	r := s.regions(s.out.Shape, dy.Shape, 2)
	t := element(s.out.DType)
	s.each(s.out.Elements(), func(b *body, i ptx.Value) { b.store(s.out, i, ptx.Number(t, 0)) })
	if dy.Elements() == 0 {
		return
	}
	s.each(r.channels, func(b *body, c ptx.Value) {
		b.Count(b.ix, r.count, func(n ptx.Value) {
			base := b.Mul(b.Add(b.Mul(r.image(b, n), b.int(r.channels)), c), b.int(r.h*r.w))
			add := func(k, v ptx.Value) {
				k = b.Add(base, k)
				b.store(s.out, k, b.Add(b.load(s.out, k), v))
			}
			b.Count(b.ix, r.rows, func(row ptx.Value) {
				b.Count(b.ix, r.cols, func(col ptx.Value) {
					o := b.Add(b.Mul(b.Add(b.Mul(b.Add(b.Mul(n, b.int(r.channels)), c), b.int(r.rows)), row), b.int(r.cols)), col)
					d := b.load(dy, o)
					if r.how.Max {
						v, at, w := b.Var(ptx.Number(t, 0)), b.Var(b.int(-1)), b.Var(ptx.Number(t, 0))
						r.bin(b, n, row, col, func(k, weight ptx.Value) {
							weight = b.Convert(t, weight)
							p := b.Mul(weight, b.load(x, b.Add(base, k)))
							b.If(b.Or(b.Cmp(at, ptx.EQ, b.int(-1)), b.over(p, v)), func() {
								b.Set(v, p)
								b.Set(at, k)
								b.Set(w, weight)
							})
						})
						b.If(b.Cmp(at, ptx.NE, b.int(-1)), func() { add(at, b.Mul(w, d)) })
						return
					}
					d = b.Div(d, b.Convert(t, r.samples(b, n)))
					r.bin(b, n, row, col, func(k, weight ptx.Value) { add(k, b.Mul(b.Convert(t, weight), d)) })
				})
			})
		})
	})
}
