package cuda

import "github.com/cloister-ai/cloister/gpu/ptx"

// A join2 is an operation of two values that is associative and commutative but for
// rounding.
type join2 = func(x, y ptx.Value) ptx.Value

// total adds v up over the threads of the block, and gives the sum to one thread
// that runs then.
func (b *body) total(v ptx.Value, then func(sum ptx.Value)) {
	all := b.gather(v, b.Add)
	b.If(b.Cmp(b.Special(ptx.ThreadX), ptx.EQ, ptx.Int(ptx.U32, 0)), func() { then(all) })
}

// gather joins v over the threads of the block, and returns the result to each of
// them: first in each warp, then of the warps. The block is a power of two, and of
// whole warps.
func (b *body) gather(v ptx.Value, join join2) ptx.Value {
	v = b.gatherWarp(v, join, 32)
	warps := int64(b.Threads()) / 32
	if warps == 1 {
		return v
	}
	size := v.Type.Size()
	at := b.Shared(warps * size)
	me := b.Special(ptx.ThreadX)
	lane := b.Rem(me, ptx.Int(ptx.U32, 32))
	b.If(b.Cmp(lane, ptx.EQ, ptx.Int(ptx.U32, 0)), func() {
		b.Store(v.Type, ptx.InShared, b.At(at, b.Div(me, ptx.Int(ptx.U32, 32)), size), 0, v)
	})
	b.Barrier()
	return b.gatherWarp(b.Load(v.Type, ptx.InShared, b.At(at, b.Rem(lane, ptx.Int(ptx.U32, warps)), size), 0), join, int(warps))
}

// gatherWarp joins v over each n neighbouring lanes of a warp, and returns the
// result to each of them.
func (b *body) gatherWarp(v ptx.Value, join join2, n int) ptx.Value {
	for far := n / 2; far > 0; far /= 2 {
		v = join(v, b.otherLane(v, far))
	}
	return v
}

// otherLane is what v is in the lane whose number differs in the bits of n.
func (b *body) otherLane(v ptx.Value, n int) ptx.Value {
	if v.Type.Size() == 4 {
		return b.ShuffleXor(v, n)
	}
	low, high := b.Parts(b.Bits(ptx.U64, v))
	return b.Bits(v.Type, b.Join(b.ShuffleXor(low, n), b.ShuffleXor(high, n)))
}
