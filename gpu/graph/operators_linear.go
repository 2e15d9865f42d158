package graph

// linearOperators: products of matrices, and what is made of them.
var linearOperators = table{
	"MatMul":          {min: 2, max: 2, tensors: 2, infer: inferMatMul, cost: costMatMul, grad: gradMatMul},
	"Gemm":            {min: 2, max: 3, tensors: 3, infer: inferGemm, cost: costGemm, grad: gradGemm},
	"Einsum":          {min: 1, max: 32, tensors: 32, since: 12, compose: composeEinsum},
	"Attention":       {min: 3, max: 7, tensors: 3, since: 23, compose: composeAttention},
	"RotaryEmbedding": {min: 3, max: 4, tensors: 4, since: 23, compose: composeRotaryEmbedding},
}
