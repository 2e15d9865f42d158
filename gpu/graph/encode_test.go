package graph_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
	"github.com/cloister-ai/cloister/gpu/graph"
	"pgregory.net/rapid"
)

// joined lays the large constants of c out as a reader is given them.
func joined(c *graph.Code) []byte {
	b := make([]byte, 0, c.Bytes)
	for _, x := range c.Constants {
		for len(b)%graph.Align != 0 {
			b = append(b, 0)
		}
		b = append(b, x...)
	}
	return b
}

// results runs a plan on the processor; its inputs are counted up from 1.
func results(t rapid.TB, p *graph.Plan) [][]byte {
	t.Helper()
	x, err := cpu.Compile(p, abi.Optimizer{Kind: abi.SGD}, 1)
	if err != nil {
		t.Fatal(err)
	}
	var in, params, out [][]byte
	fill := func(v abi.Value) []byte {
		b := cpu.Alloc(p.Graph.At(v).Bytes())
		for i := range b {
			b[i] = byte(i % 61)
		}
		return b
	}
	for _, v := range p.Graph.Inputs() {
		in = append(in, fill(v))
	}
	for _, v := range p.Graph.ParamValues() {
		params = append(params, fill(v))
	}
	for _, o := range p.Graph.Outputs() {
		out = append(out, cpu.Alloc(p.Graph.At(o.Value).Bytes()))
	}
	if err := x.Run(context.Background(), in, params, out, 0.5); err != nil {
		t.Fatal(err)
	}
	return append(out, params...)
}

func TestADecodedPlanComputesTheSameBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, err := graph.NewPlan(randomGraph(t), nil, cpu.Layout())
		if err != nil {
			t.Fatal(err)
		}
		c := p.Encode()
		q, err := graph.Decode(c.Plan, joined(c))
		if err != nil {
			t.Fatal(err)
		}
		if again := q.Encode(); !bytes.Equal(again.Plan, c.Plan) || again.Digest() != c.Digest() {
			t.Error("a plan that was read is written otherwise")
		}
		want, got := results(t, p), results(t, q)
		for i := range want {
			if !bytes.Equal(want[i], got[i]) {
				t.Errorf("output %d differs", i)
			}
		}
	})
}

// trainer is a plan with everything that a code has: parameters, gradients, fused
// steps, constants small and large, and one that is used in two shapes.
func trainer(t testing.TB) *graph.Plan {
	t.Helper()
	g, err := graph.New(graph.Config{Opset: 21, Eval: cpu.Eval})
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
		out, err := g.Node(op, nil, in)
		if err != nil {
			t.Fatal(err)
		}
		return out[0]
	}
	large := make([]byte, 64*64*4)
	for i := range large {
		large[i] = byte(i % 60)
	}
	x := must(g.Input("x", abi.Float32, []int64{4, 64}))
	w := must(g.Param("w", param{64, 64}))
	b := must(g.Param("b", param{64}))
	big := must(g.ConstantBytes(abi.Float32, []int64{64, 64}, large))
	flat := node("Flatten", big)
	row := must(g.ConstantBytes(abi.Float32, []int64{64}, large[:256]))
	h := node("Relu", node("Add", node("MatMul", x, w), b))
	h = node("Add", node("MatMul", h, big), row)
	h = node("Add", h, node("MatMul", h, flat))
	mean, err := g.Node("ReduceMean", []abi.Attr{{Name: "keepdims", Type: abi.AttrInt}}, []abi.Value{h})
	if err != nil {
		t.Fatal(err)
	}
	loss := mean[0]
	if err := g.Output("loss", loss); err != nil {
		t.Fatal(err)
	}
	if err := g.Output("x again", x); err != nil {
		t.Fatal(err)
	}
	grads, err := g.Gradient(loss, []abi.Value{w, b})
	if err != nil {
		t.Fatal(err)
	}
	p, err := graph.NewPlan(g, grads, cpu.Layout())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A param is a parameter's type.
type param []int64

func (param) DType() abi.DType          { return abi.Float32 }
func (p param) Shape() []int64          { return p }
func (param) Write(int64, []byte) error { return nil }
func (param) Read(int64, []byte) error  { return nil }
func (param) Free()                     {}
func (p param) String() string          { return fmt.Sprint([]int64(p)) }

func TestATrainersPlanComputesTheSameBits(t *testing.T) {
	p := trainer(t)
	c := p.Encode()
	if len(c.Constants) != 1 || c.Bytes != 64*64*4 {
		t.Errorf("%d constants of %d bytes beside the plan, want the one that is large", len(c.Constants), c.Bytes)
	}
	if bytes.Contains(c.Plan, []byte("again")) {
		t.Error("names are in the code")
	}
	q, err := graph.Decode(c.Plan, joined(c))
	if err != nil {
		t.Fatal(err)
	}
	for v := abi.Value(1); int(v) <= p.Graph.Len(); v++ {
		want, ok := p.Graph.Derivative(v)
		if got, has := q.Graph.Derivative(v); q.Graph.At(v).Op != "" && (got != want || has != ok) {
			t.Errorf("value %d is the gradient %v, want %v", v, got, want)
		}
	}
	want, got := results(t, p), results(t, q)
	for i := range want {
		if !bytes.Equal(want[i], got[i]) {
			t.Errorf("result %d differs", i)
		}
	}
	if v := math.Float32frombits(uint32(want[2][0]) | uint32(want[2][1])<<8 | uint32(want[2][2])<<16 | uint32(want[2][3])<<24); math.IsNaN(float64(v)) {
		t.Error("the parameters became NaN: nothing was compared")
	}
}

func FuzzDecode(f *testing.F) {
	add := func(p *graph.Plan) {
		c := p.Encode()
		f.Add(c.Plan, joined(c))
	}
	add(trainer(f))
	long, err := graph.NewPlan(chain(f, 5), nil, layout())
	if err != nil {
		f.Fatal(err)
	}
	add(long)
	f.Fuzz(func(t *testing.T, plan, constants []byte) {
		p, err := graph.Decode(plan, constants)
		if err != nil {
			if !errors.Is(err, abi.Invalid) || !strings.HasPrefix(err.Error(), "graph: plan: ") {
				t.Errorf("Decode = %v, want Invalid of graph: plan", err)
			}
			return
		}
		for _, s := range p.Steps { // what a device would touch
			for _, v := range append([]abi.Value{s.Value}, s.Node.In...) {
				if v != 0 {
					inside(t, p, v)
				}
			}
			if s.KeepOffset < 0 || s.Keep < 0 || s.KeepOffset+s.Keep > p.Arena {
				t.Errorf("%d bytes kept at %d leave the arena of %d", s.Keep, s.KeepOffset, p.Arena)
			}
			if s.WorkOffset < 0 || s.Work < 0 || s.WorkOffset+s.Work > p.Arena {
				t.Errorf("scratch %d at %d leaves the arena of %d", s.Work, s.WorkOffset, p.Arena)
			}
		}
		for _, c := range p.Copies {
			inside(t, p, c.From)
			_ = p.Graph.Outputs()[c.Output]
		}
		for i, v := range p.Grads {
			inside(t, p, v)
			_ = p.Graph.ParamValues()[p.Trained[i]]
		}
	})
}

// inside fails unless the elements of v are where its place says.
func inside(t *testing.T, p *graph.Plan, v abi.Value) {
	n, at := p.Graph.At(v), p.Places[v-1]
	size := int64(0)
	switch at.Kind {
	case graph.InArena:
		size = p.Arena - at.Offset
	case graph.InInput:
		size = p.Graph.At(p.Graph.Inputs()[at.Index]).Bytes()
	case graph.InParam:
		size = p.Graph.At(p.Graph.ParamValues()[at.Index]).Bytes()
	case graph.InOutput:
		size = p.Graph.At(p.Graph.Outputs()[at.Index].Value).Bytes()
	case graph.InConstant:
		size = int64(len(p.Graph.At(abi.Value(at.Index + 1)).Data))
	default:
		return
	}
	if at.Offset < 0 || n.Bytes() > size {
		t.Errorf("value %d, %v, at %v: %d bytes are there", v, n.Type, at, size)
	}
}

// A reader that computes nothing inside refuses a plan that does, rather than read
// what was never stored.
func TestWhatIsComputedInsideIsEncoded(t *testing.T) {
	g, err := graph.New(graph.Config{Opset: 21})
	if err != nil {
		t.Fatal(err)
	}
	v, err := g.Input("x", abi.Float32, []int64{4, 4})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range []string{"Tanh", "Mul", "Softmax"} {
		in := []abi.Value{v}
		if op == "Mul" {
			in = append(in, 1)
		}
		out, err := g.Node(op, nil, in)
		if err != nil {
			t.Fatal(err)
		}
		v = out[0]
	}
	if err := g.Output("y", v); err != nil {
		t.Fatal(err)
	}
	p, err := graph.NewPlan(g, nil, layout())
	if err != nil {
		t.Fatal(err)
	}
	c := p.Encode()
	got, err := graph.Decode(c.Plan, joined(c))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Steps) != 1 || len(got.Steps[0].Inside) != 2 {
		t.Fatalf("%d steps, %d values inside the first; want 1 and 2", len(got.Steps), len(got.Steps[0].Inside))
	}
	if _, err := cpu.Compile(got, abi.Optimizer{}, 1); abi.KindOf(err) != abi.Invalid {
		t.Errorf("cpu.Compile = %v; want Invalid", err)
	}
	got.Steps[0].Inside = []abi.Value{got.Steps[0].Value}
	c = got.Encode()
	if _, err := graph.Decode(c.Plan, joined(c)); abi.KindOf(err) != abi.Invalid {
		t.Errorf("Decode of a step inside itself = %v; want Invalid", err)
	}
}
