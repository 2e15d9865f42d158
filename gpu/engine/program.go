package engine

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// A program is a compiled plan of one session.
type program struct {
	s      *session
	plan   *graph.Plan
	exe    executable // nil when closed
	cost   abi.Cost
	params []*tensor
	rate   float32

	in, with, out []buffer // inputs, parameters and outputs of the current run
}

func newProgram(s *session, plan *graph.Plan, opt abi.Optimizer) *program {
	p := &program{s: s, plan: plan, rate: opt.LearningRate}
	p.cost = abi.Cost{FLOPs: plan.FLOPs, Bytes: uint64(plan.Arena), Read: plan.Read, Written: plan.Written, Launches: plan.Launches}
	for _, param := range plan.Graph.Params() {
		p.params = append(p.params, param.Tensor.(*tensor))
	}
	if len(plan.Grads) > 0 {
		var bytes int64
		for _, i := range plan.Trained {
			bytes += p.params[i].typ.Bytes()
		}
		state := uint64(cpu.StateBytes(opt, bytes))
		p.cost.Bytes += state
		p.cost.Read += 2*uint64(bytes) + state // parameters, gradients and state
		p.cost.Written += uint64(bytes) + state
		p.cost.FLOPs += uint64(bytes) / 4 * updateFLOPs(opt)
		p.cost.Launches++
	}
	return p
}

// updateFLOPs is the operations of an update rule for one parameter element.
func updateFLOPs(opt abi.Optimizer) uint64 {
	n := uint64(4)
	if opt.Kind != abi.SGD {
		n = 16
	}
	if opt.ClipNorm != 0 {
		n += 2
	}
	return n
}

func (p *program) Cost() abi.Cost { return p.cost }

func (p *program) Inputs() []abi.Port {
	var ports []abi.Port
	for _, v := range p.plan.Graph.Inputs() {
		n := p.plan.Graph.At(v)
		ports = append(ports, abi.Port{Name: n.Name, DType: n.DType, Shape: slices.Clone(n.Shape)})
	}
	return ports
}

func (p *program) Outputs() []abi.Port {
	var ports []abi.Port
	for _, o := range p.plan.Graph.Outputs() {
		n := p.plan.Graph.At(o.Value)
		ports = append(ports, abi.Port{Name: o.Name, DType: n.DType, Shape: slices.Clone(n.Shape)})
	}
	return ports
}

func (p *program) Run(ctx context.Context, in []abi.Tensor) ([]abi.Tensor, error) {
	if err := p.s.live(); err != nil {
		return nil, err
	}
	if p.exe == nil {
		return nil, fmt.Errorf("engine: run: the program is closed: %w", abi.Invalid)
	}
	defer p.forget()
	if err := p.inputs(in); err != nil {
		return nil, err
	}
	for i, t := range p.params {
		if _, err := p.s.own(t); err != nil {
			return nil, fmt.Errorf("engine: run: parameter %d: %w", i, err)
		}
		p.with = append(p.with, t.buf)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("engine: run: %w", context.Cause(ctx))
	}
	if err := p.s.work(p.cost.FLOPs); err != nil {
		return nil, err
	}
	out, err := p.outputs()
	if err != nil {
		return nil, err
	}
	if err := p.exe.run(ctx, p.in, p.with, p.out, p.rate); err != nil {
		for _, t := range out {
			t.Free()
		}
		return nil, fmt.Errorf("engine: run: %w", err)
	}
	p.s.usage.Runs++
	return out, nil
}

// forget drops what the run was given.
func (p *program) forget() {
	for _, list := range []*[]buffer{&p.in, &p.with, &p.out} {
		clear(*list)
		*list = (*list)[:0]
	}
}

func (p *program) inputs(in []abi.Tensor) error {
	want := p.plan.Graph.Inputs()
	if len(in) != len(want) {
		return fmt.Errorf("engine: run: %d inputs, the graph has %d: %w", len(in), len(want), abi.Invalid)
	}
	for i, v := range want {
		t, err := p.s.own(in[i])
		if err != nil {
			return fmt.Errorf("engine: run: input %d: %w", i, err)
		}
		if n := p.plan.Graph.At(v); t.typ.DType != n.DType || !slices.Equal(t.typ.Shape, n.Shape) {
			return fmt.Errorf("engine: run: input %q is %v, want %v: %w", n.Name, t.typ, n.Type, abi.Invalid)
		}
		p.in = append(p.in, t.buf)
	}
	return nil
}

func (p *program) outputs() ([]abi.Tensor, error) {
	outputs := p.plan.Graph.Outputs()
	out := make([]abi.Tensor, 0, len(outputs))
	for _, o := range outputs {
		t, err := p.s.result(p.plan.Graph.At(o.Value).Type)
		if err != nil {
			for _, t := range out {
				t.Free()
			}
			return nil, err
		}
		out, p.out = append(out, t), append(p.out, t.buf)
	}
	return out, nil
}

func (p *program) Close() error {
	if p.exe == nil {
		return nil
	}
	p.exe.close()
	p.exe = nil
	delete(p.s.programs, p)
	p.s.release(int64(p.cost.Bytes))
	return nil
}

// A StepTime is what one step of a program has cost.
type StepTime = cpu.StepTime

// Profile lists the steps of p and how long each took in all runs since the first
// call, which starts the clocks. Only programs of engine cpu keep time: of others
// it is Invalid.
func Profile(p abi.Program) ([]StepTime, error) {
	own, ok := p.(*program)
	if t, is := p.(*trainer); is {
		own, ok = t.program, true
	}
	if !ok || own.exe == nil {
		return nil, fmt.Errorf("engine: profile of a program that is not open here: %w", abi.Invalid)
	}
	x, ok := own.exe.(*cpuProgram)
	if !ok {
		return nil, fmt.Errorf("engine: steps are timed by engine cpu only: %w", abi.Invalid)
	}
	return x.Profile(), nil
}

// A trainer is a program whose plan has gradients.
type trainer struct{ *program }

var _ abi.Trainer = (*trainer)(nil)

func (t *trainer) SetLearningRate(rate float32) error {
	if err := t.s.live(); err != nil {
		return err
	}
	if err := checkRate(rate); err != nil {
		return err
	}
	t.rate = rate
	return nil
}

func checkRate(rate float32) error {
	if !(rate >= 0) || math.IsInf(float64(rate), 1) {
		return fmt.Errorf("engine: learning rate %v is not a number from zero up: %w", rate, abi.Invalid)
	}
	return nil
}

// complete fills in the defaults of opt, or refuses it.
func complete(opt abi.Optimizer) (abi.Optimizer, error) {
	if opt.Kind < abi.SGD || opt.Kind > abi.AdamW {
		return opt, fmt.Errorf("engine: optimizer kind %d is unknown: %w", opt.Kind, abi.Invalid)
	}
	if err := checkRate(opt.LearningRate); err != nil {
		return opt, err
	}
	if opt.Kind != abi.SGD {
		if opt.Momentum != 0 {
			return opt, fmt.Errorf("engine: optimizer: momentum %v is of SGD only: %w", opt.Momentum, abi.Invalid)
		}
		for _, d := range []struct {
			p   *float32
			def float32
		}{{&opt.Beta1, 0.9}, {&opt.Beta2, 0.999}, {&opt.Epsilon, 1e-8}} {
			if *d.p == 0 {
				*d.p = d.def
			}
		}
	}
	for _, f := range []struct {
		name string
		v    float32
		max  float64
	}{
		{"momentum", opt.Momentum, 1}, {"beta1", opt.Beta1, 1}, {"beta2", opt.Beta2, 1},
		{"epsilon", opt.Epsilon, math.Inf(1)}, {"weight decay", opt.WeightDecay, math.Inf(1)}, {"clip norm", opt.ClipNorm, math.Inf(1)},
	} {
		if !(f.v >= 0 && float64(f.v) < f.max) {
			return opt, fmt.Errorf("engine: optimizer: %s %v is not in 0 to %v: %w", f.name, f.v, f.max, abi.Invalid)
		}
	}
	return opt, nil
}
