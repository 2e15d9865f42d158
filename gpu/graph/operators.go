package graph

// An operator is one row of the table: how many operands it takes, which of them
// must have elements, how its result type follows, what it costs, and how
// gradients flow back through it (nil: they do not).
type operator struct {
	min, max int // operands; those from min on are optional
	tensors  int // the first so many operands must have elements
	since    int // opset that introduced it, where that is after GuestOpset
	internal bool
	infer    func(*call) (Type, error)
	cost     func(n *Node, in []Type) uint64
	grad     gradRule
}

// operators lists every operator there is: reading it is knowing what a guest can
// compute. The internal ones at the end exist only as parts of gradients.
var operators = map[string]operator{
	// element by element
	"Add":        {min: 2, max: 2, tensors: 2, infer: inferArithmetic, cost: perElement(1), grad: gradAdd},
	"Sub":        {min: 2, max: 2, tensors: 2, infer: inferArithmetic, cost: perElement(1), grad: gradSub},
	"Mul":        {min: 2, max: 2, tensors: 2, infer: inferArithmetic, cost: perElement(1), grad: gradMul},
	"Div":        {min: 2, max: 2, tensors: 2, infer: inferArithmetic, cost: perElement(1), grad: gradDiv},
	"Pow":        {min: 2, max: 2, tensors: 2, infer: inferPow, cost: perElement(20), grad: gradOfInput("PowGrad")},
	"Neg":        {min: 1, max: 1, tensors: 1, infer: inferUnary, cost: perElement(1), grad: gradNeg},
	"Abs":        {min: 1, max: 1, tensors: 1, infer: inferUnary, cost: perElement(1), grad: gradOfInput("AbsGrad")},
	"Exp":        {min: 1, max: 1, tensors: 1, infer: inferUnary, cost: perElement(10), grad: gradExp},
	"Log":        {min: 1, max: 1, tensors: 1, infer: inferUnary, cost: perElement(10), grad: gradLog},
	"Sqrt":       {min: 1, max: 1, tensors: 1, infer: inferUnary, cost: perElement(4), grad: gradOfOutput("SqrtGrad")},
	"Reciprocal": {min: 1, max: 1, tensors: 1, infer: inferUnary, cost: perElement(4), grad: gradOfOutput("ReciprocalGrad")},
	"Relu":       {min: 1, max: 1, tensors: 1, infer: inferUnary, cost: perElement(1), grad: gradOfOutput("ReluGrad")},
	"LeakyRelu":  {min: 1, max: 1, tensors: 1, infer: inferLeakyRelu, cost: perElement(1), grad: gradOfInput("LeakyReluGrad")},
	"Sigmoid":    {min: 1, max: 1, tensors: 1, infer: inferUnary, cost: perElement(12), grad: gradOfOutput("SigmoidGrad")},
	"Tanh":       {min: 1, max: 1, tensors: 1, infer: inferUnary, cost: perElement(12), grad: gradOfOutput("TanhGrad")},
	"Erf":        {min: 1, max: 1, tensors: 1, infer: inferUnary, cost: perElement(12), grad: gradOfInput("ErfGrad")},
	"Gelu":       {min: 1, max: 1, tensors: 1, since: 20, infer: inferGelu, cost: perElement(16), grad: gradOfInput("GeluGrad")},
	"Softplus":   {min: 1, max: 1, tensors: 1, infer: inferUnary, cost: perElement(20), grad: gradOfInput("SoftplusGrad")},
	"Clip":       {min: 1, max: 3, tensors: 3, infer: inferClip, cost: perElement(2), grad: gradOfInput("ClipGrad")},
	"Equal":      {min: 2, max: 2, tensors: 2, infer: inferCompare, cost: perElement(1)},
	"Greater":    {min: 2, max: 2, tensors: 2, infer: inferCompare, cost: perElement(1)},
	"Less":       {min: 2, max: 2, tensors: 2, infer: inferCompare, cost: perElement(1)},
	"Where":      {min: 3, max: 3, tensors: 3, infer: inferWhere, cost: perElement(1), grad: gradWhere},
	"Cast":       {min: 1, max: 1, tensors: 1, infer: inferCast, cost: perElement(1)},

	// shape
	"Identity":  {min: 1, max: 1, tensors: 1, infer: inferSame, cost: free, grad: gradReshape},
	"Dropout":   {min: 1, max: 3, tensors: 1, infer: inferDropout, cost: free, grad: gradReshape},
	"Flatten":   {min: 1, max: 1, tensors: 1, infer: inferFlatten, cost: free, grad: gradReshape},
	"Reshape":   {min: 1, max: 2, tensors: 1, infer: inferReshape, cost: free, grad: gradReshape},
	"Squeeze":   {min: 1, max: 2, tensors: 1, infer: inferSqueeze, cost: free, grad: gradReshape},
	"Unsqueeze": {min: 1, max: 2, tensors: 1, infer: inferUnsqueeze, cost: free, grad: gradReshape},
	"Expand":    {min: 1, max: 2, tensors: 1, infer: inferExpand, cost: perElement(1), grad: gradExpand},
	"Transpose": {min: 1, max: 1, tensors: 1, infer: inferTranspose, cost: perElement(1), grad: gradTranspose},
	"Concat":    {min: 1, max: maxConcat, tensors: maxConcat, infer: inferConcat, cost: perElement(1), grad: gradConcat},
	"Slice":     {min: 1, max: 5, tensors: 1, infer: inferSlice, cost: perElement(1), grad: gradSlice},
	"Gather":    {min: 2, max: 2, tensors: 2, infer: inferGather, cost: perElement(1), grad: gradGather},

	// linear
	"MatMul": {min: 2, max: 2, tensors: 2, infer: inferMatMul, cost: costMatMul, grad: gradMatMul},
	"Gemm":   {min: 2, max: 3, tensors: 3, infer: inferGemm, cost: costGemm, grad: gradGemm},

	// windows over N×C×H×W
	"Conv":              {min: 2, max: 3, tensors: 3, infer: inferConv, cost: costConv, grad: gradConv},
	"MaxPool":           {min: 1, max: 1, tensors: 1, infer: inferMaxPool, cost: costPool, grad: gradMaxPool},
	"AveragePool":       {min: 1, max: 1, tensors: 1, infer: inferAveragePool, cost: costPool, grad: gradAveragePool},
	"GlobalAveragePool": {min: 1, max: 1, tensors: 1, infer: inferGlobalAveragePool, cost: perOperand(1), grad: gradGlobalAveragePool},

	// reductions
	"ReduceSum":  {min: 1, max: 2, tensors: 1, infer: inferReduce(13), cost: perOperand(1), grad: gradReduceSum},
	"ReduceMean": {min: 1, max: 2, tensors: 1, infer: inferReduce(18), cost: perOperand(1), grad: gradReduceMean},
	"ReduceMax":  {min: 1, max: 2, tensors: 1, infer: inferReduce(18), cost: perOperand(1), grad: gradReduceMax},
	"ArgMax":     {min: 1, max: 1, tensors: 1, infer: inferArgMax, cost: perOperand(1)},
	"Softmax":    {min: 1, max: 1, tensors: 1, infer: inferSoftmax, cost: perElement(14), grad: gradOfOutput("SoftmaxGrad")},
	"LogSoftmax": {min: 1, max: 1, tensors: 1, infer: inferSoftmax, cost: perElement(14), grad: gradOfOutput("LogSoftmaxGrad")},

	// normalisation
	"BatchNormalization": {min: 5, max: 5, tensors: 5, infer: inferBatchNorm, cost: perElement(2), grad: gradBatchNorm},
	"LayerNormalization": {min: 2, max: 3, tensors: 3, since: 17, infer: inferLayerNorm, cost: perElement(8), grad: gradLayerNorm},

	// losses
	"SoftmaxCrossEntropyLoss":   {min: 2, max: 3, tensors: 3, infer: inferLoss, cost: perOperand(14), grad: gradLoss("SoftmaxCrossEntropyLossGrad")},
	"NegativeLogLikelihoodLoss": {min: 2, max: 3, tensors: 3, infer: inferLoss, cost: perOperand(1), grad: gradLoss("NegativeLogLikelihoodLossGrad")},

	// parts of gradients: dy first, then what the forward operator read or gave
	"Fill":                          {internal: true, infer: inferFill, cost: perElement(1)},
	"PowGrad":                       {internal: true, min: 2, max: 2, infer: inferElementGrad, cost: perElement(20)},
	"AbsGrad":                       {internal: true, min: 2, max: 2, infer: inferElementGrad, cost: perElement(1)},
	"SqrtGrad":                      {internal: true, min: 2, max: 2, infer: inferElementGrad, cost: perElement(4)},
	"ReciprocalGrad":                {internal: true, min: 2, max: 2, infer: inferElementGrad, cost: perElement(3)},
	"ReluGrad":                      {internal: true, min: 2, max: 2, infer: inferElementGrad, cost: perElement(1)},
	"LeakyReluGrad":                 {internal: true, min: 2, max: 2, infer: inferElementGrad, cost: perElement(1)},
	"SigmoidGrad":                   {internal: true, min: 2, max: 2, infer: inferElementGrad, cost: perElement(3)},
	"TanhGrad":                      {internal: true, min: 2, max: 2, infer: inferElementGrad, cost: perElement(3)},
	"ErfGrad":                       {internal: true, min: 2, max: 2, infer: inferElementGrad, cost: perElement(12)},
	"GeluGrad":                      {internal: true, min: 2, max: 2, infer: inferElementGrad, cost: perElement(24)},
	"SoftplusGrad":                  {internal: true, min: 2, max: 2, infer: inferElementGrad, cost: perElement(12)},
	"ClipGrad":                      {internal: true, min: 2, max: 2, infer: inferElementGrad, cost: perElement(2)},
	"SoftmaxGrad":                   {internal: true, min: 2, max: 2, infer: inferElementGrad, cost: perElement(4)},
	"LogSoftmaxGrad":                {internal: true, min: 2, max: 2, infer: inferElementGrad, cost: perElement(14)},
	"SliceGrad":                     {internal: true, min: 1, max: 1, infer: inferShapeOf, cost: perElement(1)},
	"GatherGrad":                    {internal: true, min: 2, max: 2, infer: inferShapeOf, cost: costSum},
	"ConvGradX":                     {internal: true, min: 2, max: 2, infer: inferShapeOf, cost: costConvGradX},
	"ConvGradW":                     {internal: true, min: 2, max: 2, infer: inferShapeOf, cost: costConvGradW},
	"MaxPoolGrad":                   {internal: true, min: 2, max: 2, infer: inferShapeOf, cost: costPoolGrad},
	"AveragePoolGrad":               {internal: true, min: 1, max: 1, infer: inferShapeOf, cost: costPoolGrad},
	"ReduceMaxGrad":                 {internal: true, min: 2, max: 2, infer: inferShapeOf, cost: perElement(2)},
	"BatchNormalizationGradX":       {internal: true, min: 3, max: 3, infer: inferShapeOf, cost: perElement(2)},
	"BatchNormalizationGradScale":   {internal: true, min: 4, max: 4, infer: inferShapeOf, cost: costSum},
	"LayerNormalizationGradX":       {internal: true, min: 3, max: 3, infer: inferShapeOf, cost: perElement(16)},
	"LayerNormalizationGradScale":   {internal: true, min: 2, max: 2, infer: inferShapeOf, cost: costSum},
	"SoftmaxCrossEntropyLossGrad":   {internal: true, min: 3, max: 4, infer: inferShapeOf, cost: perElement(14)},
	"NegativeLogLikelihoodLossGrad": {internal: true, min: 3, max: 4, infer: inferShapeOf, cost: perElement(1)},
}

// maxConcat bounds the operands of Concat.
const maxConcat = 1024

func perElement(k int64) func(*Node, []Type) uint64 {
	return func(n *Node, _ []Type) uint64 { return mulSat(k, n.Elements()) }
}

func perOperand(k int64) func(*Node, []Type) uint64 {
	return func(_ *Node, in []Type) uint64 { return mulSat(k, in[0].Elements()) }
}

func free(*Node, []Type) uint64 { return 1 }

// costSum adds up result and operands: scatters and column sums touch all of them.
func costSum(n *Node, in []Type) uint64 {
	c := mulSat(n.Elements())
	for _, t := range in {
		c = addSat(c, mulSat(4, t.Elements()))
	}
	return c
}

// costMatMul is two operations a product; the inner dimension is the last of
// operand 0, before the transposition that only internal nodes ask for.
func costMatMul(n *Node, in []Type) uint64 {
	a := in[0].Shape
	k := a[len(a)-1]
	if n.Attrs.TransA {
		k = a[len(a)-2]
	}
	return mulSat(2, k, n.Elements())
}

func costGemm(n *Node, in []Type) uint64 {
	k := in[0].Shape[1]
	if n.Attrs.TransA {
		k = in[0].Shape[0]
	}
	c := mulSat(2, k, n.Elements())
	if len(in) > 2 {
		c = addSat(c, mulSat(2, n.Elements()))
	}
	return c
}

func costConv(n *Node, in []Type) uint64 {
	w := in[1].Shape
	c := mulSat(2, n.Elements(), w[1], w[2], w[3])
	if len(in) > 2 {
		c = addSat(c, mulSat(n.Elements()))
	}
	return c
}

// costConvGradX counts the products of the transposed convolution: each element
// of dy (operand 0) meets each weight of its output channel.
func costConvGradX(_ *Node, in []Type) uint64 {
	w := in[1].Shape
	return mulSat(2, in[0].Elements(), w[1], w[2], w[3])
}

func costConvGradW(n *Node, in []Type) uint64 {
	return mulSat(2, in[0].Elements(), n.Shape[1], n.Shape[2], n.Shape[3])
}

func costPool(n *Node, _ []Type) uint64 {
	k := n.Attrs.Window.Kernel
	return mulSat(n.Elements(), k[0], k[1])
}

func costPoolGrad(n *Node, in []Type) uint64 {
	k := n.Attrs.Window.Kernel
	return addSat(mulSat(n.Elements()), mulSat(in[0].Elements(), k[0], k[1]))
}
