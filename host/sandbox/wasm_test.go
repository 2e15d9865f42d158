package sandbox_test

import (
	"encoding/binary"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/host/sandbox"
)

// A wasmModule is a module in the making: enough of an assembler for guests of
// a few instructions.
type wasmModule struct {
	types   [][]byte
	imports [][]byte
	funcs   []uint32
	tables  [][]byte
	memory  []byte // limits; nil: none
	globals [][]byte
	exports [][]byte
	start   []byte
	elems   [][]byte
	code    [][]byte
	data    [][]byte
	custom  []byte
}

const (
	i32 = 0x7f
	i64 = 0x7e
)

func leb(v uint32) []byte {
	var b []byte
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// sleb is a signed i32 constant.
func sleb(v int32) []byte {
	var b []byte
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

func str(s string) []byte { return append(leb(uint32(len(s))), s...) }

func (m *wasmModule) typ(params, results []byte) uint32 {
	m.types = append(m.types, cat([]byte{0x60}, leb(uint32(len(params))), params, leb(uint32(len(results))), results))
	return uint32(len(m.types) - 1)
}

func (m *wasmModule) imp(module, name string, params, results []byte) uint32 {
	t := m.typ(params, results)
	m.imports = append(m.imports, cat(str(module), str(name), []byte{0}, leb(t)))
	return uint32(len(m.imports) - 1)
}

// v1 imports a cloister_v1 function.
func (m *wasmModule) v1(name string) uint32 {
	i := slices.IndexFunc(sandbox.Imports(), func(im sandbox.Import) bool { return im.Name == name })
	return m.imp(abi.ImportModule, name, slices.Repeat([]byte{i32}, sandbox.Imports()[i].Params), []byte{i32})
}

// fn defines a function; imports come first.
func (m *wasmModule) fn(params, results, locals, body []byte) uint32 {
	m.funcs = append(m.funcs, m.typ(params, results))
	var decl []byte
	for _, l := range locals {
		decl = append(decl, 1, l)
	}
	code := cat(leb(uint32(len(locals))), decl, body, []byte{0x0b})
	m.code = append(m.code, cat(leb(uint32(len(code))), code))
	return uint32(len(m.imports) + len(m.funcs) - 1)
}

func (m *wasmModule) export(name string, kind byte, index uint32) {
	m.exports = append(m.exports, cat(str(name), []byte{kind}, leb(index)))
}

// run defines and exports cloister_run.
func (m *wasmModule) run(locals, body []byte) {
	m.export(abi.ExportRun, 0, m.fn(nil, []byte{i32}, locals, body))
}

func (m *wasmModule) bytes() []byte {
	out := []byte("\x00asm\x01\x00\x00\x00")
	section := func(id byte, body []byte) {
		out = cat(out, []byte{id}, leb(uint32(len(body))), body)
	}
	vector := func(id byte, elements [][]byte) {
		if len(elements) > 0 {
			section(id, cat(leb(uint32(len(elements))), cat(elements...)))
		}
	}
	vector(1, m.types)
	vector(2, m.imports)
	var funcs [][]byte
	for _, f := range m.funcs {
		funcs = append(funcs, leb(f))
	}
	vector(3, funcs)
	vector(4, m.tables)
	if m.memory != nil {
		vector(5, [][]byte{m.memory})
	}
	vector(6, m.globals)
	vector(7, m.exports)
	if m.start != nil {
		section(8, m.start)
	}
	vector(9, m.elems)
	vector(10, m.code)
	vector(11, m.data)
	if m.custom != nil {
		section(0, m.custom)
	}
	return out
}

// app is a module with a memory of one to most pages.
func app(most uint32) *wasmModule {
	m := &wasmModule{memory: cat([]byte{1, 1}, leb(most))}
	m.export(abi.ExportMemory, 2, 0)
	return m
}

func constI32(v int32) []byte     { return append([]byte{0x41}, sleb(v)...) }
func callFn(i uint32) []byte      { return append([]byte{0x10}, leb(i)...) }
func getLocal(i uint32) []byte    { return append([]byte{0x20}, leb(i)...) }
func setLocal(i uint32) []byte    { return append([]byte{0x21}, leb(i)...) }
func memImm(offset uint32) []byte { return append([]byte{2}, leb(offset)...) }

var (
	drop    = []byte{0x1a}
	loadI32 = func(offset uint32) []byte { return append([]byte{0x28}, memImm(offset)...) }
	add     = []byte{0x6a}
	mul     = []byte{0x6c}
)

// The driver is an app that makes the calls its input lists: with it a test
// says in Go what an app does, call by call, wrong arguments included.
//
// Input: u32 number of calls; per call u32 import, then nine arguments, each
// u32 indirect and u32 value (an address to load from when indirect); then
// data. The whole input lies at address 0. Call k's result goes to
// driverResults + 4k.
const (
	driverResults = 1 << 20
	driverScratch = 2 << 20
	driverReturn  = driverResults - 4
	driverOp      = 4 + 9*8
)

func driver() []byte {
	m := &wasmModule{memory: cat([]byte{1}, leb(64), leb(1024))}
	m.export(abi.ExportMemory, 2, 0)
	all := sandbox.Imports()
	index := map[string]uint32{}
	for _, im := range all {
		index[im.Name] = m.v1(im.Name)
	}
	nine := slices.Repeat([]byte{i32}, 9)
	var wrappers []byte
	for _, im := range all {
		var body []byte
		for j := range im.Params {
			body = cat(body, getLocal(uint32(j)))
		}
		wrappers = cat(wrappers, leb(m.fn(nine, []byte{i32}, nil, cat(body, callFn(index[im.Name])))))
	}
	uniform := m.typ(nine, []byte{i32})
	m.tables = [][]byte{cat([]byte{0x70, 1}, leb(uint32(len(all))), leb(uint32(len(all))))}
	m.elems = [][]byte{cat([]byte{0}, constI32(0), []byte{0x0b}, leb(uint32(len(all))), wrappers)}

	const k, p = 0, 1
	body := cat(
		constI32(0), constI32(0), callFn(index["input_len"]), callFn(index["input_read"]), drop,
		[]byte{0x02, 0x40, 0x03, 0x40},                              // block loop
		getLocal(k), constI32(0), loadI32(0), []byte{0x4f, 0x0d, 1}, // k >= n: leave
		getLocal(k), constI32(driverOp), mul, constI32(4), add, setLocal(p),
		getLocal(k), constI32(4), mul, // where the result goes
	)
	for j := range uint32(9) {
		body = cat(body, getLocal(p), loadI32(4+8*j), []byte{0x04, i32}, // if indirect
			getLocal(p), loadI32(8+8*j), loadI32(0), []byte{0x05}, getLocal(p), loadI32(8+8*j), []byte{0x0b})
	}
	body = cat(body,
		getLocal(p), loadI32(0), []byte{0x11}, leb(uniform), []byte{0}, // call_indirect
		[]byte{0x36}, memImm(driverResults), // store
		getLocal(k), constI32(1), add, setLocal(k),
		[]byte{0x0c, 0, 0x0b, 0x0b}, // again
		constI32(0), loadI32(driverReturn),
	)
	m.run([]byte{i32, i32}, body)
	return m.bytes()
}

// A script is the input of the driver.
type script struct {
	ops     [][]uint32 // import, then pairs
	data    []byte
	fixups  [][2]int // op, argument: relative to the data
	scratch uint32
}

// A ref is an argument: the word at an address of the guest's memory.
type ref uint32

// A blob is an argument: the address of data in the script.
type blob uint32

// do adds a call and returns where its result will be. Arguments are int,
// uint32, ref, blob, or a string, which becomes two: address and length.
func (s *script) do(name string, args ...any) ref {
	i := slices.IndexFunc(sandbox.Imports(), func(im sandbox.Import) bool { return im.Name == name })
	op := []uint32{uint32(i)}
	push := func(indirect, v uint32) { op = append(op, indirect, v) }
	for _, a := range args {
		switch a := a.(type) {
		case int:
			push(0, uint32(a))
		case uint32:
			push(0, a)
		case abi.DType:
			push(0, uint32(a))
		case ref:
			push(1, uint32(a))
		case blob:
			s.fixups = append(s.fixups, [2]int{len(s.ops), len(op) + 1})
			push(0, uint32(a))
		case string:
			s.fixups = append(s.fixups, [2]int{len(s.ops), len(op) + 1})
			push(0, uint32(s.bytes([]byte(a))))
			push(0, uint32(len(a)))
		default:
			panic("script: argument of unknown type")
		}
	}
	if i < 0 || len(op) != 1+2*sandbox.Imports()[i].Params {
		panic("script: " + name + " called wrongly")
	}
	for len(op) < 1+2*9 {
		push(0, 0)
	}
	s.ops = append(s.ops, op)
	return ref(driverResults + 4*(len(s.ops)-1))
}

// bytes adds data.
func (s *script) bytes(b []byte) blob {
	for len(s.data)%8 != 0 {
		s.data = append(s.data, 0)
	}
	at := len(s.data)
	s.data = append(s.data, b...)
	return blob(at)
}

// dims adds dimensions.
func (s *script) dims(d ...int64) blob {
	var b []byte
	for _, x := range d {
		b = binary.LittleEndian.AppendUint64(b, uint64(x))
	}
	return s.bytes(b)
}

// room returns an address with n bytes free.
func (s *script) room(n uint32) uint32 {
	at := driverScratch + s.scratch
	s.scratch += (n + 7) &^ 7
	return at
}

func (s *script) encode() []byte {
	base := uint32(4 + driverOp*len(s.ops))
	base = (base + 7) &^ 7
	for _, f := range s.fixups {
		s.ops[f[0]][f[1]] += base
	}
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(s.ops)))
	for _, op := range s.ops {
		for _, w := range op {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
	}
	for uint32(len(b)) < base {
		b = append(b, 0)
	}
	return append(b, s.data...)
}
