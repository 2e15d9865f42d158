package graph

import (
	"fmt"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// composeConv brings a convolution of one dimension, or of three and more, to
// convolutions of two.
func composeConv(c *call, t *builder) ([]abi.Value, error) {
	spans, group, err := c.convolution()
	if err != nil {
		return nil, err
	}
	rest := []abi.Value(nil)
	if c.has(2) {
		rest = c.n.In[2:3]
	}
	return []abi.Value{t.conv("Conv", c.n.In[0], c.n.In[1], rest, spans, group)}, nil
}

// conv convolves x of N×C×… with weights of M×C/group×… by op, Conv or IntegerConv,
// which has the rest of the operands as they are. The taps along the first of three
// dimensions become channels: memory has them where weights expect them.
func (t *builder) conv(op string, x, w abi.Value, rest []abi.Value, spans []Span, group int64) abi.Value {
	xs, ws := slices.Clone(t.typ(x).Shape), slices.Clone(t.typ(w).Shape)
	if t.err != nil {
		return 0
	}
	switch len(spans) {
	case 1:
		y := t.conv(op, t.reshape(x, slices.Insert(xs, 2, 1)), t.reshape(w, slices.Insert(ws, 2, 1)), rest, slices.Insert(slices.Clone(spans), 0, Span{Kernel: 1, Stride: 1, Dilation: 1, Out: 1}), group)
		return t.reshape(y, outs(xs[0], ws[0], spans))
	case 2:
		p := window2(spans)
		return t.node(op, append([]abi.Value{x, w}, rest...), aInt("group", group), aInts("strides", p.Stride[:]), aInts("dilations", p.Dilation[:]), aInts("pads", p.Pads[:]))
	}
	s := spans[0]
	taps := make([]abi.Value, s.Kernel)
	outside := abi.Value(0) // what the padding of integers holds
	if op == "IntegerConv" {
		outside = rest[0]
	}
	x = t.pad(x, outside, 2, s.Begin, s.End)
	for k := range taps { // N×C×1×out×…
		row := t.steps(x, 2, int64(k)*s.Dilation, s.Stride, s.Out)
		taps[k] = t.reshape(row, slices.Concat(xs[:2], []int64{1, s.Out}, xs[3:]))
	}
	inner := xs[3:]
	all := t.concat(taps, 2)
	order := []int{0, 3, 1, 2}
	for i := range inner {
		order = append(order, 4+i)
	}
	flat := t.reshape(t.permute(all, order), slices.Concat([]int64{xs[0] * s.Out, xs[1] * s.Kernel}, inner))
	wide := t.reshape(w, slices.Concat([]int64{ws[0], ws[1] * s.Kernel}, ws[3:]))
	y := t.conv(op, flat, wide, rest, spans[1:], group)
	if t.err != nil {
		return 0
	}
	tail := t.typ(y).Shape[2:]
	y = t.reshape(y, slices.Concat([]int64{xs[0], s.Out, ws[0]}, tail))
	order = []int{0, 2, 1}
	for i := range tail {
		order = append(order, 3+i)
	}
	return t.permute(y, order)
}

// composeConvTranspose is the gradient of a convolution by its image: the weights,
// C×M/group×…, are those of a convolution from the result to the operand.
func composeConvTranspose(c *call, t *builder) ([]abi.Value, error) {
	if err := c.floats(0, 1, 2); err != nil {
		return nil, err
	}
	x, w := c.in[0].Shape, c.in[1].Shape
	group := c.attrs.int("group", 1)
	if len(x) != len(w) || len(x) < 3 {
		return nil, invalid("inputs have shapes %v and %v, want N×C×H×W and C×M/group×H×W, or as many other dimensions", x, w)
	}
	if group < 1 || x[1]%group != 0 || w[0] != x[1] || w[1] > maxWindow || group > maxWindow {
		return nil, invalid("%d channels and weights %v do not divide into %d groups", x[1], w, group)
	}
	m := w[1] * group
	if c.has(2) && !slices.Equal(c.in[2].Shape, []int64{m}) {
		return nil, invalid("input 2 has shape %v, want [%d]", c.in[2].Shape, m)
	}
	spans, err := c.transposedSpans(x[2:], w[2:])
	if err != nil {
		return nil, err
	}
	y := t.convTranspose(c.n.In[0], c.n.In[1], spans, group)
	if c.has(2) {
		shape := []int64{m}
		for range spans {
			shape = append(shape, 1)
		}
		y = t.add(y, t.reshape(c.n.In[2], shape))
	}
	return []abi.Value{y}, nil
}

// transposedSpans decodes how the result of a ConvTranspose is convolved back.
// Padding that would have to be negative is zeros at the end of the result.
func (c *call) transposedSpans(size, kernel []int64) ([]Span, error) {
	spans, err := c.spanNumbers(len(size), kernel)
	if err != nil {
		return nil, err
	}
	extra := make([]int64, len(size))
	if list, ok := c.attrs.ints("output_padding"); ok {
		if err := windowNumbers("output_padding", list, 0, len(size), func(i int, x int64) { extra[i] = x }); err != nil {
			return nil, err
		}
	}
	want, fixed := c.attrs.ints("output_shape")
	if len(want) == len(size)+2 {
		want = want[2:]
	}
	if fixed {
		if err := windowNumbers("output_shape", want, 1, len(size), func(int, int64) {}); err != nil {
			return nil, err
		}
	}
	mode := c.attrs.string("auto_pad", "NOTSET")
	for i := range spans {
		s := &spans[i]
		if size[i] > maxWindow {
			return nil, invalid("input 0 has %d elements along one dimension, at most %d", size[i], maxWindow)
		}
		full := s.Stride*(size[i]-1) + extra[i] + s.reach()
		switch {
		case fixed:
			s.Out = want[i]
			s.split(max(full-s.Out, 0), mode == "SAME_UPPER")
		case mode == "SAME_UPPER", mode == "SAME_LOWER":
			s.Out = size[i] * s.Stride
			s.split(max(full-s.Out, 0), mode == "SAME_UPPER")
		case mode == "VALID":
			s.Begin, s.End, s.Out = 0, 0, full
		case mode == "NOTSET":
			s.Out = full - s.Begin - s.End
		default:
			return nil, invalid("auto_pad is %q", clip(mode))
		}
		if s.Out < 1 {
			return nil, invalid("padding %d and %d leaves nothing of %d elements", s.Begin, s.End, full)
		}
	}
	return spans, nil
}

// convTranspose is ConvTranspose without its bias, of any number of dimensions.
// Out of a span is the size of the result.
func (t *builder) convTranspose(x, w abi.Value, spans []Span, group int64) abi.Value {
	xs, ws := slices.Clone(t.typ(x).Shape), slices.Clone(t.typ(w).Shape)
	if t.err != nil {
		return 0
	}
	m := ws[1] * group
	switch len(spans) {
	case 1:
		one := Span{Kernel: 1, Stride: 1, Dilation: 1, Out: 1}
		y := t.convTranspose(t.reshape(x, slices.Insert(xs, 2, 1)), t.reshape(w, slices.Insert(ws, 2, 1)), []Span{one, spans[0]}, group)
		return t.reshape(y, outs(xs[0], m, spans))
	case 2:
		p := window2(spans)
		p.Group = group
		shape := outs(xs[0], m, spans)
		if _, err := abi.Elements([]int64{shape[0], max(shape[1], xs[1]), 2*shape[2] + p.Pads[0] + p.Pads[2] + spans[0].reach(), 2*shape[3] + p.Pads[1] + p.Pads[3] + spans[1].reach()}); err != nil {
			t.fail(fmt.Errorf("padded image: %w", err))
			return 0
		}
		return t.node("ConvGradX", []abi.Value{x, w}, aInts("shape", shape), aInts("window", p.pack()))
	}
	s, depth := spans[0], xs[2]
	order := []int{0, 2, 1}
	for i := range xs[3:] {
		order = append(order, 3+i)
	}
	flat := t.reshape(t.permute(x, order), slices.Concat([]int64{xs[0] * depth, xs[1]}, xs[3:]))
	wide := t.reshape(w, slices.Concat([]int64{ws[0], ws[1] * s.Kernel}, ws[3:]))
	all := t.convTranspose(flat, wide, spans[1:], group)
	if t.err != nil {
		return 0
	}
	tail := t.typ(all).Shape[2:]
	all = t.reshape(all, slices.Concat([]int64{xs[0], depth, m, s.Kernel}, tail))
	order = []int{0, 2, 3, 1}
	for i := range tail {
		order = append(order, 4+i)
	}
	all = t.permute(all, order) // N×M×taps×depth×…
	shape := slices.Concat([]int64{xs[0], m, s.Out}, tail)
	sum := t.fill(t.typ(x).DType, 0, shape)
	for k := range s.Kernel { // tap k of slice d adds to slice d·stride + k·dilation - begin
		at := k*s.Dilation - s.Begin
		first, last := ceilDiv(-at, s.Stride), depth-1
		if at+last*s.Stride >= s.Out {
			last = (s.Out - 1 - at) / s.Stride
		}
		if s.Out-1-at < 0 || first > last {
			continue
		}
		part := t.reshape(t.steps(all, 2, k, 1, 1), slices.Concat([]int64{xs[0], m, depth}, tail))
		part = t.steps(part, 2, first, 1, last-first+1)
		starts, steps := make([]int64, len(shape)), make([]int64, len(shape))
		for i := range steps {
			steps[i] = 1
		}
		starts[2], steps[2] = at+first*s.Stride, s.Stride
		sum = t.add(sum, t.node("SliceGrad", []abi.Value{part}, aInts("shape", shape), aInts("starts", starts), aInts("steps", steps)))
	}
	return sum
}

// steps takes count elements along an axis, from at on in steps.
func (t *builder) steps(v abi.Value, axis int, at, step, count int64) abi.Value {
	if t.err != nil || at == 0 && step == 1 && t.typ(v).Shape[axis] == count {
		return v
	}
	return t.node("Slice", []abi.Value{v}, aInts("starts", []int64{at}), aInts("ends", []int64{at + (count-1)*step + 1}), aInts("axes", []int{axis}), aInts("steps", []int64{step}))
}

func (t *builder) permute(v abi.Value, order []int) abi.Value {
	if slices.IsSorted(order) {
		return v
	}
	return t.node("Transpose", []abi.Value{v}, aInts("perm", order))
}

func (t *builder) concat(list []abi.Value, axis int) abi.Value {
	if len(list) == 1 {
		return list[0]
	}
	return t.node("Concat", list, aInt("axis", int64(axis)))
}

// pad puts zeros, or the one number of with, before and after v along an axis.
func (t *builder) pad(v, with abi.Value, axis int, before, after int64) abi.Value {
	if t.err != nil {
		return 0
	}
	zeros := func(n int64) []abi.Value {
		if n == 0 {
			return nil
		}
		s := slices.Clone(t.typ(v).Shape)
		s[axis] = n
		if with != 0 {
			return []abi.Value{t.node("Expand", []abi.Value{with}, aInts("shape", s))}
		}
		return []abi.Value{t.fill(t.typ(v).DType, 0, s)}
	}
	return t.concat(slices.Concat(zeros(before), []abi.Value{v}, zeros(after)), axis)
}
