package cpu

import (
	"github.com/cloister-ai/cloister/abi"
)

// Indices count from the end where they are negative, and what is out of range
// becomes the nearest in it.

// index resolves an index among n.
func index(i int64, n int) int {
	if i < 0 {
		i += int64(n)
	}
	return int(min(max(i, 0), int64(n-1)))
}

// indices are an operand of int64 or of int32.
type indices struct {
	wide   []int64
	narrow []int32
}

func (p *Program) indices(a arg) indices {
	if a.typ.DType == abi.Int32 {
		return indices{narrow: view[int32](p, a)}
	}
	return indices{wide: view[int64](p, a)}
}

func (x indices) at(i int) int64 {
	if x.narrow != nil {
		return int64(x.narrow[i])
	}
	return x.wide[i]
}

func bindGather(b *binding) []stage {
	if _, _, inner := around(b.in[0].typ.Shape, b.n.Attrs.Axis); inner == 1 {
		return sized(b, gatherEach[uint8], gatherEach[uint16], gatherEach[uint32], gatherEach[uint64])
	}
	outer, size, inner := around(b.in[0].typ.Shape, b.n.Attrs.Axis)
	inner *= int(b.out.typ.DType.Size())
	n := b.in[1].len()
	return spreadBy(outer*n, max(1, chunk/inner), func(from, to int) {
		src, dst, list := b.p.bytes(b.in[0]), b.p.bytes(b.out), b.p.indices(b.in[1])
		for r := from; r < to; r++ {
			copy(dst[r*inner:][:inner], src[(r/n*size+index(list.at(r%n), size))*inner:])
		}
	})
}

// gatherEach takes single elements. Indices are resolved some at a time, once for
// all rows of a task.
func gatherEach[T any](b *binding) []stage {
	outer, size, _ := around(b.in[0].typ.Shape, b.n.Attrs.Axis)
	n := b.in[1].len()
	return spreadBy(outer, max(1, chunk/n), func(from, to int) {
		src, dst, list := view[T](b.p, b.in[0]), view[T](b.p, b.out), b.p.indices(b.in[1])
		var known [256]int
		for first := 0; first < n; first += len(known) {
			part := known[:min(len(known), n-first)]
			for i := range part {
				part[i] = index(list.at(first+i), size)
			}
			for r := from; r < to; r++ {
				x, y := src[r*size:][:size], dst[r*n+first:][:len(part)]
				for i, k := range part {
					y[i] = x[k]
				}
			}
		}
	})
}

// bindGatherGrad adds the parts of dy up in the order of the indices; a task takes
// some of what lies outside of the axis and inside of it.
func bindGatherGrad[T float32 | float64](b *binding) []stage {
	outer, size, inner := around(b.out.typ.Shape, b.n.Attrs.Axis)
	n := b.in[1].len()
	const width = 64
	blocks := (inner + width - 1) / width
	return spreadBy(outer*blocks, max(1, chunk/width/max(1, n)), func(from, to int) {
		dy, dx, list := view[T](b.p, b.in[0]), view[T](b.p, b.out), b.p.indices(b.in[1])
		for k := from; k < to; k++ {
			o, c := k/blocks, k%blocks*width
			w := min(width, inner-c)
			for r := range size {
				clear(dx[(o*size+r)*inner+c:][:w])
			}
			for i := range n {
				dst, src := dx[(o*size+index(list.at(i), size))*inner+c:][:w], dy[(o*n+i)*inner+c:][:w]
				for j, v := range src {
					dst[j] += v
				}
			}
		}
	})
}

// A lane walks indices beside the tensor that they point into, along an axis: the
// other dimensions of both are the same, or less of the tensor's.
type lane struct {
	box
	size, step int // of the axis, in the tensor
}

func newLane(tensor, indices []int64, axis int) lane {
	step := strides(tensor)
	l := lane{size: int(tensor[axis]), step: step[axis]}
	step[axis] = 0
	l.box = newBox(indices, step, 0)
	return l
}

func bindGatherElements(b *binding) []stage {
	return sized(b, gatherElements[uint8], gatherElements[uint16], gatherElements[uint32], gatherElements[uint64])
}

func gatherElements[T any](b *binding) []stage {
	l := newLane(b.in[0].typ.Shape, b.in[1].typ.Shape, b.n.Attrs.Axis)
	inner, step := l.inner()
	return spreadBy(b.out.len()/inner, max(1, chunk/inner), func(from, to int) {
		x, y, list := view[T](b.p, b.in[0]), view[T](b.p, b.out), b.p.indices(b.in[1])
		i := from * inner
		l.rows(from, to, func(off int) {
			for range inner {
				y[i] = x[off+index(list.at(i), l.size)*l.step]
				i, off = i+1, off+step
			}
		})
	})
}

// tuples are the positions that GatherND and ScatterND name.
type tuples struct {
	count, size int   // of positions; of the numbers in one
	perBatch    int   // positions of one batch
	batch       int   // elements of one batch of the tensor
	inner       int   // elements at one position
	dims, step  []int // of the dimensions that are named
}

func newTuples(tensor, indices []int64, batch int) tuples {
	k := int(indices[len(indices)-1])
	t := tuples{size: k, count: elements(indices[:len(indices)-1]), batch: elements(tensor[batch:]), inner: elements(tensor[batch+k:])}
	t.perBatch = elements(indices[batch : len(indices)-1])
	step := strides(tensor)
	for d := batch; d < batch+k; d++ {
		t.dims, t.step = append(t.dims, int(tensor[d])), append(t.step, step[d])
	}
	return t
}

func elements(shape []int64) int {
	n := 1
	for _, d := range shape {
		n *= int(d)
	}
	return n
}

// place is where in the tensor position i points.
func (t *tuples) place(i int, list indices) int {
	off := i / t.perBatch * t.batch
	for d := range t.size {
		off += index(list.at(i*t.size+d), t.dims[d]) * t.step[d]
	}
	return off
}

func bindGatherND(b *binding) []stage {
	t := newTuples(b.in[0].typ.Shape, b.in[1].typ.Shape, b.n.Attrs.Batch)
	size := int(b.out.typ.DType.Size())
	inner := t.inner * size
	return spreadBy(t.count, max(1, chunk/inner), func(from, to int) {
		src, dst, list := b.p.bytes(b.in[0]), b.p.bytes(b.out), b.p.indices(b.in[1])
		for i := from; i < to; i++ {
			copy(dst[i*inner:][:inner], src[t.place(i, list)*size:])
		}
	})
}

// bindOneHotMask is true where the new axis meets the index; an index of -depth to
// -1 counts from the end, and one out of range meets nothing.
func bindOneHotMask(b *binding) []stage {
	outer, depth, inner := around(b.out.typ.Shape, b.n.Attrs.Axis)
	return spreadBy(outer, max(1, chunk/(depth*inner)), func(from, to int) {
		x, y := view[int64](b.p, b.in[0]), view[uint8](b.p, b.out)
		clear(y[from*depth*inner : to*depth*inner])
		for i := from * inner; i < to*inner; i++ {
			k := x[i]
			if k < 0 {
				k += int64(depth)
			}
			if k >= 0 && k < int64(depth) {
				y[(i/inner*depth+int(k))*inner+i%inner] = 1
			}
		}
	})
}
