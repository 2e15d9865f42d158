package ptxvm_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/internal/ptxvm"
)

// The kernels in testdata are what clang 22 makes of the project's own C++.

func source(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// bench is a device with what a test needs to run compiled kernels on it.
type bench struct {
	t   testing.TB
	dev *ptxvm.Device
	rng *rand.Rand
}

func newBench(t testing.TB, cfg ptxvm.Config) *bench {
	return &bench{t, ptxvm.New(cfg), rand.New(rand.NewPCG(1, 2))}
}

func (b *bench) load(text string) *ptxvm.Loaded {
	b.t.Helper()
	m, err := ptxvm.Parse(text)
	if err != nil {
		b.t.Fatal(err)
	}
	l, err := b.dev.Load(m)
	if err != nil {
		b.t.Fatal(err)
	}
	return l
}

func (b *bench) normal(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(b.rng.NormFloat64())
	}
	return x
}

func (b *bench) up(x []float32) uint64 {
	b.t.Helper()
	p := b.room(4 * len(x))
	if err := b.dev.Write(p, floats(x...)); err != nil {
		b.t.Fatal(err)
	}
	return p
}

// upBrain rounds x to bfloat16 in place, and returns where the device has it.
func (b *bench) upBrain(x []float32) uint64 {
	b.t.Helper()
	raw := make([]byte, 2*len(x))
	for i, v := range x {
		u := math.Float32bits(v)
		u = (u + 0x7fff + u>>16&1) >> 16
		binary.LittleEndian.PutUint16(raw[2*i:], uint16(u))
		x[i] = math.Float32frombits(u << 16)
	}
	p := b.room(len(raw))
	if err := b.dev.Write(p, raw); err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *bench) room(n int) uint64 {
	b.t.Helper()
	p, err := b.dev.Alloc(int64(n))
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *bench) down(p uint64, n int) []float32 {
	b.t.Helper()
	if left, at, err := b.dev.Unwritten(p, int64(4*n)); err != nil || left > 0 {
		b.t.Fatalf("%d bytes were left unwritten, from %d on: %v", left, at, err)
	}
	raw := make([]byte, 4*n)
	if err := b.dev.Read(raw, p); err != nil {
		b.t.Fatal(err)
	}
	x := make([]float32, n)
	for i := range x {
		x[i] = float(raw, i)
	}
	return x
}

// launch packs args by their types and runs a kernel.
func (b *bench) launch(l *ptxvm.Loaded, kernel string, grid, block [3]uint32, shared uint32, args ...any) error {
	k := l.Kernels[kernel]
	params := make([]byte, k.ParamBytes)
	for i, a := range args {
		at := params[k.Params[i].Offset:]
		switch v := a.(type) {
		case uint64:
			binary.LittleEndian.PutUint64(at, v)
		case int:
			binary.LittleEndian.PutUint32(at, uint32(v))
		case float32:
			binary.LittleEndian.PutUint32(at, math.Float32bits(v))
		case []byte:
			copy(at, v)
		}
	}
	return l.Launch(kernel, grid, block, shared, params)
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// near demands a relative error of the whole below the tolerance.
func near(t testing.TB, name string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	var off, size float64
	for i := range want {
		d := float64(got[i]) - want[i]
		off, size = off+d*d, size+want[i]*want[i]
	}
	if e := math.Sqrt(off / size); !(e < tolerance) {
		t.Errorf("%s: relative error %.3g; want below %.3g", name, e, tolerance)
	}
}

func at(x, y, z int) [3]uint32 { return [3]uint32{uint32(x), uint32(y), uint32(z)} }

func product(a, b []float32, m, n, k int) []float64 {
	c := make([]float64, m*n)
	for i := range m {
		for p := range k {
			for j := range n {
				c[i*n+j] += float64(a[i*k+p]) * float64(b[p*n+j])
			}
		}
	}
	return c
}

func TestFusedElementwise(t *testing.T) {
	b := newBench(t, ptxvm.Config{})
	l := b.load(source(t, "kernels.ptx"))
	const n = 4096
	x, y := b.normal(n), b.normal(n)
	out := b.room(4 * n)
	b.must(b.launch(l, "fused_axpb_gelu", at(3, 1, 1), at(128, 1, 1), 0, out, b.up(x), b.up(y), float32(1.5), n/4))
	want := make([]float64, n)
	for i := range want {
		v := 1.5*float64(x[i]) + float64(y[i])
		want[i] = 0.5 * v * (1 + math.Tanh(0.7978845608*(v+0.044715*v*v*v)))
	}
	near(t, "gelu", b.down(out, n), want, 1e-6)
}

func TestReduction(t *testing.T) {
	b := newBench(t, ptxvm.Config{})
	l := b.load(source(t, "kernels.ptx"))
	const n = 100003
	x := b.normal(n)
	part := b.room(4 * 16)
	b.must(b.launch(l, "reduce_sum", at(16, 1, 1), at(256, 1, 1), 0, part, b.up(x), n))
	var got, want float64
	for _, v := range b.down(part, 16) {
		got += float64(v)
	}
	for _, v := range x {
		want += float64(v)
	}
	near(t, "sum", []float32{float32(got)}, []float64{want}, 1e-5)
}

func TestSoftmaxAndLayerNorm(t *testing.T) {
	b := newBench(t, ptxvm.Config{})
	l := b.load(source(t, "kernels.ptx"))
	const rows, cols = 7, 1003
	x, gain, bias := b.normal(rows*cols), b.normal(cols), b.normal(cols)
	px, out := b.up(x), b.room(4*rows*cols)
	b.must(b.launch(l, "softmax_rows", at(rows, 1, 1), at(128, 1, 1), 0, out, px, cols))
	soft, norm := make([]float64, rows*cols), make([]float64, rows*cols)
	for r := range rows {
		row := x[r*cols : (r+1)*cols]
		var exps, sum, square float64
		for _, v := range row {
			exps += math.Exp(float64(v))
			sum += float64(v)
		}
		mean := sum / cols
		for _, v := range row {
			square += (float64(v) - mean) * (float64(v) - mean)
		}
		for c, v := range row {
			soft[r*cols+c] = math.Exp(float64(v)) / exps
			norm[r*cols+c] = (float64(v)-mean)/math.Sqrt(square/cols+1e-5)*float64(gain[c]) + float64(bias[c])
		}
	}
	near(t, "softmax", b.down(out, rows*cols), soft, 1e-6)
	out = b.room(4 * rows * cols)
	b.must(b.launch(l, "layernorm_rows", at(rows, 1, 1), at(256, 1, 1), 0, out, px, b.up(gain), b.up(bias), cols, float32(1e-5)))
	near(t, "layernorm", b.down(out, rows*cols), norm, 1e-6)
}

func TestMatrixProductInFloat32(t *testing.T) {
	b := newBench(t, ptxvm.Config{})
	l := b.load(source(t, "kernels.ptx"))
	const m, n, k = 100, 130, 70
	x, y := b.normal(m*k), b.normal(k*n)
	out := b.room(4 * m * n)
	b.must(b.launch(l, "sgemm64", at((n+63)/64, (m+63)/64, 1), at(256, 1, 1), 0, out, b.up(x), b.up(y), m, n, k))
	near(t, "sgemm", b.down(out, m*n), product(x, y, m, n, k), 1e-6)
}

func TestABarrierThatIsMissingIsARace(t *testing.T) {
	b := newBench(t, ptxvm.Config{})
	l := b.load(strings.Replace(source(t, "kernels.ptx"), "bar.sync \t0;", "", 1))
	err := b.launch(l, "reduce_sum", at(1, 1, 1), at(256, 1, 1), 0, b.room(4), b.up(b.normal(1000)), 1000)
	if err == nil {
		t.Error("a kernel without its barrier ran")
	}
	t.Log(err)
}

func TestTensorCoresOfAmpere(t *testing.T) {
	b := newBench(t, ptxvm.Config{Capability: 80})
	l := b.load(source(t, "gemm_mma.ptx"))
	const m, n, k = 200, 136, 104
	x, y := b.normal(m*k), b.normal(k*n)
	px, py, out := b.upBrain(x), b.upBrain(y), b.room(4*m*n)
	b.must(b.launch(l, "gemm_bf16_128", at((n+127)/128, (m+127)/128, 1), at(256, 1, 1), 65536, out, px, py, m, n, k))
	near(t, "mma.sync", b.down(out, m*n), product(x, y, m, n, k), 1e-6)
}

// hopper runs the kernel of gemm_wgmma.ptx, changed by edit, over m×k and n×k
// matrices of bfloat16; rows are multiples of 16 bytes.
func hopper(t *testing.T, m, n, k int, edit func(string) string) (got []float32, want []float64, err error) {
	t.Helper()
	b := newBench(t, ptxvm.Config{})
	l := b.load(edit(source(t, "gemm_wgmma.ptx")))
	x, yt := b.normal(m*k), b.normal(n*k)
	px, py, out := b.upBrain(x), b.upBrain(yt), b.room(4*m*n)
	tile := func(p uint64, rows int) []byte {
		raw, err := ptxvm.TensorMap{
			Element: 2, Base: p, Dims: []uint64{uint64(k), uint64(rows)}, Strides: []uint64{uint64(2 * k)},
			Box: []uint32{64, 128}, Swizzle: ptxvm.Swizzle128,
		}.Encode()
		b.must(err)
		return raw[:]
	}
	const stages = 4
	err = b.launch(l, "gemm_bf16_wgmma", at((n+127)/128, (m+127)/128, 1), at(384, 1, 1), stages*(128+128)*64*2+64+1024,
		out, tile(px, m), tile(py, n), m, n, k)
	if err != nil {
		return nil, nil, err
	}
	y := make([]float32, k*n)
	for j := range n {
		for i := range k {
			y[i*n+j] = yt[j*k+i]
		}
	}
	return b.down(out, m*n), product(x, y, m, n, k), nil
}

func TestTensorCoresOfHopper(t *testing.T) {
	got, want, err := hopper(t, 150, 200, 200, func(s string) string { return s })
	if err != nil {
		t.Fatal(err)
	}
	near(t, "wgmma", got, want, 1e-6)
}

// swap replaces text that must be there.
func swap(t *testing.T, s, old, new string) string {
	t.Helper()
	if !strings.Contains(s, old) {
		t.Fatalf("no %q to replace", old)
	}
	return strings.Replace(s, old, new, 1)
}

func TestMemoryGivenBackTooEarlyIsARace(t *testing.T) {
	_, _, err := hopper(t, 128, 128, 520, func(s string) string {
		return swap(t, s, "wgmma.wait_group.sync.aligned 0;", "wgmma.wait_group.sync.aligned 1;")
	})
	if err == nil {
		t.Error("operands were overwritten before they were read, and nobody noticed")
	}
	t.Log(err)
}

func TestACopyThatIsNotWaitedForIsInFlight(t *testing.T) {
	b := newBench(t, ptxvm.Config{Capability: 80})
	l := b.load(swap(t, source(t, "gemm_mma.ptx"), "cp.async.wait_group 2;", "cp.async.wait_group 3;"))
	x, y := b.normal(128*128), b.normal(128*128)
	err := b.launch(l, "gemm_bf16_128", at(1, 1, 1), at(256, 1, 1), 65536, b.room(4*128*128), b.upBrain(x), b.upBrain(y), 128, 128, 128)
	expect(t, err, ptxvm.InFlight, "ldmatrix")
}
