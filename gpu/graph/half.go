package graph

import "math"

// Half is the value of an IEEE 754 binary16 number.
func Half(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch {
	case exp == 31:
		return math.Float32frombits(sign | 255<<23 | frac<<13)
	case exp > 0:
		return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
	}
	return math.Float32frombits(sign|127<<23) * float32(frac) / (1 << 24)
}

// HalfBits is the IEEE 754 binary16 number nearest to f, the even one of two. It
// takes a float64 so that a number of any type is rounded once.
func HalfBits(f float64) uint16 {
	b := math.Float64bits(f)
	sign := uint16(b >> 48 & 0x8000)
	a := math.Abs(f)
	switch {
	case a != a:
		return sign | 0x7e00
	case a >= 65520: // halfway between the largest number and the next power of two
		return sign | 0x7c00
	case a < 1.0/(1<<14): // subnormal: a count of 2⁻²⁴
		return sign | uint16(math.RoundToEven(a*(1<<24)))
	}
	frac, exp := math.Frexp(a) // a = frac·2^exp, frac in [½, 1)
	n := uint16(math.RoundToEven(frac * (1 << 11)))
	return sign | uint16(exp+13)<<10 + n // n has the hidden bit, and may carry
}
