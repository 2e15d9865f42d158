// Package score measures what an engine makes of this machine, in the shapes that
// deep learning asks for, and makes one number of it that machines compare by.
//
// The kinds and most of the shapes are those of DeepBench (Baidu Research, 2016):
// products of matrices, convolutions, cells of recurrent networks, and all-reduce
// between two workers; reading and writing memory stands beside them.
package score

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

// A Machine is what is measured.
type Machine struct {
	Engine    string
	Path      string // family of instructions that the kernels take
	Processor string // empty if the machine does not say
	Threads   uint32
}

// A Card is what a machine is worth, by the shapes of [wire.ScoreSuite].
type Card struct {
	Machine
	Score   float64
	Figures []Figure
}

// A Figure is one shape, measured.
type Figure struct {
	Kind   Kind    `cbor:"1,keyasint" json:"kind"`
	What   string  `cbor:"2,keyasint" json:"what"` // the shape
	Runs   uint32  `cbor:"3,keyasint" json:"runs"`
	Median float64 `cbor:"4,keyasint" json:"median_ms"`
	Best   float64 `cbor:"5,keyasint" json:"best_ms"`
	Rate   float64 `cbor:"6,keyasint" json:"rate"` // by the median: GFLOP/s or GB/s
	Unit   string  `cbor:"7,keyasint" json:"unit"`
}

// Kind is a kind of work.
type Kind string

// The kinds.
const (
	GEMM      Kind = "gemm"
	Conv      Kind = "conv"
	RNN       Kind = "rnn"
	Memory    Kind = "memory"
	AllReduce Kind = "allreduce"
)

// par is the rate of each kind with which a machine scores 100.
var par = []struct {
	kind Kind
	rate float64
	unit string
}{
	{GEMM, 100, "GFLOP/s"},
	{Conv, 100, "GFLOP/s"},
	{RNN, 10, "GFLOP/s"},
	{Memory, 10, "GB/s"},
	{AllReduce, 1, "GB/s"},
}

// Here is the machine that e computes on in this process.
func Here(e abi.Engine) Machine {
	m := Machine{Engine: e.Name(), Path: kernel.Active().String(), Threads: uint32(runtime.GOMAXPROCS(0))}
	devices, _ := gpu.Devices() // a driver that fails leaves the processor, which is what engines compute on
	for _, d := range devices {
		if d.IsCPU() {
			m.Processor = d.Model
		}
	}
	return m
}

// Measure runs every shape on e for about as long as each, at least twice, and
// calls done with its figure. It leaves nothing behind. Errors: Invalid for a time that
// is not positive, those of the engine, the context's cause.
func Measure(ctx context.Context, e abi.Engine, each time.Duration, done func(Figure)) (Card, error) {
	if each <= 0 {
		return Card{}, fmt.Errorf("score: %v for each shape: %w", each, abi.Invalid)
	}
	c := Card{Machine: Here(e)}
	for _, s := range shapes {
		f, err := measure(ctx, e, s, each)
		if err != nil {
			return Card{}, fmt.Errorf("score: %s %s: %w", s.kind, s.what, err)
		}
		c.Figures = append(c.Figures, f)
		done(f)
	}
	c.Score = Of(c.Figures)
	return c, nil
}

// Of is the score of figures: the geometric mean, over the kinds, of the
// geometric mean of a kind's points. A kind without a figure, or with one of no
// points, makes it zero.
func Of(figures []Figure) float64 {
	sum := 0.0
	for _, p := range par {
		logs, n := 0.0, 0
		for _, f := range figures {
			if f.Kind == p.kind {
				logs += math.Log(f.Points())
				n++
			}
		}
		if n == 0 || !(logs > math.Inf(-1)) {
			return 0
		}
		sum += logs / float64(n)
	}
	return math.Exp(sum / float64(len(par)))
}

// Points is a figure's rate as a percentage of par; zero for a kind there is not.
func (f Figure) Points() float64 {
	for _, p := range par {
		if p.kind == f.Kind {
			return 100 * f.Rate / p.rate
		}
	}
	return 0
}

// unit is what rates of that kind are given in; empty for a kind there is not.
func (k Kind) unit() string {
	for _, p := range par {
		if p.kind == k {
			return p.unit
		}
	}
	return ""
}

// measure sets s up, runs it once to warm up, and then for as long as each.
func measure(ctx context.Context, e abi.Engine, s shape, each time.Duration) (f Figure, err error) {
	b, err := newBench(ctx, e)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	run := s.prepare(b)
	if b.err != nil {
		return f, b.err
	}
	if err := run(); err != nil {
		return f, err
	}
	var took []time.Duration
	for begun := time.Now(); len(took) == 0 || time.Since(begun) < each; {
		start := time.Now()
		if err := run(); err != nil {
			return f, err
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	median := took[len(took)/2]
	return Figure{
		Kind: s.kind, What: s.what, Runs: uint32(len(took)), Unit: s.kind.unit(),
		Median: milliseconds(median), Best: milliseconds(took[0]),
		Rate: s.work / float64(max(median.Nanoseconds(), 1)), // of work a nanosecond, which is billions a second
	}, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// Shapes is how many figures a card has.
func Shapes() uint64 { return uint64(len(shapes)) }
