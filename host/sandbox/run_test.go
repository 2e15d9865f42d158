package sandbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/sandbox"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
)

// echo copies its input to its output.
func echo() []byte {
	m := app(64)
	n, read, write := m.v1("input_len"), m.v1("input_read"), m.v1("output_write")
	m.run(nil, cat(
		constI32(0), constI32(0), callFn(n), callFn(read), drop,
		constI32(0), callFn(n), callFn(write)))
	return m.bytes()
}

func TestEcho(t *testing.T) {
	rt := newRuntime(t)
	a := load(t, rt, echo())
	for _, input := range []string{"", "hello", strings.Repeat("x", 60_000)} {
		out, err := rt.Run(t.Context(), local(wire.Limits{}), a, sandbox.Env{Input: []byte(input)})
		if err != nil || string(out.Bytes) != input {
			t.Errorf("Run = %d bytes, %v; want the %d of the input", len(out.Bytes), err, len(input))
		}
	}
}

func TestLoadCompilesOnceAndForgetsJunk(t *testing.T) {
	rt := newRuntime(t)
	a, again := load(t, rt, echo()), load(t, rt, echo())
	if a != again {
		t.Error("the same module became two apps")
	}
	if a.Digest() != abi.Sum(echo()) {
		t.Errorf("Digest = %v, want that of the module as it was given", a.Digest())
	}
	// Valid for Check, not for the compiler's validator: i32.add of nothing.
	m := app(1)
	m.run(nil, add)
	for range 2 {
		if _, err := rt.Load(t.Context(), m.bytes()); !errors.Is(err, abi.Invalid) {
			t.Errorf("Load = %v, want %v", err, abi.Invalid)
		}
	}
}

func TestACompileCacheOutlivesTheRuntime(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		rt, err := sandbox.New(t.Context(), sandbox.Config{CacheDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		out, err := rt.Run(t.Context(), local(wire.Limits{}), load(t, rt, echo()), sandbox.Env{Input: []byte("hi")})
		if err != nil || string(out.Bytes) != "hi" {
			t.Errorf("Run = %q, %v", out.Bytes, err)
		}
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

const forever = 0x0c // br 0

// Every way in which an app runs over a limit or into a wall: which Kind, and
// the words that name the limit.
func TestEachLimitNamesItself(t *testing.T) {
	loop := func(m *wasmModule, body []byte) []byte {
		m.run(nil, cat([]byte{0x03, 0x40}, body, []byte{forever, 0, 0x0b}, constI32(0)))
		return m.bytes()
	}
	for _, tt := range []struct {
		name   string
		wasm   func() []byte
		limits wire.Limits
		want   abi.Kind
		text   string
	}{
		{
			"a loop without host calls", func() []byte { return loop(app(1), nil) },
			wire.Limits{Wall: 50 * time.Millisecond}, abi.Exhausted, "sandbox: stopped: wall limit 50ms: exhausted",
		},
		{
			"a loop of host calls", func() []byte {
				m := app(1)
				n := m.v1("input_len")
				return loop(m, cat(callFn(n), drop))
			}, wire.Limits{Wall: 50 * time.Millisecond}, abi.Exhausted, "wall limit 50ms",
		},
		{
			"a call tree without loops", func() []byte {
				m := app(1)
				leaf := m.fn(nil, nil, nil, []byte{1})
				for range 40 { // 2^40 calls
					leaf = m.fn(nil, nil, nil, cat(callFn(leaf), callFn(leaf)))
				}
				m.run(nil, cat(callFn(leaf), constI32(0)))
				return m.bytes()
			}, wire.Limits{Wall: 50 * time.Millisecond}, abi.Exhausted, "wall limit 50ms",
		},
		{
			"straight-line bulk operations", func() []byte {
				m := &wasmModule{memory: cat([]byte{1}, leb(1024), leb(1024))}
				m.export(abi.ExportMemory, 2, 0)
				fill := cat(constI32(0), constI32(1), constI32(64<<20), []byte{0xfc, 11, 0})
				m.run(nil, cat(bytes.Repeat(fill, 1_000), constI32(0)))
				return m.bytes()
			}, wire.Limits{Wall: 50 * time.Millisecond, Memory: 1024}, abi.Exhausted, "wall limit 50ms",
		},
		{
			"recursion without end", func() []byte {
				m := app(1)
				m.run(nil, callFn(0))
				return m.bytes()
			}, wire.Limits{Wall: 20 * time.Second}, abi.Guest, "stack overflow",
		},
		{
			"output", func() []byte {
				m := app(1)
				write := m.v1("output_write")
				return loop(m, cat(constI32(0), constI32(3000), callFn(write), drop))
			}, wire.Limits{Output: 8000}, abi.Exhausted, "output_write: output of 9000 bytes, 8000 granted",
		},
		{
			"memory at the start", func() []byte {
				m := &wasmModule{memory: cat([]byte{0}, leb(300))}
				m.export(abi.ExportMemory, 2, 0)
				m.run(nil, constI32(0))
				return m.bytes()
			}, wire.Limits{Memory: 256}, abi.Exhausted, "starts with 300 pages of memory, 256 granted",
		},
		{
			"memory later", func() []byte {
				m := app(65536)
				m.run(nil, cat(constI32(1000), []byte{0x40, 0}, drop, []byte{0x00}))
				return m.bytes()
			}, wire.Limits{Memory: 256}, abi.Exhausted, "memory limit of 256 pages (16 MiB)",
		},
		{
			"a trap", func() []byte {
				m := app(1)
				m.run(nil, []byte{0x00})
				return m.bytes()
			}, wire.Limits{}, abi.Guest, "sandbox: app trapped: unreachable",
		},
		{
			"an address outside memory", func() []byte {
				m := app(1)
				m.run(nil, cat(constI32(-8), loadI32(0)))
				return m.bytes()
			}, wire.Limits{}, abi.Guest, "app trapped: out of bounds memory access",
		},
		{
			"an exit", func() []byte {
				m := app(1)
				exit := m.imp("wasi_snapshot_preview1", "proc_exit", []byte{i32}, nil)
				m.run(nil, cat(constI32(3), callFn(exit), constI32(0)))
				return m.bytes()
			}, wire.Limits{}, abi.Guest, "app exited with 3",
		},
		{
			"a panic", func() []byte { // as Go's runtime dies: words on descriptor 2, then a trap
				m := app(1)
				write := m.imp("wasi_snapshot_preview1", "fd_write", []byte{i32, i32, i32, i32}, []byte{i32})
				text := "panic: index out of range [9]\n\ngoroutine 1 [running]:\nmain.run()\n"
				m.data = [][]byte{cat([]byte{0}, constI32(0), []byte{0x0b}, str(string([]byte{16, 0, 0, 0, byte(len(text)), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})+text))}
				m.run(nil, cat(constI32(2), constI32(0), constI32(1), constI32(8), callFn(write), drop, []byte{0x00}))
				return m.bytes()
			}, wire.Limits{}, abi.Guest, "sandbox: app trapped: unreachable: panic: index out of range [9]: guest failure",
		},
		{
			"a number that is no kind", func() []byte {
				m := app(1)
				m.run(nil, constI32(-1000))
				return m.bytes()
			}, wire.Limits{}, abi.Guest, "app: returned -1000",
		},
		{
			"blame for the node", func() []byte { // an app may not say Internal or Unavailable
				m := app(1)
				m.run(nil, constI32(-int32(abi.Unavailable)))
				return m.bytes()
			}, wire.Limits{}, abi.Guest, "app: returned -5",
		},
		{
			"a virtual hour of sleeping", func() []byte {
				m := app(1)
				poll := m.imp("wasi_snapshot_preview1", "poll_oneoff", []byte{i32, i32, i32, i32}, []byte{i32})
				return loop(m, cat(constI32(0), constI32(64), constI32(1), constI32(128), callFn(poll), drop))
			}, wire.Limits{Wall: 30 * time.Second}, abi.Exhausted, "1048576 granted",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rt := newRuntime(t)
			out, err := rt.Run(t.Context(), local(tt.limits), load(t, rt, tt.wasm()), sandbox.Env{})
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("Run = %v; want %v with %q", err, tt.want, tt.text)
			}
			if out.Bytes != nil || out.Models != nil || out.Metrics != nil {
				t.Errorf("a failed run made %+v", out)
			}
		})
	}
}

// Many goroutines share a Runtime and an App.
func TestRunsSideBySide(t *testing.T) {
	rt := newRuntime(t)
	g, ctx := errgroup.WithContext(t.Context())
	for i := range 8 {
		g.Go(func() error {
			for j := range 20 {
				a, err := rt.Load(ctx, echo())
				if err != nil {
					return err
				}
				want := fmt.Sprint(i, j)
				out, err := rt.Run(ctx, local(wire.Limits{}), a, sandbox.Env{Input: []byte(want)})
				if err != nil || string(out.Bytes) != want {
					return fmt.Errorf("Run = %q, %v; want %q", out.Bytes, err, want)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// A caller that goes away stops the guest too, with the caller's reason.
func TestAnEndedContextStopsTheGuest(t *testing.T) {
	m := app(1)
	m.run(nil, []byte{0x03, 0x40, forever, 0, 0x0b, 0x41, 0})
	rt := newRuntime(t)
	a := load(t, rt, m.bytes())
	why := fmt.Errorf("lease lost: %w", abi.Unavailable)
	ctx, cancel := context.WithCancelCause(t.Context())
	go cancel(why)
	if _, err := rt.Run(ctx, local(wire.Limits{}), a, sandbox.Env{}); !errors.Is(err, why) {
		t.Errorf("Run = %v, want %v", err, why)
	}
}

func TestTheZeroGrantRunsNothing(t *testing.T) {
	rt := newRuntime(t)
	none := granted(t, wire.Limits{}, wire.Policy{}, wire.Policy{})
	if _, err := rt.Run(t.Context(), none, load(t, rt, echo()), sandbox.Env{}); err != nil {
		t.Fatal(err)
	}
	none = gate.Grant{}
	if _, err := rt.Run(t.Context(), none, load(t, rt, echo()), sandbox.Env{}); !errors.Is(err, abi.Denied) {
		t.Errorf("Run = %v, want %v", err, abi.Denied)
	}
}

// The app's own words reach the user: the last refusal, or the last line it
// logged as an error.
func TestAnAppFailsInItsOwnWords(t *testing.T) {
	rt := newRuntime(t)
	s := &script{}
	refused := s.do("param", "epochs", 0, 0)
	_ = refused
	s.do("input_read", 1<<30, 0, 0)
	env := sandbox.Env{Input: nil}

	for _, tt := range []struct {
		name string
		more func(*script)
		want string
	}{
		{"refusal", func(*script) {}, "sandbox: app: param: the job has no parameter \"epochs\": not found"},
		{"log", func(s *script) { s.do("log", 3, "image 2 is \x1b[31mno image: not found") }, "sandbox: app: image 2 is [31mno image: not found"},
		{"lower levels do not count", func(s *script) { s.do("log", 2, "warning") }, "sandbox: app: param: the job has no parameter \"epochs\": not found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &script{}
			tt.more(s)
			s.do("param", "epochs", 0, 0)
			// input_read copies the return value from the input to where the driver looks for it.
			s.data = append(s.data, 0, 0, 0, 0)
			at := s.bytes([]byte{0xfd, 0xff, 0xff, 0xff}) // -NotFound
			s.do("input_read", at, driverReturn, 4)
			env.Input = s.encode()
			_, err := rt.Run(t.Context(), local(wire.Limits{}), load(t, rt, driver()), env)
			if err == nil || err.Error() != tt.want || !errors.Is(err, abi.NotFound) {
				t.Errorf("Run = %v\nwant  %s", err, tt.want)
			}
		})
	}
}

// A host function that panics is our bug: the run fails as Internal, without
// the panic's words, and the next run works.
func TestAHostPanicEndsTheInstanceAndNothingElse(t *testing.T) {
	rt := newRuntime(t)
	s := &script{}
	s.do("progress", 1, 2, "x")
	_, _, err := play(t, rt, local(wire.Limits{}), sandbox.Env{Progress: func(uint64, uint64, string) { panic("secret 42") }}, s)
	if !errors.Is(err, abi.Internal) || strings.Contains(fmt.Sprint(err), "42") {
		t.Errorf("Run = %v, want %v without the panic's text", err, abi.Internal)
	}
	out, err := rt.Run(t.Context(), local(wire.Limits{}), load(t, rt, echo()), sandbox.Env{Input: []byte("still here")})
	if err != nil || string(out.Bytes) != "still here" {
		t.Errorf("Run = %q, %v", out.Bytes, err)
	}
}

func TestJobImports(t *testing.T) {
	rt := newRuntime(t)
	var said []string
	env := sandbox.Env{
		Params:   map[string]string{"epochs": "12"},
		Progress: func(done, total uint64, note string) { said = append(said, fmt.Sprint(done, "/", total, " ", note)) },
		Log:      func(level int, text string) { said = append(said, fmt.Sprint(level, " ", text)) },
	}
	s := &script{}
	at := s.room(16)
	s.do("param", "epochs", at, 16)    // 2
	s.do("param", "epochs", at+8, 1)   // still 2, one byte written
	s.do("param", "width", at, 16)     // not found
	s.do("progress", 1, 3, "epoch\n1") // control characters go
	s.do("log", 1, "hello")            //
	s.do("log", 9, "hello")            // no such level
	s.do("output_write", 1<<30, 4)     // outside memory
	s.do("output_write", -4, 8)        // wraps around
	s.do("input_read", 1<<30, at, 4)   // past the end
	s.do("random", at, 1<<30)          // too much
	s.do("error_text", at+8, 64)       // of the last refusal
	s.do("output_write", at, 2)
	got, out, err := play(t, rt, local(wire.Limits{}), env, s)
	if err != nil {
		t.Fatal(err)
	}
	text := "random: 1073741824 random bytes, at most 1048576 in one call"
	invalid := -int32(abi.Invalid)
	want := []int32{2, 2, -int32(abi.NotFound), 0, 0, invalid, invalid, invalid, invalid, invalid, int32(len(text)), 0}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("results (-want +got):\n%s", d)
	}
	if string(out.Bytes) != "12" || string(out.Log) != "hello\n" {
		t.Errorf("output %q, log %q", out.Bytes, out.Log)
	}
	if d := cmp.Diff([]string{"1/3 epoch 1", "1 hello"}, said); d != "" {
		t.Errorf("said (-want +got):\n%s", d)
	}
}

func TestTheLogLimitNamesItself(t *testing.T) {
	rt := newRuntime(t)
	s := &script{}
	for range 3 {
		s.do("log", 1, strings.Repeat("x", 40))
	}
	at := s.room(128)
	n := s.do("error_text", at, 128)
	s.do("output_write", at, n)
	got, out, err := play(t, rt, local(wire.Limits{Log: 100}), sandbox.Env{}, s)
	if err != nil {
		t.Fatal(err)
	}
	if got[2] != -int32(abi.Exhausted) || string(out.Bytes) != "log: log of 123 bytes, 100 granted" || len(out.Log) != 82 {
		t.Errorf("third log = %d, text %q, %d bytes kept", got[2], out.Bytes, len(out.Log))
	}
}

// Seeds select the random stream; nothing else does.
func TestRandomnessIsTheJobs(t *testing.T) {
	rt := newRuntime(t)
	draw := func(seed string) string {
		s := &script{}
		at := s.room(32)
		s.do("random", at, 32)
		s.do("output_write", at, 32)
		_, out, err := play(t, rt, local(wire.Limits{}), sandbox.Env{Seed: abi.Sum([]byte(seed))}, s)
		if err != nil {
			t.Fatal(err)
		}
		return string(out.Bytes)
	}
	if a, b := draw("one"), draw("one"); a != b {
		t.Errorf("one seed gave %x and %x", a, b)
	}
	if a, b := draw("one"), draw("two"); a == b {
		t.Errorf("two seeds gave %x", a)
	}
}
