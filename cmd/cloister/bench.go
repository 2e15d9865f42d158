package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine"

	"github.com/dustin/go-humanize"
)

type modelBenchCmd struct {
	Model   string        `arg:"" help:"An ONNX file." type:"path"`
	Engine  string        `help:"Tensor engine: cpu, gorgonia, or driver:PATH for a device of others." default:"cpu"`
	Threads int           `help:"Processor threads; zero: all." default:"0"`
	For     time.Duration `help:"How long to measure, once it is warm." default:"2s"`
	Steps   bool          `help:"Show how long each step takes, the longest first."`
}

// A benchView is what one model costs here. Times are in milliseconds.
type benchView struct {
	Model   string  `json:"model"`
	Engine  string  `json:"engine"`
	Threads int     `json:"threads"`
	Load    float64 `json:"load_ms"`   // parse, check, plan
	First   float64 `json:"first_ms"`  // of the first run
	Median  float64 `json:"median_ms"` // of the runs after it
	Runs    int     `json:"runs"`
	Arena   uint64  `json:"arena_bytes"`
	FLOPs   uint64  `json:"flops"` // of one run
	GFLOPs  float64 `json:"gflops_per_second"`

	Steps []stepView `json:"steps,omitempty"` // the longest first
}

// A stepView is what one step of a model costs.
type stepView struct {
	Step int     `json:"step"`
	Mean float64 `json:"mean_ms"` // of all runs
	engine.StepTime
}

// Run loads the model, runs it on zeros once, and then over and over.
func (c modelBenchCmd) Run(ctx context.Context, t *terminal) (err error) {
	if c.Threads < 0 || c.For <= 0 {
		return fmt.Errorf("bench: %d threads for %v: %w", c.Threads, c.For, abi.Invalid)
	}
	if c.Threads > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(c.Threads))
	}
	v := benchView{Model: c.Model, Engine: c.Engine, Threads: runtime.GOMAXPROCS(0)}
	file, err := os.ReadFile(c.Model)
	if err != nil {
		return fmt.Errorf("model: %w: %w", abi.NotFound, err)
	}
	eng, err := engine.New(c.Engine)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeEngine(eng)) }()
	s, err := eng.Open(ctx, abi.Quota{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()

	start := time.Now()
	g, err := s.ParseONNX(ctx, file)
	if err != nil {
		return err
	}
	p, err := s.Compile(ctx, g)
	if err != nil {
		return err
	}
	v.Load = ms(time.Since(start))
	v.Arena, v.FLOPs = p.Cost().Bytes, p.Cost().FLOPs
	var in []abi.Tensor
	for _, port := range p.Inputs() {
		x, err := s.NewTensor(port.DType, port.Shape)
		if err != nil {
			return err
		}
		in = append(in, x)
	}
	if c.Steps {
		if _, err := engine.Profile(p); err != nil {
			return err
		}
	}
	var took []time.Duration
	for begun := time.Now(); len(took) < 2 || time.Since(begun) < c.For; {
		start := time.Now()
		out, err := p.Run(ctx, in)
		if err != nil {
			return err
		}
		took = append(took, time.Since(start))
		for _, x := range out {
			x.Free()
		}
	}
	v.First, v.Runs = ms(took[0]), len(took)-1
	slices.Sort(took[1:])
	median := took[1:][v.Runs/2]
	v.Median, v.GFLOPs = ms(median), float64(v.FLOPs)/float64(median.Nanoseconds())
	if c.Steps {
		if v.Steps, err = stepTimes(p, len(took)); err != nil {
			return err
		}
	}
	return errors.Join(t.table(v, "THREADS LOAD-MS FIRST-MS MEDIAN-MS RUNS ARENA GFLOP/S", func(w io.Writer) {
		fmt.Fprintf(w, "%d\t%.2f\t%.2f\t%.3f\t%d\t%s\t%.1f\n", v.Threads, v.Load, v.First, v.Median, v.Runs, humanize.IBytes(v.Arena), v.GFLOPs)
	}), c.showSteps(t, v.Steps))
}

// stepTimes is what each step of p cost in so many runs.
func stepTimes(p abi.Program, runs int) ([]stepView, error) {
	steps, err := engine.Profile(p)
	if err != nil {
		return nil, err
	}
	var views []stepView
	for i, s := range steps {
		views = append(views, stepView{i, ms(s.Took) / float64(runs), s})
	}
	slices.SortStableFunc(views, func(a, b stepView) int { return cmp.Compare(b.Mean, a.Mean) })
	return views, nil
}

// showSteps prints a line a step, unless they were printed as JSON.
func (c modelBenchCmd) showSteps(t *terminal, steps []stepView) error {
	if !c.Steps || t.json {
		return nil
	}
	var all float64
	for _, s := range steps {
		all += s.Mean
	}
	return t.table(nil, "STEP OPERATOR RESULT TASKS MEAN-MS PART GFLOP/S", func(w io.Writer) {
		for _, s := range steps {
			fmt.Fprintf(w, "%d\t%s%s\t%v\t%d\t%.4f\t%.1f %%\t%.1f\n", s.Step, s.Op, s.Fused, s.Shape, s.Tasks, s.Mean, 100*s.Mean/all, float64(s.FLOPs)/s.Mean/1e6)
		}
	})
}

func ms(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
