package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cloister-ai/cloister/abi"
)

// An owners remembers who owns a slot, so that a key is released without a word
// with the chain: a slot that was sold is noticed within ownerFor, and while
// the chain does not answer what was true last holds. It is safe for
// concurrent use.
type owners struct {
	ask func(ctx context.Context, slot abi.Digest) (abi.Address, error)

	mu   sync.Mutex
	seen map[abi.Digest]ownership
}

type ownership struct {
	owner abi.Address
	until time.Time
}

const (
	ownerFor      = time.Minute
	ownerPatience = 5 * time.Second
	maxOwners     = 1024 // slots remembered; anybody may ask about any
)

// of returns the owner of slot. Errors: those of ask for a slot that is not
// remembered.
func (o *owners) of(ctx context.Context, slot abi.Digest) (abi.Address, error) {
	o.mu.Lock()
	was, known := o.seen[slot]
	o.mu.Unlock()
	if known && time.Now().Before(was.until) {
		return was.owner, nil
	}
	asking, cancel := context.WithTimeoutCause(ctx, ownerPatience, fmt.Errorf("the chain did not say within %v who owns slot %v: %w", ownerPatience, slot.Short(), abi.Unavailable))
	defer cancel()
	owner, err := o.ask(asking, slot)
	if err != nil {
		if known && !errors.Is(err, abi.NotFound) {
			return was.owner, nil
		}
		if cause := context.Cause(asking); cause != nil {
			err = cause
		}
		return abi.Address{}, fmt.Errorf("slot %v: %w", slot.Short(), err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seen == nil || len(o.seen) >= maxOwners {
		o.seen = map[abi.Digest]ownership{}
	}
	o.seen[slot] = ownership{owner, time.Now().Add(ownerFor)}
	return owner, nil
}
