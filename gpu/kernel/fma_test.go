package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exact is x·y + z rounded once.
func exact(x, y, z float32) float32 {
	f := func(v float32) *big.Float { return new(big.Float).SetPrec(2000).SetFloat64(float64(v)) }
	s := f(x).Mul(f(x), f(y))
	s.Add(s, f(z))
	r, _ := s.Float32()
	return r
}

// TestFMARoundsOnce goes over random bits, and over sums that end at or next to the
// middle between two float32, normal and denormal.
func TestFMARoundsOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	check := func(x, y, z float32) {
		t.Helper()
		if bad(x) || bad(y) || bad(z) {
			return
		}
		got, want := fma(x, y, z), exact(x, y, z)
		if got != want {
			t.Fatalf("fma(%x, %x, %x) = %x, want %x", x, y, z, got, want)
		}
	}
	for range 60_000 {
		check(math.Float32frombits(r.Uint32()), math.Float32frombits(r.Uint32()), math.Float32frombits(r.Uint32()))
		// Near each other, so that bits cancel or end halfway.
		x := math.Float32frombits(r.Uint32()&0x807FFFFF | uint32(100+r.IntN(60))<<23)
		y := math.Float32frombits(r.Uint32()&0x807FF000 | uint32(100+r.IntN(60))<<23)
		z := float32(x * y)
		check(x, y, math.Float32frombits(math.Float32bits(z)+uint32(r.IntN(64)<<20)))
		check(x, y, -z)
	}
	for range 60_000 { // half a unit of the last bit of z, and far less than a float64 shows more or less
		e, m := -60+r.IntN(100), 1<<23+r.IntN(1<<23)
		if r.IntN(2) == 0 {
			e, m = -149, 1+r.IntN(1<<20) // denormal
		}
		z := float32(math.Ldexp(float64(m), e))
		d := math.Ldexp(1, -23+r.IntN(3))
		i := (e - 1) / 2
		up, down := float32(math.Ldexp(1+d, i)), float32(math.Ldexp(1-d, e-1-i)) // their product is 1-d² halves
		more := float32(math.Ldexp(1+d, e-1-i))
		for _, v := range []float32{z, -z} {
			check(up, down, v)
			check(-up, down, v)
			check(up, more, v)
			check(float32(math.Ldexp(1, i)), float32(math.Ldexp(1, e-1-i)), v)
		}
	}
}

func bad(x float32) bool { return x != x || math.IsInf(float64(x), 0) }

func TestFMAOfWhatIsNotFinite(t *testing.T) {
	for _, c := range [][4]float32{
		{inf, 1, 1, inf}, {inf, 0, 1, nan}, {inf, 1, -inf, nan}, {1, 1, -inf, -inf}, {nan, 1, 1, nan}, {1, 1, nan, nan},
		{math.MaxFloat32, 2, 0, inf}, {math.MaxFloat32, 2, -math.MaxFloat32, math.MaxFloat32},
		{math.SmallestNonzeroFloat32, 0.5, 0, 0}, {math.SmallestNonzeroFloat32, 0.75, 0, math.SmallestNonzeroFloat32},
	} {
		if got := fma(c[0], c[1], c[2]); got != c[3] && !(got != got && c[3] != c[3]) {
			t.Errorf("fma(%g, %g, %g) = %g, want %g", c[0], c[1], c[2], got, c[3])
		}
	}
}
