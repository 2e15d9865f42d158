package graph

import (
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// inferReduce returns the rule of a reduction whose axes became an input with
// the given opset.
func inferReduce(since int) func(*call) (Type, error) {
	return func(c *call) (Type, error) {
		if err := c.floats(0); err != nil {
			return Type{}, err
		}
		s := c.in[0].Shape
		list, ok, err := c.axes(since)
		if err != nil {
			return Type{}, err
		}
		set, err := axisSet(list, len(s))
		if err != nil {
			return Type{}, err
		}
		noop := c.g.cfg.Opset >= since && c.attrs.flag("noop_with_empty_axes", 0)
		if (!ok || len(set) == 0) && !noop {
			for i := range s {
				if !slices.Contains(set, i) {
					set = append(set, i)
				}
			}
		}
		keep := c.attrs.flag("keepdims", 1)
		c.n.Attrs.Axes, c.n.Attrs.KeepDims = set, keep
		return Type{c.in[0].DType, reduced(s, set, keep)}, nil
	}
}

// reduced is the shape of s without the given axes, or with them as 1.
func reduced(s []int64, axes []int, keep bool) []int64 {
	out := []int64{}
	for i, d := range s {
		switch drop := slices.Contains(axes, i); {
		case drop && keep:
			out = append(out, 1)
		case !drop:
			out = append(out, d)
		}
	}
	return out
}

func inferArgMax(c *call) (Type, error) {
	s := c.in[0].Shape
	a, err := axis(c.attrs.int("axis", 0), len(s))
	if err != nil {
		return Type{}, err
	}
	c.attrs.only("select_last_index", 0)
	keep := c.attrs.flag("keepdims", 1)
	c.n.Attrs.Axis, c.n.Attrs.KeepDims = a, keep
	return Type{abi.Int64, reduced(s, []int{a}, keep)}, c.floats(0)
}

func inferSoftmax(c *call) (Type, error) {
	s, def := c.in[0].Shape, int64(-1)
	if c.g.cfg.Opset < 13 {
		def = 1
	}
	a, err := axis(c.attrs.int("axis", def), len(s))
	if err != nil {
		return Type{}, err
	}
	if rest := (Type{Shape: s[a:]}); c.g.cfg.Opset < 13 && rest.Elements() != s[a] {
		return Type{}, invalid("axis %d of %v: before opset 13 it and all after it are one, which is not supported", a, s)
	}
	c.n.Attrs.Axis = a
	return c.in[0], c.floats(0)
}

// inferLoss serves both losses: scores N×C×…, int64 labels N×…, weights C.
func inferLoss(c *call) (Type, error) {
	if err := c.floats(0, 2); err != nil {
		return Type{}, err
	}
	s := c.in[0].Shape
	if len(s) < 2 {
		return Type{}, invalid("input 0 has shape %v, want N×C×…", s)
	}
	labels := slices.Delete(slices.Clone(s), 1, 2)
	if want := (Type{abi.Int64, labels}); !c.in[1].Equal(want) {
		return Type{}, invalid("input 1 is %v, want %v", c.in[1], want)
	}
	if c.has(2) && !slices.Equal(c.in[2].Shape, s[1:2]) {
		return Type{}, invalid("input 2 has shape %v, want %v", c.in[2].Shape, s[1:2])
	}
	at := &c.n.Attrs
	_, at.HasIgnore = c.attrs.find("ignore_index", abi.AttrInt)
	at.Ignore = c.attrs.int("ignore_index", 0)
	switch r := c.attrs.string("reduction", "mean"); r {
	case "mean":
		at.Reduction = ReduceMean
	case "sum":
		at.Reduction = ReduceSum
	case "none":
		at.Reduction = ReduceNone
		return Type{c.in[0].DType, labels}, nil
	default:
		return Type{}, invalid("reduction is %q, want mean, sum or none", clip(r))
	}
	return Type{c.in[0].DType, []int64{}}, nil
}
