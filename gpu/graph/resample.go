package graph

import (
	"math"

	"github.com/cloister-ai/cloister/abi"
)

// A Resample says how one axis is read at other places than where its elements
// are: the parameters of ONNX's Resize, along one axis.
type Resample struct {
	Method    string  `pb:"1"` // nearest, linear or cubic
	Place     string  `pb:"2"` // coordinate_transformation_mode
	Round     string  `pb:"3"` // nearest_mode
	Cubic     float64 `pb:"4"` // coefficient a of the cubic
	Exclude   bool    `pb:"5"` // what lies outside has no weight
	Antialias bool    `pb:"6"` // a smaller result averages over what it stands for
	Scale     float64 `pb:"7"` // result over operand; zero is Num/Den
	Num       int64   `pb:"8"`
	Den       int64   `pb:"9"`
	Start     float64 `pb:"10"` // the part that is cropped, of 1
	End       float64 `pb:"11"`
}

// maxTaps bounds what one element of a result is made of.
const maxTaps = 1 << 14

// A Tap is one element that a result is made of, with its weight.
type Tap struct {
	At     int
	Weight float64
}

func (r *Resample) scale() float64 {
	if r.Scale != 0 {
		return r.Scale
	}
	return float64(r.Num) / float64(r.Den)
}

// over is o in the coordinates of the operand, if both begin at zero. Nearest
// elements hang on how it is rounded, so there it is float32, as scales are.
func (r *Resample) over(o float64) float64 {
	switch {
	case r.Scale == 0:
		return o * float64(r.Den) / float64(r.Num)
	case r.Method == "nearest":
		return float64(float32(o) / float32(r.Scale))
	}
	return o / r.Scale
}

// place returns where result o of out lies on an axis of n elements, and whether
// that is inside.
func (r *Resample) place(o int, n, out int64) (float64, bool) {
	x := float64(o)
	length := float64(out) // of the result, before it was rounded to elements
	if r.Scale != 0 {
		length = r.Scale * float64(n)
	}
	last := float64(n - 1)
	switch r.Place {
	case "asymmetric":
		return r.over(x), true
	case "align_corners":
		if out == 1 {
			return 0, true
		}
		return x * last / (length - 1), true
	case "pytorch_half_pixel":
		if out == 1 {
			return 0, true
		}
	case "tf_half_pixel_for_nn":
		return r.over(x + 0.5), true
	case "half_pixel_symmetric":
		s := r.scale()
		return float64(n)/2*(1-float64(out)/(s*float64(n))) + (x+0.5)/s - 0.5, true
	case "tf_crop_and_resize":
		p := (r.Start + r.End) / 2 * last
		if out > 1 {
			p = r.Start*last + x*(r.End-r.Start)*last/(length-1)
		}
		return p, p >= 0 && p <= last
	}
	return r.over(x+0.5) - 0.5, true
}

// Nearest returns which of n elements result o of out is; -1 is none of them.
func (r *Resample) Nearest(o int, n, out int64) int {
	x, inside := r.place(o, n, out)
	if !inside {
		return -1
	}
	switch r.Round {
	case "round_prefer_ceil":
		x = math.Floor(x + 0.5)
	case "floor":
		x = math.Floor(x)
	case "ceil":
		x = math.Ceil(x)
	case "simple":
		if x = math.Floor(x); r.scale() < 1 {
			x, _ = r.place(o, n, out)
			x = math.Ceil(x)
		}
	default:
		x = math.Ceil(x - 0.5)
	}
	return clampIndex(x, n)
}

func clampIndex(x float64, n int64) int {
	return int(math.Min(math.Max(x, 0), float64(n-1)))
}

// Taps appends what result o of out is made of, of n elements; nothing where it
// lies outside of what is cropped. The weights add up to 1.
func (r *Resample) Taps(taps []Tap, o int, n, out int64) []Tap {
	x, inside := r.place(o, n, out)
	if !inside {
		return taps
	}
	shrink, reach := 1.0, 1.0 // reach is how far the kernel goes
	if r.Antialias {
		shrink = math.Min(r.scale(), 1)
	}
	if r.Method == "cubic" {
		reach = 2
	}
	from, sum := len(taps), 0.0
	for i := math.Ceil(x - reach/shrink); i <= x+reach/shrink; i++ {
		if r.Exclude && (i < 0 || i >= float64(n)) {
			continue
		}
		w := r.weight((i - x) * shrink)
		if w == 0 {
			continue
		}
		at := clampIndex(i, n)
		sum += w
		if k := len(taps) - 1; k >= from && taps[k].At == at {
			taps[k].Weight += w
		} else {
			taps = append(taps, Tap{at, w})
		}
	}
	for i := range taps[from:] {
		taps[from+i].Weight /= sum
	}
	return taps
}

// weight is the interpolation kernel: a triangle, or the piecewise cubic of Keys,
// "Cubic Convolution Interpolation for Digital Image Processing" (1981).
func (r *Resample) weight(d float64) float64 {
	d = math.Abs(d)
	if r.Method != "cubic" {
		return math.Max(1-d, 0)
	}
	switch a := r.Cubic; {
	case d <= 1:
		return ((a+2)*d-(a+3))*d*d + 1
	case d < 2:
		return ((a*d-5*a)*d+8*a)*d - 4*a
	}
	return 0
}

// attrs hands r to an internal node, and decode is what that makes of it.
func (r *Resample) attrs() []abi.Attr {
	bits := make([]int64, 4)
	for i, f := range []float64{r.Cubic, r.Scale, r.Start, r.End} {
		bits[i] = int64(math.Float64bits(f))
	}
	return []abi.Attr{aText("method", r.Method), aText("place", r.Place), aText("round", r.Round), aFlag("exclude", r.Exclude),
		aFlag("antialias", r.Antialias), aInts("bits", bits), aInt("num", r.Num), aInt("den", r.Den)}
}

func (r *Resample) decode(a *attrs) {
	r.Method, r.Place, r.Round = a.string("method", ""), a.string("place", ""), a.string("round", "")
	r.Exclude, r.Antialias = a.flag("exclude", 0), a.flag("antialias", 0)
	r.Num, r.Den = a.int("num", 1), a.int("den", 1)
	bits, _ := a.ints("bits")
	for i, f := range []*float64{&r.Cubic, &r.Scale, &r.Start, &r.End} {
		if i < len(bits) {
			*f = math.Float64frombits(uint64(bits[i]))
		}
	}
}

// inferResample is one axis of operand 0, resampled. Where a result lies outside
// it is Alpha.
func inferResample(c *call) (Type, error) {
	c.n.Attrs.Resample.decode(c.attrs)
	c.n.Attrs.Alpha = c.attrs.float("outside", 0)
	t, err := inferShapeOf(c)
	if err != nil {
		return t, err
	}
	if r := c.n.Attrs.Resample; r.Antialias && 4/r.scale() > maxTaps {
		return t, invalid("an element of the result is made of more than %d", maxTaps)
	}
	return t, c.floats(0)
}

func gradResample(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.node("ResampleGrad", []abi.Value{dy}, append(n.Attrs.Resample.attrs(),
		aInt("axis", int64(n.Attrs.Axis)), aInts("shape", t.typ(n.In[0]).Shape))...))
}

// costResample counts the taps of the larger side.
func costResample(n *Node, in []Type) uint64 {
	r := &n.Attrs.Resample
	taps := int64(2)
	if r.Method == "cubic" {
		taps = 4
	}
	return mulSat(2*taps, max(n.Elements(), in[0].Elements()))
}
