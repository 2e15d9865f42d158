package onnx_test

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/onnx"
)

// body is an attribute that is a graph.
func body(name string, parts ...[]byte) []byte { return msg(1, name, 6, join(parts...), 20, 5) }

func number(name string, v float32) []byte { return initializer(2, 1, 8, name, 9, le(v)) }

func long(name string, v int64) []byte {
	return initializer(2, 7, 8, name, 9, binary.LittleEndian.AppendUint64(nil, uint64(v)))
}

// run runs a model on float32 vectors, in the order of its inputs.
func run(t *testing.T, file []byte, bind []abi.Binding, in ...[]float32) [][]float32 {
	t.Helper()
	out, err := tryRun(t, file, bind, in...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tryRun(t *testing.T, file []byte, bind []abi.Binding, in ...[]float32) ([][]float32, error) {
	t.Helper()
	e, err := engine.New("cpu")
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Open(t.Context(), abi.Quota{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	g, err := s.ParseONNX(t.Context(), file, bind...)
	if err != nil {
		return nil, err
	}
	// What is written of it is the same model, without control flow.
	again, err := g.MarshalONNX()
	if err != nil {
		t.Fatal(err)
	}
	if g, err = s.ParseONNX(t.Context(), again); err != nil {
		t.Fatalf("as it was written: %v", err)
	}
	p, err := s.Compile(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	var tensors []abi.Tensor
	for i, port := range p.Inputs() {
		x, err := s.NewTensor(port.DType, port.Shape)
		if err != nil {
			t.Fatal(err)
		}
		b := le(in[i]...)
		if port.DType == abi.Bool {
			b = []byte{byte(in[i][0])}
		}
		if err := x.Write(0, b); err != nil {
			t.Fatal(err)
		}
		tensors = append(tensors, x)
	}
	res, err := p.Run(t.Context(), tensors)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]float32
	for _, x := range res {
		n, _ := abi.Elements(x.Shape())
		b := make([]byte, 4*n)
		if err := x.Read(0, b); err != nil {
			t.Fatal(err)
		}
		var list []float32
		for ; len(b) > 0; b = b[4:] {
			list = append(list, math.Float32frombits(binary.LittleEndian.Uint32(b)))
		}
		out = append(out, list)
	}
	return out, nil
}

// fork adds 1 to x where the condition holds, and doubles it where not.
func fork() []byte {
	yes := body("then_branch", number("one", 1), node("Add", []string{"x", "one"}, "a"), port(12, "a", 1, 2))
	no := body("else_branch", number("two", 2), node("Mul", []string{"x", "two"}, "b"), port(12, "b", 1, 2))
	return model(17, join(port(11, "c", 9), port(11, "x", 1, 2), node("If", []string{"c"}, "y", yes, no), port(12, "y", 1, 2)))
}

func TestABranchIsTakenOrChosen(t *testing.T) {
	for cond, want := range map[float32][]float32{1: {4, 6}, 0: {6, 10}} {
		if got := run(t, fork(), nil, []float32{cond}, []float32{3, 5}); !slices.Equal(got[0], want) {
			t.Errorf("condition %v as an input: %v, want %v", cond, got[0], want)
		}
		known := []abi.Binding{{Name: "c", Data: []byte{byte(cond)}}}
		if got := run(t, fork(), known, []float32{3, 5}); !slices.Equal(got[0], want) {
			t.Errorf("condition %v known: %v, want %v", cond, got[0], want)
		}
	}
}

func TestOnlyTheBranchThatIsTakenIsAdded(t *testing.T) {
	g, err := onnx.Parse(t.Context(), fork(), options(abi.Binding{Name: "c", Data: []byte{1}}))
	if err != nil {
		t.Fatal(err)
	}
	if p := g.Params(); len(p) != 1 || p[0].Name != "one" {
		t.Errorf("parameters are %+v, want only that of the branch that is taken", p)
	}
}

func options(bind ...abi.Binding) onnx.Options {
	return onnx.Options{Bind: bind, Graph: func(opset int) graph.Config {
		return graph.Config{Opset: opset, Eval: cpu.Eval}
	}, Param: func(_ abi.DType, shape []int64, data []byte) (abi.Tensor, error) {
		return &value{shape, data}, nil
	}}
}

// powers multiplies s by x, n times, and gives every step.
func powers(trips ...[]byte) []byte {
	b := body("body", port(11, "i", 7), port(11, "on", 9), port(11, "s", 1, 1),
		node("Mul", []string{"s", "x"}, "t"), node("Identity", []string{"on"}, "still"), node("Identity", []string{"t"}, "seen"),
		port(12, "still", 9), port(12, "t", 1, 1), port(12, "seen", 1, 1))
	loop := msg(1, join(msg(1, "n", 1, "", 1, "one", 2, "last", 2, "all", 4, "Loop", 5, b)))
	return model(17, join(join(trips...), port(11, "x", 1, 1), initializer(1, 1, 2, 1, 8, "one", 9, le(1)), loop, port(12, "last", 1, 1), port(12, "all", 1, 3, 1)))
}

func TestALoopIsItsIterations(t *testing.T) {
	got := run(t, powers(long("n", 3)), nil, []float32{2})
	if !slices.Equal(got[0], []float32{8}) || !slices.Equal(got[1], []float32{2, 4, 8}) {
		t.Errorf("2 to the third is %v by way of %v", got[0], got[1])
	}
}

func TestALoopWithoutIterationsGivesWhatItWasGiven(t *testing.T) {
	got := run(t, powers(long("n", 0)), nil, []float32{2})
	if !slices.Equal(got[0], []float32{1}) || len(got[1]) != 0 {
		t.Errorf("2 to the zeroth is %v by way of %v", got[0], got[1])
	}
}

func TestAnInputThatMustBeKnownIsNamed(t *testing.T) {
	file := powers(port(11, "n", 7))
	_, err := tryRun(t, file, nil, nil, []float32{2})
	open, ok := errors.AsType[*abi.Unbound](err)
	if !ok || !slices.Equal(open.Inputs, []string{"n"}) || !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), `"n"`) {
		t.Fatalf("error %v, want that n must be known", err)
	}
	three := []abi.Binding{{Name: "n", Data: []byte{3, 0, 0, 0, 0, 0, 0, 0}}}
	if got := run(t, file, three, []float32{2}); !slices.Equal(got[0], []float32{8}) {
		t.Errorf("2 to the third is %v", got[0])
	}
}

func TestALoopEndsWithItsCondition(t *testing.T) {
	b := body("body", port(11, "i", 7), port(11, "on", 9), port(11, "s", 1, 1), long("four", 4),
		node("Mul", []string{"s", "x"}, "t"), node("Less", []string{"i", "four"}, "still"),
		port(12, "still", 9), port(12, "t", 1, 1))
	loop := msg(1, join(msg(1, "", 1, "yes", 1, "one", 2, "last", 4, "Loop", 5, b)))
	file := func(yes []byte) []byte {
		return model(17, join(yes, port(11, "x", 1, 1), initializer(1, 1, 2, 1, 8, "one", 9, le(1)), loop, port(12, "last", 1, 1)))
	}
	if got := run(t, file(initializer(2, 9, 8, "yes", 9, []byte{1})), nil, []float32{2}); got[0][0] != 32 {
		t.Errorf("the loop that goes on while i < 4 gives %v, want 32", got[0])
	}
	_, err := tryRun(t, file(port(11, "yes", 9)), nil, []float32{1}, []float32{2})
	if _, ok := errors.AsType[*abi.Unbound](err); !ok {
		t.Errorf("a condition that is an input: %v", err)
	}
	forever := body("body", port(11, "i", 7), port(11, "on", 9), port(11, "s", 1, 1), node("Identity", []string{"on"}, "still"), port(12, "still", 9), port(12, "s", 1, 1))
	endless := model(17, join(initializer(2, 9, 8, "yes", 9, []byte{1}), port(11, "x", 1, 1),
		msg(1, join(msg(1, "", 1, "yes", 1, "x", 2, "last", 4, "Loop", 5, forever))), port(12, "last", 1, 1)))
	if _, err := tryRun(t, endless, nil, []float32{2}); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), "iterations") {
		t.Errorf("an endless loop: %v", err)
	}
}

func TestLoopsThatMultiplyAreRefused(t *testing.T) {
	inner := node("Neg", []string{"s"}, "t")
	for depth := range 4 {
		s, u := "s", "t"
		b := body("body", port(11, "i", 7), port(11, "on", 9), port(11, s, 1, 1), inner, node("Identity", []string{"on"}, "still"), port(12, "still", 9), port(12, u, 1, 1))
		in := "s"
		if depth == 3 {
			in = "x"
		}
		inner = msg(1, join(msg(1, "n", 1, "", 1, in, 2, "t", 4, "Loop", 5, b)))
	}
	file := model(17, join(long("n", 1000), port(11, "x", 1, 1), inner, port(12, "t", 1, 1)))
	if _, err := onnx.Parse(t.Context(), file, options()); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), "nodes") {
		t.Errorf("a thousand to the fourth iterations: %v", err)
	}
}

func TestAScanIsItsIterations(t *testing.T) {
	b := body("body", port(11, "s", 1, 2), port(11, "row", 1, 2),
		node("Add", []string{"s", "row"}, "t"), node("Identity", []string{"t"}, "sum"), port(12, "t", 1, 2), port(12, "sum", 1, 2))
	scan := func(attrs ...[]byte) []byte {
		m := msg(1, "zero", 1, "x", 2, "last", 2, "all", 4, "Scan", 5, b, 5, msg(1, "num_scan_inputs", 3, 1, 20, 2))
		for _, a := range attrs {
			m = append(m, msg(5, a)...)
		}
		return model(17, join(initializer(1, 2, 2, 1, 8, "zero", 9, le(0, 0)), port(11, "x", 1, 3, 2), msg(1, m), port(12, "last", 1, 2), port(12, "all", 1, 3, 2)))
	}
	in := []float32{1, 2, 3, 4, 5, 6}
	got := run(t, scan(), nil, in)
	if !slices.Equal(got[0], []float32{9, 12}) || !slices.Equal(got[1], []float32{1, 2, 4, 6, 9, 12}) {
		t.Errorf("running sums are %v and %v", got[0], got[1])
	}
	got = run(t, scan(msg(1, "scan_input_directions", 8, 1, 20, 7), msg(1, "scan_output_directions", 8, 1, 20, 7)), nil, in)
	if !slices.Equal(got[1], []float32{9, 12, 8, 10, 5, 6}) {
		t.Errorf("backward, written backward: %v", got[1])
	}
}

func TestAnInitialiserThatMustBeKnownIsNoParameter(t *testing.T) {
	file := model(17, join(port(11, "x", 1, 2), number("low", -1), number("more", 2), node("Identity", []string{"low"}, "l"), node("Clip", []string{"x", "l"}, "c"), node("Add", []string{"c", "more"}, "y"), port(12, "y", 1, 2)))
	g, err := onnx.Parse(t.Context(), file, options())
	if err != nil {
		t.Fatal(err)
	}
	if p := g.Params(); len(p) != 1 || p[0].Name != "more" || g.At(g.ParamValues()[0]).Index != 0 {
		t.Fatalf("parameters %v, want the one that is only added", p)
	}
	if got := run(t, file, nil, []float32{-3, 3}); !slices.Equal(got[0], []float32{1, 5}) {
		t.Errorf("clipped at a computed bound: %v", got[0])
	}
}

func TestBindingsAreChecked(t *testing.T) {
	file := model(17, join(port(11, "x", 1, "N", "M"), node("Relu", []string{"x"}, "y"), port(12, "y", 1, "N", "M")))
	for _, c := range []struct {
		what string
		bind []abi.Binding
		want string
	}{
		{"nothing", nil, "symbolic"},
		{"another name", []abi.Binding{{Name: "z", Shape: []int64{1, 2}}, {Name: "x", Shape: []int64{1, 2}}}, `no input "z"`},
		{"rank", []abi.Binding{{Name: "x", Shape: []int64{2}}}, "rank 2"},
		{"too little data", []abi.Binding{{Name: "x", Shape: []int64{1, 2}, Data: []byte{1}}}, "1 bytes"},
		{"overflow", []abi.Binding{{Name: "x", Shape: []int64{1 << 40, 1 << 40}}}, "elements"},
		{"negative", []abi.Binding{{Name: "x", Shape: []int64{2, -2}}}, "symbolic"},
	} {
		if _, err := tryRun(t, file, c.bind); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want invalid that says %q", c.what, err, c.want)
		}
	}
	bind := []abi.Binding{{Name: "x", Shape: []int64{1, 2}}}
	if got := run(t, file, bind, []float32{-1, 1}); !slices.Equal(got[0], []float32{0, 1}) {
		t.Errorf("bound to 1×2: %v", got[0])
	}
}

func TestAResultThatThereIsNotMattersOnlyWhereItIsRead(t *testing.T) {
	relu := msg(1, msg(1, "x", 2, "y", 2, "extra", 4, "Relu"))
	file := func(rest ...[]byte) []byte {
		return model(17, join(port(11, "x", 1, 2), relu, join(rest...), port(12, "y", 1, 2)))
	}
	if got := run(t, file(), nil, []float32{-1, 1}); !slices.Equal(got[0], []float32{0, 1}) {
		t.Errorf("nothing reads it: %v", got)
	}
	for what, rest := range map[string][]byte{"a node": node("Neg", []string{"extra"}, "z"), "an output": port(12, "extra", 1, 2)} {
		if _, err := tryRun(t, file(rest), nil, nil); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), `result 1 of operator "Relu"`) {
			t.Errorf("%s reads it: %v", what, err)
		}
	}
}

func TestAFileSaysWhatComputesItsOutputs(t *testing.T) {
	info, err := onnx.Inspect(old())
	if err != nil || len(info.Outputs) != 1 || info.Outputs[0].Op != "Clip" {
		t.Errorf("outputs are %+v, %v; want one of Clip", info.Outputs, err)
	}
}
