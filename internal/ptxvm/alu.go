package ptxvm

// unary, binary and ternary decode the operands of an arithmetic instruction
// whose result and operands all have type t.
func (d *decoder) unary(t scalar, f func(d, a *vec)) {
	if d.args(2) {
		d.in.run, d.in.one = runOne, f
		d.in.a = d.src(d.s.args[1], t, false)
		d.in.d = d.dst(d.s.args[0], t, false)
	}
}

func (d *decoder) binary(t scalar, f func(d, a, b *vec)) { d.binaryOf(t, t, t, f) }

func (d *decoder) binaryOf(t, ta, tb scalar, f func(d, a, b *vec)) {
	if d.args(3) {
		d.in.run, d.in.two = runTwo, f
		d.in.a, d.in.b = d.src(d.s.args[1], ta, false), d.src(d.s.args[2], tb, false)
		d.in.d = d.dst(d.s.args[0], t, false)
	}
}

func (d *decoder) ternary(t scalar, f func(d, a, b, c *vec)) { d.ternaryOf(t, t, t, t, f) }

func (d *decoder) ternaryOf(t, ta, tb, tc scalar, f func(d, a, b, c *vec)) {
	if d.args(4) {
		d.in.run, d.in.tri = runTri, f
		a := d.s.args
		d.in.a, d.in.b, d.in.c = d.src(a[1], ta, false), d.src(a[2], tb, false), d.src(a[3], tc, false)
		d.in.d = d.dst(a[0], t, false)
	}
}

// Untyped integers, by the least width.
var (
	bits16 = []scalar{b16, b32, b64}
	bits32 = []scalar{b32, b64}
)

// extend reads the bits of v as a value of type t.
func extend(v uint64, t scalar) int64 {
	switch t {
	case s8:
		return int64(int8(v))
	case s16:
		return int64(int16(v))
	case s32:
		return int64(int32(v))
	}
	return int64(v)
}

// trim returns f with its results cut to the width of t.
func trim2(t scalar, f func(a, b uint64) uint64) func(d, a, b *vec) {
	mask := t.mask()
	return each2(func(a, b uint64) uint64 { return f(a, b) & mask })
}

func add32(d, a, b *vec) {
	for l := range d {
		d[l] = uint64(uint32(a[l]) + uint32(b[l]))
	}
}

func add64(d, a, b *vec) {
	for l := range d {
		d[l] = a[l] + b[l]
	}
}

func sub32(d, a, b *vec) {
	for l := range d {
		d[l] = uint64(uint32(a[l]) - uint32(b[l]))
	}
}

func mul32(d, a, b *vec) {
	for l := range d {
		d[l] = uint64(uint32(a[l]) * uint32(b[l]))
	}
}

func mulWideU32(d, a, b *vec) {
	for l := range d {
		d[l] = uint64(uint32(a[l])) * uint64(uint32(b[l]))
	}
}

func mulWideS32(d, a, b *vec) {
	for l := range d {
		d[l] = uint64(int64(int32(a[l])) * int64(int32(b[l])))
	}
}

func mad32(d, a, b, c *vec) {
	for l := range d {
		d[l] = uint64(uint32(a[l])*uint32(b[l]) + uint32(c[l]))
	}
}

func and(d, a, b *vec) {
	for l := range d {
		d[l] = a[l] & b[l]
	}
}

func or(d, a, b *vec) {
	for l := range d {
		d[l] = a[l] | b[l]
	}
}

func xor(d, a, b *vec) {
	for l := range d {
		d[l] = a[l] ^ b[l]
	}
}

func shl32(d, a, b *vec) {
	for l := range d {
		d[l] = uint64(uint32(a[l]) << uint32(b[l])) // a Go shift of 32 or more is zero, as PTX's is
	}
}

func shr32(d, a, b *vec) {
	for l := range d {
		d[l] = uint64(uint32(a[l]) >> uint32(b[l]))
	}
}

func copyVec(d, a *vec) { *d = *a }
