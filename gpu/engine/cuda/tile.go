package cuda

import "github.com/cloister-ai/cloister/gpu/ptx"

// A tile is what a block computes of a product: rows × cols results. Its warps lie
// down × (all of them / down) over it, the lanes of a warp tall × (32/tall), and
// each thread has four neighbouring rows, or several times four, by four columns
// each time. It takes depth elements of k at a time through shared memory.
type tile struct {
	rows, cols     int64
	threads, depth int64
	down, tall     int64 // of the warps in the tile, of the lanes in a warp
	// worth is how much of a card's arithmetic such blocks keep busy, in percent of
	// the best.
	worth int64
}

// tiles are the shapes to choose from, larger ones first.
var tiles = []tile{
	{rows: 128, cols: 128, threads: 256, depth: 8, down: 2, tall: 8, worth: 100},
	{rows: 128, cols: 64, threads: 256, depth: 16, down: 4, tall: 8, worth: 92},
	{rows: 64, cols: 128, threads: 256, depth: 16, down: 2, tall: 8, worth: 92},
	{rows: 64, cols: 64, threads: 128, depth: 8, down: 2, tall: 8, worth: 85},
	{rows: 64, cols: 32, threads: 128, depth: 16, down: 2, tall: 8, worth: 60},
	{rows: 32, cols: 64, threads: 128, depth: 16, down: 1, tall: 8, worth: 60},
	{rows: 32, cols: 32, threads: 64, depth: 8, down: 1, tall: 8, worth: 50},
	{rows: 64, cols: 16, threads: 64, depth: 16, down: 2, tall: 8, worth: 40},
	{rows: 16, cols: 64, threads: 64, depth: 16, down: 1, tall: 4, worth: 40},
	{rows: 16, cols: 32, threads: 32, depth: 8, down: 1, tall: 4, worth: 30},
}

// gap lies between the rows of a tile in shared memory, in elements: threads that
// store what they loaded along k then meet no bank together.
const gap = 4

// lanes are the size of what the warps cover at once, one group of four rows and
// columns a thread.
func (t *tile) lanes() (tall, wide int64) { return 4 * t.tall, 4 * (32 / t.tall) }

// perWarp is the part of the tile that a warp computes.
func (t *tile) perWarp() (rows, cols int64) {
	return t.rows / t.down, t.cols / (t.threads / 32 / t.down)
}

// blocks is how many tiles a product has.
func (t *tile) blocks(e *extents) (down, across int64) {
	return (e.m + t.rows - 1) / t.rows, (e.n + t.cols - 1) / t.cols
}

// A plan is how a product is cut: into tiles, and the sums into parts of span
// elements each, the last of them perhaps shorter.
type plan struct {
	*tile
	parts, span int64
}

// What plans are made for: an H100. Plans follow from shapes alone, so that every
// card adds up in the same order.
const (
	processors = 132
	perCycle   = 128  // multiplications and additions, of a processor
	resident   = 512  // threads that a processor has at the same time
	bandwidth  = 1024 // bytes a cycle, of the card's memory
	launchTime = 3000 // cycles
	stepTime   = 500  // cycles that a block takes at least for depth elements
	maxParts   = 64
	leastSpan  = 64
)

// plan chooses the cut that should take the least time.
func (e *extents) plan() plan {
	var best plan
	var least int64
	for i := range tiles {
		t := &tiles[i]
		if e.typ.Size() > 4 && t.rows*t.cols > 64*64 {
			continue // registers
		}
		down, across := t.blocks(e)
		blocks := down * across * e.batch
		for parts := int64(1); parts <= maxParts; parts *= 2 {
			span := (e.k + parts - 1) / parts
			span = (span + t.depth - 1) / t.depth * t.depth
			if parts > 1 && (e.typ != ptx.F32 || span < leastSpan || blocks*parts > 2*processors) {
				break
			}
			waves := func(together int64) int64 { return (blocks*parts + processors*together - 1) / (processors * together) }
			busy := waves(1) * (t.rows * t.cols * span * 100 / t.worth) / perCycle
			wait := waves(resident/t.threads) * (span + t.depth - 1) / t.depth * stepTime
			time := max(busy, wait)
			if parts > 1 {
				time += launchTime + (parts+1)*e.m*e.n*e.batch*4/bandwidth
			}
			if best.tile == nil || time < least {
				best, least = plan{t, parts, span}, time
			}
		}
	}
	best.parts = max(1, (e.k+best.span-1)/max(1, best.span)) // none is empty
	return best
}

// work is the bytes that the parts of the sums take.
func (e *extents) work() int64 {
	if e.thin() {
		return 0
	}
	if p := e.plan(); p.parts > 1 {
		return 4 * p.parts * e.batch * e.m * e.n
	}
	return 0
}

// A piece is what a block computes while its kernel is written.
type piece struct {
	*body
	p     product
	plan  plan
	batch ptx.Value
	part  ptx.Value
	i, j  ptx.Value // the first row and column of the thread
}

// place finds the piece of the block. Blocks that run at the same time lie beside
// each other in both directions, so that they share what they read.
func (s *step) place(p product, how plan) piece {
	b := s.body(int(how.threads))
	x := piece{body: b, p: p, plan: how}
	down, across := how.blocks(&p.extents)
	group := int64(8)
	for down%group != 0 {
		group /= 2
	}
	block := b.Convert(b.ix, b.Special(ptx.BlockX))
	id := b.Rem(block, b.int(down*across))
	x.batch = b.Div(block, b.int(down*across))
	x.part = b.int(0)
	if how.parts > 1 {
		x.part, x.batch = b.Div(x.batch, b.int(p.batch)), b.Rem(x.batch, b.int(p.batch))
	}
	x.i = b.Mul(b.Add(b.Mul(b.Div(id, b.int(group*across)), b.int(group)), b.Rem(id, b.int(group))), b.int(how.rows))
	x.j = b.Mul(b.Rem(b.Div(id, b.int(group)), b.int(across)), b.int(how.cols))
	return x
}

// tiles writes the kernel that computes p tile by tile. While a block computes with
// what is in shared memory, it loads what comes next into registers and from there
// into the other half: one barrier a step.
func (s *step) tiles(p product, how plan) {
	x := s.place(p, how)
	b, size := x.body, p.typ.Size()
	leftBytes := how.depth * (how.rows + gap) * size
	half := leftBytes + how.depth*(how.cols+gap)*size
	memory := b.Shared(2 * half)

	left := x.incoming(&p.left, memory, x.i, how.rows, p.m, p.leftAlong)
	right := x.incoming(&p.right, b.Add(memory, ptx.Int(ptx.U32, leftBytes)), x.j, how.cols, p.n, p.rightAlong)

	me := b.Special(ptx.ThreadX)
	warp, lane := b.Div(me, ptx.Int(ptx.U32, 32)), b.Rem(me, ptx.Int(ptx.U32, 32))
	warpRows, warpCols := how.perWarp()
	tall, wide := how.lanes()
	row := b.Add(b.Mul(b.Rem(warp, ptx.Int(ptx.U32, how.down)), ptx.Int(ptx.U32, warpRows)), b.Mul(b.Div(lane, ptx.Int(ptx.U32, wide/4)), ptx.Int(ptx.U32, 4)))
	col := b.Add(b.Mul(b.Div(warp, ptx.Int(ptx.U32, how.down)), ptx.Int(ptx.U32, warpCols)), b.Mul(b.Rem(lane, ptx.Int(ptx.U32, wide/4)), ptx.Int(ptx.U32, 4)))
	x.i, x.j = b.Add(x.i, b.Convert(b.ix, row)), b.Add(x.j, b.Convert(b.ix, col))

	sums := x.start(4*warpRows/tall, 4*warpCols/wide)
	fromLeft := b.At(memory, row, size)
	fromRight := b.Add(b.At(memory, col, size), ptx.Int(ptx.U32, leftBytes))

	from, to := b.int(0), b.int(p.k)
	if how.parts > 1 {
		from = b.Mul(x.part, b.int(how.span))
		to = b.Min(b.Add(from, b.int(how.span)), b.int(p.k))
	}
	if p.k > 0 {
		left.bring(from)
		right.bring(from)
		left.put(ptx.Int(ptx.U32, 0))
		right.put(ptx.Int(ptx.U32, 0))
		b.Barrier()
	}
	now := b.Var(ptx.Int(ptx.U32, 0)) // which half is computed with
	b.For(from, to, b.int(how.depth), func(k ptx.Value) {
		next := b.Add(k, b.int(how.depth))
		_, last := next.Known() // the only step
		var more ptx.Value
		if !last {
			more = b.Cmp(next, ptx.LT, to)
			b.If(more, func() { left.bring(next); right.bring(next) })
		}
		x.multiply(sums, b.Add(fromLeft, now), b.Add(fromRight, now))
		if !last {
			b.Set(now, b.Sub(ptx.Int(ptx.U32, half), now))
			b.If(more, func() { left.put(now); right.put(now) })
			b.Barrier()
		}
	})
	x.finish(sums)
	down, across := how.blocks(&p.extents)
	s.launch(b, how.parts*p.batch*down*across)
	if how.parts > 1 {
		s.joinParts(p, how)
	}
}

// start makes the sums of a thread.
func (x *piece) start(rows, cols int64) [][]ptx.Value {
	sums := make([][]ptx.Value, rows)
	for r := range sums {
		zero := ptx.Number(x.p.typ, 0)
		if x.p.first != nil && x.plan.parts == 1 {
			zero = x.p.first(x.body, x.batch, x.Min(x.row(r), x.int(x.p.m-1)))
		}
		for range cols {
			sums[r] = append(sums[r], x.Var(zero))
		}
	}
	return sums
}

// row is the row of a thread's sums r, column that of its sums c.
func (x *piece) row(r int) ptx.Value {
	tall, _ := x.plan.lanes()
	return x.Add(x.i, x.int(int64(r)/4*tall+int64(r)%4))
}

func (x *piece) column(c int) ptx.Value {
	_, wide := x.plan.lanes()
	return x.Add(x.j, x.int(int64(c)/4*wide+int64(c)%4))
}

// multiply takes up what is in shared memory.
func (x *piece) multiply(sums [][]ptx.Value, left, right ptx.Value) {
	tall, wide := x.plan.lanes()
	for d := range x.plan.depth {
		a := x.four(left, d*(x.plan.rows+gap), tall, len(sums))
		c := x.four(right, d*(x.plan.cols+gap), wide, len(sums[0]))
		for r := range a {
			for k := range c {
				x.Accumulate(sums[r][k], a[r], c[k])
			}
		}
	}
}

// four reads n elements of a tile in shared memory, four neighbours each time and
// those step apart, from element off behind the address on.
func (x *piece) four(at ptx.Value, off, step int64, n int) []ptx.Value {
	size := x.p.typ.Size()
	each := 16 / size
	var out []ptx.Value
	for len(out) < n {
		group, in := int64(len(out))/4, int64(len(out))%4
		out = append(out, x.LoadMany(x.p.typ, ptx.InShared, at, (off+group*step+in)*size, int(each))...)
	}
	return out
}

// finish hands over the sums of a thread that are there.
func (x *piece) finish(sums [][]ptx.Value) {
	p, done := &x.p, x.p.done
	if x.plan.parts > 1 {
		done = x.keep
	}
	four := p.close || x.plan.parts > 1 && p.n%4 == 0
	for r := range sums {
		i := x.row(r)
		x.within(i, p.m, x.plan.rows, func() {
			for c := 0; c < len(sums[r]); c += 4 {
				if four {
					j := x.column(c)
					x.within(j, p.n, x.plan.cols, func() { done(x.body, x.batch, i, j, sums[r][c:c+4]) })
					continue
				}
				for e := c; e < c+4; e++ {
					j := x.column(e)
					x.within(j, p.n, x.plan.cols, func() { done(x.body, x.batch, i, j, sums[r][e:e+1]) })
				}
			}
		})
	}
}

// within runs then where x is below n; x goes up to the next multiple of by.
func (b *body) within(x ptx.Value, n, by int64, then func()) {
	if n%by == 0 {
		then()
		return
	}
	b.If(b.Cmp(x, ptx.LT, b.int(n)), then)
}
