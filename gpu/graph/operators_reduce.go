package graph

// reduceOperators: reductions.
var reduceOperators = table{
	"ReduceSum":       {min: 1, max: 2, reads: 1, infer: inferReduce(13), cost: perOperand(1), grad: gradReduceSum},
	"ReduceMean":      {min: 1, max: 2, reads: 1, infer: inferReduce(18), cost: perOperand(1), grad: gradReduceMean},
	"ReduceMax":       {min: 1, max: 2, reads: 1, infer: inferReduce(18), cost: perOperand(1), grad: gradReduceMax},
	"ReduceMin":       {min: 1, max: 2, reads: 1, infer: inferReduce(18), cost: perOperand(1), grad: gradReduceMin},
	"ReduceProd":      {min: 1, max: 2, reads: 1, infer: inferReduce(18), cost: perOperand(1), grad: gradReduceProd},
	"ReduceLogSumExp": {min: 1, max: 2, reads: 1, infer: inferReduce(18), cost: perOperand(14), grad: gradReduceLogSumExp},
	"ReduceL1":        {min: 1, max: 2, reads: 1, infer: inferReduce(18), cost: perOperand(2), compose: when(floating, composeReduce(absolute, unchangedValue))},
	"ReduceL2":        {min: 1, max: 2, reads: 1, infer: inferReduce(18), cost: perOperand(2), compose: when(floating, composeReduce(square, squareRoot))},
	"ReduceLogSum":    {min: 1, max: 2, reads: 1, infer: inferReduce(18), cost: perOperand(2), compose: when(floating, composeReduce(unchangedValue, logarithm))},
	"ReduceSumSquare": {min: 1, max: 2, reads: 1, infer: inferReduce(18), cost: perOperand(2), compose: when(floating, composeReduce(square, unchangedValue))},
	"ArgMax":          {min: 1, max: 1, tensors: 1, infer: inferArg, cost: perOperand(1)},
	"ArgMin":          {min: 1, max: 1, tensors: 1, infer: inferArg, cost: perOperand(1)},
	"Softmax":         {min: 1, max: 1, tensors: 1, infer: inferSoftmax, cost: perElement(14), grad: gradOfOutput("SoftmaxGrad"), compose: when(rowsOfOld, composeSoftmax)},
	"LogSoftmax":      {min: 1, max: 1, tensors: 1, infer: inferSoftmax, cost: perElement(14), grad: gradOfOutput("LogSoftmaxGrad"), compose: when(rowsOfOld, composeSoftmax)},
	"Hardmax":         {min: 1, max: 1, tensors: 1, infer: inferSoftmax, cost: perElement(2), compose: when(rowsOfOld, composeSoftmax)},
}
