package cuda

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// lossRows: losses of scores N×C×… and one label each for N×…. A label outside 0
// to C-1 counts like the one to ignore: not at all.
var lossRows = table{
	"SoftmaxCrossEntropyLoss":       {reals, lowerLoss(true)},
	"NegativeLogLikelihoodLoss":     {reals, lowerLoss(false)},
	"SoftmaxCrossEntropyLossGrad":   {reals, lowerLossGrad(true)},
	"NegativeLogLikelihoodLossGrad": {reals, lowerLossGrad(false)},
}

// A labelled is the operands of a loss.
type labelled struct {
	lines
	scores, labels, weights operand
	attrs                   *graph.Attrs
}

func (s *step) labelled(scores, labels, weights int) labelled {
	l := labelled{lines: axisLines(s.in[scores].Shape, 1), scores: s.in[scores], labels: s.in[labels], attrs: &s.n.Attrs}
	if s.has(weights) {
		l.weights = s.in[weights]
	}
	return l
}

// samples is how many there are.
func (l *labelled) samples() int64 { return l.count() }

// weight is the label of a sample, and what it weighs, in float64.
func (l *labelled) weight(b *body, sample ptx.Value) (label, w ptx.Value) {
	label = b.load(l.labels, sample)
	p := b.Cmp(b.Bits(ptx.U64, label), ptx.LT, ptx.Int(ptx.U64, l.n)) // below zero is large
	if l.attrs.HasIgnore {
		p = b.And(p, b.Cmp(label, ptx.NE, ptx.Int(ptx.S64, l.attrs.Ignore)))
	}
	w = b.Var(ptx.Float(ptx.F64, 0))
	b.If(p, func() {
		if l.weights.there {
			b.Set(w, b.Convert(ptx.F64, b.load(l.weights, b.Convert(b.ix, label))))
		} else {
			b.Set(w, ptx.Float(ptx.F64, 1))
		}
	})
	return label, w
}

func workLoss(g *graph.Graph, n *graph.Node) int64 {
	if n.Attrs.Reduction == graph.ReduceNone {
		return 0
	}
	return 8 * g.At(n.In[1]).Elements()
}

// lowerLoss computes one loss a sample, then reduces them. A mean over no weight at
// all is zero.
func lowerLoss(softmax bool) func(*step) {
	return func(s *step) {
		l := s.labelled(0, 1, 2)
		each := s.out
		if s.n.Attrs.Reduction != graph.ReduceNone {
			each = operand{arg: s.work, Type: graph.Type{DType: s.out.DType, Shape: []int64{l.samples()}}, there: true}
		}
		typ := element(s.out.DType)
		if l.samples() > 0 {
			s.perLine(l.samples(), l.n, l.close(), func(t *team) {
				label, w := l.weight(t.body, t.line)
				start := l.start(t.body, t.line)
				read := t.keep(func(i ptx.Value) ptx.Value { return t.load(l.scores, l.at(t.body, start, i)) })
				norm := ptx.Float(ptx.F64, 0)
				if softmax {
					top, total, _ := t.exps(l.n, typ, s.out.DType, read)
					norm = t.Add(t.Convert(ptx.F64, top), t.log(total))
				}
				t.once(func() {
					loss := t.Var(ptx.Float(ptx.F64, 0))
					t.If(t.Cmp(w, ptx.NE, ptx.Float(ptx.F64, 0)), func() {
						v := t.Sub(norm, t.Convert(ptx.F64, read(t.Convert(t.ix, label))))
						t.Set(loss, t.Mul(v, w))
					})
					t.store(each, t.line, t.rounded(s.out.DType, loss))
				})
			})
		}
		if s.n.Attrs.Reduction == graph.ReduceNone {
			return
		}
		s.perLine(1, max(64, l.samples()), true, func(t *team) {
			total := t.fold(sum(ptx.F64), l.samples(), func(i ptx.Value) ptx.Value { return t.load(each, i) })
			if s.n.Attrs.Reduction == graph.ReduceMean {
				by := t.fold(sum(ptx.F64), l.samples(), func(i ptx.Value) ptx.Value { _, w := l.weight(t.body, i); return w })
				total = t.Select(t.Cmp(total, ptx.NE, ptx.Float(ptx.F64, 0)), t.Div(total, by), total)
			}
			t.once(func() { t.put(t.int(0), t.rounded(s.out.DType, total)) })
		})
	}
}

// lowerLossGrad takes dy, scores, labels and weights.
func lowerLossGrad(softmax bool) func(*step) {
	return func(s *step) {
		l := s.labelled(1, 2, 3)
		typ := element(s.out.DType)
		by := operand{arg: s.work, Type: graph.Type{DType: abi.Float64, Shape: []int64{1}}, there: true}
		mean := s.n.Attrs.Reduction == graph.ReduceMean
		if mean {
			s.perLine(1, max(64, l.samples()), true, func(t *team) {
				total := t.fold(sum(ptx.F64), l.samples(), func(i ptx.Value) ptx.Value { _, w := l.weight(t.body, i); return w })
				t.once(func() { t.store(by, t.int(0), total) })
			})
		}
		s.perLine(l.samples(), l.n, l.close(), func(t *team) {
			label, w := l.weight(t.body, t.line)
			start := l.start(t.body, t.line)
			zero := ptx.Float(ptx.F64, 0)
			counts := t.Cmp(w, ptx.NE, zero)
			at := t.int(0)
			if s.in[0].Elements() > 1 {
				at = t.line
			}
			scale := w
			if mean {
				total := t.load(by, t.int(0))
				counts = t.And(counts, t.Cmp(total, ptx.NE, zero))
				scale = t.Div(scale, total)
			}
			scale = t.Select(counts, t.Mul(scale, t.Convert(ptx.F64, t.load(s.in[0], at))), zero)
			read := t.keep(func(i ptx.Value) ptx.Value { return t.load(l.scores, l.at(t.body, start, i)) })
			var norm ptx.Value
			var power func(i ptx.Value) ptx.Value
			if softmax {
				_, norm, power = t.exps(l.n, typ, s.out.DType, read)
			}
			t.each(l.n, func(i ptx.Value) {
				g := zero
				if softmax {
					g = t.Div(t.Convert(ptx.F64, power(i)), norm)
				}
				hit := t.Cmp(t.Convert(ptx.S64, i), ptx.EQ, label)
				g = t.Select(hit, t.Sub(g, ptx.Float(ptx.F64, 1)), g)
				g = t.Select(t.Cmp(scale, ptx.NE, zero), t.Mul(g, scale), zero)
				t.put(l.at(t.body, start, i), t.rounded(s.out.DType, g))
			})
		})
	}
}
