package graph

// elementOperators: element by element.
var elementOperators = table{
	"Add":        {min: 2, max: 2, tensors: 2, over: true, infer: inferArithmetic, cost: perElement(1), grad: gradAdd},
	"Sub":        {min: 2, max: 2, tensors: 2, over: true, infer: inferArithmetic, cost: perElement(1), grad: gradSub},
	"Mul":        {min: 2, max: 2, tensors: 2, over: true, infer: inferArithmetic, cost: perElement(1), grad: gradMul},
	"Div":        {min: 2, max: 2, tensors: 2, over: true, infer: inferArithmetic, cost: perElement(1), grad: gradDiv},
	"Pow":        {min: 2, max: 2, tensors: 2, reads: 1, over: true, infer: inferPow, cost: perElement(20), grad: gradOfInput("PowGrad")},
	"Neg":        {min: 1, max: 1, tensors: 1, over: true, infer: inferUnary, cost: perElement(1), grad: gradNeg},
	"Abs":        {min: 1, max: 1, tensors: 1, over: true, infer: inferUnary, cost: perElement(1), grad: gradOfInput("AbsGrad")},
	"Exp":        {min: 1, max: 1, tensors: 1, over: true, infer: inferUnary, cost: perElement(10), grad: gradExp},
	"Log":        {min: 1, max: 1, tensors: 1, over: true, infer: inferUnary, cost: perElement(10), grad: gradLog},
	"Sqrt":       {min: 1, max: 1, tensors: 1, over: true, infer: inferUnary, cost: perElement(4), grad: gradOfOutput("SqrtGrad")},
	"Reciprocal": {min: 1, max: 1, tensors: 1, over: true, infer: inferUnary, cost: perElement(4), grad: gradOfOutput("ReciprocalGrad")},
	"Relu":       {min: 1, max: 1, tensors: 1, over: true, infer: inferUnary, cost: perElement(1), grad: gradOfOutput("ReluGrad")},
	"LeakyRelu":  {min: 1, max: 1, tensors: 1, over: true, infer: inferLeakyRelu, cost: perElement(1), grad: gradOfInput("LeakyReluGrad")},
	"Sigmoid":    {min: 1, max: 1, tensors: 1, over: true, infer: inferUnary, cost: perElement(12), grad: gradOfOutput("SigmoidGrad")},
	"Tanh":       {min: 1, max: 1, tensors: 1, over: true, infer: inferUnary, cost: perElement(12), grad: gradOfOutput("TanhGrad")},
	"Erf":        {min: 1, max: 1, tensors: 1, over: true, infer: inferUnary, cost: perElement(12), grad: gradOfInput("ErfGrad")},
	"Gelu":       {min: 1, max: 1, tensors: 1, since: 20, over: true, infer: inferGelu, cost: perElement(16), grad: gradOfInput("GeluGrad")},
	"Softplus":   {min: 1, max: 1, tensors: 1, over: true, infer: inferUnary, cost: perElement(20), grad: gradOfInput("SoftplusGrad")},
	"Clip":       {min: 1, max: 3, tensors: 3, reads: 1, over: true, infer: inferClip, cost: perElement(2), grad: gradOfInput("ClipGrad")},
	"Equal":      {min: 2, max: 2, tensors: 2, infer: inferCompare, cost: perElement(1)},
	"Greater":    {min: 2, max: 2, tensors: 2, infer: inferCompare, cost: perElement(1)},
	"Less":       {min: 2, max: 2, tensors: 2, infer: inferCompare, cost: perElement(1)},
	"Where":      {min: 3, max: 3, tensors: 3, moves: true, infer: inferWhere, cost: perElement(1), grad: gradWhere},
	"Cast":       {min: 1, max: 1, tensors: 1, moves: true, infer: inferCast, cost: perElement(1), grad: gradCast},
}
