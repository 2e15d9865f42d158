package cuda

import (
	"context"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// expressions are operators by what they take and give, 0 being any type: those
// whose results are the same bits on every processor.
var expressions = []form{
	{"Add", []abi.DType{0, 0}, 0, graph.Attrs{}}, {"Sub", []abi.DType{0, 0}, 0, graph.Attrs{}}, {"Mul", []abi.DType{0, 0}, 0, graph.Attrs{}},
	{"Div", []abi.DType{0, 0}, 0, graph.Attrs{}}, {"Max", []abi.DType{0, 0}, 0, graph.Attrs{}}, {"Min", []abi.DType{0, 0}, 0, graph.Attrs{}},
	{"Less", []abi.DType{0, 0}, abi.Bool, graph.Attrs{}}, {"Equal", []abi.DType{0, 0}, abi.Bool, graph.Attrs{}},
	{"Where", []abi.DType{abi.Bool, 0, 0}, 0, graph.Attrs{}}, {"Not", []abi.DType{abi.Bool}, abi.Bool, graph.Attrs{}},
	{"Abs", []abi.DType{0}, 0, graph.Attrs{}}, {"Sign", []abi.DType{0}, 0, graph.Attrs{}}, {"Cast", []abi.DType{0}, 0, graph.Attrs{}},
	{"Relu", []abi.DType{abi.Float32}, abi.Float32, graph.Attrs{}}, {"Sigmoid", []abi.DType{abi.Float32}, abi.Float32, graph.Attrs{}},
	{"Gelu", []abi.DType{abi.Float32}, abi.Float32, graph.Attrs{}}, {"Floor", []abi.DType{abi.Float64}, abi.Float64, graph.Attrs{}},
	{"IsNaN", []abi.DType{abi.Float64}, abi.Bool, graph.Attrs{}}, {"Sqrt", []abi.DType{abi.Float32}, abi.Float32, graph.Attrs{}},
}

// TestExpressionsInOneKernel is of graphs of many operators, types and shapes, which
// end in one kernel or a few.
func TestExpressionsInOneKernel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g, err := graph.New(graph.Config{Opset: graph.MaxOpset})
		if err != nil {
			rt.Fatal(err)
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		values := map[abi.DType][]abi.Value{}
		shape := rapid.SampledFrom([][]int64{{2, 3, 4}, {8}, {3, 2}, {2, 2, 2, 2}}).Draw(rt, "shape")
		kinds := []abi.DType{abi.Float32, abi.Float64, abi.Int64, abi.Int32, abi.Int8, abi.Uint8, abi.Bool}
		add := func(v abi.Value) { dt := g.At(v).DType; values[dt] = append(values[dt], v) }
		for _, dt := range kinds {
			for range 2 {
				s := append([]int64{}, shape...)
				for d := range s {
					if rapid.IntRange(0, 3).Draw(rt, "broadcast") == 0 {
						s[d] = 1
					}
				}
				n := filled(r, dt, s...)
				v, err := g.ConstantBytes(dt, s, n.Data)
				if err != nil {
					rt.Fatal(err)
				}
				add(v)
			}
		}
		last := abi.Value(0)
		for range rapid.IntRange(2, 12).Draw(rt, "operators") {
			f := rapid.SampledFrom(expressions).Draw(rt, "operator")
			dt := rapid.SampledFrom(kinds).Draw(rt, "type")
			var in []abi.Value
			for _, of := range f.in {
				if of == 0 {
					of = dt
				}
				list := values[of]
				in = append(in, list[max(0, len(list)-1-rapid.IntRange(0, 3).Draw(rt, "operand"))])
			}
			var attrs []abi.Attr
			if f.op == "Cast" {
				attrs = []abi.Attr{{Name: "to", Type: abi.AttrInt, I: int64(rapid.SampledFrom(kinds).Draw(rt, "to"))}}
			}
			out, err := g.Node(f.op, attrs, in)
			if err != nil { // of this type there is none
				continue
			}
			last = out[0]
			add(last)
		}
		if last == 0 {
			return
		}
		if err := g.Output("y", last); err != nil {
			rt.Fatal(err)
		}
		dt := g.At(last).DType
		same(rt, dt, evaluate(rt, planned(rt, g, Layout()))[0], onProcessor(rt, g))
	})
}

func planned(t tester, g *graph.Graph, l graph.Layout) *graph.Plan {
	t.Helper()
	p, err := graph.NewPlan(g, nil, l)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return p
}

// onProcessor is the one output of g.
func onProcessor(t tester, g *graph.Graph) []byte {
	t.Helper()
	p, err := cpu.Compile(planned(t, g, cpu.Layout()), abi.Optimizer{}, 1)
	if err != nil {
		t.Fatalf("%v", err)
	}
	out := cpu.Alloc(g.At(g.Outputs()[0].Value).Bytes())
	if err := p.Run(context.Background(), nil, nil, [][]byte{out}, 0); err != nil {
		t.Fatalf("on the processor: %v", err)
	}
	return out
}

// TestWhatIsLongFollowsInAKernelOfItsOwn is of functions that a product would have
// to write for each of the sums of a thread.
func TestWhatIsLongFollowsInAKernelOfItsOwn(t *testing.T) {
	for _, c := range []struct {
		op    string
		attrs []abi.Attr
		steps int
	}{
		{"Relu", nil, 1}, {"Tanh", nil, 1}, {"Gelu", nil, 1}, {"Sin", nil, 2}, {"Softplus", nil, 2},
		{"Gelu", []abi.Attr{{Name: "approximate", Type: abi.AttrString, S: "tanh"}}, 2},
	} {
		g, err := graph.New(graph.Config{Opset: graph.MaxOpset})
		if err != nil {
			t.Fatal(err)
		}
		x, err := g.Input("x", abi.Float32, []int64{64, 64})
		if err != nil {
			t.Fatal(err)
		}
		v, err := g.Node("MatMul", nil, []abi.Value{x, x})
		if err != nil {
			t.Fatal(err)
		}
		if v, err = g.Node(c.op, c.attrs, v); err != nil {
			t.Fatal(err)
		}
		if err := g.Output("y", v[0]); err != nil {
			t.Fatal(err)
		}
		if n := len(planned(t, g, Layout()).Steps); n != c.steps {
			t.Errorf("a product and %s%v are %d steps; want %d", c.op, c.attrs, n, c.steps)
		}
	}
}
