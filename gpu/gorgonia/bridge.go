package gorgonia

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"

	"gorgonia.org/tensor"
)

// Wrap is a tensor of that shape whose memory is data: a change of one is a
// change of the other. Errors: Invalid for a shape that data does not fill.
func Wrap(data []float32, shape ...int) (*tensor.Dense, error) {
	dims := make([]int64, len(shape))
	for i, d := range shape {
		dims[i] = int64(d)
	}
	if n, err := abi.Elements(dims); err != nil || n != int64(len(data)) || n == 0 {
		return nil, fmt.Errorf("gorgonia: %d numbers as a tensor of shape %v: %w", len(data), shape, abi.Invalid)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data)), nil
}

// Numbers is the memory of t, row after row: a change of one is a change of the other.
// Errors: Invalid for what is not float32, and for views, column-major and masked
// tensors, whose elements do not lie in their order: copy these with Copy.
func Numbers(t tensor.Tensor) ([]float32, error) {
	v, ok := contiguous(t)
	if !ok {
		return nil, fmt.Errorf("gorgonia: a %T of %v and shape %v is no contiguous float32: %w", t, t.Dtype(), t.Shape(), abi.Invalid)
	}
	return v, nil
}

// Copy is the elements of t, row after row, in memory of their own; t may be a
// view or column-major. Errors: Invalid for what is not float32, or masked.
func Copy(t tensor.Tensor) ([]float32, error) {
	if v, ok := contiguous(t); ok {
		return append([]float32(nil), v...), nil
	}
	d, ok := t.(*tensor.Dense)
	if !ok || d.Dtype() != tensor.Float32 || d.IsMasked() {
		return nil, fmt.Errorf("gorgonia: a %T of %v and shape %v is no float32 to copy: %w", t, t.Dtype(), t.Shape(), abi.Invalid)
	}
	data, ok := d.Data().([]float32)
	if !ok {
		return nil, fmt.Errorf("gorgonia: a tensor of shape %v holds a %T: %w", d.Shape(), d.Data(), abi.Invalid)
	}
	out := make([]float32, d.Shape().TotalSize())
	gather(out, data, d.Shape(), d.Strides())
	return out, nil
}

// contiguous is the memory of a float32 tensor whose elements lie row after row.
// A tensor of one element may be a scalar, which has no slice: it is not.
func contiguous(t tensor.Tensor) ([]float32, bool) {
	d, ok := t.(*tensor.Dense)
	if !ok || d.Dtype() != tensor.Float32 || d.IsMasked() || d.RequiresIterator() || !d.DataOrder().IsRowMajor() || !d.DataOrder().IsContiguous() {
		return nil, false
	}
	v, ok := d.Data().([]float32)
	return v, ok && len(v) == d.Shape().TotalSize()
}
