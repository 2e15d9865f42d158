package sandbox

import (
	"github.com/tetratelabs/wazero/experimental"
)

const pageSize = 64 << 10

// guestMemory is the linear memory of one instance, bounded by the job's own
// limit: wazero's WithMemoryLimitPages bounds a whole runtime.
type guestMemory struct {
	limit   uint64 // bytes
	refused bool   // the guest asked for more than limit
	buf     []byte
}

var _ experimental.LinearMemory = (*guestMemory)(nil)

// Allocate implements experimental.MemoryAllocator. The caller made sure that
// the module's minimum is within the limit.
func (m *guestMemory) Allocate(_, _ uint64) experimental.LinearMemory { return m }

// Reallocate grows the memory to size bytes, or returns nil, which the guest
// sees as memory.grow's -1.
func (m *guestMemory) Reallocate(size uint64) []byte {
	if size > m.limit {
		m.refused = true
		return nil
	}
	if size > uint64(cap(m.buf)) {
		old := m.buf
		m.buf = make([]byte, size, min(max(size, 2*uint64(cap(old))), m.limit))
		copy(m.buf, old)
		clear(old)
	}
	m.buf = m.buf[:size]
	return m.buf
}

// Free wipes the memory: what a guest held does not outlive it.
func (m *guestMemory) Free() {
	clear(m.buf)
	m.buf = nil
}
