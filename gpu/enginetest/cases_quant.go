package enginetest

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// integers is a random operand of 8-bit integers, with the ends of their range.
func integers(dt abi.DType, seed uint64, shape ...int64) operand {
	a := random(seed, shape...)
	a.dt = dt
	for i, v := range a.data {
		v = math.Min(math.Max(math.Round(v*64+127), 0), 255)
		switch i % 7 {
		case 0:
			v = 255
		case 1:
			v = 0
		}
		if dt == abi.Int8 {
			v -= 128
		}
		a.data[i] = v
	}
	return plain(a)
}

// along is element i of a scale or zero point: the only one, or that at the axis.
func along(a array, at []int, axis int) float64 {
	switch {
	case a.dt == 0:
		return 0
	case len(a.data) == 1:
		return a.data[0]
	}
	return a.data[at[axis]]
}

func quantized(v, scale, zero float64, dt abi.DType) float64 {
	low, high := 0.0, 255.0
	if dt == abi.Int8 {
		low, high = -128, 127
	}
	q := math.RoundToEven(single(v/scale)) + zero
	return math.Min(math.Max(q, low), high)
}

func quantize(axis int, dt abi.DType) func([]array) array {
	return func(in []array) array {
		in = append(in, array{})
		return generate(dt, in[0].shape, func(at []int) float64 {
			return quantized(in[0].at(at), along(in[1], at, axis), along(in[2], at, axis), dt)
		})
	}
}

func dequantize(axis int) func([]array) array {
	return func(in []array) array {
		in = append(in, array{})
		return generate(abi.Float32, in[0].shape, func(at []int) float64 {
			return (in[0].at(at) - along(in[2], at, axis)) * along(in[1], at, axis)
		})
	}
}

// shifted is x less its zero point, which has one number or one a place on the axis.
func shifted(x, zero array, axis int) array {
	return generate(abi.Int32, x.shape, func(at []int) float64 { return x.at(at) - along(zero, at, axis) })
}

func dynamic(in []array) array {
	low, high := math.Min(slices.Min(in[0].data), 0), math.Max(slices.Max(in[0].data), 0)
	scale := single(single(high-low) / 255)
	zero := math.RoundToEven(single(-low / scale))
	return generate(abi.Uint8, in[0].shape, func(at []int) float64 { return quantized(in[0].at(at), scale, zero, abi.Uint8) })
}

func matMulInteger(in []array) array {
	in = slices.Concat(in, make([]array, 4-len(in)))
	y := matmul([]array{shifted(in[0], in[2], len(in[0].shape)-2), shifted(in[1], in[3], len(in[1].shape)-1)})
	y.dt = abi.Int32
	return y
}

func convInteger(w window) func([]array) array {
	return func(in []array) array {
		in = slices.Concat(in, make([]array, 4-len(in)))
		y := conv(w)([]array{shifted(in[0], in[2], 0), shifted(in[1], in[3], 0)})
		y.dt = abi.Int32
		return y
	}
}

func quantCases() []opCase {
	u8, i8 := abi.Uint8, abi.Int8
	scale := func(v ...float64) operand {
		for i := range v {
			v[i] = single(v[i])
		}
		if len(v) == 1 {
			return fixed(abi.Float32, nil, v...)
		}
		return fixed(abi.Float32, ints(int64(len(v))), v...)
	}
	zero := func(dt abi.DType, v ...float64) operand {
		if len(v) == 1 {
			return fixed(dt, nil, v...)
		}
		return fixed(dt, ints(int64(len(v))), v...)
	}
	wide := plain(floats(ints(9), 0, 1, -1, 0.25, 0.75, 1e9, -1e9, inf, -inf))
	diff := func(o operand) operand { o.constant, o.diff = false, true; return o }
	one := window{s: [2]int{1, 1}, d: [2]int{1, 1}, g: 1}
	padded := window{s: [2]int{1, 1}, d: [2]int{1, 1}, p: [4]int{1, 1, 1, 1}, g: 1}
	grouped := window{s: [2]int{2, 2}, d: [2]int{1, 1}, g: 2}
	return []opCase{
		{name: "QuantizeLinear", in: []operand{wide, scale(0.5)}, want: quantize(0, u8)},
		{name: "QuantizeLinear/int8", in: []operand{wide, scale(0.5), zero(i8, -3)}, want: quantize(0, i8)},
		{name: "QuantizeLinear/axis", in: []operand{plain(random(1, 2, 3, 2)), scale(0.1, 0.02, 0.3), zero(u8, 0, 128, 255)}, want: quantize(1, u8)},
		{name: "QuantizeLinear/last", attrs: attrs("axis", -1), in: []operand{plain(random(1, 4, 2)), scale(0.1, 0.02), zero(i8, 0, 7)}, want: quantize(1, i8)},
		{name: "QuantizeLinear/long", in: []operand{plain(random(1, 40000)), scale(0.01), zero(u8, 128)}, want: quantize(0, u8)},
		{name: "QuantizeLinear/int32", in: []operand{plain(array{abi.Int32, ints(3), []float64{-7, 0, 9}}), scale(2), zero(i8, 1)}, want: quantize(0, i8)},
		{name: "QuantizeLinear/nan", in: []operand{plain(floats(ints(2), nan, 1)), scale(0.5), zero(u8, 9)}, want: func([]array) array { return array{u8, ints(2), []float64{9, 11}} }},
		{name: "DequantizeLinear", in: []operand{integers(u8, 1, 3, 5), scale(0.25)}, want: dequantize(0)},
		{name: "DequantizeLinear/int8", in: []operand{integers(i8, 1, 3, 5), scale(0.25), zero(i8, -128)}, want: dequantize(0)},
		{name: "DequantizeLinear/int32", in: []operand{plain(array{abi.Int32, ints(3), []float64{-70000, 0, 9}}), scale(0.5)}, want: dequantize(0)},
		{name: "DequantizeLinear/axis", attrs: attrs("axis", 0), in: []operand{integers(u8, 1, 3, 5), scale(0.25, 1, 2), zero(u8, 0, 1, 255)}, want: dequantize(0)},
		{name: "DequantizeLinear/gradient", in: []operand{integers(u8, 1, 3, 5), diff(scale(0.25)), zero(u8, 100)}, want: dequantize(0), fine: 1e-3},
		{name: "DequantizeLinear/gradients", in: []operand{integers(u8, 1, 2, 3, 2), diff(scale(0.25, 1, 2)), zero(u8, 100, 5, 6)}, want: dequantize(1), fine: 1e-3},
		{name: "DynamicQuantizeLinear", in: []operand{plain(random(1, 4, 5))}, want: dynamic},
		{name: "DynamicQuantizeLinear/positive", in: []operand{plain(positive(1, 7).array)}, want: dynamic},
		{name: "DynamicQuantizeLinear/zero", in: []operand{plain(zeros(abi.Float32, 3))}, want: func([]array) array { return zeros(u8, 3) }},

		{name: "MatMulInteger", in: []operand{integers(u8, 1, 3, 4), integers(u8, 2, 4, 5), zero(u8, 12), zero(u8, 3)}, want: matMulInteger},
		{name: "MatMulInteger/signed", in: []operand{integers(i8, 1, 2, 3, 4), integers(i8, 2, 4, 5)}, want: matMulInteger},
		{name: "MatMulInteger/rows", in: []operand{integers(u8, 1, 3, 4), integers(i8, 2, 4, 2), zero(u8, 1, 128, 255), zero(i8, -7, 9)}, want: matMulInteger},
		{name: "MatMulInteger/long", in: []operand{integers(u8, 1, 2, 3001), integers(u8, 2, 3001, 3), zero(u8, 0), zero(u8, 255)}, want: matMulInteger, fine: 1e-300},
		{name: "MatMulInteger/longer", in: []operand{integers(u8, 1, 1, 40000), integers(u8, 2, 40000, 1)}, want: matMulInteger, fine: 1e-300},
		{name: "ConvInteger", in: []operand{integers(u8, 1, 1, 2, 5, 5), integers(u8, 2, 3, 2, 3, 3), zero(u8, 100), zero(u8, 7)}, want: convInteger(one)},
		{name: "ConvInteger/pads", attrs: attrs("pads", ints(1, 1, 1, 1)), in: []operand{integers(u8, 1, 2, 3, 4, 4), integers(i8, 2, 2, 3, 3, 3), zero(u8, 200)}, want: convInteger(padded)},
		{name: "ConvInteger/channels", in: []operand{integers(i8, 1, 1, 40, 8, 8), integers(i8, 2, 3, 40, 3, 3), zero(i8, -128), zero(i8, -100, 0, 100)}, want: convInteger(one), fine: 1e-300},
		{name: "ConvInteger/deep", attrs: attrs("pads", ints(1, 1, 1, 1)), in: []operand{integers(u8, 1, 1, 300, 9, 9), integers(i8, 2, 2, 300, 3, 3)}, want: convInteger(padded), fine: 1e-300},
		{name: "ConvInteger/group", attrs: attrs("group", 2, "strides", ints(2, 2)), in: []operand{integers(u8, 1, 1, 4, 5, 5), integers(i8, 2, 6, 2, 3, 3)}, want: convInteger(grouped)},
		{name: "ConvInteger/each", attrs: attrs("group", 4), in: []operand{integers(u8, 1, 1, 4, 5, 5), integers(i8, 2, 4, 1, 3, 3), zero(u8, 9)}, want: convInteger(window{s: [2]int{1, 1}, d: [2]int{1, 1}, g: 4})},
		{name: "ConvInteger/gaps", attrs: attrs("dilations", ints(2, 2), "pads", ints(2, 0, 1, 3)), in: []operand{integers(i8, 1, 2, 5, 7, 9), integers(u8, 2, 20, 5, 2, 3), zero(i8, 5), zero(u8, 255)}, want: convInteger(window{s: [2]int{1, 1}, d: [2]int{2, 2}, p: [4]int{2, 0, 1, 3}, g: 1}), fine: 1e-300},
		{name: "ConvInteger/pointwise", in: []operand{integers(u8, 1, 2, 70, 6, 5), integers(i8, 2, 30, 70, 1, 1), zero(u8, 130)}, want: convInteger(one), fine: 1e-300},
		{name: "ConvInteger/rows", attrs: attrs("pads", ints(1, 2), "strides", ints(2)), in: []operand{integers(u8, 1, 2, 3, 7), integers(i8, 2, 4, 3, 3), zero(u8, 130)}, want: flatConv},
		{name: "ConvInteger/volumes", attrs: attrs("pads", ints(1, 0, 0, 1, 0, 0)), in: []operand{integers(u8, 1, 2, 3, 3, 4, 5), integers(i8, 2, 4, 3, 2, 3, 3), zero(u8, 130)}, want: deepConv},
		{name: "QLinearMatMul", in: []operand{integers(u8, 1, 3, 4), scale(0.02), zero(u8, 120), integers(i8, 2, 4, 5), scale(0.1, 0.2, 0.3, 0.4, 0.5), zero(i8, 0, 1, 2, 3, 4), scale(3), zero(u8, 90)}, want: qLinear(func(in []array) array {
			return matMulInteger(in)
		}, 1, false)},
		{name: "QLinearConv", attrs: attrs("pads", ints(1, 1, 1, 1)), in: []operand{integers(u8, 1, 1, 2, 4, 4), scale(0.02), zero(u8, 120), integers(i8, 2, 3, 2, 3, 3), scale(0.1, 0.2, 0.3), zero(i8, 0, 1, 2), scale(3), zero(u8, 90), fixed(abi.Int32, ints(3), 500, -500, 0)}, want: qLinear(convInteger(padded), 1, true)},
		{name: "QLinearConv/plain", in: []operand{integers(u8, 1, 1, 2, 4, 4), scale(0.02), zero(u8, 120), integers(u8, 2, 3, 2, 3, 3), scale(0.1), zero(u8, 128), scale(2.5), zero(i8, 3)}, want: qLinear(convInteger(one), 1, false)},
	}
}

// qLinear is an integer product, its scales, and the result quantised. axis is
// that of a scale for each column or channel.
func qLinear(product func([]array) array, axis int, bias bool) func([]array) array {
	return func(in []array) array {
		acc := product([]array{in[0], in[3], in[2], in[5]})
		dt := in[7].dt
		return generate(dt, acc.shape, func(at []int) float64 {
			v := acc.at(at)
			if bias {
				v += in[8].data[at[1]]
			}
			return quantized(single(v*single(in[1].data[0]*along(in[4], at, axis))), in[6].data[0], in[7].data[0], dt)
		})
	}
}

// flatConv is a ConvInteger of rows, in steps of two with one zero before and two
// after.
func flatConv(in []array) array {
	x, w := in[0], in[1]
	x.shape, w.shape = slices.Insert(slices.Clone(x.shape), 2, 1), slices.Insert(slices.Clone(w.shape), 2, 1)
	y := convInteger(window{s: [2]int{1, 2}, d: [2]int{1, 1}, p: [4]int{0, 1, 0, 2}, g: 1})([]array{x, w, in[2]})
	y.shape = slices.Delete(y.shape, 2, 3)
	return y
}

// deepConv is a ConvInteger of volumes, with a slice of padding before and after.
func deepConv(in []array) array {
	x, w := shifted(in[0], in[2], 0), in[1]
	s, k := x.shape, w.shape
	return generate(abi.Int32, ints(s[0], k[0], s[2]+3-k[2], s[3]+1-k[3], s[4]+1-k[4]), func(at []int) float64 {
		sum := 0.0
		for c := range int(k[1]) {
			for i := range int(k[2]) {
				for j := range int(k[3]) {
					for l := range int(k[4]) {
						if d := at[2] + i - 1; d >= 0 && d < int(s[2]) {
							sum += x.at([]int{at[0], c, d, at[3] + j, at[4] + l}) * w.at([]int{at[1], c, i, j, l})
						}
					}
				}
			}
		}
		return sum
	})
}
