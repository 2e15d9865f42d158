package graph

// knownOperators: what follows from shapes and known operands.
var knownOperators = table{
	"Shape":             {min: 1, max: 1, moves: true, infer: inferShape, cost: free},
	"Size":              {min: 1, max: 1, moves: true, infer: inferSize, cost: free},
	"ConstantOfShape":   {min: 1, max: 1, infer: inferConstantOfShape, cost: perElement(1)},
	"EyeLike":           {min: 1, max: 1, moves: true, infer: inferEyeLike, cost: perElement(1)},
	"Range":             {min: 3, max: 3, tensors: 3, infer: inferRange, cost: perElement(1)},
	"NonZero":           {min: 1, max: 1, moves: true, infer: inferNonZero, cost: perOperand(1)},
	"NonMaxSuppression": {min: 2, max: 5, infer: inferNonMaxSuppression, cost: perOperand(1)},
	"Unique":            {min: 1, max: 1, moves: true, compose: composeUnique},
}

// moveOperators: elements in other places.
var moveOperators = table{
	"Tile":            {min: 2, max: 2, moves: true, compose: composeTile},
	"Pad":             {min: 1, max: 4, moves: true, infer: inferPad, cost: perElement(1), grad: gradPad},
	"PadGrad":         {internal: true, min: 1, max: 1, infer: inferPadGrad, cost: perOperand(1)},
	"CenterCropPad":   {min: 2, max: 2, since: 18, moves: true, compose: composeCenterCropPad},
	"Split":           {min: 1, max: 2, moves: true, compose: composeSplit},
	"DepthToSpace":    {min: 1, max: 1, moves: true, compose: composeDepthToSpace},
	"SpaceToDepth":    {min: 1, max: 1, moves: true, compose: composeSpaceToDepth},
	"ReverseSequence": {min: 2, max: 2, moves: true, infer: inferReverseSequence, cost: perElement(1), grad: gradReverseSequence},
	"Trilu":           {min: 1, max: 2, reads: 1, moves: true, infer: inferTrilu, cost: perElement(1), grad: gradTrilu},
	"CumSum":          {min: 1, max: 2, reads: 1, infer: inferCumSum, cost: perElement(1), grad: gradCumSum},
	"TopK":            {min: 1, max: 2, moves: true, compose: composeTopK},
	"TopKIndices":     {internal: true, min: 1, max: 1, infer: inferTopKIndices, cost: perOperand(12)},
	"Zeros":           {internal: true, moves: true, infer: inferZeros, cost: perElement(1)},
}

// indexOperators: elements by number.
var indexOperators = table{
	"Gather":          {min: 2, max: 2, moves: true, infer: inferGather, cost: perElement(1), grad: gradGather},
	"GatherElements":  {min: 2, max: 2, moves: true, infer: inferGatherElements, cost: perElement(1), grad: gradGatherElements},
	"GatherND":        {min: 2, max: 2, moves: true, infer: inferGatherND, cost: perElement(1), grad: gradGatherND},
	"ScatterElements": {min: 3, max: 3, infer: inferScatterElements, cost: costSum, grad: gradScatter("GatherElements")},
	"ScatterND":       {min: 3, max: 3, infer: inferScatterND, cost: costSum, grad: gradScatter("GatherND")},
	"Scatter":         {min: 3, max: 3, compose: composeScatter},
	"OneHot":          {min: 3, max: 3, tensors: 1, moves: true, compose: composeOneHot},
	"OneHotMask":      {internal: true, min: 1, max: 1, infer: inferOneHotMask, cost: perElement(1)},
	"Compress":        {min: 2, max: 2, moves: true, compose: composeCompress},
}

// sampleOperators: images between their pixels.
var sampleOperators = table{
	"Resize":             {min: 1, max: 4, moves: true, compose: composeResize},
	"Upsample":           {min: 1, max: 2, moves: true, compose: composeResize},
	"Resample":           {internal: true, min: 1, max: 1, infer: inferResample, cost: costResample, grad: gradResample},
	"ResampleGrad":       {internal: true, min: 1, max: 1, infer: inferResample, cost: costResample},
	"RoiAlign":           {min: 3, max: 3, infer: inferRoiAlign, cost: costRoiAlign, grad: gradRoiAlign},
	"RoiAlignGrad":       {internal: true, min: 4, max: 4, infer: inferRoiAlignGrad, cost: costRoiAlign},
	"GridSample":         {min: 2, max: 2, since: 16, infer: inferGridSample, cost: perElement(32), grad: gradGridSample},
	"GridSampleGrad":     {internal: true, min: 3, max: 3, infer: inferGridSampleGrad, cost: costSum},
	"GridSampleGradGrid": {internal: true, min: 3, max: 3, infer: inferGridSampleGrad, cost: costSum},
}
