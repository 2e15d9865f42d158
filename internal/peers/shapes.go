package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/onnx"
)

// shapes are networks of well-known layers and of weights that mean nothing:
// what a model costs does not depend on what it knows. Batch normalisations are
// folded into the convolutions before them, as exporters do. All take one
// picture of 3 × 224 × 224 and know 1000 classes.
var shapes = map[string]func(*shaper, abi.Value) abi.Value{
	"SqueezeNet 1.1-shaped": squeezeNet,
	"MobileNetV2-shaped":    mobileNet,
	"ResNet18-shaped":       resNet,
}

// A shaper builds such a network.
type shaper struct {
	builder
	weights int
	elems   int64 // of all weights
}

// write puts the network and one input in the ONNX test layout into dir, and
// returns how many weights it has.
func write(ctx context.Context, shape func(*shaper, abi.Value) abi.Value, dir string) (weights int64, err error) {
	e, err := engine.New("cpu")
	if err != nil {
		return 0, err
	}
	session, err := e.Open(ctx, abi.Quota{})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	g, err := session.NewGraph(13)
	if err != nil {
		return 0, err
	}
	s := &shaper{builder: builder{session: session, graph: g}}
	size := []int64{1, 3, 224, 224}
	y := shape(s, s.value(g.Input("x", abi.Float32, size)))
	if s.err != nil {
		return 0, s.err
	}
	if err := g.Output("y", y); err != nil {
		return 0, err
	}
	model, err := g.MarshalONNX()
	if err != nil {
		return 0, err
	}
	path := filepath.Join(dir, "model.onnx")
	if err := os.MkdirAll(filepath.Dir(inputFile(path, 0)), 0o700); err != nil {
		return 0, err
	}
	x := onnx.Tensor{Name: "x", DType: abi.Float32, Shape: size, Data: floatBytes(waves(int(product(size)), 0))}
	return s.elems, errors.Join(os.WriteFile(path, model, 0o600), os.WriteFile(inputFile(path, 0), onnx.MarshalTensor(x), 0o600))
}

// weight is the network's next parameter: of the size that keeps what flows
// through of one size when it meets in elements.
func (s *shaper) weight(in int64, shape ...int64) abi.Value {
	s.weights++
	s.elems += product(shape)
	v := waves(int(product(shape)), s.weights)
	k := float32(math.Sqrt(6 / float64(in)))
	for i := range v {
		v[i] *= k
	}
	return s.tensor(fmt.Sprintf("w%d", s.weights), shape, floatBytes(v))
}

// channels is dimension 1 of v.
func (s *shaper) channels(v abi.Value) int64 {
	if s.err != nil {
		return 1
	}
	_, shape, err := s.graph.Type(v)
	if err != nil {
		s.err = err
		return 1
	}
	return shape[1]
}

// conv is a convolution of k × k with a bias, in so many groups.
func (s *shaper) conv(x abi.Value, out, k, stride, pad, groups int64) abi.Value {
	in := s.channels(x) / groups
	attrs := []abi.Attr{ints("kernel_shape", k, k), ints("strides", stride, stride), ints("pads", pad, pad, pad, pad),
		{Name: "group", Type: abi.AttrInt, I: groups}}
	return s.node("Conv", attrs, x, s.weight(in*k*k, out, in, k, k), s.weight(10_000, out))
}

func (s *shaper) relu(x abi.Value) abi.Value { return s.node("Relu", nil, x) }

func (s *shaper) maxPool(x abi.Value, k, stride, pad int64) abi.Value {
	return s.node("MaxPool", []abi.Attr{ints("kernel_shape", k, k), ints("strides", stride, stride), ints("pads", pad, pad, pad, pad)}, x)
}

// head is the mean of each channel, and a linear classifier of them.
func (s *shaper) head(x abi.Value) abi.Value {
	in := s.channels(x)
	x = s.node("Flatten", nil, s.node("GlobalAveragePool", nil, x))
	transposed := []abi.Attr{{Name: "transB", Type: abi.AttrInt, I: 1}}
	return s.node("Gemm", transposed, x, s.weight(in, 1000, in), s.weight(10_000, 1000))
}

// squeezeNet is version 1.1 of Iandola et al., arXiv 1602.07360.
func squeezeNet(s *shaper, x abi.Value) abi.Value {
	fire := func(x abi.Value, squeeze, expand int64) abi.Value {
		x = s.relu(s.conv(x, squeeze, 1, 1, 0, 1))
		along := []abi.Attr{{Name: "axis", Type: abi.AttrInt, I: 1}}
		return s.node("Concat", along, s.relu(s.conv(x, expand, 1, 1, 0, 1)), s.relu(s.conv(x, expand, 3, 1, 1, 1)))
	}
	x = s.maxPool(s.relu(s.conv(x, 64, 3, 2, 0, 1)), 3, 2, 0)
	x = s.maxPool(fire(fire(x, 16, 64), 16, 64), 3, 2, 0)
	x = s.maxPool(fire(fire(x, 32, 128), 32, 128), 3, 2, 0)
	x = fire(fire(fire(fire(x, 48, 192), 48, 192), 64, 256), 64, 256)
	x = s.relu(s.conv(x, 1000, 1, 1, 0, 1))
	return s.node("Flatten", nil, s.node("GlobalAveragePool", nil, x))
}

// mobileNet is MobileNetV2 of Sandler et al., arXiv 1801.04381.
func mobileNet(s *shaper, x abi.Value) abi.Value {
	scalar := func(v float32) abi.Value {
		if s.err != nil {
			return 0
		}
		t, err := s.session.NewTensor(abi.Float32, nil)
		if err == nil {
			err = t.Write(0, floatBytes([]float32{v}))
		}
		if err != nil {
			s.err = err
			return 0
		}
		return s.value(s.graph.Constant(t))
	}
	zero, six := scalar(0), scalar(6)
	relu6 := func(x abi.Value) abi.Value { return s.node("Clip", nil, x, zero, six) }
	block := func(x abi.Value, out, expand, stride int64) abi.Value {
		in := s.channels(x)
		wide, y := in*expand, x
		if expand > 1 {
			y = relu6(s.conv(y, wide, 1, 1, 0, 1))
		}
		y = relu6(s.conv(y, wide, 3, stride, 1, wide))
		y = s.conv(y, out, 1, 1, 0, 1)
		if stride == 1 && in == out {
			y = s.node("Add", nil, x, y)
		}
		return y
	}
	x = relu6(s.conv(x, 32, 3, 2, 1, 1))
	for _, row := range [][4]int64{{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}} {
		expand, out, times, stride := row[0], row[1], row[2], row[3]
		for range times {
			x = block(x, out, expand, stride)
			stride = 1
		}
	}
	return s.head(relu6(s.conv(x, 1280, 1, 1, 0, 1)))
}

// resNet is the network of 18 layers of He et al., arXiv 1512.03385.
func resNet(s *shaper, x abi.Value) abi.Value {
	block := func(x abi.Value, out, stride int64) abi.Value {
		y := s.conv(s.relu(s.conv(x, out, 3, stride, 1, 1)), out, 3, 1, 1, 1)
		if stride > 1 {
			x = s.conv(x, out, 1, stride, 0, 1)
		}
		return s.relu(s.node("Add", nil, y, x))
	}
	x = s.maxPool(s.relu(s.conv(x, 64, 7, 2, 3, 1)), 3, 2, 1)
	for i, out := range []int64{64, 128, 256, 512} {
		x = block(block(x, out, min(int64(i)+1, 2)), out, 1)
	}
	return s.head(x)
}
