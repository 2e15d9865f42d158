package graph_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// TestAnOperatorThatChangedIsNotTakenOver inlines operators of an old operator
// set into a new one: those that mean the same may go, the others may not.
func TestAnOperatorThatChangedIsNotTakenOver(t *testing.T) {
	empty := func(opset int) (*graph.Graph, abi.Value) {
		g, err := graph.New(graph.Config{Opset: opset})
		if err != nil {
			t.Fatal(err)
		}
		x, err := g.Input("x", abi.Float32, []int64{2, 3, 4})
		if err != nil {
			t.Fatal(err)
		}
		return g, x
	}
	axis := []abi.Attr{{Name: "axis", Type: abi.AttrInt, I: 2}}
	for _, c := range []struct {
		op    string
		attrs []abi.Attr
		want  string // of the refusal; empty: none
	}{
		{"Relu", nil, ""},
		{"Flatten", nil, ""},
		{"Softmax", axis, ""}, // over the last axis, which is the same
		{"Softmax", nil, "Softmax means something else in opset 17 than in 11"},
		{"ReduceSum", []abi.Attr{{Name: "axes", Type: abi.AttrInts, Ints: []int64{1}}}, "axes"},
	} {
		old, x := empty(11)
		y, err := old.Node(c.op, c.attrs, []abi.Value{x})
		if err != nil {
			t.Fatalf("%s: %v", c.op, err)
		}
		if err := old.Output("y", y[0]); err != nil {
			t.Fatal(err)
		}
		g, x := empty(17)
		before := g.Len()
		_, err = g.Inline(old, []abi.Value{x})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s %v: %v", c.op, c.attrs, err)
		case c.want != "" && (!errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), c.want) || g.Len() != before):
			t.Errorf("%s %v: %v, %d values where there were %d; want %q", c.op, c.attrs, err, g.Len(), before, c.want)
		}
	}
}
