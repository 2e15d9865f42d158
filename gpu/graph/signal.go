package graph

import (
	"math"
	"slices"

	"github.com/cloister-ai/cloister/abi"
)

// inferFourier is the discrete Fourier transform of pairs, real and imaginary part
// along the last dimension, along an axis: of length numbers, cut or filled with
// zeros, of which the first bins results are kept.
func inferFourier(c *call) (Type, error) {
	a := &c.n.Attrs
	a.Axis, a.Inverse = int(c.attrs.int("axis", 0)), c.attrs.flag("inverse", 0)
	a.Length = c.attrs.int("length", 0)
	out := slices.Clone(c.in[0].Shape)
	out[a.Axis] = c.attrs.int("bins", 0)
	return Type{c.in[0].DType, out}, c.floats(0)
}

// costFourier counts the transforms that are not of a power of two by the
// definition.
func costFourier(n *Node, in []Type) uint64 {
	length := n.Attrs.Length
	rows := in[0].Elements() / in[0].Shape[n.Attrs.Axis]
	if length&(length-1) != 0 {
		return mulSat(4, rows, length, n.Shape[n.Attrs.Axis])
	}
	steps := int64(1)
	for l := length; l > 1; l /= 2 {
		steps++
	}
	return mulSat(5, rows, length, steps)
}

// gradFourier: the transform is linear and its matrix symmetric, so dy is
// transformed the other way, with the other scale.
func gradFourier(t *builder, n Node, _, dy abi.Value, _ []bool) []abi.Value {
	a := n.Attrs
	s := t.typ(n.In[0]).Shape
	dy = t.pad(dy, 0, a.Axis, 0, a.Length-n.Shape[a.Axis])
	keep := min(s[a.Axis], a.Length)
	dx := t.node("Fourier", []abi.Value{dy}, aInt("axis", int64(a.Axis)), aInt("length", a.Length), aInt("bins", keep), aFlag("inverse", !a.Inverse))
	scale := float64(a.Length) // what the inverse divides by
	if a.Inverse {
		scale = 1 / scale
	}
	return first(t.pad(t.scale(dx, scale), 0, a.Axis, 0, s[a.Axis]-keep))
}

// complex gives a signal of real numbers an imaginary part of zero.
func (t *builder) complex(x abi.Value) abi.Value {
	if t.err != nil {
		return x
	}
	s := t.typ(x).Shape
	if s[len(s)-1] == 2 {
		return x
	}
	return t.pad(x, 0, len(s)-1, 0, 1)
}

// length returns the one number of operand i, a known integer.
func (c *call) length(i int, def int64) (int64, error) {
	list, ok, err := c.ints(i)
	if err != nil || !ok {
		return def, err
	}
	if len(list) != 1 || list[0] < 1 || list[0] > maxWindow {
		return 0, invalid("input %d is %v, want one number in 1 to %d", i, list, maxWindow)
	}
	return list[0], nil
}

func composeDFT(c *call, t *builder) ([]abi.Value, error) {
	if err := c.floats(0); err != nil {
		return nil, err
	}
	s := c.in[0].Shape
	if len(s) < 2 || s[len(s)-1] > 2 {
		return nil, invalid("input 0 has shape %v, want signals of one or two numbers an element", s)
	}
	at := int64(1)
	if c.g.cfg.Opset >= 20 {
		at = -2
		if list, ok, err := c.ints(2); err != nil {
			return nil, err
		} else if ok && len(list) == 1 {
			at = list[0]
		}
	} else if at = c.attrs.int("axis", 1); c.has(2) {
		return nil, invalid("axis is an attribute before opset 20, not an input")
	}
	a, err := axis(at, len(s))
	if err != nil {
		return nil, err
	}
	if a == len(s)-1 {
		return nil, invalid("axis %d holds the parts of the numbers", a)
	}
	n, err := c.length(1, s[a])
	if err != nil {
		return nil, err
	}
	inverse, half := c.attrs.flag("inverse", 0), c.attrs.flag("onesided", 0)
	bins := n
	if half {
		bins = n/2 + 1
	}
	if half && inverse {
		return nil, invalid("onesided and inverse are not supported together")
	}
	return []abi.Value{t.fourier(t.complex(c.n.In[0]), a, n, bins, inverse)}, nil
}

func (t *builder) fourier(x abi.Value, axis int, length, bins int64, inverse bool) abi.Value {
	return t.node("Fourier", []abi.Value{x}, aInt("axis", int64(axis)), aInt("length", length), aInt("bins", bins), aFlag("inverse", inverse))
}

// composeSTFT transforms frames of a signal, each a step after the one before it.
func composeSTFT(c *call, t *builder) ([]abi.Value, error) {
	if err := c.floats(0, 2); err != nil {
		return nil, err
	}
	x, s := c.n.In[0], c.in[0].Shape
	if len(s) == 2 {
		s = append(slices.Clone(s), 1)
		x = t.reshape(x, s)
	}
	if len(s) != 3 || s[2] > 2 {
		return nil, invalid("input 0 has shape %v, want batch×length×1 or 2", c.in[0].Shape)
	}
	step, err := c.length(1, 0)
	if err != nil {
		return nil, err
	}
	size := s[1]
	if c.has(2) {
		if len(c.in[2].Shape) != 1 {
			return nil, invalid("input 2 has shape %v, want a vector", c.in[2].Shape)
		}
		size = c.in[2].Shape[0]
	}
	frame, err := c.length(3, size)
	if err != nil {
		return nil, err
	}
	if step < 1 || frame > s[1] || c.has(2) && frame != size {
		return nil, invalid("frames of %d in steps of %d, the signal has %d elements, the window %d", frame, step, s[1], size)
	}
	frames := (s[1]-frame)/step + 1
	if frames > maxKnown/8/frame {
		return nil, invalid("%d frames of %d elements are too many", frames, frame)
	}
	var at []int64
	for f := range frames {
		for i := range frame {
			at = append(at, f*step+i)
		}
	}
	index := t.hold(Type{abi.Int64, []int64{frames, frame}}, intBytes(at))
	rows := t.node("Gather", []abi.Value{x, index}, aInt("axis", 1)) // batch×frames×frame×parts
	if c.has(2) {
		rows = t.mul(rows, t.reshape(c.n.In[2], []int64{frame, 1}))
	}
	bins := frame
	if c.attrs.flag("onesided", 1) {
		bins = frame/2 + 1
	}
	return []abi.Value{t.fourier(t.complex(rows), 2, frame, bins, false)}, nil
}

// inferTaper is a - b·cos(2πi/n) + c·cos(4πi/n) of a known number of elements.
func inferTaper(a, b, c0 float64) func(*call) (Type, error) {
	return func(c *call) (Type, error) {
		size, err := c.length(0, 0)
		if err != nil {
			return Type{}, err
		}
		t := Type{abi.DType(c.attrs.int("output_datatype", int64(abi.Float32))), []int64{size}}
		if err := t.check(); err != nil {
			return Type{}, err
		}
		if t.Bytes() > maxKnown {
			return Type{}, invalid("a window of %d elements takes more than %d bytes", size, maxKnown)
		}
		n := float64(size)
		if !c.attrs.flag("periodic", 1) {
			n = max(n-1, 1)
		}
		c.value = []byte{}
		for i := range size {
			angle := 2 * math.Pi * float64(i) / n
			c.value = appendNumber(c.value, t.DType, a-b*math.Cos(angle)+c0*math.Cos(2*angle))
		}
		return t, nil
	}
}

// inferMelWeights is the matrix that adds the bins of a spectrum up to bands that
// are equally far apart to the ear: triangles over the mel scale.
func inferMelWeights(c *call) (Type, error) {
	var in [2]int64
	for i := range in {
		var err error
		if in[i], err = c.length(i, 0); err != nil {
			return Type{}, err
		}
	}
	rate, err := c.length(2, 0)
	if err != nil {
		return Type{}, err
	}
	low, err := c.scalar(3, 0)
	if err != nil {
		return Type{}, err
	}
	high, err := c.scalar(4, 0)
	if err != nil {
		return Type{}, err
	}
	bands, length := in[0], in[1]
	t := Type{abi.DType(c.attrs.int("output_datatype", int64(abi.Float32))), []int64{length/2 + 1, bands}}
	if err := t.check(); err != nil {
		return Type{}, err
	}
	if t.Elements() > maxKnown/8 || !(low >= 0) || !(high > low) || high > float32(rate) {
		return Type{}, invalid("%d bands from %v to %v Hz of %d bins at %d Hz", bands, low, high, length, rate)
	}
	mel := func(hz float64) float64 { return 2595 * math.Log10(1+hz/700) }
	from, to := mel(float64(low)), mel(float64(high))
	step := (to - from) / float64(bands+2)
	bin := make([]int64, bands+2)
	for i := range bin {
		hz := 700 * (math.Pow(10, (float64(i)*step+from)/2595) - 1)
		bin[i] = int64(math.Floor(float64(length+1) * hz / float64(rate)))
	}
	rows, weights := t.Shape[0], make([]float64, t.Elements())
	for i := range bands {
		lower, center, upper := bin[i], bin[i+1], bin[i+2]
		for j := max(lower, 0); j <= min(center, rows-1); j++ {
			if center == lower {
				weights[center*bands+i] = 1
			} else {
				weights[j*bands+i] = float64(j-lower) / float64(center-lower)
			}
		}
		for j := max(center, 0); j < min(upper, rows) && upper > center; j++ {
			weights[j*bands+i] = float64(upper-j) / float64(upper-center)
		}
	}
	c.value = []byte{}
	for _, w := range weights {
		c.value = appendNumber(c.value, t.DType, w)
	}
	return t, nil
}
