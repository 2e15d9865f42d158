package cuda

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/ptx"
)

var (
	update = flag.Bool("update", false, "rewrite what plans compare with")
	dump   = flag.String("ptx", "", "a folder that the PTX of every tile and model is written to")
)

// A shaped tensor has no elements: plans ask for none.
type shaped struct {
	abi.Tensor
	shape []int64
}

func (x shaped) DType() abi.DType { return abi.Float32 }
func (x shaped) Shape() []int64   { return x.shape }

// A model is a graph under construction.
type model struct {
	t *testing.T
	g *graph.Graph
}

func (x *model) must(v abi.Value, err error) abi.Value {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
	return v
}

func (x *model) input(name string, dt abi.DType, shape ...int64) abi.Value {
	return x.must(x.g.Input(name, dt, shape))
}

func (x *model) param(name string, shape ...int64) abi.Value {
	return x.must(x.g.Param(name, shaped{shape: shape}))
}

func (x *model) node(op string, attrs []abi.Attr, in ...abi.Value) abi.Value {
	x.t.Helper()
	out, err := x.g.Node(op, attrs, in)
	if err != nil {
		x.t.Fatal(err)
	}
	return out[0]
}

func ints(name string, v ...int64) abi.Attr {
	return abi.Attr{Name: name, Type: abi.AttrInts, Ints: v}
}

// models are graphs of the shape that people train and run; those with a loss are a
// step of training.
var models = []struct {
	name  string
	build func(x *model) (out abi.Value, trains bool)
}{
	{"mlp_step", func(x *model) (abi.Value, bool) {
		h := x.node("Relu", nil, x.node("Gemm", nil, x.input("x", abi.Float32, 1024, 784), x.param("w0", 784, 4096), x.param("b0", 4096)))
		h = x.node("Relu", nil, x.node("Gemm", nil, h, x.param("w1", 4096, 4096), x.param("b1", 4096)))
		h = x.node("Gemm", nil, h, x.param("w2", 4096, 10), x.param("b2", 10))
		return x.node("SoftmaxCrossEntropyLoss", nil, h, x.input("y", abi.Int64, 1024)), true
	}},
	{"mlp_one", func(x *model) (abi.Value, bool) {
		h := x.node("Relu", nil, x.node("Gemm", nil, x.input("x", abi.Float32, 1, 784), x.param("w0", 784, 4096), x.param("b0", 4096)))
		h = x.node("Gemm", nil, h, x.param("w2", 4096, 10), x.param("b2", 10))
		return x.node("Softmax", nil, h), false
	}},
	{"lenet_step", func(x *model) (abi.Value, bool) {
		pool := []abi.Attr{ints("kernel_shape", 2, 2), ints("strides", 2, 2)}
		h := x.node("Conv", []abi.Attr{ints("pads", 2, 2, 2, 2)}, x.input("x", abi.Float32, 64, 1, 28, 28), x.param("w0", 6, 1, 5, 5), x.param("b0", 6))
		h = x.node("MaxPool", pool, x.node("Relu", nil, h))
		h = x.node("Conv", nil, h, x.param("w1", 16, 6, 5, 5), x.param("b1", 16))
		h = x.node("Flatten", nil, x.node("MaxPool", pool, x.node("Relu", nil, h)))
		h = x.node("Relu", nil, x.node("Gemm", nil, h, x.param("w2", 400, 120), x.param("b2", 120)))
		h = x.node("Gemm", nil, h, x.param("w3", 120, 10), x.param("b3", 10))
		return x.node("SoftmaxCrossEntropyLoss", nil, h, x.input("y", abi.Int64, 64)), true
	}},
	{"residual_block", func(x *model) (abi.Value, bool) {
		in := x.input("x", abi.Float32, 32, 64, 56, 56)
		norm := func(v abi.Value, name string) abi.Value {
			return x.node("BatchNormalization", nil, v, x.param(name+"s", 64), x.param(name+"b", 64), x.param(name+"m", 64), x.param(name+"v", 64))
		}
		same := []abi.Attr{ints("pads", 1, 1, 1, 1)}
		h := x.node("Relu", nil, norm(x.node("Conv", same, in, x.param("w0", 64, 64, 3, 3)), "n0"))
		h = norm(x.node("Conv", nil, h, x.param("w1", 64, 64, 1, 1)), "n1")
		return x.node("Relu", nil, x.node("Add", nil, h, in)), false
	}},
	{"attention", func(x *model) (abi.Value, bool) {
		q, k, v := x.input("q", abi.Float32, 8, 12, 128, 64), x.input("k", abi.Float32, 8, 12, 64, 128), x.input("v", abi.Float32, 8, 12, 128, 64)
		h := x.node("MatMul", nil, x.node("Softmax", nil, x.node("MatMul", nil, q, k)), v)
		return x.node("LayerNormalization", nil, h, x.param("s", 64), x.param("b", 64)), false
	}},
}

// compiled is the program of one of the models.
func compiled(t *testing.T, build func(x *model) (abi.Value, bool)) *Program {
	t.Helper()
	g, err := graph.New(graph.Config{Opset: 21, Accept: Accept})
	if err != nil {
		t.Fatal(err)
	}
	x := &model{t, g}
	out, trains := build(x)
	if err := g.Output("out", out); err != nil {
		t.Fatal(err)
	}
	var grads []abi.Value
	if trains {
		params := g.ParamValues()
		if grads, err = g.Gradient(out, params); err != nil {
			t.Fatal(err)
		}
	}
	p, err := graph.NewPlan(g, grads, Layout())
	if err != nil {
		t.Fatal(err)
	}
	made, err := Compile(p, abi.Optimizer{Kind: abi.Adam, LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8}, ptx.Turing)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestLaunchesAreThoseThatWereAgreed(t *testing.T) {
	for _, m := range models {
		t.Run(m.name, func(t *testing.T) {
			p := compiled(t, m.build)
			var b strings.Builder
			for _, l := range p.Launches {
				fmt.Fprintf(&b, "step %3d  %-32s grid %d×%d×%d  block %d\n", l.Step, l.Kernel, l.Grid[0], l.Grid[1], l.Grid[2], l.Block)
			}
			fmt.Fprintf(&b, "arena %d\n", p.Arena)
			name := filepath.Join("testdata", "launches", m.name+".txt")
			if *update {
				if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("run with -update if this was meant:\n%s", diff)
			}
			keepText(t, m.name, p.Source)
		})
	}
}

// keepText writes a module for an assembler to look at, where that was asked for.
func keepText(t *testing.T, name, source string) {
	if *dump == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(*dump, name+".ptx"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
}
