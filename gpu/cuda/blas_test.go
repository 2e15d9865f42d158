//go:build linux && (amd64 || arm64)

package cuda_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/cuda/fake"
	"github.com/cloister-ai/cloister/gpu/graph"
	"pgregory.net/rapid"
)

// multiplying is a device with a stand-in cuBLASLt, inside Enter for f.
func multiplying(t *testing.T, f func(*fake.BLAS, cuda.Driver, *cuda.BLAS) error) {
	driver, d := opened(t)
	lib := driver.BLAS(t)
	inside(t, d, func() error {
		b, err := cuda.OpenBLAS(d, "")
		if err != nil {
			return err
		}
		if b.Path != lib.Path || b.Version != 120406 {
			t.Errorf("OpenBLAS = %s, version %d", b.Path, b.Version)
		}
		err = f(lib, d, b)
		return errors.Join(err, b.Close(), b.Close())
	})
	if lib.Live() != 0 {
		t.Errorf("%d objects of the library are left", lib.Live())
	}
}

// put writes elements as a device has them.
func put(t cuda.Element, v []float32) []byte {
	var b []byte
	for _, x := range v {
		switch t {
		case cuda.Float32:
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		case cuda.Float16:
			b = binary.LittleEndian.AppendUint16(b, graph.HalfBits(float64(x)))
		case cuda.BFloat16:
			b = binary.LittleEndian.AppendUint16(b, uint16(math.Float32bits(x)>>16))
		}
	}
	return b
}

// take reads them.
func take(t cuda.Element, b []byte) []float32 {
	var v []float32
	for i := 0; i < len(b); {
		switch t {
		case cuda.Float32:
			v = append(v, math.Float32frombits(binary.LittleEndian.Uint32(b[i:])))
			i += 4
		case cuda.Float16:
			v = append(v, graph.Half(binary.LittleEndian.Uint16(b[i:])))
			i += 2
		case cuda.BFloat16:
			v = append(v, math.Float32frombits(uint32(binary.LittleEndian.Uint16(b[i:]))<<16))
			i += 2
		}
	}
	return v
}

// product computes p by its definition. Operands are small integers, so that it is
// exact up to the activation.
func product(p cuda.Product, a, b, c, bias []float32) []float32 {
	out := slices.Clone(c)
	for n := range max(p.Batch, 1) {
		at, bt := n*p.M*p.K, n*p.K*p.N
		if p.SharedA {
			at = 0
		}
		if p.SharedB {
			bt = 0
		}
		for i := range p.M {
			for j := range p.N {
				var sum float64
				for k := range p.K {
					x, y := at+i*p.K+k, bt+k*p.N+j
					if p.TransA {
						x = at + k*p.M + i
					}
					if p.TransB {
						y = bt + j*p.K + k
					}
					sum += float64(a[x]) * float64(b[y])
				}
				sum *= float64(p.Alpha)
				to := n*p.M*p.N + i*p.N + j
				if p.Accumulate {
					sum += float64(c[to])
				}
				if p.Bias {
					sum += float64(bias[j])
				}
				switch p.Activation {
				case cuda.ReLU:
					sum = max(sum, 0)
				case cuda.GELU:
					sum = 0.5 * sum * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(sum+0.044715*sum*sum*sum)))
				}
				out[to] = float32(sum)
			}
		}
	}
	return out
}

func TestAProductIsItsDefinition(t *testing.T) {
	multiplying(t, func(_ *fake.BLAS, d cuda.Driver, b *cuda.BLAS) error {
		rapid.Check(t, func(r *rapid.T) {
			p := cuda.Product{
				M: rapid.Int64Range(1, 6).Draw(r, "M"), N: rapid.Int64Range(1, 6).Draw(r, "N"), K: rapid.Int64Range(1, 6).Draw(r, "K"),
				TransA: rapid.Bool().Draw(r, "TransA"), TransB: rapid.Bool().Draw(r, "TransB"),
				Batch: rapid.Int64Range(0, 3).Draw(r, "Batch"), SharedA: rapid.Bool().Draw(r, "SharedA"), SharedB: rapid.Bool().Draw(r, "SharedB"),
				In:        rapid.SampledFrom([]cuda.Element{cuda.Float32, cuda.Float16, cuda.BFloat16}).Draw(r, "In"),
				Out:       rapid.SampledFrom([]cuda.Element{cuda.Float32, cuda.Float16, cuda.BFloat16}).Draw(r, "Out"),
				Precision: rapid.SampledFrom([]cuda.Precision{cuda.Full, cuda.TF32}).Draw(r, "Precision"),
				Alpha:     rapid.SampledFrom([]float32{1, 2, -1}).Draw(r, "Alpha"), Accumulate: rapid.Bool().Draw(r, "Accumulate"),
				Bias: rapid.Bool().Draw(r, "Bias"), Activation: cuda.Activation(rapid.IntRange(0, 2).Draw(r, "Activation")),
				Workspace: rapid.SampledFrom([]int64{0, 4096}).Draw(r, "Workspace"),
			}
			if p.In != cuda.Float32 {
				p.Precision = cuda.Half
			}
			batch := max(p.Batch, 1)
			numbers := func(n int64, name string) []float32 {
				v := make([]float32, n)
				for i := range v {
					v[i] = float32(rapid.IntRange(-3, 3).Draw(r, name))
				}
				return v
			}
			x, y, z, bias := numbers(p.M*p.K*batch, "A"), numbers(p.K*p.N*batch, "B"), numbers(p.M*p.N*batch, "C"), numbers(p.N, "bias")
			if p.SharedA {
				x = x[:p.M*p.K]
			}
			if p.SharedB {
				y = y[:p.K*p.N]
			}
			want := product(p, x, y, z, bias)
			var ptrs []cuda.Ptr
			for _, m := range [][]byte{put(p.Out, z), put(p.In, x), put(p.In, y), put(p.Out, bias), make([]byte, 4096)} {
				ptr, err := d.Alloc(int64(len(m)))
				if err := errors.Join(err, d.Upload(cuda.Compute, ptr, m)); err != nil {
					r.Fatal(err)
				}
				ptrs = append(ptrs, ptr)
			}
			m, err := b.Plan(p)
			if err != nil {
				r.Fatal(err)
			}
			got := make([]byte, len(put(p.Out, z)))
			if err := errors.Join(m.Run(ptrs[0], ptrs[1], ptrs[2], ptrs[3], ptrs[4]), d.Download(cuda.Compute, got, ptrs[0]), m.Free()); err != nil {
				r.Fatal(err)
			}
			for i, g := range take(p.Out, got) {
				bound := 1e-6 * math.Abs(float64(want[i]))
				if p.Out != cuda.Float32 {
					bound = math.Abs(float64(want[i])) / 128 // bfloat16 has 8 bits
				}
				if math.Abs(float64(g-want[i])) > bound+1e-6 {
					r.Fatalf("%+v: element %d is %v, want %v", p, i, g, want[i])
				}
			}
			for _, ptr := range ptrs {
				if err := d.Free(ptr); err != nil {
					r.Fatal(err)
				}
			}
		})
		return nil
	})
}

func TestFloat32IsRoundedWhereItIsAskedFor(t *testing.T) {
	multiplying(t, func(_ *fake.BLAS, d cuda.Driver, b *cuda.BLAS) error {
		const fine = 1 + 1.0/(1<<13) // more bits than TF32 has
		p, err := d.Alloc(12)
		if err != nil {
			return err
		}
		for precision, want := range map[cuda.Precision]float32{cuda.Full: fine, cuda.TF32: 1} {
			m, err := b.Plan(cuda.Product{M: 1, N: 1, K: 1, In: cuda.Float32, Out: cuda.Float32, Precision: precision, Alpha: 1, Align: 4})
			if err != nil {
				return err
			}
			got := make([]byte, 4)
			if err := errors.Join(d.Upload(cuda.Compute, p, put(cuda.Float32, []float32{0, 1, fine})), m.Run(p, p+4, p+8, 0, 0),
				d.Download(cuda.Compute, got, p)); err != nil {
				return err
			}
			if v := take(cuda.Float32, got)[0]; v != want {
				t.Errorf("precision %d: 1·%v = %v, want %v", precision, fine, v, want)
			}
		}
		return nil
	})
}

func TestAProductIsCapturedAndOutlivesItsPlan(t *testing.T) {
	multiplying(t, func(_ *fake.BLAS, d cuda.Driver, b *cuda.BLAS) error {
		p, err := d.Alloc(4096)
		m, e := b.Plan(cuda.Product{M: 1, N: 1, K: 2, In: cuda.Float32, Out: cuda.Float32, Precision: cuda.Full, Alpha: 1, Align: 4})
		if err := errors.Join(err, e, d.Upload(cuda.Compute, p, put(cuda.Float32, []float32{0, 2, 3, 5, 7}))); err != nil {
			return err
		}
		g, err := d.Capture(func() error { return m.Run(p, p+4, p+12, 0, 0) })
		if err := errors.Join(err, m.Free(), m.Free()); err != nil {
			return err
		}
		if err := m.Run(p, p+4, p+12, 0, 0); !errors.Is(err, abi.Invalid) {
			t.Errorf("Run of a freed product = %v; want Invalid", err)
		}
		got := make([]byte, 4)
		if err := errors.Join(g.Launch(), d.Download(cuda.Compute, got, p)); err != nil {
			return err
		}
		if v := take(cuda.Float32, got)[0]; v != 2*5+3*7 {
			t.Errorf("got %v, want 31", v)
		}
		return g.Free()
	})
}

func TestProductsThatMakeNoSenseAreInvalid(t *testing.T) {
	good := cuda.Product{M: 2, N: 3, K: 4, In: cuda.Float32, Out: cuda.Float32, Precision: cuda.Full, Alpha: 1}
	multiplying(t, func(_ *fake.BLAS, d cuda.Driver, b *cuda.BLAS) error {
		for name, change := range map[string]func(*cuda.Product){
			"M": func(p *cuda.Product) { p.M = 0 }, "N": func(p *cuda.Product) { p.N = -1 }, "K": func(p *cuda.Product) { p.K = 1 << 31 },
			"batch": func(p *cuda.Product) { p.Batch = -1 }, "many": func(p *cuda.Product) { p.Batch = 65536 },
			"in": func(p *cuda.Product) { p.In = 1 }, "out": func(p *cuda.Product) { p.Out = 99 },
			"half of float32":   func(p *cuda.Product) { p.Precision = cuda.Half },
			"full of bfloat16":  func(p *cuda.Product) { p.In = cuda.BFloat16 },
			"no such precision": func(p *cuda.Product) { p.Precision = 0 },
			"activation":        func(p *cuda.Product) { p.Activation = 9 },
			"workspace":         func(p *cuda.Product) { p.Workspace = -1 },
			"alignment":         func(p *cuda.Product) { p.Align = 3 },
		} {
			p := good
			change(&p)
			if _, err := b.Plan(p); !errors.Is(err, abi.Invalid) {
				t.Errorf("%s: Plan = %v; want Invalid", name, err)
			}
		}
		p := good
		p.K = 7
		if _, err := b.Plan(p); !errors.Is(err, cuda.ErrNoProduct) || !errors.Is(err, abi.NotFound) {
			t.Errorf("Plan of what the library lacks = %v; want ErrNoProduct", err)
		}
		good.Bias, good.Workspace = true, 4096
		m, err := b.Plan(good)
		at, e := d.Alloc(24 + 32 + 48)
		work, e2 := d.Alloc(1024)
		bias, e3 := d.Alloc(512)
		if err := errors.Join(err, e, e2, e3); err != nil {
			return err
		}
		x, e := d.Alloc(32)
		y, e2 := d.Alloc(48)
		if err := errors.Join(e, e2, m.Run(at, x, y, bias, work), d.Sync(cuda.Compute)); err != nil {
			return err
		}
		for name, run := range map[string]func() error{
			"C outside":         func() error { return m.Run(at+256, x, y, bias, work) },
			"A outside":         func() error { return m.Run(at, bias+500, y, bias, work) },
			"B too short":       func() error { return m.Run(at, x, x, bias, work) },
			"no bias":           func() error { return m.Run(at, x, y, 0, work) },
			"no workspace":      func() error { return m.Run(at, x, y, bias, 0) },
			"workspace short":   func() error { return m.Run(at, x, y, bias, bias) },
			"bias not aligned":  func() error { return m.Run(at, x, y, bias+4, work) },
			"result not either": func() error { return m.Run(at+16, x, y, bias, work) },
		} {
			if err := run(); !errors.Is(err, abi.Invalid) {
				t.Errorf("%s: Run = %v; want Invalid", name, err)
			}
		}
		if n := testing.AllocsPerRun(50, func() { err = errors.Join(err, m.Run(at, x, y, bias, work)) }); err != nil || n > 0 {
			t.Errorf("a Run allocates %v times; %v", n, err)
		}
		return d.Sync(cuda.Compute)
	})
}

// TestEveryCallOfTheLibraryMayFail makes each call fail, each time it is made.
func TestEveryCallOfTheLibraryMayFail(t *testing.T) {
	driver, d := opened(t)
	lib := driver.BLAS(t)
	all := func() error {
		return d.Enter(func() (err error) {
			b, err := cuda.OpenBLAS(d, "")
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, b.Close()) }()
			p := cuda.Product{M: 1, N: 1, K: 2, Batch: 2, In: cuda.Float32, Out: cuda.Float32, Precision: cuda.TF32, Alpha: 1, Bias: true, Align: 4}
			m, err := b.Plan(p)
			if err != nil {
				return err
			}
			if _, err = b.Plan(p); err != nil { // and leave it to Close
				return err
			}
			at, err := d.Alloc(4096)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, d.Free(at)) }()
			if err := m.Run(at, at+16, at+32, at+64, 0); err != nil {
				return err
			}
			return m.Free()
		})
	}
	lib.Reset()
	if err := all(); err != nil {
		t.Fatal(err)
	}
	calls := lib.Calls()
	if len(calls) != len(cuda.BLASSymbols())-1 { // its version cannot fail
		t.Errorf("%d functions are called, %d are bound", len(calls), len(cuda.BLASSymbols()))
	}
	for name, n := range calls {
		for nth := 1; nth <= n; nth++ {
			lib.Reset()
			lib.Fail(name, nth, 14)
			err := all()
			what := fmt.Sprintf("%s, call %d of %d: %v", name, nth, n, err)
			e, ok := errors.AsType[*cuda.BLASError](err)
			if !lib.Failed() || !ok || e.Call != name || e.Status != 14 || abi.KindOf(err) != abi.Unavailable {
				t.Errorf("%s; want an internal error of that call", what)
			}
			if left := lib.Live(); left != 0 && !(strings.Contains(name, "Destroy") && left == 1) {
				t.Errorf("%s; %d objects are left", what, left)
			}
		}
	}
}

func TestALibraryThatCannotBeUsedIsNone(t *testing.T) {
	driver, d := opened(t)
	missing := driver.BLAS(t, "-DcublasLtMatmul=absent").Path
	lib := driver.BLAS(t)
	inside(t, d, func() error {
		for _, path := range []string{"/nowhere/libcublasLt.so.12", missing} {
			if _, err := cuda.OpenBLAS(d, path); !errors.Is(err, cuda.ErrNoBLAS) {
				t.Errorf("OpenBLAS of %s = %v; want ErrNoBLAS", path, err)
			}
		}
		lib.Fail("cublasLtCreate", 1, 1)
		if _, err := cuda.OpenBLAS(d, ""); !errors.Is(err, cuda.ErrNoBLAS) || !strings.Contains(err.Error(), "not initialized") {
			t.Errorf("OpenBLAS = %v; want ErrNoBLAS with the library's reason", err)
		}
		return nil
	})
	if _, err := cuda.OpenBLAS(struct{ cuda.Driver }{d}, ""); !errors.Is(err, cuda.ErrNoBLAS) {
		t.Errorf("OpenBLAS for another kind of device = %v; want ErrNoBLAS", err)
	}
	if _, err := cuda.OpenBLAS(d, ""); !errors.Is(err, abi.Invalid) {
		t.Errorf("OpenBLAS outside Enter = %v; want Invalid", err)
	}
}

func TestBLASIsFoundWherePeopleHaveIt(t *testing.T) {
	root := t.TempDir()
	for name, value := range map[string]string{"CUBLASLT_LIB": "", "CUDA_HOME": "cuda", "CUDA_PATH": "", "CONDA_PREFIX": "conda", "VIRTUAL_ENV": "venv", "HOME": "home"} {
		if value != "" {
			value = filepath.Join(root, value)
		}
		t.Setenv(name, value)
	}
	var want []string
	for _, path := range []string{
		"cuda/lib64/libcublasLt.so.13", "conda/lib/libcublasLt.so.13",
		"venv/lib/python3.12/site-packages/nvidia/cu13/lib/libcublasLt.so.13",
		"cuda/lib64/libcublasLt.so.12", "conda/lib/python3.11/site-packages/nvidia/cublas/lib/libcublasLt.so.12",
		"home/.local/lib/python3.12/site-packages/nvidia/cublas/lib/libcublasLt.so.12",
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		want = append(want, path)
	}
	ours := func(driver int) []string {
		list := cuda.BLASPaths(driver)
		return slices.DeleteFunc(list, func(p string) bool { return !strings.HasPrefix(p, root) })
	}
	if got := ours(13000); !slices.Equal(got, want) {
		t.Errorf("with a driver of CUDA 13: %q, want %q", got, want)
	}
	if got := ours(12080); !slices.Equal(got, want[3:]) {
		t.Errorf("with a driver of CUDA 12: %q, want %q", got, want[3:])
	}
	if got := cuda.BLASPaths(12080)[0]; got != "libcublasLt.so.12" {
		t.Errorf("the first place is %q, want the loader's", got)
	}
	t.Setenv("CUBLASLT_LIB", "/there")
	if got := cuda.BLASPaths(13000); !slices.Equal(got, []string{"/there"}) {
		t.Errorf("with CUBLASLT_LIB: %q", got)
	}
}
