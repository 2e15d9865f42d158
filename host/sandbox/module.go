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
