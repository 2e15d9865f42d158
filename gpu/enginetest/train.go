package enginetest

import (
	"math"
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// A net is a small network with a batch to train it on.
type net struct {
	loss           abi.Value
	logits         abi.Value
	images, labels array
}

// convNet builds a convolutional classifier of n 8×8 images of stripes: upright
// ones are class 0, level ones class 1, and the outputs are loss and logits.
func convNet(b *builder, n int64) net {
	x, y := b.input("x", abi.Float32, n, 1, 8, 8), b.input("y", abi.Int64, n)
	small := func(seed uint64, scale float64, shape ...int64) array {
		a := random(seed, shape...)
		for i := range a.data {
			a.data[i] *= scale
		}
		return a
	}
	h := b.node("Conv", attrs("pads", ints(1, 1, 1, 1)), x, b.param("w0", small(1, 0.3, 3, 1, 3, 3)), b.param("b0", small(2, 0.1, 3)))
	h = b.node("MaxPool", attrs("kernel_shape", ints(2, 2), "strides", ints(2, 2)), b.node("Relu", nil, h))
	h = b.node("Flatten", nil, h)
	h = b.node("Relu", nil, b.node("Gemm", nil, h, b.param("w1", small(3, 0.15, 48, 6)), b.param("b1", small(4, 0.1, 6))))
	h = b.node("Gemm", nil, h, b.param("w2", small(5, 0.3, 6, 2)), b.param("b2", small(6, 0.1, 2)))
	t := net{logits: h, loss: b.node("SoftmaxCrossEntropyLoss", nil, h, y)}
	b.output("loss", t.loss)
	b.output("logits", h)
	t.images, t.labels = random(7, n, 1, 8, 8), zeros(abi.Int64, n)
	for i := range t.images.data {
		img, r, c := i/64, i/8%8, i%8
		along := c
		if img%2 == 1 {
			along, t.labels.data[img] = r, 1
		}
		t.images.data[i] = 0.1*t.images.data[i] + float64((along+img/2)%2)
	}
	return t
}

func learnsImages(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{})
	n := convNet(b, 16)
	tr := b.trainer(n.loss, abi.Optimizer{Kind: abi.Adam, LearningRate: 0.02})
	var loss float64
	for range 40 {
		loss = b.step(tr, n.images, n.labels)[0].data[0]
	}
	if !(loss < 0.05) {
		t.Errorf("after 40 steps the loss is %v, want below 0.05", loss)
	}
	logits := b.step(tr, n.images, n.labels)[1]
	for i, y := range n.labels.data {
		if (logits.data[2*i+1] > logits.data[2*i]) != (y == 1) {
			t.Errorf("image %d has logits %v, want class %v", i, logits.data[2*i:2*i+2], y)
		}
	}
}

func learnsXOR(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{})
	x, y := b.input("x", abi.Float32, 4, 2), b.input("y", abi.Float32, 4, 1)
	h := b.node("Tanh", nil, b.node("Add", nil, b.node("MatMul", nil, x, b.param("w", random(1, 2, 8))), b.param("b", random(2, 8))))
	out := b.node("Sigmoid", nil, b.node("Add", nil, b.node("MatMul", nil, h, b.param("v", random(3, 8, 1))), b.param("c", random(4, 1))))
	d := b.node("Sub", nil, out, y)
	loss := b.node("ReduceMean", attrs("keepdims", 0), b.node("Mul", nil, d, d))
	b.output("loss", loss)
	b.output("out", out)
	tr := b.trainer(loss, abi.Optimizer{Kind: abi.SGD, LearningRate: 0.8, Momentum: 0.9})
	in, want := floats(ints(4, 2), 0, 0, 0, 1, 1, 0, 1, 1), floats(ints(4, 1), 0, 1, 1, 0)
	var got []array
	for range 300 {
		got = b.step(tr, in, want)
	}
	near(t, "xor", got[1].data, want.data, 0.15)
}

// optimizers compares four steps on loss = Σ c·w² with the formulas in float64.
func optimizers(t *testing.T, e abi.Engine) {
	c := []float64{0.5, -1, 3}
	start := []float64{1, -2, 0.5}
	for name, opt := range map[string]abi.Optimizer{
		"SGD":       {Kind: abi.SGD, LearningRate: 0.1},
		"decay":     {Kind: abi.SGD, LearningRate: 0.1, WeightDecay: 0.25},
		"momentum":  {Kind: abi.SGD, LearningRate: 0.1, Momentum: 0.5},
		"clip":      {Kind: abi.SGD, LearningRate: 0.1, ClipNorm: 0.75},
		"loose":     {Kind: abi.SGD, LearningRate: 0.1, ClipNorm: 1000},
		"Adam":      {Kind: abi.Adam, LearningRate: 0.1},
		"Adamdecay": {Kind: abi.Adam, LearningRate: 0.1, WeightDecay: 0.5, Beta1: 0.5, Beta2: 0.75, Epsilon: 0.125},
		"AdamW":     {Kind: abi.AdamW, LearningRate: 0.1, WeightDecay: 0.5},
		"all":       {Kind: abi.AdamW, LearningRate: 0.1, WeightDecay: 0.5, ClipNorm: 0.25, Epsilon: 0.125},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, e, abi.Quota{})
			w := b.param("w", floats(ints(3), start...))
			loss := b.node("ReduceSum", attrs("keepdims", 0), b.node("Mul", nil, b.constant(floats(ints(3), c...)), b.node("Mul", nil, w, w)))
			tr := b.trainer(loss, opt)
			ref := newFormula(opt, start)
			for range 4 {
				b.step(tr)
				ref.step(c)
			}
			near(t, "w", b.read(b.g.Params()[0].Tensor).data, ref.w, 1e-5)
		})
	}
}

// A formula is an optimizer as its paper has it.
type formula struct {
	o       abi.Optimizer
	w, m, v []float64
	t       float64
}

func newFormula(o abi.Optimizer, w []float64) *formula {
	for _, d := range []struct {
		p   *float32
		def float32
	}{{&o.Beta1, 0.9}, {&o.Beta2, 0.999}, {&o.Epsilon, 1e-8}} {
		if *d.p == 0 {
			*d.p = d.def
		}
	}
	return &formula{o: o, w: append([]float64{}, w...), m: make([]float64, len(w)), v: make([]float64, len(w))}
}

func (f *formula) step(c []float64) {
	g, norm := make([]float64, len(c)), 0.0
	for i := range g {
		g[i] = 2 * c[i] * f.w[i]
		norm += g[i] * g[i]
	}
	norm = math.Sqrt(norm)
	f.t++
	lr, b1, b2 := float64(f.o.LearningRate), float64(f.o.Beta1), float64(f.o.Beta2)
	eps, decay := float64(f.o.Epsilon), float64(f.o.WeightDecay)
	for i := range g {
		if clip := float64(f.o.ClipNorm); clip > 0 && norm > clip {
			g[i] *= clip / norm
		}
		if f.o.Kind == abi.AdamW {
			f.w[i] -= lr * decay * f.w[i]
		} else {
			g[i] += decay * f.w[i]
		}
		if f.o.Kind == abi.SGD {
			f.m[i] = float64(f.o.Momentum)*f.m[i] + g[i]
			f.w[i] -= lr * f.m[i]
			continue
		}
		f.m[i] = b1*f.m[i] + (1-b1)*g[i]
		f.v[i] = b2*f.v[i] + (1-b2)*g[i]*g[i]
		rate := lr * math.Sqrt(1-math.Pow(b2, f.t)) / (1 - math.Pow(b1, f.t))
		f.w[i] -= rate * f.m[i] / (math.Sqrt(f.v[i]) + eps)
	}
}

func learningRate(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{})
	w := b.param("w", floats(ints(1), 1))
	loss := b.node("ReduceSum", attrs("keepdims", 0), w)
	tr := b.trainer(loss, abi.Optimizer{Kind: abi.SGD, LearningRate: 0.5})
	b.step(tr)
	if err := tr.SetLearningRate(0.25); err != nil {
		t.Fatal(err)
	}
	b.step(tr)
	near(t, "w", b.read(b.g.Params()[0].Tensor).data, []float64{0.25}, 0)
	for _, rate := range []float32{-1, float32(math.NaN()), float32(math.Inf(1))} {
		wantKind(t, tr.SetLearningRate(rate), abi.Invalid, "learning rate")
	}
}

func badOptimizers(t *testing.T, e abi.Engine) {
	for word, opt := range map[string]abi.Optimizer{
		"kind":          {LearningRate: 1},
		"kind 9":        {Kind: 9, LearningRate: 1},
		"learning rate": {Kind: abi.SGD, LearningRate: -1},
		"momentum":      {Kind: abi.SGD, Momentum: 1},
		"SGD only":      {Kind: abi.Adam, Momentum: 0.5},
		"beta1":         {Kind: abi.Adam, Beta1: 1},
		"beta2":         {Kind: abi.AdamW, Beta2: -0.5},
		"epsilon":       {Kind: abi.Adam, Epsilon: -1},
		"weight decay":  {Kind: abi.SGD, WeightDecay: float32(math.NaN())},
		"clip norm":     {Kind: abi.SGD, ClipNorm: -1},
	} {
		b := open(t, e, abi.Quota{})
		loss := b.node("ReduceSum", attrs("keepdims", 0), b.param("w", random(1, 2)))
		_, err := b.s.Trainer(b.t.Context(), b.g, loss, opt)
		wantKind(t, err, abi.Invalid, word)
	}
	b := open(t, e, abi.Quota{})
	v := b.input("x", abi.Float32, 1)
	_, err := b.s.Trainer(t.Context(), b.g, v, abi.Optimizer{Kind: abi.SGD})
	wantKind(t, err, abi.Invalid, "no parameters")
	shared := b.tensor(random(1, 2))
	one, two := b.value(b.g.Param("one", shared)), b.value(b.g.Param("two", shared))
	loss := b.node("ReduceSum", attrs("keepdims", 0), b.node("Mul", nil, one, two))
	_, err = b.s.Trainer(t.Context(), b.g, loss, abi.Optimizer{Kind: abi.SGD})
	wantKind(t, err, abi.Invalid, "one tensor")
}

func outputsBeforeUpdate(t *testing.T, e abi.Engine) {
	b := open(t, e, abi.Quota{})
	w := b.param("w", floats(ints(2), 1, 2))
	loss := b.node("ReduceSum", attrs("keepdims", 0), w)
	b.output("loss", loss)
	b.output("before", w)
	tr := b.trainer(loss, abi.Optimizer{Kind: abi.SGD, LearningRate: 1})
	for i, want := range [][]float64{{1, 2}, {0, 1}} {
		got := b.step(tr)
		near(t, "loss", got[0].data, []float64{want[0] + want[1]}, 0)
		near(t, "w", got[1].data, want, 0)
		if u := b.s.Usage(); u.Runs != uint64(i+1) {
			t.Errorf("Usage counts %d runs, want %d", u.Runs, i+1)
		}
	}
}
