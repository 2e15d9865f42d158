package cpu

import "github.com/cloister-ai/cloister/abi"

// A typed is one operator's kernel for each element type of operand 0 that the
// operator takes: the only way in which kernels are chosen by it.
type typed struct {
	f32, f64, i64, i32, i8 bind
	u8                     bind // and booleans, which are bytes of 0 and 1
}

func (k typed) bind(b *binding) []stage {
	switch b.in[0].typ.DType {
	case abi.Float32:
		return k.f32(b)
	case abi.Float64:
		return k.f64(b)
	case abi.Int64:
		return k.i64(b)
	case abi.Int32:
		return k.i32(b)
	case abi.Int8:
		return k.i8(b)
	default:
		return k.u8(b)
	}
}

type integer interface {
	~int64 | ~int32 | ~int8 | ~uint8
}

// A number is an element that is computed with as it is.
type number interface{ real | integer }
