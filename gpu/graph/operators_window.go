package graph

// windowOperators: windows over N×C×H×W.
var windowOperators = table{
	"Conv":              {min: 2, max: 3, tensors: 3, infer: inferConv, cost: costConv, grad: gradConv},
	"MaxPool":           {min: 1, max: 1, tensors: 1, infer: inferMaxPool, cost: costPool, grad: gradMaxPool},
	"AveragePool":       {min: 1, max: 1, tensors: 1, infer: inferAveragePool, cost: costPool, grad: gradAveragePool},
	"GlobalAveragePool": {min: 1, max: 1, tensors: 1, infer: inferGlobalAveragePool, cost: perOperand(1), grad: gradGlobalAveragePool},
}
