package cpu

// linearKernels: matrix products.
var linearKernels = map[string]bind{
	"MatMul": byType(bindMatMul, plainMatMul[int64], plainMatMul[int32], plainMatMul[int8], plainMatMul[uint8]),
	"Gemm":   byType(bindGemm, plainGemm[int64], plainGemm[int32], plainGemm[int8], plainGemm[uint8]),
}
