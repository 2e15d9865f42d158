package ptxvm

import "math/bits"

// Instructions by which the lanes of a warp exchange values. Their member mask
// must name exactly the lanes that run them: lanes that can converge have done
// so, so whoever is missing was left out.

// together insists that the lanes of mask are the members.
func (w *warp) together(in *inst, mask uint32, slot int32) {
	if m := w.members(in, mask, slot); m != mask {
		if m&^w.live != 0 {
			w.fault(in, first(mask), BadMask, "member mask %#x names lanes %#x, which have left", m, m&^w.live)
		}
		w.fault(in, first(mask), Divergence, "member mask %#x, but only lanes %#x are here", m, mask)
	}
}

// decodeShfl handles shfl.sync.{up,down,bfly,idx}.b32 d{|p}, a, b, c, members.
func decodeShfl(d *decoder) {
	d.must("sync")
	mode := d.must("up", "down", "bfly", "idx")
	d.typ(b32)
	if !d.args(5) {
		return
	}
	in, args := &d.in, d.s.args
	in.a, in.b, in.c = d.src(args[1], b32, false), d.src(args[2], b32, false), d.src(args[3], b32, false)
	in.list = []int32{d.src(args[4], b32, false)}
	if args[0].kind == oPair {
		in.d, in.p = d.dst(args[0].list[0], b32, false), d.result(args[0].list[1])
	} else {
		in.d = d.dst(args[0], b32, false)
	}
	in.run = func(w *warp, in *inst, mask uint32) {
		w.together(in, mask, in.list[0])
		a, b, c := &w.regs[in.a], &w.regs[in.b], &w.regs[in.c]
		var ok uint32
		for l := range lanes {
			if mask>>l&1 == 0 {
				continue
			}
			segment, clamp, by := int(c[l]>>8&31), int(c[l]&31), int(b[l]&31)
			low, high := l&segment, l&segment|clamp&^segment
			from, valid := l, false
			switch mode {
			case "up":
				from = l - by
				valid = from >= low|clamp&^segment && by <= l
			case "down":
				from = l + by
				valid = from <= high
			case "bfly":
				from = l ^ by
				valid = from <= high
			default:
				from = low | by&^segment
				valid = from <= high
			}
			if !valid {
				from = l
			}
			if mask>>from&1 == 0 {
				w.fault(in, l, BadMask, "reads lane %d, which does not run it", from)
			}
			w.aside[l] = a[from]
			ok |= uint32(truth(valid)) << l
		}
		w.keep(in.d, mask)
		if in.p >= 0 {
			w.setPred(in.p, mask, ok)
		}
	}
}

// decodeVote handles vote.sync.{all,any,uni}.pred p, {!}a, members and vote.sync.ballot.b32 d, {!}a, members.
func decodeVote(d *decoder) {
	d.must("sync")
	mode := d.must("all", "any", "uni", "ballot")
	t := d.typ(pred, b32)
	if (mode == "ballot") != (t == b32) || !d.args(3) {
		d.fail("vote.%s does not give a .%s", mode, t)
		return
	}
	in, args := &d.in, d.s.args
	d.condition(args[1])
	in.list = []int32{d.src(args[2], b32, false)}
	if t == b32 {
		in.d = d.dst(args[0], b32, false)
	} else {
		in.p = d.result(args[0])
	}
	in.run = func(w *warp, in *inst, mask uint32) {
		w.together(in, mask, in.list[0])
		votes := (w.preds[in.r] ^ invert(in.rnot)) & mask
		switch mode {
		case "ballot":
			w.spread(in.d, mask, full, uint64(votes), 0)
		case "all":
			w.setPred(in.p, mask, invert(votes == mask))
		case "any":
			w.setPred(in.p, mask, invert(votes != 0))
		default:
			w.setPred(in.p, mask, invert(votes == 0 || votes == mask))
		}
	}
}

// decodeActiveMask handles activemask.b32 d.
func decodeActiveMask(d *decoder) {
	d.typ(b32)
	if d.args(1) {
		d.in.d = d.dst(d.s.args[0], b32, false)
		d.in.run = func(w *warp, in *inst, mask uint32) { w.spread(in.d, mask, full, uint64(mask), 0) }
	}
}

// decodeMatch handles match.any.sync and match.all.sync.
func decodeMatch(d *decoder) {
	mode := d.must("any", "all")
	d.must("sync")
	t := d.typ(b32, b64)
	if !d.args(3) {
		return
	}
	in, args := &d.in, d.s.args
	in.a, in.list = d.src(args[1], t, false), []int32{d.src(args[2], b32, false)}
	to := args[0]
	if to.kind == oPair && mode == "all" {
		in.p = d.result(to.list[1])
		to = to.list[0]
	}
	in.d = d.dst(to, b32, false)
	in.run = func(w *warp, in *inst, mask uint32) {
		w.together(in, mask, in.list[0])
		a := &w.regs[in.a]
		for l := range a {
			w.aside[l] = 0
			for m := range a {
				if mask>>m&1 != 0 && a[m] == a[l] {
					w.aside[l] |= 1 << m
				}
			}
			if mode == "all" && w.aside[l] != uint64(mask) {
				w.aside[l] = 0
			}
		}
		if in.p >= 0 {
			w.setPred(in.p, mask, invert(w.aside[first(mask)] != 0))
		}
		w.keep(in.d, mask)
	}
}

// decodeRedux handles redux.sync: a reduction over the members, given to each.
func decodeRedux(d *decoder) {
	d.must("sync")
	d.need(70, 80)
	op := d.must("add", "min", "max", "and", "or", "xor")
	t := d.typ(u32, s32, b32)
	if bitwise := op == "and" || op == "or" || op == "xor"; bitwise != (t == b32) {
		d.fail("redux.%s takes no .%s", op, t)
	}
	if !d.args(3) {
		return
	}
	in, args := &d.in, d.s.args
	in.a, in.list, in.d = d.src(args[1], t, false), []int32{d.src(args[2], b32, false)}, d.dst(args[0], t, false)
	f := combiner(op, t)
	in.run = func(w *warp, in *inst, mask uint32) {
		w.together(in, mask, in.list[0])
		a := &w.regs[in.a]
		v := a[first(mask)]
		for m := mask & (mask - 1); m != 0; m &= m - 1 {
			v = f(v, a[bits.TrailingZeros32(m)])
		}
		w.spread(in.d, mask, full, v, 0)
	}
}

// decodeElect handles elect.sync d|p, members: one lane of them all, the lowest here.
func decodeElect(d *decoder) {
	d.must("sync")
	d.need(80, 90)
	if !d.args(2) || d.s.args[0].kind != oPair {
		d.fail("elect.sync gives a register and a predicate")
		return
	}
	in, to := &d.in, d.s.args[0].list
	in.list = []int32{d.src(d.s.args[1], b32, false)}
	in.d, in.p = d.dst(to[0], b32, false), d.result(to[1])
	in.run = func(w *warp, in *inst, mask uint32) {
		w.together(in, mask, in.list[0])
		w.spread(in.d, mask, full, uint64(first(mask)), 0)
		if in.p >= 0 {
			w.setPred(in.p, mask, 1<<first(mask))
		}
	}
}
