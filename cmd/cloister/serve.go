package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/fleet"
	"github.com/cloister-ai/cloister/market"

	"golang.org/x/sync/errgroup"
)

type serveCmd struct {
	Join      fleetToken `help:"Token of a host, as cloister token prints it." required:"" placeholder:"TOKEN"`
	RPC       string     `help:"JSON-RPC URL of the chain." required:"" name:"rpc" placeholder:"URL"`
	Contracts string     `help:"JSON file with the contracts' addresses, on a chain that is not embedded." type:"path"`
	Slot      abi.Digest `help:"Content id of the slot to serve." placeholder:"DIGEST"`
	Name      string     `help:"Name of this machine in rosters." default:"host"`
	UntilEOF  bool       `help:"Stop when standard input ends." hidden:"" name:"until-eof"`
	hostConfig
}

// A fleetToken is a join token on the command line.
type fleetToken struct{ fleet.Token }

func (t *fleetToken) UnmarshalText(b []byte) (err error) {
	t.Token, err = fleet.ParseToken(string(b))
	return err
}

// graceful is how long a host that lost its parent may take to end.
const graceful = 5 * time.Second

// untilEOF stops the process when its parent closes r or dies. The bus is then
// gone for good, so what is still to be delivered is not waited for.
func untilEOF(r io.Reader, stop func()) {
	io.Copy(io.Discard, r) // an error is an end, too
	stop()
	time.Sleep(graceful)
	os.Exit(0)
}

// Run serves jobs of another node's slot until ctx is done.
func (c serveCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) (err error) {
	if err := state.open(); err != nil {
		return err
	}
	unlock, err := state.lock()
	for wait := time.Now(); c.UntilEOF && err != nil && time.Since(wait) < 2*graceful; unlock, err = state.lock() {
		time.Sleep(graceful / 20) // the one before, whose parent was killed, is about to end
	}
	if err != nil {
		return err
	}
	defer unlock()
	if c.UntilEOF {
		var stop context.CancelFunc
		ctx, stop = context.WithCancel(ctx)
		defer stop()
		go untilEOF(t.in, stop) // ends with the process at the latest
	}
	s := &site{state: state, log: log}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.connect(ctx, siteConfig{RPC: c.RPC, Contracts: c.Contracts}); err != nil {
		return err
	}
	id, err := fleet.OpenIdentity(state.path("bus.key"))
	if err != nil {
		return err
	}
	conn, err := fleet.Dial(ctx, c.Join.Token, fleet.DialConfig{Identity: id, Log: log})
	if err != nil {
		return err
	}
	s.closes = append(s.closes, func() error { conn.Close(); return nil })
	s.conn = conn
	me, err := state.party(owner)
	if err != nil {
		return err
	}
	index := market.NewIndex(s.market, market.IndexConfig{Log: log})
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return index.Serve(ctx) })
	g.Go(func() error {
		if err := listed(ctx, conn, c.Slot, me.key.Address()); err != nil {
			return err
		}
		_, err := fmt.Fprintf(t.out, "%s serves slot %v as host %v\nstop with Ctrl-C\n", c.Name, c.Slot, me.key.Address())
		return err
	})
	g.Go(func() error {
		return serveHost(ctx, hosting{
			hostConfig: c.hostConfig, state: state, party: me, name: c.Name, slot: c.Slot, conn: conn,
			store: s.store, market: s.market, index: index, log: log,
		})
	})
	return g.Wait()
}

// listed waits until host is in the roster of slot: jobs that are signed from
// then on may come here.
func listed(ctx context.Context, conn *fleet.Conn, slot abi.Digest, host abi.Address) error {
	for {
		signed, err := conn.Roster(ctx, slot)
		if err == nil {
			roster, _, err := fleet.OpenRoster(signed, slot, time.Now(), market.Recover)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(roster.Hosts, func(h wire.Host) bool { return h.Address == host }) {
				return nil
			}
		} else if !errors.Is(err, abi.Unavailable) && ctx.Err() == nil {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil // how serving ended says why
		}
	}
}
