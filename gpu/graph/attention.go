package graph

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// An attended is the operands of an Attention: queries, keys and values as
// N×heads×sequence×size.
type attended struct {
	q, k, v    abi.Value
	heads, kv  int64 // of queries; of keys and values, each for as many of queries
	batch      int64
	rows, cols int64 // lengths of the sequences of queries and of keys
	past       int64 // keys of before the queries
	flat       bool  // operands and result are N×sequence×(heads·size)
}

// composeAttention is scaled dot-product attention: A. Vaswani et al., "Attention Is
// All You Need", 2017; with fewer heads of keys than of queries, J. Ainslie et al.,
// "GQA", 2023. Scores are scaled, capped, masked and made probabilities, in this
// order. A query that may look at no key gives zeros.
func composeAttention(c *call, t *builder) ([]abi.Value, error) {
	if err := c.floats(0, 1, 2, 4, 5); err != nil {
		return nil, err
	}
	a, err := c.attended(t)
	if err != nil {
		return nil, err
	}
	size := t.typ(a.q).Shape[3]
	cap, mode := c.attrs.float("softcap", 0), c.attrs.int("qk_matmul_output_mode", 0)
	if mode < 0 || mode > 3 {
		return nil, invalid("qk_matmul_output_mode is %d, want 0 to 3", mode)
	}
	c.attrs.skip("softmax_precision") // it is never less than what is computed with here
	group := a.heads / a.kv
	q := t.reshape(t.scale(a.q, float64(c.attrs.float("scale", float32(1/math.Sqrt(float64(size)))))), []int64{a.batch, a.kv, group * a.rows, size})
	scores := t.reshape(t.product(q, a.k, false, true), []int64{a.batch, a.heads, a.rows, a.cols})
	stages := [4]abi.Value{0: scores}
	if cap > 0 {
		scores = t.scale(t.node("Tanh", []abi.Value{t.scale(scores, 1/float64(cap))}), float64(cap))
	}
	stages[1] = scores
	masked, err := c.masked(t, a, scores)
	if err != nil {
		return nil, err
	}
	stages[2] = masked
	weights := t.node("Softmax", []abi.Value{masked}, aInt("axis", -1))
	if masked != scores {
		top := t.node("ReduceMax", []abi.Value{masked}, aInts("axes", []int{3}))
		some := t.node("Greater", []abi.Value{top, t.number(top, math.Inf(-1))})
		weights = t.node("Where", []abi.Value{some, weights, t.number(weights, 0)})
	}
	stages[3] = weights
	if t.err != nil {
		return nil, t.err
	}
	depth := t.typ(a.v).Shape[3]
	y := t.product(t.reshape(weights, []int64{a.batch, a.kv, group * a.rows, a.cols}), a.v, false, false)
	y = t.reshape(y, []int64{a.batch, a.heads, a.rows, depth})
	if a.flat {
		y = t.reshape(t.permute(y, []int{0, 2, 1, 3}), []int64{a.batch, a.rows, a.heads * depth})
	}
	return []abi.Value{y, a.k, a.v, stages[mode]}, nil
}

// attended brings the operands to four dimensions, behind those of the past.
func (c *call) attended(t *builder) (a attended, err error) {
	rank := len(c.in[0].Shape)
	for i := range 3 {
		if len(c.in[i].Shape) != rank || rank != 3 && rank != 4 {
			return a, invalid("inputs have shapes %v, %v and %v, want three or four dimensions", c.in[0].Shape, c.in[1].Shape, c.in[2].Shape)
		}
	}
	in := [3]abi.Value(c.n.In)
	a.heads, a.kv = c.attrs.int("q_num_heads", 0), c.attrs.int("kv_num_heads", 0)
	if a.flat = rank == 3; a.flat {
		for i, heads := range [3]int64{a.heads, a.kv, a.kv} {
			s := c.in[i].Shape
			if heads < 1 || s[2]%heads != 0 {
				return a, invalid("input %d of shape %v does not divide into %d heads", i, s, heads)
			}
			in[i] = t.permute(t.reshape(in[i], []int64{s[0], s[1], heads, s[2] / heads}), []int{0, 2, 1, 3})
		}
	}
	if t.err != nil {
		return a, t.err
	}
	q, k, v := t.typ(in[0]).Shape, t.typ(in[1]).Shape, t.typ(in[2]).Shape
	if q[0] != k[0] || k[0] != v[0] || k[1] != v[1] || k[2] != v[2] || q[3] != k[3] || q[1]%k[1] != 0 {
		return a, invalid("queries %v, keys %v and values %v do not fit", q, k, v)
	}
	if !a.flat && (a.heads != 0 && a.heads != q[1] || a.kv != 0 && a.kv != k[1]) {
		return a, invalid("q_num_heads %d and kv_num_heads %d, the inputs have %d and %d", a.heads, a.kv, q[1], k[1])
	}
	if c.has(4) != c.has(5) {
		return a, invalid("past_key and past_value come together")
	}
	for i := 1; i < 3 && c.has(4); i++ {
		p, now := c.in[3+i].Shape, t.typ(in[i]).Shape
		if len(p) != 4 || p[0] != now[0] || p[1] != now[1] || p[3] != now[3] {
			return a, invalid("input %d has shape %v, before %v", 3+i, p, now)
		}
		if a.past = p[2]; a.past > 0 {
			in[i] = t.concat([]abi.Value{c.n.In[3+i], in[i]}, 2)
		}
	}
	if t.err != nil {
		return a, t.err
	}
	a.q, a.k, a.v = in[0], in[1], in[2]
	a.batch, a.heads, a.kv, a.rows, a.cols = q[0], q[1], k[1], q[2], t.typ(in[1]).Shape[2]
	if vs := t.typ(in[2]).Shape; vs[2] != a.cols {
		return a, invalid("%d keys and %d values, with those of the past", a.cols, vs[2])
	}
	return a, nil
}

// masked adds the mask to the scores, and minus infinity to what a query may not
// look at.
func (c *call) masked(t *builder, a attended, scores abi.Value) (abi.Value, error) {
	never := t.number(scores, math.Inf(-1))
	if c.has(3) {
		mask := c.n.In[3]
		s := c.in[3].Shape
		if n := len(s); n > 0 && s[n-1] < a.cols && s[n-1] > 1 { // what is missing is masked
			rest := slices.Clone(s)
			rest[n-1] = a.cols - s[n-1]
			fill := t.fill(c.in[3].DType, float32(math.Inf(-1)), rest)
			if c.in[3].DType == abi.Bool {
				fill = t.fill(abi.Bool, 0, rest)
			}
			mask = t.concat([]abi.Value{mask, fill}, n-1)
			s = append(slices.Clone(s[:n-1]), a.cols)
		}
		whole := []int64{a.batch, a.heads, a.rows, a.cols}
		if b, err := broadcast(whole, s); err != nil || !slices.Equal(b, whole) {
			return 0, invalid("input 3 of shape %v does not broadcast to %v", s, whole)
		}
		switch c.in[3].DType {
		case abi.Bool:
			scores = t.node("Where", []abi.Value{mask, scores, never})
		case c.in[0].DType:
			scores = t.add(scores, mask)
		default:
			return 0, invalid("input 3 has type %v, want bool or %v", c.in[3].DType, c.in[0].DType)
		}
	}
	valid, err := c.validKeys(a)
	if err != nil {
		return 0, err
	}
	causal := c.attrs.flag("is_causal", 0)
	if !causal && valid == nil {
		return scores, nil
	}
	batches := int64(1)
	if valid != nil {
		batches = a.batch
	}
	if _, err := abi.Elements([]int64{batches, a.rows, a.cols}); err != nil || batches*a.rows*a.cols > maxKnown {
		return 0, invalid("a mask of %d×%d×%d is too large", batches, a.rows, a.cols)
	}
	look := make([]byte, 0, batches*a.rows*a.cols)
	for b := range batches {
		for i := range a.rows {
			offset, keys := a.past, a.cols
			if valid != nil {
				offset, keys = valid[b]-a.rows, valid[b]
			}
			for j := range a.cols {
				ok := byte(0)
				if j < keys && (!causal || j <= i+offset) {
					ok = 1
				}
				look = append(look, ok)
			}
		}
	}
	may := t.hold(Type{abi.Bool, []int64{batches, 1, a.rows, a.cols}}, look)
	return t.node("Where", []abi.Value{may, scores, never}), nil
}

// validKeys are how many keys of each batch are no padding, or nil for all.
func (c *call) validKeys(a attended) ([]int64, error) {
	list, ok, err := c.ints(6)
	if err != nil || !ok {
		return nil, err
	}
	if int64(len(list)) != a.batch || c.has(4) {
		return nil, invalid("input 6 has %d elements for %d batches, and goes with no past", len(list), a.batch)
	}
	return list, nil
}

// composeRotaryEmbedding turns pairs of elements by angles that grow with their
// position: J. Su et al., "RoFormer", 2021.
func composeRotaryEmbedding(c *call, t *builder) ([]abi.Value, error) {
	if err := c.floats(0, 1, 2); err != nil {
		return nil, err
	}
	x, s := c.n.In[0], c.in[0].Shape
	heads := c.attrs.int("num_heads", 0)
	flat := len(s) == 3
	switch {
	case flat && heads > 0 && s[2]%heads == 0:
		x = t.permute(t.reshape(x, []int64{s[0], s[1], heads, s[2] / heads}), []int{0, 2, 1, 3})
		s = []int64{s[0], heads, s[1], s[2] / heads}
	case len(s) != 4:
		return nil, invalid("input 0 of shape %v and num_heads %d, want N×heads×sequence×size, or N×sequence×(heads·size)", s, heads)
	}
	turned := c.attrs.int("rotary_embedding_dim", 0)
	if turned == 0 {
		turned = s[3]
	}
	if turned < 2 || turned > s[3] || turned%2 != 0 {
		return nil, invalid("rotary_embedding_dim is %d, heads have %d elements", turned, s[3])
	}
	half := turned / 2
	var turn [2]abi.Value // cosines and sines, N×1×sequence×half
	for i := range turn {
		v, ts := c.n.In[1+i], c.in[1+i].Shape
		if c.has(3) {
			p := c.in[3]
			if len(ts) != 2 || ts[1] != half || p.DType != abi.Int64 || !slices.Equal(p.Shape, []int64{s[0], s[2]}) {
				return nil, invalid("input %d has shape %v and positions are %v, want [_ %d] and int64[%d %d]", 1+i, ts, p, half, s[0], s[2])
			}
			v = t.node("Gather", []abi.Value{v, c.n.In[3]})
		} else if !slices.Equal(ts, []int64{s[0], s[2], half}) {
			return nil, invalid("input %d has shape %v, want %v", 1+i, ts, []int64{s[0], s[2], half})
		}
		turn[i] = t.reshape(v, []int64{s[0], 1, s[2], half})
	}
	front := t.steps(x, 3, 0, 1, turned)
	var a, b abi.Value
	together := c.attrs.flag("interleaved", 0)
	if together {
		a, b = t.steps(front, 3, 0, 2, half), t.steps(front, 3, 1, 2, half)
	} else {
		a, b = t.steps(front, 3, 0, 1, half), t.steps(front, 3, half, 1, half)
	}
	cos, sin := turn[0], turn[1]
	re := t.node("Sub", []abi.Value{t.mul(cos, a), t.mul(sin, b)})
	im := t.add(t.mul(sin, a), t.mul(cos, b))
	var y abi.Value
	if together {
		pair := []int64{s[0], s[1], s[2], half, 1}
		y = t.reshape(t.concat([]abi.Value{t.reshape(re, pair), t.reshape(im, pair)}, 4), []int64{s[0], s[1], s[2], turned})
	} else {
		y = t.concat([]abi.Value{re, im}, 3)
	}
	if turned < s[3] {
		y = t.concat([]abi.Value{y, t.steps(x, 3, turned, 1, s[3]-turned)}, 3)
	}
	if flat {
		y = t.reshape(t.permute(y, []int{0, 2, 1, 3}), c.in[0].Shape)
	}
	return []abi.Value{y}, nil
}
