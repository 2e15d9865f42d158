package sandbox

import (
	"errors"
	"testing"

	"github.com/cloister-ai/cloister/abi"

	"pgregory.net/rapid"
)

// However handles are made and freed: no two objects ever have the same one,
// none is zero or negative as an i32, and each finds its object while it lives
// and nothing after.
func TestAHandleNamesOneObjectForEver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := handles{limit: uint32(rapid.IntRange(1, 8).Draw(t, "limit"))}
		type object struct{ n int }
		alive, dead := map[uint32]*object{}, map[uint32]bool{}
		for n := range rapid.IntRange(1, 200).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "add") {
				o := &object{n}
				x, err := h.add(o)
				if full := len(alive) == int(h.limit); full != errors.Is(err, abi.Exhausted) {
					t.Fatalf("add with %d of %d alive: %v", len(alive), h.limit, err)
				}
				if err != nil {
					continue
				}
				if int32(x) <= 0 || alive[x] != nil || dead[x] {
					t.Fatalf("handle %#x again, or no i32 above zero", x)
				}
				alive[x] = o
			} else {
				for x := range alive {
					h.drop(x)
					delete(alive, x)
					dead[x] = true
					break
				}
			}
			for x, o := range alive {
				if got, err := find[*object](&h, x, "object"); err != nil || got != o {
					t.Fatalf("find(%#x) = %v, %v", x, got, err)
				}
			}
			for x := range dead {
				if _, err := find[*object](&h, x, "object"); !errors.Is(err, abi.Invalid) {
					t.Fatalf("find(%#x) of the dead: %v", x, err)
				}
			}
		}
	})
}

// A slot whose generations are used up is left, not started again.
func TestGenerationsDoNotWrapAround(t *testing.T) {
	h := handles{limit: 1}
	seen := map[uint32]bool{}
	for i := range 3 * maxGeneration {
		x, err := h.add(i)
		if err != nil || seen[x] || int32(x) <= 0 {
			t.Fatalf("add %d = %#x, %v", i, x, err)
		}
		seen[x] = true
		h.drop(x)
	}
	if len(h.slots) != 3 {
		t.Errorf("%d slots for %d generations", len(h.slots), 3*maxGeneration)
	}
}
