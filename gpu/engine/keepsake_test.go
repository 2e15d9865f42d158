package engine_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// A convnet is one convolution of 16 to 32 channels, whose weights are worth
// transforming.
type convnet struct {
	*trial
	x, w abi.Tensor
	y    abi.Value
}

func newConvnet(t *testing.T) *convnet {
	x := newTrial(t, abi.Quota{})
	c := &convnet{trial: x, x: x.tensor(1, 1, 1, 16, 12, 12), w: x.tensor(2, 1, 32, 16, 3, 3)}
	w, err := x.g.Param("w", c.w)
	if err != nil {
		t.Fatal(err)
	}
	c.y = x.node("Conv", nil, x.input("x", abi.Float32, 1, 16, 12, 12), w)
	x.output("y", c.y)
	return c
}

func (c *convnet) compile() abi.Program {
	c.Helper()
	p, err := c.s.Compile(c.Context(), c.g)
	if err != nil {
		c.Fatal(err)
	}
	return p
}

func (c *convnet) run(p abi.Program) []byte {
	c.Helper()
	y, err := p.Run(c.Context(), []abi.Tensor{c.x})
	if err != nil {
		c.Fatal(err)
	}
	return c.read(y[0])
}

// TestWhatIsKeptFollowsItsParameter writes to the weights between runs, and trains
// them with another program.
func TestWhatIsKeptFollowsItsParameter(t *testing.T) {
	c := newConvnet(t)
	p := c.compile()
	first := c.run(p)
	if !slices.Equal(c.run(p), first) {
		t.Error("a second run gives other bits")
	}
	if err := c.w.Write(0, c.read(c.tensor(3, 1, 32, 16, 3, 3))); err != nil {
		t.Fatal(err)
	}
	second := c.run(p)
	if slices.Equal(second, first) {
		t.Error("other weights change nothing")
	}
	if !slices.Equal(second, c.run(c.compile())) {
		t.Error("a program that saw other weights before gives other bits than a new one")
	}

	one := newConvnet(t)
	loss := one.node("ReduceSum", []abi.Attr{{Name: "keepdims", Type: abi.AttrInt}}, one.y)
	p = one.compile()
	first = one.run(p)
	trainer, err := one.s.Trainer(t.Context(), one.g, loss, abi.Optimizer{Kind: abi.SGD, LearningRate: 0.01})
	if err != nil {
		t.Fatal(err)
	}
	one.run(trainer)
	trained := one.run(p)
	if slices.Equal(trained, first) {
		t.Error("training changes nothing")
	}
	if !slices.Equal(trained, one.run(one.compile())) {
		t.Error("a program that ran before a training gives other bits than a new one")
	}
}

// TestWhatIsKeptIsPaidFor: 36 numbers for each pair of channels are held while the
// program exists.
func TestWhatIsKeptIsPaidFor(t *testing.T) {
	c := newConvnet(t)
	p := c.compile()
	if got, want := p.Cost().Bytes, uint64(4*36*16*32); got < want {
		t.Errorf("%d bytes in the cost, want %d and more", got, want)
	}
	x := newTrial(t, abi.Quota{TensorBytes: 4*32*16*9 + 4*36*16*32})
	w := x.param("w", 2, 1, 32, 16, 3, 3)
	x.output("y", x.node("Conv", nil, x.input("x", abi.Float32, 1, 16, 12, 12), w))
	if _, err := x.s.Compile(t.Context(), x.g); err != nil {
		t.Errorf("Compile = %v; want a program", err)
	}
	x = newTrial(t, abi.Quota{TensorBytes: 4*32*16*9 + 4*36*16*32 - 1})
	w = x.param("w", 2, 1, 32, 16, 3, 3)
	x.output("y", x.node("Conv", nil, x.input("x", abi.Float32, 1, 16, 12, 12), w))
	if _, err := x.s.Compile(t.Context(), x.g); !errors.Is(err, abi.Exhausted) {
		t.Errorf("Compile = %v; want exhausted", err)
	}
}
