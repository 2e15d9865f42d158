package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func windows() {
	defineColumns()
	constants.base, constants.at = GLOBL("constants", RODATA|NOPTR), map[uint32]int{}
	for _, v := range []isa{avx512, avx2} {
		v.window("windowMax", true)
		v.window("windowSum", false)
		v.depthwise()
	}
	defineEvens()
	defineOdds()
	for _, k := range []int{3, 5} {
		for stride := 1; stride <= 2; stride++ {
			avx512.depthwiseAt(k, stride, 4)
			avx512.depthwiseAt(k, stride, 1)
		}
	}
	avx512.windowRows(1)
	avx512.windowRows(2)
}

// window computes n elements, each from the elements of src at all offsets: the
// largest, where NaN is larger than anything, or the sum in their order.
func (v isa) window(name string, largest bool) {
	TEXT(name+v.name, NOSPLIT, "func(dst, src *float32, off *int32, taps, n int)")
	Pragma("noescape")
	load := func(p string) reg.GPVirtual { return Load(Param(p), GP64()).(reg.GPVirtual) }
	dst, src, table, taps, n := load("dst"), load("src"), load("off"), load("taps"), load("n")
	body := func(tag string, get func(at Mem, r vec), put func(r vec)) {
		off, left, at := GP64(), GP64(), GP64()
		MOVQ(table, off)
		MOVQ(taps, left)
		acc, x := v.vec(), v.vec()
		k := K()
		var nans vec
		if largest {
			VMOVUPS(bits(0xFF800000), acc)
			if v.lanes == 16 {
				KXORW(k, k, k)
			} else {
				nans = v.vec()
				v.zero(nans)
			}
		} else {
			v.zero(acc)
		}
		Label(tag)
		MOVLQSX(Mem{Base: off}, at)
		get(Mem{Base: src, Index: at, Scale: 1}, x)
		switch {
		case !largest:
			VADDPS(x, acc, acc)
		case v.lanes == 16:
			one := K()
			VCMPPS(U8(3), x, x, one)
			KORW(one, k, k)
			VMAXPS(acc, x, acc)
		default:
			one := v.vec()
			VCMPPS(U8(3), x, x, one)
			VORPS(one, nans, nans)
			VMAXPS(acc, x, acc)
		}
		ADDQ(U8(4), off)
		DECQ(left)
		JNZ(LabelRef(tag))
		if largest {
			if v.lanes == 16 {
				VMOVUPS(bits(0x7FC00000), k, acc)
			} else {
				VBLENDVPS(nans, bits(0x7FC00000), acc, acc)
			}
		}
		put(acc)
	}
	SUBQ(U8(v.lanes), n)
	JLT(LabelRef("rest"))
	Label("loop")
	body("tap", func(at Mem, r vec) { VMOVUPS(at, r) }, func(r vec) { VMOVUPS(r, Mem{Base: dst}) })
	ADDQ(U8(v.bytes()), dst)
	ADDQ(U8(v.bytes()), src)
	SUBQ(U8(v.lanes), n)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(U8(v.lanes), n)
	JZ(LabelRef("done"))
	m := v.masks(n, 1)[0]
	body("lastTap", func(at Mem, r vec) { v.load(m, at, r) }, func(r vec) { v.store(m, r, Mem{Base: dst}) })
	Label("done")
	VZEROUPPER()
	RET()
}

// depthwise computes rows of cols elements, each Σ w(tap)·src(tap's offset) from
// bias on, then times scale plus shift, then clamped. The numbers are bias, scale,
// shift, low and high.
func (v isa) depthwise() {
	TEXT("depthwise"+v.name, NOSPLIT, "func(dst *float32, ds int, src *float32, ss int, off *int32, w *float32, taps, rows, cols int, numbers *[5]float32)")
	Pragma("noescape")
	load := func(p string) reg.GPVirtual { return Load(Param(p), GP64()).(reg.GPVirtual) }
	dst, ds, src, ss, table, w := load("dst"), load("ds"), load("src"), load("ss"), load("off"), load("w")
	taps, rows, cols, numbers := load("taps"), load("rows"), load("cols"), load("numbers")
	spread := func(i int) vec {
		r := v.vec()
		VBROADCASTSS(Mem{Base: numbers, Disp: 4 * i}, r)
		return r
	}
	scale, shift, low, high := spread(1), spread(2), spread(3), spread(4)
	whole, most, rest := GP64(), GP64(), GP64()
	MOVQ(cols, rest)
	ANDQ(U8(v.lanes-1), rest)
	m := v.masks(rest, 1)[0]
	SHLQ(U8(2), cols)
	ANDQ(I8(-v.bytes()), cols) // bytes of whole vectors
	const wide = 4
	body := func(tag string, n int, add func(from Mem, acc, f vec), put func(acc vec, to Mem)) {
		var acc []vec
		for range n {
			acc = append(acc, spread(0))
		}
		f, tap, off := v.vec(), GP64(), GP64()
		XORQ(tap, tap)
		Label(tag)
		MOVLQSX(Mem{Base: table, Index: tap, Scale: 4}, off)
		VBROADCASTSS(Mem{Base: w, Index: tap, Scale: 4}, f)
		ADDQ(whole, off)
		for i, a := range acc {
			add(Mem{Base: src, Index: off, Scale: 1, Disp: i * v.bytes()}, a, f)
		}
		INCQ(tap)
		CMPQ(tap, taps)
		JNE(LabelRef(tag))
		for i, a := range acc {
			VFMADD213PS(shift, scale, a)
			VMAXPS(a, low, a)
			VMINPS(a, high, a)
			put(a, Mem{Base: dst, Index: whole, Scale: 1, Disp: i * v.bytes()})
		}
	}
	add := func(from Mem, acc, f vec) { VFMADD231PS(from, f, acc) }
	put := func(acc vec, to Mem) { VMOVUPS(acc, to) }
	Label("row")
	XORQ(whole, whole)
	LEAQ(Mem{Base: cols, Disp: -(wide - 1) * v.bytes()}, most)
	CMPQ(whole, most)
	JGE(LabelRef("vectors"))
	Label("wide")
	body("wideTap", wide, add, put)
	ADDQ(U32(uint32(wide*v.bytes())), whole)
	CMPQ(whole, most)
	JLT(LabelRef("wide"))
	Label("vectors")
	CMPQ(whole, cols)
	JE(LabelRef("rest"))
	Label("vector")
	body("tap", 1, add, put)
	ADDQ(U8(v.bytes()), whole)
	CMPQ(whole, cols)
	JNE(LabelRef("vector"))
	Label("rest")
	TESTQ(rest, rest)
	JZ(LabelRef("next"))
	x := v.vec()
	body("lastTap", 1, func(from Mem, acc, f vec) { v.load(m, from, x); VFMADD231PS(x, f, acc) },
		func(acc vec, to Mem) { v.store(m, acc, to) })
	Label("next")
	ADDQ(ds, dst)
	ADDQ(ss, src)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// windowRows computes rows of cols elements, each the largest of the elements of
// src at all offsets, where neighbours lie step apart, one or two.
func (v isa) windowRows(step int) {
	TEXT([]string{"", "windowRows", "windowSecond"}[step]+v.name, NOSPLIT, "func(dst *float32, ds int, src *float32, ss int, off *int32, taps, rows, cols int)")
	Pragma("noescape")
	load := func(p string) reg.GPVirtual { return Load(Param(p), GP64()).(reg.GPVirtual) }
	dst, ds, src, ss, table := load("dst"), load("ds"), load("src"), load("ss"), load("off")
	taps, rows, cols := load("taps"), load("rows"), load("cols")
	rest := GP64()
	MOVQ(cols, rest)
	ANDQ(U8(15), rest)
	out := v.masks(rest, 1)[0]
	in := []mask{out}
	var even vec
	if step == 2 {
		none := GP64()
		XORQ(none, none)
		ADDQ(rest, rest)
		SUBQ(U8(1), rest)
		CMOVQMI(none, rest)
		in = v.masks(rest, 2)
		even = v.vec()
		VMOVUPS(evens, even)
	}
	least, nan := v.get(bits(0xFF800000)), v.get(bits(0x7FC00000))
	body := func(tag string, s reg.GPVirtual, get func(i int, at Mem, r vec), put func(r vec)) {
		acc, x, y, tap, at, k, one := v.vec(), v.vec(), v.vec(), GP64(), GP64(), K(), K()
		VMOVAPS(least, acc)
		KXORW(k, k, k)
		XORQ(tap, tap)
		Label(tag)
		MOVLQSX(Mem{Base: table, Index: tap, Scale: 4}, at)
		get(0, Mem{Base: s, Index: at, Scale: 1}, x)
		if step == 2 {
			get(1, Mem{Base: s, Index: at, Scale: 1, Disp: 64}, y)
			VPERMT2PS(y, even, x)
		}
		VCMPPS(U8(3), x, x, one)
		KORW(one, k, k)
		VMAXPS(acc, x, acc)
		INCQ(tap)
		CMPQ(tap, taps)
		JNE(LabelRef(tag))
		VMOVAPS(nan, k, acc)
		put(acc)
	}
	d, s, n := GP64(), GP64(), GP64()
	SHRQ(U8(4), cols)
	Label("row")
	MOVQ(dst, d)
	MOVQ(src, s)
	MOVQ(cols, n)
	TESTQ(n, n)
	JZ(LabelRef("rest"))
	Label("vector")
	body("tap", s, func(_ int, at Mem, r vec) { VMOVUPS(at, r) }, func(r vec) { VMOVUPS(r, Mem{Base: d}) })
	ADDQ(U32(64*step), s)
	ADDQ(U8(64), d)
	DECQ(n)
	JNZ(LabelRef("vector"))
	Label("rest")
	body("lastTap", s, func(i int, at Mem, r vec) { v.load(in[i], at, r) }, func(r vec) { v.store(out, r, Mem{Base: d}) })
	ADDQ(ss, src)
	ADDQ(ds, dst)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}
