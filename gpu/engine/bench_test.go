package engine_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// The benchmarks time a peer in the same run and report how much faster we are:
// ratios hold on a shared machine where times do not.

// A bench is a graph under construction that panics instead of failing.
type bench struct {
	b *testing.B
	s abi.Session
	g abi.Graph
}

func newBench(b *testing.B, engine string) *bench {
	b.Helper()
	e := newEngine(b, engine)
	b.Cleanup(func() { e.(io.Closer).Close() })
	s, err := e.Open(context.Background(), abi.Quota{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	g, err := s.NewGraph(21)
	if err != nil {
		b.Fatal(err)
	}
	return &bench{b, s, g}
}

func (x *bench) tensor(seed int, shape ...int64) abi.Tensor {
	t, err := x.s.NewTensor(abi.Float32, shape)
	if err != nil {
		x.b.Fatal(err)
	}
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	var buf []byte
	for i := range n {
		buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(float32(math.Sin(float64(i)*1.7+float64(seed)))*0.1))
	}
	if err := t.Write(0, buf); err != nil {
		x.b.Fatal(err)
	}
	return t
}

func (x *bench) value(v abi.Value, err error) abi.Value {
	if err != nil {
		x.b.Fatal(err)
	}
	return v
}

func (x *bench) input(name string, dt abi.DType, shape ...int64) abi.Value {
	return x.value(x.g.Input(name, dt, shape))
}

func (x *bench) param(name string, shape ...int64) abi.Value {
	return x.value(x.g.Param(name, x.tensor(len(name), shape...)))
}

func (x *bench) node(op string, attrs []abi.Attr, in ...abi.Value) abi.Value {
	out, err := x.g.Node(op, attrs, in)
	if err != nil {
		x.b.Fatal(err)
	}
	return out[0]
}

func (x *bench) program(v abi.Value) abi.Program {
	if err := x.g.Output("y", v); err != nil {
		x.b.Fatal(err)
	}
	p, err := x.s.Compile(context.Background(), x.g)
	if err != nil {
		x.b.Fatal(err)
	}
	return p
}

// time is the fastest of n runs of p.
func (x *bench) time(n int, p abi.Program, in ...abi.Tensor) time.Duration {
	best := time.Duration(math.MaxInt64)
	for range n {
		start := time.Now()
		out, err := p.Run(context.Background(), in)
		if err != nil {
			x.b.Fatal(err)
		}
		best = min(best, time.Since(start))
		for _, t := range out {
			t.Free()
		}
	}
	return best
}

func ints(name string, v ...int64) abi.Attr {
	return abi.Attr{Name: name, Type: abi.AttrInts, Ints: v}
}

func BenchmarkGEMM(b *testing.B) {
	for _, n := range []int64{128, 512, 1024} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x := newBench(b, "cpu")
			p := x.program(x.node("MatMul", nil, x.input("a", abi.Float32, n, n), x.input("b", abi.Float32, n, n)))
			in := []abi.Tensor{x.tensor(1, n, n), x.tensor(2, n, n)}
			k := int(n)
			u, v, w := make([]float32, k*k), make([]float32, k*k), make([]float32, k*k)
			for i := range u {
				u[i], v[i] = 0.1, 0.2
			}
			ours, peer := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
			for b.Loop() {
				ours = min(ours, x.time(1, p, in...))
				start := time.Now()
				gonum.Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, k, k, k, 1, u, k, v, k, 0, w, k)
				peer = min(peer, time.Since(start))
			}
			b.ReportMetric(float64(2*n*n*n)/float64(ours.Nanoseconds()), "GF/s")
			b.ReportMetric(float64(peer)/float64(ours), "×gonum")
		})
	}
}

func BenchmarkConv(b *testing.B) {
	for _, c := range []struct{ n, in, size, out, k int64 }{{64, 1, 28, 6, 5}, {8, 64, 56, 64, 3}} {
		b.Run(fmt.Sprintf("%dx%dx%dx%d", c.n, c.in, c.size, c.out), func(b *testing.B) {
			times := map[string]time.Duration{}
			run := map[string]func(){}
			for _, name := range []string{"cpu", "gorgonia"} {
				x := newBench(b, name)
				v := x.input("x", abi.Float32, c.n, c.in, c.size, c.size)
				p := x.program(x.node("Conv", []abi.Attr{ints("pads", c.k/2, c.k/2, c.k/2, c.k/2)}, v, x.param("w", c.out, c.in, c.k, c.k)))
				in := x.tensor(1, c.n, c.in, c.size, c.size)
				times[name] = math.MaxInt64
				run[name] = func() { times[name] = min(times[name], x.time(1, p, in)) }
			}
			for b.Loop() {
				run["cpu"]()
				run["gorgonia"]()
			}
			b.ReportMetric(float64(2*c.n*c.out*c.size*c.size*c.in*c.k*c.k)/float64(times["cpu"].Nanoseconds()), "GF/s")
			b.ReportMetric(float64(times["gorgonia"])/float64(times["cpu"]), "×gorgonia")
		})
	}
}

// lenet is a training step of a small convolutional network, batch 64.
func (x *bench) lenet() (abi.Program, []abi.Tensor) {
	const n = 64
	pool := []abi.Attr{ints("kernel_shape", 2, 2), ints("strides", 2, 2)}
	h := x.node("Conv", []abi.Attr{ints("pads", 2, 2, 2, 2)}, x.input("x", abi.Float32, n, 1, 28, 28), x.param("w0", 6, 1, 5, 5), x.param("b0", 6))
	h = x.node("MaxPool", pool, x.node("Relu", nil, h))
	h = x.node("Conv", nil, h, x.param("w1", 16, 6, 5, 5), x.param("b1", 16))
	h = x.node("Flatten", nil, x.node("MaxPool", pool, x.node("Relu", nil, h)))
	h = x.node("Relu", nil, x.node("Gemm", nil, h, x.param("w2", 400, 120), x.param("b2", 120)))
	h = x.node("Gemm", nil, h, x.param("w3", 120, 10), x.param("b3", 10))
	loss := x.node("SoftmaxCrossEntropyLoss", nil, h, x.input("y", abi.Int64, n))
	if err := x.g.Output("loss", loss); err != nil {
		x.b.Fatal(err)
	}
	p, err := x.s.Trainer(context.Background(), x.g, loss, abi.Optimizer{Kind: abi.Adam, LearningRate: 1e-4})
	if err != nil {
		x.b.Fatal(err)
	}
	labels, err := x.s.NewTensor(abi.Int64, []int64{n})
	if err != nil {
		x.b.Fatal(err)
	}
	return p, []abi.Tensor{x.tensor(1, n, 1, 28, 28), labels}
}

func BenchmarkLeNetStep(b *testing.B) {
	times := map[string]time.Duration{}
	run := map[string]func(){}
	for _, name := range []string{"cpu", "gorgonia"} {
		x := newBench(b, name)
		p, in := x.lenet()
		times[name] = math.MaxInt64
		run[name] = func() { times[name] = min(times[name], x.time(1, p, in...)) }
	}
	for b.Loop() {
		run["cpu"]()
		run["gorgonia"]()
	}
	b.ReportMetric(float64(times["cpu"].Microseconds())/1000, "ms/step")
	b.ReportMetric(float64(times["gorgonia"])/float64(times["cpu"]), "×gorgonia")
}
