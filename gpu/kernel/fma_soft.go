//go:build !arm64 && !ppc64 && !ppc64le && !s390x && !riscv64

package kernel

import "math"

// fma is x·y + z with one rounding. The product is exact in float64, and so is
// their sum but for its rounding, which matters where it ends halfway between two
// float32 or below their normal range: there the sum is first rounded to odd
// (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
func fma(x, y, z float32) float32 {
	p, c := float64(x)*float64(y), float64(z)
	s := p + c
	bits := math.Float64bits(s)
	if bits&(1<<29-1) != 1<<28 && bits<<1 >= 897<<53 {
		return float32(s)
	}
	return fmaOdd(p, c, s)
}

func fmaOdd(p, c, s float64) float32 {
	t := s - p
	low := (p - (s - t)) + (c - t) // p + c = s + low, exactly
	bits := math.Float64bits(s)
	if low == 0 || low != low || bits&1 == 1 {
		return float32(s)
	}
	if (low > 0) == (s > 0) {
		bits++
	} else {
		bits--
	}
	return float32(math.Float64frombits(bits))
}
