package cpu

// windowKernels: windows over images.
var windowKernels = map[string]bind{
	"Conv":              bindConv,
	"MaxPool":           byType(bindMaxPool, plainMaxPool[int64], plainMaxPool[int32], plainMaxPool[int8], plainMaxPool[uint8]),
	"MaxPoolIndex":      bindMaxPoolIndex,
	"Unpool":            bindUnpool,
	"AveragePool":       bindAveragePool,
	"GlobalAveragePool": bindGlobalAveragePool,
}
