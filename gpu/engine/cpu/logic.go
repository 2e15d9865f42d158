package cpu

import "math"

// holds returns the relation of an operator as 0 and 1. None holds for a NaN.
func holds[T number](op string) func(x, y T) uint8 {
	var f func(x, y T) bool
	switch op {
	case "Equal":
		f = func(x, y T) bool { return x == y }
	case "Greater":
		f = func(x, y T) bool { return x > y }
	case "GreaterOrEqual":
		f = func(x, y T) bool { return x >= y }
	case "Less":
		f = func(x, y T) bool { return x < y }
	default: // LessOrEqual
		f = func(x, y T) bool { return x <= y }
	}
	return func(x, y T) uint8 { return bit(f(x, y)) }
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

var compared = typed{compare[float32], compare[float64], compare[int64], compare[int32], compare[int8], compare[uint8]}

func compare[T number](b *binding) []stage { return pair(b, holds[T](b.n.Op)) }

func bindIsNaN[T real](b *binding) []stage {
	return convert(b, func(x T) uint8 { return bit(x != x) })
}

func bindIsInf[T real](b *binding) []stage {
	low, high := b.n.Attrs.Low != 0, b.n.Attrs.High != 0
	return convert(b, func(x T) uint8 {
		return bit(low && math.IsInf(float64(x), -1) || high && math.IsInf(float64(x), 1))
	})
}

func bindWhere(b *binding) []stage {
	return sized(b, where[uint8], where[uint16], where[uint32], where[uint64])
}

func where[T any](b *binding) []stage {
	n := newNest(b.out.typ.Shape, b.in[0].typ.Shape, b.in[1].typ.Shape, b.in[2].typ.Shape)
	return spreadBy(n.rows, max(1, chunk/n.inner), func(from, to int) {
		cond, x, y := view[uint8](b.p, b.in[0]), view[T](b.p, b.in[1]), view[T](b.p, b.in[2])
		out := view[T](b.p, b.out)[from*n.inner:]
		n.walk(from, to, func(off []int) {
			for i := range n.inner {
				if cond[off[0]+i*n.step[0]] != 0 {
					out[i] = x[off[1]+i*n.step[1]]
				} else {
					out[i] = y[off[2]+i*n.step[2]]
				}
			}
			out = out[n.inner:]
		})
	})
}
