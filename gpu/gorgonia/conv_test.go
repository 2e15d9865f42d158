package gorgonia_test

import (
	"errors"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	adapt "github.com/cloister-ai/cloister/gpu/gorgonia"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"
)

// convolved is a convolution and both of its gradients, as a machine computes
// them from the loss Σ y·r of random r.
func convolved(t testing.TB, convolve conv2d, x, w tensor.Shape, pad, stride, dilation []int) (y, dx, dw []float32) {
	t.Helper()
	g := G.NewGraph()
	node := func(name string, seed uint64, shape tensor.Shape) *G.Node {
		v := tensor.New(tensor.WithShape(shape.Clone()...), tensor.WithBacking(numbers(shape.TotalSize(), seed, 1)))
		return G.NewTensor(g, tensor.Float32, 4, G.WithShape(shape.Clone()...), G.WithName(name), G.WithValue(v))
	}
	im, filter := node("x", 1, x), node("w", 2, w)
	out, err := convolve(im, filter, w[2:].Clone(), pad, stride, dilation)
	if err != nil {
		t.Fatalf("%v by %v, padding %v, stride %v, dilation %v: %v", x, w, pad, stride, dilation, err)
	}
	var value G.Value
	G.Read(out, &value)
	loss := G.Must(G.Sum(G.Must(G.HadamardProd(out, node("r", 3, out.Shape())))))
	if _, err := G.Grad(loss, im, filter); err != nil {
		t.Fatal(err)
	}
	vm := G.NewTapeMachine(g, G.BindDualValues(im, filter))
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	read := func(v G.Value, err error) []float32 {
		if err != nil {
			t.Fatal(err)
		}
		numbers, err := adapt.Copy(v.(tensor.Tensor))
		if err != nil {
			t.Fatal(err)
		}
		return numbers
	}
	return read(value, nil), read(im.Grad()), read(filter.Grad())
}

func TestConvolutionsAreGorgonias(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := func(name string, low, high int) int { return rapid.IntRange(low, high).Draw(rt, name) }
		two := func(name string, low, high int) []int { return []int{n(name, low, high), n(name, low, high)} }
		w := tensor.Shape{n("out", 1, 9), n("in", 1, 5), n("kh", 1, 4), n("kw", 1, 4)}
		x := tensor.Shape{n("images", 1, 3), w[1], n("h", 8, 14), n("w", 8, 14)}
		pad, stride, dilation := two("pad", 0, 3), two("stride", 1, 3), two("dilation", 1, 2)
		gotY, gotX, gotW := convolved(t, adapt.Conv2d, x, w, pad, stride, dilation)
		wantY, wantX, wantW := convolved(t, G.Conv2d, x, w, pad, stride, dilation)
		for _, c := range []struct {
			what      string
			got, want []float32
		}{{"result", gotY, wantY}, {"gradient of the image", gotX, wantX}, {"gradient of the filter", gotW, wantW}} {
			if !near(c.got, c.want, 600) {
				rt.Fatalf("%v by %v, padding %v, stride %v, dilation %v: the %s is\n%v, want\n%v", x, w, pad, stride, dilation, c.what, c.got, c.want)
			}
		}
	})
}

// Gorgonia takes nodes of one hash and one shape for one node.
func TestTwoConvolutionsAreTwo(t *testing.T) {
	g := G.NewGraph()
	x := G.NewTensor(g, tensor.Float32, 4, G.WithShape(1, 1, 8, 8), G.WithName("x"))
	w := G.NewTensor(g, tensor.Float32, 4, G.WithShape(1, 1, 3, 3), G.WithName("w"))
	convolve := func(pad, stride, dilation int) *G.Node {
		return G.Must(adapt.Conv2d(x, w, tensor.Shape{3, 3}, []int{pad, pad}, []int{stride, stride}, []int{dilation, dilation}))
	}
	first := convolve(1, 5, 1)
	if again := convolve(1, 5, 1); again != first {
		t.Error("the same convolution is another node")
	}
	for name, other := range map[string]*G.Node{"padding": convolve(0, 5, 1), "stride": convolve(1, 6, 1), "dilation": convolve(1, 5, 2)} {
		if !other.Shape().Eq(first.Shape()) {
			t.Fatalf("another %s has shape %v, want %v for the test to test anything", name, other.Shape(), first.Shape())
		}
		if other == first {
			t.Errorf("another %s is the same node", name)
		}
	}
}

func TestConvolutionsThatDoNotFitAreInvalid(t *testing.T) {
	g := G.NewGraph()
	node := func(name string, shape ...int) *G.Node {
		return G.NewTensor(g, tensor.Float32, len(shape), G.WithShape(shape...), G.WithName(name))
	}
	x, w, one := node("x", 1, 2, 5, 5), node("w", 3, 2, 3, 3), []int{1, 1}
	for name, build := range map[string]func() (*G.Node, error){
		"channels": func() (*G.Node, error) {
			return adapt.Conv2d(x, node("v", 3, 1, 3, 3), tensor.Shape{3, 3}, nil, one, nil)
		},
		"axes":           func() (*G.Node, error) { return adapt.Conv2d(node("m", 2, 5), w, tensor.Shape{3, 3}, nil, one, nil) },
		"another window": func() (*G.Node, error) { return adapt.Conv2d(x, w, tensor.Shape{2, 3}, nil, one, nil) },
		"no stride":      func() (*G.Node, error) { return adapt.Conv2d(x, w, tensor.Shape{3, 3}, nil, []int{0, 1}, nil) },
		"one stride":     func() (*G.Node, error) { return adapt.Conv2d(x, w, tensor.Shape{3, 3}, nil, []int{1}, nil) },
		"negative":       func() (*G.Node, error) { return adapt.Conv2d(x, w, tensor.Shape{3, 3}, []int{-1, 0}, one, nil) },
		"too far":        func() (*G.Node, error) { return adapt.Conv2d(x, w, tensor.Shape{3, 3}, nil, one, []int{3, 1}) },
		"huge padding":   func() (*G.Node, error) { return adapt.Conv2d(x, w, tensor.Shape{3, 3}, []int{1 << 31, 0}, one, nil) },
		"huge dilation":  func() (*G.Node, error) { return adapt.Conv2d(x, w, tensor.Shape{3, 3}, nil, one, []int{1 << 62, 1}) },
	} {
		if n, err := build(); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s: %v, %v; want %v", name, n, err, abi.Invalid)
		}
	}
}

func TestConvolutionsOfFloat64AreGorgoniasOwn(t *testing.T) {
	g := G.NewGraph()
	x := G.NewTensor(g, tensor.Float64, 4, G.WithShape(1, 1, 5, 5), G.WithName("x"))
	w := G.NewTensor(g, tensor.Float64, 4, G.WithShape(1, 1, 3, 3), G.WithName("w"))
	y, err := adapt.Conv2d(x, w, tensor.Shape{3, 3}, nil, []int{1, 1}, nil)
	if err != nil || !y.Shape().Eq(tensor.Shape{1, 1, 3, 3}) {
		t.Errorf("float64: %v, %v", y, err)
	}
}
