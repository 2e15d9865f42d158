package cpu

// knownKernels: what follows from shapes.
var knownKernels = map[string]bind{
	"ConstantOfShape": bindFillBits,
	"Zeros":           bindFillBits,
	"EyeLike":         bindEyeLike,
}

// moveKernels: elements in other places, whatever their type.
var moveKernels = map[string]bind{
	"Pad":             bindPad,
	"Trilu":           bindTrilu,
	"ReverseSequence": bindReverseSequence,
	"Gather":          bindGather,
	"GatherElements":  bindGatherElements,
	"GatherND":        bindGatherND,
	"SliceGrad":       bindSliceGrad,
	"OneHotMask":      bindOneHotMask,
	"ScatterElements": bindScatterElements,
	"ScatterND":       bindScatterND,
	"CumSum":          bindCumSum,
	"TopKIndices":     bindTopKIndices,
}

// sampleKernels and sampleDoubles: between elements, and what adds up gradients.
var sampleKernels = map[string]bind{
	"GatherGrad":         bindGatherGrad[float32],
	"PadGrad":            bindPadGrad[float32],
	"Resample":           bindResample[float32],
	"ResampleGrad":       bindResampleGrad[float32],
	"RoiAlign":           bindRoiAlign[float32],
	"RoiAlignGrad":       bindRoiAlignGrad[float32],
	"GridSample":         bindGridSample[float32],
	"GridSampleGrad":     bindGridSampleGrad[float32],
	"GridSampleGradGrid": bindGridSampleGradGrid[float32],
}

var sampleDoubles = map[string]bind{
	"GatherGrad":         bindGatherGrad[float64],
	"PadGrad":            bindPadGrad[float64],
	"Resample":           bindResample[float64],
	"ResampleGrad":       bindResampleGrad[float64],
	"RoiAlign":           bindRoiAlign[float64],
	"RoiAlignGrad":       bindRoiAlignGrad[float64],
	"GridSample":         bindGridSample[float64],
	"GridSampleGrad":     bindGridSampleGrad[float64],
	"GridSampleGradGrid": bindGridSampleGradGrid[float64],
}
