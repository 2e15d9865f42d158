package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func pairs() {
	defineColumns()
	for _, v := range []isa{avx512, avx2} {
		for n := 1; n <= 2; n++ {
			for m := 1; m <= v.rows; m++ {
				v.pairs(m, n)
			}
		}
	}
}

// pairs is tile for elements that are two int16 each: their products are added up
// in int32 that wrap around. The sums start from zero or c, and nothing follows.
func (v isa) pairs(m, n int) {
	TEXT(fmt.Sprintf("pairs%dx%d%s", m, n, v.name), NOSPLIT, "func(t *byte)")
	Pragma("noescape")
	t := Load(Param("t"), GP64()).(reg.GPVirtual)
	field := func(at int) reg.GPVirtual {
		r := GP64()
		MOVQ(Mem{Base: t, Disp: at}, r)
		return r
	}
	acc := make([]vec, m*n)
	for i := range acc {
		acc[i] = v.vec()
	}
	rows := func(f func(at Mem, x vec, k mask)) {
		mk, c, ldc := v.masks(field(tileCols), n), field(tileC), field(tileLDC)
		for i := range m {
			for j := range n {
				f(Mem{Base: c, Disp: j * v.bytes()}, acc[i*n+j], mk[j])
			}
			if i+1 < m {
				ADDQ(ldc, c)
			}
		}
	}
	start := field(tileStart)
	TESTQ(start, start)
	JNZ(LabelRef("more"))
	for _, x := range acc {
		v.zero(x)
	}
	JMP(LabelRef("begin"))
	Label("more")
	rows(func(at Mem, x vec, k mask) { v.load(k, at, x) })

	Label("begin")
	k, ars, acs, b, off := field(tileK), field(tileARS), field(tileACS), field(tileB), field(tileOff)
	a := []reg.GPVirtual{field(tileA)} // every third row
	for i := 3; i < m; i += 3 {
		next := GP64()
		LEAQ(Mem{Base: a[len(a)-1], Index: ars, Scale: 2}, next)
		ADDQ(ars, next)
		a = append(a, next)
	}
	Label("loop")
	row := GP64()
	MOVLQSX(Mem{Base: off}, row)
	right := make([]vec, n)
	for j := range right {
		right[j] = v.vec()
		VMOVUPS(Mem{Base: b, Index: row, Scale: 1, Disp: j * v.bytes()}, right[j])
	}
	ADDQ(U8(4), off)
	for i := range m {
		at := Mem{Base: a[i/3]}
		if i%3 > 0 {
			at.Index, at.Scale = ars, uint8(i%3)
		}
		left := v.vec()
		VBROADCASTSS(at, left)
		for j, r := range right {
			s := acc[i*n+j]
			if v.lanes == 16 {
				VPDPWSSD(r, left, s)
				continue
			}
			x := v.vec()
			VPMADDWD(r, left, x)
			VPADDD(x, s, s)
		}
		if i%3 == 2 || i == m-1 {
			ADDQ(acs, a[i/3])
		}
	}
	DECQ(k)
	JNZ(LabelRef("loop"))
	rows(func(at Mem, x vec, k mask) { v.store(k, x, at) })
	VZEROUPPER()
	RET()
}
