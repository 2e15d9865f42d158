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
	}
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
