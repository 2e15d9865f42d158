package cuda

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/kernel"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// pageBytes is the size of a page, which holds what changes from run to run and so is
// no constant of the kernels: it is written before each. At 0 stands the learning
// rate, corrected for the bias of Adam's moments, at 4 what AdamW multiplies a
// parameter by.
const pageBytes = 64

// pageOf is the learning rate of step number t, counted from one.
func pageOf(opt abi.Optimizer, rate float32, t uint64) (rateNow, shrink float32) {
	switch opt.Kind {
	case abi.Adam:
		return kernel.AdamRate(rate, opt.Beta1, opt.Beta2, float64(t)), 1
	case abi.AdamW:
		return kernel.AdamRate(rate, opt.Beta1, opt.Beta2, float64(t)), 1 - float32(rate*opt.WeightDecay)
	}
	return rate, 1
}

// A moved parameter, with its gradient and state.
type moved struct {
	param, grad, m, v Arg
	n                 int64
}

// update adds the launches that move the parameters along their gradients: the
// same steps, rounded in the same way, as kernel.Adam and kernel.Momentum.
func (c *compiler) update() {
	adam := c.opt.Kind == abi.Adam || c.opt.Kind == abi.AdamW
	var all []moved
	for i, v := range c.plan.Grads {
		at := c.plan.Trained[i]
		g := c.operand(v)
		x := moved{param: Arg{Space: Param, Index: at}, grad: g.arg, n: g.Elements()}
		if x.n == 0 {
			continue
		}
		if adam || c.opt.Momentum != 0 {
			x.m = c.state(4 * x.n)
		}
		if adam {
			x.v = c.state(4 * x.n)
		}
		all = append(all, x)
	}
	scale := Arg{}
	if c.opt.ClipNorm != 0 {
		scale = c.clip(all)
	}
	for _, x := range all {
		s := &step{c: c, n: &graph.Node{Op: "Update"}, out: operand{Type: graph.Type{DType: abi.Float32, Shape: []int64{x.n}}}}
		s.each(x.n, func(b *body, i ptx.Value) {
			factor := ptx.Float(ptx.F32, 1)
			if c.opt.ClipNorm != 0 {
				factor = b.Load(ptx.F32, ptx.Global, b.base(scale), 0)
			}
			if adam {
				b.adam(&c.opt, x, i, factor)
			} else {
				b.momentum(&c.opt, x, i, factor)
			}
		})
	}
}

// state reserves bytes of the optimizer's state.
func (c *compiler) state(bytes int64) Arg {
	a := Arg{Space: State, Offset: c.out.State}
	c.out.State += (bytes + graph.Align - 1) &^ (graph.Align - 1)
	return a
}

func (b *body) adam(opt *abi.Optimizer, p moved, i, scale ptx.Value) {
	num := func(x float32) ptx.Value { return ptx.Float(ptx.F32, float64(x)) }
	at := func(a Arg) ptx.Value { return b.At(b.base(a), i, 4) }
	get := func(addr ptx.Value) ptx.Value { return b.Load(ptx.F32, ptx.Global, addr, 0) }
	xs, ms, vs := at(p.param), at(p.m), at(p.v)
	decay := opt.WeightDecay
	if opt.Kind == abi.AdamW {
		decay = 0
	}
	x := get(xs)
	d := b.FMA(get(at(p.grad)), scale, b.Mul(num(decay), x))
	m := b.FMA(num(opt.Beta1), get(ms), b.Mul(num(1-opt.Beta1), d))
	v := b.FMA(num(opt.Beta2), get(vs), b.Mul(num(1-opt.Beta2), b.Mul(d, d)))
	page := b.base(Arg{Space: Page})
	rate, shrink := b.Load(ptx.F32, ptx.Global, page, 0), b.Load(ptx.F32, ptx.Global, page, 4)
	move := b.Div(b.Mul(rate, m), b.Add(b.Sqrt(v), num(opt.Epsilon)))
	b.Store(ptx.F32, ptx.Global, ms, 0, m)
	b.Store(ptx.F32, ptx.Global, vs, 0, v)
	b.Store(ptx.F32, ptx.Global, xs, 0, b.FMA(x, shrink, b.Neg(move)))
}

func (b *body) momentum(opt *abi.Optimizer, p moved, i, scale ptx.Value) {
	num := func(x float32) ptx.Value { return ptx.Float(ptx.F32, float64(x)) }
	at := func(a Arg) ptx.Value { return b.At(b.base(a), i, 4) }
	xs := at(p.param)
	x := b.Load(ptx.F32, ptx.Global, xs, 0)
	d := b.FMA(num(opt.WeightDecay), x, b.Mul(scale, b.Load(ptx.F32, ptx.Global, at(p.grad), 0)))
	if opt.Momentum != 0 {
		ms := at(p.m)
		d = b.FMA(num(opt.Momentum), b.Load(ptx.F32, ptx.Global, ms, 0), d)
		b.Store(ptx.F32, ptx.Global, ms, 0, d)
	}
	rate := b.Load(ptx.F32, ptx.Global, b.base(Arg{Space: Page}), 0)
	b.Store(ptx.F32, ptx.Global, xs, 0, b.FMA(b.Neg(rate), d, x))
}

// clipBlocks bounds the blocks that add up the squares of one gradient.
const clipBlocks = 1024

// clip adds the launches that compute by what the gradients are multiplied so that
// their norm over all parameters is at most ClipNorm: sums of squares in float64,
// by block, then of the blocks.
func (c *compiler) clip(all []moved) Arg {
	blocks := make([]int64, len(all))
	total := int64(0)
	for i, x := range all {
		blocks[i] = min(clipBlocks, (x.n+threads-1)/threads)
		total += blocks[i]
	}
	sums, scale := c.state(8*total), c.state(4)
	at := int64(0)
	for i, x := range all {
		s := &step{c: c, n: &graph.Node{Op: "ClipNorm"}, out: operand{Type: graph.Type{DType: abi.Float32, Shape: []int64{x.n}}}}
		b := s.body(threads)
		block := b.Special(ptx.BlockX)
		from := b.FMA(b.Convert(b.ix, block), b.int(threads), b.Convert(b.ix, b.Special(ptx.ThreadX)))
		sum := b.Var(ptx.Float(ptx.F64, 0))
		b.For(from, b.int(x.n), b.int(threads*blocks[i]), func(j ptx.Value) {
			g := b.Convert(ptx.F64, b.Load(ptx.F32, ptx.Global, b.At(b.base(x.grad), j, 4), 0))
			b.Set(sum, b.FMA(g, g, sum))
		})
		to := sums
		to.Offset += 8 * at
		b.total(sum, func(all ptx.Value) { b.Store(ptx.F64, ptx.Global, b.At(b.base(to), block, 8), 0, all) })
		s.launch(b, blocks[i])
		at += blocks[i]
	}
	s := &step{c: c, n: &graph.Node{Op: "ClipNorm"}, out: operand{Type: graph.Type{DType: abi.Float64, Shape: []int64{total}}}}
	b := s.body(threads)
	sum := b.Var(ptx.Float(ptx.F64, 0))
	b.For(b.Convert(b.ix, b.Special(ptx.ThreadX)), b.int(total), b.int(threads), func(j ptx.Value) {
		b.Set(sum, b.Add(sum, b.Load(ptx.F64, ptx.Global, b.At(b.base(sums), j, 8), 0)))
	})
	b.total(sum, func(all ptx.Value) {
		norm, limit := b.Sqrt(all), ptx.Float(ptx.F64, float64(c.opt.ClipNorm))
		factor := b.Select(b.Cmp(norm, ptx.GT, limit), b.Div(limit, norm), ptx.Float(ptx.F64, 1))
		b.Store(ptx.F32, ptx.Global, b.base(scale), 0, b.Convert(ptx.F32, factor))
	})
	s.launch(b, 1)
	return scale
}
