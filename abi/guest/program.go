//go:build wasip1

package guest

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
)

// A Program is a compiled graph.
type Program struct{ h, outputs uint32 }

// Compile checks, plans and prices the graph, which cannot change any more.
func (g *Graph) Compile() (*Program, error) {
	if g.err != nil {
		return nil, g.err
	}
	return program(programCompile(g.h))
}

func program(n int32) (*Program, error) {
	h, err := result(n)
	if err != nil {
		return nil, err
	}
	outputs, err := result(programPorts(h, 1))
	return &Program{h, outputs}, err
}

// Cost says what one run takes.
func (p *Program) Cost() (abi.Cost, error) {
	var b [36]byte
	if err := only(programCost(p.h, unsafe.Pointer(&b))); err != nil {
		return abi.Cost{}, err
	}
	le := binary.LittleEndian
	return abi.Cost{FLOPs: le.Uint64(b[:]), Bytes: le.Uint64(b[8:]), Read: le.Uint64(b[16:]), Written: le.Uint64(b[24:]), Launches: le.Uint32(b[32:])}, nil
}

// Outputs returns how many outputs there are.
func (p *Program) Outputs() int { return int(p.outputs) }

// InputShape returns the dimensions of the i-th input.
func (p *Program) InputShape(i int) ([]int64, error) { return p.shape(0, i) }

// OutputShape returns the dimensions of the i-th output.
func (p *Program) OutputShape(i int) ([]int64, error) { return p.shape(1, i) }

func (p *Program) shape(direction uint32, i int) ([]int64, error) {
	var dims [abi.MaxRank]int64
	n, err := result(programPort(p.h, direction, uint32(i), unsafe.Pointer(&dims), abi.MaxRank))
	return dims[:n], err
}

// Run computes the outputs: new tensors, the caller's to free.
func (p *Program) Run(in ...Tensor) ([]Tensor, error) {
	out := make([]Tensor, p.outputs)
	return out, only(programRun(p.h, at(in), uint32(len(in)), at(out), p.outputs))
}

// Free gives the program's memory back.
func (p *Program) Free() { _ = programFree(p.h) } // freeing twice is no harm

// A Trainer is a compiled training step.
type Trainer struct{ *Program }

// Train compiles a step of the optimiser over every parameter of the graph,
// towards a smaller loss.
func (g *Graph) Train(loss Value, o abi.Optimizer) (*Trainer, error) {
	if g.err != nil {
		return nil, g.err
	}
	b := binary.LittleEndian.AppendUint32(nil, uint32(o.Kind))
	for _, f := range []float32{o.LearningRate, o.Momentum, o.Beta1, o.Beta2, o.Epsilon, o.WeightDecay, o.ClipNorm} {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	p, err := program(trainNew(g.h, uint32(loss), at(b)))
	return &Trainer{p}, err
}

// Step does one step and frees the graph's outputs.
func (t *Trainer) Step(in ...Tensor) error {
	out, err := t.Run(in...)
	if err != nil {
		return err
	}
	free(out)
	return nil
}

// Run does one step and returns the graph's outputs as they were before the
// update: new tensors, the caller's to free.
func (t *Trainer) Run(in ...Tensor) ([]Tensor, error) {
	out := make([]Tensor, t.outputs)
	return out, only(trainStep(t.h, at(in), uint32(len(in)), at(out), t.outputs))
}

// Rate sets the learning rate from the next step on.
func (t *Trainer) Rate(rate float32) error { return only(trainRate(t.h, math.Float32bits(rate))) }
