package graph

// sequenceOperators: networks over sequences, and signals.
var sequenceOperators = table{
	"LSTM":            {min: 3, max: 8, tensors: 8, compose: composeRecurrent},
	"GRU":             {min: 3, max: 6, tensors: 6, compose: composeRecurrent},
	"RNN":             {min: 3, max: 6, tensors: 6, compose: composeRecurrent},
	"Recurrence":      {internal: true, min: 2, max: 7, infer: inferRecurrence, cost: costRecurrence},
	"DFT":             {min: 1, max: 3, tensors: 1, since: 17, compose: composeDFT},
	"STFT":            {min: 2, max: 4, tensors: 1, since: 17, compose: composeSTFT},
	"Fourier":         {internal: true, min: 1, max: 1, infer: inferFourier, cost: costFourier, grad: gradFourier},
	"HannWindow":      {min: 1, max: 1, since: 17, infer: inferTaper(0.5, 0.5, 0)},
	"HammingWindow":   {min: 1, max: 1, since: 17, infer: inferTaper(25.0/46, 21.0/46, 0)},
	"BlackmanWindow":  {min: 1, max: 1, since: 17, infer: inferTaper(0.42, 0.5, 0.08)},
	"MelWeightMatrix": {min: 5, max: 5, since: 17, infer: inferMelWeights},
}
