// Command driver is a driver as small as one can be: it serves the processor as if
// it were an accelerator. Replace Alloc, Write, Read, Compile and Run by those of
// yours; plugins/DRIVERS.md says what each must do.
package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/driver"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
	"github.com/cloister-ai/cloister/gpu/graph"
)

func main() { driver.Serve(open) }

// open finds the device. What it fails with is what cloister says of the driver.
func open() (driver.Device, error) { return processor{}, nil }

// processor is the device.
type processor struct{}

func (processor) Info() driver.Info {
	return driver.Info{Name: "reference", Device: fmt.Sprintf("%s, %d threads", runtime.GOARCH, runtime.GOMAXPROCS(0))}
}

// Accept refuses what there is no kernel for.
func (processor) Accept(n *graph.Node, in []graph.Type) error { return cpu.Accept(n, in) }

// Layout says what scratch kernels need and what they can do next to their result.
func (processor) Layout() graph.Layout { return cpu.Layout() }

// Alloc returns zeros: nobody's bytes are left in them.
func (processor) Alloc(n int64) (driver.Memory, error) { return memory(cpu.Alloc(n)), nil }

func (processor) Compile(_ context.Context, p *graph.Plan, opt abi.Optimizer) (driver.Program, error) {
	x, err := cpu.Compile(p, opt, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	return &program{x}, nil
}

func (processor) Close() error { return nil }

// memory is one tensor.
type memory []byte

func (m memory) Write(off int64, b []byte) error { copy(m[off:], b); return nil }
func (m memory) Read(off int64, b []byte) error  { copy(b, m[off:]); return nil }
func (m memory) Free() error                     { clear(m); return nil }

// program is a plan with its arena and, if it trains, the state of its optimizer.
type program struct{ cpu *cpu.Program }

// Run takes and gives tensors in the order of the plan, nil for one of no bytes.
func (p *program) Run(ctx context.Context, in, params, out []driver.Memory, rate float32) error {
	return p.cpu.Run(ctx, bytes(in), bytes(params), bytes(out), rate)
}

// Changed says that a parameter has other elements than in the last run.
func (p *program) Changed(param int) { p.cpu.Changed(param) }

// Save and Load are how a job goes on after the device was lost.
func (p *program) Save() ([]byte, error)   { return p.cpu.Save(), nil }
func (p *program) Load(state []byte) error { return p.cpu.Load(state) }
func (p *program) Close() error            { return nil }

func bytes(list []driver.Memory) [][]byte {
	out := make([][]byte, len(list))
	for i, m := range list {
		out[i], _ = m.(memory)
	}
	return out
}
