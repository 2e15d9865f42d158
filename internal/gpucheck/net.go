package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"

	"github.com/cloister-ai/cloister/abi"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// A grapher is a graph of a session, or one of package graph.
type grapher interface {
	Input(name string, dt abi.DType, shape []int64) (abi.Value, error)
	Param(name string, t abi.Tensor) (abi.Value, error)
	Constant(t abi.Tensor) (abi.Value, error)
	Node(op string, attrs []abi.Attr, in []abi.Value) ([]abi.Value, error)
	Output(name string, v abi.Value) error
	Type(v abi.Value) (abi.DType, []int64, error)
}

// A net builds the graph of a spec and keeps the first error. Weights and inputs
// look random and mean nothing.
type net struct {
	g       grapher
	tensor  func(dt abi.DType, shape []int64, content []byte) (abi.Tensor, error)
	inputs  [][]byte // contents, in order
	weights int
	err     error
}

// opset has every operator that is timed.
const opset = 23

// build makes the graph of s. The value is the loss where it is to be trained,
// else 0.
func (n *net) build(s spec) (loss abi.Value, err error) {
	y := abi.Value(0)
	switch s.Kind {
	case kindChain:
		x, z := n.input("x", s.N...), n.input("z", s.N...)
		y = n.node("Gelu", []abi.Attr{{Name: "approximate", Type: abi.AttrString, S: "tanh"}}, n.node("Add", nil, n.node("Mul", nil, x, n.scalar(1.5)), z))
	case kindSum:
		y = n.node("ReduceSum", []abi.Attr{whole("keepdims", 0)}, n.input("x", s.N...), n.axes(1))
	case kindSoftmax:
		y = n.node("Softmax", []abi.Attr{whole("axis", -1)}, n.input("x", s.N...))
	case kindLayerNorm:
		y = n.norm(n.input("x", s.N...), s.N[1])
	case kindGEMM:
		y = n.node("MatMul", nil, n.input("a", s.N[0], s.N[2]), n.input("b", s.N[2], s.N[1]))
	case kindConv:
		y = n.conv(n.input("x", s.N[0], s.N[1], s.N[2], s.N[2]), s.N[3], s.N[4], 1, s.N[4]/2)
	case kindMLP:
		x := n.input("x", s.N[0], s.N[1])
		for i := range s.N[2:] {
			if i > 0 {
				x = n.relu(x)
			}
			x = n.dense(x, s.N[i+1], s.N[i+2])
		}
		loss = n.loss(x, s.N[0], s.N[4])
	case kindLeNet:
		x := n.relu(n.conv(n.input("x", s.N[0], 1, 28, 28), 6, 5, 1, 2))
		x = n.relu(n.conv(n.pool(x, 2, 2, 0), 16, 5, 1, 0))
		x = n.node("Flatten", nil, n.pool(x, 2, 2, 0))
		x = n.dense(n.relu(n.dense(x, 400, 120)), 120, 10)
		loss = n.loss(x, s.N[0], 10)
	case kindResNet18, kindResNet50:
		y = n.resNet(n.input("x", s.N[0], 3, s.N[1], s.N[1]), s.N[2], s.Kind == kindResNet50)
	case kindBlock:
		y = n.block(n.input("x", s.N[:3]...), s.N[2], s.N[3])
	default:
		return 0, fmt.Errorf("no graph is of kind %q: %w", s.Kind, abi.Invalid)
	}
	if n.err == nil && loss != 0 {
		n.err = n.g.Output("loss", loss)
	} else if n.err == nil {
		n.err = n.g.Output("y", y)
	}
	return loss, n.err
}

func whole(name string, i int64) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrInt, I: i} }

func (n *net) value(v abi.Value, err error) abi.Value {
	if n.err == nil {
		n.err = err
	}
	return v
}

func (n *net) node(op string, attrs []abi.Attr, in ...abi.Value) abi.Value {
	if n.err != nil {
		return 0
	}
	out, err := n.g.Node(op, attrs, in)
	if err != nil {
		n.err = err
		return 0
	}
	return out[0]
}

func (n *net) input(name string, shape ...int64) abi.Value {
	n.inputs = append(n.inputs, floats(waves(elements(shape), len(n.inputs)+1), 1))
	return n.value(n.g.Input(name, abi.Float32, shape))
}

// give makes a tensor and what makes a value of it.
func (n *net) give(dt abi.DType, shape []int64, content []byte, f func(abi.Tensor) (abi.Value, error)) abi.Value {
	if n.err != nil {
		return 0
	}
	t, err := n.tensor(dt, shape, content)
	if err != nil {
		n.err = err
		return 0
	}
	return n.value(f(t))
}

// weight is the next parameter, of a size that keeps what flows through of one
// size where it is summed over in elements.
func (n *net) weight(in int64, shape ...int64) abi.Value {
	n.weights++
	b := floats(waves(elements(shape), 100+n.weights), float32(math.Sqrt(3/float64(in))))
	return n.give(abi.Float32, shape, b, func(t abi.Tensor) (abi.Value, error) {
		return n.g.Param(fmt.Sprintf("w%d", n.weights), t)
	})
}

func (n *net) scalar(f float32) abi.Value {
	return n.give(abi.Float32, nil, floats([]float32{f}, 1), n.g.Constant)
}

func (n *net) axes(axis uint64) abi.Value {
	return n.give(abi.Int64, []int64{1}, binary.LittleEndian.AppendUint64(nil, axis), n.g.Constant)
}

func (n *net) relu(x abi.Value) abi.Value { return n.node("Relu", nil, x) }

func (n *net) dense(x abi.Value, in, out int64) abi.Value {
	return n.node("Gemm", nil, x, n.weight(in, in, out), n.weight(10_000, out))
}

func (n *net) channels(v abi.Value) int64 {
	if n.err != nil {
		return 1
	}
	_, shape, err := n.g.Type(v)
	if err != nil {
		n.err = err
		return 1
	}
	return shape[1]
}

func window(k, stride, pad int64) []abi.Attr {
	list := func(name string, v ...int64) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrInts, Ints: v} }
	return []abi.Attr{list("kernel_shape", k, k), list("strides", stride, stride), list("pads", pad, pad, pad, pad)}
}

func (n *net) conv(x abi.Value, out, k, stride, pad int64) abi.Value {
	in := n.channels(x)
	return n.node("Conv", window(k, stride, pad), x, n.weight(in*k*k, out, in, k, k), n.weight(10_000, out))
}

func (n *net) pool(x abi.Value, k, stride, pad int64) abi.Value {
	return n.node("MaxPool", window(k, stride, pad), x)
}

func (n *net) norm(x abi.Value, width int64) abi.Value {
	return n.node("LayerNormalization", []abi.Attr{whole("axis", -1)}, x, n.weight(1, width), n.weight(1, width))
}

func (n *net) loss(x abi.Value, batch, classes int64) abi.Value {
	var labels []byte
	for i := range uint64(batch) {
		labels = binary.LittleEndian.AppendUint64(labels, i*i%uint64(classes))
	}
	n.inputs = append(n.inputs, labels)
	return n.node("SoftmaxCrossEntropyLoss", nil, x, n.value(n.g.Input("labels", abi.Int64, []int64{batch})))
}

// resNet is the network of 18 or 50 layers of He et al., arXiv 1512.03385, with
// batch normalisations folded into the convolutions before them.
func (n *net) resNet(x abi.Value, width int64, deep bool) abi.Value {
	block := func(x abi.Value, width, stride int64) abi.Value {
		out, y := width, x
		if deep {
			out = 4 * width
			y = n.relu(n.conv(y, width, 1, 1, 0))
			y = n.conv(n.relu(n.conv(y, width, 3, stride, 1)), out, 1, 1, 0)
		} else {
			y = n.conv(n.relu(n.conv(y, width, 3, stride, 1)), width, 3, 1, 1)
		}
		if stride > 1 || n.channels(x) != out {
			x = n.conv(x, out, 1, stride, 0)
		}
		return n.relu(n.node("Add", nil, y, x))
	}
	layers := []int{2, 2, 2, 2}
	if deep {
		layers = []int{3, 4, 6, 3}
	}
	x = n.pool(n.relu(n.conv(x, width, 7, 2, 3)), 3, 2, 1)
	for i, times := range layers {
		for k := range times {
			stride := int64(1)
			if i > 0 && k == 0 {
				stride = 2
			}
			x = block(x, width<<i, stride)
		}
	}
	in := n.channels(x)
	return n.dense(n.node("Flatten", nil, n.node("GlobalAveragePool", nil, x)), in, 1000)
}

// block is a layer of a transformer that normalises first: Xiong et al., arXiv
// 2002.04745.
func (n *net) block(x abi.Value, width, heads int64) abi.Value {
	project := func(x abi.Value, in, out int64) abi.Value {
		return n.node("Add", nil, n.node("MatMul", nil, x, n.weight(in, in, out)), n.weight(10_000, out))
	}
	h := n.norm(x, width)
	attrs := []abi.Attr{whole("q_num_heads", heads), whole("kv_num_heads", heads)}
	h = n.node("Attention", attrs, project(h, width, width), project(h, width, width), project(h, width, width))
	x = n.node("Add", nil, x, project(h, width, width))
	h = n.node("Gelu", nil, project(n.norm(x, width), width, 4*width))
	return n.node("Add", nil, x, project(h, 4*width, width))
}

func elements(shape []int64) int64 {
	n := int64(1)
	for _, d := range shape {
		n *= d
	}
	return n
}

// waves are n numbers between -1 and 1 that look random: the top bits of a linear
// congruential generator (Knuth's MMIX).
func waves(n int64, seed int) []float32 {
	v := make([]float32, n)
	x := uint64(seed)*0x9e3779b97f4a7c15 + 1
	for i := range v {
		x = x*6364136223846793005 + 1442695040888963407
		v[i] = float32(int32(x>>32)) / (1 << 31)
	}
	return v
}

func floats(v []float32, scale float32) []byte {
	b := make([]byte, 4*len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(x*scale))
	}
	return b
}
