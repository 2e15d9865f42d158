package ptx

import (
	"fmt"
	"math/bits"
)

func (k *Kernel) op2(op string, a, b Value) Value {
	same(a, b)
	r := k.reg(a.Type)
	k.line("%s %s, %s, %s", op, r, a, b)
	return r
}

func (k *Kernel) op1(op string, a Value) Value {
	r := k.reg(a.Type)
	k.line("%s %s, %s", op, r, a)
	return r
}

// typed is the name of an instruction for operands of type t: floats round to
// the nearest.
func typed(op string, t Type) string {
	if t.Float() {
		return op + ".rn." + t.String()
	}
	return op + "." + t.String()
}

// fold computes f of two known integers.
func fold(a, b Value, f func(x, y int64) int64) (Value, bool) {
	x, ok := a.Known()
	y, also := b.Known()
	if !ok || !also {
		return Value{}, false
	}
	return Int(a.Type, f(x, y)), true
}

// Add returns a + b.
func (k *Kernel) Add(a, b Value) Value {
	same(a, b)
	if a.is(0) {
		return b
	}
	if b.is(0) {
		return a
	}
	if v, ok := fold(a, b, func(x, y int64) int64 { return x + y }); ok {
		return v
	}
	return k.op2(typed("add", a.Type), a, b)
}

// Sub returns a - b.
func (k *Kernel) Sub(a, b Value) Value {
	if b.is(0) {
		return a
	}
	if v, ok := fold(a, b, func(x, y int64) int64 { return x - y }); ok {
		return v
	}
	return k.op2(typed("sub", a.Type), a, b)
}

// Mul returns a · b; of integers the low half.
func (k *Kernel) Mul(a, b Value) Value {
	same(a, b)
	if a.is(1) || b.is(0) {
		return b
	}
	if b.is(1) || a.is(0) {
		return a
	}
	if v, ok := fold(a, b, func(x, y int64) int64 { return x * y }); ok {
		return v
	}
	if a.Type.Float() {
		return k.op2(typed("mul", a.Type), a, b)
	}
	if a.reg == "" {
		a, b = b, a
	}
	if s, ok := power(b); ok {
		return k.Shl(a, s)
	}
	return k.op2("mul.lo."+a.Type.String(), a, b)
}

// MulHigh returns the high half of the product of two integers.
func (k *Kernel) MulHigh(a, b Value) Value { return k.op2("mul.hi."+a.Type.String(), a, b) }

// power is s where v is known to be 2 to the s, and above 1.
func power(v Value) (int, bool) {
	n, ok := v.Known()
	if !ok || n < 2 || n&(n-1) != 0 {
		return 0, false
	}
	return bits.TrailingZeros64(uint64(n)), true
}

// Div returns a / b; of integers truncated to zero. A zero b of integers gives
// what the card makes of it: keep it out.
func (k *Kernel) Div(a, b Value) Value {
	if b.is(1) {
		return a
	}
	if s, ok := power(b); ok && !a.Type.Signed() {
		return k.Shr(a, s)
	}
	if !b.is(0) {
		if v, ok := fold(a, b, func(x, y int64) int64 { return x / y }); ok {
			return v
		}
	}
	return k.op2(typed("div", a.Type), a, b)
}

// Rem returns what Div of integers leaves.
func (k *Kernel) Rem(a, b Value) Value {
	if b.is(1) {
		return Int(a.Type, 0)
	}
	if _, ok := power(b); ok && !a.Type.Signed() {
		n, _ := b.Known()
		return k.And(a, Int(a.Type, n-1))
	}
	if !b.is(0) {
		if v, ok := fold(a, b, func(x, y int64) int64 { return x % y }); ok {
			return v
		}
	}
	return k.op2("rem."+a.Type.String(), a, b)
}

// FMA returns a·b + c of floats, rounded once, or of integers.
func (k *Kernel) FMA(a, b, c Value) Value {
	same(a, b)
	same(a, c)
	if !a.Type.Float() {
		return k.Add(k.Mul(a, b), c)
	}
	r := k.reg(a.Type)
	k.line("fma.rn.%s %s, %s, %s, %s", a.Type, r, a, b, c)
	return r
}

// Accumulate adds a·b, rounded with it once where they are floats, to the register
// acc that Var made.
func (k *Kernel) Accumulate(acc, a, b Value) {
	same(acc, a)
	same(acc, b)
	op := "mad.lo."
	if acc.Type.Float() {
		op = "fma.rn."
	}
	k.line("%s%s %s, %s, %s, %s", op, acc.Type, acc, a, b, acc)
}

// Min returns the smaller of two integers, or of two floats: of a float and NaN
// the float.
func (k *Kernel) Min(a, b Value) Value { return k.op2("min."+a.Type.String(), a, b) }

// Max is Min for the larger.
func (k *Kernel) Max(a, b Value) Value { return k.op2("max."+a.Type.String(), a, b) }

// Neg returns -a.
func (k *Kernel) Neg(a Value) Value {
	if a.Type == U32 || a.Type == U64 {
		return k.Sub(Int(a.Type, 0), a)
	}
	return k.op1("neg."+a.Type.String(), a)
}

// Abs returns |a|.
func (k *Kernel) Abs(a Value) Value {
	if a.Type == U32 || a.Type == U64 {
		return a
	}
	return k.op1("abs."+a.Type.String(), a)
}

// Sqrt returns √a, rounded to the nearest.
func (k *Kernel) Sqrt(a Value) Value { return k.op1("sqrt.rn."+a.Type.String(), a) }

// A Rounding is a way to an integer.
type Rounding string

// The roundings: to the nearest and even of two, to zero, down and up.
const (
	Nearest Rounding = "rni"
	Zero    Rounding = "rzi"
	Down    Rounding = "rmi"
	Up      Rounding = "rpi"
)

// Round returns the float a rounded to an integer, as a float.
func (k *Kernel) Round(a Value, r Rounding) Value {
	return k.op1(fmt.Sprintf("cvt.%s.%s.%s", r, a.Type, a.Type), a)
}

// LeadingZeros counts the zero bits above the highest one bit of a, as U32.
func (k *Kernel) LeadingZeros(a Value) Value {
	r := k.reg(U32)
	k.line("clz.%s %s, %s", a.Type.bits(), r, a)
	return r
}

// And, Or, Xor and Not are of bits, or of predicates.
func (k *Kernel) And(a, b Value) Value { return k.op2("and."+a.Type.bits(), a, b) }

// Or is And's brother.
func (k *Kernel) Or(a, b Value) Value { return k.op2("or."+a.Type.bits(), a, b) }

// Xor is And's brother.
func (k *Kernel) Xor(a, b Value) Value { return k.op2("xor."+a.Type.bits(), a, b) }

// Not is And's brother.
func (k *Kernel) Not(a Value) Value { return k.op1("not."+a.Type.bits(), a) }

// Shl shifts left by a known number of bits.
func (k *Kernel) Shl(a Value, n int) Value {
	if n == 0 {
		return a
	}
	r := k.reg(a.Type)
	k.line("shl.%s %s, %s, %d", a.Type.bits(), r, a, n)
	return r
}

// Shr shifts right by a known number of bits, and keeps the sign of signed types.
func (k *Kernel) Shr(a Value, n int) Value {
	if n == 0 {
		return a
	}
	r := k.reg(a.Type)
	k.line("shr.%s %s, %s, %d", a.Type, r, a, n)
	return r
}

// ShlBy shifts left by the value n of type U32; by the width or more gives zero.
func (k *Kernel) ShlBy(a, n Value) Value {
	r := k.reg(a.Type)
	k.line("shl.%s %s, %s, %s", a.Type.bits(), r, a, n)
	return r
}

// ShrBy shifts right by the value n of type U32.
func (k *Kernel) ShrBy(a, n Value) Value {
	r := k.reg(a.Type)
	k.line("shr.%s %s, %s, %s", a.Type, r, a, n)
	return r
}
