package sandbox

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// readBodies checks each function against the bounds, once, before anything
// compiles it.
func (m *module) readBodies() error {
	var shape, squares, branches uint64
	for i, b := range m.bodies {
		f, err := m.readBody(i, b)
		if err != nil {
			return err
		}
		shape += uint64(f.locals) * uint64(f.blocks)
		squares += uint64(f.blocks) * uint64(f.blocks)
		branches += f.branches
	}
	if squares > maxSquares {
		return fmt.Errorf("module has %d blocks squared, at most %d: %w", squares, maxSquares, abi.Invalid)
	}
	if shape > maxShape {
		return fmt.Errorf("module has %d locals × blocks, at most %d: %w", shape, maxShape, abi.Invalid)
	}
	if branches > maxBranches {
		return fmt.Errorf("module has %d branch targets squared, at most %d: %w", branches, maxBranches, abi.Invalid)
	}
	return nil
}

// A body is what a pass over one function's code finds.
type body struct {
	locals   uint32  // parameters included
	declEnd  int     // where the local declarations end
	decls    uint32  // groups of them
	declAt   int     // where the first of them starts
	blocks   uint32  // of the control flow graph, roughly: what the compiler makes of it
	branches uint64  // sum of the squares of the branch tables' targets
	costs    []int64 // of the straight-line code outside loops, then of each loop without the loops in it
}

// readBody walks over the code of the i-th defined function.
func (m *module) readBody(i int, code *reader) (body, error) {
	r := &reader{b: code.b, base: code.base}
	params := m.types[m.funcs[i]].params
	f := body{costs: []int64{costCall}}
	locals := uint64(len(params))
	f.decls = uint32(r.count("groups of locals", maxLocals))
	f.declAt = r.i
	for range f.decls {
		locals += uint64(r.u32())
		r.byte()
	}
	if locals > maxLocals {
		r.fail("function has %d locals, at most %d", locals, maxLocals)
	}
	f.locals, f.declEnd = uint32(locals), r.i

	owner := []int{0} // per open block: which of f.costs it adds to
	for len(owner) > 0 && r.more() {
		in := r.instr()
		f.costs[owner[len(owner)-1]] += in.cost
		switch in.kind {
		case opOpen:
			f.blocks++
			owner = append(owner, owner[len(owner)-1])
		case opLoop:
			f.blocks += 4
			owner = append(owner, len(f.costs))
			f.costs = append(f.costs, 1)
		case opEnd:
			owner = owner[:len(owner)-1]
		case opBranch:
			f.blocks++
		case opBulk:
			f.blocks += 3
		case opTable:
			f.branches += uint64(in.targets) * uint64(in.targets)
		}
		m.checkIndex(r, in, f.locals)
		if len(owner) > maxNesting {
			r.fail("blocks nest deeper than %d", maxNesting)
		}
	}
	if r.err == nil && len(owner) > 0 {
		r.fail("function does not end")
	}
	r.end("function")
	return f, r.err
}

// checkIndex refuses indices that only exist after the meter added its own
// function, type, global and locals: else a module could reach them.
func (m *module) checkIndex(r *reader, in instr, locals uint32) {
	limit := uint64(1 << 32)
	switch in.kind {
	case opOpen, opLoop:
		if in.index == noType {
			return
		}
		limit = uint64(len(m.types))
	case opCall:
		limit = uint64(len(m.imports) + len(m.funcs))
	case opLocal:
		limit = uint64(locals)
	case opGlobal:
		limit = uint64(m.globals)
	case opTyped:
		limit = uint64(len(m.types))
	default:
		return
	}
	if uint64(in.index) >= limit {
		r.fail("index %d of %d", in.index, limit)
	}
}

// constExpr walks over a constant expression. Where a function is named, fn
// (if not nil) is told where the index stands.
func (m *module) constExpr(r *reader, fn func(start, end int, index uint32)) {
	for r.err == nil {
		switch op := r.byte(); op {
		case 0x0b:
			return
		case 0xd2:
			start := r.i
			index := r.u32()
			if uint64(index) >= uint64(len(m.imports)+len(m.funcs)) {
				r.fail("function %d of %d", index, len(m.imports)+len(m.funcs))
			}
			if fn != nil {
				fn(start, r.i, index)
			}
		case 0x41, 0x42:
			r.s64()
		case 0x43:
			r.take(4)
		case 0x44:
			r.take(8)
		case 0x23:
			if index := r.u32(); uint64(index) >= uint64(m.globals) {
				r.fail("global %d of %d", index, m.globals)
			}
		case 0xd0:
			r.byte()
		case 0xfd:
			if sub := r.u32(); sub != 12 {
				r.fail("instruction 0xfd %d in a constant", sub)
			}
			r.take(16)
		default:
			r.fail("instruction %#02x in a constant", op)
		}
	}
}
