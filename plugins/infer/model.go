//go:build wasip1

package main

import (
	"encoding/json"
	"strconv"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/guest"
	"github.com/cloister-ai/cloister/abi/picture"
	"github.com/cloister-ai/cloister/abi/recipe"
)

// A card is what the app needs of a model's card.
type card struct {
	Input   string   `json:"input"` // of a model trained here: how an image becomes a record
	Classes []string `json:"classes"`
	Spec    *struct {
		Inputs, Outputs []port
		Reading         string
		Vocabulary      []string
	} `json:"spec"`
}

type port struct {
	Name   string
	DType  abi.DType
	Shape  []int64
	Recipe string
}

// A model is the job's, ready to run.
type model struct {
	program *guest.Program
	inputs  []input
	outputs []port
	labels  []string
	reading recipe.Reading
}

// An input is one input of the model and how it is made.
type input struct {
	port    abi.Port
	recipe  recipe.Recipe
	picture *picture.Input // instead of a recipe, of a model trained here
	carries int            // the output it is carried over from; -1: none
}

// takesFile reports whether the input takes a file of its own.
func (in input) takesFile() bool {
	return in.picture != nil || in.recipe.TakesFile() && !in.recipe.Again()
}

func openModel() (*model, error) {
	b, err := guest.ModelCard("model")
	if err != nil {
		return nil, err
	}
	var c card
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, guest.Fail(abi.Invalid, "the model's card: ", err.Error())
	}
	g, err := guest.OpenModel("model")
	if err != nil {
		return nil, err
	}
	m := &model{labels: c.Classes}
	if m.program, err = g.Compile(); err != nil {
		return nil, err
	}
	if c.Spec == nil {
		err = m.trained(c)
	} else {
		err = m.imported(c)
	}
	if err != nil {
		return nil, guest.Within("the model's card", err)
	}
	return m, nil
}

// trained makes sense of the card of a model that a job trained: one record in,
// a score a class out.
func (m *model) trained(c card) error {
	in, err := picture.Parse(c.Input)
	if err != nil {
		return err
	}
	shape, err := m.program.InputShape(0)
	if err != nil {
		return err
	}
	m.inputs = []input{{port: abi.Port{Name: "x", DType: abi.Float32, Shape: shape}, picture: &in, carries: -1}}
	if shape, err = m.program.OutputShape(0); err != nil {
		return err
	}
	m.outputs = []port{{Name: "scores", DType: abi.Float32, Shape: shape}}
	m.reading = m.reading.Top(5)
	return nil
}

// imported makes sense of the card of an imported model. The shapes are the
// program's own: a card is words.
func (m *model) imported(c card) (err error) {
	if m.reading, err = recipe.ParseReading(c.Spec.Reading); err != nil {
		return err
	}
	m.outputs = c.Spec.Outputs
	if len(m.outputs) != m.program.Outputs() {
		return guest.Fail(abi.Invalid, "it lists ", strconv.Itoa(len(m.outputs)), " outputs, the model has ", strconv.Itoa(m.program.Outputs()))
	}
	for i, p := range c.Spec.Inputs {
		in := input{port: abi.Port{Name: p.Name, DType: p.DType}, carries: -1}
		if in.port.Shape, err = m.program.InputShape(i); err != nil {
			return err
		}
		if in.recipe, err = recipe.Parse(p.Recipe); err != nil {
			return guest.Within("input "+p.Name, err)
		}
		in.recipe = in.recipe.With(c.Spec.Vocabulary)
		if in.recipe.Again() && i == 0 {
			return guest.Fail(abi.Invalid, "the first input has no other before it: ", p.Recipe)
		}
		if from := in.recipe.Carries(); from != "" {
			if in.carries = m.find(from); in.carries < 0 {
				return guest.Fail(abi.Invalid, "input ", p.Name, " is carried over from ", from, ", which is no output")
			}
		}
		m.inputs = append(m.inputs, in)
	}
	return nil
}

func (m *model) find(name string) int {
	for i, o := range m.outputs {
		if o.Name == name {
			return i
		}
	}
	return -1
}

// records cuts the job's input into records of one file for each input that
// takes one. A model that takes no file has one record.
func (m *model) records() ([][][]byte, error) {
	n := 0
	for _, in := range m.inputs {
		if in.takesFile() {
			n++
		}
	}
	if n == 0 {
		return [][][]byte{nil}, nil
	}
	b, err := guest.Input()
	if err != nil {
		return nil, err
	}
	files, err := abi.SplitFiles(b)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 || len(files)%n != 0 {
		return nil, guest.Fail(abi.Invalid, strconv.Itoa(len(files)), " files, the model takes ", strconv.Itoa(n), " a record")
	}
	var records [][][]byte
	for len(files) > 0 {
		records = append(records, files[:n])
		files = files[n:]
	}
	return records, nil
}
