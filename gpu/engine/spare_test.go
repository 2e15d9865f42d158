//go:build !race

// Under the race detector pools forget what they were given, so that runs allocate
// more than they do: make check runs these tests without it.

package engine_test

import (
	"context"
	"encoding/binary"
	"math"
	"runtime"
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// A twin is x·x, of a matrix of any size, and a table of its rows.
func twin(t *testing.T, s abi.Session, n int64) abi.Program {
	t.Helper()
	g, err := s.NewGraph(21)
	if err != nil {
		t.Fatal(err)
	}
	x, err := g.Input("x", abi.Float32, []int64{n, n})
	if err != nil {
		t.Fatal(err)
	}
	one, err := constant(g, s, abi.Int64, 1)
	if err != nil {
		t.Fatal(err)
	}
	y, err := g.Node("MatMul", nil, []abi.Value{x, x})
	if err != nil {
		t.Fatal(err)
	}
	bias, err := g.Node("Gather", nil, []abi.Value{x, one})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range []string{"Add", "Mul"} { // broadcast along both sides
		if y, err = g.Node(op, nil, []abi.Value{y[0], bias[0]}); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Output("y", y[0]); err != nil {
		t.Fatal(err)
	}
	p, err := s.Compile(context.Background(), g)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestARunTakesNoMemoryButForItsResults allows for the list of results and a tensor
// each, whose elements lie where those that were freed lay.
func TestARunTakesNoMemoryButForItsResults(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	s, err := newEngine(t, "cpu").Open(context.Background(), abi.Quota{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := twin(t, s, 64)
	x, err := s.NewTensor(abi.Float32, []int64{64, 64})
	if err != nil {
		t.Fatal(err)
	}
	in := []abi.Tensor{x}
	runs := testing.AllocsPerRun(100, func() {
		out, err := p.Run(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		out[0].Free()
	})
	if runs > 2 {
		t.Errorf("a run allocates %v times, want 2: its list of results, and a tensor", runs)
	}
}

// TestResultsThatWereFreedAreNotSeenAgain runs with results freed, kept and freed
// late, beside tensors that must be zero.
func TestResultsThatWereFreedAreNotSeenAgain(t *testing.T) {
	s, err := newEngine(t, "cpu").Open(context.Background(), abi.Quota{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := twin(t, s, 1) // x·x, plus x, times x
	var kept []abi.Tensor
	var want []float32
	for i := range 40 {
		x, err := s.NewTensor(abi.Float32, []int64{1, 1})
		if err != nil {
			t.Fatal(err)
		}
		if v := read32(t, x); v != 0 {
			t.Fatalf("run %d: a new tensor holds %v", i, v)
		}
		v := float32(i + 1)
		if err := x.Write(0, binary.LittleEndian.AppendUint32(nil, math.Float32bits(v))); err != nil {
			t.Fatal(err)
		}
		out, err := p.Run(context.Background(), []abi.Tensor{x})
		if err != nil {
			t.Fatal(err)
		}
		kept, want = append(kept, out[0]), append(want, (v*v+v)*v)
		x.Free()
		if i%3 == 0 {
			kept[i/2].Free()
			kept[i/2].Free() // for nothing
			want[i/2] = 0
		}
	}
	for i, y := range kept {
		if want[i] == 0 {
			continue
		}
		if v := read32(t, y); v != want[i] {
			t.Errorf("result %d became %v, want %v", i, v, want[i])
		}
	}
	before := s.Usage()
	for range 5 { // memory that is kept is none that a session has not held
		x, err := s.NewTensor(abi.Float32, []int64{1, 1})
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.Run(context.Background(), []abi.Tensor{x})
		if err != nil {
			t.Fatal(err)
		}
		out[0].Free()
		x.Free()
	}
	if after := s.Usage(); after.Bytes != before.Bytes || after.PeakBytes > before.PeakBytes+8 {
		t.Errorf("usage went from %+v to %+v", before, after)
	}
}

func read32(t *testing.T, x abi.Tensor) float32 {
	t.Helper()
	var b [4]byte
	if err := x.Read(0, b[:]); err != nil {
		t.Fatal(err)
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(b[:]))
}
