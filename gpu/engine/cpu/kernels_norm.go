package cpu

// normKernels: normalisation and losses.
var normKernels = map[string]bind{
	"BatchNormalization":        bindBatchNorm,
	"LayerNormalization":        bindLayerNorm,
	"Standardize":               bindStandardize,
	"SoftmaxCrossEntropyLoss":   bindLoss(true),
	"NegativeLogLikelihoodLoss": bindLoss(false),
}
