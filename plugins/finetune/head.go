//go:build wasip1

package main

import (
	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/guest"
)

// A head is a linear classifier of features.
type head struct {
	w, b       guest.Tensor
	features   int64
	parameters int64
}

// newHead begins with zeros: all classes are alike, and the loss is convex.
func newHead(features int64, classes int) (*head, error) {
	if classes < 2 {
		return nil, guest.Fail(abi.Invalid, "a classifier needs two classes, the schema has ", number(classes))
	}
	h := &head{features: features, parameters: int64(classes) * (features + 1)}
	var err error
	if h.w, err = guest.NewTensor(abi.Float32, int64(classes), features); err != nil {
		return nil, err
	}
	h.b, err = guest.NewTensor(abi.Float32, int64(classes))
	return h, err
}

// scores adds the head to g and returns its scores for features [n, features].
func (h *head) scores(g *guest.Graph, features guest.Value) guest.Value {
	return g.Dense(features, g.Param("head.weight", h.w), g.Param("head.bias", h.b))
}

// fit trains the head on groups of features, in another order each epoch, with
// a learning rate that rises over the first one and then falls along half a
// cosine.
func (h *head) fit(groups []group, set settings, rep *report) error {
	shape, err := groups[0].x.Shape()
	if err != nil {
		return err
	}
	g := guest.NewGraph()
	x := g.Input("x", abi.Float32, shape...)
	y := g.Input("y", abi.Int64, shape[0])
	loss := g.CrossEntropy(h.scores(g, x), y)
	g.Output("loss", loss)
	step, err := g.Train(loss, abi.Optimizer{Kind: abi.AdamW, LearningRate: float32(set.Rate), WeightDecay: float32(set.Decay)})
	if err != nil {
		return err
	}
	defer step.Free()
	random := guest.Random()
	rep.Steps = set.Epochs * len(groups)
	rate := guest.Cosine(set.Rate, rep.Steps).After(min(len(groups), rep.Steps/10))
	at := 0
	for epoch := range set.Epochs {
		guest.Progress(epoch, set.Epochs, "training")
		for _, i := range random.Perm(len(groups)) {
			if err := step.Rate(rate.At(at)); err != nil {
				return err
			}
			if err := step.Step(groups[i].x, groups[i].y); err != nil {
				return err
			}
			at++
		}
	}
	guest.Progress(set.Epochs, set.Epochs, "trained")
	return nil
}
