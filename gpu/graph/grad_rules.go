package graph

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

func gradAdd(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	return t.each(n, want, func(int) abi.Value { return dy })
}

func gradSub(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	return t.each(n, want, func(i int) abi.Value {
		if i == 1 {
			return t.neg(dy)
		}
		return dy
	})
}

func gradMul(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	return t.each(n, want, func(i int) abi.Value { return t.mul(dy, n.In[1-i]) })
}

func gradDiv(t *builder, n Node, y, dy abi.Value, want []bool) []abi.Value {
	return t.each(n, want, func(i int) abi.Value {
		q := t.div(dy, n.In[1])
		if i == 1 {
			return t.neg(t.mul(q, y))
		}
		return q
	})
}

// each asks f for the gradient by every wanted operand and undoes broadcasting.
func (t *builder) each(n Node, want []bool, f func(i int) abi.Value) []abi.Value {
	out := make([]abi.Value, len(n.In))
	for i, in := range n.In {
		if want[i] {
			out[i] = t.sumTo(f(i), t.typ(in).Shape)
		}
	}
	return out
}

// first is the answer of a rule that has a gradient by operand 0 only.
func first(v abi.Value) []abi.Value { return []abi.Value{v} }

func gradNeg(t *builder, _ Node, _, dy abi.Value, _ []bool) []abi.Value { return first(t.neg(dy)) }

func gradExp(t *builder, _ Node, y, dy abi.Value, _ []bool) []abi.Value { return first(t.mul(dy, y)) }

func gradLog(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.div(dy, n.In[0]))
}

// elementAttrs hands the forward operator's attributes on to its gradient.
func elementAttrs(n Node) []abi.Attr {
	a := n.Attrs
	return []abi.Attr{aFloat("alpha", a.Alpha), aFloat("beta", a.Beta), aFloat("low", a.Low), aFloat("high", a.High), aFlag("tanh", a.Tanh), aInt("axis", int64(a.Axis))}
}

// gradOfInput is dy and x in, dx out.
func gradOfInput(op string) gradRule {
	return func(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
		return first(t.node(op, []abi.Value{dy, n.In[0]}, elementAttrs(n)...))
	}
}

// gradOfOutput is dy and y in, dx out.
func gradOfOutput(op string) gradRule {
	return func(t *builder, n Node, y, dy abi.Value, _ []bool) []abi.Value {
		return first(t.node(op, []abi.Value{dy, y}, elementAttrs(n)...))
	}
}

func gradWhere(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	zero := t.fill(t.typ(dy).DType, 0, nil)
	return t.each(n, want, func(i int) abi.Value {
		if i == 1 {
			return t.node("Where", []abi.Value{n.In[0], dy, zero})
		}
		return t.node("Where", []abi.Value{n.In[0], zero, dy})
	})
}

func gradReshape(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.reshape(dy, t.typ(n.In[0]).Shape))
}

func gradExpand(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.sumTo(dy, t.typ(n.In[0]).Shape))
}

func gradTranspose(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	inverse := make([]int, len(n.Attrs.Axes))
	for i, p := range n.Attrs.Axes {
		inverse[p] = i
	}
	return first(t.node("Transpose", []abi.Value{dy}, aInts("perm", inverse)))
}

func gradConcat(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	out, at := make([]abi.Value, len(n.In)), int64(0)
	for i, in := range n.In {
		end := at + t.typ(in).Shape[n.Attrs.Axis]
		if want[i] {
			out[i] = t.node("Slice", []abi.Value{dy}, aInts("starts", []int64{at}), aInts("ends", []int64{end}), aInts("axes", []int{n.Attrs.Axis}))
		}
		at = end
	}
	return out
}

func gradSlice(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.node("SliceGrad", []abi.Value{dy}, aInts("shape", t.typ(n.In[0]).Shape),
		aInts("starts", n.Attrs.Starts), aInts("steps", n.Attrs.Steps)))
}

// gradMatMul brings both operands to matrices, or stacks of them, and multiplies
// by the transposed other one. A stack times one matrix is one long product.
func gradMatMul(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	a, b := n.In[0], n.In[1]
	as, bs := t.typ(a).Shape, t.typ(b).Shape
	if n.Attrs.TransA || n.Attrs.TransB {
		return t.gradTurned(n, dy, want)
	}
	am, bm := as, bs
	if len(as) == 1 {
		am = []int64{1, as[0]}
	}
	if len(bs) == 1 {
		bm = []int64{bs[0], 1}
	}
	m, k, c := am[len(am)-2], am[len(am)-1], bm[len(bm)-1]
	out := make([]abi.Value, 2)
	if len(bm) == 2 {
		rows := Type{0, am}.Elements() / k
		a2, d2 := t.reshape(a, []int64{rows, k}), t.reshape(dy, []int64{rows, c})
		b2 := t.reshape(b, bm)
		if want[0] {
			out[0] = t.reshape(t.product(d2, b2, false, true), as)
		}
		if want[1] {
			out[1] = t.reshape(t.product(a2, d2, true, false), bs)
		}
		return out
	}
	lead, err := broadcast(am[:len(am)-2], bm[:len(bm)-2])
	if err != nil {
		return out // inference has checked it
	}
	am3, bm3, d := t.reshape(a, am), t.reshape(b, bm), t.reshape(dy, slices.Concat(lead, []int64{m, c}))
	if want[0] {
		out[0] = t.reshape(t.sumTo(t.product(d, bm3, false, true), am), as)
	}
	if want[1] {
		out[1] = t.reshape(t.sumTo(t.product(am3, d, true, false), bm), bs)
	}
	return out
}

// gradTurned is gradMatMul of internal products, whose operands are matrices or
// stacks of them, with one or both transposed.
func (t *builder) gradTurned(n Node, dy abi.Value, want []bool) []abi.Value {
	a, b, turnA, turnB := n.In[0], n.In[1], n.Attrs.TransA, n.Attrs.TransB
	out := make([]abi.Value, 2)
	if want[0] {
		if turnA {
			out[0] = t.product(b, dy, turnB, true)
		} else {
			out[0] = t.product(dy, b, false, !turnB)
		}
		out[0] = t.sumTo(out[0], t.typ(a).Shape)
	}
	if want[1] {
		if turnB {
			out[1] = t.product(dy, a, true, turnA)
		} else {
			out[1] = t.product(a, dy, !turnA, false)
		}
		out[1] = t.sumTo(out[1], t.typ(b).Shape)
	}
	return out
}

func (t *builder) product(a, b abi.Value, transA, transB bool) abi.Value {
	return t.node("MatMul", []abi.Value{a, b}, aFlag("transA", transA), aFlag("transB", transB))
}

func gradGemm(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	at, a, b := n.Attrs, n.In[0], n.In[1]
	gemm := func(x, y abi.Value, tx, ty bool) abi.Value {
		return t.node("Gemm", []abi.Value{x, y}, aFlag("transA", tx), aFlag("transB", ty), aFloat("alpha", at.Alpha))
	}
	out := make([]abi.Value, len(n.In))
	if want[0] {
		if at.TransA {
			out[0] = gemm(b, dy, at.TransB, true)
		} else {
			out[0] = gemm(dy, b, false, !at.TransB)
		}
	}
	if want[1] {
		if at.TransB {
			out[1] = gemm(dy, a, true, at.TransA)
		} else {
			out[1] = gemm(a, dy, !at.TransA, false)
		}
	}
	if len(want) > 2 && want[2] {
		out[2] = t.sumTo(t.scale(dy, float64(at.Beta)), t.typ(n.In[2]).Shape)
	}
	return out
}

func gradConv(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	x, w := n.In[0], n.In[1]
	window := aInts("window", n.Attrs.Window.pack())
	out := make([]abi.Value, len(n.In))
	if want[0] {
		out[0] = t.node("ConvGradX", []abi.Value{dy, w}, aInts("shape", t.typ(x).Shape), window)
	}
	if want[1] {
		out[1] = t.node("ConvGradW", []abi.Value{dy, x}, aInts("shape", t.typ(w).Shape), window)
	}
	if len(want) > 2 && want[2] {
		out[2] = t.reduce(dy, []int{0, 2, 3}, false)
	}
	return out
}

// gradConvGradX is the gradient of a transposed convolution: a convolution of dy
// gives what the image's was made of, and both together the weights.
func gradConvGradX(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	x, w, win := n.In[0], n.In[1], n.Attrs.Window
	out := make([]abi.Value, 2)
	xs := t.typ(x).Shape
	for i := range 2 { // the convolution must reach as far as x goes
		reach := (win.Kernel[i]-1)*win.Dilation[i] + 1
		win.Pads[2+i] = max((xs[2+i]-1)*win.Stride[i]+reach-n.Shape[2+i]-win.Pads[i], 0)
	}
	if want[0] {
		d := t.node("Conv", []abi.Value{dy, w}, aInt("group", win.Group), aInts("strides", win.Stride[:]), aInts("dilations", win.Dilation[:]), aInts("pads", win.Pads[:]))
		out[0] = t.steps(t.steps(d, 2, 0, 1, xs[2]), 3, 0, 1, xs[3])
	}
	if want[1] {
		out[1] = t.node("ConvGradW", []abi.Value{x, dy}, aInts("shape", t.typ(w).Shape), aInts("window", win.pack()))
	}
	return out
}

// gradSliceGrad takes what was put.
func gradSliceGrad(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	a := n.Attrs
	ends, axes := make([]int64, len(a.Starts)), make([]int, len(a.Starts))
	for i, d := range t.typ(n.In[0]).Shape {
		axes[i], ends[i] = i, a.Starts[i]+(d-1)*a.Steps[i]+1
		if a.Steps[i] < 0 {
			if ends[i] = a.Starts[i] + (d-1)*a.Steps[i] - 1; ends[i] < 0 {
				ends[i] = math.MinInt64 / 2
			}
		}
	}
	return first(t.node("Slice", []abi.Value{dy}, aInts("starts", a.Starts), aInts("ends", ends), aInts("axes", axes), aInts("steps", a.Steps)))
}

func gradMaxPool(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.node("MaxPoolGrad", []abi.Value{dy, n.In[0]}, aInts("shape", t.typ(n.In[0]).Shape), aInts("window", n.Attrs.Window.pack())))
}

func gradAveragePool(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.node("AveragePoolGrad", []abi.Value{dy}, aInts("shape", t.typ(n.In[0]).Shape), aInts("window", n.Attrs.Window.pack())))
}

func gradGlobalAveragePool(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	s := t.typ(n.In[0]).Shape
	d := t.scale(dy, 1/float64(s[2]*s[3]))
	return first(t.node("Expand", []abi.Value{d}, aInts("shape", s)))
}

// gradBatchNorm: with r = 1/sqrt(var+ε) and x̂ = (x-mean)·r, y = x̂·scale + b.
func gradBatchNorm(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	x, scale, mean, variance := n.In[0], n.In[1], n.In[3], n.In[4]
	shape, eps := aInts("shape", t.typ(x).Shape), aFloat("epsilon", n.Attrs.Epsilon)
	out := make([]abi.Value, 5)
	if want[0] {
		out[0] = t.node("BatchNormalizationGradX", []abi.Value{dy, scale, variance}, shape, eps)
	}
	if !want[1] && !want[2] && !want[3] && !want[4] {
		return out
	}
	var axes []int
	for i := range t.typ(x).Shape {
		if i != 1 {
			axes = append(axes, i)
		}
	}
	db := t.reduce(dy, axes, false)
	ds := t.node("BatchNormalizationGradScale", []abi.Value{dy, x, mean, variance}, aInts("shape", t.typ(scale).Shape), eps)
	out[1], out[2] = ds, db
	if want[3] || want[4] {
		v := t.add(variance, t.number(variance, float64(n.Attrs.Epsilon)))
		if want[3] {
			out[3] = t.neg(t.div(t.mul(db, scale), t.node("Sqrt", []abi.Value{v})))
		}
		if want[4] {
			out[4] = t.scale(t.div(t.mul(ds, scale), v), -0.5)
		}
	}
	return out
}

func gradLayerNorm(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
	x, scale := n.In[0], n.In[1]
	axis, eps := aInt("axis", int64(n.Attrs.Axis)), aFloat("epsilon", n.Attrs.Epsilon)
	out := make([]abi.Value, len(n.In))
	if want[0] {
		out[0] = t.node("LayerNormalizationGradX", []abi.Value{dy, x, scale}, aInts("shape", t.typ(x).Shape), axis, eps)
	}
	if want[1] {
		out[1] = t.node("LayerNormalizationGradScale", []abi.Value{dy, x}, aInts("shape", t.typ(scale).Shape), axis, eps)
	}
	if len(want) > 2 && want[2] {
		out[2] = t.sumTo(dy, t.typ(n.In[2]).Shape)
	}
	return out
}

// gradLoss is dy, scores, labels and weights in, the gradient by the scores out;
// the weights of classes are data and have none.
func gradLoss(op string) gradRule {
	return func(t *builder, n Node, _, dy abi.Value, want []bool) []abi.Value {
		if len(want) > 2 && want[2] {
			t.fail(invalid("%s has no gradient by its weights", n.Op))
		}
		a := n.Attrs
		return first(t.node(op, append([]abi.Value{dy}, n.In...), aInts("shape", t.typ(n.In[0]).Shape),
			aInt("reduction", int64(a.Reduction)), aInt("ignore", a.Ignore), aFlag("has_ignore", a.HasIgnore)))
	}
}

// gradCast carries dy over to the type it came from.
func gradCast(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.cast(dy, t.typ(n.In[0]).DType))
}
