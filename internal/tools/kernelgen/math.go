package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vec is short for what all code here computes with.
type vec = reg.VecVirtual

// constants lie in memory sixteen times each, so that they are operands of both
// widths.
var constants struct {
	base Mem
	at   map[uint32]int
}

func bits(x uint32) Mem {
	at, ok := constants.at[x]
	if !ok {
		at = 64 * len(constants.at)
		constants.at[x] = at
		for i := range 16 {
			DATA(at+4*i, U32(x))
		}
	}
	return constants.base.Offset(at)
}

func number(x float64) Mem { return bits(math.Float32bits(float32(x))) }

func (v isa) get(from Op) vec {
	r := v.vec()
	VMOVUPS(from, r)
	return r
}

func (v isa) copied(x vec) vec {
	r := v.vec()
	VMOVAPS(x, r)
	return r
}

// horner is r = fma(r, x, c) for each c.
func horner(r, x vec, c ...float64) {
	for _, a := range c {
		VFMADD213PS(number(a), x, r)
	}
}

// clamp keeps a NaN.
func (v isa) clamp(x vec, low, high float64) {
	VMAXPS(x, v.get(number(low)), x)
	VMINPS(x, v.get(number(high)), x)
}

// choose is yes where "a predicate b" holds, in no's register.
func (v isa) choose(predicate uint8, a vec, b Op, yes, no vec) vec {
	if v.lanes == 16 {
		k := K()
		VCMPPS(U8(predicate), b, a, k)
		VMOVAPS(yes, k, no)
		return no
	}
	m := v.vec()
	VCMPPS(U8(predicate), b, a, m)
	VBLENDVPS(m, yes, no, no)
	return no
}

// chooseNegative is yes where the sign bit of x is set, in no's register.
func (v isa) chooseNegative(x, yes, no vec) vec {
	if v.lanes == 16 {
		k := K()
		VPMOVD2M(x, k)
		VMOVAPS(yes, k, no)
		return no
	}
	VBLENDVPS(x, yes, no, no)
	return no
}

// Predicates of comparison.
const (
	equal      = 0
	less       = 1
	notAtLeast = 9 // or NaN
	greater    = 14
)

func (v isa) exp(x vec) vec {
	v.clamp(x, -104, 89)
	t := v.get(number(12582912))
	VFMADD231PS(number(1.442695041), x, t)
	i := v.vec()
	VPSUBD(bits(0x4B400000), t, i)
	VSUBPS(number(12582912), t, t)
	VFMADD231PS(number(-0.693145752), t, x)
	VFMADD231PS(number(-1.42860677e-6), t, x)
	r := v.get(number(1.37805939e-3))
	horner(r, x, 8.37312452e-3, 4.16695364e-2, 1.66664720e-1, 4.99999851e-1, 1, 1)
	half := v.vec()
	VPSRAD(U8(1), i, half)
	VPSUBD(half, i, i)
	for _, e := range []vec{half, i} {
		VPADDD(bits(127), e, e)
		VPSLLD(U8(23), e, e)
		VMULPS(e, r, r)
	}
	return r
}

func (v isa) sigmoid(x vec) vec {
	a := v.vec()
	VORPS(bits(1<<31), x, a)
	e := v.exp(a)
	d := v.vec()
	VADDPS(number(1), e, d)
	s := v.get(number(1))
	VDIVPS(d, s, s)
	VMULPS(s, e, e)
	return v.chooseNegative(x, e, s)
}

func (v isa) log(x vec) vec {
	a, scaled := v.copied(x), v.vec()
	VMULPS(number(1<<23), x, scaled)
	shift := v.vec()
	v.zero(shift)
	tiny := v.get(number(0x1p-126))
	shift = v.choose(less, x, tiny, v.get(number(-23)), shift)
	a = v.choose(less, x, tiny, scaled, a)
	e, f := v.vec(), v.vec()
	VPSUBD(bits(0x3F2AAAAB), a, e)
	VPAND2(v, bits(0xFF800000), e)
	VPSUBD(e, a, f)
	VSUBPS(number(1), f, f)
	VCVTDQ2PS(e, e)
	VFMADD132PS(number(1.1920929e-7), shift, e) // e = e·c + shift
	s := v.vec()
	VMULPS(f, f, s)
	r, t := v.get(number(-0.130310059)), v.get(number(0.140869141))
	horner(r, s, -0.121489234)
	horner(t, s, 0.139847368)
	horner(r, s, -0.166839436)
	horner(t, s, 0.200120315)
	horner(r, s, -0.249996200)
	VFMADD231PS(t, f, r)
	horner(r, f, 0.333331972, -0.5)
	VFMADD213PS(f, s, r)
	VFMADD231PS(number(0.693147182), e, r)
	zero := v.vec()
	v.zero(zero)
	r = v.choose(notAtLeast, x, zero, v.get(bits(0x7FC00000)), r)
	r = v.choose(equal, x, zero, v.get(bits(0xFF800000)), r)
	return v.choose(equal, x, bits(0x7F800000), v.get(bits(0x7F800000)), r)
}

// VPAND2 is x &= m.
func VPAND2(v isa, m Mem, x vec) {
	if v.lanes == 16 {
		VPANDD(m, x, x)
		return
	}
	VPAND(m, x, x)
}

func (v isa) tanh(x vec) vec {
	c := v.copied(x)
	v.clamp(c, -7.99881172180175781, 7.99881172180175781)
	s := v.vec()
	VMULPS(c, c, s)
	p := v.get(number(-2.76076847742355e-16))
	horner(p, s, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-08, 1.48572235717979e-05, 6.37261928875436e-04, 4.89352455891786e-03)
	VMULPS(c, p, p)
	q := v.get(number(1.19825839466702e-06))
	horner(q, s, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03)
	VDIVPS(q, p, p)
	t := v.vec()
	VANDPS(bits(1<<31-1), x, t)
	return v.choose(less, t, number(0.0004), x, p)
}

func (v isa) erf(x vec) vec {
	t, s := v.vec(), v.vec()
	VANDPS(bits(1<<31-1), x, t)
	VMULPS(x, x, s)
	r, u := v.get(number(-1.72853470e-5)), v.get(number(-3.88396438e-3))
	horner(r, t, 3.83197126e-4)
	horner(u, t, 2.42546219e-2)
	VFMADD213PS(u, s, r)
	horner(r, t, -1.06777877e-1, -6.34846687e-1, -1.28717512e-1)
	VFMSUB213PS(t, t, r)
	e := v.exp(r)
	far, sign := v.get(number(1)), v.vec()
	VSUBPS(e, far, far)
	VANDPS(bits(1<<31), x, sign)
	VORPS(sign, far, far)
	near := v.get(number(-5.96761703e-4))
	horner(near, s, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1)
	VFMADD213PS(x, x, near)
	return v.choose(greater, t, number(0.927734375), far, near)
}

// A step computes one vector of results from operands x and y and numbers s and u.
type step func(v isa, x, y, s, u vec) vec

func unary(f func(isa, vec) vec) step {
	return func(v isa, x, _, _, _ vec) vec { return f(v, x) }
}

func op(f func(ops ...Op)) step {
	return func(_ isa, x, y, _, _ vec) vec {
		f(y, x, x)
		return x
	}
}

func opNumber(f func(ops ...Op)) step {
	return func(_ isa, x, _, s, _ vec) vec {
		f(s, x, x)
		return x
	}
}

func functions() {
	defineColumns()
	constants.base, constants.at = GLOBL("constants", RODATA|NOPTR), map[uint32]int{}
	for _, v := range []isa{avx512, avx2} {
		for _, f := range []struct {
			name string
			of   int // operands
			step step
		}{
			{"exp", 1, unary(isa.exp)},
			{"log", 1, unary(isa.log)},
			{"sigmoid", 1, unary(isa.sigmoid)},
			{"tanh", 1, unary(isa.tanh)},
			{"erf", 1, unary(isa.erf)},
			{"sqrt", 1, unary(func(v isa, x vec) vec { VSQRTPS(x, x); return x })},
			{"expSub", 1, func(v isa, x, _, s, _ vec) vec { VSUBPS(s, x, x); return v.exp(x) }},
			{"add", 2, op(VADDPS)}, {"sub", 2, op(VSUBPS)}, {"mul", 2, op(VMULPS)}, {"div", 2, op(VDIVPS)},
			{"addTo", 1, opNumber(VADDPS)}, {"scale", 1, opNumber(VMULPS)}, {"divBy", 1, opNumber(VDIVPS)},
			{"subFrom", 1, func(v isa, x, _, s, _ vec) vec { VSUBPS(x, s, x); return x }},
			{"divInto", 1, func(v isa, x, _, s, _ vec) vec { VDIVPS(x, s, x); return x }},
			{"axpy", 2, func(v isa, x, y, s, _ vec) vec { VFMADD231PS(s, x, y); return y }},
			{"mulAdd", 1, func(v isa, x, _, s, u vec) vec { VFMADD213PS(u, s, x); return x }},
			{"bound", 1, func(v isa, x, _, s, u vec) vec { VMAXPS(x, s, x); VMINPS(x, u, x); return x }},
			{"leaky", 1, func(v isa, x, _, s, _ vec) vec {
				y := v.vec()
				VMULPS(s, x, y)
				return v.chooseNegative(x, y, x)
			}},
			{"passPositive", 2, func(v isa, x, y, _, _ vec) vec { // x where y is above zero
				zero, none := v.vec(), v.vec()
				v.zero(zero)
				v.zero(none)
				return v.choose(greater, y, zero, x, none)
			}},
			{"sigmoidGrad", 2, func(v isa, x, y, _, _ vec) vec { // x·y·(1-y)
				VMULPS(y, x, x)
				one := v.get(number(1))
				VSUBPS(y, one, one)
				VMULPS(one, x, x)
				return x
			}},
			{"tanhGrad", 2, func(v isa, x, y, _, _ vec) vec { // x·(1-y²)
				one := v.get(number(1))
				VFNMADD231PS(y, y, one)
				VMULPS(one, x, x)
				return x
			}},
			{"silu", 1, func(v isa, x, _, _, _ vec) vec {
				s := v.sigmoid(x)
				VMULPS(x, s, s)
				return s
			}},
			{"gelu", 1, func(v isa, x, _, _, _ vec) vec { // (x/2)·(1 + erf(x/√2))
				h := v.vec()
				VMULPS(number(math.Sqrt2/2), x, h)
				e := v.erf(h)
				VADDPS(number(1), e, e)
				VMULPS(number(0.5), x, x)
				VMULPS(e, x, x)
				return x
			}},
		} {
			v.function(f.name, f.of, f.step)
		}
		v.adam()
		v.momentum(false)
		v.momentum(true)
		v.sum()
		v.widen()
	}
}

// function goes over n elements, the last of them under a mask.
func (v isa) function(name string, of int, f step) {
	TEXT(name+v.name, NOSPLIT, "func(dst, x, y *float32, n int, s, u float32)")
	Pragma("noescape")
	load := func(p string) reg.GPVirtual { return Load(Param(p), GP64()).(reg.GPVirtual) }
	dst, x, n := load("dst"), load("x"), load("n")
	var y reg.GPVirtual
	if of > 1 {
		y = load("y")
	}
	var s, u vec
	spread := func(p string) vec {
		r := v.vec()
		a, err := Param(p).Resolve()
		if err != nil {
			panic(err)
		}
		VBROADCASTSS(a.Addr, r)
		return r
	}
	s, u = spread("s"), spread("u")
	v.loop(n, []reg.GPVirtual{dst, x, y}[:1+of], func(get func(reg.GPVirtual) vec, put func(vec, reg.GPVirtual)) {
		a := get(x)
		var b vec
		if of > 1 {
			b = get(y)
		}
		put(f(v, a, b, s, u), dst)
	})
	VZEROUPPER()
	RET()
}

// loop runs body for whole vectors, then once for the rest. get and put read and
// write one vector at a pointer.
func (v isa) loop(n reg.GPVirtual, pointers []reg.GPVirtual, body func(get func(reg.GPVirtual) vec, put func(vec, reg.GPVirtual))) {
	SUBQ(U8(v.lanes), n)
	JLT(LabelRef("rest"))
	Label("loop")
	body(func(p reg.GPVirtual) vec { return v.get(Mem{Base: p}) }, func(r vec, p reg.GPVirtual) { VMOVUPS(r, Mem{Base: p}) })
	for _, p := range pointers {
		ADDQ(U8(v.bytes()), p)
	}
	SUBQ(U8(v.lanes), n)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(U8(v.lanes), n)
	JZ(LabelRef("done"))
	m := v.masks(n, 1)[0]
	body(func(p reg.GPVirtual) vec {
		r := v.vec()
		v.load(m, Mem{Base: p}, r)
		return r
	}, func(r vec, p reg.GPVirtual) { v.store(m, r, Mem{Base: p}) })
	Label("done")
}

// adam follows Adam.Step: the numbers are rate, β₁, 1-β₁, β₂, 1-β₂, ε, scale, decay
// and shrink.
func (v isa) adam() {
	TEXT("adam"+v.name, NOSPLIT, "func(x, grad, m, v *float32, n int, c *[9]float32)")
	Pragma("noescape")
	load := func(p string) reg.GPVirtual { return Load(Param(p), GP64()).(reg.GPVirtual) }
	x, g, m, sq, n, c := load("x"), load("grad"), load("m"), load("v"), load("n"), load("c")
	at := func(i int) vec {
		r := v.vec()
		VBROADCASTSS(Mem{Base: c, Disp: 4 * i}, r)
		return r
	}
	v.loop(n, []reg.GPVirtual{x, g, m, sq}, func(get func(reg.GPVirtual) vec, put func(vec, reg.GPVirtual)) {
		p, d := get(x), at(7)
		VMULPS(p, d, d)
		VFMADD231PS(at(6), get(g), d)
		mean, step := get(m), at(2)
		VMULPS(d, step, step)
		VFMADD132PS(at(1), step, mean)
		put(mean, m)
		square := at(4)
		VMULPS(d, d, d)
		VMULPS(d, square, square)
		second := get(sq)
		VFMADD132PS(at(3), square, second)
		put(second, sq)
		VSQRTPS(second, second)
		VADDPS(at(5), second, second)
		VMULPS(at(0), mean, mean)
		VDIVPS(second, mean, mean)
		VFMSUB132PS(at(8), mean, p)
		put(p, x)
	})
	VZEROUPPER()
	RET()
}

// momentum follows Momentum.Step, with or without a velocity: the numbers are
// -rate, momentum, scale and decay.
func (v isa) momentum(velocity bool) {
	name := "descend"
	if velocity {
		name = "momentum"
	}
	TEXT(name+v.name, NOSPLIT, "func(x, grad, m *float32, n int, c *[4]float32)")
	Pragma("noescape")
	load := func(p string) reg.GPVirtual { return Load(Param(p), GP64()).(reg.GPVirtual) }
	x, g, n, c := load("x"), load("grad"), load("n"), load("c")
	pointers := []reg.GPVirtual{x, g}
	if velocity {
		pointers = append(pointers, load("m"))
	}
	at := func(i int) vec {
		r := v.vec()
		VBROADCASTSS(Mem{Base: c, Disp: 4 * i}, r)
		return r
	}
	v.loop(n, pointers, func(get func(reg.GPVirtual) vec, put func(vec, reg.GPVirtual)) {
		p, d := get(x), get(g)
		VMULPS(at(2), d, d)
		VFMADD231PS(at(3), p, d)
		if velocity {
			VFMADD231PS(at(1), get(pointers[2]), d)
			put(d, pointers[2])
		}
		VFMADD231PS(at(0), d, p)
		put(p, x)
	})
	VZEROUPPER()
	RET()
}

// sum adds n elements, a multiple of sixteen, to sixteen float64 sums.
func (v isa) sum() {
	TEXT("sum"+v.name, NOSPLIT, "func(acc *[16]float64, x *float32, n int, mean float64, square bool)")
	Pragma("noescape")
	acc, x, n := Load(Param("acc"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
	square := Load(Param("square"), GP8())
	mean := v.vec()
	a, err := Param("mean").Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSD(a.Addr, mean)
	per := v.lanes / 2
	sums := make([]vec, 16/per)
	for i := range sums {
		sums[i] = v.get(Mem{Base: acc.(reg.GPVirtual), Disp: i * v.bytes()})
	}
	body := func(squares bool) {
		for i, s := range sums {
			d := v.vec()
			VCVTPS2PD(Mem{Base: x.(reg.GPVirtual), Disp: 4 * per * i}, d)
			if squares {
				VSUBPD(mean, d, d)
				VFMADD231PD(d, d, s)
			} else {
				VADDPD(d, s, s)
			}
		}
		ADDQ(U8(64), x)
		SUBQ(U8(16), n)
	}
	TESTB(square, square)
	JNZ(LabelRef("squares"))
	Label("sums")
	body(false)
	JNZ(LabelRef("sums"))
	JMP(LabelRef("done"))
	Label("squares")
	body(true)
	JNZ(LabelRef("squares"))
	Label("done")
	for i, s := range sums {
		VMOVUPD(s, Mem{Base: acc.(reg.GPVirtual), Disp: i * v.bytes()})
	}
	VZEROUPPER()
	RET()
}

// widen adds n elements, a multiple of sixteen, to as many float64.
func (v isa) widen() {
	TEXT("widen"+v.name, NOSPLIT, "func(acc *float64, x *float32, n int)")
	Pragma("noescape")
	load := func(p string) reg.GPVirtual { return Load(Param(p), GP64()).(reg.GPVirtual) }
	acc, x, n := load("acc"), load("x"), load("n")
	per := v.lanes / 2
	Label("loop")
	for i := range 16 / per {
		d := v.vec()
		VCVTPS2PD(Mem{Base: x, Disp: 4 * per * i}, d)
		VADDPD(Mem{Base: acc, Disp: v.bytes() * i}, d, d)
		VMOVUPD(d, Mem{Base: acc, Disp: v.bytes() * i})
	}
	ADDQ(U8(64), x)
	ADDQ(U32(128), acc)
	SUBQ(U8(16), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
