// Package onnx reads and writes ONNX model files.
package onnx

import (
	"fmt"
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"google.golang.org/protobuf/encoding/protowire"
)

// Marshal returns g, with the present values of its parameters, as an ONNX model
// file: every input and parameter, and the nodes that the outputs need. Equal
// graphs give equal bytes. A node that only a gradient uses has no ONNX operator
// and is Invalid.
func Marshal(g *graph.Graph) ([]byte, error) {
	if len(g.Outputs()) == 0 {
		return nil, invalid("the graph has no outputs")
	}
	w := &writer{g: g, names: make([]string, g.Len()+1), taken: map[string]bool{}, done: map[*graph.Call]bool{}}
	w.choose()
	body, err := w.graph()
	if err != nil {
		return nil, err
	}
	var b message
	b.varint(1, irVersion(g.Opset()))
	b.text(2, "cloister")
	b.bytes(modelGraph, body)
	var opset message
	opset.text(opsetDomain, "")
	opset.varint(opsetVersion, int64(g.Opset()))
	b.bytes(modelOpset, opset)
	return b, nil
}

// irVersion is the IR version that came with an opset.
func irVersion(opset int) int64 {
	switch {
	case opset >= 23:
		return 11
	case opset >= 21:
		return 10
	case opset >= 19:
		return 9
	}
	return 8
}

type writer struct {
	g      *graph.Graph
	names  []string // of value v; empty is not written
	taken  map[string]bool
	spares int
	extra  []graph.Output // outputs that another output, input or parameter already is
	done   map[*graph.Call]bool
}

// choose names every value that is written: outputs by their own name, the others
// by the number of those before them.
func (w *writer) choose() {
	live := make([]bool, w.g.Len()+1)
	for _, o := range w.g.Outputs() {
		live[o.Value], w.taken[o.Name] = true, true
	}
	for v := abi.Value(w.g.Len()); v > 0; v-- {
		n := w.g.At(v)
		if n.Op == graph.OpInput || n.Op == graph.OpParam {
			w.names[v], w.taken[n.Name] = n.Name, true
		}
		for _, in := range operands(n) {
			live[in] = live[in] || live[v]
		}
	}
	for _, o := range w.g.Outputs() {
		if w.names[o.Value] != "" {
			w.extra = append(w.extra, o)
			continue
		}
		w.names[o.Value] = o.Name
	}
	written := 0
	for v := 1; v <= w.g.Len(); v++ {
		if !live[v] || w.names[v] != "" {
			continue
		}
		written++
		name := fmt.Sprintf("v%d", written)
		for w.taken[name] {
			name += "_"
		}
		w.names[v] = name
	}
}

func (w *writer) graph() (message, error) {
	var b message
	for v := abi.Value(1); int(v) <= w.g.Len(); v++ {
		n := w.g.At(v)
		if w.names[v] == "" || n.Op == graph.OpInput || n.Op == graph.OpParam {
			continue
		}
		if n.Data == nil && n.Call != nil {
			if !w.done[n.Call] {
				w.done[n.Call] = true
				b.bytes(graphNode, w.call(n.Call))
			}
			continue
		}
		node, err := w.node(n, w.names[v])
		if err != nil {
			return nil, err
		}
		b.bytes(graphNode, node)
	}
	for _, o := range w.extra {
		var n message
		n.text(nodeInput, w.names[o.Value])
		n.text(nodeOutput, o.Name)
		n.text(nodeOp, "Identity")
		b.bytes(graphNode, n)
	}
	b.text(2, "cloister")
	for _, p := range w.g.Params() {
		data := make([]byte, (graph.Type{DType: p.Tensor.DType(), Shape: p.Tensor.Shape()}).Bytes())
		if err := p.Tensor.Read(0, data); err != nil {
			return nil, fmt.Errorf("onnx: parameter %s: %w", quote(p.Name), err)
		}
		b.bytes(graphInitializer, tensor(p.Name, p.Tensor.DType(), p.Tensor.Shape(), data))
	}
	for _, v := range w.g.Inputs() {
		b.bytes(graphInput, info(w.g.At(v).Name, w.g.At(v).Type))
	}
	for _, o := range w.g.Outputs() {
		b.bytes(graphOutput, info(o.Name, w.g.At(o.Value).Type))
	}
	return b, nil
}

// operands lists what must be written before n: nothing for what is known, and
// for a part of an operator what that operator takes.
func operands(n *graph.Node) []abi.Value {
	switch {
	case n.Data != nil:
		return nil
	case n.Call != nil:
		return n.Call.In
	}
	return n.In
}

// call writes the operator that others stand for.
func (w *writer) call(c *graph.Call) message {
	var b message
	for _, in := range c.In {
		b.text(nodeInput, w.names[in])
	}
	last, all := len(c.Out), c.Op == "Split" // how many results there are says how it is split
	for last > 0 && w.names[c.Out[last-1]] == "" && !all {
		last--
	}
	for _, v := range c.Out[:last] {
		name := w.names[v]
		if w.g.At(v).Data != nil {
			name = "" // written as a constant
		}
		if name == "" && all {
			name = w.spare()
		}
		b.text(nodeOutput, name)
	}
	b.text(nodeOp, c.Op)
	for _, a := range c.Raw {
		b.bytes(nodeAttribute, attribute(a))
	}
	return b
}

// spare is a name for a value that nothing reads.
func (w *writer) spare() string {
	for {
		w.spares++
		if name := fmt.Sprintf("unused%d", w.spares); !w.taken[name] {
			return name
		}
	}
}

func (w *writer) node(n *graph.Node, name string) (message, error) {
	var b message
	if n.Data != nil {
		b.text(nodeOutput, name)
		b.text(nodeOp, graph.OpConstant)
		var a message
		a.text(attrName, "value")
		a.bytes(attrT, tensor("", n.DType, n.Shape, n.Data))
		a.varint(attrType, int64(abi.AttrTensor))
		b.bytes(nodeAttribute, a)
		return b, nil
	}
	if n.Derived {
		return nil, invalid("output %s needs %s, which is part of a gradient and no ONNX operator", quote(name), n.Op)
	}
	for _, in := range n.In {
		b.text(nodeInput, w.names[in])
	}
	b.text(nodeOutput, name)
	b.text(nodeOp, n.Op)
	for _, a := range n.Raw {
		b.bytes(nodeAttribute, attribute(a))
	}
	return b, nil
}

func attribute(a abi.Attr) message {
	var b message
	b.text(attrName, a.Name)
	switch a.Type {
	case abi.AttrFloat:
		b.fixed32(attrF, math.Float32bits(a.F))
	case abi.AttrInt:
		b.varint(attrI, a.I)
	case abi.AttrString:
		b.text(attrS, a.S)
	case abi.AttrFloats:
		for _, f := range a.Floats {
			b.fixed32(attrFloats, math.Float32bits(f))
		}
	case abi.AttrInts:
		for _, i := range a.Ints {
			b.varint(attrInts, i)
		}
	case abi.AttrTensor:
		b.bytes(attrT, tensor("", a.Tensor.DType, a.Tensor.Shape, a.Tensor.Data))
	case abi.AttrStrings:
		for _, s := range a.Strings {
			b.text(attrStrings, s)
		}
	}
	b.varint(attrType, int64(a.Type))
	return b
}

func tensor(name string, dt abi.DType, shape []int64, data []byte) message {
	var b message
	for _, d := range shape {
		b.varint(tensorDims, d)
	}
	b.varint(tensorType, int64(dt))
	if name != "" {
		b.text(tensorName, name)
	}
	b.bytes(tensorRaw, data)
	return b
}

func info(name string, t graph.Type) message {
	var shape, tensorType, typ, b message
	for _, d := range t.Shape {
		var dim message
		dim.varint(dimValue, d)
		shape.bytes(shapeDim, dim)
	}
	tensorType.varint(tensorTypeElem, int64(t.DType))
	tensorType.bytes(tensorTypeShape, shape)
	typ.bytes(typeTensor, tensorType)
	b.text(infoName, name)
	b.bytes(infoType, typ)
	return b
}

// A message is a protobuf message that fields are appended to.
type message []byte

func (m *message) varint(num protowire.Number, i int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, num, protowire.VarintType), uint64(i))
}

func (m *message) fixed32(num protowire.Number, u uint32) {
	*m = protowire.AppendFixed32(protowire.AppendTag(*m, num, protowire.Fixed32Type), u)
}

func (m *message) bytes(num protowire.Number, b []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, num, protowire.BytesType), b)
}

func (m *message) text(num protowire.Number, s string) {
	m.bytes(num, []byte(s))
}
