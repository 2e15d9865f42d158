package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/graph"
)

// gradientKernels: parts of gradients.
var gradientKernels = map[string]bind{
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
