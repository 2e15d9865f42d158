//go:build wasip1

package guest

import (
	"math"
	"math/rand/v2"
	"strconv"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
)

// A Tensor is a handle of an array in the host. The zero Tensor names nothing.
type Tensor struct{ h uint32 }

// NewTensor returns a tensor of zeros.
func NewTensor(dt abi.DType, shape ...int64) (Tensor, error) {
	h, err := result(tensorNew(uint32(dt), at(shape), uint32(len(shape))))
	return Tensor{h}, err
}

// Floats returns a float32 tensor that holds data.
func Floats(data []float32, shape ...int64) (Tensor, error) {
	t, err := NewTensor(abi.Float32, shape...)
	if err != nil {
		return t, err
	}
	return t, t.SetFloats(data)
}

// SetFloats writes data to the front of a float32 tensor.
func (t Tensor) SetFloats(data []float32) error {
	return only(tensorWrite(t.h, 0, at(data), uint32(4*len(data))))
}

// Ints returns an int64 tensor that holds data.
func Ints(data []int64, shape ...int64) (Tensor, error) {
	t, err := NewTensor(abi.Int64, shape...)
	if err != nil {
		return t, err
	}
	return t, only(tensorWrite(t.h, 0, at(data), uint32(8*len(data))))
}

// He returns float32 weights for a layer with ReLU after it: normal, with the
// variance 2/fan-in that He et al. (arXiv 1502.01852) derive. The first
// dimension counts outputs, the others are the fan-in.
func He(r *rand.Rand, shape ...int64) (Tensor, error) {
	n, err := abi.Elements(shape)
	if err != nil {
		return Tensor{}, err
	}
	if n == 0 {
		return Tensor{}, Fail(abi.Invalid, "weights without elements")
	}
	std := math.Sqrt(2 / float64(n/shape[0]))
	w := make([]float32, n)
	for i := range w {
		w[i] = float32(r.NormFloat64() * std)
	}
	return Floats(w, shape...)
}

// FromBytes returns a tensor of any element type that holds little-endian
// elements.
func FromBytes(dt abi.DType, data []byte, shape ...int64) (Tensor, error) {
	t, err := NewTensor(dt, shape...)
	if err != nil {
		return t, err
	}
	return t, only(tensorWrite(t.h, 0, at(data), uint32(len(data))))
}

// Shape returns the dimensions of t.
func (t Tensor) Shape() ([]int64, error) {
	var dims [abi.MaxRank]int64
	n, err := result(tensorShape(t.h, unsafe.Pointer(&dims), abi.MaxRank))
	return dims[:n], err
}

// DType returns the element type of t.
func (t Tensor) DType() (abi.DType, error) {
	n, err := result(tensorDType(t.h))
	return abi.DType(n), err
}

// Floats returns the elements of a float32 tensor. Errors: Denied for a tensor
// that is private.
func (t Tensor) Floats() ([]float32, error) {
	n, err := t.elements(abi.Float32)
	if err != nil {
		return nil, err
	}
	f := make([]float32, n)
	return f, only(tensorRead(t.h, 0, at(f), uint32(4*n)))
}

// Ints returns the elements of an int64 tensor. Errors: Denied for a tensor
// that is private.
func (t Tensor) Ints() ([]int64, error) {
	n, err := t.elements(abi.Int64)
	if err != nil {
		return nil, err
	}
	d := make([]int64, n)
	return d, only(tensorRead(t.h, 0, at(d), uint32(8*n)))
}

// Bytes returns the little-endian elements of t, whatever their type. Errors:
// Denied for a tensor that is private.
func (t Tensor) Bytes() ([]byte, error) {
	dt, err := t.DType()
	if err != nil {
		return nil, err
	}
	n, err := t.elements(dt)
	if err != nil {
		return nil, err
	}
	b := make([]byte, n*dt.Size())
	return b, only(tensorRead(t.h, 0, at(b), uint32(len(b))))
}

func (t Tensor) elements(want abi.DType) (int64, error) {
	dt, err := t.DType()
	if err != nil {
		return 0, err
	}
	if dt != want {
		return 0, Fail(abi.Invalid, "tensor of element type ", strconv.Itoa(int(dt)), ", ", strconv.Itoa(int(want)), " is wanted")
	}
	shape, err := t.Shape()
	if err != nil {
		return 0, err
	}
	return abi.Elements(shape)
}

// Free gives the tensor back. A graph that has it as a parameter keeps it.
func (t Tensor) Free() { _ = tensorFree(t.h) } // freeing twice is no harm

// free frees all of ts.
func free(ts []Tensor) {
	for _, t := range ts {
		t.Free()
	}
}
