package chain

import (
	"context"
	"fmt"
	"sync"

	"github.com/cloister-ai/cloister/abi"
)

// A head is a block number that only grows and that others wait for.
type head struct {
	mu      sync.Mutex
	number  uint64
	changed chan struct{} // closed and replaced when number grows
}

func newHead(number uint64) *head { return &head{number: number, changed: make(chan struct{})} }

func (h *head) load() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.number
}

func (h *head) raise(number uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if number <= h.number {
		return
	}
	h.number = number
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *head) wait(ctx context.Context, number uint64, done <-chan struct{}, failure func() error) error {
	for {
		h.mu.Lock()
		reached, changed := h.number >= number, h.changed
		h.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-changed:
		case <-done:
			if h.load() >= number {
				return nil
			}
			if err := failure(); err != nil {
				return err
			}
			return fmt.Errorf("chain: closed before block %d was durable: %w", number, abi.Unavailable)
		case <-ctx.Done():
			return fmt.Errorf("chain: wait for block %d: %w: %w", number, abi.Unavailable, context.Cause(ctx))
		}
	}
}
