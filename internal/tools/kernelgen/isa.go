package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An isa is a width of vector: the same code is written for both, so that both
// compute the same bits.
type isa struct {
	name  string
	lanes int // float32 in a vector
	rows  int // of the largest tile
}

var (
	avx2   = isa{"AVX2", 8, 6}
	avx512 = isa{"AVX512", 16, 14}
)

func (v isa) bytes() int { return 4 * v.lanes }

func (v isa) vec() reg.VecVirtual {
	if v.lanes == 16 {
		return ZMM()
	}
	return YMM()
}

func (v isa) zero(r reg.VecVirtual) {
	if v.lanes == 16 {
		VPXORD(r, r, r)
		return
	}
	VXORPS(r, r, r)
}

// A mask selects the columns of a vector.
type mask struct {
	k reg.OpmaskVirtual // AVX-512
	y reg.VecVirtual    // AVX2
}

// columns is sixteen words of ones, then zeros: AVX2 masks are parts of it.
var columns Mem

func defineColumns() {
	columns = GLOBL("columns", RODATA|NOPTR)
	for i := range 32 {
		v := uint32(0)
		if i < 16 {
			v = 0xFFFFFFFF
		}
		DATA(4*i, U32(v))
	}
}

// masks selects the first cols columns of n vectors.
func (v isa) masks(cols reg.GPVirtual, n int) []mask {
	m := make([]mask, n)
	if v.lanes == 16 {
		bits := GP64()
		MOVQ(I32(-1), bits)
		BZHIQ(cols, bits, bits)
		for i := range m {
			m[i].k = K()
			KMOVW(bits.As32(), m[i].k)
			if i+1 < n {
				SHRQ(U8(16), bits)
			}
		}
		return m
	}
	at, shift := GP64(), GP64()
	LEAQ(columns, at)
	MOVQ(cols, shift)
	SHLQ(U8(2), shift)
	SUBQ(shift, at)
	for i := range m {
		m[i].y = YMM()
		VMOVUPS(Mem{Base: at, Disp: 64 + 32*i}, m[i].y)
	}
	return m
}

func (v isa) load(m mask, from Mem, to reg.VecVirtual) {
	if v.lanes == 16 {
		VMOVUPS_Z(from, m.k, to)
		return
	}
	VMASKMOVPS(from, m.y, to)
}

func (v isa) store(m mask, from reg.VecVirtual, to Mem) {
	if v.lanes == 16 {
		VMOVUPS(from, m.k, to)
		return
	}
	VMASKMOVPS(from, m.y, to)
}
