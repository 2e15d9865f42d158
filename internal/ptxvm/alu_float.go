package ptxvm

import (
	"math"
)

// floatMods are the modifiers that most float instructions share.
type floatMods struct {
	mode     rounding
	ftz, sat bool
	plain    bool // nearest, no .ftz, no .sat
}

func (d *decoder) floatMods(t scalar) floatMods {
	m := floatMods{mode: roundings[d.mod("rn", "rz", "rm", "rp")], ftz: d.has("ftz"), sat: d.has("sat")}
	if t == f64 && (m.ftz || m.sat) {
		d.fail("f64 has no .ftz and no .sat")
	}
	m.plain = m.mode == nearest && !m.ftz && !m.sat
	return m
}

// flush is what .ftz does to an operand or a result: a subnormal becomes a zero of its sign.
func flush(v uint64) uint64 {
	if v&0x7f800000 == 0 {
		return v & 0x80000000
	}
	return v
}

// finish applies .ftz and .sat to the bits of an f32 result.
func (m floatMods) finish(v uint64) uint64 {
	if m.ftz {
		v = flush(v)
	}
	if m.sat {
		f := float(v)
		switch {
		case !(f > 0): // NaN too
			return 0
		case f > 1:
			return 0x3f800000
		}
	}
	return v
}

// in prepares an f32 operand.
func (m floatMods) in(v uint64) float64 {
	if m.ftz {
		v = flush(v)
	}
	return float64(float(v))
}

// out rounds an f32 result, given as a float64 that is exact or rounded to odd.
func (m floatMods) out(v float64) uint64 { return m.finish(bits32of(narrow(v, m.mode))) }

func addF32(d, a, b *vec) {
	for l := range d {
		f := float(a[l]) + float(b[l])
		v := uint64(math.Float32bits(f))
		if f != f {
			v = nan32
		}
		d[l] = v
	}
}

func subF32(d, a, b *vec) {
	for l := range d {
		f := float(a[l]) - float(b[l])
		v := uint64(math.Float32bits(f))
		if f != f {
			v = nan32
		}
		d[l] = v
	}
}

func mulF32(d, a, b *vec) {
	for l := range d {
		f := float(a[l]) * float(b[l])
		v := uint64(math.Float32bits(f))
		if f != f {
			v = nan32
		}
		d[l] = v
	}
}

func fmaF32(d, a, b, c *vec) {
	for l := range d {
		// fma32, by hand: it is the hottest loop of the machine, and too large to be inlined
		p := float64(float(a[l])) * float64(float(b[l]))
		s := p + float64(float(c[l]))
		if low := math.Float64bits(s) & (1<<29 - 1); low != 1<<28 && (s > 0x1p-125 || s < -0x1p-125) {
			d[l] = uint64(math.Float32bits(float32(s)))
			continue
		}
		d[l] = bits32of(fma32(float(a[l]), float(b[l]), float(c[l])))
	}
}

func decodeAdd(d *decoder) {
	t := d.typ(u16, s16, u32, s32, u64, s64, f32, f64, f16, f16x2, bf16, bf16x2)
	if t.integer() {
		decodeAddInteger(d, t)
		return
	}
	if t.size() == 2 || t.class() == packed {
		decodeHalf(d, t)
		return
	}
	m := d.floatMods(t)
	sub := d.s.op == "sub"
	negate := func(b float64) float64 {
		if sub {
			return -b
		}
		return b
	}
	switch {
	case t == f64:
		d.binary(t, each2(func(a, b uint64) uint64 {
			x, y := math.Float64frombits(a), negate(math.Float64frombits(b))
			if m.mode == nearest {
				return bits64of(x + y)
			}
			s, e := twoSum(x, y)
			return bits64of(zeroSign(round64(s, e, m.mode), e, x, y, m.mode))
		}))
	case m.plain && sub:
		d.binary(t, subF32)
	case m.plain:
		d.binary(t, addF32)
	default:
		d.binary(t, each2(func(a, b uint64) uint64 {
			x, y := m.in(a), negate(m.in(b))
			s, e := twoSum(x, y)
			return m.out(zeroSign(odd(s, e), e, x, y, m.mode))
		}))
	}
}

// zeroSign gives an exact zero sum the sign that its rounding mode asks for.
func zeroSign(s, e, x, y float64, mode rounding) float64 {
	if s == 0 && e == 0 && mode == downward && x == -y && (x != 0 || math.Signbit(x) != math.Signbit(y)) {
		return math.Copysign(0, -1)
	}
	return s
}

func decodeMul(d *decoder) {
	t := d.typ(u16, s16, u32, s32, u64, s64, f32, f64, f16, f16x2, bf16, bf16x2)
	if t.integer() {
		decodeMulInteger(d, t)
		return
	}
	if t.size() == 2 || t.class() == packed {
		decodeHalf(d, t)
		return
	}
	m := d.floatMods(t)
	switch {
	case t == f64:
		d.binary(t, each2(func(a, b uint64) uint64 {
			x, y := math.Float64frombits(a), math.Float64frombits(b)
			s := x * y
			if m.mode != nearest && s == s && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
				s = round64(s, missing(x, y, 0, s), m.mode)
			}
			return bits64of(s)
		}))
	case m.plain:
		d.binary(t, mulF32)
	default:
		d.binary(t, each2(func(a, b uint64) uint64 { return m.out(m.in(a) * m.in(b)) }))
	}
}

// decodeFMA handles fma, and mad on floats, which is the same on every target supported.
func decodeFMA(d *decoder) {
	t := d.typ(u16, s16, u32, s32, u64, s64, f32, f64, f16, f16x2, bf16, bf16x2)
	if t.integer() {
		if d.s.op == "fma" {
			d.fail("fma takes floats")
		}
		decodeMadInteger(d, t)
		return
	}
	if t.size() == 2 || t.class() == packed {
		decodeHalf(d, t)
		return
	}
	if !hasAny(d.mods, "rn", "rz", "rm", "rp") {
		d.fail("needs a rounding mode")
	}
	m := d.floatMods(t)
	switch {
	case t == f64:
		d.ternary(t, each3(func(a, b, c uint64) uint64 {
			x, y, z := math.Float64frombits(a), math.Float64frombits(b), math.Float64frombits(c)
			if m.mode == nearest {
				return bits64of(math.FMA(x, y, z))
			}
			s, e := exactFMA(x, y, z)
			return bits64of(zeroSign(round64(s, e, m.mode), e, x*y, z, m.mode))
		}))
	case m.plain:
		d.ternary(t, fmaF32)
	default:
		d.ternary(t, each3(func(a, b, c uint64) uint64 {
			p, z := m.in(a)*m.in(b), m.in(c)
			s, e := twoSum(p, z)
			return m.out(zeroSign(odd(s, e), e, p, z, m.mode))
		}))
	}
}

func hasAny(mods []string, words ...string) bool {
	for _, m := range mods {
		for _, w := range words {
			if m == w {
				return true
			}
		}
	}
	return false
}
