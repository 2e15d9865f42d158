package cuda

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// castRows follow ONNX: to a smaller float rounds to the nearest, even one; a float
// to an integer is cut toward zero, and where it does not fit becomes the nearest
// end of the range, NaN zero; an integer to a smaller one keeps the low bits; to
// bool is whether it is not zero.
var castRows = table{"Cast": {anything, lowerCast}}

func lowerCast(s *step) {
	to := s.out.DType
	s.zip(true, []source{s.beside(s.in[0])}, func(b *body, x []ptx.Value) ptx.Value { return b.cast(to, x[0]) })
}

// cast makes of v, as load gives it, what store takes.
func (b *body) cast(to abi.DType, v ptx.Value) ptx.Value {
	switch to {
	case abi.Float64:
		return b.Convert(ptx.F64, v)
	case abi.Float32:
		return b.Convert(ptx.F32, v)
	case abi.Float16: // rounded once: float64 holds what matters of every integer
		if !v.Type.Float() {
			v = b.Convert(ptx.F64, v)
		}
		return v
	case abi.Int64:
		return b.Convert(ptx.S64, v)
	case abi.Int32:
		return b.Convert(ptx.S32, v)
	case abi.Int8:
		return b.narrow(v, -128, 127)
	case abi.Uint8:
		return b.narrow(v, 0, 255)
	default: // bool
		return b.Cmp(v, ptx.NE, ptx.Number(v.Type, 0))
	}
}

// narrow is v of which 8 bits will be kept.
func (b *body) narrow(v ptx.Value, low, high int64) ptx.Value {
	if !v.Type.Float() {
		return b.Convert(ptx.U32, v)
	}
	return b.clamp(b.Convert(ptx.S32, v), ptx.Int(ptx.S32, low), ptx.Int(ptx.S32, high))
}
