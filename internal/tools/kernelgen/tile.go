package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Where the fields of the Go type tile lie.
const (
	tileK     = 0
	tileA     = 8
	tileARS   = 16
	tileACS   = 24
	tileB     = 32
	tileOff   = 40
	tileC     = 48
	tileLDC   = 56
	tileCols  = 64
	tileStart = 72
	tileBias  = 80
	tileRes   = 88
	tileAct   = 96
	tileLow   = 104
	tileHigh  = 108
	tileScale = 112
	tileShift = 120
	tileAhead = 128
	tileLines = 136
)

func tiles() {
	defineColumns()
	for _, v := range []isa{avx512, avx2} {
		for n := 1; n <= 2; n++ {
			for m := 1; m <= v.rows; m++ {
				v.tile(m, n)
			}
		}
	}
}

// tile computes m rows and n vectors of columns of a product. Rows of b lie at
// offsets of a table; element (i, p) of a at i·ars + p·acs bytes.
func (v isa) tile(m, n int) {
	name := fmt.Sprintf("tile%dx%d%s", m, n, v.name)
	TEXT(name, NOSPLIT, "func(t *byte)")
	Pragma("noescape")
	t := Load(Param("t"), GP64()).(reg.GPVirtual)
	field := func(at int) reg.GPVirtual {
		r := GP64()
		MOVQ(Mem{Base: t, Disp: at}, r)
		return r
	}
	acc := make([][]reg.VecVirtual, m)
	for i := range acc {
		for range n {
			acc[i] = append(acc[i], v.vec())
		}
	}
	each := func(f func(i, j int, x reg.VecVirtual)) {
		for i := range acc {
			for j, x := range acc[i] {
				f(i, j, x)
			}
		}
	}
	// rows calls f with the address of each row of c, or of the residual.
	rows := func(base reg.GPVirtual, f func(i int, at Mem)) {
		ldc := field(tileLDC)
		for i := range m {
			f(i, Mem{Base: base})
			if i+1 < m {
				ADDQ(ldc, base)
			}
		}
	}

	Comment("The sums start from zero, c, or a bias of the row or column.")
	start := field(tileStart)
	CMPQ(start, U8(1))
	JEQ(LabelRef("fromC"))
	CMPQ(start, U8(2))
	JEQ(LabelRef("fromRow"))
	CMPQ(start, U8(3))
	JEQ(LabelRef("fromCol"))
	each(func(_, _ int, x reg.VecVirtual) { v.zero(x) })
	JMP(LabelRef("begin"))
	Label("fromC")
	{
		mk := v.masks(field(tileCols), n)
		rows(field(tileC), func(i int, at Mem) {
			for j, x := range acc[i] {
				at.Disp = j * v.bytes()
				v.load(mk[j], at, x)
			}
		})
	}
	JMP(LabelRef("begin"))
	Label("fromRow")
	{
		bias := field(tileBias)
		for i := range acc {
			VBROADCASTSS(Mem{Base: bias, Disp: 4 * i}, acc[i][0])
			if n > 1 {
				VMOVAPS(acc[i][0], acc[i][1])
			}
		}
	}
	JMP(LabelRef("begin"))
	Label("fromCol")
	{
		mk := v.masks(field(tileCols), n)
		bias := field(tileBias)
		for j := range n {
			v.load(mk[j], Mem{Base: bias, Disp: j * v.bytes()}, acc[0][j])
			for i := 1; i < m; i++ {
				VMOVAPS(acc[0][j], acc[i][j])
			}
		}
	}

	Label("begin")
	rows(field(tileC), func(_ int, at Mem) {
		PREFETCHT0(at)
		if n*v.bytes() > 64 {
			at.Disp = 64
			PREFETCHT0(at)
		}
	})
	k := field(tileK)
	TESTQ(k, k)
	JZ(LabelRef("sums"))
	ars, acs, b, off := field(tileARS), field(tileACS), field(tileB), field(tileOff)
	ahead, lines := field(tileAhead), field(tileLines)
	a := []reg.GPVirtual{field(tileA)} // every third row
	for i := 3; i < m; i += 3 {
		next := GP64()
		LEAQ(Mem{Base: a[len(a)-1], Index: ars, Scale: 2}, next)
		ADDQ(ars, next)
		a = append(a, next)
	}
	element := func(i int) Mem {
		at := Mem{Base: a[i/3]}
		if i%3 > 0 {
			at.Index, at.Scale = ars, uint8(i%3)
		}
		return at
	}
	var right []reg.VecVirtual
	for range n {
		right = append(right, v.vec())
	}
	left := []reg.VecVirtual{v.vec(), v.vec()}
	Label("loop")
	row := GP64()
	MOVLQSX(Mem{Base: off}, row)
	for j, r := range right {
		VMOVUPS(Mem{Base: b, Index: row, Scale: 1, Disp: j * v.bytes()}, r)
	}
	ADDQ(U8(4), off)
	line := GP64() // what the next tile will read of a
	MOVLQSX(Mem{Base: lines}, line)
	ADDQ(U8(4), lines)
	PREFETCHT0(Mem{Base: ahead, Index: line, Scale: 1})
	for i := range acc {
		l := left[i%2]
		VBROADCASTSS(element(i), l)
		for j, r := range right {
			VFMADD231PS(r, l, acc[i][j])
		}
		if i%3 == 2 || i == m-1 {
			ADDQ(acs, a[i/3])
		}
	}
	DECQ(k)
	JNZ(LabelRef("loop"))

	Label("sums")
	scale := field(tileScale)
	TESTQ(scale, scale)
	JZ(LabelRef("add"))
	{
		shift, x, y := field(tileShift), v.vec(), v.vec()
		for i := range acc {
			VBROADCASTSS(Mem{Base: scale, Disp: 4 * i}, x)
			VBROADCASTSS(Mem{Base: shift, Disp: 4 * i}, y)
			for _, a := range acc[i] {
				VFMADD213PS(y, x, a)
			}
		}
	}
	Label("add")
	res := field(tileRes)
	TESTQ(res, res)
	JZ(LabelRef("act"))
	{
		mk, x := v.masks(field(tileCols), n), v.vec()
		rows(res, func(i int, at Mem) {
			for j := range acc[i] {
				at.Disp = j * v.bytes()
				v.load(mk[j], at, x)
				VADDPS(x, acc[i][j], acc[i][j])
			}
		})
	}
	Label("act")
	act := field(tileAct)
	CMPQ(act, U8(1))
	JLT(LabelRef("out"))
	JGT(LabelRef("leaky"))
	low, high := v.vec(), v.vec()
	VBROADCASTSS(Mem{Base: t, Disp: tileLow}, low)
	VBROADCASTSS(Mem{Base: t, Disp: tileHigh}, high)
	each(func(_, _ int, x reg.VecVirtual) {
		VMAXPS(x, low, x) // where either is NaN, the first operand here
		VMINPS(x, high, x)
	})
	JMP(LabelRef("out"))
	Label("leaky")
	slope, y := v.vec(), v.vec()
	VBROADCASTSS(Mem{Base: t, Disp: tileLow}, slope)
	var sign reg.OpmaskVirtual
	if v.lanes == 16 {
		sign = K()
	}
	each(func(_, _ int, x reg.VecVirtual) {
		if v.lanes == 16 {
			VPMOVD2M(x, sign)
			VMULPS(slope, x, sign, x)
			return
		}
		VMULPS(slope, x, y)
		VBLENDVPS(x, y, x, x)
	})

	Label("out")
	mk := v.masks(field(tileCols), n)
	rows(field(tileC), func(i int, at Mem) {
		for j, x := range acc[i] {
			at.Disp = j * v.bytes()
			v.store(mk[j], x, at)
		}
	})
	VZEROUPPER()
	RET()
}
