//go:build wasip1

// Command train is an app that trains a classifier on the job's dataset and
// saves it as "model". It never sees a record: it builds the network from the
// public schema, tells the host which records to step on, and gets back the
// accuracy on the test split as one released number.
//
// Parameters of the job: epochs, batch, width (channels of the first layer), lr.
package main

import (
	"encoding/json"
	"strconv"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/guest"
)

//go:wasmexport cloister_run
func run() int32 { return guest.Run(train) }

func main() {}

// settings are the job's parameters.
type settings struct {
	Epochs int     `json:"epochs"`
	Batch  int     `json:"batch"`
	Width  int     `json:"width"`
	Rate   float64 `json:"lr"`
}

// A report is the app's public output.
type report struct {
	Data string `json:"data"`
	settings
	Records    int     `json:"records"` // trained on, each once an epoch
	Parameters int64   `json:"parameters"`
	StepFLOPs  uint64  `json:"step_flops"`
	Steps      int     `json:"steps"`
	Accuracy   float64 `json:"accuracy"` // on the split Test, as it was released
	Test       string  `json:"test"`
	Tested     int     `json:"tested"`
}

func train() error {
	data, err := guest.OpenData("data")
	if err != nil {
		return err
	}
	set, err := read(data)
	if err != nil {
		return err
	}
	random := guest.Random()
	net, err := newNetwork(data.Shape, len(data.Classes), set.Width, random)
	if err != nil {
		return err
	}
	views, err := newAugment(data.Shape, random)
	if err != nil {
		return err
	}
	rep := report{Data: data.Name, settings: set, Parameters: net.parameters}
	if err := fit(net, views, data, set, &rep); err != nil {
		return err
	}
	if err := test(net, data, set.Batch, &rep); err != nil {
		return err
	}
	if err := save(net, data); err != nil {
		return err
	}
	out, err := json.Marshal(rep)
	if err != nil {
		return err
	}
	return guest.Write(append(out, '\n'))
}

// read takes the parameters of the job over defaults that fit the data. Large
// images get a wider network, smaller steps, and more batches.
func read(data *guest.Data) (set settings, err error) {
	set = settings{Epochs: 20, Batch: 32, Width: 8, Rate: 0.003}
	if len(data.Shape) == 3 && data.Shape[1]*data.Shape[2] > 28*28 {
		set = settings{Epochs: 30, Batch: 16, Width: 16, Rate: 0.0015}
	}
	if set.Epochs, err = guest.ParamInt("epochs", set.Epochs, 1, 10_000); err != nil {
		return
	}
	if set.Batch, err = guest.ParamInt("batch", set.Batch, 1, 4096); err != nil {
		return
	}
	if set.Width, err = guest.ParamInt("width", set.Width, 1, 512); err != nil {
		return
	}
	set.Rate, err = guest.ParamFloat("lr", set.Rate, 0, 10)
	return
}

// fit trains net for some epochs over the split "train", in another order each
// time, with a learning rate that falls along half a cosine.
func fit(net *network, views *augment, data *guest.Data, set settings, rep *report) error {
	records, err := data.Records("train")
	if err != nil {
		return err
	}
	batch := min(set.Batch, records)
	if batch == 0 {
		return guest.Fail(abi.Invalid, "the split \"train\" has no records")
	}
	g := guest.NewGraph()
	x := g.Input("x", abi.Float32, append([]int64{int64(batch)}, data.Shape...)...)
	y := g.Input("y", abi.Int64, int64(batch))
	loss := g.CrossEntropy(net.scores(g, views.apply(g, x)), y)
	g.Output("loss", loss)
	step, err := g.Train(loss, abi.Optimizer{Kind: abi.AdamW, LearningRate: float32(set.Rate), WeightDecay: 1e-3})
	if err != nil {
		return err
	}
	defer step.Free()
	cost, err := step.Cost()
	if err != nil {
		return err
	}
	xs, ys, err := data.NewBatch(batch)
	if err != nil {
		return err
	}
	defer xs.Free()
	defer ys.Free()

	perEpoch := records / batch // the rest of an epoch comes first in another order
	total := perEpoch * set.Epochs
	rep.Records, rep.StepFLOPs, rep.Steps = perEpoch*batch, cost.FLOPs, total
	rate := guest.Cosine(set.Rate, total)
	for epoch := range set.Epochs {
		guest.Progress(epoch, set.Epochs, "training")
		for i := range perEpoch {
			if err := step.Rate(rate.At(epoch*perEpoch + i)); err != nil {
				return err
			}
			if _, err := data.Batch("train", i*batch, batch, uint32(epoch+1), xs, ys); err != nil {
				return err
			}
			view, err := views.next()
			if err != nil {
				return err
			}
			if err := step.Step(append([]guest.Tensor{xs, ys}, view...)...); err != nil {
				return err
			}
		}
		guest.Log("epoch " + strconv.Itoa(epoch+1) + " of " + strconv.Itoa(set.Epochs))
	}
	guest.Progress(set.Epochs, set.Epochs, "trained")
	return nil
}

// test releases the accuracy over the split "test", or over "train" where there
// is no other.
func test(net *network, data *guest.Data, batch int, rep *report) error {
	rep.Test = "test"
	records, err := data.Records(rep.Test)
	if err != nil {
		rep.Test = "train"
		if records, err = data.Records(rep.Test); err != nil {
			return err
		}
	}
	batch = min(max(batch, 64), records)
	g := guest.NewGraph()
	x := g.Input("x", abi.Float32, append([]int64{int64(batch)}, data.Shape...)...)
	g.Output("scores", net.scores(g, x))
	p, err := g.Compile()
	if err != nil {
		return err
	}
	defer p.Free()
	xs, ys, err := data.NewBatch(batch)
	if err != nil {
		return err
	}
	defer xs.Free()
	defer ys.Free()
	accuracy, err := guest.Accuracy()
	if err != nil {
		return err
	}
	for first := 0; first < records; first += batch {
		if _, err := data.Batch(rep.Test, first, batch, 0, xs, ys); err != nil {
			return err
		}
		out, err := p.Run(xs)
		if err != nil {
			return err
		}
		if err := accuracy.Add(out[0], ys); err != nil {
			return err
		}
		out[0].Free()
	}
	rep.Accuracy, rep.Tested, err = accuracy.Read("accuracy")
	return err
}

// save makes the network a model: one record in, a probability a class out.
func save(net *network, data *guest.Data) error {
	g := guest.NewGraph()
	x := g.Input("x", abi.Float32, append([]int64{1}, data.Shape...)...)
	g.Output("scores", g.Softmax(net.scores(g, x)))
	return g.Save("model")
}
