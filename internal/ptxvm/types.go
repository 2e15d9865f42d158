package ptxvm

// A scalar is one of PTX's fundamental types, as an instruction suffix or a
// declaration names it.
type scalar uint8

const (
	noType scalar = iota
	b8
	u8
	s8
	b16
	u16
	s16
	f16
	bf16
	b32
	u32
	s32
	f32
	tf32
	f16x2
	bf16x2
	b64
	u64
	s64
	f64
	b128
	pred
)

// The classes of scalars that decide which registers an operand may name.
const (
	untyped = iota
	unsigned
	signed
	floating
	packed
	boolean
)

var scalars = [...]struct {
	name  string
	bytes int
	class uint8
}{
	noType: {"", 0, untyped},
	b8:     {"b8", 1, untyped}, u8: {"u8", 1, unsigned}, s8: {"s8", 1, signed},
	b16: {"b16", 2, untyped}, u16: {"u16", 2, unsigned}, s16: {"s16", 2, signed},
	f16: {"f16", 2, floating}, bf16: {"bf16", 2, floating},
	b32: {"b32", 4, untyped}, u32: {"u32", 4, unsigned}, s32: {"s32", 4, signed}, f32: {"f32", 4, floating},
	tf32: {"tf32", 4, floating}, f16x2: {"f16x2", 4, packed}, bf16x2: {"bf16x2", 4, packed},
	b64: {"b64", 8, untyped}, u64: {"u64", 8, unsigned}, s64: {"s64", 8, signed}, f64: {"f64", 8, floating},
	b128: {"b128", 16, untyped}, pred: {"pred", 0, boolean},
}

var scalarOf = func() map[string]scalar {
	m := make(map[string]scalar, len(scalars))
	for i, s := range scalars {
		m[s.name] = scalar(i)
	}
	delete(m, "")
	return m
}()

func (s scalar) String() string { return scalars[s].name }
func (s scalar) size() int      { return scalars[s].bytes }
func (s scalar) class() uint8   { return scalars[s].class }
func (s scalar) signed() bool   { return s.class() == signed }
func (s scalar) integer() bool {
	return s.class() == signed || s.class() == unsigned || s.class() == untyped && s != noType
}

// mask has the bits of a value of the type set.
func (s scalar) mask() uint64 {
	if s.size() >= 8 {
		return ^uint64(0)
	}
	return 1<<(8*s.size()) - 1
}

// holds reports whether a register declared as reg may stand for an operand of
// type s: the sizes agree (or wider is allowed, as for ld, st and cvt), and an
// integer never meets a float unless one of them is untyped.
func (s scalar) holds(reg scalar, wider bool) bool {
	if s == pred || reg == pred {
		return s == reg
	}
	if reg.size() != s.size() && !(wider && reg.size() > s.size()) {
		return false
	}
	a, b := s.class(), reg.class()
	switch {
	case a == untyped || b == untyped, wider && reg.size() > s.size():
		return true
	case a == floating || b == floating:
		return a == b && s.size() <= reg.size() || s == tf32
	}
	return a != packed && b != packed || s == reg
}
