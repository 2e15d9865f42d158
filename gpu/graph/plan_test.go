package graph_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"pgregory.net/rapid"
)

func layout() graph.Layout {
	return graph.Layout{
		Work: func(_ *graph.Graph, s *graph.Step) int64 {
			if s.Node.Op == "MatMul" {
				return 100
			}
			return 0
		},
		Fuse: func(n, next *graph.Node, with graph.Type) bool {
			return n.Op == "MatMul" && (next.Op == "Relu" || next.Op == "BatchNormalization" || next.Op == "Add" && with.Elements() == 16)
		},
		Inline: func(reader *graph.Node, i int, n *graph.Node) bool {
			return (n.Op == "Mul" || n.Op == "Tanh") && reader.Op != "MatMul" && reader.Op != "Concat" && (reader.Op != "BatchNormalization" || i == 0)
		},
	}
}

// randomGraph adds operators over 4×4 values, and vectors of 16, in any order.
func randomGraph(t *rapid.T) *graph.Graph {
	g, err := graph.New(graph.Config{Opset: 21})
	if err != nil {
		t.Fatal(err)
	}
	x, err := g.Input("x", abi.Float32, []int64{4, 4})
	if err != nil {
		t.Fatal(err)
	}
	four, err := g.Input("four", abi.Float32, []int64{4})
	if err != nil {
		t.Fatal(err)
	}
	c, err := g.ConstantBytes(abi.Float32, []int64{4, 4}, make([]byte, 64))
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]abi.Value, 2) // 2 and 6
	for i := range rows {
		if rows[i], err = g.ConstantBytes(abi.Int64, []int64{1}, []byte{byte(2 + 4*i), 0, 0, 0, 0, 0, 0, 0}); err != nil {
			t.Fatal(err)
		}
	}
	square := []abi.Value{x, c}
	ops := []string{"Add", "Mul", "Relu", "Tanh", "MatMul", "Transpose", "Identity", "Softmax", "Dropout", "MatMul", "Add", "BatchNormalization", "Concat"}
	for range rapid.IntRange(1, 40).Draw(t, "nodes") {
		op := rapid.SampledFrom(ops).Draw(t, "op")
		in := []abi.Value{rapid.SampledFrom(square).Draw(t, "a")}
		if op == "Add" || op == "Mul" || op == "MatMul" {
			in = append(in, rapid.SampledFrom(square).Draw(t, "b"))
		}
		var attrs []abi.Attr
		if op == "Concat" {
			for range rapid.IntRange(1, 2).Draw(t, "more") {
				in = append(in, rapid.SampledFrom(square).Draw(t, "c"))
			}
			attrs = []abi.Attr{{Name: "axis", Type: abi.AttrInt}}
		}
		if op == "BatchNormalization" {
			in = append(in, four, four, four, four)
		}
		out, err := g.Node(op, attrs, in)
		if err != nil {
			t.Fatal(err)
		}
		if op == "Concat" { // of two or three; and the middle of it
			if out, err = g.Node("Slice", nil, []abi.Value{out[0], rows[0], rows[1]}); err != nil {
				t.Fatal(err)
			}
		}
		square = append(square, out...)
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "outputs") {
		if err := g.Output(fmt.Sprint("y", i), rapid.SampledFrom(square).Draw(t, "output")); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// A memory says which value each cell holds.
type memory map[string]abi.Value

func cells(p graph.Place, bytes int64) (out []string) {
	if p.Kind != graph.InArena {
		return []string{fmt.Sprint(p.Kind, p.Index)}
	}
	for at := p.Offset; at < p.Offset+bytes; at += graph.Align {
		out = append(out, fmt.Sprint("arena", at))
	}
	return out
}

// root is the value whose elements v has.
func root(g *graph.Graph, v abi.Value) abi.Value {
	for g.At(v).Op == "Identity" || g.At(v).Op == "Dropout" {
		v = g.At(v).In[0]
	}
	return v
}

// TestEveryKernelFindsItsOperands runs a plan on names instead of numbers: each
// cell of memory remembers the value that was written to it last.
func TestEveryKernelFindsItsOperands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := randomGraph(t)
		p, err := graph.NewPlan(g, nil, layout())
		if err != nil {
			t.Fatal(err)
		}
		m := memory{}
		for v := abi.Value(1); int(v) <= g.Len(); v++ {
			if k := p.Places[v-1].Kind; (k == graph.InInput || k == graph.InConstant) && v == root(g, v) {
				m[cells(p.Places[v-1], 64)[0]] = v
			}
		}
		holds := func(v abi.Value, what string) {
			for _, c := range cells(p.Places[v-1], g.At(v).Bytes()) {
				if m[c] != root(g, v) {
					t.Fatalf("%s: cell %v should hold value %d (%s), holds %d", what, c, root(g, v), g.At(v).Op, m[c])
				}
			}
		}
		for i, s := range p.Steps {
			what := fmt.Sprintf("step %d, %s", i, s.Node.Op)
			in := slices.Clone(s.Node.In)
			if s.Node.Op == "Slice" {
				in = in[:1] // its bounds are decoded, not read
			}
			if s.Norm != nil {
				in = append(in, s.Norm.In[1:]...)
			}
			if s.Add != 0 {
				in = append(in, s.Add)
			}
			for _, v := range s.Inside {
				in = append(in, g.At(v).In...)
				if p.Places[v-1].Kind != graph.Nowhere {
					t.Fatalf("%s: value %d is computed inside, and lies %v", what, v, p.Places[v-1])
				}
			}
			in = slices.DeleteFunc(in, func(v abi.Value) bool { return slices.Contains(s.Inside, v) })
			for _, in := range in {
				holds(in, what)
			}
			place := p.Places[s.Value-1]
			if s.Work > 0 {
				for at := s.WorkOffset; at < s.WorkOffset+s.Work; at += graph.Align {
					m[fmt.Sprint("arena", at)] = 0
				}
				for _, in := range in {
					holds(in, what+" after its scratch was used")
				}
			}
			for _, c := range cells(place, s.Node.Bytes()) {
				m[c] = s.Value
			}
			if place.Kind == graph.InArena && place.Offset+s.Node.Bytes() > p.Arena || s.WorkOffset+s.Work > p.Arena {
				t.Fatalf("%s leaves the arena of %d bytes", what, p.Arena)
			}
		}
		for _, c := range p.Copies {
			holds(c.From, "copy")
			m[fmt.Sprint(graph.InOutput, c.Output)] = root(g, c.From)
		}
		for i, o := range g.Outputs() {
			if got := m[fmt.Sprint(graph.InOutput, i)]; got != root(g, o.Value) {
				t.Fatalf("output %d should hold value %d, holds %d", i, root(g, o.Value), got)
			}
		}
	})
}

func chain(t testing.TB, n int) *graph.Graph {
	t.Helper()
	g, err := graph.New(graph.Config{Opset: 21})
	if err != nil {
		t.Fatal(err)
	}
	v, err := g.Input("x", abi.Float32, []int64{1000})
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		out, err := g.Node("Transpose", nil, []abi.Value{v})
		if err != nil {
			t.Fatal(err)
		}
		v = out[0]
	}
	if err := g.Output("y", v); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestALongChainNeedsTwoBuffers(t *testing.T) {
	p, err := graph.NewPlan(chain(t, 20000), nil, layout())
	if err != nil {
		t.Fatal(err)
	}
	if p.Arena > 2*4096 || len(p.Steps) != 20000 {
		t.Errorf("%d steps in an arena of %d bytes, want 20000 in at most two buffers of 4 KB", len(p.Steps), p.Arena)
	}
}

func TestWhatNobodyNeedsIsLeftOut(t *testing.T) {
	g := chain(t, 3)
	v, err := g.Node("Exp", nil, []abi.Value{1})
	if err != nil {
		t.Fatal(err)
	}
	p, err := graph.NewPlan(g, nil, layout())
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Steps) != 3 || p.Places[v[0]-1].Kind != graph.Nowhere {
		t.Errorf("%d steps, and Exp lies %v; want 3 and nowhere", len(p.Steps), p.Places[v[0]-1])
	}
}

// What only one kernel reads, and can compute itself, is neither stored nor a step.
func TestOperandsAreComputedInside(t *testing.T) {
	g, err := graph.New(graph.Config{Opset: 21})
	if err != nil {
		t.Fatal(err)
	}
	x, err := g.Input("x", abi.Float32, []int64{4, 4})
	if err != nil {
		t.Fatal(err)
	}
	node := func(op string, in ...abi.Value) abi.Value {
		out, err := g.Node(op, nil, in)
		if err != nil {
			t.Fatal(err)
		}
		return out[0]
	}
	a := node("Tanh", x)
	b := node("Mul", a, x)
	c := node("Tanh", x) // read twice
	y := node("Softmax", node("Add", node("Mul", b, c), c))
	if err := g.Output("y", y); err != nil {
		t.Fatal(err)
	}
	p, err := graph.NewPlan(g, nil, layout())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range p.Steps {
		got = append(got, fmt.Sprint(s.Node.Op, len(s.Inside)))
	}
	if want := []string{"Tanh0", "Add3", "Softmax0"}; !slices.Equal(got, want) || p.Launches != 3 {
		t.Errorf("steps %v in %d launches; want %v", got, p.Launches, want)
	}
	// c, the sum over c, x twice and c twice; c, the sum and y are written
	if p.Arena != 64 || p.Read != 64*6 || p.Written != 64*3 {
		t.Errorf("an arena of %d bytes, %d read and %d written; want 64, 384 and 192", p.Arena, p.Read, p.Written)
	}
}
