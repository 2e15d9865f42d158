package cpu

import "math"

// reduceKernels: reductions.
var reduceKernels = map[string]bind{
	"ReduceSum":       reduceOf(bindReduce(sumRun, false)),
	"ReduceMean":      reduceOf(bindReduce(sumRun, true)),
	"ReduceMax":       reduceOf(bindReduce(maxRun, false)),
	"ReduceMin":       reduceOf(bindReduce(minRun, false)),
	"ReduceProd":      reduceOf(bindReduce(prodRun, false)),
	"ReduceL1":        reduceOf(nil), // of float32 they are made of others
	"ReduceL2":        reduceOf(nil),
	"ReduceLogSum":    reduceOf(nil),
	"ReduceSumSquare": reduceOf(nil),
	"ReduceLogSumExp": reduceOf(floatReduce[float32]),
	"ArgMax":          bindArg,
	"ArgMin":          bindArg,
	"Softmax":         bindSoftmax(false),
	"LogSoftmax":      bindSoftmax(true),
	"Hardmax":         hardmax[float32],
}

func reduceOf(f32 bind) bind {
	return byType(f32, intReduce[int64], intReduce[int32], intReduce[int8], intReduce[uint8])
}

var minRun = fold{
	start: math.Inf(1),
	one: func(acc float64, x []float32, step int) float64 {
		for i := 0; i < len(x); i += step {
			acc = lesser(acc, float64(x[i]))
		}
		return acc
	},
	many: func(acc []float64, x []float32) {
		for i, v := range x {
			acc[i] = lesser(acc[i], float64(v))
		}
	},
}

var prodRun = fold{
	start: 1,
	one: func(acc float64, x []float32, step int) float64 {
		for i := 0; i < len(x); i += step {
			acc *= float64(x[i])
		}
		return acc
	},
	many: func(acc []float64, x []float32) {
		for i, v := range x {
			acc[i] *= float64(v)
		}
	},
}

// lesser is the smaller of both, or NaN where one is.
func lesser(acc, v float64) float64 {
	if v < acc || v != v {
		return v
	}
	return acc
}
