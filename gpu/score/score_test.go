package score

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryShapeIsMeasured(t *testing.T) {
	e, err := engine.New("cpu")
	if err != nil {
		t.Fatal(err)
	}
	var seen []Figure
	c, err := Measure(context.Background(), e, time.Microsecond, func(f Figure) { seen = append(seen, f) })
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != len(shapes) || len(c.Figures) != len(shapes) {
		t.Fatalf("%d figures seen and %d on the card, want %d", len(seen), len(c.Figures), len(shapes))
	}
	for _, f := range c.Figures {
		if f.Runs == 0 || !(f.Rate > 0) || !(f.Best > 0) || f.Best > f.Median || f.Unit == "" {
			t.Errorf("figure %+v", f)
		}
	}
	if !(c.Score > 0) || c.Machine != Here(e) || c.Engine != "cpu" || c.Path == "" || c.Threads == 0 {
		t.Errorf("card %+v", c)
	}
}

// The work is stated by hand; the engine's own count of operations is the witness.
func TestTheWorkIsWhatTheEngineCounts(t *testing.T) {
	e, err := engine.New("cpu")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range shapes {
		if s.kind != GEMM && s.kind != Conv && s.kind != RNN {
			continue
		}
		b, err := newBench(context.Background(), e)
		if err != nil {
			t.Fatal(err)
		}
		s.prepare(b)
		if b.err != nil {
			t.Fatalf("%s: %v", s.what, b.err)
		}
		p, err := b.session.Compile(b.ctx, b.graph)
		if err != nil {
			t.Fatal(err)
		}
		if got := float64(p.Cost().FLOPs); math.Abs(got-s.work) > 0.03*s.work { // a cell's other operations are few
			t.Errorf("%s %s: %g operations, the engine counts %g", s.kind, s.what, s.work, got)
		}
		if err := b.close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAllReduceGivesBothTheMeans(t *testing.T) {
	for _, n := range []int{2, 7, 100_001} {
		r, err := newRing(n)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.reduce(); err != nil {
			t.Fatal(err)
		}
		for i, w := range r.workers {
			for j, x := range w.numbers {
				if want := 1.5 * float32(j%7+1); x != want {
					t.Fatalf("of %d: worker %d has %v as number %d, want %v", n, i, x, j, want)
				}
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if err := r.reduce(); !errors.Is(err, abi.Unavailable) {
			t.Errorf("over a closed connection: %v, want %v", err, abi.Unavailable)
		}
	}
}

func TestTheScoreIsAHundredAtPar(t *testing.T) {
	var at []Figure
	for _, p := range par {
		at = append(at, Figure{Kind: p.kind, Rate: p.rate * 4}, Figure{Kind: p.kind, Rate: p.rate / 4})
	}
	if got := Of(at); math.Abs(got-100) > 1e-9 {
		t.Errorf("at par: %v, want 100", got)
	}
	for i := range at[:2] {
		at[i].Rate *= 32
	}
	if got := Of(at); math.Abs(got-200) > 1e-9 { // one of five kinds, 32 times as fast
		t.Errorf("with one kind 32 times as fast: %v, want 200", got)
	}
	at[0].Rate = 0
	if got := Of(at); got != 0 {
		t.Errorf("with a rate of zero: %v", got)
	}
	if got := Of(at[2:]); got != 0 {
		t.Errorf("without a kind: %v", got)
	}
}

func TestNoTimeIsInvalid(t *testing.T) {
	if _, err := Measure(context.Background(), nil, 0, nil); !errors.Is(err, abi.Invalid) {
		t.Errorf("Measure for no time: %v, want %v", err, abi.Invalid)
	}
}
