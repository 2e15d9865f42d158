package graph

import "github.com/cloister-ai/cloister/abi"

// gradNone is of steps: their gradient is zero wherever there is one.
func gradNone(*builder, Node, abi.Value, abi.Value, []bool) []abi.Value { return nil }

// gradMod: y = a - b·q, where q is constant almost everywhere.
func gradMod(t *builder, n Node, y, dy abi.Value, want []bool) []abi.Value {
	return t.each(n, want, func(i int) abi.Value {
		if i == 0 {
			return dy
		}
		q := t.div(t.node("Sub", []abi.Value{n.In[0], y}), n.In[1])
		return t.neg(t.mul(dy, q))
	})
}

// gradExtreme hands dy to the operand that was taken, the first of equals. wins is
// the comparison by which operand 0 is.
func gradExtreme(wins string) gradRule {
	return func(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
		first := t.node(wins, n.In)
		zero := t.fill(t.typ(dy).DType, 0, nil)
		return t.each(n, want, func(i int) abi.Value {
			if i == 0 {
				return t.node("Where", []abi.Value{first, dy, zero})
			}
			return t.node("Where", []abi.Value{first, zero, dy})
		})
	}
}

// gradPower is by the base b·a^(b-1) and by the exponent a^b·log a, each in one
// kernel, because both have limits that their factors have not.
func gradPower(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	shape := t.typ(dy).Shape
	in := []abi.Value{dy, t.expand(n.In[0], shape), t.expand(n.In[1], shape)}
	return t.each(n, want, func(i int) abi.Value {
		return t.node([]string{"PowerGradBase", "PowerGradExponent"}[i], in)
	})
}

func (t *builder) expand(v abi.Value, shape []int64) abi.Value {
	if typ := t.typ(v); typ.Equal(Type{typ.DType, shape}) {
		return v
	}
	return t.node("Expand", []abi.Value{v}, aInts("shape", shape))
}

func gradPRelu(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	zero := t.fill(t.typ(dy).DType, 0, nil)
	below := t.node("Less", []abi.Value{n.In[0], zero})
	return t.each(n, want, func(i int) abi.Value {
		d := t.mul(dy, n.In[1-i])
		if i == 0 {
			return t.node("Where", []abi.Value{below, d, dy})
		}
		return t.node("Where", []abi.Value{below, d, zero})
	})
}
