package ptxvm

import "math/big"

// The slow, sure part of directed rounding: the sign of exact minus rounded,
// computed with integers of any length. Directed modes on float64 are rare in
// kernels, so nothing faster is worth its proof.

func exact(v float64) *big.Float { return new(big.Float).SetPrec(2200).SetFloat64(v) }

func sign(diff *big.Float) float64 { return float64(diff.Sign()) }

// missing is the sign of a*b + c - s, for finite a, b, c.
func missing(a, b, c, s float64) float64 {
	v := exact(a)
	v.Mul(v, exact(b))
	v.SetPrec(4400)
	v.Add(v, exact(c))
	return against(v, s)
}

// against is the sign of v - s, where s may have overflowed.
func against(v *big.Float, s float64) float64 {
	switch {
	case s > 0 && s-s != 0:
		return -1
	case s < 0 && s-s != 0:
		return 1
	}
	return sign(new(big.Float).SetPrec(4400).Sub(v, exact(s)))
}

// exactQuotient gives the float64 nearest to a/b, and the sign of what is missing.
func exactQuotient(a, b float64) (q, e float64) {
	q = a / b
	if q != q || a-a != 0 || b-b != 0 || b == 0 || a == 0 {
		return q, 0
	}
	if q-q != 0 {
		return q, -q
	}
	v := exact(q)
	v.Mul(v, exact(b)) // q*b against a: the quotient misses something of the other sign
	v.SetPrec(4400)
	e = sign(new(big.Float).SetPrec(4400).Sub(exact(a), v))
	if b < 0 {
		e = -e
	}
	return q, e
}

// exactRoot gives the float64 nearest to the square root of a, given as r, and the sign of what is missing.
func exactRoot(a, r float64) (root, e float64) {
	if r != r || r-r != 0 || r == 0 {
		return r, 0
	}
	v := exact(r)
	v.Mul(v, v)
	return r, sign(new(big.Float).SetPrec(4400).Sub(exact(a), v))
}
