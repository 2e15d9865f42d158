package graph

// reduceOperators: reductions.
var reduceOperators = table{
	"ReduceSum":  {min: 1, max: 2, tensors: 1, reads: 1, infer: inferReduce(13), cost: perOperand(1), grad: gradReduceSum},
	"ReduceMean": {min: 1, max: 2, tensors: 1, reads: 1, infer: inferReduce(18), cost: perOperand(1), grad: gradReduceMean},
	"ReduceMax":  {min: 1, max: 2, tensors: 1, reads: 1, infer: inferReduce(18), cost: perOperand(1), grad: gradReduceMax},
	"ArgMax":     {min: 1, max: 1, tensors: 1, infer: inferArgMax, cost: perOperand(1)},
	"Softmax":    {min: 1, max: 1, tensors: 1, infer: inferSoftmax, cost: perElement(14), grad: gradOfOutput("SoftmaxGrad")},
	"LogSoftmax": {min: 1, max: 1, tensors: 1, infer: inferSoftmax, cost: perElement(14), grad: gradOfOutput("LogSoftmaxGrad")},
}
