package graph

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// maxSpan bounds kernels, strides, pads and what else counts elements along one
// dimension.
const maxSpan = 1 << 41

// modes are the words that attributes may be.
var modes = map[string][]string{
	"mode":               {"", "none", "add", "mul", "max", "min", PadConstant, "reflect", "edge", "wrap"},
	"resampling":         {"", "nearest", "linear", "cubic"},
	"resampling's place": {"", "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"},
	"resampling's round": {"", "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"},
	"grid":               {"", "nearest", "linear", "cubic"},
	"what is outside":    {"", "zeros", "border", "reflection"},
}

// check refuses attributes that no operator has: decoded ones are in these bounds
// whatever the operator.
func (a *Attrs) check() error {
	for _, w := range []struct{ what, word string }{
		{"mode", a.Mode}, {"resampling", a.Resample.Method}, {"resampling's place", a.Resample.Place}, {"resampling's round", a.Resample.Round},
		{"grid", a.Grid.Method}, {"what is outside", a.Grid.Outside},
	} {
		if !slices.Contains(modes[w.what], w.word) {
			return invalid("%s is %q", w.what, clip(w.word))
		}
	}
	axes := append([]int{a.Axis, a.Batch}, a.Axes...)
	for _, x := range axes {
		if x < 0 || x > abi.MaxRank {
			return invalid("axis %d, at most %d", x, abi.MaxRank)
		}
	}
	w, r := a.Window, a.Resample
	lists := [][]int64{a.Starts, a.Steps, a.Shape, w.Kernel[:], w.Stride[:], w.Dilation[:], w.Pads[:], {w.Group, a.Length, r.Num, r.Den, a.Roi.Samples}}
	for _, s := range a.Spans {
		lists = append(lists, []int64{s.Kernel, s.Stride, s.Dilation, s.Begin, s.End, s.Out})
	}
	if most := 2 * abi.MaxRank; len(axes) > most || len(a.Spans) > abi.MaxRank || len(a.Starts) > most || len(a.Steps) > most || len(a.Shape) > abi.MaxRank {
		return invalid("lists of %d, %d, %d, %d and %d, at most %d", len(a.Axes), len(a.Starts), len(a.Steps), len(a.Shape), len(a.Spans), abi.MaxRank)
	}
	for _, list := range lists {
		for _, i := range list {
			if i < -maxSpan || i > maxSpan {
				return invalid("%d, at most %d", i, int64(maxSpan))
			}
		}
	}
	for _, f := range []float64{r.Cubic, r.Scale, r.Start, r.End, a.Roi.Scale} {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return invalid("%v is not a number", f)
		}
	}
	if r.Antialias && !(4/r.scale() <= maxTaps) {
		return invalid("an element is resampled of more than %d", maxTaps)
	}
	if a.Reduction > ReduceNone {
		return invalid("reduction %d", a.Reduction)
	}
	return a.Cell.check()
}

func (c *Cell) check() error {
	if c == nil {
		return nil
	}
	if perCell[c.Kind] == nil {
		return invalid("a cell's kind is %q", clip(c.Kind))
	}
	if c.Hidden < 0 || c.Hidden > maxSpan || len(c.Reverse) < 1 || len(c.Reverse) > 2 || len(c.Acts) != len(c.Reverse)*len(perCell[c.Kind]) {
		return invalid("a cell of %d elements, %d directions and %d activations", c.Hidden, len(c.Reverse), len(c.Acts))
	}
	for _, f := range c.Acts {
		if _, ok := activations[f.Name]; !ok {
			return invalid("a cell's activation is %q", clip(f.Name))
		}
	}
	return nil
}
