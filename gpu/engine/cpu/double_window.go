package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// windowDoubles: windows over images, by the definition, in float64.
var windowDoubles = map[string]bind{
	"Conv":              plainConv,
	"ConvGradX":         plainConvGradX,
	"ConvGradW":         plainConvGradW,
	"MaxPool":           plainMaxPool[float64],
	"MaxPoolGrad":       plainMaxPoolGrad,
	"MaxPoolIndex":      largestAt.bind,
	"Unpool":            bindUnpool,
	"AveragePool":       plainAveragePool,
	"AveragePoolGrad":   plainAveragePoolGrad,
	"GlobalAveragePool": plainGlobalAveragePool,
}

// taps calls f for every tap of the window at position (oy, ox) that lies in an
// image of h×w, with its row and column in the window and its place in the image.
func taps(win *graph.Window, h, w, oy, ox int, f func(i, j, at int)) {
	for i := range int(win.Kernel[0]) {
		y := oy*int(win.Stride[0]) - int(win.Pads[0]) + i*int(win.Dilation[0])
		if y < 0 || y >= h {
			continue
		}
		for j := range int(win.Kernel[1]) {
			if x := ox*int(win.Stride[1]) - int(win.Pads[1]) + j*int(win.Dilation[1]); x >= 0 && x < w {
				f(i, j, y*w+x)
			}
		}
	}
}

// A convolved is the sizes of a convolution: x of n×c×h×w, weights of m×gc×taps, y
// of n×m×oh×ow, in groups of gm results and gc channels.
type convolved struct {
	win          graph.Window
	c, h, w      int
	m, oh, ow    int
	gc, gm, taps int
}

func newConvolved(win graph.Window, x, w, y []int64) convolved {
	return convolved{win: win, c: int(x[1]), h: int(x[2]), w: int(x[3]), m: int(w[0]), oh: int(y[2]), ow: int(y[3]),
		gc: int(w[1]), gm: int(w[0] / win.Group), taps: int(w[2] * w[3])}
}

// each calls f for every tap that image img and result channel m meet: an element
// of y, of the weights and of x.
func (v *convolved) each(img, m int, f func(y, w, x int)) {
	for o := range v.oh * v.ow {
		y := (img*v.m+m)*v.oh*v.ow + o
		for c := range v.gc {
			x := (img*v.c + m/v.gm*v.gc + c) * v.h * v.w
			taps(&v.win, v.h, v.w, o/v.ow, o%v.ow, func(i, j, at int) {
				f(y, (m*v.gc+c)*v.taps+i*int(v.win.Kernel[1])+j, x+at)
			})
		}
	}
}

func plainConv(b *binding) []stage {
	v := newConvolved(b.n.Attrs.Window, b.in[0].typ.Shape, b.in[1].typ.Shape, b.out.typ.Shape)
	return []stage{{int(b.out.typ.Shape[0]) * v.m, func(_, t int) {
		x, w, y := view[float64](b.p, b.in[0]), view[float64](b.p, b.in[1]), view[float64](b.p, b.out)
		start := 0.0
		if len(b.in) > 2 && b.in[2].has() {
			start = view[float64](b.p, b.in[2])[t%v.m]
		}
		out := y[t*v.oh*v.ow:][:v.oh*v.ow]
		for i := range out {
			out[i] = start
		}
		v.each(t/v.m, t%v.m, func(o, k, i int) { y[o] += float64(w[k] * x[i]) })
	}}}
}

func plainConvGradX(b *binding) []stage {
	v := newConvolved(b.n.Attrs.Window, b.out.typ.Shape, b.in[1].typ.Shape, b.in[0].typ.Shape)
	return []stage{{int(b.out.typ.Shape[0]), func(_, img int) {
		dy, w, dx := view[float64](b.p, b.in[0]), view[float64](b.p, b.in[1]), view[float64](b.p, b.out)
		n := v.c * v.h * v.w
		clear(dx[img*n:][:n])
		for m := range v.m {
			v.each(img, m, func(o, k, i int) { dx[i] += float64(w[k] * dy[o]) })
		}
	}}}
}

func plainConvGradW(b *binding) []stage {
	v := newConvolved(b.n.Attrs.Window, b.in[1].typ.Shape, b.out.typ.Shape, b.in[0].typ.Shape)
	return []stage{{v.m, func(_, m int) {
		dy, x, dw := view[float64](b.p, b.in[0]), view[float64](b.p, b.in[1]), view[float64](b.p, b.out)
		clear(dw[m*v.gc*v.taps:][:v.gc*v.taps])
		for img := range int(b.in[1].typ.Shape[0]) {
			v.each(img, m, func(o, k, i int) { dw[k] += float64(x[i] * dy[o]) })
		}
	}}}
}

// over reports whether v comes before best where the largest is looked for: NaN is
// larger than anything.
func over[T number](v, best T) bool { return v > best || v != v && best == best }

// lowest is what is below every element of the type.
func lowest[T number]() T {
	var t T
	switch p := any(&t).(type) {
	case *float32:
		*p = float32(math.Inf(-1))
	case *float64:
		*p = math.Inf(-1)
	case *int64:
		*p = math.MinInt64
	case *int32:
		*p = math.MinInt32
	case *int8:
		*p = math.MinInt8
	}
	return t
}

// perChannel is a task for each channel of N×C×H×W.
func perChannel(shape []int64, f func(c int)) []stage {
	return []stage{{int(shape[0] * shape[1]), func(_, c int) { f(c) }}}
}

// plainMaxPool gives the lowest number of the type where a window covers padding
// only.
func plainMaxPool[T number](b *binding) []stage {
	x, y, win := b.in[0].typ.Shape, b.out.typ.Shape, b.n.Attrs.Window
	h, w, oh, ow := int(x[2]), int(x[3]), int(y[2]), int(y[3])
	return perChannel(x, func(c int) {
		src, dst := view[T](b.p, b.in[0])[c*h*w:], view[T](b.p, b.out)[c*oh*ow:][:oh*ow]
		for o := range dst {
			best := lowest[T]()
			taps(&win, h, w, o/ow, o%ow, func(_, _, at int) {
				if over(src[at], best) {
					best = src[at]
				}
			})
			dst[o] = best
		}
	})
}

func plainMaxPoolGrad(b *binding) []stage {
	y, x, win := b.in[0].typ.Shape, b.out.typ.Shape, b.n.Attrs.Window
	h, w, oh, ow := int(x[2]), int(x[3]), int(y[2]), int(y[3])
	return perChannel(x, func(c int) {
		dy, src := view[float64](b.p, b.in[0])[c*oh*ow:][:oh*ow], view[float64](b.p, b.in[1])[c*h*w:]
		dx := view[float64](b.p, b.out)[c*h*w:][:h*w]
		clear(dx)
		for o, d := range dy {
			best := -1
			taps(&win, h, w, o/ow, o%ow, func(_, _, at int) {
				if best < 0 || over(src[at], src[best]) {
					best = at
				}
			})
			if best >= 0 {
				dx[best] += d
			}
		}
	})
}

// divisor is what the mean of a window is divided by.
func divisor(win *graph.Window, h, w, oy, ox int) float64 {
	n := 0
	taps(win, h, w, oy, ox, func(_, _, _ int) { n++ })
	if win.CountPad {
		n = int(win.Kernel[0] * win.Kernel[1])
	}
	return float64(max(n, 1))
}

func plainAveragePool(b *binding) []stage {
	x, y, win := b.in[0].typ.Shape, b.out.typ.Shape, b.n.Attrs.Window
	h, w, oh, ow := int(x[2]), int(x[3]), int(y[2]), int(y[3])
	return perChannel(x, func(c int) {
		src, dst := view[float64](b.p, b.in[0])[c*h*w:], view[float64](b.p, b.out)[c*oh*ow:][:oh*ow]
		for o := range dst {
			sum := 0.0
			taps(&win, h, w, o/ow, o%ow, func(_, _, at int) { sum += src[at] })
			dst[o] = sum / divisor(&win, h, w, o/ow, o%ow)
		}
	})
}

func plainAveragePoolGrad(b *binding) []stage {
	y, x, win := b.in[0].typ.Shape, b.out.typ.Shape, b.n.Attrs.Window
	h, w, oh, ow := int(x[2]), int(x[3]), int(y[2]), int(y[3])
	return perChannel(x, func(c int) {
		dy, dx := view[float64](b.p, b.in[0])[c*oh*ow:][:oh*ow], view[float64](b.p, b.out)[c*h*w:][:h*w]
		clear(dx)
		for o, d := range dy {
			d /= divisor(&win, h, w, o/ow, o%ow)
			taps(&win, h, w, o/ow, o%ow, func(_, _, at int) { dx[at] += d })
		}
	})
}

func plainGlobalAveragePool(b *binding) []stage {
	n := int(b.in[0].typ.Shape[2] * b.in[0].typ.Shape[3])
	return perChannel(b.in[0].typ.Shape, func(c int) {
		sum := 0.0
		for _, v := range view[float64](b.p, b.in[0])[c*n:][:n] {
			sum += v
		}
		view[float64](b.p, b.out)[c] = sum / float64(n)
	})
}

// bindMaxPoolIndex says where in the whole operand the largest element of each
// window lies, the first of equals: rows first, or columns. It is -1 where the
// window covers padding only.
var largestAt = typed{f32: maxPoolIndex[float32], f64: maxPoolIndex[float64], i8: maxPoolIndex[int8], u8: maxPoolIndex[uint8]}

func maxPoolIndex[T number](b *binding) []stage {
	spans, size, last := b.n.Attrs.Spans, b.in[0].typ.Shape[2:], b.n.Attrs.Last
	n, count := 1, 1
	for i, s := range spans {
		n, count = n*int(size[i]), count*int(s.Kernel)
	}
	windows := b.out.len() / int(b.in[0].typ.Shape[0]*b.in[0].typ.Shape[1])
	return perChannel(b.in[0].typ.Shape, func(c int) {
		src, dst := view[T](b.p, b.in[0])[c*n:], view[int64](b.p, b.out)[c*windows:][:windows]
		for o := range dst {
			best, index := -1, -1
			for tap := range count {
				at, column, inside := 0, 0, true
				row, rest, o := 1, tap, o
				places := [abi.MaxRank]int{}
				for d := len(spans) - 1; d >= 0; d-- {
					s := spans[d]
					p := o%int(s.Out)*int(s.Stride) - int(s.Begin) + rest%int(s.Kernel)*int(s.Dilation)
					inside = inside && p >= 0 && p < int(size[d])
					at, row = at+p*row, row*int(size[d])
					places[d], rest, o = p, rest/int(s.Kernel), o/int(s.Out)
				}
				if !inside || best >= 0 && !over(src[at], src[best]) {
					continue
				}
				for d, step := 0, 1; d < len(spans); d++ {
					column, step = column+places[d]*step, step*int(size[d])
				}
				if best, index = at, at; last {
					index = column
				}
			}
			if dst[o] = -1; best >= 0 {
				dst[o] = int64(c*n + index)
			}
		}
	})
}

// bindUnpool puts elements where their indices say, in order, zero elsewhere. An
// index outside the result counts like the nearest one that is not.
func bindUnpool(b *binding) []stage {
	if b.out.typ.DType == abi.Float64 {
		return unpool[float64](b)
	}
	return unpool[float32](b)
}

func unpool[T any](b *binding) []stage {
	return []stage{{1, func(_, _ int) {
		x, y := view[T](b.p, b.in[0]), view[T](b.p, b.out)
		clear(y)
		for i, k := range view[int64](b.p, b.in[1]) {
			y[min(max(k, 0), int64(len(y)-1))] = x[i]
		}
	}}}
}
