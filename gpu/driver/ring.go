package driver

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// A ring is memory that host and driver share: a page that says how it is divided,
// and slots. Tensors go through it, never through messages. Who has read a slot
// wipes it.
//
//	0       "CLRING" 0 1, then as uint64: slots, bytes of a slot
//	64·(k+1)  of slot k, as uint64: the call it was filled for, and with how many bytes
//	4096    the slots
//
// All numbers are little-endian.
type ring struct {
	mem   []byte
	slots int
	size  int64
}

const (
	ringPage  = 4096
	ringLine  = 64
	maxSlots  = ringPage/ringLine - 1
	ringMagic = "CLRING\x00\x01"
)

// ringBytes is how large a ring is.
func ringBytes(slots int, size int64) int64 { return ringPage + int64(slots)*size }

// newRing divides memory that is all zeros.
func newRing(mem []byte, slots int, size int64) *ring {
	copy(mem, ringMagic)
	binary.LittleEndian.PutUint64(mem[8:], uint64(slots))
	binary.LittleEndian.PutUint64(mem[16:], uint64(size))
	return &ring{mem, slots, size}
}

// openRing reads how memory was divided.
func openRing(mem []byte) (*ring, error) {
	if len(mem) < ringPage || !bytes.Equal(mem[:8], []byte(ringMagic)) {
		return nil, fmt.Errorf("driver: ring: it is none of version 1: %w", abi.Invalid)
	}
	slots, size := binary.LittleEndian.Uint64(mem[8:]), binary.LittleEndian.Uint64(mem[16:])
	if slots == 0 || slots > maxSlots || size == 0 || size%ringPage != 0 || size > uint64(len(mem)) || uint64(len(mem)) != ringPage+slots*size {
		return nil, fmt.Errorf("driver: ring: %d slots of %d bytes in %d: %w", slots, size, len(mem), abi.Invalid)
	}
	return &ring{mem, int(slots), int64(size)}, nil
}

// slot returns the first n bytes of one, or why there are not as many.
func (r *ring) slot(k uint32, n int64) ([]byte, error) {
	if int64(k) >= int64(r.slots) || n < 0 || n > r.size {
		return nil, fmt.Errorf("driver: ring: %d bytes of slot %d, it has %d of %d: %w", n, k, r.slots, r.size, abi.Invalid)
	}
	at := ringPage + int64(k)*r.size
	return r.mem[at : at+n : at+n], nil
}

func (r *ring) line(k uint32) []byte { return r.mem[ringLine*(int64(k)+1):][:16] }

// fill marks a slot as filled.
func (r *ring) fill(k uint32, call uint64, n int64) {
	binary.LittleEndian.PutUint64(r.line(k), call)
	binary.LittleEndian.PutUint64(r.line(k)[8:], uint64(n))
}

// filled checks that a slot was filled for the call with n bytes.
func (r *ring) filled(k uint32, call uint64, n int64) error {
	c, m := binary.LittleEndian.Uint64(r.line(k)), binary.LittleEndian.Uint64(r.line(k)[8:])
	if c != call || m != uint64(n) {
		return fmt.Errorf("driver: ring: slot %d has %d bytes of call %d, want %d of %d: %w", k, m, c, n, call, abi.Invalid)
	}
	return nil
}

// wipe zeroes the first n bytes of a slot, and what it says of them.
func (r *ring) wipe(k uint32, n int64) {
	if b, err := r.slot(k, n); err == nil {
		clear(b)
		clear(r.line(k))
	}
}
