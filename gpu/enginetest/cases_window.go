package enginetest

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// A frame is how a window moves over any number of dimensions: strides, dilations
// and padding before and after; group is of convolutions, out the size of the
// result where that does not follow.
type frame struct {
	kernel, stride, dilation, before, after, out []int64
	group                                        int
}

// at is the place in the image of a tap at a position, and whether it is inside
// the image with the given margins.
func (f frame) at(size, position, tap []int, margin bool) ([]int, bool) {
	p, inside := make([]int, len(position)), true
	for d := range p {
		low, high := 0, size[d]
		if margin {
			low, high = -int(f.before[d]), size[d]+int(f.after[d])
		}
		p[d] = position[d]*int(f.stride[d]) - int(f.before[d]) + tap[d]*int(f.dilation[d])
		inside = inside && p[d] >= low && p[d] < high
	}
	return p, inside
}

func whole(shape []int64) (out []int) {
	for _, d := range shape {
		out = append(out, int(d))
	}
	return out
}

func convolved(f frame) func([]array) array {
	return func(in []array) array {
		x, w := in[0], in[1]
		f.kernel = w.shape[2:]
		return generate(x.dt, append([]int64{x.shape[0], w.shape[0]}, f.out...), func(at []int) float64 {
			sum := 0.0
			if len(in) > 2 {
				sum = in[2].data[at[1]]
			}
			for c := range int(w.shape[1]) {
				for tap := range size(f.kernel) {
					k := index(tap, f.kernel)
					if p, ok := f.at(whole(x.shape[2:]), at[2:], k, false); ok {
						g := at[1] / (int(w.shape[0]) / f.group)
						sum += x.at(append([]int{at[0], g*int(w.shape[1]) + c}, p...)) * w.at(append([]int{at[1], c}, k...))
					}
				}
			}
			return sum
		})
	}
}

// transposed scatters each element of x over the window that it stands for.
func transposed(f frame) func([]array) array {
	return func(in []array) array {
		x, w := in[0], in[1]
		m := int(w.shape[1])
		out := zeros(x.dt, append([]int64{x.shape[0], int64(m * f.group)}, f.out...)...)
		for i, v := range x.data {
			from := index(i, x.shape)
			g := from[1] / (int(x.shape[1]) / f.group)
			for tap := range size(w.shape[2:]) {
				k := index(tap, w.shape[2:])
				p, ok := f.at(whole(f.out), from[2:], k, false)
				for c := 0; c < m && ok; c++ {
					to := 0
					for d, q := range append([]int{from[0], g*m + c}, p...) {
						to = to*int(out.shape[d]) + q
					}
					out.data[to] += v * w.at(append([]int{from[1], c}, k...))
				}
			}
		}
		if len(in) > 2 {
			for i := range out.data {
				out.data[i] += in[2].data[index(i, out.shape)[1]]
			}
		}
		return out
	}
}

// pooled is max, the mean of what is inside, of all with the padding, or the
// p-norm.
func pooled(f frame, kind string, p float64) func([]array) array {
	return func(in []array) array {
		x := in[0]
		return generate(x.dt, append([]int64{x.shape[0], x.shape[1]}, f.out...), func(at []int) float64 {
			best, sum, n := math.Inf(-1), 0.0, 0
			for tap := range size(f.kernel) {
				k := index(tap, f.kernel)
				if _, ok := f.at(whole(x.shape[2:]), at[2:], k, true); ok && kind == "all" {
					n++
				}
				if q, ok := f.at(whole(x.shape[2:]), at[2:], k, false); ok {
					v := x.at(append([]int{at[0], at[1]}, q...))
					best = math.Max(best, v)
					switch kind {
					case "norm":
						v = math.Pow(math.Abs(v), p)
					case "mean":
						n++
					}
					sum += v
				}
			}
			switch kind {
			case "max":
				return best
			case "norm":
				return math.Pow(sum, 1/p)
			}
			return sum / float64(n)
		})
	}
}

func windowCases() []opCase { return slices.Concat(convCases(), transposeCases(), poolCases()) }

func convCases() []opCase {
	one := frame{stride: ints(1), dilation: ints(1), before: ints(0), after: ints(0), group: 1}
	return []opCase{
		{name: "Conv/line", in: []operand{x(1, 2, 3, 7), x(2, 4, 3, 3)}, want: convolved(frame{stride: one.stride, dilation: one.dilation, before: one.before, after: one.after, group: 1, out: ints(5)})},
		{name: "Conv/line-uneven", attrs: attrs("strides", ints(2), "dilations", ints(2), "pads", ints(3, 0), "group", 2), in: []operand{x(1, 2, 4, 8), x(2, 6, 2, 3), x(3, 6)},
			want: convolved(frame{stride: ints(2), dilation: ints(2), before: ints(3), after: ints(0), group: 2, out: ints(4)})},
		{name: "Conv/line-lower", attrs: attrs("strides", ints(2), "auto_pad", "SAME_LOWER"), in: []operand{x(1, 1, 2, 6), x(2, 2, 2, 3)},
			want: convolved(frame{stride: ints(2), dilation: ints(1), before: ints(1), after: ints(0), group: 1, out: ints(3)})},
		{name: "Conv/volume", in: []operand{x(1, 2, 2, 3, 4, 3), x(2, 3, 2, 2, 2, 2), x(3, 3)},
			want: convolved(frame{stride: ints(1, 1, 1), dilation: ints(1, 1, 1), before: ints(0, 0, 0), after: ints(0, 0, 0), group: 1, out: ints(2, 3, 2)})},
		{name: "Conv/volume-uneven", attrs: attrs("strides", ints(2, 1, 2), "dilations", ints(2, 1, 1), "pads", ints(1, 0, 1, 2, 1, 0), "group", 2), in: []operand{x(1, 1, 4, 4, 3, 4), x(2, 2, 2, 2, 2, 3)},
			want: convolved(frame{stride: ints(2, 1, 2), dilation: ints(2, 1, 1), before: ints(1, 0, 1), after: ints(2, 1, 0), group: 2, out: ints(3, 3, 2)})},
		{name: "Conv/four", in: []operand{x(1, 1, 2, 2, 3, 2, 3), x(2, 2, 2, 2, 2, 1, 2)},
			want: convolved(frame{stride: ints(1, 1, 1, 1), dilation: ints(1, 1, 1, 1), before: ints(0, 0, 0, 0), after: ints(0, 0, 0, 0), group: 1, out: ints(1, 2, 2, 2)})},
	}
}

func transposeCases() []opCase {
	flat := func(s, d, p []int64, group int, out ...int64) frame {
		return frame{stride: s, dilation: d, before: p, after: p, group: group, out: out}
	}
	return []opCase{
		{name: "ConvTranspose", in: []operand{x(1, 2, 2, 3, 3), x(2, 2, 3, 3, 2)}, want: transposed(flat(ints(1, 1), ints(1, 1), ints(0, 0), 1, 5, 4))},
		{name: "ConvTranspose/bias", attrs: attrs("strides", ints(2, 3), "pads", ints(1, 0, 1, 0)), in: []operand{x(1, 1, 2, 3, 3), x(2, 2, 2, 3, 2), x(3, 2)}, want: transposed(flat(ints(2, 3), ints(1, 1), ints(1, 0), 1, 5, 8))},
		{name: "ConvTranspose/padding", attrs: attrs("strides", ints(3, 2), "output_padding", ints(1, 1)), in: []operand{x(1, 1, 1, 3, 3), x(2, 1, 2, 3, 3)}, want: transposed(flat(ints(3, 2), ints(1, 1), ints(0, 0), 1, 10, 8))},
		{name: "ConvTranspose/beyond", attrs: attrs("strides", ints(1, 2), "output_padding", ints(2, 3)), in: []operand{x(1, 1, 1, 3, 3), x(2, 1, 2, 2, 2)}, want: transposed(flat(ints(1, 2), ints(1, 1), ints(0, 0), 1, 6, 9))},
		{name: "ConvTranspose/shape", attrs: attrs("strides", ints(3, 2), "output_shape", ints(10, 8)), in: []operand{x(1, 1, 1, 3, 3), x(2, 1, 2, 3, 3)}, want: transposed(flat(ints(3, 2), ints(1, 1), ints(0, 0), 1, 10, 8))},
		{name: "ConvTranspose/cut", attrs: attrs("output_shape", ints(3, 4)), in: []operand{x(1, 1, 1, 3, 3), x(2, 1, 2, 3, 3)}, want: transposed(frame{stride: ints(1, 1), dilation: ints(1, 1), before: ints(1, 1), after: ints(1, 0), group: 1, out: ints(3, 4)})},
		{name: "ConvTranspose/same", attrs: attrs("strides", ints(2, 2), "auto_pad", "SAME_UPPER"), in: []operand{x(1, 1, 1, 3, 3), x(2, 1, 2, 3, 3)}, want: transposed(frame{stride: ints(2, 2), dilation: ints(1, 1), before: ints(0, 0), after: ints(1, 1), group: 1, out: ints(6, 6)})},
		{name: "ConvTranspose/group", attrs: attrs("group", 2, "dilations", ints(2, 1)), in: []operand{x(1, 2, 4, 3, 2), x(2, 4, 3, 2, 2)}, want: transposed(flat(ints(1, 1), ints(2, 1), ints(0, 0), 2, 5, 3))},
		{name: "ConvTranspose/line", attrs: attrs("strides", ints(2), "pads", ints(1, 1)), in: []operand{x(1, 1, 2, 4), x(2, 2, 3, 3), x(3, 3)}, want: transposed(flat(ints(2), ints(1), ints(1), 1, 7))},
		{name: "ConvTranspose/volume", attrs: attrs("strides", ints(2, 1, 2), "pads", ints(1, 0, 0, 1, 0, 0), "dilations", ints(2, 1, 1), "group", 2), in: []operand{x(1, 2, 2, 3, 2, 2), x(2, 2, 2, 2, 2, 2), x(3, 4)},
			want: transposed(flat(ints(2, 1, 2), ints(2, 1, 1), ints(1, 0, 0), 2, 5, 3, 4))},
	}
}

func poolCases() []opCase {
	line := frame{kernel: ints(3), stride: ints(2), dilation: ints(1), before: ints(1), after: ints(1), out: ints(4)}
	lineAttrs := attrs("kernel_shape", ints(3), "strides", ints(2), "pads", ints(1, 1))
	cube := frame{kernel: ints(2, 3, 2), stride: ints(2, 1, 1), dilation: ints(1, 1, 2), before: ints(1, 1, 0), after: ints(0, 1, 1), out: ints(2, 3, 3)}
	cubeAttrs := attrs("kernel_shape", cube.kernel, "strides", cube.stride, "dilations", cube.dilation, "pads", ints(1, 1, 0, 0, 1, 1))
	// the second window reaches one element beyond the padding
	over := frame{kernel: ints(2, 3), stride: ints(2, 2), dilation: ints(1, 1), before: ints(0, 1), after: ints(1, 0), out: ints(3, 2)}
	overAttrs := attrs("kernel_shape", over.kernel, "strides", over.stride, "pads", ints(0, 1, 1, 0), "ceil_mode", 1)
	with := func(list []abi.Attr, more ...any) []abi.Attr { return append(slices.Clone(list), attrs(more...)...) }
	bytes := func(dt abi.DType) operand {
		return plain(array{dt, ints(1, 1, 3, 3), []float64{1, 9, 2, 7, 5, 3, 4, 6, 8}})
	}
	square := window{k: [2]int{2, 2}, s: [2]int{1, 1}, d: [2]int{1, 1}}
	of := func(dt abi.DType) func([]array) array {
		return func(in []array) array {
			y := pool(square, "max")(in)
			y.dt = dt
			return y
		}
	}
	return []opCase{
		{name: "MaxPool/line", attrs: lineAttrs, in: []operand{x(1, 2, 2, 7)}, want: pooled(line, "max", 0)},
		{name: "MaxPool/volume", attrs: cubeAttrs, in: []operand{x(1, 1, 2, 3, 3, 4)}, want: pooled(cube, "max", 0)},
		{name: "MaxPool/uint8", attrs: attrs("kernel_shape", ints(2, 2)), in: []operand{bytes(abi.Uint8)}, want: of(abi.Uint8)},
		{name: "MaxPool/int8", attrs: attrs("kernel_shape", ints(2, 2)), in: []operand{bytes(abi.Int8)}, want: of(abi.Int8)},
		{name: "AveragePool/line", attrs: lineAttrs, in: []operand{x(1, 2, 2, 7)}, want: pooled(line, "mean", 0)},
		{name: "AveragePool/line-all", attrs: with(lineAttrs, "count_include_pad", 1), in: []operand{x(1, 2, 2, 7)}, want: pooled(line, "all", 0)},
		{name: "AveragePool/volume", attrs: cubeAttrs, in: []operand{x(1, 1, 2, 3, 3, 4)}, want: pooled(cube, "mean", 0)},
		{name: "AveragePool/volume-all", attrs: with(cubeAttrs, "count_include_pad", 1), in: []operand{x(1, 1, 2, 3, 3, 4)}, want: pooled(cube, "all", 0)},
		{name: "AveragePool/ceil", attrs: overAttrs, in: []operand{x(1, 1, 2, 5, 4)}, want: pooled(over, "mean", 0)},
		{name: "AveragePool/ceil-all", attrs: with(overAttrs, "count_include_pad", 1), in: []operand{x(1, 1, 2, 5, 4)}, want: pooled(over, "all", 0)},
		{name: "AveragePool/dilated", attrs: attrs("kernel_shape", ints(2, 2), "dilations", ints(2, 1)), in: []operand{x(1, 1, 2, 4, 3)},
			want: pooled(frame{kernel: ints(2, 2), stride: ints(1, 1), dilation: ints(2, 1), before: ints(0, 0), after: ints(0, 0), out: ints(2, 2)}, "mean", 0)},
		{name: "LpPool", attrs: lineAttrs, in: []operand{x(1, 2, 2, 7)}, want: pooled(line, "norm", 2)},
		{name: "LpPool/one", attrs: with(cubeAttrs, "p", 1), in: []operand{x(1, 1, 2, 3, 3, 4)}, want: pooled(cube, "norm", 1)},
		{name: "LpPool/three", attrs: with(overAttrs, "p", 3), in: []operand{x(1, 1, 2, 5, 4)}, want: pooled(over, "norm", 3)},
		{name: "GlobalAveragePool/line", in: []operand{x(1, 2, 3, 5)}, want: reduce("mean", true, 2)},
		{name: "GlobalAveragePool/volume", in: []operand{x(1, 1, 3, 2, 2, 3)}, want: reduce("mean", true, 2, 3, 4)},
		{name: "GlobalMaxPool", in: []operand{x(1, 2, 3, 3, 4)}, want: reduce("max", true, 2, 3)},
		{name: "GlobalMaxPool/line", in: []operand{x(1, 2, 3, 4)}, want: reduce("max", true, 2)},
		{name: "GlobalLpPool", in: []operand{x(1, 2, 3, 3, 2)}, want: folded(true, []int{2, 3}, norm2)},
		{name: "GlobalLpPool/three", attrs: attrs("p", 3), in: []operand{x(1, 2, 3, 4)}, want: folded(true, []int{2}, func(v []float64) float64 {
			s := 0.0
			for _, f := range v {
				s += math.Abs(f * f * f)
			}
			return math.Cbrt(s)
		})},
		{name: "MaxUnpool", attrs: attrs("kernel_shape", ints(2, 2), "strides", ints(2, 2)), in: []operand{plain(floats(ints(1, 1, 2, 2), 1, 2, 3, 4)), labels(ints(1, 1, 2, 2), 5, 7, 13, 15)}, want: func([]array) array {
			return floats(ints(1, 1, 4, 4), 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4)
		}},
		{name: "MaxUnpool/clamped", attrs: attrs("kernel_shape", ints(1, 1)), in: []operand{plain(floats(ints(1, 1, 1, 2), 1, 2)), labels(ints(1, 1, 1, 2), -9, 1<<40), list(1, 1, 1, 3)}, want: func([]array) array {
			return floats(ints(1, 1, 1, 3), 1, 2, 0)
		}},
	}
}
