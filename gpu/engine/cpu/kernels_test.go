package cpu

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestEveryKernelOfFloatsHasADefinition wants a float64 kernel beside every one of
// float32; the exceptions have no floats, are float32 by ONNX, or are made of other
// operators where they are float64.
func TestEveryKernelOfFloatsHasADefinition(t *testing.T) {
	except := []string{
		"And", "BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Not", "Or", "Xor",
		"QuantizeLinear", "DequantizeLinear", "IntegerProduct", "IntegerConv",
		"Clip", "ClipGrad", "Pow", "PowGrad",
	}
	for _, op := range slices.Sorted(maps.Keys(kernels)) {
		if has := doubles[op] != nil; has == slices.Contains(except, op) {
			t.Errorf("%s has a kernel of float64: %v", op, has)
		}
	}
	for _, op := range slices.Sorted(maps.Keys(wholes)) {
		if composed := strings.HasPrefix(op, "Reduce") && doubles[op] == nil; (kernels[op] == nil) != composed {
			t.Errorf("%s has a kernel of integers; of float32 it has one: %v", op, kernels[op] != nil)
		}
	}
}
