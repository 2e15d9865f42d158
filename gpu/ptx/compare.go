package ptx

import "fmt"

// A Relation compares two values.
type Relation string

// The relations. With NaN all are false but NE.
const (
	EQ Relation = "eq"
	NE Relation = "ne"
	LT Relation = "lt"
	LE Relation = "le"
	GT Relation = "gt"
	GE Relation = "ge"
)

// Cmp returns a predicate.
func (k *Kernel) Cmp(a Value, rel Relation, b Value) Value {
	same(a, b)
	if rel == NE && a.Type.Float() {
		rel = "neu"
	}
	if a.reg == "" { // an instruction compares a register with what it may know
		a = k.Var(a)
	}
	r := k.reg(Pred)
	k.line("setp.%s.%s %s, %s, %s", rel, a.Type, r, a, b)
	return r
}

// IsNaN reports whether the float a is none.
func (k *Kernel) IsNaN(a Value) Value { return k.Unordered(a, a) }

// Unordered reports whether one of two floats is none.
func (k *Kernel) Unordered(a, b Value) Value {
	same(a, b)
	if a.reg == "" {
		a, b = b, a
	}
	r := k.reg(Pred)
	k.line("setp.nan.%s %s, %s, %s", a.Type, r, a, b)
	return r
}

// Select is a where p, else b.
func (k *Kernel) Select(p, a, b Value) Value {
	same(a, b)
	r := k.reg(a.Type)
	if a.Type == Pred {
		q := k.And(p, a)
		n := k.And(k.Not(p), b)
		return k.Or(q, n)
	}
	k.line("selp.%s %s, %s, %s, %s", a.Type.move(), r, a, b, p)
	return r
}

// Convert returns a as type t. From float to integer it truncates, holds to the
// bounds of t, and makes 0 of NaN; to a narrower integer it drops bits; else it
// rounds to the nearest. A predicate is 0 or 1.
func (k *Kernel) Convert(t Type, a Value) Value {
	if a.Type == t {
		return a
	}
	if a.Type == Pred {
		return k.Select(a, Number(t, 1), Number(t, 0))
	}
	if x, ok := a.Known(); ok {
		if t.Float() {
			return Float(t, float64(x))
		}
		return Int(t, x)
	}
	if a.Type.Size() == t.Size() && a.Type.Float() == t.Float() {
		return k.Bits(t, a)
	}
	r := k.reg(t)
	mode := ""
	switch {
	case t.Float() && !a.Type.Float() && a.Type != F16, t == F32 && a.Type == F64, t == F16:
		mode = ".rn"
	case !t.Float() && a.Type.Float():
		mode = ".rzi"
	}
	k.line("cvt%s.%s.%s %s, %s", mode, t, a.Type, r, a)
	if mode == ".rzi" && (a.Type == F64 || t.Size() == 8) { // only between 32 bits is it 0 already
		return k.Select(k.IsNaN(a), Int(t, 0), r)
	}
	return r
}

// Narrow keeps of an integer what fits U8 or S8, in a register of 32 bits.
func (k *Kernel) Narrow(t Type, a Value) Value {
	r := k.reg(t)
	k.line("cvt.%s.%s %s, %s", t, a.Type, r, a)
	return r
}

// Bits gives the bits of a the type t of the same size.
func (k *Kernel) Bits(t Type, a Value) Value {
	if a.Type == t {
		return a
	}
	if a.Type.Size() != t.Size() {
		panic(fmt.Sprintf("ptx: bits of %v as %v", a.Type, t))
	}
	if a.reg == "" {
		return Value{Type: t, bits: a.bits}
	}
	if a.Type.Float() == t.Float() { // the same register, read in another way
		a.Type = t
		return a
	}
	r := k.reg(t)
	k.line("mov.%s %s, %s", t.bits(), r, a)
	return r
}

// Join makes 64 bits of two halves of type U32.
func (k *Kernel) Join(low, high Value) Value {
	r := k.reg(U64)
	k.line("mov.b64 %s, {%s, %s}", r, low, high)
	return r
}

// Parts are the low and the high half of 64 bits.
func (k *Kernel) Parts(a Value) (low, high Value) {
	low, high = k.reg(U32), k.reg(U32)
	k.line("mov.b64 {%s, %s}, %s", low, high, a)
	return low, high
}
