package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/fleet"
)

type sendCmd struct {
	App     string            `arg:"" help:"App, by name or content id."`
	As      string            `help:"Who asks; the key that paid." default:"user"`
	Data    string            `help:"Dataset, by name or content id."`
	Model   string            `help:"Model, by name or content id."`
	Input   []string          `help:"Files the app is given; - for standard input." type:"path"`
	Param   map[string]string `help:"Settings of the app: --param epochs=3"`
	Receipt []abi.Digest      `help:"Receipts that pay; default: every receipt of this party's that is still good."`
	Wall    time.Duration     `help:"Most time it may take."`

	MinScore float64 `help:"Only hosts of at least this score may have it, or open it." placeholder:"POINTS" name:"min-score"`

	Output string `help:"Where the output goes; default: standard output." type:"path"`
	Detach bool   `help:"Print the job's id and do not wait."`
}

// Run sends a job to the slot of this node and waits for the answer.
func (c sendCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) error {
	if err := checkMinScore(c.MinScore); err != nil {
		return err
	}
	return withSite(ctx, log, state, func(ctx context.Context, s *site) error {
		if s.broker != nil {
			return fmt.Errorf("no node runs in %s, so no host would take the job: %w", state, abi.Unavailable)
		}
		a, err := s.as(c.As)
		if err != nil {
			return err
		}
		e := errand{params: c.Param, receipts: c.Receipt, limits: wire.Limits{Wall: c.Wall}, minScore: c.MinScore}
		for _, part := range []struct {
			name string
			to   *abi.Digest
		}{{c.App, &e.app}, {c.Data, &e.data}, {c.Model, &e.model}} {
			if part.name == "" {
				continue
			}
			asset, err := s.asset(ctx, part.name)
			if err != nil {
				return err
			}
			*part.to = asset.Content
		}
		if e.input, err = readInput(c.Input, t.in); err != nil {
			return err
		}
		if len(e.receipts) == 0 {
			if e.receipts, err = a.goodReceipts(ctx, e.app, e.data, e.model, s.slot); err != nil {
				return err
			}
		}
		o, err := a.sign(ctx, e)
		if err != nil {
			return err
		}
		if err := a.remember(o); err != nil {
			return err
		}
		if _, err := s.bus.Submit(ctx, o.Job); err != nil {
			return err
		}
		if c.Detach {
			_, err := fmt.Fprintln(t.out, o.Job.Request.ID)
			return err
		}
		return a.collect(ctx, t, o, c.Output)
	})
}

type resultCmd struct {
	Job    abi.Digest `arg:"" help:"Id of a job that was submitted here." placeholder:"DIGEST"`
	As     string     `help:"Who sent it." default:"user"`
	Output string     `help:"Where the output goes; default: standard output." type:"path"`
}

// Run waits for the answer of a job that was sent before.
func (c resultCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) error {
	return withSite(ctx, log, state, func(ctx context.Context, s *site) error {
		a, err := s.as(c.As)
		if err != nil {
			return err
		}
		o, err := a.recall(c.Job)
		if err != nil {
			return err
		}
		return a.collect(ctx, t, o, c.Output)
	})
}

// collect waits for the answer to o and shows it.
func (a *actor) collect(ctx context.Context, t *terminal, o order, output string) error {
	id := o.Job.Request.ID
	bar := t.bar("job " + id.Short())
	got, err := a.follow(ctx, o, func(st fleet.Status) { bar.set(st.Done, st.Total, st.Note) })
	bar.done()
	if err != nil && ctx.Err() != nil {
		return withHint(err, "the job goes on; fetch its answer with: cloister result %v --as %s", id, a.name)
	}
	if err != nil {
		return err
	}
	for _, m := range got.result.Metrics {
		fmt.Fprintf(screen{t.err}, "metric %s = %.3f over %d records\n", m.Name, m.Value, m.Records)
	}
	for _, m := range got.result.Models {
		fmt.Fprintf(screen{t.err}, "model %s, sealed as %v; its key is in the keyring of %s\n", m.Name, m.Content, a.name)
	}
	return writeOutput(output, t.out, got.output)
}

// orderFile is where the actor keeps an order it sent.
func (a *actor) orderFile(job abi.Digest) string {
	return a.site.state.path("orders", a.name, strings.TrimPrefix(job.String(), "sha256:"))
}

// remember keeps o, so that its answer can be had and believed later.
func (a *actor) remember(o order) error {
	b, err := wire.Marshal(o)
	if err != nil {
		return fmt.Errorf("job: %w: %w", abi.Internal, err)
	}
	return writeFile(a.orderFile(o.Job.Request.ID), b)
}

// recall returns an order that remember kept, or NotFound.
func (a *actor) recall(job abi.Digest) (o order, err error) {
	b, err := os.ReadFile(a.orderFile(job))
	if errors.Is(err, fs.ErrNotExist) {
		return o, fmt.Errorf("%s sent no job %v from here: %w", a.name, job.Short(), abi.NotFound)
	}
	if err != nil {
		return o, fmt.Errorf("job: %w: %w", abi.Unavailable, err)
	}
	return o, wire.Unmarshal(b, &o)
}

// readInput reads what an app is given: nothing, one file as it is, or several
// joined.
func readInput(paths []string, stdin io.Reader) ([]byte, error) {
	var files [][]byte
	for _, p := range paths {
		var b []byte
		var err error
		if p == "-" {
			b, err = io.ReadAll(stdin)
		} else {
			b, err = os.ReadFile(p)
		}
		if err != nil {
			return nil, fmt.Errorf("input: %w: %w", abi.NotFound, err)
		}
		files = append(files, b)
	}
	switch len(files) {
	case 0:
		return nil, nil
	case 1:
		return files[0], nil
	}
	return abi.JoinFiles(files...), nil
}

func writeOutput(path string, stdout io.Writer, b []byte) error {
	if path != "" {
		return writeFile(path, b)
	}
	if interactive(stdout) {
		stdout = screen{stdout}
	}
	_, err := stdout.Write(b)
	return err
}
