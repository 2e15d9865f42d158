package graph

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// The operators of the leaves. Only OpConstant has an ONNX operator of that name.
const (
	OpInput    = "Input"
	OpParam    = "Param"
	OpConstant = "Constant"
)

// A Type is the element type and the shape of a value.
type Type struct {
	DType abi.DType `pb:"1"`
	Shape []int64   `pb:"2"`
}

func (t Type) String() string { return fmt.Sprintf("%v%v", t.DType, t.Shape) }

// Elements returns the number of elements; a scalar has one.
func (t Type) Elements() int64 {
	n := int64(1)
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Bytes returns the size of a value of the type.
func (t Type) Bytes() int64 { return t.Elements() * t.DType.Size() }

// Equal reports whether two types are the same.
func (t Type) Equal(u Type) bool { return t.DType == u.DType && slices.Equal(t.Shape, u.Shape) }

// check refuses types no engine computes with and shapes that overflow.
func (t Type) check() error {
	switch t.DType {
	case abi.Float32, abi.Float64, abi.Float16, abi.Int64, abi.Int32, abi.Int8, abi.Uint8, abi.Bool:
	default:
		return fmt.Errorf("element type %v is not supported: %w", t.DType, abi.Invalid)
	}
	_, err := abi.Elements(t.Shape)
	return err
}

// CheckType refuses element types no engine computes with and shapes that overflow.
func CheckType(dt abi.DType, shape []int64) error { return Type{dt, shape}.check() }

// A Node is a leaf, or an operator with its operands and decoded attributes.
type Node struct {
	Op    string
	Name  string      // of an input or parameter
	Index int         // of an input or parameter, in the order declared
	In    []abi.Value // zero is an optional operand left out
	Type
	Attrs Attrs
	Raw   []abi.Attr // the attributes as given, sorted by name
	Data  []byte     // of a constant, and of what is computed of constants: little-endian
	// Opaque marks a constant that the graph must not follow from.
	Opaque bool
	// Derived marks a node that Gradient added; it may be no ONNX operator.
	Derived bool
	Call    *Call  // the operator that it is part of, where that stands for several
	FLOPs   uint64 // of one run
	from    lineage
}

// A Call is an operator that others stand for: what it was given, and its results.
type Call struct {
	Op  string
	In  []abi.Value
	Raw []abi.Attr
	Out []abi.Value
}

// Attrs are the decoded attributes and constant operands of a node. An operator
// uses the fields that its entry in the table names; axes are never negative.
type Attrs struct {
	Axis      int       `pb:"1"` // Softmax, Concat, ArgMax, LayerNormalization, Gather
	Axes      []int     `pb:"2"` // reductions, ascending; Transpose: the permutation
	Starts    []int64   `pb:"3"` // Slice, one a dimension
	Steps     []int64   `pb:"4"` // Slice, one a dimension
	Shape     []int64   `pb:"5"` // the shape that an internal operator computes
	Alpha     float32   `pb:"6"` // Gemm, LeakyRelu and its like, Pow's exponent, Fill's value
	Beta      float32   `pb:"7"` // Gemm, Selu's gamma, HardSigmoid, Shrink's bias
	Low       float32   `pb:"8"` // Clip; IsInf: not zero if that infinity counts
	High      float32   `pb:"9"`
	Epsilon   float32   `pb:"10"` // normalisations
	TransA    bool      `pb:"11"` // Gemm, internal MatMul
	TransB    bool      `pb:"12"` // Gemm, internal MatMul
	Tanh      bool      `pb:"13"` // Gelu by tanh
	Truncate  bool      `pb:"14"` // Mod: the sign of the dividend
	Left      bool      `pb:"15"` // BitShift
	KeepDims  bool      `pb:"16"` // reductions
	Window    Window    `pb:"17"` // Conv and pools
	Reduction Reduction `pb:"18"` // losses
	Ignore    int64     `pb:"19"` // losses: the label that does not count
	HasIgnore bool      `pb:"20"`
	Bits      uint64    `pb:"21"` // ConstantOfShape, EyeLike, Pad: the element that fills, as it lies in memory
	K         int64     `pb:"22"` // EyeLike, Trilu: the diagonal
	Upper     bool      `pb:"23"` // Trilu; TopK: the largest
	Mode      string    `pb:"24"` // Pad; Scatter*: the reduction
	Batch     int       `pb:"25"` // GatherND: batch dimensions; ReverseSequence: the batch axis
	Exclusive bool      `pb:"26"` // CumSum
	Reverse   bool      `pb:"27"` // CumSum
	Resample  Resample  `pb:"28"` // Resize
	Roi       Roi       `pb:"29"` // RoiAlign
	Grid      Grid      `pb:"30"` // GridSample
	Cell      *Cell     `pb:"31"` // Recurrence
	Length    int64     `pb:"32"` // Fourier: of the transform
	Inverse   bool      `pb:"33"` // Fourier
	Spans     []Span    `pb:"34"` // MaxPoolIndex, one a dimension after N×C
	Square    bool      `pb:"35"` // Standardize: by the mean of squares
	Last      bool      `pb:"36"` // ArgMax and ArgMin: the last of equals; MaxPoolIndex: columns first
}

// A Span is how a window moves along one dimension. Out is how often.
type Span struct {
	Kernel   int64 `pb:"1"`
	Stride   int64 `pb:"2"`
	Dilation int64 `pb:"3"`
	Begin    int64 `pb:"4"`
	End      int64 `pb:"5"`
	Out      int64 `pb:"6"`
}

// reach is how many elements the window covers, with its gaps.
func (s Span) reach() int64 { return (s.Kernel-1)*s.Dilation + 1 }

// A Window is how a kernel moves over the last two dimensions of N×C×H×W.
type Window struct {
	Kernel   [2]int64 `pb:"1"`
	Stride   [2]int64 `pb:"2"`
	Dilation [2]int64 `pb:"3"`
	Pads     [4]int64 `pb:"4"` // top, left, bottom, right
	Group    int64    `pb:"5"` // Conv
	CountPad bool     `pb:"6"` // AveragePool: padding counts in the mean
}

// Reduction is how a loss reduces over the batch.
type Reduction uint8

// The reductions of ONNX losses.
const (
	ReduceMean Reduction = iota
	ReduceSum
	ReduceNone
)

// mulSat and addSat saturate, so that a cost is never small by overflow.
func mulSat(xs ...int64) uint64 {
	p := uint64(1)
	for _, x := range xs {
		hi, lo := bits.Mul64(p, uint64(x))
		if hi != 0 {
			return 1<<64 - 1
		}
		p = lo
	}
	return p
}

func addSat(a, b uint64) uint64 {
	s, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return 1<<64 - 1
	}
	return s
}
