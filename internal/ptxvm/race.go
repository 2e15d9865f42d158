package ptxvm

// touch is how an access touches a place.
type touch uint8

const (
	reading touch = iota
	writing
	atomicRead // volatile and ordered loads: no race with other atomics
	atomicWrite
	updating // atom, red
)

func (t touch) reads() bool  { return t == reading || t == atomicRead || t == updating }
func (t touch) writes() bool { return t == writing || t == atomicWrite || t == updating }

// A cell remembers who touched a granule: the last write, and two reads by
// different warps (or lanes, where only one warp read). With two, any later
// writer that is ordered after neither is caught, and whoever is ordered after
// one of them only is caught by the other.
type cell struct {
	write, first, second epoch
}

// cellPage is how many cells are made at once, when the first of them is touched.
const cellPage = 1 << 10

func (r *region) cell(i uint64) *cell {
	if r.cells == nil {
		r.cells = make([][]cell, len(r.data)>>r.granule/cellPage+1)
	}
	page := &r.cells[i/cellPage]
	if *page == nil {
		*page = make([]cell, cellPage)
	}
	return &(*page)[i%cellPage]
}

// An epoch names one thread at one moment: launch, block, warp, lane, and the
// warp's clock. Zero is nobody.
type epoch uint64

const (
	clockBits  = 17
	laneBits   = 5
	warpBits   = 5
	blockBits  = 24
	launchBits = 12

	laneAt   = clockBits + 1 // the bit between them marks an atomic access
	warpAt   = laneAt + laneBits
	blockAt  = warpAt + warpBits
	launchAt = blockAt + blockBits

	maxClock = 1<<clockBits - 1
)

func (e epoch) clock() uint32 { return uint32(e) & maxClock }
func (e epoch) atomic() bool  { return e>>clockBits&1 != 0 }
func (e epoch) lane() int     { return int(e >> laneAt & (lanes - 1)) }
func (e epoch) warp() int     { return int(e >> warpAt & (1<<warpBits - 1)) }
func (e epoch) block() uint64 { return uint64(e >> blockAt & (1<<blockBits - 1)) }

// epoch is the present moment of a lane. Launch numbers go round; a launch
// that takes a number again first clears what the last one left.
func (w *warp) epoch(lane int, atomic bool) epoch {
	e := w.stamp | epoch(lane)<<laneAt | epoch(w.clocks[w.id])
	if atomic {
		e |= 1 << clockBits
	}
	return e
}

// before reports whether what happened at e is ordered before what the lane
// does now: same thread, or synchronised since (vector clocks of warps, as in
// FastTrack; Flanagan and Freund, 2009).
func (w *warp) before(e epoch, lane int) bool {
	if e == 0 {
		return true
	}
	if x := e ^ w.stamp; x>>blockAt != 0 {
		return x>>launchAt != 0 || w.block.sawBlock(e)
	}
	if by := e.warp(); by != w.id {
		return e.clock() <= w.clocks[by]
	}
	return e.lane() == lane || e.clock() < w.clocks[w.id]
}

// touch records an access to n bytes at off, and stops the kernel at a race.
func (w *warp) touch(in *inst, lane int, r *region, off, n uint64, what touch) {
	now := w.stamp | epoch(lane)<<laneAt | epoch(w.clocks[w.id])
	if what > writing {
		now |= 1 << clockBits
	}
	if now.clock() >= maxClock {
		w.fault(in, lane, Endless, "more than %d synchronisations in one block: too long for the race detector", maxClock)
	}
	for i := off >> r.granule; i <= (off+n-1)>>r.granule; i++ {
		c := r.cell(i)
		if what.writes() {
			w.touchWrite(in, lane, r, i, c, now)
			continue
		}
		if !w.before(c.write, lane) && !(now.atomic() && c.write.atomic()) {
			w.race(in, lane, r, i<<r.granule, "reads what", "wrote", c.write)
		}
		switch {
		case c.first == now || c.second == now:
		case w.before(c.first, lane) && w.before(c.second, lane):
			c.first, c.second = now, 0
		case c.first>>warpAt != now>>warpAt || c.second == 0 || c.second>>warpAt == c.first>>warpAt:
			c.second = now
		}
	}
}

func (w *warp) touchWrite(in *inst, lane int, r *region, i uint64, c *cell, now epoch) {
	if !w.before(c.write, lane) && !(now.atomic() && c.write.atomic()) {
		w.race(in, lane, r, i<<r.granule, "writes what", "wrote", c.write)
	}
	for _, e := range [...]epoch{c.first, c.second} {
		if !w.before(e, lane) && !(now.atomic() && e.atomic()) {
			w.race(in, lane, r, i<<r.granule, "writes what", "read", e)
		}
	}
	c.write, c.first, c.second = now, 0, 0
}

func (w *warp) race(in *inst, lane int, r *region, at uint64, does, did string, e epoch) {
	w.fault(in, lane, Race, "byte %d of %s memory: it %s thread %v of block %d %s, with nothing between them",
		at, r.name, does, w.block.thread(e.warp()*lanes+e.lane()), e.block(), did)
}

// sync gives the warps of a set one clock: what any of them did is before what
// any of them does next.
func (b *block) sync(set uint32) {
	if !b.races {
		return
	}
	var join []uint32
	for _, w := range b.warps {
		if set>>w.id&1 == 0 {
			continue
		}
		if join == nil {
			join = append(b.join[:0], w.clocks...)
			b.join = join
			continue
		}
		merge(join, w.clocks)
	}
	for _, w := range b.warps {
		if set>>w.id&1 != 0 {
			copy(w.clocks, join)
			w.tick()
		}
	}
}

func merge(to, from []uint32) {
	for i, c := range from {
		to[i] = max(to[i], c)
	}
}

// tick begins a new moment of the warp: what its lanes did before is ordered
// before what they do next.
func (w *warp) tick() {
	if w.clocks[w.id] < maxClock {
		w.clocks[w.id]++
	}
}
