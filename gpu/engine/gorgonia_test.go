package engine_test

import (
	"io"
	"slices"
	"testing"

	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/engine/gorgonia"
	"github.com/cloister-ai/cloister/gpu/enginetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	engine.Main()
	goleak.VerifyTestMain(m)
}

func TestGorgonia(t *testing.T) {
	e := newEngine(t, "gorgonia")
	t.Cleanup(func() { e.(io.Closer).Close() })
	refuses := slices.Clone(gorgoniaRefuses)
	for _, op := range enginetest.Operators() {
		if !gorgonia.Accepts(op) {
			refuses = append(refuses, op+"/*")
		}
	}
	enginetest.Run(t, e, refuses...)
}

// gorgoniaRefuses lists the cases that Gorgonia has not, or not right.
var gorgoniaRefuses = []string{
	"*/int64", "*/int32", "*/int8", "*/uint8", "*/float16",
	"Pow/exponents", "Pow/zeroBase", "Pow/zeroExponent", "Pow/large", "Pow/wider", "Pow/zero", "Pow/base", "Pow/integers",
	"Pow/root", "Pow/rootOdd", "Erf", "Gelu", "Gelu/tanh", "Clip", "Clip/high",
	"Equal", "Equal/bool", "Greater", "Less", "Less/int64", "Where", "Where/broadcast", "Where/int64",
	"Cast/int64", "Cast/int32", "Cast/uint8", "Cast/float32", "Cast/fromInt64", "Cast/bool", "Cast/same",
	"Concat/empty", "Unsqueeze/scalar", "Reshape/scalar", "Expand", "Slice/steps", "Gather", "Gather/clamped",
	"MatMul/vecmat", "MatMul/broadcast",
	"Conv/uneven", "Conv/group", "Conv/depthwise", "MaxPool/uneven", "MaxPool/ceil",
	"AveragePool", "AveragePool/pads", "AveragePool/count", "GlobalAveragePool",
	"Conv/line-uneven", "Conv/line-lower", "Conv/volume-uneven", "MaxPool/volume",
	"ReduceMax/outer", "ReduceMax/bool", "ReduceSum/wraps", "ArgMax/last", "SoftmaxCrossEntropyLoss/volume",
	"SoftmaxCrossEntropyLoss/weights", "SoftmaxCrossEntropyLoss/pixels",
	"NegativeLogLikelihoodLoss/none", "NegativeLogLikelihoodLoss/weights",
	"Gradient/intermediate", "Gradient/computed",
}
