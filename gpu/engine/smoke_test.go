package engine_test

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine"
)

func ft(t testing.TB, s abi.Session, shape []int64, v []float32) abi.Tensor {
	x, err := s.NewTensor(abi.Float32, shape)
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	for _, f := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	if err := x.Write(0, b); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestSmoke(t *testing.T) {
	e, err := engine.New("cpu")
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	s, _ := e.Open(ctx, abi.Quota{})
	g, err := s.NewGraph(21)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewSource(1))
	rnd := func(std float64, shape ...int64) abi.Tensor {
		n := int64(1)
		for _, d := range shape {
			n *= d
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(r.NormFloat64() * std)
		}
		return ft(t, s, shape, v)
	}
	must := func(v abi.Value, err error) abi.Value {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	node := func(op string, attrs []abi.Attr, in ...abi.Value) abi.Value {
		t.Helper()
		v, err := g.Node(op, attrs, in)
		if err != nil {
			t.Fatal(err)
		}
		return v[0]
	}
	const n = 64
	ints := func(name string, v ...int64) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrInts, Ints: v} }
	x := must(g.Input("x", abi.Float32, []int64{n, 1, 28, 28}))
	y := must(g.Input("y", abi.Int64, []int64{n}))
	w0 := must(g.Param("w0", rnd(.2, 6, 1, 5, 5)))
	b0 := must(g.Param("b0", rnd(.1, 6)))
	w1 := must(g.Param("w1", rnd(.1, 16, 6, 5, 5)))
	b1 := must(g.Param("b1", rnd(.1, 16)))
	w2 := must(g.Param("w2", rnd(.05, 400, 120)))
	b2 := must(g.Param("b2", rnd(.05, 120)))
	w3 := must(g.Param("w3", rnd(.05, 120, 10)))
	b3 := must(g.Param("b3", rnd(.05, 10)))
	pool := []abi.Attr{ints("kernel_shape", 2, 2), ints("strides", 2, 2)}
	h := node("Relu", nil, node("Conv", []abi.Attr{ints("pads", 2, 2, 2, 2)}, x, w0, b0))
	h = node("MaxPool", pool, h)
	h = node("Relu", nil, node("Conv", nil, h, w1, b1))
	h = node("MaxPool", pool, h)
	h = node("Flatten", nil, h)
	h = node("Relu", nil, node("Gemm", nil, h, w2, b2))
	h = node("Gemm", nil, h, w3, b3)
	loss := node("SoftmaxCrossEntropyLoss", nil, h, y)
	g.Output("loss", loss)
	g.Output("label", node("ArgMax", []abi.Attr{{Name: "axis", Type: abi.AttrInt, I: 1}}, h))
	tr, err := s.Trainer(ctx, g, loss, abi.Optimizer{Kind: abi.Adam, LearningRate: 1e-3})
	if err != nil {
		t.Fatal(err)
	}
	in := rnd(1, n, 1, 28, 28)
	lab, _ := s.NewTensor(abi.Int64, []int64{n})
	lb := make([]byte, 8*n)
	for i := range n {
		lb[8*i] = byte(r.Intn(10))
	}
	lab.Write(0, lb)
	for i := range 50 {
		out, err := tr.Run(ctx, []abi.Tensor{in, lab})
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 4)
		out[0].Read(0, b)
		if i%10 == 0 {
			t.Log(i, math.Float32frombits(binary.LittleEndian.Uint32(b)))
		}
		out[0].Free()
		out[1].Free()
	}
	t.Logf("%+v %+v", tr.Cost(), s.Usage())
	b, err := g.MarshalONNX()
	if err != nil {
		t.Fatal(err)
	}
	g2, err := s.ParseONNX(b)
	if err != nil {
		t.Fatal(err)
	}
	b2x, err := g2.MarshalONNX()
	if err != nil || string(b) != string(b2x) {
		t.Fatal("round trip differs", err, len(b), len(b2x))
	}
}
