package enginetest

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// A recurrentNet is what of a recurrent operator the reference follows.
type recurrentNet struct {
	kind    string
	reverse []bool
	acts    []func(float64) float64 // of all directions
	clip    float64
	couple  bool
	linear  bool
	batched bool // layout 1
	result  int
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// weighed is row r of w, of a direction, times v.
func weighed(w array, d, r int, v []float64) (sum float64) {
	for i, f := range v {
		sum += w.at([]int{d, r, i}) * f
	}
	return sum
}

// run goes over one sequence of one direction and returns the hidden state after
// each step, and the last states.
func (n recurrentNet) run(in []array, d, b int, xs [][]float64, hidden, carry []float64) (all [][]float64) {
	size := len(hidden)
	gates := map[string]int{"LSTM": 4, "GRU": 3, "RNN": 1}[n.kind]
	acts := n.acts[d*len(n.acts)/len(n.reverse):]
	bias := func(r int) float64 {
		if len(in) > 3 && in[3].data != nil {
			return in[3].at([]int{d, r})
		}
		return 0
	}
	peep := func(p, j int) float64 {
		if len(in) > 7 {
			return in[7].at([]int{d, p*size + j}) * carry[j]
		}
		return 0
	}
	act := func(k int, v float64) float64 {
		if n.clip > 0 {
			v = math.Min(math.Max(v, -n.clip), n.clip)
		}
		return acts[k](v)
	}
	for _, x := range xs {
		old := slices.Clone(hidden)
		sum := func(k, j int, h []float64) float64 {
			r := k*size + j
			return weighed(in[1], d, r, x) + weighed(in[2], d, r, h) + bias(r) + bias(gates*size+r)
		}
		reset := make([]float64, size)
		for j := range size {
			if n.kind == "GRU" {
				reset[j] = act(0, sum(1, j, old)) * old[j]
			}
		}
		for j := range size {
			switch n.kind {
			case "RNN":
				hidden[j] = act(0, sum(0, j, old))
			case "LSTM":
				i := act(0, sum(0, j, old)+peep(0, j))
				f := act(0, sum(2, j, old)+peep(2, j))
				if n.couple {
					f = 1 - i
				}
				c := act(1, sum(3, j, old))
				now := f*carry[j] + i*c
				o := sum(1, j, old)
				if len(in) > 7 {
					o += in[7].at([]int{d, size + j}) * now
				}
				carry[j] = now
				hidden[j] = act(0, o) * acts[2](now)
			case "GRU":
				z := act(0, sum(0, j, old))
				h := sum(2, j, reset)
				if n.linear {
					r := 2*size + j
					h = weighed(in[1], d, r, x) + bias(r) + act(0, sum(1, j, old))*(weighed(in[2], d, r, old)+bias(gates*size+r))
				}
				hidden[j] = (1-z)*act(1, h) + z*old[j]
			}
		}
		all = append(all, slices.Clone(hidden))
	}
	return all
}

func (n recurrentNet) want(in []array) array {
	x := in[0]
	if n.batched {
		x = transpose(1, 0, 2)(in[:1])
	}
	steps, batch, size, dirs := int(x.shape[0]), int(x.shape[1]), int(in[2].shape[2]), len(n.reverse)
	y := zeros(x.dt, int64(steps), int64(dirs), int64(batch), int64(size))
	last := [2]array{zeros(x.dt, int64(dirs), int64(batch), int64(size)), zeros(x.dt, int64(dirs), int64(batch), int64(size))}
	for d := range dirs {
		for b := range batch {
			length := steps
			if len(in) > 4 && in[4].data != nil {
				length = int(in[4].data[b])
			}
			var xs [][]float64
			for t := range length {
				row := make([]float64, x.shape[2])
				for i := range row {
					row[i] = x.at([]int{t, b, i})
				}
				xs = append(xs, row)
			}
			if n.reverse[d] {
				slices.Reverse(xs)
			}
			var state [2][]float64
			for s := range state {
				state[s] = make([]float64, size)
				for j := range size {
					if len(in) > 5+s && in[5+s].data != nil {
						at := []int{d, b, j}
						if n.batched {
							at = []int{b, d, j}
						}
						state[s][j] = in[5+s].at(at)
					}
				}
			}
			for t, h := range n.run(in, d, b, xs, state[0], state[1]) {
				if n.reverse[d] {
					t = length - 1 - t
				}
				copy(y.data[((t*dirs+d)*batch+b)*size:], h)
			}
			for s := range state {
				copy(last[s].data[(d*batch+b)*size:], state[s])
			}
		}
	}
	out := []array{y, last[0], last[1]}[n.result]
	if n.batched && n.result == 0 {
		return transpose(2, 0, 1, 3)([]array{out})
	}
	if n.batched {
		return transpose(1, 0, 2)([]array{out})
	}
	return out
}

func recurrentCases() []opCase {
	// forward alone: there is no gradient of these
	in := func(dirs, gates int64) []operand {
		const steps, batch, size, hidden = 4, 2, 3, 5
		return []operand{plain(random(1, steps, batch, size)), plain(random(2, dirs, gates*hidden, size)), plain(random(3, dirs, gates*hidden, hidden)),
			plain(random(4, dirs, 2*gates*hidden)), plain(array{abi.Int32, ints(batch), []float64{2, 4}}), plain(random(6, dirs, batch, hidden)), plain(random(7, dirs, batch, hidden)), plain(random(8, dirs, 3*hidden))}
	}
	swapped := func(dirs, gates int64) []operand {
		list := in(dirs, gates)[:6]
		for _, i := range []int{0, 5} {
			list[i] = plain(transpose(1, 0, 2)([]array{list[i].array}))
		}
		list[4] = left()
		return list
	}
	both := []bool{false, true}
	lstm := []func(float64) float64{sigmoid, math.Tanh, math.Tanh}
	gru := []func(float64) float64{sigmoid, math.Tanh}
	twice := func(f []func(float64) float64) []func(float64) float64 { return slices.Concat(f, f) }
	bi := func(more ...any) []abi.Attr { return attrs(append([]any{"direction", "bidirectional"}, more...)...) }
	elu := func(x float64) float64 { return math.Max(x, 0) + 0.5*math.Min(math.Expm1(x), 0) }
	affine := func(x float64) float64 { return 0.25*x + 0.75 }
	relu := func(x float64) float64 { return math.Max(x, 0) }
	return []opCase{
		{name: "LSTM", in: in(1, 4)[:3], want: recurrentNet{kind: "LSTM", reverse: both[:1], acts: lstm}.want},
		{name: "LSTM/both", attrs: bi(), in: in(2, 4), want: recurrentNet{kind: "LSTM", reverse: both, acts: twice(lstm)}.want},
		{name: "LSTM/hidden", attrs: bi(), in: in(2, 4), want: recurrentNet{kind: "LSTM", reverse: both, acts: twice(lstm), result: 1}.want, result: 1},
		{name: "LSTM/cell", attrs: bi(), in: in(2, 4), want: recurrentNet{kind: "LSTM", reverse: both, acts: twice(lstm), result: 2}.want, result: 2},
		{name: "LSTM/reverse", attrs: attrs("direction", "reverse", "clip", 0.5, "input_forget", 1), in: in(1, 4)[:6], want: recurrentNet{kind: "LSTM", reverse: both[1:], acts: lstm, clip: 0.5, couple: true}.want},
		{name: "LSTM/layout", attrs: attrs("layout", 1), in: swapped(1, 4), want: recurrentNet{kind: "LSTM", reverse: both[:1], acts: lstm, batched: true}.want},
		{name: "LSTM/activations", attrs: attrs("activations", []string{"Affine", "Elu", "Relu"}, "activation_alpha", []float32{0.25, 0.5}, "activation_beta", []float32{0.75}), in: in(1, 4)[:4],
			want: recurrentNet{kind: "LSTM", reverse: both[:1], acts: []func(float64) float64{affine, elu, relu}}.want},
		{name: "GRU", in: in(1, 3)[:3], want: recurrentNet{kind: "GRU", reverse: both[:1], acts: gru}.want},
		{name: "GRU/both", attrs: bi("linear_before_reset", 1), in: in(2, 3)[:6], want: recurrentNet{kind: "GRU", reverse: both, acts: twice(gru), linear: true}.want},
		{name: "GRU/reset", attrs: bi(), in: in(2, 3)[:6], want: recurrentNet{kind: "GRU", reverse: both, acts: twice(gru), result: 1}.want, result: 1},
		{name: "GRU/layout", attrs: attrs("layout", 1), in: swapped(1, 3), want: recurrentNet{kind: "GRU", reverse: both[:1], acts: gru, batched: true, result: 1}.want, result: 1},
		{name: "RNN", in: in(1, 1)[:4], want: recurrentNet{kind: "RNN", reverse: both[:1], acts: lstm[1:2]}.want},
		{name: "RNN/both", attrs: bi("activations", []string{"Relu", "Softsign"}, "clip", 3.0), in: in(2, 1)[:6],
			want: recurrentNet{kind: "RNN", reverse: both, acts: []func(float64) float64{relu, func(x float64) float64 { return x / (1 + math.Abs(x)) }}, clip: 3}.want},
	}
}
