package ptxvm

import "math"

// The rounding modes of IEEE 754, as PTX names them.
type rounding uint8

const (
	nearest    rounding = iota // .rn: to nearest, ties to even
	towardZero                 // .rz
	downward                   // .rm
	upward                     // .rp
	away                       // .rna: to nearest, ties away from zero
)

var roundings = map[string]rounding{"": nearest, "rn": nearest, "rz": towardZero, "rm": downward, "rp": upward, "rna": away,
	"rni": nearest, "rzi": towardZero, "rmi": downward, "rpi": upward}

// What the hardware gives for a result that is no number. Payloads are not kept.
const (
	nan32 = 0x7fffffff
	nan64 = 0x7ff8000000000000
	nan16 = 0x7fff
)

func float(v uint64) float32 { return math.Float32frombits(uint32(v)) }

func bits32of(f float32) uint64 {
	if f != f {
		return nan32
	}
	return uint64(math.Float32bits(f))
}

func bits64of(f float64) uint64 {
	if f != f {
		return nan64
	}
	return math.Float64bits(f)
}

// odd rounds s + e to odd, where s is the float64 nearest to the exact value
// and e carries the sign of what is missing. A value rounded to odd rounds
// again to any shorter format, in any mode, as the exact value would
// (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
func odd(s, e float64) float64 {
	if e == 0 || math.IsInf(s, 0) || s != s {
		return s
	}
	b := math.Float64bits(s)
	if s == 0 {
		return math.Copysign(math.SmallestNonzeroFloat64, e)
	}
	if (e > 0) != (s > 0) {
		b-- // s was rounded away from zero: the exact value lies below it in magnitude
	}
	return math.Float64frombits(b | 1)
}

// narrow rounds a float64 to a float32 in any mode. It is exact where v is, and
// right where v was rounded to odd.
func narrow(v float64, mode rounding) float32 {
	f := float32(v)
	if mode == nearest || v != v || math.IsInf(v, 0) || float64(f) == v {
		return f
	}
	return float32(directed(float64(f), v-float64(f), mode, func(x float64, up bool) float64 {
		to := float32(math.Inf(-1))
		if up {
			to = float32(math.Inf(1))
		}
		return float64(math.Nextafter32(float32(x), to))
	}))
}

// round64 is s + e rounded to float64, s being nearest to it.
func round64(s, e float64, mode rounding) float64 {
	if mode == nearest || e == 0 || s != s {
		return s
	}
	return directed(s, e, mode, func(x float64, up bool) float64 {
		if up {
			return math.Nextafter(x, math.Inf(1))
		}
		return math.Nextafter(x, math.Inf(-1))
	})
}

// directed steps from s, nearest to the exact value s + e, to the neighbour that the mode asks for.
func directed(s, e float64, mode rounding, step func(x float64, up bool) float64) float64 {
	down := mode == downward || mode == towardZero && (s > 0 || s == 0 && e > 0)
	up := mode == upward || mode == towardZero && (s < 0 || s == 0 && e < 0)
	switch {
	case down && e < 0:
		return step(s, false)
	case up && e > 0:
		return step(s, true)
	}
	return s
}

// twoSum gives the float64 nearest to a + b, and what is missing (Dekker; no
// step of it overflows unless the sum does).
func twoSum(a, b float64) (s, e float64) {
	s = a + b
	if math.IsInf(s, 0) {
		if math.IsInf(a, 0) || math.IsInf(b, 0) {
			return s, 0
		}
		return s, -s // overflow: the exact value is finite
	}
	if math.Abs(a) < math.Abs(b) {
		a, b = b, a
	}
	return s, b - (s - a)
}

// exactFMA gives the float64 nearest to a*b + c, and the sign of what is missing.
func exactFMA(a, b, c float64) (s, e float64) {
	s = math.FMA(a, b, c)
	if s != s || math.IsInf(a, 0) || math.IsInf(b, 0) || math.IsInf(c, 0) {
		return s, 0
	}
	return s, missing(a, b, c, s)
}

// fma32 is the correctly rounded a*b + c.
func fma32(a, b, c float32) float32 {
	p := float64(a) * float64(b) // exact
	s := p + float64(c)
	low := math.Float64bits(s) & (1<<29 - 1)
	if low != 1<<28 && (s > 0x1p-125 || s < -0x1p-125 || s == 0) || s != s {
		return float32(s)
	}
	_, e := twoSum(p, float64(c))
	return float32(odd(s, e))
}
