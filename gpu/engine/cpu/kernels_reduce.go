package cpu

import "math"

// reduceKernels: reductions.
var reduceKernels = map[string]bind{
	"ReduceSum":       bindReduce(sumRun, false),
	"ReduceMean":      bindReduce(sumRun, true),
	"ReduceMax":       bindReduce(maxRun, false),
	"ReduceMin":       bindReduce(minRun, false),
	"ReduceProd":      bindReduce(prodRun, false),
	"ReduceLogSumExp": floatReduce[float32],
	"ArgMax":          extreme.bind,
	"ArgMin":          extreme.bind,
	"Softmax":         bindSoftmax(false),
	"LogSoftmax":      bindSoftmax(true),
	"Hardmax":         hardmax[float32],
}

// reduceIntegers: the same of integers, and those that are made of others where they
// are of floats.
var reduceIntegers = map[string]bind{
	"ReduceSum":       wholeReduce.bind,
	"ReduceMean":      wholeReduce.bind,
	"ReduceMax":       wholeReduce.bind,
	"ReduceMin":       wholeReduce.bind,
	"ReduceProd":      wholeReduce.bind,
	"ReduceL1":        wholeReduce.bind,
	"ReduceL2":        wholeReduce.bind,
	"ReduceLogSum":    wholeReduce.bind,
	"ReduceSumSquare": wholeReduce.bind,
	"ReduceLogSumExp": wholeReduce.bind,
}

var wholeReduce = typed{i64: intReduce[int64], i32: intReduce[int32], i8: intReduce[int8], u8: intReduce[uint8]}

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
