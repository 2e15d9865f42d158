package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/fleet"
	"github.com/cloister-ai/cloister/market"

	"github.com/prometheus/client_golang/prometheus"
)

type upCmd struct {
	RPC       string `help:"JSON-RPC URL of another chain; default: the embedded one." name:"rpc"`
	Contracts string `help:"JSON file with the contracts' addresses on that chain." type:"path"`
	HTTP      string `help:"Loopback address of the embedded chain's JSON-RPC." default:"127.0.0.1:8545" name:"http"`
	Bus       string `help:"Address of the NATS port for other machines." default:"127.0.0.1:4222"`
	Page      string `help:"Loopback address of the owner's page: metrics and jobs." default:"127.0.0.1:9464"`
	Price     string `help:"What the slot costs a job, in credits." default:"2"`
	hostConfig
}

// Run serves a node until ctx is done.
func (c upCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) (err error) {
	price, err := market.ParseCredits(c.Price)
	if err != nil {
		return err
	}
	if err := state.open(); err != nil {
		return err
	}
	unlock, err := state.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if n, err := state.readNode(); err == nil && n.Contracts != nil && c.RPC == "" {
		err := fmt.Errorf("state %s: its node is on the chain at %s, not on one of its own: %w", state, n.RPC, abi.Invalid)
		return withHint(err, "name that chain with --rpc and --contracts, or another folder with --state")
	}
	s, err := bring(ctx, state, siteConfig{RPC: c.RPC, Contracts: c.Contracts, HTTP: c.HTTP, Bus: c.Bus}, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	ln, err := s.listen(c.Page)
	if err != nil {
		return err
	}
	s.http, s.metrics = ln.Addr().String(), prometheus.NewRegistry()
	return s.run(ctx, c.hostConfig, func(ctx context.Context) error {
		node, err := s.announce()
		if err != nil {
			return err
		}
		boss, err := s.as(owner)
		if err != nil {
			return err
		}
		if err := s.welcome(ctx, owner); err != nil {
			return err
		}
		slot, _, err := boss.list(ctx, offer{kind: wire.Slot, content: s.slot, price: price, about: description{Name: "slot"}})
		if err != nil {
			return err
		}
		fmt.Fprintf(t.out, "chain  %s  (chain id %d; any wallet)\nbus    %s\nslot   %v for %s a job\n", node.RPC, s.market.Domain().ChainID, node.Bus, slot.Content, market.FormatCredits(slot.Price))
		at := node.RPC
		if c.Contracts != "" {
			at += " --contracts " + c.Contracts
		}
		fmt.Fprintf(t.out, "page   http://%s/metrics\njoin   cloister serve --rpc %s --slot %v --join %s\nstop with Ctrl-C\n", node.HTTP, at, slot.Content, node.Host)
		return s.page(ctx, ln, s.metrics)
	})
}

// announce writes down where this node listens, for commands that come later.
func (s *site) announce() (nodeFile, error) {
	host, err := s.server.Token(fleet.RoleHost)
	if err != nil {
		return nodeFile{}, err
	}
	client, err := s.server.Token(fleet.RoleClient)
	if err != nil {
		return nodeFile{}, err
	}
	n := nodeFile{PID: os.Getpid(), RPC: s.rpc, HTTP: s.http, Bus: s.server.Addr(), Host: host.String(), Client: client.String(), Slot: s.slot, Contracts: s.external}
	return n, s.state.writeNode(n)
}

// welcome gives a party of an embedded chain its test credits, once.
func (s *site) welcome(ctx context.Context, name string) error {
	if s.market.Addresses().Faucet.IsZero() {
		return nil
	}
	bank, err := s.as(operator)
	if err != nil {
		return err
	}
	p, err := s.as(name)
	if err != nil {
		return err
	}
	_, err = bank.market.Fund(ctx, p.key.Address())
	return err
}
