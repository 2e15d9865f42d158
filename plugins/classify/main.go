//go:build wasip1

// Command classify is an app that asks the model "model" what is in images: the
// input is one JPEG or PNG, or several joined by abi.JoinFiles; the output says
// in JSON, for each, the label, its score, and the best few.
package main

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/guest"
	"github.com/cloister-ai/cloister/abi/picture"
)

//go:wasmexport cloister_run
func run() int32 { return guest.Run(classify) }

func main() {}

// A card is what the app needs of a model's card.
type card struct {
	Input   string   `json:"input"` // how an image becomes a record: "gray8x8/16"
	Classes []string `json:"classes"`
}

// An answer is about one image.
type answer struct {
	guess
	Top []guess `json:"top"`
}

type guess struct {
	Label string  `json:"label"`
	Score float64 `json:"score"`
}

func classify() error {
	c, err := readCard()
	if err != nil {
		return err
	}
	in, err := picture.Parse(c.Input)
	if err != nil {
		return guest.Within("the model's card", err)
	}
	input, err := guest.Input()
	if err != nil {
		return err
	}
	files, err := abi.SplitFiles(input)
	if err != nil {
		return err
	}
	g, err := guest.OpenModel("model")
	if err != nil {
		return err
	}
	p, err := g.Compile()
	if err != nil {
		return err
	}
	defer p.Free()

	answers := make([]answer, len(files))
	for i, file := range files {
		guest.Progress(i, len(files), "classifying")
		x, err := in.Record(file)
		if err != nil {
			return guest.Within("input "+strconv.Itoa(i+1)+" of "+strconv.Itoa(len(files)), err)
		}
		scores, err := ask(p, x)
		if err != nil {
			return err
		}
		if answers[i], err = best(scores, c.Classes); err != nil {
			return err
		}
	}
	guest.Progress(len(files), len(files), "classified")
	out, err := json.Marshal(answers)
	if err != nil {
		return err
	}
	return guest.Write(append(out, '\n'))
}

func readCard() (card, error) {
	b, err := guest.ModelCard("model")
	if err != nil {
		return card{}, err
	}
	var c card
	if err := json.Unmarshal(b, &c); err != nil {
		return card{}, guest.Fail(abi.Invalid, "the model's card: ", err.Error())
	}
	return c, nil
}

// ask runs the model on one record.
func ask(p *guest.Program, x []float32) ([]float32, error) {
	shape, err := p.InputShape(0)
	if err != nil {
		return nil, err
	}
	if n, err := abi.Elements(shape); err != nil || n != int64(len(x)) {
		return nil, guest.Fail(abi.Invalid, "the model takes ", strconv.FormatInt(n, 10), " numbers a record, its card says ", strconv.Itoa(len(x)))
	}
	t, err := guest.Floats(x, shape...)
	if err != nil {
		return nil, err
	}
	defer t.Free()
	out, err := p.Run(t)
	if err != nil {
		return nil, err
	}
	defer out[0].Free()
	return out[0].Floats()
}

// most is how many guesses an answer lists.
const most = 5

// best orders the classes by score, equal ones as the card does.
func best(scores []float32, classes []string) (answer, error) {
	if len(scores) != len(classes) || len(classes) == 0 {
		return answer{}, guest.Fail(abi.Invalid, "the model gives ", strconv.Itoa(len(scores)), " scores, its card names ", strconv.Itoa(len(classes)), " classes")
	}
	all := make([]guess, len(classes))
	for i, s := range scores {
		all[i] = guess{classes[i], math.Round(float64(s)*1000) / 1000}
	}
	slices.SortStableFunc(all, func(a, b guess) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	return answer{all[0], all[:min(most, len(all))]}, nil
}
