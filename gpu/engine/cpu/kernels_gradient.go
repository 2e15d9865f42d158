package cpu

import (
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

// gradientKernels: parts of gradients.
var gradientKernels = map[string]bind{
	"Fill":           bindFill,
	"PowGrad":        eachGrad(powGrad),
	"AbsGrad":        bindSlope[float32]("Abs"),
	"SqrtGrad":       bindSlope[float32]("Sqrt"),
	"ReciprocalGrad": bindSlope[float32]("Reciprocal"),
	"ReluGrad":       eachGradRange(kernel.PassPositive),
	"LeakyReluGrad":  bindSlope[float32]("LeakyRelu"),
	"SigmoidGrad":    eachGradRange(kernel.SigmoidGrad),
	"TanhGrad":       eachGradRange(kernel.TanhGrad),
	"ErfGrad":        bindSlope[float32]("Erf"),
	"GeluGrad":       bindSlope[float32]("Gelu"),
	"SoftplusGrad":   bindSlope[float32]("Softplus"),
	"ClipGrad": eachGrad(func(n *graph.Node) func(dy, x float32) float32 {
		low, high := n.Attrs.Low, n.Attrs.High
		return func(dy, x float32) float32 {
			if x < low || x > high {
				return 0
			}
			return dy
		}
	}),
	"SinGrad":                       bindSlope[float32]("Sin"),
	"CosGrad":                       bindSlope[float32]("Cos"),
	"TanGrad":                       bindSlope[float32]("Tan"),
	"AsinGrad":                      bindSlope[float32]("Asin"),
	"AcosGrad":                      bindSlope[float32]("Acos"),
	"AtanGrad":                      bindSlope[float32]("Atan"),
	"SinhGrad":                      bindSlope[float32]("Sinh"),
	"CoshGrad":                      bindSlope[float32]("Cosh"),
	"AsinhGrad":                     bindSlope[float32]("Asinh"),
	"AcoshGrad":                     bindSlope[float32]("Acosh"),
	"AtanhGrad":                     bindSlope[float32]("Atanh"),
	"ThresholdedReluGrad":           bindSlope[float32]("ThresholdedRelu"),
	"EluGrad":                       bindSlope[float32]("Elu"),
	"CeluGrad":                      bindSlope[float32]("Celu"),
	"SeluGrad":                      bindSlope[float32]("Selu"),
	"ShrinkGrad":                    bindSlope[float32]("Shrink"),
	"HardSigmoidGrad":               bindSlope[float32]("HardSigmoid"),
	"HardSwishGrad":                 bindSlope[float32]("HardSwish"),
	"SwishGrad":                     bindSlope[float32]("Swish"),
	"MishGrad":                      bindSlope[float32]("Mish"),
	"SoftsignGrad":                  bindSlope[float32]("Softsign"),
	"PowerGradBase":                 bindPowerGrad[float32](false),
	"PowerGradExponent":             bindPowerGrad[float32](true),
	"SoftmaxGrad":                   bindSoftmaxGrad(false),
	"LogSoftmaxGrad":                bindSoftmaxGrad(true),
	"ConvGradX":                     bindConvGradX,
	"ConvGradW":                     bindConvGradW,
	"MaxPoolGrad":                   bindMaxPoolGrad,
	"AveragePoolGrad":               bindAveragePoolGrad,
	"ReduceMaxGrad":                 bindReduceMaxGrad,
	"ReduceProdGrad":                bindReduceProdGrad,
	"StandardizeGrad":               bindStandardizeGrad,
	"BatchNormalizationGradX":       bindBatchNormGradX,
	"BatchNormalizationGradScale":   bindBatchNormGradScale,
	"LayerNormalizationGradX":       bindLayerNormGradX,
	"LayerNormalizationGradScale":   bindLayerNormGradScale,
	"SoftmaxCrossEntropyLossGrad":   bindLossGrad(true),
	"NegativeLogLikelihoodLossGrad": bindLossGrad(false),
}

// slopeDoubles: parts of gradients of functions of one number, in float64.
var slopeDoubles = map[string]bind{
	"Fill":                bindFill,
	"AbsGrad":             bindSlope[float64]("Abs"),
	"SqrtGrad":            bindSlope[float64]("Sqrt"),
	"ReciprocalGrad":      bindSlope[float64]("Reciprocal"),
	"ErfGrad":             bindSlope[float64]("Erf"),
	"SinGrad":             bindSlope[float64]("Sin"),
	"CosGrad":             bindSlope[float64]("Cos"),
	"TanGrad":             bindSlope[float64]("Tan"),
	"AsinGrad":            bindSlope[float64]("Asin"),
	"AcosGrad":            bindSlope[float64]("Acos"),
	"AtanGrad":            bindSlope[float64]("Atan"),
	"SinhGrad":            bindSlope[float64]("Sinh"),
	"CoshGrad":            bindSlope[float64]("Cosh"),
	"AsinhGrad":           bindSlope[float64]("Asinh"),
	"AcoshGrad":           bindSlope[float64]("Acosh"),
	"AtanhGrad":           bindSlope[float64]("Atanh"),
	"ReluGrad":            bindSlope[float64]("Relu"),
	"LeakyReluGrad":       bindSlope[float64]("LeakyRelu"),
	"ThresholdedReluGrad": bindSlope[float64]("ThresholdedRelu"),
	"EluGrad":             bindSlope[float64]("Elu"),
	"CeluGrad":            bindSlope[float64]("Celu"),
	"SeluGrad":            bindSlope[float64]("Selu"),
	"ShrinkGrad":          bindSlope[float64]("Shrink"),
	"SigmoidGrad":         bindSlope[float64]("Sigmoid"),
	"HardSigmoidGrad":     bindSlope[float64]("HardSigmoid"),
	"HardSwishGrad":       bindSlope[float64]("HardSwish"),
	"SwishGrad":           bindSlope[float64]("Swish"),
	"MishGrad":            bindSlope[float64]("Mish"),
	"TanhGrad":            bindSlope[float64]("Tanh"),
	"GeluGrad":            bindSlope[float64]("Gelu"),
	"SoftplusGrad":        bindSlope[float64]("Softplus"),
	"SoftsignGrad":        bindSlope[float64]("Softsign"),
	"PowerGradBase":       bindPowerGrad[float64](false),
	"PowerGradExponent":   bindPowerGrad[float64](true),
}
