package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func integers() {
	for _, n := range []int{1, 4} {
		for _, m := range []int{1, 4} {
			avx512.integers(m, n, true)
			avx512.integers(m, n, false)
		}
	}
	for _, n := range []int{1, 2} {
		for _, m := range []int{1, 2} {
			avx2.integers(m, n, false)
		}
	}
}

// integers computes the products of m rows of a with n rows of b, of k int16 each, a
// multiple of 32, in int32 that wrap around. vnni multiplies and adds at once.
func (v isa) integers(m, n int, vnni bool) {
	name := fmt.Sprintf("integers%dx%d%s", m, n, v.name)
	if vnni {
		name += "VNNI"
	}
	TEXT(name, NOSPLIT, "func(a *int16, lda int, b *int16, ldb, k int, out *[16]int32)")
	Pragma("noescape")
	load := func(p string) reg.GPVirtual { return Load(Param(p), GP64()).(reg.GPVirtual) }
	a, lda, b, ldb, k := load("a"), load("lda"), load("b"), load("ldb"), load("k")
	acc := make([]vec, m*n)
	for i := range acc {
		acc[i] = v.vec()
		v.zero(acc[i])
	}
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
	Label("loop")
	for h := 0; h < 64; h += v.bytes() {
		x := make([]vec, m)
		for i := range x {
			x[i] = v.get(left[i].Offset(h))
		}
		for j := range n {
			y := v.get(right[j].Offset(h))
			for i := range x {
				s := acc[i*n+j]
				if vnni {
					VPDPWSSD(x[i], y, s)
					continue
				}
				t := v.vec()
				VPMADDWD(x[i], y, t)
				VPADDD(t, s, s)
			}
		}
	}
	ADDQ(U8(64), a)
	ADDQ(U8(64), b)
	SUBQ(U8(32), k)
	JNZ(LabelRef("loop"))
	out := load("out")
	for i, s := range acc {
		y := YMM()
		if v.lanes == 16 {
			VEXTRACTI64X4(U8(1), s, y)
			VPADDD(s.AsY(), y, y)
		} else {
			y = s.(reg.VecVirtual)
		}
		x, z := XMM(), XMM()
		if v.lanes == 16 {
			VEXTRACTI32X4(U8(1), y, x)
		} else {
			VEXTRACTI128(U8(1), y, x)
		}
		VPADDD(x, y.AsX(), x)
		VPSHUFD(U8(0xEE), x, z)
		VPADDD(z, x, x)
		VPSHUFD(U8(0x55), x, z)
		VPADDD(z, x, x)
		VMOVD(x, Mem{Base: out, Disp: 4 * i})
	}
	VZEROUPPER()
	RET()
}
