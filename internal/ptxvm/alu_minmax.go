package ptxvm

import "math"

func decodeMinMax(d *decoder) {
	t := d.typ(u16, s16, u32, s32, u64, s64, f32, f64, f16, f16x2, bf16, bf16x2)
	if t.integer() {
		decodeMinMaxInteger(d, t)
		return
	}
	if t.size() == 2 || t.class() == packed {
		decodeHalf(d, t)
		return
	}
	ftz, keepNaN := d.has("ftz"), d.has("NaN")
	if keepNaN {
		d.need(70, 80)
	}
	larger := d.s.op == "max"
	if t == f64 {
		d.binary(t, each2(func(a, b uint64) uint64 {
			return bits64of(choose(math.Float64frombits(a), math.Float64frombits(b), larger, keepNaN))
		}))
		return
	}
	m := floatMods{ftz: ftz}
	if !ftz && !keepNaN {
		f := minF32
		if larger {
			f = maxF32
		}
		d.binary(t, f)
		return
	}
	d.binary(t, each2(func(a, b uint64) uint64 {
		return bits32of(float32(choose(m.in(a), m.in(b), larger, keepNaN)))
	}))
}

// choose is IEEE 754-2008 minNum or maxNum, with -0 below +0, or the variant that passes NaN on.
func choose(a, b float64, larger, keepNaN bool) float64 {
	switch {
	case a != a && b != b || keepNaN && (a != a || b != b):
		return math.NaN()
	case a != a:
		return b
	case b != b:
		return a
	case larger:
		return max(a, b)
	}
	return min(a, b)
}

func minF32(d, a, b *vec) {
	for l := range d {
		x, y := float(a[l]), float(b[l])
		switch {
		case x < y:
			d[l] = a[l]
		case y < x:
			d[l] = b[l]
		default:
			d[l] = bits32of(float32(choose(float64(x), float64(y), false, false)))
		}
	}
}

func maxF32(d, a, b *vec) {
	for l := range d {
		x, y := float(a[l]), float(b[l])
		switch {
		case x > y:
			d[l] = a[l]
		case y > x:
			d[l] = b[l]
		default:
			d[l] = bits32of(float32(choose(float64(x), float64(y), true, false)))
		}
	}
}

// decodeSign handles neg, abs and copysign.
func decodeSign(d *decoder) {
	t := d.typ(s16, s32, s64, f32, f64, f16, f16x2, bf16, bf16x2)
	ftz := d.has("ftz")
	if ftz && t != f32 && t != f16 && t != f16x2 {
		d.fail(".%s has no .ftz", t)
	}
	mask := t.mask()
	top := mask &^ (mask >> 1)
	if t.class() == packed {
		top = 0x80008000
	}
	abs := d.s.op == "abs"
	if t.signed() {
		d.unary(t, each1(func(a uint64) uint64 {
			if v := extend(a, t); abs && v > 0 {
				return a
			}
			return -a & mask
		}))
		return
	}
	d.unary(t, each1(func(a uint64) uint64 {
		switch {
		case ftz && t == f32:
			a = flush(a)
		case ftz:
			a = flushHalf(a)
			if t == f16x2 {
				a = a&0xffff | flushHalf(a>>16)<<16
			}
		}
		if abs {
			return a &^ top
		}
		return a ^ top
	}))
}

// decodeCopySign handles copysign.f32 d, a, b: b with the sign of a.
func decodeCopySign(d *decoder) {
	t := d.typ(f32, f64)
	top := t.mask() &^ (t.mask() >> 1)
	d.binary(t, each2(func(a, b uint64) uint64 { return b&^top | a&top }))
}
