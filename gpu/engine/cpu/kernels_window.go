package cpu

// windowKernels: windows over images.
var windowKernels = map[string]bind{
	"Conv":              bindConv,
	"MaxPool":           bindMaxPool,
	"MaxPoolIndex":      largestAt.bind,
	"Unpool":            bindUnpool,
	"AveragePool":       bindAveragePool,
	"GlobalAveragePool": bindGlobalAveragePool,
}

// windowIntegers: the same of small integers.
var windowIntegers = map[string]bind{
	"MaxPool": typed{i8: plainMaxPool[int8], u8: plainMaxPool[uint8]}.bind,
}
