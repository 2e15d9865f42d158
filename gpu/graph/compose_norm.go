package graph

import (
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// inferStandardize makes rows of mean zero and variance one of the axes from axis
// on, or with square rows whose squares have the mean one.
func inferStandardize(c *call) (Type, error) {
	a := &c.n.Attrs
	a.Axis, a.Epsilon, a.Square = int(c.attrs.int("axis", 0)), c.attrs.float("epsilon", 0), c.attrs.flag("square", 0)
	return c.in[0], c.floats(0)
}

func inferStandardizeGrad(c *call) (Type, error) {
	if !c.in[0].Equal(c.in[1]) {
		return Type{}, invalid("inputs %v and %v differ", c.in[0], c.in[1])
	}
	return inferStandardize(c)
}

func gradStandardize(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	a := n.Attrs
	return first(t.node("StandardizeGrad", []abi.Value{dy, n.In[0]}, aInt("axis", int64(a.Axis)), aFloat("epsilon", a.Epsilon), aFlag("square", a.Square)))
}

func (t *builder) standardize(x abi.Value, axis int, eps float32, square bool) abi.Value {
	return t.node("Standardize", []abi.Value{x}, aInt("axis", int64(axis)), aFloat("epsilon", eps), aFlag("square", square))
}

// perChannel gives a vector of C elements the shape that broadcasts to N×C×….
func (t *builder) perChannel(v abi.Value, rank int) abi.Value {
	shape := []int64{t.typ(v).Elements()}
	for range rank - 2 {
		shape = append(shape, 1)
	}
	return t.reshape(v, shape)
}

// composeInstanceNorm standardizes each channel of each image.
func composeInstanceNorm(c *call, t *builder) ([]abi.Value, error) {
	if err := c.floats(0, 1, 2); err != nil {
		return nil, err
	}
	s := c.in[0].Shape
	if len(s) < 3 {
		return nil, invalid("input 0 has shape %v, want N×C and one dimension or more", s)
	}
	for i := 1; i < 3; i++ {
		if !slices.Equal(c.in[i].Shape, s[1:2]) {
			return nil, invalid("input %d has shape %v, want %v", i, c.in[i].Shape, s[1:2])
		}
	}
	y := t.standardize(c.n.In[0], 2, c.attrs.float("epsilon", 1e-5), false)
	y = t.mul(y, t.perChannel(c.n.In[1], len(s)))
	return []abi.Value{t.add(y, t.perChannel(c.n.In[2], len(s)))}, nil
}

// composeGroupNorm standardizes groups of channels. Scale and bias are one a group
// before opset 21, one a channel from it on.
func composeGroupNorm(c *call, t *builder) ([]abi.Value, error) {
	if err := c.floats(0, 1, 2); err != nil {
		return nil, err
	}
	c.attrs.only("stash_type", 1)
	s := c.in[0].Shape
	if len(s) < 3 {
		return nil, invalid("input 0 has shape %v, want N×C and one dimension or more", s)
	}
	groups := c.attrs.int("num_groups", 0)
	if groups < 1 || s[1]%groups != 0 {
		return nil, invalid("%d channels do not divide into %d groups", s[1], groups)
	}
	count := s[1]
	if c.g.cfg.Opset < 21 {
		count = groups
	}
	grouped := []int64{s[0], groups, s[1] / groups, product(s[2:])}
	y := t.standardize(t.reshape(c.n.In[0], grouped), 2, c.attrs.float("epsilon", 1e-5), false)
	var factors [2]abi.Value
	for i := range factors {
		if !slices.Equal(c.in[1+i].Shape, []int64{count}) {
			return nil, invalid("input %d has shape %v, want [%d]", 1+i, c.in[1+i].Shape, count)
		}
		factors[i] = t.reshape(c.n.In[1+i], []int64{groups, count / groups, 1})
	}
	return []abi.Value{t.reshape(t.add(t.mul(y, factors[0]), factors[1]), s)}, nil
}

// composeRMSNorm is of B. Zhang and R. Sennrich, "Root Mean Square Layer
// Normalization", 2019.
func composeRMSNorm(c *call, t *builder) ([]abi.Value, error) {
	if err := c.floats(0, 1); err != nil {
		return nil, err
	}
	c.attrs.only("stash_type", 1)
	s := c.in[0].Shape
	a, err := axis(c.attrs.int("axis", -1), len(s))
	if err != nil {
		return nil, err
	}
	if b, err := broadcast(s, c.in[1].Shape); err != nil || !slices.Equal(b, s) {
		return nil, invalid("input 1 of shape %v does not broadcast to %v", c.in[1].Shape, s)
	}
	return []abi.Value{t.mul(t.standardize(c.n.In[0], a, c.attrs.float("epsilon", 1e-5), true), c.n.In[1])}, nil
}

// moreThanOne reports whether somebody asks for the optional results.
func moreThanOne(c *call) bool { return c.origin.results > 1 }

// composeLayerNorm adds mean and 1/σ of each row.
func composeLayerNorm(c *call, t *builder) ([]abi.Value, error) {
	if _, err := inferLayerNorm(c); err != nil {
		return nil, err
	}
	a, eps := c.n.Attrs.Axis, c.n.Attrs.Epsilon
	var axes []int
	for i := a; i < len(c.in[0].Shape); i++ {
		axes = append(axes, i)
	}
	mean, variance := t.moments(c.n.In[0], axes)
	inv := t.node("Reciprocal", []abi.Value{squareRoot(t, t.add(variance, t.number(variance, float64(eps))))})
	y := t.node("LayerNormalization", c.n.In, aInt("axis", int64(a)), aFloat("epsilon", eps))
	if t.typ(mean).DType == abi.Float64 { // stash_type says that they are float32
		mean, inv = t.cast(mean, abi.Float32), t.cast(inv, abi.Float32)
	}
	return []abi.Value{y, mean, inv}, nil
}

// moments returns the mean along axes, which stay as ones, and the variance.
func (t *builder) moments(x abi.Value, axes []int) (mean, variance abi.Value) {
	mean = t.node("ReduceMean", []abi.Value{x}, aInts("axes", axes))
	d := t.node("Sub", []abi.Value{x, mean})
	return mean, t.node("ReduceMean", []abi.Value{t.mul(d, d)}, aInts("axes", axes))
}

// training reports whether a BatchNormalization takes its moments from the batch.
func training(c *call) bool { return c.g.cfg.Opset >= 14 && c.attrs.flag("training_mode", 0) }

// composeBatchNorm normalizes by the moments of the batch and returns the running
// ones, moved toward them.
func composeBatchNorm(c *call, t *builder) ([]abi.Value, error) {
	momentum := float64(c.attrs.float("momentum", 0.9))
	c.attrs.flag("training_mode", 0)
	if err := c.batchNorm(); err != nil {
		return nil, err
	}
	x, in := c.n.In[0], c.n.In
	axes := []int{0}
	for i := 2; i < len(c.in[0].Shape); i++ {
		axes = append(axes, i)
	}
	mean, variance := t.moments(x, axes)
	size := c.in[3].Shape
	mean, variance = t.reshape(mean, size), t.reshape(variance, size)
	y := t.node("BatchNormalization", []abi.Value{x, in[1], in[2], mean, variance}, aFloat("epsilon", c.n.Attrs.Epsilon))
	move := func(old, now abi.Value) abi.Value { return t.add(t.scale(old, momentum), t.scale(now, 1-momentum)) }
	return []abi.Value{y, move(in[3], mean), move(in[4], variance)}, nil
}

// composeLRN divides by a power of the mean of squares over neighbouring channels:
// A. Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural
// Networks", 2012.
func composeLRN(c *call, t *builder) ([]abi.Value, error) {
	if err := c.floats(0); err != nil {
		return nil, err
	}
	s := c.in[0].Shape
	if len(s) < 2 {
		return nil, invalid("input 0 has shape %v, want N×C×…", s)
	}
	size := c.attrs.int("size", 0)
	if size < 1 || size > maxWindow {
		return nil, invalid("size is %d, want 1 to %d", size, maxWindow)
	}
	alpha, beta, bias := c.attrs.float("alpha", 1e-4), c.attrs.float("beta", 0.75), c.attrs.float("bias", 1)
	x := c.n.In[0]
	rows := t.reshape(t.mul(x, x), []int64{s[0], 1, s[1], product(s[2:])})
	mean := t.node("AveragePool", []abi.Value{rows}, aInts("kernel_shape", []int64{size, 1}), aInts("pads", []int64{(size - 1) / 2, 0, size / 2, 0}), aInt("count_include_pad", 1))
	base := t.add(t.scale(t.reshape(mean, s), float64(alpha)), t.number(x, float64(bias)))
	return []abi.Value{t.mul(x, t.node("Pow", []abi.Value{base, t.number(x, -float64(beta))}))}, nil
}

// smallest is added where a norm or deviation may be zero: it is lost in any other.
const smallest = 1e-37

// composeLpNorm divides by a norm along an axis; what has none stays zero.
func composeLpNorm(c *call, t *builder) ([]abi.Value, error) {
	if err := c.floats(0); err != nil {
		return nil, err
	}
	a, err := axis(c.attrs.int("axis", -1), len(c.in[0].Shape))
	if err != nil {
		return nil, err
	}
	p := c.attrs.int("p", 2)
	if p != 1 && p != 2 {
		return nil, invalid("p is %d, want 1 or 2", p)
	}
	x := c.n.In[0]
	sum := t.reduce(t.power(x, p), []int{a}, true)
	sum = t.add(sum, t.number(sum, smallest))
	return []abi.Value{t.div(x, t.root(sum, p))}, nil
}

// composeMVN is (x - mean)/(σ + 1e-9) along axes.
func composeMVN(c *call, t *builder) ([]abi.Value, error) {
	if err := c.floats(0); err != nil {
		return nil, err
	}
	list, ok := c.attrs.ints("axes")
	if !ok {
		list = []int64{0, 2, 3}
	}
	axes, err := axisSet(list, len(c.in[0].Shape))
	if err != nil {
		return nil, err
	}
	x := c.n.In[0]
	mean, variance := t.moments(x, axes)
	d := t.add(squareRoot(t, variance), t.number(x, 1e-9))
	return []abi.Value{t.div(t.node("Sub", []abi.Value{x, mean}), d)}, nil
}
