package cuda

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
)

// A Loaded program is on a device, with memory of its own. One goroutine uses it,
// inside the driver's Enter.
type Loaded struct {
	d         cuda.Driver
	p         *Program
	opt       abi.Optimizer
	module    cuda.Module
	functions []cuda.Function // by launch
	blocks    []region
	arena     cuda.Ptr
	constants cuda.Ptr
	state     cuda.Ptr
	page      cuda.Ptr
	mem       []byte // of the page here, page-locked
	steps     uint64 // runs of a program that updates parameters
	seen      []cuda.Ptr
	graphs    []captured // newest last
	args      []uint64
}

// A region is memory of the device.
type region struct {
	at   cuda.Ptr
	size int64
}

// captured are the launches of a run whose tensors lay at the given addresses.
type captured struct {
	at    []cuda.Ptr
	graph cuda.Graph
}

// maxGraphs bounds how many runs a program keeps captured: tensors that come and
// go take turns at few addresses.
const maxGraphs = 4

// Load brings p to the device. Its arena and state are zero.
func Load(d cuda.Driver, p *Program, opt abi.Optimizer) (_ *Loaded, err error) {
	l := &Loaded{d: d, p: p, opt: opt}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	if l.module, err = d.Load(p.Source); err != nil {
		return nil, err
	}
	for _, x := range p.Launches {
		f, err := l.module.Function(x.Kernel)
		if err != nil {
			return nil, err
		}
		l.functions = append(l.functions, f)
	}
	if l.arena, err = l.alloc(p.Arena); err != nil {
		return nil, err
	}
	if l.state, err = l.alloc(p.State); err != nil {
		return nil, err
	}
	if l.constants, err = l.alloc(int64(len(p.Constants))); err != nil {
		return nil, err
	}
	if len(p.Constants) > 0 {
		if err := d.Upload(cuda.Compute, l.constants, p.Constants); err != nil {
			return nil, err
		}
	}
	if l.page, err = l.alloc(pageBytes); err != nil {
		return nil, err
	}
	if l.mem, err = d.AllocHost(pageBytes); err != nil {
		return nil, err
	}
	return l, nil
}

// alloc returns n zero bytes that Close wipes and gives back.
func (l *Loaded) alloc(n int64) (cuda.Ptr, error) {
	if n == 0 {
		return 0, nil
	}
	at, err := l.d.Alloc(n)
	if err != nil {
		return 0, err
	}
	l.blocks = append(l.blocks, region{at, n})
	return at, l.d.Set(cuda.Compute, at, 0, n)
}

// Run computes the outputs and, with gradients, one update of the parameters with
// the given learning rate. The lists hold the address of one tensor an input,
// parameter and output, in the order of the graph; of a tensor without elements it
// may be zero. It returns when the device is done. When ctx ends between two
// launches it returns the cause of that; outputs are then undefined, and
// parameters as they were unless their update had begun.
func (l *Loaded) Run(ctx context.Context, in, params, out []cuda.Ptr, rate float32) error {
	now, shrink := pageOf(l.opt, rate, l.steps+1)
	binary.LittleEndian.PutUint32(l.mem, math.Float32bits(now))
	binary.LittleEndian.PutUint32(l.mem[4:], math.Float32bits(shrink))
	at := slices.Concat(in, params, out)
	if err := l.start(ctx, at, in, params, out); err != nil {
		return err
	}
	if err := l.d.Sync(cuda.Compute); err != nil {
		return err
	}
	l.steps++
	return nil
}

// start queues the run: as a graph where its addresses were captured, else launch
// by launch. What comes a second time in a row is captured.
func (l *Loaded) start(ctx context.Context, at, in, params, out []cuda.Ptr) error {
	for _, c := range l.graphs {
		if slices.Equal(c.at, at) {
			return c.graph.Launch()
		}
	}
	queue := func(ctx context.Context) error {
		if err := l.d.Upload(cuda.Compute, l.page, l.mem); err != nil {
			return err
		}
		for i := range l.p.Launches {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := l.launch(i, in, params, out); err != nil {
				return err
			}
		}
		return nil
	}
	if !slices.Equal(l.seen, at) {
		l.seen = at
		err := queue(ctx)
		if err != nil && ctx.Err() != nil { // what is queued still uses the tensors
			return errors.Join(err, l.d.Sync(cuda.Compute))
		}
		return err
	}
	g, err := l.d.Capture(func() error { return queue(context.Background()) })
	if err != nil {
		return err
	}
	if len(l.graphs) == maxGraphs {
		if err := l.graphs[0].graph.Free(); err != nil {
			return errors.Join(err, g.Free())
		}
		l.graphs = slices.Delete(l.graphs, 0, 1)
	}
	l.graphs = append(l.graphs, captured{at, g})
	return g.Launch()
}

func (l *Loaded) launch(i int, in, params, out []cuda.Ptr) error {
	x := &l.p.Launches[i]
	l.args = l.args[:0]
	for _, a := range x.Args {
		var base cuda.Ptr
		switch a.Space {
		case Input:
			base = in[a.Index]
		case Param:
			base = params[a.Index]
		case Output:
			base = out[a.Index]
		case Constant:
			base = l.constants
		case Arena:
			base = l.arena
		case State:
			base = l.state
		case Page:
			base = l.page
		}
		l.args = append(l.args, uint64(base)+uint64(a.Offset))
	}
	if err := l.d.Launch(l.functions[i], x.Grid, [3]uint32{x.Block, 1, 1}, 0, l.args); err != nil {
		return fmt.Errorf("%s of step %d: %w", x.Kernel, x.Step, err)
	}
	return nil
}

// Save returns what the program keeps from run to run: how many there were, and the
// optimizer's state as it lies on the device.
func (l *Loaded) Save() ([]byte, error) {
	b := make([]byte, 8+l.p.State)
	binary.LittleEndian.PutUint64(b, l.steps)
	if l.p.State == 0 {
		return b, nil
	}
	if err := l.d.Download(cuda.Compute, b[8:], l.state); err != nil {
		return nil, err
	}
	return b, l.d.Sync(cuda.Compute)
}

// Restore takes back what Save returned.
func (l *Loaded) Restore(b []byte) error {
	if int64(len(b)) != 8+l.p.State {
		return fmt.Errorf("cuda: a state of %d bytes, want %d: %w", len(b), 8+l.p.State, abi.Invalid)
	}
	l.steps = binary.LittleEndian.Uint64(b)
	if l.p.State == 0 {
		return nil
	}
	if err := l.d.Upload(cuda.Compute, l.state, b[8:]); err != nil {
		return err
	}
	return l.d.Sync(cuda.Compute)
}

// Close wipes what the program had on the device and gives it back.
func (l *Loaded) Close() error {
	var errs error
	for _, c := range l.graphs {
		errs = errors.Join(errs, c.graph.Free())
	}
	for _, b := range l.blocks {
		errs = errors.Join(errs, l.d.Set(cuda.Compute, b.at, 0, b.size), l.d.Free(b.at))
	}
	if l.mem != nil {
		errs = errors.Join(errs, l.d.FreeHost(l.mem))
	}
	if l.module != nil {
		errs = errors.Join(errs, l.module.Unload())
	}
	l.graphs, l.blocks, l.mem, l.module = nil, nil, nil, nil
	return errs
}

// StateBytes is what the program of p keeps beside its arena on the device: the
// optimizer's state, constants and a page.
func (p *Program) StateBytes() int64 { return p.State + int64(len(p.Constants)) + pageBytes }
