package ptxvm_test

import (
	"math"
	"math/big"
)

// rounded is the exact value v rounded to a float of the format, by math/big.
// Rounding is done on an integer multiple of the unit in the last place.
func rounded(v *big.Rat, mode big.RoundingMode, fraction, exponent uint, negativeZero bool) uint64 {
	sign := uint64(0)
	if v.Sign() < 0 || v.Sign() == 0 && negativeZero {
		sign = 1 << (fraction + exponent)
	}
	if v.Sign() == 0 {
		return sign
	}
	bias := 1<<(exponent-1) - 1
	size := new(big.Rat).Abs(v)
	// e: the exponent of the leading bit
	e := size.Num().BitLen() - size.Denom().BitLen()
	if size.Cmp(power(e)) < 0 {
		e--
	}
	unit := max(e, 1-bias) - int(fraction)
	scaled := new(big.Rat).Mul(size, power(-unit))
	q, r := new(big.Int).QuoRem(scaled.Num(), scaled.Denom(), new(big.Int))
	twice := new(big.Int).Lsh(r, 1).Cmp(scaled.Denom())
	up := false
	switch mode {
	case big.ToNearestEven:
		up = twice > 0 || twice == 0 && q.Bit(0) == 1
	case big.ToNearestAway:
		up = twice >= 0
	case big.ToPositiveInf:
		up = r.Sign() > 0 && sign == 0
	case big.ToNegativeInf:
		up = r.Sign() > 0 && sign != 0
	}
	if up {
		q.Add(q, big.NewInt(1))
	}
	n := q.Uint64()
	if e >= 1-bias {
		n += uint64(e+bias-1) << fraction
	}
	inf := (uint64(1)<<exponent - 1) << fraction
	if n >= inf {
		if n = inf; mode == big.ToZero || mode == big.ToPositiveInf && sign != 0 || mode == big.ToNegativeInf && sign == 0 {
			n--
		}
	}
	return sign | n
}

func power(e int) *big.Rat {
	p := new(big.Int).Lsh(big.NewInt(1), uint(max(e, -e)))
	if e < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), p)
	}
	return new(big.Rat).SetInt(p)
}

var modes = []struct {
	name string
	mode big.RoundingMode
}{{"rn", big.ToNearestEven}, {"rz", big.ToZero}, {"rm", big.ToNegativeInf}, {"rp", big.ToPositiveInf}}

// format is a float type of the tests.
type format struct {
	name               string
	size               int
	fraction, exponent uint
}

var formats = []format{{"f32", 4, 23, 8}, {"f64", 8, 52, 11}}

func (f format) value(v uint64) float64 {
	if f.size == 4 {
		return float64(math.Float32frombits(uint32(v)))
	}
	return math.Float64frombits(v)
}

func (f format) isNaN(v uint64) bool {
	top := (uint64(1)<<f.exponent - 1) << f.fraction
	return v&(top|(1<<f.fraction-1)) > top
}

// same compares results; all NaN are alike.
func (f format) same(a, b uint64) bool { return a == b || f.isNaN(a) && f.isNaN(b) }

// wants computes op exactly and rounds once. Special values follow Go's own operators.
func (f format) wants(op string, mode big.RoundingMode, v [3]uint64) uint64 {
	a, b, c := f.value(v[0]), f.value(v[1]), f.value(v[2])
	if op == "sub" {
		op, b = "add", -b
	}
	var special float64
	switch op {
	case "add":
		special = a + b
	case "mul":
		special = a * b
	case "div":
		special = a / b
	case "fma":
		special = math.FMA(a, b, c)
	case "sqrt":
		special = math.Sqrt(a)
	case "rcp":
		special = 1 / a
	}
	finite := func(x ...float64) bool {
		for _, v := range x {
			if v-v != 0 {
				return false
			}
		}
		return true
	}
	used := []float64{a, b}
	switch op {
	case "fma":
		used = append(used, c)
	case "sqrt", "rcp":
		used = used[:1]
	}
	pole := op == "div" && b == 0 || op == "rcp" && a == 0 || op == "sqrt" && a <= 0
	if !finite(used...) || pole {
		if special != special {
			return (uint64(1)<<f.exponent-1)<<f.fraction + 1 // any NaN
		}
		if f.size == 4 {
			return uint64(math.Float32bits(float32(special)))
		}
		return math.Float64bits(special)
	}
	rat := func(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }
	var r *big.Rat
	negative := false // sign of an exact zero
	switch op {
	case "add", "fma":
		x, y := rat(a), rat(b)
		zx, zy := math.Signbit(a), math.Signbit(b)
		if op == "fma" {
			x, y = new(big.Rat).Mul(x, y), rat(c)
			zx, zy = zx != zy, math.Signbit(c)
		}
		negative = zx && zy || zx != zy && mode == big.ToNegativeInf
		if x.Sign() != 0 {
			negative = mode == big.ToNegativeInf
		}
		r = new(big.Rat).Add(x, y)
	case "mul":
		r, negative = new(big.Rat).Mul(rat(a), rat(b)), math.Signbit(a) != math.Signbit(b)
	case "div":
		r, negative = new(big.Rat).Quo(rat(a), rat(b)), math.Signbit(a) != math.Signbit(b)
	case "rcp":
		r = new(big.Rat).Inv(rat(a))
	case "sqrt": // 300 bits, and one below the last says whether more follows
		s := new(big.Float).SetPrec(300).Sqrt(new(big.Float).SetPrec(300).SetFloat64(a))
		r, _ = s.Rat(nil)
	}
	return rounded(r, mode, f.fraction, f.exponent, negative)
}
