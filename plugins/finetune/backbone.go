//go:build wasip1

package main

import (
	"encoding/json"
	"strconv"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/guest"
	"github.com/cloister-ai/cloister/abi/recipe"
)

// A backbone is the job's model, and how a record of the dataset goes into it.
type backbone struct {
	name       string
	graph      *guest.Graph
	opset      int
	colours    *recipe.Affine // what a record's pixels go through first; nil: nothing
	features   int64
	parameters uint64
	flops      uint64
}

// openBackbone opens the job's model and holds its input against the records.
func openBackbone(data *guest.Data) (*backbone, error) {
	text, err := guest.ModelCard("model")
	if err != nil {
		return nil, err
	}
	var card struct {
		Name string
		Spec *struct {
			Inputs []struct {
				Shape  []int64
				Recipe string
			}
			Parameters, FLOPs uint64
			Opset             int
		}
	}
	if err := json.Unmarshal(text, &card); err != nil || card.Spec == nil || len(card.Spec.Inputs) != 1 {
		return nil, guest.Fail(abi.Invalid, "the model's card: an imported model with one input is wanted")
	}
	in := card.Spec.Inputs[0]
	b := &backbone{name: card.Name, opset: max(card.Spec.Opset, minOpset), parameters: card.Spec.Parameters, flops: card.Spec.FLOPs}
	if len(in.Shape) != len(data.Shape)+1 || in.Shape[0] != 1 || !equal(in.Shape[1:], data.Shape) {
		return nil, guest.Fail(abi.Invalid, "the model takes ", dims(in.Shape), ", a record is ", dims(data.Shape), ": pack the data to fit, as in --input rgb224x224/255, and import the model for one record at a time")
	}
	r, err := recipe.Parse(in.Recipe)
	if err != nil {
		return nil, guest.Within("the model's card", err)
	}
	if in.Recipe != "raw" {
		a, err := r.Affine()
		if err != nil {
			return nil, guest.Within("the model's card", err)
		}
		b.colours = &a
	}
	if b.graph, err = guest.OpenModel("model"); err != nil {
		return nil, err
	}
	g := guest.NewGraphOf(b.opset)
	f := b.apply(g, data, nil)
	if g.Err() != nil {
		return nil, g.Err()
	}
	b.features = g.Shape(f)[1]
	return b, g.Err()
}

// minOpset is the least operator set of a graph that an app builds.
const minOpset = 13

// apply adds an input of one record and the backbone behind it to g. With a head
// it returns the head's scores, else the features [1, n].
func (b *backbone) apply(g *guest.Graph, data *guest.Data, h *head) guest.Value {
	x := g.Input("x", abi.Float32, append([]int64{1}, data.Shape...)...)
	if b.colours != nil {
		x = recolour(g, x, *b.colours)
	}
	f := g.Inline(b.graph, x)[0]
	if shape := g.Shape(f); len(shape) == 4 {
		f = g.GlobalAveragePool(f)
	}
	f = g.Flatten(f)
	if h == nil {
		return f
	}
	return h.scores(g, f)
}

// recolour mixes the channels of x as a convolution by single pixels.
func recolour(g *guest.Graph, x guest.Value, a recipe.Affine) guest.Value {
	w := make([]float32, 9)
	for c, from := range a.From {
		w[3*c+from] = a.Scale[c]
	}
	mix, err := guest.Floats(w, 3, 3, 1, 1)
	if err != nil {
		g.Fail(err)
		return guest.None
	}
	defer mix.Free()
	shift, err := guest.Floats(a.Offset, 3)
	if err != nil {
		g.Fail(err)
		return guest.None
	}
	defer shift.Free()
	return g.Conv(x, g.Constant(mix), g.Constant(shift))
}

// program compiles what one record goes through.
func (b *backbone) program(data *guest.Data, h *head) (*guest.Program, error) {
	g := guest.NewGraphOf(b.opset)
	g.Output("y", b.apply(g, data, h))
	return g.Compile()
}

// test releases the accuracy over the split "test", or over "train" where there
// is no other.
func (b *backbone) test(h *head, data *guest.Data, rep *report) error {
	rep.Test = "test"
	records, err := data.Records(rep.Test)
	if err != nil {
		rep.Test = "train"
		if records, err = data.Records(rep.Test); err != nil {
			return err
		}
	}
	p, err := b.program(data, h)
	if err != nil {
		return err
	}
	defer p.Free()
	x, y, err := data.NewBatch(1)
	if err != nil {
		return err
	}
	defer x.Free()
	defer y.Free()
	accuracy, err := guest.Accuracy()
	if err != nil {
		return err
	}
	for i := range records {
		guest.Progress(i, records, "testing")
		if _, err := data.Batch(rep.Test, i, 1, 0, x, y); err != nil {
			return err
		}
		out, err := p.Run(x)
		if err != nil {
			return err
		}
		if err := accuracy.Add(out[0], y); err != nil {
			return err
		}
		out[0].Free()
	}
	rep.Accuracy, rep.Tested, err = accuracy.Read("accuracy")
	return err
}

// save makes backbone and head one model: a record in, a probability a class
// out.
func (b *backbone) save(h *head, data *guest.Data) error {
	g := guest.NewGraphOf(b.opset)
	g.Output("scores", g.Softmax(b.apply(g, data, h)))
	return g.Save("model")
}

func equal(a, b []int64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// dims writes a shape as 3x224x224.
func dims(shape []int64) string {
	s := ""
	for i, d := range shape {
		if i > 0 {
			s += "x"
		}
		s += strconv.FormatInt(d, 10)
	}
	return s
}

func number(i int) string { return strconv.Itoa(i) }
