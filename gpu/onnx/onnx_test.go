package onnx_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/onnx"
	"google.golang.org/protobuf/encoding/protowire"
)

// A value is a parameter in memory: just what a file needs.
type value struct {
	shape []int64
	data  []byte
}

func (v *value) DType() abi.DType                { return abi.Float32 }
func (v *value) Shape() []int64                  { return v.shape }
func (v *value) Read(off int64, b []byte) error  { copy(b, v.data[off:]); return nil }
func (v *value) Write(off int64, b []byte) error { copy(v.data[off:], b); return nil }
func (v *value) Free()                           {}

func parse(b []byte) (*graph.Graph, error) {
	spent := int64(0)
	return onnx.Parse(context.Background(), b, onnx.Options{Graph: func(opset int) graph.Config {
		return graph.Config{Opset: opset, Nodes: 1000, Charge: func(n int64) error {
			if spent += n; spent > 1<<20 {
				return abi.Exhausted
			}
			return nil
		}}
	}, Param: func(_ abi.DType, shape []int64, data []byte) (abi.Tensor, error) {
		return &value{shape, bytes.Clone(data)}, nil
	}})
}

// msg writes a message: alternating field numbers and values.
func msg(parts ...any) []byte {
	var b []byte
	for i := 0; i < len(parts); i += 2 {
		num := protowire.Number(parts[i].(int))
		switch v := parts[i+1].(type) {
		case int:
			b = protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), uint64(v))
		case string:
			b = protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), v)
		case []byte:
			b = protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
		case float64:
			b = protowire.AppendFixed32(protowire.AppendTag(b, num, protowire.Fixed32Type), math.Float32bits(float32(v)))
		default:
			panic(fmt.Sprintf("%T", v))
		}
	}
	return b
}

func model(opset int, graph []byte) []byte {
	return msg(1, 8, 7, graph, 8, msg(1, "", 2, opset))
}

func node(op string, in []string, out string, attrs ...[]byte) []byte {
	var b []byte
	for _, s := range in {
		b = append(b, msg(1, s)...)
	}
	b = append(b, msg(2, out, 4, op)...)
	for _, a := range attrs {
		b = append(b, msg(5, a)...)
	}
	return msg(1, b)
}

// dim is a fixed dimension, or a symbolic one where it is a string.
func port(field int, name string, elem int, dims ...any) []byte {
	var shape []byte
	for _, d := range dims {
		switch d := d.(type) {
		case int:
			shape = append(shape, msg(1, msg(1, d))...)
		case string:
			shape = append(shape, msg(1, msg(2, d))...)
		}
	}
	return msg(field, msg(1, name, 2, msg(1, msg(1, elem, 2, shape))))
}

func initializer(parts ...any) []byte { return msg(5, msg(parts...)) }

func le(f ...float32) (b []byte) {
	for _, v := range f {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

// old is a file of opset 8: initialisers are inputs too, axes are attributes.
func old() []byte {
	return model(8, join(
		port(11, "x", 1, "N", 3),
		port(11, "w", 1, 3, 2),
		port(11, "shape", 7, 2),
		initializer(1, 3, 1, 2, 2, 1, 8, "w", 4, 1.0, 4, 2.0, 4, 3.0, 4, 4.0, 4, 5.0, 4, 6.0),
		initializer(1, 2, 2, 7, 8, "shape", 7, msg2(1, -1)),
		node("MatMul", []string{"x", "w"}, "h"),
		node("Reshape", []string{"h", "shape"}, "r"),
		node("ReduceSum", []string{"r"}, "s", msg(1, "axes", 8, 1, 20, 7), msg(1, "keepdims", 3, 1, 20, 2)),
		node("Clip", []string{"s"}, "y", msg(1, "min", 2, 0.0, 20, 1)),
		port(12, "y", 1, "N", 1),
	))
}

// msg2 is a packed list of integers.
func msg2(v ...int64) (b []byte) {
	for _, i := range v {
		b = protowire.AppendVarint(b, uint64(i))
	}
	return b
}

// young is a file of opset 21 with constants, a Dropout and an optional operand
// left out.
func young() []byte {
	return model(21, join(
		port(11, "x", 1, 2, 3),
		initializer(1, 2, 2, 7, 8, "axes", 9, le(0, 0, 0, 0)),
		initializer(2, 1, 8, "top", 9, le(6)),
		node("Constant", nil, "c", msg(1, "value", 5, msg(1, 3, 2, 1, 9, le(1, 2, 3)), 20, 4)),
		node("Add", []string{"x", "c"}, "s"),
		node("Clip", []string{"s", "", "top"}, "d"),
		node("Dropout", []string{"d"}, "y"),
		port(12, "y", 1, 2, 3),
	))
}

func TestAnOldFileIsRead(t *testing.T) {
	g, err := parse(old())
	if err != nil {
		t.Fatal(err)
	}
	in := g.Inputs()
	if len(in) != 1 || !slices.Equal(g.At(in[0]).Shape, []int64{1, 3}) {
		t.Fatalf("inputs are %v; want one of 1×3, its symbolic batch bound to 1", in)
	}
	p := g.Params()
	if len(p) != 1 || p[0].Name != "w" || !bytes.Equal(p[0].Tensor.(*value).data, le(1, 2, 3, 4, 5, 6)) {
		t.Errorf("parameters are %+v; want w with 1 to 6: integers are constants", p)
	}
	out := g.Outputs()
	if n := g.At(out[0].Value); out[0].Name != "y" || n.Op != "Clip" || n.Attrs.Low != 0 || !slices.Equal(n.Shape, []int64{1, 1}) {
		t.Errorf("output is %+v, %v", out, n)
	}
}

func TestWhatAnOperatorMustKnowIsAConstant(t *testing.T) {
	g, err := parse(young())
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Params()) != 0 {
		t.Errorf("parameters are %+v; want none: the bound of Clip is a constant", g.Params())
	}
	clip := g.At(g.At(g.Outputs()[0].Value).In[0])
	if clip.Op != "Clip" || clip.Attrs.High != 6 || !math.IsInf(float64(clip.Attrs.Low), -1) {
		t.Errorf("Clip has bounds %v and %v", clip.Attrs.Low, clip.Attrs.High)
	}
}

func TestWhatIsNotSupportedIsRefusedByName(t *testing.T) {
	x, y := port(11, "x", 1, 2, 3), port(12, "y", 1, 2, 3)
	relu := node("Relu", []string{"x"}, "y")
	for _, c := range []struct {
		what string
		file []byte
		word string
	}{
		{"operator", model(21, join(x, node("Frobnicate", []string{"x"}, "y"), y)), "Frobnicate"},
		{"operator of a domain", model(21, join(x, msg(1, msg(1, "x", 2, "y", 4, "Relu", 7, "com.microsoft")), y)), "com.microsoft"},
		{"element type", model(21, join(port(11, "x", 16, 2), relu, y)), "dtype(16)"},
		{"element type of an initialiser", model(21, join(x, initializer(1, 1, 2, 14, 8, "w", 9, make([]byte, 8)), relu, y)), "dtype(14)"},
		{"attribute", model(21, join(x, node("Relu", []string{"x"}, "y", msg(1, "slope", 3, 1, 20, 2)), y)), "slope"},
		{"graph attribute", model(21, join(x, node("If", []string{"x"}, "y", msg(1, "then_branch", 6, "", 20, 5)), y)), "else_branch"},
		{"reference attribute", model(21, join(x, node("Relu", []string{"x"}, "y", msg(1, "a", 21, "b", 20, 2)), y)), "reference"},
		{"tensor attribute", model(21, join(x, node("Relu", []string{"x"}, "y", msg(1, "t", 5, msg(1, 1, 2, 1, 9, le(1)), 20, 4)), y)), `"t"`},
		{"external data", model(21, join(x, initializer(1, 1, 2, 1, 8, "w", 13, msg(1, "location", 2, "../secret"), 14, 1), relu, y)), "external"},
		{"segments", model(21, join(x, initializer(1, 1, 2, 1, 8, "w", 3, ""), relu, y)), "segments"},
		{"sparse", model(21, join(x, msg(15, ""), relu, y)), "sparse"},
		{"functions", append(model(21, join(x, relu, y)), msg(25, "")...), "functions"},
		{"opset", model(6, join(x, node("LpPool", []string{"x"}, "y"), y)), "opset 7"},
		{"late opset", model(25, join(x, relu, y)), "opset 25"},
		{"no opset", msg(1, 8, 7, join(x, relu, y)), "opset"},
		{"no graph", msg(1, 8, 8, msg(2, 21)), "graph"},
		{"symbolic dimension", model(21, join(port(11, "x", 1, 2, "W"), relu, y)), "symbolic"},
		{"negative dimension", model(21, join(port(11, "x", 1, 2, -3), relu, y)), "dimension"},
		{"no shape", model(21, join(msg(11, msg(1, "x", 2, msg(1, msg(1, 1)))), relu, y)), "shape"},
		{"rank", model(21, join(port(11, "x", 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), relu, y)), "rank"},
		{"overflow", model(21, join(port(11, "x", 1, 1<<31, 1<<31), relu, y)), "elements"},
		{"short data", model(21, join(x, initializer(1, 3, 2, 1, 8, "w", 9, le(1)), relu, y)), "bytes"},
		{"long shape", model(21, join(x, initializer(1, 1<<39, 2, 1, 8, "w"), relu, y)), "elements"},
		{"initialiser twice", model(21, join(x, initializer(1, 1, 2, 1, 8, "w", 9, le(1)), initializer(1, 1, 2, 1, 8, "w", 9, le(1)), relu, y)), "taken"},
		{"value twice", model(21, join(x, relu, relu, y)), "twice"},
		{"order", model(21, join(x, node("Relu", []string{"later"}, "y"), y)), "later"},
		{"no result", model(21, join(x, msg(1, msg(1, "x", 4, "Relu")), y)), "result"},
		{"no output", model(21, join(x, relu)), "outputs"},
		{"missing output", model(21, join(x, relu, port(12, "z", 1, 2))), `"z"`},
		{"optional result that is read", model(9, join(x, msg(1, msg(1, "x", 2, "d", 2, "mask", 4, "Dropout")), node("Relu", []string{"mask"}, "y"), y)), "mask"},
		{"text", model(21, join(x, msg(1, msg(1, "\xff")), y)), "string"},
		{"long name", model(21, join(port(11, strings.Repeat("x", 2000), 1, 2), relu, y)), "string"},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, err := parse(c.file)
			if !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), c.word) {
				t.Errorf("Parse = %v; want Invalid that says %q", err, c.word)
			}
		})
	}
}

func TestConstantsOfAFileArePaidFor(t *testing.T) {
	big := initializer(1, 1<<18, 2, 7, 8, "w", 9, make([]byte, 8<<18))
	_, err := parse(model(21, join(port(11, "x", 1, 2), big, node("Relu", []string{"x"}, "y"), port(12, "y", 1, 2))))
	if !errors.Is(err, abi.Exhausted) {
		t.Errorf("Parse = %v; want Exhausted", err)
	}
}

func TestOutputsThatAreInputsAreWritten(t *testing.T) {
	g, err := parse(model(21, join(port(11, "x", 1, 2), node("Relu", []string{"x"}, "y"), node("Identity", []string{"x"}, "same"), port(12, "y", 1, 2), port(12, "same", 1, 2))))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Output("again", g.Outputs()[0].Value); err != nil {
		t.Fatal(err)
	}
	if err := g.Output("input", g.Inputs()[0]); err != nil {
		t.Fatal(err)
	}
	file, err := onnx.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	back, err := parse(file)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, o := range back.Outputs() {
		names = append(names, o.Name)
	}
	if !slices.Equal(names, []string{"y", "same", "again", "input"}) {
		t.Errorf("outputs are %v", names)
	}
}

// FuzzParse looks for files that crash the reader, that it reads differently the
// second time, or that it refuses with an error of no kind.
func FuzzParse(f *testing.F) {
	f.Add(old())
	f.Add(young())
	f.Add(old()[:40])
	f.Add([]byte{})
	f.Add(model(21, join(port(11, "x", 1, 1, 1, 4, 4), initializer(1, 1, 1, 1, 1, 2, 1, 2, 2, 1, 8, "w", 9, le(1, 2, 3, 4)),
		node("Conv", []string{"x", "w"}, "h", msg(1, "strides", 8, 2, 8, 2, 20, 7)),
		node("MaxPool", []string{"h"}, "y", msg(1, "kernel_shape", 8, msg2(1, 2), 20, 7)), port(12, "y", 1, 1))))
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := parse(b)
		if err != nil {
			if k := abi.KindOf(err); k != abi.Invalid && k != abi.Exhausted {
				t.Fatalf("Parse = %v of kind %v", err, k)
			}
			return
		}
		once, err := onnx.Marshal(g)
		if err != nil {
			t.Fatalf("Marshal = %v", err)
		}
		again, err := parse(once)
		if err != nil {
			t.Fatalf("Parse of what Marshal wrote = %v", err)
		}
		twice, err := onnx.Marshal(again)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("written again it is %d bytes, %v; want the same %d", len(twice), err, len(once))
		}
	})
}
