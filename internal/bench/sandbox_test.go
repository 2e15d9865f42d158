package main

import (
	"context"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/sandbox"
)

const (
	turns = 5_000_000 // of the loop that computes
	calls = 20_000    // of the loop that calls the host
)

// guest returns a module that imports input_len, has one page of memory, and
// whose cloister_run goes n times round a loop:
//
//	(func (export "cloister_run") (result i32) (local $i i32) (local $x i64)
//	  i32.const n  local.set $i
//	  loop  <body>  local.get $i  i32.const 1  i32.sub  local.tee $i  br_if 0  end
//	  i32.const 0  local.get $x  i64.store  i32.const 0)
func guest(n uint32, body []byte) []byte {
	size := func(b []byte) []byte { return append(leb(uint32(len(b))), b...) }
	section := func(id byte, b []byte) []byte { return append([]byte{id}, size(b)...) }
	name := func(s string) []byte { return size([]byte(s)) }
	code := slices.Concat([]byte{2, 1, 0x7f, 1, 0x7e, 0x41}, leb(n), []byte{0x21, 0, 0x03, 0x40}, body,
		[]byte{0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x41, 0, 0x20, 1, 0x37, 3, 0, 0x41, 0, 0x0b})
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, []byte{1, 0x60, 0, 1, 0x7f}),
		section(2, slices.Concat([]byte{1}, name(abi.ImportModule), name("input_len"), []byte{0, 0})),
		section(3, []byte{1, 0}),
		section(5, []byte{1, 1, 1, 1}),
		section(7, slices.Concat([]byte{2}, name(abi.ExportMemory), []byte{2, 0}, name("cloister_run"), []byte{0, 1})),
		section(10, append([]byte{1}, size(code)...)))
}

// leb is n as a signed or unsigned LEB128 number: it ends in a byte with room
// for the sign.
func leb(n uint32) []byte {
	var b []byte
	for n >= 0x40 {
		b, n = append(b, byte(n)|0x80), n>>7
	}
	return append(b, byte(n))
}

var (
	nothing = []byte{}
	callOut = []byte{0x10, 0, 0x1a} // call input_len, drop
	compute = []byte{               // x = 31x + 7, then xor with itself shifted: nothing to unroll or leave out
		0x20, 1, 0x42, 31, 0x7e, 0x42, 7, 0x7c, 0x21, 1,
		0x20, 1, 0x20, 1, 0x42, 13, 0x88, 0x85, 0x21, 1,
	}
)

// A run of an empty app, in the sandbox and in a bare wazero.
func BenchmarkInstantiate(b *testing.B) { versus(b, wazero.NewRuntimeConfig(), 20, guest(1, nothing)) }

// An app that only calls the host.
func BenchmarkHostCalls(b *testing.B) { versus(b, wazero.NewRuntimeConfig(), 1, guest(calls, callOut)) }

// An app that only computes: the sandbox's meter against no bound at all.
func BenchmarkMetered(b *testing.B) { versus(b, wazero.NewRuntimeConfig(), 1, guest(turns, compute)) }

// The same against the bound that wazero itself offers.
func BenchmarkStoppable(b *testing.B) {
	versus(b, wazero.NewRuntimeConfig().WithCloseOnContextDone(true), 1, guest(turns, compute))
}

func versus(b *testing.B, cfg wazero.RuntimeConfig, n int, wasm []byte) {
	ctx, stop := context.WithCancel(b.Context())
	b.Cleanup(stop)
	rt, app := load(b, wasm)
	bare := wazero.NewRuntimeWithConfig(ctx, cfg)
	b.Cleanup(func() { bare.Close(context.Background()) })
	inputLen := api.GoModuleFunc(func(_ context.Context, _ api.Module, stack []uint64) { stack[0] = 0 })
	_, err := bare.NewHostModuleBuilder(abi.ImportModule).NewFunctionBuilder().
		WithGoModuleFunction(inputLen, nil, []api.ValueType{api.ValueTypeI32}).Export("input_len").Instantiate(ctx)
	if err != nil {
		b.Fatal(err)
	}
	compiled, err := bare.CompileModule(ctx, wasm)
	if err != nil {
		b.Fatal(err)
	}
	grant := gate.Local(wire.Limits{}, wire.Limits{}, wire.Policy{})
	duel(b, n, func() {
		if _, err := rt.Run(ctx, grant, app, sandbox.Env{}); err != nil {
			b.Fatal(err)
		}
	}, func() {
		m, err := bare.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName(""))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := m.ExportedFunction("cloister_run").Call(ctx); err != nil {
			b.Fatal(err)
		}
		if err := m.Close(ctx); err != nil {
			b.Fatal(err)
		}
	})
}

func load(b *testing.B, wasm []byte) (*sandbox.Runtime, *sandbox.App) {
	b.Helper()
	rt, err := sandbox.New(b.Context(), sandbox.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { rt.Close(context.Background()) })
	app, err := rt.Load(b.Context(), wasm)
	if err != nil {
		b.Fatal(err)
	}
	return rt, app
}
