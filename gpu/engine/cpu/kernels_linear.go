package cpu

// linearKernels: matrix products.
var linearKernels = map[string]bind{
	"MatMul": bindMatMul,
	"Gemm":   bindGemm,
}
