package market

import (
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// Reads of one receipt may arrive in another order than the blocks they are of.
func TestAnIndexTakesNoAnswerBack(t *testing.T) {
	one, two := abi.Digest{1}, abi.Digest{2}
	read := func(id abi.Digest, at uint64) known {
		return known{wire.Purchase{ID: id, Until: at}, at}
	}
	tests := []struct {
		name string
		size int
		seen uint64
		in   []known
		want uint64 // what receipt one says in memory; 0: nothing
	}{
		{"in order", 2, 3, []known{read(one, 4), read(one, 5)}, 5},
		{"the newer first", 2, 3, []known{read(one, 5), read(one, 4)}, 5},
		{"older than the blocks looked through", 2, 3, []known{read(one, 2)}, 0},
		{"of the last block looked through", 2, 3, []known{read(one, 3)}, 3},
		{"the newer made room", 1, 3, []known{read(one, 5), read(two, 5), read(one, 4)}, 0},
		{"as new as what made room", 1, 3, []known{read(one, 5), read(two, 5), read(one, 5)}, 5},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			x := NewIndex(nil, IndexConfig{Size: tc.size})
			x.seen, x.served = tc.seen, true
			for _, k := range tc.in {
				x.keep(k)
			}
			if got := x.known[one].Until; got != tc.want {
				t.Errorf("receipt says what it did at block %d; want %d", got, tc.want)
			}
			if len(x.known) > tc.size {
				t.Errorf("%d receipts kept; want at most %d", len(x.known), tc.size)
			}
		})
	}
}
