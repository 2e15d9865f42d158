package graph

// normOperators: normalisation.
var normOperators = table{
	"BatchNormalization": {min: 5, max: 5, tensors: 5, infer: inferBatchNorm, cost: perElement(2), grad: gradBatchNorm},
	"LayerNormalization": {min: 2, max: 3, tensors: 3, since: 17, infer: inferLayerNorm, cost: perElement(8), grad: gradLayerNorm},
}

// lossOperators: losses.
var lossOperators = table{
	"SoftmaxCrossEntropyLoss":   {min: 2, max: 3, tensors: 3, infer: inferLoss, cost: perOperand(14), grad: gradLoss("SoftmaxCrossEntropyLossGrad")},
	"NegativeLogLikelihoodLoss": {min: 2, max: 3, tensors: 3, infer: inferLoss, cost: perOperand(1), grad: gradLoss("NegativeLogLikelihoodLossGrad")},
}
