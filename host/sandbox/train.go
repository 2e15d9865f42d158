package sandbox

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cloister-ai/cloister/abi"
)

// optimizerSize is the size of an abi.Optimizer in guest memory: a u32 and
// seven f32.
const optimizerSize = 32

func decodeOptimizer(b []byte) (abi.Optimizer, error) {
	kind := binary.LittleEndian.Uint32(b)
	if kind == 0 || kind > uint32(abi.AdamW) {
		return abi.Optimizer{}, fmt.Errorf("optimizer %d is unknown: %w", kind, abi.Invalid)
	}
	var f [7]float32
	for i := range f {
		f[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4+4*i:]))
		if !finite(f[i]) {
			return abi.Optimizer{}, fmt.Errorf("field %d of the optimizer is not finite: %w", i+1, abi.Invalid)
		}
	}
	return abi.Optimizer{
		Kind: abi.OptimizerKind(kind), LearningRate: f[0], Momentum: f[1], Beta1: f[2], Beta2: f[3],
		Epsilon: f[4], WeightDecay: f[5], ClipNorm: f[6],
	}, nil
}

func finite(f float32) bool { return !math.IsNaN(float64(f)) && !math.IsInf(float64(f), 0) }

// trainNew(g, loss, config) → a trainer of every parameter of g.
func trainNew(ctx context.Context, in *instance, a []uint32) (uint32, error) {
	s, err := in.session()
	if err != nil {
		return 0, err
	}
	g, err := in.editable(a[0])
	if err != nil {
		return 0, err
	}
	b, err := in.read(a[2], optimizerSize)
	if err != nil {
		return 0, err
	}
	opt, err := decodeOptimizer(b)
	if err != nil {
		return 0, err
	}
	if err := in.handles.room(1); err != nil {
		return 0, err
	}
	t, err := s.Trainer(ctx, g.Graph, abi.Value(a[1]), opt)
	if err != nil {
		return 0, err
	}
	p := newProgram(g, t)
	p.trainer = t
	return in.handles.add(p)
}

func (in *instance) trainer(h uint32) (*program, error) {
	p, err := in.program(h)
	if err == nil && p.trainer == nil {
		err = fmt.Errorf("handle %#x is no trainer: %w", h, abi.Invalid)
	}
	return p, err
}

// trainStep(t, in, n_in, out, n_out) → n_out: the outputs before the update.
// What saw private records is private from the first step on.
func trainStep(ctx context.Context, in *instance, a []uint32) (uint32, error) {
	p, err := in.trainer(a[0])
	if err != nil {
		return 0, err
	}
	inputs, err := in.inputs(p, a[1], a[2])
	if err != nil {
		return 0, err
	}
	if l, _ := p.flow(inputs); l != public {
		for _, w := range p.graph.params {
			w.label = max(w.label, trained)
		}
	}
	return in.run(ctx, p, inputs, a[3], a[4])
}

// trainRate(t, rate) sets the learning rate, an f32 by its bits.
func trainRate(_ context.Context, in *instance, a []uint32) (uint32, error) {
	p, err := in.trainer(a[0])
	if err != nil {
		return 0, err
	}
	rate := math.Float32frombits(a[1])
	if !finite(rate) {
		return 0, fmt.Errorf("learning rate is not finite: %w", abi.Invalid)
	}
	return 0, p.trainer.SetLearningRate(rate)
}
