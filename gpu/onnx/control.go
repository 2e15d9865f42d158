package onnx

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// control lists the operators whose attributes are graphs. They are resolved
// while the file is read: what runs has neither branches nor loops.
var control map[string]func(*parser, context.Context, *scope, nodeProto, []abi.Value) ([]abi.Value, error)

func init() { // the functions read nodes, which look here
	control = map[string]func(*parser, context.Context, *scope, nodeProto, []abi.Value) ([]abi.Value, error){
		"If": (*parser).branch, "Loop": (*parser).loop, "Scan": (*parser).scan,
	}
}

// maxIterations bounds how often the body of one Loop or Scan is added.
const maxIterations = 1 << 16

// bodyOf returns the graph that is the attribute of that name.
func (n nodeProto) bodyOf(name string) (*graphProto, error) {
	for _, a := range n.attrs {
		if a.Name == name && a.graph != nil {
			return a.graph, nil
		}
	}
	return nil, invalid("the graph %s is missing", name)
}

// int returns an integer attribute.
func (n nodeProto) int(name string, def int64) int64 {
	for _, a := range n.attrs {
		if a.Name == name && a.Type == abi.AttrInt {
			return a.I
		}
	}
	return def
}

// ints returns a list of n integers, each zero where the attribute is missing.
func (n nodeProto) ints(name string, count int) ([]int64, error) {
	for _, a := range n.attrs {
		if a.Name == name && a.Type == abi.AttrInts {
			if len(a.Ints) != count {
				return nil, invalid("%s has %d elements, want %d", name, len(a.Ints), count)
			}
			return a.Ints, nil
		}
	}
	return make([]int64, count), nil
}

// known returns the elements of v, which it settles where that helps, or the error
// that says that they must be known.
func (p *parser) known(v abi.Value, operand int, dt abi.DType) ([]byte, error) {
	var b []byte
	_, err := p.settled(func() (_ []abi.Value, err error) {
		b, err = p.peek(v, operand, dt)
		return nil, err
	})
	return b, err
}

// peek is known without settling anything.
func (p *parser) peek(v abi.Value, operand int, dt abi.DType) ([]byte, error) {
	n := p.g.At(v)
	if n.DType != dt || n.Elements() != 1 {
		return nil, invalid("input %d is %v, want one %v", operand, n.Type, dt)
	}
	if n.Data == nil {
		return nil, &graph.Unknown{Value: v, Operand: operand}
	}
	return n.Data, nil
}

// only returns the one result of an operator without attributes.
func (p *parser) only(op string, attrs []abi.Attr, in ...abi.Value) (abi.Value, error) {
	out, err := p.g.Node(op, attrs, in)
	if err != nil {
		return 0, err
	}
	return out[0], nil
}

func (p *parser) scalar(dt abi.DType, b []byte) (abi.Value, error) {
	return p.g.ConstantBytes(dt, []int64{}, b)
}

func int64Bytes(i int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(i)) }

func boolBytes(b bool) []byte {
	if b {
		return []byte{1}
	}
	return []byte{0}
}

// branch is If: the branch that is taken, where the condition is known; else both,
// and the choice between their results, which must be of the same types.
func (p *parser) branch(ctx context.Context, s *scope, n nodeProto, in []abi.Value) ([]abi.Value, error) {
	if len(in) != 1 || in[0] == 0 {
		return nil, invalid("%d inputs, want the condition", len(in))
	}
	yes, err := n.bodyOf("then_branch")
	if err != nil {
		return nil, err
	}
	no, err := n.bodyOf("else_branch")
	if err != nil {
		return nil, err
	}
	if _, err := p.peek(in[0], 0, abi.Bool); err == nil {
		return p.taken(ctx, s, in[0], yes, no)
	}
	a, err := p.body(ctx, s, yes, nil)
	if err != nil { // the condition may be what keeps this branch from running
		return p.taken(ctx, s, in[0], yes, no)
	}
	b, err := p.body(ctx, s, no, nil)
	if err != nil || len(a) != len(b) {
		return p.taken(ctx, s, in[0], yes, no)
	}
	for i := range a {
		if !p.g.At(a[i]).Type.Equal(p.g.At(b[i]).Type) {
			return p.taken(ctx, s, in[0], yes, no)
		}
	}
	choose := in[0]
	if len(p.g.At(choose).Shape) > 0 {
		if choose, err = p.only("Squeeze", nil, choose); err != nil {
			return nil, err
		}
	}
	out := make([]abi.Value, len(a))
	for i := range a {
		if out[i], err = p.only("Where", nil, choose, a[i], b[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// taken is the branch that runs, by a condition that must be known.
func (p *parser) taken(ctx context.Context, s *scope, cond abi.Value, yes, no *graphProto) ([]abi.Value, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	on, err := p.known(cond, 0, abi.Bool)
	if err != nil {
		return nil, err
	}
	if on[0] != 0 {
		return p.body(ctx, s, yes, nil)
	}
	return p.body(ctx, s, no, nil)
}

// loop is Loop, whose number of iterations must be known.
func (p *parser) loop(ctx context.Context, s *scope, n nodeProto, in []abi.Value) ([]abi.Value, error) {
	body, err := n.bodyOf("body")
	if err != nil {
		return nil, err
	}
	if len(in) < 2 {
		return nil, invalid("%d inputs, want 2 or more", len(in))
	}
	trips := int64(maxIterations + 1)
	if in[0] != 0 {
		b, err := p.known(in[0], 0, abi.Int64)
		if err != nil {
			return nil, err
		}
		trips = min(trips, int64(binary.LittleEndian.Uint64(b)))
	}
	cond, carried := in[1], append([]abi.Value(nil), in[2:]...)
	if len(body.inputs) != 2+len(carried) || len(body.outputs) < 1+len(carried) {
		return nil, invalid("the body has %d inputs and %d outputs for %d carried values", len(body.inputs), len(body.outputs), len(carried))
	}
	scans := make([][]abi.Value, len(body.outputs)-1-len(carried))
	for i := int64(0); i < trips; i++ {
		on := []byte{1}
		if cond != 0 {
			if on, err = p.known(cond, 1, abi.Bool); err != nil {
				return nil, err
			}
		}
		if on[0] == 0 {
			break
		}
		if i == maxIterations {
			return nil, invalid("more than %d iterations", maxIterations)
		}
		step, err := p.scalar(abi.Int64, int64Bytes(i))
		if err != nil {
			return nil, err
		}
		condIn := cond
		if condIn == 0 {
			if condIn, err = p.scalar(abi.Bool, boolBytes(true)); err != nil {
				return nil, err
			}
		}
		out, err := p.body(ctx, s, body, append([]abi.Value{step, condIn}, carried...))
		if err != nil {
			return nil, err
		}
		cond = out[0]
		copy(carried, out[1:])
		for k := range scans {
			scans[k] = append(scans[k], out[1+len(carried)+k])
		}
	}
	for k, list := range scans {
		v, err := p.stack(list, body.outputs[1+len(carried)+k], 0)
		if err != nil {
			return nil, err
		}
		carried = append(carried, v)
	}
	return carried, nil
}

// stack joins the values that the iterations gave along a new axis.
func (p *parser) stack(list []abi.Value, info infoProto, axis int64) (abi.Value, error) {
	if len(list) == 0 {
		dt, err := dtype(info.elem)
		if err != nil || !info.known {
			return 0, invalid("output %s of a body that never runs has no known type", quote(info.name))
		}
		shape := []int64{0}
		for _, d := range info.shape {
			shape = append(shape, max(d, 0))
		}
		return p.g.ConstantBytes(dt, shape, nil)
	}
	rows := make([]abi.Value, len(list))
	for i, v := range list {
		var err error
		if rows[i], err = p.unsqueeze(v, axis); err != nil {
			return 0, err
		}
	}
	return p.concat(rows, axis)
}

// concat joins values along an axis, however many there are.
func (p *parser) concat(list []abi.Value, axis int64) (abi.Value, error) {
	for len(list) > 1 {
		var next []abi.Value
		for i := 0; i < len(list); i += graph.MaxConcat {
			v, err := p.only("Concat", []abi.Attr{{Name: "axis", Type: abi.AttrInt, I: axis}}, list[i:min(len(list), i+graph.MaxConcat)]...)
			if err != nil {
				return 0, err
			}
			next = append(next, v)
		}
		list = next
	}
	return list[0], nil
}

func (p *parser) unsqueeze(v abi.Value, axis int64) (abi.Value, error) {
	return p.axesNode("Unsqueeze", v, axis)
}

// axesNode adds Squeeze or Unsqueeze in the form of the graph's opset.
func (p *parser) axesNode(op string, v abi.Value, axis int64) (abi.Value, error) {
	if p.g.Opset() < 13 {
		return p.only(op, []abi.Attr{{Name: "axes", Type: abi.AttrInts, Ints: []int64{axis}}}, v)
	}
	axes, err := p.g.ConstantBytes(abi.Int64, []int64{1}, int64Bytes(axis))
	if err != nil {
		return 0, err
	}
	return p.only(op, nil, v, axes)
}

// scan is Scan: of opset 9 and later, and that of opset 8, which runs once for
// each element of a batch.
func (p *parser) scan(ctx context.Context, s *scope, n nodeProto, in []abi.Value) ([]abi.Value, error) {
	body, err := n.bodyOf("body")
	if err != nil {
		return nil, err
	}
	batched := p.g.Opset() < 9
	if batched {
		if len(in) == 0 || in[0] != 0 {
			return nil, invalid("sequence_lens are not supported")
		}
		in = in[1:]
	}
	count := int(n.int("num_scan_inputs", 0))
	if count < 1 || count > len(in) || len(body.inputs) != len(in) || len(body.outputs) < len(in)-count {
		return nil, invalid("num_scan_inputs is %d of %d inputs; the body has %d inputs and %d outputs", count, len(in), len(body.inputs), len(body.outputs))
	}
	state, series := append([]abi.Value(nil), in[:len(in)-count]...), in[len(in)-count:]
	outs := len(body.outputs) - len(state)
	way := walk{body: body}
	directions := "scan_input_directions"
	if batched {
		directions = "directions"
	}
	for _, a := range []struct {
		name  string
		count int
		dst   *[]int64
	}{{"scan_input_axes", count, &way.inAxes}, {directions, count, &way.inBack}, {"scan_output_axes", outs, &way.outAxes}, {"scan_output_directions", outs, &way.outBack}} {
		if *a.dst, err = n.ints(a.name, a.count); err != nil {
			return nil, err
		}
	}
	if !batched {
		return p.walk(ctx, s, way, state, series)
	}
	shape := p.g.At(series[0]).Shape
	if len(shape) < 2 || shape[0] < 1 || shape[0] > maxIterations {
		return nil, invalid("input of shape %v, want a batch of sequences", shape)
	}
	results := make([][]abi.Value, len(body.outputs))
	for b := range shape[0] {
		var one [2][]abi.Value // of this element: state, and series
		for k, list := range [2][]abi.Value{state, series} {
			for _, v := range list {
				row, err := p.row(v, 0, b)
				if err != nil {
					return nil, err
				}
				one[k] = append(one[k], row)
			}
		}
		out, err := p.walk(ctx, s, way, one[0], one[1])
		if err != nil {
			return nil, err
		}
		for k, v := range out {
			results[k] = append(results[k], v)
		}
	}
	var out []abi.Value
	for k, list := range results {
		v, err := p.stack(list, body.outputs[k], 0)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// A walk is how a Scan goes over its inputs and lays out its outputs.
type walk struct {
	body                             *graphProto
	inAxes, inBack, outAxes, outBack []int64
}

// row takes what lies at an index of an axis.
func (p *parser) row(v abi.Value, axis, at int64) (abi.Value, error) {
	index, err := p.scalar(abi.Int64, int64Bytes(at))
	if err != nil {
		return 0, err
	}
	return p.only("Gather", []abi.Attr{{Name: "axis", Type: abi.AttrInt, I: axis}}, v, index)
}

// walk adds the iterations of a Scan and returns the last state and the outputs.
func (p *parser) walk(ctx context.Context, s *scope, way walk, state, series []abi.Value) ([]abi.Value, error) {
	state = slices.Clone(state)
	axes, length := slices.Clone(way.inAxes), int64(-1)
	for i, v := range series {
		shape := p.g.At(v).Shape
		if axes[i] < 0 {
			axes[i] += int64(len(shape))
		}
		if axes[i] < 0 || axes[i] >= int64(len(shape)) {
			return nil, invalid("scan_input_axes %v, input of shape %v", way.inAxes, shape)
		}
		if d := shape[axes[i]]; length >= 0 && d != length {
			return nil, invalid("inputs of %d and %d elements", length, d)
		} else if length = d; d > maxIterations {
			return nil, invalid("more than %d iterations", maxIterations)
		}
	}
	scans := make([][]abi.Value, len(way.outAxes))
	for t := range length {
		args := slices.Clone(state)
		for i, v := range series {
			at := t
			if way.inBack[i] != 0 {
				at = length - 1 - t
			}
			row, err := p.row(v, axes[i], at)
			if err != nil {
				return nil, err
			}
			args = append(args, row)
		}
		out, err := p.body(ctx, s, way.body, args)
		if err != nil {
			return nil, err
		}
		copy(state, out)
		for k := range scans {
			scans[k] = append(scans[k], out[len(state)+k])
		}
	}
	out := slices.Clone(state)
	for k, list := range scans {
		if way.outBack[k] != 0 {
			slices.Reverse(list)
		}
		axis := way.outAxes[k]
		if axis < 0 && len(list) > 0 {
			axis += int64(len(p.g.At(list[0]).Shape)) + 1
		}
		v, err := p.stack(list, way.body.outputs[len(state)+k], axis)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
