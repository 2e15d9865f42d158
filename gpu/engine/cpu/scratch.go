package cpu

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

// freeScratch is how many elements of scratch a task has for nothing; what it
// needs beyond is held in the arena, so that a quota bounds it.
const freeScratch = 1 << 20

// scratch is how many elements the kernel of n keeps beside arena and operands.
func scratch(n *graph.Node, in []graph.Type) float64 {
	win := n.Attrs.Window
	if n.Op == "IntegerConv" {
		c := convOf(win, in[0].Shape, in[1].Shape, n.Shape)
		return c.PairScratch()
	}
	if n.DType != abi.Float32 {
		return 0
	}
	switch n.Op {
	case "Conv":
		c := convOf(win, in[0].Shape, in[1].Shape, n.Shape)
		return c.Scratch()
	case "ConvGradX":
		c := spreadOf(win, in[0].Shape, in[1].Shape, n.Shape)
		return c.Scratch()
	case "ConvGradW":
		c := convOf(win, in[1].Shape, n.Shape, in[0].Shape)
		return c.WeightScratch()
	case "MaxPool", "AveragePool":
		p := newPool(win, in[0].Shape, n.Shape)
		k := p.moving(1)
		return k.Scratch()
	}
	return 0
}

// fits refuses, as Invalid, a step whose scratch no kernel can address.
func fits(n *graph.Node, in []graph.Type) error {
	if s := scratch(n, in); s > kernel.MaxScratch {
		return fmt.Errorf("%s of %v: its windows take %.0f elements of scratch at once, at most %d: %w", n.Op, in, s, kernel.MaxScratch, abi.Invalid)
	}
	return nil
}

// excess is the bytes of scratch that are not for nothing.
func excess(g *graph.Graph, n *graph.Node) int64 {
	in := make([]graph.Type, len(n.In))
	for i, v := range n.In {
		if v != 0 {
			in[i] = g.At(v).Type
		}
	}
	s := scratch(n, in)
	if s <= freeScratch || s > kernel.MaxScratch {
		return 0
	}
	return 4 * int64(s-freeScratch)
}
