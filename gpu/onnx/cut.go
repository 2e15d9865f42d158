package onnx

import (
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Cut returns the model file b with the values of those names as its outputs, in
// that order, in place of its own, and without the nodes, inputs and
// initialisers that only others needed: a backbone without its head, for
// example. Errors: Invalid for a malformed file, and for a name that no node
// puts out.
func Cut(b []byte, outputs ...string) ([]byte, error) {
	if len(outputs) == 0 {
		return nil, invalid("cut: no outputs are named")
	}
	var out message
	found := false
	err := fields("model", b, func(x field) error {
		if x.num != modelGraph {
			return out.keep(x)
		}
		found = true
		g, err := cutGraph(x, outputs)
		out.bytes(modelGraph, g)
		return err
	})
	if err == nil && !found {
		err = invalid("the file has no graph")
	}
	return out, err
}

func cutGraph(x field, outputs []string) (message, error) {
	body, err := x.message("graph")
	if err != nil {
		return nil, err
	}
	g, err := parseGraph(body, 0)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, name := range outputs {
		makes := func(n nodeProto) bool { return slices.Contains(n.out, name) }
		if name == "" || !slices.ContainsFunc(g.nodes, makes) {
			return nil, invalid("cut: no node puts out %s", quote(name))
		}
		used[name] = true
	}
	needed := make([]bool, len(g.nodes))
	for i, n := range slices.Backward(g.nodes) { // a node stands behind what it needs
		if needed[i] = slices.ContainsFunc(n.out, func(name string) bool { return used[name] }); needed[i] {
			n.reads(used)
		}
	}
	return writeCut(body, needed, used, outputs)
}

// reads marks what n and the graphs in its attributes read. A name that is an
// inner graph's own may be marked as well: that keeps too much, never too little.
func (n nodeProto) reads(used map[string]bool) {
	for _, name := range n.in {
		used[name] = true
	}
	for _, a := range n.attrs {
		if a.graph == nil {
			continue
		}
		for _, inner := range a.graph.nodes {
			inner.reads(used)
		}
		for _, o := range a.graph.outputs {
			used[o.name] = true
		}
	}
}

// writeCut copies the graph without what is not used.
func writeCut(body []byte, needed []bool, used map[string]bool, outputs []string) (message, error) {
	var out message
	at := -1
	err := fields("graph", body, func(x field) error {
		switch x.num {
		case graphNode:
			if at++; !needed[at] {
				return nil
			}
		case graphOutput:
			return nil
		case graphInitializer:
			t, err := parseTensor(x)
			if err != nil || !used[t.name] {
				return err
			}
		case graphInput:
			i, err := parseInfo(x)
			if err != nil || !used[i.name] {
				return err
			}
		}
		return out.keep(x)
	})
	for _, name := range outputs {
		var o message
		o.text(infoName, name)
		out.bytes(graphOutput, o)
	}
	return out, err
}

// keep appends a field as it was read.
func (m *message) keep(x field) error {
	b := protowire.AppendTag(*m, x.num, x.typ)
	switch x.typ {
	case protowire.VarintType:
		*m = protowire.AppendVarint(b, x.u)
	case protowire.Fixed32Type:
		*m = protowire.AppendFixed32(b, uint32(x.u))
	case protowire.Fixed64Type:
		*m = protowire.AppendFixed64(b, x.u)
	case protowire.BytesType:
		*m = protowire.AppendBytes(b, x.b)
	default:
		return invalid("field %d is a group, which no ONNX file has", x.num)
	}
	return nil
}
