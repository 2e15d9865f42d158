package onnx

import (
	"context"
	"math"
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

	nodeInput, nodeOutput, nodeName, nodeOp, nodeAttribute, nodeDomain = 1, 2, 3, 4, 5, 7

	attrName, attrF, attrI, attrS, attrT, attrG, attrFloats, attrInts, attrStrings, attrType, attrRef = 1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 21

	infoName, infoType              = 1, 2
	typeTensor                      = 1
	tensorTypeElem, tensorTypeShape = 1, 2
	shapeDim                        = 1
	dimValue, dimParam              = 1, 2
	graphAttr                       = 5 // AttributeProto.GRAPH
)

// Options say how a file becomes a graph.
type Options struct {
	// Graph says how a graph of the file's opset is bounded.
	Graph func(opset int) graph.Config
	// Param returns a parameter with the given little-endian elements.
	Param func(dt abi.DType, shape []int64, data []byte) (abi.Tensor, error)
	// Bind fixes what the file leaves open about inputs.
	Bind []abi.Binding
}

// Parse returns the graph in an ONNX model file. Initialisers of floating point
// become parameters; others, and those that an operator needs when it is added,
// become constants. A first dimension of an input that is symbolic, and
// not bound, becomes 1. Control flow is resolved: an If becomes the branch that is
// taken, or both and a choice; a Loop or Scan its iterations, one after the other.
//
// It refuses as Invalid, by name, an operator, element type, attribute or
// feature that is not supported. It reads no other file. An *abi.Unbound
// error says what more must be known. When ctx ends, so does Parse, with its cause.
func Parse(ctx context.Context, b []byte, o Options) (*graph.Graph, error) {
	var body []byte
	opset, other := int64(0), ""
	err := fields("model", b, func(x field) (err error) {
		switch x.num {
		case modelGraph:
			body, err = x.message("graph")
		case modelOpset:
			var m []byte
			if m, err = x.message("opset import"); err == nil {
				other, err = parseOpset(m, &opset)
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
		return nil, noModel(body, other)
	}
	if opset < graph.MinOpset || opset > graph.MaxOpset {
		return nil, invalid("opset %d, supported are %d to %d", opset, graph.MinOpset, graph.MaxOpset)
	}
	proto, err := parseGraph(body, 0)
	if err != nil {
		return nil, err
	}
	g, err := graph.New(o.Graph(int(opset)))
	if err != nil {
		return nil, err
	}
	p := &parser{g: g, o: o, made: map[*tensorProto]abi.Value{}, given: map[abi.Value]given{}, names: map[string]bool{}}
	if err := p.model(ctx, proto); err != nil {
		return nil, p.explain(err)
	}
	return g, nil
}

// noModel says why a file is no model; other is a domain that it has an opset of.
func noModel(body []byte, other string) error {
	if body != nil && other != "" {
		return invalid("the model is of domain %s, not of ai.onnx, which alone is supported", quote(other))
	}
	return invalid("the file is not a model: it has no graph or no opset")
}

// parseOpset reads the opset of ai.onnx, and returns what other domain it is of.
// That matters only if a node uses it, or there is no other.
func parseOpset(b []byte, opset *int64) (domain string, err error) {
	version := int64(0)
	err = fields("opset import", b, func(x field) (err error) {
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
	return domain, err
}

type nodeProto struct {
	name, op, domain string
	in, out          []string
	attrs            []attrProto
}

type attrProto struct {
	abi.Attr
	graph *graphProto
}

// A graphProto is a graph as it lies in the file: the model's, or the body of an
// operator that controls what runs.
type graphProto struct {
	nodes           []nodeProto
	inputs, outputs []infoProto
	tensors         map[string]*tensorProto
	order           []string // names of tensors
	known           map[string]bool
}

// maxDepth bounds how deep graphs lie in each other.
const maxDepth = 8

func parseGraph(b []byte, depth int) (*graphProto, error) {
	if depth > maxDepth {
		return nil, invalid("graphs lie more than %d deep in each other", maxDepth)
	}
	g := &graphProto{tensors: map[string]*tensorProto{}}
	return g, fields("graph", b, func(x field) error {
		switch x.num {
		case graphNode:
			n, err := parseNode(x, depth)
			g.nodes = append(g.nodes, n)
			return err
		case graphInitializer:
			t, err := parseTensor(x)
			if err != nil {
				return err
			}
			if t.name == "" || g.tensors[t.name] != nil {
				return invalid("initialiser %s: the name is empty or taken", quote(t.name))
			}
			g.tensors[t.name], g.order = t, append(g.order, t.name)
		case graphInput, graphOutput:
			i, err := parseInfo(x)
			if err != nil {
				return err
			}
			if x.num == graphInput {
				g.inputs = append(g.inputs, i)
			} else {
				g.outputs = append(g.outputs, i)
			}
		case graphSparse:
			return invalid("sparse initialisers are not supported")
		}
		return nil
	})
}

func parseNode(x field, depth int) (n nodeProto, err error) {
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
		case nodeName:
			n.name, err = x.text("node name")
		case nodeOp:
			n.op, err = x.text("operator")
		case nodeDomain:
			n.domain, err = x.text("operator domain")
		case nodeAttribute:
			var a attrProto
			a, err = parseAttr(x, depth)
			n.attrs = append(n.attrs, a)
		}
		return err
	})
	return n, err
}

func parseAttr(x field, depth int) (a attrProto, err error) {
	b, err := x.message("attribute")
	if err != nil {
		return a, err
	}
	typ := int64(0)
	var t *tensorProto
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
			t, err = parseTensor(x)
		case attrG:
			var m []byte
			if m, err = x.message("attribute graph"); err == nil {
				a.graph, err = parseGraph(m, depth+1)
			}
		case attrFloats:
			var bits []uint32
			bits, err = x.fixed32s(nil)
			for _, u := range bits {
				a.Floats = append(a.Floats, float(u))
			}
		case attrInts:
			a.Ints, err = x.integers(a.Ints)
		case attrStrings:
			var s string
			s, err = x.text("attribute value")
			a.Strings = append(a.Strings, s)
		case attrType:
			typ = int64(x.u)
		case attrRef:
			err = invalid("attribute references are not supported")
		}
		return err
	})
	if err != nil {
		return a, err
	}
	switch {
	case typ == graphAttr && a.graph != nil:
		return a, nil
	case typ == int64(abi.AttrTensor) && t != nil:
		a.Tensor = &abi.Literal{Shape: t.dims}
		a.Tensor.DType, a.Tensor.Data, err = t.elements()
	case slices.Contains(plainAttrs, abi.AttrType(typ)) && typ < math.MaxUint8:
	default:
		err = invalid("attribute %s has type %d, which is not supported", quote(a.Name), typ)
	}
	a.Type, a.graph = abi.AttrType(typ), nil
	return a, err
}

var plainAttrs = []abi.AttrType{abi.AttrFloat, abi.AttrInt, abi.AttrString, abi.AttrFloats, abi.AttrInts, abi.AttrStrings}

type infoProto struct {
	name  string
	elem  int64
	shape []int64 // -1 is symbolic
	known bool
	other string // what it is, if no tensor
}

// otherTypes are the values that are no tensors, by their field of TypeProto.
var otherTypes = map[protowire.Number]string{4: "a sequence", 5: "a map", 8: "a sparse tensor", 9: "an optional value"}

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
					i.other = otherTypes[x.num]
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
