package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// types are the element types that there are, in the order of the table.
var types = []abi.DType{abi.Float32, abi.Float64, abi.Float16, abi.Int8, abi.Uint8, abi.Int32, abi.Int64, abi.Bool}

// A form is one way to write an operator, as an opset introduced it. Operands are
// separated by spaces: a letter for the type, the shape and, after =, the elements
// of a constant; "-" is one left out. T is the type in question; f, i, w, b, u and
// c are inputs, F, I, W, B, U and C constants of float32, int64, int32, bool,
// uint8 and int8.
type form struct {
	op       string
	opset    int
	attrs    string // name=value, where a value is 1, 1.5, text or a list 1,2
	operands string
	results  int
}

// A support is what the engine takes of one operator.
type support struct {
	opsets   []int       // of the forms that it takes
	missing  []int       // of those that it does not
	types    []abi.DType // that the latest form takes
	gradient bool        // by the first operand of floating point
}

// probe tries every form with every type.
func probe() map[string]support {
	all := map[string]support{}
	for _, f := range forms {
		s := all[f.op]
		var took []abi.DType
		for _, dt := range types {
			if f.build(dt, false) == nil {
				took = append(took, dt)
			}
		}
		if len(took) == 0 {
			s.missing = append(s.missing, f.opset)
		} else {
			s.opsets, s.types = append(s.opsets, f.opset), took
			s.gradient = f.build(abi.Float32, true) == nil
		}
		all[f.op] = s
	}
	return all
}

// build compiles a graph of the one operator with operands of type dt and, on
// demand, the gradient by the first of floating point.
func (f form) build(dt abi.DType, gradient bool) error {
	g, err := graph.New(graph.Config{Opset: f.opset, Accept: cpu.Accept, Eval: cpu.Eval})
	if err != nil {
		return err
	}
	var in []abi.Value
	var by abi.Value
	for i, o := range strings.Fields(f.operands) {
		v, err := f.operand(g, i, o, dt)
		if err != nil {
			return err
		}
		in = append(in, v)
		if by == 0 && v != 0 && g.At(v).Op == graph.OpInput && g.At(v).DType == abi.Float32 {
			by = v
		}
	}
	attrs, err := f.attributes(dt)
	if err != nil {
		return err
	}
	out, err := g.NodeResults(f.op, attrs, in, max(f.results, 1))
	if err != nil {
		return err
	}
	if gradient {
		return f.derive(g, out[0], by)
	}
	if err := g.Output("y", out[0]); err != nil {
		return err
	}
	p, err := graph.NewPlan(g, nil, cpu.Layout())
	if err != nil {
		return err
	}
	_, err = cpu.Compile(p, abi.Optimizer{}, 1)
	return err
}

// derive compiles the gradient of the sum of y by x.
func (f form) derive(g *graph.Graph, y, x abi.Value) error {
	if n := g.At(y); x == 0 || n.DType != abi.Float32 || n.Data != nil {
		return fmt.Errorf("%s has no result of floating point that depends on its input: %w", f.op, abi.Invalid)
	}
	loss := y
	if len(g.At(y).Shape) > 0 {
		out, err := g.Node("ReduceSum", []abi.Attr{{Name: "keepdims", Type: abi.AttrInt}}, []abi.Value{y})
		if err != nil {
			return err
		}
		loss = out[0]
	}
	d, err := g.Gradient(loss, []abi.Value{x})
	if err != nil {
		return err
	}
	if g.At(d[0]).Op == "Fill" {
		return fmt.Errorf("%s has gradient zero: %w", f.op, abi.Invalid)
	}
	if err := g.Output("d", d[0]); err != nil {
		return err
	}
	p, err := graph.NewPlan(g, nil, cpu.Layout())
	if err != nil {
		return err
	}
	_, err = cpu.Compile(p, abi.Optimizer{}, 1)
	return err
}

var letters = map[byte]abi.DType{'f': abi.Float32, 'i': abi.Int64, 'w': abi.Int32, 'b': abi.Bool, 'u': abi.Uint8, 'c': abi.Int8}

// operand adds operand i, written as o.
func (f form) operand(g *graph.Graph, i int, o string, dt abi.DType) (abi.Value, error) {
	if o == "-" {
		return 0, nil
	}
	o, list, constant := strings.Cut(o, "=")
	if letter := o[0]; letter != 'T' {
		dt = letters[letter|' ']
		constant = letter < 'a'
	}
	shape := []int64{}
	for _, d := range strings.FieldsFunc(o[1:], func(r rune) bool { return r == 'x' }) {
		n, err := strconv.ParseInt(d, 10, 64)
		if err != nil {
			return 0, err
		}
		shape = append(shape, n)
	}
	if !constant {
		return g.Input(fmt.Sprintf("x%d", i), dt, shape)
	}
	var data []byte
	for _, s := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return 0, err
		}
		data = encode(data, dt, v)
	}
	return g.ConstantBytes(dt, shape, data)
}

func encode(b []byte, dt abi.DType, v float64) []byte {
	switch dt {
	case abi.Float32:
		return binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
	case abi.Float64:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	case abi.Float16:
		return binary.LittleEndian.AppendUint16(b, graph.HalfBits(v))
	case abi.Int64:
		return binary.LittleEndian.AppendUint64(b, uint64(int64(v)))
	case abi.Int32:
		return binary.LittleEndian.AppendUint32(b, uint32(int32(v)))
	}
	return append(b, byte(int8(v)))
}

// attributes reads the list of attributes; the value T is the type in question.
func (f form) attributes(dt abi.DType) ([]abi.Attr, error) {
	var list []abi.Attr
	for _, s := range strings.Fields(f.attrs) {
		name, value, _ := strings.Cut(s, "=")
		a := abi.Attr{Name: name, Type: abi.AttrString, S: value}
		parts := strings.Split(strings.Trim(value, "[]"), ",")
		number := strings.IndexFunc(value, func(r rune) bool { return !strings.ContainsRune("[-0123456789.,]", r) }) < 0 && value != ""
		switch {
		case value == "T":
			a = abi.Attr{Name: name, Type: abi.AttrInt, I: int64(dt)}
		case !number:
		case value[0] == '[' && strings.Contains(value, "."):
			a = abi.Attr{Name: name, Type: abi.AttrFloats}
			for _, p := range parts {
				x, err := strconv.ParseFloat(p, 32)
				if err != nil {
					return nil, err
				}
				a.Floats = append(a.Floats, float32(x))
			}
		case value[0] == '[':
			a = abi.Attr{Name: name, Type: abi.AttrInts}
			for _, p := range parts {
				x, err := strconv.ParseInt(p, 10, 64)
				if err != nil {
					return nil, err
				}
				a.Ints = append(a.Ints, x)
			}
		case strings.Contains(value, "."):
			x, err := strconv.ParseFloat(value, 32)
			if err != nil {
				return nil, err
			}
			a = abi.Attr{Name: name, Type: abi.AttrFloat, F: float32(x)}
		default:
			x, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return nil, err
			}
			a = abi.Attr{Name: name, Type: abi.AttrInt, I: x}
		}
		list = append(list, a)
	}
	if f.op == "Constant" || f.op == "ConstantOfShape" {
		list = []abi.Attr{{Name: "value", Type: abi.AttrTensor, Tensor: &abi.Literal{DType: dt, Shape: []int64{1}, Data: make([]byte, dt.Size())}}}
	}
	return list, nil
}
