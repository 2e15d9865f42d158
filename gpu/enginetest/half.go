package enginetest

import "math"

// halfValue is what the bits of a float16 stand for.
func halfValue(h uint16) float64 {
	v := math.Ldexp(float64(h&1023), -24)
	switch exp := int(h >> 10 & 31); {
	case exp == 31 && h&1023 != 0:
		v = math.NaN()
	case exp == 31:
		v = math.Inf(1)
	case exp > 0:
		v = math.Ldexp(float64(h&1023+1024), exp-25)
	}
	if h>>15 == 1 {
		v = -v
	}
	return v
}

// nearestHalf looks through all float16 for the nearest to v, of two the one with
// even bits. Infinity stands for the power of two after the largest number.
func nearestHalf(v float64) uint16 {
	if v != v {
		return 0x7e00
	}
	best, size := uint16(0), math.Abs(v)
	off := size
	for h := uint16(1); h <= 0x7c00; h++ {
		u := halfValue(h)
		if h == 0x7c00 {
			u = 1 << 16
		}
		if d := math.Abs(u - size); d < off || d == off && h%2 == 0 || math.IsInf(size, 1) {
			best, off = h, d
		}
	}
	if math.Signbit(v) {
		best |= 1 << 15
	}
	return best
}
