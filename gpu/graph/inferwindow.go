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

// window decodes the attributes that Conv and the pools share and returns the
// spatial size of the result.
func (c *call) window(kernel []int64, ceil bool) (out [2]int64, err error) {
	s := c.in[0].Shape
	if len(s) != 4 {
		return out, invalid("input 0 has shape %v, want N×C×H×W", s)
	}
	w := &c.n.Attrs.Window
	if list, ok := c.attrs.ints("kernel_shape"); ok {
		if kernel != nil && !slices.Equal(list, kernel) {
			return out, invalid("kernel_shape %v, the weights have %v", list, kernel)
		}
		kernel = list
	}
	if err := windowNumbers(w.Kernel[:], "kernel_shape", kernel, 1); err != nil {
		return out, err
	}
	w.Stride, w.Dilation = [2]int64{1, 1}, [2]int64{1, 1}
	for _, f := range []struct {
		name string
		dst  []int64
		low  int64
	}{{"strides", w.Stride[:], 1}, {"dilations", w.Dilation[:], 1}, {"pads", w.Pads[:], 0}} {
		if list, ok := c.attrs.ints(f.name); ok {
			if err := windowNumbers(f.dst, f.name, list, f.low); err != nil {
				return out, err
			}
		}
	}
	mode := c.attrs.string("auto_pad", "NOTSET")
	for i := range out {
		in, span := s[2+i], (w.Kernel[i]-1)*w.Dilation[i]+1
		switch mode {
		case "NOTSET":
		case "VALID":
			w.Pads[i], w.Pads[i+2] = 0, 0
		case "SAME_UPPER", "SAME_LOWER":
			need := max((ceilDiv(in, w.Stride[i])-1)*w.Stride[i]+span-in, 0)
			w.Pads[i], w.Pads[i+2] = need/2, need-need/2
			if mode == "SAME_LOWER" {
				w.Pads[i], w.Pads[i+2] = need-need/2, need/2
			}
		default:
			return out, invalid("auto_pad is %q", clip(mode))
		}
		room := in + w.Pads[i] + w.Pads[i+2] - span
		if room < 0 {
			return out, invalid("a window of %d does not fit in %d with padding %d and %d", span, in, w.Pads[i], w.Pads[i+2])
		}
		out[i] = room/w.Stride[i] + 1
		if ceil && room%w.Stride[i] != 0 && out[i]*w.Stride[i] < in+w.Pads[i] {
			out[i]++ // a last window that starts inside, and ends outside
		}
	}
	return out, nil
}

func windowNumbers(dst []int64, name string, list []int64, low int64) error {
	if len(list) != len(dst) {
		return invalid("%s %v, want %d numbers", name, list, len(dst))
	}
	for i, x := range list {
		if x < low || x > maxWindow {
			return invalid("%s %v: %d is not in %d to %d", name, list, x, low, maxWindow)
		}
		dst[i] = x
	}
	return nil
}

func inferConv(c *call) (Type, error) {
	if err := c.floats(0, 1, 2); err != nil {
		return Type{}, err
	}
	w, s := c.in[1].Shape, c.in[0].Shape
	if len(w) != 4 || len(s) != 4 {
		return Type{}, invalid("inputs have shapes %v and %v, want N×C×H×W and M×C/group×H×W", s, w)
	}
	out, err := c.window(w[2:], false)
	if err != nil {
		return Type{}, err
	}
	g := c.attrs.int("group", 1)
	if g < 1 || g > s[1] || s[1]%g != 0 || w[0]%g != 0 || w[1] != s[1]/g {
		return Type{}, invalid("%d channels and weights %v do not divide into %d groups", s[1], w, g)
	}
	c.n.Attrs.Window.Group = g
	pads := c.n.Attrs.Window.Pads
	if _, err := abi.Elements([]int64{s[0], max(s[1], w[0]), 2*s[2] + pads[0] + pads[2], 2*s[3] + pads[1] + pads[3]}); err != nil {
		return Type{}, fmt.Errorf("padded image: %w", err) // kernels may lay it out
	}
	if c.has(2) && !slices.Equal(c.in[2].Shape, w[:1]) {
		return Type{}, invalid("input 2 has shape %v, want %v", c.in[2].Shape, w[:1])
	}
	return Type{c.in[0].DType, []int64{s[0], w[0], out[0], out[1]}}, nil
}

func inferMaxPool(c *call) (Type, error) {
	c.attrs.only("storage_order", 0)
	return inferPool(c, c.attrs.flag("ceil_mode", 0))
}

func inferAveragePool(c *call) (Type, error) {
	c.attrs.only("ceil_mode", 0)
	c.n.Attrs.Window.CountPad = c.attrs.flag("count_include_pad", 0)
	return inferPool(c, false)
}

func inferPool(c *call, ceil bool) (Type, error) {
	if err := c.floats(0); err != nil {
		return Type{}, err
	}
	out, err := c.window(nil, ceil)
	if err != nil {
		return Type{}, err
	}
	s := c.in[0].Shape
	return Type{c.in[0].DType, []int64{s[0], s[1], out[0], out[1]}}, nil
}

func inferGlobalAveragePool(c *call) (Type, error) {
	s := c.in[0].Shape
	if len(s) != 4 {
		return Type{}, invalid("input 0 has shape %v, want N×C×H×W", s)
	}
	return Type{c.in[0].DType, []int64{s[0], s[1], 1, 1}}, c.floats(0)
}
