package chain

import (
	"fmt"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/eth"
	"github.com/ethereum/go-ethereum/eth/catalyst"
	"golang.org/x/sync/errgroup"

	"github.com/cloister-ai/cloister/abi"
)

// A sequencer makes a block when there are transactions, keeps block time near
// the clock, and makes each block durable before the next one. One goroutine
// does all of it. It is a node.Lifecycle.
type sequencer struct {
	eth    *eth.Ethereum
	beacon *catalyst.SimulatedBeacon
	drift  uint64 // seconds
	log    *blockLog
	flush  func(*types.Header) error // makes a block survive a crash
	head   *head                     // the newest block that does

	quit chan struct{}
	done chan struct{} // closed when the goroutine ended

	mu  sync.Mutex
	err error
}

func newSequencer(e *eth.Ethereum, b *catalyst.SimulatedBeacon, l *blockLog, drift uint64) (*sequencer, error) {
	s := &sequencer{eth: e, beacon: b, log: l, drift: drift, quit: make(chan struct{}), done: make(chan struct{})}
	s.flush = s.flushToDisk
	// What is there after a start was read from disk, except for a new genesis and
	// for blocks that were just run again.
	current := e.BlockChain().CurrentBlock()
	if err := s.flushState(current); err != nil {
		return nil, err
	}
	s.head = newHead(current.Number.Uint64())
	return s, nil
}

func (s *sequencer) Start() error {
	go func() {
		defer close(s.done)
		if err := s.run(); err != nil {
			s.mu.Lock()
			s.err = err
			s.mu.Unlock()
		}
	}()
	return nil
}

func (s *sequencer) Stop() error {
	close(s.quit)
	<-s.done
	return s.beacon.Stop()
}

// failure says why the sequencer stopped by itself.
func (s *sequencer) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *sequencer) run() error {
	// The pool stands still while a subscriber does not read, so one goroutine
	// does nothing but read, and leaves a mark.
	arrived := make(chan struct{}, 1)
	events := make(chan core.NewTxsEvent, 256)
	sub := s.eth.TxPool().SubscribeTransactions(events, true)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		for {
			select {
			case <-events:
				select {
				case arrived <- struct{}{}:
				default:
				}
			case <-sub.Err():
				return
			}
		}
	}()
	defer func() {
		sub.Unsubscribe()
		<-drained
	}()

	tick := time.NewTicker(time.Second) // for what became executable without an event
	defer tick.Stop()
	for {
		select {
		case <-s.quit:
			return nil
		case <-arrived:
		case <-tick.C:
		}
		if err := s.drain(); err != nil {
			return err
		}
	}
}

// drain makes blocks until nothing that is pending can be included.
func (s *sequencer) drain() error {
	for {
		if pending, _ := s.eth.TxPool().Stats(); pending == 0 || !s.waitForClock() {
			return nil
		}
		before := s.eth.BlockChain().CurrentBlock()
		s.beacon.Commit()
		header := s.eth.BlockChain().CurrentBlock()
		if header.Number.Cmp(before.Number) <= 0 {
			// The cause is in go-ethereum's log, at warning. Without a new block
			// there is nothing to keep, and the next tick tries again.
			return nil
		}
		if err := s.flush(header); err != nil {
			return err
		}
		s.head.raise(header.Number.Uint64())
		if err := s.eth.TxPool().Sync(); err != nil { // or the pool still counts what was just included
			return fmt.Errorf("chain: transaction pool: %w: %w", abi.Unavailable, err)
		}
		if header.GasUsed == 0 { // nothing was includable: do not spin
			return nil
		}
	}
}

// waitForClock holds the next block back until its time is at most drift
// seconds ahead of the clock: each block needs a later second than the one
// before. It returns false when the chain stops.
func (s *sequencer) waitForClock() bool {
	for {
		next := s.eth.BlockChain().CurrentBlock().Time + 1
		now := time.Now()
		if next <= uint64(now.Unix())+s.drift {
			select {
			case <-s.quit:
				return false
			default:
				return true
			}
		}
		select {
		case <-s.quit:
			return false
		case <-time.After(time.Until(now.Truncate(time.Second).Add(time.Second))):
		}
	}
}

// flushToDisk makes a block durable twice: in go-ethereum's database and in our
// log.
func (s *sequencer) flushToDisk(header *types.Header) error {
	block := s.eth.BlockChain().GetBlock(header.Hash(), header.Number.Uint64())
	if block == nil {
		return fmt.Errorf("chain: block %v is gone: %w", header.Number, abi.Internal)
	}
	var g errgroup.Group
	g.Go(func() error { return s.log.append(block) })
	g.Go(func() error { return s.flushState(header) })
	return g.Wait()
}

// flushState writes the state of a block and syncs the write-ahead log, which
// carries its body and receipts too.
func (s *sequencer) flushState(header *types.Header) error {
	if err := s.eth.BlockChain().TrieDB().Commit(header.Root, false); err != nil {
		return fmt.Errorf("chain: keep the state of block %v: %w: %w", header.Number, abi.Unavailable, err)
	}
	if err := s.eth.ChainDb().SyncKeyValue(); err != nil {
		return fmt.Errorf("chain: keep block %v: %w: %w", header.Number, abi.Unavailable, err)
	}
	return nil
}
