package enginetest

import (
	"bytes"
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// wantKind fails unless err is of the kind and says each of the words.
func wantKind(t testing.TB, err error, kind abi.Kind, words ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("error = %v, want %v", err, kind)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

func malformedNodes(t *testing.T, e abi.Engine) {
	f := func(shape ...int64) operand { return x(1, shape...) }
	for _, c := range []struct {
		what string
		op   opCase
		word string
	}{
		{"unknown operator", opCase{name: "Frobnicate", in: []operand{f(2)}}, "Frobnicate"},
		{"operator of gradients", opCase{name: "ReluGrad", in: []operand{f(2), f(2)}}, "ReluGrad"},
		{"too few inputs", opCase{name: "Add", in: []operand{f(2)}}, "1 inputs"},
		{"too many inputs", opCase{name: "Relu", in: []operand{f(2), f(2)}}, "2 inputs"},
		{"missing input", opCase{name: "Add", in: []operand{f(2), left()}}, "input 1"},
		{"unknown attribute", opCase{name: "Relu", attrs: attrs("slope", 1), in: []operand{f(2)}}, "slope"},
		{"attribute type", opCase{name: "Softmax", attrs: attrs("axis", 1.5), in: []operand{f(2, 2)}}, "axis"},
		{"attribute twice", opCase{name: "Softmax", attrs: attrs("axis", 0, "axis", 1), in: []operand{f(2, 2)}}, "axis"},
		{"element type", opCase{name: "Exp", in: []operand{labels(ints(2), 1, 2)}}, "int64"},
		{"no broadcast", opCase{name: "Add", in: []operand{f(2, 3), f(2)}}, "broadcast"},
		{"inner dimensions", opCase{name: "MatMul", in: []operand{f(2, 3), f(4, 2)}}, "inner dimensions"},
		{"scalar product", opCase{name: "MatMul", in: []operand{f(), f(4, 2)}}, "scalar"},
		{"gemm rank", opCase{name: "Gemm", in: []operand{f(2, 3, 4), f(4, 2)}}, "matrices"},
		{"gemm bias", opCase{name: "Gemm", in: []operand{f(2, 3), f(3, 2), f(3)}}, "input 2"},
		{"axis", opCase{name: "Softmax", attrs: attrs("axis", 2), in: []operand{f(2, 2)}}, "axis 2"},
		{"reshape", opCase{name: "Reshape", in: []operand{f(2, 3), list(4, 2)}}, "reshape"},
		{"reshape negative", opCase{name: "Reshape", in: []operand{f(2, 3), list(-2, -3)}}, "reshape"},
		{"reshape overflow", opCase{name: "Reshape", in: []operand{f(2, 3), list(1<<40, 1<<40)}}, "elements"},
		{"reshape by input", opCase{name: "Reshape", in: []operand{f(2, 3), labels(ints(1), 6)}}, "constant"},
		{"expand overflow", opCase{name: "Expand", in: []operand{f(1), list(1<<30, 1<<30)}}, "elements"},
		{"operand without elements", opCase{name: "Conv", in: []operand{f(1, 0, 3, 3), f(1, 0, 3, 3)}}, "no elements"},
		{"slice step", opCase{name: "Slice", in: []operand{f(4), list(0), list(2), list(0), list(0)}}, "step 0"},
		{"concat", opCase{name: "Concat", attrs: attrs("axis", 0), in: []operand{f(2, 3), f(2, 4)}}, "concatenate"},
		{"transpose", opCase{name: "Transpose", attrs: attrs("perm", ints(0, 0)), in: []operand{f(2, 3)}}, "perm"},
		{"squeeze", opCase{name: "Squeeze", in: []operand{f(2, 3), list(0)}}, "axis 0"},
		{"unsqueeze rank", opCase{name: "Unsqueeze", in: []operand{f(1, 1, 1, 1, 1, 1, 1, 1), list(0)}}, "rank"},
		{"axes twice", opCase{name: "ReduceSum", in: []operand{f(2, 3), list(0, -2)}}, "twice"},
		{"conv rank", opCase{name: "Conv", in: []operand{f(1, 2, 8), f(3, 2, 3, 3)}}, "N×C×H×W"},
		{"conv channels", opCase{name: "Conv", in: []operand{f(1, 2, 8, 8), f(3, 3, 3, 3)}}, "groups"},
		{"conv groups", opCase{name: "Conv", attrs: attrs("group", 0), in: []operand{f(1, 2, 8, 8), f(3, 2, 3, 3)}}, "groups"},
		{"conv kernel", opCase{name: "Conv", attrs: attrs("kernel_shape", ints(2, 2)), in: []operand{f(1, 2, 8, 8), f(3, 2, 3, 3)}}, "kernel_shape"},
		{"conv too large", opCase{name: "Conv", in: []operand{f(1, 1, 2, 2), f(1, 1, 3, 3)}}, "does not fit"},
		{"conv padding overflow", opCase{name: "Conv", attrs: attrs("pads", ints(1<<31, 1<<31, 1<<31, 1<<31)), in: []operand{f(1, 1, 3, 3), f(1, 1, 3, 3)}}, "pads"},
		{"conv padding size", opCase{name: "Conv", attrs: attrs("pads", ints(1<<23, 1<<23, 1<<23, 1<<23)), in: []operand{f(1, 1, 3, 3), f(1, 1, 3, 3)}}, "elements"},
		{"conv padding and stride", opCase{name: "Conv", attrs: attrs("pads", ints(1<<24, 1<<24, 1<<24, 1<<24), "strides", ints(1<<24, 1<<24)), in: []operand{f(1, 1, 3, 3), f(1, 1, 3, 3)}}, "elements"},
		{"conv stride", opCase{name: "Conv", attrs: attrs("strides", ints(0, 1)), in: []operand{f(1, 1, 3, 3), f(1, 1, 3, 3)}}, "strides"},
		{"conv auto_pad", opCase{name: "Conv", attrs: attrs("auto_pad", "ODD"), in: []operand{f(1, 1, 3, 3), f(1, 1, 3, 3)}}, "auto_pad"},
		{"pool kernel", opCase{name: "MaxPool", in: []operand{f(1, 1, 3, 3)}}, "kernel_shape"},
		{"loss labels", opCase{name: "SoftmaxCrossEntropyLoss", in: []operand{f(2, 3), labels(ints(3), 0, 1, 2)}}, "input 1"},
		{"loss reduction", opCase{name: "SoftmaxCrossEntropyLoss", attrs: attrs("reduction", "max"), in: []operand{f(2, 3), labels(ints(2), 0, 1)}}, "reduction"},
		{"training dropout", opCase{name: "Dropout", in: []operand{f(2), scalar(0.5), fixed(abi.Bool, nil, 1)}}, "training_mode"},
		{"training batch norm", opCase{name: "BatchNormalization", attrs: attrs("training_mode", 2), in: []operand{f(2, 3), f(3), f(3), f(3), f(3)}}, "training_mode"},
		{"gather axis", opCase{name: "Gather", attrs: attrs("axis", 2), in: []operand{f(2, 3), labels(ints(1), 0)}}, "axis 2"},
		{"cast to bfloat16", opCase{name: "Cast", attrs: attrs("to", 16), in: []operand{f(2)}}, "dtype(16)"},
		{"where condition", opCase{name: "Where", in: []operand{f(2), f(2), f(2)}}, "bool"},
		{"clip bounds", opCase{name: "Clip", in: []operand{f(2), f(2)}}, "one number"},
		{"opset", opCase{name: "Gelu", in: []operand{f(2)}, opset: 13}, "opset"},
		{"axes as attribute", opCase{name: "ReduceSum", attrs: attrs("axes", ints(0)), in: []operand{f(2)}}, "axes"},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, _, err := c.op.build(open(t, e, abi.Quota{}))
			wantKind(t, err, abi.Invalid, c.op.op(), c.word)
		})
	}
}

func graphsAreChecked(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{})
	for _, opset := range []int{0, 12, 25} {
		_, err := b.s.NewGraph(opset)
		wantKind(t, err, abi.Invalid, "opset")
	}
	_, err := b.g.Input("x", abi.Float32, ints(2, -1))
	wantKind(t, err, abi.Invalid, "out of range")
	_, err = b.g.Input("x", abi.Float32, ints(1<<30, 1<<30))
	wantKind(t, err, abi.Invalid, "elements")
	_, err = b.g.Input("x", abi.DType(16), ints(2))
	wantKind(t, err, abi.Invalid, "dtype(16)")
	_, err = b.g.Input("", abi.Float32, ints(2))
	wantKind(t, err, abi.Invalid, "name")
	b.input("x", abi.Float32, 2)
	_, err = b.g.Input("x", abi.Float32, ints(2))
	wantKind(t, err, abi.Invalid, `"x"`)
	_, err = b.g.Param("x", b.tensor(random(1, 2)))
	wantKind(t, err, abi.Invalid, `"x"`)
	wantKind(t, b.g.Output("y", 99), abi.Invalid, "99")
	wantKind(t, b.g.Output("y", 0), abi.Invalid)
	_, err = b.g.Node("Relu", nil, []abi.Value{77})
	wantKind(t, err, abi.Invalid, "Relu", "77")
	_, err = b.s.Compile(context.Background(), b.g)
	wantKind(t, err, abi.Invalid, "output")
	_, _, err = b.g.Type(42)
	wantKind(t, err, abi.Invalid)

	v := b.input("y", abi.Float32, 3)
	_, err = b.g.Gradient(v, []abi.Value{v})
	wantKind(t, err, abi.Invalid, "loss")
	one := b.node("ReduceSum", attrs("keepdims", 0), v)
	n := b.input("n", abi.Int64, 1)
	_, err = b.g.Gradient(one, []abi.Value{n})
	wantKind(t, err, abi.Invalid, "int64")
	if dt, shape, err := b.g.Type(one); dt != abi.Float32 || len(shape) != 0 || err != nil {
		t.Errorf("Type = %v, %v, %v; want a float32 scalar", dt, shape, err)
	}
}

func frozen(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{})
	w := b.param("w", random(1, 2))
	v := b.node("ReduceSum", attrs("keepdims", 0), b.node("Tanh", nil, w))
	b.output("v", v)
	p := b.compile()
	defer p.Close()
	_, err := b.g.Node("Relu", nil, []abi.Value{w})
	wantKind(t, err, abi.Invalid, "compiled")
	_, err = b.g.Input("late", abi.Float32, ints(1))
	wantKind(t, err, abi.Invalid, "compiled")
	wantKind(t, b.g.Output("late", v), abi.Invalid, "compiled")
	_, err = b.g.Gradient(v, []abi.Value{w})
	wantKind(t, err, abi.Invalid, "compiled")
	tr := b.trainer(v, abi.Optimizer{Kind: abi.SGD, LearningRate: 0.1}) // another program of the same graph
	defer tr.Close()
	b.step(tr)
}

// gradientPaths checks values that are used twice, and not at all.
func gradientPaths(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{})
	x := b.input("x", abi.Float32, 2)
	unused := b.input("unused", abi.Float32, 3)
	h := b.node("Mul", nil, x, x)
	y := b.node("Add", nil, h, b.node("Mul", nil, h, x)) // x² + x³
	loss := b.node("ReduceSum", attrs("keepdims", 0), y)
	d, err := b.g.Gradient(loss, []abi.Value{x, unused, loss})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range d {
		b.output(string(rune('a'+i)), v)
	}
	got := b.run(floats(ints(2), 3, -0.5), zeros(abi.Float32, 3))
	near(t, "d/dx", got[0].data, []float64{2*3 + 3*9, -1 + 3*0.25}, 1e-6)
	near(t, "d/dunused", got[1].data, make([]float64, 3), 0)
	near(t, "d/dloss", got[2].data, []float64{1}, 0)
}

// The names of what an engine may refuse beside cases of operators.
const (
	intermediate = "Gradient/intermediate" // by a value that is computed
	computed     = "Gradient/computed"     // that nodes go on computing with
)

// gradientUses checks the gradient by a value that is computed, and nodes that
// compute with a gradient.
func gradientUses(t *testing.T, e abi.Engine, refuses []string) {
	build := func() (b *builder, x, h, loss abi.Value) {
		b = open(t, e, abi.Quota{})
		x = b.input("x", abi.Float32, 2)
		h = b.node("Mul", nil, x, x)
		return b, x, h, b.node("ReduceSum", attrs("keepdims", 0), b.node("Mul", nil, h, h))
	}
	try := func(b *builder, name string, v abi.Value, want ...float64) {
		b.output("d", v)
		if slices.Contains(refuses, name) {
			_, err := b.s.Compile(context.Background(), b.g)
			wantKind(t, err, abi.Invalid, "gradient")
			return
		}
		near(t, name, b.run(floats(ints(2), 3, -0.5))[0].data, want, 1e-6)
	}
	b, _, h, loss := build()
	try(b, intermediate, b.gradient(loss, h), 18, 0.5)
	b, x, _, loss := build()
	try(b, computed, b.node("Mul", nil, b.gradient(loss, x), x), 4*81, 0.25)
}

func tensors(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{})
	for _, dt := range []abi.DType{abi.Float32, abi.Int64, abi.Int32, abi.Uint8, abi.Bool} {
		x, err := b.s.NewTensor(dt, ints(2, 3))
		if err != nil {
			t.Fatal(err)
		}
		n := 6 * dt.Size()
		buf := make([]byte, n)
		if err := x.Read(0, buf); err != nil || !bytes.Equal(buf, make([]byte, n)) {
			t.Errorf("%v: a new tensor reads %v, %v; want zeros", dt, buf, err)
		}
		if err := x.Write(1, []byte{7, 8}); err != nil {
			t.Fatal(err)
		}
		if err := x.Read(0, buf[:4]); err != nil || !bytes.Equal(buf[:4], []byte{0, 7, 8, 0}) {
			t.Errorf("%v: Read = %v, %v; want 0 7 8 0", dt, buf[:4], err)
		}
		for _, off := range []int64{-1, n, n - 1, math.MaxInt64, math.MinInt64} {
			wantKind(t, x.Write(off, []byte{1, 2}), abi.Invalid)
			wantKind(t, x.Read(off, make([]byte, 2)), abi.Invalid)
		}
		if err := x.Write(n, nil); err != nil {
			t.Errorf("nothing written at the end = %v", err)
		}
		x.Free()
		x.Free()
		wantKind(t, x.Write(0, []byte{1}), abi.Invalid, "freed")
		wantKind(t, x.Read(0, []byte{1}), abi.Invalid, "freed")
	}
	for _, dt := range []abi.DType{0, 16, 99} {
		_, err := b.s.NewTensor(dt, ints(2))
		wantKind(t, err, abi.Invalid, dt.String())
	}
	for _, shape := range [][]int64{{-1}, {1 << 41}, {1 << 30, 1 << 30}, {1, 1, 1, 1, 1, 1, 1, 1, 1}} {
		_, err := b.s.NewTensor(abi.Float32, shape)
		wantKind(t, err, abi.Invalid)
	}
}

func byteQuota(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{TensorBytes: 4096})
	x := b.tensor(zeros(abi.Float32, 1000))
	_, err := b.s.NewTensor(abi.Float32, ints(25))
	wantKind(t, err, abi.Exhausted, "4096")
	_, err = b.s.NewTensor(abi.Float32, ints(1<<40))
	wantKind(t, err, abi.Exhausted)
	y := b.tensor(zeros(abi.Uint8, 96))
	if u := b.s.Usage(); u.Bytes != 4096 {
		t.Errorf("Usage = %+v, want 4096 bytes", u)
	}
	x.Free()
	y.Free()
	if u := b.s.Usage(); u.Bytes != 0 || u.PeakBytes != 4096 {
		t.Errorf("Usage = %+v, want 0 bytes and a peak of 4096", u)
	}

	in := b.input("x", abi.Float32, 500)
	b.output("y", b.node("Tanh", nil, in))
	p := b.compile()
	list := []abi.Tensor{b.tensor(random(1, 500))}
	hog := b.tensor(zeros(abi.Float32, 300))
	before := b.s.Usage()
	_, err = p.Run(context.Background(), list)
	wantKind(t, err, abi.Exhausted)
	if after := b.s.Usage(); after.Bytes != before.Bytes {
		t.Errorf("a run that did not fit left %d bytes, before it were %d", after.Bytes, before.Bytes)
	}
	hog.Free()
	out, err := p.Run(context.Background(), list)
	if err != nil {
		t.Fatal(err)
	}
	out[0].Free()
	p.Close()
	p.Close()
	list[0].Free()
	if u := b.s.Usage(); u.Bytes != 0 {
		t.Errorf("after everything was freed, %d bytes are in use", u.Bytes)
	}

	b.graph(21)
	big := b.input("x", abi.Float32, 64, 64)
	b.output("y", b.node("MatMul", nil, b.node("Tanh", nil, big), b.node("Exp", nil, big)))
	_, err = b.s.Compile(context.Background(), b.g)
	wantKind(t, err, abi.Exhausted)
}

func flopQuota(t *testing.T, e abi.Engine) {
	build := func(q abi.Quota) (*builder, abi.Program) {
		b := open(t, e, q)
		v := b.input("x", abi.Float32, 8, 8)
		b.output("y", b.node("MatMul", nil, v, v))
		return b, b.compile()
	}
	_, p := build(abi.Quota{})
	cost := p.Cost().FLOPs
	if want := uint64(2 * 8 * 8 * 8); cost != want {
		t.Errorf("an 8×8 product costs %d, want %d", cost, want)
	}
	b, p := build(abi.Quota{FLOPs: 2*cost + 1})
	list := []abi.Tensor{b.tensor(random(1, 8, 8))}
	for range 2 {
		if _, err := p.Run(context.Background(), list); err != nil {
			t.Fatal(err)
		}
	}
	_, err := p.Run(context.Background(), list)
	wantKind(t, err, abi.Exhausted, "FLOPs")
	if u := b.s.Usage(); u.FLOPs != 2*cost || u.Runs != 2 {
		t.Errorf("Usage = %+v, want %d FLOPs in 2 runs", u, 2*cost)
	}
}

func nodeQuota(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{Nodes: 5})
	v := b.input("x", abi.Float32, 4)
	for range 5 {
		v = b.node("Tanh", nil, v)
	}
	_, err := b.g.Node("Tanh", nil, []abi.Value{v})
	wantKind(t, err, abi.Exhausted, "5")

	b.graph(21)
	v = b.input("x", abi.Float32, 4)
	loss := b.node("ReduceSum", attrs("keepdims", 0), b.node("Tanh", nil, b.node("Exp", nil, v)))
	_, err = b.g.Gradient(loss, []abi.Value{v})
	wantKind(t, err, abi.Exhausted, "5")
	b.output("still usable", b.node("Relu", nil, loss))
	b.run(random(1, 4))
}

func usage(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{})
	c := b.constant(random(1, 10)) // copied: 40 bytes that stay
	v := b.input("x", abi.Float32, 10)
	b.output("y", b.node("Add", nil, v, c))
	if u := b.s.Usage(); u.Bytes != 40 {
		t.Errorf("a constant of 40 bytes uses %d", u.Bytes)
	}
	p := b.compile()
	if u := b.s.Usage(); u.Bytes != 40+p.Cost().Bytes {
		t.Errorf("compiled, %d bytes are in use, want 40 and the arena's %d", u.Bytes, p.Cost().Bytes)
	}
	in := b.tensor(random(2, 10))
	out, err := p.Run(context.Background(), []abi.Tensor{in})
	if err != nil {
		t.Fatal(err)
	}
	if u := b.s.Usage(); u.Bytes != 40+40+40+p.Cost().Bytes || u.FLOPs != p.Cost().FLOPs || u.Runs != 1 {
		t.Errorf("after a run Usage = %+v, want 120 bytes beside the arena, %d FLOPs, 1 run", u, p.Cost().FLOPs)
	}
	out[0].Free()
	if got := p.Inputs(); len(got) != 1 || got[0].Name != "x" || got[0].DType != abi.Float32 || len(got[0].Shape) != 1 {
		t.Errorf("Inputs = %+v", got)
	}
	if got := p.Outputs(); len(got) != 1 || got[0].Name != "y" {
		t.Errorf("Outputs = %+v", got)
	}
}

func foreignObjects(t *testing.T, e abi.Engine) {
	a, b := open(t, e, abi.Quota{}), open(t, e, abi.Quota{})
	x := a.tensor(random(1, 3))
	_, err := b.g.Param("w", x)
	wantKind(t, err, abi.Invalid, "session")
	_, err = b.g.Constant(x)
	wantKind(t, err, abi.Invalid, "session")
	_, err = b.g.Param("nil", nil)
	wantKind(t, err, abi.Invalid)
	a.output("y", a.node("Tanh", nil, a.param("w", random(2, 3))))
	_, err = b.s.Compile(context.Background(), a.g)
	wantKind(t, err, abi.Invalid, "session")
	_, err = b.s.Trainer(context.Background(), a.g, 1, abi.Optimizer{Kind: abi.SGD})
	wantKind(t, err, abi.Invalid, "session")
	b.output("y", b.node("Tanh", nil, b.input("x", abi.Float32, 3)))
	p := b.compile()
	_, err = p.Run(context.Background(), []abi.Tensor{x})
	wantKind(t, err, abi.Invalid, "session")
	_, err = p.Run(context.Background(), nil)
	wantKind(t, err, abi.Invalid, "inputs")
	_, err = p.Run(context.Background(), []abi.Tensor{b.tensor(random(1, 4))})
	wantKind(t, err, abi.Invalid, `"x"`)
	_, err = p.Run(context.Background(), []abi.Tensor{b.tensor(zeros(abi.Int32, 3))})
	wantKind(t, err, abi.Invalid, `"x"`)
	gone := b.tensor(random(1, 3))
	gone.Free()
	_, err = p.Run(context.Background(), []abi.Tensor{gone})
	wantKind(t, err, abi.Invalid, "freed")

	b.graph(21)
	w := b.tensor(random(1, 3))
	v := b.value(b.g.Param("w", w))
	b.output("y", b.node("Tanh", nil, v))
	p = b.compile()
	w.Free()
	_, err = p.Run(context.Background(), nil)
	wantKind(t, err, abi.Invalid, "parameter 0")
}

func closed(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{})
	x := b.tensor(random(1, 3))
	v := b.node("ReduceSum", attrs("keepdims", 0), b.value(b.g.Param("w", x)))
	b.output("y", v)
	p, tr := b.compile(), b.trainer(v, abi.Optimizer{Kind: abi.SGD, LearningRate: 1})
	model, err := b.g.MarshalONNX()
	if err != nil {
		t.Fatal(err)
	}
	done := b.compile()
	done.Close()
	_, err = done.Run(context.Background(), nil)
	wantKind(t, err, abi.Invalid, "closed")
	for range 2 {
		if err := b.s.Close(); err != nil {
			t.Fatalf("Close = %v", err)
		}
	}
	ctx := context.Background()
	for what, f := range map[string]func() error{
		"NewTensor":       func() error { _, err := b.s.NewTensor(abi.Float32, ints(1)); return err },
		"NewGraph":        func() error { _, err := b.s.NewGraph(21); return err },
		"ParseONNX":       func() error { _, err := b.s.ParseONNX(t.Context(), model); return err },
		"Compile":         func() error { _, err := b.s.Compile(ctx, b.g); return err },
		"Trainer":         func() error { _, err := b.s.Trainer(ctx, b.g, v, abi.Optimizer{Kind: abi.SGD}); return err },
		"Tensor.Read":     func() error { return x.Read(0, make([]byte, 4)) },
		"Tensor.Write":    func() error { return x.Write(0, make([]byte, 4)) },
		"Graph.Input":     func() error { _, err := b.g.Input("z", abi.Float32, ints(1)); return err },
		"Graph.Node":      func() error { _, err := b.g.Node("Relu", nil, []abi.Value{v}); return err },
		"Graph.Output":    func() error { return b.g.Output("z", v) },
		"Graph.Gradient":  func() error { _, err := b.g.Gradient(v, nil); return err },
		"Graph.Type":      func() error { _, _, err := b.g.Type(v); return err },
		"MarshalONNX":     func() error { _, err := b.g.MarshalONNX(); return err },
		"Run":             func() error { _, err := p.Run(ctx, nil); return err },
		"Trainer.Run":     func() error { _, err := tr.Run(ctx, nil); return err },
		"SetLearningRate": func() error { return tr.SetLearningRate(1) },
	} {
		if err := f(); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s after Close = %v, want Invalid", what, err)
		}
	}
	x.Free()
	if u := b.s.Usage(); u.Bytes != 0 {
		t.Errorf("a closed session uses %d bytes", u.Bytes)
	}
}

// cancelled runs a program until a cancel from another goroutine ends it, so that
// no clock is needed.
func cancelled(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{})
	v := b.input("x", abi.Float32, 256, 256)
	y := v
	for range 40 {
		y = b.node("MatMul", nil, y, v)
	}
	b.output("y", y)
	p := b.compile()
	list := []abi.Tensor{b.tensor(zeros(abi.Float32, 256, 256))}
	before := b.s.Usage().Bytes

	cause := errors.New("the user left")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	if _, err := p.Run(ctx, list); !errors.Is(err, cause) {
		t.Errorf("Run with an ended context = %v, want its cause", err)
	}
	if _, err := b.s.Compile(ctx, b.g); !errors.Is(err, cause) {
		t.Errorf("Compile with an ended context = %v, want its cause", err)
	}

	ctx, cancel = context.WithCancelCause(context.Background())
	go cancel(cause)
	for range 1000 { // the cancel comes in the middle of one of the runs
		out, err := p.Run(ctx, list)
		if err == nil {
			out[0].Free()
			continue
		}
		if !errors.Is(err, cause) {
			t.Fatalf("a cancelled Run = %v, want its cause", err)
		}
		break
	}
	if ctx.Err() == nil {
		t.Fatal("no run was cancelled")
	}
	if after := b.s.Usage().Bytes; after != before {
		t.Errorf("a cancelled run left %d bytes, before it were %d", after, before)
	}
	out, err := p.Run(context.Background(), list) // and the program still works
	if err != nil {
		t.Fatalf("Run after a cancelled one = %v", err)
	}
	near(t, "y", b.read(out[0]).data[:3], []float64{0, 0, 0}, 0)
}

func deterministic(t *testing.T, e abi.Engine) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first []byte
	for _, procs := range []int{1, 2, 3, 2, 1} {
		runtime.GOMAXPROCS(procs)
		b := open(t, e, abi.Quota{})
		net := convNet(b, 6)
		tr := b.trainer(net.loss, abi.Optimizer{Kind: abi.Adam, LearningRate: 0.01, ClipNorm: 1})
		var got []byte
		for range 3 {
			for _, out := range b.step(tr, net.images, net.labels) {
				got = append(got, out.encode()...)
			}
		}
		for _, p := range b.g.Params() {
			got = append(got, b.read(p.Tensor).encode()...)
		}
		if first == nil {
			first = got
		}
		if !bytes.Equal(got, first) {
			t.Errorf("with GOMAXPROCS %d the bits differ", procs)
		}
	}
}

func sharedOutputs(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{})
	x, w := b.input("x", abi.Float32, 2, 2), b.param("w", floats(ints(2, 2), 1, 2, 3, 4))
	sum := b.node("Add", nil, x, w)
	flat := b.node("Reshape", nil, sum, b.constant(array{abi.Int64, ints(1), []float64{4}}))
	b.output("input", x)
	b.output("parameter", w)
	b.output("sum", sum)
	b.output("again", sum)
	b.output("flat", flat)
	b.output("relu", b.node("Relu", nil, sum))
	b.output("constant", b.constant(floats(ints(1), 5)))
	got := b.run(floats(ints(2, 2), 10, 20, -30, -40))
	want := [][]float64{{10, 20, -30, -40}, {1, 2, 3, 4}, {11, 22, -27, -36}, {11, 22, -27, -36}, {11, 22, -27, -36}, {11, 22, 0, 0}, {5}}
	for i, w := range want {
		near(t, "output", got[i].data, w, 0)
	}
	wantShape(t, got[4].shape, ints(4))
}

// totality runs operators on what is no number: nothing fails, and rows do not
// touch each other.
func totality(t *testing.T, e abi.Engine) {
	nan, inf := math.NaN(), math.Inf(1)
	b := open(t, e, abi.Quota{})
	x := b.input("x", abi.Float32, 2, 3)
	w := b.constant(floats(ints(3, 2), 1, 2, 3, 4, 5, 6))
	b.output("relu", b.node("Relu", nil, x))
	b.output("product", b.node("MatMul", nil, x, w))
	b.output("softmax", b.node("Softmax", nil, x))
	b.output("log", b.node("Log", nil, x))
	in := floats(ints(2, 3), nan, inf, -1, 1, 2, 3)
	got := b.run(in)
	near(t, "relu", got[0].data, []float64{nan, inf, 0, 1, 2, 3}, 0)
	near(t, "product", got[1].data, []float64{nan, nan, 22, 28}, 1e-6)
	if !math.IsNaN(got[2].data[0]) {
		t.Errorf("softmax of a row with NaN = %v, want NaN", got[2].data[:3])
	}
	near(t, "softmax", got[2].data[3:], softmax(1, false)([]array{floats(ints(1, 3), 1, 2, 3)}).data, 1e-6)
	near(t, "log", got[3].data, []float64{nan, inf, nan, 0, math.Log(2), math.Log(3)}, 1e-6)
}
