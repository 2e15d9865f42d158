// Package driver runs a device in a process of its own, so that what kills it
// leaves the host alive. A driver implements [Device] and calls [Serve]; a host
// opens sessions on it with [Open]. plugins/DRIVERS.md is the protocol between them.
package driver

import (
	"context"
	"fmt"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// A Device computes plans. No two calls overlap, but for Accept and the functions
// of Layout, which answer from what they are given alone.
//
// Memory that it hands out is zero, whoever had it before: clearing is its duty, of
// arenas and states as of buffers. Errors have a Kind; one for which
// errors.Is(err, ErrLost) holds says that nothing works any more.
type Device interface {
	Info() Info
	// Accept refuses, as Invalid and by name, an operator the device lacks.
	Accept(n *graph.Node, in []graph.Type) error
	// Layout says what a planner must know of the kernels. Fuse is asked without
	// the operands of its nodes.
	Layout() graph.Layout
	// Alloc returns n zero bytes; n is more than zero.
	Alloc(n int64) (Memory, error)
	// Compile makes p runnable. opt is complete, and used if p has gradients. A
	// plan with scratch or fusions that Layout does not give is refused.
	Compile(ctx context.Context, p *graph.Plan, opt abi.Optimizer) (Program, error)
	Close() error
}

// Memory is bytes on a device. The ranges of its calls are inside of it; b is of
// the ring that the host shares, which a device may have registered: see [Pinner].
type Memory interface {
	Write(off int64, b []byte) error
	Read(off int64, b []byte) error
	Free() error
}

// A Program is a compiled plan.
type Program interface {
	// Run computes the outputs from inputs and parameters and then updates the
	// parameters, if the plan has gradients, with the given learning rate. There
	// is memory of the right size for each, nil for one of no bytes. When ctx ends
	// it may stop: outputs are then undefined, parameters and state as they were.
	Run(ctx context.Context, in, params, out []Memory, rate float32) error
	// Save returns what the program keeps between runs, the state of its
	// optimizer, in a form of its own; Load takes it back.
	Save() ([]byte, error)
	Load(state []byte) error
	Close() error
}

// A Changer is a program that keeps, from run to run, what it makes of parameters. It
// is told, before a run, of each that has other elements than in the last one.
type Changer interface {
	Changed(param int)
}

// A Pinner is a device that wants the ring before it is used, to register it.
type Pinner interface {
	Pin(ring []byte) error
}

// Info describes a device.
type Info struct {
	Name    string `pb:"1"` // the engine's word in receipts: "cuda"
	Device  string `pb:"2"` // as its maker calls it
	ID      string `pb:"3"` // of this one, where it has one
	Version string `pb:"4"` // of the driver
	Memory  int64  `pb:"5"` // bytes; zero if not known
}

// ErrLost says that a device is lost, and with it what was on it.
var ErrLost = fmt.Errorf("device lost: %w", abi.Unavailable)
