package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloister-ai/cloister/abi"
)

func TestASlotsOwnerIsKnownWithoutTheChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		owner, down, asked := abi.Address{1}, error(nil), 0
		o := owners{ask: func(ctx context.Context, _ abi.Digest) (abi.Address, error) {
			asked++
			if errors.Is(down, context.DeadlineExceeded) { // a chain that says nothing at all
				<-ctx.Done()
				return abi.Address{}, ctx.Err()
			}
			return owner, down
		}}
		slot := abi.Sum([]byte("slot"))
		is := func(what string, want abi.Address, kind error, questions int) {
			t.Helper()
			asked = 0
			if got, err := o.of(t.Context(), slot); got != want || !errors.Is(err, kind) || asked != questions {
				t.Errorf("%s: %v, %v after %d questions; want %v, %v and %d", what, got, err, asked, want, kind, questions)
			}
		}
		down = context.DeadlineExceeded
		is("unknown, and the chain silent", abi.Address{}, abi.Unavailable, 1)
		down = nil
		is("the first time", owner, nil, 1)
		is("the second", owner, nil, 0)
		owner = abi.Address{2}
		time.Sleep(ownerFor)
		is("sold, a minute later", owner, nil, 1)
		time.Sleep(ownerFor)
		down = abi.Unavailable
		is("the chain down", owner, nil, 1)
		down = abi.NotFound
		is("gone", abi.Address{}, abi.NotFound, 1)
	})
}

func TestNotEverySlotThereIsIsRemembered(t *testing.T) {
	o := owners{ask: func(context.Context, abi.Digest) (abi.Address, error) { return abi.Address{1}, nil }}
	for i := range 3 * maxOwners {
		if _, err := o.of(t.Context(), abi.Digest{byte(i), byte(i >> 8)}); err != nil {
			t.Fatal(err)
		}
		if len(o.seen) > maxOwners {
			t.Fatalf("%d slots remembered, at most %d", len(o.seen), maxOwners)
		}
	}
}
