package abi

import "fmt"

// A DType is the element type of a tensor. The numbers are ONNX's
// TensorProto.DataType.
type DType uint8

// The element types an engine may support.
const (
	Float32 DType = 1
	Uint8   DType = 2
	Int8    DType = 3
	Int32   DType = 6
	Int64   DType = 7
	Bool    DType = 9
	Float16 DType = 10
	Float64 DType = 11
)

var dtypes = map[DType]struct {
	name string
	size int64
}{
	Float32: {"float32", 4}, Uint8: {"uint8", 1}, Int8: {"int8", 1}, Int32: {"int32", 4},
	Int64: {"int64", 8}, Bool: {"bool", 1}, Float16: {"float16", 2}, Float64: {"float64", 8},
}

func (d DType) String() string {
	if t, ok := dtypes[d]; ok {
		return t.name
	}
	return fmt.Sprintf("dtype(%d)", uint8(d))
}

// Size returns the bytes of one element, or zero for an unknown type.
func (d DType) Size() int64 { return dtypes[d].size }

// MaxRank bounds the rank of every tensor.
const MaxRank = 8

// MaxElements bounds the elements of one tensor, so that byte counts fit in an
// int64 with room for sums.
const MaxElements = 1 << 40

// Elements returns the number of elements of shape, checked: each dimension is
// at least zero, the rank at most [MaxRank], the product at most [MaxElements].
func Elements(shape []int64) (int64, error) {
	if len(shape) > MaxRank {
		return 0, fmt.Errorf("shape %v has rank %d, at most %d: %w", shape, len(shape), MaxRank, Invalid)
	}
	n := int64(1)
	for _, d := range shape {
		if d < 0 || d > MaxElements {
			return 0, fmt.Errorf("shape %v: dimension %d is out of range: %w", shape, d, Invalid)
		}
		if d != 0 && n > MaxElements/d {
			return 0, fmt.Errorf("shape %v has more than %d elements: %w", shape, int64(MaxElements), Invalid)
		}
		n *= d
	}
	return n, nil
}

// A Handle names an object of one running instance: the low half is an index,
// the high half a generation, so a freed handle never names its successor. Zero
// names nothing.
type Handle uint32
