package sandbox

// An instr is one decoded instruction of a function body.
type instr struct {
	start, end int // bytes in the body
	kind       instrKind
	index      uint32 // of the function, local, global or type it names
	targets    uint32 // of a br_table
	cost       int64  // units of work, a bulk operation's length apart
}

type instrKind uint8

const (
	opPlain  instrKind = iota
	opOpen             // block or if
	opLoop             // loop
	opElse             // else
	opEnd              // end
	opCall             // call or ref.func: index is a function
	opLocal            // index is a local
	opGlobal           // index is a global
	opTyped            // call_indirect: index is a type
	opBranch           // br_if
	opTable            // br_table
	opBulk             // its length in bytes or elements is on top of the stack
)

// Costs of what takes longer than an addition. They bound time, they are not
// prices: a unit is about a nanosecond.
const (
	costDiv  = 10
	costCall = 8
	costBulk = 20
	costGrow = 4096
)

// instr decodes one instruction of WebAssembly 2.0 with SIMD, the profile that
// wazero calls CoreFeaturesV2. Types are left to wazero's validator.
func (r *reader) instr() instr {
	in := instr{start: r.i, cost: 1}
	switch op := r.byte(); {
	case op == 0x02 || op == 0x04: // block, if
		in.kind = opOpen
		in.index = r.blockType()
	case op == 0x03:
		in.kind = opLoop
		in.index = r.blockType()
	case op == 0x05:
		in.kind, in.cost = opElse, 0
	case op == 0x0b:
		in.kind, in.cost = opEnd, 0
	case op == 0x0c: // br
		r.u32()
	case op == 0x0d: // br_if
		in.kind = opBranch
		r.u32()
	case op == 0x0e:
		in.kind = opTable
		n := r.count("branch targets", maxTargets)
		for range n + 1 {
			r.u32()
		}
		in.targets = uint32(n)
	case op == 0x10 || op == 0xd2: // call, ref.func
		in.kind, in.index, in.cost = opCall, r.u32(), costCall
	case op == 0x11: // call_indirect
		in.kind, in.index, in.cost = opTyped, r.u32(), costCall
		r.u32()
	case op == 0x00 || op == 0x01 || op == 0x0f || op == 0x1a || op == 0x1b || op == 0xd1:
	case op == 0x1c: // select with types
		for range r.count("types", 1) {
			r.byte()
		}
	case op >= 0x20 && op <= 0x22:
		in.kind, in.index = opLocal, r.u32()
	case op == 0x23 || op == 0x24:
		in.kind, in.index = opGlobal, r.u32()
	case op == 0x25 || op == 0x26: // table.get, table.set
		r.u32()
	case op >= 0x28 && op <= 0x3e: // loads and stores
		r.u32()
		r.u32()
	case op == 0x3f: // memory.size
		r.byte()
	case op == 0x40: // memory.grow
		r.byte()
		in.cost = costGrow
	case op == 0x41 || op == 0x42: // i32.const, i64.const
		r.s64()
	case op == 0x43:
		r.take(4)
	case op == 0x44:
		r.take(8)
	case op >= 0x45 && op <= 0xc4:
		switch op {
		case 0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82, 0x91, 0x95, 0x9f, 0xa3: // division, remainder, square root
			in.cost = costDiv
		}
	case op == 0xd0: // ref.null
		r.byte()
	case op == 0xfc:
		r.prefixFC(&in)
	case op == 0xfd:
		in.cost = 2
		r.prefixFD()
	default:
		r.i--
		r.fail("instruction %#02x is not in the profile", op)
	}
	in.end = r.i
	return in
}

// noType is the index of a block without a function type.
const noType = 1<<32 - 1

// blockType decodes a block type: empty, one value type, or the index of a
// function type.
func (r *reader) blockType() uint32 {
	t := r.s64()
	switch {
	case t >= 0 && t < noType:
		return uint32(t)
	case t >= -64 && t < 0: // one byte: a value type or 0x40
		return noType
	}
	r.fail("block type %d", t)
	return noType
}

func (r *reader) prefixFC(in *instr) {
	switch op := r.u32(); op {
	case 0, 1, 2, 3, 4, 5, 6, 7: // saturating truncation
	case 8: // memory.init
		in.kind, in.cost = opBulk, costBulk
		r.u32()
		r.byte()
	case 9, 13, 16: // data.drop, elem.drop, table.size
		r.u32()
	case 10: // memory.copy
		in.kind, in.cost = opBulk, costBulk
		r.byte()
		r.byte()
	case 11: // memory.fill
		in.kind, in.cost = opBulk, costBulk
		r.byte()
	case 12, 14: // table.init, table.copy
		in.kind, in.cost = opBulk, costBulk
		r.u32()
		r.u32()
	case 15, 17: // table.grow, table.fill
		in.kind, in.cost = opBulk, costBulk
		r.u32()
	default:
		r.fail("instruction 0xfc %d is not in the profile", op)
	}
}

func (r *reader) prefixFD() {
	switch op := r.u32(); {
	case op <= 11 || op == 92 || op == 93: // loads and stores
		r.u32()
		r.u32()
	case op == 12 || op == 13: // v128.const, shuffle
		r.take(16)
	case op >= 21 && op <= 34: // lane access
		r.byte()
	case op >= 84 && op <= 91: // lane loads and stores
		r.u32()
		r.u32()
		r.byte()
	case op > 255: // relaxed SIMD and later
		r.fail("instruction 0xfd %d is not in the profile", op)
	}
}
