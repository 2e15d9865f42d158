package ptx

import "strings"

// A Space is a kind of memory.
type Space string

// The spaces. Addresses of Global are U64, of Shared memory U32. Constant is
// Global that no thread writes while the kernel runs.
const (
	Global   Space = "global"
	Constant Space = "global.nc"
	InShared Space = "shared"
)

// At is the address of element i of the elements of the given size at base.
func (k *Kernel) At(base, i Value, size int64) Value {
	if base.Type == U32 || i.Type == U64 || i.Type == S64 {
		i = k.Convert(base.Type, i)
		return k.Add(base, k.Mul(i, Int(base.Type, size)))
	}
	if n, ok := i.Known(); ok {
		return k.Add(base, Int(U64, n*size))
	}
	r := k.reg(U64)
	k.line("mad.wide.%s %s, %s, %d, %s", i.Type, r, i, size, base)
	return r
}

// moved is the type that instructions name which move an element: F16 moves as bits.
func (t Type) moved() string {
	if t == F16 {
		return t.bits()
	}
	return t.String()
}

// Load reads the element of type t at an address, off bytes further.
func (k *Kernel) Load(t Type, s Space, addr Value, off int64) Value {
	r := k.reg(t)
	k.line("ld.%s.%s %s, [%s+%d]", s, t.moved(), r, addr, off)
	return r
}

// Store writes v as an element of type t.
func (k *Kernel) Store(t Type, s Space, addr Value, off int64, v Value) {
	v = k.register(v)
	k.line("st.%s.%s [%s+%d], %s", s, t.moved(), addr, off, v)
}

// LoadMany reads 2 or 4 neighbours; the address is a multiple of all of them.
func (k *Kernel) LoadMany(t Type, s Space, addr Value, off int64, n int) []Value {
	out := make([]Value, n)
	for i := range out {
		out[i] = k.reg(t)
	}
	k.line("ld.%s.v%d.%s {%s}, [%s+%d]", s, n, t.moved(), list(out), addr, off)
	return out
}

// StoreMany writes 2 or 4 neighbours.
func (k *Kernel) StoreMany(t Type, s Space, addr Value, off int64, v []Value) {
	held := make([]Value, len(v))
	for i := range v {
		held[i] = k.register(v[i])
	}
	v = held
	k.line("st.%s.v%d.%s [%s+%d], {%s}", s, len(v), t.moved(), addr, off, list(v))
}

// register is v in a register, which alone can be stored.
func (k *Kernel) register(v Value) Value {
	if v.reg != "" {
		return v
	}
	return k.Var(v)
}

func list(v []Value) string {
	s := make([]string, len(v))
	for i := range v {
		s[i] = v[i].String()
	}
	return strings.Join(s, ", ")
}

// AtomicMax makes the U32 at an address the larger of itself and v.
func (k *Kernel) AtomicMax(s Space, addr, v Value) {
	r := k.reg(U32)
	k.line("atom.%s.max.u32 %s, [%s], %s", s, r, addr, v)
}
