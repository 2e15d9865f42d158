package ptxvm

import (
	"math"
	"slices"
)

// combiner is the function of an atomic or a reduction on values of type t; nil if there is none.
func combiner(op string, t scalar) func(a, b uint64) uint64 {
	mask := t.mask()
	switch op {
	case "add":
		switch t {
		case f32:
			return func(a, b uint64) uint64 { return bits32of(float(a) + float(b)) }
		case f64:
			return func(a, b uint64) uint64 { return bits64of(math.Float64frombits(a) + math.Float64frombits(b)) }
		case f16, bf16, f16x2, bf16x2:
			return halfAdder(t)
		}
		return func(a, b uint64) uint64 { return (a + b) & mask }
	case "min":
		f := least(t)
		return func(a, b uint64) uint64 { return f(a, b) & mask }
	case "max":
		f := most(t)
		return func(a, b uint64) uint64 { return f(a, b) & mask }
	case "and":
		return func(a, b uint64) uint64 { return a & b }
	case "or":
		return func(a, b uint64) uint64 { return a | b }
	case "xor":
		return func(a, b uint64) uint64 { return a ^ b }
	case "exch":
		return func(_, b uint64) uint64 { return b }
	case "inc":
		return func(a, b uint64) uint64 {
			if a >= b {
				return 0
			}
			return a + 1
		}
	case "dec":
		return func(a, b uint64) uint64 {
			if a == 0 || a > b {
				return b
			}
			return a - 1
		}
	}
	return nil
}

func halfAdder(t scalar) func(a, b uint64) uint64 {
	f := formatOf(t)
	one := func(a, b uint64) uint64 {
		s, e := twoSum(f.widen(a&0xffff), f.widen(b&0xffff))
		return f.round(odd(s, e), nearest)
	}
	if t.class() != packed {
		return one
	}
	return func(a, b uint64) uint64 { return one(a, b) | one(a>>16, b>>16)<<16 }
}

// atomicTypes says which types each atomic operation takes.
var atomicTypes = map[string][]scalar{
	"add": {u32, s32, u64, f32, f64, f16, bf16, f16x2, bf16x2},
	"min": {u32, s32, u64, s64}, "max": {u32, s32, u64, s64},
	"inc": {u32}, "dec": {u32},
	"and": bits32, "or": bits32, "xor": bits32, "exch": bits32, "cas": bits16,
}

// decodeAtom handles atom and red: lanes of a warp that meet at one address
// take their turns, the lowest first.
func decodeAtom(d *decoder) {
	in := &d.in
	t := d.typ()
	op := d.must("add", "min", "max", "inc", "dec", "and", "or", "xor", "exch", "cas")
	red := d.s.op == "red"
	in.space = d.space(spaceGeneric)
	in.extra = d.mod("relaxed", "acquire", "release", "acq_rel")
	d.mod("cta", "cluster", "gpu", "sys")
	if d.has("noftz") != (t.size() == 2 || t.class() == packed) {
		d.fail("16-bit floats are added with .noftz, and nothing else is")
	}
	if !slices.Contains(atomicTypes[op], t) || red && (op == "exch" || op == "cas") {
		d.fail("%s.%s takes no .%s", d.s.op, op, t)
	}
	switch in.space {
	case spaceGeneric, spaceGlobal:
		d.kernel.atomics = true
	case spaceShared:
	default:
		d.fail(".%s has no atomics", in.space)
	}
	if t == bf16 || t == bf16x2 {
		d.need(78, 90)
	}
	args := d.s.args
	want := 3
	if op == "cas" {
		want++
	}
	if red {
		want--
	}
	if !d.args(want) {
		return
	}
	in.d = -1
	if !red {
		in.d = d.dst(args[0], cvtOperand(t), false)
		args = args[1:]
	}
	d.note(in.space, t.size())
	in.a, in.off = d.addr(args[0], in.space)
	in.b = d.src(args[1], registerType(t), false)
	in.size = uint8(t.size())
	if op == "cas" {
		in.c = d.src(args[2], t, false)
		in.run = runCas
		return
	}
	f := combiner(op, t)
	in.run = func(w *warp, in *inst, mask uint32) {
		for l := range lanes {
			if mask>>l&1 == 0 {
				continue
			}
			r, off := w.place(in, l, in.space, w.regs[in.a][l]+in.off, uint64(in.size), updating)
			old := load(r.data[off:], int(in.size))
			store(r.data[off:], int(in.size), f(old, w.regs[in.b][l]))
			w.handOver(in, r, off)
			if in.d >= 0 {
				w.aside[l] = old
			}
		}
		if in.d >= 0 {
			w.keep(in.d, mask)
		}
	}
}

// registerType is the type of register that holds a value of t.
func registerType(t scalar) scalar {
	switch t {
	case f16, bf16:
		return b16
	case f16x2, bf16x2:
		return b32
	}
	return t
}

func runCas(w *warp, in *inst, mask uint32) {
	for l := range lanes {
		if mask>>l&1 == 0 {
			continue
		}
		r, off := w.place(in, l, in.space, w.regs[in.a][l]+in.off, uint64(in.size), updating)
		old := load(r.data[off:], int(in.size))
		if old == w.regs[in.b][l] {
			store(r.data[off:], int(in.size), w.regs[in.c][l])
		}
		w.handOver(in, r, off)
		if in.d >= 0 {
			w.aside[l] = old
		}
	}
	if in.d >= 0 {
		w.keep(in.d, mask)
	}
}
