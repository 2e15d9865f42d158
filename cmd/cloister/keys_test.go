package main

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/vault"
	"github.com/cloister-ai/cloister/market"
)

// A thief with money and every right that money buys: he pays for the use of a
// dataset, signs jobs, lists slots and signs their rosters.
func TestADatasetsKeyStaysWithTheHostsItsSellerNamed(t *testing.T) {
	ctx := t.Context()
	state := stateDir(t.TempDir())
	s, err := bring(ctx, state, siteConfig{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	honest, err := s.as(seller)
	must(err)
	boss, err := s.as(owner)
	must(err)
	elsewhere, err := stateDir(t.TempDir()).party("thief")
	must(err)
	thief := &actor{party: elsewhere, site: s, market: s.market.As(elsewhere.key)}
	bank, err := s.as(operator)
	must(err)
	for _, a := range []*actor{honest, boss, thief} {
		_, err := bank.market.Fund(ctx, a.key.Address())
		must(err)
	}

	list := func(a *actor, kind wire.AssetKind, content abi.Digest, p *wire.Policy) market.Asset {
		t.Helper()
		asset, _, err := a.list(ctx, offer{kind: kind, content: content, policy: p})
		must(err)
		return asset
	}
	buy := func(asset market.Asset) abi.Digest {
		t.Helper()
		b, _, err := thief.market.Buy(ctx, market.Order{Ref: random(), TTL: time.Hour, Items: []market.Item{{Asset: asset.ID, Units: 1}}})
		must(err)
		return b.Receipts[0].ID
	}
	app, key, unsold := abi.Sum([]byte("app")), vault.NewKey(), abi.Sum([]byte("not for sale yet"))
	content := abi.Sum([]byte("sealed records"))
	must(honest.keys.Put(content, key))
	must(honest.keys.Put(unsold, vault.NewKey()))
	data := list(honest, wire.Dataset, content, &wire.Policy{Kind: wire.Reviewed, Apps: []abi.Digest{app}, Hosts: []abi.Address{boss.key.Address()}})
	list(boss, wire.Slot, s.slot, nil)
	den := list(thief, wire.Slot, abi.Sum([]byte("den")), nil)
	paid := buy(data)
	squatted := buy(list(thief, wire.Dataset, unsold, &wire.Policy{Kind: wire.Open}))

	ask := func(content, receipt, slot abi.Digest, by *actor, host wire.Host, prover *actor) (wire.SealedKey, wire.KeyRequest, error) {
		t.Helper()
		q := wire.KeyRequest{
			Job:     wire.Request{ID: random(), App: app, Data: content, Slot: slot, Receipts: []abi.Digest{receipt}, Deadline: uint64(time.Now().Add(time.Minute).Unix())},
			Content: content, Receipt: receipt, Host: host.Address,
		}
		var err error
		q.Signature, err = market.SignRequest(s.market.Domain(), q.Job, thief.key)
		must(err)
		q.Roster.Roster, err = wire.Marshal(wire.Roster{Slot: slot, Hosts: []wire.Host{host}, Expires: uint64(time.Now().Add(time.Minute).Unix())})
		must(err)
		q.Roster.Signature, err = by.key.Sign(abi.Sum(q.Roster.Roster))
		must(err)
		q.Proof, err = prover.key.Sign(wire.HostKeyDigest(host.Key))
		must(err)
		k, err := (&keyService{s}).release(ctx, q)
		return k, q, err
	}
	mine := wire.Host{Name: "a", Address: thief.key.Address(), Key: thief.id.Public()}
	machine := wire.Host{Name: "a", Address: boss.key.Address(), Key: boss.id.Public()}
	swapped := wire.Host{Name: "a", Address: boss.key.Address(), Key: thief.id.Public()}

	k, q, err := ask(content, paid, s.slot, boss, machine, boss)
	must(err)
	if got, err := boss.id.OpenKey(k, vault.KeyInfo(content, q.Job.ID, paid, machine.Address)); err != nil || got != key {
		t.Errorf("the host that the seller named cannot open the key: %v", err)
	}
	if k, _, err := ask(content, paid, s.slot, boss, machine, boss); !errors.Is(err, abi.Denied) || !strings.Contains(err.Error(), "released for all 1 units") || k.Ciphertext != nil {
		t.Errorf("the key for a second job of one that was paid: %v; want %v", err, abi.Denied)
	}
	for _, tt := range []struct {
		name             string
		content, receipt abi.Digest
		slot             abi.Digest
		by               *actor
		host             wire.Host
		want             string
	}{
		{"at home", content, paid, ownMachine(thief.key.Address()), thief, mine, "not taken home"},
		{"on a slot of his own", content, paid, den.Content, thief, mine, "does not list host"},
		{"on a slot of his own, as the host that is trusted", content, paid, den.Content, thief, swapped, "did not sign the key"},
		{"on the owner's slot, by a roster of his own", content, paid, s.slot, thief, machine, "signed the roster"},
		{"for content that he put on sale himself", unsold, squatted, ownMachine(thief.key.Address()), thief, mine, "nobody here offers"},
		{"for other content than he paid for", unsold, paid, ownMachine(thief.key.Address()), thief, mine, "not taken home"},
	} {
		k, _, err := ask(tt.content, tt.receipt, tt.slot, tt.by, tt.host, thief)
		if !errors.Is(err, abi.Denied) || !strings.Contains(err.Error(), tt.want) || k.Ciphertext != nil {
			t.Errorf("%s: %v; want %v, %q and no key", tt.name, err, abi.Denied, tt.want)
		}
	}
}
