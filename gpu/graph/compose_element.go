package graph

import (
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// composeFold is a Max or Min of any number of operands, two at a time.
func composeFold(c *call, t *builder) ([]abi.Value, error) {
	if err := c.all(c.numbers); err != nil || len(c.n.In) == 2 {
		return nil, err
	}
	v := c.n.In[0]
	for _, in := range c.n.In[1:] {
		v = t.node(c.n.Op, []abi.Value{v, in})
	}
	return []abi.Value{v}, nil
}

// all asks f about all operands, none of which may be left out.
func (c *call) all(f func(...int) error) error {
	operands := make([]int, len(c.n.In))
	for i := range operands {
		if operands[i] = i; !c.has(i) {
			return invalid("input %d is missing", i)
		}
	}
	return f(operands...)
}

func composeSum(c *call, t *builder) ([]abi.Value, error) {
	if err := c.all(c.floats); err != nil {
		return nil, err
	}
	v := c.n.In[0]
	for _, in := range c.n.In[1:] {
		v = t.add(v, in)
	}
	return []abi.Value{v}, nil
}

func composeMean(c *call, t *builder) ([]abi.Value, error) {
	sum, err := composeSum(c, t)
	if err != nil || len(c.n.In) == 1 {
		return sum, err
	}
	return []abi.Value{t.div(sum[0], t.number(sum[0], float64(len(c.n.In))))}, nil
}

// composePow leaves a float32 to the power of one known number, which has a kernel
// of its own, to infer. Otherwise the exponent takes the type of the base; an
// integer to a fractional power is computed in float64.
func composePow(c *call, t *builder) ([]abi.Value, error) {
	if old, err := composeOld(c, t); old != nil || err != nil {
		return old, err
	}
	if err := c.numbers(0); err != nil {
		return nil, err
	}
	if err := c.numbers(1); err != nil {
		return nil, err
	}
	x, e := c.n.In[0], c.n.In[1]
	base, exponent := c.in[0].DType, c.in[1].DType
	if base == abi.Float32 && c.g.At(e).Data != nil && c.in[1].Elements() == 1 && len(c.in[1].Shape) <= len(c.in[0].Shape) {
		if exact := Number(exponent, c.g.At(e).Data); float64(float32(exact)) == exact {
			return nil, nil
		}
	}
	within := base
	switch {
	case isFloat(base):
	case isFloat(exponent):
		within = abi.Float64
	case base != exponent:
		within = abi.Int64
	}
	y := t.node("Power", []abi.Value{t.to(x, within), t.to(e, within)})
	return []abi.Value{t.to(y, base)}, nil
}

// to is v as the given type.
func (t *builder) to(v abi.Value, dt abi.DType) abi.Value {
	if t.typ(v).DType == dt {
		return v
	}
	return t.cast(v, dt)
}

// composeClip leaves a float32 with known bounds to infer; everything else is a
// Max and a Min. Bounds that follow from parameters alone must be known, so that
// those become constants.
func composeClip(c *call, t *builder) ([]abi.Value, error) {
	opset := c.g.cfg.Opset
	if opset < 11 && len(c.n.In) > 1 && !c.internal() {
		return nil, invalid("bounds are attributes before opset 11, not inputs")
	}
	if err := c.numbers(0, 1, 2); err != nil {
		return nil, err
	}
	known := true
	for i := 1; i < len(c.n.In); i++ {
		if c.has(i) {
			known = known && c.g.At(c.n.In[i]).Data != nil
			if c.g.lineage(c.n.In[i]) == ofParam {
				return nil, &Unknown{c.n.In[i], i}
			}
			if c.in[i].Elements() != 1 || len(c.in[i].Shape) > max(1, len(c.in[0].Shape)) {
				return nil, invalid("input %d is %v, want one number", i, c.in[i])
			}
		}
	}
	if known && c.in[0].DType == abi.Float32 {
		return nil, nil
	}
	v := c.n.In[0]
	for i, op := range []string{"", "Max", "Min"} {
		name := []string{"", "min", "max"}[i]
		switch x, ok := c.attrs.find(name, abi.AttrFloat); {
		case i == 0:
		case ok && opset >= 11:
			return nil, invalid("%s is an input since opset 11, not an attribute", name)
		case ok:
			v = t.node(op, []abi.Value{v, t.number(v, float64(x.F))})
		case c.has(i):
			v = t.node(op, []abi.Value{v, t.reshape(c.n.In[i], []int64{})})
		}
	}
	return []abi.Value{v}, nil
}

// composePRelu leaves floating-point numbers to infer. Before opset 7, a slope for
// each channel stood at axis 1.
func composePRelu(c *call, t *builder) ([]abi.Value, error) {
	if c.g.cfg.Opset < FullOpset && !c.internal() {
		slope, rank := c.in[1].Elements(), len(c.in[0].Shape)
		if slope == 1 || rank < 2 {
			return []abi.Value{t.node("PRelu", []abi.Value{c.n.In[0], t.reshape(c.n.In[1], []int64{slope})})}, nil
		}
		return []abi.Value{t.node("PRelu", []abi.Value{c.n.In[0], t.reshape(c.n.In[1], channelShape(slope, rank-1, 0))})}, nil
	}
	if err := c.numbers(0, 1); err != nil || isFloat(c.in[0].DType) {
		return nil, err
	}
	if _, err := inferPRelu(&call{g: c.g, n: c.n, in: []Type{{abi.Float32, c.in[0].Shape}, {abi.Float32, c.in[1].Shape}}}); err != nil {
		return nil, err
	}
	x, slope := c.n.In[0], c.n.In[1]
	zero := t.cast(t.hold(Type{abi.Int8, []int64{}}, []byte{0}), c.in[0].DType)
	return []abi.Value{t.node("Where", []abi.Value{t.node("Less", []abi.Value{x, zero}), t.mul(x, slope), x})}, nil
}

func composeCastLike(c *call, t *builder) ([]abi.Value, error) {
	c.attrs.skip("saturate", "round_mode") // of float8, which there is not
	return []abi.Value{t.cast(c.n.In[0], c.in[1].DType)}, nil
}

// composeDropout adds the mask, which is all true, where it is wanted.
func composeDropout(c *call, t *builder) ([]abi.Value, error) {
	if c.origin.results < 2 || c.g.cfg.Opset < 10 {
		return nil, nil
	}
	if _, err := inferDropout(c); err != nil {
		return nil, err
	}
	yes := t.hold(Type{abi.Bool, []int64{}}, []byte{1})
	mask := t.node("Expand", []abi.Value{yes}, aInts("shape", c.in[0].Shape))
	return []abi.Value{c.n.In[0], mask}, nil
}

// inferDropout is Dropout that drops nothing: in inference, or with ratio zero.
func inferDropout(c *call) (Type, error) {
	c.attrs.skip("seed")
	if c.g.cfg.Opset < 12 {
		c.attrs.skip("ratio")
	}
	if c.g.cfg.Opset < FullOpset && c.attrs.int("is_test", 0) != 1 {
		return Type{}, invalid("is_test is 0, supported is 1")
	}
	if !c.has(2) {
		return c.in[0], nil
	}
	mode, err := c.constant(2)
	if err != nil {
		return Type{}, err
	}
	if mode.DType != abi.Bool {
		return Type{}, invalid("training_mode is %v, want bool", mode.Type)
	}
	if !slices.Contains(mode.Data, 1) {
		return c.in[0], nil
	}
	if ratio, err := c.scalar(1, 0.5); err != nil {
		return Type{}, err
	} else if ratio != 0 {
		return Type{}, invalid("training_mode with ratio %v is not supported", ratio)
	}
	return c.in[0], nil
}
