package graph

import (
	"slices"
	"strings"

	"github.com/cloister-ai/cloister/abi"
)

// Einsum multiplies its operands with each dimension named by a letter, and adds
// up over the letters that the result does not name. Operands are taken in one by
// one: each step is a batch of matrix products.

// Dimensions of an ellipsis are named by the capital letters from the end: those
// of operands with fewer of them are the last.
const ellipsisNames = "STUVWXYZ"

// A term is an operand while its dimensions have names.
type term struct {
	v     abi.Value
	names string
}

func composeEinsum(c *call, t *builder) ([]abi.Value, error) {
	var all []int
	for i := range c.n.In {
		if !c.has(i) {
			return nil, invalid("input %d is missing", i)
		}
		all = append(all, i)
	}
	if err := c.wide(all...); err != nil {
		return nil, err
	}
	inputs, result, err := c.equation()
	if err != nil {
		return nil, err
	}
	size, err := c.namedSizes(inputs)
	if err != nil {
		return nil, err
	}
	for _, n := range result {
		if _, ok := size[n]; !ok {
			return nil, invalid("equation: the result names %q, which no operand has", string(n))
		}
	}
	acc := t.diagonal(term{c.n.In[0], inputs[0]}, size)
	for i := 1; i < len(inputs); i++ {
		later := result + strings.Join(inputs[i+1:], "")
		acc = t.contract(acc, t.diagonal(term{c.n.In[i], inputs[i]}, size), later, size)
	}
	acc = t.drop(acc, result)
	y := t.order(acc, result)
	return []abi.Value{t.grow(y, result, size)}, t.err
}

// equation returns the names of the dimensions of the operands and of the result.
func (c *call) equation() (inputs []string, result string, err error) {
	eq := strings.ReplaceAll(c.attrs.string("equation", ""), " ", "")
	left, right, explicit := strings.Cut(eq, "->")
	inputs = strings.Split(left, ",")
	if len(inputs) != len(c.in) {
		return nil, "", invalid("equation %q names %d operands, there are %d", clip(eq), len(inputs), len(c.in))
	}
	longest := 0
	for i, s := range inputs {
		before, after, dots := strings.Cut(s, "...")
		rank := len(c.in[i].Shape)
		if n := rank - len(before) - len(after); dots && n >= 0 {
			longest = max(longest, n)
			inputs[i] = before + ellipsisNames[len(ellipsisNames)-n:] + after
		} else if len(s) != rank {
			return nil, "", invalid("equation %q: %q does not name the dimensions of %v", clip(eq), clip(s), c.in[i].Shape)
		}
	}
	rest := ellipsisNames[len(ellipsisNames)-longest:]
	if !explicit {
		var once []byte
		for n := byte('A'); n <= 'z'; n++ {
			if strings.Count(strings.Join(inputs, ""), string(n)) == 1 && strings.IndexByte(left, n) >= 0 {
				once = append(once, n)
			}
		}
		right = rest + string(once)
	} else {
		right = strings.Replace(right, "...", rest, 1)
	}
	for _, s := range append([]string{right}, inputs...) {
		for i := range len(s) {
			if n := s[i]; !(n >= 'a' && n <= 'z' || n >= 'A' && n <= 'Z') {
				return nil, "", invalid("equation %q: %q is no letter", clip(eq), string(n))
			}
		}
	}
	if strings.ContainsAny(left, ellipsisNames) {
		return nil, "", invalid("equation %q: the letters %s are taken", clip(eq), ellipsisNames)
	}
	for i := range len(right) {
		if strings.Count(right, right[i:i+1]) > 1 {
			return nil, "", invalid("equation %q: the result names %q twice", clip(eq), right[i:i+1])
		}
	}
	if len(right) > abi.MaxRank {
		return nil, "", invalid("equation %q: the result has rank %d, at most %d", clip(eq), len(right), abi.MaxRank)
	}
	return inputs, right, nil
}

// namedSizes is the size of each dimension by name; one that is 1 broadcasts.
func (c *call) namedSizes(inputs []string) (map[rune]int64, error) {
	size := map[rune]int64{}
	for i, s := range inputs {
		for d, n := range s {
			have, now := size[n], c.in[i].Shape[d]
			if have > 1 && now > 1 && have != now {
				return nil, invalid("equation: dimension %q is %d and %d", string(n), have, now)
			}
			size[n] = max(have, now)
		}
	}
	return size, nil
}

// diagonal keeps of a dimension that is named twice where both are equal: every
// n+1st of n×n elements.
func (t *builder) diagonal(x term, size map[rune]int64) term {
	for i := 0; i < len(x.names) && t.err == nil; i++ {
		j := strings.LastIndexByte(x.names, x.names[i])
		if j == i {
			continue
		}
		n := size[rune(x.names[i])]
		x.v = t.grow(x.v, x.names, size)
		s := t.typ(x.v).Shape
		var order []int
		shape := []int64{}
		for d := range s {
			if d != i && d != j {
				order, shape = append(order, d), append(shape, s[d])
			}
		}
		rank := len(shape)
		v := t.reshape(t.permute(x.v, append(order, i, j)), append(slices.Clone(shape), n*n))
		v = t.steps(v, rank, 0, n+1, n)
		rest := strings.Replace(x.names[:j], x.names[i:i+1], "", 1) + x.names[j+1:]
		x = term{v, rest + x.names[i:i+1]}
		i = -1
	}
	return x
}

// grow repeats dimensions of one that are larger elsewhere.
func (t *builder) grow(v abi.Value, names string, size map[rune]int64) abi.Value {
	if t.err != nil {
		return v
	}
	shape := slices.Clone(t.typ(v).Shape)
	for d, n := range names {
		shape[d] = size[n]
	}
	if slices.Equal(shape, t.typ(v).Shape) {
		return v
	}
	return t.node("Expand", []abi.Value{v}, aInts("shape", shape))
}

// drop adds up over what keep does not name.
func (t *builder) drop(x term, keep string) term {
	var axes []int
	names := ""
	for d, n := range x.names {
		if strings.ContainsRune(keep, n) {
			names += string(n)
		} else {
			axes = append(axes, d)
		}
	}
	if len(axes) == 0 {
		return x
	}
	return term{t.reduce(x.v, axes, false), names}
}

// order brings the dimensions into the order of names.
func (t *builder) order(x term, names string) abi.Value {
	order := make([]int, len(names))
	for i := range order {
		order[i] = strings.IndexByte(x.names, names[i])
	}
	return t.permute(x.v, order)
}

// contract multiplies two terms and adds up over what they share and nobody needs
// later.
func (t *builder) contract(a, b term, later string, size map[rune]int64) term {
	a, b = t.drop(a, later+b.names), t.drop(b, later+a.names)
	var both, inner, left, right string
	for _, n := range a.names {
		switch shared := strings.ContainsRune(b.names, n); {
		case shared && strings.ContainsRune(later, n):
			both += string(n)
		case shared:
			inner += string(n)
		default:
			left += string(n)
		}
	}
	for _, n := range b.names {
		if !strings.ContainsRune(a.names, n) {
			right += string(n)
		}
	}
	count := func(names string) int64 {
		p := int64(1)
		for _, n := range names {
			p *= size[n]
		}
		return p
	}
	shape := []int64{}
	for _, n := range both + left + right {
		shape = append(shape, size[n])
	}
	batch, m, k, n := count(both), count(left), count(inner), count(right)
	if _, err := abi.Elements([]int64{batch, m, k, n}); err != nil && t.err == nil {
		t.fail(err)
	}
	x := t.order(term{t.grow(a.v, a.names, size), a.names}, both+left+inner)
	w := t.order(term{t.grow(b.v, b.names, size), b.names}, both+inner+right)
	var y abi.Value
	if inner == "" {
		y = t.mul(t.reshape(x, []int64{batch, m, 1}), t.reshape(w, []int64{batch, 1, n}))
	} else {
		y = t.node("MatMul", []abi.Value{t.reshape(x, []int64{batch, m, k}), t.reshape(w, []int64{batch, k, n})})
	}
	if len(shape) > abi.MaxRank {
		t.fail(invalid("a step has rank %d, at most %d", len(shape), abi.MaxRank))
		return term{}
	}
	return term{t.reshape(y, shape), both + left + right}
}
