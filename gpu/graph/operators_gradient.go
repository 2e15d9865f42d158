package graph

// gradientOperators exist only as parts of gradients: dy first, then what the
// forward operator read or gave.
var gradientOperators = table{
	"Fill":                          {internal: true, infer: inferFill, cost: perElement(1)},
	"PowGrad":                       {internal: true, min: 2, max: 2, over: true, infer: inferElementGrad, cost: perElement(20)},
	"AbsGrad":                       {internal: true, min: 2, max: 2, over: true, infer: inferElementGrad, cost: perElement(1)},
	"SqrtGrad":                      {internal: true, min: 2, max: 2, over: true, infer: inferElementGrad, cost: perElement(4)},
	"ReciprocalGrad":                {internal: true, min: 2, max: 2, over: true, infer: inferElementGrad, cost: perElement(3)},
	"ReluGrad":                      {internal: true, min: 2, max: 2, over: true, infer: inferElementGrad, cost: perElement(1)},
	"LeakyReluGrad":                 {internal: true, min: 2, max: 2, over: true, infer: inferElementGrad, cost: perElement(1)},
	"SigmoidGrad":                   {internal: true, min: 2, max: 2, over: true, infer: inferElementGrad, cost: perElement(3)},
	"TanhGrad":                      {internal: true, min: 2, max: 2, over: true, infer: inferElementGrad, cost: perElement(3)},
	"ErfGrad":                       {internal: true, min: 2, max: 2, over: true, infer: inferElementGrad, cost: perElement(12)},
	"GeluGrad":                      {internal: true, min: 2, max: 2, over: true, infer: inferElementGrad, cost: perElement(24)},
	"SoftplusGrad":                  {internal: true, min: 2, max: 2, over: true, infer: inferElementGrad, cost: perElement(12)},
	"ClipGrad":                      {internal: true, min: 2, max: 2, over: true, infer: inferElementGrad, cost: perElement(2)},
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
