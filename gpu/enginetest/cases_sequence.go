package enginetest

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

func sequenceCases() []opCase {
	return slices.Concat(einsumCases(), attentionCases(), recurrentCases(), signalCases())
}

// summed is Einsum over all values of its letters, one after the other: result
// names the dimensions of the result, and those of names the operands'.
func summed(result string, names ...string) func([]array) array {
	return func(in []array) array {
		letters, sizes := "", []int64{}
		bound := map[byte]int64{}
		for i, s := range names {
			for d := range len(s) {
				bound[s[d]] = max(bound[s[d]], in[i].shape[d])
			}
		}
		shape := []int64{}
		for i := range len(result) {
			shape = append(shape, bound[result[i]])
		}
		for n := byte('A'); n <= 'z'; n++ {
			if d, ok := bound[n]; ok {
				letters, sizes = letters+string(n), append(sizes, d)
			}
		}
		out := zeros(in[0].dt, shape...)
		for i := range size(sizes) {
			value := map[byte]int{}
			for d, p := range index(i, sizes) {
				value[letters[d]] = p
			}
			term := 1.0
			for k, s := range names {
				at := make([]int, len(s))
				for d := range at {
					at[d] = value[s[d]]
				}
				term *= in[k].at(at)
			}
			to := 0
			for d := range len(result) {
				to = to*int(shape[d]) + value[result[d]]
			}
			out.data[to] += term
		}
		return out
	}
}

func einsumCases() []opCase {
	eq := func(s string) []abi.Attr { return attrs("equation", s) }
	return []opCase{
		{name: "Einsum", attrs: eq("ij,jk->ik"), in: []operand{x(1, 2, 3), x(2, 3, 4)}, want: summed("ik", "ij", "jk")},
		{name: "Einsum/implicit", attrs: eq("bj, ja"), in: []operand{x(1, 2, 3), x(2, 3, 4)}, want: summed("ab", "bj", "ja")},
		{name: "Einsum/transpose", attrs: eq("abc->cab"), in: []operand{x(1, 2, 3, 4)}, want: summed("cab", "abc")},
		{name: "Einsum/sum", attrs: eq("abc->b"), in: []operand{x(1, 2, 3, 4)}, want: summed("b", "abc")},
		{name: "Einsum/scalar", attrs: eq("i,i->"), in: []operand{x(1, 5), x(2, 5)}, want: summed("", "i", "i")},
		{name: "Einsum/trace", attrs: eq("ii->"), in: []operand{x(1, 3, 3)}, want: summed("", "ii")},
		{name: "Einsum/diagonal", attrs: eq("...ii->...i"), in: []operand{x(1, 2, 3, 3)}, want: summed("Zi", "Zii")},
		{name: "Einsum/diagonals", attrs: eq("iji,ki->jk"), in: []operand{x(1, 3, 2, 3), x(2, 4, 3)}, want: summed("jk", "iji", "ki")},
		{name: "Einsum/outer", attrs: eq("a,bc->cab"), in: []operand{x(1, 2), x(2, 3, 2)}, want: summed("cab", "a", "bc")},
		{name: "Einsum/batch", attrs: eq("bhqd,bhkd->bhqk"), in: []operand{x(1, 2, 2, 3, 2), x(2, 2, 2, 4, 2)}, want: summed("bhqk", "bhqd", "bhkd")},
		{name: "Einsum/three", attrs: eq("ij,jk,kl->li"), in: []operand{x(1, 2, 3), x(2, 3, 2), x(3, 2, 4)}, want: summed("li", "ij", "jk", "kl")},
		{name: "Einsum/ellipsis", attrs: eq("...ij,...jk->...ik"), in: []operand{x(1, 2, 1, 2, 3), x(2, 3, 3, 2)}, want: summed("YZik", "YZij", "Zjk")},
		{name: "Einsum/ones", attrs: eq("ij,ij->i"), in: []operand{x(1, 2, 3), x(2, 1, 3)}, want: summed("i", "ij", "ij")},
		{name: "Einsum/once", attrs: eq("ij,kl->i"), in: []operand{x(1, 2, 3), x(2, 2, 2)}, want: summed("i", "ij", "kl")},
		{name: "Einsum/int64", attrs: eq("ij,j->i"), in: []operand{labels(ints(2, 2), 1, 2, 3, 1<<40), labels(ints(2), 5, 3)}, want: summed("i", "ij", "j")},
		{name: "MatMul/int64", in: []operand{labels(ints(2, 2), 1, -2, 3, 1<<40), labels(ints(2), 5, 3)}, want: summed("i", "ij", "j")},
		{name: "MatMul/int32", in: []operand{plain(array{abi.Int32, ints(1, 2), []float64{7, -3}}), plain(array{abi.Int32, ints(2, 2), []float64{1, 2, 3, 4}})}, want: summed("ik", "ij", "jk")},
		{name: "Gemm/int32", attrs: attrs("alpha", 2.0), in: []operand{plain(array{abi.Int32, ints(1, 2), []float64{7, -3}}), plain(array{abi.Int32, ints(2, 2), []float64{1, 2, 3, 4}}), plain(array{abi.Int32, ints(2), []float64{100, -1}})},
			want: func([]array) array { return array{abi.Int32, ints(1, 2), []float64{96, 3}} }},
	}
}

// A look is what of Attention the reference follows; head h of the queries goes
// with h/group of the keys.
type look struct {
	scale, cap float64
	causal     bool
	past       int
	result     int // 0, or 3 for what qk_matmul_output_mode names
	mode       int
	keys       []int // that are no padding, a batch
}

// attended takes queries, keys, values and, where it is not nil, what is added to
// the scores, all of four dimensions.
func (l look) attended(q, k, v array, mask func(b, h, i, j int) float64) array {
	heads, rows, cols := int(q.shape[1]), int(q.shape[2]), int(k.shape[2])
	group := heads / int(k.shape[1])
	if l.scale == 0 {
		l.scale = single(1 / math.Sqrt(float64(q.shape[3])))
	}
	scores := [4]array{}
	for s := range scores {
		scores[s] = zeros(q.dt, q.shape[0], q.shape[1], q.shape[2], k.shape[2])
	}
	for b := range int(q.shape[0]) {
		for h := range heads {
			for i := range rows {
				at := ((b*heads+h)*rows + i) * cols
				sum, top := 0.0, math.Inf(-1)
				for j := range cols {
					s := 0.0
					for d := range int(q.shape[3]) {
						s += q.at([]int{b, h, i, d}) * k.at([]int{b, h / group, j, d})
					}
					s *= l.scale
					scores[0].data[at+j] = s
					if l.cap > 0 {
						s = l.cap * math.Tanh(s/l.cap)
					}
					scores[1].data[at+j] = s
					offset, valid := l.past, cols
					if l.keys != nil {
						offset, valid = l.keys[b]-rows, l.keys[b]
					}
					if mask != nil {
						s += mask(b, h, i, j)
					}
					if j >= valid || l.causal && j > i+offset {
						s = math.Inf(-1)
					}
					scores[2].data[at+j], top = s, math.Max(top, s)
				}
				for j := range cols {
					sum += math.Exp(scores[2].data[at+j] - top)
				}
				for j := range cols {
					if !math.IsInf(top, -1) {
						scores[3].data[at+j] = math.Exp(scores[2].data[at+j]-top) / sum
					}
				}
			}
		}
	}
	if l.result == 3 {
		return scores[l.mode]
	}
	return generate(q.dt, ints(q.shape[0], q.shape[1], q.shape[2], v.shape[3]), func(at []int) float64 {
		s := 0.0
		for j := range cols {
			s += scores[3].at([]int{at[0], at[1], at[2], j}) * v.at([]int{at[0], at[1] / group, j, at[3]})
		}
		return s
	})
}

// heads takes N×sequence×(heads·size) apart.
func heads(n int64) func(a array) array {
	return func(a array) array {
		apart := array{a.dt, ints(a.shape[0], a.shape[1], n, a.shape[2]/n), a.data}
		return transpose(0, 2, 1, 3)([]array{apart})
	}
}

func attentionCases() []opCase {
	q, k, v := x(1, 2, 2, 3, 4), x(2, 2, 2, 5, 4), x(3, 2, 2, 5, 3)
	four := func(l look, mask func(in []array) func(b, h, i, j int) float64) func([]array) array {
		return func(in []array) array {
			var m func(b, h, i, j int) float64
			if mask != nil {
				m = mask(in)
			}
			return l.attended(in[0], in[1], in[2], m)
		}
	}
	added := func(in []array) func(b, h, i, j int) float64 {
		return func(b, h, i, j int) float64 { return in[3].at([]int{b, h, i, j}) }
	}
	allowed := func(in []array) func(b, h, i, j int) float64 {
		return func(b, h, i, j int) float64 {
			if j < int(in[3].shape[1]) && in[3].at([]int{i, j}) != 0 {
				return 0
			}
			return math.Inf(-1)
		}
	}
	may := plain(array{abi.Bool, ints(3, 5), []float64{1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0}})
	short := plain(array{abi.Bool, ints(3, 2), []float64{1, 0, 1, 1, 0, 1}})
	flat := func(in []array) array {
		y := look{}.attended(heads(4)(in[0]), heads(2)(in[1]), heads(2)(in[2]), nil)
		y = transpose(0, 2, 1, 3)([]array{y})
		return array{y.dt, ints(y.shape[0], y.shape[1], y.shape[2]*y.shape[3]), y.data}
	}
	past := func(in []array) array {
		join := func(i int) array { return concat(2)([]array{in[3+i], in[i]}) }
		return look{causal: true, past: 2}.attended(in[0], join(1), join(2), nil)
	}
	pastIn := []operand{x(1, 1, 2, 3, 2), x(2, 1, 2, 3, 2), x(3, 1, 2, 3, 3), left(), x(5, 1, 2, 2, 2), x(6, 1, 2, 2, 3)}
	rotary := func(together bool, turned int) func([]array) array {
		return func(in []array) array {
			a := in[0]
			half := turned / 2
			return generate(a.dt, a.shape, func(at []int) float64 {
				d := at[3]
				if d >= turned {
					return a.at(at)
				}
				i, other, sign := d, d+half, -1.0
				if d >= half {
					i, other, sign = d-half, d-half, 1
				}
				if together {
					i, other, sign = d/2, d+1, -1
					if d%2 == 1 {
						other, sign = d-1, 1
					}
				}
				turn := []int{at[0], at[2], i}
				if len(in) > 3 {
					turn = []int{int(in[3].at([]int{at[0], at[2]})), i}
				}
				p := slices.Clone(at)
				p[3] = other
				return a.at(at)*in[1].at(turn) + sign*a.at(p)*in[2].at(turn)
			})
		}
	}
	flatRotary := func(in []array) array {
		y := rotary(false, 4)(append([]array{heads(2)(in[0])}, in[1:]...))
		return array{y.dt, in[0].shape, transpose(0, 2, 1, 3)([]array{y}).data}
	}
	return []opCase{
		{name: "Attention", in: []operand{q, k, v}, want: four(look{}, nil), opset: 23},
		{name: "Attention/causal", attrs: attrs("is_causal", 1, "scale", 0.5), in: []operand{q, k, v}, want: four(look{causal: true, scale: 0.5}, nil), opset: 23},
		{name: "Attention/mask", attrs: attrs("softcap", 2.0), in: []operand{q, k, v, x(4, 2, 1, 3, 5)}, want: four(look{cap: 2}, added), opset: 23},
		{name: "Attention/bool", in: []operand{q, k, v, may}, want: four(look{}, allowed), opset: 23},
		{name: "Attention/short", in: []operand{q, k, v, short}, want: four(look{}, allowed), opset: 23},
		{name: "Attention/flat", attrs: attrs("q_num_heads", 4, "kv_num_heads", 2), in: []operand{x(1, 2, 3, 8), x(2, 2, 2, 4), x(3, 2, 2, 6)}, want: flat, opset: 23},
		{name: "Attention/past", attrs: attrs("is_causal", 1), in: pastIn, want: past, opset: 23},
		{name: "Attention/key", in: pastIn, want: func(in []array) array { return concat(2)([]array{in[4], in[1]}) }, result: 1, opset: 23},
		{name: "Attention/value", in: pastIn, want: func(in []array) array { return concat(2)([]array{in[5], in[2]}) }, result: 2, opset: 23},
		{name: "Attention/scores", in: []operand{q, k, v}, want: four(look{result: 3}, nil), result: 3, opset: 23},
		{name: "Attention/capped", attrs: attrs("qk_matmul_output_mode", 1, "softcap", 1.5), in: []operand{q, k, v, x(4, 2, 1, 3, 5)}, want: four(look{result: 3, mode: 1, cap: 1.5}, added), result: 3, opset: 23},
		{name: "Attention/masked", attrs: attrs("qk_matmul_output_mode", 2, "softcap", 1.5), in: []operand{q, k, v, x(4, 2, 1, 3, 5)}, want: four(look{result: 3, mode: 2, cap: 1.5}, added), result: 3, opset: 23},
		{name: "Attention/weights", attrs: attrs("qk_matmul_output_mode", 3), in: []operand{q, k, v}, want: four(look{result: 3, mode: 3}, nil), result: 3, opset: 23},
		{name: "Attention/lengths", attrs: attrs("is_causal", 1), in: []operand{q, k, v, left(), left(), left(), list(4, 3)}, want: four(look{causal: true, keys: []int{4, 3}}, nil), opset: 24},
		{name: "RotaryEmbedding", in: []operand{x(1, 2, 2, 3, 4), x(2, 2, 3, 2), x(3, 2, 3, 2)}, want: rotary(false, 4), opset: 23},
		{name: "RotaryEmbedding/interleaved", attrs: attrs("interleaved", 1, "rotary_embedding_dim", 4), in: []operand{x(1, 1, 2, 3, 6), x(2, 1, 3, 2), x(3, 1, 3, 2)}, want: rotary(true, 4), opset: 23},
		{name: "RotaryEmbedding/part", attrs: attrs("rotary_embedding_dim", 4), in: []operand{x(1, 1, 2, 3, 5), x(2, 1, 3, 2), x(3, 1, 3, 2)}, want: rotary(false, 4), opset: 23},
		{name: "RotaryEmbedding/positions", in: []operand{x(1, 2, 2, 3, 4), x(2, 6, 2), x(3, 6, 2), labels(ints(2, 3), 0, 5, 2, 1, 1, 4)}, want: rotary(false, 4), opset: 23},
		{name: "RotaryEmbedding/flat", attrs: attrs("num_heads", 2), in: []operand{x(1, 1, 3, 8), x(2, 1, 3, 2), x(3, 1, 3, 2)}, want: flatRotary, opset: 23},
	}
}
