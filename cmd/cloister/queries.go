package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/fleet"
	"github.com/cloister-ai/cloister/host/ledger"
	"github.com/cloister-ai/cloister/market"

	"github.com/dustin/go-humanize"
)

type jobsCmd struct{}

// Run lists jobs, newest first.
func (jobsCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) error {
	return withSite(ctx, log, state, func(ctx context.Context, s *site) error {
		jobs, err := s.jobs(ctx)
		if err != nil {
			return err
		}
		names := s.names()
		return t.table(jobs, "JOB STATE APP HOST ATTEMPT SUBMITTED ERROR", func(w io.Writer) {
			for _, j := range jobs {
				fmt.Fprintf(w, "%s\t%v\t%s\t%s\t%d\t%s\t%s\n", j.Request.ID.Short(), j.State, names.of(j.Request.App), oneLine(j.Host, maxName), j.Attempt,
					humanize.Time(time.UnixMilli(int64(j.Submitted))), strings.ReplaceAll(j.Error, "\n", "; "))
			}
		})
	})
}

type receiptsCmd struct {
	As string `help:"Whose purchases; default: everybody's here."`
}

// A receiptView is a purchase as a person reads it.
type receiptView struct {
	Party string `json:"party"`
	market.Receipt
	Used int `json:"used"`
}

// A runView is a receipt of the host's ledger, checked.
type runView struct {
	wire.Receipt
	Signature []byte `json:"signature"`
}

// Run lists what was bought, by party, and what the hosts here ran.
func (c receiptsCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) error {
	return withSite(ctx, log, state, func(ctx context.Context, s *site) error { return s.receipts(ctx, t, c.As) })
}

// receipts prints the purchases of one party, or those of all and what the
// hosts of this folder ran.
func (s *site) receipts(ctx context.Context, t *terminal, party string) error {
	var view struct {
		Bought []receiptView `json:"bought"`
		Ran    []runView     `json:"ran"`
	}
	all, err := s.state.parties()
	if err != nil {
		return err
	}
	for _, p := range all {
		if party != "" && party != p.name {
			continue
		}
		bought, err := s.market.Purchases(ctx, p.key.Address())
		if err != nil {
			return err
		}
		for _, r := range bought {
			v := receiptView{Party: p.name, Receipt: r}
			if s.broker != nil {
				uses, err := s.broker.Uses(ctx, r.ID)
				if err != nil {
					return err
				}
				v.Used = len(uses)
			}
			view.Bought = append(view.Bought, v)
		}
	}
	if party == "" {
		for _, dir := range []stateDir{s.state, stateDir(s.state.path("second"))} {
			if err := ran(dir, &view.Ran); err != nil {
				return err
			}
		}
	}
	names := s.names()
	if err := t.table(view, "BOUGHT BY KIND WHAT UNITS PAID MONEY EXPIRES", func(w io.Writer) {
		for _, r := range view.Bought {
			fmt.Fprintf(w, "%s\t%s\t%v\t%s\t%d\t%s\t%v\t%s\n", r.ID.Short(), r.Party, r.Kind, names.of(r.Content), r.Units, market.FormatCredits(r.Paid), r.State,
				humanize.Time(time.Unix(int64(r.Expiry), 0)))
		}
	}); err != nil || t.json || party != "" {
		return err
	}
	fmt.Fprintln(t.out)
	return t.table(nil, "RAN APP DATA MODEL HOST WALL RELEASED", func(w io.Writer) {
		for _, r := range view.Ran {
			var left []string
			for _, rel := range r.Releases {
				left = append(left, oneLine(rel.Kind+" "+rel.Name, maxName)+" "+humanize.Bytes(rel.Bytes))
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%v\t%s\n", r.Job.Short(), names.of(r.App), names.of(r.Data), names.of(r.Receipt.Model), r.Host, r.Wall.Round(time.Millisecond), strings.Join(left, ", "))
		}
	})
}

// ran appends the receipts of the ledger in dir, if there is one.
func ran(dir stateDir, to *[]runView) error {
	return ledger.Read(dir.path("receipts"), market.Recover, func(r wire.Receipt, s wire.SignedReceipt) error {
		*to = append(*to, runView{r, s.Signature})
		return nil
	})
}

type assetsCmd struct{}

// Run lists what is for sale.
func (assetsCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) error {
	return withSite(ctx, log, state, func(ctx context.Context, s *site) error {
		assets, err := s.market.Assets(ctx)
		if err != nil {
			return err
		}
		names := s.names()
		return t.table(assets, "TOKEN KIND NAME CONTENT PRICE OWNER", func(w io.Writer) {
			for _, a := range assets {
				about := s.describe(a)
				fmt.Fprintf(w, "%s\t%v\t%s\t%v\t%s\t%s\n", a.ID.Short(), a.Kind, about.Name, a.Content, market.FormatCredits(a.Price), names.party(a.Owner))
			}
		})
	})
}

// What is read and shown of an asset's page: anybody may write one.
const (
	maxPage = 64 << 10
	maxName = 64
)

// describe reads an asset's public page; one that is not here is empty.
func (s *site) describe(a market.Asset) (d description) {
	name, ok := strings.CutPrefix(a.URI, uriScheme)
	if !ok {
		return description{Name: oneLine(a.URI, maxName)}
	}
	digest, err := abi.ParseDigest(name)
	if err != nil {
		return d
	}
	if size, err := s.store.Size(digest); err != nil || size > maxPage {
		return d // it may name any blob, a whole dataset too
	}
	if b, err := s.store.Get(digest); err == nil {
		json.Unmarshal(b, &d) // a page of a stranger that is no page stays empty
	}
	d.Name = oneLine(d.Name, maxName)
	return d
}

type balanceCmd struct{}

// A balanceView is what one party has.
type balanceView struct {
	Party   string      `json:"party"`
	Address abi.Address `json:"address"`
	market.Balance
}

// Run lists what every party here has.
func (balanceCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) error {
	return withSite(ctx, log, state, func(ctx context.Context, s *site) error {
		all, err := state.parties()
		if err != nil {
			return err
		}
		var view []balanceView
		for _, p := range all {
			b, err := s.market.Balance(ctx, p.key.Address())
			if err != nil {
				return err
			}
			view = append(view, balanceView{p.name, p.key.Address(), b})
		}
		return t.table(view, "PARTY ADDRESS CREDITS OWED ESCROW", func(w io.Writer) {
			for _, v := range view {
				fmt.Fprintf(w, "%s\t%v\t%s\t%s\t%s\n", v.Party, v.Address, market.FormatCredits(v.Credits), market.FormatCredits(v.Owed), market.FormatCredits(v.Escrowed))
			}
		})
	})
}

type tokenCmd struct{}

// Run prints the join tokens of the node that runs here.
func (tokenCmd) Run(t *terminal, state stateDir) error {
	n, err := state.readNode()
	if err != nil {
		return err
	}
	return t.table(n, "ROLE TOKEN", func(w io.Writer) {
		fmt.Fprintf(w, "%s\t%s\n%s\t%s\n", fleet.RoleHost, n.Host, fleet.RoleClient, n.Client)
	})
}

// nameBook says what people call contents and addresses.
type nameBook struct {
	contents map[abi.Digest]string
	people   map[abi.Address]string
}

// names reads what the chain and the store know; what they do not, keeps its digest.
func (s *site) names() nameBook {
	b := nameBook{map[abi.Digest]string{}, map[abi.Address]string{}}
	if assets, err := s.market.Assets(context.Background()); err == nil {
		for _, a := range assets {
			if d := s.describe(a); d.Name != "" {
				b.contents[a.Content] = d.Name
			}
		}
	}
	if all, err := s.state.parties(); err == nil {
		for _, p := range all {
			b.people[p.key.Address()] = p.name
		}
	}
	return b
}

func (b nameBook) of(d abi.Digest) string {
	if d.IsZero() {
		return "-"
	}
	if n, ok := b.contents[d]; ok {
		return n
	}
	return d.Short()
}

func (b nameBook) party(a abi.Address) string {
	if n, ok := b.people[a]; ok {
		return n
	}
	return a.String()
}
