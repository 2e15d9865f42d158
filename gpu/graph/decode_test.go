package graph

import (
	"errors"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/record"
)

// tampered is the code of a small plan, changed by f: x·w in the arena, then a
// fused step into output 0, and x itself as output 1.
func tampered(t *testing.T, f func(*planCode)) []byte {
	t.Helper()
	g, err := New(Config{Opset: 21})
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
	x := must(g.Input("x", abi.Float32, []int64{4, 4}))
	w := must(g.ConstantBytes(abi.Float32, []int64{4, 4}, make([]byte, 64)))
	h := node("MatMul", x, w)
	y := node("Relu", node("Add", node("MatMul", h, h), node("Reshape", h, must(g.ConstantBytes(abi.Int64, []int64{2}, intBytes([]int64{4, 4}))))))
	for i, v := range []abi.Value{y, x} {
		if err := g.Output(string(rune('a'+i)), v); err != nil {
			t.Fatal(err)
		}
	}
	p, err := NewPlan(g, nil, Layout{
		Work: func(*Graph, *Step) int64 { return 64 },
		Fuse: func(n, _ *Node, _ Type) bool { return n.Op == "MatMul" },
	})
	if err != nil {
		t.Fatal(err)
	}
	var m planCode
	if err := record.Unmarshal(p.Encode().Plan, &m); err != nil {
		t.Fatal(err)
	}
	f(&m)
	return record.Marshal(m)
}

func TestAPlanThatLiesIsInvalidAndTheFieldIsNamed(t *testing.T) {
	// The values are 1 x, 2 w, 3 MatMul, 4 MatMul, 5 the shape, 6 Reshape, 7 Add, 8 Relu.
	for _, c := range []struct {
		word string
		lie  func(*planCode)
	}{
		{"version 2", func(m *planCode) { m.Version = 2 }},
		{"places", func(m *planCode) { m.Places = m.Places[1:] }},
		{"arena of -64", func(m *planCode) { m.Arena = -64 }},
		{"arena of", func(m *planCode) { m.Arena = 1 << 60 }},
		{"bytes of constants", func(m *planCode) { m.Constants = 64 }},
		{"node 3 (Frobnicate): there is no such operator", func(m *planCode) { m.Nodes[2].Op = "Frobnicate" }},
		{"node 3 (Sum): there is no such operator", func(m *planCode) { m.Nodes[2].Op = "Sum" }},
		{"node 3 (MatMul): 1 operands", func(m *planCode) { m.Nodes[2].In = m.Nodes[2].In[:1] }},
		{"node 3 (MatMul): operand 1 is missing", func(m *planCode) { m.Nodes[2].In[1] = 0 }},
		{"node 3 (MatMul): operand 0 is value 3", func(m *planCode) { m.Nodes[2].In[0] = 3 }},
		{"node 3 (MatMul): operand 0 is value 4000000000", func(m *planCode) { m.Nodes[2].In[0] = 4_000_000_000 }},
		{"operand 0 is value 1, which is not before", func(m *planCode) { m.Nodes[0] = nodeCode{} }},
		{"node 3 (MatMul): type: shape", func(m *planCode) { m.Nodes[2].Type.Shape = []int64{1 << 40, 1 << 40} }},
		{"dimension -4", func(m *planCode) { m.Nodes[2].Type.Shape[0] = -4 }},
		{"rank 9", func(m *planCode) { m.Nodes[2].Type.Shape = make([]int64, 9) }},
		{"dtype(16)", func(m *planCode) { m.Nodes[2].Type.DType = 16 }},
		{"node 1 (Input): 1 operands", func(m *planCode) { m.Nodes[0].In = []abi.Value{1} }},
		{"node 2 (Constant): 3 bytes", func(m *planCode) { m.Nodes[1].Data = m.Nodes[1].Data[:3] }},
		{"a constant is known", func(m *planCode) { m.Nodes[1].Known = false }},
		{"it has data", func(m *planCode) { m.Nodes[2].Data = []byte{1} }},
		{"of 0 bytes of constants", func(m *planCode) {
			m.Nodes[1].Type.Shape, m.Nodes[1].Data, m.Nodes[1].At = []int64{4096}, nil, 1<<62
		}},
		{"belong beside it", func(m *planCode) { m.Nodes[1].Type.Shape = []int64{4096} }},
		{"gradient of value 9", func(m *planCode) { m.Nodes[2].Loss, m.Nodes[2].Wrt = 9, 1 }},
		{"axis 99", func(m *planCode) { m.Nodes[2].Attrs.Axis = 99 }},
		{"mode is", func(m *planCode) { m.Nodes[2].Attrs.Mode = "x" }},
		{"reduction 7", func(m *planCode) { m.Nodes[2].Attrs.Reduction = 7 }},
		{"at most", func(m *planCode) { m.Nodes[2].Attrs.Window.Kernel[0] = 1 << 60 }},
		{"a cell", func(m *planCode) { m.Nodes[2].Attrs.Cell = &Cell{} }},
		{"node 6 (Reshape): float32[5 4] of float32[4 4]", func(m *planCode) { m.Nodes[5].Type.Shape = []int64{5, 4} }},
		{"operand 0 of float32[4 4] for a result of float32[1]", func(m *planCode) { m.Nodes[7].Type.Shape = []int64{1} }},
		{"output 0: there is no value 99", func(m *planCode) { m.Outputs[0] = 99 }},
		{"no outputs", func(m *planCode) { m.Outputs = nil }},
		{"place of value 3: 64 bytes at 1024", func(m *planCode) { m.Places[2].Offset = 1024 }},
		{"place of value 3: 64 bytes at 8", func(m *planCode) { m.Places[2].Offset = 8 }},
		{"place of value 3: 64 bytes at -64", func(m *planCode) { m.Places[2].Offset = -64 }},
		{"place of value 3: Input 0", func(m *planCode) { m.Places[2] = Place{Kind: InInput} }},
		{"place of value 1: Input 1", func(m *planCode) { m.Places[0].Index = 1 }},
		{"place of value 1: Param", func(m *planCode) { m.Places[0].Kind = InParam }},
		{"place of value 1: Input is not computed", func(m *planCode) { m.Places[0].Kind = InArena }},
		{"place of value 2: constant 4", func(m *planCode) { m.Places[1].Index = 3 }},
		{"place of value 8: output 5 of 2", func(m *planCode) { m.Places[7].Index = 5 }},
		{"place of value 8: kind 9", func(m *planCode) { m.Places[7].Kind = 9 }},
		{"step 0: operator: there is no value 0", func(m *planCode) { m.Steps[0].Node = 0 }},
		{"step 0: operator: Input", func(m *planCode) { m.Steps[0].Node = 1 }},
		{"step 0: result: there is no value 77", func(m *planCode) { m.Steps[0].Value = 77 }},
		{"step 0: scratch: 64 bytes at", func(m *planCode) { m.Steps[0].WorkOffset = 1 << 50 }},
		{"step 0: scratch: -1 bytes", func(m *planCode) { m.Steps[0].Work = -1 }},
		{"step 0: what is kept: 1099511627776 bytes", func(m *planCode) { m.Steps[0].Keep = 1 << 40 }},
		{"step 1: normalisation: it is Relu", func(m *planCode) { m.Steps[1].Norm = 8 }},
		{"step 1: activation: Add reads 2", func(m *planCode) { m.Steps[1].Act = 7 }},
		{"step 1: addend: int64[2] to float32[4 4]", func(m *planCode) { m.Steps[1].Add = 5 }},
		{"is read before it is computed", func(m *planCode) { m.Steps[0], m.Steps[1] = m.Steps[1], m.Steps[0] }},
		{"is nowhere", func(m *planCode) { m.Places[0] = Place{} }},
		{"has no memory", func(m *planCode) { m.Places[7] = Place{} }},
		{"computed twice", func(m *planCode) { m.Steps = append(m.Steps, m.Steps[0]) }},
		{"output 1 is not computed", func(m *planCode) { m.Copies = nil }},
		{"copy 0: float32[4 4] to output 2", func(m *planCode) { m.Copies[0].Output = 2 }},
		{"copy 0: there is no value 50", func(m *planCode) { m.Copies[0].From = 50 }},
		{"1 gradients for 0 parameters", func(m *planCode) { m.Grads = []abi.Value{3} }},
		{"gradient 0: parameter 0 of 0", func(m *planCode) { m.Grads, m.Trained = []abi.Value{3}, []int{0} }},
	} {
		b := tampered(t, c.lie)
		if _, err := Decode(b, nil); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), c.word) {
			t.Errorf("Decode = %v; want Invalid that says %q", err, c.word)
		}
	}
	if _, err := Decode(tampered(t, func(*planCode) {}), nil); err != nil {
		t.Errorf("the plan as it is: %v", err)
	}
}
