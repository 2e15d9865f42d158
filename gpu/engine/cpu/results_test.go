package cpu_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// A given is an operand: float32, or int64 where there are integers; an input, or a
// constant.
type given struct {
	shape []int64
	x     []float32
	i     []int64
	known bool
}

func (o given) encode() (abi.DType, []byte) {
	b := cpu.Alloc(int64(4*len(o.x) + 8*len(o.i)))
	for k, v := range o.x {
		binary.LittleEndian.PutUint32(b[4*k:], math.Float32bits(v))
	}
	for k, v := range o.i {
		binary.LittleEndian.PutUint64(b[8*k:], uint64(v))
	}
	if o.i != nil {
		return abi.Int64, b
	}
	return abi.Float32, b
}

// results runs one operator whose results are all asked for.
func results(t *testing.T, opset, workers, count int, op string, attrs []abi.Attr, in ...given) [][]byte {
	t.Helper()
	g, err := graph.New(graph.Config{Opset: opset, Accept: cpu.Accept, Eval: cpu.Eval})
	if err != nil {
		t.Fatal(err)
	}
	var operands []abi.Value
	var feed, out [][]byte
	for k, o := range in {
		dt, b := o.encode()
		var v abi.Value
		if o.known {
			v, err = g.ConstantBytes(dt, o.shape, b)
		} else {
			v, err = g.Input(string(rune('a'+k)), dt, o.shape)
			feed = append(feed, b)
		}
		if err != nil {
			t.Fatal(err)
		}
		operands = append(operands, v)
	}
	made, err := g.NodeResults(op, attrs, operands, count)
	if err != nil {
		t.Fatal(err)
	}
	if len(made) < count {
		t.Fatalf("%s has %d results, want %d", op, len(made), count)
	}
	for k, v := range made[:count] {
		if err := g.Output(string(rune('A'+k)), v); err != nil {
			t.Fatal(err)
		}
		out = append(out, cpu.Alloc(g.At(v).Bytes()))
	}
	plan, err := graph.NewPlan(g, nil, cpu.Layout())
	if err != nil {
		t.Fatal(err)
	}
	p, err := cpu.Compile(plan, abi.Optimizer{}, workers)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(context.Background(), feed, nil, out, 0); err != nil {
		t.Fatal(err)
	}
	return out
}

func singles(b []byte) (x []float64) {
	for ; len(b) > 0; b = b[4:] {
		x = append(x, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
	}
	return x
}

func longs(b []byte) (x []int64) {
	for ; len(b) > 0; b = b[8:] {
		x = append(x, int64(binary.LittleEndian.Uint64(b)))
	}
	return x
}

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) <= 1e-5*math.Max(1, math.Abs(b)) }) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func list(name string, v ...int64) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrInts, Ints: v} }

func one(name string, v int64) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrInt, I: v} }

func TestMaxPoolSaysWhereItsResultsLie(t *testing.T) {
	nan := float32(math.NaN())
	image := given{shape: []int64{1, 2, 2, 3}, x: []float32{1, 5, 5, 2, 0, 4, nan, 7, 9, 8, 9, 9}}
	kernel := list("kernel_shape", 2, 2)
	got := results(t, 21, 1, 2, "MaxPool", []abi.Attr{kernel}, image)
	if want := []int64{1, 1, 6, 8}; !slices.Equal(longs(got[1]), want) {
		t.Errorf("indices = %v, want %v", longs(got[1]), want)
	}
	got = results(t, 21, 1, 2, "MaxPool", []abi.Attr{kernel, one("storage_order", 1)}, image)
	if want := []int64{2, 2, 6, 10}; !slices.Equal(longs(got[1]), want) {
		t.Errorf("indices by columns = %v, want %v", longs(got[1]), want)
	}
	got = results(t, 21, 1, 2, "MaxPool", []abi.Attr{list("kernel_shape", 1), list("pads", 1, 0)}, given{shape: []int64{1, 1, 2}, x: []float32{3, 4}})
	if want := []int64{-1, 0, 1}; !slices.Equal(longs(got[1]), want) {
		t.Errorf("indices with padding = %v, want %v", longs(got[1]), want)
	}
}

func TestLayerNormalizationGivesMeanAndDeviation(t *testing.T) {
	x := given{shape: []int64{2, 3}, x: []float32{1, 2, 6, -1, -1, -1}}
	ones := given{shape: []int64{3}, x: []float32{1, 1, 1}}
	got := results(t, 17, 1, 3, "LayerNormalization", nil, x, ones)
	near(t, "mean", singles(got[1]), []float64{3, -1})
	near(t, "1/σ", singles(got[2]), []float64{1 / math.Sqrt(14.0/3+1e-5), 1 / math.Sqrt(1e-5)})
}

func TestCrossEntropyGivesTheLogarithms(t *testing.T) {
	x := given{shape: []int64{2, 2}, x: []float32{0, 0, 1, 3}}
	got := results(t, 13, 1, 2, "SoftmaxCrossEntropyLoss", nil, x, given{shape: []int64{2}, i: []int64{0, 1}})
	l := math.Log1p(math.Exp(-2))
	near(t, "logarithms", singles(got[1]), []float64{-math.Ln2, -math.Ln2, -2 - l, -l})
	near(t, "loss", singles(got[0]), []float64{(math.Ln2 + l) / 2})
}

func TestBeforeOpset13SoftmaxTakesTheLastAxesAsOne(t *testing.T) {
	x := given{shape: []int64{1, 2, 2}, x: []float32{0, 0, 0, float32(math.Log(3))}}
	near(t, "Softmax", singles(results(t, 11, 1, 1, "Softmax", nil, x)[0]), []float64{1.0 / 6, 1.0 / 6, 1.0 / 6, 0.5})
	near(t, "Softmax along the last", singles(results(t, 11, 1, 1, "Softmax", []abi.Attr{one("axis", -1)}, x)[0]), []float64{0.5, 0.5, 0.25, 0.75})
	near(t, "Softmax of 13", singles(results(t, 13, 1, 1, "Softmax", nil, x)[0]), []float64{0.5, 0.5, 0.25, 0.75})
	near(t, "Hardmax", singles(results(t, 11, 1, 1, "Hardmax", nil, x)[0]), []float64{0, 0, 0, 1})
}

// numbers are as many different ones, none of them large.
func numbers(shape ...int64) given {
	o := given{shape: shape}
	for k := range (graph.Type{Shape: shape}).Elements() {
		o.x = append(o.x, float32(math.Sin(float64(k)*1.7)))
	}
	return o
}

func known(shape ...int64) given {
	o := numbers(shape...)
	o.known = true
	return o
}

// TestWeightsThatStayAreTransformed: a convolution with constant weights takes the
// way of fewer products, which shows in the last bits.
func TestWeightsThatStayAreTransformed(t *testing.T) {
	x, pads := numbers(1, 16, 20, 21), []abi.Attr{list("pads", 1, 1, 1, 1)}
	fast := results(t, 17, 1, 1, "Conv", pads, x, known(32, 16, 3, 3))[0]
	plain := results(t, 17, 1, 1, "Conv", pads, x, numbers(32, 16, 3, 3))[0]
	for k, want := range singles(plain) { // sums of 144 products, none above one
		if got := singles(fast[4*k : 4*k+4])[0]; math.Abs(got-want) > 1e-4 {
			t.Fatalf("element %d = %g, want %g", k, got, want)
		}
	}
	if slices.Equal(fast, plain) {
		t.Error("constant weights give the bits of a plain convolution")
	}
}

func TestTheBitsDoNotDependOnTheWorkers(t *testing.T) {
	text := func(name, s string) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrString, S: s} }
	for _, c := range []struct {
		op    string
		attrs []abi.Attr
		in    []given
	}{
		{"LSTM", []abi.Attr{text("direction", "bidirectional")}, []given{numbers(5, 37, 6), numbers(2, 36, 6), numbers(2, 36, 9)}},
		{"GRU", nil, []given{numbers(5, 37, 6), numbers(1, 27, 6), numbers(1, 27, 9)}},
		{"DFT", nil, []given{numbers(40, 1000, 1)}},
		{"ReduceProd", []abi.Attr{list("axes", 1)}, []given{numbers(300, 70)}},
		{"InstanceNormalization", nil, []given{numbers(3, 5, 4000), numbers(5), numbers(5)}},
		{"Conv", nil, []given{numbers(2, 3, 9, 9, 9), numbers(4, 3, 3, 3, 3)}},
		{"Conv", []abi.Attr{list("pads", 1, 1, 1, 1)}, []given{numbers(2, 32, 30, 130), known(48, 32, 3, 3)}},
		{"Conv", nil, []given{numbers(1, 40, 9, 9), known(200, 40, 3, 3)}},
		{"ConvTranspose", []abi.Attr{list("strides", 2, 2, 2)}, []given{numbers(2, 3, 5, 5, 5), numbers(3, 4, 3, 3, 3)}},
		{"Einsum", []abi.Attr{text("equation", "abc,cbd,da->ab")}, []given{numbers(9, 8, 70), numbers(70, 8, 30), numbers(30, 9)}},
	} {
		want := results(t, 17, 1, 1, c.op, c.attrs, c.in...)[0]
		for _, workers := range []int{2, 3, 8} {
			if !slices.Equal(results(t, 17, workers, 1, c.op, c.attrs, c.in...)[0], want) {
				t.Errorf("%s: %d workers give other bits than one", c.op, workers)
			}
		}
	}
}

func TestWhatHasNoGradientIsNamed(t *testing.T) {
	g, err := graph.New(graph.Config{Opset: 17})
	if err != nil {
		t.Fatal(err)
	}
	var in []abi.Value
	for k, shape := range [][]int64{{2, 1, 3}, {1, 8, 3}, {1, 8, 2}} {
		v, err := g.Input(string(rune('a'+k)), abi.Float32, shape)
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, v)
	}
	y, err := g.Node("LSTM", nil, in)
	if err != nil {
		t.Fatal(err)
	}
	loss, err := g.Node("ReduceSum", []abi.Attr{one("keepdims", 0)}, y[:1])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Gradient(loss[0], in[:1]); !errors.Is(err, abi.Invalid) || err.Error() != "graph: gradient: LSTM has no gradient: invalid" {
		t.Errorf("Gradient = %v; want Invalid that names LSTM", err)
	}
}
