package engine_test

import (
	"context"
	"encoding/binary"
	"math"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine"
)

// TestOnlyTheSideThatIsTakenRuns chooses between sides by conditions that are known
// in the run only: c ? exp(x) : (d ? tanh(x) : sigmoid(x)), and with the same c
// between two sides that share sin(x), which an output reads as well as cos(x).
func TestOnlyTheSideThatIsTakenRuns(t *testing.T) {
	s, err := newEngine(t, "cpu").Open(context.Background(), abi.Quota{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	g, err := s.NewGraph(21)
	if err != nil {
		t.Fatal(err)
	}
	must := func(v abi.Value, err error) abi.Value {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	node := func(op string, in ...abi.Value) abi.Value {
		t.Helper()
		v, err := g.Node(op, nil, in)
		if err != nil {
			t.Fatal(err)
		}
		return v[0]
	}
	x := must(g.Input("x", abi.Float32, []int64{1}))
	c, d := must(g.Input("c", abi.Bool, []int64{1})), must(g.Input("d", abi.Bool, []int64{1}))
	sin, cos := node("Sin", x), node("Cos", x)
	inner := node("Where", node("Not", d), node("Sigmoid", x), node("Tanh", x))
	outputs := []abi.Value{
		node("Where", c, node("Exp", x), node("Reshape", inner, must(constant(g, s, abi.Int64, 1)))),
		node("Where", c, node("Sqrt", sin), node("Abs", sin)),
		node("Where", c, node("Neg", cos), cos),
		cos,
	}
	for i, v := range outputs {
		if err := g.Output("y"+string(rune('0'+i)), v); err != nil {
			t.Fatal(err)
		}
	}
	p, err := s.Compile(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	const at = 0.7
	sigmoid := 1 / (1 + math.Exp(-at))
	before, err := engine.Profile(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		c, d bool
		want []float64
		runs map[string]bool // of the operators that some side needs
	}{
		{true, false, []float64{math.Exp(at), math.Sqrt(math.Sin(at)), -math.Cos(at)}, map[string]bool{"Exp": true, "Sqrt": true, "Neg": true}},
		{false, true, []float64{math.Tanh(at), math.Sin(at), math.Cos(at)}, map[string]bool{"Not": true, "Tanh": true, "Abs": true}},
		{false, false, []float64{sigmoid, math.Sin(at), math.Cos(at)}, map[string]bool{"Not": true, "Sigmoid": true, "Abs": true}},
	} {
		var in []abi.Tensor
		for i, b := range [][]byte{binary.LittleEndian.AppendUint32(nil, math.Float32bits(at)), truth(k.c), truth(k.d)} {
			x, err := s.NewTensor([]abi.DType{abi.Float32, abi.Bool, abi.Bool}[i], []int64{1})
			if err != nil {
				t.Fatal(err)
			}
			if err := x.Write(0, b); err != nil {
				t.Fatal(err)
			}
			in = append(in, x)
		}
		out, err := p.Run(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range append(k.want, math.Cos(at)) {
			var b [4]byte
			if err := out[i].Read(0, b[:]); err != nil {
				t.Fatal(err)
			}
			if got := float64(math.Float32frombits(binary.LittleEndian.Uint32(b[:]))); math.Abs(got-want) > 1e-6 {
				t.Errorf("c %v, d %v: output %d is %v, want %v", k.c, k.d, i, got, want)
			}
		}
		after, err := engine.Profile(p)
		if err != nil {
			t.Fatal(err)
		}
		for i, step := range after {
			ran := step.Took > before[i].Took
			switch step.Op {
			case "Where": // the inner one has a side of the outer one
			case "Sin", "Cos":
				if !ran {
					t.Errorf("c %v, d %v: %s did not run", k.c, k.d, step.Op)
				}
			default:
				if ran != k.runs[step.Op] {
					t.Errorf("c %v, d %v: %s ran: %v", k.c, k.d, step.Op, ran)
				}
			}
		}
		before = after
	}
}

func truth(b bool) []byte {
	if b {
		return []byte{1}
	}
	return []byte{0}
}

// constant is a constant of one element.
func constant(g abi.Graph, s abi.Session, dt abi.DType, v uint64) (abi.Value, error) {
	t, err := s.NewTensor(dt, []int64{1})
	if err != nil {
		return 0, err
	}
	if err := t.Write(0, binary.LittleEndian.AppendUint64(nil, v)); err != nil {
		return 0, err
	}
	return g.Constant(t)
}
