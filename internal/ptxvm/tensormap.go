package ptxvm

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/cloister-ai/cloister/abi"
)

// A Swizzle is how TMA scatters the 16-byte pieces of a tile over the banks of
// shared memory. The values are those of CUtensorMapSwizzle.
type Swizzle uint8

// The swizzles: the span within which pieces change places.
const (
	SwizzleNone Swizzle = iota
	Swizzle32
	Swizzle64
	Swizzle128
)

// span is how many bytes of a row pieces move within; the pattern repeats after eight rows.
func (s Swizzle) span() uint64 { return 16 << s }

// apply is the address at which the piece for addr lies.
func (s Swizzle) apply(addr uint64) uint64 {
	return addr ^ addr>>7&(1<<s-1)<<4
}

// A TensorMap says how a tensor lies in global memory and which tiles of it are
// copied: the arguments of cuTensorMapEncodeTiled, without interleaving.
type TensorMap struct {
	Element int // bytes: 1, 2, 4 or 8
	Base    uint64
	Dims    []uint64 // elements, innermost first, from 1 to 5
	Strides []uint64 // bytes between neighbours of dimension 1 and up: one less than Dims
	Box     []uint32 // elements of a tile
	Swizzle Swizzle
	NaN     bool // what lies outside the tensor reads as NaN instead of zero
}

// TensorMapBytes is the size of an encoded map. Kernels take it as a parameter
// aligned to 64.
const TensorMapBytes = 128

const mapMagic = 0x50414d52534e4554

// Encode checks the map as the driver does, and returns what a kernel is given.
// The bytes are the machine's own: those of a card are not documented.
func (t TensorMap) Encode() ([TensorMapBytes]byte, error) {
	var b [TensorMapBytes]byte
	if err := t.check(); err != nil {
		return b, err
	}
	le := binary.LittleEndian
	le.PutUint64(b[0:], mapMagic)
	le.PutUint64(b[8:], t.Base)
	b[16], b[17], b[18] = uint8(t.Element), uint8(len(t.Dims)), uint8(t.Swizzle)
	b[19] = uint8(truth(t.NaN))
	for i, n := range t.Dims {
		le.PutUint64(b[24+8*i:], n)
		le.PutUint16(b[112+2*i:], uint16(t.Box[i]))
	}
	for i, n := range t.Strides {
		le.PutUint64(b[64+8*i:], n)
	}
	le.PutUint32(b[124:], crc32.ChecksumIEEE(b[:124]))
	return b, nil
}

func (t TensorMap) check() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("ptxvm: tensor map: %s: %w", fmt.Sprintf(format, args...), abi.Invalid)
	}
	rank := len(t.Dims)
	switch {
	case t.Element != 1 && t.Element != 2 && t.Element != 4 && t.Element != 8:
		return bad("elements of %d bytes", t.Element)
	case rank < 1 || rank > 5 || len(t.Strides) != rank-1 || len(t.Box) != rank:
		return bad("%d dimensions, %d strides, a box of %d", rank, len(t.Strides), len(t.Box))
	case t.Base&15 != 0:
		return bad("address %#x is no multiple of 16", t.Base)
	case t.Swizzle > Swizzle128:
		return bad("swizzle %d", t.Swizzle)
	}
	inner := uint64(t.Box[0]) * uint64(t.Element)
	if inner%16 != 0 || t.Swizzle != SwizzleNone && inner > t.Swizzle.span() {
		return bad("rows of %d bytes in a box: a multiple of 16, within the swizzle", inner)
	}
	bytes := uint64(t.Element)
	for i, n := range t.Dims {
		if n < 1 || n > 1<<32 {
			return bad("dimension %d of %d elements", i, n)
		}
		if t.Box[i] < 1 || t.Box[i] > 256 {
			return bad("a box of %d elements in dimension %d: from 1 to 256", t.Box[i], i)
		}
		if i == 0 {
			bytes *= n
			continue
		}
		s := t.Strides[i-1]
		if s%16 != 0 || s >= 1<<40 || s < bytes && i == 1 {
			return bad("stride %d of dimension %d: a multiple of 16 that holds what is below it", s, i)
		}
	}
	return nil
}

func decodeTensorMap(b []byte) (t TensorMap, ok bool) {
	le := binary.LittleEndian
	if le.Uint64(b) != mapMagic || le.Uint32(b[124:]) != crc32.ChecksumIEEE(b[:124]) {
		return t, false
	}
	t = TensorMap{Element: int(b[16]), Base: le.Uint64(b[8:]), Swizzle: Swizzle(b[18]), NaN: b[19] != 0}
	for i := range int(b[17]) {
		t.Dims = append(t.Dims, le.Uint64(b[24+8*i:]))
		t.Box = append(t.Box, uint32(le.Uint16(b[112+2*i:])))
		if i > 0 {
			t.Strides = append(t.Strides, le.Uint64(b[64+8*(i-1):]))
		}
	}
	return t, true
}

// bytes is the size of a tile.
func (t TensorMap) bytes() uint64 {
	n := uint64(t.Element)
	for _, b := range t.Box {
		n *= uint64(b)
	}
	return n
}

// row visits the rows of the tile at the coordinates given: dst is the offset in
// the tile, addr where the row begins in global memory, and from and to the
// elements of it that are inside the tensor.
func (t TensorMap) rows(at []int32, visit func(dst, addr uint64, from, to int)) {
	rank := len(t.Dims)
	index := make([]uint32, rank)
	width := int64(t.Box[0])
	from := max(0, -int64(at[0]))
	to := min(width, int64(min(t.Dims[0], math.MaxInt32+1<<9))-int64(at[0]))
	for dst := uint64(0); ; dst += uint64(width) * uint64(t.Element) {
		addr := t.Base + uint64(int64(at[0])*int64(t.Element))
		inside := from < to
		for i := 1; i < rank; i++ {
			p := int64(at[i]) + int64(index[i])
			inside = inside && p >= 0 && uint64(p) < t.Dims[i]
			addr += uint64(p * int64(t.Strides[i-1]))
		}
		if inside {
			visit(dst, addr, int(from), int(to))
		} else {
			visit(dst, addr, 0, 0)
		}
		i := 1
		for ; i < rank; i++ {
			if index[i]++; index[i] < t.Box[i] {
				break
			}
			index[i] = 0
		}
		if i >= rank {
			return
		}
	}
}

// outside is what an element outside the tensor reads as.
func (t TensorMap) outside() uint64 {
	switch {
	case !t.NaN:
		return 0
	case t.Element == 2:
		return nan16
	case t.Element == 4:
		return nan32
	}
	return nan64
}
