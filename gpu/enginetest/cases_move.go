package enginetest

import (
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// typed is the operand with elements of another type.
func typed(dt abi.DType, o operand) operand {
	o.dt = dt
	if dt != abi.Float64 && dt != abi.Float32 {
		o.diff = false
	}
	return o
}

func i32(shape []int64, v ...float64) operand { return plain(array{abi.Int32, shape, v}) }

// moveCases are the operators of shapes, places and indices.
func moveCases() []opCase {
	return slices.Concat(knownCases(), placeCases(), indexCases(), sampleCases(), wholeCases())
}

// knownCases have results that follow from shapes and constants.
func knownCases() []opCase {
	known := func(dt abi.DType, shape []int64, v ...float64) func([]array) array {
		return func([]array) array { return array{dt, shape, v} }
	}
	fill := abi.Attr{Name: "value", Type: abi.AttrTensor, Tensor: &abi.Literal{DType: abi.Int32, Shape: ints(1), Data: []byte{7, 0, 0, 0}}}
	boxes := fixed(abi.Float32, ints(1, 6, 4), 0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, -0.1, 1, 0.9, 0, 10, 1, 11, 0, 10.1, 1, 11.1, 1, 101, 0, 100)
	scores := fixed(abi.Float32, ints(1, 1, 6), 0.9, 0.75, 0.6, 0.95, 0.5, 0.3)
	return []opCase{
		{name: "Shape", in: []operand{plain(random(1, 2, 3, 4))}, want: known(abi.Int64, ints(3), 2, 3, 4)},
		{name: "Shape/part", attrs: attrs("start", 1, "end", -1), in: []operand{plain(random(1, 2, 3, 4))}, want: known(abi.Int64, ints(1), 3)},
		{name: "Shape/past", attrs: attrs("start", -9, "end", 9), in: []operand{plain(random(1, 2, 3))}, want: known(abi.Int64, ints(2), 2, 3)},
		{name: "Shape/scalar", in: []operand{plain(random(1))}, want: known(abi.Int64, ints(0))},
		{name: "Size", in: []operand{plain(array{abi.Bool, ints(2, 0, 3), nil})}, want: known(abi.Int64, nil, 0)},
		{name: "ConstantOfShape", in: []operand{list(2, 1)}, want: known(abi.Float32, ints(2, 1), 0, 0)},
		{name: "ConstantOfShape/int32", attrs: []abi.Attr{fill}, in: []operand{list(3)}, want: known(abi.Int32, ints(3), 7, 7, 7)},
		{name: "ConstantOfShape/empty", in: []operand{list(3, 0)}, want: known(abi.Float32, ints(3, 0))},
		{name: "EyeLike", attrs: attrs("k", -1), in: []operand{plain(random(1, 3, 2))}, want: known(abi.Float32, ints(3, 2), 0, 0, 1, 0, 0, 1)},
		{name: "EyeLike/bool", attrs: attrs("k", 1, "dtype", 9), in: []operand{plain(random(1, 2, 3))}, want: known(abi.Bool, ints(2, 3), 0, 1, 0, 0, 0, 1)},
		{name: "EyeLike/far", attrs: attrs("k", 1<<40), in: []operand{plain(random(1, 2, 2))}, want: known(abi.Float32, ints(2, 2), 0, 0, 0, 0)},
		{name: "Range", in: []operand{scalar(1), scalar(2.1), scalar(0.5)}, want: known(abi.Float32, ints(3), 1, 1.5, 2)},
		{name: "Range/down", in: []operand{fixed(abi.Int32, nil, 10), fixed(abi.Int32, nil, 4), fixed(abi.Int32, nil, -3)}, want: known(abi.Int32, ints(2), 10, 7)},
		{name: "Range/none", in: []operand{fixed(abi.Int64, nil, 4), fixed(abi.Int64, nil, 4), fixed(abi.Int64, nil, 1)}, want: known(abi.Int64, ints(0))},
		{name: "Range/float64", in: []operand{fixed(abi.Float64, nil, 0), fixed(abi.Float64, nil, -0.3), fixed(abi.Float64, nil, -0.125)}, want: known(abi.Float64, ints(3), 0, -0.125, -0.25)},
		{name: "NonZero", in: []operand{fixed(abi.Float32, ints(2, 3), 1, 0, 2, 0, -3, 0)}, want: known(abi.Int64, ints(2, 3), 0, 0, 1, 0, 2, 1)},
		{name: "NonZero/bool", in: []operand{fixed(abi.Bool, ints(3), 0, 0, 0)}, want: known(abi.Int64, ints(1, 0))},
		{name: "NonMaxSuppression", in: []operand{boxes, scores, list(3), scalar(0.5), scalar(0)}, want: known(abi.Int64, ints(3, 3), 0, 0, 3, 0, 0, 0, 0, 0, 5)},
		{name: "NonMaxSuppression/threshold", in: []operand{boxes, scores, list(3), scalar(0.5), scalar(0.4)}, want: known(abi.Int64, ints(2, 3), 0, 0, 3, 0, 0, 0)},
		{name: "NonMaxSuppression/none", in: []operand{boxes, scores}, want: known(abi.Int64, ints(0, 3))},
		{name: "Unique", in: []operand{fixed(abi.Float32, ints(6), 2, 1, 1, 3, 4, 3)}, want: known(abi.Float32, ints(4), 1, 2, 3, 4)},
		{name: "Unique/unsorted", attrs: attrs("sorted", 0), result: 2, in: []operand{fixed(abi.Int64, ints(6), 2, 1, 1, 3, 4, 3)}, want: known(abi.Int64, ints(6), 0, 1, 1, 2, 3, 2)},
		{name: "Unique/axis", attrs: attrs("axis", 0), in: []operand{fixed(abi.Int32, ints(3, 2), 1, 0, 1, 0, 0, 5)}, want: known(abi.Int32, ints(2, 2), 0, 5, 1, 0)},
		{name: "Unique/counts", attrs: attrs("axis", -1), result: 3, in: []operand{fixed(abi.Uint8, ints(1, 4), 9, 9, 1, 9)}, want: known(abi.Int64, ints(2), 1, 3)},
	}
}

// padded takes the operand's element at each place less before, where outside says
// which that is; outside returns less than zero for value.
func padded(value float64, before []int, shape []int64, outside func(i, n int) int) func([]array) array {
	return func(in []array) array {
		return generate(in[0].dt, shape, func(at []int) float64 {
			from := make([]int, len(at))
			for d := range at {
				n := int(in[0].shape[d])
				if from[d] = at[d] - before[d]; from[d] < 0 || from[d] >= n {
					if from[d] = outside(from[d], n); from[d] < 0 {
						return value
					}
				}
			}
			return in[0].at(from)
		})
	}
}

func nowhere(int, int) int { return -1 }

func mirrored(i, n int) int {
	for i < 0 || i >= n {
		if i < 0 {
			i = -i
		} else {
			i = 2*(n-1) - i
		}
	}
	return i
}

func tiled(repeats ...int64) func([]array) array {
	return func(in []array) array {
		shape := slices.Clone(in[0].shape)
		for d := range shape {
			shape[d] *= repeats[d]
		}
		return generate(in[0].dt, shape, func(at []int) float64 {
			from := make([]int, len(at))
			for d := range at {
				from[d] = at[d] % int(in[0].shape[d])
			}
			return in[0].at(from)
		})
	}
}

// cumulative adds up along an axis over what f says.
func cumulative(axis int, f func(i, at int) bool) func([]array) array {
	return func(in []array) array {
		return generate(in[0].dt, in[0].shape, func(at []int) float64 {
			sum, p := 0.0, slices.Clone(at)
			for i := range int(in[0].shape[axis]) {
				if p[axis] = i; f(i, at[axis]) {
					sum += in[0].at(p)
				}
			}
			return sum
		})
	}
}

// triangle keeps what f says of rows and columns.
func triangle(f func(row, col int) bool) func([]array) array {
	return func(in []array) array {
		return generate(in[0].dt, in[0].shape, func(at []int) float64 {
			if f(at[len(at)-2], at[len(at)-1]) {
				return in[0].at(at)
			}
			return 0
		})
	}
}

// top sorts along the last axis but keeps equals in order; it returns the values,
// or where they are.
func top(k int, places bool, less func(a, b float64) bool) func([]array) array {
	return func(in []array) array {
		s := in[0].shape
		n := int(s[len(s)-1])
		out := array{in[0].dt, append(slices.Clone(s[:len(s)-1]), int64(k)), nil}
		if places {
			out.dt = abi.Int64
		}
		for r := 0; r < len(in[0].data); r += n {
			order := make([]int, n)
			for i := range order {
				order[i] = i
			}
			slices.SortStableFunc(order, func(i, j int) int {
				switch a, b := in[0].data[r+i], in[0].data[r+j]; {
				case less(a, b):
					return -1
				case less(b, a):
					return 1
				}
				return 0
			})
			for _, i := range order[:k] {
				if places {
					out.data = append(out.data, float64(i))
				} else {
					out.data = append(out.data, in[0].data[r+i])
				}
			}
		}
		return out
	}
}

func placeCases() []opCase {
	above := func(a, b float64) bool { return a > b }
	below := func(a, b float64) bool { return a < b }
	return []opCase{
		{name: "Expand/one", in: []operand{x(1, 3, 4), list(3, 1)}, want: expand(3, 4)},
		{name: "Expand/none", in: []operand{plain(random(1, 1, 4)), list(0, 1)}, want: expand(0, 4)},
		{name: "Tile", in: []operand{x(1, 2, 3), list(3, 2)}, want: tiled(3, 2)},
		{name: "Tile/one", in: []operand{x(1, 2, 3, 2), list(1, 2, 1)}, want: tiled(1, 2, 1)},
		{name: "Tile/none", in: []operand{x(1, 2, 3), list(0, 2)}, want: tiled(0, 2)},
		{name: "Pad", in: []operand{x(1, 2, 3), list(1, 0, 0, 2), left()}, want: padded(0, []int{1, 0}, ints(3, 5), nowhere)},
		{name: "Pad/less", in: []operand{x(1, 3, 4), list(-1, 1, 1, -2)}, want: padded(0, []int{-1, 1}, ints(3, 3), nowhere)},
		{name: "Pad/nothing", in: []operand{x(1, 2, 3), list(0, 5, 0, -7)}, want: padded(0, []int{0, 5}, ints(2, 1), nowhere)},
		{name: "Pad/axes", in: []operand{x(1, 2, 3, 2), list(1, 2), left(), list(-2)}, want: padded(0, []int{0, 1, 0}, ints(2, 6, 2), nowhere)},
		{name: "Pad/reflect", attrs: attrs("mode", "reflect"), in: []operand{x(1, 2, 3, 4), list(0, 2, 1, 0, 1, 3)}, want: padded(0, []int{0, 2, 1}, ints(2, 6, 8), mirrored)},
		{name: "Pad/edge", attrs: attrs("mode", "edge"), in: []operand{x(1, 3, 2), list(2, 1, 1, 3)}, want: padded(0, []int{2, 1}, ints(6, 6), func(i, n int) int { return min(max(i, 0), n-1) })},
		{name: "Pad/wrap", attrs: attrs("mode", "wrap"), in: []operand{x(1, 3, 2), list(4, 1, 1, 3)}, want: padded(0, []int{4, 1}, ints(8, 6), func(i, n int) int { return (i%n + n) % n })},
		{name: "CenterCropPad", in: []operand{x(1, 5, 2), list(2, 5)}, want: padded(0, []int{-1, 1}, ints(2, 5), nowhere)},
		{name: "CenterCropPad/axes", attrs: attrs("axes", ints(-1)), in: []operand{x(1, 2, 4), list(3)}, want: padded(0, []int{0, 0}, ints(2, 3), nowhere)},
		{name: "Split", attrs: attrs("axis", 1), result: 1, in: []operand{x(1, 2, 5), list(2, 3)}, want: slice([]int{0, 2}, []int{1, 1}, 2, 3)},
		{name: "Split/uneven", attrs: attrs("num_outputs", 3), result: 2, in: []operand{x(1, 7, 2)}, want: slice([]int{6, 0}, []int{1, 1}, 1, 2)},
		{name: "Split/none", result: 1, in: []operand{x(1, 2), list(0, 2, 0)}, want: reshape(2)},
		{name: "Slice/none", in: []operand{plain(random(1, 4, 5)), list(3), list(1)}, want: slice([]int{0, 0}, []int{1, 1}, 0, 5)},
		{name: "Slice/int32", in: []operand{x(1, 4, 5), fixed(abi.Int32, ints(1), -1), fixed(abi.Int32, ints(1), -99), fixed(abi.Int32, ints(1), 0), fixed(abi.Int32, ints(1), -2)}, want: slice([]int{3, 0}, []int{-2, 1}, 2, 5)},
		{name: "Concat/empty", attrs: attrs("axis", 0), in: []operand{x(1, 2, 3), x(2, 0, 3), x(3, 1, 3)}, want: concat(0)},
		{name: "Reshape/allowzero", attrs: attrs("allowzero", 1), in: []operand{plain(random(1, 0, 3)), list(3, 4, 0)}, want: reshape(3, 4, 0)},
		{name: "Reshape/empty", in: []operand{plain(random(1, 0, 3)), list(-1, 3)}, want: reshape(0, 3)},
		{name: "Unsqueeze/scalar", in: []operand{x(1), list(0, -1)}, want: reshape(1, 1)},
		{name: "Transpose/empty", in: []operand{plain(random(1, 2, 0))}, want: transpose(1, 0)},
		{name: "DepthToSpace", attrs: attrs("blocksize", 2), in: []operand{x(1, 2, 8, 2, 3)}, want: func(in []array) array {
			return generate(in[0].dt, ints(2, 2, 4, 6), func(at []int) float64 {
				return in[0].at([]int{at[0], (at[2]%2*2+at[3]%2)*2 + at[1], at[2] / 2, at[3] / 2})
			})
		}},
		{name: "DepthToSpace/CRD", attrs: attrs("blocksize", 2, "mode", "CRD"), in: []operand{x(1, 1, 8, 2, 3)}, want: func(in []array) array {
			return generate(in[0].dt, ints(1, 2, 4, 6), func(at []int) float64 {
				return in[0].at([]int{at[0], at[1]*4 + at[2]%2*2 + at[3]%2, at[2] / 2, at[3] / 2})
			})
		}},
		{name: "SpaceToDepth", attrs: attrs("blocksize", 2), in: []operand{x(1, 2, 3, 4, 2)}, want: func(in []array) array {
			return generate(in[0].dt, ints(2, 12, 2, 1), func(at []int) float64 {
				return in[0].at([]int{at[0], at[1] % 3, at[2]*2 + at[1]/6, at[3]*2 + at[1]/3%2})
			})
		}},
		{name: "ReverseSequence", attrs: attrs("time_axis", 1, "batch_axis", 0), in: []operand{x(1, 3, 4, 2), labels(ints(3), 2, 99, -1)}, want: func(in []array) array {
			lens := []int{2, 4, 0}
			return generate(in[0].dt, in[0].shape, func(at []int) float64 {
				from := slices.Clone(at)
				if n := lens[at[0]]; at[1] < n {
					from[1] = n - 1 - at[1]
				}
				return in[0].at(from)
			})
		}},
		{name: "Trilu", in: []operand{x(1, 2, 3, 4), fixed(abi.Int64, nil, 1)}, want: triangle(func(r, c int) bool { return c >= r+1 })},
		{name: "Trilu/lower", attrs: attrs("upper", 0), in: []operand{x(1, 4, 3), fixed(abi.Int64, nil, -1)}, want: triangle(func(r, c int) bool { return c <= r-1 })},
		{name: "Trilu/far", in: []operand{x(1, 2, 2), fixed(abi.Int64, nil, -1<<62)}, want: triangle(func(int, int) bool { return true })},
		{name: "CumSum", in: []operand{x(1, 2, 4, 3), fixed(abi.Int64, nil, 1)}, want: cumulative(1, func(i, at int) bool { return i <= at })},
		{name: "CumSum/exclusive", attrs: attrs("exclusive", 1), in: []operand{x(1, 3, 4), fixed(abi.Int32, ints(1), -1)}, want: cumulative(1, func(i, at int) bool { return i < at })},
		{name: "CumSum/reverse", attrs: attrs("reverse", 1), in: []operand{x(1, 3, 4), fixed(abi.Int64, nil, 0)}, want: cumulative(0, func(i, at int) bool { return i >= at })},
		{name: "CumSum/both", attrs: attrs("reverse", 1, "exclusive", 1), in: []operand{x(1, 5), fixed(abi.Int64, nil, 0)}, want: cumulative(0, func(i, at int) bool { return i > at })},
		{name: "TopK", in: []operand{x(1, 3, 9), list(4)}, want: top(4, false, above)},
		{name: "TopK/places", result: 1, in: []operand{plain(floats(ints(2, 5), 1, 3, 3, -1, 3, 0, 0, 0, 0, 0)), list(4)}, want: top(4, true, above)},
		{name: "TopK/smallest", attrs: attrs("largest", 0), result: 1, in: []operand{plain(random(1, 2, 30)), list(30)}, want: top(30, true, below)},
		{name: "TopK/none", in: []operand{plain(random(1, 3, 2)), list(0)}, want: top(0, false, above)},
	}
}

// wholeCases move and compare elements of other types.
func wholeCases() []opCase {
	i64 := func(shape []int64, v ...float64) operand { return labels(shape, v...) }
	i8 := func(shape []int64, v ...float64) operand { return plain(array{abi.Int8, shape, v}) }
	u8 := func(shape []int64, v ...float64) operand { return plain(array{abi.Uint8, shape, v}) }
	half := func(o operand) operand { return typed(abi.Float16, o) }
	above := func(a, b float64) bool { return a > b }
	eighths := plain(floats(ints(2, 3), 0.125, -1, 2.5, 4, 0, -0.75))
	return []opCase{
		{name: "Tile/bool", in: []operand{plain(array{abi.Bool, ints(2), []float64{1, 0}}), list(2)}, want: tiled(2)},
		{name: "Tile/float16", in: []operand{half(eighths), list(1, 2)}, want: tiled(1, 2)},
		{name: "Pad/value", in: []operand{plain(random(1, 2, 2)), list(0, 1, 0, 0), plain(floats(nil, 9))}, want: padded(9, []int{0, 1}, ints(2, 3), nowhere)},
		{name: "Pad/int64", in: []operand{i64(ints(3), 1, 2, 3), list(1, 1), fixed(abi.Int64, nil, -7)}, want: padded(-7, []int{1}, ints(5), nowhere)},
		{name: "Pad/float16", in: []operand{half(eighths), list(0, 1, 0, 1)}, want: padded(0, []int{0, 1}, ints(2, 5), nowhere)},
		{name: "Pad/uint8", attrs: attrs("mode", "reflect"), in: []operand{u8(ints(3), 1, 2, 3), list(2, 2)}, want: padded(0, []int{2}, ints(7), mirrored)},
		{name: "Split/uint8", attrs: attrs("num_outputs", 2), in: []operand{u8(ints(4), 1, 2, 3, 4)}, want: slice([]int{0}, []int{1}, 2)},
		{name: "Trilu/bool", in: []operand{plain(array{abi.Bool, ints(2, 2), []float64{1, 1, 1, 1}})}, want: triangle(func(r, c int) bool { return c >= r })},
		{name: "CumSum/int32", in: []operand{i32(ints(4), 1, 2, 3, -9), fixed(abi.Int64, nil, 0)}, want: cumulative(0, func(i, at int) bool { return i <= at })},
		{name: "TopK/int8", result: 1, in: []operand{i8(ints(1, 5), -128, 127, 3, 127, -1), list(3)}, want: top(3, true, above)},
		{name: "TopK/int64", in: []operand{i64(ints(1, 4), 5, -9, 5, 8), list(2)}, want: top(2, false, above)},
		{name: "TopK/float16", in: []operand{half(eighths), list(2)}, want: top(2, false, above)},
		{name: "Gather/uint8", attrs: attrs("axis", 1), in: []operand{u8(ints(2, 3), 1, 2, 3, 4, 5, 6), i32(ints(2), 2, -3)}, want: taken(1)},
		{name: "GatherElements/bool", in: []operand{plain(array{abi.Bool, ints(3), []float64{1, 0, 1}}), i32(ints(2), 1, -1)}, want: elementsOf(0)},
		{name: "GatherND/int32", in: []operand{i32(ints(2, 2), 1, 2, 3, 4), labels(ints(2, 2), 1, 0, -1, -1)}, want: tuplesOf(0)},
		{name: "ScatterElements/int64", attrs: attrs("reduction", "mul"), in: []operand{i64(ints(3), 2, 3, 4), labels(ints(2), 1, 1), i64(ints(2), 5, 7)}, want: scattered(0, "mul")},
		{name: "ScatterND/int8", attrs: attrs("reduction", "max"), in: []operand{i8(ints(3), 2, 3, 4), labels(ints(2, 1), 0, 0), i8(ints(2), 5, -7)}, want: scatteredND("max")},
		{name: "ScatterND/bool", in: []operand{plain(array{abi.Bool, ints(3), []float64{0, 0, 1}}), labels(ints(2, 1), 0, 2), plain(array{abi.Bool, ints(2), []float64{1, 0}})}, want: scatteredND("none")},
		{name: "ReverseSequence/uint8", in: []operand{u8(ints(3, 1), 1, 2, 3), labels(ints(1), 2)}, attrs: attrs("time_axis", 0, "batch_axis", 1), want: func(in []array) array { return array{abi.Uint8, ints(3, 1), []float64{2, 1, 3}} }},
		{name: "Compress/int32", in: []operand{i32(ints(2, 2), 1, 2, 3, 4), fixed(abi.Bool, ints(3), 0, 1, 1)}, want: func([]array) array { return array{abi.Int32, ints(2), []float64{2, 3}} }},
		{name: "Resize/uint8", attrs: attrs("mode", "linear"), in: []operand{u8(ints(1, 1, 1, 2), 10, 20), left(), left(), list(1, 1, 1, 4)}, want: func([]array) array { return array{abi.Uint8, ints(1, 1, 1, 4), []float64{10, 12, 17, 20}} }},
	}
}
