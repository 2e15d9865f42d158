package market

import (
	"context"
	"fmt"
	"log/slog"
	"math/big"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"golang.org/x/sync/semaphore"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// IndexConfig bounds an index. Zero fields mean their defaults.
type IndexConfig struct {
	Size     int           // purchases kept in memory; default 1,000,000
	Reads    int64         // questions to the chain at a time; default 16
	Patience time.Duration // for one question; default 5 seconds
	Interval time.Duration // between looks at the head of an external chain; default 2 seconds
	Log      *slog.Logger  // default: discard
}

// An Index answers from memory what a host asks before each job: what a receipt
// says, as the contract's state has it, at a block that survives a crash. It is
// safe for concurrent use. Serve keeps it fresh.
type Index struct {
	client *Client
	cfg    IndexConfig
	reads  *semaphore.Weighted

	mu     sync.Mutex
	known  map[abi.Digest]wire.Purchase
	seen   uint64 // known is true as of this block or a later one
	served bool   // Serve has run: seen is set
}

// NewIndex returns an empty index over c.
func NewIndex(c *Client, cfg IndexConfig) *Index {
	if cfg.Size == 0 {
		cfg.Size = 1_000_000
	}
	if cfg.Reads == 0 {
		cfg.Reads = 16
	}
	if cfg.Patience == 0 {
		cfg.Patience = 5 * time.Second
	}
	if cfg.Interval == 0 {
		cfg.Interval = 2 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Index{
		client: c, cfg: cfg, reads: semaphore.NewWeighted(cfg.Reads),
		known: make(map[abi.Digest]wire.Purchase),
	}
}

// Purchase returns what receipt id says. A receipt that is known is answered
// from memory, whatever the chain does; one that is not costs one read of at
// most cfg.Patience.
//
// Errors: NotFound when there is no such receipt, or not yet at a block that may
// be acted on; Unavailable when the chain does not answer.
func (x *Index) Purchase(ctx context.Context, id abi.Digest) (wire.Purchase, error) {
	x.mu.Lock()
	p, ok := x.known[id]
	x.mu.Unlock()
	if ok {
		return p, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, x.cfg.Patience, fmt.Errorf("no answer in %v: %w", x.cfg.Patience, abi.Unavailable))
	defer cancel()
	p, head, err := x.read(ctx, id)
	if err != nil {
		return wire.Purchase{}, err
	}
	x.keep(p, head)
	return p, nil
}

// read asks the chain, at the newest block that may be acted on, and says which
// that was.
func (x *Index) read(ctx context.Context, id abi.Digest) (wire.Purchase, uint64, error) {
	if err := x.reads.Acquire(ctx, 1); err != nil {
		return wire.Purchase{}, 0, fmt.Errorf("market: receipt %s: too many questions at once: %w: %w", id.Short(), abi.Unavailable, context.Cause(ctx))
	}
	defer x.reads.Release(1)
	head, err := x.client.SafeHead(ctx)
	if err != nil {
		return wire.Purchase{}, 0, err
	}
	r, err := x.client.receiptAt(ctx, id, new(big.Int).SetUint64(head))
	if err != nil {
		return wire.Purchase{}, 0, err
	}
	return r.Purchase, head, nil
}

// keep remembers what was read at head. Changes after x.seen are still to come
// from refresh; what is older than that may have missed one, and is not kept.
func (x *Index) keep(p wire.Purchase, head uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.served && (len(x.known) == 0 || head < x.seen) {
		x.seen = head
	}
	if head < x.seen {
		return
	}
	if len(x.known) >= x.cfg.Size {
		for old := range x.known { // any: what is still in use comes back with one read
			delete(x.known, old)
			break
		}
	}
	x.known[p.ID] = p
}

// Serve keeps what the index knows fresh until ctx ends: after each new block
// that may be acted on, receipts that changed in it are read again. While the
// chain does not answer the index stays as it is, and Serve keeps trying. It
// returns nil when ctx ended, else why the embedded chain stopped.
func (x *Index) Serve(ctx context.Context) error {
	head, err := x.client.SafeHead(ctx)
	for err != nil {
		if pause(ctx, x.cfg.Interval) != nil {
			return nil
		}
		head, err = x.client.SafeHead(ctx)
	}
	x.mu.Lock()
	if !x.served && len(x.known) == 0 {
		x.seen = head
	}
	x.served = true
	seen := x.seen
	x.mu.Unlock()

	for {
		head, err := x.next(ctx, seen)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if seen, err = x.refresh(ctx, seen, head); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			x.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "receipts not refreshed", slog.Uint64("block", head), slog.Any("err", err))
			if pause(ctx, x.cfg.Interval) != nil {
				return nil
			}
		}
	}
}

// next waits for a head above seen.
func (x *Index) next(ctx context.Context, seen uint64) (uint64, error) {
	if x.client.node != nil {
		if err := x.client.node.WaitDurable(ctx, seen+1); err != nil {
			return 0, err
		}
		return x.client.node.DurableHead(), nil
	}
	for {
		head, err := x.client.SafeHead(ctx)
		if err == nil && head > seen {
			return head, nil
		}
		if err != nil {
			x.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "chain does not answer", slog.Any("err", err))
		}
		if err := pause(ctx, x.cfg.Interval); err != nil {
			return 0, err
		}
	}
}

// refresh reads every known receipt again that the blocks after seen, up to
// head, touched, and returns how far it came. Events only say which; what a
// receipt says is read from state.
func (x *Index) refresh(ctx context.Context, seen, head uint64) (uint64, error) {
	for seen < head {
		to := min(seen+logRange, head)
		logs, err := x.client.logs(ctx, x.client.at.Market, seen+1, to, x.changes())
		if err != nil {
			return seen, err
		}
		again := make(map[abi.Digest]bool)
		x.mu.Lock()
		for _, l := range logs {
			if len(l.Topics) < 2 {
				continue
			}
			if _, ok := x.known[abi.Digest(l.Topics[1])]; ok {
				again[abi.Digest(l.Topics[1])] = true
			}
		}
		x.seen = to // in the same step: a read of an older block is not kept from now on
		x.mu.Unlock()
		seen = to
		for id := range again {
			p, at, err := x.read(ctx, id)
			if err != nil || at < to { // it changed, so what is known is wrong: the next to ask reads it
				x.forget(id)
				continue
			}
			x.keep(p, at)
		}
	}
	return seen, nil
}

func (x *Index) forget(id abi.Digest) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.known, id)
}

// changes lists the events after which a receipt reads differently.
func (x *Index) changes() []common.Hash {
	contract := x.client.market.GetABI()
	var ids []common.Hash
	for _, name := range []string{"Delegated", "RefundRequested", "Refunded", "Settled"} {
		ids = append(ids, contract.Events[name].ID)
	}
	return ids
}
