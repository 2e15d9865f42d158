package graph

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

func inferFlatten(c *call) (Type, error) {
	s := c.in[0].Shape
	a := c.attrs.int("axis", 1)
	if r := int64(len(s)); a < -r || a > r {
		return Type{}, invalid("axis %d, rank is %d", a, r)
	} else if a < 0 {
		a += r
	}
	out := []int64{1, 1}
	for i, d := range s {
		if int64(i) < a {
			out[0] *= d
		} else {
			out[1] *= d
		}
	}
	return Type{c.in[0].DType, out}, nil
}

// inferReshape: a 0 stands for the dimension of the operand, unless allowzero,
// and one -1 for what is left. Before opset 5 the shape is an attribute.
func inferReshape(c *call) (Type, error) {
	zero := false
	if c.g.cfg.Opset >= 14 {
		zero = c.attrs.flag("allowzero", 0)
	}
	shape, ok := c.attrs.ints("shape")
	if ok != (c.internal() || c.g.cfg.Opset < 5) {
		return Type{}, invalid("shape is an input, not an attribute")
	}
	if !ok {
		var err error
		if shape, ok, err = c.ints(1); err != nil || !ok {
			return Type{}, cmpErr(err, invalid("input 1, the shape, is missing"))
		}
	}
	wrong := invalid("%v does not reshape to %v", c.in[0].Shape, shape)
	out, free := slices.Clone(shape), -1
	for i, d := range shape {
		switch {
		case d == -1 && free < 0:
			free, out[i] = i, 1
		case d < 0:
			return Type{}, wrong
		case d == 0 && !zero && !c.internal() && i < len(c.in[0].Shape):
			out[i] = c.in[0].Shape[i]
		}
	}
	n, err := abi.Elements(out)
	if err != nil {
		return Type{}, err
	}
	have := c.in[0].Elements()
	if free >= 0 {
		if n == 0 || have%n != 0 {
			return Type{}, wrong
		}
		out[free], n = have/n, have
	}
	if n != have {
		return Type{}, wrong
	}
	return Type{c.in[0].DType, out}, nil
}

func cmpErr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func inferSqueeze(c *call) (Type, error) {
	s := c.in[0].Shape
	list, ok, err := c.axes(13)
	if err != nil {
		return Type{}, err
	}
	set, err := axisSet(list, len(s))
	if err != nil {
		return Type{}, err
	}
	out := []int64{}
	for i, d := range s {
		switch drop := slices.Contains(set, i); {
		case drop && d != 1:
			return Type{}, invalid("axis %d of %v is not 1", i, s)
		case !drop && (ok || d != 1):
			out = append(out, d)
		}
	}
	return Type{c.in[0].DType, out}, nil
}

func inferUnsqueeze(c *call) (Type, error) {
	s := c.in[0].Shape
	list, ok, err := c.axes(13)
	if err != nil {
		return Type{}, err
	}
	if !ok {
		return Type{}, invalid("axes are missing")
	}
	if len(s)+len(list) > abi.MaxRank {
		return Type{}, invalid("%d axes make rank %d, at most %d", len(list), len(s)+len(list), abi.MaxRank)
	}
	set, err := axisSet(list, len(s)+len(list))
	if err != nil {
		return Type{}, err
	}
	out := slices.Clone(s)
	for _, a := range set {
		out = slices.Insert(out, a, 1)
	}
	return Type{c.in[0].DType, out}, nil
}

func inferExpand(c *call) (Type, error) {
	shape, ok := c.attrs.ints("shape")
	if ok != c.internal() {
		return Type{}, invalid("shape is an input, not an attribute")
	}
	if !ok {
		var err error
		if shape, ok, err = c.ints(1); err != nil || !ok {
			return Type{}, cmpErr(err, invalid("input 1, the shape, is missing"))
		}
	}
	if slices.ContainsFunc(shape, func(d int64) bool { return d < 0 }) {
		return Type{}, invalid("%v does not expand to %v", c.in[0].Shape, shape)
	}
	s, err := broadcast(c.in[0].Shape, shape)
	return Type{c.in[0].DType, s}, err
}

func inferTranspose(c *call) (Type, error) {
	s := c.in[0].Shape
	perm, ok := c.attrs.ints("perm")
	if !ok {
		for i := range s {
			perm = append(perm, int64(len(s)-1-i))
		}
	}
	if len(perm) != len(s) {
		return Type{}, invalid("perm %v, rank is %d", perm, len(s))
	}
	out := make([]int64, len(s))
	for i, p := range perm {
		if p < 0 || p >= int64(len(s)) || slices.Contains(c.n.Attrs.Axes, int(p)) {
			return Type{}, invalid("perm %v is no permutation of %d axes", perm, len(s))
		}
		c.n.Attrs.Axes = append(c.n.Attrs.Axes, int(p))
		out[i] = s[p]
	}
	return Type{c.in[0].DType, out}, nil
}

func inferConcat(c *call) (Type, error) {
	if len(c.in[0].Shape) == 0 {
		return Type{}, invalid("input 0 is a scalar")
	}
	a, err := axis(c.attrs.int("axis", math.MaxInt64), len(c.in[0].Shape))
	if err != nil {
		return Type{}, err
	}
	c.n.Attrs.Axis = a
	out := slices.Clone(c.in[0].Shape)
	for i, t := range c.in[1:] {
		if !c.has(i + 1) {
			return Type{}, invalid("input %d is missing", i+1)
		}
		if t.DType != c.in[0].DType || len(t.Shape) != len(out) {
			return Type{}, invalid("inputs %v and %v do not concatenate", c.in[0], t)
		}
		for d := range out {
			if d != a && t.Shape[d] != out[d] {
				return Type{}, invalid("inputs %v and %v do not concatenate along axis %d", c.in[0], t, a)
			}
		}
		out[a] += t.Shape[a] // at most MaxConcat × 2^40
	}
	return Type{c.in[0].DType, out}, nil
}

// inferSlice follows ONNX: bounds are clamped to the dimension, steps may be
// negative, and a dimension that is not named is taken whole.
func inferSlice(c *call) (Type, error) {
	s := c.in[0].Shape
	starts, ends, axes, steps, err := c.sliceBounds()
	if err != nil {
		return Type{}, err
	}
	if len(ends) != len(starts) || axes != nil && len(axes) != len(starts) || steps != nil && len(steps) != len(starts) {
		return Type{}, invalid("%d starts, %d ends, %d axes and %d steps differ in number", len(starts), len(ends), len(axes), len(steps))
	}
	if axes == nil {
		for i := range starts {
			axes = append(axes, int64(i))
		}
	}
	if _, err := axisSet(axes, len(s)); err != nil {
		return Type{}, err
	}
	at := &c.n.Attrs
	at.Starts, at.Steps = make([]int64, len(s)), make([]int64, len(s))
	out := slices.Clone(s)
	for i := range at.Steps {
		at.Steps[i] = 1
	}
	for i, a64 := range axes {
		a, _ := axis(a64, len(s))
		d, step := s[a], int64(1)
		if steps != nil {
			step = steps[i]
		}
		if step == 0 || step == math.MinInt64 {
			return Type{}, invalid("step %d along axis %d", step, a)
		}
		start, end := fromEnd(starts[i], d), fromEnd(ends[i], d)
		var n int64
		if step > 0 {
			start, end = min(max(start, 0), d), min(max(end, 0), d)
			n = ceilDiv(end-start, step)
		} else {
			start, end = min(max(start, 0), d-1), min(max(end, -1), d-1)
			n = ceilDiv(start-end, -step)
		}
		at.Starts[a], at.Steps[a], out[a] = start, step, max(n, 0)
	}
	return Type{c.in[0].DType, out}, nil
}

func (c *call) sliceBounds() (starts, ends, axes, steps []int64, err error) {
	if c.internal() || c.g.cfg.Opset < 10 {
		starts, _ = c.attrs.ints("starts")
		ends, _ = c.attrs.ints("ends")
		axes, _ = c.attrs.ints("axes")
		if c.internal() {
			steps, _ = c.attrs.ints("steps")
		}
		return starts, ends, axes, steps, nil
	}
	for i, p := range []*[]int64{&starts, &ends, &axes, &steps} {
		var ok bool
		if *p, ok, err = c.ints(i + 1); err != nil {
			return nil, nil, nil, nil, err
		}
		if !ok && i < 2 {
			return nil, nil, nil, nil, invalid("input %d is missing", i+1)
		}
	}
	return starts, ends, axes, steps, nil
}

// fromEnd resolves a negative bound without overflow.
func fromEnd(i, d int64) int64 {
	if i < 0 {
		return i + d
	}
	return i
}

func ceilDiv(a, b int64) int64 {
	if a <= 0 {
		return 0
	}
	return (a-1)/b + 1
}

// inferShapeOf is the result of an internal node that carries its shape.
func inferShapeOf(c *call) (Type, error) {
	a := &c.n.Attrs
	shape, _ := c.attrs.ints("shape")
	a.Shape = slices.Clone(shape)
	a.Starts, _ = c.attrs.ints("starts")
	a.Steps, _ = c.attrs.ints("steps")
	a.Axis, a.Epsilon = int(c.attrs.int("axis", 0)), c.attrs.float("epsilon", 0)
	axes, _ := c.attrs.ints("axes")
	for _, x := range axes {
		a.Axes = append(a.Axes, int(x))
	}
	a.Reduction = Reduction(c.attrs.int("reduction", 0))
	a.Ignore, a.HasIgnore = c.attrs.int("ignore", 0), c.attrs.flag("has_ignore", 0)
	w, _ := c.attrs.ints("window")
	if len(w) == 12 {
		a.Window = unpackWindow(w)
	}
	return Type{c.in[0].DType, a.Shape}, nil
}
