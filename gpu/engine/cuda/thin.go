package cuda

import "github.com/cloister-ai/cloister/gpu/ptx"

// A product of which one side has few rows or columns reads the other side once,
// and does little with it: it waits for memory, not for arithmetic.
const (
	thinSide = 4
	// longest bounds the sums that one block adds up.
	longest = 1 << 14
	// unrolled bounds the sums whose elements are written out.
	unrolled = 32
)

// thin reports whether e is such a product.
func (e *extents) thin() bool {
	if e.k > longest || e.m > thinSide && e.n > thinSide {
		return false
	}
	return !e.wideAlong() || e.typ.Size() == 4
}

// wideAlong reports whether the sums go along memory on the wide side.
func (e *extents) wideAlong() bool {
	along := e.rightAlong
	if e.m > thinSide {
		along = e.leftAlong
	}
	return along && e.k >= 32
}

// A strip is a thin product with its sides in order of their width.
type strip struct {
	product
	few, many   int64
	small, wide side
	turned      bool // the left side is the wide one
}

func (s *step) thin(p product) {
	x := strip{p, p.m, p.n, p.left, p.right, false}
	if p.m > thinSide {
		x = strip{p, p.n, p.m, p.right, p.left, true}
	}
	if p.wideAlong() {
		s.warpEach(&x)
		return
	}
	s.threadEach(&x)
}

// at is the row and column of element few of the small side and many of the wide.
func (x *strip) at(few, many ptx.Value) (i, j ptx.Value) {
	if x.turned {
		return many, few
	}
	return few, many
}

// finish hands over one sum.
func (x *strip) finish(b *body, batch, few, many, sum ptx.Value) {
	i, j := x.at(few, many)
	if x.first != nil {
		sum = b.Add(sum, x.first(b, batch, i))
	}
	x.done(b, batch, i, j, []ptx.Value{sum})
}

// warpEach gives each row or column of the wide side to a warp, whose lanes take
// neighbours along k, and then join their sums.
func (s *step) warpEach(x *strip) {
	b := s.body(threads)
	number := b.Convert(b.ix, b.Special(ptx.BlockX))
	me := b.Special(ptx.ThreadX)
	number = b.Add(b.Mul(number, b.int(threads/32)), b.Convert(b.ix, b.Div(me, ptx.Int(ptx.U32, 32))))
	lane := b.Convert(b.ix, b.Rem(me, ptx.Int(ptx.U32, 32)))
	all := x.many * x.batch
	if all%(threads/32) != 0 {
		b.Return(b.Cmp(number, ptx.GE, b.int(all))) // a whole warp
	}
	batch, own := b.Div(number, b.int(x.many)), b.Rem(number, b.int(x.many))
	sums := make([]ptx.Value, x.few)
	for f := range sums {
		sums[f] = b.Var(ptx.Number(x.typ, 0))
	}
	if x.wide.packing() == packAlong && x.small.packing() == packAlong {
		wide := x.wide.quad(b, batch, own)
		var small []func(k ptx.Value) []ptx.Value
		for f := range x.few {
			small = append(small, x.small.quad(b, batch, b.int(f)))
		}
		b.For(b.Mul(lane, b.int(4)), b.int(x.k), b.int(128), func(k ptx.Value) {
			w := wide(k)
			for f := range sums {
				for e, v := range small[f](k) {
					b.Accumulate(sums[f], v, w[e])
				}
			}
		})
	} else {
		wide, small := x.wide.read(b, batch, own), x.readers(b, batch)
		b.For(lane, b.int(x.k), b.int(32), func(k ptx.Value) {
			w := wide(k)
			for f := range sums {
				b.Accumulate(sums[f], small[f](k), w)
			}
		})
	}
	for f := range sums {
		for far := 16; far > 0; far /= 2 {
			b.Set(sums[f], b.Add(sums[f], b.ShuffleXor(sums[f], far)))
		}
	}
	b.If(b.Cmp(lane, ptx.EQ, b.int(0)), func() {
		for f := range sums {
			x.finish(b, batch, b.int(int64(f)), own, sums[f])
		}
	})
	s.launch(b, (all+threads/32-1)/(threads/32))
}

// readers read the rows or columns of the small side.
func (x *strip) readers(b *body, batch ptx.Value) []func(k ptx.Value) ptx.Value {
	var out []func(k ptx.Value) ptx.Value
	for f := range x.few {
		out = append(out, x.small.read(b, batch, b.int(f)))
	}
	return out
}

// crew is how many threads add up the sums of one row or column of the wide side,
// each every so many elements of k: as many as fill a card, and one where that
// does not need more.
func (x *strip) crew() int64 {
	crew := int64(1)
	for crew < 32 && x.many*x.batch*crew < processors*512 && x.k/(2*crew) >= 16 {
		crew *= 2
	}
	return crew
}

// threadEach gives neighbouring rows or columns of the wide side to neighbouring
// threads. With more than one thread for each, the sums of those are joined in
// order.
func (s *step) threadEach(x *strip) {
	crew := x.crew()
	size := int64(threads)
	for size > 32 && size/crew/2 >= x.many && size/2 >= crew {
		size /= 2
	}
	each := size / crew
	b := s.body(int(size))
	across := (x.many + each - 1) / each
	block := b.Convert(b.ix, b.Special(ptx.BlockX))
	batch := b.Div(block, b.int(across))
	me := b.Special(ptx.ThreadX)
	col, turn := b.Rem(me, ptx.Int(ptx.U32, each)), b.Div(me, ptx.Int(ptx.U32, each))
	number := b.Add(b.Mul(b.Rem(block, b.int(across)), b.int(each)), b.Convert(b.ix, col))
	own := number
	if x.many%each != 0 {
		own = b.Min(number, b.int(x.many-1))
	}
	sums := make([]ptx.Value, x.few)
	for f := range sums {
		start := ptx.Number(x.typ, 0)
		if i, _ := x.at(b.int(int64(f)), own); x.first != nil && crew == 1 {
			start = x.first(b, batch, i)
		}
		sums[f] = b.Var(start)
	}
	wide, small := x.wide.read(b, batch, own), x.readers(b, batch)
	take := func(k ptx.Value) {
		w := wide(k)
		for f := range sums {
			b.Accumulate(sums[f], small[f](k), w)
		}
	}
	if crew == 1 {
		if x.k <= unrolled {
			b.Unroll(b.ix, x.k, take)
		} else {
			b.Count(b.ix, x.k, take)
		}
		b.within(number, x.many, each, func() {
			for f := range sums {
				i, j := x.at(b.int(int64(f)), own)
				x.done(b, batch, i, j, sums[f:f+1])
			}
		})
		s.launch(b, x.batch*across)
		return
	}
	b.For(b.Convert(b.ix, turn), b.int(x.k), b.int(crew), take)
	bytes := x.typ.Size()
	memory := b.Shared(size * x.few * bytes)
	mine := b.At(memory, b.Mul(me, ptx.Int(ptx.U32, x.few)), bytes)
	for f := range sums {
		b.Store(x.typ, ptx.InShared, mine, int64(f)*bytes, sums[f])
	}
	b.Barrier()
	b.If(b.Cmp(turn, ptx.EQ, ptx.Int(ptx.U32, 0)), func() {
		for f := range sums {
			for t := int64(1); t < crew; t++ {
				b.Set(sums[f], b.Add(sums[f], b.Load(x.typ, ptx.InShared, mine, (t*each*x.few+int64(f))*bytes)))
			}
		}
		b.within(number, x.many, each, func() {
			for f := range sums {
				x.finish(b, batch, b.int(int64(f)), own, sums[f])
			}
		})
	})
	s.launch(b, x.batch*across)
}
