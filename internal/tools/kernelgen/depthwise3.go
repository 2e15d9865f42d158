package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// depthwise3 is depthwise for nine taps of 3×3 neighbours, four rows at once, so
// that a pixel is loaded for up to three of them. It reads up to two vectors beyond
// a row.
func (v isa) depthwise3() {
	TEXT("depthwise3"+v.name, NOSPLIT, "func(dst *float32, ds int, src *float32, ss int, w *float32, fours, cols int, numbers *[5]float32)")
	Pragma("noescape")
	load := func(p string) reg.GPVirtual { return Load(Param(p), GP64()).(reg.GPVirtual) }
	dst, ds, src, ss, w := load("dst"), load("ds"), load("src"), load("ss"), load("w")
	fours, cols, numbers := load("fours"), load("cols"), load("numbers")
	spread := func(base reg.GPVirtual, i int) vec {
		r := v.vec()
		VBROADCASTSS(Mem{Base: base, Disp: 4 * i}, r)
		return r
	}
	bias, scale, shift, low, high := spread(numbers, 0), spread(numbers, 1), spread(numbers, 2), spread(numbers, 3), spread(numbers, 4)
	var taps [9]vec
	for i := range taps {
		taps[i] = spread(w, i)
	}
	rest := GP64()
	MOVQ(cols, rest)
	ANDQ(U8(v.lanes-1), rest)
	m := v.masks(rest, 1)[0]
	top, bottom, to, left, three := GP64(), GP64(), GP64(), GP64(), GP64()
	LEAQ(Mem{Base: ds, Index: ds, Scale: 2}, three)
	at := func(base, stride reg.GPVirtual, i, disp int) Mem {
		x := Mem{Base: base, Disp: disp}
		if i > 0 {
			x.Index, x.Scale = stride, uint8(i)
		}
		return x
	}
	body := func(n int, put func(r vec, to Mem)) {
		var acc [4][]vec
		for r := range acc {
			for range n {
				acc[r] = append(acc[r], v.copied(bias))
			}
		}
		x := v.vec()
		for i := range 6 {
			base := top
			if i >= 3 {
				base = bottom
			}
			for j := range 3 {
				for q := range n {
					VMOVUPS(at(base, ss, i%3, 4*j+q*v.bytes()), x)
					for r := max(0, i-2); r <= min(3, i); r++ {
						VFMADD231PS(x, taps[3*(i-r)+j], acc[r][q])
					}
				}
			}
		}
		for r := range acc {
			for q, a := range acc[r] {
				VFMADD213PS(shift, scale, a)
				VMAXPS(a, low, a)
				VMINPS(a, high, a)
				row := at(to, ds, r, q*v.bytes())
				if r == 3 {
					row.Index, row.Scale = three, 1
				}
				put(a, row)
			}
		}
		for _, p := range []reg.GPVirtual{top, bottom, to} {
			ADDQ(U32(uint32(n*v.bytes())), p)
		}
	}
	whole := func(r vec, to Mem) { VMOVUPS(r, to) }
	Label("rows")
	MOVQ(src, top)
	LEAQ(Mem{Base: src, Index: ss, Scale: 2}, bottom)
	ADDQ(ss, bottom)
	MOVQ(dst, to)
	MOVQ(cols, left)
	SUBQ(U8(2*v.lanes), left)
	JLT(LabelRef("one"))
	Label("two")
	body(2, whole)
	SUBQ(U8(2*v.lanes), left)
	JGE(LabelRef("two"))
	Label("one")
	ADDQ(U8(v.lanes), left)
	JLT(LabelRef("rest"))
	body(1, whole)
	Label("rest")
	TESTQ(rest, rest)
	JZ(LabelRef("next"))
	body(1, func(r vec, to Mem) { v.store(m, r, to) })
	Label("next")
	LEAQ(Mem{Base: dst, Index: ds, Scale: 4}, dst)
	LEAQ(Mem{Base: src, Index: ss, Scale: 4}, src)
	DECQ(fours)
	JNZ(LabelRef("rows"))
	VZEROUPPER()
	RET()
}
