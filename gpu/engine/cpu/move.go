package cpu

import (
	"slices"
	"unsafe"
)

// The kernels here move elements and never look at them, so they know only sizes.

func sized(b *binding, one, two, four, eight bind) []stage {
	switch b.out.typ.DType.Size() {
	case 1:
		return one(b)
	case 2:
		return two(b)
	case 4:
		return four(b)
	default:
		return eight(b)
	}
}

func bindExpand(b *binding) []stage {
	return sized(b, expand[uint8], expand[uint16], expand[uint32], expand[uint64])
}

func expand[T any](b *binding) []stage {
	n := newNest(b.out.typ.Shape, b.in[0].typ.Shape)
	return spreadBy(n.rows, max(1, chunk/n.inner), func(from, to int) {
		x, y := view[T](b.p, b.in[0]), view[T](b.p, b.out)[from*n.inner:]
		n.walk(from, to, func(off []int) {
			fillRun(y[:n.inner], x[off[0]:], n.step[0])
			y = y[n.inner:]
		})
	})
}

// fillRun copies every step-th element of x, which may repeat the first.
func fillRun[T any](y, x []T, step int) {
	switch step {
	case 1:
		copy(y, x)
	case 0:
		v := x[0]
		for i := range y {
			y[i] = v
		}
	default:
		for i := range y {
			y[i] = x[i*step]
		}
	}
}

func strides(shape []int64) []int {
	s, n := make([]int, len(shape)), 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = n
		n *= int(shape[i])
	}
	return s
}

// A box walks a shape whose dimensions step through a flat array in any way.
type box struct {
	dims, step []int
	start      int
}

// rows calls f with the offset of each row [from, to) of the last dimension.
func (x *box) rows(from, to int, f func(off int)) {
	last := len(x.dims) - 1
	for r := from; r < to; r++ {
		off, rest := x.start, r
		for i := last - 1; i >= 0; i-- {
			off += rest % x.dims[i] * x.step[i]
			rest /= x.dims[i]
		}
		f(off)
	}
}

func (x *box) inner() (size, step int) { return x.dims[len(x.dims)-1], x.step[len(x.step)-1] }

// shaped joins the dimensions of a box that follow each other without a gap.
func newBox(shape []int64, step []int, start int) box {
	x := box{start: start}
	for i, d := range shape {
		n := len(x.dims) - 1
		switch {
		case d == 1:
		case n >= 0 && x.step[n] == step[i]*int(d):
			x.dims[n], x.step[n] = x.dims[n]*int(d), step[i]
		default:
			x.dims, x.step = append(x.dims, int(d)), append(x.step, step[i])
		}
	}
	if len(x.dims) == 0 {
		x.dims, x.step = []int{1}, []int{1}
	}
	return x
}

// read is the kernel that copies a box of operand 0 to a dense result.
func read[T any](b *binding, x box) []stage {
	inner, step := x.inner()
	return spreadBy(b.out.len()/inner, max(1, chunk/inner), func(from, to int) {
		src, dst := view[T](b.p, b.in[0]), view[T](b.p, b.out)[from*inner:]
		x.rows(from, to, func(off int) {
			if step > 0 {
				fillRun(dst[:inner], src[off:], step)
			} else {
				for i := range inner {
					dst[i] = src[off+i*step]
				}
			}
			dst = dst[inner:]
		})
	})
}

func readBox(b *binding, x box) []stage {
	return sized(b,
		func(b *binding) []stage { return read[uint8](b, x) },
		func(b *binding) []stage { return read[uint16](b, x) },
		func(b *binding) []stage { return read[uint32](b, x) },
		func(b *binding) []stage { return read[uint64](b, x) })
}

func bindTranspose(b *binding) []stage {
	in := strides(b.in[0].typ.Shape)
	step := make([]int, len(in))
	for i, a := range b.n.Attrs.Axes {
		step[i] = in[a]
	}
	return readBox(b, newBox(b.out.typ.Shape, step, 0))
}

// sliceBox is what a Slice takes of the whole.
func sliceBox(whole, part []int64, starts, steps []int64) box {
	s, at := strides(whole), 0
	step := make([]int, len(s))
	for i := range s {
		at += int(starts[i]) * s[i]
		step[i] = int(steps[i]) * s[i]
		if part[i] == 1 {
			step[i] = 0
		}
	}
	return newBox(part, step, at)
}

func bindSlice(b *binding) []stage {
	return readBox(b, sliceBox(b.in[0].typ.Shape, b.out.typ.Shape, b.n.Attrs.Starts, b.n.Attrs.Steps))
}

// bindSliceGrad puts dy where the slice was taken, zero elsewhere.
func bindSliceGrad(b *binding) []stage {
	return sized(b, nil, nil, sliceGrad[uint32], sliceGrad[uint64])
}

func sliceGrad[T any](b *binding) []stage {
	zero := spread(b.out.len(), func(from, to int) { clear(view[T](b.p, b.out)[from:to]) })
	if b.in[0].len() == 0 {
		return zero
	}
	x := sliceBox(b.out.typ.Shape, b.in[0].typ.Shape, b.n.Attrs.Starts, b.n.Attrs.Steps)
	inner, step := x.inner()
	return append(zero, spreadBy(b.in[0].len()/inner, max(1, chunk/inner), func(from, to int) {
		dy, dx := view[T](b.p, b.in[0])[from*inner:], view[T](b.p, b.out)
		x.rows(from, to, func(off int) {
			for i, v := range dy[:inner] {
				dx[off+i*step] = v
			}
			dy = dy[inner:]
		})
	})...)
}

func bindConcat(b *binding) []stage {
	axis, size := b.n.Attrs.Axis, int(b.out.typ.DType.Size())
	rows, inner := 1, size
	for i, d := range b.out.typ.Shape {
		if i < axis {
			rows *= int(d)
		} else {
			inner *= int(d)
		}
	}
	if rows == 1 { // an operand a task; what was computed in its place stays there
		at := make([]int, len(b.in))
		for i := 1; i < len(b.in); i++ {
			at[i] = at[i-1] + int(b.in[i-1].bytes)
		}
		return []stage{{len(b.in), func(_, t int) {
			dst, src := b.p.bytes(b.out)[at[t]:], b.p.bytes(b.in[t])
			if unsafe.SliceData(dst) != unsafe.SliceData(src) {
				copy(dst, src)
			}
		}}}
	}
	return spreadBy(rows, max(1, chunk/inner), func(from, to int) {
		dst := b.p.bytes(b.out)[from*inner:]
		for _, in := range b.in {
			src := b.p.bytes(in)
			n := len(src) / rows
			for r := from; r < to; r++ {
				copy(dst[(r-from)*inner:][:n], src[r*n:])
			}
			dst = dst[min(n, len(dst)):]
		}
	})
}

// around splits a shape at an axis: elements before, along and after it.
func around(shape []int64, axis int) (outer, size, inner int) {
	outer, size, inner = 1, int(shape[axis]), 1
	for _, d := range shape[:axis] {
		outer *= int(d)
	}
	for _, d := range shape[axis+1:] {
		inner *= int(d)
	}
	return outer, size, inner
}

// kept lists the axes of a shape that are not in axes.
func kept(rank int, axes []int) []int {
	var out []int
	for i := range rank {
		if !slices.Contains(axes, i) {
			out = append(out, i)
		}
	}
	return out
}
