package ptxvm

// A wgmma operand in shared memory is named by a 64-bit descriptor: where it
// begins, two strides, and the swizzle. The layouts are those of the PTX manual
// ("Asynchronous Warpgroup Level Matrix Shared Memory Layout").

type matrixDescriptor struct {
	start           uint64
	leading, stride uint64 // byte offsets
	swizzle         Swizzle
}

// descriptor takes a descriptor apart.
func (w *warp) descriptor(in *inst, v uint64) matrixDescriptor {
	field := func(at uint) uint64 { return v >> at & 0x3fff << 4 }
	if v>>49&7 != 0 {
		w.fault(in, 0, Trapped, "descriptor %#x has a base offset: only tiles on whole patterns are modelled", v)
	}
	return matrixDescriptor{field(0), field(16), field(32), [...]Swizzle{SwizzleNone, Swizzle128, Swizzle64, Swizzle32}[v>>62]}
}

// at is the address of an element of `bytes` bytes: row r along m or n, and c
// along k. Core matrices are 8 rows of 16 bytes.
func (m matrixDescriptor) at(r, c, bytes uint64, transposed bool) uint64 {
	span := m.swizzle.span()
	if !transposed { // k runs along the rows of memory
		c *= bytes
		if m.swizzle == SwizzleNone {
			return m.start + r/8*m.stride + c/16*m.leading + r%8*16 + c%16
		}
		return m.swizzle.apply(m.start + r/8*m.stride + r%8*span + c)
	}
	r *= bytes
	if m.swizzle == SwizzleNone {
		return m.start + r/16*m.stride + c/8*m.leading + c%8*16 + r%16
	}
	return m.swizzle.apply(m.start + r/span*m.leading + c/8*m.stride + c%8*span + r%span)
}

// readOperand reads rows [from, from+rows) of k elements, with every check of a read.
func (w *warp) readOperand(in *inst, f fragment, desc uint64, from, rows, k int, transposed bool) []float64 {
	d := w.descriptor(in, desc)
	bytes := uint64(f.bits / 8)
	out := make([]float64, rows*k)
	for r := range rows {
		for c := range k {
			addr := d.at(uint64(from+r), uint64(c), bytes, transposed)
			reg, off := w.place(in, 0, spaceShared, addr, bytes, reading)
			w.asyncReads(in, 0, off, bytes)
			out[r*k+c] = f.value(load(reg.data[off:], int(bytes)), 0)
		}
	}
	return out
}
