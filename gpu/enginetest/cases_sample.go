package enginetest

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// A resizing says how one axis is resized: what the attributes of Resize say.
type resizing struct {
	mode, place, round string
	scale              float64
	size               int // of the result
	a                  float64
	exclude, antialias bool
	roi                [2]float64
}

// source is where result o of an axis lies among n elements.
func (r resizing) source(o, n int) float64 {
	x, in, out := float64(o), float64(n), float64(r.size)
	switch r.place {
	case "asymmetric":
		return x / r.scale
	case "align_corners":
		if r.size == 1 {
			return 0
		}
		return x * (in - 1) / (out - 1)
	case "pytorch_half_pixel":
		if r.size == 1 {
			return 0
		}
	case "half_pixel_symmetric":
		return in/2*(1-out/(r.scale*in)) + (x+0.5)/r.scale - 0.5
	case "tf_crop_and_resize":
		if r.size == 1 {
			return (r.roi[0] + r.roi[1]) / 2 * (in - 1)
		}
		return r.roi[0]*(in-1) + x*(r.roi[1]-r.roi[0])*(in-1)/(out-1)
	}
	return (x+0.5)/r.scale - 0.5
}

// weights is what each of n elements contributes to result o.
func (r resizing) weights(o, n int) []float64 {
	w := make([]float64, n)
	x := r.source(o, n)
	if r.mode == "nearest" {
		switch r.round {
		case "floor":
			x = math.Floor(x)
		case "ceil":
			x = math.Ceil(x)
		case "round_prefer_ceil":
			x = math.Floor(x + 0.5)
		default:
			x = math.Ceil(x - 0.5)
		}
		w[int(math.Min(math.Max(x, 0), float64(n-1)))] = 1
		return w
	}
	shrink := 1.0
	if r.antialias && r.scale < 1 {
		shrink = r.scale
	}
	sum := 0.0
	for i := -50; i < n+50; i++ {
		d, v := math.Abs(float64(i)-x)*shrink, 0.0
		switch {
		case r.mode == "linear":
			v = math.Max(0, 1-d)
		case d <= 1:
			v = (r.a+2)*d*d*d - (r.a+3)*d*d + 1
		case d < 2:
			v = r.a*d*d*d - 5*r.a*d*d + 8*r.a*d - 4*r.a
		}
		if r.exclude && (i < 0 || i >= n) {
			continue
		}
		w[min(max(i, 0), n-1)] += v
		sum += v
	}
	for i := range w {
		w[i] /= sum
	}
	return w
}

// resized takes the sum over all elements, each with the product of its weights
// along the axes; outside of what is cropped it is value.
func resized(value float64, axes ...resizing) func([]array) array {
	return func(in []array) array {
		shape := slices.Clone(in[0].shape)
		for d, r := range axes {
			shape[d] = int64(r.size)
		}
		return generate(in[0].dt, shape, func(at []int) float64 {
			sum := 0.0
			weights := make([][]float64, len(axes))
			for d, r := range axes {
				n := int(in[0].shape[d])
				if x := r.source(at[d], n); r.place == "tf_crop_and_resize" && (x < 0 || x > float64(n-1)) {
					return value
				}
				weights[d] = r.weights(at[d], n)
			}
			for i, v := range in[0].data {
				for d, p := range index(i, in[0].shape) {
					v *= weights[d][p]
				}
				sum += v
			}
			return sum
		})
	}
}

// bilinear reads a plane between its pixels, where pixel gives one.
func bilinear(y, x float64, pixel func(y, x int) float64) float64 {
	y0, x0 := math.Floor(y), math.Floor(x)
	sum := 0.0
	for i := range 2 {
		for j := range 2 {
			wy, wx := 1-math.Abs(y-y0-float64(i)), 1-math.Abs(x-x0-float64(j))
			sum += wy * wx * pixel(int(y0)+i, int(x0)+j)
		}
	}
	return sum
}

// gridded is GridSample by bilinear reading.
func gridded(outside string, corners bool) func([]array) array {
	return func(in []array) array {
		s, g := in[0].shape, in[1].shape
		place := func(v float64, n int64) float64 {
			low, high := -0.5, float64(n)-0.5
			if corners {
				v, low, high = (v+1)/2*float64(n-1), 0, float64(n-1)
			} else {
				v = ((v+1)*float64(n) - 1) / 2
			}
			for outside == "reflection" && (v < low || v > high) {
				if v < low {
					v = 2*low - v
				} else {
					v = 2*high - v
				}
			}
			if outside != "zeros" {
				v = math.Min(math.Max(v, 0), float64(n-1))
			}
			return v
		}
		return generate(in[0].dt, ints(s[0], s[1], g[1], g[2]), func(at []int) float64 {
			x := place(in[1].at([]int{at[0], at[2], at[3], 0}), s[3])
			y := place(in[1].at([]int{at[0], at[2], at[3], 1}), s[2])
			return bilinear(y, x, func(i, j int) float64 {
				if i < 0 || j < 0 || i >= int(s[2]) || j >= int(s[3]) {
					return 0
				}
				return in[0].at([]int{at[0], at[1], i, j})
			})
		})
	}
}

// bicubic is GridSample by cubics over four pixels each way, zero outside.
func bicubic(in []array) array {
	s, g := in[0].shape, in[1].shape
	weight := func(d float64) float64 {
		if d = math.Abs(d); d <= 1 {
			return 1.25*d*d*d - 2.25*d*d + 1
		}
		return math.Max(0, math.Copysign(1, 2-d)) * (-0.75*d*d*d + 3.75*d*d - 6*d + 3)
	}
	return generate(in[0].dt, ints(s[0], s[1], g[1], g[2]), func(at []int) float64 {
		x := ((in[1].at([]int{at[0], at[2], at[3], 0})+1)*float64(s[3]) - 1) / 2
		y := ((in[1].at([]int{at[0], at[2], at[3], 1})+1)*float64(s[2]) - 1) / 2
		sum := 0.0
		for i := range int(s[2]) {
			for j := range int(s[3]) {
				sum += weight(y-float64(i)) * weight(x-float64(j)) * in[0].at([]int{at[0], at[1], i, j})
			}
		}
		return sum
	})
}

// aligned is the mean over samples of RoiAlign.
func aligned(h, w, samples int, scale, shift float64) func([]array) array {
	return func(in []array) array {
		s := in[0].shape
		return generate(in[0].dt, ints(in[1].shape[0], s[1], int64(h), int64(w)), func(at []int) float64 {
			box := make([]float64, 4)
			for i := range box {
				box[i] = in[1].at([]int{at[0], i})*scale - shift
			}
			bh, bw := (box[3]-box[1])/float64(h), (box[2]-box[0])/float64(w)
			if shift == 0 {
				bh, bw = math.Max(box[3]-box[1], 1)/float64(h), math.Max(box[2]-box[0], 1)/float64(w)
			}
			ny, nx := samples, samples
			if samples == 0 {
				ny, nx = int(math.Ceil(bh)), int(math.Ceil(bw))
			}
			sum := 0.0
			for i := range ny {
				for j := range nx {
					y := box[1] + (float64(at[2])+(float64(i)+0.5)/float64(ny))*bh
					x := box[0] + (float64(at[3])+(float64(j)+0.5)/float64(nx))*bw
					if y < -1 || y > float64(s[2]) || x < -1 || x > float64(s[3]) {
						continue
					}
					y, x = math.Min(math.Max(y, 0), float64(s[2]-1)), math.Min(math.Max(x, 0), float64(s[3]-1))
					sum += bilinear(y, x, func(i, j int) float64 {
						return in[0].at([]int{int(in[2].data[at[0]]), at[1], min(i, int(s[2])-1), min(j, int(s[3])-1)})
					})
				}
			}
			return sum / float64(ny*nx)
		})
	}
}

func sampleCases() []opCase {
	scales := func(v ...float64) operand { return fixed(abi.Float32, ints(int64(len(v))), v...) }
	way := func(mode, place string, size int, scale float64) resizing {
		return resizing{mode: mode, place: place, size: size, scale: scale, a: -0.75}
	}
	// bySizes resizes 3×5 to h×w.
	bySizes := func(name, mode, place string, h, w int, more ...any) opCase {
		list := attrs(append([]any{"mode", mode, "coordinate_transformation_mode", place}, more...)...)
		y, x1 := way(mode, place, h, float64(h)/3), way(mode, place, w, float64(w)/5)
		for _, a := range list {
			for _, r := range []*resizing{&y, &x1} {
				switch a.Name {
				case "nearest_mode":
					r.round = a.S
				case "cubic_coeff_a":
					r.a = float64(a.F)
				case "exclude_outside":
					r.exclude = true
				case "antialias":
					r.antialias = true
				}
			}
		}
		return opCase{name: "Resize/" + name, attrs: list, in: []operand{x(1, 3, 5), left(), left(), listOf(h, w)}, want: resized(0, y, x1)}
	}
	crop := func(r resizing, from, to float64) resizing { r.roi = [2]float64{from, to}; return r }
	boxes := plain(floats(ints(3, 4), 0.3, 0.6, 5.1, 4.2, -3, -2, 1.2, 2.7, 4.1, 3.3, 7.4, 9))
	grid := operand{array: floats(ints(1, 2, 3, 2), -0.9, 0.3, 0.15, -0.35, 0.72, 0.55, -1.3, 0.1, 1.4, 1.25, 0.45, -1.7), diff: true}
	return []opCase{
		bySizes("nearest", "nearest", "half_pixel", 6, 7),
		bySizes("floor", "nearest", "asymmetric", 7, 3, "nearest_mode", "floor"),
		bySizes("ceil", "nearest", "align_corners", 4, 4, "nearest_mode", "ceil"),
		bySizes("preferCeil", "nearest", "asymmetric", 6, 10, "nearest_mode", "round_prefer_ceil"),
		bySizes("linear", "linear", "half_pixel", 7, 8),
		bySizes("corners", "linear", "align_corners", 5, 2),
		bySizes("pytorch", "linear", "pytorch_half_pixel", 1, 9),
		bySizes("smaller", "linear", "half_pixel", 2, 3),
		bySizes("antialias", "linear", "half_pixel", 2, 2, "antialias", 1),
		bySizes("cubic", "cubic", "half_pixel", 5, 11),
		bySizes("cubicExclude", "cubic", "half_pixel", 4, 3, "cubic_coeff_a", -0.5, "exclude_outside", 1),
		bySizes("cubicAntialias", "cubic", "asymmetric", 2, 3, "antialias", 1),
		{name: "Resize", in: []operand{x(1, 2, 3), left(), scales(2, 2)}, want: resized(0, way("nearest", "half_pixel", 4, 2), way("nearest", "half_pixel", 6, 2))},
		{name: "Resize/scales", attrs: attrs("mode", "linear"), in: []operand{x(1, 1, 5), left(), scales(1, 1.5)}, want: resized(0, way("linear", "half_pixel", 1, 1), way("linear", "half_pixel", 7, 1.5))},
		{name: "Resize/symmetric", attrs: attrs("mode", "linear", "coordinate_transformation_mode", "half_pixel_symmetric"), in: []operand{x(1, 5), left(), scales(1.5)}, want: resized(0, way("linear", "half_pixel_symmetric", 7, 1.5))},
		{name: "Resize/axes", attrs: attrs("axes", ints(-1), "mode", "linear"), in: []operand{x(1, 2, 4), left(), left(), list(6)}, want: resized(0, way("linear", "half_pixel", 2, 1), way("linear", "half_pixel", 6, 1.5))},
		{name: "Resize/crop", attrs: attrs("mode", "linear", "coordinate_transformation_mode", "tf_crop_and_resize", "extrapolation_value", 7.5),
			in:   []operand{x(1, 4, 5), scales(0.25, -0.25, 0.75, 1.5), left(), list(3, 6)},
			want: resized(7.5, crop(way("linear", "tf_crop_and_resize", 3, 0.75), 0.25, 0.75), crop(way("linear", "tf_crop_and_resize", 6, 1.2), -0.25, 1.5))},
		{name: "Resize/cropNearest", attrs: attrs("coordinate_transformation_mode", "tf_crop_and_resize", "extrapolation_value", -1.0, "nearest_mode", "floor"),
			in:   []operand{x(1, 2, 4), scales(0, 0.5, 1, 1.5), left(), list(2, 4)},
			want: resized(-1, way("nearest", "half_pixel", 2, 1), crop(resizing{mode: "nearest", round: "floor", place: "tf_crop_and_resize", size: 4, scale: 1}, 0.5, 1.5))},
		{name: "Resize/notLarger", attrs: attrs("keep_aspect_ratio_policy", "not_larger", "mode", "linear"), in: []operand{x(1, 2, 4), left(), left(), list(7, 6)}, want: resized(0, way("linear", "half_pixel", 3, 1.5), way("linear", "half_pixel", 6, 1.5))},
		{name: "Resize/notSmaller", attrs: attrs("keep_aspect_ratio_policy", "not_smaller"), in: []operand{x(1, 2, 4), left(), left(), list(3, 7)}, want: resized(0, way("nearest", "half_pixel", 4, 1.75), way("nearest", "half_pixel", 7, 1.75))},
		{name: "RoiAlign", attrs: attrs("output_height", 2, "output_width", 3, "sampling_ratio", 2), in: []operand{x(1, 2, 2, 6, 7), boxes, labels(ints(3), 0, 1, 1)}, want: aligned(2, 3, 2, 1, 0.5)},
		{name: "RoiAlign/scale", attrs: attrs("spatial_scale", 0.5, "coordinate_transformation_mode", "output_half_pixel"), in: []operand{x(1, 2, 2, 6, 7), boxes, labels(ints(3), 0, 1, 1)}, want: aligned(1, 1, 0, 0.5, 0)},
		{name: "GridSample", in: []operand{x(1, 1, 2, 3, 4), grid}, want: gridded("zeros", false)},
		{name: "GridSample/border", attrs: attrs("padding_mode", "border", "align_corners", 1), in: []operand{x(1, 1, 2, 3, 4), grid}, want: gridded("border", true)},
		{name: "GridSample/reflection", attrs: attrs("padding_mode", "reflection"), in: []operand{x(1, 1, 2, 3, 4), grid}, want: gridded("reflection", false)},
		{name: "GridSample/far", attrs: attrs("padding_mode", "reflection", "align_corners", 1), in: []operand{x(1, 1, 2, 3, 4), {array: floats(ints(1, 1, 3, 2), 3.7, -4.15, -6.2, 2.45, 8.1, -3.35), diff: true}}, want: gridded("reflection", true)},
		{name: "GridSample/cubic", attrs: attrs("mode", "cubic"), in: []operand{x(1, 1, 2, 3, 4), grid}, want: bicubic},
	}
}

func listOf(v ...int) operand {
	var f []float64
	for _, i := range v {
		f = append(f, float64(i))
	}
	return list(f...)
}
