// Package graph is the static tensor program: ONNX operators over typed values,
// checked as they are added, differentiated, priced and planned without a device.
package graph

import (
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/cloister-ai/cloister/abi"
)

// The opsets that are understood. Guests build with GuestOpset or later; files
// may be as old as MinOpset.
const (
	MinOpset   = 7
	GuestOpset = 13
	MaxOpset   = 21
)

// maxName bounds the bytes of a name, maxFLOPs what one operator may cost.
const (
	maxName  = 256
	maxFLOPs = 1 << 60
)

// A Config says how one graph is bounded.
type Config struct {
	Opset  int                            // ONNX opset, MinOpset to MaxOpset
	Nodes  uint32                         // operators, and leaves, at most; zero means no bound
	Accept func(n *Node, in []Type) error // refuses an operator the engine lacks; nil takes all
	Charge func(bytes int64) error        // pays for a constant before it is kept; nil is free
}

// A Graph is a list of nodes in which every operand comes before its use. It has
// every method of [abi.Graph] that needs no tensor memory; one goroutine uses it.
type Graph struct {
	cfg     Config
	nodes   []Node // value v is nodes[v-1]
	inputs  []abi.Value
	params  []abi.Value
	tensors []abi.Param
	outputs []Output
	names   map[string]bool
	derived map[abi.Value]Derivative
	ops     uint32
	leaves  uint32
	frozen  bool
}

// An Output is a named result of a graph.
type Output struct {
	Name  string
	Value abi.Value
}

// A Derivative says that a value is d Loss / d Wrt, so that an engine with its
// own differentiation may use that instead of the nodes we added.
type Derivative struct{ Loss, Wrt abi.Value }

// New returns an empty graph. An opset outside MinOpset to MaxOpset is Invalid.
func New(cfg Config) (*Graph, error) {
	if cfg.Opset < MinOpset || cfg.Opset > MaxOpset {
		return nil, fmt.Errorf("graph: opset %d, supported are %d to %d: %w", cfg.Opset, MinOpset, MaxOpset, abi.Invalid)
	}
	return &Graph{cfg: cfg, names: make(map[string]bool), derived: make(map[abi.Value]Derivative)}, nil
}

// Input declares an input of type dt and the given fixed shape.
func (g *Graph) Input(name string, dt abi.DType, shape []int64) (abi.Value, error) {
	t := Type{dt, slices.Clone(shape)}
	if err := g.leaf("input", name, t); err != nil {
		return 0, err
	}
	v := g.push(Node{Op: OpInput, Name: name, Index: len(g.inputs), Type: t})
	g.inputs = append(g.inputs, v)
	return v, nil
}

// Param declares a parameter that reads t at every run.
func (g *Graph) Param(name string, t abi.Tensor) (abi.Value, error) {
	typ := Type{t.DType(), slices.Clone(t.Shape())}
	if err := g.leaf("parameter", name, typ); err != nil {
		return 0, err
	}
	v := g.push(Node{Op: OpParam, Name: name, Index: len(g.params), Type: typ})
	g.params = append(g.params, v)
	g.tensors = append(g.tensors, abi.Param{Name: name, Tensor: t})
	return v, nil
}

// Constant declares a value that never changes. t is copied.
func (g *Graph) Constant(t abi.Tensor) (abi.Value, error) {
	typ := Type{t.DType(), slices.Clone(t.Shape())}
	if err := typ.check(); err != nil {
		return 0, fmt.Errorf("graph: constant: %w", err)
	}
	return g.constant(typ, func(b []byte) error { return t.Read(0, b) })
}

// ConstantBytes declares a constant from the little-endian elements in b.
func (g *Graph) ConstantBytes(dt abi.DType, shape []int64, b []byte) (abi.Value, error) {
	typ := Type{dt, slices.Clone(shape)}
	if err := typ.check(); err != nil {
		return 0, fmt.Errorf("graph: constant: %w", err)
	}
	if int64(len(b)) != typ.Bytes() {
		return 0, fmt.Errorf("graph: constant: %d bytes for %v, want %d: %w", len(b), typ, typ.Bytes(), abi.Invalid)
	}
	return g.constant(typ, func(dst []byte) error { copy(dst, b); return nil })
}

func (g *Graph) constant(t Type, fill func([]byte) error) (abi.Value, error) {
	if err := g.room(&g.leaves, "constants, inputs and parameters"); err != nil {
		return 0, err
	}
	if g.cfg.Charge != nil {
		if err := g.cfg.Charge(t.Bytes()); err != nil {
			return 0, fmt.Errorf("graph: constant: %w", err)
		}
	}
	data := make([]byte, t.Bytes())
	if err := fill(data); err != nil {
		return 0, fmt.Errorf("graph: constant: %w", err)
	}
	return g.push(Node{Op: OpConstant, Type: t, Data: data}), nil
}

// Node adds an ONNX operator and returns its results; every operator here has one.
func (g *Graph) Node(op string, attrs []abi.Attr, inputs []abi.Value) ([]abi.Value, error) {
	v, err := g.add(op, attrs, inputs, false)
	if err != nil {
		return nil, err
	}
	return []abi.Value{v}, nil
}

// add is Node, and with internal set also takes the operators that only the
// differentiation may use.
func (g *Graph) add(name string, attrs []abi.Attr, inputs []abi.Value, internal bool) (abi.Value, error) {
	if name == OpConstant {
		return g.constantNode(attrs, inputs)
	}
	op, ok := operators[name]
	if !ok || op.internal && !internal {
		return 0, fmt.Errorf("graph: operator %q is not supported: %w", clip(name), abi.Invalid)
	}
	if g.cfg.Opset < op.since && !internal {
		return 0, fmt.Errorf("graph: %s needs opset %d, the graph states %d: %w", name, op.since, g.cfg.Opset, abi.Invalid)
	}
	if err := g.room(&g.ops, "operators"); err != nil {
		return 0, err
	}
	n := Node{Op: name, In: slices.Clone(inputs), Derived: internal}
	v, err := g.check(op, &n, attrs, internal)
	if err != nil {
		g.ops--
		return 0, fmt.Errorf("graph: %s: %w", name, err)
	}
	return v, nil
}

func (g *Graph) check(op operator, n *Node, list []abi.Attr, internal bool) (abi.Value, error) {
	if len(n.In) < op.min || len(n.In) > op.max {
		return 0, fmt.Errorf("%d inputs, want %d to %d: %w", len(n.In), op.min, op.max, abi.Invalid)
	}
	c := call{g: g, n: n, in: make([]Type, len(n.In)), internal: internal}
	for i, v := range n.In {
		switch {
		case v == 0 && i < op.min:
			return 0, fmt.Errorf("input %d is missing: %w", i, abi.Invalid)
		case v == 0:
		case int(v) > len(g.nodes):
			return 0, fmt.Errorf("input %d names value %d of %d: %w", i, v, len(g.nodes), abi.Invalid)
		default:
			c.in[i] = g.nodes[v-1].Type
			if i < op.tensors && c.in[i].Elements() == 0 {
				return 0, fmt.Errorf("input %d of shape %v has no elements: %w", i, c.in[i].Shape, abi.Invalid)
			}
		}
	}
	var err error
	if c.attrs, err = newAttrs(list); err != nil {
		return 0, err
	}
	t, err := op.infer(&c)
	if err == nil {
		err = c.attrs.done()
	}
	if err != nil {
		return 0, err
	}
	if err := t.check(); err != nil {
		return 0, fmt.Errorf("result: %w", err)
	}
	if t.Elements() == 0 {
		return 0, fmt.Errorf("result of shape %v has no elements: %w", t.Shape, abi.Invalid)
	}
	n.Type, n.Raw = t, c.attrs.list
	if n.FLOPs = max(1, op.cost(n, c.in)); n.FLOPs > maxFLOPs {
		return 0, fmt.Errorf("costs more than %d operations: %w", uint64(maxFLOPs), abi.Invalid)
	}
	if g.cfg.Accept != nil && !internal {
		if err := g.cfg.Accept(n, c.in); err != nil {
			return 0, err
		}
	}
	return g.push(*n), nil
}

// Output names v as the graph's next output.
func (g *Graph) Output(name string, v abi.Value) error {
	if err := g.open(); err != nil {
		return err
	}
	if _, err := g.node(v); err != nil {
		return err
	}
	if g.cfg.Nodes != 0 && uint32(len(g.outputs)) >= g.cfg.Nodes {
		return fmt.Errorf("graph: more than %d outputs: %w", g.cfg.Nodes, abi.Exhausted)
	}
	if err := g.name("output", name); err != nil {
		return err
	}
	g.outputs = append(g.outputs, Output{name, v})
	return nil
}

// Type returns the element type and shape of v.
func (g *Graph) Type(v abi.Value) (abi.DType, []int64, error) {
	n, err := g.node(v)
	if err != nil {
		return 0, nil, err
	}
	return n.DType, slices.Clone(n.Shape), nil
}

// Params lists the parameters in the order they were declared.
func (g *Graph) Params() []abi.Param { return slices.Clone(g.tensors) }

// Opset returns the opset the graph follows.
func (g *Graph) Opset() int { return g.cfg.Opset }

// At returns the node that computes v, which must be a value of the graph.
func (g *Graph) At(v abi.Value) *Node { return &g.nodes[v-1] }

// Len returns the number of values; they are 1 to Len.
func (g *Graph) Len() int { return len(g.nodes) }

// Inputs lists the inputs in the order they were declared.
func (g *Graph) Inputs() []abi.Value { return g.inputs }

// ParamValues lists the values of Params.
func (g *Graph) ParamValues() []abi.Value { return g.params }

// Outputs lists the outputs in the order they were named.
func (g *Graph) Outputs() []Output { return g.outputs }

// Derivative reports whether Gradient made v, and from what.
func (g *Graph) Derivative(v abi.Value) (Derivative, bool) {
	d, ok := g.derived[v]
	return d, ok
}

// Freeze refuses every later change.
func (g *Graph) Freeze() { g.frozen = true }

// Clone returns an unfrozen copy with no bound on nodes, for the nodes that a
// trainer adds. Constants and tensors are shared.
func (g *Graph) Clone() *Graph {
	c := *g
	c.cfg.Nodes, c.cfg.Charge, c.frozen = 0, nil, false
	c.nodes = slices.Clone(g.nodes)
	c.inputs, c.params = slices.Clone(g.inputs), slices.Clone(g.params)
	c.tensors, c.outputs = slices.Clone(g.tensors), slices.Clone(g.outputs)
	c.names, c.derived = maps.Clone(g.names), maps.Clone(g.derived)
	return &c
}

func (g *Graph) push(n Node) abi.Value {
	g.nodes = append(g.nodes, n)
	return abi.Value(len(g.nodes))
}

func (g *Graph) node(v abi.Value) (*Node, error) {
	if v == 0 || int(v) > len(g.nodes) {
		return nil, fmt.Errorf("graph: value %d of %d: %w", v, len(g.nodes), abi.Invalid)
	}
	return &g.nodes[v-1], nil
}

func (g *Graph) open() error {
	if g.frozen {
		return fmt.Errorf("graph: it is compiled and may not change: %w", abi.Invalid)
	}
	return nil
}

// room counts one more in *n, against the bound on nodes.
func (g *Graph) room(n *uint32, what string) error {
	if err := g.open(); err != nil {
		return err
	}
	if g.cfg.Nodes != 0 && *n >= g.cfg.Nodes {
		return fmt.Errorf("graph: more than %d %s: %w", g.cfg.Nodes, what, abi.Exhausted)
	}
	*n++
	return nil
}

func (g *Graph) leaf(what, name string, t Type) error {
	if err := t.check(); err != nil {
		return fmt.Errorf("graph: %s %q: %w", what, clip(name), err)
	}
	if t.Elements() == 0 {
		return fmt.Errorf("graph: %s %q: shape %v has no elements: %w", what, clip(name), t.Shape, abi.Invalid)
	}
	if err := g.open(); err != nil {
		return err
	}
	if err := g.name(what, name); err != nil {
		return err
	}
	if err := g.room(&g.leaves, "constants, inputs and parameters"); err != nil {
		delete(g.names, name)
		return err
	}
	return nil
}

func (g *Graph) name(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("graph: %s without a name: %w", what, abi.Invalid)
	case len(name) > maxName || !utf8.ValidString(name):
		return fmt.Errorf("graph: %s name of %d bytes is too long or not UTF-8, at most %d: %w", what, len(name), maxName, abi.Invalid)
	case g.names[name]:
		return fmt.Errorf("graph: %s %q: the name is taken: %w", what, name, abi.Invalid)
	}
	g.names[name] = true
	return nil
}

// clip keeps a name from outside short enough for an error text.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
