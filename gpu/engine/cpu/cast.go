package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// bindCast follows ONNX: to a smaller float rounds to the nearest, even one; a
// float to an integer is cut toward zero, and where it does not fit becomes the
// nearest end of the range, NaN zero; an integer to a smaller one keeps the low
// bits; to bool is whether it is not zero.
func bindCast(b *binding) []stage {
	switch b.in[0].typ.DType {
	case abi.Float64:
		return castReal(b, func(x float64) float64 { return x })
	case abi.Float32:
		return castReal(b, func(x float32) float64 { return float64(x) })
	case abi.Float16:
		return castReal(b, func(x half) float64 { return float64(graph.Half(uint16(x))) })
	case abi.Int64:
		return castInteger[int64](b)
	case abi.Int32:
		return castInteger[int32](b)
	case abi.Int8:
		return castInteger[int8](b)
	case abi.Bool:
		return castInteger[truth](b)
	default:
		return castInteger[uint8](b)
	}
}

// A half is the bits of a float16, a truth a bool: zero, or not.
type (
	half  uint16
	truth uint8
)

func castReal[T any](b *binding, value func(T) float64) []stage {
	switch b.out.typ.DType {
	case abi.Float64:
		return convert(b, value)
	case abi.Float32:
		return convert(b, func(x T) float32 { return float32(value(x)) })
	case abi.Float16:
		return convert(b, func(x T) uint16 { return graph.HalfBits(value(x)) })
	case abi.Int64:
		return convert(b, func(x T) int64 { return saturate[int64](value(x), math.MinInt64, math.MaxInt64) })
	case abi.Int32:
		return convert(b, func(x T) int32 { return saturate[int32](value(x), math.MinInt32, math.MaxInt32) })
	case abi.Int8:
		return convert(b, func(x T) int8 { return saturate[int8](value(x), math.MinInt8, math.MaxInt8) })
	case abi.Uint8:
		return convert(b, func(x T) uint8 { return saturate[uint8](value(x), 0, math.MaxUint8) })
	default: // bool
		return convert(b, func(x T) uint8 { return bit(value(x) != 0) })
	}
}

func castInteger[T ~int64 | ~int32 | ~int8 | ~uint8](b *binding) []stage {
	one := func(x T) T { return x }
	if b.in[0].typ.DType == abi.Bool {
		one = func(x T) T { return T(bit(x != 0)) }
	}
	switch b.out.typ.DType {
	case abi.Float64:
		return convert(b, func(x T) float64 { return float64(one(x)) })
	case abi.Float32:
		return convert(b, func(x T) float32 { return float32(one(x)) })
	case abi.Float16:
		return convert(b, func(x T) uint16 { return graph.HalfBits(float64(one(x))) })
	case abi.Int64:
		return convert(b, func(x T) int64 { return int64(one(x)) })
	case abi.Int32:
		return convert(b, func(x T) int32 { return int32(one(x)) })
	case abi.Int8:
		return convert(b, func(x T) int8 { return int8(one(x)) })
	case abi.Uint8:
		return convert(b, func(x T) uint8 { return uint8(one(x)) })
	default: // bool
		return convert(b, func(x T) uint8 { return bit(x != 0) })
	}
}

// convert is the kernel of a function to another type.
func convert[T, U any](b *binding, f func(T) U) []stage {
	return spread(b.out.len(), func(from, to int) {
		x, y := view[T](b.p, b.in[0])[from:to], view[U](b.p, b.out)[from:to]
		for i, v := range x {
			y[i] = f(v)
		}
	})
}

// saturate converts toward zero; what does not fit becomes the nearest end of the
// range, and NaN becomes zero, on every machine.
func saturate[U integer](f float64, low, high U) U {
	switch {
	case f != f:
		return 0
	case f <= float64(low):
		return low
	case f >= float64(high):
		return high
	}
	return U(f)
}

// bindFill gives every element of the result one number.
func bindFill(b *binding) []stage {
	v := b.n.Attrs.Alpha
	switch b.out.typ.DType {
	case abi.Float64:
		return fillWith(b, float64(v))
	case abi.Float32:
		return fillWith(b, v)
	case abi.Float16:
		return fillWith(b, graph.HalfBits(float64(v)))
	case abi.Int64:
		return fillWith(b, int64(v))
	case abi.Int32:
		return fillWith(b, int32(v))
	default:
		return fillWith(b, uint8(int32(v)))
	}
}

func fillWith[T any](b *binding, v T) []stage {
	return spread(b.out.len(), func(from, to int) { fillRun(view[T](b.p, b.out)[from:to], []T{v}, 0) })
}
