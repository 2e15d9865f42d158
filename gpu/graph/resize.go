package graph

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// A resize is a Resize or Upsample while it is decoded: the size that each
// dimension gets, and how it is resampled.
type resize struct {
	out     []int64
	how     []Resample
	outside float32
}

// composeResize resamples one axis after the other; nearest elements are gathered.
func composeResize(c *call, t *builder) ([]abi.Value, error) {
	r, err := c.resize()
	if err != nil {
		return nil, err
	}
	v, typ := c.n.In[0], c.in[0]
	if len(r.how) == 0 || slices.Equal(r.out, typ.Shape) && r.how[0].Place != "tf_crop_and_resize" {
		return []abi.Value{v}, nil
	}
	s := slices.Clone(typ.Shape)
	if typ.Elements() == 0 && (Type{Shape: r.out}).Elements() > 0 {
		return nil, invalid("%v has no elements to resize to %v", s, r.out)
	}
	nearest := r.how[0].Method == "nearest"
	compute := !nearest && !isFloat(typ.DType)
	if compute {
		v = t.cast(v, abi.Float32)
	}
	for a, how := range r.how {
		crop := how.Place == "tf_crop_and_resize" && (how.Start != 0 || how.End != 1)
		if r.out[a] == s[a] && !crop && (how.Scale == 1 || how.Scale == 0 && how.Num == how.Den) {
			continue
		}
		n := s[a]
		s[a] = r.out[a]
		if !nearest {
			v = t.node("Resample", []abi.Value{v}, append(how.attrs(), aInt("axis", int64(a)), aInts("shape", s), aFloat("outside", r.outside))...)
			continue
		}
		v = t.nearest(v, how, a, n, r.out[a], r.outside)
	}
	if compute {
		v = t.cast(v, typ.DType)
	}
	return []abi.Value{v}, t.err
}

// nearest gathers along an axis of n elements, and puts outside where there is none.
func (t *builder) nearest(v abi.Value, how Resample, axis int, n, out int64, outside float32) abi.Value {
	if out > maxKnown/8 {
		t.fail(invalid("axis %d of %d elements, at most %d", axis, out, maxKnown/8))
		return 0
	}
	index, inside := make([]int64, out), make([]byte, out) // paid for as constants
	missing := false
	for o := range index {
		if k := how.Nearest(o, n, out); k >= 0 {
			index[o], inside[o] = int64(k), 1
		} else {
			missing = true
		}
	}
	v = t.node("Gather", []abi.Value{v, t.hold(Type{abi.Int64, []int64{out}}, intBytes(index))}, aInt("axis", int64(axis)))
	if !missing || t.err != nil {
		return v
	}
	typ := t.typ(v)
	shape := make([]int64, len(typ.Shape)-axis)
	for i := range shape {
		shape[i] = 1
	}
	shape[0] = out
	other := t.hold(Type{typ.DType, []int64{}}, appendBits(nil, typ.DType, bitsFrom(typ.DType, float64(outside))))
	return t.node("Where", []abi.Value{t.hold(Type{abi.Bool, shape}, inside), v, other})
}

// resize decodes the forms of every opset: Upsample's scales, an attribute until
// opset 8; Resize with scales alone, in opset 10; with a part to crop and sizes.
func (c *call) resize() (r resize, err error) {
	base, opset := Resample{Method: c.attrs.string("mode", "nearest"), Place: "half_pixel", Round: "round_prefer_floor", Cubic: -0.75, End: 1}, c.g.cfg.Opset
	if c.n.Op == "Upsample" && opset >= 10 {
		return r, invalid("it is called Resize since opset 10")
	}
	old := c.n.Op == "Upsample" || opset < 11
	if old {
		base.Place, base.Round = "asymmetric", "simple"
	} else {
		if err := c.resizeMode(&base, &r); err != nil {
			return r, err
		}
	}
	switch base.Method {
	case "nearest", "linear":
	case "cubic":
		if old {
			return r, invalid("mode is cubic, which is supported from opset 11")
		}
	default:
		return r, invalid("mode is %q, want nearest, linear or cubic", clip(base.Method))
	}
	s := c.in[0].Shape
	axes := make([]int, len(s))
	for i := range axes {
		axes[i] = i
	}
	if list, ok := c.attrs.ints("axes"); ok && opset >= 18 {
		axes = nil
		if _, err := axisSet(list, len(s)); err != nil {
			return r, err
		}
		for _, x := range list {
			a, _ := axis(x, len(s))
			axes = append(axes, a)
		}
	} else if ok {
		return r, invalid("axes need opset 18, the graph states %d", opset)
	}
	scales, sizes, err := c.resizeBy()
	if err != nil {
		return r, err
	}
	r.out, r.how = slices.Clone(s), make([]Resample, len(s))
	for i := range r.how {
		r.how[i] = base
		r.how[i].Num, r.how[i].Den = 1, 1
	}
	switch {
	case scales != nil && sizes != nil:
		return r, invalid("both scales and sizes are given")
	case len(scales) == len(axes) && scales != nil:
		for i, a := range axes {
			f := float64(scales[i])
			if !(f > 0) || f*float64(s[a]) > abi.MaxElements {
				return r, invalid("scale %v of axis %d", f, a)
			}
			r.how[a].Scale, r.out[a] = f, int64(math.Floor(f*float64(s[a])))
		}
	case len(sizes) == len(axes) && sizes != nil:
		if err := c.resizeTo(&r, axes, sizes); err != nil {
			return r, err
		}
	default:
		return r, invalid("%d scales and %d sizes for %d axes", len(scales), len(sizes), len(axes))
	}
	if base.Place != "tf_crop_and_resize" {
		return r, nil
	}
	roi, err := c.numbersOf(1)
	if err != nil {
		return r, err
	}
	if len(roi) != 2*len(axes) {
		return r, invalid("input 1 has %d numbers, want %d", len(roi), 2*len(axes))
	}
	for i, a := range axes {
		r.how[a].Start, r.how[a].End = roi[i], roi[len(axes)+i]
		if math.IsNaN(roi[i]+roi[len(axes)+i]) || math.IsInf(roi[i]+roi[len(axes)+i], 0) {
			return r, invalid("input 1, the part to crop, is %v", roi)
		}
	}
	return r, nil
}

// resizeMode decodes the attributes of Resize since opset 11.
func (c *call) resizeMode(base *Resample, r *resize) error {
	opset := c.g.cfg.Opset
	base.Place = c.attrs.string("coordinate_transformation_mode", base.Place)
	switch base.Place {
	case "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize":
	case "tf_half_pixel_for_nn":
		if opset >= 13 {
			return invalid("coordinate_transformation_mode is tf_half_pixel_for_nn, which is no more since opset 13")
		}
	case "half_pixel_symmetric":
		if opset < 19 {
			return invalid("coordinate_transformation_mode is half_pixel_symmetric, which needs opset 19")
		}
	default:
		return invalid("coordinate_transformation_mode is %q", clip(base.Place))
	}
	base.Round = c.attrs.string("nearest_mode", base.Round)
	switch base.Round {
	case "round_prefer_floor", "round_prefer_ceil", "floor", "ceil":
	default:
		return invalid("nearest_mode is %q", clip(base.Round))
	}
	base.Cubic = float64(c.attrs.float("cubic_coeff_a", -0.75))
	base.Exclude = c.attrs.flag("exclude_outside", 0)
	if opset >= 18 {
		base.Antialias = c.attrs.flag("antialias", 0)
	}
	r.outside = c.attrs.float("extrapolation_value", 0)
	if math.IsNaN(base.Cubic) || math.Abs(base.Cubic) > 16 {
		return invalid("cubic_coeff_a is %v", base.Cubic)
	}
	return nil
}

// resizeBy returns the scales or the sizes; the other is nil.
func (c *call) resizeBy() (scales []float64, sizes []int64, err error) {
	switch opset := c.g.cfg.Opset; {
	case c.n.Op == "Upsample" && opset < 9:
		list, _ := c.attrs.floats("scales")
		for _, f := range list {
			scales = append(scales, float64(f))
		}
		return scales, nil, nil
	case c.n.Op == "Upsample" || opset < 11:
		scales, err = c.numbersOf(1)
		return scales, nil, err
	}
	if c.has(2) && (c.in[2].Elements() > 0 || !c.has(3)) {
		if scales, err = c.numbersOf(2); err != nil {
			return nil, nil, err
		}
	}
	sizes, _, err = c.ints(3)
	return scales, sizes, err
}

// numbersOf returns the elements of operand i, a known vector of floating point;
// nil where it is left out.
func (c *call) numbersOf(i int) ([]float64, error) {
	if !c.has(i) {
		return nil, nil
	}
	n, err := c.constant(i)
	if err != nil {
		return nil, err
	}
	if n.DType != abi.Float32 && n.DType != abi.Float64 && n.DType != abi.Float16 || len(n.Shape) != 1 || n.Elements() > maxInts {
		return nil, invalid("input %d is %v, want a vector of numbers", i, n.Type)
	}
	list := []float64{}
	for b := n.Data; len(b) > 0; b = b[n.DType.Size():] {
		list = append(list, Number(n.DType, b))
	}
	return list, nil
}

// resizeTo sets sizes, or with a policy the sizes that keep the proportions.
func (c *call) resizeTo(r *resize, axes []int, sizes []int64) error {
	s, policy := c.in[0].Shape, "stretch"
	if c.g.cfg.Opset >= 18 {
		policy = c.attrs.string("keep_aspect_ratio_policy", policy)
	}
	for i, a := range axes {
		if sizes[i] < 0 || sizes[i] > abi.MaxElements || s[a] == 0 {
			return invalid("size %d for %d elements of axis %d", sizes[i], s[a], a)
		}
		r.how[a].Num, r.how[a].Den, r.out[a] = sizes[i], s[a], sizes[i]
	}
	smaller := false
	switch policy {
	case "stretch":
		return nil
	case "not_larger":
		smaller = true
	case "not_smaller":
	default:
		return invalid("keep_aspect_ratio_policy is %q, want stretch, not_larger or not_smaller", clip(policy))
	}
	var num, den int64
	for i, a := range axes {
		if less := float64(sizes[i])*float64(den) < float64(num)*float64(s[a]); i == 0 || less == smaller {
			num, den = sizes[i], s[a]
		}
	}
	for _, a := range axes {
		out := math.Floor(float64(num)*float64(s[a])/float64(den) + 0.5)
		if out > abi.MaxElements {
			return invalid("axis %d of %d elements times %d/%d", a, s[a], num, den)
		}
		r.how[a].Num, r.how[a].Den, r.out[a] = num, den, int64(out)
	}
	return nil
}
