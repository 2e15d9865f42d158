package cpu

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

// A keepsake is what a kernel makes of a parameter or constant, for all runs until that
// changes.
type keepsake struct {
	stage
	of    graph.Place
	fresh bool
}

// Changed says that a parameter has other elements than in the last run.
func (p *Program) Changed(param int) {
	for _, k := range p.keepsakes {
		if k.of.Kind == graph.InParam && k.of.Index == param {
			k.fresh = false
		}
	}
}

// keep is the bytes that the kernel of s keeps: the packed weights of a Winograd,
// of weights that a program has and does not compute.
func keep(g *graph.Graph, s *graph.Step) int64 {
	n := s.Node
	if n.Op != "Conv" || n.DType != abi.Float32 {
		return 0
	}
	if w := g.At(n.In[1]); w.Op != graph.OpParam && w.Data == nil {
		return 0
	}
	w := winogradOf(g, n)
	if w == nil {
		return 0
	}
	return 4 * int64(w.PackedLen())
}

// winogradOf is the fast form of a convolution, or nil.
func winogradOf(g *graph.Graph, n *graph.Node) *kernel.Winograd {
	c := convOf(n.Attrs.Window, g.At(n.In[0]).Shape, g.At(n.In[1]).Shape, n.Shape)
	return c.Winograd()
}
