package market_test

import (
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/market"
	"github.com/cloister-ai/cloister/market/chain"
	"github.com/cloister-ai/cloister/market/contracts"
)

// A world is an embedded chain with four parties who have what they need.
type world struct {
	chain                           *chain.Chain
	operator, seller, dev, host, me *market.Client
}

func newWorld(t testing.TB, p contracts.Params) *world {
	t.Helper()
	operator := newKey(t)
	p.Operator = operator.Address()
	ch, err := chain.Open(t.Context(), chain.Config{Dir: t.TempDir(), Params: p})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ch.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	c, err := market.New(t.Context(), ch, market.Config{Key: operator})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{chain: ch, operator: c}
	for _, party := range []**market.Client{&w.seller, &w.dev, &w.host, &w.me} {
		*party = c.As(newKey(t))
		if _, err := c.Fund(t.Context(), (*party).Address()); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func newKey(t testing.TB) *market.Key {
	t.Helper()
	k, err := market.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// list puts something on sale and returns it.
func list(t testing.TB, c *market.Client, l market.Listing) market.Asset {
	t.Helper()
	a, _, err := c.List(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func digest(s string) abi.Digest { return abi.Sum([]byte(s)) }

func TestABundleIsBoughtUsedSettledAndPaidOut(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	ctx := t.Context()
	split := []market.Share{{To: abi.Address{}, Bps: 7000}, {To: w.seller.Address(), Bps: 3000}}
	key, _, err := w.dev.SetSplit(ctx, split)
	if err != nil {
		t.Fatal(err)
	}
	app := list(t, w.dev, market.Listing{Kind: wire.App, Content: digest("app"), Price: 2 * market.Credit, URI: "app.json"})
	model := list(t, w.dev, market.Listing{Kind: wire.Model, Content: digest("model"), Price: 10 * market.Credit, Split: key})
	slot := list(t, w.host, market.Listing{Kind: wire.Slot, Content: digest("slot"), Price: market.Credit / 2})

	order := market.Order{Ref: digest("order"), TTL: time.Hour, Items: []market.Item{{app.ID, 1}, {model.ID, 1}, {slot.ID, 4}}}
	b, tx, err := w.me.Buy(ctx, order)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("bundle of 3: %d gas", tx.Gas)
	if b.Paid != 14*market.Credit || len(b.Receipts) != 3 {
		t.Fatalf("Buy = %+v", b)
	}
	again, tx2, err := w.me.Buy(ctx, order)
	if err != nil || !tx2.Again || tx2.Hash != tx.Hash || again.Receipts[2] != b.Receipts[2] {
		t.Fatalf("second Buy = %+v, %+v, %v; want the first outcome %+v", again, tx2, err, tx)
	}

	request := wire.Request{
		ID: digest("job"), App: app.Content, Model: model.Content, Slot: slot.Content, Body: digest("body"),
		Receipts: b.IDs(), Deadline: uint64(time.Now().Add(time.Hour).Unix()), Limits: wire.Limits{Wall: time.Second, Tensor: 1 << 30},
	}
	signature, err := market.SignRequest(w.me.Domain(), request, w.me.Key())
	if err != nil {
		t.Fatal(err)
	}
	s, tx, err := w.host.SettleJob(ctx, request, signature)
	if err != nil || len(s.Payments) != 3 || len(s.Skipped) != 0 {
		t.Fatalf("SettleJob = %+v, %v", s, err)
	}
	t.Logf("settlement of 3: %d gas", tx.Gas)
	for _, want := range []struct {
		who  *market.Client
		owed uint64
	}{{w.dev, 9 * market.Credit}, {w.seller, 3 * market.Credit}, {w.host, 2 * market.Credit}} {
		got, _, err := w.me.Release(ctx, want.who.Address())
		if err != nil || got != want.owed {
			t.Errorf("Release(%v) = %d, %v; want %d", want.who.Address(), got, err, want.owed)
		}
	}
	balance, err := w.me.Balance(ctx, w.me.Address())
	if err != nil || balance.Credits != 986*market.Credit || balance.Escrowed != 0 {
		t.Errorf("Balance = %+v, %v", balance, err)
	}
}
