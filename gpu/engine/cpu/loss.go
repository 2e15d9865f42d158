package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/graph"
)

// A labelled walks the samples of a loss: scores lie as N×C×inner, one label each
// for N×inner. A label outside 0 to C-1 counts like the one to ignore: not at all.
type labelled struct {
	classes, inner, samples int
	ignore                  int64
	hasIgnore               bool
}

func newLabelled(scores []int64, a graph.Attrs) labelled {
	outer, classes, inner := around(scores, 1)
	return labelled{classes, inner, outer * inner, a.Ignore, a.HasIgnore}
}

// at returns where the scores of sample s start.
func (l *labelled) at(s int) int { return s/l.inner*l.classes*l.inner + s%l.inner }

func (l *labelled) counts(label int64) bool {
	return label >= 0 && label < int64(l.classes) && !(l.hasIgnore && label == l.ignore)
}

// weight returns what a label weighs; weights may be nil.
func (l *labelled) weight(label int64, weights []float32) float64 {
	switch {
	case !l.counts(label):
		return 0
	case weights == nil:
		return 1
	}
	return float64(weights[label])
}

// total is the weight of all labels, which a mean is divided by.
func (l *labelled) total(labels []int64, weights []float32) float64 {
	sum := 0.0
	for _, y := range labels {
		sum += l.weight(y, weights)
	}
	return sum
}

func (b *binding) weights(i int) []float32 {
	if i < len(b.in) && b.in[i].has() {
		return b.p.f32(b.in[i])
	}
	return nil
}

// bindLoss computes one loss a sample, then reduces them in order. A mean over no
// weight at all is zero. It is within 1 ulp.
func bindLoss(softmax bool) func(*binding) []stage {
	return func(b *binding) []stage {
		l := newLabelled(b.in[0].typ.Shape, b.n.Attrs)
		each, reduction := b.work, b.n.Attrs.Reduction
		if reduction == graph.ReduceNone {
			each = b.out
		}
		stages := spreadBy(l.samples, max(1, chunk/8/l.classes), func(from, to int) {
			x, labels, w, out := b.p.f32(b.in[0]), view[int64](b.p, b.in[1]), b.weights(2), b.p.f32(each)
			for s := from; s < to; s++ {
				out[s] = 0
				if y := labels[s]; l.counts(y) {
					v := float64(x[l.at(s)+int(y)*l.inner])
					if softmax {
						top, sum := softmaxParts(x[l.at(s):], l.classes, l.inner)
						v -= top + math.Log(sum)
					}
					out[s] = float32(-v * l.weight(y, w))
				}
			}
		})
		if reduction == graph.ReduceNone {
			return stages
		}
		return append(stages, stage{1, func(_, _ int) {
			sum := 0.0
			for _, v := range b.p.f32(each)[:l.samples] {
				sum += float64(v)
			}
			if reduction == graph.ReduceMean && sum != 0 {
				sum /= l.total(view[int64](b.p, b.in[1]), b.weights(2))
			}
			b.p.f32(b.out)[0] = float32(sum)
		}})
	}
}

// workLoss is room for one loss a sample.
func workLoss(g *graph.Graph, n *graph.Node) int64 {
	if n.Attrs.Reduction == graph.ReduceNone {
		return 0
	}
	return 4 * g.At(n.In[1]).Elements()
}

// bindLossGrad takes dy, scores, labels and weights.
func bindLossGrad(softmax bool) func(*binding) []stage {
	return func(b *binding) []stage {
		l := newLabelled(b.out.typ.Shape, b.n.Attrs)
		reduction := b.n.Attrs.Reduction
		var total float64
		sum := stage{1, func(_, _ int) {
			total = 1
			if reduction == graph.ReduceMean {
				total = l.total(view[int64](b.p, b.in[2]), b.weights(3))
			}
		}}
		return append([]stage{sum}, spreadBy(l.samples, max(1, chunk/8/l.classes), func(from, to int) {
			dy, x, labels, w, dx := b.p.f32(b.in[0]), b.p.f32(b.in[1]), view[int64](b.p, b.in[2]), b.weights(3), b.p.f32(b.out)
			for s := from; s < to; s++ {
				y, at := labels[s], l.at(s)
				scale := 0.0
				if d := l.weight(y, w); d != 0 && total != 0 {
					scale = d / total * float64(dy[min(s, len(dy)-1)])
				}
				top, norm := 0.0, 0.0
				if softmax && scale != 0 {
					top, norm = softmaxParts(x[at:], l.classes, l.inner)
				}
				for c := range l.classes {
					g := 0.0
					if softmax && scale != 0 {
						g = math.Exp(float64(x[at+c*l.inner])-top) / norm
					}
					if int64(c) == y {
						g--
					}
					dx[at+c*l.inner] = float32(g * scale)
				}
			}
		})...)
	}
}
