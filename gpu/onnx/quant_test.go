package onnx_test

import (
	"slices"
	"testing"

	"github.com/cloister-ai/cloister/gpu/onnx"
)

// quantised is a file that rounds its input to steps of ½ about 8 and multiplies by
// weights that it keeps as int8, a scale for each column.
func quantised() []byte {
	return model(13, join(port(11, "x", 1, 1, 2),
		initializer(2, 1, 8, "half", 9, le(0.5)), initializer(2, 2, 8, "eight", 9, []byte{8}),
		initializer(1, 2, 1, 2, 2, 3, 8, "w", 9, []byte{1, 0xfe, 3, 4}), initializer(1, 2, 2, 1, 8, "scales", 9, le(1, 0.25)),
		initializer(1, 2, 2, 3, 8, "zeros", 9, []byte{0, 2}),
		node("QuantizeLinear", []string{"x", "half", "eight"}, "q"), node("DequantizeLinear", []string{"q", "half", "eight"}, "d"),
		node("DequantizeLinear", []string{"w", "scales", "zeros"}, "f"), node("MatMul", []string{"d", "f"}, "y"), port(12, "y", 1, 1, 2)))
}

func TestAQuantisedModelComputesWithWhatItsWeightsStandFor(t *testing.T) {
	// x becomes 1 and -4, the second below what uint8 holds; the columns of the
	// weights are 1, 3 and (-2-2)/4, (4-2)/4.
	if got := run(t, quantised(), nil, []float32{1.1, -9}); !slices.Equal(got[0], []float32{1 - 12, -1 - 2}) {
		t.Errorf("y = %v, want -11 and -3", got[0])
	}
}

func TestQuantisedWeightsAreRealNumbersBeforeTheRun(t *testing.T) {
	g, err := onnx.Parse(t.Context(), quantised(), options())
	if err != nil {
		t.Fatal(err)
	}
	y := g.At(g.Outputs()[0].Value)
	if y.Op != "MatMul" || g.At(y.In[1]).Data == nil || g.At(y.In[0]).Data != nil {
		t.Errorf("%s of a known operand 0: %v, 1: %v; want MatMul of known weights", y.Op, g.At(y.In[0]).Data != nil, g.At(y.In[1]).Data != nil)
	}
	if len(g.Params()) != 0 {
		t.Errorf("%d parameters; a scale is none", len(g.Params()))
	}
}
