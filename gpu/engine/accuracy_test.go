package engine_test

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// An accuracy is how far the results of an operator of float32 may be from those
// in float64, which are computed by the definition from the same operands. ulps is
// in units of the last bit of an element; largest is in units of 2⁻²⁴ of the largest
// element of the result, for sums whose terms may cancel. One of them is stated.
type accuracy struct {
	op            string
	attrs         []abi.Attr
	low, high     float64 // of the elements of operands
	shapes        [][]int64
	ulps, largest float64
}

// TestOperatorsAreAsAccurateAsStated holds float32 to this table, which is the
// statement: doc comments repeat it.
func TestOperatorsAreAsAccurateAsStated(t *testing.T) {
	number := func(name string, v int64) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrInt, I: v} }
	ints := func(name string, v ...int64) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrInts, Ints: v} }
	text := func(name, v string) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrString, S: v} }
	list := func(a ...abi.Attr) []abi.Attr { return a }
	of := func(s ...[]int64) [][]int64 { return s }
	many, pixels := []int64{20000}, []int64{2, 16, 20, 20}
	channel, rows := []int64{16}, []int64{50, 1000}
	for _, c := range []accuracy{
		{"Add", nil, 0.003, 3.7, of(many, many), 0.5, 0},
		{"Mul", nil, -4, 4, of(many, many), 0.5, 0},
		{"Div", nil, -4, 4, of(many, many), 0.5, 0},
		{"Sqrt", nil, 0, 100, of(many), 0.5, 0},
		{"Reciprocal", nil, -4, 4, of(many), 0.5, 0},
		{"Pow", nil, 0.01, 8, of(many, many), 1, 0},
		{"Exp", nil, -80, 80, of(many), 1, 0},
		{"Log", nil, 0, 100, of(many), 2, 0},
		{"Sigmoid", nil, -20, 20, of(many), 3, 0},
		{"Tanh", nil, -10, 10, of(many), 5, 0},
		{"Erf", nil, -4, 4, of(many), 2, 0},
		{"Sin", nil, -100, 100, of(many), 1, 0},
		{"Cos", nil, -100, 100, of(many), 1, 0},
		{"Tan", nil, -100, 100, of(many), 1, 0},
		{"Asin", nil, -1, 1, of(many), 1, 0},
		{"Acos", nil, -1, 1, of(many), 1, 0},
		{"Atan", nil, -50, 50, of(many), 1, 0},
		{"Sinh", nil, -20, 20, of(many), 1, 0},
		{"Cosh", nil, -20, 20, of(many), 1, 0},
		{"Asinh", nil, -50, 50, of(many), 1, 0},
		{"Acosh", nil, 1, 50, of(many), 1, 0},
		{"Atanh", nil, -1, 1, of(many), 1, 0},
		{"Softplus", nil, -20, 20, of(many), 1, 0},
		{"Elu", nil, -20, 20, of(many), 1, 0},
		{"Selu", nil, -20, 20, of(many), 1, 0},
		{"Mish", nil, -10, 10, of(many), 5, 0},
		{"HardSwish", nil, -10, 10, of(many), 0, 2},
		{"HardSigmoid", nil, -10, 10, of(many), 1, 0},
		{"Softsign", nil, -10, 10, of(many), 1, 0},
		{"Gelu", nil, -6, 6, of(many), 0, 2},
		{"Gelu", list(text("approximate", "tanh")), -6, 6, of(many), 1, 0},
		{"MatMul", nil, -1, 1, of([]int64{60, 512}, []int64{512, 70}), 0, 40},
		{"Gemm", nil, -1, 1, of([]int64{60, 512}, []int64{512, 70}, []int64{70}), 0, 40},
		{"Gemm", list(number("transB", 1)), -1, 1, of([]int64{2, 4096}, []int64{70, 4096}), 0, 12},
		{"Conv", list(ints("pads", 1, 1, 1, 1)), -1, 1, of(pixels, []int64{24, 16, 3, 3}, []int64{24}), 0, 12},
		{"Conv", list(number("group", 16)), -1, 1, of(pixels, []int64{16, 1, 3, 3}), 0, 3},
		{"ConvTranspose", nil, -1, 1, of(pixels, []int64{16, 24, 3, 3}), 0, 12},
		{"ReduceSum", nil, -1, 1, of([]int64{100000}), 1, 0},
		{"ReduceMean", nil, -1, 1, of([]int64{100000}), 1, 0},
		{"ReduceProd", nil, 0.9, 1.1, of([]int64{1000}), 1, 0},
		{"ReduceL1", nil, -1, 1, of([]int64{100000}), 1, 0},
		{"ReduceL2", nil, -1, 1, of([]int64{100000}), 1, 0},
		{"ReduceSumSquare", nil, -1, 1, of([]int64{100000}), 1, 0},
		{"ReduceLogSum", nil, 0, 1, of([]int64{100000}), 1, 0},
		{"ReduceLogSumExp", nil, -5, 5, of([]int64{100000}), 1, 0},
		{"AveragePool", list(ints("kernel_shape", 3, 3)), -1, 1, of(pixels), 0, 4},
		{"GlobalAveragePool", nil, -1, 1, of(pixels), 1, 0},
		{"Softmax", nil, -10, 10, of(rows), 0, 3},
		{"LogSoftmax", nil, -10, 10, of(rows), 1, 0},
		{"LayerNormalization", nil, -4, 4, of(rows, []int64{1000}, []int64{1000}), 0, 3},
		{"BatchNormalization", nil, 0.5, 4, of(pixels, channel, channel, channel, channel), 0, 2},
		{"InstanceNormalization", nil, -4, 4, of(pixels, channel, channel), 0, 3},
		{"LSTM", list(number("hidden_size", 32)), -0.3, 0.3, of([]int64{20, 4, 16}, []int64{1, 128, 16}, []int64{1, 128, 32}), 0, 12},
		{"GRU", list(number("hidden_size", 32)), -0.3, 0.3, of([]int64{20, 4, 16}, []int64{1, 96, 16}, []int64{1, 96, 32}), 0, 12},
		{"RNN", list(number("hidden_size", 32)), -0.3, 0.3, of([]int64{20, 4, 16}, []int64{1, 32, 16}, []int64{1, 32, 32}), 0, 12},
		{"SoftmaxCrossEntropyLoss", nil, -5, 5, of([]int64{64, 100}), 1, 0},
	} {
		ulps, largest := c.measure(t)
		if c.ulps > 0 && ulps > c.ulps || c.largest > 0 && largest > c.largest {
			t.Errorf("%s %v: off by %.2f ulp, and by %.2f × 2⁻²⁴ of the largest; stated are %g and %g", c.op, c.attrs, ulps, largest, c.ulps, c.largest)
		}
		t.Logf("%s %v: %.2f ulp, %.2f × 2⁻²⁴ of the largest", c.op, c.attrs, ulps, largest)
	}
}

// measure returns the largest error in both units.
func (c accuracy) measure(t *testing.T) (ulps, largest float64) {
	x := newTrial(t, abi.Quota{})
	defer x.s.Close()
	var single, double []abi.Value
	var args []abi.Tensor
	for i, s := range c.shapes {
		name := string(rune('a' + i))
		v := x.input(name, abi.Float32, s...)
		single = append(single, v)
		double = append(double, x.node("Cast", []abi.Attr{{Name: "to", Type: abi.AttrInt, I: int64(abi.Float64)}}, v))
		a := x.tensor(uint64(i+1), 1, s...)
		b := x.read(a)
		for k := 0; k < len(b); k += 4 { // from -1 to 1, to low to high
			f := float64(math.Float32frombits(binary.LittleEndian.Uint32(b[k:])))
			binary.LittleEndian.PutUint32(b[k:], math.Float32bits(float32(c.low+(f+1)/2*(c.high-c.low))))
		}
		if err := a.Write(0, b); err != nil {
			t.Fatal(err)
		}
		args = append(args, a)
	}
	if c.op == "SoftmaxCrossEntropyLoss" {
		labels := x.input("labels", abi.Int64, c.shapes[0][0])
		single, double = append(single, labels), append(double, labels)
		l, err := x.s.NewTensor(abi.Int64, c.shapes[0][:1])
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, l)
	}
	x.output("single", x.node(c.op, c.attrs, single...))
	x.output("double", x.node(c.op, c.attrs, double...))
	p, err := x.s.Compile(t.Context(), x.g)
	if err != nil {
		t.Fatalf("%s: %v", c.op, err)
	}
	out, err := p.Run(t.Context(), args)
	if err != nil {
		t.Fatal(err)
	}
	got, want := x.read(out[0]), x.read(out[1])
	top, worst := 0.0, 0.0
	for i := range len(got) / 4 {
		g := float64(math.Float32frombits(binary.LittleEndian.Uint32(got[4*i:])))
		w := math.Float64frombits(binary.LittleEndian.Uint64(want[8*i:]))
		if g == w || math.IsNaN(g) && math.IsNaN(w) {
			continue
		}
		_, e := math.Frexp(w)
		last := math.Ldexp(1, max(e-24, -149))
		ulps = max(ulps, math.Abs(g-w)/last)
		worst, top = max(worst, math.Abs(g-w)), max(top, math.Abs(w))
	}
	if top > 0 {
		largest = worst / top * (1 << 24)
	}
	return ulps, largest
}
