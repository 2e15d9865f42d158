package cuda

import "github.com/cloister-ai/cloister/gpu/ptx"

// A product is Σ left[i,k]·right[k,j] over k for every i and j, of one type. Its
// operands are functions, so that convolutions are products of what they gather.
// Sums are added up along k in order, one fused multiply-add after the other.
type product struct {
	m, n, k, batch int64
	typ            ptx.Type
	// left and right prepare for one row i or column j of a batch, which is there,
	// and return what reads the element at k, which is there too.
	left, right access
	// leftAlong and rightAlong say that neighbours along k are neighbours in memory.
	leftAlong, rightAlong bool
	// first is what the sum starts from; nil is zero.
	first func(b *body, batch, i, j ptx.Value) ptx.Value
	// done takes the sum.
	done func(b *body, batch, i, j, sum ptx.Value)
}

type access = func(b *body, batch, at ptx.Value) func(k ptx.Value) ptx.Value

// A block of side×side threads computes side·rows × side·cols results, depth
// elements of k at a time.
const (
	side  = 16
	depth = 16
)

// perThread is how many results of n a thread computes: as many as keep the
// threads of a block busy, at most 4.
func perThread(n int64) int64 {
	switch {
	case n > 2*side:
		return 4
	case n > side:
		return 2
	}
	return 1
}

// A tile is one operand of a product in shared memory: depth rows of width
// elements, a gap between them so that threads meet no bank together.
type tile struct {
	at         ptx.Value
	width, gap int64
	limit      int64 // rows or columns of the matrix
	k          int64
	parts      []part
}

// A part is what one thread brings to a tile each time: where to, and from where.
type part struct {
	row  ptx.Value // along k, in the tile
	to   ptx.Value // address in the tile
	read func(k ptx.Value) ptx.Value
	in   ptx.Value // a predicate: the row or column is in the matrix; unused where all are
}

func (s *step) product(p product) {
	rows, cols := perThread(p.m), perThread(p.n)
	b := s.body(side * side)
	size := p.typ.Size()
	down, across := (p.m+side*rows-1)/(side*rows), (p.n+side*cols-1)/(side*cols)

	block := b.Convert(b.ix, b.Special(ptx.BlockX))
	i0 := b.Mul(b.Rem(b.Div(block, b.int(across)), b.int(down)), b.int(side*rows))
	j0 := b.Mul(b.Rem(block, b.int(across)), b.int(side*cols))
	batch := b.Div(block, b.int(across*down))
	me := b.Special(ptx.ThreadX)
	ty, tx := b.Div(me, ptx.Int(ptx.U32, side)), b.Rem(me, ptx.Int(ptx.U32, side))

	left := b.tile(p.typ, p.left, batch, i0, side*rows, p.m, p.k, p.leftAlong)
	right := b.tile(p.typ, p.right, batch, j0, side*cols, p.n, p.k, p.rightAlong)

	i := make([]ptx.Value, rows)
	for r := range i {
		i[r] = b.Add(b.Add(i0, b.Convert(b.ix, ty)), b.int(int64(r)*side))
	}
	j := make([]ptx.Value, cols)
	for c := range j {
		j[c] = b.Add(b.Add(j0, b.Convert(b.ix, tx)), b.int(int64(c)*side))
	}
	inside := func(r, c int, then func()) {
		b.within(i[r], p.m, side*rows, func() { b.within(j[c], p.n, side*cols, then) })
	}
	sums := make([][]ptx.Value, rows)
	for r := range sums {
		for c := range j {
			sum := b.Var(ptx.Number(p.typ, 0))
			if p.first != nil {
				inside(r, c, func() { b.Set(sum, p.first(b, batch, i[r], j[c])) })
			}
			sums[r] = append(sums[r], sum)
		}
	}
	fromLeft, fromRight := b.At(left.at, ty, size), b.At(right.at, tx, size)
	b.For(b.int(0), b.int(p.k), b.int(depth), func(k0 ptx.Value) {
		b.fill(p.typ, &left, k0)
		b.fill(p.typ, &right, k0)
		b.Barrier()
		for d := range int64(depth) {
			x, y := make([]ptx.Value, rows), make([]ptx.Value, cols)
			for r := range x {
				x[r] = b.Load(p.typ, ptx.InShared, fromLeft, (d*(left.width+left.gap)+int64(r)*side)*size)
			}
			for c := range y {
				y[c] = b.Load(p.typ, ptx.InShared, fromRight, (d*(right.width+right.gap)+int64(c)*side)*size)
			}
			for r := range x {
				for c := range y {
					b.Set(sums[r][c], b.FMA(x[r], y[c], sums[r][c]))
				}
			}
		}
		b.Barrier()
	})
	for r := range sums {
		for c := range sums[r] {
			inside(r, c, func() { p.done(b, batch, i[r], j[c], sums[r][c]) })
		}
	}
	s.launch(b, p.batch*down*across)
}

// within runs then where x is below n; x goes up to the next multiple of by.
func (b *body) within(x ptx.Value, n, by int64, then func()) {
	if n%by == 0 {
		then()
		return
	}
	b.If(b.Cmp(x, ptx.LT, b.int(n)), then)
}

// tile prepares a tile of the given width from row or column at on.
func (b *body) tile(t ptx.Type, a access, batch, at ptx.Value, width, limit, k int64, along bool) tile {
	x := tile{width: width, limit: limit, k: k}
	if along {
		x.gap = 1
	}
	size := t.Size()
	x.at = b.Shared(depth * (x.width + x.gap) * size)
	me := b.Special(ptx.ThreadX)
	each := width * depth / (side * side) // elements a thread brings
	for e := range each {
		var row, col ptx.Value
		if along { // neighbours in a thread's warp lie along k
			row, col = b.Rem(me, ptx.Int(ptx.U32, depth)), b.Add(b.Div(me, ptx.Int(ptx.U32, depth)), ptx.Int(ptx.U32, e*side))
		} else {
			row, col = b.Add(b.Div(me, ptx.Int(ptx.U32, width)), ptx.Int(ptx.U32, e*side*side/width)), b.Rem(me, ptx.Int(ptx.U32, width))
		}
		p := part{row: b.Convert(b.ix, row)}
		p.to = b.At(x.at, b.Add(b.Mul(row, ptx.Int(ptx.U32, x.width+x.gap)), col), size)
		own := b.Add(at, b.Convert(b.ix, col))
		if limit%width != 0 {
			p.in = b.Cmp(own, ptx.LT, b.int(limit))
			own = b.Min(own, b.int(limit-1)) // what is prepared is there; it is not read
		}
		if !along && e > 0 {
			p.read = x.parts[0].read // the same column
		} else {
			p.read = a(b, batch, own)
		}
		x.parts = append(x.parts, p)
	}
	return x
}

// fill brings depth elements of each row or column from k0 on, and zero for what
// is not there.
func (b *body) fill(t ptx.Type, x *tile, k0 ptx.Value) {
	for _, p := range x.parts {
		k := b.Add(k0, p.row)
		bounded, deep := x.limit%x.width != 0, x.k%depth != 0
		if !bounded && !deep {
			b.Store(t, ptx.InShared, p.to, 0, p.read(k))
			continue
		}
		var there ptx.Value
		switch {
		case bounded && deep:
			there = b.And(p.in, b.Cmp(k, ptx.LT, b.int(x.k)))
		case bounded:
			there = p.in
		default:
			there = b.Cmp(k, ptx.LT, b.int(x.k))
		}
		v := b.Var(ptx.Number(t, 0))
		b.If(there, func() { b.Set(v, p.read(k)) })
		b.Store(t, ptx.InShared, p.to, 0, v)
	}
}
