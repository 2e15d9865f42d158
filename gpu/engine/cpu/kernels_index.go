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
	"ScatterElements": typed{scatterElements[float32], scatterElements[float64], scatterElements[int64], scatterElements[int32], scatterElements[int8], scatterElements[uint8]}.bind,
	"ScatterND":       typed{scatterND[float32], scatterND[float64], scatterND[int64], scatterND[int32], scatterND[int8], scatterND[uint8]}.bind,
	"CumSum":          typed{cumSum[float32, float64], cumSum[float64, float64], cumSum[int64, int64], cumSum[int32, int32], cumSum[int8, int8], cumSum[uint8, uint8]}.bind,
	"TopKIndices":     typed{topK[float32], topK[float64], topK[int64], topK[int32], topK[int8], topK[uint8]}.bind,
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
