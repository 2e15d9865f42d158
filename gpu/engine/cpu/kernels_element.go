package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/graph"
)

// elementKernels: element by element.
var elementKernels = map[string]bind{
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
}
