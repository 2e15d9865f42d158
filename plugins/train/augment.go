//go:build wasip1

package main

import (
	"math/rand/v2"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/guest"
)

// An augment shows the network each batch of photographs a little differently:
// mirrored, moved, zoomed. The app cannot touch a pixel, so it does it with two
// public matrices that resample rows and columns inside the graph.
type augment struct {
	r          *rand.Rand
	h, w       int
	rows, cols guest.Tensor // [h, h] from the left, [w, w] from the right
}

// Most that an image is moved, in sides, and zoomed.
const (
	maxMove = 0.10
	maxZoom = 0.15
)

// newAugment returns nil for records that are no colour images: a mirrored
// digit is another digit.
func newAugment(record []int64, r *rand.Rand) (*augment, error) {
	if len(record) != 3 || record[0] != 3 {
		return nil, nil
	}
	a := &augment{r: r, h: int(record[1]), w: int(record[2])}
	var err error
	if a.rows, err = guest.NewTensor(abi.Float32, record[1], record[1]); err != nil {
		return nil, err
	}
	a.cols, err = guest.NewTensor(abi.Float32, record[2], record[2])
	return a, err
}

// apply adds the resampling to g. Its inputs follow those that are there.
func (a *augment) apply(g *guest.Graph, x guest.Value) guest.Value {
	if a == nil {
		return x
	}
	rows := g.Input("rows", abi.Float32, int64(a.h), int64(a.h))
	cols := g.Input("cols", abi.Float32, int64(a.w), int64(a.w))
	return g.MatMul(g.MatMul(rows, x), cols)
}

// next draws another view and returns what a step takes besides the records.
func (a *augment) next() ([]guest.Tensor, error) {
	if a == nil {
		return nil, nil
	}
	zoom := 1 + maxZoom*(2*a.r.Float64()-1)
	down := resample(a.h, zoom, maxMove*(2*a.r.Float64()-1), false)
	right := resample(a.w, zoom, maxMove*(2*a.r.Float64()-1), a.r.IntN(2) == 1)
	if err := a.rows.SetFloats(down); err != nil {
		return nil, err
	}
	return []guest.Tensor{a.rows, a.cols}, a.cols.SetFloats(transposed(right, a.w))
}

// resample is the n×n matrix whose row i takes from a line of n pixels what is
// seen at i after zooming and moving it, by linear interpolation; the border
// goes on for ever.
func resample(n int, zoom, move float64, mirror bool) []float32 {
	m := make([]float32, n*n)
	last := float64(n - 1)
	for i := range n {
		at := (float64(i)-last/2)/zoom + last/2 + move*float64(n)
		if mirror {
			at = last - at
		}
		at = min(max(at, 0), last)
		lo := int(at)
		hi := min(lo+1, n-1)
		f := float32(at - float64(lo))
		m[i*n+lo] += 1 - f
		m[i*n+hi] += f
	}
	return m
}

func transposed(m []float32, n int) []float32 {
	t := make([]float32, len(m))
	for i := range n {
		for j := range n {
			t[j*n+i] = m[i*n+j]
		}
	}
	return t
}
