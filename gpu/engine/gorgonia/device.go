package gorgonia

import (
	"context"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/driver"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// OpenDevice returns the driver of Gorgonia.
func OpenDevice() (driver.Device, error) { return device{}, nil }

// device keeps tensors in this process. It cannot stop a run: who cancels one kills
// the process.
type device struct{}

func (device) Info() driver.Info {
	return driver.Info{Name: "gorgonia", Device: "gorgonia.org/gorgonia"}
}

func (device) Accept(n *graph.Node, in []graph.Type) error { return Accept(n, in) }

func (device) Layout() graph.Layout { return Layout() }

// Layout plans for accounting only: Gorgonia has its own memory.
func Layout() graph.Layout {
	return graph.Layout{
		Work: func(*graph.Graph, *graph.Step) int64 { return 0 },
		Fuse: func(_, _ *graph.Node, _ graph.Type) bool { return false },
	}
}

func (device) Alloc(n int64) (driver.Memory, error) { return driver.HostMemory(cpu.Alloc(n)), nil }
func (device) Close() error                         { return nil }

func (device) Compile(_ context.Context, p *graph.Plan, opt abi.Optimizer) (driver.Program, error) {
	l, err := Lower(p)
	if err != nil {
		return nil, err
	}
	m, err := Open(l)
	if err != nil {
		return nil, err
	}
	x := &program{machine: m, outputs: len(p.Graph.Outputs()), trained: p.Trained}
	if len(p.Grads) > 0 {
		var sizes []int
		for _, v := range p.Grads {
			sizes = append(sizes, int(p.Graph.At(v).Elements()))
		}
		x.update = cpu.NewOptimizer(opt, sizes)
	}
	return x, nil
}

// program is a machine; the update of its parameters is the engine cpu's.
type program struct {
	machine *Machine
	outputs int
	trained []int // parameters, by their index
	update  *cpu.Optimizer
}

func (x *program) Run(_ context.Context, in, params, out []driver.Memory, rate float32) error {
	all := driver.HostBytes(params)
	got, err := x.machine.Run(append(driver.HostBytes(in), all...))
	if err != nil {
		return err
	}
	for i, b := range driver.HostBytes(out) {
		if len(got[i]) != len(b) {
			return fmt.Errorf("gorgonia: output %d has %d bytes, want %d: %w", i, len(got[i]), len(b), abi.Internal)
		}
		copy(b, got[i])
	}
	if x.update == nil {
		return nil
	}
	w, g := make([][]float32, len(x.trained)), make([][]float32, len(x.trained))
	for i, at := range x.trained {
		b, d := all[at], got[x.outputs+i]
		if len(d) != len(b) {
			return fmt.Errorf("gorgonia: gradient %d has %d bytes, want %d: %w", i, len(d), len(b), abi.Internal)
		}
		aligned := cpu.Alloc(int64(len(b)))
		copy(aligned, d)
		w[i], g[i] = numbers(b), numbers(aligned)
	}
	x.update.Step(runtime.GOMAXPROCS(0), w, g, rate)
	return nil
}

func (x *program) Save() ([]byte, error) {
	if x.update == nil {
		return nil, nil
	}
	return x.update.Save(), nil
}

func (x *program) Load(b []byte) error {
	if x.update == nil {
		return nil
	}
	return x.update.Load(b)
}

func (x *program) Close() error { return x.machine.Close() }

// numbers views memory that cpu.Alloc made as float32.
func numbers(b []byte) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
}
