package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/cloister-ai/cloister/abi"
)

// What every candidate that trains agrees on.
const (
	learningRate   = 1e-3
	lossesCompared = 8 // of the first steps
)

// A net is trained by us and, of the same parameters and data, by PyTorch:
// torch.py has the other half.
type net struct {
	what    string
	input   []int64
	params  []array // without files
	forward func(*builder, abi.Value) abi.Value
}

var nets = map[string]net{
	"mlp": {
		what:  "MLP 784-512-512-10, batch 128",
		input: []int64{128, 784},
		params: []array{
			{Name: "w0", Shape: []int64{784, 512}}, {Name: "b0", Shape: []int64{512}},
			{Name: "w1", Shape: []int64{512, 512}}, {Name: "b1", Shape: []int64{512}},
			{Name: "w2", Shape: []int64{512, 10}}, {Name: "b2", Shape: []int64{10}},
		},
		forward: func(b *builder, x abi.Value) abi.Value {
			x = b.node("Relu", nil, b.node("Gemm", nil, x, b.param("w0"), b.param("b0")))
			x = b.node("Relu", nil, b.node("Gemm", nil, x, b.param("w1"), b.param("b1")))
			return b.node("Gemm", nil, x, b.param("w2"), b.param("b2"))
		},
	},
	"lenet": {
		what:  "LeNet, batch 64",
		input: []int64{64, 1, 28, 28},
		params: []array{
			{Name: "w0", Shape: []int64{6, 1, 5, 5}}, {Name: "b0", Shape: []int64{6}},
			{Name: "w1", Shape: []int64{16, 6, 5, 5}}, {Name: "b1", Shape: []int64{16}},
			{Name: "w2", Shape: []int64{400, 120}}, {Name: "b2", Shape: []int64{120}},
			{Name: "w3", Shape: []int64{120, 10}}, {Name: "b3", Shape: []int64{10}},
		},
		forward: func(b *builder, x abi.Value) abi.Value {
			pool := []abi.Attr{ints("kernel_shape", 2, 2), ints("strides", 2, 2)}
			x = b.node("Conv", []abi.Attr{ints("pads", 2, 2, 2, 2)}, x, b.param("w0"), b.param("b0"))
			x = b.node("MaxPool", pool, b.node("Relu", nil, x))
			x = b.node("Conv", nil, x, b.param("w1"), b.param("b1"))
			x = b.node("Flatten", nil, b.node("MaxPool", pool, b.node("Relu", nil, x)))
			x = b.node("Relu", nil, b.node("Gemm", nil, x, b.param("w2"), b.param("b2")))
			return b.node("Gemm", nil, x, b.param("w3"), b.param("b3"))
		},
	},
}

// write puts data, labels and first parameters into files in dir.
func (n net) write(dir string) ([]array, error) {
	batch := n.input[0]
	labels := make([]byte, 0, 8*batch)
	for i := range batch {
		labels = binary.LittleEndian.AppendUint64(labels, uint64(i*i%10))
	}
	all := append([]array{{Name: "x", Shape: n.input}, {Name: "y", Shape: []int64{batch}}}, n.params...)
	for i := range all {
		a := &all[i]
		a.File = filepath.Join(dir, a.Name)
		b := labels
		if a.Name != "y" {
			b = floatBytes(scaled(waves(int(product(a.Shape)), i), a.Shape))
		}
		if err := os.WriteFile(a.File, b, 0o600); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// scaled sizes weights so that what flows through a net stays of one size; a
// bias, of rank 1, becomes small.
func scaled(v []float32, shape []int64) []float32 {
	in := int64(10_000)
	switch len(shape) {
	case 2:
		in = shape[0]
	case 4:
		in = product(shape[1:])
	}
	k := float32(math.Sqrt(4 / float64(in)))
	for i := range v {
		v[i] *= k
	}
	return v
}

func product(shape []int64) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	return n
}

// waves are n numbers between -1 and 1 that look random: the top bits of a
// linear congruential generator (Knuth's MMIX).
func waves(n, seed int) []float32 {
	v := make([]float32, n)
	x := uint64(seed)*0x9e3779b97f4a7c15 + 1
	for i := range v {
		x = x*6364136223846793005 + 1442695040888963407
		v[i] = float32(int32(x>>32)) / (1 << 31)
	}
	return v
}

func floatBytes(v []float32) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// A builder makes a graph and keeps the first error.
type builder struct {
	session abi.Session
	graph   abi.Graph
	params  map[string]array
	err     error
}

func (b *builder) value(v abi.Value, err error) abi.Value {
	if b.err == nil {
		b.err = err
	}
	return v
}

func (b *builder) node(op string, attrs []abi.Attr, in ...abi.Value) abi.Value {
	if b.err != nil {
		return 0
	}
	out, err := b.graph.Node(op, attrs, in)
	if err != nil {
		b.err = err
		return 0
	}
	return out[0]
}

// param declares the parameter of that name, with the content of its file.
func (b *builder) param(name string) abi.Value {
	a, ok := b.params[name]
	if !ok && b.err == nil {
		b.err = fmt.Errorf("no parameter %s: %w", name, abi.NotFound)
	}
	if b.err != nil {
		return 0
	}
	file, err := os.ReadFile(a.File)
	if err != nil {
		b.err = err
		return 0
	}
	return b.tensor(name, a.Shape, file)
}

// tensor declares a float32 parameter with the given content.
func (b *builder) tensor(name string, shape []int64, content []byte) abi.Value {
	if b.err != nil {
		return 0
	}
	t, err := b.session.NewTensor(abi.Float32, shape)
	if err == nil {
		err = t.Write(0, content)
	}
	if err != nil {
		b.err = err
		return 0
	}
	return b.value(b.graph.Param(name, t))
}

func ints(name string, v ...int64) abi.Attr {
	return abi.Attr{Name: name, Type: abi.AttrInts, Ints: v}
}
