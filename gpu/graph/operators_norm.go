package graph

// normOperators: normalisation.
var normOperators = table{
	"BatchNormalization":        {min: 5, max: 5, tensors: 5, infer: inferBatchNorm, cost: perElement(2), grad: gradBatchNorm, compose: when(training, composeBatchNorm)},
	"LayerNormalization":        {min: 2, max: 3, tensors: 3, since: 17, infer: inferLayerNorm, cost: perElement(8), grad: gradLayerNorm, compose: when(moreThanOne, composeLayerNorm)},
	"InstanceNormalization":     {min: 3, max: 3, tensors: 3, compose: composeInstanceNorm},
	"GroupNormalization":        {min: 3, max: 3, tensors: 3, since: 18, compose: composeGroupNorm},
	"RMSNormalization":          {min: 2, max: 2, tensors: 2, since: 23, compose: composeRMSNorm},
	"MeanVarianceNormalization": {min: 1, max: 1, tensors: 1, since: 9, compose: composeMVN},
	"LpNormalization":           {min: 1, max: 1, tensors: 1, compose: composeLpNorm},
	"LRN":                       {min: 1, max: 1, tensors: 1, compose: composeLRN},
	"Standardize":               {internal: true, min: 1, max: 1, infer: inferStandardize, cost: perElement(8), grad: gradStandardize},
}

// lossOperators: losses.
var lossOperators = table{
	"SoftmaxCrossEntropyLoss":   {min: 2, max: 3, tensors: 3, infer: inferLoss, cost: perOperand(14), grad: gradLoss("SoftmaxCrossEntropyLossGrad"), compose: when(narrowOrLogs, composeLoss)},
	"NegativeLogLikelihoodLoss": {min: 2, max: 3, tensors: 3, infer: inferLoss, cost: perOperand(1), grad: gradLoss("NegativeLogLikelihoodLossGrad"), compose: when(narrowOrLogs, composeLoss)},
}
