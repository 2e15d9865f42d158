package graph

import (
	"errors"
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// A gradRule adds the nodes that carry dy, the gradient by the result y of n,
// back to the operands of n that are wanted: one value an operand, zero for none.
type gradRule func(t *tape, n Node, y, dy abi.Value, want []bool) []abi.Value

// A tape is what gradient rules build with. Its functions are fields because the
// operator table names the rules, and the rules must not name the table. The
// first error sticks; after it every value is zero.
type tape struct {
	node func(op string, in []abi.Value, attrs ...abi.Attr) abi.Value
	typ  func(abi.Value) Type
	fail func(error)
}

// Gradient adds the nodes that compute d loss / d wrt, one value each. loss has
// one element. Only nodes on a way from wrt to loss are differentiated; a value
// the loss does not depend on has gradient zero. A way through an operator
// without a gradient is Invalid, one through ArgMax, Cast or a comparison is none.
func (g *Graph) Gradient(loss abi.Value, wrt []abi.Value) ([]abi.Value, error) {
	if err := g.open(); err != nil {
		return nil, err
	}
	if n, err := g.node(loss); err != nil {
		return nil, err
	} else if n.DType != abi.Float32 || n.Elements() != 1 {
		return nil, fmt.Errorf("graph: gradient: the loss is %v, want one float32: %w", n.Type, abi.Invalid)
	}
	for _, v := range wrt {
		if n, err := g.node(v); err != nil {
			return nil, err
		} else if n.DType != abi.Float32 {
			return nil, fmt.Errorf("graph: gradient: value %d is %v, want float32: %w", v, n.Type, abi.Invalid)
		}
	}
	before := len(g.nodes)
	ops, leaves := g.ops, g.leaves
	out, err := g.backward(loss, wrt)
	if err != nil { // leave the graph as it was
		g.nodes, g.ops, g.leaves = g.nodes[:before], ops, leaves
		return nil, fmt.Errorf("graph: gradient: %w", err)
	}
	for i, v := range out {
		if _, ok := g.derived[v]; !ok && int(v) > before {
			g.derived[v] = Derivative{loss, wrt[i]}
		}
	}
	return out, nil
}

func (g *Graph) backward(loss abi.Value, wrt []abi.Value) ([]abi.Value, error) {
	var failed error
	t := &tape{
		typ: func(v abi.Value) Type {
			if v == 0 {
				return Type{}
			}
			return g.nodes[v-1].Type
		},
		node: func(op string, in []abi.Value, list ...abi.Attr) abi.Value {
			if failed != nil {
				return 0
			}
			v, err := g.add(op, list, in, true)
			failed = err
			return v
		},
		fail: func(err error) { failed = errors.Join(failed, err) },
	}
	needs := g.dependents(loss, wrt)
	sum := make([]abi.Value, loss+1) // the gradient by each value, as far as it is known
	sum[loss] = t.fill(1, g.nodes[loss-1].Shape)
	for v := loss; v > 0 && failed == nil; v-- {
		n, dy := g.nodes[v-1], sum[v]
		if !needs[v] || dy == 0 || len(n.In) == 0 {
			continue
		}
		want := make([]bool, len(n.In))
		any := false
		for i, in := range n.In {
			want[i] = in != 0 && needs[in] && g.nodes[in-1].DType == abi.Float32
			any = any || want[i]
		}
		if !any || n.DType != abi.Float32 {
			continue
		}
		rule := operators[n.Op].grad
		if rule == nil {
			if n.Op == "Cast" {
				rule = gradReshape // float32 to float32
			} else {
				return nil, fmt.Errorf("%s has no gradient: %w", n.Op, abi.Invalid)
			}
		}
		for i, d := range rule(t, n, v, dy, want) {
			if i >= len(want) || !want[i] || d == 0 {
				continue
			}
			if in := n.In[i]; sum[in] == 0 {
				sum[in] = d
			} else {
				sum[in] = t.node("Add", []abi.Value{sum[in], d})
			}
		}
	}
	out := make([]abi.Value, len(wrt))
	for i, v := range wrt {
		if v <= loss {
			out[i] = sum[v]
		}
		if out[i] == 0 {
			out[i] = t.fill(0, g.nodes[v-1].Shape)
		}
	}
	return out, failed
}

// dependents marks the values up to loss that depend on one of wrt.
func (g *Graph) dependents(loss abi.Value, wrt []abi.Value) []bool {
	needs := make([]bool, loss+1)
	for _, v := range wrt {
		if v <= loss {
			needs[v] = true
		}
	}
	for v := abi.Value(1); v <= loss; v++ {
		for _, in := range g.nodes[v-1].In {
			needs[v] = needs[v] || in != 0 && needs[in]
		}
	}
	return needs
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

func (t *tape) fill(f float32, shape []int64) abi.Value {
	return t.node("Fill", nil, aFloat("value", f), aInts("shape", shape))
}

func (t *tape) add(a, b abi.Value) abi.Value { return t.node("Add", []abi.Value{a, b}) }
func (t *tape) mul(a, b abi.Value) abi.Value { return t.node("Mul", []abi.Value{a, b}) }
func (t *tape) div(a, b abi.Value) abi.Value { return t.node("Div", []abi.Value{a, b}) }
func (t *tape) neg(a abi.Value) abi.Value    { return t.node("Neg", []abi.Value{a}) }

func (t *tape) scale(a abi.Value, f float32) abi.Value {
	if f == 1 {
		return a
	}
	return t.mul(a, t.fill(f, nil))
}

func (t *tape) reshape(v abi.Value, shape []int64) abi.Value {
	if len(shape) == len(t.typ(v).Shape) && (Type{0, shape}).equal(Type{0, t.typ(v).Shape}) {
		return v
	}
	return t.node("Reshape", []abi.Value{v}, aInts("shape", shape))
}

func (t *tape) reduce(v abi.Value, axes []int, keep bool) abi.Value {
	return t.node("ReduceSum", []abi.Value{v}, aInts("axes", axes), aFlag("keepdims", keep))
}

// sumTo undoes broadcasting: it adds v up until it has the given shape.
func (t *tape) sumTo(v abi.Value, shape []int64) abi.Value {
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
