package market_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/market"
	"github.com/cloister-ai/cloister/market/chain"
	"github.com/cloister-ai/cloister/market/contracts"
)

func TestEveryWriteIsDoneOnce(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	ctx := t.Context()
	shares := []market.Share{{To: w.seller.Address(), Bps: 9_999}, {Bps: 1}}
	split, _, err := w.dev.SetSplit(ctx, shares)
	if err != nil {
		t.Fatal(err)
	}
	listing := market.Listing{Kind: wire.Dataset, Content: digest("data"), Policy: digest("policy"), Price: 3, Split: split, RoyaltyBps: 100, URI: "data.json"}
	order := market.Order{Ref: digest("order")}
	var asset market.Asset
	var bundle market.Bundle
	until := time.Now().Add(time.Hour)
	steps := []struct {
		what string
		do   func() (market.Tx, error)
	}{
		{"Fund", func() (market.Tx, error) { return w.operator.Fund(ctx, abi.Address{7}) }},
		{"SetSplit", func() (market.Tx, error) {
			key, tx, err := w.host.SetSplit(ctx, []market.Share{{To: w.host.Address(), Bps: 10_000}})
			if want := market.SplitKey([]market.Share{{To: w.host.Address(), Bps: 10_000}}); key != want {
				t.Errorf("SetSplit = %v, want %v", key, want)
			}
			return tx, err
		}},
		{"List", func() (tx market.Tx, err error) { asset, tx, err = w.dev.List(ctx, listing); return tx, err }},
		{"SetPrice", func() (market.Tx, error) { return w.dev.SetPrice(ctx, asset.ID, 5) }},
		{"SetDelisted", func() (market.Tx, error) { return w.dev.SetDelisted(ctx, asset.ID, true) }},
		{"SetDelisted back", func() (market.Tx, error) { return w.dev.SetDelisted(ctx, asset.ID, false) }},
		{"Buy", func() (tx market.Tx, err error) {
			order.Items = []market.Item{{Asset: asset.ID, Units: 2}, {Asset: asset.ID}}
			bundle, tx, err = w.me.Buy(ctx, order)
			return tx, err
		}},
		{"Delegate", func() (market.Tx, error) { return w.me.Delegate(ctx, bundle.IDs(), w.host.Address(), until) }},
		{"Pause", func() (market.Tx, error) { return w.operator.Pause(ctx) }},
		{"Unpause", func() (market.Tx, error) { return w.operator.Unpause(ctx) }},
		{"Refund", func() (market.Tx, error) { _, tx, err := w.me.Refund(ctx, bundle.Receipts[0].ID); return tx, err }},
		{"Settle", func() (market.Tx, error) {
			_, tx, err := w.me.Settle(ctx, []abi.Digest{bundle.Receipts[1].ID})
			return tx, err
		}},
		{"Release", func() (market.Tx, error) { _, tx, err := w.me.Release(ctx, w.dev.Address()); return tx, err }},
	}
	for _, s := range steps {
		first, err := s.do()
		if err != nil || first.Again || first.Hash.IsZero() || first.Gas == 0 || first.Block == 0 {
			t.Fatalf("%s = %+v, %v", s.what, first, err)
		}
		head := w.chain.DurableHead()
		if head < first.Block {
			t.Errorf("%s returned before block %d was durable: %d", s.what, first.Block, head)
		}
		again, err := s.do()
		if err != nil || !again.Again {
			t.Errorf("%s, again = %+v, %v; want nothing sent", s.what, again, err)
		}
		if now := w.chain.DurableHead(); now != head {
			t.Errorf("%s, again, made block %d after %d", s.what, now, head)
		}
		if s.what == "Buy" || s.what == "List" { // whose refs stand on chain
			if again.Hash != first.Hash || again.Block != first.Block || again.Gas != first.Gas {
				t.Errorf("%s, again = %+v; want the first outcome %+v", s.what, again, first)
			}
		}
	}

	got, err := w.me.Asset(ctx, asset.ID)
	want := market.Asset{
		ID: asset.ID, Owner: w.dev.Address(), Kind: wire.Dataset, Content: digest("data"), Policy: digest("policy"),
		Split: split, Price: 5, URI: "data.json", Block: got.Block,
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Asset, %v (-want +got):\n%s", err, diff)
	}
	if found, err := w.me.Find(ctx, wire.Dataset, digest("data")); err != nil || found != got {
		t.Errorf("Find = %+v, %v; want %+v", found, err, got)
	}
	if all, err := w.me.Assets(ctx); err != nil || len(all) != 1 || all[0] != got {
		t.Errorf("Assets = %+v, %v; want one", all, err)
	}
	if back, err := w.me.Split(ctx, split); err != nil || !cmp.Equal(back, shares) {
		t.Errorf("Split = %+v, %v; want %+v", back, err, shares)
	}
	bought, err := w.me.Purchases(ctx, w.me.Address())
	if err != nil || len(bought) != 2 {
		t.Fatalf("Purchases = %+v, %v; want 2", bought, err)
	}
	sold, err := w.dev.Sales(ctx, asset.ID)
	if diff := cmp.Diff(bought, sold); err != nil || diff != "" {
		t.Errorf("Sales, %v (-purchases +sales):\n%s", err, diff)
	}
	r := bought[0]
	wantReceipt := market.Receipt{
		Purchase: wire.Purchase{
			ID: bundle.Receipts[0].ID, Buyer: w.me.Address(), Delegate: w.host.Address(), Until: uint64(until.Unix()), Asset: asset.ID,
			Kind: wire.Dataset, Content: digest("data"), Policy: digest("policy"), Units: 2, Paid: 10, Expiry: r.Expiry, Refunded: true, Block: r.Block,
		},
		State: market.Refunding, Seller: w.dev.Address(), Split: split, RefundUntil: r.RefundUntil, RefundDue: r.RefundDue,
	}
	if diff := cmp.Diff(wantReceipt, r); diff != "" {
		t.Errorf("first receipt (-want +got):\n%s", diff)
	}
	if bought[1].State != market.Settled || bought[1].Paid != 5 || bought[1].Refunded {
		t.Errorf("second receipt = %+v", bought[1])
	}
	balance, err := w.me.Balance(ctx, w.me.Address())
	if err != nil || balance.Credits != 1000*market.Credit-15 || balance.Escrowed != 10 || balance.Wei.Sign() <= 0 {
		t.Errorf("Balance = %+v, %v", balance, err)
	}
}

func TestAListingTellsWhoMadeIt(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	a := list(t, w.dev, market.Listing{Kind: wire.App, Content: digest("app")})
	if want := market.ListingID(w.dev.Address(), wire.App, digest("app")); a.ID != want {
		t.Errorf("the listing has id %v, ListingID says %v", a.ID, want)
	}
	b := list(t, w.seller, market.Listing{Kind: wire.Model, Content: digest("model of dev")})
	if b.ID == market.ListingID(w.dev.Address(), wire.Model, digest("model of dev")) {
		t.Error("a stranger's listing has the id that the developer's would have")
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	ctx := t.Context()
	asset := list(t, w.dev, market.Listing{Kind: wire.App, Content: digest("app"), Price: 600 * market.Credit})
	off := list(t, w.dev, market.Listing{Kind: wire.App, Content: digest("off"), Price: 1})
	if _, err := w.dev.SetDelisted(ctx, off.ID, true); err != nil {
		t.Fatal(err)
	}
	buy := func(c *market.Client, o market.Order) error { _, _, err := c.Buy(ctx, o); return err }
	one := []market.Item{{Asset: asset.ID}}
	if err := buy(w.me, market.Order{Ref: digest("mine"), Items: one}); err != nil {
		t.Fatal(err)
	}
	mine, err := w.me.Purchases(ctx, w.me.Address())
	if err != nil {
		t.Fatal(err)
	}
	request := wire.Request{ID: digest("job"), Receipts: []abi.Digest{mine[0].ID}}

	for _, c := range []struct {
		what string
		do   func() error
		kind abi.Kind
		says string
	}{
		{"the price moved", func() error { return buy(w.seller, market.Order{Ref: digest("a"), Items: one, MaxPaid: market.Credit}) }, abi.Denied,
			"price of asset " + asset.ID.Short() + " is now 600 CLC, 1 CLC left"},
		{"not enough credits", func() error { return buy(w.me, market.Order{Ref: digest("a"), Items: one}) }, abi.Exhausted, "has 400 CLC, 600 CLC needed"},
		{"off sale", func() error { return buy(w.me, market.Order{Ref: digest("a"), Items: []market.Item{{Asset: off.ID}}}) }, abi.Denied, "is not for sale"},
		{"no such asset", func() error {
			return buy(w.me, market.Order{Ref: digest("a"), Items: []market.Item{{Asset: digest("none")}}})
		}, abi.NotFound, "asset " + digest("none").Short()},
		{"another order under a used ref", func() error {
			return buy(w.me, market.Order{Ref: digest("mine"), Items: []market.Item{{Asset: asset.ID, Units: 2}}})
		}, abi.Invalid, "bought something else before"},
		{"no ref", func() error { return buy(w.me, market.Order{Items: one}) }, abi.Invalid, "needs a ref"},
		{"no items", func() error { return buy(w.me, market.Order{Ref: digest("a")}) }, abi.Invalid, "order of 0 items"},
		{"too long", func() error { return buy(w.me, market.Order{Ref: digest("a"), Items: one, TTL: 367 * 24 * time.Hour}) }, abi.Invalid, "at most"},
		{"somebody else's asset", func() error { _, err := w.me.SetPrice(ctx, asset.ID, 1); return err }, abi.Denied, "is not owned by " + w.me.Address().String()},
		{"somebody else's listed content", func() error {
			_, _, err := w.me.List(ctx, market.Listing{Kind: wire.App, Content: digest("app")})
			return err
		}, abi.Denied, "listed already, as asset " + asset.ID.Short()},
		{"another listing under a used ref", func() error {
			_, _, err := w.dev.List(ctx, market.Listing{Kind: wire.App, Content: digest("app"), Policy: digest("other")})
			return err
		}, abi.Invalid, "listed app"},
		{"an unknown split", func() error {
			_, _, err := w.dev.List(ctx, market.Listing{Kind: wire.App, Content: digest("b"), Split: digest("none")})
			return err
		}, abi.NotFound, "not written down"},
		{"a split of too little", func() error { _, _, err := w.dev.SetSplit(ctx, []market.Share{{Bps: 1}}); return err }, abi.Invalid, "10000 in all"},
		{"somebody else's receipt", func() error { _, _, err := w.dev.Refund(ctx, mine[0].ID); return err }, abi.Denied, "was not bought by"},
		{"delegating somebody else's receipt", func() error {
			_, err := w.dev.Delegate(ctx, []abi.Digest{mine[0].ID}, abi.Address{1}, time.Now())
			return err
		}, abi.Denied, "was not bought by"},
		{"no such receipt", func() error { _, _, err := w.me.Refund(ctx, digest("none")); return err }, abi.NotFound, digest("none").Short()},
		{"an empty batch", func() error { _, _, err := w.me.Settle(ctx, nil); return err }, abi.Invalid, "batch of 0"},
		{"no signature", func() error { _, _, err := w.me.SettleJob(ctx, request, nil); return err }, abi.Denied, "signature of 0 bytes"},
		{"a stranger at the faucet", func() error { _, err := w.me.Fund(ctx, abi.Address{1}); return err }, abi.Denied, "is not the operator"},
		{"a stranger at the switch", func() error { _, err := w.me.Pause(ctx); return err }, abi.Denied, "is not the operator"},
		{"writing without a key", func() error { _, err := w.me.As(nil).Pause(ctx); return err }, abi.Denied, "has no key"},
		{"buying without a key", func() error { return buy(w.me.As(nil), market.Order{Ref: digest("a"), Items: one}) }, abi.Denied, "has no key"},
		{"paused", func() error {
			if _, err := w.operator.Pause(ctx); err != nil {
				return err
			}
			return buy(w.seller, market.Order{Ref: digest("a"), Items: one})
		}, abi.Unavailable, "paused"},
	} {
		if err := c.do(); abi.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "market: ") {
			t.Errorf("%s: %v; want %v and %q", c.what, err, c.kind, c.says)
		}
	}
	if mine2, err := w.me.Purchases(ctx, w.me.Address()); err != nil || len(mine2) != 1 {
		t.Errorf("after refusals there are %d receipts, %v; want 1", len(mine2), err)
	}
}

func TestNobodyWritesWithoutCoinForGas(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	pauper := w.me.As(newKey(t))
	_, _, err := pauper.List(t.Context(), market.Listing{Kind: wire.App, Content: digest("app")})
	if abi.KindOf(err) != abi.Exhausted || !strings.Contains(err.Error(), "no coin left to pay for gas") {
		t.Errorf("List = %v; want exhausted", err)
	}
}

func TestARefundComesBackAfterItsDelay(t *testing.T) {
	w := newWorld(t, contracts.Params{RefundDelay: 3 * time.Second})
	ctx := t.Context()
	asset := list(t, w.dev, market.Listing{Kind: wire.App, Content: digest("app"), Price: 9})
	b, _, err := w.me.Buy(ctx, market.Order{Ref: digest("order"), Items: []market.Item{{Asset: asset.ID}}})
	if err != nil {
		t.Fatal(err)
	}
	id := b.Receipts[0].ID
	r, _, err := w.me.Refund(ctx, id)
	if err != nil || r.State != market.Refunding || !r.Refunded || r.RefundDue.IsZero() {
		t.Fatalf("Refund = %+v, %v", r, err)
	}
	for price := uint64(10); price < 14; price++ { // each block is at least a second
		if _, err := w.dev.SetPrice(ctx, asset.ID, price); err != nil {
			t.Fatal(err)
		}
	}
	r, tx, err := w.me.Refund(ctx, id)
	if err != nil || r.State != market.Refunded || tx.Again {
		t.Fatalf("Refund when due = %+v, %+v, %v", r, tx, err)
	}
	if balance, err := w.me.Balance(ctx, w.me.Address()); err != nil || balance.Credits != 1000*market.Credit || balance.Escrowed != 0 {
		t.Errorf("Balance = %+v, %v", balance, err)
	}
	if _, _, err := w.me.Refund(ctx, id); err != nil {
		t.Errorf("Refund of what is refunded = %v", err)
	}
	s, tx, err := w.host.Settle(ctx, []abi.Digest{id, digest("none")})
	if err != nil || !tx.Again || len(s.Payments) != 0 || len(s.Skipped) != 2 {
		t.Errorf("Settle of what is refunded = %+v, %+v, %v", s, tx, err)
	}
}

func TestASettlementNamesWhatItPassedOver(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	ctx := t.Context()
	asset := list(t, w.dev, market.Listing{Kind: wire.App, Content: digest("app"), Price: 9})
	b, _, err := w.me.Buy(ctx, market.Order{Ref: digest("order"), Items: []market.Item{{Asset: asset.ID}, {Asset: asset.ID}}})
	if err != nil {
		t.Fatal(err)
	}
	ids := b.IDs()
	if _, _, err := w.me.Settle(ctx, ids[:1]); err != nil {
		t.Fatal(err)
	}
	got, _, err := w.host.Settle(ctx, append(ids, digest("none")))
	want := market.Settlement{Skipped: []market.Skip{
		{Receipt: ids[0], Reason: "settled or refunded before"}, {Receipt: ids[1], Reason: "nothing is due yet"}, {Receipt: digest("none"), Reason: "there is no such receipt"},
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Settle by a stranger, %v (-want +got):\n%s", err, diff)
	}
	request := wire.Request{ID: digest("job"), Receipts: ids}
	forged, err := market.SignRequest(w.host.Domain(), request, w.host.Key())
	if err != nil {
		t.Fatal(err)
	}
	got, _, err = w.host.SettleJob(ctx, request, forged)
	want.Skipped = []market.Skip{{Receipt: ids[0], Reason: "settled or refunded before"}, {Receipt: ids[1], Reason: "the job is not signed by the buyer or a key of the buyer's"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("SettleJob with another signature, %v (-want +got):\n%s", err, diff)
	}
	if _, err := w.me.Delegate(ctx, ids, w.host.Address(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	got, _, err = w.seller.SettleJob(ctx, request, forged) // now the key is the buyer's delegate
	want = market.Settlement{
		Payments: []market.Payment{{Receipt: ids[1], State: market.Settled, To: w.dev.Address(), Amount: 9, Job: request.ID}},
		Skipped:  want.Skipped[:1],
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("SettleJob by a delegate, %v (-want +got):\n%s", err, diff)
	}
}

func TestManyWritersOfOneKeyDoNotCollide(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	ctx := t.Context()
	asset := list(t, w.dev, market.Listing{Kind: wire.App, Content: digest("app"), Price: 1})
	second, err := market.New(ctx, w.chain, market.Config{Key: w.me.Key()}) // as if another process had the key too
	if err != nil {
		t.Fatal(err)
	}
	const orders, copies = 6, 2
	var wg sync.WaitGroup
	for n := range orders {
		for i := range copies {
			c := w.me
			if (n+i)%2 == 0 {
				c = second
			}
			wg.Go(func() {
				order := market.Order{Ref: digest(fmt.Sprint("order ", n)), Items: []market.Item{{Asset: asset.ID}}, MaxPaid: 1}
				if b, _, err := c.Buy(ctx, order); err != nil || len(b.Receipts) != 1 {
					t.Errorf("order %d: %+v, %v", n, b, err)
				}
			})
		}
	}
	wg.Wait()
	balance, err := w.me.Balance(ctx, w.me.Address())
	if err != nil || balance.Credits != 1000*market.Credit-orders || balance.Escrowed != orders {
		t.Errorf("Balance = %+v, %v; want %d orders paid once", balance, err, orders)
	}
}

func TestTheSameCodeWorksOverAURL(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	ctx := t.Context()
	far, err := market.Dial(ctx, w.chain.URL(), market.Config{Key: w.me.Key()})
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	asset := list(t, far.As(w.dev.Key()), market.Listing{Kind: wire.App, Content: digest("app"), Price: 4})
	b, tx, err := far.Buy(ctx, market.Order{Ref: digest("order"), Items: []market.Item{{Asset: asset.ID}}})
	if err != nil || b.Paid != 4 {
		t.Fatalf("Buy = %+v, %+v, %v", b, tx, err)
	}
	near, err := w.me.Receipt(ctx, b.Receipts[0].ID)
	if diff := cmp.Diff(near, b.Receipts[0]); err != nil || diff != "" {
		t.Errorf("receipt, %v (-embedded +dialled):\n%s", err, diff)
	}
	_, _, err = far.Buy(ctx, market.Order{Ref: digest("dear"), Items: []market.Item{{Asset: asset.ID}}, MaxPaid: 1})
	if abi.KindOf(err) != abi.Denied || !strings.Contains(err.Error(), "price of asset") {
		t.Errorf("Buy over the price = %v; want denied", err)
	}
}

func TestADeployedMarketStandsApart(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	ctx := t.Context()
	at, err := market.Deploy(ctx, w.chain.URL(), market.Config{Key: w.operator.Key()}, contracts.Params{Operator: w.host.Address()})
	if err != nil {
		t.Fatal(err)
	}
	far, err := market.Dial(ctx, w.chain.URL(), market.Config{Key: w.dev.Key(), Addresses: at})
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	here := list(t, w.dev, market.Listing{Kind: wire.App, Content: digest("app"), Price: 4})
	there := list(t, far, market.Listing{Kind: wire.App, Content: digest("app")})
	if there.Price != 0 || here.Price != 4 {
		t.Errorf("listed %+v here and %+v there", here, there)
	}
	b, _, err := far.As(w.me.Key()).Buy(ctx, market.Order{Ref: digest("order"), Items: []market.Item{{Asset: there.ID}}})
	if err != nil || len(b.Receipts) != 1 || b.Paid != 0 {
		t.Errorf("Buy of something free = %+v, %v", b, err)
	}
	if _, err := far.Fund(ctx, abi.Address{1}); abi.KindOf(err) != abi.NotFound {
		t.Errorf("Fund without a faucet = %v; want not found", err)
	}
	if _, err := far.As(w.operator.Key()).Pause(ctx); abi.KindOf(err) != abi.Denied {
		t.Errorf("Pause by another chain's operator = %v; want denied", err)
	}
	if far.Domain() == w.me.Domain() {
		t.Error("two markets share a domain")
	}
}

func TestConfirmationsAreWaitedFor(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	far, err := market.Dial(t.Context(), w.chain.URL(), market.Config{Key: w.dev.Key(), Confirmations: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, _, err := far.List(ctx, market.Listing{Kind: wire.App, Content: digest("app"), Price: 1})
		done <- err
	}()
	listed := func() bool { // in a block, though not confirmed
		_, err := w.me.Find(t.Context(), wire.App, digest("app"))
		return err == nil
	}
	for !listed() {
		time.Sleep(time.Millisecond)
	}
	if all, err := far.Assets(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("Assets = %+v, %v before confirmations; want none", all, err)
	}
	cancel()
	if err := <-done; abi.KindOf(err) != abi.Unavailable {
		t.Fatalf("List without confirmations = %v; want unavailable", err)
	}
	for n := range 2 {
		if _, err := w.operator.Fund(t.Context(), abi.Address{byte(n + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	a, tx, err := far.List(t.Context(), market.Listing{Kind: wire.App, Content: digest("app"), Price: 1})
	if err != nil || !tx.Again || a.Price != 1 {
		t.Errorf("List with confirmations = %+v, %+v, %v; want the first outcome", a, tx, err)
	}
}

func TestDialRefusesWhatIsNoMarket(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	at := contracts.Predeployed()
	at.Market[0]++
	if _, err := market.Dial(t.Context(), w.chain.URL(), market.Config{Addresses: at}); abi.KindOf(err) != abi.NotFound {
		t.Errorf("Dial without contracts = %v; want not found", err)
	}
	if _, err := market.Dial(t.Context(), "http://127.0.0.1:1", market.Config{}); abi.KindOf(err) != abi.Unavailable {
		t.Errorf("Dial of nothing = %v; want unavailable", err)
	}
	if _, err := market.Dial(t.Context(), "gopher://chain", market.Config{}); abi.KindOf(err) != abi.Unavailable {
		t.Errorf("Dial of no URL = %v; want unavailable", err)
	}
}

func TestAWriteEndsWithTheChain(t *testing.T) {
	key := newKey(t)
	ch, err := chain.Open(t.Context(), chain.Config{Dir: t.TempDir(), Params: contracts.Params{Operator: key.Address()}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := market.New(t.Context(), ch, market.Config{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Fund(t.Context(), abi.Address{1}); abi.KindOf(err) != abi.Unavailable {
		t.Errorf("Fund on a chain that closed = %v; want unavailable", err)
	}
}

func TestAmountsReadAsTheyAreWritten(t *testing.T) {
	for text, units := range map[string]uint64{"0 CLC": 0, "1 CLC": 1_000_000, "1.5 CLC": 1_500_000, "0.000001 CLC": 1, "18446744073709.551615 CLC": 1<<64 - 1} {
		if got := market.FormatCredits(units); got != text {
			t.Errorf("FormatCredits(%d) = %q, want %q", units, got, text)
		}
		if got, err := market.ParseCredits(text); err != nil || got != units {
			t.Errorf("ParseCredits(%q) = %d, %v; want %d", text, got, err, units)
		}
	}
	for _, text := range []string{"", ".", "1.", ".5", "-1", "+1", "1e3", "0x1", "1,5", "1.0000001", "18446744073709.551616", "99999999999999", " 1", "1 CLC CLC"} {
		if got, err := market.ParseCredits(text); abi.KindOf(err) != abi.Invalid {
			t.Errorf("ParseCredits(%q) = %d, %v; want invalid", text, got, err)
		}
	}
}
