package graph

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// composeTopK gives the k largest elements along an axis, or the smallest, in
// order, and where they are. Of equal ones the first comes first; NaN is larger
// than anything.
func composeTopK(c *call, t *builder) ([]abi.Value, error) {
	if err := c.numbers(0); err != nil {
		return nil, err
	}
	s, largest := c.in[0].Shape, true
	a, err := axis(c.attrs.int("axis", -1), len(s))
	if err != nil {
		return nil, err
	}
	var k int64
	if c.g.cfg.Opset < 10 {
		if c.has(1) {
			return nil, invalid("k is an attribute before opset 10, not an input")
		}
		k = c.attrs.int("k", -1)
	} else {
		list, ok, err := c.ints(1)
		if err != nil || !ok || len(list) != 1 {
			return nil, cmpErr(err, invalid("input 1 is %v, want k", c.in[min(1, len(c.in)-1)]))
		}
		k = list[0]
	}
	if c.g.cfg.Opset >= 11 {
		largest = c.attrs.flag("largest", 1)
		c.attrs.flag("sorted", 1) // what need not be in order may be
	}
	if k < 0 || k > s[a] {
		return nil, invalid("k is %d, axis %d of %v", k, a, s)
	}
	shape := slices.Clone(s)
	shape[a] = k
	index := t.node("TopKIndices", []abi.Value{c.n.In[0]}, aInt("axis", int64(a)), aFlag("largest", largest), aInts("shape", shape))
	return []abi.Value{t.node("GatherElements", []abi.Value{c.n.In[0], index}, aInt("axis", int64(a))), index}, nil
}

func inferTopKIndices(c *call) (Type, error) {
	c.n.Attrs.Upper = c.attrs.flag("largest", 1)
	t, err := inferShapeOf(c)
	t.DType = abi.Int64
	return t, err
}

// composeUnique gives, of a known operand, what differs: elements or, along an
// axis, parts; where each is first; which of them each one was; how many there
// were of each.
func composeUnique(c *call, t *builder) ([]abi.Value, error) {
	n, err := c.constant(0)
	if err != nil {
		return nil, err
	}
	sorted := c.attrs.flag("sorted", 1)
	s, v, a := n.Shape, c.n.In[0], 0
	if x := c.attrs.int("axis", math.MinInt64); x != math.MinInt64 {
		if a, err = axis(x, len(s)); err != nil {
			return nil, err
		}
	} else {
		s = []int64{n.Elements()}
		v = t.reshape(v, s)
	}
	if err := c.g.spend(mulSat(64, n.Elements())); err != nil { // comparisons, of a sort
		return nil, err
	}
	u := newParts(n, s, a)
	order := make([]int64, s[a])
	for i := range order {
		order[i] = int64(i)
	}
	slices.SortStableFunc(order, u.compare)
	var firsts []int64
	group := make([]int64, s[a]) // the group of each part
	for k, i := range order {
		if k == 0 || u.compare(order[k-1], i) != 0 {
			firsts = append(firsts, i)
		}
		group[i] = int64(len(firsts) - 1)
	}
	if !sorted { // as they come
		rank := make([]int64, len(firsts))
		byFirst := slices.Clone(firsts)
		slices.Sort(byFirst)
		for k, i := range byFirst {
			rank[group[i]] = int64(k)
		}
		for i, k := range group {
			group[i] = rank[k]
		}
		firsts = byFirst
	}
	counts := make([]int64, len(firsts))
	for _, k := range group {
		counts[k]++
	}
	list := func(x []int64) abi.Value { return t.hold(Type{abi.Int64, []int64{int64(len(x))}}, intBytes(x)) }
	where := list(firsts)
	return []abi.Value{t.node("Gather", []abi.Value{v, where}, aInt("axis", int64(a))), where, list(group), list(counts)}, nil
}

// parts are the pieces of a known value along an axis.
type parts struct {
	dt                 abi.DType
	data               []byte
	outer, size, inner int64
}

func newParts(n *Node, s []int64, axis int) parts {
	return parts{n.DType, n.Data, (Type{Shape: s[:axis]}).Elements(), s[axis], (Type{Shape: s[axis+1:]}).Elements()}
}

// compare orders two parts by their first element that differs.
func (u parts) compare(i, j int64) int {
	size := u.dt.Size()
	for o := range u.outer {
		for e := range u.inner {
			x := u.data[((o*u.size+i)*u.inner+e)*size:][:size]
			y := u.data[((o*u.size+j)*u.inner+e)*size:][:size]
			if bytes.Equal(x, y) {
				continue
			}
			c := 0
			if u.dt == abi.Int64 {
				c = cmp.Compare(int64(binary.LittleEndian.Uint64(x)), int64(binary.LittleEndian.Uint64(y)))
			} else {
				c = cmp.Compare(Number(u.dt, x), Number(u.dt, y))
			}
			if c != 0 {
				return c
			}
		}
	}
	return 0
}
