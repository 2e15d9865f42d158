package onnx_test

import (
	"errors"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/onnx"

	"github.com/google/go-cmp/cmp"
)

func TestATensorFileReadsAsItWasWritten(t *testing.T) {
	for _, want := range []onnx.Tensor{
		{Name: "x", DType: abi.Float32, Shape: []int64{2, 1}, Data: le(1, -2.5)},
		{Name: "labels", DType: abi.Int64, Shape: []int64{1}, Data: []byte{7, 0, 0, 0, 0, 0, 0, 0}},
		{DType: abi.Bool, Shape: []int64{3}, Data: []byte{1, 0, 1}},
	} {
		got, err := onnx.ParseTensor(onnx.MarshalTensor(want))
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%v (-want +got):\n%s", err, d)
		}
	}
}

func FuzzParseTensor(f *testing.F) {
	f.Add(onnx.MarshalTensor(onnx.Tensor{Name: "x", DType: abi.Float32, Shape: []int64{2}, Data: le(1, 2)}))
	f.Add([]byte{0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := onnx.ParseTensor(b)
		if err != nil {
			if !errors.Is(err, abi.Invalid) {
				t.Errorf("%v, want %v", err, abi.Invalid)
			}
			return
		}
		if n, err := abi.Elements(x.Shape); err != nil || n*x.DType.Size() != int64(len(x.Data)) {
			t.Errorf("%v%v with %d bytes, %v", x.DType, x.Shape, len(x.Data), err)
		}
	})
}
