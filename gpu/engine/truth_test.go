package engine_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// A trial is a session on the processor with one graph.
type trial struct {
	*testing.T
	s abi.Session
	g abi.Graph
}

func newTrial(t *testing.T, q abi.Quota) *trial {
	t.Helper()
	s, err := newEngine(t, "cpu").Open(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	g, err := s.NewGraph(21)
	if err != nil {
		t.Fatal(err)
	}
	return &trial{t, s, g}
}

// tensor holds numbers that follow from the seed, in about -scale to scale.
func (t *trial) tensor(seed uint64, scale float32, shape ...int64) abi.Tensor {
	t.Helper()
	x, err := t.s.NewTensor(abi.Float32, shape)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := abi.Elements(shape)
	var b []byte
	for range n {
		seed = seed*6364136223846793005 + 1442695040888963407
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(scale*(float32(seed>>40)/(1<<23)-1)))
	}
	if err := x.Write(0, b); err != nil {
		t.Fatal(err)
	}
	return x
}

func (t *trial) param(name string, seed uint64, scale float32, shape ...int64) abi.Value {
	t.Helper()
	v, err := t.g.Param(name, t.tensor(seed, scale, shape...))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (t *trial) input(name string, dt abi.DType, shape ...int64) abi.Value {
	t.Helper()
	v, err := t.g.Input(name, dt, shape)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (t *trial) node(op string, attrs []abi.Attr, in ...abi.Value) abi.Value {
	t.Helper()
	v, err := t.g.Node(op, attrs, in)
	if err != nil {
		t.Fatal(err)
	}
	return v[0]
}

func (t *trial) output(name string, v abi.Value) {
	t.Helper()
	if err := t.g.Output(name, v); err != nil {
		t.Fatal(err)
	}
}

func (t *trial) read(x abi.Tensor) []byte {
	t.Helper()
	n, _ := abi.Elements(x.Shape())
	b := make([]byte, n*x.DType().Size())
	if err := x.Read(0, b); err != nil {
		t.Fatal(err)
	}
	return b
}

// classifier is a network with most kinds of kernels in it: it returns its loss.
func (t *trial) classifier() abi.Value {
	pads := abi.Attr{Name: "pads", Type: abi.AttrInts, Ints: []int64{1, 1, 1, 1}}
	two := []abi.Attr{{Name: "kernel_shape", Type: abi.AttrInts, Ints: []int64{2, 2}}, {Name: "strides", Type: abi.AttrInts, Ints: []int64{2, 2}}}
	x, y := t.input("x", abi.Float32, 5, 3, 30, 30), t.input("y", abi.Int64, 5)
	h := t.node("Conv", []abi.Attr{pads}, x, t.param("w0", 1, 0.3, 17, 3, 3, 3), t.param("b0", 2, 0.1, 17))
	h = t.node("MaxPool", two, t.node("Relu", nil, h))
	h = t.node("Conv", []abi.Attr{pads, {Name: "group", Type: abi.AttrInt, I: 17}}, h, t.param("w1", 3, 0.3, 17, 1, 3, 3))
	h = t.node("Conv", nil, h, t.param("w2", 4, 0.3, 24, 17, 1, 1))
	h = t.node("Gelu", nil, t.node("AveragePool", two, h))
	h = t.node("Flatten", nil, h)
	h = t.node("Tanh", nil, t.node("Gemm", nil, h, t.param("w3", 5, 0.03, 1176, 77), t.param("b3", 6, 0.1, 77)))
	h = t.node("LayerNormalization", nil, h, t.param("s", 7, 1, 77), t.param("c", 8, 1, 77))
	h = t.node("Sigmoid", nil, t.node("MatMul", nil, h, t.param("w4", 9, 0.1, 77, 33)))
	h = t.node("Gemm", nil, h, t.param("w5", 10, 0.2, 33, 10), t.param("b5", 11, 0.1, 10))
	t.output("logits", t.node("Softmax", nil, h))
	loss := t.node("SoftmaxCrossEntropyLoss", nil, h, y)
	t.output("loss", loss)
	return loss
}

func (t *trial) batch() []abi.Tensor {
	labels, err := t.s.NewTensor(abi.Int64, []int64{5})
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(5) {
		if err := labels.Write(8*i, []byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	return []abi.Tensor{t.tensor(12, 1, 5, 3, 30, 30), labels}
}

// TestTheSameBitsForAnyNumberOfWorkers trains a network on one worker and on more:
// outputs and parameters, so forward, backward and update, agree in every bit.
func TestTheSameBitsForAnyNumberOfWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, kind := range []abi.OptimizerKind{abi.SGD, abi.Adam, abi.AdamW} {
		var want []byte
		for _, workers := range []int{1, 2, 3, 8} {
			runtime.GOMAXPROCS(workers)
			x := newTrial(t, abi.Quota{})
			step, err := x.s.Trainer(t.Context(), x.g, x.classifier(), abi.Optimizer{Kind: kind, LearningRate: 0.01, WeightDecay: 0.01, ClipNorm: 1})
			if err != nil {
				t.Fatal(err)
			}
			in := x.batch()
			var got []byte
			for range 3 {
				out, err := step.Run(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				got = append(append(got, x.read(out[0])...), x.read(out[1])...)
			}
			for _, p := range x.g.Params() {
				got = append(got, x.read(p.Tensor)...)
			}
			if want == nil {
				want = got
			} else if !bytes.Equal(got, want) {
				t.Errorf("optimizer %d: %d workers give other bits than one", kind, workers)
			}
		}
	}
}

// TestTheCostIsExact counts by hand what a small program computes, reads, writes
// and holds.
func TestTheCostIsExact(t *testing.T) {
	x := newTrial(t, abi.Quota{})
	a, w := x.input("a", abi.Float32, 4, 8), x.param("w", 1, 1, 8, 16)
	h := x.node("Tanh", nil, x.node("MatMul", nil, a, w)) // 4×16
	x.output("y", x.node("Add", nil, h, h))
	p, err := x.s.Compile(t.Context(), x.g)
	if err != nil {
		t.Fatal(err)
	}
	c := p.Cost()
	const product, in, weights, out = 2 * 4 * 8 * 16, 4 * 4 * 8, 4 * 8 * 16, 4 * 4 * 16
	if want := uint64(in + weights + out + 2*out); c.Read != want {
		t.Errorf("Read = %d, want %d: both factors, the product, and twice its tanh", c.Read, want)
	}
	if want := uint64(3 * out); c.Written != want {
		t.Errorf("Written = %d, want %d", c.Written, want)
	}
	if c.Launches != 3 || c.FLOPs < product+2*64 {
		t.Errorf("%d kernels and %d operations, want 3 and at least %d", c.Launches, c.FLOPs, product+2*64)
	}
}

// TestAQuotaIsEnoughExactlyWhenItIsTheCost compiles with the bytes that the cost
// states, and with one fewer.
func TestAQuotaIsEnoughExactlyWhenItIsTheCost(t *testing.T) {
	compile := func(q abi.Quota) (uint64, error) {
		x := newTrial(t, q)
		loss := x.classifier()
		before := x.s.Usage().Bytes
		p, err := x.s.Trainer(t.Context(), x.g, loss, abi.Optimizer{Kind: abi.Adam, LearningRate: 0.01})
		if err != nil {
			return 0, err
		}
		if used := x.s.Usage().Bytes - before; used != p.Cost().Bytes {
			t.Errorf("compiling took %d bytes, the cost states %d", used, p.Cost().Bytes)
		}
		return x.s.Usage().Bytes, nil
	}
	need, err := compile(abi.Quota{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := compile(abi.Quota{TensorBytes: need}); err != nil {
		t.Errorf("with the %d bytes it needs: %v", need, err)
	}
	if _, err := compile(abi.Quota{TensorBytes: need - 1}); !errors.Is(err, abi.Exhausted) {
		t.Errorf("with a byte fewer: %v, want exhausted", err)
	}
}

// TestAMillionNodes builds, plans and runs a chain of a million operators.
func TestAMillionNodes(t *testing.T) {
	x := newTrial(t, abi.Quota{})
	v := x.input("x", abi.Float32, 4)
	for range 1_000_000 {
		v = x.node("Neg", nil, v)
	}
	x.output("y", v)
	p, err := x.s.Compile(t.Context(), x.g)
	if err != nil {
		t.Fatal(err)
	}
	if c := p.Cost(); c.Bytes > 1<<20 {
		t.Errorf("a chain holds %d bytes", c.Bytes)
	}
	in := x.tensor(1, 1, 4)
	out, err := p.Run(t.Context(), []abi.Tensor{in})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x.read(out[0]), x.read(in)) {
		t.Error("a million negations changed the numbers")
	}
}

// TestNodesOverTheQuotaAreRefused stops at the quota.
func TestNodesOverTheQuotaAreRefused(t *testing.T) {
	x := newTrial(t, abi.Quota{Nodes: 1000})
	v := x.input("x", abi.Float32, 4)
	for i := range 1001 {
		out, err := x.g.Node("Neg", nil, []abi.Value{v})
		if i == 1000 {
			if !errors.Is(err, abi.Exhausted) {
				t.Errorf("operator %d: %v, want exhausted", i, err)
			}
			return
		}
		if err != nil {
			t.Fatal(fmt.Errorf("operator %d: %w", i, err))
		}
		v = out[0]
	}
}

// TestWhatIsComputedWhileAGraphIsBuiltIsPaidFor adds constants up until the
// session's operations are used up.
func TestWhatIsComputedWhileAGraphIsBuiltIsPaidFor(t *testing.T) {
	x := newTrial(t, abi.Quota{FLOPs: 20})
	c, err := x.g.Constant(x.tensor(1, 1, 8))
	if err != nil {
		t.Fatal(err)
	}
	x.node("Add", nil, c, c)
	x.node("Add", nil, c, c)
	if used := x.s.Usage().FLOPs; used != 16 {
		t.Errorf("two sums of 8 known numbers used %d operations, want 16", used)
	}
	if _, err := x.g.Node("Add", nil, []abi.Value{c, c}); !errors.Is(err, abi.Exhausted) {
		t.Errorf("a third: %v, want exhausted", err)
	}
}
