package ptxvm

import "math/bits"

// decodeCount handles popc, clz, brev and bfind: results of popc and clz have 32 bits.
func decodeCount(d *decoder) {
	if d.s.op == "bfind" {
		decodeFind(d)
		return
	}
	t := d.typ(bits32...)
	to := u32
	wide := 64 - 8*t.size()
	var f func(a uint64) uint64
	switch d.s.op {
	case "popc":
		f = func(a uint64) uint64 { return uint64(bits.OnesCount64(a)) }
	case "clz":
		f = func(a uint64) uint64 { return uint64(bits.LeadingZeros64(a) - wide) }
	default:
		to = t
		f = func(a uint64) uint64 { return bits.Reverse64(a) >> wide }
	}
	if d.args(2) {
		d.in.run, d.in.one = runOne, each1(f)
		d.in.a, d.in.d = d.src(d.s.args[1], t, false), d.dst(d.s.args[0], to, false)
	}
}

// decodeFind handles bfind: the place of the highest bit that differs from the sign.
func decodeFind(d *decoder) {
	t := d.typ(u32, s32, u64, s64)
	shift := d.has("shiftamt")
	top := uint64(8*t.size() - 1)
	if !d.args(2) {
		return
	}
	d.in.run = runOne
	d.in.one = each1(func(a uint64) uint64 {
		if t.signed() && extend(a, t) < 0 {
			a = ^a & t.mask()
		}
		if a == 0 {
			return 0xffffffff
		}
		at := uint64(bits.Len64(a) - 1)
		if shift {
			return top - at
		}
		return at
	})
	d.in.a, d.in.d = d.src(d.s.args[1], t, false), d.dst(d.s.args[0], u32, false)
}

// decodeField handles bfe: a field of c bits from bit b on, sign-extended for signed types.
func decodeExtract(d *decoder) {
	t := d.typ(u32, s32, u64, s64)
	msb := uint64(8*t.size() - 1)
	mask := t.mask()
	d.ternaryOf(t, t, u32, u32, each3(func(a, b, c uint64) uint64 {
		pos, n := b&255, c&255
		var sign uint64
		if t.signed() && n > 0 {
			sign = a >> min(pos+n-1, msb) & 1
		}
		v := uint64(0)
		if pos <= msb {
			v = a >> pos
		}
		have := uint64(0) // bits of v that come from a
		if pos <= msb {
			have = min(n, msb+1-pos)
		}
		if have < 64 {
			v &= 1<<have - 1
			if sign == 1 {
				v |= ^uint64(0) << have
			}
		}
		return v & mask
	}))
}

// decodeInsert handles bfi: d = b with the field [c, c+len) replaced by a's low bits.
func decodeInsert(d *decoder) {
	t := d.typ(bits32...)
	if !d.args(5) {
		return
	}
	a := d.s.args
	d.in.a, d.in.b, d.in.c = d.src(a[1], t, false), d.src(a[2], t, false), d.src(a[3], u32, false)
	d.in.list = []int32{d.src(a[4], u32, false)}
	d.in.d = d.dst(a[0], t, false)
	mask := t.mask()
	d.in.run = func(w *warp, in *inst, m uint32) {
		a, b, c, n := &w.regs[in.a], &w.regs[in.b], &w.regs[in.c], &w.regs[in.list[0]]
		for l := range w.aside {
			pos, count := c[l]&255, n[l]&255
			field := uint64(1)<<count - 1
			if count >= 64 {
				field = ^uint64(0)
			}
			field = field << pos & mask
			w.aside[l] = b[l]&^field | a[l]<<pos&field
		}
		w.keep(in.d, m)
	}
}

// decodePermute handles prmt: each byte of the result is a chosen byte of b:a.
func decodePermute(d *decoder) {
	d.typ(b32)
	mode := d.mod("f4e", "b4e", "rc8", "ecl", "ecr", "rc16")
	d.ternary(b32, each3(func(a, b, c uint64) uint64 {
		both := b<<32 | a
		var r uint64
		for i := range uint64(4) {
			var pick uint64
			s := c & 3
			switch mode {
			case "":
				pick = c >> (4 * i) & 15
			case "f4e":
				pick = s + i
			case "b4e":
				pick = (s - i) & 7
			case "rc8":
				pick = s
			case "ecl":
				pick = max(s, i)
			case "ecr":
				pick = min(s, i)
			default:
				pick = s&1*2 + i&1
			}
			v := both >> (8 * (pick & 7)) & 255
			if mode == "" && pick&8 != 0 { // the byte's sign instead
				v = uint64(int64(int8(v))>>7) & 255
			}
			r |= v << (8 * i)
		}
		return r
	}))
}

// decodeDot handles dp4a and dp2a: products of 8-bit lanes added to a 32-bit sum.
func decodeDot(d *decoder) {
	signedB := d.typ(u32, s32) == s32
	signedA := d.typ(u32, s32) == s32
	half, byteOf := uint64(0), func(v uint64, i int, signed bool) int64 {
		if signed {
			return int64(int8(v >> (8 * i)))
		}
		return int64(uint8(v >> (8 * i)))
	}
	to := u32
	if signedA || signedB {
		to = s32
	}
	if d.s.op == "dp4a" {
		d.ternaryOf(to, b32, b32, to, each3(func(a, b, c uint64) uint64 {
			sum := int64(int32(c))
			for i := range 4 {
				sum += byteOf(a, i, signedA) * byteOf(b, i, signedB)
			}
			return uint64(uint32(sum))
		}))
		return
	}
	if d.must("lo", "hi") == "hi" {
		half = 2
	}
	d.ternaryOf(to, b32, b32, to, each3(func(a, b, c uint64) uint64 {
		sum := int64(int32(c))
		for i := range 2 {
			x := int64(uint16(a >> (16 * i)))
			if signedA {
				x = int64(int16(x))
			}
			sum += x * byteOf(b, i+int(half), signedB)
		}
		return uint64(uint32(sum))
	}))
}

// lut3 is lop3: each bit of the result looks up the three bits in a table of eight.
func decodeLogic3(d *decoder) {
	d.typ(b32)
	if !d.args(5) {
		return
	}
	a := d.s.args
	if a[4].kind != oInt || a[4].value > 255 {
		d.fail("the table is a constant up to 255")
		return
	}
	table := a[4].value
	d.in.a, d.in.b, d.in.c = d.src(a[1], b32, false), d.src(a[2], b32, false), d.src(a[3], b32, false)
	d.in.d = d.dst(a[0], b32, false)
	d.in.run = runTri
	d.in.tri = each3(func(a, b, c uint64) uint64 {
		var r uint64
		for i := range uint64(8) {
			if table>>i&1 == 0 {
				continue
			}
			x, y, z := a, b, c
			if i&4 == 0 {
				x = ^x
			}
			if i&2 == 0 {
				y = ^y
			}
			if i&1 == 0 {
				z = ^z
			}
			r |= x & y & z
		}
		return r & 0xffffffff
	})
}
