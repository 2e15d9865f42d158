package graph_test

import (
	"errors"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

type made struct {
	*testing.T
	g *graph.Graph
}

func build(t *testing.T, cfg graph.Config) made {
	t.Helper()
	cfg.Opset = 21
	g, err := graph.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return made{t, g}
}

func (m made) input(name string, shape ...int64) abi.Value {
	m.Helper()
	v, err := m.g.Input(name, abi.Float32, shape)
	if err != nil {
		m.Fatal(err)
	}
	return v
}

func (m made) node(op string, in ...abi.Value) abi.Value {
	m.Helper()
	v, err := m.g.Node(op, nil, in)
	if err != nil {
		m.Fatal(err)
	}
	return v[0]
}

func (m made) count(op string) (n int) {
	for v := abi.Value(1); int(v) <= m.g.Len(); v++ {
		if m.g.At(v).Op == op {
			n++
		}
	}
	return n
}

func TestOnlyTheGradientsThatAreAskedForAreComputed(t *testing.T) {
	m := build(t, graph.Config{})
	x, w, u := m.input("x", 1, 1, 8, 8), m.input("w", 2, 1, 3, 3), m.input("u", 4, 2, 3, 3)
	loss := m.node("ReduceSum", m.node("Conv", m.node("Relu", m.node("Conv", x, w)), u))
	loss = m.node("Squeeze", loss)
	if _, err := m.g.Gradient(loss, []abi.Value{w, u}); err != nil {
		t.Fatal(err)
	}
	if x, w := m.count("ConvGradX"), m.count("ConvGradW"); x != 1 || w != 2 {
		t.Errorf("%d gradients by images and %d by weights, want 1 and 2: nobody asked for the input's", x, w)
	}
}

func TestAGradientThatFailsLeavesTheGraphAsItWas(t *testing.T) {
	m := build(t, graph.Config{})
	x := m.input("x", 3)
	loss := m.node("ReduceSum", m.node("Tanh", x))
	d, err := m.g.Gradient(loss, []abi.Value{x})
	if err != nil {
		t.Fatal(err)
	}
	before := m.g.Len()
	second := m.node("ReduceSum", d[0])
	if _, err := m.g.Gradient(second, []abi.Value{x}); !errors.Is(err, abi.Invalid) {
		t.Errorf("the gradient of TanhGrad = %v, want Invalid", err)
	}
	if got := m.g.Len(); got != before+1 {
		t.Errorf("the graph has %d values, want %d", got, before+1)
	}
}

func TestAnIndexHasNoGradientAndStopsNone(t *testing.T) {
	m := build(t, graph.Config{})
	x := m.input("x", 3, 4)
	top := m.node("Squeeze", m.node("ArgMax", x)) // a way to the loss without a gradient
	loss := m.node("Squeeze", m.node("ReduceSum", m.node("Gather", x, top)))
	if _, err := m.g.Gradient(loss, []abi.Value{x}); err != nil {
		t.Fatal(err)
	}
	if n := m.count("GatherGrad"); n != 1 {
		t.Errorf("%d gradients of Gather, want 1", n)
	}
}

func TestCostsAreByShapeAndSaturate(t *testing.T) {
	m := build(t, graph.Config{})
	a, b := m.input("a", 10, 20), m.input("b", 20, 30)
	if got := m.g.At(m.node("MatMul", a, b)).FLOPs; got != 2*10*20*30 {
		t.Errorf("a 10×20×30 product costs %d, want %d", got, 2*10*20*30)
	}
	x, w := m.input("x", 2, 3, 8, 8), m.input("w", 4, 3, 3, 3)
	if got := m.g.At(m.node("Conv", x, w)).FLOPs; got != 2*2*4*6*6*3*3*3 {
		t.Errorf("a convolution costs %d, want %d", got, 2*2*4*6*6*3*3*3)
	}
	tall, wide := m.input("tall", 1<<20, 1<<20), m.input("wide", 1<<20, 1<<20)
	if _, err := m.g.Node("MatMul", nil, []abi.Value{tall, wide}); !errors.Is(err, abi.Invalid) {
		t.Errorf("a product of 2^60 terms = %v, want Invalid", err)
	}
}

func TestConstantsAreChargedBeforeTheyAreKept(t *testing.T) {
	var charged int64
	m := build(t, graph.Config{Charge: func(n int64) error {
		if charged += n; charged > 10 {
			return abi.Exhausted
		}
		return nil
	}})
	if _, err := m.g.ConstantBytes(abi.Uint8, []int64{10}, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	_, err := m.g.ConstantBytes(abi.Uint8, []int64{1}, make([]byte, 1))
	if !errors.Is(err, abi.Exhausted) || m.g.Len() != 1 {
		t.Errorf("a constant over the quota = %v and %d values, want Exhausted and 1", err, m.g.Len())
	}
}
