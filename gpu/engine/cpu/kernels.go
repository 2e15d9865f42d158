package cpu

import (
	"fmt"
	"maps"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// A bind chooses how one step is computed.
type bind = func(*binding) []stage

// kernels lists how every operator is computed: of float32, and of the integers
// and booleans that it takes, unless those are in wholes. Reshapes are not in it: the
// planner makes no step of them.
var kernels = join(elementKernels, shapeKernels, knownKernels, moveKernels, sampleKernels, linearKernels, windowKernels, reduceKernels, normKernels, fourierKernels, recurrentKernels, gradientKernels)

// wholes lists how operators are computed whose first operand is of integers or booleans,
// where that has a kernel of its own.
var wholes = join(elementIntegers, linearIntegers, windowIntegers, reduceIntegers)

// doubles lists how operators are computed where a float64 is among operands or
// result: plainly, by the definition, so that it is what the rest is held to.
var doubles = join(elementDoubles, slopeDoubles, moveDoubles, knownKernels, moveKernels, sampleDoubles, linearDoubles, windowDoubles, reduceDoubles, normDoubles, fourierKernels, recurrentKernels)

func join(parts ...map[string]bind) map[string]bind {
	all := map[string]bind{}
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return all
}

// kernelOf returns how n is computed, nil if it is not.
func kernelOf(n *graph.Node, in []graph.Type) bind {
	double := n.DType == abi.Float64
	for _, t := range in {
		double = double || t.DType == abi.Float64
	}
	if double {
		return doubles[n.Op]
	}
	if len(in) > 0 && isWhole(in[0].DType) && wholes[n.Op] != nil {
		return wholes[n.Op]
	}
	return kernels[n.Op]
}

func isWhole(dt abi.DType) bool {
	return dt == abi.Int64 || dt == abi.Int32 || dt == abi.Int8 || dt == abi.Uint8 || dt == abi.Bool
}

// Accept refuses, as Invalid and by name, an operator on types that have no kernel.
func Accept(n *graph.Node, in []graph.Type) error {
	if graph.Reshapes(n) || kernelOf(n, in) != nil {
		return nil
	}
	return fmt.Errorf("there is no kernel for %v to %v: %w", in, n.Type, abi.Invalid)
}

// work returns the scratch bytes of the kernel of s.
func work(g *graph.Graph, s *graph.Step) int64 {
	n := s.Node
	switch n.Op {
	case "MatMul", "Gemm":
		return workGemm(g, n)
	case "Conv", "ConvGradX":
		return workConv(g, s)
	case "IntegerConv":
		return workIntegerConv(g, n)
	case "SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss":
		return workLoss(g, n)
	case "Recurrence":
		return workRecurrence(g, n)
	case "Fourier":
		return workFourier(g, n)
	}
	return 0
}
