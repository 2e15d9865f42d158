package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// depthwiseAt computes one channel with k×k neighbours and one stride, from where
// the image lies, some rows of results at once, so that a pixel is loaded once for
// all of them. What lies outside is loaded as zero: columns by masks, rows from
// zeros.
//
// The table has for each strip of rows the offset of the first in dst, then of the
// rows of the image that it reads, negative ones outside. The masks have for each
// vector of results those of its loads, then its own. The first column read is at
// start. The numbers are bias, scale, shift, low and high.
func (v isa) depthwiseAt(k, stride, rows int) {
	TEXT(fmt.Sprintf("depthwise%dx%d%s%s", k, rows, []string{"", "", "Second"}[stride], v.name), NOSPLIT,
		"func(dst *float32, ds int, src *float32, start int, zeros *float32, table *int64, masks *uint16, w *float32, strips, blocks int, numbers *[5]float32)")
	Pragma("noescape")
	load := func(p string) reg.GPVirtual { return Load(Param(p), GP64()).(reg.GPVirtual) }
	reads := (rows-1)*stride + k
	lines := AllocLocal(8 * reads)
	dst, ds, src, zeros, table, w := load("dst"), load("ds"), load("src"), load("zeros"), load("table"), load("w")
	strips := load("strips")
	spread := func(base reg.GPVirtual, i int) vec {
		r := v.vec()
		VBROADCASTSS(Mem{Base: base, Disp: 4 * i}, r)
		return r
	}
	numbers := load("numbers")
	bias, scale, shift, low, high := spread(numbers, 0), spread(numbers, 1), spread(numbers, 2), spread(numbers, 3), spread(numbers, 4)
	var taps []vec
	if k == 3 { // more do not fit
		for i := range k * k {
			taps = append(taps, spread(w, i))
		}
	}
	add := func(x vec, tap int, acc vec) {
		if taps != nil {
			VFMADD231PS(x, taps[tap], acc)
		} else {
			VFMADD231PS_BCST(Mem{Base: w, Disp: 4 * tap}, x, acc)
		}
	}
	var even, odd vec
	if stride == 2 {
		even, odd = v.vec(), v.vec()
		VMOVUPS(evens, even)
		VMOVUPS(odds, odd)
	}

	Label("strip")
	to := GP64()
	MOVQ(Mem{Base: table}, to)
	ADDQ(dst, to)
	for i := range reads {
		at, line := GP64(), GP64()
		MOVQ(Mem{Base: table, Disp: 8 * (i + 1)}, at)
		LEAQ(Mem{Base: src, Index: at, Scale: 1}, line)
		TESTQ(at, at)
		CMOVQLT(zeros, line)
		MOVQ(line, lines.Offset(8*i))
	}
	ADDQ(I32(8*(reads+1)), table)
	col, masks, left := load("start"), load("masks"), load("blocks")

	Label("block")
	selects := make([]reg.OpmaskVirtual, k+1) // by load, of which there are two for two taps of stride 2; then of the results
	if stride == 2 {
		selects = make([]reg.OpmaskVirtual, k+2)
	}
	for i := range selects {
		selects[i] = K()
		KMOVW(Mem{Base: masks, Disp: 2 * i}, selects[i])
	}
	ADDQ(U8(2*len(selects)), masks)
	acc := make([]vec, rows)
	for r := range acc {
		acc[r] = v.copied(bias)
	}
	for i := range reads {
		line := GP64()
		MOVQ(lines.Offset(8*i), line)
		tap := func(j int, x vec) {
			for r, a := range acc {
				if t := i - r*stride; t >= 0 && t < k {
					add(x, t*k+j, a)
				}
			}
		}
		get := func(at, select_ int) vec {
			x := v.vec()
			VMOVUPS_Z(Mem{Base: line, Index: col, Scale: 1, Disp: 4 * at}, selects[select_], x)
			return x
		}
		for j := 0; j < k; j += stride {
			if stride == 1 {
				tap(j, get(j, j))
				continue
			}
			x, y := get(j, j), get(j+v.lanes, j+1)
			if j+1 == k {
				VPERMT2PS(y, even, x)
				tap(j, x)
				continue
			}
			z := v.copied(x)
			VPERMT2PS(y, even, x)
			tap(j, x)
			VPERMT2PS(y, odd, z)
			tap(j+1, z)
		}
	}
	row := GP64()
	MOVQ(to, row)
	for r, a := range acc {
		VFMADD213PS(shift, scale, a)
		VMAXPS(a, low, a)
		VMINPS(a, high, a)
		VMOVUPS(a, selects[len(selects)-1], Mem{Base: row})
		if r+1 < rows {
			ADDQ(ds, row)
		}
	}
	ADDQ(U8(v.bytes()), to)
	ADDQ(U32(uint32(stride*v.bytes())), col)
	DECQ(left)
	JNZ(LabelRef("block"))
	DECQ(strips)
	JNZ(LabelRef("strip"))
	VZEROUPPER()
	RET()
}
