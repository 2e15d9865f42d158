package abi

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// An Engine opens tensor sessions. It is safe for concurrent use. Every
// implementation passes gpu/enginetest.
type Engine interface {
	// Name is the engine's word in receipts and on the command line: "cpu".
	Name() string
	// Open returns a session bounded by q.
	Open(ctx context.Context, q Quota) (Session, error)
}

// A Quota bounds one session. Zero fields mean no bound.
type Quota struct {
	TensorBytes uint64 // bytes of tensors and arenas alive at once
	FLOPs       uint64 // floating-point operations over the whole session, by shape
	Nodes       uint32 // operators in one graph
}

// A Session is one job's graphs, programs and tensors. One goroutine uses it.
// Close frees everything it made. Objects of one session are Invalid in another.
//
// Errors: Invalid for a malformed request (the text names operator, value and
// limit), Exhausted when the quota is used up, and the context's cause when ctx
// ends. No error text contains an element of a tensor.
type Session interface {
	// NewTensor returns a tensor of zeros.
	NewTensor(dt DType, shape []int64) (Tensor, error)
	// NewGraph returns an empty graph that follows the given ONNX opset (13–24).
	NewGraph(opset int) (Graph, error)
	// ParseONNX returns the graph in an ONNX model file; initialisers become
	// parameters. An operator, type or attribute that is not supported is
	// refused here, by name. bind fixes what the file leaves open about inputs;
	// an input whose elements an operator must know, and bind does not give, is
	// an [*Unbound] error.
	ParseONNX(ctx context.Context, b []byte, bind ...Binding) (Graph, error)
	// Compile checks g, plans its memory and prices it. g may not change after.
	Compile(ctx context.Context, g Graph) (Program, error)
	// Trainer compiles one training step: forward, the gradient of loss (a
	// scalar value of g) by every parameter of g that is not frozen, and the
	// update of opt.
	Trainer(ctx context.Context, g Graph, loss Value, opt Optimizer) (Trainer, error)
	// Usage says what the session has used so far.
	Usage() Usage
	io.Closer
}

// A Binding fixes what a model file leaves open about one input.
type Binding struct {
	Name  string
	Shape []int64 // of the input, where the file's dimensions are symbolic
	// Data are the input's little-endian elements: it becomes a constant, and
	// is no input any more. Nil leaves it an input.
	Data []byte
}

// An Unbound error names the inputs whose elements must be known when the model
// is loaded, because the shape of something follows from them. It is Invalid.
type Unbound struct {
	Inputs []string
	Err    error // what needs them
}

func (u *Unbound) Error() string {
	return fmt.Sprintf("%v; it depends on the input %q, so that must be known when the model is loaded", u.Err, strings.Join(u.Inputs, ", "))
}

// Unwrap returns what needs the inputs.
func (u *Unbound) Unwrap() error { return u.Err }

// Usage is what a session consumed, by shape rather than by clock, so it is the
// same on every machine.
type Usage struct {
	FLOPs     uint64 // floating-point operations run
	Bytes     uint64 // tensor bytes alive now
	PeakBytes uint64 // the most alive at once
	Runs      uint64 // programs and training steps run
}

// A Tensor is a typed array in the engine's memory.
type Tensor interface {
	DType() DType
	Shape() []int64
	// Write copies little-endian elements from b, starting at byte off.
	Write(off int64, b []byte) error
	// Read copies little-endian elements into b, starting at byte off.
	Read(off int64, b []byte) error
	// Free gives the bytes back to the quota. A second Free does nothing.
	Free()
}

// A Value names the result of a node, an input, a parameter or a constant of
// one graph. Zero names nothing.
type Value uint32

// An Attr is one attribute of a node, as in ONNX: exactly one of the value
// fields is set, the one Type names.
type Attr struct {
	Name   string
	Type   AttrType
	I      int64
	F      float32
	S      string
	Ints   []int64
	Floats []float32
	// What follows stands in files only; a guest cannot pass it.
	Tensor  *Literal
	Strings []string
}

// A Literal is a tensor given as an attribute.
type Literal struct {
	DType DType
	Shape []int64
	Data  []byte // little-endian elements
}

// AttrType is ONNX's AttributeProto.AttributeType.
type AttrType uint8

// The attribute types. Graphs built by guests may not use AttrTensor and
// AttrStrings.
const (
	AttrFloat   AttrType = 1
	AttrInt     AttrType = 2
	AttrString  AttrType = 3
	AttrTensor  AttrType = 4
	AttrFloats  AttrType = 6
	AttrInts    AttrType = 7
	AttrStrings AttrType = 8
)

// A Graph is a static program: ONNX operators over named inputs and parameters.
// Types and shapes are inferred and checked as nodes are added, so a graph that
// was built is a graph that runs.
type Graph interface {
	// Input declares an input. Dimensions are fixed and at least one.
	Input(name string, dt DType, shape []int64) (Value, error)
	// Param declares a parameter whose value is t now and at every run; a
	// trainer updates t in place. Two graphs may share t.
	Param(name string, t Tensor) (Value, error)
	// Constant declares a value that no trainer changes. t is copied.
	// The graph may follow from its elements: shapes, axes, what is computed of
	// constants alone.
	Constant(t Tensor) (Value, error)
	// Opaque is Constant for elements that nothing of the graph may tell: an
	// operator that must know it is refused, and nothing is computed of it
	// before the run.
	Opaque(t Tensor) (Value, error)
	// Node adds an ONNX operator. A zero input means an optional input left out.
	Node(op string, attrs []Attr, inputs []Value) ([]Value, error)
	// Inline adds the operators of src, a graph of the same session, with inputs
	// in place of its inputs, and returns the values of its outputs. Its
	// parameters become this graph's and share their tensors.
	Inline(src Graph, inputs []Value) ([]Value, error)
	// FreezeParam keeps a parameter as it is in every trainer made from then on;
	// an empty name means every parameter there is.
	FreezeParam(name string) error
	// Output names v as the graph's next output.
	Output(name string, v Value) error
	// Gradient adds the nodes that compute d loss / d wrt, one value each; loss
	// has one element.
	Gradient(loss Value, wrt []Value) ([]Value, error)
	// Type returns the element type and shape of v.
	Type(v Value) (DType, []int64, error)
	// Params lists the parameters in the order they were declared.
	Params() []Param
	// MarshalONNX returns the graph, with the present values of its parameters,
	// as an ONNX model file. Equal graphs give equal bytes.
	MarshalONNX() ([]byte, error)
}

// A Param is a named parameter of a graph.
type Param struct {
	Name   string
	Tensor Tensor
}

// A Port is a named input or output of a program.
type Port struct {
	Name  string
	DType DType
	Shape []int64
}

// Cost is what one run of a program takes, known before the first.
type Cost struct {
	FLOPs    uint64 // floating-point operations by the definitions of operators, however an engine computes them
	Bytes    uint64 // arena bytes held while the program exists, an optimizer's state and transformed weights among them
	Read     uint64 // tensor bytes that the kernels take, each operand once a kernel
	Written  uint64 // tensor bytes that the kernels give
	Launches uint32 // kernels
}

// A Program is a compiled graph.
type Program interface {
	Cost() Cost
	Inputs() []Port
	Outputs() []Port
	// Run computes the outputs from in, one tensor an input in the order they
	// were declared. The outputs are new tensors of the caller's.
	Run(ctx context.Context, in []Tensor) ([]Tensor, error)
	// Close frees the program's arena.
	Close() error
}

// An Optimizer says how parameters follow their gradients. Formulas are those
// of ai.onnx.preview.training (Momentum, Adam) and, for AdamW, of Loshchilov
// and Hutter, arXiv 1711.05101.
type Optimizer struct {
	Kind         OptimizerKind
	LearningRate float32
	Momentum     float32 // SGD only; 0 is plain SGD
	Beta1, Beta2 float32 // Adam, AdamW; zero means 0.9 and 0.999
	Epsilon      float32 // Adam, AdamW; zero means 1e-8
	WeightDecay  float32 // SGD, Adam: added to the gradient; AdamW: decoupled
	ClipNorm     float32 // global gradient norm bound; zero means none
}

// OptimizerKind is an update rule. Append only.
type OptimizerKind uint8

// The update rules.
const (
	SGD OptimizerKind = iota + 1
	Adam
	AdamW
)

// A Trainer is a compiled training step. It owns its optimizer's state.
type Trainer interface {
	Program
	// SetLearningRate changes the learning rate from the next Run on. Run does
	// one step and returns the graph's outputs as they were before the update.
	SetLearningRate(lr float32) error
}
