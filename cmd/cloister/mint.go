package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market"
)

type mintCmd struct {
	To     string `arg:"" help:"A party of this folder, or an address."`
	Amount string `arg:"" help:"Credits to have at hand then." placeholder:"CREDITS"`
	As     string `help:"The operator of the contracts." default:"operator"`
}

// Run makes credits on a chain of one's own, up to an amount.
func (c mintCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) error {
	return withSite(ctx, log, state, func(ctx context.Context, s *site) error {
		amount, err := market.ParseCredits(c.Amount)
		if err != nil {
			return err
		}
		to, err := abi.ParseAddress(c.To)
		if err != nil {
			p, err := state.party(c.To)
			if err != nil {
				return err
			}
			to = p.key.Address()
		}
		bank, err := s.as(c.As)
		if err != nil {
			return err
		}
		tx, err := bank.market.Mint(ctx, to, amount)
		if err != nil {
			return err
		}
		b, err := s.market.Balance(ctx, to)
		if err != nil {
			return err
		}
		return t.table(map[string]any{"address": to, "credits": b.Credits, "tx": tx.Hash}, "ADDRESS CREDITS TX", func(w io.Writer) {
			fmt.Fprintf(w, "%v\t%s\t%s\n", to, market.FormatCredits(b.Credits), shortHash(tx.Hash))
		})
	})
}
