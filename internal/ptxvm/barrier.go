package ptxvm

// blockBarrier is one of the 16 barriers of a block.
type blockBarrier struct {
	came  uint32 // threads that arrived
	wants uint32 // threads it waits for
	warps uint32 // warps that arrived: their clocks meet when it opens
	vote  uint32 // how many said yes to a reducing barrier
}

// What an instruction's imm says about control.
const (
	uniform = 1 // bra.uni
	aligned = 2 // barriers for whole warps
)

// decodeBar handles bar.sync, bar.arrive, bar.red and bar.warp.sync, and the same of barrier.
func decodeBar(d *decoder) {
	if d.has("warp") {
		d.must("sync")
		d.need(60, 0)
		if d.args(1) {
			d.in.control, d.in.a = warpBar, d.src(d.s.args[0], u32, false)
			d.in.run = runWarpBar
		}
		return
	}
	d.mod("cta")
	kind := d.must("sync", "arrive", "red")
	in := &d.in
	in.control = barrier
	if d.has("aligned") || d.s.op == "bar" {
		in.imm = aligned
	}
	args := d.s.args
	if kind == "red" {
		decodeBarRed(d)
		return
	}
	if kind == "arrive" && !d.args(2) || !d.args(1, 2) {
		return
	}
	in.a, in.b = d.src(args[0], u32, false), -1
	if len(args) == 2 {
		in.b = d.src(args[1], u32, false)
	}
	waits := kind == "sync"
	in.run = func(w *warp, in *inst, mask uint32) { w.arrive(in, mask, waits, 0) }
}

// decodeBarRed handles bar.red.popc.u32 d, a{, b}, {!}c and bar.red.{and,or}.pred p, a{, b}, {!}c.
func decodeBarRed(d *decoder) {
	op := d.must("popc", "and", "or")
	t := d.typ(u32, pred)
	if (op == "popc") != (t == u32) || !d.args(3, 4) {
		d.fail("bar.red.%s does not give a .%s", op, t)
		return
	}
	in, args := &d.in, d.s.args
	in.a, in.b = d.src(args[1], u32, false), -1
	if len(args) == 4 {
		in.b = d.src(args[2], u32, false)
	}
	d.condition(args[len(args)-1])
	in.d = -1
	if t == u32 {
		in.d = d.dst(args[0], u32, false)
	} else {
		in.p = d.result(args[0])
	}
	in.extra = op
	in.run = func(w *warp, in *inst, mask uint32) {
		w.arrive(in, mask, true, threads((w.preds[in.r]^invert(in.rnot))&mask))
	}
}

// arrive brings the lanes of mask to a barrier, and opens it if they are the last.
func (w *warp) arrive(in *inst, mask uint32, waits bool, vote uint32) {
	for _, s := range in.uses {
		if w.defined[s]&mask != mask {
			w.undefined(in, s, mask)
		}
	}
	for _, s := range in.puses {
		if w.pdefined[s]&mask != mask {
			w.undefinedPred(in, s, mask)
		}
	}
	b, lane := w.block, first(mask)
	n := b.launch.block
	all := n[0] * n[1] * n[2]
	id, wants := w.regs[in.a][lane], all
	if in.b >= 0 {
		wants = uint32(w.regs[in.b][lane])
		if wants == 0 || wants%lanes != 0 || wants > threadLimit {
			w.fault(in, lane, Trapped, "a barrier of %d threads: whole warps, at most %d", wants, threadLimit)
		}
	}
	if id >= uint64(len(b.barriers)) {
		w.fault(in, lane, Trapped, "barrier %d: there are %d", id, len(b.barriers))
	}
	came := threads(mask)
	if in.imm == aligned {
		if mask != w.live || w.exited() {
			w.fault(in, lane, Divergence, "lanes %#x come to a barrier for whole warps, lanes %#x of the warp do not", mask, w.all()&^mask)
		}
		if in.b >= 0 {
			came = lanes // a count is in whole warps, so that a short last warp counts as one
		}
	}
	bar := &b.barriers[id]
	if bar.came > 0 && bar.wants != wants {
		w.fault(in, lane, Divergence, "barrier %d waits for %d threads, these bring it as one of %d", id, bar.wants, wants)
	}
	bar.wants = wants
	bar.came += came
	bar.vote += vote
	bar.warps |= 1 << w.id
	b.progress++
	if waits {
		g := w.groupOf(mask)
		g.wait, g.id, g.count = atBarrier, uint32(id), wants
	}
	if bar.came > wants {
		w.fault(in, lane, Divergence, "%d threads at barrier %d, which is for %d", bar.came, id, wants)
	}
	if bar.came == wants {
		b.open(uint32(id))
	}
}

// open lets the threads of a barrier go on.
func (b *block) open(id uint32) {
	bar := b.barriers[id]
	b.sync(bar.warps)
	b.barriers[id] = blockBarrier{}
	for _, w := range b.warps {
		for i := range w.groups {
			g := &w.groups[i]
			if g.wait != atBarrier || g.id != id {
				continue
			}
			g.wait = ready // at its joint, perhaps: settled below
			if in := &b.kernel.code[g.pc-1]; in.extra != nil {
				w.barResult(in, g.mask, bar)
			}
		}
		w.settle()
	}
}

func (w *warp) barResult(in *inst, mask uint32, bar blockBarrier) {
	switch in.extra {
	case "popc":
		w.spread(in.d, mask, full, uint64(bar.vote), 0)
		w.defined[in.d] |= mask
		return
	case "and":
		w.setPred(in.p, mask, invert(bar.vote == bar.came))
	case "or":
		w.setPred(in.p, mask, invert(bar.vote > 0))
	}
	w.pdefined[in.p] |= mask
}

// groupOf finds the group whose lanes are exactly those of mask.
func (w *warp) groupOf(mask uint32) *group {
	for i := range w.groups {
		if w.groups[i].mask == mask {
			return &w.groups[i]
		}
	}
	panic("ptxvm: a group that does not exist") // runGroup has just made it
}

// all is the mask of the lanes the warp began with.
func (w *warp) all() uint32 {
	n := w.block.launch.block
	if rest := int(n[0]*n[1]*n[2]) - w.id*lanes; rest < lanes {
		return 1<<rest - 1
	}
	return full
}

func (w *warp) exited() bool { return w.live != w.all() }

func runWarpBar(w *warp, in *inst, mask uint32) {
	for _, s := range in.uses {
		if w.defined[s]&mask != mask {
			w.undefined(in, s, mask)
		}
	}
	members := w.members(in, mask, in.a)
	g := w.groupOf(mask)
	g.wait, g.id = atWarpBar, members
	var came uint32
	for _, g := range w.groups {
		if g.wait == atWarpBar && g.id == members {
			came |= g.mask
		}
	}
	if came != members {
		if members&^w.live != 0 {
			w.fault(in, first(mask), BadMask, "waits for lanes %#x, which have left", members&^w.live)
		}
		return
	}
	for i := range w.groups {
		if g := &w.groups[i]; g.wait == atWarpBar && g.id == members {
			g.wait = ready
		}
	}
	w.settle()
	w.tick()
	w.block.progress++
}

// members reads a member mask, which must be the same in every lane that runs
// the instruction and name them all, and no lane that the warp never had.
func (w *warp) members(in *inst, mask uint32, slot int32) uint32 {
	m := uint32(w.regs[slot][first(mask)])
	for l, v := range w.regs[slot] {
		if mask>>l&1 == 0 {
			continue
		}
		if uint32(v) != m {
			w.fault(in, l, BadMask, "member mask %#x, another lane has %#x", uint32(v), m)
		}
		if m>>l&1 == 0 {
			w.fault(in, l, BadMask, "member mask %#x leaves out lane %d, which runs it", m, l)
		}
	}
	if m&^w.all() != 0 && w.all() == full {
		w.fault(in, first(mask), BadMask, "member mask %#x names lanes that do not exist", m)
	}
	return m & w.all()
}
