package cpu

// reduceKernels: reductions.
var reduceKernels = map[string]bind{
	"ReduceSum":  bindReduce(sumRun, false),
	"ReduceMean": bindReduce(sumRun, true),
	"ReduceMax":  bindReduce(maxRun, false),
	"ArgMax":     bindArgMax,
	"Softmax":    bindSoftmax(false),
	"LogSoftmax": bindSoftmax(true),
}
