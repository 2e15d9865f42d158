package sandbox

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// handles is what one instance holds. A handle is index | generation<<16; the
// generation is 1 to 32767, so a handle is never zero and never negative as an
// i32, and one that was freed never names its successor.
type handles struct {
	limit uint32 // alive at once
	alive uint32
	slots []slot
	free  []uint32 // slots to use again, last freed first
}

type slot struct {
	generation uint32
	object     any // nil when free
}

const (
	maxSlots      = 1 << 16
	maxGeneration = 1<<15 - 1
)

// add returns a new handle of object.
func (h *handles) add(object any) (uint32, error) {
	if err := h.room(1); err != nil {
		return 0, err
	}
	var i uint32
	if n := len(h.free); n > 0 {
		i = h.free[n-1]
		h.free = h.free[:n-1]
	} else {
		i = uint32(len(h.slots))
		h.slots = append(h.slots, slot{})
	}
	s := &h.slots[i]
	s.generation++
	s.object = object
	h.alive++
	return i | s.generation<<16, nil
}

// room says whether n more handles may be made.
func (h *handles) room(n int) error {
	if uint64(h.alive)+uint64(n) > uint64(h.limit) {
		return fmt.Errorf("%d handles alive, %d granted: %w", uint64(h.alive)+uint64(n), h.limit, abi.Exhausted)
	}
	if len(h.slots)+n > maxSlots+len(h.free) {
		return fmt.Errorf("every handle was used: %w", abi.Exhausted)
	}
	return nil
}

// drop frees handle x, which must be alive. A slot whose generations are used
// up is never used again.
func (h *handles) drop(x uint32) {
	i := x & 0xffff
	s := &h.slots[i]
	s.object = nil
	h.alive--
	if s.generation < maxGeneration {
		h.free = append(h.free, i)
	}
}

// find returns the object of handle x if it is a T, here called what.
func find[T any](h *handles, x uint32, what string) (T, error) {
	var none T
	i, generation := x&0xffff, x>>16
	if int(i) >= len(h.slots) || h.slots[i].generation != generation || h.slots[i].object == nil {
		return none, fmt.Errorf("handle %#x names no %s: %w", x, what, abi.Invalid)
	}
	o, ok := h.slots[i].object.(T)
	if !ok {
		return none, fmt.Errorf("handle %#x is no %s: %w", x, what, abi.Invalid)
	}
	return o, nil
}
