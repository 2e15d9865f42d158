package cpu

// windowKernels: windows over images.
var windowKernels = map[string]bind{
	"Conv":              bindConv,
	"MaxPool":           bindMaxPool,
	"AveragePool":       bindAveragePool,
	"GlobalAveragePool": bindGlobalAveragePool,
}
