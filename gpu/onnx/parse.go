package onnx

import (
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of onnx.proto.
const (
	modelGraph, modelOpset, modelTraining, modelFunctions = 7, 8, 20, 25

	opsetDomain, opsetVersion = 1, 2

	graphNode, graphInitializer, graphInput, graphOutput, graphSparse = 1, 5, 11, 12, 15

	nodeInput, nodeOutput, nodeOp, nodeAttribute, nodeDomain = 1, 2, 4, 5, 7

	attrName, attrF, attrI, attrS, attrT, attrFloats, attrInts, attrType, attrRef = 1, 2, 3, 4, 5, 7, 8, 20, 21

	infoName, infoType                    = 1, 2
	typeTensor                            = 1
	tensorTypeElem, tensorTypeShape       = 1, 2
	shapeDim                              = 1
	dimValue, dimParam                    = 1, 2
	tensorAttr                      int64 = 4 // AttributeProto.TENSOR
)

// A Maker returns a parameter of type float32 with the given shape and
// little-endian elements.
type Maker func(shape []int64, data []byte) (abi.Tensor, error)

// Parse returns the graph in an ONNX model file. bound says how a graph of the
// file's opset is bounded. Initialisers of type float32 become parameters made by
// param; others, and those that an operator needs to know when it is added,
// become constants. A first dimension of an input that is symbolic becomes 1.
//
// It refuses as Invalid, by name, an operator, element type, attribute or
// feature that is not supported. It reads no other file.
func Parse(b []byte, bound func(opset int) graph.Config, param Maker) (*graph.Graph, error) {
	var body []byte
	opset := int64(0)
	err := fields("model", b, func(x field) (err error) {
		switch x.num {
		case modelGraph:
			body, err = x.message("graph")
		case modelOpset:
			var m []byte
			if m, err = x.message("opset import"); err == nil {
				err = parseOpset(m, &opset)
			}
		case modelTraining, modelFunctions:
			err = invalid("training info and local functions are not supported")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if body == nil || opset == 0 {
		return nil, invalid("the file is not a model: it has no graph or no opset")
	}
	if opset < graph.MinOpset || opset > graph.MaxOpset {
		return nil, invalid("opset %d, supported are %d to %d", opset, graph.MinOpset, graph.MaxOpset)
	}
	g, err := graph.New(bound(int(opset)))
	if err != nil {
		return nil, err
	}
	p := &parser{g: g, param: param, values: map[string]abi.Value{}, tensors: map[string]*tensorProto{}, fixed: map[string]bool{}}
	if err := p.parse(body); err != nil {
		return nil, err
	}
	return g, nil
}

func parseOpset(b []byte, opset *int64) error {
	domain, version := "", int64(0)
	err := fields("opset import", b, func(x field) (err error) {
		switch x.num {
		case opsetDomain:
			domain, err = x.text("opset domain")
		case opsetVersion:
			version = int64(x.u)
		}
		return err
	})
	if err == nil && (domain == "" || domain == "ai.onnx") {
		*opset = version
	}
	return err // another domain matters only if a node uses it
}

// A parser is one graph while it is read.
type parser struct {
	g       *graph.Graph
	param   Maker
	values  map[string]abi.Value
	tensors map[string]*tensorProto
	order   []string // names of tensors
	nodes   []nodeProto
	inputs  []infoProto
	outputs []infoProto
	fixed   map[string]bool // initialisers that must be constants
}

type nodeProto struct {
	op, domain string
	in, out    []string
	attrs      []attrProto
}

type attrProto struct {
	abi.Attr
	tensor *tensorProto
}

type infoProto struct {
	name  string
	elem  int64
	shape []int64 // -1 is symbolic
	known bool
}

// operandsKnown lists the operands that an operator must know when it is added,
// beside integers, which are constants anyway.
var operandsKnown = map[string][]int{"Pow": {1}, "Clip": {1, 2}, "Dropout": {1, 2}}

func (p *parser) parse(b []byte) error {
	if err := fields("graph", b, p.field); err != nil {
		return err
	}
	for _, n := range p.nodes {
		for _, i := range operandsKnown[n.op] {
			if i < len(n.in) {
				p.fixed[n.in[i]] = true
			}
		}
	}
	for _, in := range p.inputs {
		if p.tensors[in.name] != nil {
			continue // before IR version 4, initialisers were inputs too
		}
		if err := p.input(in); err != nil {
			return err
		}
	}
	for _, name := range p.order {
		if err := p.initializer(name, p.tensors[name]); err != nil {
			return err
		}
	}
	for _, n := range p.nodes {
		if err := p.node(n); err != nil {
			return err
		}
	}
	if len(p.outputs) == 0 {
		return invalid("the graph has no outputs")
	}
	for _, o := range p.outputs {
		v, ok := p.values[o.name]
		if !ok {
			return invalid("output %s is computed by no node", quote(o.name))
		}
		if err := p.g.Output(o.name, v); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) field(x field) error {
	switch x.num {
	case graphNode:
		n, err := parseNode(x)
		p.nodes = append(p.nodes, n)
		return err
	case graphInitializer:
		t, err := parseTensor(x)
		if err != nil {
			return err
		}
		if t.name == "" || p.tensors[t.name] != nil {
			return invalid("initialiser %s: the name is empty or taken", quote(t.name))
		}
		p.tensors[t.name], p.order = t, append(p.order, t.name)
	case graphInput, graphOutput:
		i, err := parseInfo(x)
		if err != nil {
			return err
		}
		if x.num == graphInput {
			p.inputs = append(p.inputs, i)
		} else {
			p.outputs = append(p.outputs, i)
		}
	case graphSparse:
		return invalid("sparse initialisers are not supported")
	}
	return nil
}

func (p *parser) define(name string, v abi.Value) error {
	if _, ok := p.values[name]; ok {
		return invalid("value %s is computed twice", quote(name))
	}
	p.values[name] = v
	return nil
}

func (p *parser) input(in infoProto) error {
	if !in.known {
		return invalid("input %s has no tensor type with a shape", quote(in.name))
	}
	dt, err := dtype(in.elem)
	if err != nil {
		return err
	}
	shape := slices.Clone(in.shape)
	for i, d := range shape {
		switch {
		case d >= 0:
		case i == 0:
			shape[i] = 1
		default:
			return invalid("input %s: dimension %d is symbolic; only the first may be", quote(in.name), i)
		}
	}
	v, err := p.g.Input(in.name, dt, shape)
	if err != nil {
		return err
	}
	return p.define(in.name, v)
}

func (p *parser) initializer(name string, t *tensorProto) error {
	dt, data, err := t.elements()
	if err != nil {
		return err
	}
	var v abi.Value
	if dt == abi.Float32 && !p.fixed[name] {
		made, err := p.param(t.dims, data)
		if err != nil {
			return err
		}
		if v, err = p.g.Param(name, made); err != nil {
			return err
		}
	} else if v, err = p.g.ConstantBytes(dt, t.dims, data); err != nil {
		return err
	}
	return p.define(name, v)
}

func (p *parser) node(n nodeProto) error {
	if n.domain != "" && n.domain != "ai.onnx" {
		return invalid("operator %s of domain %s is not supported", quote(n.op), quote(n.domain))
	}
	if len(n.out) == 0 || n.out[0] == "" {
		return invalid("operator %s has no result", quote(n.op))
	}
	v, err := p.add(n)
	if err != nil {
		return err
	}
	return p.define(n.out[0], v) // optional further results do not exist: nothing may read them
}

func (p *parser) add(n nodeProto) (abi.Value, error) {
	if n.op == graph.OpConstant && len(n.attrs) == 1 && n.attrs[0].tensor != nil {
		dt, data, err := n.attrs[0].tensor.elements()
		if err != nil {
			return 0, err
		}
		return p.g.ConstantBytes(dt, n.attrs[0].tensor.dims, data)
	}
	in := make([]abi.Value, len(n.in))
	for i, name := range n.in {
		if name == "" {
			continue
		}
		v, ok := p.values[name]
		if !ok {
			return 0, invalid("operator %s: input %s is not computed before it", quote(n.op), quote(name))
		}
		in[i] = v
	}
	for len(in) > 0 && in[len(in)-1] == 0 {
		in = in[:len(in)-1]
	}
	var attrs []abi.Attr
	for _, a := range n.attrs {
		if a.tensor != nil {
			return 0, invalid("operator %s: attribute %s is a tensor", quote(n.op), quote(a.Name))
		}
		attrs = append(attrs, a.Attr)
	}
	out, err := p.g.Node(n.op, attrs, in)
	if err != nil {
		return 0, err
	}
	return out[0], nil
}

func parseNode(x field) (n nodeProto, err error) {
	b, err := x.message("node")
	if err != nil {
		return n, err
	}
	err = fields("node", b, func(x field) (err error) {
		var s string
		switch x.num {
		case nodeInput:
			s, err = x.text("node input")
			n.in = append(n.in, s)
		case nodeOutput:
			s, err = x.text("node output")
			n.out = append(n.out, s)
		case nodeOp:
			n.op, err = x.text("operator")
		case nodeDomain:
			n.domain, err = x.text("operator domain")
		case nodeAttribute:
			var a attrProto
			a, err = parseAttr(x)
			n.attrs = append(n.attrs, a)
		}
		return err
	})
	return n, err
}

func parseAttr(x field) (a attrProto, err error) {
	b, err := x.message("attribute")
	if err != nil {
		return a, err
	}
	typ := int64(0)
	err = fields("attribute", b, func(x field) (err error) {
		switch x.num {
		case attrName:
			a.Name, err = x.text("attribute name")
		case attrF:
			a.F = float(uint32(x.u))
		case attrI:
			a.I = int64(x.u)
		case attrS:
			a.S, err = x.text("attribute value")
		case attrT:
			a.tensor, err = parseTensor(x)
		case attrFloats:
			var bits []uint32
			bits, err = x.fixed32s(nil)
			for _, u := range bits {
				a.Floats = append(a.Floats, float(u))
			}
		case attrInts:
			a.Ints, err = x.integers(a.Ints)
		case attrType:
			typ = int64(x.u)
		case attrRef:
			err = invalid("attribute references are not supported")
		}
		return err
	})
	switch {
	case err != nil:
	case typ == tensorAttr && a.tensor != nil:
	case slices.Contains([]int64{int64(abi.AttrFloat), int64(abi.AttrInt), int64(abi.AttrString), int64(abi.AttrFloats), int64(abi.AttrInts)}, typ):
		a.Type, a.tensor = abi.AttrType(typ), nil
	default:
		err = invalid("attribute %s has type %d, which is not supported", quote(a.Name), typ)
	}
	return a, err
}

func parseInfo(x field) (i infoProto, err error) {
	b, err := x.message("value info")
	if err != nil {
		return i, err
	}
	err = fields("value info", b, func(x field) (err error) {
		switch x.num {
		case infoName:
			i.name, err = x.text("value name")
		case infoType:
			err = fields("type", x.b, func(x field) error {
				if x.num != typeTensor {
					return nil
				}
				return fields("tensor type", x.b, i.tensorType)
			})
		}
		return err
	})
	return i, err
}

func (i *infoProto) tensorType(x field) error {
	switch x.num {
	case tensorTypeElem:
		i.elem = int64(x.u)
	case tensorTypeShape:
		i.known = true
		return fields("shape", x.b, func(x field) error {
			if x.num != shapeDim {
				return nil
			}
			if len(i.shape) >= abi.MaxRank {
				return invalid("value %s has rank over %d", quote(i.name), abi.MaxRank)
			}
			d := int64(-1)
			err := fields("dimension", x.b, func(x field) error {
				if x.num == dimValue && x.typ == protowire.VarintType {
					if d = int64(x.u); d < 0 {
						return invalid("value %s has dimension %d", quote(i.name), d)
					}
				}
				return nil
			})
			i.shape = append(i.shape, d)
			return err
		})
	}
	return nil
}
