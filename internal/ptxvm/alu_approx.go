package ptxvm

import "math"

// approximate rounds v to an f32 that is off by up to one unit in the last
// place, up or down as the bits of the operand fall: .approx promises no more,
// so nothing may rely on more. Powers of two are exact, as they are on every
// card: kernels build their scaling on it.
func approximate(v float64, operand uint64) uint64 {
	f := float32(v)
	b := math.Float32bits(f)
	if f != f {
		return nan32
	}
	if m := b & 0x7fffff; m == 0 || m == 0x7fffff || b&0x7f800000 == 0 || b&0x7f800000 == 0x7f800000 {
		return uint64(b)
	}
	switch operand * 0x9e3779b97f4a7c15 >> 62 {
	case 0:
		return uint64(b - 1)
	case 1:
		return uint64(b + 1)
	}
	return uint64(b)
}

// coarse is approximate for a bound in absolute terms.
func coarse(v, bound float64, operand uint64) uint64 {
	if v != v {
		return nan32
	}
	off := float64(int64(operand*0x9e3779b97f4a7c15)>>40) * 0x1p-23 // in [-1, 1)
	return bits32of(float32(v + bound*0.75*off))
}

// decodeApprox handles ex2, lg2, sin, cos, tanh and rsqrt.
func decodeApprox(d *decoder) {
	t := d.typ(f32, f64, f16, f16x2, bf16, bf16x2)
	if d.s.op == "tanh" {
		d.need(70, 75)
	}
	if t == f64 {
		if d.s.op != "rsqrt" {
			d.fail("takes no f64")
		}
		d.must("approx")
		ftz := d.has("ftz")
		d.unary(t, each1(func(a uint64) uint64 {
			v := bits64of(1 / math.Sqrt(math.Float64frombits(a)))
			if ftz {
				v &^= 0xffffffff
			}
			return v
		}))
		return
	}
	d.must("approx")
	if t != f32 {
		if d.s.op != "ex2" && d.s.op != "tanh" {
			d.fail("takes no .%s", t)
		}
		decodeHalf(d, t)
		return
	}
	m := floatMods{ftz: d.has("ftz")}
	if d.s.op == "tanh" && m.ftz {
		d.fail("tanh has no .ftz")
	}
	var f func(x float64, bits uint64) uint64
	switch d.s.op {
	case "ex2":
		f = func(x float64, bits uint64) uint64 { return approximate(math.Exp2(x), bits) }
	case "lg2":
		f = func(x float64, bits uint64) uint64 {
			v := math.Log2(x)
			if x > 0.5 && x < 2 && x != 1 {
				return coarse(v, 0x1p-22, bits)
			}
			return approximate(v, bits)
		}
	case "rsqrt":
		f = func(x float64, bits uint64) uint64 { return approximate(1/math.Sqrt(x), bits) }
	case "sin", "cos":
		g := math.Sin
		if d.s.op == "cos" {
			g = math.Cos
		}
		f = func(x float64, bits uint64) uint64 {
			v := g(x)
			if v == 0 || v == 1 || v != v {
				return bits32of(float32(v))
			}
			return coarse(v, 0x1p-20*max(1, math.Abs(x)/math.Pi), bits) // the reduction is coarse too
		}
	default:
		f = func(x float64, bits uint64) uint64 {
			v := math.Tanh(x)
			return coarse(v, 0x1p-11*math.Abs(v), bits)
		}
	}
	d.unary(t, each1(func(a uint64) uint64 { return m.finish(f(m.in(a), a)) }))
}
