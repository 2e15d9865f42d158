package graph

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// An index counts from the end where it is negative, and one that is out of range
// becomes the nearest in it: data never makes a kernel fail.

// index requires operand i to be int64 or int32.
func (c *call) index(i int) error {
	if dt := c.in[i].DType; dt != abi.Int64 && dt != abi.Int32 {
		return invalid("input %d has type %v, want int64 or int32", i, dt)
	}
	return nil
}

func inferGather(c *call) (Type, error) {
	s := c.in[0].Shape
	if err := c.index(1); err != nil {
		return Type{}, err
	}
	a, err := axis(c.attrs.int("axis", 0), len(s))
	if err != nil {
		return Type{}, err
	}
	c.n.Attrs.Axis = a
	t := Type{c.in[0].DType, slices.Concat(s[:a], c.in[1].Shape, s[a+1:])}
	return t, someOf(s[a], t)
}

// someOf refuses to take elements out of a dimension that has none.
func someOf(d int64, t Type) error {
	if err := t.check(); err != nil {
		return err
	}
	if d == 0 && t.Elements() > 0 {
		return invalid("%v elements of a dimension that has none", t.Shape)
	}
	return nil
}

func gradGather(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.node("GatherGrad", []abi.Value{dy, n.In[1]}, aInts("shape", t.typ(n.In[0]).Shape), aInt("axis", int64(n.Attrs.Axis))))
}

func inferGatherElements(c *call) (Type, error) {
	s, i := c.in[0].Shape, c.in[1].Shape
	a, err := c.along(s, i)
	if err != nil {
		return Type{}, err
	}
	t := Type{c.in[0].DType, i}
	return t, someOf(s[a], t)
}

// along decodes the axis that the elements of operand 1 are positions on; in the
// other dimensions they lie where they are, which must be within s.
func (c *call) along(s, i []int64) (int, error) {
	if err := c.index(1); err != nil {
		return 0, err
	}
	a, err := axis(c.attrs.int("axis", 0), len(s))
	if err != nil {
		return 0, err
	}
	c.n.Attrs.Axis = a
	if len(i) != len(s) {
		return 0, invalid("indices of shape %v into %v", i, s)
	}
	for d := range s {
		if d != a && i[d] > s[d] {
			return 0, invalid("indices of shape %v into %v: dimension %d", i, s, d)
		}
	}
	return a, nil
}

func aText(name, s string) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrString, S: s} }

func (t *builder) zeros(typ Type) abi.Value {
	return t.node("Zeros", nil, aInt("to", int64(typ.DType)), aInts("shape", typ.Shape))
}

// inferZeros is zero of any type, for what is added to.
func inferZeros(c *call) (Type, error) {
	s, _ := c.attrs.ints("shape")
	return Type{abi.DType(c.attrs.int("to", 0)), slices.Clone(s)}, nil
}

func gradGatherElements(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.node("ScatterElements", []abi.Value{t.zeros(t.typ(n.In[0])), n.In[1], dy},
		aInt("axis", int64(n.Attrs.Axis)), aText("reduction", "add")))
}

// inferGatherND: the last dimension of the indices is a position in the leading
// dimensions of each batch.
func inferGatherND(c *call) (Type, error) {
	if c.g.cfg.Opset >= 12 || c.internal() {
		c.n.Attrs.Batch = int(min(max(c.attrs.int("batch_dims", 0), -1), abi.MaxRank))
	}
	k, err := c.tuples()
	if err != nil {
		return Type{}, err
	}
	s, i, b := c.in[0].Shape, c.in[1].Shape, c.n.Attrs.Batch
	t := Type{c.in[0].DType, slices.Concat(i[:len(i)-1], s[b+k:])}
	return t, someOf(Type{Shape: s[b : b+k]}.Elements(), t)
}

// tuples checks operand 1 as positions in operand 0 and returns how many
// dimensions they name.
func (c *call) tuples() (int, error) {
	if err := c.index(1); err != nil {
		return 0, err
	}
	s, i, b := c.in[0].Shape, c.in[1].Shape, c.n.Attrs.Batch
	if len(i) == 0 || b < 0 || b >= len(i) || b > len(s) || !slices.Equal(s[:b], i[:b]) {
		return 0, invalid("indices of shape %v into %v with %d batch dimensions", i, s, b)
	}
	k := i[len(i)-1]
	if k < 0 || k > int64(len(s)-b) {
		return 0, invalid("indices of shape %v into %v with %d batch dimensions", i, s, b)
	}
	return int(k), nil
}

func gradGatherND(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.node("ScatterND", []abi.Value{t.zeros(t.typ(n.In[0])), n.In[1], dy},
		aInt("batch_dims", int64(n.Attrs.Batch)), aText("reduction", "add")))
}

// reduction decodes what is done where an element is scattered to. add and mul
// came with opset 16, max and min with 18.
func (c *call) reduction() error {
	if c.g.cfg.Opset < 16 && !c.internal() {
		c.n.Attrs.Mode = "none"
		return nil
	}
	switch r := c.attrs.string("reduction", "none"); {
	case r == "none":
	case (r == "add" || r == "mul" || (r == "max" || r == "min") && (c.g.cfg.Opset >= 18 || c.internal())):
		if err := c.numbers(0); err != nil {
			return err
		}
	default:
		return invalid("reduction is %q, want none, add, mul or, from opset 18, max or min", clip(r))
	}
	c.n.Attrs.Mode = c.attrs.string("reduction", "none")
	return nil
}

// inferScatterElements puts the elements of operand 2 where operand 1 says, one
// after the other: of several to one place the last stays, or all are reduced.
func inferScatterElements(c *call) (Type, error) {
	if err := c.reduction(); err != nil {
		return Type{}, err
	}
	s := c.in[0].Shape
	a, err := c.along(s, c.in[1].Shape)
	if err != nil {
		return Type{}, err
	}
	if want := (Type{c.in[0].DType, c.in[1].Shape}); !c.in[2].Equal(want) {
		return Type{}, invalid("input 2 is %v, want %v", c.in[2], want)
	}
	return c.in[0], someOf(s[a], c.in[2])
}

// inferScatterND does the same with parts of operand 0, as GatherND takes them.
func inferScatterND(c *call) (Type, error) {
	if err := c.reduction(); err != nil {
		return Type{}, err
	}
	if c.internal() {
		c.n.Attrs.Batch = int(c.attrs.int("batch_dims", 0))
	}
	k, err := c.tuples()
	if err != nil {
		return Type{}, err
	}
	s, i, b := c.in[0].Shape, c.in[1].Shape, c.n.Attrs.Batch
	want := Type{c.in[0].DType, slices.Concat(i[:len(i)-1], s[b+k:])}
	if !c.in[2].Equal(want) {
		return Type{}, invalid("input 2 is %v, want %v", c.in[2], want)
	}
	return c.in[0], someOf(Type{Shape: s[b : b+k]}.Elements(), want)
}

// gradScatter is the gradient of ScatterElements and ScatterND: back is the
// operator that takes out of a tensor what they put in.
func gradScatter(back string) gradRule {
	return func(t *builder, n Node, y, dy abi.Value, want []bool) []abi.Value {
		x, i, u := n.In[0], n.In[1], n.In[2]
		var place []abi.Attr
		if back == "GatherND" {
			place = []abi.Attr{aInt("batch_dims", int64(n.Attrs.Batch))}
		} else {
			place = []abi.Attr{aInt("axis", int64(n.Attrs.Axis))}
		}
		gather := func(v abi.Value) abi.Value { return t.node(back, []abi.Value{v, i}, place...) }
		scatter := func(x, u abi.Value, reduction string) abi.Value {
			return t.node(n.Op, []abi.Value{x, i, u}, append(slices.Clone(place), aText("reduction", reduction))...)
		}
		out := make([]abi.Value, 3)
		switch n.Attrs.Mode {
		case "add":
			out[0] = dy
			if want[2] {
				out[2] = gather(dy)
			}
		case "mul":
			// Each factor's gradient is the product of the others: all of them over
			// itself, but for zeros, which are counted and left out of the product.
			one, zero := t.number(x, 1), t.number(x, 0)
			isZero := func(v abi.Value) (is, count, rest abi.Value) {
				is = t.node("Equal", []abi.Value{v, zero})
				return is, t.cast(is, t.typ(v).DType), t.node("Where", []abi.Value{is, one, v})
			}
			_, xCount, xRest := isZero(x)
			_, uCount, uRest := isZero(u)
			product, zeros := scatter(xRest, uRest, "mul"), scatter(xCount, uCount, "add")
			others := func(product, zeros, count, rest, dy abi.Value) abi.Value {
				none := t.node("Equal", []abi.Value{zeros, count})
				return t.mul(dy, t.node("Where", []abi.Value{none, t.div(product, rest), zero}))
			}
			if want[0] {
				out[0] = others(product, zeros, xCount, xRest, dy)
			}
			if want[2] {
				out[2] = others(gather(product), gather(zeros), uCount, uRest, gather(dy))
			}
		case "max", "min": // dy goes to what the result is equal to, in equal shares
			dt := t.typ(x).DType
			xIs := t.cast(t.node("Equal", []abi.Value{x, y}), dt)
			uIs := t.cast(t.node("Equal", []abi.Value{u, gather(y)}), dt)
			share := t.div(dy, scatter(xIs, uIs, "add"))
			out[0] = t.mul(xIs, share)
			if want[2] {
				out[2] = t.mul(uIs, gather(share))
			}
		default: // indices are not repeated, by the definition of the operator
			if want[0] {
				out[0] = scatter(dy, t.zeros(t.typ(u)), "none")
			}
			if want[2] {
				out[2] = gather(dy)
			}
		}
		return out
	}
}

// composeScatter is the name that ScatterElements had before opset 11.
func composeScatter(c *call, t *builder) ([]abi.Value, error) {
	if c.g.cfg.Opset >= 11 {
		return nil, invalid("it is called ScatterElements since opset 11")
	}
	return []abi.Value{t.node("ScatterElements", c.n.In, aInt("axis", c.attrs.int("axis", 0)))}, nil
}

// composeOneHot chooses between the two values where a new axis meets the index.
func composeOneHot(c *call, t *builder) ([]abi.Value, error) {
	if err := c.numbers(0); err != nil {
		return nil, err
	}
	if c.in[2].Elements() != 2 || len(c.in[2].Shape) != 1 {
		return nil, invalid("input 2 is %v, want two values", c.in[2])
	}
	d, err := c.scalar(1, 0)
	if err != nil {
		return nil, err
	}
	depth := int64(d)
	if c.in[1].DType == abi.Int64 || c.in[1].DType == abi.Int32 {
		n, err := c.constant(1)
		if err != nil {
			return nil, err
		}
		depth = integer(n)
	}
	s := c.in[0].Shape
	a, err := axis(c.attrs.int("axis", -1), len(s)+1)
	if err != nil {
		return nil, err
	}
	if depth < 0 || depth > abi.MaxElements {
		return nil, invalid("depth is %d", depth)
	}
	index := c.n.In[0]
	if c.in[0].DType != abi.Int64 {
		index = t.cast(index, abi.Int64)
	}
	hot := t.node("OneHotMask", []abi.Value{index}, aInt("axis", int64(a)), aInts("shape", slices.Insert(slices.Clone(s), a, depth)))
	value := func(i int64) abi.Value { return t.reshape(t.slice(c.n.In[2], 0, i, i+1), []int64{}) }
	return []abi.Value{t.node("Where", []abi.Value{hot, value(1), value(0)})}, nil
}

func inferOneHotMask(c *call) (Type, error) {
	t, err := inferShapeOf(c)
	t.DType = abi.Bool
	return t, err
}

// composeCompress takes the elements, or along an axis the parts, whose place in
// the known operand 1 is true.
func composeCompress(c *call, t *builder) ([]abi.Value, error) {
	if c.in[1].DType != abi.Bool || len(c.in[1].Shape) != 1 {
		return nil, invalid("input 1 is %v, want a bool vector", c.in[1])
	}
	cond, err := c.constant(1)
	if err != nil {
		return nil, err
	}
	v, a := c.n.In[0], 0
	s := c.in[0].Shape
	if x := c.attrs.int("axis", math.MinInt64); x != math.MinInt64 {
		if a, err = axis(x, len(s)); err != nil {
			return nil, err
		}
	} else {
		s = []int64{c.in[0].Elements()}
		v = t.reshape(v, s)
	}
	if cond.Elements() > s[a] {
		return nil, invalid("input 1 has %d elements, axis %d of %v has less", cond.Elements(), a, s)
	}
	var list []int64
	for i, b := range cond.Data {
		if b != 0 {
			list = append(list, int64(i))
		}
	}
	index := t.hold(Type{abi.Int64, []int64{int64(len(list))}}, intBytes(list))
	return []abi.Value{t.node("Gather", []abi.Value{v, index}, aInt("axis", int64(a)))}, nil
}
