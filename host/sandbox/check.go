package sandbox

import (
	"fmt"
	"strings"

	"github.com/cloister-ai/cloister/abi"

	"github.com/tetratelabs/wazero/api"
)

// Check says whether wasm may become an app: a bounded WebAssembly 2.0 module
// that imports nothing but what the tables of this package list, has one
// memory, runs nothing by itself, and exports cloister_run. Errors: Denied for
// an import no app may have, else Invalid; the text names the offset or the
// thing that is wrong.
//
// It compiles nothing, so it is cheap and safe on any bytes.
func Check(wasm []byte) error {
	_, err := check(wasm)
	return err
}

func check(wasm []byte) (*module, error) {
	m, err := parseModule(wasm)
	if err == nil {
		err = m.checkImports()
	}
	if err == nil {
		err = m.checkExports()
	}
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return m, nil
}

// checkImports holds every import against the tables, name and signature.
func (m *module) checkImports() error {
	for _, im := range m.imports {
		want, ok := importTypes[im.module+"."+im.name]
		if !ok {
			return fmt.Errorf("module imports %s.%s, which no app may have: %w", printable(im.module, 64), printable(im.name, 64), abi.Denied)
		}
		if have := m.types[im.typ]; !have.equal(want) {
			return fmt.Errorf("module imports %s.%s as %v, it is %v: %w", im.module, im.name, have, want, abi.Invalid)
		}
	}
	return nil
}

// checkExports wants the memory, and functions of the right types under the
// names the host calls.
func (m *module) checkExports() error {
	seen := map[string]export{}
	for _, e := range m.exports {
		if _, again := seen[e.name]; again {
			return fmt.Errorf("module exports %q twice: %w", printable(e.name, 64), abi.Invalid)
		}
		seen[e.name] = e
		if e.kind == 3 && int64(e.index) >= int64(m.globals) {
			return fmt.Errorf("module exports global %d of %d: %w", e.index, m.globals, abi.Invalid)
		}
	}
	if e, ok := seen[abi.ExportMemory]; !ok || e.kind != 2 {
		return fmt.Errorf("module does not export its memory as %q: %w", abi.ExportMemory, abi.Invalid)
	}
	run, ok := seen[abi.ExportRun]
	if !ok {
		return fmt.Errorf("module does not export %s: %w", abi.ExportRun, abi.Invalid)
	}
	if err := m.checkEntry(run, funcType{results: []byte{api.ValueTypeI32}}); err != nil {
		return err
	}
	if e, ok := seen[abi.ExportInitialize]; ok {
		return m.checkEntry(e, funcType{})
	}
	return nil
}

// checkEntry wants e to be a function of the given type that the module itself
// defines.
func (m *module) checkEntry(e export, want funcType) error {
	i := int64(e.index) - int64(len(m.imports))
	if e.kind != 0 || i < 0 || i >= int64(len(m.funcs)) {
		return fmt.Errorf("export %s is no function of the module: %w", e.name, abi.Invalid)
	}
	if have := m.types[m.funcs[i]]; !have.equal(want) {
		return fmt.Errorf("export %s is %v, it must be %v: %w", e.name, have, want, abi.Invalid)
	}
	return nil
}

// String returns "(i32, i32) → (i32)".
func (t funcType) String() string { return tuple(t.params) + " → " + tuple(t.results) }

func tuple(types []byte) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = api.ValueTypeName(t)
	}
	return "(" + strings.Join(names, ", ") + ")"
}

// printable returns at most most bytes of s with everything odd replaced, for
// texts that end on somebody's terminal.
func printable(s string, most int) string {
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == '\u2028' || r == '\u2029' || (r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069'):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
