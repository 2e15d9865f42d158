package graph

// quantOperators: between real numbers and small integers. Products of
// two matrices of integers and convolutions of them are operators of their own; stacks of
// matrices are composed of products of float32 that are exact.
var quantOperators = table{
	"QuantizeLinear":        {min: 2, max: 3, compose: composeQuantize, infer: inferQuantize, cost: perElement(3)},
	"DequantizeLinear":      {min: 2, max: 3, infer: inferDequantize, cost: perElement(2), grad: gradDequantize},
	"DynamicQuantizeLinear": {min: 1, max: 1, tensors: 1, compose: composeDynamicQuantize},
	"MatMulInteger":         {min: 2, max: 4, tensors: 4, compose: composeMatMulInteger},
	"ConvInteger":           {min: 2, max: 4, tensors: 4, compose: composeConvInteger},
	"IntegerConv":           {internal: true, min: 2, max: 4, tensors: 2, infer: inferIntegerConv, cost: costIntegerConv},
	"IntegerProduct":        {internal: true, min: 2, max: 4, tensors: 2, infer: inferIntegerProduct, cost: costMatMul},
	"QLinearMatMul":         {min: 8, max: 8, tensors: 8, compose: composeQLinearMatMul},
	"QLinearConv":           {min: 8, max: 9, tensors: 9, compose: composeQLinearConv},
}
