package graph

import (
	"fmt"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// maxWindow bounds each number of a window, so that their sums cannot overflow.
const maxWindow = 1 << 24

func (w Window) pack() []int64 {
	count := int64(0)
	if w.CountPad {
		count = 1
	}
	return []int64{w.Kernel[0], w.Kernel[1], w.Stride[0], w.Stride[1], w.Dilation[0], w.Dilation[1],
		w.Pads[0], w.Pads[1], w.Pads[2], w.Pads[3], w.Group, count}
}

func unpackWindow(p []int64) Window {
	return Window{Kernel: [2]int64(p), Stride: [2]int64(p[2:]), Dilation: [2]int64(p[4:]), Pads: [4]int64(p[6:]), Group: p[10], CountPad: p[11] != 0}
}

// window2 is the window of two spans.
func window2(s []Span) Window {
	return Window{
		Kernel: [2]int64{s[0].Kernel, s[1].Kernel}, Stride: [2]int64{s[0].Stride, s[1].Stride},
		Dilation: [2]int64{s[0].Dilation, s[1].Dilation}, Pads: [4]int64{s[0].Begin, s[1].Begin, s[0].End, s[1].End},
	}
}

// spans decodes the attributes that convolutions and pools share, for an image of
// the given size; of a convolution the size of the weights is kernel.
func (c *call) spans(size, kernel []int64, ceil bool) ([]Span, error) {
	out, err := c.spanNumbers(len(size), kernel)
	if err != nil {
		return nil, err
	}
	mode := c.attrs.string("auto_pad", "NOTSET")
	for i := range out {
		s, in := &out[i], size[i]
		switch mode {
		case "NOTSET":
		case "VALID":
			s.Begin, s.End = 0, 0
		case "SAME_UPPER", "SAME_LOWER":
			s.split(max((ceilDiv(in, s.Stride)-1)*s.Stride+s.reach()-in, 0), mode == "SAME_UPPER")
		default:
			return nil, invalid("auto_pad is %q", clip(mode))
		}
		room := in + s.Begin + s.End - s.reach()
		if room < 0 {
			return nil, invalid("a window of %d does not fit in %d with padding %d and %d", s.reach(), in, s.Begin, s.End)
		}
		s.Out = room/s.Stride + 1
		if ceil && mode == "NOTSET" && room%s.Stride != 0 && s.Out*s.Stride < in+s.Begin {
			s.Out++ // a last window that starts inside, and ends outside
		}
	}
	return out, nil
}

// spanNumbers decodes kernel, strides, dilations and pads of n dimensions.
func (c *call) spanNumbers(n int, kernel []int64) ([]Span, error) {
	if list, ok := c.attrs.ints("kernel_shape"); ok {
		if kernel != nil && !slices.Equal(list, kernel) {
			return nil, invalid("kernel_shape %v, the weights have %v", list, kernel)
		}
		kernel = list
	}
	out := make([]Span, n)
	for i := range out {
		out[i].Stride, out[i].Dilation = 1, 1
	}
	if err := windowNumbers("kernel_shape", kernel, 1, n, func(i int, x int64) { out[i].Kernel = x }); err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name  string
		low   int64
		count int
		set   func(i int, x int64)
	}{
		{"strides", 1, n, func(i int, x int64) { out[i].Stride = x }},
		{"dilations", 1, n, func(i int, x int64) { out[i].Dilation = x }},
		{"pads", 0, 2 * n, func(i int, x int64) {
			if i < n {
				out[i].Begin = x
			} else {
				out[i-n].End = x
			}
		}},
	} {
		if list, ok := c.attrs.ints(f.name); ok {
			if err := windowNumbers(f.name, list, f.low, f.count, f.set); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func windowNumbers(name string, list []int64, low int64, count int, set func(i int, x int64)) error {
	if len(list) != count {
		return invalid("%s %v, want %d numbers", name, list, count)
	}
	for i, x := range list {
		if x < low || x > maxWindow {
			return invalid("%s %v: %d is not in %d to %d", name, list, x, low, maxWindow)
		}
		set(i, x)
	}
	return nil
}

// split pads both ends, and the end more than the beginning where the padding is
// odd and upper says so.
func (s *Span) split(total int64, upper bool) {
	s.Begin, s.End = total/2, total-total/2
	if !upper {
		s.Begin, s.End = s.End, s.Begin
	}
}

// image returns the size of N×C×… after its first two dimensions.
func (c *call) image() ([]int64, error) {
	s := c.in[0].Shape
	if len(s) < 3 {
		return nil, invalid("input 0 has shape %v, want N×C and one dimension or more", s)
	}
	return s[2:], nil
}

// outs is a shape with the spatial size that the spans lead to.
func outs(n, ch int64, s []Span) []int64 {
	out := []int64{n, ch}
	for _, x := range s {
		out = append(out, x.Out)
	}
	return out
}

// notFlat reports whether operand 0 is no image of two dimensions.
func notFlat(c *call) bool { return len(c.in[0].Shape) != 4 }

// convolution checks a Conv of any number of dimensions.
func (c *call) convolution() (spans []Span, group int64, err error) {
	if err := c.floats(0, 1, 2); err != nil {
		return nil, 0, err
	}
	if spans, group, err = c.convolved(0, 1); err != nil {
		return nil, 0, err
	}
	if w := c.in[1].Shape; c.has(2) && !slices.Equal(c.in[2].Shape, w[:1]) {
		return nil, 0, invalid("input 2 has shape %v, want %v", c.in[2].Shape, w[:1])
	}
	return spans, group, nil
}

// convolved checks a convolution of the operands image and weights.
func (c *call) convolved(image, weights int) (spans []Span, group int64, err error) {
	w, s := c.in[weights].Shape, c.in[image].Shape
	if len(w) != len(s) || len(s) < 3 {
		return nil, 0, invalid("inputs have shapes %v and %v, want N×C×H×W and M×C/group×H×W, or as many other dimensions", s, w)
	}
	if spans, err = c.spans(s[2:], w[2:], false); err != nil {
		return nil, 0, err
	}
	g := c.attrs.int("group", 1)
	if g < 1 || g > s[1] || s[1]%g != 0 || w[0]%g != 0 || w[1] != s[1]/g {
		return nil, 0, invalid("%d channels and weights %v do not divide into %d groups", s[1], w, g)
	}
	padded := []int64{s[0], max(s[1], w[0])}
	for i, x := range spans {
		padded = append(padded, 2*s[2+i]+x.Begin+x.End)
	}
	if _, err := abi.Elements(padded); err != nil {
		return nil, 0, fmt.Errorf("padded image: %w", err) // kernels may lay it out
	}
	return spans, g, nil
}

func inferConv(c *call) (Type, error) {
	spans, g, err := c.convolution()
	if err != nil {
		return Type{}, err
	}
	c.n.Attrs.Window = window2(spans)
	c.n.Attrs.Window.Group = g
	return Type{c.in[0].DType, outs(c.in[0].Shape[0], c.in[1].Shape[0], spans)}, nil
}

// largest checks a MaxPool of any number of dimensions.
func (c *call) largest() ([]Span, error) {
	if t := c.in[0].DType; t != abi.Int8 && t != abi.Uint8 {
		if err := c.floats(0); err != nil {
			return nil, err
		}
	}
	size, err := c.image()
	if err != nil {
		return nil, err
	}
	c.n.Attrs.Last = c.attrs.flag("storage_order", 0)
	return c.spans(size, nil, c.attrs.flag("ceil_mode", 0))
}

func inferMaxPool(c *call) (Type, error) {
	spans, err := c.largest()
	if err != nil {
		return Type{}, err
	}
	c.n.Attrs.Window = window2(spans)
	return Type{c.in[0].DType, outs(c.in[0].Shape[0], c.in[0].Shape[1], spans)}, nil
}

// average checks an AveragePool of any number of dimensions.
func (c *call) average() (spans []Span, countPad bool, err error) {
	if err := c.floats(0); err != nil {
		return nil, false, err
	}
	size, err := c.image()
	if err != nil {
		return nil, false, err
	}
	countPad = c.attrs.flag("count_include_pad", 0)
	spans, err = c.spans(size, nil, c.attrs.flag("ceil_mode", 0))
	return spans, countPad, err
}

func inferAveragePool(c *call) (Type, error) {
	spans, countPad, err := c.average()
	if err != nil {
		return Type{}, err
	}
	c.n.Attrs.Window = window2(spans)
	c.n.Attrs.Window.CountPad = countPad
	return Type{c.in[0].DType, outs(c.in[0].Shape[0], c.in[0].Shape[1], spans)}, nil
}

func inferGlobalAveragePool(c *call) (Type, error) {
	s := c.in[0].Shape
	return Type{c.in[0].DType, []int64{s[0], s[1], 1, 1}}, c.floats(0)
}

// inferMaxPoolIndex is where the largest element of each window lies.
func inferMaxPoolIndex(c *call) (Type, error) {
	list, _ := c.attrs.ints("spans")
	for ; len(list) >= 6; list = list[6:] {
		c.n.Attrs.Spans = append(c.n.Attrs.Spans, Span{list[0], list[1], list[2], list[3], list[4], list[5]})
	}
	c.n.Attrs.Last = c.attrs.flag("storage_order", 0)
	return Type{abi.Int64, outs(c.in[0].Shape[0], c.in[0].Shape[1], c.n.Attrs.Spans)}, nil
}

func packSpans(spans []Span) []int64 {
	var out []int64
	for _, s := range spans {
		out = append(out, s.Kernel, s.Stride, s.Dilation, s.Begin, s.End, s.Out)
	}
	return out
}
