package graph

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/cloister-ai/cloister/abi"
)

// A builder adds nodes for gradient rules, and for operators that stand for
// several others. Its functions are fields because the operator table names the
// rules, and the rules must not name the table. The first error sticks; after it
// every value is zero.
type builder struct {
	node func(op string, in []abi.Value, attrs ...abi.Attr) abi.Value
	typ  func(abi.Value) Type
	hold func(Type, []byte) abi.Value // a constant
	fail func(error)
	err  error
}

func (g *Graph) builder(derived bool) *builder {
	t := &builder{}
	t.typ = func(v abi.Value) Type {
		if v == 0 {
			return Type{}
		}
		return g.nodes[v-1].Type
	}
	t.node = func(op string, in []abi.Value, list ...abi.Attr) abi.Value {
		if t.err != nil {
			return 0
		}
		out, err := g.add(op, list, in, origin{internal: true, derived: derived})
		if err != nil {
			t.err = err
			return 0
		}
		return out[0]
	}
	t.hold = func(typ Type, b []byte) abi.Value {
		if t.err != nil {
			return 0
		}
		v, err := g.ConstantBytes(typ.DType, typ.Shape, b)
		t.err = err
		return v
	}
	t.fail = func(err error) { t.err = errors.Join(t.err, err) }
	return t
}

func aInt(name string, i int64) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrInt, I: i} }

func aFlag(name string, b bool) abi.Attr {
	if b {
		return aInt(name, 1)
	}
	return aInt(name, 0)
}

func aInts[T int | int64](name string, is []T) abi.Attr {
	a := abi.Attr{Name: name, Type: abi.AttrInts, Ints: make([]int64, len(is))}
	for i, x := range is {
		a.Ints[i] = int64(x)
	}
	return a
}

func aFloat(name string, f float32) abi.Attr {
	return abi.Attr{Name: name, Type: abi.AttrFloat, F: f}
}

// fill is a tensor with the same number everywhere.
func (t *builder) fill(dt abi.DType, f float32, shape []int64) abi.Value {
	return t.node("Fill", nil, aFloat("value", f), aInt("to", int64(dt)), aInts("shape", shape))
}

// number is a scalar of the type of v.
func (t *builder) number(v abi.Value, f float64) abi.Value {
	typ := Type{DType: t.typ(v).DType, Shape: []int64{}}
	if typ.DType == abi.Float64 {
		return t.hold(typ, binary.LittleEndian.AppendUint64(nil, math.Float64bits(f)))
	}
	return t.hold(typ, binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(f))))
}

func (t *builder) cast(v abi.Value, to abi.DType) abi.Value {
	return t.node("Cast", []abi.Value{v}, aInt("to", int64(to)))
}

func (t *builder) add(a, b abi.Value) abi.Value { return t.node("Add", []abi.Value{a, b}) }
func (t *builder) mul(a, b abi.Value) abi.Value { return t.node("Mul", []abi.Value{a, b}) }
func (t *builder) div(a, b abi.Value) abi.Value { return t.node("Div", []abi.Value{a, b}) }
func (t *builder) neg(a abi.Value) abi.Value    { return t.node("Neg", []abi.Value{a}) }

func (t *builder) scale(a abi.Value, f float64) abi.Value {
	if f == 1 || t.err != nil {
		return a
	}
	return t.mul(a, t.number(a, f))
}

func (t *builder) reshape(v abi.Value, shape []int64) abi.Value {
	if len(shape) == len(t.typ(v).Shape) && (Type{0, shape}).Equal(Type{0, t.typ(v).Shape}) {
		return v
	}
	return t.node("Reshape", []abi.Value{v}, aInts("shape", shape))
}

func (t *builder) reduce(v abi.Value, axes []int, keep bool) abi.Value {
	return t.node("ReduceSum", []abi.Value{v}, aInts("axes", axes), aFlag("keepdims", keep))
}

// sumTo undoes broadcasting: it adds v up until it has the given shape.
func (t *builder) sumTo(v abi.Value, shape []int64) abi.Value {
	from := t.typ(v).Shape
	lead := len(from) - len(shape)
	if lead < 0 { // an error has stuck
		return v
	}
	var axes []int
	for i, d := range from {
		if i < lead || shape[i-lead] != d {
			axes = append(axes, i)
		}
	}
	if len(axes) > 0 {
		v = t.reduce(v, axes, true)
	}
	return t.reshape(v, shape)
}
