package ptx

import "fmt"

// A Type is the type of a value in a register or of an element in memory.
type Type uint8

// The types. Registers hold Pred and the types from S32 on; narrower integers
// exist in memory, and are loaded into S32 and U32. F16 is storage: it is
// converted when it is loaded and stored as bits.
const (
	Pred Type = iota
	U8
	S8
	U16
	F16
	S32
	U32
	S64
	U64
	F32
	F64
)

var types = [...]struct {
	suffix string // of instructions
	class  string // of registers, in their names
	reg    string // of their declaration
	size   int64
}{
	Pred: {"pred", "p", "pred", 0},
	U8:   {"u8", "r", "b32", 1},
	S8:   {"s8", "r", "b32", 1},
	U16:  {"u16", "h", "b16", 2},
	F16:  {"f16", "h", "b16", 2},
	S32:  {"s32", "r", "b32", 4},
	U32:  {"u32", "r", "b32", 4},
	S64:  {"s64", "d", "b64", 8},
	U64:  {"u64", "d", "b64", 8},
	F32:  {"f32", "f", "f32", 4},
	F64:  {"f64", "g", "f64", 8},
}

func (t Type) String() string { return types[t].suffix }

// Size is the number of bytes of an element in memory.
func (t Type) Size() int64 { return types[t].size }

// Float reports whether t is F32 or F64.
func (t Type) Float() bool { return t == F32 || t == F64 }

// Signed reports whether t is an integer with a sign.
func (t Type) Signed() bool { return t == S8 || t == S32 || t == S64 }

// Held is the type of the register that an element of type t is loaded into.
func (t Type) Held() Type {
	switch t {
	case U8:
		return U32
	case S8:
		return S32
	}
	return t
}

// bits is the untyped suffix of the size of t.
func (t Type) bits() string {
	if t == Pred {
		return "pred"
	}
	return fmt.Sprintf("b%d", 8*t.Held().Size())
}
