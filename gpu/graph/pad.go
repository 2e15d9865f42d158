package graph

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// The modes of Pad: what stands where the operand has nothing.
const (
	PadConstant = "constant"
	PadReflect  = "reflect" // mirrored, the edge itself not repeated
	PadEdge     = "edge"
	PadWrap     = "wrap"
)

// PadIndex returns which element of a dimension of d elements stands at place i,
// which may lie outside; -1 is none.
func PadIndex(mode string, i, d int64) int64 {
	if i >= 0 && i < d {
		return i
	}
	switch {
	case mode == PadConstant || d == 0:
		return -1
	case mode == PadEdge || d == 1:
		return min(max(i, 0), d-1)
	case mode == PadWrap:
		return mod(i, d)
	}
	if i = mod(i, 2*d-2); i >= d {
		i = 2*d - 2 - i
	}
	return i
}

func mod(i, d int64) int64 {
	if i %= d; i < 0 {
		i += d
	}
	return i
}

// inferPad adds elements at both ends of dimensions, or takes them away where a
// number is negative. Starts holds what comes before, Mode what it is.
func inferPad(c *call) (Type, error) {
	s, at := c.in[0].Shape, &c.n.Attrs
	at.Mode = c.attrs.string("mode", PadConstant)
	switch {
	case at.Mode == PadConstant, at.Mode == PadReflect, at.Mode == PadEdge:
	case at.Mode == PadWrap && (c.g.cfg.Opset >= 19 || c.internal()):
	default:
		return Type{}, invalid("mode is %q, want constant, reflect, edge or, from opset 19, wrap", clip(at.Mode))
	}
	pads, axes, err := c.pads()
	if err != nil {
		return Type{}, err
	}
	if len(pads) != 2*len(axes) {
		return Type{}, invalid("%d pads for %d axes", len(pads), len(axes))
	}
	out := slices.Clone(s)
	at.Starts = make([]int64, len(s))
	for k, a := range axes {
		before, after := pads[k], pads[len(axes)+k]
		if max(before, -before, after, -after) > abi.MaxElements || min(before, after) < -abi.MaxElements {
			return Type{}, invalid("pads %v of axis %d, at most %d", []int64{before, after}, a, int64(abi.MaxElements))
		}
		n := s[a] + before + after
		if n < 0 {
			return Type{}, invalid("pads %d and %d leave nothing of axis %d of %v", before, after, a, s)
		}
		if at.Mode != PadConstant && s[a] == 0 && n > 0 {
			return Type{}, invalid("axis %d of %v has nothing to pad with", a, s)
		}
		at.Starts[a], out[a] = before, n
	}
	return Type{c.in[0].DType, out}, nil
}

// pads returns the numbers before, then those after, and the axes they are for.
func (c *call) pads() (pads []int64, axes []int, err error) {
	for i := range c.in[0].Shape {
		axes = append(axes, i)
	}
	dt := c.in[0].DType
	if c.internal() || c.g.cfg.Opset < 11 {
		pads, _ = c.attrs.ints("pads")
		c.n.Attrs.Bits = bitsFrom(dt, float64(c.attrs.float("value", 0)))
		return pads, axes, nil
	}
	var ok bool
	if pads, ok, err = c.ints(1); err != nil || !ok {
		return nil, nil, cmpErr(err, invalid("input 1, the pads, is missing"))
	}
	if c.has(2) && (c.in[2].DType != dt || c.in[2].Elements() != 1) {
		return nil, nil, invalid("input 2 is %v, want one %v", c.in[2], dt)
	}
	if !c.has(3) {
		return pads, axes, nil
	}
	if c.g.cfg.Opset < 18 {
		return nil, nil, invalid("axes need opset 18, the graph states %d", c.g.cfg.Opset)
	}
	list, _, err := c.ints(3)
	if err != nil {
		return nil, nil, err
	}
	axes = nil
	for _, x := range list {
		a, err := axis(x, len(c.in[0].Shape))
		if err != nil {
			return nil, nil, err
		}
		if slices.Contains(axes, a) {
			return nil, nil, invalid("axis %d is given twice", a)
		}
		axes = append(axes, a)
	}
	return pads, axes, nil
}

func gradPad(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	if len(want) > 2 && want[2] {
		t.fail(invalid("Pad has no gradient by its value"))
	}
	return first(t.node("PadGrad", []abi.Value{dy}, aInts("shape", t.typ(n.In[0]).Shape),
		aInts("starts", n.Attrs.Starts), abi.Attr{Name: "mode", Type: abi.AttrString, S: n.Attrs.Mode}))
}

func inferPadGrad(c *call) (Type, error) {
	c.n.Attrs.Mode = c.attrs.string("mode", PadConstant)
	return inferShapeOf(c)
}

// composeTile repeats whole dimensions, the last first: x of a×b becomes a×1×b,
// then a×n×b.
func composeTile(c *call, t *builder) ([]abi.Value, error) {
	repeats, ok, err := c.ints(1)
	if err != nil || !ok {
		return nil, cmpErr(err, invalid("input 1, the repeats, is missing"))
	}
	s := slices.Clone(c.in[0].Shape)
	if len(repeats) != len(s) {
		return nil, invalid("%d repeats, rank is %d", len(repeats), len(s))
	}
	out := slices.Clone(s)
	for i, n := range repeats {
		if n < 0 || n > abi.MaxElements {
			return nil, invalid("repeats %v", repeats)
		}
		if s[i] > 0 && n > math.MaxInt64/s[i] {
			return nil, invalid("%v repeated %v times is too large", s, repeats)
		}
		out[i] *= n
	}
	if err := (Type{c.in[0].DType, out}).check(); err != nil {
		return nil, err
	}
	v := c.n.In[0]
	for i := len(s) - 1; i >= 0; i-- {
		n := repeats[i]
		if n == 1 {
			continue
		}
		outer, inner := (Type{Shape: s[:i]}).Elements(), (Type{Shape: s[i:]}).Elements()
		v = t.reshape(v, []int64{outer, 1, inner})
		v = t.node("Expand", []abi.Value{v}, aInts("shape", []int64{outer, n, inner}))
		s[i] *= n
	}
	return []abi.Value{t.reshape(v, out)}, nil
}

// composeCenterCropPad cuts or pads, with zeros, to the known shape around the
// middle; of an odd number the larger part is at the end.
func composeCenterCropPad(c *call, t *builder) ([]abi.Value, error) {
	want, ok, err := c.ints(1)
	if err != nil || !ok {
		return nil, cmpErr(err, invalid("input 1, the shape, is missing"))
	}
	s := c.in[0].Shape
	axes, ok := c.attrs.ints("axes")
	if !ok {
		for i := range s {
			axes = append(axes, int64(i))
		}
	}
	if len(axes) != len(want) {
		return nil, invalid("a shape of %d dimensions for %d axes", len(want), len(axes))
	}
	if _, err := axisSet(axes, len(s)); err != nil {
		return nil, err
	}
	pads := make([]int64, 2*len(s))
	for i, a64 := range axes {
		a, _ := axis(a64, len(s))
		d := want[i]
		if d < 0 || d > abi.MaxElements {
			return nil, invalid("shape %v", want)
		}
		if d < s[a] {
			before := (s[a] - d) / 2
			pads[a], pads[len(s)+a] = -before, d+before-s[a]
		} else {
			pads[a] = (d - s[a]) / 2
			pads[len(s)+a] = d - s[a] - pads[a]
		}
	}
	return []abi.Value{t.node("Pad", []abi.Value{c.n.In[0]}, aInts("pads", pads))}, nil
}
