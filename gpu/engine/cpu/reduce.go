package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/kernel"
)

// A reduction goes over a kept box, and for each of its elements over a reduced
// box, in order. Where the last dimension is kept, a whole run of results is
// computed at once, so that memory is read in order either way.

// A fold takes up elements into an accumulator.
type fold struct {
	start float64
	one   func(acc float64, x []float32, step int) float64 // takes up a run
	many  func(acc []float64, x []float32)                 // takes up one element each
}

var sumRun = fold{
	one: func(acc float64, x []float32, step int) float64 {
		if step == 1 {
			return acc + kernel.Sum(x)
		}
		for i := 0; i < len(x); i += step {
			acc += float64(x[i])
		}
		return acc
	},
	many: kernel.Widen,
}

var maxRun = fold{
	start: math.Inf(-1),
	one: func(acc float64, x []float32, step int) float64 {
		for i := 0; i < len(x); i += step {
			acc = math.Max(acc, float64(x[i]))
		}
		return acc
	},
	many: func(acc []float64, x []float32) {
		for i, v := range x {
			acc[i] = math.Max(acc[i], float64(v))
		}
	},
}

// lanes is how many results are accumulated at once.
const lanes = 256

func pick(shape []int64, step []int, axes []int) ([]int64, []int) {
	var d []int64
	var s []int
	for _, a := range axes {
		d, s = append(d, shape[a]), append(s, step[a])
	}
	return d, s
}

// bindReduce adds up and multiplies in float64: it is within 1 ulp.
func bindReduce(f fold, mean bool) func(*binding) []stage {
	return func(b *binding) []stage {
		shape := b.in[0].typ.Shape
		step, keep := strides(shape), kept(len(shape), b.n.Attrs.Axes)
		kd, ks := pick(shape, step, keep)
		rd, rs := pick(shape, step, b.n.Attrs.Axes)
		outer, along := newBox(kd, ks, 0), newBox(rd, rs, 0)
		scale := 1.0
		n := b.in[0].len() / b.out.len()
		if mean {
			scale = 1 / float64(n)
		}
		inner, istep := outer.inner()
		runs, rstep := along.inner()
		if istep != 1 || inner == 1 { // the last dimension is reduced
			return spreadBy(b.out.len(), max(1, chunk/n), func(from, to int) {
				x, y := b.p.f32(b.in[0]), b.p.f32(b.out)
				for o := from; o < to; o++ {
					acc := f.start
					base := outer.offset(o)
					along.rows(0, n/runs, func(off int) {
						acc = f.one(acc, x[base+off:][:(runs-1)*rstep+1], rstep)
					})
					y[o] = float32(acc * scale)
				}
			})
		}
		blocks := (inner + lanes - 1) / lanes
		return []stage{{b.out.len() / inner * blocks, func(_, t int) {
			x, y := b.p.f32(b.in[0]), b.p.f32(b.out)
			row, at := t/blocks, t%blocks*lanes
			w := min(lanes, inner-at)
			var acc [lanes]float64
			for i := range acc {
				acc[i] = f.start
			}
			base := outer.offset(row*inner) + at
			along.rows(0, n/runs, func(off int) {
				for r := range runs {
					f.many(acc[:w], x[base+off+r*rstep:][:w])
				}
			})
			out := y[row*inner+at:][:w]
			for i := range out {
				out[i] = float32(acc[i] * scale)
			}
		}}}
	}
}

// offset is where element i of the box lies.
func (x *box) offset(i int) int {
	off := x.start
	for d := len(x.dims) - 1; d >= 0; d-- {
		off += i % x.dims[d] * x.step[d]
		i /= x.dims[d]
	}
	return off
}

// bindReduceMaxGrad hands dy to the first of the largest elements.
func bindReduceMaxGrad(b *binding) []stage {
	shape := b.out.typ.Shape
	step, keep := strides(shape), kept(len(shape), b.n.Attrs.Axes)
	kd, ks := pick(shape, step, keep)
	rd, rs := pick(shape, step, b.n.Attrs.Axes)
	outer, along := newBox(kd, ks, 0), newBox(rd, rs, 0)
	n := b.out.len() / b.in[0].len()
	return spreadBy(b.in[0].len(), max(1, chunk/n), func(from, to int) {
		dy, x, dx := b.p.f32(b.in[0]), b.p.f32(b.in[1]), b.p.f32(b.out)
		for o := from; o < to; o++ {
			base, at := outer.offset(o), 0
			best := float32(0)
			for i := range n {
				k := base + along.offset(i)
				if dx[k] = 0; i == 0 || above(x[k], best) {
					best, at = x[k], k
				}
			}
			dx[at] = dy[o]
		}
	})
}

func bindArgMax(b *binding) []stage {
	outer, size, inner := around(b.in[0].typ.Shape, b.n.Attrs.Axis)
	return spreadBy(outer*inner, max(1, chunk/size), func(from, to int) {
		x, y := b.p.f32(b.in[0]), view[int64](b.p, b.out)
		for r := from; r < to; r++ {
			base := r/inner*size*inner + r%inner
			at := 0
			for i := 1; i < size; i++ {
				if above(x[base+i*inner], x[base+at*inner]) {
					at = i
				}
			}
			y[r] = int64(at)
		}
	})
}

// bindSoftmax subtracts the largest element first, so that nothing overflows. It is
// within 3·2⁻²⁴ of the largest element, and a logarithm within 1 ulp.
func bindSoftmax(logarithm bool) func(*binding) []stage {
	return func(b *binding) []stage {
		outer, size, inner := around(b.out.typ.Shape, b.n.Attrs.Axis)
		return spreadBy(outer*inner, max(1, chunk/8/size), func(from, to int) {
			for r := from; r < to; r++ {
				base := r/inner*size*inner + r%inner
				x, y := b.p.f32(b.in[0])[base:], b.p.f32(b.out)[base:]
				if inner == 1 && !logarithm {
					softmaxRow(y[:size], x[:size])
					continue
				}
				top, sum := softmaxParts(x, size, inner)
				for i := range size {
					v := float64(x[i*inner]) - top
					if logarithm {
						y[i*inner] = float32(v - math.Log(sum))
					} else {
						y[i*inner] = float32(math.Exp(v) / sum)
					}
				}
			}
		})
	}
}

// softmaxRow is the softmax of elements side by side. Where all are -Inf or one is
// +Inf or NaN, it is NaN.
func softmaxRow(y, x []float32) {
	top := x[0]
	for _, v := range x {
		if above(v, top) {
			top = v
		}
	}
	kernel.ExpSub(y, x, top)
	kernel.DivBy(y, y, float32(kernel.Sum(y)))
}

// softmaxParts returns the largest of n elements and the sum of e to the power of
// what each is below it.
func softmaxParts(x []float32, n, step int) (top, sum float64) {
	top = math.Inf(-1)
	for i := range n {
		top = math.Max(top, float64(x[i*step]))
	}
	if math.IsInf(top, 0) { // all -Inf, or one +Inf: the limit is not defined
		return top, math.NaN()
	}
	for i := range n {
		sum += math.Exp(float64(x[i*step]) - top)
	}
	return top, sum
}

// bindSoftmaxGrad is dx = y·(dy - Σ dy·y), and dx = dy - eʸ·Σ dy with logarithms.
func bindSoftmaxGrad(logarithm bool) func(*binding) []stage {
	return func(b *binding) []stage {
		outer, size, inner := around(b.out.typ.Shape, b.n.Attrs.Axis)
		return spreadBy(outer*inner, max(1, chunk/8/size), func(from, to int) {
			for r := from; r < to; r++ {
				base := r/inner*size*inner + r%inner
				dy, y, dx := b.p.f32(b.in[0])[base:], b.p.f32(b.in[1])[base:], b.p.f32(b.out)[base:]
				sum := 0.0
				for i := range size {
					if d := float64(dy[i*inner]); logarithm {
						sum += d
					} else {
						sum += float64(d * float64(y[i*inner]))
					}
				}
				for i := range size {
					d, v := float64(dy[i*inner]), float64(y[i*inner])
					if logarithm {
						dx[i*inner] = float32(d - float64(math.Exp(v)*sum))
					} else {
						dx[i*inner] = float32(v * (d - sum))
					}
				}
			}
		})
	}
}
