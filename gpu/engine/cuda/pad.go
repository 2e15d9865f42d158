package cuda

import (
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// source is which element of a dimension of d elements stands at place i, a signed
// number that may lie outside, and whether there is one: see graph.PadIndex.
func (b *body) source(mode string, i ptx.Value, d int64) (at, there ptx.Value) {
	t := i.Type
	num := func(n int64) ptx.Value { return ptx.Int(t, n) }
	inside := b.And(b.Cmp(i, ptx.GE, num(0)), b.Cmp(i, ptx.LT, num(d)))
	yes := func() ptx.Value { return b.Cmp(i, ptx.EQ, i) }
	mod := func(i ptx.Value, d int64) ptx.Value {
		r := b.Rem(i, num(d))
		return b.Select(b.Cmp(r, ptx.LT, num(0)), b.Add(r, num(d)), r)
	}
	switch {
	case mode == graph.PadConstant || d == 0:
		return i, inside
	case mode == graph.PadEdge || d == 1:
		return b.Min(b.Max(i, num(0)), num(d-1)), yes()
	case mode == graph.PadWrap:
		return mod(i, d), yes()
	}
	r := mod(i, 2*d-2)
	return b.Select(b.Cmp(r, ptx.GE, num(d)), b.Sub(num(2*d-2), r), r), yes()
}

// padded is the number, in a tensor of shape small, of what stands at element i of
// one of shape large, and whether there is anything.
func (b *body) padded(mode string, i ptx.Value, small, large, before []int64) (at, there ptx.Value) {
	if len(large) == 0 {
		return b.int(0), b.Cmp(i, ptx.EQ, i)
	}
	own := strides(small)
	at = b.int(0)
	for d, x := range b.coordinates(i, large) {
		x = b.signed(x)
		k, ok := b.source(mode, b.Sub(x, ptx.Int(x.Type, before[d])), small[d])
		if d == 0 {
			there = ok
		} else {
			there = b.And(there, ok)
		}
		at = b.Add(at, b.Mul(b.unsigned(k), b.int(own[d])))
	}
	return at, there
}

// lowerPad fills with operand 2, or with the element that the node holds.
func lowerPad(s *step) {
	x, a := s.in[0], s.n.Attrs
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		at, there := b.padded(a.Mode, i, x.Shape, s.out.Shape, a.Starts)
		var fill ptx.Value
		if s.has(2) {
			fill = b.raw(s.in[2], b.int(0))
		} else {
			fill = b.bits(s.out.DType, a.Bits)
		}
		v := b.Var(fill)
		b.If(there, func() { b.Set(v, b.raw(x, at)) })
		b.store(s.out, i, v)
	})
}

// lowerPadGrad adds dy up where each element came from: an element looks at all
// that could be it, in their order.
func lowerPadGrad(s *step) {
	dy, a := s.in[0], s.n.Attrs
	t := element(s.out.DType)
	small, large := s.out.Shape, dy.Shape
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		sum := b.Var(ptx.Number(t, 0))
		own, step := b.coordinates(i, small), strides(large)
		var along func(d int, at ptx.Value)
		along = func(d int, at ptx.Value) {
			if d == len(small) {
				b.Set(sum, b.Add(sum, b.load(dy, at)))
				return
			}
			if a.Mode == graph.PadConstant { // there is one place
				x := b.signed(own[d])
				k := b.unsigned(b.Add(x, ptx.Int(x.Type, a.Starts[d])))
				b.If(b.Cmp(k, ptx.LT, b.int(large[d])), func() { along(d+1, b.Add(at, b.Mul(k, b.int(step[d])))) })
				return
			}
			if large[d] == small[d] && a.Starts[d] == 0 {
				along(d+1, b.Add(at, b.Mul(own[d], b.int(step[d]))))
				return
			}
			b.Count(b.ix, large[d], func(k ptx.Value) {
				x := b.signed(k)
				from, ok := b.source(a.Mode, b.Sub(x, ptx.Int(x.Type, a.Starts[d])), small[d])
				b.If(b.And(ok, b.Cmp(b.unsigned(from), ptx.EQ, own[d])), func() { along(d+1, b.Add(at, b.Mul(k, b.int(step[d])))) })
			})
		}
		along(0, b.int(0))
		b.put(i, sum)
	})
}

// lowerSliceGrad puts dy where the slice was taken, zero elsewhere.
func lowerSliceGrad(s *step) {
	dy, a := s.in[0], s.n.Attrs
	own := strides(s.out.Shape)
	s.each(s.out.Elements(), func(b *body, i ptx.Value) { b.store(s.out, i, b.bits(s.out.DType, 0)) })
	if dy.Elements() == 0 {
		return
	}
	start := int64(0)
	for d := range own {
		start += a.Starts[d] * own[d]
		own[d] *= a.Steps[d]
	}
	s.each(dy.Elements(), func(b *body, i ptx.Value) {
		b.store(s.out, b.offset(i, dy.Shape, own, start), b.raw(dy, i))
	})
}
