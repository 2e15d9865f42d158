package enginetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// In float64 an engine computes by the definition: what it gives is within
// doubleForward of the references, and its gradients within doubleGradient of
// central differences through itself, relative to the larger of the number and 1.
const (
	doubleForward  = 1e-12
	doubleGradient = 1e-6
)

// withoutDouble lists the operators that ONNX has no float64 of, and those whose
// kernels have none yet: they must be refused by name.
var withoutDouble = []string{"DequantizeLinear"}

// floats32 lists operands that are float32 whatever the others are.
var floats32 = map[string][]int{"Resize": {2}, "Upsample": {1}}

// double is the case with float64 for its floats.
func (c opCase) double() opCase {
	c.in, c.attrs = slices.Clone(c.in), slices.Clone(c.attrs)
	for i, o := range c.in {
		if (o.dt == abi.Float32 || o.dt == abi.Float16) && !slices.Contains(floats32[c.op()], i) {
			c.in[i].dt = abi.Float64
		}
	}
	for i, a := range c.attrs {
		if a.Name == "to" && a.I == int64(abi.Float32) {
			c.attrs[i].I = int64(abi.Float64)
		}
	}
	c.fine = doubleForward
	return c
}

// doubles runs every differentiable case in float64, on an engine that has it, and
// wants each refused by another.
func doubles(t *testing.T, e abi.Engine) {
	probe := open(t, e, abi.Quota{})
	_, err := probe.g.Node("Neg", nil, []abi.Value{probe.input("x", abi.Float64, 1)})
	all := cases()
	for _, op := range withoutDouble {
		if !slices.ContainsFunc(all, func(c opCase) bool { return c.op() == op && c.differentiable() }) {
			t.Errorf("%s is listed as without float64, but has no differentiable case", op)
		}
	}
	for _, c := range all {
		if !c.differentiable() {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			c := c.double()
			if err != nil || slices.Contains(withoutDouble, c.op()) {
				if _, _, err := c.build(open(t, e, abi.Quota{})); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), c.op()) {
					t.Errorf("Node = %v; want Invalid that names %s", err, c.op())
				}
				return
			}
			c.forward(t, open(t, e, abi.Quota{}))
			c.doubleGradient(t, open(t, e, abi.Quota{}))
		})
	}
}

// doubleGradient compares the gradient of Σ w·y, for fixed random w, with central
// differences through the engine.
func (c opCase) doubleGradient(t *testing.T, b *builder) {
	v, in, err := c.build(b)
	if err != nil {
		t.Fatal(err)
	}
	dt, shape, err := b.g.Type(v)
	if err != nil {
		t.Fatal(err)
	}
	if dt != abi.Float64 {
		t.Fatalf("of float64 it gives %v", dt)
	}
	b.output("y", v)
	forward := b.compile()
	defer forward.Close()
	w := random(99, shape...)
	w.dt = dt
	objective := func() float64 {
		sum := 0.0
		for i, v := range b.step(forward, in...)[0].data {
			sum += v * w.data[i]
		}
		return sum
	}

	g := &builder{t: t, s: b.s}
	g.graph(21)
	v, _, err = c.build(g)
	if err != nil {
		t.Fatal(err)
	}
	loss := g.node("Mul", nil, v, g.constant(w))
	if len(shape) > 0 {
		loss = g.node("ReduceSum", attrs("keepdims", 0), loss)
	}
	var wrt []abi.Value
	var by []operand
	for i, o := range c.in {
		if o.diff {
			wrt, by = append(wrt, g.operands[i]), append(by, o)
		}
	}
	grads, err := g.g.Gradient(loss, wrt)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range grads {
		g.output(fmt.Sprintf("d%d", i), d)
	}
	const h = 1e-5
	for k, got := range g.run(in...) {
		x := by[k].data // shared with in
		want := make([]float64, len(x))
		for j, v := range x {
			x[j] = v + h
			up := objective()
			x[j] = v - h
			want[j] = (up - objective()) / (2 * h)
			x[j] = v
		}
		wantShape(t, got.shape, by[k].shape)
		near(t, fmt.Sprintf("gradient by operand %d", k), got.data, want, doubleGradient)
	}
}
