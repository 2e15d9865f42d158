package sandbox

import (
	"context"
	"fmt"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// maxModels bounds the models one job may save.
const maxModels = 64

// modelSave(name, len, g) makes g, with its weights as they are now, an
// artefact of the job. Weights that were trained on private records may go, up
// to the bytes of the data's policy; records themselves may not.
func modelSave(_ context.Context, in *instance, a []uint32) (uint32, error) {
	name, err := in.text("name", a[0], a[1], maxName)
	if err != nil {
		return 0, err
	}
	if name == "" {
		return 0, fmt.Errorf("a model needs a name: %w", abi.Invalid)
	}
	if slices.ContainsFunc(in.models, func(s Saved) bool { return s.Name == name }) {
		return 0, fmt.Errorf("model %q is saved already: %w", name, abi.Invalid)
	}
	if len(in.models) == maxModels {
		return 0, fmt.Errorf("model %q is one more than %d: %w", name, maxModels, abi.Exhausted)
	}
	g, err := in.graph(a[2])
	if err != nil {
		return 0, err
	}
	private, err := g.savable(name)
	if err != nil {
		return 0, err
	}
	b, err := g.MarshalONNX()
	if err != nil {
		return 0, err
	}
	most, who := in.limits.Tensor, "the job was granted"
	total := in.savedBytes() + uint64(len(b))
	if private && in.data.Kind != wire.Open {
		most, who = in.data.ModelBytes, "the data's policy allows"
		total = in.modelBytes + uint64(len(b))
	}
	if total > most {
		return 0, fmt.Errorf("models of %d bytes, %s %d: %w", total, who, most, abi.Denied)
	}
	if private {
		in.modelBytes += uint64(len(b))
	}
	in.models = append(in.models, Saved{Name: name, ONNX: b, Private: private})
	return 0, nil
}

func (in *instance) savedBytes() (n uint64) {
	for _, s := range in.models {
		n += uint64(len(s.ONNX))
	}
	return n
}

// savable says whether g may be saved, and whether private records went into
// its weights.
func (g *graph) savable(name string) (private bool, err error) {
	if g.sealed != "" {
		return false, fmt.Errorf("model %q is sealed and cannot be saved as %q: %w", g.sealed, name, abi.Denied)
	}
	if g.constants > trained {
		return false, fmt.Errorf("model %q has a constant that is private: only trained parameters may be saved: %w", name, abi.Denied)
	}
	private = g.constants == trained
	for _, p := range g.params {
		if p.label > trained {
			return false, fmt.Errorf("model %q has parameter %d, which is private and was not trained: %w", name, p.index, abi.Denied)
		}
		private = private || p.label == trained
	}
	return private, nil
}

func (in *instance) modelNamed(ptr, size uint32) (Model, string, error) {
	name, err := in.text("name", ptr, size, maxName)
	if err != nil {
		return Model{}, "", err
	}
	m, ok := in.env.Models[name]
	if !ok {
		return Model{}, "", fmt.Errorf("no model %q: the job was admitted for none of that name: %w", name, abi.NotFound)
	}
	return m, name, nil
}

// modelOpen(name, len) → the graph of a model. One whose policy is not open is
// sealed: it runs and answers, and that is all.
func modelOpen(ctx context.Context, in *instance, a []uint32) (uint32, error) {
	m, name, err := in.modelNamed(a[0], a[1])
	if err != nil {
		return 0, err
	}
	if m.Open && in.model.Kind == wire.Open {
		name = ""
	} else if name == "" {
		name = "model"
	}
	return in.load(ctx, m.ONNX, name)
}

// modelCard(name, len, ptr, cap) → the length of the model's card, JSON.
func modelCard(_ context.Context, in *instance, a []uint32) (uint32, error) {
	m, _, err := in.modelNamed(a[0], a[1])
	if err != nil {
		return 0, err
	}
	return in.give(m.Card, a[2], a[3])
}
