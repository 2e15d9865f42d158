package main

import (
	"context"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/market"
	"github.com/cloister-ai/cloister/market/chain"
	"github.com/cloister-ai/cloister/market/contracts"
)

func digest(s string) abi.Digest { return abi.Sum([]byte(s)) }

// A shop is an embedded chain with a buyer and something to buy.
type shop struct {
	buyer  *market.Client
	app    market.Asset
	slot   market.Asset
	bundle market.Bundle // of units of both
	index  *market.Index
}

func newShop(b *testing.B, app, slot abi.Digest, units uint64) shop {
	b.Helper()
	key := func() *market.Key {
		k, err := market.NewKey()
		if err != nil {
			b.Fatal(err)
		}
		return k
	}
	operator := key()
	ch, err := chain.Open(b.Context(), chain.Config{Dir: b.TempDir(), Params: contracts.Params{Operator: operator.Address()}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := ch.Close(); err != nil {
			b.Error(err)
		}
	})
	bank, err := market.New(b.Context(), ch, market.Config{Key: operator})
	if err != nil {
		b.Fatal(err)
	}
	s := shop{buyer: bank.As(key()), index: market.NewIndex(bank, market.IndexConfig{})}
	if _, err := bank.Fund(b.Context(), s.buyer.Address()); err != nil {
		b.Fatal(err)
	}
	for _, l := range []struct {
		into *market.Asset
		market.Listing
	}{{&s.app, market.Listing{Kind: wire.App, Content: app}}, {&s.slot, market.Listing{Kind: wire.Slot, Content: slot}}} {
		if *l.into, _, err = s.buyer.List(b.Context(), l.Listing); err != nil {
			b.Fatal(err)
		}
	}
	s.bundle, _, err = s.buyer.Buy(b.Context(), market.Order{Ref: digest("order"), Items: []market.Item{{Asset: s.app.ID, Units: units}, {Asset: s.slot.ID, Units: units}}})
	if err != nil {
		b.Fatal(err)
	}
	serve(b, s.index.Serve)
	return s
}

// serve runs f until the benchmark ends.
func serve(b *testing.B, f func(context.Context) error) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
}

// A receipt read from the index, and from the chain it is an index of.
func BenchmarkIndex(b *testing.B) {
	s := newShop(b, digest("app"), digest("slot"), 1)
	id := s.bundle.Receipts[0].ID
	duel(b, 20, func() {
		if _, err := s.index.Purchase(b.Context(), id); err != nil {
			b.Fatal(err)
		}
	}, func() {
		if _, err := s.buyer.Receipt(b.Context(), id); err != nil {
			b.Fatal(err)
		}
	})
}

// The signer of a request by EIP-712, and of a digest that is there already.
func BenchmarkRecover(b *testing.B) {
	k, err := market.NewKey()
	if err != nil {
		b.Fatal(err)
	}
	domain := market.Domain{ChainID: 1, Market: abi.Address{1}}
	r := wire.Request{ID: digest("id"), Receipts: []abi.Digest{digest("a"), digest("b"), digest("c")}}
	sig, err := market.SignRequest(domain, r, k)
	if err != nil {
		b.Fatal(err)
	}
	bare, text := digest("text"), append([]byte(nil), sig...)
	if text[64] >= 27 {
		text[64] -= 27 // go-ethereum counts from zero
	}
	duel(b, 20, func() {
		if _, err := market.RecoverRequest(domain, r, sig); err != nil {
			b.Fatal(err)
		}
	}, func() {
		if _, err := crypto.SigToPub(bare[:], text); err != nil {
			b.Fatal(err)
		}
	})
}

// The gate's decision on a job with four receipts and two policies, and the
// one signature check that comes before it.
func BenchmarkAdmit(b *testing.B) {
	now := time.Unix(1_800_000_000, 0)
	buyer, host := abi.Address{1}, abi.Address{2}
	f := gate.Facts{
		Now: now, Host: host, Signer: buyer, Purchases: map[abi.Digest]wire.Purchase{},
		Data:  wire.Policy{Kind: wire.Reviewed, Apps: []abi.Digest{digest("app")}, Hosts: []abi.Address{host}, MinRecords: 50, Metrics: 2, ModelBytes: 100, OutputBytes: 1000},
		Model: wire.Policy{Kind: wire.Open},
	}
	r := wire.Request{
		ID: digest("job"), App: digest("app"), Data: digest("data"), Model: digest("model"), Slot: digest("slot"),
		Body: digest("body"), Deadline: uint64(now.Unix()) + 60,
	}
	for kind, content := range map[wire.AssetKind]abi.Digest{wire.App: r.App, wire.Dataset: r.Data, wire.Model: r.Model, wire.Slot: r.Slot} {
		id := abi.Sum([]byte{byte(kind)})
		r.Receipts = append(r.Receipts, id)
		f.Purchases[id] = wire.Purchase{ID: id, Buyer: buyer, Kind: kind, Content: content, Units: 1, Expiry: uint64(now.Unix()) + 3600}
	}
	k, err := market.NewKey()
	if err != nil {
		b.Fatal(err)
	}
	domain := market.Domain{ChainID: 1, Market: abi.Address{1}}
	sig, err := market.SignRequest(domain, r, k)
	if err != nil {
		b.Fatal(err)
	}
	duel(b, 100, func() {
		if _, err := gate.Admit(gate.Policy{Slot: r.Slot}, f, r); err != nil {
			b.Fatal(err)
		}
	}, func() {
		if _, err := market.RecoverRequest(domain, r, sig); err != nil {
			b.Fatal(err)
		}
	})
}
