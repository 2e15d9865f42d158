package cuda

import "github.com/cloister-ai/cloister/gpu/ptx"

// moveRows: elements in other places.
var moveRows = table{
	"Expand":    {anything, lowerExpand},
	"Transpose": {anything, lowerTranspose},
	"Slice":     {anything, lowerSlice},
	"Concat":    {anything, lowerConcat},
	"SliceGrad": {reals, lowerSliceGrad},
	"Pad":       {anything, lowerPad},
	"PadGrad":   {reals, lowerPadGrad},

	"Trilu":           {anything, lowerTrilu},
	"ReverseSequence": {anything, lowerReverseSequence},
	"CumSum":          {numbers, lowerCumSum},
	"TopKIndices":     {numbers, lowerTopKIndices},
}

// view writes each element of the result from an operand that is walked with
// other strides.
func (s *step) view(o operand, step []int64, start int64) {
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		b.store(s.out, i, b.raw(o, b.offset(i, s.out.Shape, step, start)))
	})
}

func lowerExpand(s *step) { s.view(s.in[0], spread(s.in[0].Shape, s.out.Shape), 0) }

func lowerTranspose(s *step) {
	own := strides(s.in[0].Shape)
	step := make([]int64, len(own))
	for d, from := range s.n.Attrs.Axes {
		step[d] = own[from]
	}
	s.view(s.in[0], step, 0)
}

func lowerSlice(s *step) {
	own := strides(s.in[0].Shape)
	start := int64(0)
	for d := range own {
		start += s.n.Attrs.Starts[d] * own[d]
		own[d] *= s.n.Attrs.Steps[d]
	}
	s.view(s.in[0], own, start)
}

// lowerConcat copies each operand to its place, unless it was computed there.
func lowerConcat(s *step) {
	own, at := strides(s.out.Shape), int64(0)
	axis := s.n.Attrs.Axis
	for _, o := range s.in {
		start := at * own[axis]
		at += o.Shape[axis]
		there := s.out.arg
		there.Offset += start * o.DType.Size()
		if o.Elements() == 0 || o.arg == there {
			continue
		}
		s.each(o.Elements(), func(b *body, i ptx.Value) {
			b.store(s.out, b.offset(i, o.Shape, own, start), b.raw(o, i))
		})
	}
}
