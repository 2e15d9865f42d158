package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/abi"
)

// reduceDoubles: reductions in float64.
var reduceDoubles = map[string]bind{
	"ReduceSum":       floatReduce[float64],
	"ReduceMean":      floatReduce[float64],
	"ReduceMax":       floatReduce[float64],
	"ReduceMin":       floatReduce[float64],
	"ReduceProd":      floatReduce[float64],
	"ReduceLogSumExp": floatReduce[float64],
	"ReduceMaxGrad":   plainReduceMaxGrad,
	"ReduceProdGrad":  bindReduceProdGrad,
	"ArgMax":          extreme.bind,
	"ArgMin":          extreme.bind,
	"Softmax":         plainSoftmax(false),
	"LogSoftmax":      plainSoftmax(true),
	"SoftmaxGrad":     plainSoftmaxGrad(false),
	"LogSoftmaxGrad":  plainSoftmaxGrad(true),
	"Hardmax":         hardmax[float64],
}

// A gathering is what one result of a reduction is made of: n elements, at base
// and the offsets of a box.
type gathering[T any] struct {
	x    []T
	box  *box
	base int
	n    int
}

// each calls f for the elements in order.
func (g *gathering[T]) each(f func(v T)) {
	size, step := g.box.inner()
	g.box.rows(0, g.n/size, func(off int) {
		for i := range size {
			f(g.x[g.base+off+i*step])
		}
	})
}

// reductionOf returns the boxes of results and of what one is made of.
func reductionOf(shape []int64, axes []int) (outer, along box) {
	step := strides(shape)
	kd, ks := pick(shape, step, kept(len(shape), axes))
	rd, rs := pick(shape, step, axes)
	return newBox(kd, ks, 0), newBox(rd, rs, 0)
}

// reduceBy computes each result from its elements.
func reduceBy[T number](b *binding, f func(g *gathering[T]) T) []stage {
	outer, along := reductionOf(b.in[0].typ.Shape, b.n.Attrs.Axes)
	n := b.in[0].len() / b.out.len()
	return spreadBy(b.out.len(), max(1, chunk/n), func(from, to int) {
		g := gathering[T]{x: view[T](b.p, b.in[0]), box: &along, n: n}
		y := view[T](b.p, b.out)
		for o := from; o < to; o++ {
			g.base = outer.offset(o)
			y[o] = f(&g)
		}
	})
}

// floatReduce adds up and multiplies in float64, in the order of the elements.
func floatReduce[T real](b *binding) []stage {
	switch b.n.Op {
	case "ReduceSum":
		return reduceBy(b, func(g *gathering[T]) T { return T(sum(g)) })
	case "ReduceMean":
		return reduceBy(b, func(g *gathering[T]) T { return T(sum(g) / float64(g.n)) })
	case "ReduceMax":
		return reduceBy(b, largest[T])
	case "ReduceMin":
		return reduceBy(b, smallest[T])
	case "ReduceProd":
		return reduceBy(b, func(g *gathering[T]) T {
			p := 1.0
			g.each(func(v T) { p *= float64(v) })
			return T(p)
		})
	default: // ReduceLogSumExp
		return reduceBy(b, func(g *gathering[T]) T { return T(logSumExp(g)) })
	}
}

func sum[T number](g *gathering[T]) (s float64) {
	g.each(func(v T) { s += float64(v) })
	return s
}

// largest is NaN where there is one.
func largest[T number](g *gathering[T]) T {
	best := lowest[T]()
	g.each(func(v T) {
		if over(v, best) {
			best = v
		}
	})
	return best
}

// smallest is NaN where there is one.
func smallest[T number](g *gathering[T]) T {
	best := highest[T]()
	g.each(func(v T) {
		if v < best || v != v && best == best {
			best = v
		}
	})
	return best
}

// highest is what is above every element of the type.
func highest[T number]() T {
	var t T
	switch p := any(&t).(type) {
	case *float32:
		*p = float32(math.Inf(1))
	case *float64:
		*p = math.Inf(1)
	case *int64:
		*p = math.MaxInt64
	case *int32:
		*p = math.MaxInt32
	case *int8:
		*p = math.MaxInt8
	case *uint8:
		*p = math.MaxUint8
	}
	return t
}

// logSumExp takes the largest element out first, so that nothing overflows.
func logSumExp[T number](g *gathering[T]) float64 {
	top := float64(largest(g))
	if math.IsInf(top, 0) || top != top {
		return top
	}
	s := 0.0
	g.each(func(v T) { s += math.Exp(float64(v) - top) })
	return top + math.Log(s)
}

// toward is f rounded toward zero; what does not fit becomes the nearest number
// that does, and NaN becomes zero.
func toward[T number](f float64) T {
	switch {
	case f != f:
		return 0
	case f <= float64(lowest[T]()):
		return lowest[T]()
	case f >= float64(highest[T]()):
		return highest[T]()
	}
	return T(f)
}

// intReduce is every reduction of integers. Sums and products wrap around; a mean
// or a logarithm is rounded toward zero.
func intReduce[T ~int64 | ~int32 | ~int8 | ~uint8](b *binding) []stage {
	total := func(f func(v int64) int64) func(g *gathering[T]) int64 {
		return func(g *gathering[T]) (s int64) {
			g.each(func(v T) { s += f(int64(v)) })
			return s
		}
	}
	whole := total(func(v int64) int64 { return v })
	squares := total(func(v int64) int64 { return v * v })
	switch b.n.Op {
	case "ReduceSum":
		return reduceBy(b, func(g *gathering[T]) T { return T(whole(g)) })
	case "ReduceMean":
		return reduceBy(b, func(g *gathering[T]) T { return T(whole(g) / int64(g.n)) })
	case "ReduceMax":
		return reduceBy(b, largest[T])
	case "ReduceMin":
		return reduceBy(b, smallest[T])
	case "ReduceProd":
		return reduceBy(b, func(g *gathering[T]) T {
			p := T(1)
			g.each(func(v T) { p *= v })
			return p
		})
	case "ReduceL1":
		abs := total(func(v int64) int64 { return max(v, -v) })
		return reduceBy(b, func(g *gathering[T]) T { return T(abs(g)) })
	case "ReduceSumSquare":
		return reduceBy(b, func(g *gathering[T]) T { return T(squares(g)) })
	case "ReduceL2":
		return reduceBy(b, func(g *gathering[T]) T { return toward[T](math.Sqrt(float64(squares(g)))) })
	case "ReduceLogSum":
		return reduceBy(b, func(g *gathering[T]) T { return toward[T](math.Log(float64(whole(g)))) })
	default: // ReduceLogSumExp
		return reduceBy(b, func(g *gathering[T]) T { return toward[T](logSumExp(g)) })
	}
}

// plainReduceMaxGrad hands dy to the first of the largest elements.
func plainReduceMaxGrad(b *binding) []stage {
	outer, along := reductionOf(b.out.typ.Shape, b.n.Attrs.Axes)
	n := b.out.len() / b.in[0].len()
	return spreadBy(b.in[0].len(), max(1, chunk/n), func(from, to int) {
		dy, x, dx := view[float64](b.p, b.in[0]), view[float64](b.p, b.in[1]), view[float64](b.p, b.out)
		for o := from; o < to; o++ {
			base, best := outer.offset(o), -1
			for i := range n {
				k := base + along.offset(i)
				if dx[k] = 0; best < 0 || over(x[k], x[best]) {
					best = k
				}
			}
			dx[best] = dy[o]
		}
	})
}

// bindReduceProdGrad is dy times the product of all the other elements: products
// from the front meet those from the back, so that nothing is divided by zero.
func bindReduceProdGrad(b *binding) []stage {
	if b.out.typ.DType == abi.Float64 {
		return reduceProdGrad[float64](b)
	}
	return reduceProdGrad[float32](b)
}

func reduceProdGrad[T real](b *binding) []stage {
	outer, along := reductionOf(b.out.typ.Shape, b.n.Attrs.Axes)
	n := b.out.len() / b.in[0].len()
	return spreadBy(b.in[0].len(), max(1, chunk/n), func(from, to int) {
		dy, x, dx := view[T](b.p, b.in[0]), view[T](b.p, b.in[1]), view[T](b.p, b.out)
		for o := from; o < to; o++ {
			base, p := outer.offset(o), float64(dy[o])
			for i := range n {
				k := base + along.offset(i)
				dx[k] = T(p)
				p *= float64(x[k])
			}
			p = 1
			for i := n - 1; i >= 0; i-- {
				k := base + along.offset(i)
				dx[k] = T(float64(dx[k]) * p)
				p *= float64(x[k])
			}
		}
	})
}

// extreme is ArgMax and ArgMin. NaN is the largest and the smallest of all.
var extreme = typed{argFloat, arg1[float64], arg1[int64], arg1[int32], arg1[int8], arg1[uint8]}

func argFloat(b *binding) []stage {
	if b.n.Op == "ArgMax" && !b.n.Attrs.Last {
		return bindArgMax(b)
	}
	return arg1[float32](b)
}

func arg1[T number](b *binding) []stage {
	outer, size, inner := around(b.in[0].typ.Shape, b.n.Attrs.Axis)
	least, last := b.n.Op == "ArgMin", b.n.Attrs.Last
	return spreadBy(outer*inner, max(1, chunk/size), func(from, to int) {
		x, y := view[T](b.p, b.in[0]), view[int64](b.p, b.out)
		for r := from; r < to; r++ {
			base := r/inner*size*inner + r%inner
			best, at := x[base], 0
			for i := 1; i < size; i++ {
				v := x[base+i*inner]
				better := over(v, best)
				if least {
					better = v < best || v != v && best == best
				}
				if better || last && (v == best || v != v) {
					best, at = v, i
				}
			}
			y[r] = int64(at)
		}
	})
}

// lines calls f for the lines of a shape along an axis: where one starts, how many
// elements it has and how far they are apart.
func lines(shape []int64, axis int, f func(at, n, step int)) []stage {
	outer, size, inner := around(shape, axis)
	return spreadBy(outer*inner, max(1, chunk/8/size), func(from, to int) {
		for r := from; r < to; r++ {
			f(r/inner*size*inner+r%inner, size, inner)
		}
	})
}

func plainSoftmax(logarithm bool) bind {
	return func(b *binding) []stage {
		return lines(b.out.typ.Shape, b.n.Attrs.Axis, func(at, n, step int) {
			x, y := view[float64](b.p, b.in[0])[at:], view[float64](b.p, b.out)[at:]
			top, sum := math.Inf(-1), 0.0
			for i := range n {
				top = math.Max(top, x[i*step])
			}
			if math.IsInf(top, 0) { // all -Inf, or one +Inf: the limit is not defined
				sum = math.NaN()
			}
			for i := range n {
				sum += math.Exp(x[i*step] - top)
			}
			for i := range n {
				if v := x[i*step] - top; logarithm {
					y[i*step] = v - math.Log(sum)
				} else {
					y[i*step] = math.Exp(v) / sum
				}
			}
		})
	}
}

// plainSoftmaxGrad is dx = y·(dy - Σ dy·y), and dx = dy - eʸ·Σ dy with logarithms.
func plainSoftmaxGrad(logarithm bool) bind {
	return func(b *binding) []stage {
		return lines(b.out.typ.Shape, b.n.Attrs.Axis, func(at, n, step int) {
			dy, y, dx := view[float64](b.p, b.in[0])[at:], view[float64](b.p, b.in[1])[at:], view[float64](b.p, b.out)[at:]
			sum := 0.0
			for i := range n {
				if logarithm {
					sum += dy[i*step]
				} else {
					sum += float64(dy[i*step] * y[i*step])
				}
			}
			for i := range n {
				if logarithm {
					dx[i*step] = dy[i*step] - float64(math.Exp(y[i*step])*sum)
				} else {
					dx[i*step] = y[i*step] * (dy[i*step] - sum)
				}
			}
		})
	}
}

// hardmax is one at the first of the largest elements along the axis, zero at the
// others.
func hardmax[T real](b *binding) []stage {
	return lines(b.out.typ.Shape, b.n.Attrs.Axis, func(at, n, step int) {
		x, y := view[T](b.p, b.in[0])[at:], view[T](b.p, b.out)[at:]
		best := 0
		for i := range n {
			if y[i*step] = 0; over(x[i*step], x[best*step]) {
				best = i
			}
		}
		y[best*step] = 1
	})
}
