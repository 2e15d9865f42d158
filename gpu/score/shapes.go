package score

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// A shape is one thing to measure.
type shape struct {
	kind    Kind
	what    string
	work    float64 // of one run: floating-point operations, or bytes
	prepare func(*bench) func() error
}

// shapes is the suite. A change in it is another [wire.ScoreSuite].
var shapes = []shape{
	gemm(1760, 16, 1760),
	gemm(1760, 128, 1760),
	gemm(2560, 32, 2560),
	gemm(35, 700, 2048),
	gemm(1024, 1024, 1024),

	conv(window{width: 700, height: 161, in: 1, out: 32, kw: 20, kh: 5, stride: 2}),
	conv(window{width: 224, height: 224, in: 3, out: 64, kw: 3, kh: 3, pad: 1, stride: 1}),
	conv(window{width: 112, height: 112, in: 64, out: 128, kw: 3, kh: 3, pad: 1, stride: 1}),
	conv(window{width: 54, height: 54, in: 64, out: 64, kw: 3, kh: 3, pad: 1, stride: 1}),
	conv(window{width: 7, height: 7, in: 512, out: 512, kw: 3, kh: 3, pad: 1, stride: 1}),
	conv(window{width: 28, height: 28, in: 192, out: 64, kw: 1, kh: 1, stride: 1}),

	vanilla(1760, 16),
	lstm(512, 16),
	lstm(1536, 1),
	gru(1536, 1),

	read(16 << 20),
	write(16 << 20),

	allReduce(100_000),
	allReduce(3_097_600),
	allReduce(6_553_600),
}

// gemm multiplies m×k by k×n.
func gemm(m, n, k int64) shape {
	return shape{GEMM, fmt.Sprintf("%d×%d · %d×%d", m, k, k, n), float64(2 * m * n * k), func(b *bench) func() error {
		return b.program(b.node("MatMul", nil, b.input(m, k), b.input(k, n)))
	}}
}

// A window is a convolution of one picture.
type window struct{ width, height, in, out, kw, kh, pad, stride int64 }

func conv(w window) shape {
	oh, ow := (w.height+2*w.pad-w.kh)/w.stride+1, (w.width+2*w.pad-w.kw)/w.stride+1
	what := fmt.Sprintf("%d×%d×%d → %d, %d×%d", w.in, w.height, w.width, w.out, w.kh, w.kw)
	if w.stride > 1 {
		what += fmt.Sprintf(" / %d", w.stride)
	}
	return shape{Conv, what, float64(2 * oh * ow * w.out * w.in * w.kh * w.kw), func(b *bench) func() error {
		attrs := []abi.Attr{ints("kernel_shape", w.kh, w.kw), ints("strides", w.stride, w.stride), ints("pads", w.pad, w.pad, w.pad, w.pad)}
		return b.program(b.node("Conv", attrs, b.input(1, w.in, w.height, w.width), b.param(w.out, w.in, w.kh, w.kw)))
	}}
}

// A cell is one step of a recurrent network whose input is as wide as its state:
// of so many gates, each a product with the input and one with the state.
func cell(name string, gates, hidden, batch int64, build func(b *bench, x, h, wx, wh abi.Value) []abi.Value) shape {
	return shape{RNN, fmt.Sprintf("%s %d, batch %d", name, hidden, batch), float64(2 * 2 * gates * hidden * hidden * batch), func(b *bench) func() error {
		x, h := b.input(batch, hidden), b.input(batch, hidden)
		wx, wh := b.param(hidden, gates*hidden), b.param(hidden, gates*hidden)
		return b.program(build(b, x, h, wx, wh)...)
	}}
}

// vanilla is h' = tanh(x·W + h·U).
func vanilla(hidden, batch int64) shape {
	return cell("tanh", 1, hidden, batch, func(b *bench, x, h, wx, wh abi.Value) []abi.Value {
		return []abi.Value{b.node("Tanh", nil, b.node("Add", nil, b.node("MatMul", nil, x, wx), b.node("MatMul", nil, h, wh)))}
	})
}

// lstm is Hochreiter and Schmidhuber's cell with a forget gate:
// c' = σ(f)·c + σ(i)·tanh(g), h' = σ(o)·tanh(c').
func lstm(hidden, batch int64) shape {
	return cell("LSTM", 4, hidden, batch, func(b *bench, x, h, wx, wh abi.Value) []abi.Value {
		c := b.input(batch, hidden)
		all := b.node("Add", nil, b.node("MatMul", nil, x, wx), b.node("MatMul", nil, h, wh))
		gate := func(i int64, act string) abi.Value { return b.node(act, nil, b.columns(all, i*hidden, hidden)) }
		c = b.node("Add", nil, b.node("Mul", nil, gate(0, "Sigmoid"), c), b.node("Mul", nil, gate(1, "Sigmoid"), gate(2, "Tanh")))
		return []abi.Value{b.node("Mul", nil, gate(3, "Sigmoid"), b.node("Tanh", nil, c)), c}
	})
}

// gru is the cell of Cho et al., arXiv 1406.1078, in the form with one product:
// n = tanh(x·Wn + σ(r)·(h·Un)), h' = n + σ(z)·(h - n).
func gru(hidden, batch int64) shape {
	return cell("GRU", 3, hidden, batch, func(b *bench, x, h, wx, wh abi.Value) []abi.Value {
		fromX, fromH := b.node("MatMul", nil, x, wx), b.node("MatMul", nil, h, wh)
		gate := func(i int64) abi.Value {
			return b.node("Sigmoid", nil, b.node("Add", nil, b.columns(fromX, i*hidden, hidden), b.columns(fromH, i*hidden, hidden)))
		}
		z, r := gate(0), gate(1)
		n := b.node("Tanh", nil, b.node("Add", nil, b.columns(fromX, 2*hidden, hidden), b.node("Mul", nil, r, b.columns(fromH, 2*hidden, hidden))))
		return []abi.Value{b.node("Add", nil, n, b.node("Mul", nil, z, b.node("Sub", nil, h, n)))}
	})
}

// read adds n numbers up.
func read(n int64) shape {
	return shape{Memory, fmt.Sprintf("read %d MiB", 4*n>>20), float64(4 * n), func(b *bench) func() error {
		return b.program(b.node("ReduceSum", nil, b.input(n)))
	}}
}

// write adds n numbers to n others: two streams are read and a new one is written.
func write(n int64) shape {
	return shape{Memory, fmt.Sprintf("read 2 × %d MiB, write %[1]d MiB", 4*n>>20), float64(3 * 4 * n), func(b *bench) func() error {
		return b.program(b.node("Add", nil, b.input(n), b.input(n)))
	}}
}
