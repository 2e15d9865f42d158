package cpu

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/gpu/graph"
)

// normDoubles: normalisation and losses in float64.
var normDoubles = map[string]bind{
	"BatchNormalization":            plainBatchNorm,
	"BatchNormalizationGradX":       plainBatchNormGradX,
	"BatchNormalizationGradScale":   plainBatchNormGradScale,
	"LayerNormalization":            plainLayerNorm,
	"LayerNormalizationGradX":       plainLayerNormGradX,
	"LayerNormalizationGradScale":   plainLayerNormGradScale,
	"Standardize":                   bindStandardize,
	"StandardizeGrad":               bindStandardizeGrad,
	"SoftmaxCrossEntropyLoss":       plainLoss(true),
	"NegativeLogLikelihoodLoss":     plainLoss(false),
	"SoftmaxCrossEntropyLossGrad":   plainLossGrad(true),
	"NegativeLogLikelihoodLossGrad": plainLossGrad(false),
}

func plainBatchNorm(b *binding) []stage {
	_, c, n := channels(b.out.typ.Shape)
	eps := float64(b.n.Attrs.Epsilon)
	return perChannel(b.out.typ.Shape, func(r int) {
		k := r % c
		scale, bias := view[float64](b.p, b.in[1])[k], view[float64](b.p, b.in[2])[k]
		mean, variance := view[float64](b.p, b.in[3])[k], view[float64](b.p, b.in[4])[k]
		y := view[float64](b.p, b.out)[r*n:]
		for i, v := range view[float64](b.p, b.in[0])[r*n:][:n] {
			y[i] = float64((v-mean)/math.Sqrt(variance+eps)*scale) + bias
		}
	})
}

func plainBatchNormGradX(b *binding) []stage {
	_, c, n := channels(b.out.typ.Shape)
	eps := float64(b.n.Attrs.Epsilon)
	return perChannel(b.out.typ.Shape, func(r int) {
		scale, variance := view[float64](b.p, b.in[1])[r%c], view[float64](b.p, b.in[2])[r%c]
		dx := view[float64](b.p, b.out)[r*n:]
		for i, d := range view[float64](b.p, b.in[0])[r*n:][:n] {
			dx[i] = d * scale / math.Sqrt(variance+eps)
		}
	})
}

func plainBatchNormGradScale(b *binding) []stage {
	images, c, n := channels(b.in[0].typ.Shape)
	eps := float64(b.n.Attrs.Epsilon)
	return []stage{{c, func(_, k int) {
		dy, x := view[float64](b.p, b.in[0]), view[float64](b.p, b.in[1])
		mean, variance := view[float64](b.p, b.in[2])[k], view[float64](b.p, b.in[3])[k]
		sum := 0.0
		for img := range images {
			at := (img*c + k) * n
			for i, d := range dy[at:][:n] {
				sum += float64(d * (x[at+i] - mean))
			}
		}
		view[float64](b.p, b.out)[k] = sum / math.Sqrt(variance+eps)
	}}}
}

// row is the elements of row r of an operand of n elements a row.
func row(b *binding, a arg, r, n int) []float64 { return view[float64](b.p, a)[r*n:][:n] }

func plainLayerNorm(b *binding) []stage {
	n := rowLen(b.out.typ.Shape, b.n.Attrs.Axis)
	return []stage{{b.out.len() / n, func(_, r int) {
		x, y, scale := row(b, b.in[0], r, n), row(b, b.out, r, n), view[float64](b.p, b.in[1])
		mean, inv := center(x, b.n.Attrs.Epsilon, false)
		for i, v := range x {
			y[i] = (v - mean) * inv * scale[i]
		}
		if len(b.in) > 2 && b.in[2].has() {
			for i, v := range view[float64](b.p, b.in[2]) {
				y[i] += v
			}
		}
	}}}
}

func plainLayerNormGradX(b *binding) []stage {
	n := rowLen(b.out.typ.Shape, b.n.Attrs.Axis)
	return []stage{{b.out.len() / n, func(_, r int) {
		dy, x, dx, scale := row(b, b.in[0], r, n), row(b, b.in[1], r, n), row(b, b.out, r, n), view[float64](b.p, b.in[2])
		mean, inv := center(x, b.n.Attrs.Epsilon, false)
		g, gx := 0.0, 0.0
		for i, d := range dy {
			g += float64(d * scale[i])
			gx += float64(d * scale[i] * (x[i] - mean) * inv)
		}
		g, gx = g/float64(n), gx/float64(n)
		for i, d := range dy {
			dx[i] = (float64(d*scale[i]) - g - float64((x[i]-mean)*inv*gx)) * inv
		}
	}}}
}

func plainLayerNormGradScale(b *binding) []stage {
	n := b.out.len()
	return []stage{{1, func(_, _ int) {
		ds := view[float64](b.p, b.out)
		clear(ds)
		for r := range b.in[0].len() / n {
			dy, x := row(b, b.in[0], r, n), row(b, b.in[1], r, n)
			mean, inv := center(x, b.n.Attrs.Epsilon, false)
			for i := range ds {
				ds[i] += float64(dy[i] * (x[i] - mean) * inv)
			}
		}
	}}}
}

// A judged is the labels of a loss in float64: scores lie as N×C×inner. A label
// outside 0 to C-1 counts like the one to ignore: not at all.
type judged struct {
	classes, inner int
	labels         []int64
	weights        []float64
	attrs          graph.Attrs
}

func newJudged(b *binding, scores []int64, labels, weights int) judged {
	_, classes, inner := around(scores, 1)
	j := judged{classes, inner, view[int64](b.p, b.in[labels]), nil, b.n.Attrs}
	if weights < len(b.in) && b.in[weights].has() {
		j.weights = view[float64](b.p, b.in[weights])
	}
	return j
}

// weight is what sample s weighs.
func (j *judged) weight(s int) float64 {
	y := j.labels[s]
	switch {
	case y < 0 || y >= int64(j.classes) || j.attrs.HasIgnore && y == j.attrs.Ignore:
		return 0
	case j.weights == nil:
		return 1
	}
	return j.weights[y]
}

// total is what the sum of the losses is divided by.
func (j *judged) total() float64 {
	if j.attrs.Reduction != graph.ReduceMean {
		return 1
	}
	sum := 0.0
	for s := range j.labels {
		sum += j.weight(s)
	}
	return sum
}

// logs are the logarithms of the probabilities of sample s.
func (j *judged) logs(x []float64, s int, softmax bool) []float64 {
	at := s/j.inner*j.classes*j.inner + s%j.inner
	out := make([]float64, j.classes)
	for c := range out {
		out[c] = x[at+c*j.inner]
	}
	if softmax {
		top, sum := slices.Max(out), 0.0
		for _, v := range out {
			sum += math.Exp(v - top)
		}
		for c := range out {
			out[c] -= top + math.Log(sum)
		}
	}
	return out
}

func plainLoss(softmax bool) bind {
	return func(b *binding) []stage {
		return []stage{{1, func(_, _ int) {
			j := newJudged(b, b.in[0].typ.Shape, 1, 2)
			x, y := view[float64](b.p, b.in[0]), view[float64](b.p, b.out)
			sum := 0.0
			for s, label := range j.labels {
				loss := 0.0
				if w := j.weight(s); w != 0 {
					loss = -w * j.logs(x, s, softmax)[label]
				}
				if j.attrs.Reduction == graph.ReduceNone {
					y[s] = loss
				}
				sum += loss
			}
			if j.attrs.Reduction != graph.ReduceNone {
				if y[0] = sum; sum != 0 {
					y[0] /= j.total()
				}
			}
		}}}
	}
}

func plainLossGrad(softmax bool) bind {
	return func(b *binding) []stage {
		return []stage{{1, func(_, _ int) {
			j := newJudged(b, b.out.typ.Shape, 2, 3)
			dy, x, dx := view[float64](b.p, b.in[0]), view[float64](b.p, b.in[1]), view[float64](b.p, b.out)
			clear(dx)
			total := j.total()
			for s, label := range j.labels {
				w := j.weight(s)
				if w == 0 || total == 0 {
					continue
				}
				w *= dy[min(s, len(dy)-1)] / total
				at := s/j.inner*j.classes*j.inner + s%j.inner
				dx[at+int(label)*j.inner] = -w
				if softmax {
					for c, v := range j.logs(x, s, true) {
						dx[at+c*j.inner] += float64(w * math.Exp(v))
					}
				}
			}
		}}}
	}
}
