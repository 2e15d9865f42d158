package cpu

import (
	"encoding/binary"
	"unsafe"

	"github.com/cloister-ai/cloister/gpu/graph"
)

// A padding is where the elements of a padded tensor come from.
type padding struct {
	mode         string
	before       []int64
	small, large []int64
	step         []int // of the operand
	inner        int   // elements of the last dimension
	lo, hi       int   // places in the last dimension whose elements stand in the operand
}

func newPadding(n *graph.Node, small, large []int64) padding {
	p := padding{mode: n.Attrs.Mode, before: n.Attrs.Starts, small: small, large: large, step: strides(small)}
	if len(large) == 0 { // a scalar is a row of one
		p.before, p.small, p.large, p.step = []int64{0}, []int64{1}, []int64{1}, []int{1}
	}
	last := len(p.large) - 1
	p.inner = int(p.large[last])
	p.lo = min(int(max(p.before[last], 0)), p.inner)
	p.hi = max(min(int(p.before[last]+p.small[last]), p.inner), p.lo)
	return p
}

// at returns which element of dimension d stands at place i; -1 is none.
func (p *padding) at(d, i int) int {
	return int(graph.PadIndex(p.mode, int64(i)-p.before[d], p.small[d]))
}

// row returns where row r of the padded tensor begins in the operand; -1 is nowhere.
func (p *padding) row(r int) int {
	off := 0
	for d := len(p.large) - 2; d >= 0; d-- {
		n := int(p.large[d])
		k := p.at(d, r%n)
		if k < 0 {
			return -1
		}
		off += k * p.step[d]
		r /= n
	}
	return off
}

func bindPad(b *binding) []stage { return sized(b, pad[uint8], pad[uint16], pad[uint32], pad[uint64]) }

func pad[T any](b *binding) []stage {
	p := newPadding(b.n, b.in[0].typ.Shape, b.out.typ.Shape)
	last := len(p.large) - 1
	return spreadBy(b.out.len()/p.inner, max(1, chunk/p.inner), func(from, to int) {
		x, y, fill := view[T](b.p, b.in[0]), view[T](b.p, b.out), padValue[T](b)
		for r := from; r < to; r++ {
			row, off := y[r*p.inner:][:p.inner], p.row(r)
			if off < 0 {
				for i := range row {
					row[i] = fill
				}
				continue
			}
			if p.lo < p.hi {
				copy(row[p.lo:p.hi], x[off+p.at(last, p.lo):])
			}
			for i := range p.inner {
				if i >= p.lo && i < p.hi {
					continue
				}
				if k := p.at(last, i); k >= 0 {
					row[i] = x[off+k]
				} else {
					row[i] = fill
				}
			}
		}
	})
}

// padValue is the element that fills: operand 2, or the one the node holds.
func padValue[T any](b *binding) T {
	if len(b.in) > 2 && b.in[2].has() {
		return view[T](b.p, b.in[2])[0]
	}
	return element[T](b.n.Attrs.Bits)
}

// bindPadGrad adds dy up, in order, where each element came from. A task takes
// what leading dimensions without padding keep apart.
func bindPadGrad[T float32 | float64](b *binding) []stage {
	dx, dy := b.out.typ.Shape, b.in[0].typ.Shape
	apart, lead := 1, 0
	for lead < len(dx) && dx[lead] == dy[lead] && b.n.Attrs.Starts[lead] == 0 {
		apart *= int(dx[lead])
		lead++
	}
	at := *b.n
	at.Attrs.Starts = at.Attrs.Starts[lead:]
	p := newPadding(&at, dx[lead:], dy[lead:])
	last := len(p.large) - 1
	small, large := b.out.len()/apart, b.in[0].len()/apart
	return []stage{{apart, func(_, t int) {
		dx, dy := view[T](b.p, b.out)[t*small:][:small], view[T](b.p, b.in[0])[t*large:][:large]
		clear(dx)
		for r := 0; len(dy) > 0; r++ {
			if off := p.row(r); off >= 0 {
				for i, v := range dy[:p.inner] {
					if k := p.at(last, i); k >= 0 {
						dx[off+k] += v
					}
				}
			}
			dy = dy[p.inner:]
		}
	}}}
}

// element is the element that lies in memory as the low bytes of bits.
func element[T any](bits uint64) T {
	b := make([]uint64, 1)
	binary.LittleEndian.PutUint64(unsafe.Slice((*byte)(unsafe.Pointer(&b[0])), 8), bits)
	return *(*T)(unsafe.Pointer(&b[0]))
}
