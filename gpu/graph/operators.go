package graph

import (
	"maps"

	"github.com/cloister-ai/cloister/abi"
)

// An operator is one row of the table: how many operands it takes, how its result
// type follows, what it costs, and how gradients flow back through it.
type operator struct {
	min, max int  // operands; those from min on are optional
	tensors  int  // the first so many operands must have elements
	since    int  // opset that introduced it, where that is after GuestOpset
	internal bool // only rules of this package add it
	reads    int  // operands whose elements the kernel reads, from the first on; 0 is all
	alias    bool // it only gives its operand another shape
	moves    bool // it takes float16 as it is; others compute with it as float32
	over     bool // it reads each element before it writes the one in the same place

	infer func(*call) (Type, error)
	cost  func(n *Node, in []Type) uint64
	grad  gradRule // nil: gradients do not flow
	// compose adds the operators that this one stands for and returns its results,
	// optional ones included. Where it returns none, infer makes one node of it.
	compose func(c *call, t *builder) ([]abi.Value, error)
}

// unchanged lists the operators that mean at opset 7 what they meant before.
var unchanged = map[string]bool{
	"Abs": true, "ArgMax": true, "ArgMin": true, "AveragePool": true, "BatchNormalization": true, "Cast": true, "Ceil": true, "Clip": true, "Conv": true, "ConvTranspose": true, "DepthToSpace": true,
	"Elu": true, "Exp": true, "Flatten": true, "Floor": true, "Gather": true, "Gemm": true, "GlobalAveragePool": true, "GlobalMaxPool": true,
	"HardSigmoid": true, "Hardmax": true, "Identity": true, "InstanceNormalization": true, "LRN": true, "LeakyRelu": true,
	"Log": true, "LogSoftmax": true, "MatMul": true, "Max": true, "MaxPool": true, "Mean": true, "Min": true, "Neg": true, "Not": true, "Reciprocal": true,
	"ReduceL1": true, "ReduceL2": true, "ReduceLogSum": true, "ReduceLogSumExp": true, "ReduceMax": true, "ReduceMean": true,
	"ReduceMin": true, "ReduceProd": true, "ReduceSum": true, "ReduceSumSquare": true, "Relu": true, "Selu": true,
	"Shape": true, "Sigmoid": true, "Size": true, "Slice": true, "Softmax": true, "Softplus": true, "Softsign": true,
	"SpaceToDepth": true, "Sqrt": true, "Squeeze": true, "Sum": true, "Tanh": true, "ThresholdedRelu": true, "Transpose": true, "Unsqueeze": true,
}

// older lists, with its opset, the form before opset 7 from which on other
// operators are understood.
var older = map[string]int{
	"Add": 1, "And": 1, "Concat": 4, "Constant": 1, "Div": 1, "Dropout": 1, "Equal": 1, "Greater": 1, "Less": 1, "Mul": 1, "Or": 1, "PRelu": 1, "Pad": 2,
	"Pow": 1, "Reshape": 1, "Split": 2, "Sub": 1, "Tile": 6, "TopK": 1, "Xor": 1,
}

type table map[string]operator

// when composes some forms of an operator, and leaves the others to its infer.
func when(form func(*call) bool, compose func(*call, *builder) ([]abi.Value, error)) func(*call, *builder) ([]abi.Value, error) {
	return func(c *call, t *builder) ([]abi.Value, error) {
		if !form(c) {
			return nil, nil
		}
		return compose(c, t)
	}
}

// operators lists every operator there is: reading its parts is knowing what a
// guest can compute.
var operators = join(elementOperators, quantOperators, shapeOperators, knownOperators, moveOperators, indexOperators, sampleOperators, linearOperators, windowOperators, reduceOperators, normOperators, lossOperators, sequenceOperators, gradientOperators)

func join(parts ...table) table {
	all := table{}
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return all
}

// MaxConcat bounds the operands of Concat.
const MaxConcat = 1024

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

func costIntegerConv(n *Node, in []Type) uint64 { return costConv(n, in[:2]) }

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
