package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/recipe"
	"github.com/cloister-ai/cloister/abi/text"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/onnx"
	"github.com/cloister-ai/cloister/host/store"
	"github.com/cloister-ai/cloister/host/vault"
)

type modelImportCmd struct {
	File string `arg:"" help:"An ONNX file." type:"path"`
	As   string `help:"Whose keyring the file key goes to." default:"developer"`
	cardFlags
}

// cardFlags are what an ONNX file does not say about its model.
type cardFlags struct {
	Name     string   `help:"Default: the file's."`
	Task     string   `help:"What it does, in a word." default:"classification"`
	Licence  string   `help:"Licence of the weights." default:"unstated"`
	Labels   string   `help:"File with a label a line, in the order of the first output." type:"path"`
	Pre      []string `help:"How an input is made of a file: a recipe as in \"image | resize 28x28 | grey | nchw\", or a preset (${presets}); NAME=RECIPE for another input than the first." sep:"none" placeholder:"RECIPE"`
	Vocab    string   `help:"Vocabulary of a model that takes text: vocab.json or merges.txt of GPT-2's kind, or vocab.txt of BERT's, a token a line." type:"path"`
	Post     string   `help:"How the first output is read, as in \"softmax | top 5\" or \"sigmoid | threshold 0.5\"; none for no labels; default: the preset's." placeholder:"READING"`
	Bind     []string `help:"What the file leaves open about an input: NAME=DIMxDIM… fixes its shape, NAME=:VALUE makes it that number for good." sep:"none" placeholder:"NAME=SHAPE|:VALUE"`
	Cut      []string `help:"Values inside the model that become its outputs, in place of the file's: a backbone without its head." placeholder:"NAME"`
	Accuracy []string `help:"What it was measured at, as NAME=VALUE or NAME=VALUE/RECORDS. Shown as a claim." sep:"none" placeholder:"NAME=VALUE"`
}

// Run checks, prices and seals an ONNX model, and keeps it in the store as a
// trained one is kept.
func (c modelImportCmd) Run(ctx context.Context, t *terminal, state stateDir) error {
	if err := state.open(); err != nil {
		return err
	}
	p, err := state.party(c.As)
	if err != nil {
		return err
	}
	file, err := readModelFile(c.File)
	if err != nil {
		return err
	}
	model, card, err := c.describe(ctx, c.File, file)
	if err != nil {
		return err
	}
	blobs, err := store.Open(store.Config{Dir: state.path("blobs")})
	if err != nil {
		return err
	}
	key := vault.NewKey()
	defer key.Wipe()
	sealed, content, err := vault.SealModel(key, card, abi.Digest{}, model)
	if err != nil {
		return err
	}
	if err := p.keys.Put(content, key); err != nil { // first: a container nobody can open is worse than a key to nothing
		return err
	}
	if _, err := blobs.PutBytes(sealed); err != nil {
		return err
	}
	return showCard(t, cardView{Content: &content, Bytes: int64(len(sealed)), Card: card})
}

// maxModelFile bounds an ONNX file: protobuf has no larger messages.
const maxModelFile = 2 << 30

func readModelFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("model: %w: %w", abi.NotFound, err)
	}
	if info.Size() > maxModelFile {
		return nil, fmt.Errorf("model %s has %d bytes, at most %d: %w", path, info.Size(), maxModelFile, abi.Invalid)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("model: %w: %w", abi.NotFound, err)
	}
	return b, nil
}

// describe returns the model as the engine writes it, every shape fixed, and
// the card that goes with it.
func (c cardFlags) describe(ctx context.Context, path string, file []byte) (model []byte, card vault.Card, err error) {
	card = vault.Card{Name: c.Name, Task: c.Task, Format: "onnx", Licence: c.Licence}
	if card.Name == "" {
		card.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	spec := vault.Spec{ABI: abi.ImportModule, Origin: abi.Sum(file)}
	if len(c.Cut) > 0 {
		if file, err = onnx.Cut(file, c.Cut...); err != nil {
			return nil, card, fmt.Errorf("%s: %w", path, err)
		}
	}
	info, err := onnx.Inspect(file)
	if err != nil {
		return nil, card, fmt.Errorf("%s: %w", path, err)
	}
	spec.Opset = int(info.Opset)
	preset := c.preset()
	for name, what := range preset.Bind {
		here := func(p onnx.Port) bool { return p.Name == name }
		said := func(s string) bool { return strings.HasPrefix(s, name+"=") }
		if slices.ContainsFunc(info.Inputs, here) && !slices.ContainsFunc(c.Bind, said) {
			c.Bind = append(c.Bind, name+"="+what)
		}
	}
	bind, err := bindings(c.Bind, info)
	if err != nil {
		return nil, card, err
	}
	if model, err = measure(ctx, file, bind, &spec); err != nil {
		return nil, card, unbound(fmt.Errorf("%s: %w", path, err))
	}
	if err := c.recipes(&spec, info.Outputs[0].Op); err != nil {
		return nil, card, err
	}
	if spec.Claims, err = claims(c.Accuracy); err != nil {
		return nil, card, err
	}
	if spec.Vocabulary, err = vocabulary(c.Vocab, spec.Inputs); err != nil {
		return nil, card, err
	}
	if card.Classes, err = labels(c.Labels); err != nil {
		return nil, card, err
	}
	if card.Classes == nil && spec.Reading == preset.Read {
		card.Classes = preset.Label
	}
	if n, err := abi.Elements(spec.Outputs[0].Shape); err != nil || n < int64(len(card.Classes)) {
		return nil, card, fmt.Errorf("labels: %d for the %d numbers of output %q: %w", len(card.Classes), n, spec.Outputs[0].Name, abi.Invalid)
	}
	card.Shape = spec.Inputs[0].Shape
	card.Spec = &spec
	return model, card, nil
}

// measure fills in what the engines say about a model, and returns it as they
// write it.
func measure(ctx context.Context, file []byte, bind []abi.Binding, spec *vault.Spec) ([]byte, error) {
	model, err := onEngine(ctx, "cpu", file, bind, func(s abi.Session, g abi.Graph) ([]byte, error) { return g.MarshalONNX() })
	if err != nil {
		return nil, err
	}
	// Priced as it will be run: read back from what was written.
	_, err = onEngine(ctx, "cpu", model, nil, func(s abi.Session, g abi.Graph) ([]byte, error) {
		p, err := s.Compile(ctx, g)
		if err != nil {
			return nil, err
		}
		cost := p.Cost()
		spec.FLOPs, spec.Arena = cost.FLOPs, cost.Bytes
		spec.Inputs, spec.Outputs = ports(p.Inputs()), ports(p.Outputs())
		for _, w := range g.Params() {
			n, err := abi.Elements(w.Tensor.Shape())
			if err != nil {
				return nil, err
			}
			spec.Parameters += uint64(n)
		}
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	if len(spec.Inputs) == 0 {
		return nil, fmt.Errorf("the model has no inputs: it says the same whatever it is asked: %w", abi.Invalid)
	}
	for _, name := range engine.Names() {
		_, err := onEngine(ctx, name, model, nil, func(s abi.Session, g abi.Graph) ([]byte, error) {
			_, err := s.Compile(ctx, g)
			return nil, err
		})
		if err == nil {
			spec.Engines = append(spec.Engines, name)
		}
	}
	return model, nil
}

// onEngine parses a model in a session of its own and calls f with it.
func onEngine(ctx context.Context, name string, file []byte, bind []abi.Binding, f func(abi.Session, abi.Graph) ([]byte, error)) (_ []byte, err error) {
	e, err := engine.New(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeEngine(e)) }()
	s, err := e.Open(ctx, abi.Quota{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	g, err := s.ParseONNX(ctx, file, bind...)
	if err != nil {
		return nil, err
	}
	return f(s, g)
}

// bindings reads NAME=1x3x224x224 and NAME=:16000.
func bindings(list []string, info onnx.Info) ([]abi.Binding, error) {
	var all []abi.Binding
	for _, text := range list {
		name, what, _ := strings.Cut(text, "=")
		at := slices.IndexFunc(info.Inputs, func(p onnx.Port) bool { return p.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("--bind %s: the model has no input of that name: %w", text, abi.Invalid)
		}
		b := abi.Binding{Name: name}
		if number, ok := strings.CutPrefix(what, ":"); ok {
			v, err := strconv.ParseFloat(number, 32)
			if err != nil {
				return nil, fmt.Errorf("--bind %s: %q is no number: %w", text, number, abi.Invalid)
			}
			made, err := recipe.Value(float32(v)).Make(nil, abi.Port{Name: name, DType: info.Inputs[at].DType, Shape: info.Inputs[at].Shape})
			if err != nil {
				return nil, fmt.Errorf("--bind %s: %w", text, err)
			}
			b.Data = made[0]
		} else {
			for _, d := range strings.Split(what, "x") {
				n, err := strconv.ParseInt(d, 10, 64)
				if err != nil || n < 1 {
					return nil, fmt.Errorf("--bind %s: want NAME=DIMxDIM… or NAME=:VALUE: %w", text, abi.Invalid)
				}
				b.Shape = append(b.Shape, n)
			}
		}
		all = append(all, b)
	}
	return all, nil
}

// unbound says how to bind what an error names.
func unbound(err error) error {
	if u, ok := errors.AsType[*abi.Unbound](err); ok {
		return withHint(err, "give it a value, as in: --bind %s=:16000", u.Inputs[0])
	}
	if errors.Is(err, abi.Invalid) && strings.Contains(err.Error(), "bind a shape") {
		return withHint(err, "give the input a shape, as in: --bind NAME=1x512")
	}
	return err
}

func ports(from []abi.Port) []vault.Port {
	var all []vault.Port
	for _, p := range from {
		all = append(all, vault.Port{Name: p.Name, DType: p.DType, Shape: p.Shape})
	}
	return all
}

// preset returns the one that is named for the first input; none is empty.
func (c cardFlags) preset() recipe.Preset {
	for _, text := range c.Pre {
		if p, ok := recipe.PresetOf(text); ok {
			return p
		}
	}
	return recipe.Preset{}
}

// recipes puts --pre and --post on the card. An input that nothing is said
// about takes its elements as they are. last is the operator that computes the
// first output: what that is a Softmax of is not one again, unless --post says so.
func (c cardFlags) recipes(spec *vault.Spec, last string) error {
	for _, text := range c.Pre {
		at := 0
		if name, rest, ok := strings.Cut(text, "="); ok {
			at = slices.IndexFunc(spec.Inputs, func(p vault.Port) bool { return p.Name == name })
			if text = rest; at < 0 {
				return fmt.Errorf("--pre %s=: the model has no input of that name, only %s: %w", name, portNames(spec.Inputs), abi.Invalid)
			}
		}
		if preset, ok := recipe.PresetOf(text); ok && at == 0 {
			spec.Reading = preset.Read
			for name, other := range preset.Carry {
				for i := range spec.Inputs {
					if spec.Inputs[i].Name == name {
						spec.Inputs[i].Recipe = other
					}
				}
			}
		}
		r, err := recipe.Parse(text)
		if err != nil {
			return withHint(fmt.Errorf("--pre: %w", err), "presets: %s; or steps as in \"image | resize 28x28 | grey | nchw\"", strings.Join(recipe.Presets(), ", "))
		}
		spec.Inputs[at].Recipe = r.String()
	}
	for i, p := range spec.Inputs {
		if p.Recipe == "" {
			spec.Inputs[i].Recipe = "raw"
		}
		r, err := recipe.Parse(spec.Inputs[i].Recipe)
		if err != nil {
			return err
		}
		if from := r.Carries(); from != "" && !slices.ContainsFunc(spec.Outputs, func(o vault.Port) bool { return o.Name == from }) {
			return fmt.Errorf("--pre: input %q is carried over from %q, the outputs are %s: %w", p.Name, from, portNames(spec.Outputs), abi.Invalid)
		}
	}
	switch {
	case c.Post == "none" || c.Post == "" && len(c.Cut) > 0: // what a preset reads, the cut took away
		spec.Reading = ""
	case c.Post != "":
		spec.Reading = c.Post
	}
	r, err := recipe.ParseReading(spec.Reading)
	if err != nil {
		return fmt.Errorf("--post: %w", err)
	}
	if last == "Softmax" && c.Post == "" {
		r = r.Scored()
	}
	spec.Reading = r.String()
	return nil
}

func portNames(ports []vault.Port) string {
	var names []string
	for _, p := range ports {
		names = append(names, strconv.Quote(p.Name))
	}
	return strings.Join(names, ", ")
}

// vocabulary reads the file that the recipes of text need, and tries them.
func vocabulary(path string, inputs []vault.Port) (tokens []string, err error) {
	if path != "" {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("vocabulary: %w: %w", abi.NotFound, err)
		}
		parse := text.ParseLines
		switch name := filepath.Base(path); {
		case strings.HasSuffix(name, ".json"):
			parse = text.ParseJSON
		case strings.HasPrefix(name, "merges") || strings.HasSuffix(name, ".bpe"):
			parse = text.ParseMerges
		}
		if tokens, err = parse(b); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	for i, p := range inputs {
		r, err := recipe.Parse(p.Recipe)
		if err != nil {
			return nil, err
		}
		if r.Again() && i == 0 {
			return nil, fmt.Errorf("--pre %s: the first input has no other before it: %w", p.Recipe, abi.Invalid)
		}
		if !r.Words() {
			continue
		}
		if path == "" {
			return nil, withHint(fmt.Errorf("input %q is made of words, and there is no vocabulary: %w", p.Name, abi.Invalid), "name its file with --vocab")
		}
		if err := r.With(tokens).Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return tokens, nil
}

// maxLabels bounds the labels of a card.
const maxLabels = 1 << 16

// labels reads a label a line; no file means none.
func labels(path string) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("labels: %w: %w", abi.NotFound, err)
	}
	lines := bytes.Split(bytes.TrimRight(b, "\r\n"), []byte("\n"))
	if len(lines) > maxLabels {
		return nil, fmt.Errorf("labels: %d lines, at most %d: %w", len(lines), maxLabels, abi.Invalid)
	}
	var all []string
	for _, l := range lines {
		all = append(all, oneLine(string(l), 200))
	}
	return all, nil
}

// claims reads NAME=VALUE/RECORDS.
func claims(list []string) ([]wire.Metric, error) {
	var all []wire.Metric
	for _, s := range list {
		name, rest, _ := strings.Cut(s, "=")
		value, records, counted := strings.Cut(rest, "/")
		m := wire.Metric{Name: name}
		v, err := strconv.ParseFloat(value, 64)
		if err == nil && counted {
			m.Records, err = strconv.ParseInt(records, 10, 64)
		}
		if m.Value = v; err != nil || name == "" || v-v != 0 || m.Records < 0 {
			return nil, fmt.Errorf("accuracy %q: want NAME=VALUE or NAME=VALUE/RECORDS: %w", s, abi.Invalid)
		}
		all = append(all, m)
	}
	return all, nil
}
