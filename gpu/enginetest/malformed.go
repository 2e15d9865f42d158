package enginetest

import (
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// malformedForms are operators of windows, norms and sequences in forms that there
// are not. Each is refused by name and says what is wrong.
func malformedForms(t *testing.T, e abi.Engine) {
	f := func(shape ...int64) operand { return x(1, shape...) }
	for _, c := range []struct {
		what string
		op   opCase
		word string
	}{
		{"line as image", opCase{name: "MaxPool", attrs: attrs("kernel_shape", ints(2, 2)), in: []operand{f(1, 1, 5)}}, "kernel_shape"},
		{"no image", opCase{name: "AveragePool", attrs: attrs("kernel_shape", ints()), in: []operand{f(2, 3)}}, "N×C"},
		{"pads of one side", opCase{name: "AveragePool", attrs: attrs("kernel_shape", ints(2, 2), "pads", ints(1, 1)), in: []operand{f(1, 1, 5, 5)}}, "pads"},
		{"pool of bool", opCase{name: "MaxPool", attrs: attrs("kernel_shape", ints(1, 1)), in: []operand{fixed(abi.Bool, ints(1, 1, 1, 1), 1)}}, "bool"},
		{"transposed channels", opCase{name: "ConvTranspose", in: []operand{f(1, 3, 4, 4), f(2, 1, 2, 2)}}, "groups"},
		{"transposed bias", opCase{name: "ConvTranspose", in: []operand{f(1, 2, 4, 4), f(2, 3, 2, 2), f(2)}}, "input 2"},
		{"transposed away", opCase{name: "ConvTranspose", attrs: attrs("pads", ints(9, 9, 9, 9)), in: []operand{f(1, 1, 2, 2), f(1, 1, 2, 2)}}, "leaves nothing"},
		{"transposed beyond", opCase{name: "ConvTranspose", attrs: attrs("output_shape", ints(1<<24, 1<<24)), in: []operand{f(1, 1, 2, 2), f(1, 1, 2, 2)}}, "elements"},
		{"output shape", opCase{name: "ConvTranspose", attrs: attrs("output_shape", ints(3)), in: []operand{f(1, 1, 2, 2), f(1, 1, 2, 2)}}, "output_shape"},
		{"norm of p", opCase{name: "LpPool", attrs: attrs("kernel_shape", ints(1), "p", 0), in: []operand{f(1, 1, 2)}}, "p is 0"},
		{"unpooled shape", opCase{name: "MaxUnpool", attrs: attrs("kernel_shape", ints(2)), in: []operand{f(1, 1, 2), labels(ints(1, 1, 2), 0, 1), list(1, 1, 1)}}, "output_shape"},
		{"group count", opCase{name: "GroupNormalization", attrs: attrs("num_groups", 3), in: []operand{f(1, 4, 2), f(4), f(4)}}, "groups"},
		{"group scale", opCase{name: "GroupNormalization", attrs: attrs("num_groups", 2), in: []operand{f(1, 4, 2), f(2), f(4)}}, "input 1"},
		{"instance scale", opCase{name: "InstanceNormalization", in: []operand{f(1, 4, 2), f(4), f(2)}}, "input 2"},
		{"root mean square scale", opCase{name: "RMSNormalization", in: []operand{f(2, 4), f(3)}, opset: 23}, "input 1"},
		{"too early", opCase{name: "RMSNormalization", in: []operand{f(2, 4), f(4)}}, "opset 23"},
		{"neighbours", opCase{name: "LRN", in: []operand{f(1, 4, 2, 2)}}, "size"},
		{"norm", opCase{name: "LpNormalization", attrs: attrs("p", 3), in: []operand{f(2, 2)}}, "p is 3"},
		{"product of bool", opCase{name: "ReduceProd", in: []operand{fixed(abi.Bool, ints(2), 1, 0)}}, "bool"},
		{"largest of bool", opCase{name: "ReduceMax", in: []operand{fixed(abi.Bool, ints(2), 1, 0)}, opset: 18}, "bool"},
		{"product of bytes", opCase{name: "MatMul", in: []operand{fixed(abi.Int8, ints(1, 1), 1), fixed(abi.Int8, ints(1, 1), 1)}}, "int8"},
		{"equation", opCase{name: "Einsum", attrs: attrs("equation", "ij,jk->ik"), in: []operand{f(2, 2)}}, "equation"},
		{"equation rank", opCase{name: "Einsum", attrs: attrs("equation", "ij->i"), in: []operand{f(2, 2, 2)}}, "name the dimensions"},
		{"equation sizes", opCase{name: "Einsum", attrs: attrs("equation", "ij,jk->ik"), in: []operand{f(2, 3), f(2, 2)}}, "dimension"},
		{"equation letter", opCase{name: "Einsum", attrs: attrs("equation", "i1->i"), in: []operand{f(2, 3)}}, "no letter"},
		{"equation result", opCase{name: "Einsum", attrs: attrs("equation", "ij->ik"), in: []operand{f(2, 3)}}, "no operand"},
		{"equation twice", opCase{name: "Einsum", attrs: attrs("equation", "ij->ii"), in: []operand{f(2, 3)}}, "twice"},
		{"heads", opCase{name: "Attention", attrs: attrs("q_num_heads", 3, "kv_num_heads", 2), in: []operand{f(1, 2, 8), f(1, 2, 8), f(1, 2, 8)}, opset: 23}, "heads"},
		{"keys", opCase{name: "Attention", in: []operand{f(1, 2, 3, 4), f(1, 2, 3, 5), f(1, 2, 3, 4)}, opset: 23}, "do not fit"},
		{"mask", opCase{name: "Attention", in: []operand{f(1, 2, 3, 4), f(1, 2, 3, 4), f(1, 2, 3, 4), f(2, 3)}, opset: 23}, "input 3"},
		{"half a past", opCase{name: "Attention", in: []operand{f(1, 2, 3, 4), f(1, 2, 3, 4), f(1, 2, 3, 4), left(), f(1, 2, 1, 4)}, opset: 23}, "past"},
		{"angles", opCase{name: "RotaryEmbedding", in: []operand{f(1, 2, 3, 4), f(1, 3, 3), f(1, 3, 2)}, opset: 23}, "input 1"},
		{"turned", opCase{name: "RotaryEmbedding", attrs: attrs("rotary_embedding_dim", 3), in: []operand{f(1, 2, 3, 4), f(1, 3, 2), f(1, 3, 2)}, opset: 23}, "rotary_embedding_dim"},
		{"direction", opCase{name: "LSTM", attrs: attrs("direction", "up"), in: []operand{f(2, 1, 3), f(1, 8, 3), f(1, 8, 2)}}, "direction"},
		{"gates", opCase{name: "GRU", in: []operand{f(2, 1, 3), f(1, 8, 3), f(1, 8, 2)}}, "input 1"},
		{"activation", opCase{name: "RNN", attrs: attrs("activations", []string{"Sine"}), in: []operand{f(2, 1, 3), f(1, 2, 3), f(1, 2, 2)}}, "Sine"},
		{"activations", opCase{name: "LSTM", attrs: attrs("activations", []string{"Tanh"}), in: []operand{f(2, 1, 3), f(1, 8, 3), f(1, 8, 2)}}, "activations"},
		{"lengths", opCase{name: "RNN", in: []operand{f(2, 1, 3), f(1, 2, 3), f(1, 2, 2), left(), labels(ints(1), 2)}}, "input 4"},
		{"coupled", opCase{name: "GRU", attrs: attrs("input_forget", 1), in: []operand{f(2, 1, 3), f(1, 6, 3), f(1, 6, 2)}}, "input_forget"},
		{"parts as axis", opCase{name: "DFT", in: []operand{f(1, 4, 2), left(), list(-1)}}, "axis"},
		{"three parts", opCase{name: "DFT", in: []operand{f(1, 4, 3)}}, "one or two"},
		{"frames", opCase{name: "STFT", in: []operand{f(1, 4, 1), fixed(abi.Int64, nil, 2), left(), fixed(abi.Int64, nil, 9)}}, "frames"},
		{"step", opCase{name: "STFT", in: []operand{f(1, 4, 1), fixed(abi.Int64, nil, 0), left(), fixed(abi.Int64, nil, 2)}}, "input 1"},
		{"window", opCase{name: "HannWindow", in: []operand{fixed(abi.Int64, nil, 1<<40)}}, "input 0"},
		{"window of unknown size", opCase{name: "HannWindow", in: []operand{labels(nil, 3)}}, "constant"},
		{"bands", opCase{name: "MelWeightMatrix", in: []operand{fixed(abi.Int64, nil, 2), fixed(abi.Int64, nil, 8), fixed(abi.Int64, nil, 16), scalar(4), scalar(2)}}, "bands"},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, _, err := c.op.build(open(t, e, abi.Quota{}))
			wantKind(t, err, abi.Invalid, c.op.op(), c.word)
		})
	}
}
