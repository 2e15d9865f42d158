package ptxvm

import "fmt"

// A pendingCopy is a cp.async that has not landed: its bytes were read when it
// was issued, and are written when its group is waited for.
type pendingCopy struct {
	addr uint64
	n    int
	data [16]byte
	in   *inst
}

// A copyQueue is what one thread has under way: groups committed, oldest first,
// and copies not yet in a group.
type copyQueue struct {
	groups [][]pendingCopy
	open   []pendingCopy
}

// A flight is shared memory that an asynchronous copy, or an mbarrier, owns.
type flight struct {
	n    uint64
	what string
}

// owner names what owns a byte of shared memory in flight.
func (b *block) owner(at uint64) string {
	for from, f := range b.flight {
		if at >= from && at < from+f.n {
			return f.what
		}
	}
	return "somebody"
}

// own marks shared memory as belonging to an asynchronous copy: nobody may touch it.
func (b *block) own(off, n uint64, what string) {
	if b.flight == nil {
		b.flight = map[uint64]flight{}
	}
	b.shared.fill(off, n, inFlight)
	b.flight[off] = flight{n, what}
}

// landed ends that, and leaves the bytes marked.
func (b *block) landed(off, n uint64, mark byte) {
	b.shared.fill(off, n, mark)
	delete(b.flight, off)
}

// decodeCp handles the cp.async family.
func decodeCp(d *decoder) {
	d.must("async")
	d.need(70, 80)
	switch {
	case !hasAny(d.mods, "bulk") && d.has("commit_group"):
		d.args(0)
		d.in.run = func(w *warp, in *inst, mask uint32) {
			w.each(mask, func(l int) {
				q := &w.copies[l]
				q.groups, q.open = append(q.groups, q.open), nil
			})
		}
	case d.has("bulk"):
		decodeBulk(d)
	case d.has("mbarrier"):
		decodeCopyArrive(d)
	case d.has("wait_group"), d.has("wait_all"):
		decodeCopyWait(d)
	default:
		decodeCopy(d)
	}
}

func (w *warp) each(mask uint32, f func(lane int)) {
	for l := range lanes {
		if mask>>l&1 != 0 {
			f(l)
		}
	}
}

func decodeCopyWait(d *decoder) {
	keep, all := uint64(0), true
	if len(d.s.args) > 0 || d.s.mods[len(d.s.mods)-1] == "wait_group" {
		if all = false; !d.args(1) || d.s.args[0].kind != oInt {
			d.fail("the number of groups is a constant")
			return
		}
		keep = d.s.args[0].value
	}
	d.in.run = func(w *warp, in *inst, mask uint32) {
		w.each(mask, func(l int) {
			q := &w.copies[l]
			for uint64(len(q.groups)) > keep {
				w.landCopies(l, q.groups[0])
				q.groups = q.groups[1:]
			}
			if all {
				w.landCopies(l, q.open)
				q.open = nil
			}
		})
	}
}

func (w *warp) landCopies(lane int, copies []pendingCopy) {
	for _, c := range copies {
		w.block.landed(c.addr-sharedBase, uint64(c.n), nothing)
		r, off := w.place(c.in, lane, spaceShared, c.addr, uint64(c.n), writing)
		copy(r.data[off:off+uint64(c.n)], c.data[:])
		w.block.progress++
	}
}

// decodeCopy handles cp.async.{ca,cg}.shared.global [to], [from], bytes{, from-bytes}.
func decodeCopy(d *decoder) {
	cache := d.must("ca", "cg")
	d.must("shared", "shared::cta")
	d.must("global")
	d.mod("L2::64B", "L2::128B", "L2::256B")
	if !d.args(3, 4) {
		return
	}
	in, args := &d.in, d.s.args
	in.space = spaceShared
	n := args[2].value
	if args[2].kind != oInt || n != 16 && (cache == "cg" || n != 4 && n != 8) {
		d.fail("copies 16 bytes, or 4 or 8 with .ca")
		return
	}
	in.size = uint8(n)
	in.a, in.off = d.addr(args[0], spaceShared)
	in.b, in.imm = d.addr(args[1], spaceGlobal)
	in.c = -1
	if len(args) == 4 {
		in.c = d.src(args[3], u32, false)
	}
	in.run = func(w *warp, in *inst, mask uint32) {
		w.each(mask, func(l int) { w.issueCopy(in, l) })
	}
}

func (w *warp) issueCopy(in *inst, l int) {
	n := uint64(in.size)
	c := pendingCopy{addr: w.regs[in.a][l] + in.off, n: int(n), in: in}
	take := n
	if in.c >= 0 {
		if take = w.regs[in.c][l]; take > n {
			w.fault(in, l, OutOfBounds, "copies %d bytes from a source of %d", n, take)
		}
	}
	from := w.regs[in.b][l] + in.imm
	if from&(n-1) != 0 {
		w.fault(in, l, Misaligned, "%d bytes from %#x", n, from)
	}
	for at := uint64(0); at < take; { // a source of fewer bytes may end where the allocation ends
		piece := uint64(1)
		for piece*2 <= take-at && (from+at)&(piece*2-1) == 0 {
			piece *= 2
		}
		r, off := w.place(in, l, spaceGlobal, from+at, piece, reading)
		copy(c.data[at:at+piece], r.data[off:])
		at += piece
	}
	_, off := w.place(in, l, spaceShared, c.addr, n, writing)
	w.block.own(off, n, fmt.Sprintf("the cp.async of line %d", in.line))
	w.copies[l].open = append(w.copies[l].open, c)
}
