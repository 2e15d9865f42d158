package cpu

// shapeKernels: movement.
var shapeKernels = map[string]bind{
	"Expand":    bindExpand,
	"Transpose": bindTranspose,
	"Concat":    bindConcat,
	"Slice":     bindSlice,
}

// moveDoubles never look at elements, so they move float64 as well.
var moveDoubles = map[string]bind{
	"Expand":    bindExpand,
	"Transpose": bindTranspose,
	"Concat":    bindConcat,
	"Slice":     bindSlice,
	"Where":     bindWhere,
}
