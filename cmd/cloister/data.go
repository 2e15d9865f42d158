package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/store"
	"github.com/cloister-ai/cloister/host/vault"
	"github.com/cloister-ai/cloister/market"

	"github.com/dustin/go-humanize"
)

type dataCmd struct {
	Pack    dataPackCmd    `cmd:"" help:"Seal photos or a table into a dataset file."`
	Show    dataShowCmd    `cmd:"" help:"Show what anybody may know about a sealed file."`
	Publish dataPublishCmd `cmd:"" help:"Put a sealed dataset on sale."`
}

type dataPackCmd struct {
	Source  string        `arg:"" help:"Folder of labelled photos, DIR/LABEL/*.jpg, or a CSV table whose last column is the label." type:"path"`
	Out     string        `help:"The sealed file to write." required:"" type:"path" placeholder:"FILE"`
	Name    string        `help:"Name of the dataset; default: the source's."`
	Input   string        `help:"How a photo becomes a record, as in rgb32x32/255 or gray28x28/255+fit; default: what fits the source."`
	Test    float64       `help:"Part of every class that goes to the test split." default:"0.2"`
	Seed    uint64        `help:"Of the split and the order." default:"1"`
	Licence string        `help:"Licence of the records." default:"proprietary"`
	Origin  string        `help:"Where the records come from."`
	As      string        `help:"Whose keyring the file key goes to." default:"seller"`
	Skip    bool          `help:"Leave out files that are no photos, and say so."`
	App     []string      `help:"Modules, as files or content ids, that the policy lets compute on the data." placeholder:"FILE|DIGEST"`
	Host    []abi.Address `help:"Hosts that may hold the records while they compute on them; default: the one of this folder." placeholder:"ADDRESS"`
	policyFlags
}

// policyFlags are the caps of a reviewed policy.
type policyFlags struct {
	MinRecords  uint32 `help:"Fewest records behind one released metric." default:"50"`
	Metrics     uint32 `help:"Metrics one job may release." default:"64"`
	ModelBytes  uint64 `help:"Bytes of trained model one job may release." default:"8388608"`
	OutputBytes uint32 `help:"Bytes of output one job may release." default:"16384"`
}

// policy returns the reviewed policy that the flags describe.
func (f policyFlags) policy(apps []string) (wire.Policy, error) {
	p := wire.Policy{Kind: wire.Reviewed, MinRecords: f.MinRecords, Metrics: f.Metrics, ModelBytes: f.ModelBytes, OutputBytes: f.OutputBytes}
	for _, a := range apps {
		d, err := abi.ParseDigest(a)
		if err != nil {
			b, ferr := os.ReadFile(a)
			if ferr != nil {
				return p, withHint(fmt.Errorf("app %q is neither a file nor a content id: %w", a, abi.NotFound), "build the apps with make apps, or give a digest as sha256:…")
			}
			d = abi.Sum(b)
		}
		p.Apps = append(p.Apps, d)
	}
	return p, nil
}

// Run packs a dataset and keeps its key and policy in the state folder.
func (c dataPackCmd) Run(ctx context.Context, t *terminal, state stateDir) error {
	if err := state.open(); err != nil {
		return err
	}
	p, err := state.party(c.As)
	if err != nil {
		return err
	}
	policy, err := c.policy(c.App)
	if err != nil {
		return err
	}
	if policy.Hosts = c.Host; len(policy.Hosts) == 0 {
		here, err := state.party(owner)
		if err != nil {
			return err
		}
		policy.Hosts = []abi.Address{here.key.Address()}
	}
	blobs, err := store.Open(store.Config{Dir: state.path("blobs")})
	if err != nil {
		return err
	}
	doc, err := wire.Marshal(policy)
	if err != nil {
		return fmt.Errorf("policy: %w: %w", abi.Invalid, err)
	}
	if _, err := blobs.PutBytes(doc); err != nil {
		return err
	}
	bar := t.bar("packing")
	packed, err := vault.Pack(ctx, vault.PackConfig{
		Source: c.Source, Out: c.Out, Name: c.Name, Input: c.Input, Test: c.Test, Seed: c.Seed, Licence: c.Licence, Origin: c.Origin,
		Policy: policy, Keys: p.keys, Skip: c.Skip,
		Progress: func(done, total int64) { bar.set(uint64(done), uint64(total), "") },
	})
	bar.done()
	if err != nil {
		return err
	}
	for _, e := range packed.Skipped {
		fmt.Fprintln(t.err, "left out:", e)
	}
	return showHeader(t, packed.Content, packed.Bytes, packed.Header)
}

type dataShowCmd struct {
	File string `arg:"" help:"A sealed dataset or model." type:"path"`
}

// Run shows the public part of a sealed file.
func (c dataShowCmd) Run(t *terminal) error {
	b, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("%w: %w", abi.NotFound, err)
	}
	h, err := vault.ReadHeader(strings.NewReader(string(b)), int64(len(b)))
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return showHeader(t, abi.Sum(b), int64(len(b)), h)
}

func showHeader(t *terminal, content abi.Digest, bytes int64, h vault.Header) error {
	view := struct {
		Content abi.Digest   `json:"content"`
		Bytes   int64        `json:"bytes"`
		Header  vault.Header `json:"header"`
	}{content, bytes, h}
	return t.table(view, "WHAT VALUE", func(w io.Writer) {
		fmt.Fprintf(w, "content\t%v\nsize\t%s\nholds\t%s\npolicy\t%v\nmerkle root\t%v\n", content, humanize.Bytes(uint64(bytes)), h.Kind, h.Policy, h.Root)
		if s := h.Schema; s != nil {
			fmt.Fprintf(w, "name\t%s\ntask\t%s\ninput\t%s\nclasses\t%s\nlicence\t%s\n", s.Name, s.Task, s.Input, strings.Join(s.Classes, " "), s.Licence)
			for _, split := range s.Splits {
				fmt.Fprintf(w, "%s\t%d records\n", split.Name, split.Records)
			}
		}
		if c := h.Card; c != nil {
			fmt.Fprintf(w, "name\t%s\ntask\t%s\ninput\t%s\nclasses\t%s\n", c.Name, c.Task, c.Input, strings.Join(c.Classes, " "))
			for _, m := range c.Metrics {
				fmt.Fprintf(w, "%s\t%.3f over %d records\n", m.Name, m.Value, m.Records)
			}
		}
	})
}

type dataPublishCmd struct {
	File  string `arg:"" help:"A sealed dataset." type:"path"`
	Price string `help:"Credits a job." required:"" placeholder:"CREDITS"`
	As    string `help:"Who sells." default:"seller"`
}

// Run puts a sealed dataset into the store and on sale, under the policy it was
// packed with.
func (c dataPublishCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) error {
	return withSite(ctx, log, state, func(ctx context.Context, s *site) error {
		price, err := market.ParseCredits(c.Price)
		if err != nil {
			return err
		}
		a, err := s.as(c.As)
		if err != nil {
			return err
		}
		f, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("%w: %w", abi.NotFound, err)
		}
		defer f.Close()
		content, size, err := s.store.Put(f)
		if err != nil {
			return err
		}
		h, err := vault.ReadHeader(f, size)
		if err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		if h.Schema == nil {
			return fmt.Errorf("%s holds a %s, not a dataset: %w", c.File, h.Kind, abi.Invalid)
		}
		if !a.keys.Has(content) {
			return fmt.Errorf("%s has no key of %v, so nobody could use it: %w", c.As, content.Short(), abi.NotFound)
		}
		doc, err := s.store.Get(h.Policy)
		if err != nil {
			return fmt.Errorf("policy %v: %w", h.Policy.Short(), err)
		}
		var policy wire.Policy
		if err := wire.Unmarshal(doc, &policy); err != nil {
			return err
		}
		return sell(ctx, s, a, t, offer{
			kind: wire.Dataset, content: content, policy: &policy, price: price,
			about: description{Name: h.Schema.Name, Licence: h.Schema.Licence, Schema: h.Schema, Bytes: size},
		})
	})
}

// sell lists o and shows the asset.
func sell(ctx context.Context, s *site, a *actor, t *terminal, o offer) error {
	if err := s.welcome(ctx, a.name); err != nil {
		return err
	}
	asset, tx, err := a.list(ctx, o)
	if err != nil {
		return err
	}
	return t.table(asset, "TOKEN KIND NAME CONTENT PRICE TX", func(w io.Writer) {
		fmt.Fprintf(w, "%s\t%v\t%s\t%v\t%s\t%s\n", asset.ID.Short(), asset.Kind, o.about.Name, asset.Content, market.FormatCredits(asset.Price), shortHash(tx.Hash))
	})
}
