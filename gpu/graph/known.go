package graph

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// The operators here give values that follow from shapes, or from operands that
// must be known: the result is known when the node is added.

// inferShape is the sizes of dimensions start to end, as of opset 15; all before.
func inferShape(c *call) (Type, error) {
	s := c.in[0].Shape
	r := int64(len(s))
	start, end := int64(0), r
	if c.g.cfg.Opset >= 15 {
		start, end = c.attrs.int("start", 0), c.attrs.int("end", r)
	}
	start, end = min(max(fromEnd(start, r), 0), r), min(max(fromEnd(end, r), 0), r)
	s = s[start:max(start, end)]
	c.value = intBytes(s)
	return Type{abi.Int64, []int64{int64(len(s))}}, nil
}

func inferSize(c *call) (Type, error) {
	c.value = intBytes([]int64{c.in[0].Elements()})
	return Type{abi.Int64, []int64{}}, nil
}

// inferConstantOfShape repeats the one element of value, zero of float32 if it is
// left out, in the known shape.
func inferConstantOfShape(c *call) (Type, error) {
	shape, _, err := c.ints(0)
	if err != nil {
		return Type{}, err
	}
	dt := abi.Float32
	if v := c.attrs.tensor("value"); v != nil {
		if (Type{v.DType, v.Shape}).Elements() != 1 || int64(len(v.Data)) != v.DType.Size() {
			return Type{}, invalid("value has shape %v, want one element", v.Shape)
		}
		dt, c.n.Attrs.Bits = v.DType, bitsOf(v.Data)
	}
	return Type{dt, slices.Clone(shape)}, nil
}

// bitsOf returns the first bytes of b, at most eight, as a number.
func bitsOf(b []byte) uint64 {
	var bits [8]byte
	copy(bits[:], b)
	return binary.LittleEndian.Uint64(bits[:])
}

// bitsFrom returns f as an element of type dt; it must be one that fits.
func bitsFrom(dt abi.DType, f float64) uint64 {
	switch dt {
	case abi.Float32:
		return uint64(math.Float32bits(float32(f)))
	case abi.Float64:
		return math.Float64bits(f)
	case abi.Float16:
		return uint64(HalfBits(f))
	}
	return uint64(int64(f))
}

// inferEyeLike is ones on diagonal k, zero elsewhere.
func inferEyeLike(c *call) (Type, error) {
	s := c.in[0].Shape
	if len(s) != 2 {
		return Type{}, invalid("input 0 has shape %v, want a matrix", s)
	}
	dt := abi.DType(c.attrs.int("dtype", int64(c.in[0].DType)))
	c.n.Attrs.K, c.n.Attrs.Bits = c.attrs.int("k", 0), bitsFrom(dt, 1)
	return Type{dt, s}, nil
}

// inferTrilu keeps the upper or the lower triangle of matrices.
func inferTrilu(c *call) (Type, error) {
	s := c.in[0].Shape
	if len(s) < 2 {
		return Type{}, invalid("input 0 has shape %v, want matrices", s)
	}
	at := &c.n.Attrs
	at.Upper, at.K = c.attrs.flag("upper", 1), 0
	if c.internal() {
		at.K = c.attrs.int("k", 0)
	} else if list, ok, err := c.ints(1); err != nil {
		return Type{}, err
	} else if ok {
		if len(list) != 1 {
			return Type{}, invalid("input 1 is %v, want one integer", c.in[1])
		}
		at.K = list[0]
	}
	const far = 1 << 41 // beyond any dimension
	at.K = min(max(at.K, -far), far)
	return c.in[0], nil
}

func gradTrilu(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.node("Trilu", []abi.Value{dy}, aFlag("upper", n.Attrs.Upper), aInt("k", n.Attrs.K)))
}

// inferRange is start, start+delta, … before limit; all three are known.
func inferRange(c *call) (Type, error) {
	if err := c.numbers(0, 1, 2); err != nil {
		return Type{}, err
	}
	dt := c.in[0].DType
	var arg [3]*Node
	for i := range arg {
		var err error
		if arg[i], err = c.constant(i); err != nil {
			return Type{}, err
		}
		if arg[i].Elements() != 1 {
			return Type{}, invalid("input %d is %v, want one number", i, arg[i].Type)
		}
	}
	count := int64(0)
	switch dt {
	case abi.Int32, abi.Int64:
		start, limit, delta := integer(arg[0]), integer(arg[1]), integer(arg[2])
		if delta == 0 {
			return Type{}, invalid("delta is zero")
		}
		room := uint64(limit) - uint64(start) // right though limit - start may overflow
		step := uint64(delta)
		if delta < 0 {
			room, step = -room, -step
		}
		if delta > 0 && limit > start || delta < 0 && limit < start {
			if n := (room-1)/step + 1; n <= uint64(abi.MaxElements) {
				count = int64(n)
			} else {
				count = math.MaxInt64
			}
		}
		return c.ranged(dt, count, func(i int64) uint64 { return uint64(start) + uint64(i)*uint64(delta) })
	case abi.Float32, abi.Float64:
		start, limit, delta := Number(dt, arg[0].Data), Number(dt, arg[1].Data), Number(dt, arg[2].Data)
		n := math.Ceil((limit - start) / delta)
		if delta == 0 || math.IsNaN(n) {
			return Type{}, invalid("range of %v to %v by %v", start, limit, delta)
		}
		if n > 0 {
			count = int64(min(n, math.MaxInt64/2))
		}
		return c.ranged(dt, count, func(i int64) uint64 { return bitsFrom(dt, start+float64(float64(i)*delta)) })
	}
	return Type{}, invalid("input 0 has type %v, want float32, float64, int32 or int64", dt)
}

// ranged keeps count elements as the value of the node.
func (c *call) ranged(dt abi.DType, count int64, at func(i int64) uint64) (Type, error) {
	t := Type{dt, []int64{count}}
	if count > maxKnown/dt.Size() {
		return Type{}, invalid("a range of %d elements, at most %d", count, maxKnown/dt.Size())
	}
	if err := c.g.spend(uint64(count)); err != nil {
		return Type{}, err
	}
	c.value = make([]byte, 0, t.Bytes())
	for i := range count {
		c.value = appendBits(c.value, dt, at(i))
	}
	return t, nil
}

// appendBits appends the low bytes of bits, as many as an element of dt has.
func appendBits(b []byte, dt abi.DType, bits uint64) []byte {
	var e [8]byte
	binary.LittleEndian.PutUint64(e[:], bits)
	return append(b, e[:dt.Size()]...)
}

// integer is the first element of a known int32 or int64.
func integer(n *Node) int64 {
	if n.DType == abi.Int32 {
		return int64(int32(binary.LittleEndian.Uint32(n.Data)))
	}
	return int64(binary.LittleEndian.Uint64(n.Data))
}

// inferNonZero lists the positions of what is not zero, one column each.
func inferNonZero(c *call) (Type, error) {
	n, err := c.constant(0)
	if err != nil {
		return Type{}, err
	}
	if err := c.g.spend(mulSat(int64(len(n.Shape)+1), n.Elements())); err != nil {
		return Type{}, err
	}
	size := n.DType.Size()
	var found []int64
	for i := range n.Elements() {
		if Number(n.DType, n.Data[i*size:]) != 0 {
			found = append(found, i)
		}
	}
	t := Type{abi.Int64, []int64{int64(len(n.Shape)), int64(len(found))}}
	if err := t.check(); err != nil {
		return Type{}, err
	}
	c.value = make([]byte, 0, t.Bytes())
	for d := range n.Shape {
		after := (Type{Shape: n.Shape[d+1:]}).Elements()
		for _, i := range found {
			c.value = binary.LittleEndian.AppendUint64(c.value, uint64(i/after%n.Shape[d]))
		}
	}
	return t, nil
}
