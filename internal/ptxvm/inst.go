package ptxvm

// vec is one register of a warp: a value for each lane, zero-extended to 64
// bits. A predicate is a mask instead, one bit for each lane.
type vec [lanes]uint64

const full = ^uint32(0)

// control says what an instruction does to the flow of a warp.
type control uint8

const (
	straight control = iota
	branch
	leave   // ret, exit
	barrier // bar.sync and its kin: may block
	warpBar // bar.warp.sync
)

// An inst is a decoded instruction: operands are slots of the register file,
// immediates among them, and what to do is a function.
type inst struct {
	run func(w *warp, in *inst, mask uint32)
	one func(d, a *vec)
	two func(d, a, b *vec)
	tri func(d, a, b, c *vec)
	cmp func(a, b *vec) uint32

	control    control
	not        bool  // the guard is negated
	guard      int32 // predicate, or -1
	d, a, b, c int32 // slots
	p, q, r    int32 // predicates: two results and an operand, or -1
	rnot       bool
	target     int32 // of a branch
	join       int32 // where the lanes a branch splits meet again, or -1
	line       int32

	space  space
	size   uint8 // bytes of an element in memory
	count  uint8 // elements of a vector
	atomic bool  // ordered or volatile access
	sign   uint8 // a loaded element is sign-extended from size to this many bytes, if not 0
	off    uint64
	imm    uint64
	list   []int32 // further operands

	uses, defs   []int32 // registers read and written, for the checks of what is defined
	puses, pdefs []int32
	flows        bool // a plain copy from a to d, of what was never written too
	text         string
	extra        any // what only one kind of instruction has
}

// fixed is a slot that holds the same value in every lane of every warp: an
// immediate, or an address known when the module is loaded.
type fixed struct {
	slot   int32
	value  uint64
	symbol *variable // added to value, once its address is known
}

// special is a slot that holds a special register.
type special struct {
	slot int32
	name string
}

// The loops that most instructions run through. A partial mask computes all
// lanes aside and keeps those that run.

func runOne(w *warp, in *inst, mask uint32) {
	if mask == full {
		in.one(&w.regs[in.d], &w.regs[in.a])
		return
	}
	in.one(&w.aside, &w.regs[in.a])
	w.keep(in.d, mask)
}

func runTwo(w *warp, in *inst, mask uint32) {
	if mask == full {
		in.two(&w.regs[in.d], &w.regs[in.a], &w.regs[in.b])
		return
	}
	in.two(&w.aside, &w.regs[in.a], &w.regs[in.b])
	w.keep(in.d, mask)
}

func runTri(w *warp, in *inst, mask uint32) {
	if mask == full {
		in.tri(&w.regs[in.d], &w.regs[in.a], &w.regs[in.b], &w.regs[in.c])
		return
	}
	in.tri(&w.aside, &w.regs[in.a], &w.regs[in.b], &w.regs[in.c])
	w.keep(in.d, mask)
}

// keep copies the lanes of mask from w.aside to a register.
func (w *warp) keep(slot int32, mask uint32) {
	d := &w.regs[slot]
	for l := range d {
		if mask>>l&1 != 0 {
			d[l] = w.aside[l]
		}
	}
}

func each1(f func(a uint64) uint64) func(d, a *vec) {
	return func(d, a *vec) {
		for l := range d {
			d[l] = f(a[l])
		}
	}
}

func each2(f func(a, b uint64) uint64) func(d, a, b *vec) {
	return func(d, a, b *vec) {
		for l := range d {
			d[l] = f(a[l], b[l])
		}
	}
}

func each3(f func(a, b, c uint64) uint64) func(d, a, b, c *vec) {
	return func(d, a, b, c *vec) {
		for l := range d {
			d[l] = f(a[l], b[l], c[l])
		}
	}
}
