package graph

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// reduceAxes decodes what every reduction has, whose axes became an input with the
// given opset: which axes, and whether they stay as ones.
func (c *call) reduceAxes(since int) (axes []int, keep bool, err error) {
	if !(c.in[0].DType == abi.Bool && (c.n.Op == "ReduceMax" || c.n.Op == "ReduceMin") && c.g.cfg.Opset >= 20) {
		if err := c.numbers(0); err != nil {
			return nil, false, err
		}
	}
	s := c.in[0].Shape
	list, ok, err := c.axes(since)
	if err != nil {
		return nil, false, err
	}
	set, err := axisSet(list, len(s))
	if err != nil {
		return nil, false, err
	}
	noop := (c.internal() || c.g.cfg.Opset >= since) && c.attrs.flag("noop_with_empty_axes", 0)
	if c.internal() && ok {
		noop = true
	}
	if (!ok || len(set) == 0) && !noop {
		for i := range s {
			if !slices.Contains(set, i) {
				set = append(set, i)
			}
		}
	}
	return set, c.attrs.flag("keepdims", 1), nil
}

// inferReduce returns the rule of a reduction whose axes became an input with
// the given opset.
func inferReduce(since int) func(*call) (Type, error) {
	return func(c *call) (Type, error) {
		set, keep, err := c.reduceAxes(since)
		if err != nil {
			return Type{}, err
		}
		c.n.Attrs.Axes, c.n.Attrs.KeepDims = set, keep
		t := Type{c.in[0].DType, reduced(c.in[0].Shape, set, keep)}
		if c.in[0].Elements() == 0 && t.check() == nil {
			if c.value, err = c.ofNothing(t); err != nil {
				return Type{}, err
			}
		}
		return t, nil
	}
}

// ofNothing is what the reduction of no elements gives.
func (c *call) ofNothing(t Type) ([]byte, error) {
	if t.Elements() > maxKnown/8 {
		return nil, invalid("%v of no elements is too large", t)
	}
	v := 0.0
	switch c.n.Op {
	case "ReduceProd":
		v = 1
	case "ReduceMean":
		v = math.NaN()
	case "ReduceMax", "ReduceLogSum", "ReduceLogSumExp":
		v = math.Inf(-1)
	case "ReduceMin":
		v = math.Inf(1)
	}
	var out []byte
	for range t.Elements() {
		out = appendNumber(out, t.DType, v)
	}
	return out, nil
}

// appendNumber appends one element of the type; what an integer cannot hold is the
// nearest that it can, and NaN zero.
func appendNumber(b []byte, dt abi.DType, v float64) []byte {
	switch dt {
	case abi.Float32:
		return binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
	case abi.Float64:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	low, high := -math.Exp2(float64(8*dt.Size()-1)), math.Exp2(float64(8*dt.Size()-1))-1
	switch dt {
	case abi.Uint8:
		low, high = 0, 255
	case abi.Bool:
		low, high = 0, 1
	}
	i := int64(0)
	switch {
	case v != v:
	case v <= low:
		i = int64(low)
	case v >= high && dt == abi.Int64:
		i = math.MaxInt64
	case v >= high:
		i = int64(high)
	default:
		i = int64(v)
	}
	return binary.LittleEndian.AppendUint64(b, uint64(i))[:len(b)+int(dt.Size())]
}

// reduced is the shape of s without the given axes, or with them as 1.
func reduced(s []int64, axes []int, keep bool) []int64 {
	out := []int64{}
	for i, d := range s {
		switch drop := slices.Contains(axes, i); {
		case drop && keep:
			out = append(out, 1)
		case !drop:
			out = append(out, d)
		}
	}
	return out
}

// floating reports whether operand 0 is of floating-point numbers.
func floating(c *call) bool { return isFloat(c.in[0].DType) && c.in[0].Elements() > 0 }

// composeReduce makes a reduction of floating-point numbers of ReduceSum: before is
// done to the elements, after to the sums.
func composeReduce(before, after func(t *builder, v abi.Value) abi.Value) func(*call, *builder) ([]abi.Value, error) {
	return func(c *call, t *builder) ([]abi.Value, error) {
		axes, keep, err := c.reduceAxes(18)
		if err != nil {
			return nil, err
		}
		return []abi.Value{after(t, t.reduce(before(t, c.n.In[0]), axes, keep))}, nil
	}
}

func unchangedValue(_ *builder, v abi.Value) abi.Value { return v }

func absolute(t *builder, v abi.Value) abi.Value { return t.node("Abs", []abi.Value{v}) }

func square(t *builder, v abi.Value) abi.Value { return t.mul(v, v) }

func squareRoot(t *builder, v abi.Value) abi.Value { return t.node("Sqrt", []abi.Value{v}) }

func logarithm(t *builder, v abi.Value) abi.Value { return t.node("Log", []abi.Value{v}) }

func inferArg(c *call) (Type, error) {
	s := c.in[0].Shape
	a, err := axis(c.attrs.int("axis", 0), len(s))
	if err != nil {
		return Type{}, err
	}
	c.n.Attrs.Last = c.attrs.flag("select_last_index", 0)
	keep := c.attrs.flag("keepdims", 1)
	c.n.Attrs.Axis, c.n.Attrs.KeepDims = a, keep
	return Type{abi.Int64, reduced(s, []int{a}, keep)}, c.numbers(0)
}

// softmaxAxis decodes the axis; before opset 13 it and all after it were one.
func (c *call) softmaxAxis() (int, error) {
	def := int64(-1)
	if c.g.cfg.Opset < 13 {
		def = 1
	}
	a, err := axis(c.attrs.int("axis", def), max(1, len(c.in[0].Shape)))
	if err != nil {
		return 0, err
	}
	return a, c.floats(0)
}

func inferSoftmax(c *call) (Type, error) {
	a, err := c.softmaxAxis()
	if err == nil && len(c.in[0].Shape) == 0 {
		err = invalid("input 0 is a scalar")
	}
	c.n.Attrs.Axis = a
	return c.in[0], err
}

// rowsOfOld reports whether the axis and all after it are one.
func rowsOfOld(c *call) bool {
	if c.internal() || c.g.cfg.Opset >= 13 {
		return false
	}
	a, err := c.softmaxAxis()
	return err == nil && len(c.in[0].Shape) > 0 && product(c.in[0].Shape[a:]) != c.in[0].Shape[a]
}

func composeSoftmax(c *call, t *builder) ([]abi.Value, error) {
	a, err := c.softmaxAxis()
	if err != nil {
		return nil, err
	}
	s := c.in[0].Shape
	flat := t.reshape(c.n.In[0], []int64{product(s[:a]), product(s[a:])})
	return []abi.Value{t.reshape(t.node(c.n.Op, []abi.Value{flat}, aInt("axis", 1)), s)}, nil
}

// loss decodes what both losses have: scores N×C×…, labels N×…, weights C.
func (c *call) loss() error {
	if err := c.floats(0, 2); err != nil {
		return err
	}
	s := c.in[0].Shape
	if len(s) < 2 {
		return invalid("input 0 has shape %v, want N×C×…", s)
	}
	labels := slices.Delete(slices.Clone(s), 1, 2)
	if c.in[1].DType != abi.Int64 && c.in[1].DType != abi.Int32 || !slices.Equal(c.in[1].Shape, labels) {
		return invalid("input 1 is %v, want int64%v or int32%v", c.in[1], labels, labels)
	}
	if c.has(2) && !slices.Equal(c.in[2].Shape, s[1:2]) {
		return invalid("input 2 has shape %v, want %v", c.in[2].Shape, s[1:2])
	}
	return nil
}

func inferLoss(c *call) (Type, error) {
	if err := c.loss(); err != nil {
		return Type{}, err
	}
	at := &c.n.Attrs
	_, at.HasIgnore = c.attrs.find("ignore_index", abi.AttrInt)
	at.Ignore = c.attrs.int("ignore_index", 0)
	switch r := c.attrs.string("reduction", "mean"); r {
	case "mean":
		at.Reduction = ReduceMean
	case "sum":
		at.Reduction = ReduceSum
	case "none":
		at.Reduction = ReduceNone
		return Type{c.in[0].DType, c.in[1].Shape}, nil
	default:
		return Type{}, invalid("reduction is %q, want mean, sum or none", clip(r))
	}
	return Type{c.in[0].DType, []int64{}}, nil
}

// narrowOrLogs reports whether labels are int32, or somebody asks for the
// logarithms of the probabilities.
func narrowOrLogs(c *call) bool { return c.in[1].DType == abi.Int32 || c.origin.results > 1 }

func composeLoss(c *call, t *builder) ([]abi.Value, error) {
	if err := c.loss(); err != nil {
		return nil, err
	}
	in, op := slices.Clone(c.n.In), c.n.Op
	if c.in[1].DType == abi.Int32 {
		in[1] = t.cast(in[1], abi.Int64)
	}
	var logs abi.Value
	if c.origin.results > 1 {
		if op != "SoftmaxCrossEntropyLoss" {
			return nil, invalid("it has one result")
		}
		logs = t.node("LogSoftmax", in[:1], aInt("axis", 1))
		in[0], op = logs, "NegativeLogLikelihoodLoss"
	}
	list := c.attrs.list
	c.attrs.skip("ignore_index", "reduction")
	out := []abi.Value{t.node(op, in, list...)}
	if logs != 0 {
		out = append(out, logs)
	}
	return out, nil
}
