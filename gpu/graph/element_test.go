package graph_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

func atOpset(t *testing.T, opset int) made {
	t.Helper()
	g, err := graph.New(graph.Config{Opset: opset})
	if err != nil {
		t.Fatal(err)
	}
	return made{t, g}
}

// leaf is an input of the type, named for its number.
func (m made) leaf(dt abi.DType, shape ...int64) abi.Value {
	m.Helper()
	v, err := m.g.Input(string(rune('a'+m.g.Len())), dt, shape)
	if err != nil {
		m.Fatal(err)
	}
	return v
}

func (m made) hold(dt abi.DType, b ...byte) abi.Value {
	m.Helper()
	shape := []int64{int64(len(b)) / dt.Size()}
	if shape[0] == 1 {
		shape = nil
	}
	v, err := m.g.ConstantBytes(dt, shape, b)
	if err != nil {
		m.Fatal(err)
	}
	return v
}

func TestFormsOfElementOperatorsAreThoseOfTheirOpset(t *testing.T) {
	float := func(name string, f float32) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrFloat, F: f} }
	number := func(name string, i int64) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrInt, I: i} }
	f32, i32, u8, i8, yes := abi.Float32, abi.Int32, abi.Uint8, abi.Int8, abi.Bool
	one, two := []byte{0, 0, 128, 63}, []byte{0, 0, 0, 64}
	for _, c := range []struct {
		what  string
		opset int
		op    string
		attrs []abi.Attr
		in    func(m made) []abi.Value
		want  string // in the error; "" for none
	}{
		{"broadcasting that is not asked for", 6, "Add", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3), m.leaf(f32, 3)} }, "broadcast is 0"},
		{"broadcasting at an axis", 6, "Mul", []abi.Attr{number("broadcast", 1), number("axis", 1)}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3, 4, 5), m.leaf(f32, 3, 4)} }, ""},
		{"broadcasting at the wrong axis", 6, "Sub", []abi.Attr{number("broadcast", 1), number("axis", 0)}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3, 4, 5), m.leaf(f32, 3, 4)} }, "at axis 0"},
		{"broadcasting past the last axis", 6, "Div", []abi.Attr{number("broadcast", 1), number("axis", 5)}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3, 4, 5), m.leaf(f32, 3, 4)} }, "axis 5"},
		{"broadcasting of the first operand", 6, "Add", []abi.Attr{number("broadcast", 1)}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 3), m.leaf(f32, 2, 3)} }, "broadcast to"},
		{"broadcasting on demand too late", 7, "Add", []abi.Attr{number("broadcast", 1)}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3), m.leaf(f32, 3)} }, "broadcast"},
		{"a slope for each channel", 6, "PRelu", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3, 4), m.leaf(f32, 3)} }, ""},
		{"what may be written over", 5, "Relu", []abi.Attr{{Name: "consumed_inputs", Type: abi.AttrInts, Ints: []int64{0}}}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2)} }, ""},
		{"what may be written over too late", 6, "Relu", []abi.Attr{{Name: "consumed_inputs", Type: abi.AttrInts, Ints: []int64{0}}}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2)} }, "consumed_inputs"},
		{"bounds as attributes", 6, "Clip", []abi.Attr{float("min", -1), float("max", 1)}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2)} }, ""},
		{"bounds as inputs too early", 10, "Clip", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2), m.hold(f32, one...)} }, "opset 11"},
		{"bounds as attributes too late", 11, "Clip", []abi.Attr{float("min", -1)}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2)} }, "min"},
		{"bounds of float64 as attributes too late", 11, "Clip", []abi.Attr{float("min", -1)}, func(m made) []abi.Value { return []abi.Value{m.leaf(abi.Float64, 2)} }, "min"},
		{"bounds of another type", 13, "Clip", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2), m.leaf(i32)} }, "int32"},
		{"bounds of many", 13, "Clip", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(i32, 2), m.leaf(i32, 2)} }, "one number"},
		{"integers too early", 13, "Relu", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(i32, 2)} }, "int32"},
		{"integers", 14, "Relu", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(i32, 2)} }, ""},
		{"what has no sign", 21, "Neg", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(u8, 2)} }, "uint8"},
		{"a missing operand", 21, "Max", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2), 0, m.leaf(f32, 2)} }, "input 1"},
		{"sums of integers", 21, "Sum", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(i32, 2)} }, "int32"},
		{"two types", 21, "Mean", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2), m.leaf(abi.Float64, 2)} }, "float64"},
		{"remainders of floats by floor", 21, "Mod", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2), m.leaf(f32, 2)} }, "fmod"},
		{"a power of booleans", 21, "Pow", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2), m.leaf(yes, 2)} }, "bool"},
		{"a slope that widens", 21, "PRelu", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2), m.leaf(f32, 3, 2)} }, "broadcast"},
		{"a slope of integers that widens", 21, "PRelu", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(i32, 2), m.leaf(i32, 3, 2)} }, "broadcast"},
		{"order of booleans", 21, "LessOrEqual", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(yes, 2), m.leaf(yes, 2)} }, "bool"},
		{"logic of numbers", 21, "And", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(i8, 2), m.leaf(i8, 2)} }, "bool"},
		{"bits of floats", 21, "BitwiseXor", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2), m.leaf(f32, 2)} }, "integer"},
		{"a shift without direction", 21, "BitShift", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(u8, 2), m.leaf(u8, 2)} }, "direction"},
		{"a shift of signed numbers", 21, "BitShift", []abi.Attr{{Name: "direction", Type: abi.AttrString, S: "LEFT"}}, func(m made) []abi.Value { return []abi.Value{m.leaf(i32, 2), m.leaf(i32, 2)} }, "uint8"},
		{"NaN of integers", 21, "IsNaN", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(i32, 2)} }, "int32"},
		{"an attribute of another", 21, "Elu", []abi.Attr{float("beta", 1)}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2)} }, "beta"},
		{"training without dropping", 13, "Dropout", nil, func(m made) []abi.Value {
			return []abi.Value{m.leaf(f32, 2), m.hold(f32, 0, 0, 0, 0), m.hold(yes, 1)}
		}, ""},
		{"training", 13, "Dropout", nil, func(m made) []abi.Value {
			return []abi.Value{m.leaf(f32, 2), m.hold(f32, one...), m.hold(yes, 1)}
		}, "training_mode"},
		{"a test long ago", 6, "Dropout", []abi.Attr{number("is_test", 1), float("ratio", 0.5)}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2)} }, ""},
		{"training long ago", 6, "Dropout", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2)} }, "is_test"},
		{"the ratio as attribute", 11, "Dropout", []abi.Attr{float("ratio", 0.5)}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2)} }, ""},
		{"the ratio as attribute too late", 12, "Dropout", []abi.Attr{float("ratio", 0.5)}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2)} }, "ratio"},

		{"an axis too early", 10, "QuantizeLinear", []abi.Attr{number("axis", 1)}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2), m.hold(f32, one...)} }, "axis"},
		{"scales that do not fit", 13, "QuantizeLinear", nil, func(m made) []abi.Value {
			return []abi.Value{m.leaf(f32, 2, 3), m.hold(f32, append(one, two...)...)}
		}, "along axis 1"},
		{"zero points that do not fit", 13, "QuantizeLinear", nil, func(m made) []abi.Value {
			return []abi.Value{m.leaf(f32, 2, 3), m.hold(f32, one...), m.hold(u8, 1, 2, 3)}
		}, "inputs 1 and 2"},
		{"blocks", 21, "DequantizeLinear", []abi.Attr{number("block_size", 2)}, func(m made) []abi.Value { return []abi.Value{m.leaf(u8, 2), m.hold(f32, one...)} }, "block_size"},
		{"to integers that there are not", 21, "QuantizeLinear", []abi.Attr{number("output_dtype", 5)}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2), m.hold(f32, one...)} }, "dtype(5)"},
		{"to int8", 21, "QuantizeLinear", []abi.Attr{number("output_dtype", 3)}, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2), m.hold(f32, one...)} }, ""},
		{"floats", 21, "DequantizeLinear", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2), m.hold(f32, one...)} }, "float32"},
		{"a zero point of another type", 21, "DequantizeLinear", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(u8, 2), m.hold(f32, one...), m.hold(i8, 1)} }, "int8"},
		{"int32", 21, "MatMulInteger", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(i32, 2, 2), m.leaf(i8, 2, 2)} }, "int32"},
		{"inner dimensions", 21, "MatMulInteger", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(u8, 2, 2), m.leaf(i8, 3, 2)} }, "inner dimensions"},
		{"a zero point a row too few", 21, "MatMulInteger", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(u8, 3, 2), m.leaf(i8, 2, 2), m.leaf(u8, 2)} }, "input 2"},
		{"groups", 21, "ConvInteger", []abi.Attr{number("group", 3)}, func(m made) []abi.Value { return []abi.Value{m.leaf(u8, 1, 2, 4, 4), m.leaf(i8, 2, 2, 3, 3)} }, "group"},
		{"a vector of weights", 21, "ConvInteger", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(u8, 1, 2, 4, 4), m.leaf(i8, 2)} }, "input 1"},
		{"dynamic float64", 21, "DynamicQuantizeLinear", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(abi.Float64, 2)} }, "float64"},
	} {
		t.Run(c.op+"/"+c.what, func(t *testing.T) {
			m := atOpset(t, c.opset)
			_, err := m.g.Node(c.op, c.attrs, c.in(m))
			if c.want == "" {
				if err != nil {
					t.Errorf("Node = %v", err)
				}
				return
			}
			if !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.op) {
				t.Errorf("Node = %v; want Invalid that names %s and says %q", err, c.op, c.want)
			}
		})
	}
}

func TestWhatIsKnownStaysOneKernel(t *testing.T) {
	m := build(t, graph.Config{})
	x, two := m.input("x", 3), m.hold(abi.Float32, 0, 0, 0, 64)
	m.node("Pow", x, two)
	m.node("Clip", x, 0, two)
	m.node("Max", x, two)
	for op, want := range map[string]int{"Pow": 1, "Clip": 1, "Max": 1, "Power": 0, "Min": 0} {
		if n := m.count(op); n != want {
			t.Errorf("%d nodes of %s, want %d", n, op, want)
		}
	}
}

func TestMatricesOfIntegersAreOneProduct(t *testing.T) {
	m := build(t, graph.Config{})
	m.node("MatMulInteger", m.leaf(abi.Uint8, 3, 30000), m.leaf(abi.Int8, 30000, 2))
	if n, floats := m.count("IntegerProduct"), m.count("MatMul"); n != 1 || floats != 0 {
		t.Errorf("%d products of integers and %d of floats, want 1 and none", n, floats)
	}
}

func TestConvolutionsOfIntegersAreOneOperator(t *testing.T) {
	for _, c := range []struct {
		what         string
		x, w         []int64
		groups       int64
		whole, float int
	}{
		{"images", []int64{1, 300, 9, 9}, []int64{2, 300, 3, 3}, 1, 1, 0},
		{"groups", []int64{1, 4, 9, 9}, []int64{8, 2, 3, 3}, 2, 1, 0},
		{"rows", []int64{1, 4, 9}, []int64{8, 4, 3}, 1, 1, 0},
		{"volumes", []int64{1, 4, 5, 5, 5}, []int64{8, 4, 3, 3, 3}, 1, 1, 0},
		{"a channel each", []int64{1, 4, 9, 9}, []int64{4, 1, 3, 3}, 4, 0, 1},
	} {
		m := build(t, graph.Config{})
		group := []abi.Attr{{Name: "group", Type: abi.AttrInt, I: c.groups}}
		if _, err := m.g.Node("ConvInteger", group, []abi.Value{m.leaf(abi.Uint8, c.x...), m.leaf(abi.Int8, c.w...)}); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if whole, float := m.count("IntegerConv"), m.count("Conv"); whole != c.whole || float != c.float {
			t.Errorf("%s: %d convolutions of integers and %d of floats, want %d and %d", c.what, whole, float, c.whole, c.float)
		}
	}
}

func TestSmallProductsOfIntegersAreOneProduct(t *testing.T) {
	for _, c := range []struct{ k, products int64 }{{514, 1}, {515, 2}, {1028, 2}, {1029, 3}, {131584, 256}, {131585, 1}} {
		m := build(t, graph.Config{})
		m.node("MatMulInteger", m.leaf(abi.Uint8, 1, 1, c.k), m.leaf(abi.Int8, c.k, 1))
		if n := m.count("MatMul"); int64(n) != c.products {
			t.Errorf("of length %d it is %d products, want %d", c.k, n, c.products)
		}
	}
}
