//go:build wasip1

package guest

import "github.com/cloister-ai/cloister/abi"

// Int is an attribute of one whole number.
func Int(name string, i int64) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrInt, I: i} }

// Float is an attribute of one number.
func Float(name string, f float32) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrFloat, F: f} }

// String is an attribute of text.
func String(name, s string) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrString, S: s} }

// IntList is an attribute of whole numbers.
func IntList(name string, ints ...int64) abi.Attr {
	return abi.Attr{Name: name, Type: abi.AttrInts, Ints: ints}
}

// Pads pads images by n on each side.
func Pads(n int64) abi.Attr { return IntList("pads", n, n, n, n) }

// Strides moves windows over images by n.
func Strides(n int64) abi.Attr { return IntList("strides", n, n) }

// Conv is the convolution of x [n, c, h, w] with weights w [m, c, kh, kw] and
// bias b [m] or None.
func (g *Graph) Conv(x, w, b Value, attrs ...abi.Attr) Value {
	in := []Value{x, w, b}
	if b == None {
		in = in[:2]
	}
	return g.one("Conv", in, attrs...)
}

// Relu is max(x, 0).
func (g *Graph) Relu(x Value) Value { return g.one("Relu", []Value{x}) }

// MaxPool takes the largest of each window of k by k, without overlap unless
// attrs say otherwise.
func (g *Graph) MaxPool(x Value, k int64, attrs ...abi.Attr) Value {
	all := []abi.Attr{IntList("kernel_shape", k, k)}
	strides := false
	for _, a := range attrs {
		strides = strides || a.Name == "strides"
	}
	if !strides {
		all = append(all, Strides(k))
	}
	return g.one("MaxPool", []Value{x}, append(all, attrs...)...)
}

// GlobalAveragePool is the mean of each channel: [n, c, h, w] to [n, c, 1, 1].
func (g *Graph) GlobalAveragePool(x Value) Value { return g.one("GlobalAveragePool", []Value{x}) }

// Flatten makes rows of x: [n, …] to [n, product of the rest].
func (g *Graph) Flatten(x Value) Value { return g.one("Flatten", []Value{x}) }

// Dense is x·wᵀ + b for x [n, in], w [out, in] and b [out] or None.
func (g *Graph) Dense(x, w, b Value) Value { return g.Gemm(x, w, b, Int("transB", 1)) }

// Gemm is the matrix product of a and b plus c, or None.
func (g *Graph) Gemm(a, b, c Value, attrs ...abi.Attr) Value {
	in := []Value{a, b, c}
	if c == None {
		in = in[:2]
	}
	return g.one("Gemm", in, attrs...)
}

// MatMul is the matrix product.
func (g *Graph) MatMul(a, b Value) Value { return g.one("MatMul", []Value{a, b}) }

// Add is a + b, broadcast.
func (g *Graph) Add(a, b Value) Value { return g.one("Add", []Value{a, b}) }

// Mul is a × b element by element, broadcast.
func (g *Graph) Mul(a, b Value) Value { return g.one("Mul", []Value{a, b}) }

// Softmax turns the last axis of x into probabilities.
func (g *Graph) Softmax(x Value) Value { return g.one("Softmax", []Value{x}, Int("axis", -1)) }

// Concat joins values along an axis.
func (g *Graph) Concat(axis int64, in ...Value) Value { return g.one("Concat", in, Int("axis", axis)) }
