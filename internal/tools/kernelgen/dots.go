package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func dots() {
	defineColumns()
	for _, s := range []struct{ rows, cols int }{{1, 1}, {1, 4}, {2, 1}, {2, 4}, {3, 1}, {3, 4}, {4, 1}, {4, 4}} {
		avx512.dots(s.rows, s.cols)
	}
	for _, s := range []struct{ rows, cols int }{{1, 1}, {1, 2}, {2, 1}, {2, 2}} {
		avx2.dots(s.rows, s.cols)
	}
}

// dots computes the products of m rows of a with n rows of b, k elements each, in
// sixteen sums each that are added up as a tree.
func (v isa) dots(m, n int) {
	TEXT(fmt.Sprintf("dots%dx%d%s", m, n, v.name), NOSPLIT, "func(a *float32, lda int, b *float32, ldb, k int, out *[16]float32)")
	Pragma("noescape")
	load := func(p string) reg.GPVirtual { return Load(Param(p), GP64()).(reg.GPVirtual) }
	a, lda, b, ldb, k := load("a"), load("lda"), load("b"), load("ldb"), load("k")
	per := 16 / v.lanes // vectors of a sum
	acc := make([]vec, m*n*per)
	for i := range acc {
		acc[i] = v.vec()
		v.zero(acc[i])
	}
	// rows are the addresses of rows of an operand: of the fourth by a register of
	// its own.
	rows := func(base, stride reg.GPVirtual, count int) []Mem {
		at := []Mem{{Base: base}, {Base: base, Index: stride, Scale: 1}, {Base: base, Index: stride, Scale: 2}}
		if count > 3 {
			three := GP64()
			LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, three)
			at = append(at, Mem{Base: base, Index: three, Scale: 1})
		}
		return at[:count]
	}
	left, right := rows(a, lda, m), rows(b, ldb, n)
	body := func(get func(h int, at Mem) vec) {
		for h := range per {
			x := make([]vec, m)
			for i := range x {
				x[i] = get(h, left[i].Offset(h*v.bytes()))
			}
			for j := range n {
				y := get(h, right[j].Offset(h*v.bytes()))
				for i := range x {
					VFMADD231PS(x[i], y, acc[(i*n+j)*per+h])
				}
			}
		}
	}
	SUBQ(U8(16), k)
	JLT(LabelRef("rest"))
	Label("loop")
	body(func(_ int, at Mem) vec { return v.get(at) })
	ADDQ(U8(64), a)
	ADDQ(U8(64), b)
	SUBQ(U8(16), k)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(U8(16), k)
	JZ(LabelRef("sums"))
	masks := v.masks(k, per)
	body(func(h int, at Mem) vec {
		x := v.vec()
		v.load(masks[h], at, x)
		return x
	})
	Label("sums")
	out := load("out")
	for i := range m * n {
		y := YMM()
		if v.lanes == 16 {
			VEXTRACTF32X8(U8(1), acc[i], y)
			VADDPS(y, acc[i].AsY(), y)
		} else {
			VADDPS(acc[i*per+1], acc[i*per], y)
		}
		x := XMM()
		if v.lanes == 16 {
			VEXTRACTF32X4(U8(1), y, x)
		} else {
			VEXTRACTF128(U8(1), y, x)
		}
		VADDPS(x, y.AsX(), x)
		z := XMM()
		VMOVHLPS(x, x, z)
		VADDPS(z, x, x)
		VMOVSHDUP(x, z)
		VADDSS(z, x, x)
		VMOVSS(x, Mem{Base: out, Disp: 4 * i})
	}
	VZEROUPPER()
	RET()
}
