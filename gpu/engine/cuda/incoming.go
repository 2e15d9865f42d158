package cuda

import "github.com/cloister-ai/cloister/gpu/ptx"

// An incoming side is what the threads of a block bring to one tile in shared
// memory, the same amount each.
type incoming struct {
	x     *piece
	pack  pack
	width int64 // rows or columns of the tile
	items []item
}

// An item is one element that a thread brings each time, or four.
type item struct {
	k    ptx.Value // in the tile
	to   ptx.Value // its address there
	read func(k ptx.Value) []ptx.Value
	held []ptx.Value // on the way
}

// incoming prepares for a tile of rows or columns from at on.
func (x *piece) incoming(side *side, memory, at ptx.Value, width, limit int64, along bool) incoming {
	in := incoming{x: x, pack: side.packing(), width: width}
	b, how := x.body, &x.plan
	u32 := func(n int64) ptx.Value { return ptx.Int(ptx.U32, n) }
	items, each, period := width*how.depth, int64(1), width
	switch {
	case in.pack == packAlong:
		items, each, period = items/4, 4, 2*width
	case in.pack == packAcross:
		items, each, period = items/4, 4, width/4
	case along:
		period = 8 * width
	}
	me := b.Special(ptx.ThreadX)
	for e := int64(0); e*how.threads < items; e++ {
		n := b.Add(me, u32(e*how.threads))
		var k, own ptx.Value // of the item, in the tile
		switch rest := b.Div(n, u32(period)); {
		case in.pack == packAlong: // two neighbours in a warp share what memory hands out at once
			k = b.Add(b.Mul(rest, u32(8)), b.Mul(b.Rem(n, u32(2)), u32(4)))
			own = b.Rem(b.Div(n, u32(2)), u32(width))
		case in.pack == packAcross:
			k, own = rest, b.Mul(b.Rem(n, u32(width/4)), u32(4))
		case along:
			k = b.Add(b.Mul(rest, u32(8)), b.Rem(n, u32(8)))
			own = b.Rem(b.Div(n, u32(8)), u32(width))
		default:
			k, own = rest, b.Rem(n, u32(width))
		}
		it := item{k: b.Convert(b.ix, k), to: b.At(memory, b.Add(b.Mul(k, u32(width+gap)), own), x.p.typ.Size())}
		for back := range e { // the same rows or columns
			if (e-back)*how.threads%period == 0 {
				it.read = in.items[back].read
			}
		}
		if it.read == nil {
			it.read = x.reader(side, in.pack, at, own, width, limit)
		}
		for range each {
			it.held = append(it.held, b.Var(ptx.Number(x.p.typ, 0)))
		}
		in.items = append(in.items, it)
	}
	return in
}

// reader reads a row or column of the tile that starts at at. What is behind the
// last one becomes that: its sums are not kept.
func (x *piece) reader(side *side, pack pack, at, own ptx.Value, width, limit int64) func(k ptx.Value) []ptx.Value {
	row := x.Add(at, x.Convert(x.ix, own))
	last := limit - 1
	if pack == packAcross {
		last = limit - 4
	}
	if limit%width != 0 {
		row = x.Min(row, x.int(last))
	}
	if pack != single {
		return side.quad(x.body, x.batch, row)
	}
	read := side.read(x.body, x.batch, row)
	return func(k ptx.Value) []ptx.Value { return []ptx.Value{read(k)} }
}

// bring reads the elements from k on into registers, and zero for those that are
// not there.
func (in *incoming) bring(k ptx.Value) {
	x := in.x
	each := func(careful bool) {
		for _, it := range in.items {
			at := x.Add(k, it.k)
			set := func() {
				for e, v := range it.read(at) {
					x.Set(it.held[e], v)
				}
			}
			if !careful {
				set()
				continue
			}
			for _, h := range it.held {
				x.Set(h, ptx.Number(x.p.typ, 0))
			}
			x.If(x.Cmp(at, ptx.LT, x.int(x.p.k)), set)
		}
	}
	switch {
	case x.p.k%x.plan.depth == 0:
		each(false)
	case in.pack == single:
		each(true)
	default:
		full := x.Cmp(x.Add(k, x.int(x.plan.depth)), ptx.LE, x.int(x.p.k))
		x.IfElse(full, func() { each(false) }, func() { each(true) })
	}
}

// put stores what was brought, off bytes into shared memory.
func (in *incoming) put(off ptx.Value) {
	x := in.x
	size := x.p.typ.Size()
	for _, it := range in.items {
		to := x.Add(it.to, off)
		if in.pack == packAcross {
			x.StoreMany(x.p.typ, ptx.InShared, to, 0, it.held)
			continue
		}
		for e, v := range it.held {
			x.Store(x.p.typ, ptx.InShared, to, int64(e)*(in.width+gap)*size, v)
		}
	}
}
