package ptxvm

import "fmt"

// A bulkCopy is work of the copy engine that has not landed. It lands when
// nothing else can run, the last one first: a kernel may rely on neither.
type bulkCopy struct{ land func() }

// land lets one copy land; false if there is none.
func (b *block) land() bool {
	n := len(b.bulk)
	if n == 0 {
		return false
	}
	c := b.bulk[n-1]
	b.bulk = b.bulk[:n-1]
	c.land()
	b.progress++
	return true
}

// decodeBulk handles cp.async.bulk and cp.async.bulk.tensor, between global
// memory and the shared memory of the block, and the waits for stores.
func decodeBulk(d *decoder) {
	d.need(80, 90)
	switch {
	case d.has("commit_group"):
		d.args(0)
		d.in.run = func(w *warp, in *inst, mask uint32) {
			w.each(mask, func(l int) { w.stores[l].commit() })
		}
		return
	case d.has("wait_group"):
		d.has("read")
		if !d.args(1) || d.s.args[0].kind != oInt {
			d.fail("the number of groups is a constant")
			return
		}
		keep := int(min(d.s.args[0].value, 1<<30))
		d.in.run = func(w *warp, in *inst, mask uint32) {
			w.each(mask, func(l int) { w.stores[l].wait(keep) })
		}
		return
	}
	tensor := d.has("tensor")
	rank := 0
	if tensor {
		rank = int(d.must("1d", "2d", "3d", "4d", "5d")[0] - '0')
		d.has("tile")
		if d.err != nil {
			return
		}
	}
	d.has("weak")
	if loads := len(d.mods) > 0 && d.mods[0] != "global"; loads {
		d.must("shared::cluster", "shared::cta", "shared")
		d.must("global")
		d.must("mbarrier::complete_tx::bytes")
		decodeBulkLoad(d, tensor, rank)
		return
	}
	d.must("global")
	d.must("shared::cta", "shared")
	d.must("bulk_group")
	decodeBulkStore(d, tensor, rank)
}

// coordinates decodes [map, {x, y, …}].
func (d *decoder) coordinates(o operand, rank int) (slot int32, list []int32) {
	if o.kind != oAddress || len(o.list) != 2 || o.list[1].kind != oVector || len(o.list[1].list) != rank || o.value != 0 {
		d.fail("a tensor map and %d coordinates belong here", rank)
		return 0, nil
	}
	slot = d.base(o.list[0], spaceGeneric)
	for _, c := range o.list[1].list {
		list = append(list, d.src(c, s32, false))
	}
	return slot, list
}

func decodeBulkLoad(d *decoder, tensor bool, rank int) {
	in, args := &d.in, d.s.args
	if tensor {
		if !d.args(3) {
			return
		}
		in.b, in.list = d.coordinates(args[1], rank)
	} else {
		if !d.args(4) {
			return
		}
		in.b, in.imm = d.addr(args[1], spaceGlobal)
		in.list = []int32{d.src(args[2], u32, false)}
	}
	in.a, in.off = d.addr(args[0], spaceShared)
	bar := args[len(args)-1]
	var barOff uint64
	in.c, barOff = d.addr(bar, spaceShared)
	in.run = func(w *warp, in *inst, mask uint32) {
		w.each(mask, func(l int) {
			m := w.mbarrier(in, l, w.regs[in.c][l]+barOff)
			to := w.regs[in.a][l] + in.off
			if tensor {
				t, at := w.tile(in, l)
				w.issueBulk(in, l, m, to, t.bytes(), t.Swizzle, w.readTile(in, l, t, at))
				return
			}
			n := w.regs[in.list[0]][l]
			w.issueBulk(in, l, m, to, n, SwizzleNone, w.readBulk(in, l, spaceGlobal, w.regs[in.b][l]+in.imm, n))
		})
	}
}

// tile reads the tensor map and the coordinates of a lane.
func (w *warp) tile(in *inst, l int) (TensorMap, []int32) {
	addr := w.regs[in.b][l]
	if addr&63 != 0 {
		w.fault(in, l, Misaligned, "a tensor map at %#x: a multiple of 64", addr)
	}
	var raw [TensorMapBytes]byte
	for i := uint64(0); i < TensorMapBytes; i += 8 {
		r, off := w.place(in, l, spaceGeneric, addr+i, 8, reading)
		copy(raw[i:], r.data[off:off+8])
	}
	t, ok := decodeTensorMap(raw[:])
	if !ok || len(t.Dims) != len(in.list) {
		w.fault(in, l, Trapped, "no tensor map of %d dimensions at %#x", len(in.list), addr)
	}
	at := make([]int32, len(in.list))
	for i, s := range in.list {
		at[i] = int32(w.regs[s][l])
	}
	return t, at
}

// readTile gathers a tile from global memory.
func (w *warp) readTile(in *inst, l int, t TensorMap, at []int32) []byte {
	data := make([]byte, t.bytes())
	e := uint64(t.Element)
	t.rows(at, func(dst, addr uint64, from, to int) {
		for i := range int(t.Box[0]) {
			p := data[dst+uint64(i)*e:]
			if i < from || i >= to {
				store(p, t.Element, t.outside())
				continue
			}
			r, off := w.place(in, l, spaceGlobal, addr+uint64(i)*e, e, reading)
			copy(p[:e], r.data[off:])
		}
	})
	return data
}

// readBulk reads n bytes for the copy engine: 16 at a time.
func (w *warp) readBulk(in *inst, l int, sp space, from, n uint64) []byte {
	if n == 0 || n&15 != 0 || from&15 != 0 {
		w.fault(in, l, Misaligned, "%d bytes from %#x: multiples of 16", n, from)
	}
	w.locate(in, l, sp, from, n)
	data := make([]byte, 0, n)
	for i := uint64(0); i < n; i += 16 {
		r, off := w.place(in, l, sp, from+i, 16, reading)
		if sp == spaceShared {
			w.asyncReads(in, l, off, 16)
		}
		data = append(data, r.data[off:off+16]...)
	}
	return data
}

// issueBulk gives the copy engine n bytes to write to shared memory, and to
// report to m.
func (w *warp) issueBulk(in *inst, l int, m *mbarrier, to, n uint64, s Swizzle, data []byte) {
	b := w.block
	repeat := max(128, 8*s.span()*truth(s != SwizzleNone))
	if to&(repeat-1) != 0 {
		w.fault(in, l, Misaligned, "a tile at shared address %#x: a multiple of %d", to, repeat)
	}
	w.locate(in, l, spaceShared, to, n)
	for i := uint64(0); i < n; i += 16 {
		w.place(in, l, spaceShared, to+i, 16, writing)
	}
	off := to - sharedBase
	b.own(off, n, fmt.Sprintf("the copy of line %d", in.line))
	seen := append([]uint32(nil), w.clocks...)
	w.tick()
	b.bulk = append(b.bulk, bulkCopy{land: func() {
		for i := uint64(0); i < n; i += 16 {
			at := s.apply(to+i) - sharedBase
			copy(b.shared.data[at:at+16], data[i:])
		}
		b.landed(off, n, byAsync)
		m.bytes -= int64(n)
		merge(m.clocks, seen)
		b.settle(m)
	}})
}

// asyncReads faults if shared memory that the copy engine or a tensor core reads
// was written by ordinary stores without a fence.proxy.async after them.
func (w *warp) asyncReads(in *inst, lane int, off, n uint64) {
	b := w.block
	if !b.races {
		return
	}
	for i := off >> b.shared.granule; i <= (off+n-1)>>b.shared.granule; i++ {
		e := b.shared.cell(i).write
		if e == 0 || b.shared.written[i<<b.shared.granule] == byAsync {
			continue
		}
		by := b.warps[e.warp()]
		if e.clock() >= by.proxied[by.id] && (by == w || e.clock() > w.proxied[by.id]) {
			w.fault(in, lane, Race, "byte %d of shared memory was stored by thread %v, with no fence.proxy.async between", i<<b.shared.granule,
				b.thread(e.warp()*lanes+e.lane()))
		}
	}
}

// A storeQueue is what one thread has asked the copy engine to store.
type storeQueue struct {
	groups [][]func()
	open   []func()
}

func (q *storeQueue) commit() { q.groups, q.open = append(q.groups, q.open), nil }

func (q *storeQueue) wait(keep int) {
	for len(q.groups) > keep {
		for _, f := range q.groups[0] {
			f()
		}
		q.groups = q.groups[1:]
	}
}

// decodeBulkStore handles copies from shared to global memory. They read and
// write when their group is waited for, or when the block ends.
func decodeBulkStore(d *decoder, tensor bool, rank int) {
	in, args := &d.in, d.s.args
	if tensor {
		if !d.args(2) {
			return
		}
		in.b, in.list = d.coordinates(args[0], rank)
	} else {
		if !d.args(3) {
			return
		}
		in.b, in.imm = d.addr(args[0], spaceGlobal)
		in.list = []int32{d.src(args[2], u32, false)}
	}
	in.a, in.off = d.addr(args[1], spaceShared)
	in.run = func(w *warp, in *inst, mask uint32) {
		w.each(mask, func(l int) {
			from := w.regs[in.a][l] + in.off
			var do func()
			if tensor {
				t, at := w.tile(in, l)
				w.readBulk(in, l, spaceShared, from, t.bytes())
				do = func() { w.writeTile(in, l, t, at, from) }
			} else {
				to, n := w.regs[in.b][l]+in.imm, w.regs[in.list[0]][l]
				w.readBulk(in, l, spaceShared, from, n)
				do = func() { w.writeBulk(in, l, to, w.readBulk(in, l, spaceShared, from, n)) }
			}
			w.stores[l].open = append(w.stores[l].open, do)
		})
	}
}

func (w *warp) writeTile(in *inst, l int, t TensorMap, at []int32, from uint64) {
	e := uint64(t.Element)
	data := make([]byte, 0, t.bytes())
	for i := uint64(0); i < t.bytes(); i += 16 {
		r, off := w.place(in, l, spaceShared, t.Swizzle.apply(from+i), 16, reading)
		data = append(data, r.data[off:off+16]...)
	}
	t.rows(at, func(src, addr uint64, first, last int) {
		for i := first; i < last; i++ {
			r, off := w.place(in, l, spaceGlobal, addr+uint64(i)*e, e, writing)
			copy(r.data[off:off+e], data[src+uint64(i)*e:])
		}
	})
}

func (w *warp) writeBulk(in *inst, l int, to uint64, data []byte) {
	if to&15 != 0 {
		w.fault(in, l, Misaligned, "%d bytes to %#x: multiples of 16", len(data), to)
	}
	for i := uint64(0); i < uint64(len(data)); i += 16 {
		r, off := w.place(in, l, spaceGlobal, to+i, 16, writing)
		copy(r.data[off:off+16], data[i:])
	}
}
