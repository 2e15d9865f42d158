package ptxvm_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/cloister-ai/cloister/internal/ptxvm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// kernel wraps a body in the text around it: parameters a, b and c are addresses.
func kernel(target, body string) string {
	version := map[string]string{"sm_75": "7.0", "sm_80": "7.0", "sm_90": "8.0", "sm_90a": "8.0"}[target]
	return fmt.Sprintf(`.version %s
.target %s
.address_size 64
.visible .entry k(.param .u64 a, .param .u64 b, .param .u64 c)
{
	.reg .pred %%p<8>;
	.reg .b16 %%h<16>;
	.reg .b32 %%r<64>;
	.reg .f32 %%f<64>;
	.reg .b64 %%d<32>;
	.reg .f64 %%g<16>;
	ld.param.u64 %%d0, [a];
	ld.param.u64 %%d1, [b];
	ld.param.u64 %%d2, [c];
	mov.u32 %%r0, %%tid.x;
	mov.u32 %%r1, %%ctaid.x;
%s
	ret;
}
`, version, target, body)
}

// machine is a device with three buffers.
type machine struct {
	t    testing.TB
	dev  *ptxvm.Device
	bufs [3]uint64
}

func newMachine(t testing.TB, cfg ptxvm.Config, bytes int64) *machine {
	t.Helper()
	m := &machine{t: t, dev: ptxvm.New(cfg)}
	for i := range m.bufs {
		p, err := m.dev.Alloc(bytes)
		if err != nil {
			t.Fatal(err)
		}
		m.bufs[i] = p
	}
	return m
}

func (m *machine) write(i int, b []byte) {
	m.t.Helper()
	if err := m.dev.Write(m.bufs[i], b); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) read(i, n int) []byte {
	m.t.Helper()
	b := make([]byte, n)
	if err := m.dev.Read(b, m.bufs[i]); err != nil {
		m.t.Fatal(err)
	}
	return b
}

func (m *machine) load(text string) *ptxvm.Loaded {
	m.t.Helper()
	mod, err := ptxvm.Parse(text)
	if err != nil {
		m.t.Fatalf("%v in\n%s", err, text)
	}
	l, err := m.dev.Load(mod)
	if err != nil {
		m.t.Fatal(err)
	}
	return l
}

// run launches kernel k over the buffers.
func (m *machine) run(text string, grid, block uint32) error {
	m.t.Helper()
	return m.load(text).Launch("k", [3]uint32{grid, 1, 1}, [3]uint32{block, 1, 1}, 0, m.params())
}

func (m *machine) params() []byte {
	b := make([]byte, 24)
	for i, p := range m.bufs {
		binary.LittleEndian.PutUint64(b[8*i:], p)
	}
	return b
}

func floats(v ...float32) []byte {
	b := make([]byte, 4*len(v))
	for i, x := range v {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(x))
	}
	return b
}

func word(b []byte, i int) uint32   { return binary.LittleEndian.Uint32(b[4*i:]) }
func float(b []byte, i int) float32 { return math.Float32frombits(word(b, i)) }

// expect demands a fault of the class, at the instruction that holds text.
func expect(t *testing.T, err error, class ptxvm.Class, text string) {
	t.Helper()
	f, ok := errors.AsType[*ptxvm.Fault](err)
	if !ok || f.Class != class || !strings.Contains(f.Text, text) {
		t.Errorf("got %v; want %v at %q", err, class, text)
	}
}

const saxpy = `
	mad.lo.u32 %r2, %r1, 128, %r0;
	mul.wide.u32 %d3, %r2, 4;
	add.u64 %d4, %d0, %d3;
	add.u64 %d5, %d1, %d3;
	add.u64 %d6, %d2, %d3;
	ld.global.f32 %f0, [%d4];
	ld.global.f32 %f1, [%d5];
	fma.rn.f32 %f2, %f0, 0f40000000, %f1;
	st.global.f32 [%d6], %f2;`

func TestAKernelComputesWhatItSays(t *testing.T) {
	const n = 512
	m := newMachine(t, ptxvm.Config{}, 4*n)
	var x, y []float32
	for i := range n {
		x, y = append(x, float32(i)), append(y, float32(i*i))
	}
	m.write(0, floats(x...))
	m.write(1, floats(y...))
	if err := m.run(kernel("sm_75", saxpy), n/128, 128); err != nil {
		t.Fatal(err)
	}
	got := m.read(2, 4*n)
	for i := range n {
		if want := 2*x[i] + y[i]; float(got, i) != want {
			t.Fatalf("c[%d] = %v; want %v", i, float(got, i), want)
		}
	}
}

func itoa(i int) string { return strconv.Itoa(i) }
