package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func transposes() {
	for _, v := range []isa{avx512, avx2} {
		v.transpose()
		v.copyPanel()
	}
	everySecond()
	defineEvens()
	avx512.copyRows(1)
	avx512.copyRows(2)
}

// evens is the numbers of the even elements of two vectors.
var evens Mem

func defineEvens() {
	evens = GLOBL("evens", RODATA|NOPTR)
	for i := range 16 {
		DATA(4*i, U32(uint32(2*i)))
	}
}

// odds is the numbers of the odd elements of two vectors.
var odds Mem

func defineOdds() {
	odds = GLOBL("odds", RODATA|NOPTR)
	for i := range 16 {
		DATA(4*i, U32(uint32(2*i+1)))
	}
}

// transpose writes blocks of lanes × lanes: rows of src lie at offsets of a table,
// n vectors each; row j of dst, at j·ds bytes, gets element j of all rows.
func (v isa) transpose() {
	TEXT("transpose"+v.name, NOSPLIT, "func(dst *float32, ds int, src *float32, off *[16]int, n int)")
	Pragma("noescape")
	dst := Load(Param("dst"), GP64()).(reg.GPVirtual)
	ds := Load(Param("ds"), GP64()).(reg.GPVirtual)
	src := Load(Param("src"), GP64()).(reg.GPVirtual)
	off := Load(Param("off"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	Label("loop")
	r := make([]reg.VecVirtual, v.lanes)
	for i := range r {
		at := GP64()
		MOVQ(Mem{Base: off, Disp: 8 * i}, at)
		r[i] = v.vec()
		VMOVUPS(Mem{Base: src, Index: at, Scale: 1}, r[i])
	}
	two := func(f func(a, b, c Op), a, b reg.VecVirtual) reg.VecVirtual {
		c := v.vec()
		f(b, a, c)
		return c
	}
	lps := func(a, b, c Op) { VUNPCKLPS(a, b, c) }
	hps := func(a, b, c Op) { VUNPCKHPS(a, b, c) }
	lpd := func(a, b, c Op) { VUNPCKLPD(a, b, c) }
	hpd := func(a, b, c Op) { VUNPCKHPD(a, b, c) }
	// In each block of four columns of four rows: element l of the block, of rows
	// 4g to 4g+3, in all blocks at once.
	q := make([]reg.VecVirtual, v.lanes) // q[4g+l]
	for g := 0; g < v.lanes; g += 4 {
		a, b := two(lps, r[g], r[g+1]), two(hps, r[g], r[g+1])
		c, d := two(lps, r[g+2], r[g+3]), two(hps, r[g+2], r[g+3])
		q[g], q[g+1] = two(lpd, a, c), two(hpd, a, c)
		q[g+2], q[g+3] = two(lpd, b, d), two(hpd, b, d)
	}
	out := make([]reg.VecVirtual, v.lanes)
	for l := range 4 {
		if v.lanes == 8 {
			for blk := range 2 {
				o := v.vec()
				VPERM2F128(U8(0x20+0x11*blk), q[4+l], q[l], o)
				out[4*blk+l] = o
			}
			continue
		}
		pick := func(imm uint8, a, b reg.VecVirtual) reg.VecVirtual {
			c := v.vec()
			VSHUFF32X4(U8(imm), b, a, c)
			return c
		}
		x, y := pick(0x88, q[l], q[4+l]), pick(0x88, q[8+l], q[12+l]) // blocks 0 and 2
		z, w := pick(0xDD, q[l], q[4+l]), pick(0xDD, q[8+l], q[12+l]) // blocks 1 and 3
		out[l], out[8+l] = pick(0x88, x, y), pick(0xDD, x, y)
		out[4+l], out[12+l] = pick(0x88, z, w), pick(0xDD, z, w)
	}
	for _, o := range out {
		VMOVUPS(o, Mem{Base: dst})
		ADDQ(ds, dst)
	}
	ADDQ(U8(v.bytes()), src)
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// copyPanel copies n rows of two vectors, from a stride of ss bytes to one of ds.
func (v isa) copyPanel() {
	TEXT("copyPanel"+v.name, NOSPLIT, "func(dst *float32, ds int, src *float32, ss, n int)")
	Pragma("noescape")
	dst := Load(Param("dst"), GP64()).(reg.GPVirtual)
	ds := Load(Param("ds"), GP64()).(reg.GPVirtual)
	src := Load(Param("src"), GP64()).(reg.GPVirtual)
	ss := Load(Param("ss"), GP64()).(reg.GPVirtual)
	n := Load(Param("n"), GP64()).(reg.GPVirtual)
	Label("loop")
	for j := range 2 {
		x := v.vec()
		VMOVUPS(Mem{Base: src, Disp: j * v.bytes()}, x)
		VMOVUPS(x, Mem{Base: dst, Disp: j * v.bytes()})
	}
	ADDQ(ss, src)
	ADDQ(ds, dst)
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// everySecond writes the elements of even index, n of them, a multiple of eight.
func everySecond() {
	TEXT("everySecondAVX2", NOSPLIT, "func(dst, src *float32, n int)")
	Pragma("noescape")
	dst := Load(Param("dst"), GP64())
	src := Load(Param("src"), GP64())
	n := Load(Param("n"), GP64())
	Label("loop")
	a, b := YMM(), YMM()
	VMOVUPS(Mem{Base: src.(reg.GPVirtual)}, a)
	VMOVUPS(Mem{Base: src.(reg.GPVirtual), Disp: 32}, b)
	VSHUFPS(U8(0x88), b, a, a) // 0 2 8 10 4 6 12 14
	VPERMPD(U8(0xD8), a, a)
	VMOVUPS(a, Mem{Base: dst.(reg.GPVirtual)})
	ADDQ(U8(64), src)
	ADDQ(U8(32), dst)
	SUBQ(U8(8), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// copyRows copies rows of cols elements, or of every second element, between
// strides in bytes.
func (v isa) copyRows(step int) {
	name := "copyRows"
	if step == 2 {
		name = "copySecond"
	}
	TEXT(name+v.name, NOSPLIT, "func(dst *float32, ds int, src *float32, ss, rows, cols int)")
	Pragma("noescape")
	load := func(p string) reg.GPVirtual { return Load(Param(p), GP64()).(reg.GPVirtual) }
	dst, ds, src, ss, rows, cols := load("dst"), load("ds"), load("src"), load("ss"), load("rows"), load("cols")
	whole, rest := GP64(), GP64()
	MOVQ(cols, whole)
	SHRQ(U8(4), whole)
	MOVQ(cols, rest)
	ANDQ(U8(15), rest)
	out := v.masks(rest, 1)[0]
	var in []mask // of the elements that the rest is picked from: one less than twice as many
	var even, y vec
	if step == 2 {
		none := GP64()
		XORQ(none, none)
		ADDQ(rest, rest)
		SUBQ(U8(1), rest)
		CMOVQMI(none, rest)
		in = v.masks(rest, 2)
		even, y = v.vec(), v.vec()
		VMOVUPS(evens, even)
	}
	x := v.vec()
	d, s, n := GP64(), GP64(), GP64()
	Label("row")
	MOVQ(dst, d)
	MOVQ(src, s)
	MOVQ(whole, n)
	TESTQ(n, n)
	JZ(LabelRef("rest"))
	Label("vector")
	VMOVUPS(Mem{Base: s}, x)
	if step == 2 {
		VMOVUPS(Mem{Base: s, Disp: 64}, y)
		VPERMT2PS(y, even, x)
	}
	VMOVUPS(x, Mem{Base: d})
	ADDQ(U32(64*step), s)
	ADDQ(U8(64), d)
	DECQ(n)
	JNZ(LabelRef("vector"))
	Label("rest")
	if step == 2 {
		v.load(in[0], Mem{Base: s}, x)
		v.load(in[1], Mem{Base: s, Disp: 64}, y)
		VPERMT2PS(y, even, x)
	} else {
		v.load(out, Mem{Base: s}, x)
	}
	v.store(out, x, Mem{Base: d})
	ADDQ(ss, src)
	ADDQ(ds, dst)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}
