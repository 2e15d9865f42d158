//go:build linux && (amd64 || arm64)

package cuda_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda"
	"github.com/cloister-ai/cloister/gpu/cuda/fake"
	"github.com/google/go-cmp/cmp"
)

func TestOpenSaysWhyADeviceCannotBeUsed(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(*testing.T, *fake.Driver, *cuda.Config)
		want    *cuda.Reason
		text    string
	}{
		{"nowhere", func(t *testing.T, _ *fake.Driver, cfg *cuda.Config) { cfg.Library = "/nowhere/libcuda.so.1" }, cuda.ErrNoDriver, "/nowhere/libcuda.so.1"},
		{"no library", func(t *testing.T, _ *fake.Driver, cfg *cuda.Config) {
			cfg.Library = filepath.Join(t.TempDir(), "libcuda.so.1")
			if err := os.WriteFile(cfg.Library, []byte("not ELF"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, cuda.ErrBroken, ""},
		{"a function is missing", func(t *testing.T, _ *fake.Driver, cfg *cuda.Config) {
			cfg.Library = fake.Build(t, "fakecuda", "-DcuGraphLaunch=absent")
		}, cuda.ErrBroken, "cuGraphLaunch"},
		{"an old driver", func(_ *testing.T, d *fake.Driver, _ *cuda.Config) { d.Set("VERSION", 11080) }, cuda.ErrOldDriver, "CUDA 11.8"},
		{"no device", func(_ *testing.T, d *fake.Driver, _ *cuda.Config) { d.Set("DEVICES", 0) }, cuda.ErrNoDevice, "no device (100)"},
		{"cuInit fails", func(_ *testing.T, d *fake.Driver, _ *cuda.Config) { d.Fail("cuInit", 1, 803) }, cuda.ErrBroken, "system driver mismatch (803)"},
		{"a stub", func(_ *testing.T, d *fake.Driver, _ *cuda.Config) { d.Fail("cuInit", 1, 34) }, cuda.ErrBroken, "stub library"},
		{"another device", func(_ *testing.T, _ *fake.Driver, cfg *cuda.Config) { cfg.Device = "GPU-none" }, cuda.ErrNoDevice, "GPU-none"},
		{"an old device", func(_ *testing.T, d *fake.Driver, _ *cuda.Config) { d.Set("CAPABILITY", 70) }, cuda.ErrOldDevice, "7.0"},
		{"small", func(_ *testing.T, _ *fake.Driver, cfg *cuda.Config) { cfg.Memory = 1<<30 + 1 }, cuda.ErrSmall, "1073741825"},
		{"prohibited", func(_ *testing.T, d *fake.Driver, _ *cuda.Config) { d.Set("MODE", 2) }, cuda.ErrBusy, "PROHIBITED"},
		{"exclusive, and taken", func(_ *testing.T, d *fake.Driver, _ *cuda.Config) { d.Set("MODE", 3) }, cuda.ErrBusy, "device unavailable"},
		{"MPS, as the driver says", func(_ *testing.T, d *fake.Driver, _ *cuda.Config) { d.Set("MPS", 1) }, cuda.ErrShared, "Fake H100"},
		{"MPS, as its daemon shows", func(t *testing.T, _ *fake.Driver, _ *cuda.Config) {
			dir := t.TempDir()
			t.Setenv("CUDA_MPS_PIPE_DIRECTORY", dir)
			if err := os.WriteFile(filepath.Join(dir, "control"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, cuda.ErrShared, "control"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, cfg := fake.CUDA(t), cuda.Config{}
			c.prepare(t, f, &cfg)
			d, err := cuda.Open(cfg)
			if !errors.Is(err, c.want) || abi.KindOf(err) != abi.Unavailable || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("Open = %v, %v; want %v with %q", d, err, c.want, c.text)
			}
			if n := f.Live(); n != 0 {
				t.Errorf("%d objects are left", n)
			}
		})
	}
}

func TestTheEnvironmentMakesTheStandInFailToo(t *testing.T) {
	t.Setenv("FAKE_CUDA_FAIL", "cuMemAlloc_v2:2:2")
	f := fake.CUDA(t)
	d, err := cuda.Open(cuda.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	inside(t, d, func() error {
		if _, err := d.Alloc(1); err != nil {
			return err
		}
		if _, err := d.Alloc(1); err == nil || !f.Failed() {
			t.Errorf("the second Alloc = %v; want out of memory", err)
		}
		_, err := d.Alloc(1)
		return err
	})
}

func TestMemoryThatIsTakenIsNotFree(t *testing.T) {
	f := fake.CUDA(t)
	first, err := cuda.Open(cuda.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if err := first.Enter(func() error { _, err := first.Alloc(1 << 29); return err }); err != nil {
		t.Fatal(err)
	}
	live := f.Live()
	if _, err := cuda.Open(cuda.Config{Memory: 1<<29 + 1}); !errors.Is(err, cuda.ErrSmall) {
		t.Errorf("Open = %v; want ErrSmall", err)
	}
	if f.Live() != live {
		t.Errorf("%d objects, %d before the device that was too small", f.Live(), live)
	}
}

func TestMPSIsTakenWhereItIsAskedFor(t *testing.T) {
	f := fake.CUDA(t)
	f.Set("MPS", 1)
	d, err := cuda.Open(cuda.Config{MPS: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

func TestDevicesListsWhatCannotBeUsedToo(t *testing.T) {
	f := fake.CUDA(t)
	f.Set("DEVICES", 2)
	f.Set("CAPABILITY", 70)
	list, err := cuda.Devices(cuda.Config{})
	if err != nil || len(list) != 2 {
		t.Fatalf("Devices = %v, %v; want two", list, err)
	}
	want := cuda.Info{Name: "Fake H100 MIG 1g.10gb", UUID: "MIG-10111213-1415-1617-1819-1a1b1c1d1e1f", Bus: "0000:3b:00.0", Major: 7, Memory: 1 << 30,
		SMs: 132, Threads: 1024, Shared: 232448, L2: 50 << 20, Driver: 12040, MIG: true}
	if d := cmp.Diff(want, list[1].Info); d != "" {
		t.Error(d)
	}
	for _, d := range list {
		if !errors.Is(d.Err, cuda.ErrOldDevice) {
			t.Errorf("%s: %v; want ErrOldDevice", d.UUID, d.Err)
		}
	}
	if f.Live() != 0 {
		t.Errorf("listing left %d objects", f.Live())
	}
}

func TestADeviceIsOpenedByItsUUID(t *testing.T) {
	f := fake.CUDA(t)
	f.Set("DEVICES", 2)
	d, err := cuda.Open(cuda.Config{Device: "MIG-10111213-1415-1617-1819-1a1b1c1d1e1f"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if !d.Info().MIG {
		t.Errorf("opened %+v", d.Info())
	}
}

func TestWhatTheDriverDoesNotSayIsEmpty(t *testing.T) {
	fake.CUDA(t, "-DcuDeviceGetUuid_v2=absent1", "-DcuDeviceGetPCIBusId=absent2", "-DcuFuncGetParamInfo=absent3")
	d, err := cuda.Open(cuda.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if i := d.Info(); i.UUID != "" || i.Bus != "" || i.Name == "" {
		t.Errorf("Info = %+v", i)
	}
	if err := d.Enter(func() error {
		m, err := d.Load(ptx)
		if err != nil {
			return err
		}
		f, err := m.Function("add")
		if err != nil {
			return err
		}
		if err := d.Launch(f, one, one, 0, []uint64{1, 2}); err == nil {
			t.Error("the driver took two parameters of three")
		}
		return d.Launch(f, one, one, 0, []uint64{1, 2, 3})
	}); err != nil {
		t.Error(err)
	}
}

func TestTheDriverIsToldWhereToKeepWhatItCompiles(t *testing.T) {
	f := fake.CUDA(t)
	t.Setenv("CUDA_CACHE_PATH", "elsewhere") // and back after the test
	t.Setenv("CUDA_CACHE_DISABLE", "1")
	dir := filepath.Join(t.TempDir(), "ptx", "cache")
	d, err := cuda.Open(cuda.Config{Cache: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got := f.Env("CUDA_CACHE_PATH"); got != dir || f.Env("CUDA_CACHE_DISABLE") != "" {
		t.Errorf("the driver sees CUDA_CACHE_PATH=%q, want %q", got, dir)
	}
	if s, err := os.Stat(dir); err != nil || s.Mode().Perm() != 0o700 {
		t.Errorf("cache: %v, %v; want a folder of ours alone", s, err)
	}
	if _, err := cuda.Open(cuda.Config{Cache: "relative"}); !errors.Is(err, abi.Invalid) {
		t.Errorf("Open with a relative cache = %v; want Invalid", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := cuda.Open(cuda.Config{Cache: filepath.Join(file, "cache")}); !errors.Is(err, abi.Unavailable) {
		t.Errorf("Open with a cache that cannot be made = %v; want Unavailable", err)
	}
}
