package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/abi"
)

// steps returns which scale the i-th run of so many elements has: there is one,
// or one for each place along the axis.
func (b *binding) steps() (runs, length int, which func(run int) int) {
	n := b.in[1].len()
	if n == 1 {
		return (b.out.len() + chunk - 1) / chunk, chunk, func(int) int { return 0 }
	}
	outer, size, inner := around(b.out.typ.Shape, b.n.Attrs.Axis)
	return outer * size, inner, func(run int) int { return run % size }
}

// bindQuantize divides in float32, rounds half to even, adds the zero point and
// clamps. NaN gives the zero point.
func bindQuantize(b *binding) []stage {
	if b.out.typ.DType == abi.Int8 {
		return quantize[int8](b, math.MinInt8, math.MaxInt8)
	}
	return quantize[uint8](b, 0, math.MaxUint8)
}

func quantize[T int8 | uint8](b *binding, low, high float64) []stage {
	runs, length, which := b.steps()
	total := b.out.len()
	return spreadBy(runs, max(1, chunk/length), func(from, to int) {
		x, scales, y := b.p.f32(b.in[0]), b.p.f32(b.in[1]), view[T](b.p, b.out)
		for r := from; r < to; r++ {
			k := which(r)
			scale, point := scales[k], 0.0
			if len(b.in) > 2 && b.in[2].has() {
				point = float64(view[T](b.p, b.in[2])[k])
			}
			end := min((r+1)*length, total)
			out := y[r*length : end]
			for i, v := range x[r*length : end] {
				q := math.RoundToEven(float64(v/scale)) + point
				switch {
				case q >= low && q <= high:
					out[i] = T(int32(q))
				case q != q:
					out[i] = T(int32(point))
				case q < low:
					out[i] = T(int32(low))
				default:
					out[i] = T(int32(high))
				}
			}
		}
	})
}

var dequantized = typed{i32: dequantize[int32], i8: dequantize[int8], u8: dequantize[uint8]}

func dequantize[T int8 | uint8 | int32](b *binding) []stage {
	runs, length, which := b.steps()
	total := b.out.len()
	return spreadBy(runs, max(1, chunk/length), func(from, to int) {
		x, scales, y := view[T](b.p, b.in[0]), b.p.f32(b.in[1]), b.p.f32(b.out)
		for r := from; r < to; r++ {
			k := which(r)
			scale, point := scales[k], int64(0)
			if len(b.in) > 2 && b.in[2].has() {
				point = int64(view[T](b.p, b.in[2])[k])
			}
			end := min((r+1)*length, total)
			out := y[r*length : end]
			for i, v := range x[r*length : end] {
				out[i] = float32(int64(v)-point) * scale
			}
		}
	})
}
