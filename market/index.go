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
	known  map[abi.Digest]known
	seen   uint64 // what is known is true as of this block or a later one
	gone   uint64 // the newest block at which something was read that had to make room
	served bool   // Serve has run: seen is set
}

// known is what a receipt said at a block.
type known struct {
	wire.Purchase
	at uint64
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
		known: make(map[abi.Digest]known),
	}
}

// Purchase returns what receipt id says. A receipt that is known is answered
// from memory, whatever the chain does; one that is not costs one read of at
// most cfg.Patience. Who asks again is never told what was true before that.
//
// Errors: NotFound when there is no such receipt, or not yet at a block that may
// be acted on; Unavailable when the chain does not answer.
func (x *Index) Purchase(ctx context.Context, id abi.Digest) (wire.Purchase, error) {
	x.mu.Lock()
	k, ok := x.known[id]
	x.mu.Unlock()
	if ok {
		return k.Purchase, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, x.cfg.Patience, fmt.Errorf("no answer in %v: %w", x.cfg.Patience, abi.Unavailable))
	defer cancel()
	p, at, err := x.read(ctx, id)
	if err != nil {
		return wire.Purchase{}, err
	}
	x.keep(known{p, at})
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

// keep remembers k, unless it would take an answer back: what is older than
// x.seen may have missed a change, and what is older than an answer that was
// given, be it still known or gone, may be one before it.
func (x *Index) keep(k known) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.served && (len(x.known) == 0 || k.at < x.seen) {
		x.seen = k.at
	}
	old, ok := x.known[k.ID]
	if k.at < x.seen || k.at < x.gone || ok && k.at < old.at {
		return
	}
	if !ok && len(x.known) >= x.cfg.Size {
		for id, old := range x.known { // any: what is still in use comes back with one read
			delete(x.known, id)
			x.gone = max(x.gone, old.at)
			break
		}
	}
	x.known[k.ID] = k
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

// refresh forgets every receipt that the blocks after seen, up to head, touched
// since it was read, reads it again, and returns how far it came. Events only
// say which; what a receipt says is read from state.
func (x *Index) refresh(ctx context.Context, seen, head uint64) (uint64, error) {
	for seen < head {
		to := min(seen+logRange, head)
		logs, err := x.client.logs(ctx, x.client.at.Market, seen+1, to, x.changes())
		if err != nil {
			return seen, err
		}
		var again []abi.Digest
		x.mu.Lock()
		for _, l := range logs {
			if len(l.Topics) < 2 {
				continue
			}
			id := abi.Digest(l.Topics[1])
			if k, ok := x.known[id]; ok && k.at < l.BlockNumber {
				delete(x.known, id)
				again = append(again, id)
			}
		}
		x.seen = to // in the same step: a read of an older block is not kept from now on
		x.mu.Unlock()
		seen = to
		for _, id := range again {
			if p, at, err := x.read(ctx, id); err == nil { // else the next to ask reads it
				x.keep(known{p, at})
			}
		}
	}
	return seen, nil
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
