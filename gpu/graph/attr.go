package graph

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// maxAttrs bounds the attributes of a node, maxInts the elements of one.
const (
	maxAttrs = 32
	maxInts  = 1024
)

// attrs reads a node's attributes and remembers what nobody asked for, so that
// an attribute we would ignore is refused by name instead.
type attrs struct {
	list []abi.Attr // sorted by name
	used []bool
	err  error
}

func newAttrs(list []abi.Attr) (*attrs, error) {
	if len(list) > maxAttrs {
		return nil, fmt.Errorf("%d attributes, at most %d: %w", len(list), maxAttrs, abi.Invalid)
	}
	a := &attrs{list: slices.Clone(list), used: make([]bool, len(list))}
	slices.SortStableFunc(a.list, func(x, y abi.Attr) int { return cmp.Compare(x.Name, y.Name) })
	for i := range a.list {
		x := &a.list[i]
		if i > 0 && a.list[i-1].Name == x.Name {
			return nil, fmt.Errorf("attribute %q is given twice: %w", clip(x.Name), abi.Invalid)
		}
		if len(x.Ints) > maxInts || len(x.Floats) > maxInts {
			return nil, fmt.Errorf("attribute %q has more than %d elements: %w", clip(x.Name), maxInts, abi.Invalid)
		}
		x.Ints, x.Floats = slices.Clone(x.Ints), slices.Clone(x.Floats)
	}
	return a, nil
}

func (a *attrs) find(name string, t abi.AttrType) (abi.Attr, bool) {
	for i, x := range a.list {
		if x.Name != name {
			continue
		}
		a.used[i] = true
		if x.Type != t {
			a.fail("attribute %q has type %d, want %d", name, x.Type, t)
			return abi.Attr{}, false
		}
		return x, true
	}
	return abi.Attr{}, false
}

func (a *attrs) fail(format string, args ...any) {
	if a.err == nil {
		a.err = fmt.Errorf(format+": %w", append(args, abi.Invalid)...)
	}
}

func (a *attrs) int(name string, def int64) int64 {
	if x, ok := a.find(name, abi.AttrInt); ok {
		return x.I
	}
	return def
}

// flag is an integer attribute that is 0 or 1.
func (a *attrs) flag(name string, def int64) bool {
	i := a.int(name, def)
	if i != 0 && i != 1 {
		a.fail("%s is %d, want 0 or 1", name, i)
	}
	return i == 1
}

// only refuses an integer attribute with another value than the one supported.
func (a *attrs) only(name string, want int64) {
	if i := a.int(name, want); i != want {
		a.fail("%s is %d, supported is %d", name, i, want)
	}
}

func (a *attrs) float(name string, def float32) float32 {
	if x, ok := a.find(name, abi.AttrFloat); ok {
		return x.F
	}
	return def
}

func (a *attrs) string(name, def string) string {
	if x, ok := a.find(name, abi.AttrString); ok {
		return x.S
	}
	return def
}

func (a *attrs) ints(name string) ([]int64, bool) {
	x, ok := a.find(name, abi.AttrInts)
	return x.Ints, ok
}

// tensor is an attribute that is a tensor, or nil.
func (a *attrs) tensor(name string) *abi.Literal {
	x, _ := a.find(name, abi.AttrTensor)
	return x.Tensor
}

func (a *attrs) strings(name string) ([]string, bool) {
	x, ok := a.find(name, abi.AttrStrings)
	return x.Strings, ok
}

func (a *attrs) floats(name string) ([]float32, bool) {
	x, ok := a.find(name, abi.AttrFloats)
	return x.Floats, ok
}

// skip marks an attribute that changes nothing here as read.
func (a *attrs) skip(names ...string) {
	for i, x := range a.list {
		if slices.Contains(names, x.Name) {
			a.used[i] = true
		}
	}
}

// done reports the first wrong attribute, or one that the operator does not have.
func (a *attrs) done() error {
	if a.err != nil {
		return a.err
	}
	for i, used := range a.used {
		if !used {
			return fmt.Errorf("attribute %q is not supported: %w", clip(a.list[i].Name), abi.Invalid)
		}
	}
	return nil
}

// constantNode is the ONNX operator Constant with one of its value attributes.
func (g *Graph) constantNode(list []abi.Attr, inputs []abi.Value) (abi.Value, error) {
	if len(inputs) != 0 || len(list) != 1 {
		return 0, fmt.Errorf("graph: Constant: %d inputs and %d attributes, want 0 and 1: %w", len(inputs), len(list), abi.Invalid)
	}
	a, shape := list[0], []int64{}
	switch {
	case a.Name == "value" && a.Type == abi.AttrTensor && a.Tensor != nil:
		return g.ConstantBytes(a.Tensor.DType, a.Tensor.Shape, a.Tensor.Data)
	case a.Name == "value_float" && a.Type == abi.AttrFloat:
		a.Floats = []float32{a.F}
	case a.Name == "value_int" && a.Type == abi.AttrInt:
		a.Ints = []int64{a.I}
	case a.Name == "value_floats" && a.Type == abi.AttrFloats:
		shape = []int64{int64(len(a.Floats))}
	case a.Name == "value_ints" && a.Type == abi.AttrInts:
		shape = []int64{int64(len(a.Ints))}
	default:
		return 0, fmt.Errorf("graph: Constant: attribute %q of type %d is not supported: %w", clip(a.Name), a.Type, abi.Invalid)
	}
	if a.Type == abi.AttrFloat || a.Type == abi.AttrFloats {
		return g.ConstantBytes(abi.Float32, shape, floatBytes(a.Floats))
	}
	return g.ConstantBytes(abi.Int64, shape, intBytes(a.Ints))
}

func floatBytes(fs []float32) []byte {
	b := make([]byte, 0, 4*len(fs))
	for _, f := range fs {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return b
}

func intBytes(is []int64) []byte {
	b := make([]byte, 0, 8*len(is))
	for _, i := range is {
		b = binary.LittleEndian.AppendUint64(b, uint64(i))
	}
	return b
}
