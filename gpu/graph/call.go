package graph

import (
	"fmt"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// A call is one operator while it is added. Rules read operand types from in and
// attributes from attrs, and leave what they decoded in n.Attrs.
type call struct {
	g      *Graph
	n      *Node
	in     []Type
	attrs  *attrs
	origin origin
	value  []byte // the result, where the rule knows it already
}

// internal reports whether a rule of this package adds the operator.
func (c *call) internal() bool { return c.origin.internal }

// add checks the operands, infers the result and adds what computes it.
func (c *call) add(op operator, list []abi.Attr) ([]abi.Value, error) {
	if err := c.operands(op); err != nil {
		return nil, err
	}
	if !op.moves && slices.ContainsFunc(c.in, func(t Type) bool { return t.DType == abi.Float16 }) {
		return c.half(list)
	}
	var err error
	if c.attrs, err = newAttrs(list); err != nil {
		return nil, err
	}
	if c.g.cfg.Opset < 6 {
		c.attrs.skip("consumed_inputs") // what a program may write over
	}
	if op.compose != nil {
		if out, err := c.compose(op); out != nil || err != nil {
			return out, err
		}
	}
	t, err := op.infer(c)
	if err == nil {
		err = c.attrs.done()
	}
	if err != nil {
		return nil, err
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	c.n.Type, c.n.Raw = t, c.attrs.list
	if op.cost != nil {
		c.n.FLOPs = op.cost(c.n, c.in)
	}
	if c.n.FLOPs = max(1, c.n.FLOPs); c.n.FLOPs > maxFLOPs {
		return nil, fmt.Errorf("costs more than %d operations: %w", uint64(maxFLOPs), abi.Invalid)
	}
	if err := c.know(op); err != nil {
		return nil, err
	}
	if c.g.cfg.Accept != nil && !c.origin.derived && c.n.Data == nil {
		if err := c.g.cfg.Accept(c.n, c.in); err != nil {
			return nil, err
		}
	}
	return []abi.Value{c.g.push(*c.n)}, nil
}

// operands checks their number and that they are there.
func (c *call) operands(op operator) error {
	n := c.n
	if len(n.In) < op.min || len(n.In) > op.max {
		return invalid("%d inputs, want %d to %d", len(n.In), op.min, op.max)
	}
	c.in = make([]Type, len(n.In))
	for i, v := range n.In {
		switch {
		case v == 0 && i < op.min:
			return invalid("input %d is missing", i)
		case v == 0:
		case int(v) > len(c.g.nodes):
			return invalid("input %d names value %d of %d", i, v, len(c.g.nodes))
		default:
			c.in[i] = c.g.nodes[v-1].Type
			if i < op.tensors && c.in[i].Elements() == 0 {
				return invalid("input %d of shape %v has no elements", i, c.in[i].Shape)
			}
		}
	}
	return nil
}

// know computes the result now, where every operand is known and it is small.
func (c *call) know(op operator) error {
	n, g := c.n, c.g
	data := c.value
	if n.Elements() == 0 {
		data = []byte{}
	}
	if data == nil {
		if g.cfg.Eval == nil || c.origin.derived || op.cost == nil || n.Bytes() > maxKnown || n.FLOPs > maxKnownFLOPs-g.known {
			return nil
		}
		in, any := make([]*Node, len(n.In)), false
		for i, v := range n.In {
			if v == 0 {
				continue
			}
			if in[i], any = g.At(v), true; in[i].Data == nil || in[i].Opaque {
				return nil
			}
		}
		if !any {
			return nil
		}
		if err := g.spend(n.FLOPs); err != nil {
			return err
		}
		if op.alias {
			data = in[0].Data
		} else {
			data = make([]byte, n.Bytes())
			if err := g.cfg.Eval(n, in, data); err != nil {
				return err
			}
		}
	}
	if g.cfg.Charge != nil {
		if err := g.cfg.Charge(int64(len(data))); err != nil {
			return err
		}
	}
	n.Data = data
	return nil
}

// spend pays for operations that are done now.
func (g *Graph) spend(flops uint64) error {
	if flops > maxKnownFLOPs-g.known {
		return fmt.Errorf("%d operations beside %d while the graph is built, at most %d: %w", flops, g.known, uint64(maxKnownFLOPs), abi.Exhausted)
	}
	if g.cfg.Spend != nil {
		if err := g.cfg.Spend(flops); err != nil {
			return err
		}
	}
	g.known += flops
	return nil
}

// compose adds the operators that this one stands for. A file that is written of
// the graph has the one again.
func (c *call) compose(op operator) ([]abi.Value, error) {
	before := len(c.g.nodes)
	t := c.g.builder(c.origin.derived)
	out, err := op.compose(c, t)
	if out == nil && err == nil && t.err == nil {
		return nil, nil // this form is one node
	}
	if err == nil {
		err = c.attrs.done()
	}
	if err == nil {
		err = t.err
	}
	if err != nil {
		return nil, err
	}
	for i, v := range out { // each result is a value of its own
		if int(v) <= before || slices.Contains(out[:i], v) {
			out[i] = t.node("Identity", []abi.Value{v})
		}
	}
	if t.err == nil && !c.origin.internal {
		call := &Call{Op: c.n.Op, In: c.n.In, Raw: c.attrs.list, Out: out}
		for i := before; i < len(c.g.nodes); i++ {
			c.g.nodes[i].Call = call
		}
	}
	return out, t.err
}

// half computes with float16 operands as float32 and rounds the results: float16
// is how numbers are stored, not how they are computed with.
func (c *call) half(list []abi.Attr) ([]abi.Value, error) {
	op := operator{compose: func(c *call, t *builder) ([]abi.Value, error) {
		in := slices.Clone(c.n.In)
		for i, v := range in {
			if c.in[i].DType == abi.Float16 {
				in[i] = t.cast(v, abi.Float32)
			}
		}
		if t.err != nil {
			return nil, t.err
		}
		out, err := c.g.add(c.n.Op, list, in, c.origin)
		for i, v := range out {
			if t.typ(v).DType == abi.Float32 {
				out[i] = t.cast(v, abi.Float16)
			}
		}
		return out, err
	}}
	c.attrs = &attrs{list: slices.Clone(list)} // the rule of the operator reads them
	return c.compose(op)
}
