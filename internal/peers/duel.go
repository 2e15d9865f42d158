package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A duel is one piece of work and the candidates that do it, ours first.
type duel struct {
	what     string
	flops    float64 // of one run; zero: show the time
	sides    []side
	patience time.Duration // with one answer of a child; zero: two minutes
}

// A side is one candidate of a duel: what it is asked, and by which program.
type side struct {
	name    string
	command []string
	spec    spec
	core    string // kernels that OpenBLAS is told to use; empty: those it chooses
}

// An outcome is how a side did.
type outcome struct {
	side
	refused string // why it ran nothing
	version string
	turns   []figures
	result  []float64
	wrong   string // how its result differs from that of the first side
}

// A running side is a child process.
type running struct {
	outcome
	patience time.Duration
	cmd      *exec.Cmd
	in       io.WriteCloser
	ask      *json.Encoder
	answer   *json.Decoder
	stderr   strings.Builder
}

// pause lets the threads of the last turn fall asleep before the next.
const pause = 60 * time.Millisecond

// fight starts all sides, gives each a turn in every round, and compares what
// they computed with the first result there is.
func (d duel) fight(ctx context.Context, dir string, rounds int, turn time.Duration) ([]outcome, error) {
	var all []*running
	defer func() {
		for _, r := range all {
			r.kill()
		}
	}()
	for i, s := range d.sides {
		s.spec.Result = filepath.Join(dir, fmt.Sprintf("result-%d", i))
		r, err := s.start(ctx, cmp.Or(d.patience, 2*time.Minute))
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	for range rounds {
		for _, r := range all {
			if r.refused != "" {
				continue
			}
			time.Sleep(pause)
			if err := r.turn(turn); err != nil {
				r.refused = err.Error()
			}
		}
	}
	var outcomes []outcome
	var first []float64
	for _, r := range all {
		if r.refused == "" {
			if err := r.end(); err != nil {
				return nil, err
			}
			if first == nil {
				first = r.result
			}
			r.wrong = differ(r.result, first)
		}
		outcomes = append(outcomes, r.outcome)
	}
	return outcomes, nil
}

// environment is the parent's, with every library told the number of threads and
// none told to spin.
func (s side) environment() []string {
	n := strconv.Itoa(s.spec.Threads)
	var env []string
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); name != "OPENBLAS_CORETYPE" && name != "OPENBLAS_L2_SIZE" {
			env = append(env, v)
		}
	}
	if s.core != "" {
		env = append(env, "OPENBLAS_CORETYPE="+s.core)
	}
	return append(env, "GOMAXPROCS="+n, "OMP_NUM_THREADS="+n, "OPENBLAS_NUM_THREADS="+n, "MKL_NUM_THREADS="+n, "OMP_WAIT_POLICY=passive")
}

// start starts the child and waits until it is ready.
func (s side) start(ctx context.Context, patience time.Duration) (*running, error) {
	r := &running{outcome: outcome{side: s}, patience: patience, cmd: exec.CommandContext(ctx, s.command[0], s.command[1:]...)}
	r.cmd.Env = s.environment()
	r.cmd.Stderr = &r.stderr
	in, err := r.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		r.refused = err.Error() // a program that is not there
		r.cmd = nil
		return r, nil
	}
	r.in, r.ask, r.answer = in, json.NewEncoder(in), json.NewDecoder(out)
	var ready readyLine
	if err := r.exchange(s.spec, &ready); err != nil {
		r.refused = err.Error()
		return r, nil
	}
	r.refused, r.version = ready.Refused, ready.Version
	return r, nil
}

func (r *running) turn(long time.Duration) error {
	var f figures
	if err := r.exchange(turnLine{milliseconds(long)}, &f); err != nil {
		return err
	}
	r.turns = append(r.turns, f)
	return nil
}

// deadline kills the child when it is over, unless it was stopped before.
func (r *running) deadline() *time.Timer {
	child := r.cmd.Process
	return time.AfterFunc(r.patience, func() { _ = child.Kill() }) // it may have ended by itself
}

// exchange asks the child and waits for its answer, but not for ever.
func (r *running) exchange(ask, answer any) error {
	late := r.deadline()
	err := errors.Join(r.ask.Encode(ask), r.answer.Decode(answer))
	if !late.Stop() {
		err = fmt.Errorf("no answer within %v", r.patience)
	}
	if err != nil {
		return r.died(err)
	}
	return nil
}

// end lets the child write its result and waits for it.
func (r *running) end() error {
	if err := r.in.Close(); err != nil {
		return err
	}
	late := r.deadline()
	err := r.cmd.Wait()
	late.Stop()
	r.cmd = nil
	if err != nil {
		return r.died(err)
	}
	r.result, err = readNumbers(r.spec.Result)
	return err
}

func (r *running) kill() {
	if r.cmd != nil {
		_ = r.cmd.Process.Kill() // it may have ended by itself
		_ = r.cmd.Wait()         // how does not matter
		r.cmd = nil
	}
}

// died explains a child that does not answer, or not as it should, by the last
// line it wrote, and ends it.
func (r *running) died(err error) error {
	r.kill() // what it wrote is whole once it was waited for
	lines := strings.Split(strings.TrimSpace(r.stderr.String()), "\n")
	return fmt.Errorf("%s: %w: %s", r.name, err, lines[len(lines)-1])
}

// off is how far results may be apart, as a part of the largest number wanted.
const off = 1e-3

// differ says how got differs from want; empty when it does not. A training may
// have stopped earlier, and is compared as far as it went.
func differ(got, want []float64) string {
	if len(got) == 0 || len(got) != len(want) && max(len(got), len(want)) > lossesCompared {
		return fmt.Sprintf("%d numbers, want %d", len(got), len(want))
	}
	n := min(len(got), len(want))
	got, want = got[:n], want[:n]
	size := 0.0
	for _, w := range want {
		size = max(size, math.Abs(w))
	}
	for i := range want {
		if got[i] != want[i] && !(math.Abs(got[i]-want[i]) <= off*size) {
			return fmt.Sprintf("number %d is %g, want %g", i, got[i], want[i])
		}
	}
	return ""
}

// The time of a run is processor time on one thread, which a busy machine does
// not change, and else wall time of the best run of each turn.
func (o outcome) times() []float64 {
	var t []float64
	for _, f := range o.turns {
		if o.spec.Threads == 1 {
			t = append(t, f.CPU)
		} else {
			t = append(t, f.Best)
		}
	}
	slices.Sort(t)
	return t
}

func (o outcome) median() float64 { t := o.times(); return t[len(t)/2] }
func (o outcome) best() float64   { return o.times()[0] }

func (o outcome) peak() uint64 { return o.turns[len(o.turns)-1].Peak }

func geomean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += math.Log(x)
	}
	return math.Exp(sum / float64(len(v)))
}
