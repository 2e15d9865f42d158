package graph

import (
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// maxExact bounds the integers that sums of float32 are exact up to.
const maxExact = 1 << 24

// composeDynamicQuantize chooses the scale and zero point of uint8 so that the
// range of x with zero in it just fits.
func composeDynamicQuantize(c *call, t *builder) ([]abi.Value, error) {
	if c.in[0].DType != abi.Float32 {
		return nil, invalid("input 0 has type %v, want float32", c.in[0].DType)
	}
	x := c.n.In[0]
	var axes []int
	for i := range c.in[0].Shape {
		axes = append(axes, i)
	}
	largest := func(v abi.Value) abi.Value {
		if len(axes) == 0 {
			return v
		}
		return t.node("ReduceMax", []abi.Value{v}, aInts("axes", axes), aFlag("keepdims", false))
	}
	zero := t.number(x, 0)
	high := t.node("Max", []abi.Value{largest(x), zero})
	low := t.neg(t.node("Max", []abi.Value{largest(t.neg(x)), zero}))
	scale := t.div(t.node("Sub", []abi.Value{high, low}), t.number(x, 255))
	point := t.node("Round", []abi.Value{t.neg(t.div(low, scale))})
	point = t.cast(point, abi.Uint8) // a cast of NaN is zero, and one out of range clamped
	return []abi.Value{t.node("QuantizeLinear", []abi.Value{x, scale, point}), scale, point}, nil
}

// A small value is one of 8-bit integers less their zero point, and the largest
// size that it may have.
type small struct {
	v, zero abi.Value // zero is 0 where there is none
	size    int64
}

// small takes operand i and the zero point of it, operand z, which shape brings to
// where it broadcasts.
func (c *call) small(t *builder, i, z int, shape []int64) (small, error) {
	dt := c.in[i].DType
	if dt != abi.Int8 && dt != abi.Uint8 {
		return small{}, invalid("input %d has type %v, want int8 or uint8", i, dt)
	}
	low, high := int64(0), int64(255)
	if dt == abi.Int8 {
		low, high = -128, 127
	}
	s := small{c.n.In[i], 0, max(-low, high)}
	if !c.has(z) {
		return s, nil
	}
	if c.in[z].DType != dt {
		return small{}, invalid("inputs %d and %d have types %v and %v, want one", i, z, dt, c.in[z].DType)
	}
	if n := c.in[z].Elements(); n == 1 {
		shape = []int64{}
	} else if want := (Type{Shape: shape}).Elements(); n != want {
		return small{}, invalid("input %d has shape %v, want one number or %d", z, c.in[z].Shape, want)
	}
	known := c.g.At(c.n.In[z]).Data
	if known != nil && !slices.ContainsFunc(known, func(b byte) bool { return b != 0 }) {
		return s, nil
	}
	s.zero, s.size = t.reshape(c.n.In[z], shape), 255
	if known != nil {
		s.size = 0
		for i := range known {
			z := int64(Number(dt, known[i:]))
			s.size = max(s.size, z-low, high-z)
		}
	}
	return s, t.err
}

// part is what of s lies from one place to another along an axis of n, as real
// numbers.
func (t *builder) part(s small, axis int, from, to, n int64, dt abi.DType) abi.Value {
	v := s.v
	if to-from < n {
		v = t.node("Slice", []abi.Value{v}, aInts("starts", []int64{from}), aInts("ends", []int64{to}), aInts("axes", []int{axis}))
	}
	if v = t.cast(v, dt); s.zero != 0 {
		v = t.node("Sub", []abi.Value{v, t.cast(s.zero, dt)})
	}
	return v
}

// maxParts bounds the products that an exact one is made of.
const maxParts = 256

// exact is a product of integers along axis i of a and j of b, which op makes of
// float32; each result is a sum of k. Where that could be too large to be exact, it
// is made of parts of the axes, which add up as integers; where parts will not do,
// as in groups, the product is one of float64.
func (t *builder) exact(op string, a, b small, i, j int, k int64, attrs []abi.Attr) abi.Value {
	n, at := t.typ(a.v).Shape[i], int64(0)
	product := func(from, to int64, dt abi.DType) abi.Value {
		y := t.node(op, []abi.Value{t.part(a, i, from, to, n, dt), t.part(b, j, from, to, n, dt)}, attrs...)
		return t.cast(y, abi.Int32)
	}
	if mulSat(a.size, b.size, k) <= maxExact {
		return product(0, n, abi.Float32)
	}
	if t.typ(b.v).Shape[j] == n {
		at = maxExact / (a.size * b.size * (k / n))
	}
	if at == 0 || ceilDiv(n, at) > maxParts {
		return product(0, n, abi.Float64)
	}
	at = ceilDiv(n, ceilDiv(n, at)) // of about one size
	sum := product(0, at, abi.Float32)
	for from := at; from < n && t.err == nil; from += at {
		sum = t.add(sum, product(from, min(n, from+at), abi.Float32))
	}
	return sum
}

// matMulInteger multiplies operands a and b less their zero points, operands za
// and zb: one number, or one for each row of a and each column of b.
func (c *call) matMulInteger(t *builder, a, za, b, zb int) (abi.Value, error) {
	as, bs := c.in[a].Shape, c.in[b].Shape
	if len(as) == 0 || len(bs) == 0 {
		return 0, invalid("inputs %v and %v, a scalar has no product", as, bs)
	}
	rows := []int64{}
	if len(as) > 1 {
		rows = []int64{as[len(as)-2], 1}
	}
	if c.has(za) && len(c.in[za].Shape) > 1 {
		rows = c.in[za].Shape
	}
	columns := bs[len(bs)-1:]
	if c.has(zb) && len(c.in[zb].Shape) > 1 {
		columns = c.in[zb].Shape
	}
	x, err := c.small(t, a, za, rows)
	if err != nil {
		return 0, err
	}
	y, err := c.small(t, b, zb, columns)
	if err != nil {
		return 0, err
	}
	if len(as) == 2 && len(bs) == 2 && mulSat(as[0]+64, as[1]) <= maxPacked && (x.zero == 0 || len(c.in[za].Shape) < 2) && (y.zero == 0 || len(c.in[zb].Shape) < 2) {
		return t.node("IntegerProduct", []abi.Value{x.v, y.v, x.zero, y.zero}), nil
	}
	return t.exact("MatMul", x, y, len(as)-1, max(0, len(bs)-2), as[len(as)-1], nil), nil
}

// maxPacked bounds the elements that a product of integers packs of its operands.
const maxPacked = 1 << 21

func composeMatMulInteger(c *call, t *builder) ([]abi.Value, error) {
	y, err := c.matMulInteger(t, 0, 2, 1, 3)
	return []abi.Value{y}, err
}

// convInteger is a convolution of operands x and w less their zero points.
func (c *call) convInteger(t *builder, x, zx, w, zw int) (abi.Value, error) {
	s := c.in[w].Shape
	if len(s) < 3 {
		return 0, invalid("input %d has shape %v, want M×C×…", w, s)
	}
	if c.has(zx) && c.in[zx].Elements() != 1 {
		return 0, invalid("input %d has shape %v, want one number", zx, c.in[zx].Shape)
	}
	a, err := c.small(t, x, zx, nil)
	if err != nil {
		return 0, err
	}
	b, err := c.small(t, w, zw, channelShape(s[0], len(s), 0))
	if err != nil {
		return 0, err
	}
	spans, group, err := c.convolved(x, w)
	if err != nil {
		return 0, err
	}
	if len(spans) == 2 && s[1] == 1 && s[0] == group { // a channel each has kernels of float32, and sums that are short
		p := window2(spans)
		return t.exact("Conv", a, b, 1, 1, Type{Shape: s[1:]}.Elements(), []abi.Attr{aInt("group", group), aInts("strides", p.Stride[:]), aInts("dilations", p.Dilation[:]), aInts("pads", p.Pads[:])}), nil
	}
	return t.conv("IntegerConv", a.v, b.v, []abi.Value{a.zero, b.zero}, spans, group), t.err
}

// channelShape is n along the given axis of a shape of that rank, and 1 elsewhere.
func channelShape(n int64, rank, axis int) []int64 {
	shape := slices.Repeat([]int64{1}, rank)
	shape[axis] = n
	return shape
}

func composeConvInteger(c *call, t *builder) ([]abi.Value, error) {
	y, err := c.convInteger(t, 0, 2, 1, 3)
	return []abi.Value{y}, err
}

// scaled is the exact product y times the scales of both factors, operands sa and
// sb, quantised with scale and zero point, operands sy and sy+1. The shapes say
// where a scale for each row or channel lies.
func (c *call) scaled(t *builder, y abi.Value, sa, sb, sy int, rows, columns []int64) (abi.Value, error) {
	scale := func(i int, shape []int64) abi.Value {
		if c.in[i].DType != abi.Float32 {
			t.fail(invalid("input %d has type %v, want float32", i, c.in[i].DType))
		} else if n := c.in[i].Elements(); n == 1 {
			shape = []int64{}
		} else if len(c.in[i].Shape) > 1 {
			shape = c.in[i].Shape
		} else if (Type{Shape: shape}).Elements() != n {
			t.fail(invalid("input %d has shape %v, want one number or %d", i, c.in[i].Shape, Type{Shape: shape}.Elements()))
		}
		return t.reshape(c.n.In[i], shape)
	}
	v := t.mul(t.cast(y, abi.Float32), t.mul(scale(sa, rows), scale(sb, columns)))
	one := []int64{}
	if c.in[sy].Elements() != 1 || c.in[sy+1].Elements() != 1 {
		return 0, invalid("inputs %d and %d have shapes %v and %v, want one number each", sy, sy+1, c.in[sy].Shape, c.in[sy+1].Shape)
	}
	return t.node("QuantizeLinear", []abi.Value{v, t.reshape(c.n.In[sy], one), t.reshape(c.n.In[sy+1], one)}), t.err
}

func composeQLinearMatMul(c *call, t *builder) ([]abi.Value, error) {
	y, err := c.matMulInteger(t, 0, 2, 3, 5)
	if err != nil {
		return nil, err
	}
	as, bs := c.in[0].Shape, c.in[3].Shape
	rows := []int64{}
	if len(as) > 1 {
		rows = []int64{as[len(as)-2], 1}
	}
	q, err := c.scaled(t, y, 1, 4, 6, rows, bs[len(bs)-1:])
	return []abi.Value{q}, err
}

func composeQLinearConv(c *call, t *builder) ([]abi.Value, error) {
	y, err := c.convInteger(t, 0, 2, 3, 5)
	if err != nil {
		return nil, err
	}
	w := c.in[3].Shape
	channels := channelShape(w[0], len(w)-1, 0)
	if c.has(8) {
		if want := (Type{abi.Int32, w[:1]}); !c.in[8].Equal(want) {
			return nil, invalid("input 8 is %v, want %v", c.in[8], want)
		}
		y = t.add(y, t.reshape(c.n.In[8], channels))
	}
	q, err := c.scaled(t, y, 1, 4, 6, nil, channels)
	return []abi.Value{q}, err
}
