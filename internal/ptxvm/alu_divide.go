package ptxvm

import "math"

func decodeDiv(d *decoder) {
	t := d.typ(u16, s16, u32, s32, u64, s64, f32, f64)
	if t.integer() {
		f := quotient(t)
		if d.s.op == "rem" {
			f = remainder(t)
		}
		d.binary(t, trim2(t, f))
		return
	}
	if d.s.op == "rem" {
		d.fail("rem takes integers")
	}
	approx := d.mod("approx", "full")
	if approx != "" && t == f64 {
		d.fail("f64 has no .%s", approx)
	}
	if approx == "" && !hasAny(d.mods, "rn", "rz", "rm", "rp") {
		d.fail("needs .approx, .full or a rounding mode")
	}
	m := d.floatMods(t)
	switch {
	case t == f64:
		d.binary(t, each2(func(a, b uint64) uint64 {
			x, y := math.Float64frombits(a), math.Float64frombits(b)
			if m.mode == nearest {
				return bits64of(x / y)
			}
			q, e := exactQuotient(x, y)
			return bits64of(round64(q, e, m.mode))
		}))
	case approx != "":
		d.binary(t, each2(func(a, b uint64) uint64 {
			x, y := m.in(a), m.in(b)
			if huge := math.Abs(y); approx == "approx" && huge > 0x1p126 && !math.IsInf(y, 0) {
				// div.approx is a product with the reciprocal, which is then flushed
				if math.IsInf(x, 0) {
					return nan32
				}
				return m.finish(bits32of(float32(math.Copysign(0, x) * math.Copysign(1, y))))
			}
			return m.finish(approximate(x/y, a^b<<1))
		}))
	case m.plain:
		d.binary(t, each2(func(a, b uint64) uint64 { return bits32of(float(a) / float(b)) }))
	default:
		d.binary(t, each2(func(a, b uint64) uint64 {
			q, e := exactQuotient(m.in(a), m.in(b))
			return m.out(odd(q, e))
		}))
	}
}

// decodeRoot handles sqrt and rcp.
func decodeRoot(d *decoder) {
	t := d.typ(f32, f64)
	approx := d.has("approx")
	if approx && t == f64 {
		if !hasAny(d.mods, "ftz") || d.s.op != "rcp" {
			d.fail("f64 has rcp.approx.ftz only")
		}
		d.has("ftz")
		d.unary(t, each1(func(a uint64) uint64 { // of the upper 20 bits of the mantissa, as the manual has it
			return bits64of(1/math.Float64frombits(a)) &^ 0xffffffff
		}))
		return
	}
	if !approx && !hasAny(d.mods, "rn", "rz", "rm", "rp") {
		d.fail("needs .approx or a rounding mode")
	}
	m := d.floatMods(t)
	rcp := d.s.op == "rcp"
	f := func(a float64) (float64, float64) {
		if rcp {
			return exactQuotient(1, a)
		}
		return exactRoot(a, math.Sqrt(a))
	}
	switch {
	case t == f64 && m.mode == nearest:
		d.unary(t, each1(func(a uint64) uint64 {
			if x := math.Float64frombits(a); rcp {
				return bits64of(1 / x)
			}
			return bits64of(math.Sqrt(math.Float64frombits(a)))
		}))
	case t == f64:
		d.unary(t, each1(func(a uint64) uint64 {
			s, e := f(math.Float64frombits(a))
			return bits64of(round64(s, e, m.mode))
		}))
	case approx:
		d.unary(t, each1(func(a uint64) uint64 {
			if x := m.in(a); rcp {
				return m.finish(approximate(1/x, a))
			}
			return m.finish(approximate(math.Sqrt(m.in(a)), a))
		}))
	case m.mode == nearest: // a float64 has more than twice the bits: rounding twice is harmless for both
		d.unary(t, each1(func(a uint64) uint64 {
			if x := m.in(a); rcp {
				return m.finish(bits32of(1 / float32(x)))
			}
			return m.finish(bits32of(float32(math.Sqrt(m.in(a)))))
		}))
	default:
		d.unary(t, each1(func(a uint64) uint64 {
			s, e := f(m.in(a))
			return m.out(odd(s, e))
		}))
	}
}
