package ptx

import (
	"fmt"
	"math"
)

// A Value is in a register, or known.
type Value struct {
	Type Type
	reg  string
	bits uint64 // where reg is empty: what is known, as it lies in memory
}

func (v Value) String() string {
	switch {
	case v.reg != "":
		return v.reg
	case v.Type == F32:
		return fmt.Sprintf("0f%08X", uint32(v.bits))
	case v.Type == F64:
		return fmt.Sprintf("0d%016X", v.bits)
	case v.Type.Signed():
		return fmt.Sprint(int64(v.bits))
	}
	return fmt.Sprint(v.bits)
}

// Known returns the integer that v is, if it is known.
func (v Value) Known() (int64, bool) {
	return int64(v.bits), v.reg == "" && !v.Type.Float() && v.Type != Pred
}

func (v Value) is(n int64) bool {
	x, ok := v.Known()
	return ok && x == n
}

// Int is a known integer of type t.
func Int(t Type, n int64) Value {
	switch t {
	case U32:
		n = int64(uint32(n))
	case S32:
		n = int64(int32(n))
	}
	return Value{Type: t, bits: uint64(n)}
}

// Float is a known number of type F32 or F64, rounded to it.
func Float(t Type, x float64) Value {
	if t == F32 {
		return Value{Type: F32, bits: uint64(math.Float32bits(float32(x)))}
	}
	return Value{Type: F64, bits: math.Float64bits(x)}
}

// Number is a known number of type t, integer or not.
func Number(t Type, x float64) Value {
	if t.Float() {
		return Float(t, x)
	}
	return Int(t, int64(x))
}

func (k *Kernel) reg(t Type) Value {
	class := t.Held()
	switch class { // one name space for both signs
	case S32:
		class = U32
	case S64:
		class = U64
	case F16:
		class = U16
	}
	n := k.count[class]
	k.count[class]++
	return Value{Type: t.Held(), reg: fmt.Sprintf("%%%s%d", types[class].class, n)}
}

// Param adds a parameter to the kernel and returns it.
func (k *Kernel) Param() Value {
	r := k.reg(U64)
	fmt.Fprintf(&k.head, "\tld.param.u64 %s, [p%d];\n", r, k.params)
	k.params++
	return r
}

// Special registers.
const (
	ThreadX = "%tid.x"
	BlockX  = "%ctaid.x"
	BlockY  = "%ctaid.y"
	BlockZ  = "%ctaid.z"
	Blocks  = "%nctaid.x"
	Lane    = "%laneid"
)

// Special is what a special register of 32 bits holds.
func (k *Kernel) Special(name string) Value {
	r := k.reg(U32)
	k.line("mov.u32 %s, %s", r, name)
	return r
}

// Var is a register of its own, set to v: Set changes it.
func (k *Kernel) Var(v Value) Value {
	r := k.reg(v.Type)
	k.Set(r, v)
	return r
}

// Set gives the register that Var made another value.
func (k *Kernel) Set(r, v Value) {
	same(r, v)
	if r.Type == Pred && v.reg == "" {
		k.line("setp.ne.u32 %s, %d, 0", r, v.bits)
		return
	}
	k.line("mov.%s %s, %s", r.Type.move(), r, v)
}

func (t Type) move() string {
	if t.Float() {
		return t.String()
	}
	return t.bits()
}

func same(a, b Value) {
	if a.Type != b.Type {
		panic(fmt.Sprintf("ptx: %v and %v", a.Type, b.Type))
	}
}
