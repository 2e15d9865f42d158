package graph

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// manyOrIndex reports whether a MaxPool is not over two dimensions, or somebody
// asks for its indices.
func manyOrIndex(c *call) bool { return notFlat(c) || c.origin.results > 1 }

func composeMaxPool(c *call, t *builder) ([]abi.Value, error) {
	spans, err := c.largest()
	if err != nil {
		return nil, err
	}
	x := c.n.In[0]
	out := []abi.Value{t.pool("MaxPool", x, spans)}
	if c.origin.results > 1 {
		out = append(out, t.node("MaxPoolIndex", []abi.Value{x}, aInts("spans", packSpans(spans)), aFlag("storage_order", c.n.Attrs.Last)))
	}
	return out, nil
}

// pool goes over the last two dimensions, then over each of those before them:
// neither the largest element nor a mean with its padding asks for the order. Out
// of each span is kept by padding the end as far as the last window reaches.
func (t *builder) pool(op string, x abi.Value, spans []Span) abi.Value {
	if t.err != nil {
		return 0
	}
	one := Span{Kernel: 1, Stride: 1, Dilation: 1, Out: 1}
	two := func(shape []int64, a, b Span) {
		var pads []int64
		for i, s := range []Span{a, b} {
			pads = append(pads, max((s.Out-1)*s.Stride+s.reach()-shape[2+i]-s.Begin, 0))
		}
		list := []abi.Attr{aInts("kernel_shape", []int64{a.Kernel, b.Kernel}), aInts("strides", []int64{a.Stride, b.Stride}),
			aInts("dilations", []int64{a.Dilation, b.Dilation}), aInts("pads", []int64{a.Begin, b.Begin, pads[0], pads[1]})}
		if op == "AveragePool" {
			list = append(list, aInt("count_include_pad", 1))
		}
		x = t.node(op, []abi.Value{t.reshape(x, shape)}, list...)
	}
	s := slices.Clone(t.typ(x).Shape)
	last := len(s) - 1
	if len(spans) == 1 {
		two([]int64{s[0], s[1], 1, s[2]}, one, spans[0])
	} else {
		two([]int64{s[0], product(s[1 : last-1]), s[last-1], s[last]}, spans[len(spans)-2], spans[len(spans)-1])
		s[last-1], s[last] = spans[len(spans)-2].Out, spans[len(spans)-1].Out
	}
	for d := len(spans) - 3; d >= 0 && t.err == nil; d-- {
		if spans[d] != (Span{Kernel: 1, Stride: 1, Dilation: 1, Out: s[2+d]}) {
			flat := one
			flat.Out = product(s[3+d:])
			two([]int64{s[0], product(s[1 : 2+d]), s[2+d], flat.Out}, spans[d], flat)
			s[2+d] = spans[d].Out
		}
	}
	return t.reshape(x, outs(s[0], s[1], spans))
}

func product(s []int64) int64 { return (Type{Shape: s}).Elements() }

// beyondOrMany reports whether an AveragePool is not over two dimensions, or its
// last windows reach beyond the padding, which then is not what is divided by.
func beyondOrMany(c *call) bool {
	return notFlat(c) || c.attrs.flag("ceil_mode", 0) && c.attrs.flag("count_include_pad", 0)
}

func composeAveragePool(c *call, t *builder) ([]abi.Value, error) {
	spans, countPad, err := c.average()
	if err != nil {
		return nil, err
	}
	y := t.pool("AveragePool", c.n.In[0], spans)
	size := c.in[0].Shape[2:]
	for i, s := range spans { // what was divided by, over what is to be
		if s.Out > maxKnown/8 {
			return nil, invalid("%d windows along one dimension, at most %d", s.Out, maxKnown/8)
		}
		factor, same := make([]float64, s.Out), true
		for o := range factor {
			low, high := -s.Begin, size[i]+s.End
			if !countPad {
				low, high = 0, size[i]
			}
			at := int64(o)*s.Stride - s.Begin
			n := min(ceilDiv(high-at, s.Dilation), s.Kernel) - min(ceilDiv(low-at, s.Dilation), s.Kernel)
			factor[o] = float64(s.Kernel) / float64(max(n, 1))
			same = same && n == s.Kernel
		}
		if !same {
			shape := make([]int64, len(spans)-i)
			for d := range shape {
				shape[d] = 1
			}
			shape[0] = s.Out
			y = t.mul(y, t.numbers(t.typ(y).DType, shape, factor))
		}
	}
	return []abi.Value{y}, nil
}

// numbers is a constant of floating-point numbers.
func (t *builder) numbers(dt abi.DType, shape []int64, list []float64) abi.Value {
	var b []byte
	for _, f := range list {
		if dt == abi.Float64 {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
		} else {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(f)))
		}
	}
	return t.hold(Type{dt, shape}, b)
}

// composeLpPool is (Σ |x|ᵖ)^(1/p) of each window.
func composeLpPool(c *call, t *builder) ([]abi.Value, error) {
	if err := c.floats(0); err != nil {
		return nil, err
	}
	size, err := c.image()
	if err != nil {
		return nil, err
	}
	p, err := c.exponent()
	if err != nil {
		return nil, err
	}
	spans, err := c.spans(size, nil, c.attrs.flag("ceil_mode", 0))
	if err != nil {
		return nil, err
	}
	count := 1.0
	for _, s := range spans {
		count *= float64(s.Kernel)
	}
	sum := t.scale(t.pool("AveragePool", t.power(c.n.In[0], p), spans), count)
	return []abi.Value{t.root(sum, p)}, nil
}

func composeGlobalLpPool(c *call, t *builder) ([]abi.Value, error) {
	axes, err := c.global()
	if err != nil {
		return nil, err
	}
	p, err := c.exponent()
	if err != nil {
		return nil, err
	}
	return []abi.Value{t.root(t.reduce(t.power(c.n.In[0], p), axes, true), p)}, nil
}

func (c *call) exponent() (int64, error) {
	p := c.attrs.int("p", 2)
	if p < 1 || p > 64 {
		return 0, invalid("p is %d, want 1 to 64", p)
	}
	return p, nil
}

// power is |x|ᵖ, and root its inverse.
func (t *builder) power(x abi.Value, p int64) abi.Value {
	switch p {
	case 1:
		return t.node("Abs", []abi.Value{x})
	case 2:
		return t.mul(x, x)
	}
	x = t.node("Abs", []abi.Value{x})
	return t.node("Pow", []abi.Value{x, t.number(x, float64(p))})
}

func (t *builder) root(x abi.Value, p int64) abi.Value {
	switch p {
	case 1:
		return x
	case 2:
		return t.node("Sqrt", []abi.Value{x})
	}
	return t.node("Pow", []abi.Value{x, t.number(x, 1/float64(p))})
}

// global lists the axes of an image of any number of dimensions.
func (c *call) global() ([]int, error) {
	if err := c.floats(0); err != nil {
		return nil, err
	}
	size, err := c.image()
	if err != nil {
		return nil, err
	}
	var axes []int
	for i := range size {
		axes = append(axes, 2+i)
	}
	return axes, nil
}

func composeGlobalAveragePool(c *call, t *builder) ([]abi.Value, error) {
	axes, err := c.global()
	if err != nil {
		return nil, err
	}
	return []abi.Value{t.node("ReduceMean", c.n.In, aInts("axes", axes))}, nil
}

func composeGlobalMaxPool(c *call, t *builder) ([]abi.Value, error) {
	axes, err := c.global()
	if err != nil {
		return nil, err
	}
	return []abi.Value{t.node("ReduceMax", c.n.In, aInts("axes", axes))}, nil
}

// composeMaxUnpool puts elements where their indices say in a result of the size
// that was pooled, and that in a corner of the size that is asked for.
func composeMaxUnpool(c *call, t *builder) ([]abi.Value, error) {
	if err := c.floats(0); err != nil {
		return nil, err
	}
	size, err := c.image()
	if err != nil {
		return nil, err
	}
	s := c.in[0].Shape
	if c.in[1].DType != abi.Int64 || !slices.Equal(c.in[1].Shape, s) {
		return nil, invalid("input 1 is %v, want int64%v", c.in[1], s)
	}
	spans, err := c.spanNumbers(len(size), nil)
	if err != nil {
		return nil, err
	}
	shape := slices.Clone(s)
	for i, x := range spans {
		if shape[2+i] > maxWindow {
			return nil, invalid("input 0 has %d elements along one dimension, at most %d", shape[2+i], maxWindow)
		}
		if shape[2+i] = (shape[2+i]-1)*x.Stride + x.Kernel - x.Begin - x.End; shape[2+i] < 1 {
			return nil, invalid("padding %d and %d leaves nothing of dimension %d", x.Begin, x.End, 2+i)
		}
	}
	y := t.node("Unpool", c.n.In[:2], aInts("shape", shape))
	want, ok, err := c.ints(2)
	if err != nil || !ok {
		return []abi.Value{y}, err
	}
	if len(want) != len(shape) {
		return nil, invalid("output_shape %v, want %d dimensions", want, len(shape))
	}
	for i, d := range want {
		if d < shape[i] || d > maxWindow {
			return nil, invalid("output_shape %v is not around %v", want, shape)
		}
		y = t.pad(y, 0, i, 0, d-shape[i])
	}
	return []abi.Value{y}, nil
}
