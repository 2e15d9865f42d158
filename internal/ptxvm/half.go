package ptxvm

import "math"

// Sixteen-bit floats: conversions in any rounding mode, and arithmetic by way
// of float64, which holds every product of two of them and is rounded to odd
// where a sum is longer.

// format describes a binary float of up to 16 bits.
type format struct {
	fraction int // bits
	bias     int
	top      int // the exponent field of infinities and NaN
}

var (
	halfFormat  = format{10, 15, 31}
	brainFormat = format{7, 127, 255}
)

func formatOf(t scalar) format {
	if t == bf16 || t == bf16x2 {
		return brainFormat
	}
	return halfFormat
}

// widen gives the value of 16 bits.
func (f format) widen(v uint64) float64 {
	fraction, exponent := v&(1<<f.fraction-1), int(v>>f.fraction)&f.top
	var x float64
	switch exponent {
	case f.top:
		if x = math.Inf(1); fraction != 0 {
			return math.NaN()
		}
	case 0:
		x = math.Ldexp(float64(fraction), 1-f.bias-f.fraction)
	default:
		x = math.Ldexp(float64(fraction|1<<f.fraction), exponent-f.bias-f.fraction)
	}
	if v>>15&1 != 0 {
		return -x
	}
	return x
}

// round gives the 16 bits nearest to x in the mode. x is exact or rounded to odd.
func (f format) round(x float64, mode rounding) uint64 {
	if x != x {
		return nan16
	}
	sign := uint64(0)
	if math.Signbit(x) {
		sign, x = 1<<15, -x
		switch mode {
		case downward:
			mode = upward
		case upward:
			mode = downward
		}
	}
	inf := uint64(f.top) << f.fraction
	if math.IsInf(x, 0) {
		return sign | inf
	}
	if x == 0 {
		return sign
	}
	_, e := math.Frexp(x) // x in [2^(e-1), 2^e)
	unit := max(e-1, 1-f.bias) - f.fraction
	scaled := math.Ldexp(x, -unit) // below 2^(fraction+1): what is kept is its integer part
	n := math.Floor(scaled)
	rest := scaled - n
	switch mode {
	case nearest:
		if rest > 0.5 || rest == 0.5 && math.Mod(n, 2) == 1 {
			n++
		}
	case away:
		if rest >= 0.5 {
			n++
		}
	case upward:
		if rest > 0 {
			n++
		}
	}
	v := uint64(n)
	if e-1 >= 1-f.bias {
		v += uint64(e-1+f.bias-1) << f.fraction // the hidden bit carries into the exponent
	}
	if v >= inf {
		if mode == towardZero || mode == downward {
			return sign | (inf - 1)
		}
		return sign | inf
	}
	return sign | v
}

func flushHalf(v uint64) uint64 {
	if v&0x7c00 == 0 {
		return v & 0x8000
	}
	return v & 0xffff
}

// decodeHalf handles add, sub, mul, fma, min, max, ex2 and tanh on 16-bit floats, alone or in pairs.
func decodeHalf(d *decoder, t scalar) {
	f := formatOf(t)
	if t == bf16 || t == bf16x2 {
		if d.s.op == "fma" || d.s.op == "min" || d.s.op == "max" {
			d.need(70, 80)
		} else {
			d.need(78, 90)
		}
	}
	d.mod("rn")
	ftz, sat, relu, keepNaN := d.has("ftz"), d.has("sat"), d.has("relu"), d.has("NaN")
	op := d.s.op
	lane := func(a, b, c uint64) uint64 {
		if ftz {
			a, b, c = flushHalf(a), flushHalf(b), flushHalf(c)
		}
		x, y, z := f.widen(a&0xffff), f.widen(b&0xffff), f.widen(c&0xffff)
		var v uint64
		switch op {
		case "add":
			s, e := twoSum(x, y)
			v = f.round(odd(s, e), nearest)
		case "sub":
			s, e := twoSum(x, -y)
			v = f.round(odd(s, e), nearest)
		case "mul":
			v = f.round(x*y, nearest)
		case "fma":
			s, e := twoSum(x*y, z)
			v = f.round(odd(s, e), nearest)
		case "ex2":
			v = f.round(math.Exp2(x), nearest)
		case "tanh":
			v = f.round(math.Tanh(x), nearest)
		default:
			v = f.round(choose(x, y, op == "max", keepNaN), nearest)
		}
		if ftz {
			v = flushHalf(v)
		}
		if w := f.widen(v); sat && !(w > 0) || relu && w <= 0 {
			v = 0
		} else if sat && w > 1 {
			v = f.round(1, nearest)
		}
		return v
	}
	both := lane
	if t.class() == packed {
		both = func(a, b, c uint64) uint64 {
			return lane(a&0xffff, b&0xffff, c&0xffff) | lane(a>>16, b>>16, c>>16)<<16
		}
	}
	switch op {
	case "fma":
		d.ternary(t, each3(both))
	case "ex2", "tanh":
		d.unary(t, each1(func(a uint64) uint64 { return both(a, 0, 0) }))
	default:
		d.binary(t, each2(func(a, b uint64) uint64 { return both(a, b, 0) }))
	}
}
