// Package drivertest is what every driver must do, beside what gpu/enginetest asks of
// every engine: whose memory is zero when, and what outlives a process.
package drivertest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/driver"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// Run runs the suite on the driver that cfg starts. It must know Add, Relu, Sub, Mul,
// MatMul and ReduceMean of float32.
func Run(t *testing.T, cfg driver.Config) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *driver.Host)
	}{
		{"ItSaysWhatItIs", introduces},
		{"MemoryIsZeroWhoeverHadItBefore", zeros},
		{"BytesComeBackFromAnyOffset", offsets},
		{"AnOperatorItLacksIsRefusedByName", refuses},
		{"ATrainingGoesOnAfterALoss", goesOn},
		{"ACancelledRunChangesNothing", cancelled},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := driver.Open(cfg)
			defer h.Close()
			test.run(t, h)
		})
	}
}

func introduces(t *testing.T, h *driver.Host) {
	info, err := h.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Name == "" || info.Memory < 0 {
		t.Errorf("it says %+v, want a name", info)
	}
}

// canary is 40,000 bytes that no driver makes by itself, and float32 all the same.
var canary = bytes.Repeat([]byte{0xc3, 0x11, 0xa7, 0x42}, 10_000)

// zeros fills buffers, an arena and an optimizer's state, frees them one by one and
// with their session, and looks for them in what comes next.
func zeros(t *testing.T, h *driver.Host) {
	wantZeros := func(when string, s *driver.Session) {
		t.Helper()
		for _, n := range []int{len(canary), 4096, 64, 1} {
			for range 8 {
				b := make([]byte, n)
				if err := alloc(t, s, n).Read(0, b); err != nil {
					t.Fatal(err)
				}
				if i := slices.IndexFunc(b, func(x byte) bool { return x != 0 }); i >= 0 {
					t.Fatalf("%s: byte %d of %d is %#x, want zero", when, i, n, b[i])
				}
			}
		}
	}
	s := h.Session()
	for range 4 {
		for _, n := range []int{len(canary), 4096, 64, 1} {
			b := alloc(t, s, n)
			write(t, b, canary[:n])
			b.Free()
		}
	}
	wantZeros("after the same session freed it", s)
	n := int64(len(canary) / 4)
	p := plan(t, s, func(g *graph.Graph) (abi.Value, abi.Value) {
		x := input(t, g, "x", n)
		return node(t, g, "Add", nil, node(t, g, "Relu", nil, node(t, g, "Add", nil, x, x)), x), 0
	})
	x, err := s.Compile(t.Context(), p, abi.Optimizer{})
	if err != nil {
		t.Fatal(err)
	}
	in, out := alloc(t, s, len(canary)), alloc(t, s, len(canary))
	write(t, in, canary)
	if err := x.Run(t.Context(), []*driver.Buffer{in}, nil, []*driver.Buffer{out}, 0); err != nil {
		t.Fatal(err)
	}
	x.Close()
	wantZeros("after a program was closed", s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	next := h.Session()
	defer next.Close()
	wantZeros("after another session was closed", next)
}

func offsets(t *testing.T, h *driver.Host) {
	s := h.Session()
	defer s.Close()
	b := alloc(t, s, len(canary))
	for _, at := range []int{0, 1, 7, 4095, len(canary) - 3} {
		part := canary[at:min(len(canary), at+5001)]
		writeAt(t, b, int64(at), part)
		got := make([]byte, len(part))
		if err := b.Read(int64(at), got); err != nil || !bytes.Equal(got, part) {
			t.Errorf("%d bytes from %d on came back otherwise (%v)", len(part), at, err)
		}
	}
}

func refuses(t *testing.T, h *driver.Host) {
	s := h.Session()
	defer s.Close()
	err := s.Accept(&graph.Node{Op: "Add", Type: graph.Type{DType: abi.Float32, Shape: []int64{2}}, In: []abi.Value{1, 2}},
		[]graph.Type{{DType: abi.Float32, Shape: []int64{2}}, {DType: abi.Float32, Shape: []int64{2}}})
	if err != nil {
		t.Errorf("Accept of an Add of float32 = %v", err)
	}
	err = s.Accept(&graph.Node{Op: "Frobnicate", Type: graph.Type{DType: abi.Float32}}, nil)
	if !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), "Frobnicate") {
		t.Errorf("Accept of Frobnicate = %v, want Invalid that names it", err)
	}
}

// goesOn loses the device between the steps of a training.
func goesOn(t *testing.T, h *driver.Host) {
	opt := abi.Optimizer{Kind: abi.Adam, LearningRate: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
	train := func(lose func(step int)) []byte {
		s := h.Session()
		defer s.Close()
		x, err := s.Compile(t.Context(), training(t, s), opt)
		if err != nil {
			t.Fatal(err)
		}
		w, in, loss := alloc(t, s, 4*64), alloc(t, s, 4*32), alloc(t, s, 4)
		write(t, w, counted(64))
		for step := range 150 {
			lose(step)
			write(t, in, counted(32))
			if err := x.Run(t.Context(), []*driver.Buffer{in}, []*driver.Buffer{w}, []*driver.Buffer{loss}, 0.1); err != nil {
				t.Fatal(err)
			}
		}
		b := make([]byte, 4*64)
		if err := w.Read(0, b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	want := train(func(int) {})
	got := train(func(step int) {
		if step%60 == 40 {
			h.Lose()
		}
	})
	if bytes.Equal(want, counted(64)) || !bytes.Equal(want, got) {
		t.Error("a training that lost its device twice ends otherwise")
	}
}

// cancelled stops runs, or has the process killed for them; either way nothing has
// changed that a program keeps.
func cancelled(t *testing.T, h *driver.Host) {
	s := h.Session()
	defer s.Close()
	opt := abi.Optimizer{Kind: abi.SGD, LearningRate: 0.1, Momentum: 0.5}
	x, err := s.Compile(t.Context(), training(t, s), opt)
	if err != nil {
		t.Fatal(err)
	}
	w, in, loss := alloc(t, s, 4*64), alloc(t, s, 4*32), alloc(t, s, 4)
	write(t, in, counted(32))
	cause := errors.New("the user left")
	read := func() []byte {
		b := make([]byte, 4*64)
		if err := w.Read(0, b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	for i := range 20 {
		before := read()
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Duration(i)*20*time.Microsecond, func() { cancel(cause) })
		err := x.Run(ctx, []*driver.Buffer{in}, []*driver.Buffer{w}, []*driver.Buffer{loss}, 0.1)
		cancel(nil)
		switch {
		case err == nil: // it was done before
		case !errors.Is(err, cause):
			t.Fatalf("Run = %v, want the cause", err)
		case !bytes.Equal(read(), before):
			t.Error("a cancelled run changed the parameter")
		}
	}
}

func alloc(t *testing.T, s *driver.Session, n int) *driver.Buffer {
	t.Helper()
	b, err := s.Alloc(int64(n))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, b *driver.Buffer, data []byte) { t.Helper(); writeAt(t, b, 0, data) }

func writeAt(t *testing.T, b *driver.Buffer, off int64, data []byte) {
	t.Helper()
	if err := b.Write(off, data); err != nil {
		t.Fatal(err)
	}
}

// counted is n numbers from 0 on.
func counted(n int) (b []byte) {
	for i := range n {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(i)))
	}
	return b
}

// plan is a plan of the session's device: f returns an output, and the value whose
// gradient by the parameters is wanted, or zero.
func plan(t *testing.T, s *driver.Session, f func(*graph.Graph) (y, loss abi.Value)) *graph.Plan {
	t.Helper()
	g, err := graph.New(graph.Config{Opset: 21, Accept: s.Accept})
	if err != nil {
		t.Fatal(err)
	}
	y, loss := f(g)
	if err := g.Output("y", y); err != nil {
		t.Fatal(err)
	}
	var grads []abi.Value
	if loss != 0 {
		if grads, err = g.Gradient(loss, g.ParamValues()); err != nil {
			t.Fatal(err)
		}
	}
	note := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	p, err := graph.NewPlan(g, grads, graph.Layout{
		Work: func(g *graph.Graph, x *graph.Step) int64 { n, err := s.Work(g, x); note(err); return n },
		Keep: func(g *graph.Graph, x *graph.Step) int64 { n, err := s.Keep(g, x); note(err); return n },
		Fuse: func(n, next *graph.Node, with graph.Type) bool {
			yes, err := s.Fuse(n, next, with)
			note(err)
			return yes
		},
		Inline: func(r *graph.Node, i int, n *graph.Node) bool {
			yes, err := s.Inline(r, i, n)
			note(err)
			return yes
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func input(t *testing.T, g *graph.Graph, name string, shape ...int64) abi.Value {
	t.Helper()
	v, err := g.Input(name, abi.Float32, shape)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func node(t *testing.T, g *graph.Graph, op string, attrs []abi.Attr, in ...abi.Value) abi.Value {
	t.Helper()
	out, err := g.Node(op, attrs, in)
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// training is a step of mean (x·w - x)² by w, which is 8×8.
func training(t *testing.T, s *driver.Session) *graph.Plan {
	return plan(t, s, func(g *graph.Graph) (abi.Value, abi.Value) {
		x := input(t, g, "x", 4, 8)
		w, err := g.Param("w", square{})
		if err != nil {
			t.Fatal(err)
		}
		d := node(t, g, "Sub", nil, node(t, g, "MatMul", nil, x, w), x)
		loss := node(t, g, "ReduceMean", []abi.Attr{{Name: "keepdims", Type: abi.AttrInt}}, node(t, g, "Mul", nil, d, d))
		return loss, loss
	})
}

// A square is the type of the parameter.
type square struct{}

func (square) DType() abi.DType          { return abi.Float32 }
func (square) Shape() []int64            { return []int64{8, 8} }
func (square) Write(int64, []byte) error { return errors.ErrUnsupported }
func (square) Read(int64, []byte) error  { return errors.ErrUnsupported }
func (square) Free()                     {}
