package gorgonia

import (
	"fmt"
	"hash"
	"hash/fnv"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/kernel"

	"github.com/chewxy/hm"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Conv2d is gorgonia.Conv2d as one operator that unfolds nothing into memory: im of
// N×C×H×W, filter of M×C×KH×KW, and for each of the two axes a padding on both
// sides, a stride and a dilation; nil padding is none, nil dilation is 1. What is
// not float32 becomes Gorgonia's own. Errors: Invalid for shapes that do not fit.
func Conv2d(im, filter *G.Node, kernelShape tensor.Shape, pad, stride, dilation []int) (*G.Node, error) {
	if pad == nil {
		pad = []int{0, 0}
	}
	if dilation == nil {
		dilation = []int{1, 1}
	}
	x, w := im.Shape(), filter.Shape()
	if x.Dims() != 4 || w.Dims() != 4 || x[1] != w[1] || !kernelShape.Eq(w[2:]) {
		return nil, fmt.Errorf("gorgonia: Conv2d of %v by %v with a window of %v: %w", x, w, kernelShape, abi.Invalid)
	}
	if len(pad) != 2 || len(stride) != 2 || len(dilation) != 2 {
		return nil, fmt.Errorf("gorgonia: Conv2d: padding %v, stride %v, dilation %v, want two numbers each: %w", pad, stride, dilation, abi.Invalid)
	}
	op := convolution{images: x[0], inC: x[1], outC: w[0], in: [2]int{x[2], x[3]}, window: [2]int(w[2:]), pad: [2]int(pad), stride: [2]int(stride), dilation: [2]int(dilation)}
	for i := range 2 {
		p, s, d := pad[i], stride[i], dilation[i]
		if p < 0 || s < 1 || d < 1 || max(p, s, d, op.in[i], op.window[i]) > math.MaxInt16 {
			return nil, fmt.Errorf("gorgonia: Conv2d: padding %d, stride %d, dilation %d on %d pixels by %d: %w", p, s, d, op.in[i], op.window[i], abi.Invalid)
		}
		reach := (op.window[i]-1)*d + 1
		if op.in[i]+2*p < reach {
			return nil, fmt.Errorf("gorgonia: Conv2d: a window over %d of %d pixels: %w", reach, op.in[i]+2*p, abi.Invalid)
		}
		op.out[i] = (op.in[i]+2*p-reach)/s + 1
	}
	if im.Dtype() != tensor.Float32 || filter.Dtype() != tensor.Float32 {
		return G.Conv2d(im, filter, kernelShape, pad, stride, dilation)
	}
	return G.ApplyOp(op, im, filter)
}

// A part is a convolution or one of its gradients.
type part uint8

const (
	forward  part = iota // of image and filter
	toImage              // the image's gradient, of the result's and the filter
	toFilter             // the filter's gradient, of image and the result's
)

// A convolution is an operator of Gorgonia's.
type convolution struct {
	part                                   part
	images, inC, outC                      int
	in, out, window, pad, stride, dilation [2]int
}

var _ G.SDOp = convolution{}
var _ G.UsePreallocDoer = convolution{}

func (convolution) Arity() int           { return 2 }
func (convolution) ReturnsPtr() bool     { return false }
func (convolution) CallsExtern() bool    { return false }
func (convolution) OverwritesInput() int { return -1 }
func (c convolution) String() string     { return fmt.Sprint("Conv2d", c.fields()) }

// fields is everything that makes two convolutions differ: Gorgonia takes
// operators of one hash for one operator.
func (c convolution) fields() [16]int {
	return [...]int{int(c.part), c.images, c.inC, c.outC, c.in[0], c.in[1], c.out[0], c.out[1], c.window[0], c.window[1],
		c.pad[0], c.pad[1], c.stride[0], c.stride[1], c.dilation[0], c.dilation[1]}
}

func (c convolution) WriteHash(h hash.Hash) { fmt.Fprint(h, "cloister Conv2d", c.fields()) }

func (c convolution) Hashcode() uint32 {
	h := fnv.New32a()
	c.WriteHash(h)
	return h.Sum32()
}

// Type says that two tensors of four axes give a third, all of one type.
func (convolution) Type() hm.Type {
	t := G.TensorType{Dims: 4, Of: hm.TypeVariable('a')}
	return hm.NewFnType(t, t, t)
}

func (c convolution) InferShape(...G.DimSizer) (tensor.Shape, error) { return c.shape(), nil }

func (c convolution) shape() tensor.Shape {
	switch c.part {
	case toImage:
		return tensor.Shape{c.images, c.inC, c.in[0], c.in[1]}
	case toFilter:
		return tensor.Shape{c.outC, c.inC, c.window[0], c.window[1]}
	}
	return tensor.Shape{c.images, c.outC, c.out[0], c.out[1]}
}

// DiffWRT says that a convolution follows both inputs; its gradients have none.
func (c convolution) DiffWRT(int) []bool { return []bool{c.part == forward, c.part == forward} }

// SymDiff is the nodes of both gradients.
func (c convolution) SymDiff(inputs G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	if c.part != forward {
		return nil, fmt.Errorf("gorgonia: Conv2d has no second gradient: %w", abi.Invalid)
	}
	c.part = toImage
	dx, err := G.ApplyOp(c, grad, inputs[1])
	if err != nil {
		return nil, err
	}
	c.part = toFilter
	dw, err := G.ApplyOp(c, inputs[0], grad)
	return G.Nodes{dx, dw}, err
}

// Do computes into a new tensor.
func (c convolution) Do(inputs ...G.Value) (G.Value, error) {
	return c.UsePreallocDo(tensor.New(tensor.WithShape(c.shape()...), tensor.Of(tensor.Float32)), inputs...)
}

// UsePreallocDo computes into memory that there is.
func (c convolution) UsePreallocDo(prealloc G.Value, inputs ...G.Value) (G.Value, error) {
	y, err := numbersOf(prealloc)
	if err != nil {
		return nil, err
	}
	var given [2][]float32
	if len(inputs) != len(given) {
		return nil, fmt.Errorf("gorgonia: Conv2d of %d inputs: %w", len(inputs), abi.Invalid)
	}
	for i, v := range inputs {
		if given[i], err = numbersOf(v); err != nil {
			t, ok := v.(tensor.Tensor) // a view, say
			if !ok {
				return nil, err
			}
			if given[i], err = Copy(t); err != nil {
				return nil, err
			}
		}
	}
	images, results, weights := c.images*c.inC*c.in[0]*c.in[1], c.images*c.outC*c.out[0]*c.out[1], c.outC*c.inC*c.window[0]*c.window[1]
	want := map[part][3]int{forward: {results, images, weights}, toImage: {images, results, weights}, toFilter: {weights, images, results}}[c.part]
	if got := [3]int{len(y), len(given[0]), len(given[1])}; got != want {
		return nil, fmt.Errorf("gorgonia: Conv2d: result and inputs of %v elements, want %v: %w", got, want, abi.Invalid)
	}
	c.compute(y, given[0], given[1])
	return prealloc, nil
}

func (c convolution) compute(y, a, b []float32) {
	k := kernel.Conv{
		Images: c.images, Groups: 1, InC: c.inC, H: c.in[0], W: c.in[1], OutC: c.outC, OH: c.out[0], OW: c.out[1],
		KH: c.window[0], KW: c.window[1], Stride: c.stride, Dilation: c.dilation, Pad: c.pad,
	}
	switch c.part {
	case forward:
		tasks(k.Tasks(), func(t int) { k.Run(t, y, a, b) })
	case toFilter:
		tasks(k.WeightTasks(), func(t int) { k.RunWeights(t, y, a, b) })
	case toImage:
		buffer := scratch.Get().(*[]float32)
		defer scratch.Put(buffer)
		turned := grow(buffer, len(b))
		c.turn(turned, b)
		back := kernel.Conv{
			Images: c.images, Groups: 1, InC: c.outC, H: c.out[0], W: c.out[1], OutC: c.inC, OH: c.in[0], OW: c.in[1],
			KH: c.window[0], KW: c.window[1], Stride: [2]int{1, 1}, Dilation: c.dilation, Spread: c.stride,
		}
		for i := range 2 {
			back.Pad[i] = (c.window[i]-1)*c.dilation[i] - c.pad[i]
		}
		tasks(back.Tasks(), func(t int) { back.Run(t, y, a, turned) })
	}
}

// turn exchanges the channels of a filter and turns its windows around: what goes
// back from results to images.
func (c convolution) turn(dst, filter []float32) {
	taps := c.window[0] * c.window[1]
	for m := range c.outC {
		for ch := range c.inC {
			from, to := filter[(m*c.inC+ch)*taps:][:taps], dst[(ch*c.outC+m)*taps:][:taps]
			for i, v := range from {
				to[taps-1-i] = v
			}
		}
	}
}

// tasks runs n tasks on as many threads as GOMAXPROCS says.
func tasks(n int, run func(task int)) {
	var next atomic.Int64
	work := func() {
		for t := int(next.Add(1)) - 1; t < n; t = int(next.Add(1)) - 1 {
			run(t)
		}
	}
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
}
