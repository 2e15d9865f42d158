package graph

import "github.com/cloister-ai/cloister/abi"

// spread repeats dy, the gradient of a reduction, over what was reduced.
func (t *builder) spread(n Node, dy abi.Value) abi.Value {
	s := t.typ(n.In[0]).Shape
	return t.node("Expand", []abi.Value{t.reshape(dy, reduced(s, n.Attrs.Axes, true))}, aInts("shape", s))
}

func gradReduceSum(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.spread(n, dy))
}

func gradReduceMean(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	count := t.typ(n.In[0]).Elements() / n.Elements()
	return first(t.spread(n, t.scale(dy, 1/float64(count))))
}

func gradReduceMax(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.node("ReduceMaxGrad", []abi.Value{dy, n.In[0]}, aInts("shape", t.typ(n.In[0]).Shape), aInts("axes", n.Attrs.Axes)))
}

// gradReduceMin: the smallest of x is the largest of -x.
func gradReduceMin(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.node("ReduceMaxGrad", []abi.Value{dy, t.neg(n.In[0])}, aInts("shape", t.typ(n.In[0]).Shape), aInts("axes", n.Attrs.Axes)))
}

func gradReduceProd(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	return first(t.node("ReduceProdGrad", []abi.Value{dy, n.In[0]}, aInts("shape", t.typ(n.In[0]).Shape), aInts("axes", n.Attrs.Axes)))
}

// gradReduceLogSumExp: what element x adds to the sum, over the sum, is e^(x-y).
func gradReduceLogSumExp(t *builder, n Node, y, dy abi.Value, _ []bool) []abi.Value {
	keep := reduced(t.typ(n.In[0]).Shape, n.Attrs.Axes, true)
	part := t.node("Exp", []abi.Value{t.node("Sub", []abi.Value{n.In[0], t.reshape(y, keep)})})
	return first(t.mul(part, t.reshape(dy, keep)))
}
