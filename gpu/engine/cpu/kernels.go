package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/graph"
)

// kernels lists the kernel of every operator, in the order of the graph's table.
// Reshapes are not in it: the planner makes no step of them.
var kernels = map[string]func(*binding) []stage{
	"Add": zip(arithmetic{addVV, addVS, func(d []float32, a float32, b []float32) { addVS(d, b, a) }}),
	"Sub": zip(arithmetic{subVV, subVS, subSV}),
	"Mul": zip(arithmetic{mulVV, mulVS, func(d []float32, a float32, b []float32) { mulVS(d, b, a) }}),
	"Div": zip(arithmetic{divVV, divVS, divSV}),
	"Pow": each(func(n *graph.Node) func(float32) float32 {
		e := float64(n.Attrs.Alpha)
		return func(x float32) float32 { return float32(math.Pow(float64(x), e)) }
	}),
	"Neg":        eachOf(func(x float32) float32 { return -x }),
	"Abs":        eachOf(func(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }),
	"Exp":        eachOf(exp),
	"Log":        eachOf(func(x float32) float32 { return float32(math.Log(float64(x))) }),
	"Sqrt":       eachOf(sqrt),
	"Reciprocal": eachOf(func(x float32) float32 { return 1 / x }),
	"Relu":       bindRelu,
	"LeakyRelu": each(func(n *graph.Node) func(float32) float32 {
		alpha := n.Attrs.Alpha
		return func(x float32) float32 {
			if x < 0 {
				return alpha * x
			}
			return x
		}
	}),
	"Sigmoid": eachOf(sigmoid),
	"Tanh":    eachOf(func(x float32) float32 { return float32(math.Tanh(float64(x))) }),
	"Erf":     eachOf(func(x float32) float32 { return float32(math.Erf(float64(x))) }),
	"Gelu": each(func(n *graph.Node) func(float32) float32 {
		if n.Attrs.Tanh {
			return geluTanh
		}
		return gelu
	}),
	"Softplus": eachOf(softplus),
	"Clip": each(func(n *graph.Node) func(float32) float32 {
		low, high := n.Attrs.Low, n.Attrs.High
		return func(x float32) float32 { return clamp(x, low, high) }
	}),
	"Equal":   bindEqual,
	"Greater": bindOrder(1),
	"Less":    bindOrder(-1),
	"Where":   bindWhere,
	"Cast":    bindCast,

	"Expand":    bindExpand,
	"Transpose": bindTranspose,
	"Concat":    bindConcat,
	"Slice":     bindSlice,
	"Gather":    bindGather,

	"MatMul": bindMatMul,
	"Gemm":   bindGemm,

	"Conv":              bindConv,
	"MaxPool":           bindMaxPool,
	"AveragePool":       bindAveragePool,
	"GlobalAveragePool": bindGlobalAveragePool,

	"ReduceSum":  bindReduce(sumRun, false),
	"ReduceMean": bindReduce(sumRun, true),
	"ReduceMax":  bindReduce(maxRun, false),
	"ArgMax":     bindArgMax,
	"Softmax":    bindSoftmax(false),
	"LogSoftmax": bindSoftmax(true),

	"BatchNormalization": bindBatchNorm,
	"LayerNormalization": bindLayerNorm,

	"SoftmaxCrossEntropyLoss":   bindLoss(true),
	"NegativeLogLikelihoodLoss": bindLoss(false),

	"Fill": bindFill,
	"PowGrad": eachGrad(func(n *graph.Node) func(dy, x float32) float32 {
		e := float64(n.Attrs.Alpha)
		return func(dy, x float32) float32 { return float32(float64(dy) * e * math.Pow(float64(x), e-1)) }
	}),
	"AbsGrad": eachGradOf(func(dy, x float32) float32 {
		switch {
		case x > 0:
			return dy
		case x < 0:
			return -dy
		}
		return 0
	}),
	"SqrtGrad":       eachGradOf(func(dy, y float32) float32 { return 0.5 * dy / y }),
	"ReciprocalGrad": eachGradOf(func(dy, y float32) float32 { return -dy * y * y }),
	"ReluGrad":       bindReluGrad,
	"LeakyReluGrad": eachGrad(func(n *graph.Node) func(dy, x float32) float32 {
		alpha := n.Attrs.Alpha
		return func(dy, x float32) float32 {
			if x < 0 {
				return alpha * dy
			}
			return dy
		}
	}),
	"SigmoidGrad": eachGradOf(func(dy, y float32) float32 { return dy * y * (1 - y) }),
	"TanhGrad":    eachGradOf(func(dy, y float32) float32 { return dy * (1 - float32(y*y)) }),
	"ErfGrad": eachGradOf(func(dy, x float32) float32 {
		return float32(float64(dy) * 2 / math.SqrtPi * math.Exp(-float64(x)*float64(x)))
	}),
	"GeluGrad": eachGrad(func(n *graph.Node) func(dy, x float32) float32 {
		if n.Attrs.Tanh {
			return geluTanhGrad
		}
		return geluGrad
	}),
	"SoftplusGrad": eachGradOf(func(dy, x float32) float32 { return dy * sigmoid(x) }),
	"ClipGrad": eachGrad(func(n *graph.Node) func(dy, x float32) float32 {
		low, high := n.Attrs.Low, n.Attrs.High
		return func(dy, x float32) float32 {
			if x < low || x > high {
				return 0
			}
			return dy
		}
	}),
	"SoftmaxGrad":                   bindSoftmaxGrad(false),
	"LogSoftmaxGrad":                bindSoftmaxGrad(true),
	"SliceGrad":                     bindSliceGrad,
	"GatherGrad":                    bindGatherGrad,
	"ConvGradX":                     bindConvGradX,
	"ConvGradW":                     bindConvGradW,
	"MaxPoolGrad":                   bindMaxPoolGrad,
	"AveragePoolGrad":               bindAveragePoolGrad,
	"ReduceMaxGrad":                 bindReduceMaxGrad,
	"BatchNormalizationGradX":       bindBatchNormGradX,
	"BatchNormalizationGradScale":   bindBatchNormGradScale,
	"LayerNormalizationGradX":       bindLayerNormGradX,
	"LayerNormalizationGradScale":   bindLayerNormGradScale,
	"SoftmaxCrossEntropyLossGrad":   bindLossGrad(true),
	"NegativeLogLikelihoodLossGrad": bindLossGrad(false),
}

// work returns the scratch bytes of the kernel of n.
func work(g *graph.Graph, n *graph.Node) int64 {
	switch n.Op {
	case "MatMul", "Gemm":
		return workProduct(productOf(n, g.At(n.In[0]).Type, g.At(n.In[1]).Type))
	case "Conv", "ConvGradX", "ConvGradW":
		return workConv(g, n)
	case "SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss":
		return workLoss(g, n)
	}
	return 0
}

// fuse reports whether the kernel of n applies a Relu to its result on the way.
func fuse(n *graph.Node) bool { return n.Op == "Conv" || n.Op == "Gemm" || n.Op == "MatMul" }
