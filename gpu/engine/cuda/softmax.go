package cuda

import (
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// softmaxRows: softmax and its gradients, along an axis.
var softmaxRows = table{
	"Softmax":        {reals, lowerSoftmax(false)},
	"LogSoftmax":     {reals, lowerSoftmax(true)},
	"SoftmaxGrad":    {reals, lowerSoftmaxGrad(false)},
	"LogSoftmaxGrad": {reals, lowerSoftmaxGrad(true)},
	"Hardmax":        {reals, lowerHardmax},
}

// exps returns the largest of n numbers of type t, e to the power of what each is
// below it, and the sum of those in float64. Where the largest is infinite, the sum
// is NaN.
func (t *team) exps(n int64, typ ptx.Type, dt abi.DType, read func(i ptx.Value) ptx.Value) (top, total ptx.Value, power func(i ptx.Value) ptx.Value) {
	top = t.fold(largest(typ, dt), n, read)
	power = t.keep(func(i ptx.Value) ptx.Value { return t.exp(t.Sub(read(i), top)) })
	total = t.fold(sum(ptx.F64), n, power)
	finite := t.Cmp(t.Abs(top), ptx.LT, ptx.Float(typ, math.Inf(1)))
	return top, t.Select(finite, total, ptx.Float(ptx.F64, math.NaN())), power
}

// lowerSoftmax subtracts the largest element first, so that nothing overflows.
func lowerSoftmax(logarithm bool) func(*step) {
	return func(s *step) {
		l := axisLines(s.out.Shape, s.n.Attrs.Axis)
		typ := element(s.out.DType)
		s.perLine(l.count(), l.n, l.close(), func(t *team) {
			start := l.start(t.body, t.line)
			read := t.keep(func(i ptx.Value) ptx.Value { return t.load(s.in[0], l.at(t.body, start, i)) })
			top, total, power := t.exps(l.n, typ, s.out.DType, read)
			var log, by ptx.Value
			if logarithm {
				log = t.log(total)
			} else {
				by = t.Convert(typ, total)
			}
			t.each(l.n, func(i ptx.Value) {
				var v ptx.Value
				if logarithm {
					v = t.Convert(typ, t.Sub(t.Convert(ptx.F64, t.Sub(read(i), top)), log))
				} else {
					v = t.Div(power(i), by)
				}
				t.put(l.at(t.body, start, i), v)
			})
		})
	}
}

// lowerSoftmaxGrad is dx = y·(dy - Σ dy·y), and dx = dy - eʸ·Σ dy with logarithms.
func lowerSoftmaxGrad(logarithm bool) func(*step) {
	return func(s *step) {
		l := axisLines(s.out.Shape, s.n.Attrs.Axis)
		typ := element(s.out.DType)
		s.perLine(l.count(), l.n, l.close(), func(t *team) {
			start := l.start(t.body, t.line)
			of := func(o operand) func(i ptx.Value) ptx.Value {
				return t.keep(func(i ptx.Value) ptx.Value { return t.load(o, l.at(t.body, start, i)) })
			}
			slope, result := of(s.in[0]), of(s.in[1])
			total := t.fold(sum(ptx.F64), l.n, func(i ptx.Value) ptx.Value {
				d := t.Convert(ptx.F64, slope(i))
				if logarithm {
					return d
				}
				return t.Mul(d, t.Convert(ptx.F64, result(i)))
			})
			t.each(l.n, func(i ptx.Value) {
				at := l.at(t.body, start, i)
				d, v := t.Convert(ptx.F64, slope(i)), t.Convert(ptx.F64, result(i))
				if logarithm {
					e := t.Convert(ptx.F64, t.exp(result(i)))
					v = t.Sub(d, t.Mul(e, total))
				} else {
					v = t.Mul(v, t.Sub(d, total))
				}
				t.put(at, t.Convert(typ, v))
			})
		})
	}
}

// lowerHardmax is one at the first of the largest elements, zero at the others.
func lowerHardmax(s *step) {
	l := axisLines(s.out.Shape, s.n.Attrs.Axis)
	typ := element(s.out.DType)
	s.each(l.count(), func(b *body, o ptx.Value) {
		start := l.start(b, o)
		at := b.best(&l, s.in[0], start, b.over)
		b.Count(b.ix, l.n, func(i ptx.Value) {
			b.put(l.at(b, start, i), b.Convert(typ, b.Cmp(i, ptx.EQ, at)))
		})
	})
}
