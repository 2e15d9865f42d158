package graph

// shapeOperators: shape.
var shapeOperators = table{
	"Identity":  {min: 1, max: 1, alias: true, moves: true, infer: inferSame, cost: free, grad: gradReshape},
	"Dropout":   {min: 1, max: 3, reads: 1, alias: true, moves: true, compose: composeDropout, infer: inferDropout, cost: free, grad: gradReshape},
	"Flatten":   {min: 1, max: 1, alias: true, moves: true, infer: inferFlatten, cost: free, grad: gradReshape},
	"Reshape":   {min: 1, max: 2, reads: 1, alias: true, moves: true, infer: inferReshape, cost: free, grad: gradReshape},
	"Squeeze":   {min: 1, max: 2, reads: 1, alias: true, moves: true, infer: inferSqueeze, cost: free, grad: gradReshape},
	"Unsqueeze": {min: 1, max: 2, reads: 1, alias: true, moves: true, infer: inferUnsqueeze, cost: free, grad: gradReshape},
	"Expand":    {min: 1, max: 2, reads: 1, moves: true, infer: inferExpand, cost: perElement(1), grad: gradExpand},
	"Transpose": {min: 1, max: 1, moves: true, infer: inferTranspose, cost: perElement(1), grad: gradTranspose},
	"Concat":    {min: 1, max: MaxConcat, moves: true, infer: inferConcat, cost: perElement(1), grad: gradConcat},
	"Slice":     {min: 1, max: 5, reads: 1, moves: true, infer: inferSlice, cost: perElement(1), grad: gradSlice},
}
