package engine

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/onnx"
)

// A sessionGraph is a graph of one session: it refuses tensors of others and,
// once the session is closed, everything.
type sessionGraph struct {
	g *graph.Graph
	s *session
}

var _ abi.Graph = (*sessionGraph)(nil)

func (g *sessionGraph) Input(name string, dt abi.DType, shape []int64) (abi.Value, error) {
	if err := g.s.live(); err != nil {
		return 0, err
	}
	return g.g.Input(name, dt, shape)
}

func (g *sessionGraph) Param(name string, t abi.Tensor) (abi.Value, error) {
	own, err := g.s.own(t)
	if err != nil {
		return 0, err
	}
	return g.g.Param(name, own)
}

func (g *sessionGraph) Opaque(t abi.Tensor) (abi.Value, error) {
	own, err := g.s.own(t)
	if err != nil {
		return 0, err
	}
	return g.g.Opaque(own)
}

func (g *sessionGraph) Constant(t abi.Tensor) (abi.Value, error) {
	own, err := g.s.own(t)
	if err != nil {
		return 0, err
	}
	return g.g.Constant(own)
}

func (g *sessionGraph) Node(op string, attrs []abi.Attr, inputs []abi.Value) ([]abi.Value, error) {
	if err := g.s.live(); err != nil {
		return nil, err
	}
	return g.g.Node(op, attrs, inputs)
}

func (g *sessionGraph) Output(name string, v abi.Value) error {
	if err := g.s.live(); err != nil {
		return err
	}
	return g.g.Output(name, v)
}

func (g *sessionGraph) Gradient(loss abi.Value, wrt []abi.Value) ([]abi.Value, error) {
	if err := g.s.live(); err != nil {
		return nil, err
	}
	return g.g.Gradient(loss, wrt)
}

func (g *sessionGraph) Type(v abi.Value) (abi.DType, []int64, error) {
	if err := g.s.live(); err != nil {
		return 0, nil, err
	}
	return g.g.Type(v)
}

func (g *sessionGraph) Inline(src abi.Graph, inputs []abi.Value) ([]abi.Value, error) {
	own, err := g.s.graph(src)
	if err != nil {
		return nil, err
	}
	return g.g.Inline(own, inputs)
}

func (g *sessionGraph) FreezeParam(name string) error {
	if err := g.s.live(); err != nil {
		return err
	}
	return g.g.FreezeParam(name)
}

func (g *sessionGraph) Params() []abi.Param { return g.g.Params() }

func (g *sessionGraph) MarshalONNX() ([]byte, error) {
	if err := g.s.live(); err != nil {
		return nil, err
	}
	return onnx.Marshal(g.g)
}
