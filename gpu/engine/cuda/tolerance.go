package cuda

// A tolerance is how far an element may be from the processor's, in units in the
// last place of either: of float32, and of float64.
type tolerance struct{ single, double float64 }

// tolerances lists the operators of elements whose results depend on how Go's
// package math computes on a processor: with fused multiply-adds or without. On
// amd64 with them the results are the same bits, as those of operators that are not
// listed are everywhere. What is large is where the function crosses zero.
//
// Apart from that, Go's assembly for amd64 takes denormal numbers for others in
// float64 logarithms, and has float64 exponentials overflow from 709.44 on. Here
// they are what they should be.
var tolerances = map[string]tolerance{
	"Exp": {0, 2}, "Log": {0, 2}, "Erf": {0, 4}, "Sigmoid": {0, 4}, "Tanh": {0, 4}, "Swish": {0, 4}, "Mish": {0, 4}, "Gelu": {1, 64},
	"Sin": {1, 4}, "Cos": {1, 4}, "Tan": {1, 4}, "Asin": {1, 4}, "Acos": {1, 4}, "Atan": {1, 4},
	"Sinh": {1, 4}, "Cosh": {1, 4}, "Asinh": {1, 4}, "Acosh": {1, 4}, "Atanh": {1, 4},
	"Elu": {1, 4}, "Celu": {1, 4}, "Selu": {1, 4}, "Softplus": {1, 4},
	"Pow": {1, 0}, "Power": {1, 16},

	"ErfGrad": {1, 8}, "SinGrad": {1, 4}, "CosGrad": {1, 4}, "TanGrad": {1, 8}, "SinhGrad": {1, 8}, "CoshGrad": {1, 8},
	"EluGrad": {1, 8}, "CeluGrad": {1, 8}, "SeluGrad": {1, 8}, "SoftplusGrad": {1, 8},
	"SwishGrad": {1, 1024}, "MishGrad": {1, 1024}, "GeluGrad": {1, 1024},
	"PowGrad": {1, 0}, "PowerGradBase": {1, 16}, "PowerGradExponent": {1, 16},
}
