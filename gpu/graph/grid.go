package graph

import (
	"github.com/cloister-ai/cloister/abi"
)

// A Grid says how GridSample reads an image between its pixels.
type Grid struct {
	Method  string `pb:"1"` // nearest, linear or cubic
	Outside string `pb:"2"` // zeros, border or reflection
	Corners bool   `pb:"3"` // -1 and 1 are the centres of the outermost pixels, not their edges
}

// inferGridSample reads an image N×C×H×W at the positions x, y of a grid
// N×h×w×2, each from -1 to 1. A position that is no number is outside.
func inferGridSample(c *call) (Type, error) {
	if err := c.floats(0, 1); err != nil {
		return Type{}, err
	}
	x, g := c.in[0].Shape, c.in[1].Shape
	if len(x) != 4 || len(g) != 4 || g[3] != 2 || g[0] != x[0] {
		return Type{}, invalid("inputs have shapes %v and %v, want N×C×H×W and N×h×w×2", x, g)
	}
	t := Type{c.in[0].DType, []int64{x[0], x[1], g[1], g[2]}}
	if x[2]*x[3] == 0 && t.Elements() > 0 {
		return Type{}, invalid("an image of %v has no pixels", x)
	}
	grid := &c.n.Attrs.Grid
	switch mode := c.attrs.string("mode", "linear"); mode {
	case "linear", "bilinear":
		grid.Method = "linear"
	case "cubic", "bicubic":
		grid.Method = "cubic"
	case "nearest":
		grid.Method = mode
	default:
		return Type{}, invalid("mode is %q, want nearest, linear or cubic", clip(mode))
	}
	switch grid.Outside = c.attrs.string("padding_mode", "zeros"); grid.Outside {
	case "zeros", "border", "reflection":
	default:
		return Type{}, invalid("padding_mode is %q, want zeros, border or reflection", clip(grid.Outside))
	}
	grid.Corners = c.attrs.flag("align_corners", 0)
	return t, nil
}

func (g Grid) attrs() []abi.Attr {
	return []abi.Attr{aText("method", g.Method), aText("outside", g.Outside), aFlag("corners", g.Corners)}
}

func gradGridSample(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	out := make([]abi.Value, 2)
	in := []abi.Value{dy, n.In[0], n.In[1]}
	if want[0] {
		out[0] = t.node("GridSampleGrad", in, append(n.Attrs.Grid.attrs(), aInts("shape", t.typ(n.In[0]).Shape))...)
	}
	if want[1] {
		out[1] = t.node("GridSampleGradGrid", in, append(n.Attrs.Grid.attrs(), aInts("shape", t.typ(n.In[1]).Shape))...)
	}
	return out
}

func inferGridSampleGrad(c *call) (Type, error) {
	c.n.Attrs.Grid = Grid{c.attrs.string("method", ""), c.attrs.string("outside", ""), c.attrs.flag("corners", 0)}
	return inferShapeOf(c)
}
