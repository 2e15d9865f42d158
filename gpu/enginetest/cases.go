package enginetest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cloister-ai/cloister/abi"
)

// An operand of a case is an input of the graph, or a constant. diff asks for the
// gradient by it.
type operand struct {
	array
	constant bool
	diff     bool
	absent   bool
}

// x is a random float32 input; its gradient is checked.
func x(seed uint64, shape ...int64) operand {
	return operand{array: random(seed, shape...), diff: true}
}

// positive is x with numbers in about 0.3 to 2.3.
func positive(seed uint64, shape ...int64) operand {
	o := x(seed, shape...)
	for i, v := range o.data {
		o.data[i] = float64(float32(math.Abs(v) + 0.3))
	}
	return o
}

func plain(a array) operand { return operand{array: a} }

// fixed is a constant.
func fixed(dt abi.DType, shape []int64, data ...float64) operand {
	return operand{array: array{dt, shape, data}, constant: true}
}

// list is a constant int64 vector.
func list(v ...float64) operand { return fixed(abi.Int64, ints(int64(len(v))), v...) }

func scalar(v float64) operand { return fixed(abi.Float32, nil, float64(float32(v))) }

// labels is an int64 input.
func labels(shape []int64, v ...float64) operand { return plain(array{abi.Int64, shape, v}) }

func left() operand { return operand{absent: true} }

// An opCase is one node, and the loop that says what it computes. The name is the
// operator, with a slash and what is special.
type opCase struct {
	name  string
	attrs []abi.Attr
	in    []operand
	want  func(in []array) array
	opset int // 21 if zero
	fine  float64
	// result is which of several results is held to want.
	result int
}

func (c opCase) op() string {
	op, _, _ := strings.Cut(c.name, "/")
	return op
}

func (c opCase) tolerance() float64 {
	if c.fine != 0 {
		return c.fine
	}
	return 2e-5
}

func (c opCase) differentiable() bool {
	return slices.ContainsFunc(c.in, func(o operand) bool { return o.diff })
}

func (c opCase) reference() array {
	var in []array
	for _, o := range c.in {
		in = append(in, o.array)
	}
	return c.want(in)
}

// build adds the case to b and returns what the graph's inputs are fed with.
func (c opCase) build(b *builder) (abi.Value, []array, error) {
	if c.opset != 0 {
		b.graph(c.opset)
	}
	b.operands = nil
	var in []array
	for i, o := range c.in {
		switch {
		case o.absent:
			b.operands = append(b.operands, 0)
		case o.constant:
			b.operands = append(b.operands, b.constant(o.array))
		default:
			b.operands = append(b.operands, b.input(fmt.Sprintf("x%d", i), o.dt, o.shape...))
			in = append(in, o.array)
		}
	}
	out, err := b.g.Node(c.op(), c.attrs, b.operands)
	if err != nil {
		return 0, nil, err
	}
	return out[c.result], in, nil
}

// cases are those of every family of operators.
func cases() []opCase {
	return slices.Concat(coreCases(), elementCases(), moveCases(), windowCases(), reduceCases(), sequenceCases())
}

func coreCases() []opCase {
	img := func(seed uint64, s ...int64) operand { return x(seed, s...) }
	one := func(op string, f func(float64) float64) opCase {
		return opCase{name: op, in: []operand{x(1, 3, 5)}, want: unary(f)}
	}
	pos := func(op string, f func(float64) float64) opCase {
		return opCase{name: op, in: []operand{positive(1, 3, 5)}, want: unary(f)}
	}
	var list2 []opCase
	for _, op := range []struct {
		name string
		f    func(a, b float64) float64
	}{
		{"Add", func(a, b float64) float64 { return a + b }},
		{"Sub", func(a, b float64) float64 { return a - b }},
		{"Mul", func(a, b float64) float64 { return a * b }},
		{"Div", func(a, b float64) float64 { return a / b }},
	} {
		for _, s := range []struct {
			name string
			a, b []int64
		}{
			{"", ints(3, 4), ints(3, 4)},
			{"/row", ints(3, 4), ints(4)},
			{"/column", ints(3, 4), ints(3, 1)},
			{"/scalar", ints(3, 4), nil},
			{"/left", ints(4), ints(2, 3, 4)},
			{"/channel", ints(2, 3, 2, 2), ints(3, 1, 1)},
			{"/both", ints(2, 1, 3), ints(4, 1)},
			{"/scalars", nil, nil},
		} {
			list2 = append(list2, opCase{name: op.name + s.name, in: []operand{x(1, s.a...), positive(2, s.b...)}, want: zipped(op.f)})
		}
	}
	pool2 := attrs("kernel_shape", ints(2, 2), "strides", ints(2, 2))
	pool3 := attrs("kernel_shape", ints(3, 3), "strides", ints(2, 2), "pads", ints(1, 1, 1, 1))
	uneven := attrs("kernel_shape", ints(3, 2), "strides", ints(2, 1), "pads", ints(1, 0, 0, 1), "dilations", ints(1, 2))
	cond := func(shape []int64, v ...float64) operand { return plain(array{abi.Bool, shape, v}) }
	i64 := func(shape []int64, v ...float64) operand { return plain(array{abi.Int64, shape, v}) }

	return append(list2, []opCase{
		one("Neg", func(x float64) float64 { return -x }),
		one("Abs", math.Abs),
		one("Exp", math.Exp),
		pos("Log", math.Log),
		pos("Sqrt", math.Sqrt),
		pos("Reciprocal", func(x float64) float64 { return 1 / x }),
		one("Relu", func(x float64) float64 { return math.Max(x, 0) }),
		one("LeakyRelu", func(x float64) float64 { return math.Max(x, 0) + float64(float32(0.01))*math.Min(x, 0) }),
		{name: "LeakyRelu/alpha", attrs: attrs("alpha", 0.25), in: []operand{x(1, 7)}, want: unary(func(x float64) float64 { return math.Max(x, 0) + 0.25*math.Min(x, 0) })},
		one("Sigmoid", func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }),
		one("Tanh", math.Tanh),
		one("Erf", math.Erf),
		one("Gelu", func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) }),
		{name: "Gelu/tanh", attrs: attrs("approximate", "tanh"), in: []operand{x(1, 9)}, want: unary(func(x float64) float64 {
			return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		})},
		one("Softplus", func(x float64) float64 { return math.Log(1 + math.Exp(x)) }),
		{name: "Pow", in: []operand{positive(1, 3, 4), scalar(2.5)}, want: unary(func(x float64) float64 { return math.Pow(x, 2.5) })},
		{name: "Pow/square", in: []operand{x(1, 3, 4), scalar(2)}, want: unary(func(x float64) float64 { return x * x })},
		{name: "Clip", in: []operand{x(1, 5, 5), scalar(-0.7), scalar(1.1)}, want: unary(func(x float64) float64 {
			return math.Min(math.Max(x, float64(float32(-0.7))), float64(float32(1.1)))
		})},
		{name: "Clip/high", in: []operand{x(1, 5, 5), left(), scalar(0.5)}, want: unary(func(x float64) float64 { return math.Min(x, 0.5) })},

		{name: "Equal", in: []operand{i64(ints(2, 3), 1, 2, 3, 4, 5, 6), i64(ints(3), 1, 5, 6)}, want: comparison(func(a, b float64) bool { return a == b })},
		{name: "Equal/bool", in: []operand{cond(ints(4), 0, 1, 0, 1), cond(ints(4), 0, 0, 1, 1)}, want: comparison(func(a, b float64) bool { return a == b })},
		{name: "Greater", in: []operand{plain(random(1, 3, 4)), plain(random(2, 4))}, want: comparison(func(a, b float64) bool { return a > b })},
		{name: "Less", in: []operand{plain(random(1, 3, 4)), plain(random(2, 3, 1))}, want: comparison(func(a, b float64) bool { return a < b })},
		{name: "Less/int64", in: []operand{i64(ints(3), -5, 2, 9), i64(ints(3), 2, 2, 2)}, want: comparison(func(a, b float64) bool { return a < b })},
		{name: "Where", in: []operand{cond(ints(2, 3), 1, 0, 1, 0, 0, 1), x(1, 2, 3), x(2, 2, 3)}, want: choose},
		{name: "Where/broadcast", in: []operand{cond(ints(2, 1), 1, 0), x(1, 3), x(2, 4, 1, 1)}, want: choose},
		{name: "Where/int64", in: []operand{cond(ints(3), 1, 0, 1), i64(ints(3), 1, 2, 3), i64(nil, -9)}, want: choose},
		{name: "Cast/int64", attrs: attrs("to", 7), in: []operand{plain(floats(ints(6), 1.9, -1.9, 0, 3e9, 0.5, -0.5))}, want: cast(abi.Int64)},
		{name: "Cast/int32", attrs: attrs("to", 6), in: []operand{plain(floats(ints(4), 1.9, -1.9, 3e9, -3e9))}, want: cast(abi.Int32)},
		{name: "Cast/uint8", attrs: attrs("to", 2), in: []operand{plain(floats(ints(4), 1.9, -1.9, 300, 255))}, want: cast(abi.Uint8)},
		{name: "Cast/float32", attrs: attrs("to", 1), in: []operand{plain(array{abi.Uint8, ints(3), []float64{0, 7, 255}})}, want: cast(abi.Float32)},
		{name: "Cast/fromInt64", attrs: attrs("to", 1), in: []operand{i64(ints(3), -4, 0, 77)}, want: cast(abi.Float32)},
		{name: "Cast/bool", attrs: attrs("to", 9), in: []operand{plain(floats(ints(3), 0, 0.5, -2))}, want: cast(abi.Bool)},
		{name: "Cast/same", attrs: attrs("to", 1), in: []operand{x(1, 5)}, want: cast(abi.Float32)},

		{name: "Identity", in: []operand{x(1, 2, 3)}, want: reshape(2, 3)},
		{name: "Dropout", in: []operand{x(1, 2, 3), scalar(0.5)}, want: reshape(2, 3)},
		{name: "Dropout/inference", in: []operand{x(1, 2, 3), scalar(0.5), fixed(abi.Bool, nil, 0)}, want: reshape(2, 3)},
		{name: "Flatten", in: []operand{x(1, 2, 3, 4)}, want: reshape(2, 12)},
		{name: "Flatten/axis", attrs: attrs("axis", -1), in: []operand{x(1, 2, 3, 4)}, want: reshape(6, 4)},
		{name: "Flatten/zero", attrs: attrs("axis", 0), in: []operand{x(1, 2, 3)}, want: reshape(1, 6)},
		{name: "Reshape", in: []operand{x(1, 2, 3, 4), list(4, 6)}, want: reshape(4, 6)},
		{name: "Reshape/free", in: []operand{x(1, 2, 3, 4), list(0, -1)}, want: reshape(2, 12)},
		{name: "Reshape/scalar", in: []operand{x(1, 1, 1), list()}, want: reshape()},
		{name: "Squeeze", in: []operand{x(1, 1, 3, 1)}, want: reshape(3)},
		{name: "Squeeze/axes", in: []operand{x(1, 1, 3, 1), list(-1)}, want: reshape(1, 3)},
		{name: "Unsqueeze", in: []operand{x(1, 3, 2), list(0, 3)}, want: reshape(1, 3, 2, 1)},
		{name: "Expand", in: []operand{x(1, 3, 1), list(2, 1, 4)}, want: expand(2, 3, 4)},
		{name: "Transpose", in: []operand{x(1, 2, 3)}, want: transpose(1, 0)},
		{name: "Transpose/perm", attrs: attrs("perm", ints(0, 3, 1, 2)), in: []operand{x(1, 2, 3, 4, 5)}, want: transpose(0, 3, 1, 2)},
		{name: "Transpose/reverse", in: []operand{x(1, 2, 3, 4)}, want: transpose(2, 1, 0)},
		{name: "Concat", attrs: attrs("axis", 1), in: []operand{x(1, 2, 3), x(2, 2, 1), x(3, 2, 2)}, want: concat(1)},
		{name: "Concat/rows", attrs: attrs("axis", -2), in: []operand{x(1, 2, 3), x(2, 4, 3)}, want: concat(0)},
		{name: "Slice", in: []operand{x(1, 4, 5), list(1, 0), list(3, 4)}, want: slice([]int{1, 0}, []int{1, 1}, 2, 4)},
		{name: "Slice/column", in: []operand{x(1, 4, 5), list(-2), list(999), list(1)}, want: slice([]int{0, 3}, []int{1, 1}, 4, 2)},
		{name: "Slice/steps", in: []operand{x(1, 7, 5), list(1, 4), list(7, -999), list(0, 1), list(2, -3)}, want: slice([]int{1, 4}, []int{2, -3}, 3, 2)},
		{name: "Gather", in: []operand{x(1, 4, 3), labels(ints(2, 3), 0, 3, 3, 1, -1, 0)}, want: gather},
		{name: "Gather/clamped", in: []operand{x(1, 4, 3), labels(ints(3), 99, -99, 2)}, want: gather},

		{name: "MatMul", in: []operand{x(1, 3, 4), x(2, 4, 5)}, want: matmul},
		{name: "MatMul/long", in: []operand{plain(random(1, 5, 600)), plain(random(2, 600, 17))}, want: matmul, fine: 2e-4},
		{name: "MatMul/vectors", in: []operand{x(1, 4), x(2, 4)}, want: matmul},
		{name: "MatMul/matvec", in: []operand{x(1, 3, 4), x(2, 4)}, want: matmul},
		{name: "MatMul/vecmat", in: []operand{x(1, 4), x(2, 4, 3)}, want: matmul},
		{name: "MatMul/stack", in: []operand{x(1, 2, 3, 4), x(2, 2, 4, 5)}, want: matmul},
		{name: "MatMul/stackmat", in: []operand{x(1, 2, 3, 4), x(2, 4, 5)}, want: matmul},
		{name: "MatMul/broadcast", in: []operand{x(1, 2, 1, 3, 4), x(2, 3, 4, 2)}, want: matmul},
		{name: "Gemm", in: []operand{x(1, 3, 4), x(2, 4, 5)}, want: gemm(false, false, 1, 1)},
		{name: "Gemm/bias", in: []operand{x(1, 3, 4), x(2, 4, 18), x(3, 18)}, want: gemm(false, false, 1, 1)},
		{name: "Gemm/transB", attrs: attrs("transB", 1, "alpha", 0.5, "beta", 2.0), in: []operand{x(1, 3, 4), x(2, 5, 4), x(3, 3, 1)}, want: gemm(false, true, 0.5, 2)},
		{name: "Gemm/transA", attrs: attrs("transA", 1), in: []operand{x(1, 4, 3), x(2, 4, 5), x(3, 3, 5)}, want: gemm(true, false, 1, 1)},
		{name: "Gemm/both", attrs: attrs("transA", 1, "transB", 1, "alpha", 3.0), in: []operand{x(1, 4, 3), x(2, 5, 4), x(3)}, want: gemm(true, true, 3, 1)},

		{name: "Conv", in: []operand{img(1, 2, 3, 5, 6), x(2, 4, 3, 3, 3)}, want: conv(window{s: [2]int{1, 1}, d: [2]int{1, 1}, g: 1})},
		{name: "Conv/bias", attrs: attrs("pads", ints(1, 1, 1, 1)), in: []operand{img(1, 2, 3, 5, 6), x(2, 4, 3, 3, 3), x(3, 4)}, want: conv(window{s: [2]int{1, 1}, d: [2]int{1, 1}, p: [4]int{1, 1, 1, 1}, g: 1})},
		{name: "Conv/stride", attrs: attrs("strides", ints(2, 2), "pads", ints(1, 1, 1, 1)), in: []operand{img(1, 2, 2, 6, 7), x(2, 3, 2, 3, 3)}, want: conv(window{s: [2]int{2, 2}, d: [2]int{1, 1}, p: [4]int{1, 1, 1, 1}, g: 1})},
		{name: "Conv/dilation", attrs: attrs("dilations", ints(2, 2), "pads", ints(2, 2, 2, 2)), in: []operand{img(1, 1, 2, 7, 9), x(2, 2, 2, 3, 3)}, want: conv(window{s: [2]int{1, 1}, d: [2]int{2, 2}, p: [4]int{2, 2, 2, 2}, g: 1})},
		{name: "Conv/uneven", attrs: attrs("strides", ints(2, 1), "pads", ints(0, 1, 2, 0)), in: []operand{img(1, 1, 2, 6, 5), x(2, 2, 2, 3, 2)}, want: conv(window{s: [2]int{2, 1}, d: [2]int{1, 1}, p: [4]int{0, 1, 2, 0}, g: 1})},
		{name: "Conv/group", attrs: attrs("group", 2), in: []operand{img(1, 2, 4, 5, 5), x(2, 6, 2, 3, 3), x(3, 6)}, want: conv(window{s: [2]int{1, 1}, d: [2]int{1, 1}, g: 2})},
		{name: "Conv/depthwise", attrs: attrs("group", 3, "auto_pad", "SAME_UPPER", "strides", ints(2, 2)), in: []operand{img(1, 1, 3, 5, 6), x(2, 3, 1, 3, 3)}, want: conv(window{s: [2]int{2, 2}, d: [2]int{1, 1}, p: [4]int{1, 0, 1, 1}, g: 3})},
		{name: "Conv/pointwise", in: []operand{img(1, 2, 5, 4, 4), x(2, 3, 5, 1, 1)}, want: conv(window{s: [2]int{1, 1}, d: [2]int{1, 1}, g: 1})},
		{name: "Conv/wide", in: []operand{img(1, 1, 1, 3, 300), x(2, 1, 1, 3, 3)}, want: conv(window{s: [2]int{1, 1}, d: [2]int{1, 1}, g: 1})},

		{name: "MaxPool", attrs: pool2, in: []operand{img(1, 2, 3, 4, 6)}, want: pool(window{k: [2]int{2, 2}, s: [2]int{2, 2}, d: [2]int{1, 1}}, "max")},
		{name: "MaxPool/overlap", attrs: pool3, in: []operand{img(1, 1, 2, 6, 7)}, want: pool(window{k: [2]int{3, 3}, s: [2]int{2, 2}, d: [2]int{1, 1}, p: [4]int{1, 1, 1, 1}}, "max")},
		{name: "MaxPool/uneven", attrs: uneven, in: []operand{img(1, 1, 2, 6, 7)}, want: pool(window{k: [2]int{3, 2}, s: [2]int{2, 1}, d: [2]int{1, 2}, p: [4]int{1, 0, 0, 1}}, "max")},
		{name: "MaxPool/ceil", attrs: append(slices.Clone(pool2), attrs("ceil_mode", 1)...), in: []operand{img(1, 1, 1, 5, 5)}, want: pool(window{k: [2]int{2, 2}, s: [2]int{2, 2}, d: [2]int{1, 1}, p: [4]int{0, 0, 1, 1}}, "max")},
		{name: "AveragePool", attrs: pool2, in: []operand{img(1, 2, 3, 4, 6)}, want: pool(window{k: [2]int{2, 2}, s: [2]int{2, 2}, d: [2]int{1, 1}}, "mean")},
		{name: "AveragePool/pads", attrs: pool3, in: []operand{img(1, 1, 2, 6, 7)}, want: pool(window{k: [2]int{3, 3}, s: [2]int{2, 2}, d: [2]int{1, 1}, p: [4]int{1, 1, 1, 1}}, "mean")},
		{name: "AveragePool/count", attrs: append(slices.Clone(pool3), attrs("count_include_pad", 1)...), in: []operand{img(1, 1, 2, 6, 7)}, want: pool(window{k: [2]int{3, 3}, s: [2]int{2, 2}, d: [2]int{1, 1}, p: [4]int{1, 1, 1, 1}}, "all")},
		{name: "GlobalAveragePool", in: []operand{img(1, 2, 3, 4, 5)}, want: reduce("mean", true, 2, 3)},

		{name: "ReduceSum", attrs: attrs("keepdims", 0), in: []operand{x(1, 3, 4)}, want: reduce("sum", false, 0, 1)},
		{name: "ReduceSum/keep", in: []operand{x(1, 3, 4)}, want: reduce("sum", true, 0, 1)},
		{name: "ReduceSum/column", attrs: attrs("keepdims", 0), in: []operand{x(1, 3, 1), list(1)}, want: reduce("sum", false, 1)},
		{name: "ReduceMax/column", in: []operand{x(1, 3, 1), list(0)}, want: reduce("max", true, 0)},
		{name: "ReduceSum/first", attrs: attrs("keepdims", 0), in: []operand{x(1, 3, 4), list(0)}, want: reduce("sum", false, 0)},
		{name: "ReduceSum/middle", in: []operand{x(1, 2, 3, 4), list(1)}, want: reduce("sum", true, 1)},
		{name: "ReduceSum/outer", attrs: attrs("keepdims", 0), in: []operand{x(1, 2, 3, 4), list(0, -1)}, want: reduce("sum", false, 0, 2)},
		{name: "ReduceSum/none", attrs: attrs("noop_with_empty_axes", 1), in: []operand{x(1, 2, 3)}, want: reshape(2, 3)},
		{name: "ReduceMean", attrs: attrs("keepdims", 0), in: []operand{x(1, 3, 4)}, want: reduce("mean", false, 0, 1)},
		{name: "ReduceMean/last", in: []operand{x(1, 3, 4), list(-1)}, want: reduce("mean", true, 1)},
		{name: "ReduceMean/attribute", attrs: attrs("axes", ints(0), "keepdims", 0), in: []operand{x(1, 3, 4)}, want: reduce("mean", false, 0), opset: 17},
		{name: "ReduceMax", attrs: attrs("keepdims", 0), in: []operand{x(1, 3, 4)}, want: reduce("max", false, 0, 1)},
		{name: "ReduceMax/first", attrs: attrs("keepdims", 0), in: []operand{x(1, 3, 4), list(0)}, want: reduce("max", false, 0)},
		{name: "ReduceMax/outer", in: []operand{x(1, 2, 3, 4), list(0, 2)}, want: reduce("max", true, 0, 2)},
		{name: "ArgMax", attrs: attrs("axis", 1), in: []operand{plain(random(1, 4, 6))}, want: argmax(1, true)},
		{name: "ArgMax/first", attrs: attrs("axis", 0, "keepdims", 0), in: []operand{plain(floats(ints(3, 2), 1, 5, 7, 5, 7, 2))}, want: argmax(0, false)},
		{name: "Softmax", in: []operand{x(1, 3, 5)}, want: softmax(1, false)},
		{name: "Softmax/first", attrs: attrs("axis", 0), in: []operand{x(1, 3, 5)}, want: softmax(0, false)},
		{name: "Softmax/middle", attrs: attrs("axis", 1), in: []operand{x(1, 2, 3, 4)}, want: softmax(1, false)},
		{name: "Softmax/large", in: []operand{plain(floats(ints(1, 3), 1000, 1000, -1000))}, want: softmax(1, false)},
		{name: "LogSoftmax", in: []operand{x(1, 3, 5)}, want: softmax(1, true)},
		{name: "LogSoftmax/rows", in: []operand{plain(floats(ints(3, 2), 1000, 999, 0, 1, 200, 0))}, want: softmax(1, true)},
		{name: "Softmax/rows", in: []operand{plain(floats(ints(3, 2), -1000, -999, 0, 1, 200, 0))}, want: softmax(1, false)},
		{name: "LogSoftmax/large", in: []operand{plain(floats(ints(1, 3), 1000, 1000, -1000))}, want: softmax(1, true)},

		{name: "BatchNormalization", in: []operand{x(1, 2, 3, 2, 2), x(2, 3), x(3, 3), x(4, 3), positive(5, 3)}, want: batchNorm(1e-5)},
		{name: "BatchNormalization/epsilon", attrs: attrs("epsilon", 0.25), in: []operand{x(1, 4, 3), x(2, 3), x(3, 3), x(4, 3), positive(5, 3)}, want: batchNorm(0.25)},
		{name: "LayerNormalization", in: []operand{x(1, 4, 6), x(2, 6), x(3, 6)}, want: layerNorm(1, 1e-5)},
		{name: "LayerNormalization/axis", attrs: attrs("axis", 1, "epsilon", 0.5), in: []operand{x(1, 2, 3, 4), x(2, 3, 4)}, want: layerNorm(1, 0.5)},

		{name: "SoftmaxCrossEntropyLoss", in: []operand{x(1, 4, 3), labels(ints(4), 0, 2, 1, 1)}, want: crossEntropy("mean", true, -1)},
		{name: "SoftmaxCrossEntropyLoss/sum", attrs: attrs("reduction", "sum"), in: []operand{x(1, 4, 3), labels(ints(4), 0, 2, 1, 1)}, want: crossEntropy("sum", true, -1)},
		{name: "SoftmaxCrossEntropyLoss/none", attrs: attrs("reduction", "none"), in: []operand{x(1, 4, 3), labels(ints(4), 0, 2, 1, 1)}, want: crossEntropy("none", true, -1)},
		{name: "SoftmaxCrossEntropyLoss/ignore", attrs: attrs("ignore_index", 2), in: []operand{x(1, 4, 3), labels(ints(4), 0, 2, 7, 1)}, want: crossEntropy("mean", true, 2)},
		{name: "SoftmaxCrossEntropyLoss/weights", in: []operand{x(1, 4, 3), labels(ints(4), 0, 2, 1, 1), fixed(abi.Float32, ints(3), 0.5, 2, 1)}, want: crossEntropy("mean", true, -1)},
		{name: "SoftmaxCrossEntropyLoss/pixels", in: []operand{x(1, 2, 3, 2), labels(ints(2, 2), 0, 2, 1, 1)}, want: crossEntropy("mean", true, -1)},
		{name: "NegativeLogLikelihoodLoss", in: []operand{x(1, 4, 3), labels(ints(4), 0, 2, 1, 1)}, want: crossEntropy("mean", false, -1)},
		{name: "NegativeLogLikelihoodLoss/none", attrs: attrs("reduction", "none"), in: []operand{x(1, 2, 3, 2), labels(ints(2, 2), 0, 2, 1, 1)}, want: crossEntropy("none", false, -1)},
		{name: "NegativeLogLikelihoodLoss/weights", attrs: attrs("reduction", "sum"), in: []operand{x(1, 4, 3), labels(ints(4), 0, 2, 1, 1), fixed(abi.Float32, ints(3), 0.5, 2, 1)}, want: crossEntropy("sum", false, -1)},
		{name: "Constant", attrs: attrs("value_floats", []float32{1, 2.5}), want: func([]array) array { return floats(ints(2), 1, 2.5) }},
		{name: "Constant/int", attrs: attrs("value_int", 7), want: func([]array) array { return array{abi.Int64, nil, []float64{7}} }},
	}...)
}
