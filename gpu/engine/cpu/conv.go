package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

var infinity = float32(math.Inf(1))

// convOf is the convolution from x with weights w to y.
func convOf(win graph.Window, x, w, y []int64) kernel.Conv {
	c := kernel.Conv{Images: int(x[0]), Groups: int(win.Group), InC: int(x[1]), H: int(x[2]), W: int(x[3]),
		OutC: int(y[1]), OH: int(y[2]), OW: int(y[3]), KH: int(w[2]), KW: int(w[3])}
	for d := range 2 {
		c.Stride[d], c.Dilation[d], c.Pad[d] = int(win.Stride[d]), int(win.Dilation[d]), int(win.Pads[d])
	}
	return c
}

// bindConv convolves with what was fused: a normalisation of channels, an addition
// and an activation; by Winograd, where weights are kept for it.
func bindConv(b *binding) []stage {
	c := convOf(b.n.Attrs.Window, b.in[0].typ.Shape, b.in[1].typ.Shape, b.out.typ.Shape)
	c.Epilogue = b.activation()
	var stages []stage
	if b.norm != nil {
		stages = append(stages, b.channelScales(c.OutC))
	}
	ends := func(e *kernel.Epilogue) {
		if len(b.in) > 2 && b.in[2].has() {
			e.RowBias = b.p.f32(b.in[2])
		}
		if b.norm != nil {
			work := b.p.f32(b.work)
			e.RowScale, e.RowShift = work[:c.OutC], work[c.OutC:]
		}
		if b.add.has() {
			e.Residual = b.p.f32(b.add)
		}
	}
	if b.keep.bytes > 0 {
		w := c.Winograd()
		b.keepsake = &keepsake{stage{w.PackTasks(), func(_, t int) {
			w.Pack(t, b.p.f32(b.keep), b.p.f32(b.in[1]))
		}}, b.in[1].place, false}
		return append(stages, stage{w.Tasks(), func(_, t int) {
			k := *w
			ends(&k.Epilogue)
			k.Run(t, b.p.f32(b.out), b.p.f32(b.in[0]), b.p.f32(b.keep))
		}})
	}
	return append(stages, stage{c.Tasks(), func(_, t int) {
		k := c
		ends(&k.Epilogue)
		k.Run(t, b.p.f32(b.out), b.p.f32(b.in[0]), b.p.f32(b.in[1]))
	}})
}

// channelScales writes what the fused normalisation multiplies and adds, a number
// each for a channel, to the scratch.
func (b *binding) channelScales(channels int) stage {
	var in [5]arg
	for i := 1; i < 5; i++ {
		in[i] = b.p.arg(b.norm.In[i])
	}
	eps := b.norm.Attrs.Epsilon
	return stage{1, func(_, _ int) {
		work := b.p.f32(b.work)
		scale, bias, mean, variance := b.p.f32(in[1]), b.p.f32(in[2]), b.p.f32(in[3]), b.p.f32(in[4])
		for k := range channels {
			work[k], work[channels+k] = normLine(scale[k], bias[k], mean[k], variance[k], eps)
		}
	}}
}

// bindConvGradX convolves dy, spread by the strides, with the weights turned
// around and their channels exchanged.
func bindConvGradX(b *binding) []stage {
	dy, w, x := b.in[0].typ.Shape, b.in[1].typ.Shape, b.out.typ.Shape
	win := b.n.Attrs.Window
	groups, taps := int(win.Group), int(w[2]*w[3])
	gm, gc := int(w[0])/groups, int(w[1])
	turn := stage{groups * gc, func(_, t int) { // (g, m, c, taps) to (g, c, m, taps backward)
		src, dst := b.p.f32(b.in[1]), b.p.f32(b.work)
		g, c := t/gc, t%gc
		for m := range gm {
			from, to := src[((g*gm+m)*gc+c)*taps:][:taps], dst[((g*gc+c)*gm+m)*taps:][:taps]
			for i, v := range from {
				to[taps-1-i] = v
			}
		}
	}}
	c := spreadOf(win, dy, w, x)
	return []stage{turn, {c.Tasks(), func(_, t int) {
		c.Run(t, b.p.f32(b.out), b.p.f32(b.in[0]), b.p.f32(b.work))
	}}}
}

// bindConvGradW adds up over images and positions, in this order.
func bindConvGradW(b *binding) []stage {
	dy, x, w := b.in[0].typ.Shape, b.in[1].typ.Shape, b.out.typ.Shape
	c := convOf(b.n.Attrs.Window, x, w, dy)
	return []stage{{c.WeightTasks(), func(_, t int) {
		c.RunWeights(t, b.p.f32(b.out), b.p.f32(b.in[1]), b.p.f32(b.in[0]))
	}}}
}

// workConv is room for the numbers of a fused normalisation, and of ConvGradX for
// the turned weights.
func workConv(g *graph.Graph, s *graph.Step) int64 {
	switch {
	case s.Node.Op == "ConvGradX":
		return g.At(s.Node.In[1]).Bytes()
	case s.Norm != nil:
		return 8 * s.Node.Shape[1]
	}
	return 0
}

// spreadOf is the convolution of dy that gives the gradient by x.
func spreadOf(win graph.Window, dy, w, x []int64) kernel.Conv {
	c := kernel.Conv{Images: int(x[0]), Groups: int(win.Group), InC: int(dy[1]), H: int(dy[2]), W: int(dy[3]),
		OutC: int(x[1]), OH: int(x[2]), OW: int(x[3]), KH: int(w[2]), KW: int(w[3]), Stride: [2]int{1, 1}}
	for d, k := range [2]int{c.KH, c.KW} {
		c.Spread[d], c.Dilation[d] = int(win.Stride[d]), int(win.Dilation[d])
		c.Pad[d] = (k-1)*c.Dilation[d] - int(win.Pads[d])
	}
	return c
}
