package cuda

import (
	"encoding/binary"
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// lowerFourier transforms lines of pairs by the definition, in float64, a result a
// thread.
func lowerFourier(s *step) {
	a, x := s.n.Attrs, s.in[0]
	n := a.Length
	outer, size, inner := around(x.Shape, a.Axis)
	bins := s.out.Shape[a.Axis]
	inner /= 2 // pairs
	var turns []byte
	for i := range n {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		if !a.Inverse {
			sin = -sin
		}
		turns = binary.LittleEndian.AppendUint64(turns, math.Float64bits(cos))
		turns = binary.LittleEndian.AppendUint64(turns, math.Float64bits(sin))
	}
	roots := operand{arg: Arg{Space: Constant, Offset: s.c.data(turns)}, Type: graph.Type{DType: abi.Float64, Shape: []int64{2 * n}}, there: true}
	scale := 1.0
	if a.Inverse {
		scale = 1 / float64(n)
	}
	t := element(s.out.DType)
	s.each(outer*bins*inner, func(b *body, i ptx.Value) {
		at := b.coordinates(i, []int64{outer, bins, inner})
		pair := func(o operand, i ptx.Value) (re, im ptx.Value) {
			i = b.Mul(i, b.int(2))
			return b.Convert(ptx.F64, b.load(o, i)), b.Convert(ptx.F64, b.load(o, b.Add(i, b.int(1))))
		}
		re, im, turn := b.Var(f64(0)), b.Var(f64(0)), b.Var(b.int(0))
		b.Count(b.ix, min(size, n), func(k ptx.Value) {
			vr, vi := pair(x, b.Add(b.Mul(b.Add(b.Mul(at[0], b.int(size)), k), b.int(inner)), at[2]))
			tr, ti := pair(roots, turn)
			b.Set(re, b.Add(re, b.Sub(b.Mul(vr, tr), b.Mul(vi, ti))))
			b.Set(im, b.Add(im, b.Add(b.Mul(vr, ti), b.Mul(vi, tr))))
			next := b.Add(turn, at[1])
			b.Set(turn, b.Select(b.Cmp(next, ptx.GE, b.int(n)), b.Sub(next, b.int(n)), next))
		})
		o := b.Mul(i, b.int(2))
		b.store(s.out, o, b.Convert(t, b.Mul(re, f64(scale))))
		b.store(s.out, b.Add(o, b.int(1)), b.Convert(t, b.Mul(im, f64(scale))))
	})
}
