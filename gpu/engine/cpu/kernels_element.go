package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

// elementKernels: element by element.
var elementKernels = map[string]bind{
	"Add":        zip(arithmetic{kernel.Add, kernel.AddTo, func(d []float32, a float32, b []float32) { kernel.AddTo(d, b, a) }}),
	"Sub":        zip(arithmetic{kernel.Sub, func(d, a []float32, b float32) { kernel.AddTo(d, a, -b) }, func(d []float32, a float32, b []float32) { kernel.SubFrom(d, b, a) }}),
	"Mul":        zip(arithmetic{kernel.Mul, kernel.Scale, func(d []float32, a float32, b []float32) { kernel.Scale(d, b, a) }}),
	"Div":        zip(arithmetic{kernel.Div, kernel.DivBy, func(d []float32, a float32, b []float32) { kernel.DivInto(d, b, a) }}),
	"Pow":        bindPow,
	"Neg":        eachOf(func(x float32) float32 { return -x }),
	"Abs":        eachOf(func(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }),
	"Exp":        eachRange(kernel.Exp),
	"Log":        eachRange(kernel.Log),
	"Sqrt":       eachRange(kernel.Sqrt),
	"Reciprocal": eachRange(func(dst, x []float32) { kernel.DivInto(dst, x, 1) }),
	"Relu":       eachRange(kernel.Relu),
	"LeakyRelu": eachRangeOf(func(n *graph.Node) func(dst, x []float32) {
		return func(dst, x []float32) { kernel.LeakyRelu(dst, x, n.Attrs.Alpha) }
	}),
	"Sigmoid": eachRange(kernel.Sigmoid),
	"Tanh":    eachRange(kernel.Tanh),
	"Erf":     eachRange(kernel.Erf),
	"Gelu": eachRangeOf(func(n *graph.Node) func(dst, x []float32) {
		if !n.Attrs.Tanh {
			return kernel.Gelu
		}
		return func(dst, x []float32) {
			for i, v := range x {
				dst[i] = geluTanh(v)
			}
		}
	}),
	"Softplus": eachOf(softplus),
	"Clip": eachRangeOf(func(n *graph.Node) func(dst, x []float32) {
		low, high := n.Attrs.Low, n.Attrs.High
		return func(dst, x []float32) { kernel.Bound(dst, x, low, high) }
	}),
	"Mod":   bindReals[float32],
	"Max":   bindReals[float32],
	"Min":   bindReals[float32],
	"Power": bindReals[float32],
	"PRelu": bindPRelu,

	"Sign":            bindCurve[float32],
	"Ceil":            bindCurve[float32],
	"Floor":           bindCurve[float32],
	"Round":           bindCurve[float32],
	"Sin":             bindCurve[float32],
	"Cos":             bindCurve[float32],
	"Tan":             bindCurve[float32],
	"Asin":            bindCurve[float32],
	"Acos":            bindCurve[float32],
	"Atan":            bindCurve[float32],
	"Sinh":            bindCurve[float32],
	"Cosh":            bindCurve[float32],
	"Asinh":           bindCurve[float32],
	"Acosh":           bindCurve[float32],
	"Atanh":           bindCurve[float32],
	"ThresholdedRelu": bindCurve[float32],
	"Elu":             bindCurve[float32],
	"Celu":            bindCurve[float32],
	"Selu":            bindCurve[float32],
	"Shrink":          bindCurve[float32],
	"HardSigmoid":     blocks(hardSigmoid),
	"HardSwish":       blocks(hardSwish),
	"Swish":           blocks(swish),
	"Mish":            blocks(mish),
	"Softsign":        bindCurve[float32],

	"Equal":          bindCompare,
	"Greater":        bindCompare,
	"GreaterOrEqual": bindCompare,
	"Less":           bindCompare,
	"LessOrEqual":    bindCompare,
	"IsNaN":          bindIsNaN[float32],
	"IsInf":          bindIsInf[float32],
	"And":            bindIntegers,
	"Or":             bindIntegers,
	"Xor":            bindIntegers,
	"Not":            bindIntegers,
	"BitwiseAnd":     bindIntegers,
	"BitwiseOr":      bindIntegers,
	"BitwiseXor":     bindIntegers,
	"BitwiseNot":     bindIntegers,
	"BitShift":       bindIntegers,
	"Where":          bindWhere,
	"Cast":           bindCast,

	"QuantizeLinear":   bindQuantize,
	"DequantizeLinear": bindDequantize,
}

// elementIntegers: the same of integers, where kernels has float32.
var elementIntegers = map[string]bind{
	"Add":   bindIntegers,
	"Sub":   bindIntegers,
	"Mul":   bindIntegers,
	"Div":   bindIntegers,
	"Mod":   bindIntegers,
	"Max":   bindIntegers,
	"Min":   bindIntegers,
	"Power": bindIntegers,
	"Neg":   bindIntegers,
	"Abs":   bindIntegers,
	"Sign":  bindIntegers,
	"Relu":  bindIntegers,
}

// elementDoubles: the same of float64.
var elementDoubles = map[string]bind{
	"Add":   bindReals[float64],
	"Sub":   bindReals[float64],
	"Mul":   bindReals[float64],
	"Div":   bindReals[float64],
	"Mod":   bindReals[float64],
	"Max":   bindReals[float64],
	"Min":   bindReals[float64],
	"Power": bindReals[float64],
	"PRelu": bindReals[float64],

	"Neg":             bindCurve[float64],
	"Abs":             bindCurve[float64],
	"Sign":            bindCurve[float64],
	"Ceil":            bindCurve[float64],
	"Floor":           bindCurve[float64],
	"Round":           bindCurve[float64],
	"Exp":             bindCurve[float64],
	"Log":             bindCurve[float64],
	"Sqrt":            bindCurve[float64],
	"Reciprocal":      bindCurve[float64],
	"Erf":             bindCurve[float64],
	"Sin":             bindCurve[float64],
	"Cos":             bindCurve[float64],
	"Tan":             bindCurve[float64],
	"Asin":            bindCurve[float64],
	"Acos":            bindCurve[float64],
	"Atan":            bindCurve[float64],
	"Sinh":            bindCurve[float64],
	"Cosh":            bindCurve[float64],
	"Asinh":           bindCurve[float64],
	"Acosh":           bindCurve[float64],
	"Atanh":           bindCurve[float64],
	"Relu":            bindCurve[float64],
	"LeakyRelu":       bindCurve[float64],
	"ThresholdedRelu": bindCurve[float64],
	"Elu":             bindCurve[float64],
	"Celu":            bindCurve[float64],
	"Selu":            bindCurve[float64],
	"Shrink":          bindCurve[float64],
	"Sigmoid":         bindCurve[float64],
	"HardSigmoid":     bindCurve[float64],
	"HardSwish":       bindCurve[float64],
	"Swish":           bindCurve[float64],
	"Mish":            bindCurve[float64],
	"Tanh":            bindCurve[float64],
	"Gelu":            bindCurve[float64],
	"Softplus":        bindCurve[float64],
	"Softsign":        bindCurve[float64],

	"Equal":          bindCompare,
	"Greater":        bindCompare,
	"GreaterOrEqual": bindCompare,
	"Less":           bindCompare,
	"LessOrEqual":    bindCompare,
	"IsNaN":          bindIsNaN[float64],
	"IsInf":          bindIsInf[float64],
	"Cast":           bindCast,
}
