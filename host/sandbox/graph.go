package sandbox

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// Bounds on graphs beyond the engine's own quota.
const (
	maxInputs = 1024    // of one node or program
	maxWrt    = 1 << 16 // values of one gradient
)

// A graph is one of the engine's with what the sandbox knows about it.
type graph struct {
	abi.Graph
	params    []*tensor // whose labels go into every result
	constants label     // of the tensors that became constants: the highest
	sealed    string    // name of the sealed model this is; empty: none
	frozen    bool      // compiled
}

func (in *instance) graph(h uint32) (*graph, error) { return find[*graph](&in.handles, h, "graph") }

// editable is graph for calls that add to it.
func (in *instance) editable(h uint32) (*graph, error) {
	g, err := in.graph(h)
	switch {
	case err != nil:
		return nil, err
	case g.sealed != "":
		return nil, fmt.Errorf("model %q is sealed: its graph answers, and can be neither changed, trained nor saved: %w", g.sealed, abi.Denied)
	case g.frozen:
		return nil, fmt.Errorf("the graph was compiled and cannot change any more: %w", abi.Invalid)
	}
	return g, nil
}

// label is the join over everything in g that has one.
func (g *graph) label() label {
	l := g.constants
	for _, p := range g.params {
		l = join(l, p.label)
	}
	return l
}

// values decodes n value ids.
func (in *instance) values(ptr, n uint32, most uint32) ([]abi.Value, error) {
	if n > most {
		return nil, fmt.Errorf("%d values, at most %d: %w", n, most, abi.Invalid)
	}
	b, err := in.array(ptr, n, 4)
	if err != nil {
		return nil, fmt.Errorf("values: %w", err)
	}
	vs := make([]abi.Value, n)
	for i := range vs {
		vs[i] = abi.Value(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return vs, nil
}

// giveValues writes up to room value ids and returns how many there are.
func (in *instance) giveValues(vs []abi.Value, ptr, room uint32) (uint32, error) {
	n := min(room, uint32(len(vs)))
	b, err := in.array(ptr, n, 4)
	if err != nil {
		return 0, err
	}
	for i := range n {
		binary.LittleEndian.PutUint32(b[4*i:], uint32(vs[i]))
	}
	return uint32(len(vs)), nil
}

// graphNew(opset) → an empty graph.
func graphNew(_ context.Context, in *instance, a []uint32) (uint32, error) {
	s, err := in.session()
	if err != nil {
		return 0, err
	}
	if err := in.handles.room(1); err != nil {
		return 0, err
	}
	g, err := s.NewGraph(int(int32(a[0])))
	if err != nil {
		return 0, err
	}
	return in.handles.add(&graph{Graph: g})
}

// graphInput(g, name, len, dtype, dims, rank) → a value.
func graphInput(_ context.Context, in *instance, a []uint32) (uint32, error) {
	g, err := in.editable(a[0])
	if err != nil {
		return 0, err
	}
	name, err := in.text("name", a[1], a[2], maxName)
	if err != nil {
		return 0, err
	}
	dt, err := dtype(a[3])
	if err != nil {
		return 0, err
	}
	shape, err := in.dims(a[4], a[5])
	if err != nil {
		return 0, err
	}
	v, err := g.Input(name, dt, shape)
	return uint32(v), err
}

// graphParam(g, name, len, tensor) → a value that is the tensor's, now and
// after every training step.
func graphParam(_ context.Context, in *instance, a []uint32) (uint32, error) {
	g, err := in.editable(a[0])
	if err != nil {
		return 0, err
	}
	name, err := in.text("name", a[1], a[2], maxName)
	if err != nil {
		return 0, err
	}
	t, err := in.tensor(a[3])
	if err != nil {
		return 0, err
	}
	v, err := g.Param(name, t.Tensor)
	if err != nil {
		return 0, err
	}
	t.pinned = true
	g.params = append(g.params, t)
	return uint32(v), nil
}

// graphConstant(g, tensor) → a value that is the tensor's as it is now. Shapes may
// follow from a public one.
func graphConstant(_ context.Context, in *instance, a []uint32) (uint32, error) {
	g, err := in.editable(a[0])
	if err != nil {
		return 0, err
	}
	t, err := in.tensor(a[1])
	if err != nil {
		return 0, err
	}
	declare := g.Constant
	if t.label != public { // what the app sees of a graph must not follow from its elements
		declare = g.Opaque
	}
	v, err := declare(t.Tensor)
	if err != nil {
		return 0, err
	}
	g.constants = max(g.constants, t.label)
	return uint32(v), nil
}

// graphNode(g, op, op_len, in, n_in, attrs, attrs_len, out, cap) → the number
// of results; writes up to cap of them.
func graphNode(_ context.Context, in *instance, a []uint32) (uint32, error) {
	g, err := in.editable(a[0])
	if err != nil {
		return 0, err
	}
	op, err := in.text("operator", a[1], a[2], maxName)
	if err != nil {
		return 0, err
	}
	inputs, err := in.values(a[3], a[4], maxInputs)
	if err != nil {
		return 0, err
	}
	b, err := in.read(a[5], a[6])
	if err != nil {
		return 0, fmt.Errorf("attributes: %w", err)
	}
	attrs, err := decodeAttrs(b)
	if err != nil {
		return 0, err
	}
	if _, err := in.array(a[7], a[8], 4); err != nil {
		return 0, fmt.Errorf("results: %w", err)
	}
	out, err := g.Node(op, attrs, inputs)
	if err != nil {
		return 0, err
	}
	return in.giveValues(out, a[7], a[8])
}

// graphOutput(g, name, len, value) names the next output.
func graphOutput(_ context.Context, in *instance, a []uint32) (uint32, error) {
	g, err := in.editable(a[0])
	if err != nil {
		return 0, err
	}
	name, err := in.text("name", a[1], a[2], maxName)
	if err != nil {
		return 0, err
	}
	return 0, g.Output(name, abi.Value(a[3]))
}

// graphGradient(g, loss, wrt, n, out) → n; writes n values.
func graphGradient(_ context.Context, in *instance, a []uint32) (uint32, error) {
	g, err := in.editable(a[0])
	if err != nil {
		return 0, err
	}
	wrt, err := in.values(a[2], a[3], maxWrt)
	if err != nil {
		return 0, err
	}
	if _, err := in.array(a[4], a[3], 4); err != nil {
		return 0, fmt.Errorf("results: %w", err)
	}
	grads, err := g.Gradient(abi.Value(a[1]), wrt)
	if err != nil {
		return 0, err
	}
	return in.giveValues(grads, a[4], a[3])
}

// graphShape(g, value, ptr, cap) → the rank; writes up to cap dimensions.
func graphShape(_ context.Context, in *instance, a []uint32) (uint32, error) {
	g, err := in.graph(a[0])
	if err != nil {
		return 0, err
	}
	_, shape, err := g.Type(abi.Value(a[1]))
	if err != nil {
		return 0, err
	}
	return in.giveShape(shape, a[2], a[3])
}

// graphLoadONNX(ptr, len) → the graph in an ONNX file that the app brought.
func graphLoadONNX(ctx context.Context, in *instance, a []uint32) (uint32, error) {
	b, err := in.read(a[0], a[1])
	if err != nil {
		return 0, err
	}
	return in.load(ctx, slices.Clone(b), "")
}

// graphInline(g, other, in, n_in, out, cap) → the number of results: adds the
// operators of another graph; writes up to cap values of its outputs. g takes
// over what is private in it.
func graphInline(_ context.Context, in *instance, a []uint32) (uint32, error) {
	g, err := in.editable(a[0])
	if err != nil {
		return 0, err
	}
	other, err := in.graph(a[1])
	switch {
	case err != nil:
		return 0, fmt.Errorf("other: %w", err)
	case other.sealed != "":
		return 0, fmt.Errorf("model %q is sealed: its graph answers, and can be no part of another: %w", other.sealed, abi.Denied)
	case other == g:
		return 0, fmt.Errorf("a graph cannot be a part of itself: %w", abi.Invalid)
	}
	inputs, err := in.values(a[2], a[3], maxInputs)
	if err != nil {
		return 0, err
	}
	if _, err := in.array(a[4], a[5], 4); err != nil {
		return 0, fmt.Errorf("results: %w", err)
	}
	out, err := g.Inline(other.Graph, inputs)
	if err != nil {
		return 0, err
	}
	g.params = append(g.params, other.params...)
	g.constants = max(g.constants, other.constants)
	return in.giveValues(out, a[4], a[5])
}

// graphFreeze(g, name, len) keeps a parameter, or with an empty name all there
// are, as it is in every trainer made from then on.
func graphFreeze(_ context.Context, in *instance, a []uint32) (uint32, error) {
	g, err := in.editable(a[0])
	if err != nil {
		return 0, err
	}
	name, err := in.text("name", a[1], a[2], maxName)
	if err != nil {
		return 0, err
	}
	return 0, g.FreezeParam(name)
}

// load parses a model file. A sealed one is named.
func (in *instance) load(ctx context.Context, onnx []byte, sealed string) (uint32, error) {
	s, err := in.session()
	if err != nil {
		return 0, err
	}
	if err := in.handles.room(1); err != nil {
		return 0, err
	}
	parsed, err := s.ParseONNX(ctx, onnx)
	if err != nil {
		return 0, err
	}
	g := &graph{Graph: parsed, sealed: sealed}
	if sealed != "" {
		g.constants = private
	}
	for _, p := range parsed.Params() {
		g.params = append(g.params, &tensor{Tensor: p.Tensor, pinned: true})
	}
	return in.handles.add(g)
}
