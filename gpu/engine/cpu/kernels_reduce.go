package cpu

// reduceKernels: reductions.
var reduceKernels = map[string]bind{
	"ReduceSum":       reduceOf(bindReduce(sumRun, false)),
	"ReduceMean":      reduceOf(bindReduce(sumRun, true)),
	"ReduceMax":       reduceOf(bindReduce(maxRun, false)),
	"ReduceMin":       reduceOf(floatReduce[float32]),
	"ReduceProd":      reduceOf(floatReduce[float32]),
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
