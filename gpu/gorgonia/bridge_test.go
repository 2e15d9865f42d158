package gorgonia_test

import (
	"errors"
	"slices"
	"testing"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
	adapt "github.com/cloister-ai/cloister/gpu/gorgonia"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func TestABridgeCopiesNothing(t *testing.T) {
	data := numbers(6, 1, 1)
	d, err := adapt.Wrap(data, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	back, err := adapt.Numbers(d)
	if err != nil || unsafe.SliceData(back) != unsafe.SliceData(data) || len(back) != len(data) {
		t.Errorf("Numbers(Wrap(x)) is other memory than x: %v", err)
	}
	data[4] = 42
	if v, err := d.At(1, 1); err != nil || v != float32(42) {
		t.Errorf("element (1, 1) is %v after a change of the slice, want 42; %v", v, err)
	}
	rows := view(t, d, G.S(1, 2), nil) // one after the other, in the same memory
	if part, err := adapt.Numbers(rows); err != nil || unsafe.SliceData(part) != &data[3] || len(part) != 3 {
		t.Errorf("rows of a tensor: %d numbers, %v; want the 3 in place", len(part), err)
	}
}

func TestWhatDoesNotLieInOrderIsCopiedOrRefused(t *testing.T) {
	lying := func() *tensor.Dense {
		return tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6}))
	}
	turned := lying()
	if err := turned.T(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		tensor *tensor.Dense
		want   []float32
	}{
		"columns":    {view(t, lying(), nil, G.S(1, 3)), []float32{2, 3, 5, 6}},
		"a column":   {view(t, lying(), nil, G.S(1)), []float32{2, 5}},
		"transposed": {turned, []float32{1, 4, 2, 5, 3, 6}},
		"Fortran's":  {tensor.New(tensor.WithShape(2, 3), tensor.AsFortran([]float32{1, 2, 3, 4, 5, 6})), []float32{1, 2, 3, 4, 5, 6}},
	} {
		if v, err := adapt.Numbers(c.tensor); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s: Numbers = %v, %v; want %v", name, v, err, abi.Invalid)
		}
		if v, err := adapt.Copy(c.tensor); err != nil || !slices.Equal(v, c.want) {
			t.Errorf("%s: Copy = %v, %v; want %v", name, v, err, c.want)
		}
	}
	contiguous := lying()
	v, err := adapt.Copy(contiguous)
	if err != nil || !slices.Equal(v, contiguous.Data().([]float32)) || unsafe.SliceData(v) == unsafe.SliceData(contiguous.Data().([]float32)) {
		t.Errorf("Copy of a contiguous tensor: %v, %v", v, err)
	}
	for name, x := range map[string]tensor.Tensor{
		"float64": tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{1, 2})),
		"masked":  tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{1, 2}, []bool{true, false})),
	} {
		if v, err := adapt.Numbers(x); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s: Numbers = %v, %v; want %v", name, v, err, abi.Invalid)
		}
		if v, err := adapt.Copy(x); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s: Copy = %v, %v; want %v", name, v, err, abi.Invalid)
		}
	}
	for _, shape := range [][]int{{2, 2}, {-1, -6}, {0}, {1 << 40, 1 << 40}} {
		if d, err := adapt.Wrap(make([]float32, 6), shape...); !errors.Is(err, abi.Invalid) {
			t.Errorf("Wrap as %v = %v, %v; want %v", shape, d, err, abi.Invalid)
		}
	}
	if d, err := adapt.Wrap(nil); !errors.Is(err, abi.Invalid) {
		t.Errorf("Wrap of nothing = %v, %v; want %v", d, err, abi.Invalid)
	}
}
