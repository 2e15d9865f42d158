package graph

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// inferNonMaxSuppression chooses, of known boxes with scores, the best that do
// not overlap: rows of batch, class and box.
func inferNonMaxSuppression(c *call) (Type, error) {
	if err := c.floats(0, 1); err != nil {
		return Type{}, err
	}
	b, s := c.in[0].Shape, c.in[1].Shape
	if len(b) != 3 || len(s) != 3 || b[2] != 4 || s[0] != b[0] || s[2] != b[1] {
		return Type{}, invalid("boxes %v and scores %v, want N×B×4 and N×C×B", b, s)
	}
	most, overlap, least := int64(0), 0.0, math.Inf(-1)
	if list, ok, err := c.ints(2); err != nil {
		return Type{}, err
	} else if ok && len(list) == 1 {
		most = list[0]
	}
	for i, f := range []*float64{&overlap, &least} {
		if !c.has(3 + i) {
			continue
		}
		x, err := c.scalar(3+i, 0)
		if err != nil {
			return Type{}, err
		}
		*f = float64(x)
	}
	if !(overlap >= 0 && overlap <= 1) {
		return Type{}, invalid("iou_threshold is %v, want 0 to 1", overlap)
	}
	center := c.attrs.flag("center_point_box", 0)
	boxes, err := c.constant(0)
	if err != nil {
		return Type{}, err
	}
	scores, err := c.constant(1)
	if err != nil {
		return Type{}, err
	}
	if err := c.g.spend(mulSat(16, s[0], s[1], s[2], min(max(most, 1), s[2]))); err != nil { // comparisons
		return Type{}, err
	}
	size := boxes.DType.Size()
	at := func(n *Node, i int64) float64 { return Number(n.DType, n.Data[i*size:]) }
	var chosen []int64
	for n := range s[0] {
		all := make([]box, b[1])
		for i := range all {
			var p [4]float64
			for k := range p {
				p[k] = at(boxes, (n*b[1]+int64(i))*4+int64(k))
			}
			all[i] = newBox(p, center)
		}
		for k := range s[1] {
			score := func(i int64) float64 { return at(scores, (n*s[1]+k)*s[2]+i) }
			for _, i := range suppress(all, score, int(max(most, 0)), overlap, least) {
				chosen = append(chosen, n, k, i)
			}
		}
	}
	c.value = make([]byte, 0, 8*len(chosen))
	for _, i := range chosen {
		c.value = binary.LittleEndian.AppendUint64(c.value, uint64(i))
	}
	return Type{abi.Int64, []int64{int64(len(chosen) / 3), 3}}, nil
}

// A box is two opposite corners, the smaller coordinates first.
type box struct{ y0, x0, y1, x1 float64 }

func newBox(p [4]float64, center bool) box {
	if center { // x, y, width, height
		return box{p[1] - p[3]/2, p[0] - p[2]/2, p[1] + p[3]/2, p[0] + p[2]/2}
	}
	return box{min(p[0], p[2]), min(p[1], p[3]), max(p[0], p[2]), max(p[1], p[3])}
}

// overlap is the area that two boxes share over that of both together.
func (b box) overlap(o box) float64 {
	h, w := min(b.y1, o.y1)-max(b.y0, o.y0), min(b.x1, o.x1)-max(b.x0, o.x0)
	if !(h > 0 && w > 0) {
		return 0
	}
	return h * w / ((b.y1-b.y0)*(b.x1-b.x0) + (o.y1-o.y0)*(o.x1-o.x0) - h*w)
}

// suppress returns at most most boxes with a score above least, by score, the
// first of equals first, each of which overlaps none before it too much.
func suppress(all []box, score func(int64) float64, most int, overlap, least float64) []int64 {
	var order, chosen []int64
	for i := range int64(len(all)) {
		if score(i) > least {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int64) int { return cmp.Compare(score(j), score(i)) })
	for _, i := range order {
		if len(chosen) >= most {
			break
		}
		if !slices.ContainsFunc(chosen, func(j int64) bool { return all[i].overlap(all[j]) > overlap }) {
			chosen = append(chosen, i)
		}
	}
	return chosen
}

// A Roi says how RoiAlign samples its regions.
type Roi struct {
	Max     bool    `pb:"1"` // the largest sample, not the mean
	Half    bool    `pb:"2"` // pixels are at half coordinates
	Samples int64   `pb:"3"` // along each side of a bin; zero is as many as it has pixels
	Scale   float64 `pb:"4"` // pixels of the operand a unit of the regions
}

// inferRoiAlign averages, or takes the largest of, samples of each bin of each
// region, as in He et al., "Mask R-CNN" (2017). A sample more than one pixel
// outside is zero; an image number out of range becomes the nearest in it.
func inferRoiAlign(c *call) (Type, error) {
	if err := c.floats(0, 1); err != nil {
		return Type{}, err
	}
	x, r := c.in[0].Shape, c.in[1].Shape
	if len(x) != 4 || len(r) != 2 || r[1] != 4 || !c.in[2].Equal(Type{abi.Int64, r[:1]}) {
		return Type{}, invalid("inputs are %v, %v and %v, want N×C×H×W, R×4 and int64[R]", c.in[0], c.in[1], c.in[2])
	}
	h, w := c.attrs.int("output_height", 1), c.attrs.int("output_width", 1)
	roi := Roi{Samples: c.attrs.int("sampling_ratio", 0), Scale: float64(c.attrs.float("spatial_scale", 1))}
	if min(h, w) < 1 || max(h, w) > maxWindow || roi.Samples < 0 || roi.Samples > MaxRoiSamples {
		return Type{}, invalid("output %d×%d with sampling_ratio %d", h, w, roi.Samples)
	}
	if c.g.cfg.Opset >= 16 {
		switch mode := c.attrs.string("coordinate_transformation_mode", "half_pixel"); mode {
		case "half_pixel":
			roi.Half = true
		case "output_half_pixel":
		default:
			return Type{}, invalid("coordinate_transformation_mode is %q, want half_pixel or output_half_pixel", clip(mode))
		}
	}
	switch mode := c.attrs.string("mode", "avg"); mode {
	case "avg":
	case "max":
		roi.Max = true
	default:
		return Type{}, invalid("mode is %q, want avg or max", clip(mode))
	}
	if c.in[0].Elements() == 0 && r[0]*x[1] > 0 {
		return Type{}, invalid("images of %v have no pixels", x)
	}
	c.n.Attrs.Roi = roi
	return Type{c.in[0].DType, []int64{r[0], x[1], h, w}}, nil
}

// MaxRoiSamples bounds the samples along a side of a bin, whatever a region says.
const MaxRoiSamples = 256

// Bin returns how many samples a side of a region has in one of its bins.
func (r Roi) Bin(side float64) int {
	if r.Samples > 0 {
		return int(r.Samples)
	}
	if !(side > 1) { // of NaN too
		return 1
	}
	return int(math.Ceil(min(side, MaxRoiSamples)))
}

// costRoiAlign takes the number of samples that is stated, or 16.
func costRoiAlign(n *Node, in []Type) uint64 {
	s := n.Attrs.Roi.Samples
	if s == 0 {
		s = 4
	}
	return addSat(mulSat(8, s*s, max(n.Elements(), in[0].Elements())), 1)
}

func (r Roi) attrs() []abi.Attr {
	return []abi.Attr{aFlag("max", r.Max), aFlag("half", r.Half), aInt("samples", r.Samples), aFloat("scale", float32(r.Scale))}
}

func gradRoiAlign(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	if want[1] {
		t.fail(invalid("RoiAlign has no gradient by its regions"))
	}
	return first(t.node("RoiAlignGrad", append([]abi.Value{dy}, n.In...), append(n.Attrs.Roi.attrs(), aInts("shape", t.typ(n.In[0]).Shape))...))
}

func inferRoiAlignGrad(c *call) (Type, error) {
	c.n.Attrs.Roi = Roi{c.attrs.flag("max", 0), c.attrs.flag("half", 0), c.attrs.int("samples", 0), float64(c.attrs.float("scale", 1))}
	return inferShapeOf(c)
}
