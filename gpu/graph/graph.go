// Package graph is the static tensor program: ONNX operators over typed values,
// checked as they are added, differentiated, priced and planned without a device.
package graph

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/cloister-ai/cloister/abi"
)

// The opsets that are understood. Guests build with GuestOpset or later; files
// may be as old as MinOpset, and before FullOpset have only the operators that
// did not change with it.
const (
	MinOpset   = 1
	FullOpset  = 7
	GuestOpset = 13
	MaxOpset   = 24
)

// maxName bounds the bytes of a name, maxFLOPs what one operator may cost.
const (
	maxName  = 256
	maxFLOPs = 1 << 60
)

// What is computed while a graph is built: results up to maxKnown bytes, and
// maxKnownFLOPs operations a graph. What is beyond is left to the run.
const (
	maxKnown      = 16 << 20
	maxKnownFLOPs = 1 << 30
)

// A Config says how one graph is bounded.
type Config struct {
	Opset  int                            // ONNX opset, MinOpset to MaxOpset
	Nodes  uint32                         // operators, and leaves, at most; zero means no bound
	Accept func(n *Node, in []Type) error // refuses an operator the engine lacks; nil takes all
	Charge func(bytes int64) error        // pays for a constant before it is kept; nil is free
	// Spend pays for operations that are done while the graph is built, before
	// they are; nil is free.
	Spend func(flops uint64) error
	// Eval computes a node whose operands are all known into out; nil computes
	// nothing before the run.
	Eval func(n *Node, in []*Node, out []byte) error
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
	known   uint64          // operations spent on known values
	still   map[string]bool // names of parameters that no trainer changes
	settled bool            // parameters became constants, and are still listed
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
func (g *Graph) Constant(t abi.Tensor) (abi.Value, error) { return g.copied(t, false) }

// Opaque declares a value that never changes, and that nothing of the graph may
// follow from. t is copied.
func (g *Graph) Opaque(t abi.Tensor) (abi.Value, error) { return g.copied(t, true) }

func (g *Graph) copied(t abi.Tensor, opaque bool) (abi.Value, error) {
	typ := Type{t.DType(), slices.Clone(t.Shape())}
	if err := typ.check(); err != nil {
		return 0, fmt.Errorf("graph: constant: %w", err)
	}
	v, err := g.constant(typ, func(b []byte) error { return t.Read(0, b) })
	if err == nil {
		g.nodes[v-1].Opaque = opaque
	}
	return v, err
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

// An origin says who adds a node, and what of it is wanted.
type origin struct {
	internal bool // a rule of this package, which may use internal operators and attributes
	derived  bool // a gradient
	results  int  // how many results are wanted; zero leaves it to the operator
}

// Node adds an ONNX operator and returns its results, optional ones included.
func (g *Graph) Node(op string, attrs []abi.Attr, inputs []abi.Value) ([]abi.Value, error) {
	return g.add(op, attrs, inputs, origin{})
}

// NodeResults is Node for the operators whose number of results is not in their
// attributes: Split into equal parts before opset 18, and what has optional ones.
func (g *Graph) NodeResults(op string, attrs []abi.Attr, inputs []abi.Value, results int) ([]abi.Value, error) {
	return g.add(op, attrs, inputs, origin{results: results})
}

func (g *Graph) add(name string, attrs []abi.Attr, inputs []abi.Value, o origin) ([]abi.Value, error) {
	if name == OpConstant {
		v, err := g.constantNode(attrs, inputs)
		return []abi.Value{v}, err
	}
	op, ok := operators[name]
	if !ok || op.internal && !o.internal {
		return nil, fmt.Errorf("graph: operator %q is not supported: %w", clip(name), abi.Invalid)
	}
	if g.cfg.Opset < op.since && !o.internal {
		return nil, fmt.Errorf("graph: %s needs opset %d, the graph states %d: %w", name, op.since, g.cfg.Opset, abi.Invalid)
	}
	if since := cmp.Or(older[name], FullOpset); g.cfg.Opset < since && !o.internal && !unchanged[name] {
		return nil, fmt.Errorf("graph: %s is supported from opset %d, the graph states %d: %w", name, since, g.cfg.Opset, abi.Invalid)
	}
	before := *g
	if err := g.room(&g.ops, "operators"); err != nil {
		return nil, err
	}
	c := call{g: g, n: &Node{Op: name, In: slices.Clone(inputs), Derived: o.derived}, origin: o}
	out, err := c.add(op, attrs)
	if err != nil { // leave the graph as it was
		g.rewind(&before)
		return nil, fmt.Errorf("graph: %s: %w", name, err)
	}
	return out, nil
}

// rewind drops what was added since the graph was as in old.
func (g *Graph) rewind(old *Graph) {
	g.nodes, g.ops, g.leaves, g.known = g.nodes[:len(old.nodes)], old.ops, old.leaves, old.known
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
func (g *Graph) Params() []abi.Param {
	g.compact()
	return slices.Clone(g.tensors)
}

// Opset returns the opset the graph follows.
func (g *Graph) Opset() int { return g.cfg.Opset }

// At returns the node that computes v, which must be a value of the graph.
func (g *Graph) At(v abi.Value) *Node { return &g.nodes[v-1] }

// Len returns the number of values; they are 1 to Len.
func (g *Graph) Len() int { return len(g.nodes) }

// Inputs lists the inputs in the order they were declared.
func (g *Graph) Inputs() []abi.Value { return g.inputs }

// ParamValues lists the values of Params.
func (g *Graph) ParamValues() []abi.Value {
	g.compact()
	return g.params
}

// Outputs lists the outputs in the order they were named.
func (g *Graph) Outputs() []Output { return g.outputs }

// Derivative reports whether Gradient made v, and from what.
func (g *Graph) Derivative(v abi.Value) (Derivative, bool) {
	d, ok := g.derived[v]
	return d, ok
}

// Freeze refuses every later change.
func (g *Graph) Freeze() {
	g.compact()
	g.frozen = true
}

// Clone returns an unfrozen copy with no bound on nodes, for the nodes that a
// trainer adds. Constants and tensors are shared.
func (g *Graph) Clone() *Graph {
	g.compact()
	c := *g
	c.cfg.Nodes, c.cfg.Charge, c.cfg.Eval, c.frozen = 0, nil, nil, false
	c.nodes = slices.Clone(g.nodes)
	c.inputs, c.params = slices.Clone(g.inputs), slices.Clone(g.params)
	c.tensors, c.outputs = slices.Clone(g.tensors), slices.Clone(g.outputs)
	c.names, c.derived, c.still = maps.Clone(g.names), maps.Clone(g.derived), maps.Clone(g.still)
	return &c
}

func (g *Graph) push(n Node) abi.Value {
	n.from = g.trace(&n)
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
