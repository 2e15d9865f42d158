package ptxvm

// An mbarrier is the state of a barrier object in shared memory. It is kept
// beside the memory: its eight bytes are opaque, so reading them is a fault.
type mbarrier struct {
	count, pending int64
	bytes          int64 // expected of asynchronous copies and not yet come
	phase          uint64
	clocks, done   []uint32 // what those who arrived had seen: in this phase, in those complete
	made           epoch
}

const (
	maxArrivals = 1<<20 - 1
	maxPending  = 1<<20 - 1 // bytes expected in one phase
)

// settle completes the phase if nothing is missing.
func (b *block) settle(m *mbarrier) {
	b.progress++
	if m.pending > 0 || m.bytes != 0 {
		return
	}
	m.phase++
	m.pending = m.count
	merge(m.done, m.clocks)
}

// mbarrier finds the object at an address.
func (w *warp) mbarrier(in *inst, lane int, addr uint64) *mbarrier {
	m := w.block.mbars[addr]
	if m == nil {
		w.fault(in, lane, Uninitialised, "no mbarrier was made at shared address %#x", addr)
	}
	if w.block.races && !w.before(m.made, lane) {
		w.fault(in, lane, Race, "the mbarrier at %#x was made by another thread, with nothing between them", addr)
	}
	return m
}

func (w *warp) arriveAt(in *inst, lane int, m *mbarrier, n int64) {
	if n < 1 || n > m.pending {
		w.fault(in, lane, Trapped, "%d arrivals at an mbarrier that waits for %d", n, m.pending)
	}
	m.pending -= n
	merge(m.clocks, w.clocks)
}

func (w *warp) expect(in *inst, lane int, m *mbarrier, bytes int64) {
	if m.bytes += bytes; m.bytes > maxPending || m.bytes < -maxPending {
		w.fault(in, lane, Trapped, "an mbarrier that expects %d bytes: at most %d", m.bytes, maxPending)
	}
}

// decodeMbarrier handles the mbarrier family on the block's own shared memory.
func decodeMbarrier(d *decoder) {
	d.need(70, 80)
	kind := d.must("init", "inval", "arrive", "arrive_drop", "expect_tx", "complete_tx", "test_wait", "try_wait", "pending_count")
	in := &d.in
	in.b = -1
	expects := d.has("expect_tx") || kind == "expect_tx" || kind == "complete_tx"
	parity := d.has("parity")
	if expects || kind == "try_wait" {
		d.need(80, 90)
	}
	if parity {
		d.need(71, 80)
	}
	d.mod("release", "acquire", "relaxed")
	d.mod("cta", "cluster")
	if kind == "pending_count" {
		d.typ(b64)
		if d.args(2) {
			in.a, in.d = d.src(d.s.args[1], b64, false), d.dst(d.s.args[0], u32, false)
			in.run, in.one = runOne, each1(func(a uint64) uint64 { return a & maxArrivals })
		}
		return
	}
	d.mod("shared", "shared::cta")
	d.typ(b64)
	args := d.s.args
	switch kind {
	case "init", "expect_tx", "complete_tx":
		if d.args(2) {
			in.a, in.off = d.addr(args[0], spaceShared)
			in.b = d.src(args[1], u32, false)
		}
	case "inval":
		if d.args(1) {
			in.a, in.off = d.addr(args[0], spaceShared)
		}
	case "arrive", "arrive_drop":
		if d.args(2, 3) {
			in.a, in.off = d.addr(args[1], spaceShared)
			in.b = -1
			if len(args) == 3 {
				in.b = d.src(args[2], u32, false)
			}
			in.d = d.dst(args[0], b64, false)
		}
		if expects && in.b < 0 {
			d.fail("how many bytes are expected?")
		}
	default:
		if !d.args(3, 4) {
			return
		}
		in.a, in.off = d.addr(args[1], spaceShared)
		t := b64
		if parity {
			t = u32
		}
		in.b, in.p = d.src(args[2], t, false), d.result(args[0])
		if len(args) == 4 { // a hint of how long to sleep
			d.src(args[3], u32, false)
		}
	}
	in.run = func(w *warp, in *inst, mask uint32) {
		w.each(mask, func(l int) { w.runMbarrier(in, l, kind, expects, parity) })
		if kind == "try_wait" && w.preds[in.p]&mask != mask {
			w.yielded = true
		}
	}
}

func (w *warp) runMbarrier(in *inst, l int, kind string, expects, parity bool) {
	b, addr, n := w.block, w.regs[in.a][l]+in.off, int64(1)
	if in.b >= 0 {
		n = int64(w.regs[in.b][l])
	}
	if kind == "init" {
		w.makeMbarrier(in, l, addr, n)
		return
	}
	m := w.mbarrier(in, l, addr)
	switch kind {
	case "inval":
		delete(b.mbars, addr)
		b.landed(addr-sharedBase, 8, nothing)
		w.touch(in, l, &b.shared, addr-sharedBase, 8, writing)
	case "expect_tx":
		w.expect(in, l, m, n)
	case "complete_tx":
		w.expect(in, l, m, -n)
		b.settle(m)
	case "arrive", "arrive_drop":
		w.regs[in.d][l] = m.phase<<20 | uint64(m.pending)
		if expects {
			w.expect(in, l, m, n)
			n = 1
		}
		w.arriveAt(in, l, m, n)
		if kind == "arrive_drop" {
			m.count -= n
		}
		w.tick()
		b.settle(m)
	default:
		complete := m.phase&1 != uint64(n)&1
		if !parity {
			complete = m.phase > uint64(n)>>20
		}
		if complete {
			merge(w.clocks, m.done)
			b.progress++
		}
		w.setPred(in.p, 1<<l, invert(complete))
	}
}

func (w *warp) makeMbarrier(in *inst, l int, addr uint64, n int64) {
	b := w.block
	if n < 1 || n > maxArrivals {
		w.fault(in, l, Trapped, "an mbarrier for %d arrivals: from 1 to %d", n, maxArrivals)
	}
	if b.mbars[addr] != nil {
		w.fault(in, l, Trapped, "there is an mbarrier at %#x already", addr)
	}
	_, off := w.place(in, l, spaceShared, addr, 8, writing)
	b.own(off, 8, "an mbarrier")
	if b.mbars == nil {
		b.mbars = map[uint64]*mbarrier{}
	}
	clocks := make([]uint32, 2*len(w.clocks))
	m := &mbarrier{count: n, pending: n, clocks: clocks[:len(w.clocks)], done: clocks[len(w.clocks):]}
	if b.races {
		m.made = w.epoch(l, false)
	}
	b.mbars[addr] = m
}

// decodeCopyArrive handles cp.async.mbarrier.arrive: an arrival when the
// thread's copies so far have landed, which they do here at once.
func decodeCopyArrive(d *decoder) {
	d.must("arrive")
	noinc := d.has("noinc")
	d.mod("shared", "shared::cta")
	d.typ(b64)
	if !d.args(1) {
		return
	}
	d.in.a, d.in.off = d.addr(d.s.args[0], spaceShared)
	d.in.run = func(w *warp, in *inst, mask uint32) {
		w.each(mask, func(l int) {
			m := w.mbarrier(in, l, w.regs[in.a][l]+in.off)
			if !noinc {
				if m.pending++; m.pending > maxArrivals {
					w.fault(in, l, Trapped, "more than %d arrivals expected at an mbarrier", maxArrivals)
				}
			}
			w.block.bulk = append(w.block.bulk, bulkCopy{land: func() {
				q := &w.copies[l]
				for _, g := range q.groups {
					w.landCopies(l, g)
				}
				w.landCopies(l, q.open)
				q.groups, q.open = nil, nil
				w.arriveAt(in, l, m, 1)
				w.tick()
				w.block.settle(m)
			}})
		})
	}
}
