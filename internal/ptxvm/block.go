package ptxvm

import "math/bits"

// A block is a cooperative thread array: its warps, its shared memory, its
// barriers. One goroutine runs it; the machine reuses it for the next block.
type block struct {
	launch *launch
	kernel *Kernel
	id     [3]uint32
	number uint64 // of the block in the grid, x fastest
	warps  []*warp
	shared region
	locals []region
	last   *region // the global allocation accessed last

	barriers [16]blockBarrier
	mbars    map[uint64]*mbarrier
	bulk     []bulkCopy
	flight   map[uint64]flight // shared memory that asynchronous copies own, by offset
	races    bool
	join     []uint32
	ran      int64 // instructions
	progress int64 // moves of barriers and asynchronous operations
	seen     map[uint64][]uint32
}

// slice is how many instructions a warp runs before the next has its turn.
const slice = 1 << 14

// patience is how many rounds of nothing but waiting are a deadlock.
const patience = 64

func (b *block) thread(t int) [3]uint32 {
	n := b.launch.block
	x := uint32(t)
	return [3]uint32{x % n[0], x / n[0] % n[1], x / (n[0] * n[1])}
}

// reset prepares b for the block of the given number.
func (b *block) reset(number uint64) {
	l := b.launch
	b.number = number
	b.id = [3]uint32{uint32(number % uint64(l.grid[0])), uint32(number / uint64(l.grid[0]) % uint64(l.grid[1])), uint32(number / uint64(l.grid[0]) / uint64(l.grid[1]))}
	clear(b.shared.written)
	for _, page := range b.shared.cells {
		clear(page)
	}
	for i := range b.locals {
		clear(b.locals[i].written)
	}
	b.barriers = [16]blockBarrier{}
	b.mbars, b.bulk, b.flight, b.seen = nil, nil, nil, nil
	threads := int(l.block[0] * l.block[1] * l.block[2])
	for _, w := range b.warps {
		w.live = full
		if rest := threads - w.id*lanes; rest < lanes {
			w.live = 1<<rest - 1
		}
		w.groups = append(w.groups[:0], group{mask: w.live})
		w.count, w.yielded = 0, false
		w.wgmma, w.groupsOut = nil, nil
		clear(w.owned)
		clear(w.lent)
		clear(w.dirty)
		clear(w.proxied)
		clear(w.defined)
		clear(w.pdefined)
		for _, f := range b.kernel.fixed {
			w.defined[f.slot] = full
		}
		for _, s := range b.kernel.special {
			w.defined[s.slot] = full
		}
		w.copies, w.stores = [lanes]copyQueue{}, [lanes]storeQueue{}
		if b.races {
			clear(w.clocks)
			w.clocks[w.id] = 1
			w.stamp = epoch(l.number%(1<<launchBits))<<launchAt | epoch(number%(1<<blockBits))<<blockAt | epoch(w.id)<<warpAt
		}
		w.fill(b.kernel.special)
	}
}

// run runs the block to its end, or to its first fault.
func (b *block) run(number uint64) (fault *Fault) {
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(*Fault)
			if !ok {
				panic(r)
			}
			fault = f
		}
	}()
	b.reset(number)
	defer func() {
		for _, w := range b.warps {
			b.ran += w.count
		}
	}()
	idle, seen := 0, b.progress
	for {
		alive, ran := false, 0
		for _, w := range b.warps {
			if w.live == 0 {
				continue
			}
			alive = true
			ran += w.run(slice)
			if w.count > b.launch.device.cfg.Budget {
				w.giveUp(Endless, "%d instructions of one warp: more than the budget", w.count)
			}
		}
		if !alive {
			b.finish()
			return nil
		}
		if ran > len(b.warps)*spin || b.progress != seen { // somebody got somewhere
			idle, seen = 0, b.progress
			continue
		}
		// All that is left waits. Asynchronous copies land now, as late as they may.
		if b.land() {
			idle = 0
			continue
		}
		if idle++; idle > patience || ran == 0 {
			b.deadlock()
		}
	}
}

// spin is the most instructions a warp runs in a round in which it only polls.
const spin = 64

// giveUp faults where the warp stands.
func (w *warp) giveUp(class Class, format string, args ...any) {
	in, lane := &inst{}, 0
	if len(w.groups) > 0 {
		g := w.groups[0]
		in, lane = &w.block.kernel.code[g.pc], first(g.mask)
		if g.wait != ready {
			in = &w.block.kernel.code[g.pc-1]
		}
	}
	w.fault(in, lane, class, format, args...)
}

// deadlock names the first thread that waits for what never comes.
func (b *block) deadlock() {
	for _, w := range b.warps {
		for _, g := range w.groups {
			switch g.wait {
			case atBarrier:
				bar := &b.barriers[g.id]
				w.fault(&b.kernel.code[g.pc-1], first(g.mask), Divergence,
					"barrier %d waits for %d threads, %d came, and no other can", g.id, g.count, bar.came)
			case atWarpBar:
				w.fault(&b.kernel.code[g.pc-1], first(g.mask), Divergence, "lanes %#x wait for lanes %#x of their warp", g.mask, g.id)
			}
		}
	}
	for _, w := range b.warps {
		if w.live != 0 {
			w.giveUp(Deadlock, "every thread that is left waits")
		}
	}
}

// finish checks what a block leaves behind.
func (b *block) finish() {
	for _, w := range b.warps {
		if len(w.wgmma) > 0 {
			w.fault(w.wgmma[0].in, 0, InFlight, "the kernel ends before this wgmma was waited for")
		}
		for l, q := range w.stores {
			if len(q.groups)+len(q.open) > 0 {
				w.fault(&b.kernel.code[len(b.kernel.code)-1], l, InFlight, "the kernel ends before a bulk store was waited for")
			}
		}
	}
	for len(b.bulk) > 0 {
		b.land()
	}
}

func (b *block) local(thread int) *region {
	if b.locals == nil {
		b.locals = make([]region, len(b.warps)*lanes)
	}
	r := &b.locals[thread]
	if r.data == nil {
		*r = region{name: "local", data: make([]byte, b.kernel.local), written: make([]byte, b.kernel.local)}
	}
	return r
}

// threads counts the lanes of masks.
func threads(mask uint32) uint32 { return uint32(bits.OnesCount32(mask)) }
