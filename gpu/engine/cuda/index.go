package cuda

import (
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// indexRows: elements by number. Indices count from the end where they are
// negative, and what is out of range becomes the nearest in it.
var indexRows = table{
	"Gather":          {anything, lowerGather},
	"GatherGrad":      {reals, lowerGatherGrad},
	"GatherElements":  {anything, lowerGatherElements},
	"GatherND":        {anything, lowerGatherND},
	"ScatterElements": {numbers | bools, lowerScatterElements},
	"ScatterND":       {numbers | bools, lowerScatterND},
}

// index is element i of o as an index among n.
func (b *body) index(o operand, i ptx.Value, n int64) ptx.Value {
	k := b.Convert(ptx.S64, b.load(o, i))
	k = b.Select(b.Cmp(k, ptx.LT, ptx.Int(ptx.S64, 0)), b.Add(k, ptx.Int(ptx.S64, n)), k)
	k = b.Min(b.Max(k, ptx.Int(ptx.S64, 0)), ptx.Int(ptx.S64, n-1))
	return b.Convert(b.ix, k)
}

// around splits a shape at an axis: elements before, along and after it.
func around(shape []int64, axis int) (outer, size, inner int64) {
	return elements(shape[:axis]), shape[axis], elements(shape[axis+1:])
}

func lowerGather(s *step) {
	outer, size, inner := around(s.in[0].Shape, s.n.Attrs.Axis)
	n := s.in[1].Elements()
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		at := b.coordinates(i, []int64{outer, n, inner})
		row := b.Add(b.Mul(at[0], b.int(size)), b.index(s.in[1], at[1], size))
		b.store(s.out, i, b.raw(s.in[0], b.Add(b.Mul(row, b.int(inner)), at[2])))
	})
}

// lowerGatherGrad adds the parts of dy up in the order of the indices; a thread
// takes what lies at one place outside of the axis and inside of it.
func lowerGatherGrad(s *step) {
	outer, size, inner := around(s.out.Shape, s.n.Attrs.Axis)
	n, t := s.in[1].Elements(), element(s.out.DType)
	s.each(outer*inner, func(b *body, i ptx.Value) {
		o, c := b.Div(i, b.int(inner)), b.Rem(i, b.int(inner))
		at := func(row, of ptx.Value, size int64) ptx.Value {
			return b.Add(b.Mul(b.Add(b.Mul(of, b.int(size)), row), b.int(inner)), c)
		}
		b.Count(b.ix, size, func(r ptx.Value) { b.store(s.out, at(r, o, size), ptx.Number(t, 0)) })
		b.Count(b.ix, n, func(k ptx.Value) {
			to := at(b.index(s.in[1], k, size), o, size)
			b.store(s.out, to, b.Add(b.load(s.out, to), b.load(s.in[0], at(k, o, n))))
		})
	})
}

// lane is the number, in a tensor, of the element beside element i of indices, but
// for the axis, along which they point.
func (b *body) lane(i ptx.Value, tensor, indices []int64, axis int) ptx.Value {
	step := strides(tensor)
	step[axis] = 0
	return b.offset(i, indices, step, 0)
}

func lowerGatherElements(s *step) {
	x, axis := s.in[0], s.n.Attrs.Axis
	along := strides(x.Shape)[axis]
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		k := b.index(s.in[1], i, x.Shape[axis])
		b.store(s.out, i, b.raw(x, b.Add(b.lane(i, x.Shape, s.in[1].Shape, axis), b.Mul(k, b.int(along)))))
	})
}

// tuples are the positions that GatherND and ScatterND name.
type tuples struct {
	count    int64   // of positions
	perBatch int64   // of one batch
	batch    int64   // elements of one batch of the tensor
	inner    int64   // elements at one position
	dims     []int64 // that are named
	step     []int64
}

func tuplesOf(tensor, indices []int64, batch int) tuples {
	k := int(indices[len(indices)-1])
	return tuples{
		count: elements(indices[:len(indices)-1]), perBatch: elements(indices[batch : len(indices)-1]),
		batch: elements(tensor[batch:]), inner: elements(tensor[batch+k:]),
		dims: tensor[batch : batch+k], step: strides(tensor)[batch : batch+k],
	}
}

// place is where in the tensor position i points.
func (t *tuples) place(b *body, o operand, i ptx.Value) ptx.Value {
	at := b.Mul(b.Div(i, b.int(max(1, t.perBatch))), b.int(t.batch))
	for d := range t.dims {
		k := b.index(o, b.Add(b.Mul(i, b.int(int64(len(t.dims)))), b.int(int64(d))), t.dims[d])
		at = b.Add(at, b.Mul(k, b.int(t.step[d])))
	}
	return at
}

func lowerGatherND(s *step) {
	t := tuplesOf(s.in[0].Shape, s.in[1].Shape, s.n.Attrs.Batch)
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		at := t.place(b, s.in[1], b.Div(i, b.int(t.inner)))
		b.store(s.out, i, b.raw(s.in[0], b.Add(at, b.Rem(i, b.int(t.inner)))))
	})
}

// copyFirst copies operand 0 to the result.
func (s *step) copyFirst() {
	s.each(s.out.Elements(), func(b *body, i ptx.Value) { b.store(s.out, i, b.raw(s.in[0], i)) })
}

// takeUp makes the element of the result at a place what it becomes with v.
func (b *body) takeUp(at, v ptx.Value) {
	s := b.s
	if s.n.Attrs.Mode != "none" && s.n.Attrs.Mode != "" {
		old := b.load(s.out, at)
		switch s.n.Attrs.Mode {
		case "add":
			v = b.Add(old, v)
		case "mul":
			v = b.Mul(old, v)
		case "max":
			v = b.most(old, v)
		case "min":
			v = b.least(old, v)
		}
	}
	b.store(s.out, at, v)
}

// lowerScatterElements copies operand 0 and then takes up the updates in their
// order. Those that differ beside the axis never meet: a thread takes each line.
func lowerScatterElements(s *step) {
	s.copyFirst()
	axis := s.n.Attrs.Axis
	if s.in[2].Elements() == 0 {
		return
	}
	l := axisLines(s.in[1].Shape, axis)
	along := strides(s.out.Shape)[axis]
	s.each(l.count(), func(b *body, o ptx.Value) {
		start := l.start(b, o)
		base := b.lane(start, s.out.Shape, s.in[1].Shape, axis)
		b.Count(b.ix, l.n, func(i ptx.Value) {
			from := l.at(b, start, i)
			k := b.index(s.in[1], from, s.out.Shape[axis])
			b.takeUp(b.Add(base, b.Mul(k, b.int(along))), b.load(s.in[2], from))
		})
	})
}

// lowerScatterND is the same for positions: a thread takes one of the elements
// that lie at each of them.
func lowerScatterND(s *step) {
	s.copyFirst()
	if s.in[2].Elements() == 0 {
		return
	}
	t := tuplesOf(s.in[0].Shape, s.in[1].Shape, s.n.Attrs.Batch)
	s.each(t.inner, func(b *body, j ptx.Value) {
		b.Count(b.ix, t.count, func(i ptx.Value) {
			at := b.Add(t.place(b, s.in[1], i), j)
			b.takeUp(at, b.load(s.in[2], b.Add(b.Mul(i, b.int(t.inner)), j)))
		})
	})
}
