package gpu

import (
	"fmt"
	"sync"
	"time"

	"github.com/cloister-ai/cloister/abi"
)

// A Book says who holds which device until when. The zero Book is empty and
// ready to use; it is safe for concurrent use.
type Book struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// ErrBusy is returned when every device that fits is held.
var ErrBusy = fmt.Errorf("gpu: every device that fits is held: %w", abi.Unavailable)

// Take holds the first of ds with at least the given memory that nobody holds,
// for ttl. The holder calls release once; after ttl the device is free either
// way. It returns ErrBusy, or NotFound when no device is large enough.
func (b *Book) Take(ds []Device, memory uint64, ttl time.Duration) (d Device, release func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, fits := time.Now(), false
	for _, d := range ds {
		if d.Memory < memory {
			continue
		}
		if fits = true; b.until[d.ID].After(now) {
			continue
		}
		if b.until == nil {
			b.until = make(map[string]time.Time)
		}
		end := now.Add(ttl)
		b.until[d.ID] = end
		return d, func() { b.release(d.ID, end) }, nil
	}
	if !fits {
		return Device{}, nil, fmt.Errorf("gpu: none of %d devices has %d bytes: %w", len(ds), memory, abi.NotFound)
	}
	return Device{}, nil, ErrBusy
}

// release frees id, unless its lease ran out and somebody else holds it now.
func (b *Book) release(id string, end time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until[id].Equal(end) {
		delete(b.until, id)
	}
}
