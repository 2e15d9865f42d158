//go:build wasip1

package main

import (
	"math/rand/v2"
	"strconv"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/guest"
)

// A network is a classifier whose size follows the records': for images blocks
// of convolution, ReLU and pooling until few pixels are left, then two dense
// layers; for plain numbers the dense layers alone. Every graph made from it
// shares its weights.
type network struct {
	convs      []layer
	hidden     layer
	out        layer
	centre     guest.Tensor // -0.5
	parameters int64
}

// A layer is the weights and bias of a convolution or a dense layer.
type layer struct {
	name string
	w, b guest.Tensor
}

func newNetwork(record []int64, classes, width int, r *rand.Rand) (*network, error) {
	if classes < 2 {
		return nil, guest.Fail(abi.Invalid, "a classifier needs two classes, the schema has ", strconv.Itoa(classes))
	}
	net := &network{}
	features := int64(1)
	switch len(record) {
	case 1:
		features = record[0]
	case 3:
		c, h, w := record[0], record[1], record[2]
		channels := int64(width)
		for h*w > 16 && h >= 2 && w >= 2 {
			l, err := net.layer("conv"+strconv.Itoa(len(net.convs)+1), r, channels, c, 3, 3)
			if err != nil {
				return nil, err
			}
			net.convs = append(net.convs, l)
			c, h, w = channels, h/2, w/2
			channels = min(2*channels, 8*int64(width))
		}
		features = c * h * w
	default:
		return nil, guest.Fail(abi.Invalid, "records have ", strconv.Itoa(len(record)), " axes: images have 3 (channels, rows, columns), numbers 1")
	}
	var err error
	if net.centre, err = guest.Floats([]float32{-0.5}, 1); err != nil {
		return nil, err
	}
	if net.hidden, err = net.layer("hidden", r, int64(8*width), features); err != nil {
		return nil, err
	}
	net.out, err = net.layer("out", r, int64(classes), int64(8*width))
	return net, err
}

// layer makes weights of the given shape and a bias of zeros.
func (n *network) layer(name string, r *rand.Rand, shape ...int64) (layer, error) {
	w, err := guest.He(r, shape...)
	if err != nil {
		return layer{}, err
	}
	b, err := guest.NewTensor(abi.Float32, shape[0])
	if err != nil {
		return layer{}, err
	}
	count, err := abi.Elements(shape)
	n.parameters += count + shape[0]
	return layer{name, w, b}, err
}

// scores adds the network to g and returns its scores for x, before a softmax.
func (n *network) scores(g *guest.Graph, x guest.Value) guest.Value {
	if len(n.convs) > 0 {
		x = g.Add(x, g.Constant(n.centre)) // pixels are 0 to 1
	}
	for _, l := range n.convs {
		w, b := l.params(g)
		x = g.MaxPool(g.Relu(g.Conv(x, w, b, guest.Pads(1))), 2)
	}
	x = g.Flatten(x)
	w, b := n.hidden.params(g)
	x = g.Relu(g.Dense(x, w, b))
	w, b = n.out.params(g)
	return g.Dense(x, w, b)
}

func (l layer) params(g *guest.Graph) (w, b guest.Value) {
	return g.Param(l.name+".weight", l.w), g.Param(l.name+".bias", l.b)
}
