package graph

import (
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// A Cell is what a recurrent network does at each step.
type Cell struct {
	Kind    string       `pb:"1"` // LSTM, GRU or RNN
	Hidden  int          `pb:"2"`
	Reverse []bool       `pb:"3"` // one a direction: it starts with the last element
	Acts    []Activation `pb:"4"` // of each direction those of its gates, see perCell
	Clip    float32      `pb:"5"` // of what activations are given; zero is no bound
	Couple  bool         `pb:"6"` // LSTM: the forget gate is one minus the input gate
	Linear  bool         `pb:"7"` // GRU: the reset gate acts after the product
}

// An Activation is one of the functions that recurrent operators may name.
type Activation struct {
	Name  string  `pb:"1"`
	Alpha float32 `pb:"2"`
	Beta  float32 `pb:"3"`
}

// Gates is how many rows of weights there are for one hidden element.
func (c *Cell) Gates() int { return map[string]int{"LSTM": 4, "GRU": 3, "RNN": 1}[c.Kind] }

// perCell is how many activations a direction has, and what they are by default.
var perCell = map[string][]string{"LSTM": {"Sigmoid", "Tanh", "Tanh"}, "GRU": {"Sigmoid", "Tanh"}, "RNN": {"Tanh"}}

// activations lists the functions, and alpha and beta where they have them.
var activations = map[string][]float32{
	"Relu": {}, "Tanh": {}, "Sigmoid": {}, "Softsign": {}, "Softplus": {}, "LeakyRelu": {0.01}, "ThresholdedRelu": {1},
	"Elu": {1}, "Affine": {1, 0}, "ScaledTanh": {1, 1}, "HardSigmoid": {0.2, 0.5},
}

// cell decodes the attributes of a recurrent operator.
func (c *call) cell() (*Cell, error) {
	cell := &Cell{Kind: c.n.Op, Clip: c.attrs.float("clip", 0)}
	switch d := c.attrs.string("direction", "forward"); d {
	case "forward":
		cell.Reverse = []bool{false}
	case "reverse":
		cell.Reverse = []bool{true}
	case "bidirectional":
		cell.Reverse = []bool{false, true}
	default:
		return nil, invalid("direction is %q, want forward, reverse or bidirectional", clip(d))
	}
	if cell.Clip < 0 {
		return nil, invalid("clip is %v", cell.Clip)
	}
	switch c.n.Op {
	case "LSTM":
		cell.Couple = c.attrs.flag("input_forget", 0)
	case "GRU":
		cell.Linear = c.attrs.flag("linear_before_reset", 0)
	}
	want := len(perCell[c.n.Op]) * len(cell.Reverse)
	names, ok := c.attrs.strings("activations")
	if !ok {
		for range cell.Reverse {
			names = append(names, perCell[c.n.Op]...)
		}
	}
	if len(names) != want {
		return nil, invalid("%d activations, want %d", len(names), want)
	}
	alpha, _ := c.attrs.floats("activation_alpha")
	beta, _ := c.attrs.floats("activation_beta")
	take := func(list *[]float32, a []float32, i int, to *float32) {
		if i >= len(a) {
			return
		}
		if *to = a[i]; len(*list) > 0 {
			*to, *list = (*list)[0], (*list)[1:]
		}
	}
	for _, n := range names {
		a, ok := activations[n]
		if !ok {
			return nil, invalid("activation %q is not supported", clip(n))
		}
		act := Activation{Name: n}
		take(&alpha, a, 0, &act.Alpha)
		take(&beta, a, 1, &act.Beta)
		cell.Acts = append(cell.Acts, act)
	}
	return cell, nil
}

// composeRecurrent multiplies all elements with their weights at once, runs over
// them with one operator whose result is Y, Y_h and, of an LSTM, Y_c one after the
// other, and takes that apart.
func composeRecurrent(c *call, t *builder) ([]abi.Value, error) {
	lstm := c.n.Op == "LSTM"
	if err := c.floats(0, 1, 2, 3, 5, 6, 7); err != nil {
		return nil, err
	}
	cell, err := c.cell()
	if err != nil {
		return nil, err
	}
	x, xs := c.n.In[0], c.in[0].Shape
	if len(xs) != 3 || len(c.in[1].Shape) != 3 || len(c.in[2].Shape) != 3 {
		return nil, invalid("inputs have shapes %v, %v and %v, want three dimensions each", xs, c.in[1].Shape, c.in[2].Shape)
	}
	batched := c.g.cfg.Opset >= 14 && c.attrs.flag("layout", 0)
	if batched {
		x, xs = t.permute(x, []int{1, 0, 2}), []int64{xs[1], xs[0], xs[2]}
	}
	dirs, hidden, gates := int64(len(cell.Reverse)), c.in[2].Shape[2], int64(cell.Gates())
	if h := c.attrs.int("hidden_size", hidden); h != hidden || hidden > maxWindow {
		return nil, invalid("hidden_size is %d, input 2 has %d", h, hidden)
	}
	state := []int64{dirs, xs[1], hidden}
	if batched {
		state = []int64{xs[1], dirs, hidden}
	}
	cell.Hidden = int(hidden)
	for i, want := range [][]int64{nil, {dirs, gates * hidden, xs[2]}, {dirs, gates * hidden, hidden}, {dirs, 2 * gates * hidden}, {xs[1]}, state, state, {dirs, 3 * hidden}} {
		switch {
		case !c.has(i) || want == nil:
		case !slices.Equal(c.in[i].Shape, want):
			return nil, invalid("input %d has shape %v, want %v", i, c.in[i].Shape, want)
		case i == 4 && c.in[i].DType != abi.Int32:
			return nil, invalid("input 4 has type %v, want int32", c.in[i].DType)
		}
	}
	flat := t.reshape(x, []int64{xs[0] * xs[1], xs[2]})
	w := t.reshape(c.n.In[1], []int64{dirs * gates * hidden, xs[2]})
	in := []abi.Value{t.reshape(t.product(flat, w, false, true), []int64{xs[0], xs[1], dirs * gates * hidden}), c.n.In[2], 0, 0, 0, 0, 0}
	for i := 3; i < len(c.n.In); i++ {
		if v := c.n.In[i]; v != 0 {
			if batched && (i == 5 || i == 6) {
				v = t.permute(v, []int{1, 0, 2})
			}
			in[i-1] = v
		}
	}
	y := t.node("Recurrence", in, cell.pack()...)
	seq, last := []int64{xs[0], dirs, xs[1], hidden}, []int64{dirs, xs[1], hidden}
	part := func(at int64, shape []int64) abi.Value {
		return t.reshape(t.steps(y, 0, at, 1, product(shape)), shape)
	}
	out := []abi.Value{part(0, seq), part(product(seq), last)}
	if lstm {
		out = append(out, part(product(seq)+product(last), last))
	}
	if batched {
		out[0] = t.permute(out[0], []int{2, 0, 1, 3})
		for i := range out[1:] {
			out[1+i] = t.permute(out[1+i], []int{1, 0, 2})
		}
	}
	return out, nil
}

func (c *Cell) pack() []abi.Attr {
	reverse := make([]int, len(c.Reverse))
	for i, r := range c.Reverse {
		if r {
			reverse[i] = 1
		}
	}
	names := abi.Attr{Name: "activations", Type: abi.AttrStrings}
	alpha, beta := abi.Attr{Name: "alpha", Type: abi.AttrFloats}, abi.Attr{Name: "beta", Type: abi.AttrFloats}
	for _, a := range c.Acts {
		names.Strings = append(names.Strings, a.Name)
		alpha.Floats, beta.Floats = append(alpha.Floats, a.Alpha), append(beta.Floats, a.Beta)
	}
	return []abi.Attr{{Name: "kind", Type: abi.AttrString, S: c.Kind}, aInt("hidden", int64(c.Hidden)), aInts("reverse", reverse),
		names, alpha, beta, aFloat("clip", c.Clip), aFlag("couple", c.Couple), aFlag("linear", c.Linear)}
}

// inferRecurrence is products of elements and weights T×N×(directions·gates·H), the
// recurrent weights, and what is optional: biases, lengths, states and peepholes.
func inferRecurrence(c *call) (Type, error) {
	cell := &Cell{Kind: c.attrs.string("kind", ""), Hidden: int(c.attrs.int("hidden", 0)), Clip: c.attrs.float("clip", 0),
		Couple: c.attrs.flag("couple", 0), Linear: c.attrs.flag("linear", 0)}
	reverse, _ := c.attrs.ints("reverse")
	for _, r := range reverse {
		cell.Reverse = append(cell.Reverse, r != 0)
	}
	names, _ := c.attrs.strings("activations")
	alpha, _ := c.attrs.floats("alpha")
	beta, _ := c.attrs.floats("beta")
	for i, n := range names {
		cell.Acts = append(cell.Acts, Activation{n, alpha[i], beta[i]})
	}
	c.n.Attrs.Cell = cell
	s := c.in[0].Shape
	state := []int64{int64(len(reverse)), s[1], int64(cell.Hidden)}
	count := s[0] + 1
	if cell.Kind == "LSTM" {
		count++
	}
	all := append([]int64{count}, state...)
	if _, err := abi.Elements(all); err != nil {
		return Type{}, err
	}
	return Type{c.in[0].DType, []int64{product(all)}}, nil
}

// costRecurrence is the products with the recurrent weights, and the gates.
func costRecurrence(n *Node, in []Type) uint64 {
	return addSat(mulSat(2, in[0].Elements(), int64(n.Attrs.Cell.Hidden)), mulSat(16, in[0].Elements()))
}
