package cuda

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// scratch is where the parts of sums lie: parts × batches × m × n.
func (s *step) scratch(p *product, how *plan) operand {
	t := graph.Type{DType: abi.Float32, Shape: []int64{how.parts, p.batch, p.m, p.n}}
	return operand{arg: s.work, Type: t, there: true}
}

// keep stores the sums of one part at row i, from column j on.
func (x *piece) keep(b *body, batch, i, j ptx.Value, sums []ptx.Value) {
	at := b.Add(b.Mul(x.part, b.int(x.p.batch)), batch)
	at = b.Add(b.Mul(b.Add(b.Mul(at, b.int(x.p.m)), i), b.int(x.p.n)), j)
	to := b.At(b.base(b.s.work), at, 4)
	if len(sums) == 1 {
		b.Store(ptx.F32, ptx.Global, to, 0, sums[0])
		return
	}
	b.StoreMany(ptx.F32, ptx.Global, to, 0, sums)
}

// joinParts adds the parts of each sum up in their order: few results of many
// elements each keep the whole card busy, and the order is still that of the shape.
func (s *step) joinParts(p product, how plan) {
	from := s.scratch(&p, &how)
	w := int64(1)
	if p.close {
		w = 4
	}
	all := p.batch * p.m * p.n
	s.each(all/w, func(b *body, q ptx.Value) {
		at := b.coordinates(q, []int64{p.batch, p.m, p.n / w})
		sums := make([]ptx.Value, w)
		for e := range sums {
			first := ptx.Float(ptx.F32, 0)
			if p.first != nil {
				first = p.first(b, at[0], at[1])
			}
			sums[e] = first
		}
		for part := range how.parts {
			here := b.At(b.base(from.arg), b.Add(b.int(part*all), b.Mul(q, b.int(w))), 4)
			if w == 1 {
				sums[0] = b.Add(sums[0], b.Load(ptx.F32, ptx.Global, here, 0))
				continue
			}
			for e, v := range b.LoadMany(ptx.F32, ptx.Global, here, 0, int(w)) {
				sums[e] = b.Add(sums[e], v)
			}
		}
		p.done(b, at[0], at[1], b.Mul(at[2], b.int(w)), sums)
	})
}
