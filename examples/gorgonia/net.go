package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

const classes = 10

// conv2d is gorgonia.Conv2d, or what takes its place.
type conv2d func(im, filter *gorgonia.Node, kernel tensor.Shape, pad, stride, dilation []int) (*gorgonia.Node, error)

// A net is a graph that Gorgonia differentiates; nothing in this file is about
// the adapters.
type net struct {
	graph  *gorgonia.ExprGraph
	x, y   *gorgonia.Node
	params gorgonia.Nodes
	scores gorgonia.Value // of a batch, as of the last run
	random *rand.Rand
}

func newNet(shape ...int) *net {
	n := &net{graph: gorgonia.NewGraph(), random: rand.New(rand.NewPCG(1, 2))}
	n.x = gorgonia.NewTensor(n.graph, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName("x"))
	n.y = gorgonia.NewMatrix(n.graph, tensor.Float32, gorgonia.WithShape(batch, classes), gorgonia.WithName("y"))
	return n
}

// param begins at random numbers whose size suits a sum of so many products.
func (n *net) param(products int, shape ...int) *gorgonia.Node {
	v := make([]float32, tensor.Shape(shape).TotalSize())
	for i := range v {
		v[i] = float32(n.random.NormFloat64() * math.Sqrt(2/float64(products)))
	}
	p := gorgonia.NewTensor(n.graph, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(fmt.Sprintf("w%d", len(n.params))),
		gorgonia.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v))))
	n.params = append(n.params, p)
	return p
}

// finish makes the cross-entropy of the logits the loss.
func (n *net) finish(logits *gorgonia.Node, err error) (*net, error) {
	if err != nil {
		return nil, err
	}
	scores, err := gorgonia.LogSoftMax(logits, 1)
	if err != nil {
		return nil, err
	}
	gorgonia.Read(scores, &n.scores)
	right, err := gorgonia.HadamardProd(scores, n.y)
	if err != nil {
		return nil, err
	}
	sum, err := gorgonia.Sum(right)
	if err != nil {
		return nil, err
	}
	loss, err := gorgonia.Mul(sum, gorgonia.NewConstant(float32(-1.0/batch)))
	if err != nil {
		return nil, err
	}
	_, err = gorgonia.Grad(loss, n.params...)
	return n, err
}

// mlp is a perceptron 784-512-512-10.
func mlp(conv2d) (*net, error) {
	n := newNet(batch, side*side)
	h, err := n.x, error(nil)
	for _, in := range []int{side * side, 512} {
		if h, err = gorgonia.Mul(h, n.param(in, in, 512)); err != nil {
			return nil, err
		}
		if h, err = gorgonia.BroadcastAdd(h, n.param(512*100, 1, 512), nil, []byte{0}); err != nil {
			return nil, err
		}
		if h, err = gorgonia.Rectify(h); err != nil {
			return nil, err
		}
	}
	return n.finish(gorgonia.Mul(h, n.param(512, 512, classes)))
}

// convnet is the network of Gorgonia's examples/convnet, without its dropout,
// which cannot be seeded.
func convnet(convolve conv2d) (*net, error) {
	n := newNet(batch, 1, side, side)
	h, err := n.x, error(nil)
	in := 1
	for _, out := range []int{32, 64, 128} {
		w := n.param(in*9, out, in, 3, 3)
		if h, err = convolve(h, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}); err != nil {
			return nil, err
		}
		if h, err = gorgonia.Rectify(h); err != nil {
			return nil, err
		}
		if h, err = gorgonia.MaxPool2D(h, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}); err != nil {
			return nil, err
		}
		in = out
	}
	if h, err = gorgonia.Reshape(h, tensor.Shape{batch, 128 * 3 * 3}); err != nil {
		return nil, err
	}
	if h, err = gorgonia.Mul(h, n.param(128*3*3, 128*3*3, 625)); err != nil {
		return nil, err
	}
	if h, err = gorgonia.Rectify(h); err != nil {
		return nil, err
	}
	return n.finish(gorgonia.Mul(h, n.param(625, 625, classes)))
}
