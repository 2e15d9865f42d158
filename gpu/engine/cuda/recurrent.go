package cuda

import (
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

// sequenceRows: networks over sequences, and signals.
var sequenceRows = table{
	"Recurrence": {reals, lowerRecurrence},
	"Fourier":    {reals, lowerFourier},
}

// A walk is a recurrence while its kernel is written: t steps of n sequences, d
// directions, h hidden elements and g of them a gate each. A block walks one
// sequence in one direction, a thread takes some of the hidden elements.
type walk struct {
	*body
	cell          *graph.Cell
	t, n, d, h, g int64
	typ           ptx.Type
	way, seq      ptx.Value // direction, sequence
	back          int       // the direction that is written: its flags are known
	turned        operand   // R as H×gates, of each direction
	old, reset    operand   // of each block: the state before the step, and what of it a GRU resets
	block         ptx.Value // the first of the block's elements there
}

func scratchRecurrence(g *graph.Graph, n *graph.Node) (turned, state int64) {
	cell := n.Attrs.Cell
	d, h, seqs := int64(len(cell.Reverse)), int64(cell.Hidden), g.At(n.In[0]).Shape[1]
	return d * int64(cell.Gates()) * h * h, d * seqs * h
}

func workRecurrence(g *graph.Graph, n *graph.Node) int64 {
	turned, state := scratchRecurrence(g, n)
	return n.DType.Size() * (turned + 2*state)
}

// lowerRecurrence turns the recurrent weights, so that threads read neighbours, and
// then walks each direction.
func lowerRecurrence(s *step) {
	cell, x := s.n.Attrs.Cell, s.in[0]
	w := walk{cell: cell, t: x.Shape[0], n: x.Shape[1], d: int64(len(cell.Reverse)), h: int64(cell.Hidden), g: int64(cell.Gates()), typ: element(x.DType)}
	gh := w.g * w.h
	size := x.DType.Size()
	part := func(at, n int64) operand {
		o := operand{arg: s.work, Type: graph.Type{DType: x.DType, Shape: []int64{n}}, there: true}
		o.arg.Offset += at * size
		return o
	}
	w.turned = part(0, w.d*gh*w.h)
	w.old, w.reset = part(w.d*gh*w.h, w.d*w.n*w.h), part(w.d*gh*w.h+w.d*w.n*w.h, w.d*w.n*w.h)
	s.each(w.d*gh*w.h, func(b *body, i ptx.Value) {
		at := b.coordinates(i, []int64{w.d, w.h, gh})
		b.store(w.turned, i, b.load(s.in[1], b.Add(b.Mul(b.Add(b.Mul(at[0], b.int(gh)), at[2]), b.int(w.h)), at[1])))
	})
	if w.n == 0 {
		return
	}
	for way := range int(w.d) {
		b := s.body(threads)
		k := w
		k.body, k.back, k.way = b, way, b.int(int64(way))
		k.seq = b.Convert(b.ix, b.Special(ptx.BlockX))
		k.block = b.Mul(b.Add(b.int(int64(way)*w.n), k.seq), b.int(w.h))
		k.write()
		s.launch(b, w.n)
	}
}

// each runs f for the hidden elements of the thread.
func (w *walk) each(f func(j ptx.Value)) {
	w.For(w.Convert(w.ix, w.Special(ptx.ThreadX)), w.int(w.h), w.int(threads), f)
}

// optional is element i of what operand o has for this direction, per elements
// each; zero where it is left out.
func (w *walk) optional(o int, per int64, i ptx.Value) ptx.Value {
	if !w.s.has(o) {
		return ptx.Number(w.typ, 0)
	}
	return w.load(w.s.in[o], w.Add(w.int(int64(w.back)*per), i))
}

// hidden and carry are where element j of the state lies in the result.
func (w *walk) hidden(j ptx.Value) ptx.Value {
	return w.Add(w.Add(w.int(w.t*w.d*w.n*w.h), w.block), j)
}

func (w *walk) carry(j ptx.Value) ptx.Value { return w.Add(w.hidden(j), w.int(w.d*w.n*w.h)) }

// write is the kernel of one direction.
func (w *walk) write() {
	s, out := w.s, w.s.out
	lstm := w.cell.Kind == "LSTM"
	w.each(func(j ptx.Value) {
		at := w.Add(w.Mul(w.seq, w.int(w.h)), j)
		w.store(out, w.hidden(j), w.optional(4, w.n*w.h, at))
		if lstm {
			w.store(out, w.carry(j), w.optional(5, w.n*w.h, at))
		}
	})
	length := w.int(w.t)
	if s.has(3) {
		n := w.load(s.in[3], w.seq)
		n = w.Min(w.Max(n, ptx.Int(ptx.S32, 0)), ptx.Int(ptx.S32, w.t))
		length = w.Convert(w.ix, n)
	}
	w.Barrier()
	y := func(t, j ptx.Value) ptx.Value { // of step t
		return w.Add(w.Mul(w.Add(w.Mul(w.Add(w.Mul(t, w.int(w.d)), w.way), w.int(w.n)), w.seq), w.int(w.h)), j)
	}
	w.For(w.int(0), length, w.int(1), func(t ptx.Value) {
		at := t
		if w.cell.Reverse[w.back] {
			at = w.Sub(w.Sub(length, w.int(1)), t)
		}
		w.each(func(j ptx.Value) { w.store(w.old, w.Add(w.block, j), w.load(out, w.hidden(j))) })
		w.Barrier()
		row := w.Mul(w.Add(w.Mul(w.Add(w.Mul(at, w.int(w.n)), w.seq), w.int(w.d)), w.way), w.int(w.g*w.h))
		switch w.cell.Kind {
		case "LSTM":
			w.each(func(j ptx.Value) { w.lstm(row, j) })
		case "GRU":
			w.gru(row)
		default:
			w.each(func(j ptx.Value) { w.store(out, w.hidden(j), w.act(0, w.direct(row, 0, j))) })
		}
		w.each(func(j ptx.Value) { w.store(out, y(at, j), w.load(out, w.hidden(j))) })
		w.Barrier()
	})
	w.For(length, w.int(w.t), w.int(1), func(t ptx.Value) {
		w.each(func(j ptx.Value) { w.store(out, y(t, j), ptx.Number(w.typ, 0)) })
	})
}

// element j of gate k: what was computed of the input.
func (w *walk) given(row ptx.Value, k int64, j ptx.Value) ptx.Value {
	return w.load(w.s.in[0], w.Add(row, w.Add(w.int(k*w.h), j)))
}

// bias is element j of gate k of the biases of the input, or of the recurrence.
func (w *walk) bias(half, k int64, j ptx.Value) ptx.Value {
	return w.optional(2, 2*w.g*w.h, w.Add(w.int(half*w.g*w.h+k*w.h), j))
}

// recur is acc + Σ x[i]·R[k,j,i] over the elements of the state x.
func (w *walk) recur(acc ptx.Value, x operand, k int64, j ptx.Value) ptx.Value {
	sum := w.Var(acc)
	gh := w.g * w.h
	w.Count(w.ix, w.h, func(i ptx.Value) {
		r := w.load(w.turned, w.Add(w.Mul(w.Add(w.int(int64(w.back)*w.h), i), w.int(gh)), w.Add(w.int(k*w.h), j)))
		w.Set(sum, w.FMA(w.load(x, w.Add(w.block, i)), r, sum))
	})
	return sum
}

// direct is element j of gate k before its activation.
func (w *walk) direct(row ptx.Value, k int64, j ptx.Value) ptx.Value {
	v := w.given(row, k, j)
	if w.s.has(2) {
		v = w.Add(v, w.Add(w.bias(0, k, j), w.bias(1, k, j)))
	}
	return w.recur(v, w.old, k, j)
}

// act clips and applies activation k of the direction.
func (w *walk) act(k int, x ptx.Value) ptx.Value {
	if c := float64(w.cell.Clip); c > 0 {
		x = w.smaller(w.larger(x, ptx.Float(w.typ, -c)), ptx.Float(w.typ, c))
	}
	per := len(w.cell.Acts) / int(w.d)
	a := w.cell.Acts[w.back*per+k]
	at := graph.Attrs{Alpha: a.Alpha, Beta: a.Beta}
	alpha, beta := ptx.Float(w.typ, float64(a.Alpha)), ptx.Float(w.typ, float64(a.Beta))
	switch a.Name {
	case "Affine":
		return w.Add(w.Mul(alpha, x), beta)
	case "ScaledTanh":
		return w.Mul(alpha, curves["Tanh"].at(w.body, &at, w.Mul(beta, x)))
	}
	return curves[a.Name].at(w.body, &at, x)
}

// lstm is element j of one step, with the gates of ONNX: input, output, forget,
// cell.
func (w *walk) lstm(row, j ptx.Value) {
	out := w.s.out
	in, forget, cell, give := w.direct(row, 0, j), w.direct(row, 2, j), w.direct(row, 3, j), w.direct(row, 1, j)
	c := w.load(out, w.carry(j))
	peep := func(gate ptx.Value, k int64, c ptx.Value) ptx.Value {
		if !w.s.has(6) {
			return gate
		}
		return w.Add(gate, w.Mul(w.optional(6, 3*w.h, w.Add(w.int(k*w.h), j)), c))
	}
	in, forget = w.act(0, peep(in, 0, c)), w.act(0, peep(forget, 2, c))
	cell = w.act(1, cell)
	if w.cell.Couple {
		forget = w.Sub(ptx.Float(w.typ, 1), in)
	}
	c = w.Add(w.Mul(forget, c), w.Mul(in, cell))
	give = w.act(0, peep(give, 1, c))
	w.store(out, w.carry(j), c)
	w.store(out, w.hidden(j), w.Mul(w.act(2, c), give))
}

// gru is one step, with the gates of ONNX: update, reset, hidden. The reset state
// of all elements is there before the last gate is computed.
func (w *walk) gru(row ptx.Value) {
	out := w.s.out
	if !w.cell.Linear {
		w.each(func(j ptx.Value) {
			reset := w.act(0, w.direct(row, 1, j))
			w.store(w.reset, w.Add(w.block, j), w.Mul(reset, w.load(w.old, w.Add(w.block, j))))
		})
		w.Barrier()
	}
	w.each(func(j ptx.Value) {
		update := w.act(0, w.direct(row, 0, j))
		now := w.given(row, 2, j)
		switch {
		case w.cell.Linear:
			reset := w.act(0, w.direct(row, 1, j))
			part := w.recur(ptx.Number(w.typ, 0), w.old, 2, j)
			if w.s.has(2) {
				now = w.Add(now, w.bias(0, 2, j))
				part = w.Add(part, w.bias(1, 2, j))
			}
			now = w.Add(now, w.Mul(reset, part))
		default:
			if w.s.has(2) {
				now = w.Add(now, w.Add(w.bias(0, 2, j), w.bias(1, 2, j)))
			}
			now = w.recur(now, w.reset, 2, j)
		}
		now = w.act(1, now)
		h := w.load(w.old, w.Add(w.block, j))
		w.store(out, w.hidden(j), w.Add(w.Mul(w.Sub(ptx.Float(w.typ, 1), update), now), w.Mul(update, h)))
	})
}
