package ptxvm

import (
	"encoding/binary"
	"fmt"
	"sort"

	"github.com/cloister-ai/cloister/abi"
)

type space uint8

const (
	spaceGeneric space = iota
	spaceGlobal
	spaceConst
	spaceShared
	spaceLocal
	spaceParam
)

var spaceNames = [...]string{"generic", "global", "const", "shared", "local", "param"}

func (s space) String() string { return spaceNames[s] }

// Where the spaces lie among generic addresses. Global and const memory have
// none: their addresses are generic as they are.
var windows = [...]uint64{spaceGeneric: 0, spaceGlobal: 0, spaceConst: 0, spaceShared: 0x1 << 56, spaceLocal: 0x2 << 56, spaceParam: 0x3 << 56}

// sharedBase is the address of the first byte of a block's shared memory in its
// own space. It is not zero, as it is not on Hopper, so that a kernel that
// takes it for zero is caught.
const sharedBase = 1024

// firstAddress is where global memory begins.
const firstAddress = 0x7f0000000000

func spaceOf(addr uint64) space {
	switch addr >> 56 {
	case 1:
		return spaceShared
	case 2:
		return spaceLocal
	case 3:
		return spaceParam
	}
	return spaceGlobal
}

// A region is one allocation: the machine's unit of bounds. Each byte has a
// shadow that says whether it was written, and each granule one that says who
// touched it last, where races are looked for.
type region struct {
	base     uint64
	data     []byte
	written  []byte   // what each byte holds: one of the marks below
	traced   bool     // races are looked for
	cells    [][]cell // by page
	granule  uint     // log2 of the bytes a cell stands for
	readOnly bool
	name     string
}

func newRegion(base uint64, n int64, name string) *region {
	return &region{base: base, data: make([]byte, n), written: make([]byte, n), traced: true, name: name}
}

// What a byte of memory holds.
const (
	nothing  = 0 // it was never written
	aValue   = 1
	byAsync  = 2 // a value that the copy engine wrote, which needs no proxy fence
	inFlight = 4 // an asynchronous copy owns it
)

// fill marks n bytes from off.
func (r *region) fill(off, n uint64, mark byte) {
	w := r.written[off : off+n]
	for i := range w {
		w[i] = mark
	}
}

// unwritten finds the first byte of n from off that was never written; ok if there is none.
func (r *region) unwritten(off, n uint64) (at uint64, ok bool) {
	w := r.written[off : off+n]
	if len(w) == 4 && binary.LittleEndian.Uint32(w) == 0x01010101 {
		return 0, true
	}
	for i, b := range w {
		if b&(aValue|byAsync) == 0 {
			return off + uint64(i), false
		}
	}
	return 0, true
}

// memory is the global memory of a device.
type memory struct {
	regions []*region // in order of address
	next    uint64
	used    int64
}

// gap keeps allocations apart, so that an index a little too large hits nothing.
const (
	gap       = 64 << 10
	alignment = 512
)

func (m *memory) alloc(n int64, name string) *region {
	if m.next == 0 {
		m.next = firstAddress
	}
	r := newRegion(m.next, n, name)
	m.next = align(m.next+uint64(n), alignment) + gap
	m.regions = append(m.regions, r)
	m.used += n
	return r
}

// adopt makes host memory the machine's at an address of the caller's choosing.
func (m *memory) adopt(base uint64, data []byte) (*region, error) {
	i := m.search(base)
	end := base + uint64(len(data))
	if base == 0 || end < base || i > 0 && m.end(i-1) > base || i < len(m.regions) && m.regions[i].base < end {
		return nil, fmt.Errorf("ptxvm: %d bytes at %#x overlap an allocation: %w", len(data), base, abi.Invalid)
	}
	r := &region{base: base, data: data, written: make([]byte, len(data)), traced: true, name: "mapped"}
	m.regions = append(m.regions, nil)
	copy(m.regions[i+1:], m.regions[i:])
	m.regions[i] = r
	m.used += int64(len(data))
	return r, nil
}

func (m *memory) end(i int) uint64 { return m.regions[i].base + uint64(len(m.regions[i].data)) }

// search finds the first region whose base is above addr.
func (m *memory) search(addr uint64) int {
	return sort.Search(len(m.regions), func(i int) bool { return m.regions[i].base > addr })
}

// find returns the region that addr lies in, or nil.
func (m *memory) find(addr uint64) *region {
	i := m.search(addr)
	if i == 0 || addr >= m.end(i-1) {
		return nil
	}
	return m.regions[i-1]
}

// near names the region closest below addr, for messages.
func (m *memory) near(addr uint64) string {
	i := m.search(addr)
	if i == 0 {
		return "below every allocation"
	}
	r := m.regions[i-1]
	return fmt.Sprintf("%d bytes from the start of an allocation of %d", addr-r.base, len(r.data))
}

func (m *memory) free(base uint64) bool {
	i := m.search(base)
	if i == 0 || m.regions[i-1].base != base {
		return false
	}
	m.used -= int64(len(m.regions[i-1].data))
	m.regions = append(m.regions[:i-1], m.regions[i:]...)
	return true
}

// load and store read and write little-endian values of 1, 2, 4 or 8 bytes.
func load(b []byte, size int) uint64 {
	switch size {
	case 8:
		return binary.LittleEndian.Uint64(b)
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	case 2:
		return uint64(binary.LittleEndian.Uint16(b))
	}
	return uint64(b[0])
}

func store(b []byte, size int, v uint64) {
	switch size {
	case 8:
		binary.LittleEndian.PutUint64(b, v)
	case 4:
		binary.LittleEndian.PutUint32(b, uint32(v))
	case 2:
		binary.LittleEndian.PutUint16(b, uint16(v))
	default:
		b[0] = byte(v)
	}
}
