package cuda

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

// A form is an operator on operands of some types.
type form struct {
	op    string
	in    []abi.DType
	out   abi.DType
	attrs graph.Attrs
}

func (f form) String() string { return fmt.Sprintf("%s%v to %v", f.op, f.in, f.out) }

var (
	realTypes    = []abi.DType{abi.Float32, abi.Float64}
	integerTypes = []abi.DType{abi.Int64, abi.Int32, abi.Int8, abi.Uint8}
	allTypes     = append(append([]abi.DType{abi.Bool, abi.Float16}, realTypes...), integerTypes...)
)

// curveAttrs lists forms of curves with attributes, by the operator.
var curveAttrs = map[string][]graph.Attrs{
	"LeakyRelu":       {{Alpha: 0.01}, {Alpha: -2}},
	"ThresholdedRelu": {{Alpha: 1}},
	"Elu":             {{Alpha: 1}, {Alpha: 0.3}},
	"Celu":            {{Alpha: 1}, {Alpha: 0.7}},
	"Selu":            {{Alpha: 1.67326319217681884765625, Beta: 1.05070102214813232421875}},
	"Shrink":          {{Alpha: 0.5, Beta: 0.1}},
	"HardSigmoid":     {{Alpha: 0.2, Beta: 0.5}},
	"Swish":           {{Alpha: 1}, {Alpha: 1.7}},
	"Gelu":            {{}, {Tanh: true}},
}

func forms() []form {
	var all []form
	for _, op := range slices.Sorted(maps.Keys(curves)) {
		variants := curveAttrs[op]
		if variants == nil {
			variants = []graph.Attrs{{}}
		}
		for _, a := range variants {
			for _, dt := range realTypes {
				all = append(all, form{op, []abi.DType{dt}, dt, a})
				if curves[op].slope != nil {
					all = append(all, form{op + "Grad", []abi.DType{dt, dt}, dt, a})
				}
			}
		}
		if integerOnes[op] != nil {
			for _, dt := range integerTypes {
				if dt != abi.Uint8 || op != "Neg" && op != "Relu" {
					all = append(all, form{op, []abi.DType{dt}, dt, graph.Attrs{}})
				}
			}
		}
	}
	for _, op := range []string{"Add", "Sub", "Mul", "Div", "Max", "Min", "Mod", "Power"} {
		for _, dt := range slices.Concat(realTypes, integerTypes) {
			all = append(all, form{op, []abi.DType{dt, dt}, dt, graph.Attrs{}})
			if op == "Mod" && whole(dt) {
				all = append(all, form{op, []abi.DType{dt, dt}, dt, graph.Attrs{Truncate: true}})
			}
		}
	}
	for _, dt := range realTypes {
		all = append(all,
			form{"PRelu", []abi.DType{dt, dt}, dt, graph.Attrs{}},
			form{"PowerGradBase", []abi.DType{dt, dt, dt}, dt, graph.Attrs{}},
			form{"PowerGradExponent", []abi.DType{dt, dt, dt}, dt, graph.Attrs{}},
			form{"IsNaN", []abi.DType{dt}, abi.Bool, graph.Attrs{}})
		for _, a := range []graph.Attrs{{}, {Low: -1}, {High: 1}, {Low: -1, High: 1}} {
			all = append(all, form{"IsInf", []abi.DType{dt}, abi.Bool, a})
		}
	}
	for _, e := range []float32{0, 1, 2, 3, -1, 0.5, -0.5, 2.5, -3, 7, 1e9, float32(math.Inf(1))} {
		all = append(all, form{"Pow", []abi.DType{abi.Float32}, abi.Float32, graph.Attrs{Alpha: e}},
			form{"PowGrad", []abi.DType{abi.Float32, abi.Float32}, abi.Float32, graph.Attrs{Alpha: e}})
	}
	for _, a := range []graph.Attrs{{Low: -1, High: 2}, {Low: float32(math.Inf(-1)), High: 0}, {Low: 1, High: -1}} {
		all = append(all, form{"Clip", []abi.DType{abi.Float32}, abi.Float32, a},
			form{"ClipGrad", []abi.DType{abi.Float32, abi.Float32}, abi.Float32, a})
	}
	for _, op := range []string{"Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"} {
		for _, dt := range slices.Concat(realTypes, integerTypes) {
			all = append(all, form{op, []abi.DType{dt, dt}, abi.Bool, graph.Attrs{}})
		}
	}
	all = append(all, form{"Equal", []abi.DType{abi.Bool, abi.Bool}, abi.Bool, graph.Attrs{}},
		form{"Not", []abi.DType{abi.Bool}, abi.Bool, graph.Attrs{}},
		form{"BitShift", []abi.DType{abi.Uint8, abi.Uint8}, abi.Uint8, graph.Attrs{}},
		form{"BitShift", []abi.DType{abi.Uint8, abi.Uint8}, abi.Uint8, graph.Attrs{Left: true}})
	for _, op := range []string{"And", "Or", "Xor"} {
		all = append(all, form{op, []abi.DType{abi.Bool, abi.Bool}, abi.Bool, graph.Attrs{}})
		for _, dt := range integerTypes {
			all = append(all, form{"Bitwise" + op, []abi.DType{dt, dt}, dt, graph.Attrs{}})
		}
	}
	for _, dt := range integerTypes {
		all = append(all, form{"BitwiseNot", []abi.DType{dt}, dt, graph.Attrs{}})
	}
	for _, dt := range allTypes {
		all = append(all, form{"Where", []abi.DType{abi.Bool, dt, dt}, dt, graph.Attrs{}})
		for _, to := range allTypes {
			all = append(all, form{"Cast", []abi.DType{dt}, to, graph.Attrs{}})
		}
	}
	for _, to := range []abi.DType{abi.Int8, abi.Uint8} {
		all = append(all, form{"QuantizeLinear", []abi.DType{abi.Float32, abi.Float32, to}, to, graph.Attrs{}})
	}
	for _, dt := range []abi.DType{abi.Int8, abi.Uint8, abi.Int32} {
		all = append(all, form{"DequantizeLinear", []abi.DType{dt, abi.Float32, dt}, abi.Float32, graph.Attrs{}})
	}
	return all
}

// specials are the numbers of a type that functions treat apart, and some beside
// them, as they lie in memory.
func specials(dt abi.DType) []uint64 {
	switch dt {
	case abi.Bool:
		return []uint64{0, 1, 2}
	case abi.Uint8:
		return []uint64{0, 1, 2, 3, 7, 8, 9, 64, 127, 128, 200, 254, 255}
	case abi.Int8, abi.Int32, abi.Int64:
		out := []uint64{0, 1, 2, 3, 5, 7, 10, 63, 100}
		top := uint64(1) << (8*dt.Size() - 1)
		out = append(out, top, top-1, top+1, top/2)
		for _, v := range out[1:9] {
			out = append(out, -v)
		}
		return out
	}
	var out []uint64
	for _, v := range []float64{
		0, 1, 0.5, 2, 3, 4, 0.25, 1.5, 0.1, 1e-3, 1e-5, 1e-10, 1e-30, 1e-38, 1e-40, 6e-8, 1e-308, 5e-324, 0.7, 0.66, 0.84375, 1.25, 2.42, 2.857, 5.999, 6,
		0.625, 0.3466, 1.0397, 0.41, 0.2928, 0.2929, math.Pi / 4, math.Pi / 2, math.Pi, 10, 20, 21, 22, 37, 44.1, 56, 87, 88.7, 89, 100, 103.9, 104, 700, 709.4, 745,
		126.5, 127, 127.5, 128, 254.5, 255, 256, 1e3, 65504, 65519, 65520, 1e5, 8388607.5, 16777216, 1 << 29, 1<<29 + 64, 1 << 31, 1<<31 - 1, 1e10, 1 << 53, 1 << 62, 1 << 63, 1e19, 1e22, 1e30,
		math.MaxFloat32, 1e100, 1e300, math.MaxFloat64, math.Inf(1), math.NaN(),
		16367173 * 0x1p72, 6381956970095103 * 0x1p797, // the nearest to multiples of π/2
	} {
		for _, v := range []float64{v, -v} {
			out = append(out, real64(dt, v))
		}
	}
	if dt != abi.Float16 {
		last := uint64(1)
		for _, v := range slices.Clone(out) {
			out = append(out, v+last, v-last)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// real64 is v as a float of type dt lies in memory.
func real64(dt abi.DType, v float64) uint64 {
	switch dt {
	case abi.Float16:
		return uint64(graph.HalfBits(v))
	case abi.Float32:
		return uint64(math.Float32bits(float32(v)))
	}
	return math.Float64bits(v)
}

// random is a number of type dt: any bits, or a usual number.
func random(r *rand.Rand, dt abi.DType) uint64 {
	switch dt {
	case abi.Bool:
		return r.Uint64() & 1
	case abi.Float16, abi.Float32, abi.Float64:
		switch r.IntN(4) {
		case 0:
			return r.Uint64()
		case 1:
			return real64(dt, math.Exp2(r.Float64()*60-30)*float64(1-2*r.IntN(2)))
		default:
			return real64(dt, r.NormFloat64()*math.Exp2(float64(r.IntN(8)-2)))
		}
	}
	return r.Uint64() >> r.IntN(64)
}

// operands are some for f: special numbers, each with each where there are two,
// and random ones.
func (f form) operands(r *rand.Rand) [][]uint64 {
	in := make([][]uint64, len(f.in))
	add := func(v ...uint64) {
		for i := range in {
			in[i] = append(in[i], v[i])
		}
	}
	few := func(dt abi.DType) []uint64 {
		s := specials(dt)
		r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
		return s[:min(len(s), 40)]
	}
	switch len(f.in) {
	case 1:
		for _, v := range specials(f.in[0]) {
			add(v)
		}
	case 2:
		for _, v := range few(f.in[0]) {
			for _, w := range few(f.in[1]) {
				add(v, w)
			}
		}
	}
	for range 600 {
		v := make([]uint64, len(f.in))
		for i, dt := range f.in {
			if s := specials(dt); r.IntN(4) == 0 {
				v[i] = s[r.IntN(len(s))]
			} else {
				v[i] = random(r, dt)
			}
		}
		add(v...)
	}
	return in
}

func constant(dt abi.DType, v []uint64, shape ...int64) *graph.Node {
	n := &graph.Node{Op: graph.OpConstant, Type: graph.Type{DType: dt, Shape: shape}}
	for _, x := range v {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], x)
		n.Data = append(n.Data, b[:dt.Size()]...)
	}
	return n
}

func elementsOf(dt abi.DType, b []byte) []uint64 {
	out := make([]uint64, len(b)/int(dt.Size()))
	for i := range out {
		var w [8]byte
		copy(w[:], b[i*int(dt.Size()):][:dt.Size()])
		out[i] = binary.LittleEndian.Uint64(w[:])
	}
	return out
}

// apart is how many numbers of type dt are from x to y, and whether one of them
// alone is NaN.
func apart(dt abi.DType, x, y uint64) float64 {
	if x == y {
		return 0
	}
	order := func(v uint64, bits int) int64 {
		s := int64(v<<(64-bits)) >> (64 - bits)
		if s < 0 {
			return math.MinInt64>>(64-bits) - s
		}
		return s
	}
	nan := func(v uint64) bool {
		switch dt {
		case abi.Float16:
			return v&0x7fff > 0x7c00
		case abi.Float32:
			return v&(1<<31-1) > 0x7f800000
		}
		return v&(1<<63-1) > 0x7ff<<52
	}
	switch dt {
	case abi.Float16, abi.Float32, abi.Float64:
		if nan(x) || nan(y) {
			if nan(x) && nan(y) {
				return 0
			}
			return math.Inf(1)
		}
		bits := int(8 * dt.Size())
		a, b := order(x, bits), order(y, bits)
		if (a < 0) != (b < 0) {
			return math.Abs(float64(a)) + math.Abs(float64(b))
		}
		return max(0.5, math.Abs(float64(a-b))) // -0 is not 0
	}
	return math.Inf(1)
}

// mathErrs reports whether Go's package math is wrong about an operand on amd64:
// see tolerances.
func mathErrs(f form, in [][]uint64, i int) bool {
	if f.out != abi.Float64 {
		return false
	}
	for k := range f.in {
		x := math.Abs(math.Float64frombits(in[k][i]))
		if x != 0 && x < 0x1p-1022 && (f.op == "Log" || strings.HasPrefix(f.op, "Power")) || x > 709.4 && x < 709.8 {
			return true
		}
	}
	return false
}

func TestElementsAreThoseOfTheProcessor(t *testing.T) {
	exact := slices.Contains(kernel.Paths(), kernel.AVX2) && !strings.Contains(os.Getenv("GODEBUG"), "cpu.fma=off")
	for _, f := range forms() {
		most := tolerances[f.op].single
		if f.out == abi.Float64 {
			most = tolerances[f.op].double
		}
		if exact {
			most = 0
		}
		t.Run(f.String(), func(t *testing.T) {
			in := f.operands(rand.New(rand.NewPCG(1, 2)))
			for _, n := range []int{len(in[0]) &^ 3, len(in[0])&^3 - 3} { // by four, and by one
				f.compare(t, in, n, most)
			}
		})
	}
}

// compare computes f of the first n of each operand here and there.
func (f form) compare(t *testing.T, in [][]uint64, n int, most float64) {
	t.Helper()
	operands := make([]*graph.Node, len(in))
	for i := range in {
		operands[i] = constant(f.in[i], in[i][:n], int64(n))
		if i > 0 && strings.HasSuffix(f.op, "Linear") {
			operands[i] = constant(f.in[i], in[i][:1])
		}
	}
	node := &graph.Node{Op: f.op, Type: graph.Type{DType: f.out, Shape: []int64{int64(n)}}, Attrs: f.attrs}
	got, want := elementsOf(f.out, evaluateNode(t, node, operands)), elementsOf(f.out, processor(t, node, operands))
	bad := 0
	for i := range want {
		d := apart(f.out, got[i], want[i])
		if d <= most || mathErrs(f, in, i) {
			continue
		}
		if bad++; bad > 5 {
			t.Fatal("and more")
		}
		var of []string
		for k := range in {
			of = append(of, show(f.in[k], in[k][i]))
		}
		t.Errorf("of %v = %s; want %s, at most %g apart, not %g", of, show(f.out, got[i]), show(f.out, want[i]), most, d)
	}
}

// TestToleranceWithoutFusedMultiplyAdds runs the comparison where Go computes
// exponentials in another way.
func TestToleranceWithoutFusedMultiplyAdds(t *testing.T) {
	if !slices.Contains(kernel.Paths(), kernel.AVX2) {
		return // then the comparison itself is that
	}
	c := exec.Command(os.Args[0], "-test.run=^TestElementsAreThoseOfTheProcessor$/(Grad|Exp|Log|Erf|Sigmoid|Tanh|Swish|Mish|Gelu|h$|lu|Softplus|Pow).*float64$")
	c.Env = append(os.Environ(), "GODEBUG=cpu.fma=off")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestEveryElementOperatorIsCompared(t *testing.T) {
	compared := map[string]bool{}
	for _, f := range forms() {
		compared[f.op] = true
	}
	for op := range elementRows {
		if !compared[op] && fillRows[op].lower == nil {
			t.Errorf("%s is compared with nothing", op)
		}
	}
	for op := range tolerances {
		if !compared[op] {
			t.Errorf("%s has a tolerance, but is no operator of elements", op)
		}
	}
}

// TestWhereGoErrs is of what mathErrs leaves out, by the definition.
func TestWhereGoErrs(t *testing.T) {
	var x, want []uint64
	for _, v := range []float64{5e-324, 1e-323, 1e-310, 0x1p-1022 - 5e-324} {
		x = append(x, math.Float64bits(v))
		want = append(want, math.Float64bits(math.Log(v*0x1p60)-60*math.Ln2))
	}
	f := form{"Log", []abi.DType{abi.Float64}, abi.Float64, graph.Attrs{}}
	near(t, f, x, want, 2)
	x, want = nil, nil
	for _, v := range []float64{709.45, 709.6, 709.7827} {
		x = append(x, math.Float64bits(v))
		half := math.Exp(v / 2)
		want = append(want, math.Float64bits(half*half))
	}
	f.op = "Exp"
	near(t, f, x, want, 4)
	near(t, f, []uint64{math.Float64bits(709.7828)}, []uint64{math.Float64bits(math.Inf(1))}, 0)
}

func near(t *testing.T, f form, x, want []uint64, most float64) {
	t.Helper()
	shape := []int64{int64(len(x))}
	node := &graph.Node{Op: f.op, Type: graph.Type{DType: f.out, Shape: shape}}
	for i, got := range elementsOf(f.out, evaluateNode(t, node, []*graph.Node{constant(f.in[0], x, shape...)})) {
		if d := apart(f.out, got, want[i]); d > most {
			t.Errorf("%s of %s = %s; want %s, %g apart", f.op, show(f.in[0], x[i]), show(f.out, got), show(f.out, want[i]), d)
		}
	}
}

func show(dt abi.DType, v uint64) string {
	switch dt {
	case abi.Float16:
		return fmt.Sprint(graph.Half(uint16(v)))
	case abi.Float32:
		return fmt.Sprint(math.Float32frombits(uint32(v)))
	case abi.Float64:
		return fmt.Sprint(math.Float64frombits(v))
	}
	return fmt.Sprint(int64(v<<(64-8*dt.Size())) >> (64 - 8*dt.Size()))
}
