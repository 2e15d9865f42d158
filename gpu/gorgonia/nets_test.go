package gorgonia_test

import (
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A net is a program written with Gorgonia that knows nothing of this package.
type net struct {
	graph  *G.ExprGraph
	x, y   *G.Node
	params G.Nodes
	cost   *G.Node
	value  G.Value
}

// numbers looks random: every run trains alike.
func numbers(n int, seed uint64, size float64) []float32 {
	v := make([]float32, n)
	x := seed*0x9e3779b97f4a7c15 + 1
	for i := range v {
		x = x*6364136223846793005 + 1442695040888963407
		v[i] = float32(float64(int32(x>>32)) / (1 << 31) * size)
	}
	return v
}

func (n *net) param(name string, in int, shape ...int) *G.Node {
	size := tensor.Shape(shape).TotalSize()
	v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(numbers(size, uint64(len(n.params)+3), math.Sqrt(6/float64(in)))))
	p := G.NewTensor(n.graph, tensor.Float32, len(shape), G.WithShape(shape...), G.WithName(name), G.WithValue(v))
	n.params = append(n.params, p)
	return p
}

// newNet begins a net that tells ten classes apart.
func newNet(shape ...int) *net {
	n := &net{graph: G.NewGraph()}
	n.x = G.NewTensor(n.graph, tensor.Float32, len(shape), G.WithShape(shape...), G.WithName("x"))
	n.y = G.NewMatrix(n.graph, tensor.Float32, G.WithShape(shape[0], 10), G.WithName("y"))
	return n
}

// finish adds the cross-entropy, its gradients and a batch of data.
func (n *net) finish(t testing.TB, logits *G.Node) *net {
	t.Helper()
	batch := n.x.Shape()[0]
	losses := G.Must(G.HadamardProd(G.Must(G.LogSoftMax(logits, 1)), n.y))
	n.cost = G.Must(G.Div(G.Must(G.Neg(G.Must(G.Sum(losses)))), G.NewConstant(float32(batch))))
	G.Read(n.cost, &n.value)
	if _, err := G.Grad(n.cost, n.params...); err != nil {
		t.Fatal(err)
	}
	labels := make([]float32, batch*10)
	for i := range batch {
		labels[i*10+i*i%10] = 1
	}
	x := tensor.New(tensor.WithShape(n.x.Shape()...), tensor.WithBacking(numbers(n.x.Shape().TotalSize(), 1, 1)))
	for _, err := range []error{G.Let(n.x, x), G.Let(n.y, tensor.New(tensor.WithShape(batch, 10), tensor.WithBacking(labels)))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// conv2d is gorgonia.Conv2d, or what takes its place.
type conv2d func(im, filter *G.Node, kernel tensor.Shape, pad, stride, dilation []int) (*G.Node, error)

// mlp is a perceptron 784-512-512-10 with biases.
func mlp(t testing.TB, batch int, _ conv2d) *net {
	n := newNet(batch, 784)
	dense := func(h *G.Node, name string, in, out int) *G.Node {
		return G.Must(G.BroadcastAdd(G.Must(G.Mul(h, n.param("w"+name, in, in, out))), n.param("b"+name, 10_000, 1, out), nil, []byte{0}))
	}
	h := G.Must(G.Rectify(dense(n.x, "0", 784, 512)))
	h = G.Must(G.Rectify(dense(h, "1", 512, 512)))
	return n.finish(t, dense(h, "2", 512, 10))
}

// convnet is the network of Gorgonia's examples/convnet, without the dropout, which
// cannot be seeded.
func convnet(t testing.TB, batch int, convolve conv2d) *net {
	n := newNet(batch, 1, 28, 28)
	layer := func(h *G.Node, name string, in, out int) *G.Node {
		w := n.param(name, in*9, out, in, 3, 3)
		h = G.Must(convolve(h, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))
		return G.Must(G.MaxPool2D(G.Must(G.Rectify(h)), tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
	}
	h := layer(layer(layer(n.x, "w0", 1, 32), "w1", 32, 64), "w2", 64, 128)
	h = G.Must(G.Reshape(h, tensor.Shape{batch, 128 * 3 * 3}))
	h = G.Must(G.Rectify(G.Must(G.Mul(h, n.param("w3", 128*9, 128*9, 625)))))
	return n.finish(t, G.Must(G.Mul(h, n.param("w4", 625, 625, 10))))
}
