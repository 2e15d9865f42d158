package graph

// linearOperators: linear.
var linearOperators = table{
	"MatMul": {min: 2, max: 2, tensors: 2, infer: inferMatMul, cost: costMatMul, grad: gradMatMul},
	"Gemm":   {min: 2, max: 3, tensors: 3, infer: inferGemm, cost: costGemm, grad: gradGemm},
}
