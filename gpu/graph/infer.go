package graph

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

func invalid(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, abi.Invalid)...)
}

func (c *call) has(i int) bool { return i < len(c.n.In) && c.n.In[i] != 0 }

// floats requires the given operands to be floating-point numbers of one type.
func (c *call) floats(operands ...int) error { return c.alike(isFloat, "float32 or float64", operands) }

// numbers requires the given operands to be numbers of one type.
func (c *call) numbers(operands ...int) error {
	return c.alike(func(dt abi.DType) bool { return dt != abi.Bool }, "a number", operands)
}

func isFloat(dt abi.DType) bool { return dt == abi.Float32 || dt == abi.Float64 }

func (c *call) alike(ok func(abi.DType) bool, want string, operands []int) error {
	first := -1
	for _, i := range operands {
		switch {
		case !c.has(i):
		case !ok(c.in[i].DType):
			return invalid("input %d has type %v, want %s", i, c.in[i].DType, want)
		case first >= 0 && c.in[i].DType != c.in[first].DType:
			return invalid("inputs %d and %d have types %v and %v, want one", first, i, c.in[first].DType, c.in[i].DType)
		case first < 0:
			first = i
		}
	}
	return nil
}

// An Unknown error says that an operator must know a value when it is added.
type Unknown struct {
	Value   abi.Value
	Operand int
}

func (u *Unknown) Error() string {
	return fmt.Sprintf("input %d must be a constant, or computed of constants", u.Operand)
}

func (u *Unknown) Unwrap() error { return abi.Invalid }

// constant returns the node of operand i, whose value must be known.
func (c *call) constant(i int) (*Node, error) {
	n := c.g.At(c.n.In[i])
	if c.g.lineage(c.n.In[i])&ofOpaque != 0 {
		return nil, fmt.Errorf("input %d follows from a private constant, which may shape nothing: %w", i, abi.Denied)
	}
	if n.Data == nil {
		return nil, &Unknown{c.n.In[i], i}
	}
	return n, nil
}

// ints returns the elements of operand i, a known integer vector or scalar.
func (c *call) ints(i int) (list []int64, ok bool, err error) {
	if !c.has(i) {
		return nil, false, nil
	}
	n, err := c.constant(i)
	if err != nil {
		return nil, false, err
	}
	if n.DType != abi.Int64 && n.DType != abi.Int32 || len(n.Shape) > 1 || n.Elements() > maxInts {
		return nil, false, invalid("input %d is %v, want a vector of at most %d integers", i, n.Type, maxInts)
	}
	list = []int64{}
	for b := n.Data; len(b) > 0; b = b[n.DType.Size():] {
		if n.DType == abi.Int32 {
			list = append(list, int64(int32(binary.LittleEndian.Uint32(b))))
		} else {
			list = append(list, int64(binary.LittleEndian.Uint64(b)))
		}
	}
	return list, true, nil
}

// scalar returns the one element of operand i, a known number.
func (c *call) scalar(i int, def float32) (float32, error) {
	if !c.has(i) {
		return def, nil
	}
	n, err := c.constant(i)
	if err != nil {
		return 0, err
	}
	if n.Elements() != 1 {
		return 0, invalid("input %d is %v, want one number", i, n.Type)
	}
	return float32(Number(n.DType, n.Data)), nil
}

// Number returns the first element of b, as near as a float64 comes.
func Number(dt abi.DType, b []byte) float64 {
	switch dt {
	case abi.Float32:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case abi.Float64:
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	case abi.Int64:
		return float64(int64(binary.LittleEndian.Uint64(b)))
	case abi.Int32:
		return float64(int32(binary.LittleEndian.Uint32(b)))
	case abi.Int8:
		return float64(int8(b[0]))
	case abi.Float16:
		return float64(Half(binary.LittleEndian.Uint16(b)))
	}
	return float64(b[0])
}

// axes returns the axes of a node, from operand 1 as of the given opset and from
// the attribute before it; internal nodes use the attribute.
func (c *call) axes(since int) ([]int64, bool, error) {
	list, ok := c.attrs.ints("axes")
	if ok && c.g.cfg.Opset >= since && !c.internal() {
		return nil, false, invalid("axes is an input since opset %d, not an attribute", since)
	}
	if ok || !c.has(1) {
		return list, ok, nil
	}
	if c.g.cfg.Opset < since {
		return nil, false, invalid("axes is an attribute before opset %d, not an input", since)
	}
	return c.ints(1)
}

// axis makes a possibly negative axis of the given rank plain.
func axis(a int64, rank int) (int, error) {
	r := int64(rank)
	if a < -r || a >= r {
		return 0, invalid("axis %d, rank is %d", a, rank)
	}
	if a < 0 {
		a += r
	}
	return int(a), nil
}

// axisSet makes axes plain, ascending and without duplicates.
func axisSet(list []int64, rank int) ([]int, error) {
	out := make([]int, 0, len(list))
	for _, a := range list {
		i, err := axis(a, rank)
		if err != nil {
			return nil, err
		}
		if slices.Contains(out, i) {
			return nil, invalid("axis %d is given twice", a)
		}
		out = append(out, i)
	}
	slices.Sort(out)
	return out, nil
}

// broadcast is numpy's multidirectional broadcasting.
func broadcast(shapes ...[]int64) ([]int64, error) {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	out := make([]int64, rank)
	for i := range out {
		out[i] = 1
	}
	for _, s := range shapes {
		for i, d := range s {
			o := &out[rank-len(s)+i]
			if *o != d && *o != 1 && d != 1 {
				return nil, invalid("shapes %v do not broadcast", shapes)
			}
			if d != 1 {
				*o = d
			}
		}
	}
	return out, nil
}
