package graph

// windowOperators: windows over N×C×H×W, and over N×C with other dimensions.
var windowOperators = table{
	"Conv":              {min: 2, max: 3, tensors: 3, infer: inferConv, cost: costConv, grad: gradConv, compose: when(notFlat, composeConv)},
	"ConvTranspose":     {min: 2, max: 3, tensors: 3, compose: composeConvTranspose},
	"MaxPool":           {min: 1, max: 1, tensors: 1, infer: inferMaxPool, cost: costPool, grad: gradMaxPool, compose: when(manyOrIndex, composeMaxPool)},
	"AveragePool":       {min: 1, max: 1, tensors: 1, infer: inferAveragePool, cost: costPool, grad: gradAveragePool, compose: when(beyondOrMany, composeAveragePool)},
	"LpPool":            {min: 1, max: 1, tensors: 1, compose: composeLpPool},
	"GlobalAveragePool": {min: 1, max: 1, tensors: 1, infer: inferGlobalAveragePool, cost: perOperand(1), grad: gradGlobalAveragePool, compose: when(notFlat, composeGlobalAveragePool)},
	"GlobalMaxPool":     {min: 1, max: 1, tensors: 1, compose: composeGlobalMaxPool},
	"GlobalLpPool":      {min: 1, max: 1, tensors: 1, compose: composeGlobalLpPool},
	"MaxUnpool":         {min: 2, max: 3, tensors: 2, compose: composeMaxUnpool},
	"MaxPoolIndex":      {internal: true, min: 1, max: 1, infer: inferMaxPoolIndex, cost: costMaxPoolIndex},
	"Unpool":            {internal: true, min: 2, max: 2, infer: inferShapeOf, cost: costSum},
}

func costMaxPoolIndex(n *Node, _ []Type) uint64 {
	c := mulSat(n.Elements())
	for _, s := range n.Attrs.Spans {
		c = mulSat(int64(min(c, 1<<62)), s.Kernel)
	}
	return c
}
