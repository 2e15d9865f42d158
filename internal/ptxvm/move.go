package ptxvm

// decodeMov handles mov: registers, immediates, special registers, addresses,
// and vectors packed into a wider register or unpacked from one.
func decodeMov(d *decoder) {
	t := d.typ(b16, b32, b64, u16, u32, u64, s16, s32, s64, f32, f64, f16, f16x2, bf16, bf16x2, pred)
	if !d.args(2) {
		return
	}
	to, from := d.s.args[0], d.s.args[1]
	switch {
	case t == pred:
		d.in.a, d.in.p = d.predicate(from), d.result(to)
		flip := invert(from.not)
		d.in.run = func(w *warp, in *inst, mask uint32) { w.setPred(in.p, mask, w.preds[in.a]^flip) }
	case from.kind == oVector:
		decodePack(d, t, to, from.list)
	case to.kind == oVector:
		decodeUnpack(d, t, to.list, from)
	default:
		if counter, ok := counters[from.name]; ok && from.kind == oName {
			decodeCounter(d, t, to, counter)
			return
		}
		d.in.a = d.src(from, t, false)
		d.in.d = d.dst(to, t, false)
		d.in.one = copyVec
		// A copy of what was never written is as undefined as the original, and no fault yet:
		// compilers copy such registers where two paths join.
		d.in.uses, d.in.defs, d.in.flows = nil, nil, true
		d.in.run = func(w *warp, in *inst, mask uint32) {
			w.defined[in.d] = w.defined[in.d]&^mask | w.defined[in.a]&mask
			runOne(w, in, mask)
		}
	}
}

// part is the type of each of n equal parts of t.
func (d *decoder) part(t scalar, n int) scalar {
	for _, p := range []scalar{b16, b32} {
		if n > 1 && p.size()*n == t.size() {
			return p
		}
	}
	d.fail("%d parts do not make a .%s", n, t)
	return b32
}

func decodePack(d *decoder, t scalar, to operand, list []operand) {
	p := d.part(t, len(list))
	for _, o := range list {
		d.in.list = append(d.in.list, d.src(o, p, false))
	}
	d.in.d = d.dst(to, t, false)
	bits := 8 * p.size()
	d.in.run = func(w *warp, in *inst, mask uint32) {
		w.aside = w.regs[in.list[0]]
		for i, slot := range in.list[1:] {
			s := &w.regs[slot]
			for l := range s {
				w.aside[l] |= s[l] << ((i + 1) * bits)
			}
		}
		w.keep(in.d, mask)
	}
}

func decodeUnpack(d *decoder, t scalar, list []operand, from operand) {
	p := d.part(t, len(list))
	d.in.a = d.src(from, t, false)
	for _, o := range list {
		d.in.list = append(d.in.list, d.dst(o, p, false))
	}
	bits := 8 * p.size()
	d.in.run = func(w *warp, in *inst, mask uint32) {
		a := w.regs[in.a] // a copy: the first part may be the register itself
		for i, slot := range in.list {
			for l := range a {
				w.aside[l] = a[l] >> (i * bits) & p.mask()
			}
			w.keep(slot, mask)
		}
	}
}

// decodeCvta handles cvta: generic addresses from those of one space, and back.
func decodeCvta(d *decoder) {
	back := d.has("to")
	sp := d.mustSpace()
	t := d.typ(u64, u32)
	if t != u64 {
		d.fail("addresses have 64 bits")
	}
	if !d.args(2) {
		return
	}
	from := d.s.args[1]
	d.in.space = sp
	if back {
		d.in.a = d.src(from, t, false)
	} else {
		if from.kind == oName {
			if v := d.variable(from.name); v != nil && v.space != sp {
				d.fail("%s is not in .%s", v.name, sp)
			}
		}
		d.in.a = d.src(from, t, false)
	}
	d.in.d = d.dst(d.s.args[0], t, false)
	base := windows[sp]
	d.in.run = func(w *warp, in *inst, mask uint32) {
		a := &w.regs[in.a]
		for l := range a {
			if w.aside[l] = a[l] + base; back {
				w.aside[l] = a[l] - base
				if mask>>l&1 != 0 && sp != spaceGeneric && spaceOf(a[l]) != sp {
					w.fault(in, l, OutOfBounds, "address %#x is not in .%s memory", a[l], sp)
				}
			}
		}
		w.keep(in.d, mask)
	}
}

// decodeIsSpace handles isspacep.
func decodeIsSpace(d *decoder) {
	sp := d.mustSpace()
	if !d.args(2) {
		return
	}
	d.in.a, d.in.p = d.src(d.s.args[1], u64, false), d.result(d.s.args[0])
	test := compareVec(func(a, _ uint64) bool { return spaceOf(a) == sp })
	d.in.run = func(w *warp, in *inst, mask uint32) {
		w.setPred(in.p, mask, test(&w.regs[in.a], &w.regs[in.a]))
	}
}
