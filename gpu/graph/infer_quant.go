package graph

import (
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// scales checks scale (operand 1) and zero point (operand 2), which are one number,
// or one for each place along the axis, and leaves the axis in Attrs.
func (c *call) scales() error {
	at, s := &c.n.Attrs, c.in[1].Shape
	if c.in[1].DType != abi.Float32 {
		return invalid("input 1 has type %v, want float32", c.in[1].DType)
	}
	if c.has(2) && c.in[2].Elements() != c.in[1].Elements() {
		return invalid("inputs 1 and 2 have shapes %v and %v, want one", s, c.in[2].Shape)
	}
	a := int64(1)
	if c.g.cfg.Opset >= 13 || c.internal() {
		a = c.attrs.int("axis", 1)
	}
	if c.g.cfg.Opset >= 21 {
		c.attrs.only("block_size", 0)
	}
	if c.g.cfg.Opset >= 23 {
		c.attrs.only("precision", 0)
	}
	if len(s) == 0 || len(s) == 1 && s[0] == 1 {
		return nil
	}
	var err error
	if at.Axis, err = axis(a, len(c.in[0].Shape)); err != nil {
		return err
	}
	if d := c.in[0].Shape[at.Axis]; !slices.Equal(s, []int64{d}) {
		return invalid("input 1 has shape %v, want one number or %d along axis %d", s, d, at.Axis)
	}
	return nil
}

// inferQuantize is round(x/scale) + zero point, clamped to the type of that.
func inferQuantize(c *call) (Type, error) {
	if c.in[0].DType != abi.Float32 {
		return Type{}, invalid("input 0 has type %v, want float32, float16 or int32", c.in[0].DType)
	}
	to := abi.Uint8
	if c.g.cfg.Opset >= 19 {
		c.attrs.skip("saturate") // of float8, which there is not
	}
	if c.g.cfg.Opset >= 21 {
		if dt := abi.DType(c.attrs.int("output_dtype", 0)); dt != 0 {
			to = dt
		}
	}
	if c.has(2) {
		to = c.in[2].DType
	}
	if to != abi.Uint8 && to != abi.Int8 {
		return Type{}, invalid("the result has type %v, want int8 or uint8", to)
	}
	return Type{to, c.in[0].Shape}, c.scales()
}

// composeQuantize takes int32 as numbers.
func composeQuantize(c *call, t *builder) ([]abi.Value, error) {
	if c.in[0].DType != abi.Int32 {
		return nil, nil
	}
	in := slices.Clone(c.n.In)
	in[0] = t.cast(in[0], abi.Float32)
	y := t.node(c.n.Op, in, c.attrs.list...)
	for _, a := range c.attrs.list { // the one node has read them
		c.attrs.skip(a.Name)
	}
	return []abi.Value{y}, nil
}

// inferDequantize is (x - zero point)·scale.
func inferDequantize(c *call) (Type, error) {
	switch dt := c.in[0].DType; {
	case dt != abi.Int8 && dt != abi.Uint8 && dt != abi.Int32:
		return Type{}, invalid("input 0 has type %v, want int8, uint8 or int32", dt)
	case c.has(2) && c.in[2].DType != dt:
		return Type{}, invalid("inputs 0 and 2 have types %v and %v, want one", dt, c.in[2].DType)
	}
	if c.g.cfg.Opset >= 23 {
		if dt := c.attrs.int("output_dtype", 0); dt != 0 && dt != int64(abi.Float32) {
			return Type{}, invalid("output_dtype is %v, supported is float32", abi.DType(dt))
		}
	}
	return Type{abi.Float32, c.in[0].Shape}, c.scales()
}

// gradDequantize is by the scale alone: y = (x - zero point)·scale.
func gradDequantize(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	x, scale := n.In[0], n.In[1]
	along := func(v abi.Value) abi.Value { // v beside x
		shape := []int64{}
		if t.typ(v).Elements() > 1 {
			shape = append(shape, t.typ(v).Elements())
			for range t.typ(x).Shape[n.Attrs.Axis+1:] {
				shape = append(shape, 1)
			}
		}
		return t.reshape(v, shape)
	}
	steps := t.cast(x, abi.Float32)
	if len(n.In) > 2 && n.In[2] != 0 {
		steps = t.node("Sub", []abi.Value{steps, along(t.cast(n.In[2], abi.Float32))})
	}
	out := make([]abi.Value, len(n.In))
	if want[1] {
		out[1] = t.reshape(t.sumTo(t.mul(dy, steps), t.typ(along(scale)).Shape), t.typ(scale).Shape)
	}
	return out
}

// inferIntegerConv is a convolution of 8-bit integers less their zero points,
// operands 2 and 3: one number, and one or one for each output channel. It wraps
// around in int32.
func inferIntegerConv(c *call) (Type, error) {
	spans, g, err := c.convolved(0, 1)
	if err != nil {
		return Type{}, err
	}
	c.n.Attrs.Window = window2(spans)
	c.n.Attrs.Window.Group = g
	return Type{abi.Int32, outs(c.in[0].Shape[0], c.in[1].Shape[0], spans)}, nil
}

// inferIntegerProduct is a product of matrices of 8-bit integers less their zero
// points, operands 2 and 3: one number, or one a row of the left and a column of
// the right. It wraps around in int32.
func inferIntegerProduct(c *call) (Type, error) {
	a, b := c.in[0].Shape, c.in[1].Shape
	if len(a) != 2 || len(b) != 2 || a[1] != b[0] {
		return Type{}, invalid("shapes %v and %v do not multiply: inner dimensions are %d and %d", a, b, a[len(a)-1], b[0])
	}
	return Type{abi.Int32, []int64{a[0], b[1]}}, nil
}
