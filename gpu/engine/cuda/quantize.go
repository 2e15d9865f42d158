package cuda

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// quantizeRows: between float32 and integers with a scale and a zero point, one
// for all or one for each place along an axis.
var quantizeRows = table{
	"QuantizeLinear":   {of(abi.Float32), lowerQuantize},
	"DequantizeLinear": {of(abi.Int8, abi.Uint8, abi.Int32), lowerDequantize},
}

// scaled are the sources of a quantization: elements, scales and, if there are any,
// zero points.
func (s *step) scaled() []source {
	in := []source{s.beside(s.in[0])}
	for i := 1; i < len(s.in); i++ {
		if !s.has(i) {
			continue
		}
		src := source{operand: s.in[i], step: make([]int64, len(s.out.Shape))}
		if s.in[i].Elements() > 1 {
			src.step[s.n.Attrs.Axis] = 1
		}
		in = append(in, src)
	}
	return in
}

// lowerQuantize divides in float32, rounds half to even, adds the zero point and
// clamps. NaN gives the zero point.
func lowerQuantize(s *step) {
	low, high := float32(0), float32(255)
	if s.out.DType == abi.Int8 {
		low, high = -128, 127
	}
	s.zip(true, s.scaled(), func(b *body, x []ptx.Value) ptx.Value {
		point := f32(0)
		if len(x) > 2 {
			point = b.Convert(ptx.F32, x[2])
		}
		q := b.Add(b.Round(b.Div(x[0], x[1]), ptx.Nearest), point)
		q = b.Select(b.IsNaN(q), point, b.clamp(q, f32(low), f32(high)))
		return b.Convert(ptx.S32, q)
	})
}

// lowerDequantize is (x - zero point)·scale. The difference of two int32 needs more
// bits than they have.
func lowerDequantize(s *step) {
	within := ptx.S32
	if s.in[0].DType == abi.Int32 {
		within = ptx.S64
	}
	s.zip(true, s.scaled(), func(b *body, x []ptx.Value) ptx.Value {
		d := b.Convert(within, x[0])
		if len(x) > 2 {
			d = b.Sub(d, b.Convert(within, x[2]))
		}
		return b.Mul(b.Convert(ptx.F32, d), x[1])
	})
}
