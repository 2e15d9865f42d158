package enginetest

import (
	"math"
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// frozenParameters trains one of three parameters through the others, and holds
// the price of it: no gradient by what is frozen, no state for it.
func frozenParameters(t *testing.T, e abi.Engine) {
	build := func(frozen ...string) (*builder, abi.Trainer) {
		b := open(t, e, abi.Quota{})
		x := b.input("x", abi.Float32, 4, 8)
		h := b.node("Tanh", nil, b.node("MatMul", nil, x, b.param("backbone", random(1, 8, 6))))
		y := b.node("Add", nil, b.node("MatMul", nil, h, b.param("head", random(2, 6, 1))), b.param("bias", random(3, 1)))
		loss := b.node("ReduceSum", attrs("keepdims", 0), b.node("Mul", nil, y, y))
		b.output("loss", loss)
		for _, name := range frozen {
			if err := b.g.FreezeParam(name); err != nil {
				t.Fatal(err)
			}
		}
		return b, b.trainer(loss, abi.Optimizer{Kind: abi.AdamW, LearningRate: 0.01, WeightDecay: 0.1})
	}
	values := func(b *builder) (all []array) {
		for _, p := range b.g.Params() {
			all = append(all, b.read(p.Tensor))
		}
		return all
	}
	whole, wholeStep := build()
	part, partStep := build("backbone", "bias")
	before := values(part)
	in := random(4, 4, 8)
	var first, last float64
	for i := range 20 {
		whole.step(wholeStep, in)
		last = part.step(partStep, in)[0].data[0]
		if i == 0 {
			first = last
		}
	}
	after := values(part)
	near(t, "backbone", after[0].data, before[0].data, 0)
	near(t, "bias", after[2].data, before[2].data, 0)
	if last >= first || math.Abs(after[1].data[0]-before[1].data[0]) < 1e-3 {
		t.Errorf("loss %v after %v, head %v after %v: nothing was learned", last, first, after[1].data, before[1].data)
	}
	if got, all := partStep.Cost(), wholeStep.Cost(); got.FLOPs >= all.FLOPs || got.Bytes >= all.Bytes {
		t.Errorf("a step of one parameter costs %+v, of three %+v", got, all)
	}

	b := open(t, e, abi.Quota{})
	w := b.param("w", random(1, 3))
	loss := b.node("ReduceSum", attrs("keepdims", 0), w)
	wantKind(t, b.g.FreezeParam("nobody"), abi.Invalid, "nobody")
	if err := b.g.FreezeParam(""); err != nil {
		t.Fatal(err)
	}
	_, err := b.s.Trainer(t.Context(), b.g, loss, abi.Optimizer{Kind: abi.SGD, LearningRate: 1})
	wantKind(t, err, abi.Invalid, "no parameters")
}

// graphsWithinGraphs puts a graph into two places of another: the sums are the
// same, and the weights are one tensor.
func graphsWithinGraphs(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{})
	x := b.input("x", abi.Float32, 2, 3)
	h := b.node("MatMul", nil, x, b.param("w", random(1, 3, 3)))
	b.node("Exp", nil, h) // which no output needs
	b.output("y", b.node("Softmax", attrs("axis", -1), h))
	b.output("h", b.node("Add", nil, h, b.constant(random(2, 3))))
	inner := b.g
	if err := inner.FreezeParam("w"); err != nil {
		t.Fatal(err)
	}
	in := random(3, 2, 3)
	once := b.run(in)
	twice := b.run(once[0])

	b.graph(21)
	outer := b.input("x", abi.Float32, 2, 3)
	b.param("w", random(9, 1)) // the name is taken
	one, err := b.g.Inline(inner, []abi.Value{outer})
	if err != nil {
		t.Fatal(err)
	}
	two, err := b.g.Inline(inner, one[:1])
	if err != nil {
		t.Fatal(err)
	}
	b.output("first", one[1])
	b.output("second", two[0])
	got := b.run(in)
	near(t, "first", got[0].data, once[1].data, 0)
	near(t, "second", got[1].data, twice[0].data, 0)

	params := b.g.Params()
	if len(params) != 3 || params[1].Name != "w_2" || params[1].Tensor != params[2].Tensor {
		t.Errorf("parameters %v, want w, w_2, w_3, the last two of one tensor", params)
	}
	file, err := b.g.MarshalONNX()
	if err != nil {
		t.Fatal(err)
	}
	if b.g, err = b.s.ParseONNX(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	near(t, "second, from a file", b.run(in)[1].data, twice[0].data, 0)

	// What was frozen in the part stays so in the whole.
	b.graph(21)
	outer = b.input("x", abi.Float32, 2, 3)
	mine := b.param("w", random(9, 1))
	part, err := b.g.Inline(inner, []abi.Value{outer})
	if err != nil {
		t.Fatal(err)
	}
	loss := b.node("Mul", nil, b.node("ReduceSum", attrs("keepdims", 0), part[1]), b.node("ReduceSum", attrs("keepdims", 0), mine))
	b.step(b.trainer(loss, abi.Optimizer{Kind: abi.SGD, LearningRate: 1}), in)
	params = b.g.Params()
	near(t, "w_2", b.read(params[1].Tensor).data, random(1, 3, 3).data, 0)
	if before, after := random(9, 1).data[0], b.read(params[0].Tensor).data[0]; before == after {
		t.Errorf("w is %v, as before the step", after)
	}

	// An older file's operators go into a newer graph where they mean the same.
	b.graph(13)
	old := b.input("x", abi.Float32, 2, 3)
	if _, err := b.g.Inline(inner, []abi.Value{old}); err != nil {
		t.Errorf("operators that did not change between opsets 21 and 13: %v", err)
	}
	for what, inputs := range map[string][]abi.Value{"inputs": nil, "value": {99}} {
		_, err := b.g.Inline(inner, inputs)
		wantKind(t, err, abi.Invalid, what)
	}
	b.graph(21)
	wide := b.input("x", abi.Float32, 3, 3)
	_, err = b.g.Inline(inner, []abi.Value{wide})
	wantKind(t, err, abi.Invalid, `input "x" is float32[3 3]`)
	if n := len(b.g.Params()); n != 0 {
		t.Errorf("%d parameters after a refusal, want none", n)
	}
	foreign := open(t, e, abi.Quota{})
	_, err = foreign.g.Inline(inner, []abi.Value{foreign.input("x", abi.Float32, 2, 3)})
	wantKind(t, err, abi.Invalid, "session")
}
