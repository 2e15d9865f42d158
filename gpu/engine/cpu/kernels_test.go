package cpu

import (
	"maps"
	"slices"
	"testing"
)

// TestEveryKernelOfFloatsHasADefinition wants a float64 kernel beside every one of
// float32; the exceptions have no floats, are float32 by ONNX, or are made of other
// operators where they are float64.
func TestEveryKernelOfFloatsHasADefinition(t *testing.T) {
	except := []string{
		"And", "BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Not", "Or", "Xor",
		"QuantizeLinear", "DequantizeLinear", "IntegerProduct", "IntegerConv",
		"Clip", "ClipGrad", "Pow", "PowGrad", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceSumSquare",
	}
	for _, op := range slices.Sorted(maps.Keys(kernels)) {
		if has := doubles[op] != nil; has == slices.Contains(except, op) {
			t.Errorf("%s has a kernel of float64: %v", op, has)
		}
	}
	for _, op := range slices.Sorted(maps.Keys(wholes)) {
		if kernels[op] == nil {
			t.Errorf("%s has a kernel of integers and none of float32", op)
		}
	}
}
