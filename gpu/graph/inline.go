package graph

import (
	"fmt"
	"maps"
	"reflect"

	"github.com/cloister-ai/cloister/abi"
)

// Inline adds the operators of src to g, with inputs in place of src's inputs,
// and returns the values of its outputs. Parameters of src become parameters of
// g that share their tensors; one whose name is taken gets another. What src's
// outputs do not need is left out. Errors: Invalid for operands of other types,
// for a gradient in src, and for an operator that means something else in g's
// opset; g is then as it was.
func (g *Graph) Inline(src *Graph, inputs []abi.Value) ([]abi.Value, error) {
	if err := g.open(); err != nil {
		return nil, err
	}
	if len(inputs) != len(src.inputs) {
		return nil, fmt.Errorf("graph: inline: %d inputs, the graph takes %d: %w", len(inputs), len(src.inputs), abi.Invalid)
	}
	g.compact()
	src.compact()
	in := &inliner{g: g, src: src, to: make([]abi.Value, len(src.nodes)+1), live: src.live()}
	for i, v := range inputs {
		n, err := g.node(v)
		if err != nil {
			return nil, err
		}
		if want := src.At(src.inputs[i]); !n.Type.Equal(want.Type) {
			return nil, fmt.Errorf("graph: inline: input %q is %v, the graph takes %v: %w", clip(want.Name), n.Type, want.Type, abi.Invalid)
		}
		in.to[src.inputs[i]] = v
	}
	before, names := *g, maps.Clone(g.names)
	if err := in.nodes(); err != nil {
		g.rewind(&before)
		g.params, g.tensors, g.names = before.params, before.tensors, names
		return nil, fmt.Errorf("graph: inline: %w", err)
	}
	out := make([]abi.Value, len(src.outputs))
	for i, o := range src.outputs {
		out[i] = in.to[o.Value]
	}
	return out, nil
}

// live marks the values that the outputs need.
func (g *Graph) live() []bool {
	live := make([]bool, len(g.nodes)+1)
	for _, o := range g.outputs {
		live[o.Value] = true
	}
	for v := len(g.nodes); v > 0; v-- {
		if !live[v] {
			continue
		}
		n := &g.nodes[v-1]
		switch {
		case n.Data != nil:
		case n.Call != nil:
			for _, in := range n.Call.In {
				live[in] = true
			}
		default:
			for _, in := range n.In {
				live[in] = true
			}
		}
	}
	return live
}

// An inliner copies one graph into another.
type inliner struct {
	g, src *Graph
	to     []abi.Value // of a value of src, in g
	live   []bool
}

func (in *inliner) nodes() error {
	done := map[*Call]bool{}
	for v := abi.Value(1); int(v) <= len(in.src.nodes); v++ {
		n := in.src.At(v)
		if !in.live[v] || in.to[v] != 0 {
			continue
		}
		var err error
		switch {
		case n.Op == OpParam:
			in.to[v], err = in.param(n)
		case n.Data != nil:
			if in.to[v], err = in.g.ConstantBytes(n.DType, n.Shape, n.Data); err == nil {
				in.g.nodes[in.to[v]-1].Opaque = n.Opaque
			}
		case n.Derived:
			err = invalid("%s is part of a gradient", n.Op)
		case n.Call != nil && done[n.Call]: // inside an operator that is there already
		case n.Call != nil:
			done[n.Call] = true
			err = in.operator(n.Call.Op, n.Call.Raw, n.Call.In, n.Call.Out, v)
		default:
			err = in.operator(n.Op, n.Raw, n.In, []abi.Value{v}, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// param shares a parameter, under its name or one that is free.
func (in *inliner) param(n *Node) (abi.Value, error) {
	name := n.Name
	for i := 2; in.g.names[name]; i++ {
		name = fmt.Sprintf("%s_%d", n.Name, i)
	}
	v, err := in.g.Param(name, in.src.tensors[n.Index].Tensor)
	if err == nil && in.src.still[n.Name] {
		in.g.hold(name)
	}
	return v, err
}

// operator adds an operator anew, and holds what became of it against what it
// was at first of src: attributes and operands may be read otherwise in another
// opset.
func (in *inliner) operator(op string, attrs []abi.Attr, operands, results []abi.Value, first abi.Value) error {
	given := make([]abi.Value, len(operands))
	for i, v := range operands {
		given[i] = in.to[v]
	}
	at := abi.Value(len(in.g.nodes) + 1)
	out, err := in.g.NodeResults(op, attrs, given, len(results))
	if err != nil {
		return err
	}
	if len(out) < len(results) {
		return fmt.Errorf("%s gives %d results, not %d: %w", op, len(out), len(results), abi.Invalid)
	}
	for i, v := range results {
		in.to[v] = out[i]
	}
	if in.g.cfg.Opset == in.src.cfg.Opset {
		return nil
	}
	for ; int(at) <= len(in.g.nodes); at, first = at+1, first+1 {
		if int(first) > len(in.src.nodes) || !same(in.g.At(at), in.src.At(first)) {
			return fmt.Errorf("%s means something else in opset %d than in %d: %w", op, in.g.cfg.Opset, in.src.cfg.Opset, abi.Invalid)
		}
	}
	return nil
}

func same(a, b *Node) bool {
	return a.Op == b.Op && a.Type.Equal(b.Type) && reflect.DeepEqual(a.Attrs, b.Attrs)
}

// FreezeParam keeps a parameter as it is in every trainer of the graph that is
// made from then on; no name at all means every parameter there is.
func (g *Graph) FreezeParam(name string) error {
	if err := g.open(); err != nil {
		return err
	}
	g.compact()
	found := false
	for _, p := range g.tensors {
		if name == "" || p.Name == name {
			g.hold(p.Name)
			found = true
		}
	}
	if !found && name != "" {
		return fmt.Errorf("graph: no parameter %q: %w", clip(name), abi.Invalid)
	}
	return nil
}

func (g *Graph) hold(name string) {
	if g.still == nil {
		g.still = map[string]bool{}
	}
	g.still[name] = true
}

// Trained lists the parameters that a trainer updates, by their index.
func (g *Graph) Trained() []int {
	g.compact()
	var list []int
	for i, p := range g.tensors {
		if !g.still[p.Name] {
			list = append(list, i)
		}
	}
	return list
}
