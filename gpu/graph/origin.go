package graph

import (
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// A lineage says which kinds of leaves an unknown value is computed from. It is
// kept with each node, so that asking is no walk.
type lineage uint8

const (
	ofInput lineage = 1 << iota
	ofParam
	ofOpaque
)

// lineage is that of v.
func (g *Graph) lineage(v abi.Value) lineage {
	n := &g.nodes[v-1]
	if n.Opaque {
		return n.from | ofOpaque
	}
	return n.from
}

// trace is the lineage that follows from what n reads.
func (g *Graph) trace(n *Node) (l lineage) {
	switch {
	case n.Data != nil:
		return 0
	case n.Op == OpInput:
		return ofInput
	case n.Op == OpParam:
		return ofParam
	}
	for _, in := range n.In {
		if in != 0 {
			l |= g.lineage(in)
		}
	}
	return l
}

// cone lists v and what it is computed from, in order, but for what is known.
func (g *Graph) cone(v abi.Value) []abi.Value {
	seen := map[abi.Value]bool{v: true}
	list := []abi.Value{v}
	for i := 0; i < len(list); i++ {
		n := g.At(list[i])
		if n.Data != nil {
			continue
		}
		for _, in := range n.In {
			if in != 0 && !seen[in] && g.At(in).Data == nil {
				seen[in] = true
				list = append(list, in)
			}
		}
	}
	slices.Sort(list)
	return list
}

// Origins names the inputs that v is computed from, in order.
func (g *Graph) Origins(v abi.Value) (inputs []string) {
	if g.lineage(v)&ofInput == 0 {
		return nil
	}
	for _, v := range g.cone(v) {
		if n := g.At(v); n.Op == OpInput {
			inputs = append(inputs, n.Name)
		}
	}
	return inputs
}

// Settle makes the parameters that v is computed from constants, with the
// little-endian elements that data returns of each, so that v becomes known. It
// reports false, and changes nothing, where there are none, or v follows from an
// input or a private constant. Together all calls take time linear in the graph.
func (g *Graph) Settle(v abi.Value, data func(abi.Value) ([]byte, error)) (bool, error) {
	if err := g.open(); err != nil {
		return false, err
	}
	if g.lineage(v) != ofParam {
		return false, nil
	}
	for _, v := range g.cone(v) {
		n := &g.nodes[v-1]
		if n.Op == OpParam {
			if err := g.settle(v, data); err != nil {
				return false, err
			}
			continue
		}
		c := call{g: g, n: n, origin: origin{derived: n.Derived}}
		if err := c.know(operators[n.Op]); err != nil {
			return false, err
		}
		n.from = g.trace(n)
	}
	return true, nil
}

// settle makes the parameter v a constant.
func (g *Graph) settle(v abi.Value, data func(abi.Value) ([]byte, error)) error {
	n := &g.nodes[v-1]
	b, err := data(v)
	if err != nil {
		return err
	}
	if g.cfg.Charge != nil {
		if err := g.cfg.Charge(n.Bytes()); err != nil {
			return err
		}
	}
	delete(g.names, n.Name)
	n.Op, n.Name, n.Index, n.Data, n.from = OpConstant, "", 0, b, 0
	g.settled = true
	return nil
}

// compact lists the parameters anew, without those that became constants.
func (g *Graph) compact() {
	if !g.settled {
		return
	}
	var params []abi.Value
	var tensors []abi.Param
	for i, v := range g.params {
		if n := g.At(v); n.Op == OpParam {
			n.Index = len(params)
			params, tensors = append(params, v), append(tensors, g.tensors[i])
		}
	}
	g.params, g.tensors, g.settled = params, tensors, false
}
