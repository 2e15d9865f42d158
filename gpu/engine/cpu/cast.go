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
		return castReal[float64](b)
	case abi.Float32:
		return castReal[float32](b)
	case abi.Float16:
		return castHalf(b)
	case abi.Int64:
		return castInteger[int64](b)
	case abi.Int32:
		return castInteger[int32](b)
	case abi.Int8:
		return castInteger[int8](b)
	case abi.Uint8:
		return castInteger[uint8](b)
	default: // bool, of which every byte but zero is true
		return castTruth(b)
	}
}

func castReal[T real](b *binding) []stage {
	switch b.out.typ.DType {
	case abi.Float64:
		return castPlain[T, float64](b)
	case abi.Float32:
		return castPlain[T, float32](b)
	case abi.Float16:
		return convert(b, func(x T) uint16 { return graph.HalfBits(float64(x)) })
	case abi.Int64:
		return castSaturated[T](b, int64(math.MinInt64), math.MaxInt64)
	case abi.Int32:
		return castSaturated[T](b, int32(math.MinInt32), math.MaxInt32)
	case abi.Int8:
		return castSaturated[T](b, int8(math.MinInt8), math.MaxInt8)
	case abi.Uint8:
		return castSaturated[T](b, uint8(0), math.MaxUint8)
	default:
		return convert(b, func(x T) uint8 { return bit(x != 0) })
	}
}

func castHalf(b *binding) []stage {
	value := func(x uint16) float64 { return float64(graph.Half(x)) }
	switch b.out.typ.DType {
	case abi.Float64:
		return convert(b, value)
	case abi.Float32:
		return convert(b, graph.Half)
	case abi.Float16:
		return castPlain[uint16, uint16](b)
	case abi.Int64:
		return convert(b, func(x uint16) int64 { return saturate(value(x), int64(math.MinInt64), math.MaxInt64) })
	case abi.Int32:
		return convert(b, func(x uint16) int32 { return saturate(value(x), int32(math.MinInt32), math.MaxInt32) })
	case abi.Int8:
		return convert(b, func(x uint16) int8 { return saturate(value(x), int8(math.MinInt8), math.MaxInt8) })
	case abi.Uint8:
		return convert(b, func(x uint16) uint8 { return saturate(value(x), uint8(0), math.MaxUint8) })
	default:
		return convert(b, func(x uint16) uint8 { return bit(value(x) != 0) })
	}
}

func castInteger[T integer](b *binding) []stage {
	switch b.out.typ.DType {
	case abi.Float64:
		return castPlain[T, float64](b)
	case abi.Float32:
		return castPlain[T, float32](b)
	case abi.Float16:
		return convert(b, func(x T) uint16 { return graph.HalfBits(float64(x)) })
	case abi.Int64:
		return castPlain[T, int64](b)
	case abi.Int32:
		return castPlain[T, int32](b)
	case abi.Int8:
		return castPlain[T, int8](b)
	case abi.Uint8:
		return castPlain[T, uint8](b)
	default:
		return convert(b, func(x T) uint8 { return bit(x != 0) })
	}
}

func castTruth(b *binding) []stage {
	switch b.out.typ.DType {
	case abi.Float64:
		return convert(b, func(x uint8) float64 { return float64(bit(x != 0)) })
	case abi.Float32:
		return convert(b, func(x uint8) float32 { return float32(bit(x != 0)) })
	case abi.Float16:
		return convert(b, func(x uint8) uint16 { return graph.HalfBits(float64(bit(x != 0))) })
	case abi.Int64:
		return convert(b, func(x uint8) int64 { return int64(bit(x != 0)) })
	case abi.Int32:
		return convert(b, func(x uint8) int32 { return int32(bit(x != 0)) })
	default:
		return convert(b, func(x uint8) uint8 { return bit(x != 0) })
	}
}

// castPlain is Go's conversion.
func castPlain[T, U number | uint16](b *binding) []stage {
	return spread(b.out.len(), func(from, to int) {
		x, y := view[T](b.p, b.in[0])[from:to], view[U](b.p, b.out)[from:to]
		for i, v := range x {
			y[i] = U(v)
		}
	})
}

func castSaturated[T real, U integer](b *binding, low, high U) []stage {
	return spread(b.out.len(), func(from, to int) {
		x, y := view[T](b.p, b.in[0])[from:to], view[U](b.p, b.out)[from:to]
		bottom, top := T(low), T(high) // the top may be one above
		for i, v := range x {
			if v > bottom && v < top {
				y[i] = U(v)
			} else {
				y[i] = saturate(float64(v), low, high)
			}
		}
	})
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
