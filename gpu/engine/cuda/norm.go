package cuda

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// normRows: normalisation. Moments are in float64.
var normRows = table{
	"BatchNormalization":          {reals, lowerBatchNorm},
	"BatchNormalizationGradX":     {reals, lowerBatchNormGradX},
	"BatchNormalizationGradScale": {reals, lowerBatchNormGradScale},
	"LayerNormalization":          {reals, lowerLayerNorm},
	"LayerNormalizationGradX":     {reals, lowerLayerNormGradX},
	"LayerNormalizationGradScale": {reals, lowerLayerNormGradScale},
	"Standardize":                 {reals, lowerStandardize},
	"StandardizeGrad":             {reals, lowerStandardizeGrad},
}

// channel is the channel of element i of N×C×….
func (b *body) channel(i ptx.Value, shape []int64) ptx.Value {
	step := make([]int64, len(shape))
	step[1] = 1
	return b.offset(i, shape, step, 0)
}

func lowerBatchNorm(s *step) {
	t := element(s.out.DType)
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		c := b.channel(i, s.out.Shape)
		x := b.load(s.in[0], i)
		if t == ptx.F64 {
			std := b.std(b.load(s.in[4], c), s.n.Attrs.Epsilon)
			v := b.Mul(b.Div(b.Sub(x, b.load(s.in[3], c)), std), b.load(s.in[1], c))
			b.put(i, b.Add(v, b.load(s.in[2], c)))
			return
		}
		mul, add := b.normLine(s.in[1], s.in[2], s.in[3], s.in[4], c, s.n.Attrs.Epsilon)
		b.put(i, b.FMA(x, mul, add))
	})
}

// std is √(variance + eps) in float64.
func (b *body) std(variance ptx.Value, eps float32) ptx.Value {
	return b.Sqrt(b.Add(b.Convert(ptx.F64, variance), ptx.Float(ptx.F64, float64(eps))))
}

func lowerBatchNormGradX(s *step) {
	t := element(s.out.DType)
	s.each(s.out.Elements(), func(b *body, i ptx.Value) {
		c := b.channel(i, s.out.Shape)
		scale := b.Convert(ptx.F64, b.load(s.in[1], c))
		std := b.std(b.load(s.in[2], c), s.n.Attrs.Epsilon)
		b.put(i, b.Mul(b.load(s.in[0], i), b.Convert(t, b.Div(scale, std))))
	})
}

// lowerBatchNormGradScale adds dy·(x - mean)/σ up over each channel.
func lowerBatchNormGradScale(s *step) {
	shape := s.in[0].Shape
	var axes []int
	for d := range shape {
		if d != 1 {
			axes = append(axes, d)
		}
	}
	l := linesOf(shape, axes)
	s.perLine(l.count(), l.n, true, func(t *team) {
		start := l.start(t.body, t.line)
		mean := t.Convert(ptx.F64, t.load(s.in[2], t.line))
		total := t.fold(sum(ptx.F64), l.n, func(i ptx.Value) ptx.Value {
			at := l.at(t.body, start, i)
			return t.Mul(t.Convert(ptx.F64, t.load(s.in[0], at)), t.Sub(t.Convert(ptx.F64, t.load(s.in[1], at)), mean))
		})
		t.once(func() {
			std := t.std(t.load(s.in[3], t.line), s.n.Attrs.Epsilon)
			t.put(t.line, t.rounded(s.out.DType, t.Div(total, std)))
		})
	})
}

// rows of a tensor are what lies behind the axis.
func rowsOf(shape []int64, axis int) (rows, n int64) {
	return elements(shape[:axis]), elements(shape[axis:])
}

// row reads the elements of a row of o that starts at start, each of them once.
func (t *team) row(o operand, start ptx.Value) func(i ptx.Value) ptx.Value {
	return t.keep(func(i ptx.Value) ptx.Value { return t.load(o, t.Add(start, i)) })
}

// center returns what is taken from the n elements of a row, and what they are then
// multiplied by, in float64. With square the mean is zero.
func (t *team) center(row func(i ptx.Value) ptx.Value, n int64, eps float32, square bool) (mean, inv ptx.Value) {
	read := func(i ptx.Value) ptx.Value { return t.Convert(ptx.F64, row(i)) }
	size := ptx.Float(ptx.F64, float64(n))
	mean = ptx.Float(ptx.F64, 0)
	if !square {
		mean = t.Div(t.fold(sum(ptx.F64), n, read), size)
	}
	squares := t.fold(sum(ptx.F64), n, func(i ptx.Value) ptx.Value {
		d := t.Sub(read(i), mean)
		return t.Mul(d, d)
	})
	std := t.Sqrt(t.Add(t.Div(squares, size), ptx.Float(ptx.F64, float64(eps))))
	return mean, t.Div(ptx.Float(ptx.F64, 1), std)
}

// standard is x, centered: in float32 rounded after each step.
func (t *team) standard(x, mean, inv ptx.Value, square bool) ptx.Value {
	if !square {
		x = t.Add(x, t.Convert(x.Type, t.Neg(mean)))
	}
	return t.Mul(x, t.Convert(x.Type, inv))
}

func lowerLayerNorm(s *step) {
	rows, n := rowsOf(s.out.Shape, s.n.Attrs.Axis)
	s.perLine(rows, n, true, func(t *team) {
		start := t.Mul(t.line, t.int(n))
		x := t.row(s.in[0], start)
		mean, inv := t.center(x, n, s.n.Attrs.Epsilon, false)
		t.each(n, func(i ptx.Value) {
			at := t.Add(start, i)
			y := t.Mul(t.standard(x(i), mean, inv, false), t.load(s.in[1], i))
			if s.has(2) {
				y = t.Add(y, t.load(s.in[2], i))
			}
			t.put(at, y)
		})
	})
}

func lowerStandardize(s *step) {
	rows, n := rowsOf(s.out.Shape, s.n.Attrs.Axis)
	square := s.n.Attrs.Square
	s.perLine(rows, n, true, func(t *team) {
		start := t.Mul(t.line, t.int(n))
		x := t.row(s.in[0], start)
		mean, inv := t.center(x, n, s.n.Attrs.Epsilon, square)
		t.each(n, func(i ptx.Value) {
			at := t.Add(start, i)
			t.put(at, t.standard(x(i), mean, inv, square))
		})
	})
}

// rowGrad: with g what comes back to the standardised row and x̂ that row,
// dx = (g - mean(g) - x̂·mean(g·x̂))/σ, without mean(g) where square.
func (s *step) rowGrad(x operand, axis int, square bool, g func(t *team, at, i ptx.Value) ptx.Value) {
	rows, n := rowsOf(s.out.Shape, axis)
	s.perLine(rows, n, true, func(t *team) {
		start := t.Mul(t.line, t.int(n))
		held := t.row(x, start)
		mean, inv := t.center(held, n, s.n.Attrs.Epsilon, square)
		back := t.keep(func(i ptx.Value) ptx.Value { return g(t, t.Add(start, i), i) })
		hat := func(i ptx.Value) ptx.Value { return t.Mul(t.Sub(t.Convert(ptx.F64, held(i)), mean), inv) }
		size := ptx.Float(ptx.F64, float64(n))
		mg := ptx.Float(ptx.F64, 0)
		if !square {
			mg = t.Div(t.fold(sum(ptx.F64), n, back), size)
		}
		mgx := t.Div(t.fold(sum(ptx.F64), n, func(i ptx.Value) ptx.Value { return t.Mul(back(i), hat(i)) }), size)
		t.each(n, func(i ptx.Value) {
			v := t.Sub(t.Sub(back(i), mg), t.Mul(hat(i), mgx))
			t.put(t.Add(start, i), t.rounded(s.out.DType, t.Mul(v, inv)))
		})
	})
}

func lowerLayerNormGradX(s *step) {
	s.rowGrad(s.in[1], s.n.Attrs.Axis, false, func(t *team, at, i ptx.Value) ptx.Value {
		return t.Mul(t.Convert(ptx.F64, t.load(s.in[0], at)), t.Convert(ptx.F64, t.load(s.in[2], i)))
	})
}

func lowerStandardizeGrad(s *step) {
	s.rowGrad(s.in[1], s.n.Attrs.Axis, s.n.Attrs.Square, func(t *team, at, _ ptx.Value) ptx.Value {
		return t.Convert(ptx.F64, t.load(s.in[0], at))
	})
}

// lowerLayerNormGradScale adds dy·x̂ up over the rows. The moments of each row are
// computed once, into the scratch.
func lowerLayerNormGradScale(s *step) {
	x, n := s.in[1], s.out.Elements()
	rows := x.Elements() / n
	moments := operand{arg: s.work, Type: graph.Type{DType: abi.Float64, Shape: []int64{rows, 2}}, there: true}
	s.perLine(rows, n, true, func(t *team) {
		mean, inv := t.center(t.row(x, t.Mul(t.line, t.int(n))), n, s.n.Attrs.Epsilon, false)
		t.once(func() {
			t.store(moments, t.Mul(t.line, t.int(2)), mean)
			t.store(moments, t.Add(t.Mul(t.line, t.int(2)), t.int(1)), inv)
		})
	})
	s.perLine(n, rows, false, func(t *team) {
		total := t.fold(sum(ptx.F64), rows, func(r ptx.Value) ptx.Value {
			at := t.Add(t.Mul(r, t.int(n)), t.line)
			mean, inv := t.load(moments, t.Mul(r, t.int(2))), t.load(moments, t.Add(t.Mul(r, t.int(2)), t.int(1)))
			hat := t.Mul(t.Sub(t.Convert(ptx.F64, t.load(x, at)), mean), inv)
			return t.Mul(t.Convert(ptx.F64, t.load(s.in[0], at)), hat)
		})
		t.once(func() { t.put(t.line, t.rounded(s.out.DType, total)) })
	})
}
