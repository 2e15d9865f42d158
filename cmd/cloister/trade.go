package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market"
)

type buyCmd struct {
	Assets []string      `arg:"" help:"Contents, tokens or names, each with :UNITS if it is not one: train:2 slot:2"`
	As     string        `help:"Who pays." default:"user"`
	TTL    time.Duration `help:"How long the receipts are good." default:"720h" name:"ttl"`
	Max    string        `help:"Most to pay in all, in credits; default: what it costs now."`
	Ref    string        `help:"Names the intent: the same reference never buys twice. Default: a new one."`
}

// Run buys a bundle.
func (c buyCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) error {
	return withSite(ctx, log, state, func(ctx context.Context, s *site) error {
		a, err := s.as(c.As)
		if err != nil {
			return err
		}
		order := market.Order{Ref: random(), TTL: c.TTL}
		if c.Ref != "" {
			order.Ref = abi.Sum([]byte(c.Ref))
		}
		if c.Max != "" {
			if order.MaxPaid, err = market.ParseCredits(c.Max); err != nil {
				return err
			}
		}
		for _, arg := range c.Assets {
			item, err := s.item(ctx, arg)
			if err != nil {
				return err
			}
			order.Items = append(order.Items, item)
		}
		if err := s.welcome(ctx, c.As); err != nil {
			return err
		}
		bundle, tx, err := a.market.Buy(ctx, order)
		if err != nil {
			return err
		}
		names := s.names()
		return t.table(bundle, "RECEIPT KIND WHAT UNITS PAID TX", func(w io.Writer) {
			for _, r := range bundle.Receipts {
				fmt.Fprintf(w, "%v\t%v\t%s\t%d\t%s\t%s\n", r.ID, r.Kind, names.of(r.Content), r.Units, market.FormatCredits(r.Paid), shortHash(tx.Hash))
			}
		})
	})
}

// item reads one argument of a purchase.
func (s *site) item(ctx context.Context, arg string) (market.Item, error) {
	name, units := arg, uint64(1)
	if i := strings.LastIndexByte(arg, ':'); i > 0 {
		if n, err := strconv.ParseUint(arg[i+1:], 10, 32); err == nil {
			name, units = arg[:i], n
		}
	}
	a, err := s.asset(ctx, name)
	return market.Item{Asset: a.ID, Units: units}, err
}

// asset finds what is for sale under a content id, a token id, the first digits
// of either, or a name that only one asset has.
func (s *site) asset(ctx context.Context, name string) (market.Asset, error) {
	all, err := s.market.Assets(ctx)
	if err != nil {
		return market.Asset{}, err
	}
	var found []market.Asset
	for _, a := range all {
		digits := strings.TrimPrefix(name, "sha256:")
		if len(digits) >= 8 && (strings.HasPrefix(strings.TrimPrefix(a.Content.String(), "sha256:"), digits) || strings.HasPrefix(strings.TrimPrefix(a.ID.String(), "sha256:"), digits)) || s.describe(a).Name == name {
			found = append(found, a)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return market.Asset{}, withHint(fmt.Errorf("asset %q: %w", name, abi.NotFound), "see what is for sale: cloister assets")
	}
	return market.Asset{}, withHint(fmt.Errorf("asset %q: %d assets are called so: %w", name, len(found), abi.Invalid), "name it by its content id")
}

// goodReceipts lists the actor's receipts for contents that buy something now:
// for each content the newest one.
func (a *actor) goodReceipts(ctx context.Context, contents ...abi.Digest) ([]abi.Digest, error) {
	mine, err := a.market.Purchases(ctx, a.key.Address())
	if err != nil {
		return nil, err
	}
	var ids []abi.Digest
	for _, content := range contents {
		for i := len(mine) - 1; i >= 0; i-- {
			r := mine[i]
			if r.Content == content && !content.IsZero() && !r.Refunded && r.Expiry >= uint64(time.Now().Unix()) {
				ids = append(ids, r.ID)
				break
			}
		}
	}
	return ids, nil
}

type cancelCmd struct {
	Job abi.Digest `arg:"" help:"Id of the job."`
	As  string     `help:"Who paid for it." default:"user"`
}

// Run cancels a job.
func (c cancelCmd) Run(ctx context.Context, log *slog.Logger, state stateDir) error {
	return withSite(ctx, log, state, func(ctx context.Context, s *site) error {
		a, err := s.as(c.As)
		if err != nil {
			return err
		}
		return s.bus.Cancel(ctx, c.Job, a.key)
	})
}

type settleCmd struct {
	As string `help:"Who pays the gas." default:"host"`
}

// Run settles every receipt here whose time has come, and pays everybody out.
func (c settleCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) error {
	return withSite(ctx, log, state, func(ctx context.Context, s *site) error {
		a, err := s.as(c.As)
		if err != nil {
			return err
		}
		all, err := state.parties()
		if err != nil {
			return err
		}
		var failed error
		err = t.table(nil, "WHO WHAT AMOUNT TX", func(w io.Writer) {
			for _, p := range all {
				failed = errors.Join(failed, settleFor(ctx, a, p, w))
			}
		})
		return errors.Join(err, failed)
	})
}

// settleFor settles what p bought and releases what p is owed.
func settleFor(ctx context.Context, a *actor, p *party, w io.Writer) error {
	bought, err := a.market.Purchases(ctx, p.key.Address())
	if err != nil {
		return err
	}
	var due []abi.Digest
	for _, r := range bought {
		if r.State == market.Held && time.Now().After(r.RefundUntil) || r.State == market.Refunding && time.Now().After(r.RefundDue) {
			due = append(due, r.ID)
		}
	}
	for len(due) > 0 {
		n := min(len(due), market.MaxReceipts)
		done, tx, err := a.market.Settle(ctx, due[:n])
		if err != nil {
			return err
		}
		for _, pay := range done.Payments {
			fmt.Fprintf(w, "%s\t%v receipt %s\t%s\t%s\n", p.name, pay.State, pay.Receipt.Short(), market.FormatCredits(pay.Amount), shortHash(tx.Hash))
		}
		due = due[n:]
	}
	amount, tx, err := a.market.Release(ctx, p.key.Address())
	if err != nil {
		return err
	}
	if amount > 0 {
		fmt.Fprintf(w, "%s\tpaid out\t%s\t%s\n", p.name, market.FormatCredits(amount), shortHash(tx.Hash))
	}
	return nil
}
