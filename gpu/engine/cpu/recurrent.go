package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

// recurrentKernels: networks over sequences.
var recurrentKernels = map[string]bind{"Recurrence": bindRecurrence}

// bindRecurrence is within 12·2⁻²⁴ of the largest element after 20 steps, for LSTM,
// GRU and RNN.
func bindRecurrence(b *binding) []stage {
	if b.out.typ.DType == abi.Float64 {
		return recurrence(b, plainStep, plainActivation)
	}
	return recurrence(b, fastStep, fastActivation)
}

// stepRows is how many sequences a task takes.
const stepRows = 16

// A walk is the sizes of a recurrence: t steps of n sequences, d directions, h
// hidden elements and g of them a gate each.
type walk struct {
	cell          *graph.Cell
	t, n, d, h, g int
}

// recurrence walks over the steps, a task for some sequences of one direction: the
// sequences do not meet, so that each result is one sum in an order of its own.
// The state is kept where the last one is returned. step adds h·R, activation is
// the function of that name on a range.
func recurrence[T real](b *binding, step func(m, n, k int, x []T, w []T, ldw int, y []T, ldy int), activation func(graph.Activation) func([]T)) []stage {
	cell, s := b.n.Attrs.Cell, b.in[0].typ.Shape
	v := walk{cell, int(s[0]), int(s[1]), len(cell.Reverse), cell.Hidden, cell.Gates()}
	acts := make([]func([]T), len(cell.Acts))
	for i, a := range cell.Acts {
		acts[i] = activation(a)
	}
	blocks := (v.n + stepRows - 1) / stepRows
	gh := v.g * v.h
	turn := stage{v.d, func(_, d int) { // R to H×gates, so that rows lie as products read them
		r, to := view[T](b.p, b.in[1])[d*gh*v.h:], view[T](b.p, b.work)[d*gh*v.h:]
		for i := range gh {
			for j := range v.h {
				to[j*gh+i] = r[i*v.h+j]
			}
		}
	}}
	optional := func(i, per, d int) []T {
		if i >= len(b.in) || !b.in[i].has() {
			return nil
		}
		return view[T](b.p, b.in[i])[d*per:][:per]
	}
	return []stage{turn, {v.d * blocks, func(_, task int) {
		d, from := task/blocks, task%blocks*stepRows
		rows := min(stepRows, v.n-from)
		out := view[T](b.p, b.out)
		state := v.n * v.h
		y := out[:v.t*v.d*state]
		w := walker[T]{walk: v, acts: acts[d*len(acts)/v.d:][:len(acts)/v.d], step: step,
			hidden: out[len(y)+d*state+from*v.h:][:rows*v.h], bias: optional(2, 2*gh, d), peep: optional(6, 3*v.h, d)}
		work := view[T](b.p, b.work)
		w.r = work[d*gh*v.h:][:gh*v.h]
		work = work[v.d*gh*v.h+task*stepRows*(gh+2*v.h):]
		w.gates, w.old, w.reset = work[:rows*gh], work[stepRows*gh:][:rows*v.h], work[stepRows*(gh+v.h):][:rows*v.h]
		start(w.hidden, optional(4, state, d), from*v.h)
		if cell.Kind == "LSTM" {
			w.carry = out[len(y)+v.d*state+d*state+from*v.h:][:rows*v.h]
			start(w.carry, optional(5, state, d), from*v.h)
		}
		var all [stepRows]int
		lengths := all[:rows]
		for i := range lengths {
			if lengths[i] = v.t; len(b.in) > 3 && b.in[3].has() {
				lengths[i] = int(min(max(view[int32](b.p, b.in[3])[from+i], 0), int32(v.t)))
			}
		}
		x := view[T](b.p, b.in[0])
		at := func(i, t int) int { // where sequence i is at step t
			if cell.Reverse[d] {
				return lengths[i] - 1 - t
			}
			return t
		}
		for t := range v.t {
			for i := range rows { // those that have ended compute with what is there, for nothing
				k := max(at(i, min(t, max(lengths[i]-1, 0))), 0)
				copy(w.gates[i*gh:][:gh], x[((k*v.n+from+i)*v.d+d)*gh:])
			}
			w.advance(rows, func(i int) bool { return t < lengths[i] })
			for i := range rows {
				if t < lengths[i] {
					copy(y[((at(i, t)*v.d+d)*v.n+from+i)*v.h:][:v.h], w.hidden[i*v.h:])
				} else {
					clear(y[((t*v.d+d)*v.n+from+i)*v.h:][:v.h])
				}
			}
		}
	}}}
}

// workRecurrence is room for the turned weights, and a task's gates and states.
func workRecurrence(g *graph.Graph, n *graph.Node) int64 {
	cell, sequences := n.Attrs.Cell, g.At(n.In[0]).Shape[1]
	d, h, gh := int64(len(cell.Reverse)), int64(cell.Hidden), int64(cell.Gates()*cell.Hidden)
	return n.DType.Size() * d * (gh*h + (sequences+stepRows-1)/stepRows*stepRows*(gh+2*h))
}

func start[T any](to, from []T, at int) {
	if clear(to); from != nil {
		copy(to, from[at:])
	}
}

// A walker is some sequences of one direction at one step.
type walker[T real] struct {
	walk
	acts       []func([]T)
	step       func(m, n, k int, x []T, w []T, ldw int, y []T, ldy int)
	r          []T // H×gates
	hidden     []T
	carry      []T // of an LSTM
	gates      []T
	old, reset []T // the hidden state before the step; of a GRU what of it is reset
	bias, peep []T // or nil
}

// gate is a range of the gates of sequence i.
func (w *walker[T]) gate(i, k int) []T { return w.gates[(i*w.g+k)*w.h:][:w.h] }

// advance moves the sequences that live on by one step; their gates hold the
// products with the elements.
func (w *walker[T]) advance(rows int, lives func(i int) bool) {
	gh := w.g * w.h
	copy(w.old, w.hidden)
	if w.bias != nil {
		for i := range rows {
			for j := range gh {
				if w.cell.Kind == "GRU" && w.cell.Linear && j >= 2*w.h {
					w.gates[i*gh+j] += w.bias[j] // the recurrent one is reset as well
				} else {
					w.gates[i*gh+j] += w.bias[j] + w.bias[gh+j]
				}
			}
		}
	}
	direct := gh
	if w.cell.Kind == "GRU" {
		direct = 2 * w.h
	}
	w.step(rows, direct, w.h, w.old, w.r, gh, w.gates, gh)
	switch w.cell.Kind {
	case "LSTM":
		w.lstm(rows, lives)
	case "GRU":
		w.gru(rows, lives)
	default:
		for i := range rows {
			if lives(i) {
				w.act(0, w.gate(i, 0))
				copy(w.hidden[i*w.h:][:w.h], w.gate(i, 0))
			}
		}
	}
}

// act clips and applies activation k of the direction.
func (w *walker[T]) act(k int, x []T) {
	if c := T(w.cell.Clip); c > 0 {
		for i, v := range x {
			x[i] = min(max(v, -c), c)
		}
	}
	w.acts[k](x)
}

// lstm is of S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", 1997, with
// the gates of ONNX: input, output, forget, cell.
func (w *walker[T]) lstm(rows int, lives func(i int) bool) {
	for i := range rows {
		if !lives(i) {
			continue
		}
		in, out, forget, cell := w.gate(i, 0), w.gate(i, 1), w.gate(i, 2), w.gate(i, 3)
		c, h := w.carry[i*w.h:][:w.h], w.hidden[i*w.h:][:w.h]
		if w.peep != nil {
			for j, v := range c {
				in[j] += T(w.peep[j] * v)
				forget[j] += T(w.peep[2*w.h+j] * v)
			}
		}
		w.act(0, in)
		w.act(0, forget)
		w.act(1, cell)
		for j, v := range c {
			if w.cell.Couple {
				forget[j] = 1 - in[j]
			}
			c[j] = T(forget[j]*v) + T(in[j]*cell[j])
		}
		if w.peep != nil {
			for j, v := range c {
				out[j] += T(w.peep[w.h+j] * v)
			}
		}
		w.act(0, out)
		copy(h, c)
		w.acts[2](h)
		for j, v := range out {
			h[j] *= v
		}
	}
}

// gru is of K. Cho et al., "Learning Phrase Representations using RNN
// Encoder-Decoder", 2014, with the gates of ONNX: update, reset, hidden.
func (w *walker[T]) gru(rows int, lives func(i int) bool) {
	gh := w.g * w.h
	for i := range rows {
		update, reset := w.gate(i, 0), w.gate(i, 1)
		w.act(0, update)
		w.act(0, reset)
	}
	last, reset := w.r[2*w.h:], w.reset
	if w.cell.Linear {
		clear(reset)
		w.step(rows, w.h, w.h, w.old, last, gh, reset, w.h)
		for i := range rows {
			for j := range w.h {
				if w.bias != nil {
					reset[i*w.h+j] += w.bias[gh+2*w.h+j]
				}
				w.gate(i, 2)[j] += T(w.gate(i, 1)[j] * reset[i*w.h+j])
			}
		}
	} else {
		for i := range rows {
			for j := range w.h {
				reset[i*w.h+j] = w.gate(i, 1)[j] * w.old[i*w.h+j]
			}
		}
		w.step(rows, w.h, w.h, reset, last, gh, w.gates[2*w.h:], gh)
	}
	for i := range rows {
		if !lives(i) {
			continue
		}
		update, now, h := w.gate(i, 0), w.gate(i, 2), w.hidden[i*w.h:][:w.h]
		w.act(1, now)
		for j, v := range h {
			h[j] = T((1-update[j])*now[j]) + T(update[j]*v)
		}
	}
}

// fastStep is y += x·w for x of m×k and w of k×n.
func fastStep(m, n, k int, x, w []float32, ldw int, y []float32, ldy int) {
	kernel.Gemm(m, n, k, 1, kernel.Matrix{Data: x, RS: k, CS: 1}, kernel.Matrix{Data: w, RS: ldw, CS: 1}, true, y, ldy)
}

func plainStep(m, n, k int, x, w []float64, ldw int, y []float64, ldy int) {
	for i := range m {
		for j := range n {
			for p := range k {
				y[i*ldy+j] += float64(x[i*k+p] * w[p*ldw+j])
			}
		}
	}
}

func fastActivation(a graph.Activation) func([]float32) {
	switch a.Name {
	case "Sigmoid":
		return func(x []float32) { kernel.Sigmoid(x, x) }
	case "Tanh":
		return func(x []float32) { kernel.Tanh(x, x) }
	}
	f := activationOf(a)
	return func(x []float32) {
		for i, v := range x {
			x[i] = float32(f(float64(v)))
		}
	}
}

func plainActivation(a graph.Activation) func([]float64) {
	f := activationOf(a)
	return func(x []float64) {
		for i, v := range x {
			x[i] = f(v)
		}
	}
}

// activationOf is the function by its definition.
func activationOf(a graph.Activation) func(float64) float64 {
	alpha, beta := float64(a.Alpha), float64(a.Beta)
	return map[string]func(float64) float64{
		"Sigmoid":  func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
		"Tanh":     math.Tanh,
		"Relu":     func(x float64) float64 { return max(x, 0) },
		"Softsign": func(x float64) float64 { return x / (1 + math.Abs(x)) },
		"Softplus": func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) },
		"LeakyRelu": func(x float64) float64 {
			if x < 0 {
				return alpha * x
			}
			return x
		},
		"ThresholdedRelu": func(x float64) float64 {
			if x > alpha || x != x {
				return x
			}
			return 0
		},
		"Elu": func(x float64) float64 {
			if x < 0 {
				return alpha * math.Expm1(x)
			}
			return x
		},
		"Affine":      func(x float64) float64 { return float64(alpha*x) + beta },
		"ScaledTanh":  func(x float64) float64 { return alpha * math.Tanh(beta*x) },
		"HardSigmoid": func(x float64) float64 { return min(max(float64(alpha*x)+beta, 0), 1) },
	}[a.Name]
}
