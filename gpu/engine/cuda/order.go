package cuda

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// bits is the element of dt that lies in memory as the low bytes of n.
func (b *body) bits(dt abi.DType, n uint64) ptx.Value {
	switch t := element(dt); t {
	case ptx.F16:
		return b.Bits(ptx.F16, b.Var(ptx.Int(ptx.U16, int64(n&0xFFFF))))
	case ptx.F32:
		return b.Bits(ptx.F32, ptx.Int(ptx.U32, int64(uint32(n))))
	case ptx.F64:
		return b.Bits(ptx.F64, ptx.Int(ptx.U64, int64(n)))
	case ptx.U8:
		return ptx.Int(ptx.U32, int64(uint8(n)))
	case ptx.S8:
		return ptx.Int(ptx.S32, int64(int8(n)))
	default:
		return ptx.Int(t, int64(n))
	}
}

func lowerTrilu(s *step) {
	shape := s.out.Shape
	rows, cols := shape[len(shape)-2], shape[len(shape)-1]
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		at := b.coordinates(i, []int64{1, rows, cols})
		diagonal, col := b.Add(b.Convert(ptx.S64, at[1]), ptx.Int(ptx.S64, s.n.Attrs.K)), b.Convert(ptx.S64, at[2])
		rel := ptx.LE
		if s.n.Attrs.Upper {
			rel = ptx.GE
		}
		v := b.Var(b.bits(s.out.DType, 0))
		b.If(b.Cmp(col, rel, diagonal), func() { b.Set(v, b.raw(s.in[0], i)) })
		b.store(s.out, i, v)
	})
}

func lowerReverseSequence(s *step) {
	shape, time := s.out.Shape, s.n.Attrs.Axis
	inner := elements(shape[2:])
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		at := b.coordinates(i, []int64{shape[0], shape[1], inner})
		t := b.Convert(ptx.S64, at[time])
		n := b.load(s.in[1], at[1-time])
		n = b.Min(b.Max(n, ptx.Int(ptx.S64, 0)), ptx.Int(ptx.S64, shape[time]))
		t = b.Select(b.Cmp(t, ptx.LT, n), b.Sub(b.Sub(n, ptx.Int(ptx.S64, 1)), t), t)
		at[time] = b.Convert(b.ix, t)
		row := b.Add(b.Mul(at[0], b.int(shape[1])), at[1])
		b.store(s.out, i, b.raw(s.in[0], b.Add(b.Mul(row, b.int(inner)), at[2])))
	})
}

// lowerCumSum adds up in order, a line a thread; floats in float64, rounded once
// for each result.
func lowerCumSum(s *step) {
	l := axisLines(s.out.Shape, s.n.Attrs.Axis)
	acc := wide(element(s.out.DType).Held())
	s.each(l.count(), func(b *body, o ptx.Value) {
		start := l.start(b, o)
		total := b.Var(ptx.Number(acc, 0))
		b.Count(b.ix, l.n, func(i ptx.Value) {
			if s.n.Attrs.Reverse {
				i = b.Sub(b.int(l.n-1), i)
			}
			k := l.at(b, start, i)
			v := b.Convert(acc, b.load(s.in[0], k))
			if s.n.Attrs.Exclusive {
				b.store(s.out, k, b.Convert(element(s.out.DType).Held(), total))
			}
			b.Set(total, b.Add(total, v))
			if !s.n.Attrs.Exclusive {
				b.store(s.out, k, b.Convert(element(s.out.DType).Held(), total))
			}
		})
	})
}

// lowerTopKIndices counts for each element those that come before it in its line:
// that is its place in the result.
func lowerTopKIndices(s *step) {
	axis := s.n.Attrs.Axis
	l, k := axisLines(s.in[0].Shape, axis), s.out.Shape[axis]
	_, _, inner := around(s.out.Shape, axis)
	s.each(s.in[0].Elements(), func(b *body, e ptx.Value) {
		line, me := b.Div(e, b.int(l.n)), b.Rem(e, b.int(l.n))
		start := l.start(b, line)
		read := func(i ptx.Value) ptx.Value { return b.load(s.in[0], l.at(b, start, i)) }
		own := read(me)
		// before reports whether v comes before w for its value: NaN is largest
		before := func(v, w ptx.Value) ptx.Value {
			if !s.n.Attrs.Upper {
				v, w = w, v
			}
			p := b.Cmp(v, ptx.GT, w)
			if v.Type.Float() {
				p = b.Or(p, b.And(b.Cmp(w, ptx.EQ, w), b.IsNaN(v)))
			}
			return p
		}
		rank := b.Var(b.int(0))
		b.Count(b.ix, l.n, func(i ptx.Value) {
			v := read(i)
			tie := b.And(b.Cmp(i, ptx.LT, me), b.Not(b.Or(before(v, own), before(own, v))))
			b.Set(rank, b.Add(rank, b.Convert(b.ix, b.Or(before(v, own), tie))))
		})
		b.If(b.Cmp(rank, ptx.LT, b.int(k)), func() {
			o, c := b.Div(line, b.int(inner)), b.Rem(line, b.int(inner))
			b.store(s.out, b.Add(b.Mul(b.Add(b.Mul(o, b.int(k)), rank), b.int(inner)), c), b.Convert(ptx.S64, me))
		})
	})
}
