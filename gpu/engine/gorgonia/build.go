package gorgonia

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A builder makes Gorgonia's graph from ours. Errors of Gorgonia stick in err:
// what follows then has no effect.
type builder struct {
	Program
	g     *G.ExprGraph
	nodes []*G.Node // of value v at v; nil for what is not computed by Gorgonia
	masks []mask
	err   error
}

// A mask is the labels of a loss as Gorgonia sees them: N×C, zero but for one
// weight a row.
type mask struct {
	labels abi.Value
	node   *G.Node
	loss   *graph.Node
}

func newBuilder(p Program) *builder {
	return &builder{Program: p, g: G.NewGraph(), nodes: make([]*G.Node, len(p.Nodes)+1)}
}

func (b *builder) do(n *G.Node, err error) *G.Node {
	if err != nil && b.err == nil {
		b.err = err
	}
	if b.err != nil {
		return nil
	}
	return n
}

func dims(shape []int64) tensor.Shape {
	s := make(tensor.Shape, len(shape))
	for i, d := range shape {
		s[i] = int(d)
	}
	return s
}

// leaf declares a named node. The name is unique: Gorgonia takes two inputs of
// one name for one.
func (b *builder) leaf(name string, shape []int64) *G.Node {
	if len(shape) == 0 {
		return G.NewScalar(b.g, tensor.Float32, G.WithName(name))
	}
	return G.NewTensor(b.g, tensor.Float32, len(shape), G.WithName(name), G.WithShape(dims(shape)...))
}

func decode(data []byte) []float32 {
	f := make([]float32, len(data)/4)
	for i := range f {
		f[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return f
}

// let gives a leaf its value. The data is copied.
func let(n *G.Node, shape []int64, data []float32) error {
	if len(shape) == 0 {
		return G.Let(n, data[0])
	}
	return G.Let(n, tensor.New(tensor.WithShape(dims(shape)...), tensor.WithBacking(data)))
}

// build adds every node that Gorgonia computes, in order.
func (b *builder) build() error {
	for i := range b.Nodes {
		v, n := abi.Value(i+1), &b.Nodes[i]
		if _, derived := b.Derived[v]; n.Op == "" || derived || n.Op == "ArgMax" {
			continue
		}
		if n.DType != abi.Float32 {
			continue // labels and shapes; an alias of them is copied, not computed
		}
		b.nodes[v] = b.node(v, n)
		if b.err != nil {
			return fmt.Errorf("gorgonia: %s: %w: %w", n.Op, abi.Invalid, b.err)
		}
	}
	return nil
}

func (b *builder) constant(name string, shape []int64, data []float32) *G.Node {
	n := b.leaf(name, shape)
	return b.do(n, let(n, shape, data))
}

func (b *builder) number(f float32) *G.Node { return G.NewConstant(f) }

func (b *builder) node(v abi.Value, n *graph.Node) *G.Node {
	in := make([]*G.Node, len(n.In))
	shape := make([][]int64, len(n.In))
	for i, o := range n.In {
		if o != 0 {
			in[i], shape[i] = b.nodes[o], b.Nodes[o-1].Shape
		}
	}
	name := fmt.Sprintf("v%d", v)
	switch n.Op {
	case graph.OpInput, graph.OpParam:
		return b.leaf(name, n.Shape)
	case graph.OpConstant:
		return b.constant(name, n.Shape, decode(n.Data))
	case "Fill":
		data := make([]float32, n.Elements())
		for i := range data {
			data[i] = n.Attrs.Alpha
		}
		return b.constant(name, n.Shape, data)
	case "Add", "Sub", "Mul", "Div":
		return b.zip(n.Op, in[0], in[1], shape[0], shape[1], n.Shape)
	case "Identity", "Dropout":
		return in[0]
	case "Flatten", "Reshape", "Squeeze", "Unsqueeze":
		return b.reshape(in[0], n.Shape)
	case "Transpose":
		if len(n.Shape) < 2 {
			return in[0]
		}
		return b.do(G.Transpose(in[0], n.Attrs.Axes...))
	case "Concat":
		if len(in) == 1 {
			return in[0]
		}
		return b.do(G.Concat(n.Attrs.Axis, in...))
	case "Slice":
		return b.slice(in[0], n, shape[0])
	case "MatMul":
		return b.matmul(in[0], in[1], shape[0], shape[1], n.Shape)
	case "Gemm":
		return b.gemm(n, in, shape)
	case "Conv":
		return b.conv(n, in, shape)
	case "MaxPool":
		w := n.Attrs.Window
		return b.do(G.MaxPool2D(in[0], dims(w.Kernel[:]), dims(w.Pads[:2]), dims(w.Stride[:])))
	case "ReduceSum", "ReduceMean", "ReduceMax":
		return b.reduce(n, in[0], shape[0])
	case "Softmax":
		y := b.logSoftMax(in[0], n.Shape, n.Attrs.Axis)
		if b.err != nil {
			return nil
		}
		return b.do(G.Exp(y))
	case "LogSoftmax":
		return b.logSoftMax(in[0], n.Shape, n.Attrs.Axis)
	case "BatchNormalization":
		return b.batchNorm(n, in, shape)
	case "LayerNormalization":
		return b.layerNorm(n, in, shape)
	case "SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss":
		return b.loss(v, n, in[0], shape[0])
	}
	return b.element(n, in[0])
}

func (b *builder) element(n *graph.Node, x *G.Node) *G.Node {
	unary := map[string]func(*G.Node) (*G.Node, error){
		"Neg": G.Neg, "Abs": G.Abs, "Exp": G.Exp, "Log": G.Log, "Sqrt": G.Sqrt, "Reciprocal": G.Inverse,
		"Relu": G.Rectify, "Sigmoid": G.Sigmoid, "Tanh": G.Tanh, "Softplus": G.Softplus,
	}
	switch f := unary[n.Op]; {
	case f != nil:
		return b.do(f(x))
	case n.Op == "Pow":
		return b.do(G.Pow(x, b.number(n.Attrs.Alpha)))
	case n.Op == "LeakyRelu":
		return b.do(G.LeakyRelu(x, float64(n.Attrs.Alpha)))
	}
	return b.do(nil, fmt.Errorf("no lowering: %w", abi.Internal))
}

func (b *builder) reshape(x *G.Node, shape []int64) *G.Node {
	if b.err != nil || slices.Equal(x.Shape(), dims(shape)) { // Shape.Eq takes rows, columns and vectors for equal
		return x
	}
	return b.do(G.Reshape(x, dims(shape)))
}

// zip broadcasts by patterns, which Gorgonia wants spelt out for equal ranks.
func (b *builder) zip(op string, x, y *G.Node, xs, ys, out []int64) *G.Node {
	plain := map[string]func(a, b *G.Node) (*G.Node, error){"Add": G.Add, "Sub": G.Sub, "Mul": G.HadamardProd, "Div": G.HadamardDiv}
	spread := map[string]func(a, b *G.Node, l, r []byte) (*G.Node, error){
		"Add": G.BroadcastAdd, "Sub": G.BroadcastSub, "Mul": G.BroadcastHadamardProd, "Div": G.BroadcastHadamardDiv}
	if b.err != nil {
		return nil
	}
	if len(xs) == 0 || len(ys) == 0 {
		return b.do(plain[op](x, y))
	}
	xp, yp := padded(xs, len(out)), padded(ys, len(out))
	x, y = b.reshape(x, xp), b.reshape(y, yp)
	var l, r []byte
	for i, d := range out {
		if xp[i] != d {
			l = append(l, byte(i))
		}
		if yp[i] != d {
			r = append(r, byte(i))
		}
	}
	if b.err != nil {
		return nil
	}
	if l == nil && r == nil {
		return b.do(plain[op](x, y))
	}
	return b.do(spread[op](x, y, l, r))
}

// padded puts ones before shape up to the given rank.
func padded(shape []int64, rank int) []int64 {
	out := make([]int64, rank)
	for i := range out {
		out[i] = 1
	}
	copy(out[rank-len(shape):], shape)
	return out
}

func (b *builder) slice(x *G.Node, n *graph.Node, from []int64) *G.Node {
	var s []tensor.Slice
	for i, d := range n.Shape {
		if d == from[i] {
			s = append(s, nil)
			continue
		}
		start := int(n.Attrs.Starts[i])
		s = append(s, G.S(start, start+int(d)))
	}
	return b.reshape(b.do(G.Slice(x, s...)), n.Shape)
}

func (b *builder) matmul(x, y *G.Node, xs, ys, out []int64) *G.Node {
	switch {
	case len(xs) == 3 && len(ys) == 3:
		return b.do(G.BatchedMatMul(x, y))
	case len(xs) > 2: // a stack times one matrix is one long product
		k := xs[len(xs)-1]
		rows := graph.Type{Shape: xs}.Elements() / k
		return b.reshape(b.do(G.Mul(b.reshape(x, []int64{rows, k}), y)), out)
	}
	return b.do(G.Mul(x, y))
}

func (b *builder) gemm(n *graph.Node, in []*G.Node, shape [][]int64) *G.Node {
	x, y := in[0], in[1]
	if n.Attrs.TransA {
		x = b.do(G.Transpose(x))
	}
	if n.Attrs.TransB {
		y = b.do(G.Transpose(y))
	}
	if b.err != nil {
		return nil
	}
	out := b.scale(b.do(G.Mul(x, y)), n.Attrs.Alpha)
	if len(in) < 3 || in[2] == nil {
		return out
	}
	return b.zip("Add", out, b.scale(in[2], n.Attrs.Beta), n.Shape, shape[2], n.Shape)
}

func (b *builder) scale(x *G.Node, f float32) *G.Node {
	if f == 1 || b.err != nil {
		return x
	}
	return b.do(G.HadamardProd(x, b.number(f)))
}

func (b *builder) conv(n *graph.Node, in []*G.Node, shape [][]int64) *G.Node {
	w := n.Attrs.Window
	y := b.do(G.Conv2d(in[0], in[1], dims(w.Kernel[:]), dims(w.Pads[:2]), dims(w.Stride[:]), dims(w.Dilation[:])))
	if len(in) < 3 || in[2] == nil {
		return y
	}
	row := []int64{1, shape[2][0], 1, 1}
	return b.zip("Add", y, b.reshape(in[2], row), n.Shape, row, n.Shape)
}

// A folding is one of Gorgonia's reductions.
type folding func(*G.Node, ...int) (*G.Node, error)

func (b *builder) reduce(n *graph.Node, x *G.Node, shape []int64) *G.Node {
	f := map[string]folding{"ReduceSum": G.Sum, "ReduceMean": G.Mean, "ReduceMax": G.Max}[n.Op]
	return b.fold(f, x, shape, n.Attrs.Axes, n.Shape)
}

// fold reduces x along axes. It leaves dimensions of size one out: Gorgonia
// confuses columns and vectors.
func (b *builder) fold(f folding, x *G.Node, shape []int64, axes []int, out []int64) *G.Node {
	var slim []int64
	var along []int
	for i, d := range shape {
		if d == 1 {
			continue
		}
		if slices.Contains(axes, i) {
			along = append(along, len(slim))
		}
		slim = append(slim, d)
	}
	switch {
	case len(shape) == 0 || len(along) == 0 && len(out) > 0:
		return b.reshape(x, out)
	case len(along) == len(slim): // all of it
		slim, along = []int64{graph.Type{Shape: shape}.Elements()}, []int{0}
	}
	x = b.reshape(x, slim)
	for _, a := range slices.Backward(along) { // one by one: of two axes at once the sums are wrong
		if b.err != nil {
			return nil
		}
		x = b.do(f(x, a))
		slim = slices.Delete(slim, a, a+1)
		x = b.reshape(x, slim)
	}
	return b.reshape(x, out)
}

// logSoftMax is made of sound parts: Gorgonia's own takes the first element of the
// whole array for the largest of every row, so that rows spoil each other, and
// along other dimensions than the last its gradient is wrong.
func (b *builder) logSoftMax(x *G.Node, shape []int64, axis int) *G.Node {
	row := slices.Clone(shape)
	row[axis] = 1
	top := b.fold(G.Max, x, shape, []int{axis}, row)
	d := b.zip("Sub", x, top, shape, row, shape)
	if b.err != nil {
		return nil
	}
	sum := b.fold(G.Sum, b.do(G.Exp(d)), shape, []int{axis}, row)
	if b.err != nil {
		return nil
	}
	return b.zip("Sub", d, b.do(G.Log(sum)), shape, row, shape)
}

// batchNorm is (x-mean)/√(var+ε)·scale + bias, with C spread over N×C×….
func (b *builder) batchNorm(n *graph.Node, in []*G.Node, shape [][]int64) *G.Node {
	row := padded(nil, len(n.Shape))
	row[1] = n.Shape[1]
	for i := 1; i < 5; i++ {
		in[i] = b.reshape(in[i], row)
	}
	if b.err != nil {
		return nil
	}
	std := b.do(G.Sqrt(b.do(G.Add(in[4], b.number(n.Attrs.Epsilon)))))
	y := b.zip("Sub", in[0], in[3], n.Shape, row, n.Shape)
	y = b.zip("Div", y, std, n.Shape, row, n.Shape)
	y = b.zip("Mul", y, in[1], n.Shape, row, n.Shape)
	return b.zip("Add", y, in[2], n.Shape, row, n.Shape)
}

// layerNorm works on rows of the normalised dimensions.
func (b *builder) layerNorm(n *graph.Node, in []*G.Node, shape [][]int64) *G.Node {
	size := graph.Type{Shape: n.Shape[n.Attrs.Axis:]}.Elements()
	flat := []int64{n.Elements() / size, size}
	column, row := []int64{flat[0], 1}, []int64{1, size}
	x := b.reshape(in[0], flat)
	if b.err != nil {
		return nil
	}
	mean := b.fold(G.Mean, x, flat, []int{1}, column)
	d := b.zip("Sub", x, mean, flat, column, flat)
	if b.err != nil {
		return nil
	}
	variance := b.fold(G.Mean, b.do(G.Square(d)), flat, []int{1}, column)
	if b.err != nil {
		return nil
	}
	std := b.do(G.Sqrt(b.do(G.Add(variance, b.number(n.Attrs.Epsilon)))))
	y := b.zip("Div", d, std, flat, column, flat)
	y = b.zip("Mul", y, b.reshape(in[1], row), flat, row, flat)
	if len(in) > 2 && in[2] != nil {
		y = b.zip("Add", y, b.reshape(in[2], row), flat, row, flat)
	}
	return b.reshape(y, n.Shape)
}

// loss is -Σ log p · mask. The mask is an input that every run makes from the
// labels.
func (b *builder) loss(v abi.Value, n *graph.Node, x *G.Node, shape []int64) *G.Node {
	if n.Op == "SoftmaxCrossEntropyLoss" {
		x = b.logSoftMax(x, shape, 1)
	}
	m := b.leaf(fmt.Sprintf("mask%d", v), shape)
	b.masks = append(b.masks, mask{n.In[1], m, n})
	if b.err != nil {
		return nil
	}
	p := b.do(G.HadamardProd(x, m))
	if b.err != nil {
		return nil
	}
	if n.Attrs.Reduction == graph.ReduceNone {
		return b.do(G.Neg(b.do(G.Sum(p, 1))))
	}
	return b.do(G.Neg(b.do(G.Sum(p))))
}

// fill makes the elements of a mask. A label that is no class weighs nothing.
func (m *mask) fill(labels []byte, shape []int64) []float32 {
	classes := shape[1]
	out := make([]float32, shape[0]*classes)
	count := 0
	for i := range shape[0] {
		y := int64(binary.LittleEndian.Uint64(labels[8*i:]))
		if y < 0 || y >= classes || m.loss.Attrs.HasIgnore && y == m.loss.Attrs.Ignore {
			continue
		}
		out[i*classes+y] = 1
		count++
	}
	if m.loss.Attrs.Reduction == graph.ReduceMean && count > 0 {
		for i := range out {
			out[i] /= float32(count)
		}
	}
	return out
}
