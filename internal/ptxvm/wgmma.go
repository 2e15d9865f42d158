package ptxvm

import (
	"slices"
	"strconv"
	"strings"
)

// A wgmmaOp is one matrix product of a warpgroup under way, as one of its four
// warps sees it: 16 of the 64 rows. Its operands are checked when it is issued
// and read when it is waited for, as late as the hardware may.
type wgmmaOp struct {
	in     *inst
	a, b   uint64 // descriptors
	scaleD bool   // add to what the accumulators hold
	sealed bool   // in a committed group
}

// wgmmaForm is what the text says of a product.
type wgmmaForm struct {
	to             scalar
	f, g           fragment // elements of A and of B
	n, k           int
	fromRegisters  bool // A
	accumulators   []int32
	a              []int32
	negA, negB     bool
	transA, transB bool
	clamp          bool
	scale          int32 // predicate that says whether to add, or -1
	scaleNot       bool
	scaleConst     bool
}

// decodeWgmma handles the wgmma family.
func decodeWgmma(d *decoder) {
	d.need(80, 90)
	d.specific(90)
	kind := d.must("fence", "commit_group", "wait_group", "mma_async")
	if kind == "mma_async" {
		decodeWgmmaProduct(d)
		return
	}
	d.must("sync")
	d.must("aligned")
	in := &d.in
	if kind == "wait_group" {
		if !d.args(1) || d.s.args[0].kind != oInt {
			d.fail("the number of groups is a constant")
			return
		}
		in.imm = d.s.args[0].value
	} else {
		d.args(0)
	}
	in.run = func(w *warp, in *inst, mask uint32) {
		w.whole(in, mask)
		switch kind {
		case "fence":
			clear(w.dirty)
		case "commit_group":
			w.commitWgmma()
		default:
			w.waitWgmma(int(min(in.imm, 1<<20)))
		}
	}
}

// decodeWgmmaProduct handles wgmma.mma_async.sync.aligned.m64nNkK.D.A.B d, a, b-desc, scale-d{, neg-a, neg-b{, trans-a, trans-b}}.
func decodeWgmmaProduct(d *decoder) {
	d.must("sync")
	d.must("aligned")
	form := &wgmmaForm{scale: -1}
	form.clamp = d.has("satfinite")
	if len(d.mods) != 4 {
		d.fail("names no shape and three types")
		return
	}
	shape, to := d.mods[0], d.mods[1]
	form.f, form.g = fragments[d.mods[2]], fragments[d.mods[3]]
	d.mods = nil
	rest, ok := strings.CutPrefix(shape, "m64n")
	ns, ks, _ := strings.Cut(rest, "k")
	form.n, _ = strconv.Atoi(ns)
	form.k, _ = strconv.Atoi(ks)
	form.to = scalarOf[to]
	integer := form.f.bits == 8
	switch {
	case !ok || form.n < 8 || form.n > 256 || form.n%8 != 0 || form.f.bits == 0 || form.k*form.f.bits != 256:
		d.fail("no shape %s of these types", shape)
	case integer && form.n > 24 && form.n%16 != 0:
		d.fail("n is a multiple of 16 for integers beyond 24")
	case form.g.bits != form.f.bits || !integer && form.f != form.g:
		d.fail("no product of these types")
	case integer != (form.to == s32), form.to != f32 && form.to != s32 && (form.to != f16 || form.f.t != f16), form.clamp && !integer:
		d.fail("no sum of these types")
	}
	args := d.s.args
	if !d.args(4, 6, 7, 8) {
		return
	}
	count := form.n / 2
	if form.to == f16 {
		count /= 2
	}
	in := &d.in
	// The accumulators are read and written, but later: they are not among uses and defs.
	uses, defs := in.uses, in.defs
	form.accumulators = d.list(args[0], registerOf(form.to), count, true)
	in.uses, in.defs = uses, defs
	form.fromRegisters = args[1].kind == oVector
	if form.fromRegisters {
		form.a = d.list(args[1], b32, 4, false)
	} else {
		in.a = d.src(args[1], u64, false)
	}
	in.b = d.src(args[2], u64, false)
	if s := args[3]; s.kind == oInt {
		form.scaleConst = s.value != 0
	} else {
		form.scale, form.scaleNot = d.predicate(s), s.not
	}
	flags := args[4:]
	sign := func(o operand) bool {
		if o.kind != oInt || o.value != 1 && o.value != ^uint64(0) {
			d.fail("a scale of an operand is 1 or -1")
		}
		return o.value != 1
	}
	bit := func(o operand) bool {
		if o.kind != oInt || o.value > 1 || form.f.bits != 16 {
			d.fail("a transposition is 0 or 1, for 16-bit elements")
		}
		return o.value == 1
	}
	if len(flags) >= 2 {
		form.negA, form.negB = sign(flags[0]), sign(flags[1])
		flags = flags[2:]
	} else if !integer {
		d.fail("scales of the operands are missing")
	}
	switch {
	case form.fromRegisters && len(flags) == 1:
		form.transB = bit(flags[0])
	case !form.fromRegisters && len(flags) == 2:
		form.transA, form.transB = bit(flags[0]), bit(flags[1])
	case len(flags) != 0 || form.f.bits == 16:
		d.fail("transpositions do not fit the operands")
	}
	d.kernel.wgmma = true
	in.extra = form
	in.run = func(w *warp, in *inst, mask uint32) {
		w.whole(in, mask)
		w.issueWgmma(in, form)
	}
}

// issueWgmma checks a product and puts it under way.
func (w *warp) issueWgmma(in *inst, form *wgmmaForm) {
	if len(w.block.warps) < w.id/4*4+4 {
		w.fault(in, 0, Divergence, "warp %d is in no whole warpgroup of four", w.id)
	}
	op := wgmmaOp{in: in, scaleD: form.scaleConst}
	if form.scale >= 0 {
		p := w.preds[form.scale] ^ invert(form.scaleNot)
		if p != 0 && p != full {
			w.fault(in, first(^p), Divergence, "lanes disagree whether the sum goes on")
		}
		op.scaleD = p != 0
	}
	for _, s := range form.accumulators {
		switch {
		case w.owned[s] > 0:
			if !w.sameAccumulators(form) {
				w.fault(in, 0, InFlight, "accumulator %s belongs to a product of another shape that was not waited for", w.block.kernel.slotName(s))
			}
		case w.dirty[s]:
			w.fault(in, 0, InFlight, "accumulator %s was written with no wgmma.fence since", w.block.kernel.slotName(s))
		case op.scaleD && w.defined[s] != full:
			w.undefined(in, s, full)
		}
	}
	for _, s := range form.a {
		if w.dirty[s] {
			w.fault(in, 0, InFlight, "operand %s was written with no wgmma.fence since", w.block.kernel.slotName(s))
		}
	}
	if !form.fromRegisters {
		op.a = w.same(in, in.a)
		w.readOperand(in, form.f, op.a, w.id%4*16, 16, form.k, form.transA)
	}
	op.b = w.same(in, in.b)
	w.readOperand(in, form.g, op.b, 0, form.n, form.k, form.transB)
	for _, s := range form.accumulators {
		w.owned[s]++
		w.defined[s] = 0
	}
	for _, s := range form.a {
		w.lent[s]++
	}
	w.wgmma = append(w.wgmma, op)
}

// sameAccumulators reports whether what is under way adds to the same registers in the same shape.
func (w *warp) sameAccumulators(form *wgmmaForm) bool {
	last := w.wgmma[len(w.wgmma)-1].in.extra.(*wgmmaForm)
	return last.n == form.n && last.to == form.to && slices.Equal(last.accumulators, form.accumulators)
}

// same reads a value that must be the same in every lane.
func (w *warp) same(in *inst, slot int32) uint64 {
	v := w.regs[slot]
	for l := range v {
		if v[l] != v[0] {
			w.fault(in, l, Divergence, "descriptor %#x, lane 0 has %#x", v[l], v[0])
		}
	}
	return v[0]
}

func (w *warp) commitWgmma() {
	for i := range w.wgmma {
		w.wgmma[i].sealed = true
	}
	w.groupsOut = append(w.groupsOut, len(w.wgmma))
}

// waitWgmma completes all but the last keep groups. What was not committed is not waited for.
func (w *warp) waitWgmma(keep int) {
	n := len(w.groupsOut) - keep
	if n <= 0 {
		return
	}
	done := w.groupsOut[n-1]
	for _, op := range w.wgmma[:done] {
		w.finishWgmma(op)
	}
	w.wgmma = w.wgmma[done:]
	w.groupsOut = w.groupsOut[n:]
	for i := range w.groupsOut {
		w.groupsOut[i] -= done
	}
	w.block.progress++
}

// finishWgmma computes a product.
func (w *warp) finishWgmma(op wgmmaOp) {
	form := op.in.extra.(*wgmmaForm)
	n, k := form.n, form.k
	var a []float64
	if form.fromRegisters {
		a = w.matrixA(form.f, form.a, k)
	} else {
		a = w.readOperand(op.in, form.f, op.a, w.id%4*16, 16, k, form.transA)
	}
	b := w.readOperand(op.in, form.g, op.b, 0, n, k, form.transB)
	if form.negA != form.negB {
		for i := range a {
			a[i] = -a[i]
		}
	}
	per := 1
	if form.to == f16 {
		per = 2
	}
	for l := range lanes {
		for i := range n / 2 {
			row, col := l/4+i/2%2*8, i/4*8+l%4*2+i%2
			slot := form.accumulators[i/per]
			d := &w.regs[slot][l]
			x, y := a[row*k:(row+1)*k], b[col*k:(col+1)*k]
			old := *d
			if !op.scaleD {
				old = 0
			}
			switch form.to {
			case f32:
				*d = bits32of(float32(dot(float64(float(old)), x, y)))
			case s32:
				*d = integerSum(float64(int32(old)), x, y, form.clamp)
			default:
				shift := 16 * (i % 2)
				v := halfFormat.round(dot(halfFormat.widen(old>>shift&0xffff), x, y), nearest)
				*d = *d&^(0xffff<<shift) | v<<shift
			}
		}
	}
	for _, s := range form.accumulators {
		if w.owned[s]--; w.owned[s] == 0 {
			w.defined[s] = full
		}
	}
	for _, s := range form.a {
		w.lent[s]--
	}
}

// checkInFlight faults an instruction that touches registers of a product under way.
func (w *warp) checkInFlight(in *inst, em uint32) {
	if in.extra != nil {
		if _, ok := in.extra.(*wgmmaForm); ok {
			return
		}
	}
	uses, defs := in.uses, in.defs
	if in.flows {
		uses, defs = []int32{in.a}, []int32{in.d}
	}
	for _, s := range defs {
		if w.owned[s] > 0 || w.lent[s] > 0 {
			w.fault(in, first(em), InFlight, "writes register %s, which a wgmma uses that was not waited for", w.block.kernel.slotName(s))
		}
	}
	for _, s := range uses {
		if w.owned[s] > 0 {
			w.undefined(in, s, em)
		}
	}
}

func (w *warp) ownedByWgmma(slot int32) bool { return len(w.wgmma) > 0 && w.owned[slot] > 0 }

// decodeSetMaxReg handles setmaxnreg. How many registers a warp really has is
// the assembler's business, so only the form is checked.
func decodeSetMaxReg(d *decoder) {
	d.need(80, 90)
	d.specific(90)
	d.must("inc", "dec")
	d.must("sync")
	d.must("aligned")
	d.typ(u32)
	if !d.args(1) {
		return
	}
	if n := d.s.args[0]; n.kind != oInt || n.value < 24 || n.value > 256 || n.value%8 != 0 {
		d.fail("a multiple of 8 from 24 to 256")
	}
	if d.kernel.MaxThreads == 0 && d.kernel.Threads == [3]uint32{} {
		d.fail("needs .maxntid or .reqntid: the assembler ignores it without")
	}
	d.in.run = func(w *warp, in *inst, mask uint32) { w.whole(in, mask) }
}
