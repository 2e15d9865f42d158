//go:build wasip1

// Command finetune is an app that trains a head on an imported backbone: every
// record of the job's dataset goes through the job's model once, a linear
// classifier is trained on what comes out, and both together are saved as
// "model". Like train it never sees a record; the accuracy on the test split
// comes back as one released number.
//
// The model's first output is the features: what lies behind a global average
// where it is an image. Its weights stay as they are.
//
// Parameters of the job: epochs, batch, lr, decay.
package main

import (
	"encoding/json"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/guest"
)

//go:wasmexport cloister_run
func run() int32 { return guest.Run(finetune) }

func main() {}

// settings are the job's parameters.
type settings struct {
	Epochs int     `json:"epochs"`
	Batch  int     `json:"batch"`
	Rate   float64 `json:"lr"`
	Decay  float64 `json:"decay"`
}

// A report is the app's public output.
type report struct {
	Data     string `json:"data"`
	Backbone string `json:"backbone"`
	settings
	Features int64   `json:"features"`
	Records  int     `json:"records"` // trained on
	Frozen   uint64  `json:"frozen_parameters"`
	Trained  int64   `json:"trained_parameters"`
	FLOPs    uint64  `json:"flops_a_record"` // of the backbone
	Steps    int     `json:"steps"`
	Accuracy float64 `json:"accuracy"` // on the split Test, as it was released
	Test     string  `json:"test"`
	Tested   int     `json:"tested"`
}

func finetune() error {
	data, err := guest.OpenData("data")
	if err != nil {
		return err
	}
	set, err := read()
	if err != nil {
		return err
	}
	base, err := openBackbone(data)
	if err != nil {
		return err
	}
	set.Batch = min(set.Batch, maxBatch)
	rep := report{Data: data.Name, Backbone: base.name, settings: set, Features: base.features, Frozen: base.parameters, FLOPs: base.flops}
	seen, err := base.look(data, &rep)
	if err != nil {
		return err
	}
	top, err := newHead(base.features, len(data.Classes))
	if err != nil {
		return err
	}
	rep.Trained = top.parameters
	if err := top.fit(seen, set, &rep); err != nil {
		return err
	}
	if err := base.test(top, data, &rep); err != nil {
		return err
	}
	if err := base.save(top, data); err != nil {
		return err
	}
	out, err := json.Marshal(rep)
	if err != nil {
		return err
	}
	return guest.Write(append(out, '\n'))
}

// maxBatch is how many records a step takes at most: one graph joins them.
const maxBatch = 64

func read() (set settings, err error) {
	set = settings{Epochs: 60, Batch: 32, Rate: 0.01, Decay: 0.01}
	if set.Epochs, err = guest.ParamInt("epochs", set.Epochs, 1, 10_000); err != nil {
		return
	}
	if set.Batch, err = guest.ParamInt("batch", set.Batch, 1, maxBatch); err != nil {
		return
	}
	if set.Rate, err = guest.ParamFloat("lr", set.Rate, 0, 10); err != nil {
		return
	}
	set.Decay, err = guest.ParamFloat("decay", set.Decay, 0, 10)
	return
}

// A group is a batch of features with their labels, kept in the host.
type group struct{ x, y guest.Tensor }

// look runs every record of the split "train" through the backbone, once, and
// keeps the features in groups of a batch.
func (b *backbone) look(data *guest.Data, rep *report) ([]group, error) {
	records, err := data.Records("train")
	if err != nil {
		return nil, err
	}
	batch := min(rep.Batch, records)
	if batch == 0 {
		return nil, guest.Fail(abi.Invalid, "the split \"train\" has no records")
	}
	p, err := b.program(data, nil)
	if err != nil {
		return nil, err
	}
	defer p.Free()
	joinX, joinY, err := joiners(batch, b.features)
	if err != nil {
		return nil, err
	}
	defer joinX.Free()
	defer joinY.Free()
	record, _, err := data.NewBatch(1)
	if err != nil {
		return nil, err
	}
	defer record.Free()
	var groups []group
	for first := 0; first+batch <= records; first += batch {
		guest.Progress(first, records, "looking at records")
		xs, ys := make([]guest.Tensor, batch), make([]guest.Tensor, batch)
		for i := range batch {
			if ys[i], err = guest.NewTensor(abi.Int64, 1); err != nil {
				return nil, err
			}
			if _, err := data.Batch("train", first+i, 1, 1, record, ys[i]); err != nil {
				return nil, err
			}
			out, err := p.Run(record)
			if err != nil {
				return nil, err
			}
			xs[i] = out[0]
		}
		x, err := joinX.Run(xs...)
		if err != nil {
			return nil, err
		}
		y, err := joinY.Run(ys...)
		if err != nil {
			return nil, err
		}
		groups = append(groups, group{x[0], y[0]})
		for i := range batch {
			xs[i].Free()
			ys[i].Free()
		}
	}
	rep.Records = batch * len(groups)
	return groups, nil
}

// joiners are programs that make one tensor of a batch of features, and of a
// batch of labels.
func joiners(batch int, features int64) (x, y *guest.Program, err error) {
	join := func(dt abi.DType, shape ...int64) (*guest.Program, error) {
		g := guest.NewGraph()
		parts := make([]guest.Value, batch)
		for i := range parts {
			parts[i] = g.Input("part"+number(i), dt, shape...)
		}
		g.Output("all", g.Concat(0, parts...))
		return g.Compile()
	}
	if x, err = join(abi.Float32, 1, features); err != nil {
		return nil, nil, err
	}
	y, err = join(abi.Int64, 1)
	return x, y, err
}
