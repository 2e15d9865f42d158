package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/host/store"
	"github.com/cloister-ai/cloister/host/vault"

	"github.com/dustin/go-humanize"
)

type modelShowCmd struct {
	Model string `arg:"" help:"An ONNX or sealed file, or the content id or name of a model in the store."`
	cardFlags
}

// Run shows the card of a model. One that is not imported yet is looked at as
// importing would.
func (c modelShowCmd) Run(ctx context.Context, t *terminal, state stateDir) error {
	m, err := c.find(ctx, state, c.Model)
	if err != nil {
		return err
	}
	return showCard(t, m.cardView)
}

// A foundModel is a model that a person named: a sealed one, or one that still
// is an ONNX file.
type foundModel struct {
	cardView
	onnx []byte // of an ONNX file
}

// find looks for a file of that name, then for a content id, then for the name
// on the card of a model that a party here has the key of.
func (c cardFlags) find(ctx context.Context, state stateDir, name string) (m foundModel, err error) {
	content, err := abi.ParseDigest(name)
	if err != nil {
		if b, err := readModelFile(name); err == nil {
			return c.open(ctx, name, b)
		} else if !errors.Is(err, fs.ErrNotExist) || strings.ContainsAny(name, "/.") {
			return m, err
		}
		if content, err = state.modelNamed(name); err != nil {
			return m, err
		}
	}
	blobs, err := store.Open(store.Config{Dir: state.path("blobs")})
	if err != nil {
		return m, err
	}
	m.Content = &content
	m.Card, m.Bytes, err = readCard(blobs, content)
	return m, err
}

// open takes a file for a sealed model, or else for an ONNX one.
func (c cardFlags) open(ctx context.Context, path string, b []byte) (m foundModel, err error) {
	if h, err := vault.ReadHeader(bytes.NewReader(b), int64(len(b))); err == nil {
		if h.Card == nil {
			return m, fmt.Errorf("%s holds a %s, not a model: %w", path, h.Kind, abi.Invalid)
		}
		d := abi.Sum(b)
		return foundModel{cardView: cardView{Content: &d, Bytes: int64(len(b)), Card: *h.Card}}, nil
	}
	m.Bytes = int64(len(b))
	m.onnx, m.Card, err = c.describe(ctx, path, b)
	return m, err
}

// modelNamed finds the one model of that name that somebody here has the key
// of.
func (s stateDir) modelNamed(name string) (found abi.Digest, err error) {
	blobs, err := store.Open(store.Config{Dir: s.path("blobs")})
	if err != nil {
		return found, err
	}
	all, err := s.parties()
	if err != nil {
		return found, err
	}
	for _, p := range all {
		keys, err := p.keys.List()
		if err != nil {
			return found, err
		}
		for _, d := range keys {
			card, _, err := readCard(blobs, d)
			if err != nil || card.Name != name || d == found {
				continue // a dataset, or a blob that is elsewhere
			}
			if !found.IsZero() {
				return found, withHint(fmt.Errorf("two models are named %q: %v and %v: %w", name, found.Short(), d.Short(), abi.Invalid), "say which by its content id, as in %v", d)
			}
			found = d
		}
	}
	if found.IsZero() {
		return found, withHint(fmt.Errorf("model %q is no file and no name of a model here: %w", name, abi.NotFound), "import one with: cloister model import model.onnx")
	}
	return found, nil
}

// holder returns the party here that has the key of content.
func (s stateDir) holder(content abi.Digest) (*party, error) {
	all, err := s.parties()
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if p.keys.Has(content) {
			return p, nil
		}
	}
	return nil, withHint(fmt.Errorf("nobody here has the key of model %v: %w", content.Short(), abi.NotFound), "buy it, then: cloister model fetch %v", content)
}

// A cardView is a card with where it stands.
type cardView struct {
	Content *abi.Digest `json:"content,omitempty"` // of the sealed file; nil: not imported
	Bytes   int64       `json:"bytes"`
	Card    vault.Card  `json:"card"`
}

func showCard(t *terminal, v cardView) error {
	return t.table(v, "WHAT VALUE", func(w io.Writer) {
		c := v.Card
		if v.Content != nil {
			fmt.Fprintf(w, "content\t%v\n", v.Content)
		}
		fmt.Fprintf(w, "size\t%s\nname\t%s\ntask\t%s\nlicence\t%s\n", humanize.Bytes(uint64(v.Bytes)), oneLine(c.Name, 60), oneLine(c.Task, 60), oneLine(c.Licence, 60))
		if s := c.Spec; s != nil {
			for _, p := range s.Inputs {
				fmt.Fprintf(w, "input\t%s %v %v: %s\n", oneLine(p.Name, 60), p.DType, p.Shape, oneLine(p.Recipe, 200))
			}
			for i, p := range s.Outputs {
				reading := ""
				if i == 0 && s.Reading != "" {
					reading = ": " + oneLine(s.Reading, 60)
				}
				fmt.Fprintf(w, "output\t%s %v %v%s\n", oneLine(p.Name, 60), p.DType, p.Shape, reading)
			}
			if n := len(s.Vocabulary); n > 0 {
				fmt.Fprintf(w, "vocabulary\t%d tokens\n", n)
			}
			fmt.Fprintf(w, "parameters\t%s\ncost\t%s, %s arena\n", humanize.Comma(int64(s.Parameters)), humanize.SIWithDigits(float64(s.FLOPs), 2, "FLOP"), humanize.IBytes(s.Arena))
			fmt.Fprintf(w, "runs on\t%s, opset %d, engines %s\norigin\t%v\n", oneLine(s.ABI, 60), s.Opset, oneLine(strings.Join(s.Engines, " "), 60), s.Origin)
		} else {
			fmt.Fprintf(w, "input\t%s\n", oneLine(c.Input, 60))
		}
		if n := len(c.Classes); n > 0 {
			fmt.Fprintf(w, "classes\t%d: %s\n", n, oneLine(strings.Join(c.Classes[:min(n, 12)], ", "), 100))
		}
		for _, m := range c.Metrics {
			fmt.Fprintf(w, "%s\t%.3f over %d records\n", oneLine(m.Name, 60), m.Value, m.Records)
		}
		if c.Spec != nil {
			for _, m := range c.Spec.Claims {
				fmt.Fprintf(w, "%s\t%v over %d records, its importer says\n", oneLine(m.Name, 60), m.Value, m.Records)
			}
		}
	})
}
