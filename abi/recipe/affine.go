package recipe

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// An Affine is what a recipe does to the colours of a pixel: channel c of the
// result is Scale[c] times channel From[c] of red, green and blue, from 0 to 1,
// plus Offset[c].
type Affine struct {
	From          []int
	Scale, Offset []float32
}

// Affine returns what the recipe does to colours, for an app that has pixels
// where it cannot run a recipe: records of a dataset. Errors: Invalid for a
// recipe that does not begin with an image of colour and end channel after
// channel.
func (r Recipe) Affine() (Affine, error) {
	a := Affine{From: []int{0, 1, 2}, Scale: []float32{255, 255, 255}, Offset: make([]float32, 3)}
	refuse := func() (Affine, error) {
		return Affine{}, fmt.Errorf("recipe %q is not of colour images, channel after channel: %w", r, abi.Invalid)
	}
	if len(r.steps) == 0 || r.steps[0].word != "image" || r.steps[len(r.steps)-1].word != "nchw" {
		return refuse()
	}
	for _, s := range r.steps {
		switch s.word {
		case "grey":
			return refuse()
		case "bgr":
			a.From[0], a.From[2] = a.From[2], a.From[0]
		case "invert":
			for c := range 3 {
				a.Scale[c], a.Offset[c] = -a.Scale[c], 255-a.Offset[c]
			}
		case "subtract", "divide", "multiply":
			if len(s.numbers) == 2 {
				return refuse()
			}
			for c := range 3 {
				n := float32(s.numbers[c%len(s.numbers)])
				switch s.word {
				case "subtract":
					a.Offset[c] -= n
				case "divide":
					a.Scale[c], a.Offset[c] = a.Scale[c]/n, a.Offset[c]/n
				case "multiply":
					a.Scale[c], a.Offset[c] = a.Scale[c]*n, a.Offset[c]*n
				}
			}
		}
	}
	return a, nil
}
