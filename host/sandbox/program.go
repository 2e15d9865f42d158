package sandbox

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// A program is a compiled graph, or a compiled training step.
type program struct {
	abi.Program
	graph   *graph
	in, out []abi.Port
	trainer abi.Trainer // nil: no training step
}

func (in *instance) program(h uint32) (*program, error) {
	return find[*program](&in.handles, h, "program")
}

func newProgram(g *graph, p abi.Program) *program {
	g.frozen = true
	return &program{Program: p, graph: g, in: p.Inputs(), out: p.Outputs()}
}

// programCompile(g) → a program; g cannot change any more.
func programCompile(ctx context.Context, in *instance, a []uint32) (uint32, error) {
	s, err := in.session()
	if err != nil {
		return 0, err
	}
	g, err := in.graph(a[0])
	if err != nil {
		return 0, err
	}
	if err := in.handles.room(1); err != nil {
		return 0, err
	}
	p, err := s.Compile(ctx, g.Graph)
	if err != nil {
		return 0, err
	}
	return in.handles.add(newProgram(g, p))
}

// programCost(p, ptr) writes flops, arena bytes, bytes read and
// bytes written as u64, launches as u32.
func programCost(_ context.Context, in *instance, a []uint32) (uint32, error) {
	p, err := in.program(a[0])
	if err != nil {
		return 0, err
	}
	b, err := in.read(a[1], 36)
	if err != nil {
		return 0, err
	}
	c := p.Cost()
	binary.LittleEndian.PutUint64(b, c.FLOPs)
	binary.LittleEndian.PutUint64(b[8:], c.Bytes)
	binary.LittleEndian.PutUint64(b[16:], c.Read)
	binary.LittleEndian.PutUint64(b[24:], c.Written)
	binary.LittleEndian.PutUint32(b[32:], c.Launches)
	return 0, nil
}

// ports returns the inputs (0) or outputs (1) of p.
func (p *program) ports(direction uint32) ([]abi.Port, error) {
	switch direction {
	case 0:
		return p.in, nil
	case 1:
		return p.out, nil
	}
	return nil, fmt.Errorf("direction %d, 0 is in and 1 is out: %w", direction, abi.Invalid)
}

// programPorts(p, direction) → how many inputs or outputs there are.
func programPorts(_ context.Context, in *instance, a []uint32) (uint32, error) {
	p, err := in.program(a[0])
	if err != nil {
		return 0, err
	}
	ports, err := p.ports(a[1])
	return uint32(len(ports)), err
}

// programPort(p, direction, i, ptr, cap) → the rank of a port; writes up to cap
// dimensions of i64.
func programPort(_ context.Context, in *instance, a []uint32) (uint32, error) {
	p, err := in.program(a[0])
	if err != nil {
		return 0, err
	}
	ports, err := p.ports(a[1])
	if err != nil {
		return 0, err
	}
	if uint64(a[2]) >= uint64(len(ports)) {
		return 0, fmt.Errorf("port %d of %d: %w", a[2], len(ports), abi.NotFound)
	}
	return in.giveShape(ports[a[2]].Shape, a[3], a[4])
}

// programRun(p, in, n_in, out, n_out) → n_out; writes handles of new tensors.
func programRun(ctx context.Context, in *instance, a []uint32) (uint32, error) {
	p, err := in.program(a[0])
	if err != nil {
		return 0, err
	}
	if p.trainer != nil {
		return 0, fmt.Errorf("handle %#x is a trainer, train_step runs it: %w", a[0], abi.Invalid)
	}
	inputs, err := in.inputs(p, a[1], a[2])
	if err != nil {
		return 0, err
	}
	return in.run(ctx, p, inputs, a[3], a[4])
}

// inputs reads n handles of tensors and holds them against the program's ports.
// What it refuses depends on shapes alone.
func (in *instance) inputs(p *program, ptr, n uint32) ([]*tensor, error) {
	if uint64(n) != uint64(len(p.in)) {
		return nil, fmt.Errorf("%d inputs, the program takes %d: %w", n, len(p.in), abi.Invalid)
	}
	b, err := in.array(ptr, n, 4)
	if err != nil {
		return nil, fmt.Errorf("inputs: %w", err)
	}
	ts := make([]*tensor, n)
	for i, port := range p.in {
		t, err := in.tensor(binary.LittleEndian.Uint32(b[4*i:]))
		if err != nil {
			return nil, fmt.Errorf("input %d: %w", i, err)
		}
		if !t.is(port) {
			return nil, fmt.Errorf("input %d (%s) is %v %v, tensor %d is %v %v: %w", i, printable(port.Name, 64), port.DType, port.Shape, t.index, t.DType(), t.Shape(), abi.Invalid)
		}
		ts[i] = t
	}
	return ts, nil
}

// run runs p and gives its outputs handles and labels.
func (in *instance) run(ctx context.Context, p *program, inputs []*tensor, ptr, n uint32) (uint32, error) {
	if uint64(n) != uint64(len(p.out)) {
		return 0, fmt.Errorf("room for %d outputs, the program has %d: %w", n, len(p.out), abi.Invalid)
	}
	dst, err := in.array(ptr, n, 4)
	if err != nil {
		return 0, fmt.Errorf("outputs: %w", err)
	}
	if err := in.handles.room(len(p.out)); err != nil {
		return 0, err
	}
	l, rows := p.flow(inputs)
	args := make([]abi.Tensor, len(inputs))
	for i, t := range inputs {
		args[i] = t.Tensor
	}
	out, err := p.Run(ctx, args)
	if err != nil {
		if l != public {
			// Everything that could go wrong by shape was checked above. That
			// this run failed may say something about the values.
			err = fatal{err}
		}
		return 0, err
	}
	for i, t := range out {
		h, err := in.newTensor(&tensor{Tensor: t, label: l, batch: rows})
		if err != nil {
			return 0, err
		}
		binary.LittleEndian.PutUint32(dst[4*i:], h)
	}
	return n, nil
}

// flow returns the label of p's outputs for these inputs, and the records they
// stand for: those of the inputs, where all that have any agree.
func (p *program) flow(inputs []*tensor) (label, *batch) {
	in, rows, mixed := public, (*batch)(nil), false
	for _, t := range inputs {
		in = join(in, t.label)
		switch {
		case t.batch == nil:
		case rows == nil:
			rows = t.batch
		case rows != t.batch:
			mixed = true
		}
	}
	if mixed {
		rows = nil
	}
	if p.graph.sealed != "" && in == public {
		return answer, rows
	}
	return join(in, p.graph.label()), rows
}

// programFree(p) frees the arena; p may be a trainer.
func programFree(_ context.Context, in *instance, a []uint32) (uint32, error) {
	p, err := in.program(a[0])
	if err != nil {
		return 0, err
	}
	in.handles.drop(a[0])
	return 0, p.Close()
}
