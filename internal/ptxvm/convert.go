package ptxvm

import "math"

// decodeCvt handles cvt{.round}{.ftz}{.sat}.to.from.
func decodeCvt(d *decoder) {
	all := []scalar{u8, u16, u32, u64, s8, s16, s32, s64, f16, bf16, f32, f64, f16x2, bf16x2, tf32}
	from := d.typ(all...)
	to := d.typ(all...)
	mode := d.mod("rn", "rz", "rm", "rp", "rna", "rni", "rzi", "rmi", "rpi")
	ftz, sat, relu := d.has("ftz"), d.has("sat"), d.has("relu")
	if d.err != nil {
		return
	}
	if to.class() == packed {
		decodeCvtPacked(d, to, from, mode, relu, sat)
		return
	}
	floats := func(t scalar) bool { return t.class() == floating }
	d.checkCvt(to, from, mode, ftz, relu)
	if to == bf16 || from == bf16 {
		d.need(70, 80)
		if floats(to) && floats(from) && to != f32 && from != f32 || !floats(to) || !floats(from) {
			d.need(78, 90)
		}
	}
	if !d.args(2) {
		return
	}
	in := &d.in
	in.run = runOne
	in.a, in.d = d.src(d.s.args[1], cvtOperand(from), true), d.dst(d.s.args[0], cvtOperand(to), true)
	if d.err != nil {
		return
	}
	wide := d.types[in.d].mask() // a signed result fills the register
	switch {
	case !floats(from) && !floats(to):
		in.one = each1(func(a uint64) uint64 {
			if v := narrowInteger(a&from.mask(), from, to, sat); to.signed() {
				return uint64(extend(v, to)) & wide
			} else {
				return v
			}
		})
		if !sat && to.size() == 8 && from == u32 {
			in.one = func(d, a *vec) {
				for l := range d {
					d[l] = uint64(uint32(a[l]))
				}
			}
		}
	case !floats(from):
		in.one = each1(func(a uint64) uint64 { return integerToFloat(a&from.mask(), from, to, roundings[mode], sat) })
	case !floats(to):
		in.one = each1(func(a uint64) uint64 {
			v := floatToInteger(widenFloat(a, from, ftz), to, from, roundings[mode])
			if to.signed() {
				return uint64(extend(v, to)) & wide
			}
			return v
		})
	default:
		in.one = each1(func(a uint64) uint64 {
			x := widenFloat(a, from, ftz)
			switch mode {
			case "rni", "rzi", "rmi", "rpi":
				x = roundIntegral(x, roundings[mode])
			}
			return narrowFloat(x, to, roundings[mode], ftz, sat, relu)
		})
	}
}

// cvtOperand is the type a register must hold for a type of cvt.
func cvtOperand(t scalar) scalar {
	switch t {
	case bf16:
		return b16
	case tf32:
		return b32
	}
	return t
}

// checkCvt refuses the modifiers that a conversion does not take, and demands those it needs.
func (d *decoder) checkCvt(to, from scalar, mode string, ftz, relu bool) {
	toFloat, fromFloat := to.class() == floating, from.class() == floating
	integral := mode == "rni" || mode == "rzi" || mode == "rmi" || mode == "rpi"
	switch {
	case from == tf32:
		d.fail("nothing converts from tf32")
	case to == tf32:
		d.need(70, 80)
		if from != f32 || mode != "rna" && mode != "rn" && mode != "rz" {
			d.fail("tf32 comes from f32, by .rna, .rn or .rz")
		}
		if mode != "rna" {
			d.need(78, 90)
		}
	case mode == "rna":
		d.fail(".rna is for tf32")
	case !toFloat && !fromFloat && mode != "":
		d.fail("integers are not rounded")
	case !toFloat && fromFloat && !integral:
		d.fail("needs .rni, .rzi, .rmi or .rpi")
	case toFloat && !fromFloat && (integral || mode == ""):
		d.fail("needs .rn, .rz, .rm or .rp")
	case toFloat && fromFloat && to.size() < from.size() && (integral || mode == ""):
		d.fail("needs .rn, .rz, .rm or .rp")
	case toFloat && fromFloat && to.size() > from.size() && mode != "":
		d.fail("widening is exact: it takes no rounding mode")
	case toFloat && to == from && mode != "" && !integral:
		d.fail("a float of the same type is rounded to an integer, or not at all")
	}
	if ftz && to != f32 && from != f32 {
		d.fail(".ftz is for f32")
	}
	if relu {
		d.need(70, 80)
		if to.size() != 2 || from != f32 {
			d.fail(".relu is for f32 to 16 bits")
		}
	}
}

// decodeCvtPacked handles cvt.rn.{f16x2,bf16x2}.f32 d, a, b: a in the upper half.
func decodeCvtPacked(d *decoder, to, from scalar, mode string, relu, sat bool) {
	d.need(70, 80)
	if from != f32 || mode != "rn" && mode != "rz" || sat {
		d.fail("pairs come from two f32, by .rn or .rz")
	}
	if !d.args(3) {
		return
	}
	f := formatOf(to)
	half := func(v uint64) uint64 {
		x := float64(float(v))
		if relu && !(x > 0) && x == x {
			x = 0
		}
		return f.round(x, roundings[mode])
	}
	a := d.s.args
	d.in.run, d.in.two = runTwo, each2(func(a, b uint64) uint64 { return half(a)<<16 | half(b) })
	d.in.a, d.in.b, d.in.d = d.src(a[1], f32, false), d.src(a[2], f32, false), d.dst(a[0], b32, false)
}

// narrowInteger converts between integer types: it cuts, or clamps with .sat.
func narrowInteger(v uint64, from, to scalar, sat bool) uint64 {
	x := extend(v, from)
	if sat {
		switch {
		case from == u64 && x < 0: // above every signed value
			if to.signed() {
				return to.mask() >> 1
			}
			if to == u64 {
				return v
			}
			return to.mask()
		case to.signed():
			limit := int64(to.mask() >> 1)
			x = max(-limit-1, min(limit, x))
		case x < 0:
			x = 0
		case to.size() < 8:
			x = min(int64(to.mask()), x)
		}
	}
	return uint64(x) & to.mask()
}

// integerToFloat rounds once, from the exact integer.
func integerToFloat(v uint64, from, to scalar, mode rounding, sat bool) uint64 {
	x := extend(v, from)
	negative := from.signed() && x < 0
	size := uint64(x)
	if negative {
		size = -size
	}
	// halves that are both exact, so that their sum rounds like the integer
	s, e := twoSum(float64(size>>32)*0x1p32, float64(size&math.MaxUint32))
	if negative {
		s, e = -s, -e
	}
	if to == f64 {
		return bits64of(round64(s, e, mode))
	}
	return narrowFloat(odd(s, e), to, mode, false, sat, false)
}

// floatToInteger rounds and clamps. NaN is zero, but where the float or the
// integer has 64 bits it is the top bit alone.
func floatToInteger(x float64, to, from scalar, mode rounding) uint64 {
	if x != x {
		if to.size() == 8 || from == f64 {
			return to.mask()>>1 + 1
		}
		return 0
	}
	x = roundIntegral(x, mode)
	if to.signed() {
		limit := math.Ldexp(1, 8*to.size()-1)
		switch {
		case x >= limit:
			return to.mask() >> 1
		case x <= -limit:
			return to.mask()>>1 + 1
		}
		return uint64(int64(x)) & to.mask()
	}
	switch {
	case x <= 0:
		return 0
	case x >= math.Ldexp(1, 8*to.size()):
		return to.mask()
	}
	return uint64(x)
}

func roundIntegral(x float64, mode rounding) float64 {
	switch mode {
	case towardZero:
		return math.Trunc(x)
	case downward:
		return math.Floor(x)
	case upward:
		return math.Ceil(x)
	}
	return math.RoundToEven(x)
}

func widenFloat(v uint64, from scalar, ftz bool) float64 {
	switch from {
	case f64:
		return math.Float64frombits(v)
	case f32:
		return floatMods{ftz: ftz}.in(v)
	}
	return formatOf(from).widen(v & 0xffff)
}

func narrowFloat(x float64, to scalar, mode rounding, ftz, sat, relu bool) uint64 {
	if relu && !(x > 0) && x == x {
		x = 0
	}
	if sat {
		switch {
		case !(x > 0):
			x = 0
		case x > 1:
			x = 1
		}
	}
	switch to {
	case f64:
		return bits64of(x)
	case f32:
		return floatMods{mode: mode, ftz: ftz}.out(x)
	case tf32:
		return roundTF32(x, mode)
	}
	return formatOf(to).round(x, mode)
}

// roundTF32 keeps 10 bits of the fraction; the rest of the word is zero.
func roundTF32(x float64, mode rounding) uint64 {
	b := uint64(math.Float32bits(float32(x)))
	if x != x {
		return nan32
	}
	if b&0x7f800000 == 0x7f800000 {
		return b
	}
	switch mode {
	case away:
		b += 1 << 12
	case nearest:
		b += 1<<12 - 1 + b>>13&1
	}
	return b &^ (1<<13 - 1)
}
