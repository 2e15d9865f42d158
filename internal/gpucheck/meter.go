package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
	device "github.com/cloister-ai/cloister/gpu/engine/cuda"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// Who is timed.
const (
	byUs       = "cloister"           // one run after the other, the card's time
	byJob      = "cloister, as a job" // each run awaited, through the device process
	byLt       = "cuBLASLt"
	byEager    = "torch eager"
	byCompiled = "torch.compile"
	byGraph    = "torch graph"
)

// queued is a driver that does not wait: what is timed follows upon what was
// before, as a replayed graph does.
type queued struct {
	cuda.Driver
	now bool
}

func (q *queued) Sync(s cuda.Stream) error {
	if q.now {
		return nil
	}
	return q.Driver.Sync(s)
}

// A meter times what is queued on a card by events.
type meter struct {
	d          *queued
	start, end cuda.Event
	small      bool
}

const (
	repetitions = 11
	budget      = 5 * time.Second // of one case, after which fewer repetitions do
)

func newMeter(d cuda.Driver, small bool) (*meter, error) {
	m := &meter{d: &queued{Driver: d}, small: small}
	var err error
	if m.start, err = d.Event(); err != nil {
		return nil, err
	}
	m.end, err = d.Event()
	return m, err
}

// stretch is how long times runs of f took on the card.
func (m *meter) stretch(runs int, f func() error) (time.Duration, error) {
	if err := m.start.Record(cuda.Compute); err != nil {
		return 0, err
	}
	for range runs {
		if err := f(); err != nil {
			return 0, err
		}
	}
	if err := m.end.Record(cuda.Compute); err != nil {
		return 0, err
	}
	if err := m.d.Driver.Sync(cuda.Compute); err != nil {
		return 0, err
	}
	return m.end.Since(m.start)
}

// time is the median of several stretches of f, after some that warm up.
func (m *meter) time(f func() error) (t timed, err error) {
	m.d.now = true
	defer func() { m.d.now = false }()
	began := time.Now()
	var once time.Duration
	for range 3 {
		if once, err = m.stretch(1, f); err != nil {
			return t, err
		}
	}
	runs := 1
	if !m.small { // a stretch takes some milliseconds, so that its ends matter little
		runs = int(min(200, max(1, 3*time.Millisecond/max(once, time.Microsecond))))
	}
	var all []float64
	for i := range repetitions {
		took, err := m.stretch(runs, f)
		if err != nil {
			return t, err
		}
		all = append(all, took.Seconds()*1e3/float64(runs))
		if i >= 2 && (m.small || time.Since(began) > budget) {
			break
		}
	}
	return median(all), nil
}

// median makes a time of several.
func median(ms []float64) timed {
	slices.Sort(ms)
	return timed{MS: ms[len(ms)/2], Low: ms[0], High: ms[len(ms)-1], Runs: len(ms)}
}

// times runs everything that is timed by itself, and goes on after what fails.
func times(ctx context.Context, c *config, log *recorder) error {
	d, err := c.card("")
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Enter(func() error {
		m, err := newMeter(d, c.small)
		if err != nil {
			return err
		}
		var failures error
		for _, s := range c.specs() {
			if ctx.Err() != nil {
				return errors.Join(failures, context.Cause(ctx))
			}
			if s.Kind == kindGEMM && s.Type != "fp32" {
				continue // package engine/cuda computes in float32: see products
			}
			t, err := m.spec(ctx, c, s)
			for i := range t {
				fmt.Printf("%-40s %-20s %10.4f ms\n", t[i].Case, t[i].By, t[i].MS)
				err = errors.Join(err, log.time(t[i]))
			}
			if err != nil {
				err = fmt.Errorf("%s: %w", s.Name, err)
				fmt.Println(err)
				failures = errors.Join(failures, err, log.time(timed{Case: s.Name, By: byUs, Note: err.Error()}))
			}
			if errors.Is(err, cuda.ErrLost) {
				break
			}
		}
		return failures
	})
}

func (m *meter) spec(ctx context.Context, c *config, s spec) ([]timed, error) {
	switch s.Kind {
	case kindCopy:
		t, err := m.copy(4 * s.N[0])
		t.Case, t.By = s.Name, byUs
		return []timed{t}, err
	case kindLaunch:
		return m.launches(s)
	}
	t, err := m.graph(ctx, c, s)
	t.Case, t.By = s.Name, byUs
	if err != nil {
		return nil, err
	}
	return []timed{t}, nil
}

// memory returns n bytes of the card, none for none.
func (m *meter) memory(n int64, content []byte) (cuda.Ptr, error) {
	if n == 0 {
		return 0, nil
	}
	at, err := m.d.Alloc(n)
	if err != nil {
		return 0, err
	}
	if content != nil {
		return at, m.d.Upload(cuda.Compute, at, content)
	}
	return at, m.d.Set(cuda.Compute, at, 0, n)
}

// free gives back all that is not 0.
func (m *meter) free(list ...cuda.Ptr) (err error) {
	for _, at := range list {
		if at != 0 {
			err = errors.Join(err, m.d.Free(at))
		}
	}
	return err
}

// copy times a copy of n bytes, which are read and written.
func (m *meter) copy(n int64) (t timed, err error) {
	from, err := m.memory(n, nil)
	if err != nil {
		return t, err
	}
	to, err := m.memory(n, nil)
	if err == nil {
		t, err = m.time(func() error { return m.d.Copy(cuda.Compute, to, from, n) })
		t.Bytes = 2 * float64(n)
	}
	return t, errors.Join(err, m.free(from, to))
}

// blank is a tensor that a graph asks for its type: its content is given later.
type blank struct {
	graph.Type
	content []byte
}

func (b *blank) DType() abi.DType               { return b.Type.DType }
func (b *blank) Shape() []int64                 { return b.Type.Shape }
func (b *blank) Read(off int64, p []byte) error { copy(p, b.content[off:]); return nil }
func (*blank) Write(int64, []byte) error        { return abi.Invalid }
func (*blank) Free()                            {}

// compiled is a spec as a program for a card, with what it runs on.
type compiled struct {
	plan    *graph.Plan
	program *device.Program
	opt     abi.Optimizer
	inputs  [][]byte
}

// compile plans s and writes its kernels.
func compile(s spec) (*compiled, error) {
	g, err := graph.New(graph.Config{Opset: opset, Accept: device.Accept, Eval: cpu.Eval})
	if err != nil {
		return nil, err
	}
	n := &net{g: g, tensor: func(dt abi.DType, shape []int64, content []byte) (abi.Tensor, error) {
		return &blank{graph.Type{DType: dt, Shape: shape}, content}, nil
	}}
	loss, err := n.build(s)
	if err != nil {
		return nil, err
	}
	c := &compiled{inputs: n.inputs}
	var grads []abi.Value
	if loss != 0 {
		c.opt = abi.Optimizer{Kind: adam.Kind, LearningRate: adam.LearningRate, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}
		if grads, err = g.Gradient(loss, g.ParamValues()); err != nil {
			return nil, err
		}
	}
	if c.plan, err = graph.NewPlan(g, grads, device.Layout()); err != nil {
		return nil, err
	}
	c.program, err = device.Compile(c.plan, c.opt, ptx.Turing)
	return c, err
}

// graph times a compiled spec.
func (m *meter) graph(ctx context.Context, c *config, s spec) (t timed, err error) {
	x, err := compile(s)
	if err != nil {
		return t, err
	}
	name := fmt.Sprintf("%s-%v.ptx", s.Kind, s.N[0])
	if err := os.WriteFile(filepath.Join(c.texts(), name), []byte(x.program.Source), 0o644); err != nil {
		return t, err
	}
	loaded, err := device.Load(m.d, x.program, x.opt)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, loaded.Close()) }()
	var in, params, out []cuda.Ptr
	defer func() { err = errors.Join(err, m.free(in...), m.free(params...), m.free(out...)) }()
	give := func(list *[]cuda.Ptr, n int64, content []byte) error {
		at, err := m.memory(n, content)
		*list = append(*list, at)
		return err
	}
	g := x.plan.Graph
	for i, v := range g.Inputs() {
		if err := give(&in, g.At(v).Bytes(), x.inputs[i]); err != nil {
			return t, err
		}
	}
	for _, p := range g.Params() {
		b := p.Tensor.(*blank)
		if err := give(&params, b.Bytes(), b.content); err != nil {
			return t, err
		}
	}
	for _, o := range g.Outputs() {
		if err := give(&out, g.At(o.Value).Bytes(), nil); err != nil {
			return t, err
		}
	}
	t, err = m.time(func() error { return loaded.Run(ctx, in, params, out, x.opt.LearningRate) })
	t.FLOPs, t.Bytes = float64(x.plan.FLOPs), float64(x.plan.Read+x.plan.Written)
	return t, err
}

// launches times small kernels, queued one by one and replayed as a graph: the
// time is of one.
func (m *meter) launches(s spec) (all []timed, err error) {
	x, err := compile(spec{s.Name, kindChain, []int64{32}, ""})
	if err != nil {
		return nil, err
	}
	module, err := m.d.Load(x.program.Source)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, module.Unload()) }()
	l := x.program.Launches[len(x.program.Launches)-1]
	f, err := module.Function(l.Kernel)
	if err != nil {
		return nil, err
	}
	at, err := m.memory(4096, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.free(at)) }()
	var args []uint64
	for i := range l.Args { // what it reads may lie anywhere, what it writes apart from that
		args = append(args, uint64(at)+512*uint64(i))
	}
	queue := func() error {
		for range s.N[0] {
			if err := m.d.Launch(f, l.Grid, [3]uint32{l.Block, 1, 1}, 0, args); err != nil {
				return err
			}
		}
		return nil
	}
	g, err := m.d.Capture(queue)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.Free()) }()
	for _, way := range []struct {
		name string
		f    func() error
	}{{s.Name, queue}, {s.Name + ", as a graph", g.Launch}} {
		t, err := m.time(way.f)
		if err != nil {
			return all, err
		}
		for _, ms := range []*float64{&t.MS, &t.Low, &t.High} {
			*ms /= float64(s.N[0])
		}
		t.Case, t.By = way.name, byUs
		all = append(all, t)
	}
	return all, nil
}

// jobs times nets as a job has them: a session on a device process, every run
// awaited.
func jobs(ctx context.Context, c *config, log *recorder) error {
	e, err := c.engine()
	if err != nil {
		return err
	}
	defer e.(io.Closer).Close()
	var failures error
	for _, s := range c.specs() {
		switch s.Kind {
		case kindMLP, kindLeNet, kindResNet18, kindResNet50, kindBlock:
		default:
			continue
		}
		t, err := jobTime(ctx, e, s, c.small)
		t.Case, t.By = s.Name, byJob
		if err != nil {
			t.Note = err.Error()
			failures = errors.Join(failures, err)
		}
		fmt.Printf("%-40s %-20s %10.4f ms\n", t.Case, t.By, t.MS)
		if err := log.time(t); err != nil {
			return err
		}
	}
	return failures
}

func jobTime(ctx context.Context, e abi.Engine, s spec, small bool) (t timed, err error) {
	j, err := openJob(ctx, e, s)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, j.session.Close()) }()
	runs := 3 + 2*repetitions
	if small {
		runs = 5
	}
	var all []float64
	began := time.Now()
	for i := range runs {
		start := time.Now()
		out, err := j.program.Run(ctx, j.in)
		if err != nil {
			return t, err
		}
		took := time.Since(start)
		for _, x := range out {
			x.Free()
		}
		if i >= 3 {
			all = append(all, took.Seconds()*1e3)
		}
		if i >= 5 && time.Since(began) > budget {
			break
		}
	}
	return median(all), nil
}
