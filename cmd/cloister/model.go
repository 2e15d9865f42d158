package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/store"
	"github.com/cloister-ai/cloister/host/vault"
	"github.com/cloister-ai/cloister/market"
)

type modelCmd struct {
	Import  modelImportCmd  `cmd:"" help:"Check, price and seal an ONNX model, so that it can be run, published and sold."`
	Show    modelShowCmd    `cmd:"" help:"Show a model's card: inputs, outputs, size, cost."`
	Run     modelRunCmd     `cmd:"" help:"Ask a model about photos, sounds or texts, in the sandbox of this machine."`
	Fetch   modelFetchCmd   `cmd:"" help:"Take a bought model home, if its licence allows."`
	Publish modelPublishCmd `cmd:"" help:"Put a trained model on sale."`
	Check   modelCheckCmd   `cmd:"" help:"Test ONNX models against their reference outputs."`
	Bench   modelBenchCmd   `cmd:"" help:"Time an ONNX model on this machine."`
}

type modelFetchCmd struct {
	Model string `arg:"" help:"Name or content id."`
	As    string `help:"Who bought it." default:"user"`
}

// Run fetches a model's key into the buyer's keyring.
func (c modelFetchCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) error {
	return withSite(ctx, log, state, func(ctx context.Context, s *site) error {
		a, err := s.as(c.As)
		if err != nil {
			return err
		}
		model, err := s.asset(ctx, c.Model)
		if err != nil {
			return err
		}
		receipts, err := a.goodReceipts(ctx, model.Content)
		if err != nil {
			return err
		}
		if err := a.fetch(ctx, model, receipts); err != nil {
			return err
		}
		if !s.store.Has(model.Content) {
			if err := s.conn.Fetch(ctx, s.store, model.Content); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(t.out, "%v is here; run it with: cloister run APP --model %[1]v\n", model.Content)
		return err
	})
}

type modelPublishCmd struct {
	Model  string `arg:"" help:"Content id of a trained model, as the job printed it."`
	Price  string `help:"Credits a job." required:"" placeholder:"CREDITS"`
	Name   string `help:"Default: the one on its card."`
	Royal  string `help:"Credits' share of the data seller, as ADDRESS=PERCENT." name:"share" placeholder:"ADDRESS=PERCENT"`
	As     string `help:"Who sells." default:"developer"`
	Policy string `help:"What a buyer may do: open (hold the weights)." default:"open" enum:"open"`
}

// Run puts a trained model on sale.
func (c modelPublishCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) error {
	return withSite(ctx, log, state, func(ctx context.Context, s *site) error {
		price, err := market.ParseCredits(c.Price)
		if err != nil {
			return err
		}
		a, err := s.as(c.As)
		if err != nil {
			return err
		}
		content, err := abi.ParseDigest(c.Model)
		if err != nil {
			return err
		}
		card, size, err := readCard(s.store, content)
		if err != nil {
			return err
		}
		if !a.keys.Has(content) {
			return fmt.Errorf("%s has no key of %v, so nobody could use it: %w", c.As, content.Short(), abi.NotFound)
		}
		o := offer{kind: wire.Model, content: content, policy: &wire.Policy{Kind: wire.PolicyKind(c.Policy)}, price: price, about: description{Name: c.Name, Licence: card.Licence, Card: &card, Bytes: size}}
		if o.about.Name == "" {
			o.about.Name = card.Name
		}
		if c.Royal != "" {
			if o.shares, err = shares(c.Royal, a.key.Address()); err != nil {
				return err
			}
		}
		return sell(ctx, s, a, t, o)
	})
}

// shares splits an income between one address and the seller.
func shares(s string, rest abi.Address) ([]market.Share, error) {
	who, part, _ := strings.Cut(s, "=")
	to, err := abi.ParseAddress(who)
	if err != nil {
		return nil, err
	}
	var percent uint16
	if _, err := fmt.Sscanf(part, "%d", &percent); err != nil || percent < 1 || percent > 99 {
		return nil, fmt.Errorf("share %q: want ADDRESS=PERCENT with 1 to 99: %w", s, abi.Invalid)
	}
	return []market.Share{{To: to, Bps: percent * 100}, {To: rest, Bps: 10_000 - percent*100}}, nil
}

// readCard reads the card of a sealed model in the store.
func readCard(from *store.Store, content abi.Digest) (card vault.Card, size int64, err error) {
	if size, err = from.Size(content); err != nil {
		return card, 0, err
	}
	f, err := from.Open(content)
	if err != nil {
		return card, 0, err
	}
	defer f.Close()
	h, err := vault.ReadHeader(f, size)
	if err != nil {
		return card, 0, err
	}
	if h.Card == nil {
		return card, 0, fmt.Errorf("%v holds a %s, not a model: %w", content.Short(), h.Kind, abi.Invalid)
	}
	return *h.Card, size, nil
}
