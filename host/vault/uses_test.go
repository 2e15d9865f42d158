package vault_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/host/vault"
)

func TestAKeyIsReleasedForAsManyJobsAsWerePaid(t *testing.T) {
	dir := t.TempDir()
	receipt := abi.Sum([]byte("receipt"))
	job := func(n byte) abi.Digest { return abi.Sum([]byte{n}) }
	for _, step := range []struct {
		what string
		job  abi.Digest
		want error
	}{
		{"the first", job(1), nil},
		{"the first again, from another host", job(1), nil},
		{"the second", job(2), nil},
		{"a third of two", job(3), abi.Denied},
		{"the second again", job(2), nil},
	} {
		u, err := vault.OpenUses(dir) // anew each time: what was taken is on disk
		if err != nil {
			t.Fatal(err)
		}
		if err := u.Take(receipt, step.job, 2); !errors.Is(err, step.want) {
			t.Errorf("%s: %v, want %v", step.what, err, step.want)
		}
		if err := u.Take(abi.Sum([]byte("other "+step.what)), step.job, 1); err != nil {
			t.Errorf("%s under a receipt of its own: %v", step.what, err)
		}
	}
}

func TestManyAskersTakeNoMoreThanThereIs(t *testing.T) {
	u, err := vault.OpenUses(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var got atomic.Int32
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			if err := u.Take(abi.Digest{1}, abi.Sum([]byte{byte(i)}), 7); err == nil {
				got.Add(1)
			} else if !errors.Is(err, abi.Denied) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got.Load() != 7 {
		t.Errorf("%d jobs have a unit of 7", got.Load())
	}
}
