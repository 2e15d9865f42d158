//go:build linux && (amd64 || arm64)

package gpu

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/cuda/fake"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestACardSaysWhatItKnows(t *testing.T) {
	lib := fake.Management(t)
	n, err := openNVIDIA(newNative())
	if err != nil {
		t.Fatal(err)
	}
	want := []Card{
		{Device: Device{ID: "GPU-1111", Model: "Fake H100", Memory: 80 << 30}},
		{Device: Device{ID: "GPU-2222", Model: "Fake H100", Memory: 80 << 30}, Divided: true},
		{Device: Device{ID: "MIG-aaaa", Model: "Fake H100 MIG 3g.40gb", Memory: 40 << 30}, Parent: "GPU-2222"},
		{Device: Device{ID: "MIG-bbbb", Model: "Fake H100 MIG 1g.10gb", Memory: 10 << 30}, Parent: "GPU-2222"},
		{Device: Device{ID: "GPU-3333", Model: "Fake GTX", Memory: 8 << 30}},
	}
	if d := cmp.Diff(want, n.Cards()); d != "" || n.Driver() != "550.163.01" {
		t.Errorf("driver %s: %s", n.Driver(), d)
	}
	for id, want := range map[string]Sample{
		"GPU-1111": {Used: 3 << 30, Busy: 42, Power: 350000, Energy: 6000, ECC: 2},
		"GPU-3333": {Busy: -1, Power: -1, Energy: -1, ECC: -1},
		"MIG-bbbb": {Used: 2 << 20, Busy: -1, Power: -1, Energy: -1, ECC: -1},
	} {
		s, err := n.Sample(id)
		if d := cmp.Diff(want, s, cmpopts.IgnoreFields(Sample{}, "At")); err != nil || d != "" || s.At.IsZero() {
			t.Errorf("%s: %v %s", id, err, d)
		}
	}
	list, err := n.Processes("GPU-1111")
	if d := cmp.Diff([]Process{{PID: 100, Memory: 1 << 30}, {PID: 101}, {PID: 7, Memory: 64 << 20, Graphics: true}}, list); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	if list, err := n.Processes("GPU-3333"); err != nil || len(list) != 0 {
		t.Errorf("Processes = %v, %v; want nobody", list, err)
	}
	if _, err := n.Sample("GPU-none"); !errors.Is(err, abi.NotFound) {
		t.Errorf("Sample of no card = %v; want NotFound", err)
	}
	if err := errors.Join(n.Close(), n.Close()); err != nil || lib.Open() != 0 || lib.Wrong() != 0 {
		t.Errorf("Close = %v; %d users left, %d wrong calls", err, lib.Open(), lib.Wrong())
	}
	if _, err := n.Sample("GPU-1111"); !errors.Is(err, abi.Invalid) {
		t.Errorf("Sample after Close = %v; want Invalid", err)
	}
}

func TestNothingIsCalledAfterAFailedInit(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "libnvidia-ml.so.1")
	if err := os.WriteFile(broken, []byte("no ELF"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, fail, path string
		flags            []string
		none             bool
	}{
		{name: "no library", path: "/nowhere/libnvidia-ml.so.1", none: true},
		{name: "a broken library", path: broken, none: true},
		{name: "no Init in it", flags: []string{"-DnvmlInit_v2=absent"}, none: true},
		{name: "driver not loaded", fail: "nvmlInit_v2:9", none: true},
		{name: "versions differ", fail: "nvmlInit_v2:18"},
		{name: "unknown", fail: "nvmlInit_v2:999"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lib := fake.Management(t, c.flags...)
			t.Setenv("FAKE_NVML_FAIL", c.fail)
			if c.path != "" {
				t.Setenv("NVML_LIB", c.path)
			}
			n, err := openNVIDIA(newNative())
			if n != nil || !errors.Is(err, abi.Unavailable) || errors.Is(err, ErrNoNVIDIA) != c.none {
				t.Errorf("openNVIDIA = %v, %v; want no driver: %v", n, err, c.none)
			}
			if lib.Wrong() != 0 {
				t.Errorf("%d calls after a failed Init", lib.Wrong())
			}
		})
	}
}

func TestAnyCallOfNVMLMayFail(t *testing.T) {
	lib := fake.Management(t)
	all := func() error {
		n, err := openNVIDIA(newNative())
		if err != nil {
			return err
		}
		_, err = n.Sample("GPU-1111")
		_, err2 := n.Processes("GPU-1111")
		return errors.Join(err, err2, n.Close())
	}
	if err := all(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"nvmlShutdown", "nvmlSystemGetDriverVersion", "nvmlDeviceGetCount_v2", "nvmlDeviceGetHandleByIndex_v2",
		"nvmlDeviceGetUUID", "nvmlDeviceGetName", "nvmlDeviceGetMemoryInfo", "nvmlDeviceGetMigMode", "nvmlDeviceGetMaxMigDeviceCount",
		"nvmlDeviceGetMigDeviceHandleByIndex", "nvmlDeviceGetUtilizationRates", "nvmlDeviceGetPowerUsage", "nvmlDeviceGetTotalEnergyConsumption",
		"nvmlDeviceGetTotalEccErrors", "nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetGraphicsRunningProcesses_v3"} {
		t.Setenv("FAKE_NVML_FAIL", name+":15")
		before := lib.Open()
		if err := all(); !errors.Is(err, nvmlReturn(15)) || !errors.Is(err, abi.Unavailable) {
			t.Errorf("with a failing %s: %v; want that the card is lost", name, err)
		}
		if lib.Open() != before && name != "nvmlShutdown" {
			t.Errorf("with a failing %s NVML is left open", name)
		}
	}
	if lib.Wrong() != 0 {
		t.Errorf("%d wrong calls", lib.Wrong())
	}
}

func TestAnOldDriverLacksWhatIsNew(t *testing.T) {
	fake.Management(t, "-DnvmlDeviceGetMigMode=absent1", "-DnvmlDeviceGetTotalEnergyConsumption=absent2", "-DnvmlDeviceGetComputeRunningProcesses_v3=absent3")
	n, err := openNVIDIA(newNative())
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	s, err := n.Sample("GPU-1111")
	list, err2 := n.Processes("GPU-1111")
	if err := errors.Join(err, err2); err != nil || s.Energy != -1 || len(list) != 1 || len(n.Cards()) != 3 {
		t.Errorf("%v: %+v, %v, %v", err, s, list, n.Cards())
	}
}
