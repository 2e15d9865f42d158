package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/onnx"
)

var errClosed = fmt.Errorf("engine: the session is closed: %w", abi.Invalid)

// A session is one job's objects and what they cost. One goroutine uses it.
type session struct {
	backend  backend
	quota    abi.Quota
	usage    abi.Usage
	closed   bool
	programs map[*program]bool // open ones
	spare    spare
}

func (s *session) live() error {
	if s.closed {
		return errClosed
	}
	return nil
}

// charge takes n bytes from the quota, or none.
func (s *session) charge(n int64) error {
	if limit := s.quota.TensorBytes; limit != 0 && (s.usage.Bytes > limit || uint64(n) > limit-s.usage.Bytes) {
		return fmt.Errorf("%d tensor bytes beside %d, the quota is %d: %w", n, s.usage.Bytes, limit, abi.Exhausted)
	}
	s.usage.Bytes += uint64(n)
	s.usage.PeakBytes = max(s.usage.PeakBytes, s.usage.Bytes)
	if s.usage.Bytes+uint64(s.spare.bytes) > s.usage.PeakBytes {
		s.spare.free()
	}
	return nil
}

func (s *session) release(n int64) { s.usage.Bytes -= uint64(n) }

// work takes n floating-point operations from the quota, or none.
func (s *session) work(n uint64) error {
	if limit := s.quota.FLOPs; limit != 0 && (s.usage.FLOPs > limit || n > limit-s.usage.FLOPs) {
		return fmt.Errorf("engine: run of %d FLOPs after %d, the quota is %d: %w", n, s.usage.FLOPs, limit, abi.Exhausted)
	}
	s.usage.FLOPs += n
	return nil
}

// NewTensor returns a tensor of zeros.
func (s *session) NewTensor(dt abi.DType, shape []int64) (abi.Tensor, error) {
	if err := s.live(); err != nil {
		return nil, err
	}
	t, err := s.tensor(graph.Type{DType: dt, Shape: slices.Clone(shape)})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (s *session) tensor(typ graph.Type) (*tensor, error) {
	if err := graph.CheckType(typ.DType, typ.Shape); err != nil {
		return nil, fmt.Errorf("engine: tensor: %w", err)
	}
	if err := s.charge(typ.Bytes()); err != nil {
		return nil, fmt.Errorf("engine: tensor %v: %w", typ, err)
	}
	b, err := s.backend.alloc(typ.Bytes())
	if err != nil {
		s.release(typ.Bytes())
		return nil, fmt.Errorf("engine: tensor %v: %w", typ, err)
	}
	return &tensor{s: s, typ: typ, buf: b}, nil
}

// result returns a tensor of any elements, for a run to write all of them.
func (s *session) result(typ graph.Type) (*tensor, error) {
	b := s.spare.take(typ.Bytes())
	if b == nil {
		t, err := s.tensor(typ)
		if err == nil {
			t.result = true
		}
		return t, err
	}
	if err := s.charge(typ.Bytes()); err != nil {
		b.free()
		return nil, fmt.Errorf("engine: tensor %v: %w", typ, err)
	}
	return &tensor{s: s, typ: typ, buf: b, result: true}, nil
}

// own returns t as one of the session's live tensors.
func (s *session) own(t abi.Tensor) (*tensor, error) {
	own, ok := t.(*tensor)
	switch {
	case !ok || own == nil || own.s != s:
		return nil, fmt.Errorf("engine: the tensor is not of this session: %w", abi.Invalid)
	case own.buf == nil:
		return nil, fmt.Errorf("engine: tensor %v was freed: %w", own.typ, abi.Invalid)
	}
	return own, s.live()
}

// config is how the session bounds its graphs.
func (s *session) config(opset int) graph.Config {
	return graph.Config{Opset: opset, Nodes: s.quota.Nodes, Accept: s.backend.accept, Charge: s.charge, Spend: s.work, Eval: cpu.Eval}
}

// NewGraph returns an empty graph.
func (s *session) NewGraph(opset int) (abi.Graph, error) {
	if err := s.live(); err != nil {
		return nil, err
	}
	if opset < graph.GuestOpset {
		return nil, fmt.Errorf("engine: opset %d, supported are %d to %d: %w", opset, graph.GuestOpset, graph.MaxOpset, abi.Invalid)
	}
	g, err := graph.New(s.config(opset))
	if err != nil {
		return nil, err
	}
	return &sessionGraph{g, s}, nil
}

// ParseONNX returns the graph in an ONNX model file. Initialisers of floating
// point become parameters, others constants.
func (s *session) ParseONNX(ctx context.Context, b []byte, bind ...abi.Binding) (abi.Graph, error) {
	if err := s.live(); err != nil {
		return nil, err
	}
	before := s.usage.Bytes
	var made []*tensor
	opts := onnx.Options{Graph: s.config, Bind: bind}
	opts.Param = func(dt abi.DType, shape []int64, data []byte) (abi.Tensor, error) {
		t, err := s.tensor(graph.Type{DType: dt, Shape: shape})
		if err != nil {
			return nil, err
		}
		made = append(made, t)
		return t, t.Write(0, data)
	}
	g, err := onnx.Parse(ctx, b, opts)
	if err != nil {
		for _, t := range made {
			t.Free()
		}
		s.usage.Bytes = before // constants of the graph that nobody got
		return nil, err
	}
	return &sessionGraph{g, s}, nil
}

// graph returns g as one of the session's.
func (s *session) graph(g abi.Graph) (*graph.Graph, error) {
	own, ok := g.(*sessionGraph)
	if !ok || own == nil || own.s != s {
		return nil, fmt.Errorf("engine: the graph is not of this session: %w", abi.Invalid)
	}
	return own.g, s.live()
}

// Compile plans g and prices it.
func (s *session) Compile(ctx context.Context, g abi.Graph) (abi.Program, error) {
	own, err := s.graph(g)
	if err != nil {
		return nil, err
	}
	p, err := s.compile(ctx, own, nil, abi.Optimizer{})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Trainer compiles g, the gradient of loss and the update of opt.
func (s *session) Trainer(ctx context.Context, g abi.Graph, loss abi.Value, opt abi.Optimizer) (abi.Trainer, error) {
	own, err := s.graph(g)
	if err != nil {
		return nil, err
	}
	opt, err = complete(opt)
	if err != nil {
		return nil, err
	}
	all, values := own.Params(), own.ParamValues()
	var wrt []abi.Value
	trained := make(map[abi.Tensor]string)
	for _, i := range own.Trained() {
		p := all[i]
		if p.Tensor.DType() != abi.Float32 {
			return nil, fmt.Errorf("engine: trainer: parameter %q is %v, want float32: %w", p.Name, p.Tensor.DType(), abi.Invalid)
		}
		wrt = append(wrt, values[i])
		trained[p.Tensor] = p.Name
	}
	for _, p := range all {
		if other, ok := trained[p.Tensor]; ok && other != p.Name {
			return nil, fmt.Errorf("engine: trainer: parameters %q and %q are one tensor: %w", p.Name, other, abi.Invalid)
		}
	}
	if len(wrt) == 0 {
		return nil, fmt.Errorf("engine: trainer: the graph has no parameters to train: %w", abi.Invalid)
	}
	full := own.Clone()
	grads, err := full.Gradient(loss, wrt)
	if err != nil {
		return nil, err
	}
	own.Freeze()
	p, err := s.compile(ctx, full, grads, opt)
	if err != nil {
		return nil, err
	}
	return &trainer{p}, nil
}

// compile plans, pays for the arena and the optimizer's state, then compiles.
func (s *session) compile(ctx context.Context, g *graph.Graph, grads []abi.Value, opt abi.Optimizer) (*program, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("engine: compile: %w", context.Cause(ctx))
	}
	plan, err := graph.NewPlan(g, grads, s.backend.layout())
	if err != nil {
		return nil, err
	}
	p := newProgram(s, plan, opt)
	if err := s.charge(int64(p.cost.Bytes)); err != nil {
		return nil, fmt.Errorf("engine: compile: %w", err)
	}
	if p.exe, err = s.backend.compile(ctx, plan, opt); err != nil {
		s.release(int64(p.cost.Bytes))
		return nil, fmt.Errorf("engine: compile: %w", err)
	}
	s.programs[p] = true
	return p, nil
}

// Usage says what the session has used so far.
func (s *session) Usage() abi.Usage { return s.usage }

// Close frees every program, and with the session every tensor.
func (s *session) Close() error {
	if s.closed {
		return nil
	}
	var errs error
	for p := range s.programs {
		errs = errors.Join(errs, p.Close())
	}
	s.spare.free()
	s.closed = true
	s.usage.Bytes = 0
	return errors.Join(errs, s.backend.close())
}
