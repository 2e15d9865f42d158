package onnx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// A parser adds what it reads in a file to a graph.
type parser struct {
	g     *graph.Graph
	o     Options
	made  map[*tensorProto]abi.Value // initialisers that are in the graph
	given map[abi.Value]given        // the parameters among them
	names map[string]bool            // of parameters
	count int                        // nodes of bodies added, those of every iteration
}

// given is where a parameter comes from, and where its elements are.
type given struct {
	proto  *tensorProto
	tensor abi.Tensor
}

// maxUnrolled bounds the nodes that branches and iterations may stand for.
const maxUnrolled = 1 << 18

// A scope is the values that the nodes of one graph may read, with those of the
// graph around it.
type scope struct {
	outer  *scope
	proto  *graphProto
	values map[string]abi.Value
	// missing are optional results that there are not, by what they would be.
	missing map[string]string
}

func newScope(outer *scope, g *graphProto) *scope {
	return &scope{outer: outer, proto: g, values: map[string]abi.Value{}, missing: map[string]string{}}
}

func (s *scope) define(name string, v abi.Value) error {
	if _, ok := s.values[name]; ok {
		return invalid("value %s is computed twice", quote(name))
	}
	s.values[name] = v
	return nil
}

// operandsKnown lists the operands that an operator must know when it is added,
// beside integers, which are constants anyway.
var operandsKnown = map[string][]int{
	"Clip": {1, 2}, "Dropout": {1, 2}, "Pad": {2}, "Resize": {1, 2}, "Upsample": {1}, "Range": {0, 1, 2},
	"NonMaxSuppression": {3, 4}, "Pow": {1},
	// Scales are no weights: knowing them, what is quantised of constants is too.
	"QuantizeLinear": {1, 2}, "DequantizeLinear": {1, 2}, "QLinearConv": {1, 4, 6}, "QLinearMatMul": {1, 4, 6},
}

// model adds the graph of the file.
func (p *parser) model(ctx context.Context, g *graphProto) error {
	bound := make(map[string]abi.Binding, len(p.o.Bind))
	for _, b := range p.o.Bind {
		bound[b.Name] = b
	}
	s := newScope(nil, g)
	for _, in := range g.inputs {
		if g.tensors[in.name] != nil {
			continue // before IR version 4, initialisers were inputs too
		}
		b, ok := bound[in.name]
		v, err := p.input(in, b)
		if err != nil {
			return err
		}
		if ok {
			delete(bound, in.name)
		}
		if err := s.define(in.name, v); err != nil {
			return err
		}
	}
	for _, b := range p.o.Bind {
		if _, ok := bound[b.Name]; ok {
			return invalid("the model has no input %s to bind", quote(b.Name))
		}
	}
	for _, name := range g.order {
		if _, err := p.initializer(s, name); err != nil {
			return err
		}
	}
	if err := p.nodes(ctx, s); err != nil {
		return err
	}
	if len(g.outputs) == 0 {
		return invalid("the graph has no outputs")
	}
	for _, o := range g.outputs {
		v, ok := s.values[o.name]
		if !ok && s.missing[o.name] != "" {
			return invalid("output %s is not supported: it is %s", quote(o.name), s.missing[o.name])
		}
		if !ok {
			return invalid("output %s is computed by no node", quote(o.name))
		}
		if err := p.g.Output(o.name, v); err != nil {
			return err
		}
	}
	return nil
}

// body adds a graph that is an attribute and returns its outputs. in are the
// values of its inputs.
func (p *parser) body(ctx context.Context, outer *scope, g *graphProto, in []abi.Value) ([]abi.Value, error) {
	s := newScope(outer, g)
	if len(in) != len(g.inputs) {
		return nil, invalid("the body has %d inputs, want %d", len(g.inputs), len(in))
	}
	for i, v := range in {
		if err := s.define(g.inputs[i].name, v); err != nil {
			return nil, err
		}
	}
	if err := p.nodes(ctx, s); err != nil {
		return nil, err
	}
	var out []abi.Value
	for _, o := range g.outputs {
		v, err := p.value(s, o.name)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// value finds a value by its name, in the graph or around it.
func (p *parser) value(s *scope, name string) (abi.Value, error) {
	for ; s != nil; s = s.outer {
		if v, ok := s.values[name]; ok {
			return v, nil
		}
		if s.proto.tensors[name] != nil {
			return p.initializer(s, name)
		}
		if what := s.missing[name]; what != "" {
			return 0, invalid("value %s is not supported: it is %s", quote(name), what)
		}
	}
	return 0, invalid("value %s is not computed before it is read", quote(name))
}

func (p *parser) input(in infoProto, b abi.Binding) (abi.Value, error) {
	if in.other != "" {
		return 0, invalid("input %s is %s, which is not supported", quote(in.name), in.other)
	}
	dt, err := dtype(in.elem)
	if err != nil {
		return 0, fmt.Errorf("onnx: input %s: %w", quote(in.name), err)
	}
	shape := slices.Clone(in.shape)
	if b.Shape != nil {
		if in.known && len(b.Shape) != len(in.shape) {
			return 0, invalid("input %s: it is bound to shape %v, and has rank %d", quote(in.name), b.Shape, len(in.shape))
		}
		for i, d := range in.shape {
			if d >= 0 && d != b.Shape[i] {
				return 0, invalid("input %s: it is bound to shape %v, and has shape %v", quote(in.name), b.Shape, in.shape)
			}
		}
		shape = slices.Clone(b.Shape)
	} else if !in.known {
		return 0, invalid("input %s has no shape: bind one", quote(in.name))
	}
	for i, d := range shape {
		switch {
		case d >= 0:
		case i == 0:
			shape[i] = 1
		default:
			return 0, invalid("input %s: dimension %d is symbolic; only the first may be left open: bind a shape", quote(in.name), i)
		}
	}
	if b.Data != nil {
		return p.g.ConstantBytes(dt, shape, b.Data)
	}
	return p.g.Input(in.name, dt, shape)
}

// initializer adds an initialiser of the scope's own graph, once.
func (p *parser) initializer(s *scope, name string) (abi.Value, error) {
	t := s.proto.tensors[name]
	v, ok := p.made[t]
	if !ok {
		dt, data, err := t.elements()
		if err != nil {
			return 0, err
		}
		param := name
		for n := 2; p.names[param]; n++ { // names are of one graph, parameters of the model
			param = fmt.Sprintf("%s_%d", name, n)
		}
		if float := dt == abi.Float32 || dt == abi.Float64 || dt == abi.Float16; float && !s.proto.fixed(name) {
			p.names[param] = true
			made, err := p.o.Param(dt, t.dims, data)
			if err != nil {
				return 0, err
			}
			if v, err = p.g.Param(param, made); err != nil {
				return 0, err
			}
			p.given[v] = given{t, made}
		} else if v, err = p.g.ConstantBytes(dt, t.dims, data); err != nil {
			return 0, err
		}
		p.made[t] = v
	}
	return v, s.define(name, v)
}

// fixed reports whether a node of the graph must know the initialiser.
func (g *graphProto) fixed(name string) bool {
	if g.known == nil {
		g.known = map[string]bool{}
		for _, n := range g.nodes {
			for _, i := range operandsKnown[n.op] {
				if i < len(n.in) {
					g.known[n.in[i]] = true
				}
			}
		}
	}
	return g.known[name]
}

// nodes adds the nodes of the scope's graph.
func (p *parser) nodes(ctx context.Context, s *scope) error {
	for _, n := range s.proto.nodes {
		if ctx.Err() != nil {
			return fmt.Errorf("onnx: %w", context.Cause(ctx))
		}
		if err := p.node(ctx, s, n); err != nil {
			if n.name != "" {
				return fmt.Errorf("onnx: node %s: %w", quote(n.name), err)
			}
			return err
		}
	}
	return nil
}

func (p *parser) node(ctx context.Context, s *scope, n nodeProto) error {
	if n.domain != "" && n.domain != "ai.onnx" {
		return invalid("operator %s of domain %s is not supported", quote(n.op), quote(n.domain))
	}
	if len(n.out) == 0 {
		return invalid("operator %s has no result", quote(n.op))
	}
	if s.outer != nil {
		if p.count++; p.count > maxUnrolled {
			return invalid("branches and iterations stand for more than %d nodes", maxUnrolled)
		}
	}
	in := make([]abi.Value, len(n.in))
	for i, name := range n.in {
		if name == "" {
			continue
		}
		v, err := p.value(s, name)
		if err != nil {
			return fmt.Errorf("onnx: operator %s: %w", quote(n.op), err)
		}
		in[i] = v
	}
	out, err := p.add(ctx, s, n, in)
	if err != nil {
		return err
	}
	for i, name := range n.out {
		if name == "" {
			continue
		}
		if i >= len(out) || out[i] == 0 {
			s.missing[name] = fmt.Sprintf("result %d of operator %s", i, quote(n.op))
			continue // exporters name results that nothing reads
		}
		if err := s.define(name, out[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) add(ctx context.Context, s *scope, n nodeProto, in []abi.Value) ([]abi.Value, error) {
	if f, ok := control[n.op]; ok {
		out, err := f(p, ctx, s, n, in)
		if err != nil {
			return nil, fmt.Errorf("onnx: operator %s: %w", quote(n.op), err)
		}
		return out, nil
	}
	for len(in) > 0 && in[len(in)-1] == 0 {
		in = in[:len(in)-1]
	}
	var attrs []abi.Attr
	for _, a := range n.attrs {
		if a.graph != nil {
			return nil, invalid("operator %s: attribute %s is a graph", quote(n.op), quote(a.Name))
		}
		attrs = append(attrs, a.Attr)
	}
	return p.settled(func() ([]abi.Value, error) { return p.g.NodeResults(n.op, attrs, in, len(n.out)) })
}

// settled calls f, which adds operators, until no value that it must know is
// computed of parameters: those become constants.
func (p *parser) settled(f func() ([]abi.Value, error)) ([]abi.Value, error) {
	for {
		out, err := f()
		unknown, ok := errors.AsType[*graph.Unknown](err)
		if !ok {
			return out, err
		}
		if more, why := p.g.Settle(unknown.Value, p.elements); why != nil {
			return nil, why
		} else if !more {
			return nil, err
		}
	}
}

// elements returns those of a parameter, whose tensor nobody needs any more.
func (p *parser) elements(v abi.Value) ([]byte, error) {
	from := p.given[v]
	_, data, err := from.proto.elements()
	if err == nil {
		from.tensor.Free()
	}
	return bytes.Clone(data), err
}

// explain says what the file leaves open, where that is why err came about.
func (p *parser) explain(err error) error {
	if unknown, ok := errors.AsType[*graph.Unknown](err); ok {
		if inputs := p.g.Origins(unknown.Value); len(inputs) > 0 {
			return &abi.Unbound{Inputs: inputs, Err: err}
		}
	}
	return err
}
