package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/host"
	"github.com/cloister-ai/cloister/host/fleet"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/ledger"
	"github.com/cloister-ai/cloister/host/sandbox"
	"github.com/cloister-ai/cloister/host/store"
	"github.com/cloister-ai/cloister/market"

	"github.com/prometheus/client_golang/prometheus"
)

// hostConfig is what an owner says about a machine.
type hostConfig struct {
	Engine string        `help:"Tensor engine: cpu, gorgonia, or driver:PATH for a device of others." default:"cpu"`
	Jobs   int           `help:"Jobs at a time." default:"1"`
	Wall   time.Duration `help:"Most time one job may take." default:"10m"`
	Memory uint32        `help:"Most guest memory of one job, in 64 KiB pages." default:"4096"`
	Tensor uint64        `help:"Most tensor bytes of one job." default:"2147483648"`
	Score  bool          `help:"Join with a score: the one that cloister bench kept, or a short measurement." default:"true" negatable:""`
}

// hosting is everything one host runs with.
type hosting struct {
	hostConfig
	state   stateDir // of this host
	party   *party
	name    string
	slot    abi.Digest
	conn    *fleet.Conn
	store   *store.Store
	market  *market.Client
	index   *market.Index
	metrics *prometheus.Registry // nil: not exported
	log     *slog.Logger
}

// serveHost runs jobs of the slot until ctx is done.
func serveHost(ctx context.Context, h hosting) (err error) {
	eng, err := engine.New(h.Engine)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeEngine(eng)) }()
	sb, err := sandbox.New(ctx, sandbox.Config{CacheDir: h.state.path("cache"), Log: h.log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sb.Close(context.WithoutCancel(ctx))) }()
	book, err := ledger.Open(h.state.path("receipts"), h.party.key, market.Recover)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()

	cfg := host.Config{
		Address: h.party.key.Address(), Identity: h.party.id,
		Policy: gate.Policy{Slot: h.slot, Max: wire.Limits{Wall: h.Wall, Memory: h.Memory, Tensor: h.Tensor}},
		Signer: signer(h.market.Domain()), Purchases: h.index, Store: remoteStore{h.store, h.conn}, Keys: rosterKeys{h.conn, h.slot, h.party},
		Engine: eng, Sandbox: sb, Ledger: book, Log: h.log,
	}
	if h.metrics != nil {
		cfg.Metrics = h.metrics // a nil *Registry is not a nil Registerer
	}
	n, err := host.New(cfg)
	if err != nil {
		return err
	}
	card := wire.Host{Name: h.name, Address: h.party.key.Address(), Key: h.party.id.Public(), Engine: eng.Name()}
	if card.Score, err = h.score(ctx, eng); err != nil {
		return err
	}
	return fleet.Serve(ctx, h.conn, fleet.HostConfig{Card: card, Signer: h.party.key, Slots: h.Jobs, Cached: h.cached, Log: h.log}, n)
}

// cached lists what this host need not fetch.
func (h hosting) cached() []abi.Digest {
	entries, err := h.store.List()
	if err != nil {
		return nil // it fetches, then
	}
	var have []abi.Digest
	for _, e := range entries {
		have = append(have, e.Digest)
	}
	return have
}

// closeEngine ends an engine that holds a process.
func closeEngine(e abi.Engine) error {
	if c, ok := e.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// remoteStore is a store that fetches what it lacks from the slot's owner, and
// gives the owner what it makes.
type remoteStore struct {
	local *store.Store
	bus   *fleet.Conn
}

func (r remoteStore) Open(ctx context.Context, d abi.Digest) (*os.File, error) {
	if err := r.want(ctx, d); err != nil {
		return nil, err
	}
	return r.local.Open(d)
}

func (r remoteStore) Put(ctx context.Context, b []byte) (abi.Digest, error) {
	d, err := r.local.PutBytes(b)
	if err != nil {
		return abi.Digest{}, err
	}
	return d, r.bus.Push(ctx, r.local, d)
}

func (r remoteStore) want(ctx context.Context, d abi.Digest) error {
	if r.local.Has(d) {
		return nil
	}
	if err := r.bus.Fetch(ctx, r.local, d); err != nil {
		return fmt.Errorf("fetch %v: %w", d.Short(), err)
	}
	return nil
}

// rosterKeys asks sellers for keys, with the roster that says who this host is.
type rosterKeys struct {
	bus  *fleet.Conn
	slot abi.Digest
	me   *party
}

func (k rosterKeys) Key(ctx context.Context, q wire.KeyRequest) (_ wire.SealedKey, err error) {
	if q.Roster, err = k.bus.Roster(ctx, k.slot); err != nil {
		return wire.SealedKey{}, err
	}
	if q.Proof, err = k.me.key.Sign(wire.HostKeyDigest(k.me.id.Public())); err != nil {
		return wire.SealedKey{}, err
	}
	return k.bus.RequestKey(ctx, q)
}
