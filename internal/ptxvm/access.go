package ptxvm

import "encoding/binary"

// place finds the n bytes at addr and checks everything there is to check: the
// bounds, the alignment, whether what is read was written, and races.
func (w *warp) place(in *inst, lane int, sp space, addr, n uint64, what touch) (*region, uint64) {
	if addr&(n-1) != 0 {
		w.fault(in, lane, Misaligned, "%d bytes at %#x", n, addr)
	}
	r, off := w.locate(in, lane, sp, addr, n)
	if what.writes() {
		if r.readOnly {
			w.fault(in, lane, OutOfBounds, "%s memory is not written", r.name)
		}
	}
	if what.reads() {
		if at, ok := r.unwritten(off, n); !ok {
			w.unwritten(in, lane, r, at)
		}
	}
	if w.block.races && r.traced {
		w.touch(in, lane, r, off, n, what)
	}
	if what.writes() {
		for i, mark := range r.written[off : off+n] {
			if mark == inFlight {
				w.fault(in, lane, InFlight, "byte %d of %s memory belongs to %s that was not waited for", off+uint64(i), r.name, w.block.owner(off+uint64(i)))
			}
			r.written[off+uint64(i)] = aValue
		}
	}
	return r, off
}

func (w *warp) unwritten(in *inst, lane int, r *region, at uint64) {
	if r.written[at] == inFlight {
		w.fault(in, lane, InFlight, "byte %d of %s memory belongs to %s that was not waited for", at, r.name, w.block.owner(at))
	}
	w.fault(in, lane, Uninitialised, "byte %d of %s memory was never written", at, r.name)
}

// locate finds the region and the offset of an address in a space, in bounds.
func (w *warp) locate(in *inst, lane int, sp space, addr, n uint64) (*region, uint64) {
	b := w.block
	if sp == spaceGeneric {
		if sp = spaceOf(addr); sp != spaceGlobal {
			addr -= windows[sp]
		}
	}
	r := b.last
	switch sp {
	case spaceShared:
		r = &b.shared
	case spaceLocal:
		r = b.local(w.id*lanes + lane)
	case spaceParam:
		r = &b.launch.params
	default:
		if off := addr - r.base; off >= uint64(len(r.data)) || n > uint64(len(r.data))-off {
			if r = b.launch.device.memory.find(addr); r == nil {
				w.fault(in, lane, OutOfBounds, "%d bytes at %#x, %s", n, addr, b.launch.device.memory.near(addr))
			}
			b.last = r
		}
		if sp == spaceConst && !r.readOnly {
			w.fault(in, lane, OutOfBounds, "%#x is not in constant memory", addr)
		}
	}
	off := addr - r.base
	if off >= uint64(len(r.data)) || n > uint64(len(r.data))-off {
		w.fault(in, lane, OutOfBounds, "%d bytes at offset %d of %d bytes of %s memory", n, int64(off), len(r.data), r.name)
	}
	return r, off
}

func (d *decoder) space(def space) space {
	switch m := d.mod("global", "const", "shared", "shared::cta", "local", "param", "param::entry"); m {
	case "":
		return def
	case "global":
		return spaceGlobal
	case "const":
		return spaceConst
	case "local":
		return spaceLocal
	case "param", "param::entry":
		return spaceParam
	}
	return spaceShared
}

func (d *decoder) mustSpace() space {
	s := d.space(spaceGeneric)
	if s == spaceGeneric {
		d.fail("names no state space")
	}
	return s
}

// addr decodes [base + offset] in a space.
func (d *decoder) addr(o operand, sp space) (slot int32, off uint64) {
	if o.kind != oAddress || len(o.list) != 1 {
		d.fail("an address [base+offset] belongs here")
		return 0, 0
	}
	return d.base(o.list[0], sp), o.value
}

func (d *decoder) base(base operand, sp space) int32 {
	if base.kind == oInt {
		return d.constant(base.value, nil)
	}
	if base.kind != oName || base.not {
		d.fail("a register or a variable belongs in an address")
		return 0
	}
	if r, _ := d.s.scope.register(base.name); r != nil {
		if r.typ.size() == 4 && sp != spaceGlobal && sp != spaceGeneric && sp != spaceConst {
			return d.src(base, u32, false)
		}
		return d.src(base, u64, false)
	}
	v := d.variable(base.name)
	if v == nil {
		d.fail("%q is not declared", base.name)
		return 0
	}
	if sp == spaceGeneric && v.space != spaceGlobal && v.space != spaceConst || sp != spaceGeneric && sp != v.space {
		d.fail("%s is in .%s", v.name, v.space)
	}
	return d.address(v, 0)
}

// memoryMods takes the modifiers of ld, st and atom that say how ordered, how
// visible and how cached an access is.
func (d *decoder) memoryMods() {
	if d.mod("volatile", "relaxed", "acquire", "release", "acq_rel", "mmio") != "" {
		d.in.atomic = true
	}
	d.mod("cta", "cluster", "gpu", "sys")
	if d.has("weak") {
		d.in.atomic = false
	}
	if d.has("nc") && d.in.space != spaceGlobal && d.in.space != spaceGeneric {
		d.fail(".nc is for .global")
	}
	d.mod("ca", "cg", "cs", "lu", "cv", "wb", "wt")
	d.mod("L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate")
	d.mod("L2::64B", "L2::128B", "L2::256B")
}

var memoryTypes = []scalar{b8, u8, s8, b16, u16, s16, b32, u32, s32, f32, b64, u64, s64, f64}

// vector returns the operands of {a, b, …} or of a single register, as many as .v2 or .v4 says.
func (d *decoder) vector(o operand, t scalar) []operand {
	n := 1
	switch d.mod("v2", "v4", "v8") {
	case "v2":
		n = 2
	case "v4":
		n = 4
	case "v8":
		d.need(88, 100)
		n = 8
	}
	list := []operand{o}
	if o.kind == oVector {
		list = o.list
	}
	if len(list) != n {
		d.fail("%d registers, the vector has %d", len(list), n)
	}
	if limit := 16; n*t.size() > limit && n != 8 || n*t.size() > 32 {
		d.fail("an access of %d bytes", n*t.size())
	}
	d.in.size, d.in.count = uint8(t.size()), uint8(n)
	return list
}

func (d *decoder) note(sp space, size int) {
	if sp != spaceParam && sp != spaceLocal && sp != spaceConst {
		for d.granule > 0 && 1<<d.granule > size {
			d.granule--
		}
	}
}

func decodeLd(d *decoder) {
	t := d.typ(memoryTypes...)
	in := &d.in
	in.space = d.space(spaceGeneric)
	d.memoryMods()
	if !d.args(2) {
		return
	}
	list := d.vector(d.s.args[0], t)
	d.note(in.space, t.size())
	in.a, in.off = d.addr(d.s.args[1], in.space)
	for _, o := range list {
		s := d.dst(o, t, true)
		in.list = append(in.list, s)
		if t.signed() && d.err == nil {
			in.sign = uint8(max(t.size(), d.types[s].size()))
		}
	}
	in.d = in.list[0]
	in.run = runLd
}

func runLd(w *warp, in *inst, mask uint32) {
	n := uint64(in.size) * uint64(in.count)
	what := reading
	if in.atomic {
		what = atomicRead
	}
	size := int(in.size)
	a := &w.regs[in.a]
	guess := w.guess(in.space)
	races := w.block.races && guess.traced
	for l := range a {
		if mask>>l&1 == 0 {
			continue
		}
		addr := a[l] + in.off
		r, off := guess, addr-guess.base
		if addr&(n-1) == 0 && off+n <= uint64(len(r.written)) && off+n >= n && isWritten(r.written[off:off+n]) {
			if races {
				w.touch(in, l, r, off, n, what)
			}
		} else { // somewhere else, or wrong
			r, off = w.place(in, l, in.space, addr, n, what)
		}
		if size == 4 && in.sign <= 4 {
			for i, slot := range in.list {
				w.regs[slot][l] = uint64(binary.LittleEndian.Uint32(r.data[off+uint64(i)*4:]))
			}
			continue
		}
		for i, slot := range in.list {
			v := load(r.data[off+uint64(i*size):], size)
			if in.sign > 0 {
				v = signExtend(v, size, int(in.sign))
			}
			w.regs[slot][l] = v
		}
	}
}

// guess is the region where an access to a space most likely falls.
func (w *warp) guess(sp space) *region {
	switch sp {
	case spaceShared:
		return &w.block.shared
	case spaceGlobal:
		return w.block.last
	}
	return &noRegion
}

var noRegion = region{name: "no"}

// isWritten is the common case of region.unwritten: whole words that all hold something.
func isWritten(w []byte) bool {
	switch len(w) {
	case 4:
		return binary.LittleEndian.Uint32(w) == 0x01010101
	case 8:
		return binary.LittleEndian.Uint64(w) == 0x0101010101010101
	case 16:
		return binary.LittleEndian.Uint64(w) == 0x0101010101010101 && binary.LittleEndian.Uint64(w[8:]) == 0x0101010101010101
	}
	return false
}

// signExtend widens v from so many bytes to so many.
func signExtend(v uint64, from, to int) uint64 {
	shift := 64 - 8*from
	return uint64(int64(v<<shift)>>shift) & (full64 >> (64 - 8*to))
}

func decodeSt(d *decoder) {
	t := d.typ(memoryTypes...)
	in := &d.in
	in.space = d.space(spaceGeneric)
	d.memoryMods()
	if in.space == spaceConst || in.space == spaceParam {
		d.fail(".%s is not written", in.space)
	}
	if !d.args(2) {
		return
	}
	list := d.vector(d.s.args[1], t)
	d.note(in.space, t.size())
	in.a, in.off = d.addr(d.s.args[0], in.space)
	for _, o := range list {
		in.list = append(in.list, d.src(o, t, true))
	}
	in.run = runSt
}

func runSt(w *warp, in *inst, mask uint32) {
	n := uint64(in.size) * uint64(in.count)
	what := writing
	if in.atomic {
		what = atomicWrite
	}
	size := int(in.size)
	a := &w.regs[in.a]
	guess := w.guess(in.space)
	races := w.block.races && guess.traced
	for l := range a {
		if mask>>l&1 == 0 {
			continue
		}
		addr := a[l] + in.off
		r, off := guess, addr-guess.base
		if addr&(n-1) == 0 && off+n <= uint64(len(r.written)) && off+n >= n && isWritten(r.written[off:off+n]) && !r.readOnly {
			if races {
				w.touch(in, l, r, off, n, what)
			}
		} else {
			r, off = w.place(in, l, in.space, addr, n, what)
		}
		for i, slot := range in.list {
			store(r.data[off+uint64(i*size):], size, w.regs[slot][l])
		}
	}
}

// decodePrefetch handles prefetch and prefetchu, which change nothing.
func decodePrefetch(d *decoder) {
	sp := d.space(spaceGeneric)
	d.mod("L1", "L2", "L2::evict_last", "L2::evict_normal")
	d.mod("tensormap")
	if d.args(1) {
		d.in.a, d.in.off = d.addr(d.s.args[0], sp)
		d.in.run = func(*warp, *inst, uint32) {}
	}
}
