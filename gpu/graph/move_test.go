package graph_test

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// long is a constant vector of integers.
func (m made) long(list ...int64) abi.Value {
	m.Helper()
	var b []byte
	for _, i := range list {
		b = binary.LittleEndian.AppendUint64(b, uint64(i))
	}
	v, err := m.g.ConstantBytes(abi.Int64, []int64{int64(len(list))}, b)
	if err != nil {
		m.Fatal(err)
	}
	return v
}

func (m made) real(list ...float32) abi.Value {
	m.Helper()
	var b []byte
	for _, f := range list {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	v, err := m.g.ConstantBytes(abi.Float32, []int64{int64(len(list))}, b)
	if err != nil {
		m.Fatal(err)
	}
	return v
}

func TestWhatDoesNotMoveIsRefusedAndSaysWhy(t *testing.T) {
	integer := func(name string, i int64) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrInt, I: i} }
	integers := func(name string, i ...int64) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrInts, Ints: i} }
	text := func(name, s string) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrString, S: s} }
	list := func(a ...abi.Attr) []abi.Attr { return a }
	in := func(f func(m made) []abi.Value) func(m made) []abi.Value { return f }
	f32, i64 := abi.Float32, abi.Int64
	x := in(func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3)} })
	with := func(numbers ...int64) func(m made) []abi.Value {
		return func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3), m.long(numbers...)} }
	}
	image := func(more func(m made) []abi.Value) func(m made) []abi.Value {
		return func(m made) []abi.Value { return append([]abi.Value{m.leaf(f32, 1, 4, 4, 6)}, more(m)...) }
	}
	none := func(made) []abi.Value { return nil }
	for _, c := range []struct {
		what  string
		opset int
		op    string
		attrs []abi.Attr
		in    func(m made) []abi.Value
		want  string
	}{
		{"a shape that is computed", 21, "Reshape", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3), m.leaf(i64, 1)} }, "input 1 must be a constant"},
		{"two dimensions left open", 21, "Reshape", nil, with(-1, -1), "does not reshape"},
		{"a dimension of -2", 21, "Reshape", nil, with(-2, 3), "does not reshape"},
		{"nothing left open", 21, "Reshape", list(integer("allowzero", 1)), with(0, -1), "does not reshape"},
		{"allowzero too early", 13, "Reshape", list(integer("allowzero", 1)), with(2, 3), "allowzero"},
		{"part of a shape too early", 13, "Shape", list(integer("start", 1)), x, "start"},
		{"repeats of another rank", 21, "Tile", nil, with(2), "1 repeats"},
		{"pads of another rank", 21, "Pad", nil, with(1, 1), "2 pads"},
		{"more pads taken than there is", 21, "Pad", nil, with(-1, 0, -2, 0), "leave nothing"},
		{"a mode of padding", 21, "Pad", list(text("mode", "mirror")), with(0, 0, 0, 0), "mirror"},
		{"wrapping too early", 18, "Pad", list(text("mode", "wrap")), with(0, 0, 0, 0), "wrap"},
		{"axes of pads too early", 13, "Pad", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3), m.long(1, 1), 0, m.long(0)} }, "opset 18"},
		{"an axis padded twice", 18, "Pad", nil, func(m made) []abi.Value {
			return []abi.Value{m.leaf(f32, 2, 3), m.long(1, 1, 1, 1), 0, m.long(0, -2)}
		}, "twice"},
		{"the edge of nothing", 21, "Pad", list(text("mode", "edge")), func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 0), m.long(1, 1)} }, "nothing to pad with"},
		{"parts that do not add up", 21, "Split", nil, with(1, 2), "does not split"},
		{"a negative part", 21, "Split", nil, with(3, -1), "does not split"},
		{"parts as an attribute", 13, "Split", list(integers("split", 1, 1)), x, "attribute"},
		{"parts as an input", 11, "Split", nil, with(1, 1), "attribute before opset 13"},
		{"uneven parts too early", 13, "Split", list(integer("axis", 1), integer("num_outputs", 2)), x, "parts"},
		{"a block of nothing", 21, "DepthToSpace", list(integer("blocksize", 0)), image(none), "blocksize"},
		{"blocks that do not fit", 21, "SpaceToDepth", list(integer("blocksize", 4)), image(none), "divide"},
		{"an index of floating point", 21, "Gather", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3), m.leaf(f32, 1)} }, "int64 or int32"},
		{"elements of nothing", 21, "Gather", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 0, 3), m.leaf(i64, 2)} }, "has none"},
		{"indices of another rank", 21, "GatherElements", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3), m.leaf(i64, 2)} }, "indices of shape"},
		{"indices beside the tensor", 21, "GatherElements", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3), m.leaf(i64, 1, 4)} }, "dimension 1"},
		{"positions of too many numbers", 21, "GatherND", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3), m.leaf(i64, 1, 3)} }, "indices of shape"},
		{"batches that differ", 21, "GatherND", list(integer("batch_dims", 1)), func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3), m.leaf(i64, 3, 1)} }, "batch"},
		{"updates of another shape", 21, "ScatterElements", nil, func(m made) []abi.Value {
			return []abi.Value{m.leaf(f32, 2, 3), m.leaf(i64, 1, 3), m.leaf(f32, 3, 1)}
		}, "input 2"},
		{"a reduction too early", 16, "ScatterND", list(text("reduction", "max")), func(m made) []abi.Value {
			return []abi.Value{m.leaf(f32, 2, 3), m.leaf(i64, 1, 1), m.leaf(f32, 1, 3)}
		}, "opset 18"},
		{"an old name", 11, "Scatter", nil, func(m made) []abi.Value {
			return []abi.Value{m.leaf(f32, 2, 3), m.leaf(i64, 1, 3), m.leaf(f32, 1, 3)}
		}, "ScatterElements"},
		{"one value of two", 21, "OneHot", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(i64, 2), m.long(3), m.real(1)} }, "two values"},
		{"a condition that is computed", 21, "Compress", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3), m.leaf(abi.Bool, 2)} }, "must be a constant"},
		{"positions that are computed", 21, "NonZero", nil, x, "must be a constant"},
		{"more than there are", 21, "TopK", nil, with(4), "k is 4"},
		{"k as an input", 7, "TopK", nil, with(1), "attribute before opset 10"},
		{"a sum along an axis that is not there", 21, "CumSum", nil, with(2), "axis 2"},
		{"a row and no matrix", 21, "Trilu", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 3)} }, "matrices"},
		{"a range of nothing at a time", 21, "Range", nil, func(m made) []abi.Value { return []abi.Value{m.real(1), m.real(2), m.real(0)} }, "range"},
		{"sizes and scales", 21, "Resize", nil, image(func(m made) []abi.Value { return []abi.Value{0, m.real(1, 1, 2, 2), m.long(1, 4, 8, 12)} }), "both"},
		{"neither sizes nor scales", 21, "Resize", nil, image(none), "0 scales"},
		{"a scale of zero", 21, "Resize", nil, image(func(m made) []abi.Value { return []abi.Value{0, m.real(1, 1, 0, 2)} }), "scale"},
		{"a scale that is none", 21, "Resize", nil, image(func(m made) []abi.Value { return []abi.Value{0, m.real(1, 1, float32(math.NaN()), 2)} }), "scale"},
		{"a coordinate mode", 21, "Resize", list(text("coordinate_transformation_mode", "tf_half_pixel_for_nn")), image(func(m made) []abi.Value { return []abi.Value{0, m.real(1, 1, 2, 2)} }), "tf_half_pixel_for_nn"},
		{"antialiasing too early", 13, "Resize", list(integer("antialias", 1)), image(func(m made) []abi.Value { return []abi.Value{0, m.real(1, 1, 2, 2)} }), "antialias"},
		{"cubes too early", 10, "Resize", list(text("mode", "cubic")), image(func(m made) []abi.Value { return []abi.Value{m.real(1, 1, 2, 2)} }), "opset 11"},
		{"another old name", 13, "Upsample", nil, image(func(m made) []abi.Value { return []abi.Value{m.real(1, 1, 2, 2)} }), "Resize"},
		{"regions of three numbers", 21, "RoiAlign", nil, image(func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 1, 3), m.leaf(i64, 1)} }), "R×4"},
		{"a grid of three numbers", 21, "GridSample", nil, image(func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 1, 2, 2, 3)} }), "N×h×w×2"},
		{"boxes that are computed", 21, "NonMaxSuppression", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 1, 2, 4), m.leaf(f32, 1, 1, 2)} }, "must be a constant"},
		{"lengths of another batch", 21, "ReverseSequence", nil, func(m made) []abi.Value { return []abi.Value{m.leaf(f32, 2, 3), m.leaf(i64, 2)} }, "int64[3]"},
	} {
		t.Run(c.what, func(t *testing.T) {
			m := atOpset(t, c.opset)
			_, err := m.g.Node(c.op, c.attrs, c.in(m))
			if !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.op) {
				t.Errorf("Node = %v; want Invalid that names %s and says %q", err, c.op, c.want)
			}
		})
	}
}
