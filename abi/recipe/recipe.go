// Package recipe turns files into the tensors a model takes, and what the model
// puts out into what a person reads, by the steps that the model's card
// declares. Apps do it inside the sandbox, so a stranger's file is decoded
// there, and a step gives the same bytes on every host.
package recipe

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/sound"
)

// A Recipe says how one input of a model is made of a file. Its text is steps
// between bars, each a word and its numbers:
//
//	image | shorter 256 | crop 224x224 | divide 255 | subtract 0.485,0.456,0.406 | divide 0.229,0.224,0.225 | nchw
//	image | resize 28x28 | grey | nchw
//	wav | rate 16000 | window 512,64
//	text | bytes | fit 128,0
//
// The steps, by what they begin with:
//
//	image               a JPEG or PNG, upright, in red, green and blue
//	  shorter N         scales the shorter side to N pixels
//	  resize WxH        scales both sides
//	  crop WxH          keeps the middle
//	  grey, bgr         one channel of luma; blue, green, red
//	  invert            exchanges light and dark
//	  subtract, divide, multiply  by one number, or one for each channel
//	  nchw, nhwc        the last step: channel after channel, or pixel after pixel
//	wav                 a WAV file, its channels mixed to one
//	  rate N            resamples to N samples a second
//	  peak N            scales so that the loudest sample is N
//	  fit N             cuts, or pads with silence, to N samples
//	  window N,C        the last step: runs the model for every N samples, each behind the C before them
//	text                UTF-8
//	  lower             lower case, without accents
//	  bytes             a token a byte
//	  bpe, wordpiece    tokens of the card's vocabulary; wordpiece between [CLS] and [SEP]
//	  fit N,P           cuts, or pads with the token P, to N tokens
//	  mask              1 for each token of the text, 0 for padding
//	again               the file of the input before, and then as above: again | text | …
//	raw                 the elements, as an .npy file or as little-endian bytes
//	value N             no file: every element is N
//	carry OUT           no file: zeros, and from the second run of a record on what the output OUT was
type Recipe struct {
	steps      []step
	vocabulary []string
	again      bool
}

// A step is one word with its arguments.
type step struct {
	word    string
	numbers []float64
	name    string // of carry
}

// A stage is what there is between two steps.
type stage int

const (
	nothing stage = iota
	pixels
	numbers // of pixels, no longer bytes
	samples
	windows
	letters
	tokens
	elements // nothing may follow
)

// A verb is what is known of a step.
type verb struct {
	from  []stage
	to    stage // nothing: the one it came from
	least int   // numbers
	most  int
	size  bool                    // the numbers are WxH
	whole bool                    // the numbers are whole, from zero up
	limit float64                 // of a whole number
	do    func(*bowl, step) error // nil: the recipe's end takes care of it
}

// verbs are all the steps there are.
var verbs = map[string]verb{
	"image":     {from: []stage{nothing}, to: pixels, do: readImage},
	"shorter":   {from: []stage{pixels}, least: 1, most: 1, whole: true, limit: maxSide, do: shorter},
	"resize":    {from: []stage{pixels}, least: 2, most: 2, size: true, whole: true, limit: maxSide, do: resize},
	"crop":      {from: []stage{pixels}, least: 2, most: 2, size: true, whole: true, limit: maxSide, do: crop},
	"grey":      {from: []stage{pixels}, do: grey},
	"bgr":       {from: []stage{pixels}, do: bgr},
	"invert":    {from: []stage{pixels}, do: invert},
	"subtract":  {from: []stage{pixels, numbers, samples}, least: 1, most: 3, do: arithmetic(func(x, n float32) float32 { return x - n })},
	"divide":    {from: []stage{pixels, numbers, samples}, least: 1, most: 3, do: arithmetic(func(x, n float32) float32 { return x / n })},
	"multiply":  {from: []stage{pixels, numbers, samples}, least: 1, most: 3, do: arithmetic(func(x, n float32) float32 { return x * n })},
	"nchw":      {from: []stage{pixels, numbers}, to: elements, do: planes},
	"nhwc":      {from: []stage{pixels, numbers}, to: elements, do: interleaved},
	"wav":       {from: []stage{nothing}, to: samples, do: readWAV},
	"rate":      {from: []stage{samples}, least: 1, most: 1, whole: true, limit: sound.MaxRate, do: rate},
	"peak":      {from: []stage{samples}, least: 1, most: 1, do: peak},
	"fit":       {from: []stage{samples, tokens}, least: 1, most: 2, whole: true, limit: maxLong, do: fit},
	"window":    {from: []stage{samples}, to: windows, least: 2, most: 2, whole: true, limit: maxLong, do: window},
	"text":      {from: []stage{nothing}, to: letters, do: readText},
	"lower":     {from: []stage{letters}, do: lower},
	"bytes":     {from: []stage{letters}, to: tokens, do: asBytes},
	"bpe":       {from: []stage{letters}, to: tokens, do: bytePairs},
	"wordpiece": {from: []stage{letters}, to: tokens, do: wordPieces},
	"mask":      {from: []stage{tokens}, to: elements, do: mask},
	"raw":       {from: []stage{nothing}, to: elements, do: readRaw},
	"value":     {from: []stage{nothing}, to: elements, least: 1, most: 1},
	"carry":     {from: []stage{nothing}, to: elements},
}

// maxSide is the most pixels along a side that a step may ask for, maxLong the
// most samples or tokens.
const (
	maxSide = 4096
	maxLong = 1 << 24
)

// maxSteps bounds the steps of a recipe, maxText the bytes of its text.
const (
	maxSteps = 32
	maxText  = 1024
)

// Parse reads a recipe, or the name of a preset. Errors: Invalid, naming the
// step and what it should be.
func Parse(text string) (Recipe, error) {
	if p, ok := presets[strings.TrimSpace(text)]; ok {
		text = p.Input
	}
	if len(text) > maxText {
		return Recipe{}, fmt.Errorf("recipe of %d bytes, at most %d: %w", len(text), maxText, abi.Invalid)
	}
	var r Recipe
	at := nothing
	for i, part := range strings.Split(text, "|") {
		if i == 0 && strings.TrimSpace(part) == again {
			r.again = true
			continue
		}
		s, v, err := parseStep(part)
		if err != nil {
			return Recipe{}, err
		}
		if len(r.steps) == maxSteps {
			return Recipe{}, fmt.Errorf("recipe of more than %d steps: %w", maxSteps, abi.Invalid)
		}
		if !slices.Contains(v.from, at) {
			return Recipe{}, fmt.Errorf("recipe: %s cannot stand at step %d of %q: %w", s.word, len(r.steps)+1, text, abi.Invalid)
		}
		at = v.after(at)
		r.steps = append(r.steps, s)
	}
	switch at {
	case elements, windows, samples, tokens:
		if r.again && !r.TakesFile() {
			return Recipe{}, fmt.Errorf("recipe %q: %s stands before what takes a file: %w", text, again, abi.Invalid)
		}
		return r, nil
	case pixels, numbers:
		return Recipe{}, fmt.Errorf("recipe %q does not end: an image ends in nchw or nhwc: %w", text, abi.Invalid)
	}
	return Recipe{}, fmt.Errorf("recipe %q does not end: text ends in tokens: bytes, bpe or wordpiece: %w", text, abi.Invalid)
}

// after is the stage behind the verb.
func (v verb) after(at stage) stage {
	switch {
	case v.to != nothing:
		return v.to
	case at == pixels && v.least == 1 && v.most == 3: // arithmetic leaves bytes behind
		return numbers
	}
	return at
}

func parseStep(text string) (step, verb, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return step{}, verb{}, fmt.Errorf("recipe: an empty step: %w", abi.Invalid)
	}
	s := step{word: fields[0]}
	v, ok := verbs[s.word]
	if !ok {
		return s, v, fmt.Errorf("recipe: no step or preset %q: %w", clip(s.word), abi.Invalid)
	}
	rest := strings.Join(fields[1:], " ")
	if s.word == "carry" {
		if s.name = rest; rest == "" {
			return s, v, fmt.Errorf("recipe: carry wants the name of an output: %w", abi.Invalid)
		}
		return s, v, nil
	}
	between := ","
	if v.size {
		between = "x"
	}
	if rest != "" {
		for _, f := range strings.Split(rest, between) {
			n, err := strconv.ParseFloat(strings.TrimSpace(f), 64)
			if err != nil || n-n != 0 || v.whole && (n < 0 || n > v.limit || n != float64(int64(n))) {
				return s, v, fmt.Errorf("recipe: %s %q: %w", s.word, clip(rest), v.wants(s.word))
			}
			s.numbers = append(s.numbers, n)
		}
	}
	if v.size && len(s.numbers) == 1 { // crop 224 is crop 224x224
		s.numbers = append(s.numbers, s.numbers[0])
	}
	if len(s.numbers) < v.least || len(s.numbers) > v.most {
		return s, v, fmt.Errorf("recipe: %s %q: %w", s.word, clip(rest), v.wants(s.word))
	}
	return s, v, nil
}

// wants says what a step should look like.
func (v verb) wants(word string) error {
	switch {
	case v.most == 0:
		return fmt.Errorf("%s takes no numbers: %w", word, abi.Invalid)
	case v.size:
		return fmt.Errorf("want %s WxH, up to %d: %w", word, maxSide, abi.Invalid)
	case v.whole:
		return fmt.Errorf("want %d to %d whole numbers up to %.0f: %w", v.least, v.most, v.limit, abi.Invalid)
	}
	return fmt.Errorf("want %d to %d numbers: %w", v.least, v.most, abi.Invalid)
}

func (s step) String() string {
	if s.name != "" {
		return s.word + " " + s.name
	}
	between := ","
	if verbs[s.word].size {
		between = "x"
	}
	out := s.word
	for i, n := range s.numbers {
		if i == 0 {
			out += " "
		} else {
			out += between
		}
		out += strconv.FormatFloat(n, 'g', -1, 64)
	}
	return out
}

// String is the recipe's text; Parse reads it back.
func (r Recipe) String() string {
	var parts []string
	if r.again {
		parts = append(parts, again)
	}
	for _, s := range r.steps {
		parts = append(parts, s.String())
	}
	return strings.Join(parts, " | ")
}

// Value is the recipe "value n".
func Value(n float32) Recipe {
	return Recipe{steps: []step{{word: "value", numbers: []float64{float64(n)}}}}
}

// With returns r with the tokens of a vocabulary, in the order of their ids, for
// the steps that cut text.
func (r Recipe) With(vocabulary []string) Recipe {
	r.vocabulary = vocabulary
	return r
}

// Words reports whether the recipe needs a vocabulary.
func (r Recipe) Words() bool {
	return slices.ContainsFunc(r.steps, func(s step) bool { return s.word == "bpe" || s.word == "wordpiece" })
}

// Again reports whether the recipe takes the file of the input before.
func (r Recipe) Again() bool { return r.again }

// again is the word for that.
const again = "again"

// Carries returns the output that the input is carried over from, or nothing.
func (r Recipe) Carries() string {
	if len(r.steps) == 1 {
		return r.steps[0].name
	}
	return ""
}

// Every returns the seconds between the windows of a sound, where the recipe
// says at which rate it cuts them, or zero.
func (r Recipe) Every() float64 {
	hz := 0.0
	for _, s := range r.steps {
		switch {
		case s.word == "rate":
			hz = s.numbers[0]
		case s.word == "window" && hz > 0:
			return s.numbers[0] / hz
		}
	}
	return 0
}

// TakesFile reports whether the input is made of a file at all.
func (r Recipe) TakesFile() bool {
	return len(r.steps) > 0 && r.steps[0].word != "carry" && r.steps[0].word != "value"
}

// clip keeps a text from outside short enough for an error.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
