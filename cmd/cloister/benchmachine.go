package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/score"
)

type benchCmd struct {
	Engine  string        `help:"Tensor engine: cpu, gorgonia, or driver:PATH for a device of others." default:"cpu"`
	Threads int           `help:"Processor threads; zero: all, which is what a host joins with." default:"0"`
	For     time.Duration `help:"How long to measure each shape." default:"300ms"`
	As      string        `help:"Who signs the score." default:"host"`
	Plot    string        `help:"Draw the figures into this PNG file too." type:"path" placeholder:"FILE.png"`
	Verify  string        `help:"Measure nothing: say who signed the score in this file, as --json prints it." type:"path" placeholder:"FILE"`
}

// Run measures this machine, or verifies what another measured. What is
// measured on all threads and signed by the host is kept: hosts join with it.
func (c benchCmd) Run(ctx context.Context, t *terminal, state stateDir) error {
	if c.Verify != "" {
		return c.verify(t)
	}
	if c.Threads < 0 || c.For <= 0 {
		return fmt.Errorf("bench: %d threads for %v: %w", c.Threads, c.For, abi.Invalid)
	}
	if err := state.open(); err != nil {
		return err
	}
	by, err := state.party(c.As)
	if err != nil {
		return err
	}
	card, err := c.measure(ctx, t)
	if err != nil {
		return err
	}
	f, err := signScore(card, by.key)
	if err != nil {
		return err
	}
	if c.As == owner && c.Threads == 0 {
		if err := state.keepScore(f); err != nil {
			return err
		}
	}
	if c.Plot != "" {
		if err := plotScore(card, c.Plot); err != nil {
			return err
		}
	}
	return f.print(t)
}

func (c benchCmd) measure(ctx context.Context, t *terminal) (card score.Card, err error) {
	if c.Threads > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(c.Threads))
	}
	eng, err := engine.New(c.Engine)
	if err != nil {
		return score.Card{}, err
	}
	defer func() { err = errors.Join(err, closeEngine(eng)) }()
	b := t.bar("shapes")
	defer b.done()
	measured := uint64(0)
	return score.Measure(ctx, eng, c.For, func(f score.Figure) {
		measured++
		b.set(measured, score.Shapes(), f.What)
	})
}

func (f scoreFile) print(t *terminal) error {
	err := t.table(f, "KIND SHAPE RUNS MEDIAN-MS BEST-MS RATE POINTS", func(w io.Writer) {
		for _, f := range f.Figures {
			fmt.Fprintf(w, "%s\t%s\t%d\t%.3f\t%.3f\t%.2f %s\t%.0f\n",
				oneLine(string(f.Kind), 12), oneLine(f.What, 40), f.Runs, f.Median, f.Best, f.Rate, oneLine(f.Unit, 12), f.Points())
		}
	})
	if err != nil || t.json {
		return err
	}
	s := f.Score
	_, err = fmt.Fprintf(screen{t.out}, "score %.1f: threads %d, %s, %s, engine %s, suite %d, signed by %v\n",
		s.Points, s.Threads, oneLine(s.Path, 20), oneLine(s.Processor, 60), oneLine(s.Engine, 20), s.Suite, s.Host)
	return err
}

func (c benchCmd) verify(t *terminal) error {
	f, err := readScoreFile(c.Verify)
	if err != nil {
		return err
	}
	if err := f.check(f.Score.Host); err != nil {
		return err
	}
	return f.print(t)
}
