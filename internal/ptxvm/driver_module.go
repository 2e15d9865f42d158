package ptxvm

import (
	"errors"
	"time"

	"github.com/cloister-ai/cloister/gpu/cuda"
)

type module struct {
	driver    *Driver
	loaded    *Loaded
	functions map[string]*function
	unloaded  bool
}

func (m *module) Function(name string) (cuda.Function, error) {
	if err := m.driver.ready(false); err != nil {
		return nil, err
	}
	k := m.loaded.Kernels[name]
	if k == nil || m.unloaded {
		return nil, &cuda.Error{Call: "cuModuleGetFunction", Code: cuda.NotFound, Note: name}
	}
	f := m.functions[name]
	if f == nil {
		if m.functions == nil {
			m.functions = map[string]*function{}
		}
		f = &function{m, k}
		m.functions[name] = f
	}
	return f, nil
}

func (m *module) Unload() error {
	if err := m.driver.ready(false); err != nil {
		return err
	}
	if !m.unloaded {
		m.unloaded = true
		m.loaded.Unload()
	}
	return nil
}

type function struct {
	module *module
	kernel *Kernel
}

func (f *function) Name() string { return f.kernel.Name }

func (f *function) Resources() cuda.Resources {
	k := f.kernel
	r := cuda.Resources{Registers: min(k.Registers, registerLimit), Local: int(k.local), Shared: k.Static, Threads: threadLimit}
	if k.MaxThreads > 0 {
		r.Threads = k.MaxThreads
	}
	return r
}

// A graph is work that was recorded.
type graph struct {
	driver *Driver
	steps  []func() error
	freed  bool
}

// Capture records what f queues.
func (d *Driver) Capture(f func() error) (cuda.Graph, error) {
	if err := d.ready(false); err != nil {
		return nil, err
	}
	g := &graph{driver: d}
	d.capture = g
	defer func() { d.capture = nil }()
	if err := f(); err != nil {
		return nil, err
	}
	return g, nil
}

func (g *graph) Launch() error {
	if err := g.driver.ready(false); err != nil {
		return err
	}
	if g.freed {
		return invalidCall("the graph is freed")
	}
	for _, step := range g.steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (g *graph) Free() error {
	g.freed, g.steps = true, nil
	return g.driver.ready(false)
}

// An event's time is the number of instructions that were run before it, as if
// each took a nanosecond: the same in every run.
type event struct {
	driver   *Driver
	at       int64
	recorded bool
}

// Event returns an event that has not happened.
func (d *Driver) Event() (cuda.Event, error) { return &event{driver: d}, d.ready(false) }

func (e *event) Record(cuda.Stream) error {
	e.at, e.recorded = e.driver.device.Instructions(), true
	return e.driver.ready(false)
}

func (e *event) Wait(cuda.Stream) error { return e.driver.ready(false) }
func (e *event) Sync() error            { return e.driver.ready(false) }
func (e *event) Free() error            { return e.driver.ready(false) }

func (e *event) Since(earlier cuda.Event) (time.Duration, error) {
	from, ok := earlier.(*event)
	if !ok || !e.recorded || !from.recorded {
		return 0, errors.Join(invalidCall("the time between events that have not happened"), e.driver.ready(false))
	}
	return time.Duration(e.at - from.at), e.driver.ready(false)
}
