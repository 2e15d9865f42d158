package sandbox

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// Bounds on a module. Each keeps the compiler, which cannot be cancelled, from
// being the weapon: see the compile bombs in the tests.
const (
	maxModule   = 16 << 20
	maxTypes    = 10_000
	maxFuncs    = 50_000
	maxImports  = 256
	maxExports  = 10_000
	maxGlobals  = 10_000
	maxSegments = 100_000
	maxTable    = 65_536    // entries
	maxBody     = 512 << 10 // bytes of one function
	maxLocals   = 2_000
	maxTargets  = 16_384 // of one br_table
	maxNesting  = 16_384
	maxPages    = 65_536
	maxParams   = 64

	// Compile time grows with these. Each is a few seconds at the most; the
	// largest Go app we know reaches a twentieth.
	maxShape    = 64 << 20  // sum over functions of locals × blocks
	maxSquares  = 256 << 20 // sum over functions of blocks squared
	maxBranches = 512 << 20 // sum over br_tables of targets squared
)

// Numbers of the sections.
const (
	secCustom = iota
	secType
	secImport
	secFunction
	secTable
	secMemory
	secGlobal
	secExport
	secStart
	secElement
	secCode
	secData
	secDataCount
)

// sectionOrder is the order in which sections may stand.
var sectionOrder = [...]uint8{secType, secImport, secFunction, secTable, secMemory, secGlobal, secExport, secStart, secElement, secDataCount, secCode, secData}

// A module is what Check and the meter need to know about a wasm binary.
type module struct {
	sections map[byte]*reader // bodies, unread
	types    []funcType
	imports  []funcImport
	funcs    []uint32 // types of the functions the module defines
	globals  int
	table    *table // nil: none
	minPages uint32
	exports  []export
	bodies   []*reader
}

type funcType struct{ params, results []byte }

func (t funcType) equal(u funcType) bool {
	return bytes.Equal(t.params, u.params) && bytes.Equal(t.results, u.results)
}

// A table has a maximum even where the module gives none, so that table.grow
// ends where the sandbox says.
type table struct {
	element     byte
	least, most uint32
}

type funcImport struct {
	module, name string
	typ          uint32
}

type export struct {
	name  string
	kind  byte // 0 function, 1 table, 2 memory, 3 global
	index uint32
}

var magic = []byte("\x00asm\x01\x00\x00\x00")

// parseModule decodes b as far as the profile needs and refuses what lies
// outside it. All its errors are Invalid and name an offset.
func parseModule(b []byte) (*module, error) {
	if len(b) > maxModule {
		return nil, fmt.Errorf("module of %d bytes, at most %d: %w", len(b), maxModule, abi.Invalid)
	}
	if n := min(len(b), len(magic)); !bytes.Equal(b[:n], magic[:n]) {
		return nil, fmt.Errorf("byte 0: not a WebAssembly module of version 1: %w", abi.Invalid)
	}
	if len(b) < len(magic) {
		return nil, fmt.Errorf("byte %d: module is truncated: %w", len(b), abi.Invalid)
	}
	m := &module{sections: map[byte]*reader{}}
	r := &reader{b: b, i: len(magic)}
	next := 0
	for r.more() {
		at := r.i
		id := r.byte()
		body := r.sub(r.u32())
		if r.err != nil {
			break
		}
		if id == secCustom {
			continue
		}
		pos := slices.Index(sectionOrder[:], id)
		if pos < next {
			r.i = at
			r.fail("section %d is unknown or out of order", id)
			break
		}
		next = pos + 1
		m.sections[id] = body
	}
	if r.err != nil {
		return nil, r.err
	}
	for _, step := range []struct {
		id byte
		fn func(*reader)
	}{
		{secType, m.readTypes}, {secImport, m.readImports}, {secFunction, m.readFuncs}, {secTable, m.readTables},
		{secMemory, m.readMemory}, {secGlobal, m.readGlobals}, {secExport, m.readExports}, {secStart, m.readStart}, {secCode, m.readCode},
	} {
		s, ok := m.sections[step.id]
		if !ok {
			continue
		}
		s = &reader{b: s.b, base: s.base}
		if step.fn(s); s.err != nil {
			return nil, s.err
		}
	}
	if len(m.bodies) != len(m.funcs) {
		return nil, fmt.Errorf("%d functions declared, %d have a body: %w", len(m.funcs), len(m.bodies), abi.Invalid)
	}
	if m.sections[secMemory] == nil {
		return nil, fmt.Errorf("module has no memory, an app has exactly one: %w", abi.Invalid)
	}
	return m, m.readBodies()
}

func (m *module) readTypes(r *reader) {
	for range r.count("types", maxTypes) {
		if form := r.byte(); form != 0x60 {
			r.fail("type form %#02x is not a function", form)
		}
		t := funcType{params: r.take(uint32(r.count("parameters", maxParams)))}
		t.results = r.take(uint32(r.count("results", maxParams)))
		if r.err != nil {
			return
		}
		m.types = append(m.types, t)
	}
	r.end("type section")
}

func (m *module) readImports(r *reader) {
	for range r.count("imports", maxImports) {
		im := funcImport{module: r.name(), name: r.name()}
		if kind := r.byte(); kind != 0 {
			r.fail("module imports %s.%s, which is no function", printable(im.module, 64), printable(im.name, 64))
		}
		if im.typ = r.u32(); int64(im.typ) >= int64(len(m.types)) {
			r.fail("type %d of %d", im.typ, len(m.types))
		}
		if r.err != nil {
			return
		}
		m.imports = append(m.imports, im)
	}
	r.end("import section")
}

func (m *module) readFuncs(r *reader) {
	for range r.count("functions", maxFuncs) {
		t := r.u32()
		if int64(t) >= int64(len(m.types)) {
			r.fail("type %d of %d", t, len(m.types))
		}
		m.funcs = append(m.funcs, t)
	}
	r.end("function section")
}

func (m *module) readTables(r *reader) {
	for range r.count("tables", 1) {
		t := &table{element: r.byte()}
		flags := r.byte()
		t.least, t.most = r.u32(), maxTable
		switch flags {
		case 0: // no maximum: it gets ours
		case 1:
			t.most = min(r.u32(), maxTable)
		default:
			r.fail("table flags %#02x are not in the profile", flags)
		}
		if t.least > t.most {
			r.fail("table of %d to %d entries, at most %d", t.least, t.most, maxTable)
		}
		m.table = t
	}
	r.end("table section")
}

func (m *module) readMemory(r *reader) {
	if n := r.count("memories", 1); n != 1 {
		r.fail("%d memories, an app has exactly one", n)
		return
	}
	flags := r.byte()
	if flags > 1 {
		r.fail("memory flags %#02x: shared and 64-bit memories are not in the profile", flags)
		return
	}
	m.minPages = r.u32()
	if flags == 1 {
		if most := r.u32(); most < m.minPages {
			r.fail("memory of %d to %d pages", m.minPages, most)
		}
	}
	if m.minPages > maxPages {
		r.fail("memory of %d pages, at most %d", m.minPages, maxPages)
	}
	r.end("memory section")
}

func (m *module) readGlobals(r *reader) {
	m.globals = r.count("globals", maxGlobals)
	for range m.globals {
		r.byte()
		r.byte()
		m.constExpr(r, nil)
	}
	r.end("global section")
}

func (m *module) readExports(r *reader) {
	for range r.count("exports", maxExports) {
		e := export{name: r.name(), kind: r.byte(), index: r.u32()}
		if e.kind > 3 {
			r.fail("export %q is of kind %d", printable(e.name, 64), e.kind)
		}
		if r.err != nil {
			return
		}
		m.exports = append(m.exports, e)
	}
	r.end("export section")
}

func (m *module) readStart(r *reader) {
	r.fail("module has a start section: code may run in cloister_run only")
}

func (m *module) readCode(r *reader) {
	for range r.count("function bodies", maxFuncs) {
		n := r.u32()
		if n > maxBody {
			r.fail("function of %d bytes, at most %d", n, maxBody)
		}
		m.bodies = append(m.bodies, r.sub(n))
		if r.err != nil {
			return
		}
	}
	r.end("code section")
}

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
