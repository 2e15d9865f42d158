package cuda

import (
	"fmt"
	"maps"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// A row says how an operator is computed, and of what types.
type row struct {
	types set // of the first operand, or of the result of what has none
	lower func(s *step)
}

// A set is of element types, a bit each.
type set uint32

func of(types ...abi.DType) set {
	s := set(0)
	for _, t := range types {
		s |= 1 << t
	}
	return s
}

// The sets of types that kernels take. Floats beside float32 are storage or
// definition: see package graph.
var (
	reals    = of(abi.Float32, abi.Float64)
	integers = of(abi.Int64, abi.Int32, abi.Int8, abi.Uint8)
	numbers  = reals | integers
	bools    = of(abi.Bool)
	anything = numbers | bools | of(abi.Float16)
)

func (s set) has(t abi.DType) bool { return t < 32 && s>>t&1 == 1 }

type table map[string]row

// rows lists every operator that has a kernel. Reshapes are not in it: the planner
// makes no step of them.
var rows = join(elementRows, moveRows, linearRows, convRows, reduceRows, softmaxRows, normRows, lossRows, poolRows, indexRows, sampleRows, sequenceRows, wholeRows)

func join(parts ...table) table {
	all := table{}
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return all
}

// rowOf finds how n is computed.
func rowOf(n *graph.Node, in []graph.Type) (row, error) {
	t := n.Type
	if len(in) > 0 {
		t = in[0]
	}
	r, ok := rows[n.Op]
	if !ok || !r.types.has(t.DType) {
		return row{}, fmt.Errorf("cuda: %s has no kernel for %v to %v: %w", n.Op, in, n.Type, abi.Invalid)
	}
	return r, nil
}

// Accept refuses, as Invalid and by name, an operator on types that have no kernel.
func Accept(n *graph.Node, in []graph.Type) error {
	if graph.Reshapes(n) {
		return nil
	}
	_, err := rowOf(n, in)
	return err
}

// work returns the scratch bytes of the kernels of a step.
func work(g *graph.Graph, s *graph.Step) int64 {
	n := s.Node
	switch n.Op {
	case "MatMul", "Gemm", "Conv", "ConvGradX", "ConvGradW": // parts of sums
		in := make([]graph.Type, len(n.In))
		for i, v := range n.In {
			if v != 0 {
				in[i] = g.At(v).Type
			}
		}
		e, _ := productOf(n, in)
		return e.work()
	case "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceSumSquare":
		return workReduce(g, n)
	case "LayerNormalizationGradScale": // mean and 1/σ of each row
		return 16 * g.At(n.In[1]).Elements() / max(1, n.Elements())
	case "Recurrence":
		return workRecurrence(g, n)
	case "Unpool": // for each place, which element comes last
		return 4 * n.Elements()
	case "SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss":
		return workLoss(g, n)
	case "SoftmaxCrossEntropyLossGrad", "NegativeLogLikelihoodLossGrad":
		return 8
	}
	return 0
}

// fuses reports what a kernel can do next to its result: kernels that end in put
// do all of it.
func fuses(n, next *graph.Node, with graph.Type) bool {
	if !finishes[n.Op] || n.DType != abi.Float32 || next.DType != abi.Float32 {
		return false
	}
	switch next.Op {
	case "BatchNormalization":
		return true
	case "Add":
		return with.DType == abi.Float32
	}
	return brief(next)
}

// brief reports whether n is so few instructions an element of float32 that a
// kernel may have them for each of many sums.
func brief(n *graph.Node) bool {
	c := curves[n.Op]
	return c != nil && c.single != nil && !n.Attrs.Tanh || n.Op == "Clip"
}

// finishes lists the operators whose kernels end in put.
var finishes = map[string]bool{"MatMul": true, "Gemm": true, "Conv": true}
