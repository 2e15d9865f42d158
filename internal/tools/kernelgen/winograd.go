package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Where the fields of the Go type transform lie.
const (
	transformN       = 0
	transformSrc     = 8
	transformSrcStep = 16
	transformIn      = 24
	transformInStep  = 32
	transformDst     = 40
	transformDstStep = 48
	transformOut     = 56
	transformOutStep = 64
	transformTemp    = 72
	transformEnds    = 80
)

// Where the fields of the Go type ends lie.
const (
	endsBias  = 0
	endsScale = 64
	endsShift = 128
	endsLow   = 192
	endsHigh  = 196
)

// A line is one transform of a row or column of a tile.
type line struct {
	name    string
	from    int // elements it takes
	numbers []float64
	apply   func(v isa, x []vec, c []Op) []vec // may write over x; c holds the numbers
	ends    bool                               // what a convolution does to its results follows
}

func winograds() {
	constants.base, constants.at = GLOBL("constants", RODATA|NOPTR), map[uint32]int{}
	for _, v := range []isa{avx512, avx2} {
		for _, l := range []line{
			{"pixels4", 6, []float64{9. / 16, 9. / 4, 0.75, 1.5, 45. / 16, 81. / 64}, isa.pixels4, false},
			{"weights4", 3, []float64{9. / 16, 9. / 4, 0.75, 1.5, 64. / 81, -128. / 243, 32. / 243}, isa.weights4, false},
			{"results4", 6, []float64{0.75, 1.5, 9. / 16, 9. / 4, 27. / 64, 27. / 8}, isa.results4, true},
			{"pixels2", 4, nil, isa.pixels2, false},
			{"weights2", 3, []float64{0.5}, isa.weights2, false},
			{"results2", 4, nil, isa.results2, true},
		} {
			v.transform(l)
		}
	}
}

// transform applies l to the columns and then to the rows of tiles, as many
// neighbouring ones at once as a vector has elements. The elements of a tile, row by
// row, lie at the offsets of a table, before and after.
func (v isa) transform(l line) {
	TEXT(l.name+v.name, NOSPLIT, "func(t *byte)")
	Pragma("noescape")
	t := Load(Param("t"), GP64()).(reg.GPVirtual)
	field := func(at int) reg.GPVirtual {
		r := GP64()
		MOVQ(Mem{Base: t, Disp: at}, r)
		return r
	}
	n, src, in, dst, out, temp := field(transformN), field(transformSrc), field(transformIn), field(transformDst), field(transformOut), field(transformTemp)
	var c []Op
	for _, x := range l.numbers {
		if v.lanes == 16 {
			c = append(c, v.get(number(x)))
		} else {
			c = append(c, number(x)) // there are few registers
		}
	}
	var bias, scale, shift, low, high Op
	if l.ends {
		e := field(transformEnds)
		bias, scale, shift = v.get(Mem{Base: e, Disp: endsBias}), Mem{Base: e, Disp: endsScale}, Mem{Base: e, Disp: endsShift}
		x, y := v.vec(), v.vec()
		VBROADCASTSS(Mem{Base: e, Disp: endsLow}, x)
		VBROADCASTSS(Mem{Base: e, Disp: endsHigh}, y)
		low, high = x, y
		if v.lanes == 16 {
			scale, shift = v.get(scale), v.get(shift)
		}
	}
	Label("loop")
	at := GP64()
	to := 0
	for j := range l.from {
		Comment(fmt.Sprintf("Column %d.", j))
		x := make([]vec, l.from)
		for i := range x {
			MOVLQSX(Mem{Base: in, Disp: 4 * (i*l.from + j)}, at)
			x[i] = v.get(Mem{Base: src, Index: at, Scale: 1})
		}
		r := l.apply(v, x, c)
		to = len(r)
		for i, y := range r {
			VMOVUPS(y, Mem{Base: temp, Disp: v.bytes() * (i*l.from + j)})
		}
	}
	for i := range to {
		Comment(fmt.Sprintf("Row %d.", i))
		x := make([]vec, l.from)
		for j := range x {
			x[j] = v.get(Mem{Base: temp, Disp: v.bytes() * (i*l.from + j)})
		}
		for j, y := range l.apply(v, x, c) {
			if l.ends {
				VADDPS(bias, y, y)
				if v.lanes == 16 {
					VFMADD213PS(shift, scale, y)
				} else {
					s := v.get(scale)
					VFMADD213PS(shift, s, y)
				}
				VMAXPS(y, low, y) // where either is NaN, the first operand here
				VMINPS(y, high, y)
			}
			MOVLQSX(Mem{Base: out, Disp: 4 * (i*to + j)}, at)
			VMOVUPS(y, Mem{Base: dst, Index: at, Scale: 1})
		}
	}
	for _, s := range []struct {
		p  reg.GPVirtual
		at int
	}{{src, transformSrcStep}, {in, transformInStep}, {dst, transformDstStep}, {out, transformOutStep}} {
		ADDQ(Mem{Base: t, Disp: s.at}, s.p)
	}
	DECQ(n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// The rest are the lines, as the Go functions of the same names define them.

func (v isa) pixels4(x []vec, c []Op) []vec {
	aa, bb, a, b, sum, product := c[0], c[1], c[2], c[3], c[4], c[5]
	pair := func(square, p Op) (plus, minus vec) {
		e, o := v.copied(x[4]), v.copied(x[3])
		VFNMADD231PS(square, x[2], e)
		VFNMADD231PS(square, x[1], o)
		minus = v.copied(e)
		VFMADD231PS(p, o, e)
		VFNMADD231PS(p, o, minus)
		return e, minus
	}
	y1, y2 := pair(bb, a)
	y3, y4 := pair(aa, b)
	VFNMADD231PS(sum, x[2], x[4])
	VFMADD231PS(product, x[0], x[4])
	VFNMADD231PS(sum, x[3], x[5])
	VFMADD231PS(product, x[1], x[5])
	return []vec{x[4], y1, y2, y3, y4, x[5]}
}

func (v isa) weights4(x []vec, c []Op) []vec {
	pair := func(square, p, factor Op) (plus, minus vec) {
		e := v.copied(x[0])
		VFMADD231PS(square, x[2], e)
		minus = v.copied(e)
		VFMADD231PS(p, x[1], e)
		VFNMADD231PS(p, x[1], minus)
		VMULPS(factor, e, e)
		VMULPS(factor, minus, minus)
		return e, minus
	}
	y1, y2 := pair(c[0], c[2], c[5])
	y3, y4 := pair(c[1], c[3], c[6])
	VMULPS(c[4], x[0], x[0])
	return []vec{x[0], y1, y2, y3, y4, x[2]}
}

func (v isa) results4(x []vec, c []Op) []vec {
	s1, d1, s2, d2 := v.plus(x[1], x[2]), v.minus(x[1], x[2]), v.plus(x[3], x[4]), v.minus(x[3], x[4])
	scaled := func(x vec, by Op, y vec, and Op) vec {
		r := v.vec()
		VMULPS(by, x, r)
		VFMADD231PS(and, y, r)
		return r
	}
	VADDPS(s1, x[0], x[0])
	VADDPS(s2, x[0], x[0])
	VFMADD231PS(c[4], d1, x[5])
	VFMADD231PS(c[5], d2, x[5])
	return []vec{x[0], scaled(d1, c[0], d2, c[1]), scaled(s1, c[2], s2, c[3]), x[5]}
}

func (v isa) pixels2(x []vec, _ []Op) []vec {
	return []vec{v.minus(x[0], x[2]), v.plus(x[1], x[2]), v.minus(x[2], x[1]), v.minus(x[1], x[3])}
}

func (v isa) weights2(x []vec, c []Op) []vec {
	e := v.plus(x[0], x[2])
	plus, minus := v.plus(e, x[1]), v.minus(e, x[1])
	VMULPS(c[0], plus, plus)
	VMULPS(c[0], minus, minus)
	return []vec{x[0], plus, minus, x[2]}
}

func (v isa) results2(x []vec, _ []Op) []vec {
	y0, y1 := v.plus(x[0], x[1]), v.minus(x[1], x[2])
	VADDPS(x[2], y0, y0)
	VSUBPS(x[3], y1, y1)
	return []vec{y0, y1}
}

func (v isa) plus(x, y vec) vec {
	r := v.vec()
	VADDPS(y, x, r)
	return r
}

func (v isa) minus(x, y vec) vec {
	r := v.vec()
	VSUBPS(y, x, r) // x - y
	return r
}
