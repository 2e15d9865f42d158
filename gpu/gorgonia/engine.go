package gorgonia

import (
	"math"
	"sync"

	"github.com/cloister-ai/cloister/gpu/kernel"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Engine is Gorgonia's standard engine, with the arithmetic of contiguous float32
// tensors, their transposition and the sums of their columns done here, on as many
// threads as GOMAXPROCS says. Everything else, and every error, is the standard
// engine's. Give it to a machine with gorgonia.WithEngine; products of matrices are
// BLAS's.
type Engine struct{ G.StandardEngine }

var _ tensor.Engine = Engine{}

// Add is a + b, element by element.
func (e Engine) Add(a, b tensor.Tensor, opts ...tensor.FuncOpt) (tensor.Tensor, error) {
	if z, ok := binary(kernel.Add, a, b, opts); ok {
		return z, nil
	}
	return e.StandardEngine.Add(a, b, opts...)
}

// Sub is a - b, element by element.
func (e Engine) Sub(a, b tensor.Tensor, opts ...tensor.FuncOpt) (tensor.Tensor, error) {
	if z, ok := binary(kernel.Sub, a, b, opts); ok {
		return z, nil
	}
	return e.StandardEngine.Sub(a, b, opts...)
}

// Mul is a · b, element by element.
func (e Engine) Mul(a, b tensor.Tensor, opts ...tensor.FuncOpt) (tensor.Tensor, error) {
	if z, ok := binary(kernel.Mul, a, b, opts); ok {
		return z, nil
	}
	return e.StandardEngine.Mul(a, b, opts...)
}

// Div is a / b, element by element.
func (e Engine) Div(a, b tensor.Tensor, opts ...tensor.FuncOpt) (tensor.Tensor, error) {
	if z, ok := binary(kernel.Div, a, b, opts); ok {
		return z, nil
	}
	return e.StandardEngine.Div(a, b, opts...)
}

// AddScalar is a + s.
func (e Engine) AddScalar(a tensor.Tensor, s any, leftTensor bool, opts ...tensor.FuncOpt) (tensor.Tensor, error) {
	if z, ok := scalar(kernel.AddTo, a, s, opts); ok {
		return z, nil
	}
	return e.StandardEngine.AddScalar(a, s, leftTensor, opts...)
}

// MulScalar is a · s.
func (e Engine) MulScalar(a tensor.Tensor, s any, leftTensor bool, opts ...tensor.FuncOpt) (tensor.Tensor, error) {
	if z, ok := scalar(kernel.Scale, a, s, opts); ok {
		return z, nil
	}
	return e.StandardEngine.MulScalar(a, s, leftTensor, opts...)
}

// GteScalar is 1 where a ≥ s, or s ≥ a unless the tensor is on the left, and else
// 0, when the result is to be of a's type: half of what Gorgonia's Rectify does.
func (e Engine) GteScalar(a tensor.Tensor, s any, leftTensor bool, opts ...tensor.FuncOpt) (tensor.Tensor, error) {
	if leftTensor && tensor.ParseFuncOpts(opts...).Same() {
		if z, ok := scalar(atLeast, a, s, opts); ok {
			return z, nil
		}
	}
	return e.StandardEngine.GteScalar(a, s, leftTensor, opts...)
}

func atLeast(dst, x []float32, s float32) {
	x = x[:len(dst)]
	for i := range dst {
		var bits uint32 // of the result: chosen without a branch, which data would mislead
		if x[i] >= s {
			bits = 0x3f800000
		}
		dst[i] = math.Float32frombits(bits)
	}
}

// Exp is e to the power of a, element by element.
func (e Engine) Exp(a tensor.Tensor, opts ...tensor.FuncOpt) (tensor.Tensor, error) {
	if z, ok := unary(kernel.Exp, a, opts); ok {
		return z, nil
	}
	return e.StandardEngine.Exp(a, opts...)
}

// Log is the natural logarithm of a, element by element.
func (e Engine) Log(a tensor.Tensor, opts ...tensor.FuncOpt) (tensor.Tensor, error) {
	if z, ok := unary(kernel.Log, a, opts); ok {
		return z, nil
	}
	return e.StandardEngine.Log(a, opts...)
}

// Tanh is the hyperbolic tangent of a, element by element.
func (e Engine) Tanh(a tensor.Tensor, opts ...tensor.FuncOpt) (tensor.Tensor, error) {
	if z, ok := unary(kernel.Tanh, a, opts); ok {
		return z, nil
	}
	return e.StandardEngine.Tanh(a, opts...)
}

// Sum adds the rows of a matrix up when along is 0; other sums are the standard
// engine's.
func (e Engine) Sum(a tensor.Tensor, along ...int) (tensor.Tensor, error) {
	x, ok := contiguous(a)
	if !ok || a.Dims() != 2 || len(along) != 1 || along[0] != 0 {
		return e.StandardEngine.Sum(a, along...)
	}
	cols := a.Shape()[1]
	sum := make([]float32, cols)
	split(cols, a.Shape()[0], func(from, to int) {
		for ; len(x) > 0; x = x[cols:] {
			kernel.Add(sum[from:to], sum[from:to], x[from:to])
		}
	})
	return tensor.New(tensor.WithShape(cols), tensor.WithBacking(sum), tensor.WithEngine(e)), nil
}

// scratch are buffers for what lasts as long as a call.
var scratch = sync.Pool{New: func() any { return new([]float32) }}

// grow is the first n elements of a buffer, whatever they are.
func grow(buffer *[]float32, n int) []float32 {
	if len(*buffer) < n {
		*buffer = make([]float32, n)
	}
	return (*buffer)[:n]
}

// Transpose moves the elements of a, whose axes were swapped, to where their new
// order wants them.
func (e Engine) Transpose(a tensor.Tensor, expStrides []int) error {
	d, ok := a.(*tensor.Dense)
	if !ok || d.Dtype() != tensor.Float32 || d.IsMasked() {
		return e.StandardEngine.Transpose(a, expStrides)
	}
	data, ok := d.Data().([]float32)
	if !ok || len(data) != d.Shape().TotalSize() || len(d.Strides()) != d.Dims() {
		return e.StandardEngine.Transpose(a, expStrides)
	}
	buffer := scratch.Get().(*[]float32)
	defer scratch.Put(buffer)
	moved := grow(buffer, len(data))
	gather(moved, data, d.Shape(), d.Strides())
	split(len(data), 1, func(from, to int) { copy(data[from:to], moved[from:to]) })
	return nil
}

// target is where the result of an operation on a goes, as its options say: into
// another tensor, into a itself, or into a new one. It is not ok for a result
// that is added, for one of another type, and for one that is not contiguous.
func target(a tensor.Tensor, opts []tensor.FuncOpt) (z tensor.Tensor, out []float32, ok bool) {
	o := tensor.ParseFuncOpts(opts...)
	if o.Incr() != nil {
		return nil, nil, false
	}
	switch z = o.Reuse(); {
	case z != nil:
		if !z.Shape().Eq(a.Shape()) {
			return nil, nil, false
		}
	case !o.Safe():
		z = a
	default:
		z = tensor.New(tensor.WithShape(a.Shape().Clone()...), tensor.Of(tensor.Float32), tensor.WithEngine(a.Engine()))
	}
	out, ok = contiguous(z)
	return z, out, ok
}

// work is what an element costs: few operations, but memory to wait for.
const work = 8

func binary(f func(dst, x, y []float32), a, b tensor.Tensor, opts []tensor.FuncOpt) (tensor.Tensor, bool) {
	x, okX := contiguous(a)
	y, okY := contiguous(b)
	if !okX || !okY || !a.Shape().Eq(b.Shape()) {
		return nil, false
	}
	z, out, ok := target(a, opts)
	if !ok {
		return nil, false
	}
	split(len(out), work, func(from, to int) { f(out[from:to], x[from:to], y[from:to]) })
	return z, true
}

func scalar(f func(dst, x []float32, s float32), a tensor.Tensor, s any, opts []tensor.FuncOpt) (tensor.Tensor, bool) {
	v, ok := s.(float32)
	if !ok {
		return nil, false
	}
	return unary(func(dst, x []float32) { f(dst, x, v) }, a, opts)
}

func unary(f func(dst, x []float32), a tensor.Tensor, opts []tensor.FuncOpt) (tensor.Tensor, bool) {
	x, ok := contiguous(a)
	if !ok {
		return nil, false
	}
	z, out, ok := target(a, opts)
	if !ok {
		return nil, false
	}
	split(len(out), work, func(from, to int) { f(out[from:to], x[from:to]) })
	return z, true
}
