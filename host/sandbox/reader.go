package sandbox

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// A reader walks over untrusted bytes of a module. The first thing that is
// wrong sticks in err, names its offset, and moves the reader to its end, so
// that every loop over it stops.
type reader struct {
	b    []byte
	base int // offset of b[0] in the module
	i    int
	err  error
}

func (r *reader) more() bool { return r.err == nil && r.i < len(r.b) }

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("byte %d: %s: %w", r.base+r.i, fmt.Sprintf(format, args...), abi.Invalid)
	}
	r.i = len(r.b)
}

func (r *reader) byte() byte {
	if r.i >= len(r.b) {
		r.fail("module is truncated")
		return 0
	}
	c := r.b[r.i]
	r.i++
	return c
}

// take returns the next n bytes.
func (r *reader) take(n uint32) []byte {
	if uint64(n) > uint64(len(r.b)-r.i) {
		r.fail("module is truncated: %d bytes wanted, %d left", n, len(r.b)-r.i)
		return nil
	}
	b := r.b[r.i : r.i+int(n)]
	r.i += int(n)
	return b
}

// sub returns a reader over the next n bytes.
func (r *reader) sub(n uint32) *reader {
	base := r.base + r.i
	return &reader{b: r.take(n), base: base, err: r.err}
}

// u32 decodes an unsigned LEB128 of at most five bytes.
func (r *reader) u32() uint32 {
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		c := r.byte()
		v |= uint64(c&0x7f) << shift
		if c&0x80 == 0 {
			if v > 1<<32-1 {
				break
			}
			return uint32(v)
		}
	}
	r.fail("number does not fit in 32 bits")
	return 0
}

// s64 decodes a signed LEB128 of at most ten bytes.
func (r *reader) s64() int64 {
	var v int64
	for shift := 0; shift < 70; shift += 7 {
		c := r.byte()
		v |= int64(c&0x7f) << shift
		if c&0x80 == 0 {
			if shift < 57 && c&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
	r.fail("number does not fit in 64 bits")
	return 0
}

// count decodes the length of a vector whose elements take at least one byte
// each, at most limit of them.
func (r *reader) count(what string, limit int) int {
	n := r.u32()
	if int64(n) > int64(limit) {
		r.fail("%d %s, at most %d", n, what, limit)
		return 0
	}
	if int64(n) > int64(len(r.b)-r.i) {
		r.fail("module is truncated: %d %s do not fit in %d bytes", n, what, len(r.b)-r.i)
		return 0
	}
	return int(n)
}

func (r *reader) name() string { return string(r.take(r.u32())) }

// end fails unless everything was read.
func (r *reader) end(what string) {
	if r.err == nil && r.i != len(r.b) {
		r.fail("%d bytes too many in the %s", len(r.b)-r.i, what)
	}
}

// appendU32 appends v as LEB128.
func appendU32(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// appendS64 appends v as signed LEB128.
func appendS64(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if (v == 0 && c&0x40 == 0) || (v == -1 && c&0x40 != 0) {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}
