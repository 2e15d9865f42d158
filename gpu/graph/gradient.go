package graph

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// A gradRule adds the nodes that carry dy, the gradient by the result y of n,
// back to the operands of n that are wanted: one value an operand, zero for none.
type gradRule func(t *builder, n Node, y, dy abi.Value, want []bool) []abi.Value

// Gradient adds the nodes that compute d loss / d wrt, one value each. loss has
// one element. Only nodes on a way from wrt to loss are differentiated; a value
// the loss does not depend on has gradient zero. A way through an operator
// without a gradient is Invalid, one through ArgMax, Cast or a comparison is none.
func (g *Graph) Gradient(loss abi.Value, wrt []abi.Value) ([]abi.Value, error) {
	if err := g.open(); err != nil {
		return nil, err
	}
	if n, err := g.node(loss); err != nil {
		return nil, err
	} else if !isFloat(n.DType) || n.Elements() != 1 {
		return nil, fmt.Errorf("graph: gradient: the loss is %v, want one float32 or float64: %w", n.Type, abi.Invalid)
	}
	for _, v := range wrt {
		if n, err := g.node(v); err != nil {
			return nil, err
		} else if !isFloat(n.DType) && n.DType != abi.Float16 {
			return nil, fmt.Errorf("graph: gradient: value %d is %v, want floating-point numbers: %w", v, n.Type, abi.Invalid)
		}
	}
	before := *g
	out, err := g.backward(loss, wrt)
	if err != nil { // leave the graph as it was
		g.rewind(&before)
		return nil, fmt.Errorf("graph: gradient: %w", err)
	}
	for i, v := range out {
		if _, ok := g.derived[v]; !ok && int(v) > len(before.nodes) {
			g.derived[v] = Derivative{loss, wrt[i]}
		}
	}
	return out, nil
}

func (g *Graph) backward(loss abi.Value, wrt []abi.Value) ([]abi.Value, error) {
	t := g.builder(true)
	needs := g.dependents(loss, wrt)
	sum := make([]abi.Value, loss+1) // the gradient by each value, as far as it is known
	sum[loss] = t.fill(g.nodes[loss-1].DType, 1, g.nodes[loss-1].Shape)
	for v := loss; v > 0 && t.err == nil; v-- {
		n, dy := g.nodes[v-1], sum[v]
		if !needs[v] || dy == 0 || len(n.In) == 0 {
			continue
		}
		want := make([]bool, len(n.In))
		any := false
		for i, in := range n.In {
			want[i] = in != 0 && needs[in] && (isFloat(g.nodes[in-1].DType) || g.nodes[in-1].DType == abi.Float16)
			any = any || want[i]
		}
		if !any || !isFloat(n.DType) && n.DType != abi.Float16 {
			continue
		}
		rule := operators[n.Op].grad
		if rule == nil {
			name := n.Op
			if n.Call != nil {
				name = n.Call.Op
			}
			return nil, fmt.Errorf("%s has no gradient: %w", name, abi.Invalid)
		}
		for i, d := range rule(t, n, v, dy, want) {
			if i >= len(want) || !want[i] || d == 0 {
				continue
			}
			if in := n.In[i]; sum[in] == 0 {
				sum[in] = d
			} else {
				sum[in] = t.node("Add", []abi.Value{sum[in], d})
			}
		}
	}
	out := make([]abi.Value, len(wrt))
	for i, v := range wrt {
		if v <= loss {
			out[i] = sum[v]
		}
		if out[i] == 0 {
			out[i] = t.fill(g.nodes[v-1].DType, 0, g.nodes[v-1].Shape)
		}
	}
	return out, t.err
}

// dependents marks the values up to loss that depend on one of wrt.
func (g *Graph) dependents(loss abi.Value, wrt []abi.Value) []bool {
	needs := make([]bool, loss+1)
	for _, v := range wrt {
		if v <= loss {
			needs[v] = true
		}
	}
	for v := abi.Value(1); v <= loss; v++ {
		for _, in := range g.nodes[v-1].In {
			needs[v] = needs[v] || in != 0 && needs[in]
		}
	}
	return needs
}
