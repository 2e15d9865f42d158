package enginetest

import (
	"context"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// An array is a value as the references compute with it: any type, as float64.
type array struct {
	dt    abi.DType
	shape []int64
	data  []float64
}

func size(shape []int64) int {
	n := 1
	for _, d := range shape {
		n *= int(d)
	}
	return n
}

func floats(shape []int64, data ...float64) array { return array{abi.Float32, shape, data} }

func zeros(dt abi.DType, shape ...int64) array {
	return array{dt, slices.Clone(shape), make([]float64, size(shape))}
}

// random returns float32 numbers in about -2 to 2, the same for the same seed.
// They are kept apart from zero, where Relu and Abs have no derivative.
func random(seed uint64, shape ...int64) array {
	a := zeros(abi.Float32, shape...)
	s := seed*0x9E3779B97F4A7C15 + 1
	for i := range a.data {
		s ^= s << 13
		s ^= s >> 7
		s ^= s << 17
		v := float64(s>>11)/(1<<53)*4 - 2
		a.data[i] = float64(float32(v + math.Copysign(0.01, v)))
	}
	return a
}

// encode returns the little-endian elements of a.
func (a array) encode() []byte {
	var b []byte
	for _, v := range a.data {
		switch a.dt {
		case abi.Float32:
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
		case abi.Int64:
			b = binary.LittleEndian.AppendUint64(b, uint64(int64(v)))
		case abi.Float64:
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		case abi.Float16:
			b = binary.LittleEndian.AppendUint16(b, nearestHalf(v))
		case abi.Int32:
			b = binary.LittleEndian.AppendUint32(b, uint32(int32(v)))
		case abi.Int8:
			b = append(b, byte(int8(v)))
		default:
			b = append(b, byte(v))
		}
	}
	return b
}

func decode(dt abi.DType, shape []int64, b []byte) array {
	a := array{dt, shape, nil}
	for len(b) > 0 {
		var v float64
		switch dt {
		case abi.Float32:
			v = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		case abi.Int64:
			v = float64(int64(binary.LittleEndian.Uint64(b)))
		case abi.Float64:
			v = math.Float64frombits(binary.LittleEndian.Uint64(b))
		case abi.Float16:
			v = halfValue(binary.LittleEndian.Uint16(b))
		case abi.Int8:
			v = float64(int8(b[0]))
		case abi.Int32:
			v = float64(int32(binary.LittleEndian.Uint32(b)))
		default:
			v = float64(b[0])
		}
		a.data, b = append(a.data, v), b[dt.Size():]
	}
	return a
}

// A builder is a session with one graph; it fails the test instead of returning
// errors, except where a test wants to see them.
type builder struct {
	t        testing.TB
	s        abi.Session
	g        abi.Graph
	operands []abi.Value // of the case that was built
}

func open(t testing.TB, e abi.Engine, q abi.Quota) *builder { return openOpset(t, e, q, 21) }

func openOpset(t testing.TB, e abi.Engine, q abi.Quota, opset int) *builder {
	t.Helper()
	s, err := e.Open(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	b := &builder{t: t, s: s}
	b.graph(opset)
	return b
}

func (b *builder) graph(opset int) {
	b.t.Helper()
	g, err := b.s.NewGraph(opset)
	if err != nil {
		b.t.Fatal(err)
	}
	b.g = g
}

func (b *builder) tensor(a array) abi.Tensor {
	b.t.Helper()
	x, err := b.s.NewTensor(a.dt, a.shape)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := x.Write(0, a.encode()); err != nil {
		b.t.Fatal(err)
	}
	return x
}

func (b *builder) value(v abi.Value, err error) abi.Value {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *builder) input(name string, dt abi.DType, shape ...int64) abi.Value {
	b.t.Helper()
	return b.value(b.g.Input(name, dt, shape))
}

func (b *builder) param(name string, a array) abi.Value {
	b.t.Helper()
	return b.value(b.g.Param(name, b.tensor(a)))
}

func (b *builder) constant(a array) abi.Value {
	b.t.Helper()
	x := b.tensor(a)
	defer x.Free()
	return b.value(b.g.Constant(x))
}

func (b *builder) node(op string, list []abi.Attr, in ...abi.Value) abi.Value {
	b.t.Helper()
	out, err := b.g.Node(op, list, in)
	if err != nil {
		b.t.Fatal(err)
	}
	return out[0]
}

func (b *builder) output(name string, v abi.Value) {
	b.t.Helper()
	if err := b.g.Output(name, v); err != nil {
		b.t.Fatal(err)
	}
}

func (b *builder) compile() abi.Program {
	b.t.Helper()
	p, err := b.s.Compile(context.Background(), b.g)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *builder) trainer(loss abi.Value, opt abi.Optimizer) abi.Trainer {
	b.t.Helper()
	p, err := b.s.Trainer(context.Background(), b.g, loss, opt)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *builder) gradient(loss, wrt abi.Value) abi.Value {
	b.t.Helper()
	d, err := b.g.Gradient(loss, []abi.Value{wrt})
	if err != nil {
		b.t.Fatal(err)
	}
	return d[0]
}

// run compiles the graph and runs it once.
func (b *builder) run(in ...array) []array {
	b.t.Helper()
	p := b.compile()
	defer p.Close()
	return b.step(p, in...)
}

// step runs p once and frees what it took.
func (b *builder) step(p abi.Program, in ...array) []array {
	b.t.Helper()
	var list []abi.Tensor
	for _, a := range in {
		list = append(list, b.tensor(a))
	}
	out, err := p.Run(context.Background(), list)
	if err != nil {
		b.t.Fatal(err)
	}
	var got []array
	for _, x := range out {
		got = append(got, b.read(x))
		x.Free()
	}
	for _, x := range list {
		x.Free()
	}
	return got
}

func (b *builder) read(x abi.Tensor) array {
	b.t.Helper()
	buf := make([]byte, int64(size(x.Shape()))*x.DType().Size())
	if err := x.Read(0, buf); err != nil {
		b.t.Fatal(err)
	}
	return decode(x.DType(), x.Shape(), buf)
}

// attrs makes attributes of name, value pairs.
func attrs(pairs ...any) []abi.Attr {
	var out []abi.Attr
	for i := 0; i < len(pairs); i += 2 {
		a := abi.Attr{Name: pairs[i].(string)}
		switch v := pairs[i+1].(type) {
		case int:
			a.Type, a.I = abi.AttrInt, int64(v)
		case float64:
			a.Type, a.F = abi.AttrFloat, float32(v)
		case string:
			a.Type, a.S = abi.AttrString, v
		case []int64:
			a.Type, a.Ints = abi.AttrInts, v
		case []float32:
			a.Type, a.Floats = abi.AttrFloats, v
		case []string:
			a.Type, a.Strings = abi.AttrStrings, v
		}
		out = append(out, a)
	}
	return out
}

func ints(v ...int64) []int64 { return v }

func wantShape(t testing.TB, got, want []int64) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("shape = %v, want %v", got, want)
	}
}

// near fails unless got is want within tol, relative to the larger of want and 1.
func near(t testing.TB, what string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d elements, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		same := got[i] == w || math.IsNaN(got[i]) && math.IsNaN(w)
		if !same && !(math.Abs(got[i]-w) <= tol*math.Max(1, math.Abs(w))) {
			t.Fatalf("%s[%d] = %v, want %v", what, i, got[i], w)
		}
	}
}
