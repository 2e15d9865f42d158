package market_test

import (
	"context"
	"fmt"
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

// A slowDisk is a chain whose blocks are durable no sooner than the test says.
type slowDisk struct {
	*chain.Chain
	mu      sync.Mutex
	head    uint64
	changed chan struct{}
}

func newSlowDisk(c *chain.Chain) *slowDisk {
	return &slowDisk{Chain: c, head: c.DurableHead(), changed: make(chan struct{})}
}

func (d *slowDisk) DurableHead() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.head
}

func (d *slowDisk) WaitDurable(ctx context.Context, number uint64) error {
	for {
		d.mu.Lock()
		reached, changed := d.head >= number, d.changed
		d.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("test: %w: %w", abi.Unavailable, context.Cause(ctx))
		}
	}
}

// sync makes everything up to the newest block durable.
func (d *slowDisk) sync() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.head = d.Chain.DurableHead()
	close(d.changed)
	d.changed = make(chan struct{})
}

// serve runs the index until the test ends.
func serve(t *testing.T, x *market.Index) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- x.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve = %v", err)
		}
	})
}

// until waits for the index to say what it must in the end.
func until(t *testing.T, x *market.Index, id abi.Digest, ok func(wire.Purchase) bool) wire.Purchase {
	t.Helper()
	for {
		p, err := x.Purchase(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if ok(p) {
			return p
		}
		time.Sleep(time.Millisecond)
	}
}

func TestAPurchaseCountsOnlyWhenItIsDurable(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	ctx := t.Context()
	asset := list(t, w.dev, market.Listing{Kind: wire.Model, Content: digest("model"), Policy: digest("policy"), Price: 3})
	disk := newSlowDisk(w.chain)
	reader, err := market.New(ctx, disk, market.Config{})
	if err != nil {
		t.Fatal(err)
	}
	x := market.NewIndex(reader, market.IndexConfig{})
	serve(t, x)

	b, _, err := w.me.Buy(ctx, market.Order{Ref: digest("order"), Items: []market.Item{{Asset: asset.ID, Units: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	id := b.Receipts[0].ID
	if p, err := x.Purchase(ctx, id); abi.KindOf(err) != abi.NotFound {
		t.Fatalf("Purchase before its block is durable = %+v, %v; want not found", p, err)
	}
	disk.sync()
	p, err := x.Purchase(ctx, id)
	if diff := cmp.Diff(b.Receipts[0].Purchase, p); err != nil || diff != "" {
		t.Fatalf("Purchase, %v (-client +index):\n%s", err, diff)
	}
	if _, err := x.Purchase(ctx, digest("none")); abi.KindOf(err) != abi.NotFound {
		t.Errorf("Purchase of nothing = %v; want not found", err)
	}

	if _, err := w.me.Delegate(ctx, b.IDs(), w.host.Address(), time.Unix(9e9, 0)); err != nil {
		t.Fatal(err)
	}
	if p, err := x.Purchase(ctx, id); err != nil || !p.Delegate.IsZero() {
		t.Errorf("a delegation counts before it is durable: %+v, %v", p, err)
	}
	disk.sync()
	p = until(t, x, id, func(p wire.Purchase) bool { return p.Delegate == w.host.Address() })
	if p.Until != 9e9 {
		t.Errorf("delegated until %d", p.Until)
	}
	if _, _, err := w.me.Refund(ctx, id); err != nil {
		t.Fatal(err)
	}
	disk.sync()
	until(t, x, id, func(p wire.Purchase) bool { return p.Refunded })
}

// What the index knows it answers without the chain: here there is none any more.
func TestAKnownPurchaseNeedsNoChain(t *testing.T) {
	key := newKey(t)
	ch, err := chain.Open(t.Context(), chain.Config{Dir: t.TempDir(), Params: contracts.Params{Operator: key.Address()}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := market.New(t.Context(), ch, market.Config{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Fund(t.Context(), key.Address()); err != nil {
		t.Fatal(err)
	}
	asset := list(t, c, market.Listing{Kind: wire.App, Content: digest("app"), Price: 1})
	b, _, err := c.Buy(t.Context(), market.Order{Ref: digest("order"), Items: []market.Item{{Asset: asset.ID}, {Asset: asset.ID}}})
	if err != nil {
		t.Fatal(err)
	}
	x := market.NewIndex(c, market.IndexConfig{})
	known, unknown := b.Receipts[0].ID, b.Receipts[1].ID
	want, err := x.Purchase(t.Context(), known)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- x.Serve(t.Context()) }()
	if err := ch.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-served; abi.KindOf(err) != abi.Unavailable {
		t.Errorf("Serve on a chain that closed = %v; want unavailable", err)
	}
	if got, err := x.Purchase(t.Context(), known); err != nil || got != want {
		t.Errorf("Purchase without a chain = %+v, %v; want %+v", got, err, want)
	}
	if _, err := x.Purchase(t.Context(), unknown); abi.KindOf(err) != abi.Unavailable {
		t.Errorf("Purchase of an unknown receipt without a chain = %v; want unavailable", err)
	}
}

func TestChangesBeforeServeStartedAreSeen(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	ctx := t.Context()
	asset := list(t, w.dev, market.Listing{Kind: wire.App, Content: digest("app"), Price: 1})
	b, _, err := w.me.Buy(ctx, market.Order{Ref: digest("order"), Items: []market.Item{{Asset: asset.ID}}})
	if err != nil {
		t.Fatal(err)
	}
	x := market.NewIndex(w.host, market.IndexConfig{Size: 1})
	id := b.Receipts[0].ID
	if _, err := x.Purchase(ctx, id); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.me.Refund(ctx, id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.dev.SetPrice(ctx, asset.ID, 2); err != nil { // Serve starts at a later block
		t.Fatal(err)
	}
	serve(t, x)
	if _, err := w.dev.SetPrice(ctx, asset.ID, 3); err != nil {
		t.Fatal(err)
	}
	until(t, x, id, func(p wire.Purchase) bool { return p.Refunded })
}

func TestAnIndexOverAURLWaitsForConfirmations(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	ctx := t.Context()
	asset := list(t, w.dev, market.Listing{Kind: wire.App, Content: digest("app"), Price: 1})
	far, err := market.Dial(ctx, w.chain.URL(), market.Config{Confirmations: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	x := market.NewIndex(far, market.IndexConfig{Interval: time.Millisecond, Size: 1})
	serve(t, x)
	var ids []abi.Digest
	for n := range 3 {
		b, _, err := w.me.Buy(ctx, market.Order{Ref: digest(fmt.Sprint(n)), Items: []market.Item{{Asset: asset.ID}}})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, b.Receipts[0].ID)
	}
	for _, id := range ids[:2] { // more than the index holds
		if _, err := x.Purchase(ctx, id); err != nil {
			t.Errorf("Purchase with a confirmation = %v", err)
		}
	}
	if _, err := x.Purchase(ctx, ids[2]); abi.KindOf(err) != abi.NotFound {
		t.Errorf("Purchase without a confirmation = %v; want not found", err)
	}
	if _, _, err := w.me.Refund(ctx, ids[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := w.dev.SetPrice(ctx, asset.ID, 2); err != nil { // confirms it
		t.Fatal(err)
	}
	until(t, x, ids[1], func(p wire.Purchase) bool { return p.Refunded })
}

// Readers and the refresh race; whatever a reader is told was true at a durable
// block, and in the end all of them are told the newest.
func TestManyReadersSeeEveryChange(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	ctx := t.Context()
	asset := list(t, w.dev, market.Listing{Kind: wire.App, Content: digest("app"), Price: 1})
	items := make([]market.Item, market.MaxBundle)
	for i := range items {
		items[i].Asset = asset.ID
	}
	b, _, err := w.me.Buy(ctx, market.Order{Ref: digest("order"), Items: items})
	if err != nil {
		t.Fatal(err)
	}
	x := market.NewIndex(w.host, market.IndexConfig{Size: market.MaxBundle / 2})
	serve(t, x)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for _, id := range b.IDs() {
		wg.Go(func() {
			last := uint64(0)
			for {
				p, err := x.Purchase(ctx, id)
				if err != nil || p.Until < last {
					t.Errorf("Purchase = %+v, %v after it had said %d", p, err, last)
					return
				}
				last = p.Until
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	const changes = 12
	for n := uint64(1); n <= changes; n++ {
		if _, err := w.me.Delegate(ctx, b.IDs(), w.host.Address(), time.Unix(int64(n), 0)); err != nil {
			t.Error(err)
		}
	}
	for _, id := range b.IDs() {
		until(t, x, id, func(p wire.Purchase) bool { return p.Until == changes })
	}
	close(stop)
	wg.Wait()
}

func BenchmarkIndexPurchase(b *testing.B) {
	w := newWorld(b, contracts.Params{})
	asset := list(b, w.dev, market.Listing{Kind: wire.App, Content: digest("app"), Price: 1})
	bundle, _, err := w.me.Buy(b.Context(), market.Order{Ref: digest("order"), Items: []market.Item{{Asset: asset.ID}}})
	if err != nil {
		b.Fatal(err)
	}
	x := market.NewIndex(w.host, market.IndexConfig{})
	for b.Loop() {
		if _, err := x.Purchase(b.Context(), bundle.Receipts[0].ID); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRecoverRequest(b *testing.B) {
	k := newKey(b)
	r := wire.Request{ID: digest("id"), Receipts: []abi.Digest{digest("a"), digest("b"), digest("c")}}
	sig, err := market.SignRequest(domain, r, k)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := market.RecoverRequest(domain, r, sig); err != nil {
			b.Fatal(err)
		}
	}
}
