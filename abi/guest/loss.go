package guest

import "github.com/cloister-ai/cloister/abi"

// The losses that ONNX has no operator of are compositions. They are functions of
// what adds a node, so that they can be held to their formulas without a host.

// An adder adds an operator with one result.
type adder[V any] func(op string, in []V, attrs ...abi.Attr) V

func (add adder[V]) mean(x V) V {
	return add("ReduceMean", []V{x}, abi.Attr{Name: "keepdims", Type: abi.AttrInt})
}

// meanSquare is the mean of (x - y)².
func (add adder[V]) meanSquare(x, y V) V {
	d := add("Sub", []V{x, y})
	return add.mean(add("Mul", []V{d, d}))
}

// binary is the mean of -y·log σ(x) - (1-y)·log(1-σ(x)), written as log(1+eˣ) - x·y,
// which no x makes infinite.
func (add adder[V]) binary(x, y V) V {
	return add.mean(add("Sub", []V{add("Softplus", []V{x}), add("Mul", []V{x, y})}))
}
