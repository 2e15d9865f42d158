package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/abi"
)

type ordered interface {
	~float32 | ~int64 | ~int32 | ~uint8
}

// compare is the kernel of a comparison with broadcasting.
func compare[T ordered](b *binding, f func(x, y T) bool) []stage {
	x, y := b.in[0], b.in[1]
	n := newNest(b.out.typ.Shape, x.typ.Shape, y.typ.Shape)
	sx, sy := n.step[0], n.step[1]
	return spreadBy(n.rows, max(1, chunk/n.inner), func(from, to int) {
		xs, ys, out := view[T](b.p, x), view[T](b.p, y), view[uint8](b.p, b.out)[from*n.inner:]
		n.walk(from, to, func(off []int) {
			for i := range n.inner {
				out[i] = 0
				if f(xs[off[0]+i*sx], ys[off[1]+i*sy]) {
					out[i] = 1
				}
			}
			out = out[n.inner:]
		})
	})
}

func equal[T ordered](x, y T) bool   { return x == y }
func greater[T ordered](x, y T) bool { return x > y }
func less[T ordered](x, y T) bool    { return x < y }

func bindEqual(b *binding) []stage {
	switch b.in[0].typ.DType {
	case abi.Float32:
		return compare(b, equal[float32])
	case abi.Int64:
		return compare(b, equal[int64])
	case abi.Int32:
		return compare(b, equal[int32])
	default:
		return compare(b, equal[uint8])
	}
}

// bindOrder is Greater for sign 1 and Less for -1.
func bindOrder(sign int) func(*binding) []stage {
	return func(b *binding) []stage {
		switch b.in[0].typ.DType {
		case abi.Float32:
			return order[float32](b, sign)
		case abi.Int64:
			return order[int64](b, sign)
		case abi.Int32:
			return order[int32](b, sign)
		default:
			return order[uint8](b, sign)
		}
	}
}

func order[T ordered](b *binding, sign int) []stage {
	if sign > 0 {
		return compare(b, greater[T])
	}
	return compare(b, less[T])
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

func bindCast(b *binding) []stage {
	switch b.in[0].typ.DType {
	case abi.Float32:
		return castFrom[float32](b)
	case abi.Int64:
		return castFrom[int64](b)
	case abi.Int32:
		return castFrom[int32](b)
	default:
		return castFrom[uint8](b)
	}
}

func castFrom[T ordered](b *binding) []stage {
	switch b.out.typ.DType {
	case abi.Float32:
		return cast(b, func(x T) float32 { return float32(x) })
	case abi.Int64:
		return cast(b, func(x T) int64 { return saturate[T, int64](x, math.MinInt64, math.MaxInt64) })
	case abi.Int32:
		return cast(b, func(x T) int32 { return saturate[T, int32](x, math.MinInt32, math.MaxInt32) })
	case abi.Uint8:
		return cast(b, func(x T) uint8 { return saturate[T, uint8](x, 0, math.MaxUint8) })
	default: // bool
		return cast(b, func(x T) uint8 {
			if x != 0 {
				return 1
			}
			return 0
		})
	}
}

func cast[T, U any](b *binding, f func(T) U) []stage {
	return spread(b.out.len(), func(from, to int) {
		x, y := view[T](b.p, b.in[0])[from:to], view[U](b.p, b.out)[from:to]
		for i, v := range x {
			y[i] = f(v)
		}
	})
}

// saturate converts toward zero; what does not fit becomes the nearest end of the
// range, and NaN becomes zero, on every machine.
func saturate[T, U ordered](x T, low, high U) U {
	f := float64(x)
	switch {
	case f != f:
		return 0
	case f <= float64(low):
		return low
	case f >= float64(high):
		return high
	}
	return U(x)
}
