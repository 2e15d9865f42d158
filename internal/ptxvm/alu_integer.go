package ptxvm

import (
	"math"
	"math/bits"
)

// high is the upper half of the product of two values of type t.
func high(t scalar) func(a, b uint64) uint64 {
	switch {
	case t == u64:
		return func(a, b uint64) uint64 { h, _ := bits.Mul64(a, b); return h }
	case t == s64:
		return func(a, b uint64) uint64 {
			h, _ := bits.Mul64(a, b)
			return h - b&uint64(int64(a)>>63) - a&uint64(int64(b)>>63)
		}
	}
	n := 8 * t.size()
	if t.signed() {
		return func(a, b uint64) uint64 { return uint64(extend(a, t) * extend(b, t) >> n) }
	}
	return func(a, b uint64) uint64 { return a * b >> n }
}

// saturate clamps the sum or difference of two s32 values.
func saturate(v int64) uint64 { return uint64(uint32(max(math.MinInt32, min(math.MaxInt32, v)))) }

func decodeAddInteger(d *decoder, t scalar) {
	sub := d.s.op == "sub"
	if d.has("sat") {
		if t != s32 {
			d.fail(".sat is for .s32")
		}
		d.binary(t, each2(func(a, b uint64) uint64 {
			if sub {
				return saturate(extend(a, s32) - extend(b, s32))
			}
			return saturate(extend(a, s32) + extend(b, s32))
		}))
		return
	}
	switch {
	case t.size() == 4 && sub:
		d.binary(t, sub32)
	case t.size() == 4:
		d.binary(t, add32)
	case sub:
		d.binary(t, trim2(t, func(a, b uint64) uint64 { return a - b }))
	case t.size() == 8:
		d.binary(t, add64)
	default:
		d.binary(t, trim2(t, func(a, b uint64) uint64 { return a + b }))
	}
}

// double is the type of twice the width.
func double(t scalar) scalar {
	switch t {
	case u16:
		return u32
	case s16:
		return s32
	case u32:
		return u64
	}
	return s64
}

func decodeMulInteger(d *decoder, t scalar) {
	switch d.must("lo", "hi", "wide") {
	case "lo":
		if t.size() == 4 {
			d.binary(t, mul32)
			return
		}
		d.binary(t, trim2(t, func(a, b uint64) uint64 { return a * b }))
	case "hi":
		d.binary(t, trim2(t, high(t)))
	default:
		if t.size() == 8 {
			d.fail("there is no product of 128 bits")
		}
		wide := double(t)
		switch t {
		case u32:
			d.binaryOf(wide, t, t, mulWideU32)
		case s32:
			d.binaryOf(wide, t, t, mulWideS32)
		default:
			d.binaryOf(wide, t, t, trim2(wide, func(a, b uint64) uint64 { return uint64(extend(a, t) * extend(b, t)) }))
		}
	}
}

func decodeMadInteger(d *decoder, t scalar) {
	mask := t.mask()
	switch d.must("lo", "hi", "wide") {
	case "lo":
		if t.size() == 4 {
			d.ternary(t, mad32)
			return
		}
		d.ternary(t, each3(func(a, b, c uint64) uint64 { return (a*b + c) & mask }))
	case "hi":
		sat := d.has("sat")
		if sat && t != s32 {
			d.fail(".sat is for .s32")
		}
		h := high(t)
		d.ternary(t, each3(func(a, b, c uint64) uint64 {
			if sat {
				return saturate(extend(h(a, b)&mask, s32) + extend(c, s32))
			}
			return (h(a, b) + c) & mask
		}))
	default:
		if t.size() == 8 {
			d.fail("there is no product of 128 bits")
		}
		wide := double(t)
		mask := wide.mask()
		d.ternaryOf(wide, t, t, wide, each3(func(a, b, c uint64) uint64 {
			return (uint64(extend(a, t)*extend(b, t)) + c) & mask
		}))
	}
}

// quotient and remainder follow what the hardware's subroutine gives where PTX
// leaves the result open: division by zero gives all ones, and its remainder
// the dividend.
func quotient(t scalar) func(a, b uint64) uint64 {
	if !t.signed() {
		return func(a, b uint64) uint64 {
			if b == 0 {
				return ^uint64(0)
			}
			return a / b
		}
	}
	return func(a, b uint64) uint64 {
		x, y := extend(a, t), extend(b, t)
		if y == 0 {
			return ^uint64(0)
		}
		if y == -1 {
			return uint64(-x)
		}
		return uint64(x / y)
	}
}

func remainder(t scalar) func(a, b uint64) uint64 {
	if !t.signed() {
		return func(a, b uint64) uint64 {
			if b == 0 {
				return a
			}
			return a % b
		}
	}
	return func(a, b uint64) uint64 {
		x, y := extend(a, t), extend(b, t)
		switch y {
		case 0:
			return a
		case -1:
			return 0
		}
		return uint64(x % y)
	}
}

func least(t scalar) func(a, b uint64) uint64 {
	if t.signed() {
		return func(a, b uint64) uint64 { return uint64(min(extend(a, t), extend(b, t))) }
	}
	return func(a, b uint64) uint64 { return min(a, b) }
}

func most(t scalar) func(a, b uint64) uint64 {
	if t.signed() {
		return func(a, b uint64) uint64 { return uint64(max(extend(a, t), extend(b, t))) }
	}
	return func(a, b uint64) uint64 { return max(a, b) }
}

func decodeMinMaxInteger(d *decoder, t scalar) {
	f := least(t)
	if d.s.op == "max" {
		f = most(t)
	}
	d.binary(t, trim2(t, f))
}

func decodeShift(d *decoder) {
	var t scalar
	if d.s.op == "shl" {
		t = d.typ(bits16...)
	} else {
		t = d.typ(b16, b32, b64, u16, u32, u64, s16, s32, s64)
	}
	mask := t.mask()
	var f func(d, a, b *vec)
	switch {
	case d.s.op == "shl" && t.size() == 4:
		f = shl32
	case d.s.op == "shl":
		f = each2(func(a, b uint64) uint64 { return a << uint32(b) & mask })
	case t.signed():
		f = each2(func(a, b uint64) uint64 { return uint64(extend(a, t)>>uint32(b)) & mask })
	case t.size() == 4:
		f = shr32
	default:
		f = each2(func(a, b uint64) uint64 { return a >> uint32(b) })
	}
	d.binaryOf(t, t, u32, f)
}

func decodeFunnel(d *decoder) {
	left := d.must("l", "r") == "l"
	wrap := d.must("wrap", "clamp") == "wrap"
	d.ternaryOf(d.typ(b32), b32, b32, u32, each3(func(a, b, c uint64) uint64 {
		n := min(c, 32)
		if wrap {
			n = c & 31
		}
		both := b<<32 | a
		if left {
			return both << n >> 32
		}
		return both >> n & math.MaxUint32
	}))
}

func decodeLogic(d *decoder) {
	t := d.typ(b16, b32, b64, pred)
	if t == pred {
		decodeLogicPred(d)
		return
	}
	switch d.s.op {
	case "and":
		d.binary(t, and)
	case "or":
		d.binary(t, or)
	case "xor":
		d.binary(t, xor)
	case "not":
		mask := t.mask()
		d.unary(t, each1(func(a uint64) uint64 { return ^a & mask }))
	case "cnot":
		d.unary(t, each1(func(a uint64) uint64 { return truth(a == 0) }))
	}
}

// decodeLogicPred handles and, or, xor and not on predicates: masks, so one word.
func decodeLogicPred(d *decoder) {
	if d.s.op == "cnot" {
		d.fail("cnot takes no predicate")
	}
	two := d.s.op != "not"
	if two && !d.args(3) || !two && !d.args(2) {
		return
	}
	d.in.a = d.predicate(d.s.args[1])
	na := invert(d.s.args[1].not)
	nb := uint32(0)
	if two {
		d.in.b, nb = d.predicate(d.s.args[2]), invert(d.s.args[2].not)
	}
	d.in.p = d.result(d.s.args[0])
	f := map[string]func(a, b uint32) uint32{
		"and": func(a, b uint32) uint32 { return a & b }, "or": func(a, b uint32) uint32 { return a | b },
		"xor": func(a, b uint32) uint32 { return a ^ b }, "not": func(a, _ uint32) uint32 { return ^a },
	}[d.s.op]
	d.in.run = func(w *warp, in *inst, mask uint32) {
		w.setPred(in.p, mask, f(w.preds[in.a]^na, w.preds[in.b]^nb))
	}
}

func invert(not bool) uint32 {
	if not {
		return full
	}
	return 0
}

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
