//go:build wasip1

// Command peek is an app that tries everything an app could try to get at the
// records of the job's dataset, and reports in its output what the host said.
// It fails if one of its tries succeeds.
package main

import (
	"strconv"
	"strings"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/guest"
)

//go:wasmexport cloister_run
func run() int32 { return guest.Run(peek) }

func main() {}

// A try is one way to see a record.
type try struct {
	what string
	do   func(*thief) error // nil: it saw something
}

// tries are in the order in which they are made: training comes late, since it
// makes the weights private.
var tries = []try{
	{"read the records of a batch", func(t *thief) error { return floats(t.x) }},
	{"read their labels", func(t *thief) error { _, err := t.y.Ints(); return err }},
	{"overwrite one element and read the rest", func(t *thief) error {
		if err := t.x.SetFloats([]float32{0}); err != nil {
			return err
		}
		return floats(t.x)
	}},
	{"compute a copy and read that", func(t *thief) error {
		g := guest.NewGraph()
		x := g.Input("x", abi.Float32, t.shape...)
		g.Output("copy", g.Relu(x))
		return t.runAndRead(g, t.x)
	}},
	{"hide them in a constant and read a sum", func(t *thief) error {
		g := guest.NewGraph()
		x := g.Input("x", abi.Float32, 1)
		g.Output("sum", g.Add(x, g.Constant(t.x)))
		one, err := guest.Floats([]float32{1}, 1)
		if err != nil {
			return err
		}
		return t.runAndRead(g, one)
	}},
	{"pass them off as a parameter and read it", func(t *thief) error {
		g := guest.NewGraph()
		x := g.Input("x", abi.Float32, 1)
		g.Output("sum", g.Mul(x, g.Param("w", t.x)))
		one, err := guest.Floats([]float32{1}, 1)
		if err != nil {
			return err
		}
		return t.runAndRead(g, one)
	}},
	{"save them as the constant of a model", func(t *thief) error {
		g := guest.NewGraph()
		x := g.Input("x", abi.Float32, 1)
		g.Output("sum", g.Add(x, g.Constant(t.x)))
		return g.Save("constant")
	}},
	{"save them as the weights of a model", func(t *thief) error {
		g := guest.NewGraph()
		x := g.Input("x", abi.Float32, 1)
		g.Output("product", g.Mul(x, g.Param("w", t.x)))
		return g.Save("weights")
	}},
	{"release the mean of a single record", func(t *thief) error {
		x, y, err := t.data.NewBatch(1)
		if err != nil {
			return err
		}
		if _, err := t.data.Batch("train", 0, 1, 0, x, y); err != nil {
			return err
		}
		m, err := guest.Mean()
		if err != nil {
			return err
		}
		if err := m.Add(x, y); err != nil {
			return err
		}
		_, _, err = m.Read("one")
		return err
	}},
	{"count the same records often enough", func(t *thief) error {
		if _, err := t.data.Batch("train", 0, batch, 0, t.x, t.y); err != nil {
			return err
		}
		m, err := guest.Mean()
		if err != nil {
			return err
		}
		for range 1000 {
			if err := m.Add(t.x, t.y); err != nil {
				return err
			}
		}
		_, _, err = m.Read("often")
		return err
	}},
	{"release the mean of a record under borrowed labels", func(t *thief) error {
		labels, err := guest.Ints(make([]int64, batch), batch)
		if err != nil {
			return err
		}
		m, err := guest.Mean()
		if err != nil {
			return err
		}
		return m.Add(t.x, labels)
	}},
	{"read the loss of a training step", func(t *thief) error {
		out, err := t.step.Run(t.x, t.y)
		if err != nil {
			return err
		}
		return floats(out[0])
	}},
	{"read the weights after it", func(t *thief) error { return floats(t.w) }},
	{"multiply the weights by one and read that", func(t *thief) error {
		g := guest.NewGraph()
		x := g.Input("x", abi.Float32, 1)
		g.Output("product", g.Mul(x, g.Param("w", t.w)))
		one, err := guest.Floats([]float32{1}, 1)
		if err != nil {
			return err
		}
		return t.runAndRead(g, one)
	}},
	{"open another job's model", func(*thief) error { _, err := guest.OpenModel("model"); return err }},
}

// batch is the size of the batches it looks at.
const batch = 4

func peek() error {
	t, err := newThief()
	if err != nil {
		return err
	}
	var report strings.Builder
	seen := 0
	for _, try := range tries {
		report.WriteString(try.what + ": ")
		if err := try.do(t); err != nil {
			report.WriteString("refused: " + err.Error() + "\n")
			continue
		}
		seen++
		report.WriteString("WORKED\n")
	}
	report.WriteString(strconv.Itoa(len(tries)-seen) + " of " + strconv.Itoa(len(tries)) + " tries were refused\n")
	if err := guest.Write([]byte(report.String())); err != nil {
		return err
	}
	if seen > 0 {
		return guest.Fail(abi.Guest, strconv.Itoa(seen), " tries to see a record worked: ", report.String())
	}
	return nil
}

// A thief holds what an honest app would hold: a batch, and a step of training
// on it.
type thief struct {
	data  *guest.Data
	shape []int64
	x, y  guest.Tensor
	w     guest.Tensor
	step  *guest.Trainer
}

func newThief() (*thief, error) {
	data, err := guest.OpenData("data")
	if err != nil {
		return nil, err
	}
	t := &thief{data: data, shape: append([]int64{batch}, data.Shape...)}
	if t.x, t.y, err = data.NewBatch(batch); err != nil {
		return nil, err
	}
	if _, err := data.Batch("train", 0, batch, 0, t.x, t.y); err != nil {
		return nil, err
	}
	record, err := abi.Elements(data.Shape)
	if err != nil {
		return nil, err
	}
	if t.w, err = guest.He(guest.Random(), int64(len(data.Classes)), record); err != nil {
		return nil, err
	}
	g := guest.NewGraph()
	x := g.Input("x", abi.Float32, t.shape...)
	y := g.Input("y", abi.Int64, batch)
	loss := g.CrossEntropy(g.Dense(g.Flatten(x), g.Param("w", t.w), guest.None), y)
	g.Output("loss", loss)
	t.step, err = g.Train(loss, abi.Optimizer{Kind: abi.SGD, LearningRate: 1})
	return t, err
}

// runAndRead compiles g, runs it on in, and reads its first output.
func (t *thief) runAndRead(g *guest.Graph, in guest.Tensor) error {
	p, err := g.Compile()
	if err != nil {
		return err
	}
	out, err := p.Run(in)
	if err != nil {
		return err
	}
	return floats(out[0])
}

func floats(t guest.Tensor) error {
	_, err := t.Floats()
	return err
}
