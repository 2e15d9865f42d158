package ptxvm

import (
	"cmp"
	"math"
)

// mask32 packs 32 comparisons into a mask.
func compareVec(f func(a, b uint64) bool) func(a, b *vec) uint32 {
	return func(a, b *vec) uint32 {
		var m uint32
		for l := range a {
			if f(a[l], b[l]) {
				m |= 1 << l
			}
		}
		return m
	}
}

// ordered gives the test that a comparison is, on values that have an order.
func ordered[T cmp.Ordered](name string) func(a, b T) bool {
	switch name {
	case "eq":
		return func(a, b T) bool { return a == b }
	case "ne":
		return func(a, b T) bool { return a < b || a > b } // false for NaN, as PTX's ordered ne is
	case "lt", "lo":
		return func(a, b T) bool { return a < b }
	case "le", "ls":
		return func(a, b T) bool { return a <= b }
	case "gt", "hi":
		return func(a, b T) bool { return a > b }
	case "ge", "hs":
		return func(a, b T) bool { return a >= b }
	case "num":
		return func(a, b T) bool { return a == a && b == b }
	case "nan":
		return func(a, b T) bool { return a != a || b != b }
	case "equ", "neu", "ltu", "leu", "gtu", "geu":
		if f := ordered[T](name[:2]); name != "neu" {
			return func(a, b T) bool { return a != a || b != b || f(a, b) }
		}
		return func(a, b T) bool { return !(a == b) }
	}
	return nil
}

// comparison decodes the operator of setp and set for type t.
func (d *decoder) comparison(t scalar) func(a, b *vec) uint32 {
	words := []string{"eq", "ne"}
	switch {
	case t.class() == unsigned:
		words = append(words, "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs")
	case t.class() == signed:
		words = append(words, "lt", "le", "gt", "ge")
	case t.class() == floating:
		words = append(words, "lt", "le", "gt", "ge", "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan")
	}
	op := d.must(words...)
	ftz := t.class() == floating && d.has("ftz")
	if d.err != nil {
		return nil
	}
	switch {
	case t == u32 && op == "lt", t == u32 && op == "lo":
		return lessU32
	case t == u32 && op == "ge", t == u32 && op == "hs":
		return func(a, b *vec) uint32 { return ^lessU32(a, b) }
	case t.signed():
		f := ordered[int64](op)
		return compareVec(func(a, b uint64) bool { return f(extend(a, t), extend(b, t)) })
	case t == f64:
		f := ordered[float64](op)
		return compareVec(func(a, b uint64) bool { return f(math.Float64frombits(a), math.Float64frombits(b)) })
	case t == f32:
		f, m := ordered[float64](op), floatMods{ftz: ftz}
		return compareVec(func(a, b uint64) bool { return f(m.in(a), m.in(b)) })
	case t.class() == floating:
		f, to := ordered[float64](op), formatOf(t)
		return compareVec(func(a, b uint64) bool {
			if ftz {
				a, b = flushHalf(a), flushHalf(b)
			}
			return f(to.widen(a), to.widen(b))
		})
	}
	return compareVec(ordered[uint64](op))
}

func lessU32(a, b *vec) uint32 {
	var m uint32
	for l := range a {
		// the borrow of a 64-bit difference of 32-bit values is the answer, without a branch
		m |= uint32((a[l]-b[l])>>63) << l
	}
	return m
}

var comparable32 = []scalar{b16, b32, b64, u16, u32, u64, s16, s32, s64, f16, bf16, f32, f64}

// decodeSetp handles setp.cmp{.bool}.type p{|q}, a, b{, {!}c}.
func decodeSetp(d *decoder) {
	t := d.typ(comparable32...)
	in := &d.in
	in.cmp = d.comparison(t)
	join := d.mod("and", "or", "xor")
	if n := 3 + int(truth(join != "")); !d.args(n) {
		return
	}
	a := d.s.args
	in.a, in.b = d.src(a[1], t, false), d.src(a[2], t, false)
	if join != "" {
		d.condition(a[3])
	}
	if first := a[0]; first.kind == oPair {
		in.p, in.q = d.result(first.list[0]), d.result(first.list[1])
	} else {
		in.p = d.result(first)
	}
	in.run = func(w *warp, in *inst, mask uint32) {
		yes := in.cmp(&w.regs[in.a], &w.regs[in.b])
		no := ^yes
		if in.r >= 0 {
			yes, no = w.join(in, join, yes), w.join(in, join, no)
		}
		if in.p >= 0 {
			w.setPred(in.p, mask, yes)
		}
		if in.q >= 0 {
			w.setPred(in.q, mask, no)
		}
	}
}

// join combines a comparison with the predicate operand.
func (w *warp) join(in *inst, op string, v uint32) uint32 {
	c := w.preds[in.r] ^ invert(in.rnot)
	switch op {
	case "and":
		return v & c
	case "or":
		return v | c
	}
	return v ^ c
}

func (w *warp) setPred(slot int32, mask, v uint32) {
	w.preds[slot] = w.preds[slot]&^mask | v&mask
}

// decodeSet handles set: a comparison into a register, all ones or 1.0 for true.
func decodeSet(d *decoder) {
	t := d.typ(comparable32...)
	to := d.typ(u32, s32, f32)
	in := &d.in
	in.cmp = d.comparison(t)
	join := d.mod("and", "or", "xor")
	if n := 3 + int(truth(join != "")); !d.args(n) {
		return
	}
	a := d.s.args
	in.a, in.b, in.d = d.src(a[1], t, false), d.src(a[2], t, false), d.dst(a[0], to, false)
	if join != "" {
		d.condition(a[3])
	}
	yes := uint64(0xffffffff)
	if to == f32 {
		yes = 0x3f800000
	}
	in.run = func(w *warp, in *inst, mask uint32) {
		v := in.cmp(&w.regs[in.a], &w.regs[in.b])
		if in.r >= 0 {
			v = w.join(in, join, v)
		}
		w.spread(in.d, mask, v, yes, 0)
	}
}

// spread writes yes or no to each lane of mask, as the bits of v say.
func (w *warp) spread(slot int32, mask, v uint32, yes, no uint64) {
	d := &w.regs[slot]
	for l := range d {
		if mask>>l&1 == 0 {
			continue
		}
		if d[l] = no; v>>l&1 != 0 {
			d[l] = yes
		}
	}
}

// decodeSelp handles selp: one of two values, as a predicate says.
func decodeSelp(d *decoder) {
	t := d.typ(b16, b32, b64, u16, u32, u64, s16, s32, s64, f32, f64)
	if !d.args(4) {
		return
	}
	a := d.s.args
	d.in.a, d.in.b, d.in.d = d.src(a[1], t, false), d.src(a[2], t, false), d.dst(a[0], t, false)
	d.condition(a[3])
	d.in.run = func(w *warp, in *inst, mask uint32) {
		d, a, b := &w.regs[in.d], &w.regs[in.a], &w.regs[in.b]
		c := w.preds[in.r] ^ invert(in.rnot)
		for l := range d {
			if mask>>l&1 != 0 {
				v := b[l]
				if c>>l&1 != 0 {
					v = a[l]
				}
				d[l] = v
			}
		}
	}
}

// decodeSlct handles slct: one of two values, as the sign of a third says.
func decodeSlct(d *decoder) {
	by := d.typ(s32, f32)
	t := d.typ(b16, b32, b64, u16, u32, u64, s16, s32, s64, f32, f64)
	m := floatMods{ftz: d.has("ftz")}
	d.ternaryOf(t, t, t, by, each3(func(a, b, c uint64) uint64 {
		if by == s32 && int32(c) >= 0 || by == f32 && m.in(c) >= 0 {
			return a
		}
		return b
	}))
}

// decodeTestp handles testp: what kind of number a float is.
func decodeTestp(d *decoder) {
	t := d.typ(f32, f64)
	kind := d.must("finite", "infinite", "number", "notanumber", "normal", "subnormal")
	if !d.args(2) {
		return
	}
	d.in.a, d.in.p = d.src(d.s.args[1], t, false), d.result(d.s.args[0])
	least := 0x1p-126
	if t == f64 {
		least = 0x1p-1022
	}
	test := compareVec(func(a, _ uint64) bool {
		x := math.Float64frombits(a)
		if t == f32 {
			x = float64(float(a))
		}
		size := math.Abs(x)
		switch kind {
		case "finite":
			return size <= math.MaxFloat64
		case "infinite":
			return math.IsInf(x, 0)
		case "number":
			return x == x
		case "notanumber":
			return x != x
		case "normal":
			return size >= least && size <= math.MaxFloat64
		}
		return size > 0 && size < least
	})
	d.in.run = func(w *warp, in *inst, mask uint32) {
		w.setPred(in.p, mask, test(&w.regs[in.a], &w.regs[in.a]))
	}
}
