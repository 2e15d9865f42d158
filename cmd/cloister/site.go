package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/fleet"
	"github.com/cloister-ai/cloister/host/store"
	"github.com/cloister-ai/cloister/host/vault"
	"github.com/cloister-ai/cloister/market"
	"github.com/cloister-ai/cloister/market/chain"
	"github.com/cloister-ai/cloister/market/contracts"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

// A site is what every command works at: the market, the bus and the store. It
// is either a node that runs already, joined, or one that the command brought
// up for itself.
type site struct {
	state  stateDir
	log    *slog.Logger
	market *market.Client // reads; an actor signs
	index  *market.Index  // nil at a joined site
	conn   *fleet.Conn
	bus    fleet.Client
	rpc    string // where the chain listens
	http   string // where a running node has its page
	store  *store.Store
	slot   abi.Digest // the slot that is served here

	external *contracts.Addresses // on a chain that is not embedded; else nil

	broker  *fleet.Broker        // nil at a joined site
	uses    *vault.Uses          // nil at a joined site
	owners  owners               // asks nobody at a joined site
	server  *fleet.Server        // nil at a joined site
	metrics *prometheus.Registry // nil: nobody reads them
	closes  []func() error
}

// siteConfig says how a site is brought up. The zero value is the demo's: an
// embedded chain and bus on any free ports.
type siteConfig struct {
	RPC       string               // of an external chain; empty: embedded
	Contracts string               // JSON file with the contracts' addresses on an external chain
	At        *contracts.Addresses // the same, read already
	ChainID   uint64
	HTTP      string // where the embedded chain listens
	Bus       string // where the bus listens
}

// close takes down what was brought up, last first.
func (s *site) close() error {
	var errs []error
	for i := len(s.closes) - 1; i >= 0; i-- {
		errs = append(errs, s.closes[i]())
	}
	s.closes = nil
	return errors.Join(errs...)
}

// A slotPage is what the slot's content id is the digest of. It never changes
// while the owner's key does not, so that a restarted node serves the same slot.
type slotPage struct {
	Owner abi.Address `json:"owner"`
	Name  string      `json:"name"`
}

// connect opens store and market and, unless cfg names an external chain, the
// chain they are on.
func (s *site) connect(ctx context.Context, cfg siteConfig) (err error) {
	if s.store, err = store.Open(store.Config{Dir: s.state.path("blobs")}); err != nil {
		return err
	}
	if cfg.RPC != "" {
		s.rpc = cfg.RPC
		at := contracts.Predeployed()
		if cfg.At != nil {
			at = *cfg.At
		} else if cfg.Contracts != "" {
			b, err := os.ReadFile(cfg.Contracts)
			if err != nil {
				return fmt.Errorf("contracts: %w: %w", abi.NotFound, err)
			}
			if err := json.Unmarshal(b, &at); err != nil {
				return fmt.Errorf("contracts %s: %w: %w", cfg.Contracts, abi.Invalid, err)
			}
		}
		s.market, err = market.Dial(ctx, cfg.RPC, market.Config{Addresses: at, Log: s.log})
		if err != nil {
			return err
		}
		s.external = &at
		s.closes = append(s.closes, func() error { s.market.Close(); return nil })
		return nil
	}
	bank, err := s.state.party(operator)
	if err != nil {
		return err
	}
	c, err := chain.Open(ctx, chain.Config{
		Dir: s.state.path("chain"), ChainID: cfg.ChainID, HTTP: cfg.HTTP, Log: calmer(s.log),
		Params: contracts.Params{Operator: bank.key.Address()},
	})
	if err != nil {
		return portHint(err, "--http")
	}
	s.closes = append(s.closes, c.Close)
	s.rpc = c.URL()
	s.market, err = market.New(ctx, c, market.Config{Log: s.log})
	return err
}

// portHint says what to do about a port that is taken.
func portHint(err error, flag string) error {
	if !errors.Is(err, abi.Unavailable) {
		return err
	}
	return withHint(err, "another program has the port: stop it, or name another address with %s", flag)
}

// bring starts a node in the state folder: the chain, the bus with its broker,
// the key service of every party here, and one host. The caller owns the
// folder's lock, and closes the site after run returned.
func bring(ctx context.Context, state stateDir, cfg siteConfig, log *slog.Logger) (_ *site, err error) {
	s := &site{state: state, log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := s.connect(ctx, cfg); err != nil {
		return nil, err
	}
	s.index = market.NewIndex(s.market, market.IndexConfig{Log: log})
	s.owners.ask = func(ctx context.Context, slot abi.Digest) (abi.Address, error) {
		asset, err := s.market.Find(ctx, wire.Slot, slot)
		return asset.Owner, err
	}
	if s.uses, err = vault.OpenUses(state.path("uses")); err != nil {
		return nil, err
	}
	boss, err := state.party(owner)
	if err != nil {
		return nil, err
	}
	page, err := json.Marshal(slotPage{Owner: boss.key.Address(), Name: "cloister slot"})
	if err != nil {
		return nil, err
	}
	if s.slot, err = s.store.PutBytes(page); err != nil {
		return nil, err
	}
	if s.server, err = fleet.StartServer(ctx, fleet.ServerConfig{Dir: state.path("fleet"), Addr: cfg.Bus, Log: calmer(log)}); err != nil {
		return nil, portHint(err, "--bus")
	}
	s.closes = append(s.closes, func() error { s.server.Close(); return nil })
	s.broker, err = fleet.OpenBroker(fleet.BrokerConfig{
		Dir: state.path("fleet"), Admit: s.admit, Recover: market.Recover, Signer: boss.key, Log: log,
	})
	if err != nil {
		return nil, err
	}
	s.closes = append(s.closes, s.broker.Close)
	conn, err := s.server.Conn("cli")
	if err != nil {
		return nil, err
	}
	s.closes = append(s.closes, func() error { conn.Close(); return nil })
	s.conn, s.bus = conn, fleet.NewClient(conn)
	return s, nil
}

// run serves the site with one host on this machine until ctx is done, and
// returns when everything it started has ended. ready is called once jobs can
// be submitted.
func (s *site) run(ctx context.Context, h hostConfig, ready func(context.Context) error) error {
	boss, err := s.state.party(owner)
	if err != nil {
		return err
	}
	return s.serve(ctx, func(ctx context.Context) error {
		local, err := s.server.Conn("host")
		if err != nil {
			return err
		}
		defer local.Close()
		return serveHost(ctx, hosting{
			hostConfig: h, state: s.state, party: boss, name: "a", slot: s.slot, conn: local, store: s.store,
			market: s.market, index: s.index, metrics: s.metrics, log: s.log,
		})
	}, func(ctx context.Context) error {
		if err := s.present(ctx, 1); err != nil {
			return err
		}
		return ready(ctx)
	})
}

// serve answers hosts and clients while tasks run. It returns when they have
// ended or, if one fails, as soon as the others have stopped.
func (s *site) serve(ctx context.Context, tasks ...func(context.Context) error) error {
	conn, err := s.server.Conn("owner")
	if err != nil {
		return err
	}
	defer conn.Close()
	serving, stop := context.WithCancel(ctx)
	defer stop()
	g, serving := errgroup.WithContext(serving)
	g.Go(func() error { return s.index.Serve(serving) })
	g.Go(func() error { return s.broker.Serve(serving, conn) })
	g.Go(func() error { return fleet.ServeBlobs(serving, conn, fleet.BlobsConfig{Store: s.store, Log: s.log}) })
	g.Go(func() error { return fleet.ServeKeys(serving, conn, (&keyService{s}).release) })
	g.Go(func() error {
		defer stop()
		work, ctx := errgroup.WithContext(serving)
		for _, task := range tasks {
			work.Go(func() error { return task(ctx) })
		}
		return work.Wait()
	})
	return g.Wait()
}

// present waits until n hosts are in the roster.
func (s *site) present(ctx context.Context, n int) error {
	for {
		hosts, err := s.broker.Hosts(ctx)
		if err != nil {
			return err
		}
		if len(hosts) >= n {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// roster returns who serves the slot, after checking that the slot's owner
// signed it and that it has not expired.
func (s *site) roster(ctx context.Context) (wire.Roster, error) {
	signed, err := s.bus.Roster(ctx, s.slot)
	if err != nil {
		return wire.Roster{}, err
	}
	asset, err := s.market.Find(ctx, wire.Slot, s.slot)
	if err != nil {
		return wire.Roster{}, fmt.Errorf("slot %v: %w", s.slot.Short(), err)
	}
	roster, who, err := fleet.OpenRoster(signed, s.slot, time.Now(), market.Recover)
	if err != nil {
		return wire.Roster{}, err
	}
	if who != asset.Owner {
		return wire.Roster{}, fmt.Errorf("roster of slot %v: %v signed it, %v owns the slot: %w", s.slot.Short(), who, asset.Owner, abi.Denied)
	}
	return roster, nil
}
