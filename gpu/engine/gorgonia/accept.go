package gorgonia

import (
	"fmt"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// accepted lists the operators that Gorgonia computes and differentiates right,
// each with what of it is not.
var accepted = map[string]func(n *graph.Node, in []graph.Type) string{
	"Add": floats, "Sub": floats, "Mul": floats, "Div": floats,
	"Neg": floats, "Abs": floats, "Exp": floats, "Log": floats, "Sqrt": floats, "Reciprocal": floats, "Pow": powers,
	"Relu": floats, "LeakyRelu": floats, "Sigmoid": floats, "Tanh": floats, "Softplus": floats,
	"Identity": anything, "Dropout": anything, "Flatten": shaped, "Reshape": shaped, "Squeeze": shaped, "Unsqueeze": shaped,
	"Transpose": floats, "Concat": floats, "Slice": steady,
	"MatMul": matrices, "Gemm": floats,
	"Conv": convolution, "MaxPool": pooling,
	"ReduceSum": floats, "ReduceMean": floats, "ReduceMax": oneAxis, "ArgMax": firstOf,
	"Softmax": floats, "LogSoftmax": floats,
	"BatchNormalization": floats, "LayerNormalization": floats,
	"SoftmaxCrossEntropyLoss": classes, "NegativeLogLikelihoodLoss": classes,
}

// Accept refuses an operator, as Invalid and by name, that Gorgonia has not, or
// not in this form, or not right.
func Accept(n *graph.Node, in []graph.Type) error {
	why := "it is not on the list of operators known to be right"
	if t := slices.IndexFunc(slices.Concat(in, []graph.Type{n.Type}), func(t graph.Type) bool { return !known(t.DType) }); t >= 0 {
		why = "element types are float32, integers and bool"
	} else if slices.ContainsFunc(in, func(t graph.Type) bool { return t.DType != 0 && t.Elements() == 0 }) {
		why = "an operand has no elements"
	} else if f, ok := accepted[n.Op]; ok {
		if why = f(n, in); why == "" {
			return nil
		}
	}
	return fmt.Errorf("gorgonia does not run %s: %s: %w", n.Op, why, abi.Invalid)
}

// Accepts reports whether some form of the operator is run.
func Accepts(op string) bool { return accepted[op] != nil }

// known reports whether dt is a type that a program here holds; a zero type is
// that of an operand left out.
func known(dt abi.DType) bool {
	switch dt {
	case 0, abi.Float32, abi.Int64, abi.Int32, abi.Uint8, abi.Bool:
		return true
	}
	return false
}

func anything(*graph.Node, []graph.Type) string { return "" }

func floats(_ *graph.Node, in []graph.Type) string {
	if in[0].DType != abi.Float32 {
		return fmt.Sprintf("element type %v", in[0].DType)
	}
	return ""
}

// powers takes no square root for the power of a half: that of -Inf is +Inf.
func powers(n *graph.Node, in []graph.Type) string {
	if n.Attrs.Alpha == 0.5 {
		return "a power of 0.5"
	}
	return floats(n, in)
}

func shaped(n *graph.Node, in []graph.Type) string {
	if len(n.Shape) == 0 || len(in[0].Shape) == 0 {
		return "a scalar is not reshaped"
	}
	return ""
}

func steady(n *graph.Node, in []graph.Type) string {
	if slices.ContainsFunc(n.Attrs.Steps, func(s int64) bool { return s != 1 }) {
		return fmt.Sprintf("steps %v", n.Attrs.Steps)
	}
	return floats(n, in)
}

func matrices(n *graph.Node, in []graph.Type) string {
	if why := floats(n, in); why != "" {
		return why
	}
	a, b := in[0].Shape, in[1].Shape
	switch {
	case len(a) == 2 && len(b) <= 2, len(a) == 1 && len(b) == 1, len(a) > 2 && len(b) == 2:
		return ""
	case len(a) == 3 && len(b) == 3 && a[0] == b[0]:
		return ""
	}
	return fmt.Sprintf("shapes %v and %v", a, b)
}

func symmetric(w graph.Window) string {
	if w.Pads[0] != w.Pads[2] || w.Pads[1] != w.Pads[3] {
		return fmt.Sprintf("padding %v differs between sides", w.Pads)
	}
	return ""
}

func convolution(n *graph.Node, _ []graph.Type) string {
	if n.Attrs.Window.Group != 1 {
		return fmt.Sprintf("group %d", n.Attrs.Window.Group)
	}
	return symmetric(n.Attrs.Window)
}

func pooling(n *graph.Node, in []graph.Type) string {
	if why := floats(n, in); why != "" {
		return why
	}
	w := n.Attrs.Window
	if w.Dilation != [2]int64{1, 1} {
		return fmt.Sprintf("dilation %v", w.Dilation)
	}
	for i := range 2 {
		if (in[0].Shape[2+i]+w.Pads[i]+w.Pads[i+2]-w.Kernel[i])/w.Stride[i]+1 != n.Shape[2+i] {
			return "ceil_mode"
		}
	}
	return symmetric(w)
}

func firstOf(n *graph.Node, in []graph.Type) string {
	if n.Attrs.Last {
		return "the last of equals"
	}
	return floats(n, in)
}

// oneAxis is a maximum along one axis, or all.
func oneAxis(n *graph.Node, in []graph.Type) string {
	if k := len(n.Attrs.Axes); k != 1 && k != len(in[0].Shape) {
		return fmt.Sprintf("axes %v of rank %d", n.Attrs.Axes, len(in[0].Shape))
	}
	return floats(n, in)
}

func classes(n *graph.Node, in []graph.Type) string {
	switch {
	case len(in[0].Shape) != 2:
		return fmt.Sprintf("scores of shape %v", in[0].Shape)
	case len(n.In) > 2 && n.In[2] != 0:
		return "weights"
	}
	return ""
}
