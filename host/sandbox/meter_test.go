package sandbox_test

import (
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/sandbox"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// everything is a module that names functions in every way there is, and loops
// and moves memory in most.
func everything() []byte {
	m := &wasmModule{memory: []byte{1, 1, 2}}
	m.export(abi.ExportMemory, 2, 0)
	one := []byte{i32}
	inc := m.fn(one, one, nil, cat(getLocal(0), constI32(1), add))
	double := m.fn(one, one, nil, cat(getLocal(0), constI32(2), mul))
	unary := m.typ(one, one)
	m.tables = [][]byte{{0x70, 0, 4}} // no maximum of its own
	m.globals = [][]byte{cat([]byte{0x70, 0, 0xd2}, leb(inc), []byte{0x0b}), cat([]byte{i32, 1}, constI32(5), []byte{0x0b})}
	m.elems = [][]byte{
		cat([]byte{0}, constI32(0), []byte{0x0b, 2}, leb(inc), leb(double)), // active, indices
		cat([]byte{5, 0x70, 1, 0xd2}, leb(double), []byte{0x0b}),            // passive, expressions
		cat([]byte{3, 0, 1}, leb(inc)),                                      // declarative
		cat([]byte{2, 0}, constI32(3), []byte{0x0b, 0, 1}, leb(inc)),        // active, table named
	}
	m.data = [][]byte{cat([]byte{0}, constI32(100), []byte{0x0b}, str("hello"))}
	indirect := func(i int32) []byte { return cat(constI32(i), []byte{0x11}, leb(unary), []byte{0}) }
	m.run([]byte{i32, i32}, cat(
		constI32(0),
		[]byte{0x03}, leb(unary), // loop (param i32) (result i32)
		constI32(3), add, []byte{0x22, 0}, // tee
		getLocal(0), constI32(1000), []byte{0x48, 0x0d, 0, 0x0b}, // < 1000: again
		indirect(0), indirect(1), // 1002 → 1003 → 2006
		constI32(2), constI32(0), constI32(1), []byte{0xfc, 12, 1, 0}, // table.init
		indirect(2), indirect(3), // 4012 → 4013
		constI32(2), []byte{0x23, 0, 0x26, 0}, // table.set from the global
		indirect(2), // 4014
		setLocal(1),
		constI32(200), constI32(100), constI32(5), []byte{0xfc, 10, 0, 0}, // memory.copy
		constI32(300), constI32(7), constI32(9), []byte{0xfc, 11, 0}, // memory.fill
		getLocal(1), constI32(0), loadI32(201), add, constI32(0), loadI32(303), add,
		[]byte{0xd0, 0x70}, constI32(3), []byte{0xfc, 15, 0}, add, // table.grow: 4
		[]byte{0x02, 0x40, 0x02, 0x40}, constI32(1), []byte{0x0e, 2, 0, 1, 0, 0x0b, 0x0b}, // br_table
		[]byte{0x23, 1}, add, []byte{0xd2}, leb(inc), []byte{0xd1}, add, // global, ref.func, ref.is_null
		callFn(double),
	))
	m.custom = str("name")
	return m.bytes()
}

// The meter changes nothing that a module computes.
func TestAMeteredModuleComputesTheSame(t *testing.T) {
	ctx := t.Context()
	run := func(wasm []byte) (result uint64, ticks int) {
		rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2))
		defer rt.Close(ctx)
		meter := rt.NewHostModuleBuilder("cloister_meter").NewFunctionBuilder().WithFunc(func() { ticks++ }).Export("tick")
		if _, err := meter.Instantiate(ctx); err != nil {
			t.Fatal(err)
		}
		m, err := rt.Instantiate(ctx, wasm)
		if err != nil {
			t.Fatal(err)
		}
		res, err := m.ExportedFunction(abi.ExportRun).Call(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return res[0], ticks
	}
	plain := everything()
	metered, err := sandbox.Metered(plain)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := run(plain)
	got, _ := run(metered)
	if got != want || want == 0 {
		t.Errorf("metered = %d, plain = %d", got, want)
	}
	again, err := sandbox.Metered(plain)
	if err != nil || string(again) != string(metered) {
		t.Errorf("metering twice gave two modules, %v", err)
	}
}

// A table ends where the sandbox says, whatever the module says.
func TestTablesAreBounded(t *testing.T) {
	rt := newRuntime(t)
	m := app(1)
	m.tables = [][]byte{{0x70, 0, 4}}
	m.run(nil, cat([]byte{0xd0, 0x70}, constI32(65_533), []byte{0xfc, 15, 0}))
	if _, err := rt.Run(t.Context(), local(wire.Limits{}), load(t, rt, m.bytes()), sandbox.Env{}); err == nil || !strings.Contains(err.Error(), "returned -1") {
		t.Errorf("growing a table to 65537 entries: %v, want the -1 of table.grow", err)
	}
}

// A loop of a million rounds ticks as often as its code is long, no less.
func TestTicksComeInTime(t *testing.T) {
	ctx := t.Context()
	m := app(1)
	body := cat(getLocal(0), constI32(1), add, []byte{0x22, 0}, constI32(1_000_000), []byte{0x48, 0x0d, 0}) // seven instructions
	m.run([]byte{i32}, cat([]byte{0x03, 0x40}, body, []byte{0x0b}, constI32(0)))
	metered, err := sandbox.Metered(m.bytes())
	if err != nil {
		t.Fatal(err)
	}
	rt := wazero.NewRuntime(ctx)
	defer rt.Close(ctx)
	ticks := 0
	if _, err := rt.NewHostModuleBuilder("cloister_meter").NewFunctionBuilder().WithFunc(func() { ticks++ }).Export("tick").Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
	mod, err := rt.Instantiate(ctx, metered)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mod.ExportedFunction(abi.ExportRun).Call(ctx); err != nil {
		t.Fatal(err)
	}
	if ticks < 6 || ticks > 9 { // 8 million units in slices of a mebi
		t.Errorf("%d ticks, want about 7", ticks)
	}
}
