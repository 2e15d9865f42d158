//go:build wasip1

package guest

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
)

// Opset is the ONNX operator set that graphs of this package follow.
const Opset = 17

// A Graph is a program in the making: ONNX operators over named inputs and
// parameters. Its methods return values at once; the first thing that was
// wrong is kept, everything after it does nothing, and Err, Compile, Train and
// Save return it.
type Graph struct {
	h   uint32
	err error
}

// A Value is the result of an operator, an input or a parameter of one graph.
// None leaves an optional input out.
type Value uint32

// None is no value.
const None Value = 0

// NewGraph returns an empty graph.
func NewGraph() *Graph { return NewGraphOf(Opset) }

// NewGraphOf returns an empty graph that follows another operator set, as one
// that has a model of that set in it.
func NewGraphOf(opset int) *Graph {
	h, err := result(graphNew(uint32(opset)))
	return &Graph{h, err}
}

// LoadONNX returns the graph in an ONNX model file.
func LoadONNX(model []byte) (*Graph, error) {
	h, err := result(graphLoadONNX(at(model), uint32(len(model))))
	return &Graph{h, err}, err
}

// Err returns the first thing that was wrong.
func (g *Graph) Err() error { return g.err }

// Fail keeps err as what was wrong, unless something was before: for what an app
// does between two nodes.
func (g *Graph) Fail(err error) {
	if g.err == nil {
		g.err = err
	}
}

// value keeps the first error of an import that returns a value.
func (g *Graph) value(n int32) Value {
	v, err := result(n)
	if g.err == nil {
		g.err = err
	}
	return Value(v)
}

// Input declares an input.
func (g *Graph) Input(name string, dt abi.DType, shape ...int64) Value {
	if g.err != nil {
		return None
	}
	p, n := text(name)
	return g.value(graphInput(g.h, p, n, uint32(dt), at(shape), uint32(len(shape))))
}

// Param declares a parameter whose value is t's, now and after every step of a
// trainer.
func (g *Graph) Param(name string, t Tensor) Value {
	if g.err != nil {
		return None
	}
	p, n := text(name)
	return g.value(graphParam(g.h, p, n, t.h))
}

// Constant declares a value that is a copy of t.
func (g *Graph) Constant(t Tensor) Value {
	if g.err != nil {
		return None
	}
	return g.value(graphConstant(g.h, t.h))
}

// Node adds any ONNX operator and returns its results.
func (g *Graph) Node(op string, in []Value, attrs ...abi.Attr) []Value {
	var out [16]Value
	if g.err != nil {
		return out[:]
	}
	p, n := text(op)
	a := appendAttrs(nil, attrs)
	made := g.value(graphNode(g.h, p, n, at(in), uint32(len(in)), at(a), uint32(len(a)), unsafe.Pointer(&out), uint32(len(out))))
	if g.err != nil {
		return out[:]
	}
	return out[:min(int(made), len(out))]
}

// one is Node for operators with one result.
func (g *Graph) one(op string, in []Value, attrs ...abi.Attr) Value {
	out := g.Node(op, in, attrs...)
	if len(out) == 0 {
		return None
	}
	return out[0]
}

// Output names v as the next output.
func (g *Graph) Output(name string, v Value) {
	if g.err == nil {
		p, n := text(name)
		g.value(graphOutput(g.h, p, n, uint32(v)))
	}
}

// Inline adds the operators of another graph, with in in place of its inputs,
// and returns the values of its outputs. The graphs share parameters.
func (g *Graph) Inline(other *Graph, in ...Value) []Value {
	var out [64]Value
	if g.err == nil {
		g.err = other.err
	}
	if g.err != nil {
		return out[:]
	}
	made := g.value(graphInline(g.h, other.h, at(in), uint32(len(in)), unsafe.Pointer(&out), uint32(len(out))))
	if g.err != nil {
		return out[:]
	}
	return out[:min(int(made), len(out))]
}

// Freeze keeps parameters as they are in every trainer made from then on: those
// of these names, or, without a name, all there are.
func (g *Graph) Freeze(names ...string) {
	if len(names) == 0 {
		names = []string{""}
	}
	for _, name := range names {
		if g.err == nil {
			p, n := text(name)
			g.value(graphFreeze(g.h, p, n))
		}
	}
}

// Gradient adds the nodes that compute d loss / d wrt, one value each.
func (g *Graph) Gradient(loss Value, wrt ...Value) []Value {
	out := make([]Value, len(wrt))
	if g.err == nil {
		g.value(graphGradient(g.h, uint32(loss), at(wrt), uint32(len(wrt)), at(out)))
	}
	return out
}

// Shape returns the dimensions of v.
func (g *Graph) Shape(v Value) []int64 {
	var dims [abi.MaxRank]int64
	if g.err != nil {
		return nil
	}
	n := g.value(graphShape(g.h, uint32(v), unsafe.Pointer(&dims), abi.MaxRank))
	return dims[:n]
}

// Save makes the graph, with its parameters as they are now, a model of the
// job. It is one of the two ways out for what was computed from private data,
// and counts against the policy's bytes.
func (g *Graph) Save(name string) error {
	if g.err != nil {
		return g.err
	}
	p, n := text(name)
	return only(modelSave(p, n, g.h))
}

// appendAttrs encodes attributes as abi/README.md specifies.
func appendAttrs(b []byte, attrs []abi.Attr) []byte {
	le := binary.LittleEndian
	for _, a := range attrs {
		b = append(b, byte(a.Type), byte(len(a.Name)))
		b = append(b, a.Name...)
		switch a.Type {
		case abi.AttrFloat:
			b = le.AppendUint32(b, math.Float32bits(a.F))
		case abi.AttrInt:
			b = le.AppendUint64(b, uint64(a.I))
		case abi.AttrString:
			b = le.AppendUint32(b, uint32(len(a.S)))
			b = append(b, a.S...)
		case abi.AttrFloats:
			b = le.AppendUint32(b, uint32(len(a.Floats)))
			for _, f := range a.Floats {
				b = le.AppendUint32(b, math.Float32bits(f))
			}
		case abi.AttrInts:
			b = le.AppendUint32(b, uint32(len(a.Ints)))
			for _, i := range a.Ints {
				b = le.AppendUint64(b, uint64(i))
			}
		}
	}
	return b
}
