package cuda

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// fillRows: results that follow from shapes and a number.
var fillRows = table{
	"Fill":            {anything, func(s *step) { s.fill(number(s.out.DType, s.n.Attrs.Alpha)) }},
	"ConstantOfShape": {anything, func(s *step) { s.fill(bitsOf(s.out.DType, s.n.Attrs.Bits)) }},
	"Zeros":           {anything, func(s *step) { s.fill(bitsOf(s.out.DType, 0)) }},
	"EyeLike":         {anything, lowerEyeLike},
	"OneHotMask":      {of(abi.Int64), lowerOneHotMask},
}

func (s *step) fill(v ptx.Value) {
	s.zip(true, nil, func(*body, []ptx.Value) ptx.Value { return v })
}

// number is x as an element of type dt.
func number(dt abi.DType, x float32) ptx.Value {
	switch dt {
	case abi.Float64:
		return f64(float64(x))
	case abi.Float32:
		return f32(x)
	case abi.Float16:
		return ptx.Int(ptx.F16, int64(graph.HalfBits(float64(x))))
	case abi.Int64:
		return ptx.Int(ptx.S64, int64(x))
	case abi.Int32:
		return ptx.Int(ptx.S32, int64(int32(x)))
	default:
		return ptx.Int(ptx.U32, int64(uint8(int32(x))))
	}
}

// bitsOf is the element of type dt that lies in memory as the low bits of x.
func bitsOf(dt abi.DType, x uint64) ptx.Value {
	switch dt.Size() {
	case 8:
		return ptx.Int(ptx.U64, int64(x))
	case 4:
		return ptx.Int(ptx.U32, int64(x))
	case 2:
		return ptx.Int(ptx.F16, int64(uint16(x)))
	default:
		return ptx.Int(ptx.U32, int64(uint8(x)))
	}
}

func lowerEyeLike(s *step) {
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		at := b.coordinates(i, s.out.Shape)
		d := b.Sub(b.Convert(ptx.S64, at[1]), b.Convert(ptx.S64, at[0]))
		is := b.Cmp(d, ptx.EQ, ptx.Int(ptx.S64, s.n.Attrs.K))
		b.put(i, b.Select(is, bitsOf(s.out.DType, s.n.Attrs.Bits), bitsOf(s.out.DType, 0)))
	})
}

// lowerOneHotMask is true where the new axis meets the index; an index of -depth to
// -1 counts from the end, and one out of range meets nothing.
func lowerOneHotMask(s *step) {
	axis, depth := s.n.Attrs.Axis, s.out.Shape[s.n.Attrs.Axis]
	own := strides(s.in[0].Shape)
	step := make([]int64, len(s.out.Shape))
	copy(step, own[:axis])
	copy(step[axis+1:], own[axis:])
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		k := b.load(s.in[0], b.offset(i, s.out.Shape, step, 0))
		k = b.below(k, b.Add(k, ptx.Int(ptx.S64, depth)), k)
		place := b.Convert(ptx.S64, b.coordinates(i, s.out.Shape)[axis])
		b.put(i, b.Cmp(k, ptx.EQ, place))
	})
}
