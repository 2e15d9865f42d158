package cuda

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// poolRows: windows that move over one channel at a time.
var poolRows = table{
	"MaxPool":           {numbers, lowerMaxPool},
	"MaxPoolGrad":       {reals, lowerMaxPoolGrad},
	"MaxPoolIndex":      {numbers, lowerMaxPoolIndex},
	"Unpool":            {reals, lowerUnpool},
	"AveragePool":       {reals, lowerAveragePool},
	"AveragePoolGrad":   {reals, lowerAveragePoolGrad},
	"GlobalAveragePool": {reals, lowerGlobalAveragePool},
}

// A pool is a window over channels of h×w that gives channels of oh×ow.
type pool struct {
	graph.Window
	h, w, oh, ow int64
}

func poolOf(w graph.Window, x, y []int64) pool { return pool{w, x[2], x[3], y[2], y[3]} }

// taps runs f for each tap of the window of result (oy, ox) that lies in the
// channel, rows first, with its place there.
func (p *pool) taps(b *body, oy, ox ptx.Value, f func(at ptx.Value)) {
	c := conv{Window: p.Window}
	y0, x0 := c.begin(b, 0, oy), c.begin(b, 1, ox)
	b.Count(b.ix, p.Kernel[0], func(i ptx.Value) {
		y := b.unsigned(c.tap(b, 0, y0, i))
		b.If(b.Cmp(y, ptx.LT, b.int(p.h)), func() {
			b.Count(b.ix, p.Kernel[1], func(j ptx.Value) {
				x := b.unsigned(c.tap(b, 1, x0, j))
				b.If(b.Cmp(x, ptx.LT, b.int(p.w)), func() { f(b.Add(b.Mul(y, b.int(p.w)), x)) })
			})
		})
	})
}

// split is the channel, row and column of element i of channels of h×w.
func (b *body) split(i ptx.Value, h, w int64) (c, y, x ptx.Value) {
	at := b.coordinates(i, []int64{1, h, w})
	return at[0], at[1], at[2]
}

// lowerMaxPool gives the lowest number of the type where a window covers padding
// only.
func lowerMaxPool(s *step) {
	p := poolOf(s.n.Attrs.Window, s.in[0].Shape, s.out.Shape)
	t := element(s.out.DType).Held()
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		c, oy, ox := b.split(i, p.oh, p.ow)
		base := b.Mul(c, b.int(p.h*p.w))
		best := b.Var(lowest(t, s.out.DType))
		p.taps(b, oy, ox, func(at ptx.Value) {
			v := b.load(s.in[0], b.Add(base, at))
			b.Set(best, b.Select(b.over(v, best), v, best))
		})
		b.put(i, best)
	})
}

// covering runs f for each result whose window covers element (y, x) of a channel,
// in their order.
func (p *pool) covering(b *body, y, x ptx.Value, f func(oy, ox ptx.Value)) {
	along := func(d int, at ptx.Value, limit int64, f func(o ptx.Value)) {
		from := b.signed(at)
		from = b.Add(from, ptx.Int(from.Type, p.Pads[d]))
		b.Count(b.ix, p.Kernel[d], func(i ptx.Value) {
			tap := b.signed(b.Sub(b.int(p.Kernel[d]-1), i)) // later taps are of earlier results
			t := b.Sub(from, b.Mul(tap, ptx.Int(tap.Type, p.Dilation[d])))
			stride := ptx.Int(t.Type, p.Stride[d])
			o := b.Div(t, stride)
			exact := b.And(b.Cmp(b.Mul(o, stride), ptx.EQ, t), b.Cmp(t, ptx.GE, ptx.Int(t.Type, 0)))
			b.If(b.And(exact, b.Cmp(b.unsigned(o), ptx.LT, b.int(limit))), func() { f(b.unsigned(o)) })
		})
	}
	along(0, y, p.oh, func(oy ptx.Value) { along(1, x, p.ow, func(ox ptx.Value) { f(oy, ox) }) })
}

// lowerMaxPoolGrad hands each dy to the first of the largest elements of its
// window: each element looks at the windows that cover it.
func lowerMaxPoolGrad(s *step) {
	dy, x := s.in[0], s.in[1]
	p := poolOf(s.n.Attrs.Window, s.out.Shape, dy.Shape)
	t := element(s.out.DType)
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		c, y0, x0 := b.split(i, p.h, p.w)
		base, me := b.Mul(c, b.int(p.h*p.w)), b.Add(b.Mul(y0, b.int(p.w)), x0)
		sum := b.Var(ptx.Number(t, 0))
		p.covering(b, y0, x0, func(oy, ox ptx.Value) {
			best, at := b.Var(lowest(t, s.out.DType)), b.Var(b.int(-1))
			p.taps(b, oy, ox, func(k ptx.Value) {
				v := b.load(x, b.Add(base, k))
				p := b.Or(b.Cmp(at, ptx.EQ, b.int(-1)), b.over(v, best))
				b.Set(best, b.Select(p, v, best))
				b.Set(at, b.Select(p, k, at))
			})
			b.If(b.Cmp(at, ptx.EQ, me), func() {
				o := b.Add(b.Mul(b.Add(b.Mul(c, b.int(p.oh)), oy), b.int(p.ow)), ox)
				b.Set(sum, b.Add(sum, b.load(dy, o)))
			})
		})
		b.put(i, sum)
	})
}

// divisor is what the mean of a window is divided by: its taps inside, at least
// one, or all of them.
func (p *pool) divisor(b *body, t ptx.Type, oy, ox ptx.Value) ptx.Value {
	if p.CountPad {
		return ptx.Number(t, float64(p.Kernel[0]*p.Kernel[1]))
	}
	n := b.Var(b.int(0))
	p.taps(b, oy, ox, func(ptx.Value) { b.Set(n, b.Add(n, b.int(1))) })
	return b.Convert(t, b.Max(n, b.int(1)))
}

func lowerAveragePool(s *step) {
	p := poolOf(s.n.Attrs.Window, s.in[0].Shape, s.out.Shape)
	t := element(s.out.DType)
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		c, oy, ox := b.split(i, p.oh, p.ow)
		base := b.Mul(c, b.int(p.h*p.w))
		sum := b.Var(ptx.Number(t, 0))
		p.taps(b, oy, ox, func(at ptx.Value) { b.Set(sum, b.Add(sum, b.load(s.in[0], b.Add(base, at)))) })
		b.put(i, b.Div(sum, p.divisor(b, t, oy, ox)))
	})
}

func lowerAveragePoolGrad(s *step) {
	dy := s.in[0]
	p := poolOf(s.n.Attrs.Window, s.out.Shape, dy.Shape)
	t := element(s.out.DType)
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		c, y, x := b.split(i, p.h, p.w)
		sum := b.Var(ptx.Number(t, 0))
		p.covering(b, y, x, func(oy, ox ptx.Value) {
			o := b.Add(b.Mul(b.Add(b.Mul(c, b.int(p.oh)), oy), b.int(p.ow)), ox)
			b.Set(sum, b.Add(sum, b.Div(b.load(dy, o), p.divisor(b, t, oy, ox))))
		})
		b.put(i, sum)
	})
}

func lowerGlobalAveragePool(s *step) {
	n := s.in[0].Elements() / s.out.Elements()
	s.perLine(s.out.Elements(), n, true, func(t *team) {
		start := t.Mul(t.line, t.int(n))
		total := t.fold(sum(ptx.F64), n, func(i ptx.Value) ptx.Value { return t.load(s.in[0], t.Add(start, i)) })
		t.once(func() { t.put(t.line, t.rounded(s.out.DType, t.Div(total, ptx.Float(ptx.F64, float64(n))))) })
	})
}

// lowerMaxPoolIndex says where in the whole operand the largest element of each
// window lies, the first of equals: rows first, or columns. It is -1 where the
// window covers padding only.
func lowerMaxPoolIndex(s *step) {
	spans, size, x := s.n.Attrs.Spans, s.in[0].Shape[2:], s.in[0]
	t := element(x.DType).Held()
	kernel, out := make([]int64, len(spans)), make([]int64, len(spans))
	for d, p := range spans {
		kernel[d], out[d] = p.Kernel, p.Out
	}
	n, own := elements(size), strides(size)
	other := make([]int64, len(size)) // columns first
	for d := range size {
		other[d] = elements(size[:d])
	}
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		at := b.coordinates(i, append([]int64{1}, out...))
		base := b.Mul(at[0], b.int(n))
		best, index := b.Var(lowest(t, x.DType)), b.Var(ptx.Int(ptx.S64, -1))
		b.Count(b.ix, elements(kernel), func(tap ptx.Value) {
			taps := b.coordinates(tap, kernel)
			inside, row, column := ptx.Value{}, b.int(0), b.int(0)
			for d, p := range spans {
				v := b.Sub(b.Add(b.Mul(at[1+d], b.int(p.Stride)), b.Mul(taps[d], b.int(p.Dilation))), b.int(p.Begin))
				in := b.Cmp(v, ptx.LT, b.int(size[d])) // below zero is large
				if d == 0 {
					inside = in
				} else {
					inside = b.And(inside, in)
				}
				row, column = b.Add(row, b.Mul(v, b.int(own[d]))), b.Add(column, b.Mul(v, b.int(other[d])))
			}
			b.If(inside, func() {
				v := b.load(x, b.Add(base, row))
				b.If(b.Or(b.Cmp(index, ptx.LT, ptx.Int(ptx.S64, 0)), b.over(v, best)), func() {
					b.Set(best, v)
					if s.n.Attrs.Last {
						row = column
					}
					b.Set(index, b.Convert(ptx.S64, b.Add(base, row)))
				})
			})
		})
		b.store(s.out, i, index)
	})
}

// lowerUnpool puts elements where their indices say, the last of those that meet,
// and zero elsewhere: the scratch holds for each place which element comes last.
func lowerUnpool(s *step) {
	n := s.out.Elements()
	last := operand{arg: s.work, Type: graph.Type{DType: abi.Int32, Shape: []int64{n}}, there: true}
	s.each(n, func(b *body, i ptx.Value) { b.store(last, i, ptx.Int(ptx.S32, 0)) })
	if s.in[0].Elements() > 0 {
		s.each(s.in[0].Elements(), func(b *body, i ptx.Value) {
			at := b.Max(b.load(s.in[1], i), ptx.Int(ptx.S64, 0))
			at = b.Min(at, ptx.Int(ptx.S64, n-1))
			b.AtomicMax(ptx.Global, b.At(b.base(last.arg), at, 4), b.Convert(ptx.U32, b.Add(i, b.int(1))))
		})
	}
	t := element(s.out.DType)
	s.each(n, func(b *body, i ptx.Value) {
		v, from := b.Var(ptx.Number(t, 0)), b.Bits(ptx.U32, b.load(last, i))
		b.If(b.Cmp(from, ptx.NE, ptx.Int(ptx.U32, 0)), func() {
			b.Set(v, b.load(s.in[0], b.Convert(b.ix, b.Sub(from, ptx.Int(ptx.U32, 1)))))
		})
		b.store(s.out, i, v)
	})
}
