package sandbox_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/host/sandbox"
)

func TestCheckAcceptsAnApp(t *testing.T) {
	if err := sandbox.Check(driver()); err != nil {
		t.Error(err)
	}
}

// Every way in which a module may not be an app, each by Kind and by a word
// that helps.
func TestCheckRefuses(t *testing.T) {
	good := func() *wasmModule {
		m := app(1)
		m.run(nil, constI32(0))
		return m
	}
	change := func(f func(m *wasmModule)) []byte {
		m := good()
		f(m)
		return m.bytes()
	}
	body := func(locals, code []byte) []byte {
		m := app(1)
		m.run(locals, code)
		return m.bytes()
	}
	for _, tt := range []struct {
		name string
		wasm []byte
		want abi.Kind
		text string
	}{
		{"no bytes", nil, abi.Invalid, "byte 0: module is truncated"},
		{"half a header", []byte("\x00asm\x01"), abi.Invalid, "byte 5: module is truncated"},
		{"something else", []byte("#!/bin/sh\n"), abi.Invalid, "byte 0: not a WebAssembly module"},
		{"a component", []byte("\x00asm\x0d\x00\x01\x00"), abi.Invalid, "not a WebAssembly module of version 1"},
		{"too large", append(good().bytes(), make([]byte, 16<<20)...), abi.Invalid, "at most 16777216"},
		{"truncated section", good().bytes()[:20], abi.Invalid, "module is truncated"},
		{"an import of the network", change(func(m *wasmModule) { m.funcs[0]++; _ = m; spoilImport(m, "env", "socket_open") }), abi.Denied, "module imports env.socket_open, which no app may have"},
		{"an import of WASI sockets", change(func(m *wasmModule) { m.funcs[0]++; spoilImport(m, "wasi_snapshot_preview1", "sock_send") }), abi.Denied, "wasi_snapshot_preview1.sock_send"},
		{"the meter's import", change(func(m *wasmModule) { m.funcs[0]++; spoilImport(m, "cloister_meter", "tick") }), abi.Denied, "cloister_meter.tick"},
		{"an import with another type", change(func(m *wasmModule) { m.funcs[0]++; spoilImport(m, "cloister_v1", "input_len") }), abi.Invalid, "cloister_v1.input_len as (i64) → (), it is () → (i32)"},
		{"an imported memory", change(func(m *wasmModule) {
			m.imports = append(m.imports, cat(str("env"), str("memory"), []byte{2, 0, 1}))
		}), abi.Invalid, "env.memory, which is no function"},
		{"a start section", change(func(m *wasmModule) { m.start = leb(0) }), abi.Invalid, "start section"},
		{"no memory", change(func(m *wasmModule) { m.memory = nil }), abi.Invalid, "no memory"},
		{"a shared memory", change(func(m *wasmModule) { m.memory = []byte{3, 1, 1} }), abi.Invalid, "shared"},
		{"a memory that is not exported", change(func(m *wasmModule) { m.exports = m.exports[1:] }), abi.Invalid, `does not export its memory as "memory"`},
		{"no cloister_run", change(func(m *wasmModule) { m.exports = m.exports[:1] }), abi.Invalid, "does not export cloister_run"},
		{"cloister_run of another type", change(func(m *wasmModule) { m.types[0] = []byte{0x60, 0, 1, i64} }), abi.Invalid, "export cloister_run is () → (i64), it must be () → (i32)"},
		{"an export twice", change(func(m *wasmModule) { m.export(abi.ExportRun, 0, 0) }), abi.Invalid, `exports "cloister_run" twice`},
		{"a table too large", change(func(m *wasmModule) { m.tables = [][]byte{cat([]byte{0x70, 0}, leb(1<<20))} }), abi.Invalid, "at most 65536"},
		{"a 64-bit table", change(func(m *wasmModule) { m.tables = [][]byte{{0x70, 4, 1}} }), abi.Invalid, "table flags 0x04"},
		{"two tables", change(func(m *wasmModule) { m.tables = [][]byte{{0x70, 1, 1, 1}, {0x70, 1, 1, 1}} }), abi.Invalid, "2 tables, at most 1"},
		{"sections out of order", append(good().bytes(), 1, 1, 0), abi.Invalid, "section 1 is unknown or out of order"},
		{"an unknown section", append(good().bytes(), 13, 1, 0), abi.Invalid, "section 13 is unknown"},
		{"a function that does not end", change(func(m *wasmModule) { m.code[0] = []byte{2, 0, 0x41} }), abi.Invalid, "truncated"},
		{"a body too large", body(nil, cat(bytes.Repeat([]byte{1}, 600<<10), constI32(0))), abi.Invalid, "at most 524288"},
		{"too many locals", change(func(m *wasmModule) {
			c := cat([]byte{1}, leb(5000), []byte{i32}, constI32(0), []byte{0x0b})
			m.code[0] = cat(leb(uint32(len(c))), c)
		}), abi.Invalid, "5000 locals, at most 2000"},
		{"a branch table too large", body(nil, cat(constI32(0), []byte{0x0e}, leb(20000), make([]byte, 20001))), abi.Invalid, "20000 branch targets, at most 16384"},
		{"a threads instruction", body(nil, []byte{0xfe, 0x03, 0}), abi.Invalid, "instruction 0xfe is not in the profile"},
		{"a tail call", body(nil, []byte{0x12, 0}), abi.Invalid, "instruction 0x12"},
		{"the meter's counter", body(nil, []byte{0x23, 0}), abi.Invalid, "index 0 of 0"},
		{"the meter's locals", body(nil, getLocal(0)), abi.Invalid, "index 0 of 0"},
		{"the meter's function", body(nil, callFn(1)), abi.Invalid, "index 1 of 1"},
		{"the meter's type", body(nil, []byte{0x02, 0x01, 0x0b}), abi.Invalid, "index 1 of 1"},
		{"the meter's counter as an export", change(func(m *wasmModule) { m.export("g", 3, 0) }), abi.Invalid, "exports global 0 of 0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := sandbox.Check(tt.wasm)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("Check = %v; want %v with %q", err, tt.want, tt.text)
			}
		})
	}
}

// spoilImport adds an import of type (i64) → () in front of the module's own
// functions, as if they had come first.
func spoilImport(m *wasmModule, module, name string) {
	m.types = slices.Insert(m.types, 0, []byte{0x60, 1, i64, 0})
	m.imports = append(m.imports, cat(str(module), str(name), []byte{0, 0}))
	m.exports[1] = cat(str(abi.ExportRun), []byte{0, 1})
}

// Modules that only their sum makes into a bomb.
func TestCheckRefusesCompileBombs(t *testing.T) {
	t.Run("locals times blocks", func(t *testing.T) {
		m := app(1)
		ifs := bytes.Repeat(cat(constI32(0), []byte{0x04, 0x40, 0x0b}), 1_000)
		for range 40 {
			m.fn(nil, []byte{i32}, bytes.Repeat([]byte{i32}, 1990), cat(ifs, constI32(0)))
		}
		m.run(nil, constI32(0))
		if err := sandbox.Check(m.bytes()); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), "locals × blocks") {
			t.Errorf("Check = %v", err)
		}
	})
	for name, code := range map[string][]byte{
		"many ifs":      bytes.Repeat(cat(constI32(0), []byte{0x04, 0x40, 0x0b}), 20_000),
		"many loops":    bytes.Repeat([]byte{0x03, 0x40, 0x0b}, 5_000),
		"many branches": cat([]byte{0x02, 0x40}, bytes.Repeat(cat(constI32(0), []byte{0x0d, 0}), 20_000), []byte{0x0b}),
		"many fills":    bytes.Repeat(cat(constI32(0), constI32(0), constI32(0), []byte{0xfc, 11, 0}), 6_000),
	} {
		t.Run(name, func(t *testing.T) {
			m := app(1)
			m.run(nil, cat(code, constI32(0)))
			if err := sandbox.Check(m.bytes()); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), "blocks squared") {
				t.Errorf("Check = %v", err)
			}
		})
	}
	t.Run("branch tables", func(t *testing.T) {
		m := app(1)
		table := cat(constI32(0), []byte{0x0e}, leb(16000), make([]byte, 16001))
		m.run(nil, bytes.Repeat(table, 3))
		if err := sandbox.Check(m.bytes()); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), "branch targets squared") {
			t.Errorf("Check = %v", err)
		}
	})
}

// A module cut anywhere is refused, not crashed on.
func TestCheckRefusesEveryTruncation(t *testing.T) {
	wasm := driver()
	for i := range wasm {
		if err := sandbox.Check(wasm[:i]); !errors.Is(err, abi.Invalid) {
			t.Fatalf("Check of the first %d of %d bytes = %v", i, len(wasm), err)
		}
	}
}

// Whatever the bytes: Check returns, and what it accepts either goes through
// meter and compiler or is Invalid.
func FuzzCheck(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x00asm\x01\x00\x00\x00"))
	f.Add(driver())
	f.Add(everything())
	small := app(4)
	small.globals = [][]byte{{i32, 1, 0x41, 0, 0x0b}}
	small.run([]byte{i32}, cat([]byte{0x03, 0x40, 0x0b}, constI32(0), constI32(0), constI32(0), []byte{0xfc, 11, 0}, constI32(0)))
	f.Add(small.bytes())
	rt := newRuntime(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 {
			return // keeps the compiler out of the fuzzer's way
		}
		err := sandbox.Check(b)
		if err != nil {
			if k := abi.KindOf(err); k != abi.Invalid && k != abi.Denied {
				t.Errorf("Check = %v of kind %v", err, k)
			}
			return
		}
		if _, err := rt.Load(t.Context(), b); err != nil && abi.KindOf(err) != abi.Invalid {
			t.Errorf("Load = %v of kind %v", err, abi.KindOf(err))
		}
	})
}

func FuzzDecodeAttrs(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x02\x05group\x01\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x07\x04pads\x02\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x03\x08auto_pad\x05\x00\x00\x00VALID\x01\x05alpha\x00\x00\x80\x3f"))
	f.Add([]byte("\x06\x01f\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		attrs, err := sandbox.DecodeAttrs(b)
		if err != nil && !errors.Is(err, abi.Invalid) {
			t.Errorf("error %v of kind %v", err, abi.KindOf(err))
		}
		names := map[string]bool{}
		for _, a := range attrs {
			if err == nil && (a.Name == "" || names[a.Name]) {
				t.Errorf("accepted name %q", a.Name)
			}
			names[a.Name] = true
		}
	})
}
