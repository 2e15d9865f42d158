package cuda

import "github.com/cloister-ai/cloister/gpu/ptx"

// A join2 is an operation of two values that is associative but for rounding.
type join2 = func(x, y ptx.Value) ptx.Value

// total adds v up over the threads of the block, and gives the sum to one thread
// that runs then.
func (b *body) total(v ptx.Value, then func(sum ptx.Value)) {
	all := b.gather(v, b.Add)
	b.If(b.Cmp(b.Special(ptx.ThreadX), ptx.EQ, ptx.Int(ptx.U32, 0)), func() { then(all) })
}

// gather joins v over the threads of the block, halving their number each time,
// and returns the result to each of them. The block is a power of two.
func (b *body) gather(v ptx.Value, join join2) ptx.Value {
	n := b.Threads()
	size := v.Type.Size()
	at := b.Shared(int64(n) * size)
	me := b.Special(ptx.ThreadX)
	own := b.At(at, me, size)
	b.Store(v.Type, ptx.InShared, own, 0, v)
	for half := n / 2; half > 0; half /= 2 {
		b.Barrier()
		b.If(b.Cmp(me, ptx.LT, ptx.Int(ptx.U32, int64(half))), func() {
			b.Store(v.Type, ptx.InShared, own, 0, join(b.Load(v.Type, ptx.InShared, own, 0), b.Load(v.Type, ptx.InShared, own, int64(half)*size)))
		})
	}
	b.Barrier()
	return b.Load(v.Type, ptx.InShared, at, 0)
}
