package cpu

// linearKernels: matrix products.
var linearKernels = map[string]bind{
	"MatMul": bindMatMul,
	"Gemm":   bindGemm,
}

// linearIntegers: the same of integers.
var linearIntegers = map[string]bind{
	"MatMul": typed{i64: plainMatMul[int64], i32: plainMatMul[int32], i8: plainMatMul[int8], u8: plainMatMul[uint8]}.bind,
	"Gemm":   typed{i64: plainGemm[int64], i32: plainGemm[int32], i8: plainGemm[int8], u8: plainGemm[uint8]}.bind,
}
