package ptxvm

import "math"

// The tensor cores' view of registers: which lane holds which element of a
// matrix. One rule gives all shapes: a 32-bit register holds P neighbours along
// k; four lanes of a group of four stand side by side along k, eight groups
// along m (or n).

// A fragment is the type of the elements of A and B.
type fragment struct {
	t    scalar // of an element; u8 and s8 for bytes
	bits int
}

func (f fragment) each() int { return 32 / f.bits } // elements of a register

func (f fragment) value(reg uint64, i int) float64 {
	v := reg >> (i * f.bits)
	switch f.t {
	case f16:
		return halfFormat.widen(v & 0xffff)
	case bf16:
		return float64(math.Float32frombits(uint32(v&0xffff) << 16))
	case tf32:
		return float64(math.Float32frombits(uint32(v) &^ (1<<13 - 1))) // the low bits are not looked at
	case s8:
		return float64(int8(v))
	}
	return float64(uint8(v))
}

// whole insists that every lane that a warp has runs an instruction, and that
// the warp has 32: instructions marked .aligned are for whole warps.
func (w *warp) whole(in *inst, mask uint32) {
	if mask != full {
		w.fault(in, first(^mask), Divergence, "only lanes %#x run an instruction for the whole warp", mask)
	}
}

// matrixA gathers the 16 rows of A of k columns.
func (w *warp) matrixA(f fragment, regs []int32, k int) []float64 {
	m := make([]float64, 16*k)
	p := f.each()
	for i, slot := range regs {
		r := &w.regs[slot]
		for l := range lanes {
			row, col := l/4+i%2*8, l%4*p+i/2*4*p
			for j := range p {
				m[row*k+col+j] = f.value(r[l], j)
			}
		}
	}
	return m
}

// matrixB gathers the k rows of B, column by column: 8 columns of k.
func (w *warp) matrixB(f fragment, regs []int32, k int) []float64 {
	m := make([]float64, 8*k)
	p := f.each()
	for i, slot := range regs {
		r := &w.regs[slot]
		for l := range lanes {
			for j := range p {
				m[l/4*k+l%4*p+i*4*p+j] = f.value(r[l], j)
			}
		}
	}
	return m
}

// dot sums the products of two rows to start, with one rounding at the end:
// the order and the width of a card's sums are not documented.
func dot(start float64, a, b []float64) float64 {
	for i, v := range a {
		start += v * b[i]
	}
	return start
}

// fragments maps the type words of mma and wgmma.
var fragments = map[string]fragment{"f16": {f16, 16}, "bf16": {bf16, 16}, "tf32": {tf32, 32}, "s8": {s8, 8}, "u8": {u8, 8}}

// decodeMMA handles mma.sync.aligned.m16n8kK.row.col.D.A.B.C.
func decodeMMA(d *decoder) {
	d.must("sync")
	d.must("aligned")
	shape := d.must("m16n8k4", "m16n8k8", "m16n8k16", "m16n8k32")
	d.must("row")
	d.must("col")
	clamp := d.has("satfinite")
	if d.err != nil {
		return
	}
	if len(d.mods) != 4 {
		d.fail("names %d types, it has 4", len(d.mods))
		return
	}
	to, a, b, from := d.mods[0], fragments[d.mods[1]], fragments[d.mods[2]], d.mods[3]
	d.mods = nil
	k := map[string]int{"m16n8k4": 4, "m16n8k8": 8, "m16n8k16": 16, "m16n8k32": 32}[shape]
	integer := a.bits == 8
	switch {
	case a.bits == 0 || b.bits != a.bits || !integer && a != b:
		d.fail("no product of these types")
	case k*a.bits > 256 || k*a.bits < 128:
		d.fail("no %s of these types", shape)
	case integer && (to != "s32" || from != "s32"), !integer && from != to,
		!integer && to != "f32" && (to != "f16" || a.t != f16):
		d.fail("no sum of these types")
	case clamp && !integer:
		d.fail(".satfinite is for integers")
	}
	if a.t == f16 && k == 8 {
		d.need(65, 75)
	} else {
		d.need(70, 80)
	}
	if !d.args(4) {
		return
	}
	nb := k / (4 * max(1, a.each()))
	nc := 4
	if to == "f16" {
		nc = 2
	}
	in, args := &d.in, d.s.args
	t := scalarOf[to]
	ra, rb := d.list(args[1], b32, 2*nb, false), d.list(args[2], b32, nb, false)
	rc, rd := d.list(args[3], registerOf(t), nc, false), d.list(args[0], registerOf(t), nc, true)
	in.run = func(w *warp, in *inst, mask uint32) {
		w.whole(in, mask)
		ma, mb := w.matrixA(a, ra, k), w.matrixB(b, rb, k)
		var out [4]vec
		for l := range lanes {
			for q := range 4 {
				row, col := l/4+q/2*8, l%4*2+q&1
				x, y := ma[row*k:(row+1)*k], mb[col*k:(col+1)*k]
				switch t {
				case f32:
					out[q][l] = bits32of(float32(dot(float64(float(w.regs[rc[q]][l])), x, y)))
				case s32:
					out[q][l] = integerSum(float64(int32(w.regs[rc[q]][l])), x, y, clamp)
				default:
					c := w.regs[rc[q/2]][l] >> (16 * (q & 1)) & 0xffff
					out[q/2][l] |= halfFormat.round(dot(halfFormat.widen(c), x, y), nearest) << (16 * (q & 1))
				}
			}
		}
		for i, slot := range rd {
			w.regs[slot] = out[i]
		}
	}
}

// integerSum is exact: 32 products of bytes and an int32 are far below 2^53.
func integerSum(start float64, x, y []float64, clamp bool) uint64 {
	v := int64(dot(start, x, y))
	if clamp {
		return saturate(v)
	}
	return uint64(uint32(v))
}

// registerOf is the type that the registers of an accumulator hold.
func registerOf(t scalar) scalar {
	if t == f16 {
		return b32
	}
	return t
}

// list decodes a vector of exactly n registers.
func (d *decoder) list(o operand, t scalar, n int, written bool) []int32 {
	if o.kind != oVector || len(o.list) != n {
		d.fail("%d registers where %d belong", len(o.list), n)
		return nil
	}
	var slots []int32
	for _, e := range o.list {
		if written {
			slots = append(slots, d.dst(e, t, false))
		} else {
			slots = append(slots, d.src(e, t, false))
		}
	}
	return slots
}

// decodeLdMatrix handles ldmatrix and stmatrix.sync.aligned.m8n8.xN{.trans}.shared.b16.
func decodeLdMatrix(d *decoder) {
	loads := d.s.op == "ldmatrix"
	d.must("sync")
	d.must("aligned")
	d.must("m8n8")
	count := map[string]int{"x1": 1, "x2": 2, "x4": 4}[d.must("x1", "x2", "x4")]
	trans := d.has("trans")
	d.must("shared", "shared::cta")
	d.typ(b16)
	if loads {
		d.need(65, 75)
	} else {
		d.need(78, 90)
	}
	if !d.args(2) {
		return
	}
	regs, addr := d.s.args[0], d.s.args[1]
	if !loads {
		regs, addr = addr, regs
	}
	d.in.a, d.in.off = d.addr(addr, spaceShared)
	if regs.kind == oName && count == 1 {
		regs = operand{kind: oVector, list: []operand{regs}}
	}
	d.in.list = d.list(regs, b32, count, loads)
	d.note(spaceShared, 2)
	what := reading
	if !loads {
		what = writing
	}
	d.in.run = func(w *warp, in *inst, mask uint32) {
		w.whole(in, mask)
		for q, slot := range in.list {
			w.matrix8(in, q, slot, trans, what)
		}
	}
}

// matrix8 moves matrix q, 8 rows of 16 bytes whose addresses lanes 8q to 8q+7
// hold, between shared memory and a register.
func (w *warp) matrix8(in *inst, q int, slot int32, trans bool, what touch) {
	var rows [8][]byte
	a := w.regs[in.a]
	for r := range rows {
		reg, off := w.place(in, q*8+r, spaceShared, a[q*8+r]+in.off, 16, what)
		rows[r] = reg.data[off : off+16]
	}
	element := func(l, h int) []byte {
		r, c := l/4, l%4*2+h
		if trans {
			r, c = c, r
		}
		return rows[r][2*c:]
	}
	for l := range lanes {
		if what == writing {
			v := w.regs[slot][l]
			store(element(l, 0), 2, v)
			store(element(l, 1), 2, v>>16)
		} else {
			w.aside[l] = load(element(l, 0), 2) | load(element(l, 1), 2)<<16
		}
	}
	if what == reading {
		w.regs[slot] = w.aside
	}
}
