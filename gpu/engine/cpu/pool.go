package cpu

import (
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

// A pool is a window that moves over one channel.
type pool struct {
	h, w, oh, ow int
	kernel       [2]int
	stride       [2]int
	dilation     [2]int
	pad          [2]int // top, left
}

func newPool(w graph.Window, x, y []int64) pool {
	p := pool{h: int(x[2]), w: int(x[3]), oh: int(y[2]), ow: int(y[3])}
	for i := range 2 {
		p.kernel[i], p.stride[i], p.dilation[i] = int(w.Kernel[i]), int(w.Stride[i]), int(w.Dilation[i])
		p.pad[i] = int(w.Pads[i])
	}
	return p
}

// bound returns the taps [lo, hi) of output position o that lie inside along
// dimension d, and the first source coordinate, of tap 0.
func (p *pool) bound(d, o, size int) (lo, hi, from int) {
	from = o*p.stride[d] - p.pad[d]
	if from < 0 {
		lo = (-from + p.dilation[d] - 1) / p.dilation[d]
	}
	hi = p.kernel[d]
	if last := from + (hi-1)*p.dilation[d]; last >= size {
		hi -= (last-size)/p.dilation[d] + 1
	}
	return lo, max(hi, lo), from
}

// largest returns the index of the largest element of x under the window at
// (oy, ox), the first of equals; NaN is larger than anything. It is -1 where the
// window covers padding only.
func (p *pool) largest(x []float32, oy, ox int) int {
	i0, i1, y0 := p.bound(0, oy, p.h)
	j0, j1, x0 := p.bound(1, ox, p.w)
	best, at := float32(0), -1
	for i := i0; i < i1; i++ {
		row := (y0 + i*p.dilation[0]) * p.w
		for j := j0; j < j1; j++ {
			k := row + x0 + j*p.dilation[1]
			if v := x[k]; at < 0 || above(v, best) {
				best, at = v, k
			}
		}
	}
	return at
}

// above reports whether v is larger than best, where NaN is largest.
func above(v, best float32) bool { return v > best || v != v && best == best }

func (p *pool) moving(channels int) kernel.Pool {
	return kernel.Pool{Channels: channels, H: p.h, W: p.w, OH: p.oh, OW: p.ow, KH: p.kernel[0], KW: p.kernel[1],
		Stride: p.stride, Dilation: p.dilation, Pad: p.pad}
}

// pooled is the stage that moves the window over all channels; after is called with
// what of a channel a task has computed. The windows of a wide pool are looked at where
// they lie, so that some elements of a channel are a task.
func (p *pool) pooled(b *binding, largest bool, after func(channel, from, to int)) []stage {
	x, y := b.in[0].typ.Shape, p.oh*p.ow
	k := p.moving(int(x[0] * x[1]))
	if !k.Wide() {
		run := k.Sum
		if largest {
			run = k.Max
		}
		return spreadBy(k.Channels, max(1, chunk/(p.h*p.w)), func(from, to int) {
			for c := from; c < to; c++ {
				run(c, b.p.f32(b.out), b.p.f32(b.in[0]))
				after(c, 0, y)
			}
		})
	}
	run := k.SumPart
	if largest {
		run = k.MaxPart
	}
	const part = 1 << 10
	parts := (y + part - 1) / part
	return []stage{{k.Channels * parts, func(_, t int) {
		c, from := t/parts, t%parts*part
		to := min(y, from+part)
		run(c, from, to, b.p.f32(b.out), b.p.f32(b.in[0]))
		after(c, from, to)
	}}}
}

func bindMaxPool(b *binding) []stage {
	p := newPool(b.n.Attrs.Window, b.in[0].typ.Shape, b.out.typ.Shape)
	return p.pooled(b, true, func(_, _, _ int) {})
}

func bindMaxPoolGrad(b *binding) []stage {
	y, x := b.in[0].typ.Shape, b.out.typ.Shape
	p := newPool(b.n.Attrs.Window, x, y)
	return spreadBy(int(x[0]*x[1]), max(1, chunk/4/(p.h*p.w)), func(from, to int) {
		for c := from; c < to; c++ {
			dy, src := b.p.f32(b.in[0])[c*p.oh*p.ow:][:p.oh*p.ow], b.p.f32(b.in[1])[c*p.h*p.w:][:p.h*p.w]
			dst := b.p.f32(b.out)[c*p.h*p.w:][:p.h*p.w]
			clear(dst)
			for oy := range p.oh {
				p.rowGrad(dst, src, dy[oy*p.ow:][:p.ow], oy)
			}
		}
	})
}

// rowGrad adds a row of dy to where its results came from.
func (p *pool) rowGrad(dst, src, dy []float32, oy int) {
	lo, hi, top := p.bound(0, oy, p.h)
	whole := lo == 0 && hi == p.kernel[0] && p.dilation == [2]int{1, 1}
	for ox, d := range dy {
		left := ox*p.stride[1] - p.pad[1]
		at := -1
		if whole && left >= 0 && left+p.kernel[1] <= p.w {
			at = p.largestInside(src, top*p.w+left)
		} else {
			at = p.largest(src, oy, ox)
		}
		if at >= 0 {
			dst[at] += d
		}
	}
}

// largestInside is largest for a window of neighbours that is all inside, from
// element first on.
func (p *pool) largestInside(x []float32, first int) int {
	best, at := x[first], first
	for i := range p.kernel[0] {
		k := first + i*p.w
		for j, v := range x[k:][:p.kernel[1]] {
			if above(v, best) {
				best, at = v, k+j
			}
		}
	}
	return at
}

// count is what an average divides by: the taps inside, at least one, or with
// countPad all of them.
func (p *pool) count(oy, ox int, countPad bool) float32 {
	n := 1
	for d, o := range [2]int{oy, ox} {
		lo, hi, _ := p.bound(d, o, [2]int{p.h, p.w}[d])
		if countPad {
			lo, hi = 0, p.kernel[d]
		}
		n *= hi - lo
	}
	return float32(max(n, 1))
}

// bindAveragePool divides sums by how many taps are inside: rows times columns. It is
// within 4·2⁻²⁴ of the largest element for windows of 3×3.
func bindAveragePool(b *binding) []stage {
	p, pad := newPool(b.n.Attrs.Window, b.in[0].typ.Shape, b.out.typ.Shape), b.n.Attrs.Window.CountPad
	counts := make([]float32, p.oh*p.ow)
	for o := range counts {
		counts[o] = p.count(o/p.ow, o%p.ow, pad)
	}
	return p.pooled(b, false, func(c, from, to int) {
		part := b.p.f32(b.out)[c*p.oh*p.ow:][from:to]
		kernel.Div(part, part, counts[from:to])
	})
}

func bindAveragePoolGrad(b *binding) []stage {
	y, x := b.in[0].typ.Shape, b.out.typ.Shape
	p, pad := newPool(b.n.Attrs.Window, x, y), b.n.Attrs.Window.CountPad
	return []stage{{int(x[0] * x[1]), func(_, c int) {
		dy, dst := b.p.f32(b.in[0])[c*p.oh*p.ow:][:p.oh*p.ow], b.p.f32(b.out)[c*p.h*p.w:][:p.h*p.w]
		clear(dst)
		for o, d := range dy {
			oy, ox := o/p.ow, o%p.ow
			i0, i1, y0 := p.bound(0, oy, p.h)
			j0, j1, x0 := p.bound(1, ox, p.w)
			d /= p.count(oy, ox, pad)
			for i := i0; i < i1; i++ {
				for j := j0; j < j1; j++ {
					dst[(y0+i*p.dilation[0])*p.w+x0+j*p.dilation[1]] += d
				}
			}
		}
	}}}
}

func bindGlobalAveragePool(b *binding) []stage {
	x := b.in[0].typ.Shape
	n := int(x[2] * x[3])
	return spreadBy(int(x[0]*x[1]), max(1, chunk/n), func(from, to int) {
		src, dst := b.p.f32(b.in[0]), b.p.f32(b.out)
		for c := from; c < to; c++ {
			dst[c] = float32(kernel.Sum(src[c*n:][:n]) / float64(n))
		}
	})
}
