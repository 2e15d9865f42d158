package graph

import (
	"github.com/cloister-ai/cloister/abi"
)

// maxSplit bounds the results of Split.
const maxSplit = 1024

// composeSplit is a Slice for each part. The sizes are an attribute before opset
// 13 and an operand since; without them, parts are equal, and as many as there
// are results or, from opset 18, as num_outputs says: the last may be smaller.
func composeSplit(c *call, t *builder) ([]abi.Value, error) {
	s := c.in[0].Shape
	a, err := axis(c.attrs.int("axis", 0), len(s))
	if err != nil {
		return nil, err
	}
	sizes, given := c.attrs.ints("split")
	if given && c.g.cfg.Opset >= 13 && !c.internal() {
		return nil, invalid("split is an input since opset 13, not an attribute")
	}
	if c.has(1) {
		if c.g.cfg.Opset < 13 {
			return nil, invalid("split is an attribute before opset 13, not an input")
		}
		if sizes, given, err = c.ints(1); err != nil {
			return nil, err
		}
	}
	parts := int64(c.origin.results)
	if c.g.cfg.Opset >= 18 && !given {
		if n := c.attrs.int("num_outputs", parts); parts == 0 || parts == n {
			parts = n
		} else {
			return nil, invalid("num_outputs is %d, the node has %d results", n, parts)
		}
	}
	if !given {
		if parts < 1 || parts > maxSplit || parts > max(1, s[a]) {
			return nil, invalid("%d parts of axis %d of %v", parts, a, s)
		}
		size := ceilDiv(s[a], parts)
		if c.g.cfg.Opset < 18 && size*parts != s[a] {
			return nil, invalid("axis %d of %v does not divide into %d equal parts", a, s, parts)
		}
		for left := s[a]; parts > 0; parts-- {
			sizes = append(sizes, min(size, left))
			left -= min(size, left)
		}
	}
	if len(sizes) == 0 || len(sizes) > maxSplit || c.origin.results > len(sizes) {
		return nil, invalid("split into %d parts, the node has %d results", len(sizes), c.origin.results)
	}
	out, at := make([]abi.Value, len(sizes)), int64(0)
	for i, n := range sizes {
		if n < 0 || n > s[a]-at {
			return nil, invalid("axis %d of %v does not split into %v", a, s, sizes)
		}
		out[i] = t.slice(c.n.In[0], a, at, at+n)
		at += n
	}
	if at != s[a] {
		return nil, invalid("axis %d of %v does not split into %v", a, s, sizes)
	}
	return out, nil
}

// slice is elements from to end of one axis.
func (t *builder) slice(v abi.Value, axis int, from, end int64) abi.Value {
	return t.node("Slice", []abi.Value{v}, aInts("starts", []int64{from}), aInts("ends", []int64{end}), aInts("axes", []int{axis}))
}

func (t *builder) transpose(v abi.Value, perm ...int) abi.Value {
	return t.node("Transpose", []abi.Value{v}, aInts("perm", perm))
}

// blocks checks the operand of DepthToSpace and SpaceToDepth.
func (c *call) blocks() (s []int64, b int64, err error) {
	s, b = c.in[0].Shape, c.attrs.int("blocksize", 0)
	if len(s) != 4 {
		return nil, 0, invalid("input 0 has shape %v, want N×C×H×W", s)
	}
	if b < 1 || b > 1<<20 {
		return nil, 0, invalid("blocksize is %d, want 1 to %d", b, 1<<20)
	}
	return s, b, nil
}

// composeDepthToSpace lays channels out as blocks of an image.
func composeDepthToSpace(c *call, t *builder) ([]abi.Value, error) {
	s, b, err := c.blocks()
	if err != nil {
		return nil, err
	}
	mode := "DCR"
	if c.g.cfg.Opset >= 11 {
		mode = c.attrs.string("mode", mode)
	}
	if s[1]%(b*b) != 0 {
		return nil, invalid("%d channels do not fill blocks of %d×%d", s[1], b, b)
	}
	depth, v := s[1]/(b*b), c.n.In[0]
	switch mode {
	case "DCR":
		v = t.transpose(t.reshape(v, []int64{s[0], b, b, depth, s[2], s[3]}), 0, 3, 4, 1, 5, 2)
	case "CRD":
		v = t.transpose(t.reshape(v, []int64{s[0], depth, b, b, s[2], s[3]}), 0, 1, 4, 2, 5, 3)
	default:
		return nil, invalid("mode is %q, want DCR or CRD", clip(mode))
	}
	return []abi.Value{t.reshape(v, []int64{s[0], depth, s[2] * b, s[3] * b})}, nil
}

// composeSpaceToDepth takes blocks of an image apart into channels.
func composeSpaceToDepth(c *call, t *builder) ([]abi.Value, error) {
	s, b, err := c.blocks()
	if err != nil {
		return nil, err
	}
	if s[2]%b != 0 || s[3]%b != 0 {
		return nil, invalid("%d×%d does not divide into blocks of %d×%d", s[2], s[3], b, b)
	}
	v := t.reshape(c.n.In[0], []int64{s[0], s[1], s[2] / b, b, s[3] / b, b})
	v = t.transpose(v, 0, 3, 5, 1, 2, 4)
	return []abi.Value{t.reshape(v, []int64{s[0], s[1] * b * b, s[2] / b, s[3] / b})}, nil
}

// gradReverseSequence: the reversal is its own inverse.
func gradReverseSequence(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.node("ReverseSequence", []abi.Value{dy, n.In[1]}, aInt("time_axis", int64(n.Attrs.Axis)), aInt("batch_axis", int64(n.Attrs.Batch))))
}

// inferReverseSequence reverses the first so many elements along the time axis,
// as many as the lengths say for each along the batch axis. A length out of range
// becomes the nearest in it.
func inferReverseSequence(c *call) (Type, error) {
	s := c.in[0].Shape
	if len(s) < 2 {
		return Type{}, invalid("input 0 has shape %v, want two dimensions or more", s)
	}
	time, batch := c.attrs.int("time_axis", 0), c.attrs.int("batch_axis", 1)
	if min(time, batch) < 0 || max(time, batch) > 1 || time == batch {
		return Type{}, invalid("time_axis is %d and batch_axis %d, want 0 and 1", time, batch)
	}
	c.n.Attrs.Axis, c.n.Attrs.Batch = int(time), int(batch)
	if want := (Type{abi.Int64, []int64{s[batch]}}); !c.in[1].Equal(want) {
		return Type{}, invalid("input 1 is %v, want %v", c.in[1], want)
	}
	return c.in[0], nil
}

// inferCumSum adds up along a known axis.
func inferCumSum(c *call) (Type, error) {
	if err := c.numbers(0); err != nil {
		return Type{}, err
	}
	at, s := &c.n.Attrs, c.in[0].Shape
	at.Exclusive, at.Reverse = c.attrs.flag("exclusive", 0), c.attrs.flag("reverse", 0)
	a := int64(0)
	if c.internal() {
		a = c.attrs.int("axis", 0)
	} else {
		list, ok, err := c.ints(1)
		if err != nil || !ok || len(list) != 1 {
			return Type{}, cmpErr(err, invalid("input 1 is %v, want the axis", c.in[1]))
		}
		a = list[0]
	}
	var err error
	at.Axis, err = axis(a, len(s))
	return c.in[0], err
}

func gradCumSum(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	a := n.Attrs
	return first(t.node("CumSum", []abi.Value{dy}, aFlag("exclusive", a.Exclusive), aFlag("reverse", !a.Reverse), aInt("axis", int64(a.Axis))))
}
