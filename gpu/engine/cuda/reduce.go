package cuda

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// reduceRows: reductions.
var reduceRows = table{
	"ReduceSum":       {numbers, lowerReduce},
	"ReduceMean":      {numbers, lowerReduce},
	"ReduceMax":       {numbers | bools, lowerReduce},
	"ReduceMin":       {numbers | bools, lowerReduce},
	"ReduceProd":      {numbers, lowerReduce},
	"ReduceL1":        {integers, lowerReduce},
	"ReduceL2":        {integers, lowerReduce},
	"ReduceLogSum":    {integers, lowerReduce},
	"ReduceSumSquare": {integers, lowerReduce},
	"ReduceLogSumExp": {numbers, lowerLogSumExp},
	"ReduceMaxGrad":   {reals, lowerReduceMaxGrad},
	"ReduceProdGrad":  {reals, lowerReduceProdGrad},
	"ArgMax":          {numbers, lowerArg},
	"ArgMin":          {numbers, lowerArg},
}

// lines are what a reduction goes along: for each of its results, elements at the
// strides of the reduced dimensions.
type lines struct {
	kept, reduced         []int64 // dimensions
	keptStep, reducedStep []int64 // and their strides
	n                     int64   // elements of a line
}

func linesOf(shape []int64, axes []int) lines {
	var l lines
	own := strides(shape)
	l.n = 1
	for d := range shape {
		if slices.Contains(axes, d) {
			l.reduced, l.reducedStep = append(l.reduced, shape[d]), append(l.reducedStep, own[d])
			l.n *= shape[d]
		} else {
			l.kept, l.keptStep = append(l.kept, shape[d]), append(l.keptStep, own[d])
		}
	}
	return l
}

func axisLines(shape []int64, axis int) lines { return linesOf(shape, []int{axis}) }

// count is the number of lines.
func (l *lines) count() int64 { return elements(l.kept) }

// close reports whether neighbours in a line are neighbours in memory.
func (l *lines) close() bool {
	return len(l.reducedStep) == 0 || l.reducedStep[len(l.reducedStep)-1] == 1
}

// start is the number of the first element of line o, and at that of element i.
func (l *lines) start(b *body, o ptx.Value) ptx.Value { return b.offset(o, l.kept, l.keptStep, 0) }

func (l *lines) at(b *body, start, i ptx.Value) ptx.Value {
	return b.Add(start, b.offset(i, l.reduced, l.reducedStep, 0))
}

// A fold takes up numbers into another, and joins two of those.
type fold struct {
	start ptx.Value
	take  func(b *body, acc, v ptx.Value) ptx.Value
	join  func(b *body, x, y ptx.Value) ptx.Value
}

// sum adds up numbers in type t.
func sum(t ptx.Type) fold {
	add := func(b *body, x, y ptx.Value) ptx.Value { return b.Add(x, b.Convert(t, y)) }
	return fold{ptx.Number(t, 0), add, add}
}

// largest is the largest number, or NaN where one is; smallest the other way.
func largest(t ptx.Type, dt abi.DType) fold {
	f := func(b *body, x, y ptx.Value) ptx.Value { return b.Select(b.over(y, x), y, x) }
	return fold{lowest(t, dt), f, f}
}

func smallest(t ptx.Type, dt abi.DType) fold {
	f := func(b *body, x, y ptx.Value) ptx.Value { return b.Select(b.under(y, x), y, x) }
	return fold{highest(t, dt), f, f}
}

// over reports whether v is larger than best, where NaN is largest.
func (b *body) over(v, best ptx.Value) ptx.Value {
	p := b.Cmp(v, ptx.GT, best)
	if !v.Type.Float() {
		return p
	}
	return b.Or(p, b.And(b.IsNaN(v), b.Not(b.IsNaN(best))))
}

func (b *body) under(v, best ptx.Value) ptx.Value {
	p := b.Cmp(v, ptx.LT, best)
	if !v.Type.Float() {
		return p
	}
	return b.Or(p, b.And(b.IsNaN(v), b.Not(b.IsNaN(best))))
}

// lowest is below every number of dt, which is held in type t, or the lowest.
func lowest(t ptx.Type, dt abi.DType) ptx.Value {
	switch dt {
	case abi.Float32, abi.Float64, abi.Float16:
		return ptx.Float(t, math.Inf(-1))
	case abi.Int64:
		return ptx.Int(t, math.MinInt64)
	case abi.Int32:
		return ptx.Int(t, math.MinInt32)
	case abi.Int8:
		return ptx.Int(t, math.MinInt8)
	}
	return ptx.Int(t, 0)
}

func highest(t ptx.Type, dt abi.DType) ptx.Value {
	switch dt {
	case abi.Float32, abi.Float64, abi.Float16:
		return ptx.Float(t, math.Inf(1))
	case abi.Int64:
		return ptx.Int(t, math.MaxInt64)
	case abi.Int32:
		return ptx.Int(t, math.MaxInt32)
	case abi.Int8:
		return ptx.Int(t, math.MaxInt8)
	}
	return ptx.Int(t, math.MaxUint8)
}

// wide is the type that sums of elements held as t are added up in.
func wide(t ptx.Type) ptx.Type {
	if t.Float() {
		return ptx.F64
	}
	return ptx.S64
}

// lowerReduce adds up and multiplies floats in float64, integers so that they wrap
// around; a mean or root of integers is rounded toward zero.
func lowerReduce(s *step) {
	l := linesOf(s.in[0].Shape, s.n.Attrs.Axes)
	dt := s.in[0].DType
	held := element(dt).Held()
	acc := wide(held)
	f, before, after := sum(acc), func(_ *body, v ptx.Value) ptx.Value { return v }, func(_ *body, v ptx.Value) ptx.Value { return v }
	switch s.n.Op {
	case "ReduceMean":
		after = func(b *body, v ptx.Value) ptx.Value {
			if acc == ptx.F64 && dt == abi.Float32 {
				return b.Mul(v, ptx.Float(acc, 1/float64(l.n)))
			}
			return b.Div(v, ptx.Number(acc, float64(l.n)))
		}
	case "ReduceMax":
		f = largest(held, dt)
	case "ReduceMin":
		f = smallest(held, dt)
	case "ReduceProd":
		mul := func(b *body, x, y ptx.Value) ptx.Value { return b.Mul(x, b.Convert(acc, y)) }
		f = fold{ptx.Number(acc, 1), mul, mul}
	case "ReduceL1":
		before = func(b *body, v ptx.Value) ptx.Value { return b.Abs(b.Convert(acc, v)) }
	case "ReduceSumSquare", "ReduceL2":
		before = func(b *body, v ptx.Value) ptx.Value { v = b.Convert(acc, v); return b.Mul(v, v) }
	}
	switch s.n.Op {
	case "ReduceL2":
		after = func(b *body, v ptx.Value) ptx.Value { return b.Sqrt(b.Convert(ptx.F64, v)) }
	case "ReduceLogSum":
		after = func(b *body, v ptx.Value) ptx.Value { return b.log(b.Convert(ptx.F64, v)) }
	}
	s.reduce(&l, f, before, func(t *team, v ptx.Value) {
		t.once(func() { t.put(t.line, t.rounded(s.out.DType, after(t.body, v))) })
	})
}

// reduce folds the lines of operand 0, and hands each result to the team of its
// line. Few lines that are long are folded in parts first, so that they keep the
// whole card busy, and the parts then in their order.
func (s *step) reduce(l *lines, f fold, before func(b *body, v ptx.Value) ptx.Value, done func(t *team, v ptx.Value)) {
	parts, count := l.parts(), l.count()
	span := l.n / parts
	typ := f.start.Type
	at := func(t *team, i ptx.Value) ptx.Value { return t.At(t.base(s.work), i, typ.Size()) }
	s.perLine(parts*count, span, l.close(), func(t *team) {
		line, from := t.line, t.int(0)
		if parts > 1 {
			line, from = t.Rem(t.line, t.int(count)), t.Mul(t.Div(t.line, t.int(count)), t.int(span))
		}
		start := l.start(t.body, line)
		v := t.fold(f, span, func(i ptx.Value) ptx.Value {
			return before(t.body, t.load(s.in[0], l.at(t.body, start, t.Add(from, i))))
		})
		if parts == 1 {
			done(t, v)
			return
		}
		t.once(func() { t.Store(typ, ptx.Global, at(t, t.line), 0, v) })
	})
	if parts == 1 {
		return
	}
	s.perLine(count, parts, false, func(t *team) {
		join := fold{f.start, f.join, f.join}
		done(t, t.fold(join, parts, func(i ptx.Value) ptx.Value {
			return t.Load(typ, ptx.Global, at(t, t.Add(t.Mul(i, t.int(count)), t.line)), 0)
		}))
	})
}

// parts is in how many parts of the same length the lines are folded.
func (l *lines) parts() int64 {
	blocks := l.count()
	if !l.close() && blocks >= besideLines {
		blocks = (blocks + besideLines - 1) / besideLines
	}
	parts := int64(1)
	for parts < maxLineParts && blocks*parts < processors && l.n%(2*parts) == 0 && l.n/(2*parts) >= leastLine {
		parts *= 2
	}
	return parts
}

// What a part of a line is worth a second kernel for.
const (
	maxLineParts = 128
	leastLine    = 4096
)

// workReduce is the bytes of the parts of what n folds.
func workReduce(g *graph.Graph, n *graph.Node) int64 {
	l := linesOf(g.At(n.In[0]).Shape, n.Attrs.Axes)
	parts := l.parts()
	if parts == 1 {
		return 0
	}
	return 8 * parts * l.count()
}

// rounded makes the result of a computation in wider numbers one of type dt:
// floats are rounded, or cut toward zero, and integers keep the low bits.
func (b *body) rounded(dt abi.DType, v ptx.Value) ptx.Value {
	to := element(dt).Held()
	if v.Type == ptx.F64 && !to.Float() {
		return b.saturate(dt, v)
	}
	if dt == abi.Float16 {
		to = ptx.F32
	}
	return b.Convert(to, v)
}

// saturate is the F64 v rounded toward zero; what does not fit in dt becomes the
// nearest number that does, and NaN zero.
func (b *body) saturate(dt abi.DType, v ptx.Value) ptx.Value {
	t := element(dt).Held()
	low, high := lowest(t, dt), highest(t, dt)
	bottom, _ := low.Known()
	top, _ := high.Known()
	x := b.Convert(t, v) // holds to the bounds of t
	if dt != abi.Int64 && dt != abi.Int32 {
		x = b.Select(b.Cmp(v, ptx.LE, ptx.Float(ptx.F64, float64(bottom))), low, x)
		x = b.Select(b.Cmp(v, ptx.GE, ptx.Float(ptx.F64, float64(top))), high, x)
	}
	return b.Select(b.IsNaN(v), ptx.Int(t, 0), x)
}

// lowerLogSumExp takes the largest element out first, so that nothing overflows.
func lowerLogSumExp(s *step) {
	l := linesOf(s.in[0].Shape, s.n.Attrs.Axes)
	s.perLine(l.count(), l.n, l.close(), func(t *team) {
		start := l.start(t.body, t.line)
		held := t.keep(func(i ptx.Value) ptx.Value { return t.load(s.in[0], l.at(t.body, start, i)) })
		read := func(i ptx.Value) ptx.Value { return t.Convert(ptx.F64, held(i)) }
		top := t.fold(largest(ptx.F64, abi.Float64), l.n, read)
		total := t.fold(sum(ptx.F64), l.n, func(i ptx.Value) ptx.Value { return t.exp(t.Sub(read(i), top)) })
		t.once(func() {
			v := t.Add(top, t.log(total))
			v = t.Select(t.Cmp(t.Abs(top), ptx.LT, ptx.Float(ptx.F64, math.Inf(1))), v, top)
			t.put(t.line, t.rounded(s.out.DType, v))
		})
	})
}

// best is the number of the first of the best elements of a line.
func (b *body) best(l *lines, o operand, start ptx.Value, better func(v, best ptx.Value) ptx.Value) ptx.Value {
	at, best := b.Var(b.int(0)), b.Var(b.load(o, start))
	b.For(b.int(1), b.int(l.n), b.int(1), func(i ptx.Value) {
		v := b.load(o, l.at(b, start, i))
		b.If(better(v, best), func() {
			b.Set(best, v)
			b.Set(at, i)
		})
	})
	return at
}

func lowerArg(s *step) {
	l := axisLines(s.in[0].Shape, s.n.Attrs.Axis)
	s.each(l.count(), func(b *body, o ptx.Value) {
		better := b.over
		if s.n.Op == "ArgMin" {
			better = b.under
		}
		at := b.best(&l, s.in[0], l.start(b, o), func(v, best ptx.Value) ptx.Value {
			p := better(v, best)
			if s.n.Attrs.Last {
				p = b.Or(p, b.Cmp(v, ptx.EQ, best))
				if v.Type.Float() {
					p = b.Or(p, b.IsNaN(v))
				}
			}
			return p
		})
		b.store(s.out, o, b.Convert(ptx.S64, at))
	})
}

// lowerReduceMaxGrad hands dy to the first of the largest elements.
func lowerReduceMaxGrad(s *step) {
	l := linesOf(s.out.Shape, s.n.Attrs.Axes)
	s.each(l.count(), func(b *body, o ptx.Value) {
		start := l.start(b, o)
		at := b.best(&l, s.in[1], start, b.over)
		dy := b.load(s.in[0], o)
		b.Count(b.ix, l.n, func(i ptx.Value) {
			v := b.Select(b.Cmp(i, ptx.EQ, at), dy, ptx.Number(dy.Type, 0))
			b.store(s.out, l.at(b, start, i), v)
		})
	})
}

// lowerReduceProdGrad is dy times the product of all the other elements: products
// from the front meet those from the back, so that nothing is divided by zero.
func lowerReduceProdGrad(s *step) {
	l := linesOf(s.out.Shape, s.n.Attrs.Axes)
	s.each(l.count(), func(b *body, o ptx.Value) {
		start, t := l.start(b, o), element(s.out.DType)
		p := b.Var(b.Convert(ptx.F64, b.load(s.in[0], o)))
		b.Count(b.ix, l.n, func(i ptx.Value) {
			k := l.at(b, start, i)
			b.store(s.out, k, b.Convert(t, p))
			b.Set(p, b.Mul(p, b.Convert(ptx.F64, b.load(s.in[1], k))))
		})
		b.Set(p, ptx.Float(ptx.F64, 1))
		b.Count(b.ix, l.n, func(i ptx.Value) {
			k := l.at(b, start, b.Sub(b.int(l.n-1), i))
			b.store(s.out, k, b.Convert(t, b.Mul(b.Convert(ptx.F64, b.load(s.out, k)), p)))
			b.Set(p, b.Mul(p, b.Convert(ptx.F64, b.load(s.in[1], k))))
		})
	})
}

// most is the larger of two numbers, or NaN where one is; least the smaller.
func (b *body) most(x, y ptx.Value) ptx.Value {
	if x.Type.Float() {
		return b.larger(x, y)
	}
	return b.Max(x, y)
}

func (b *body) least(x, y ptx.Value) ptx.Value {
	if x.Type.Float() {
		return b.smaller(x, y)
	}
	return b.Min(x, y)
}
