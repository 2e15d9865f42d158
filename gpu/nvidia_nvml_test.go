//go:build linux && cgo && nvml

package gpu

import (
	"errors"
	"strings"
	"testing"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxa100"
	"github.com/cloister-ai/cloister/abi"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestADGXHasEightDevices(t *testing.T) {
	n, err := openNVIDIA(goManagement{dgxa100.New()})
	if err != nil || len(n.Cards()) != 8 || n.Driver() == "" {
		t.Fatalf("openNVIDIA = %+v, %v; want 8 cards", n, err)
	}
	seen := map[string]bool{}
	for _, d := range n.Cards() {
		if !strings.HasPrefix(d.ID, "GPU-") || seen[d.ID] || !strings.Contains(d.Model, "A100") || d.Memory < 40<<30 || d.IsCPU() || d.Divided {
			t.Errorf("device %+v; want an A100 with an identity of its own", d)
		}
		seen[d.ID] = true
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
}

// onlyInit fails Init and nothing else: the mock panics over every other call.
func onlyInit(r nvml.Return) management {
	return goManagement{&mock.Interface{InitFunc: func() nvml.Return { return r }}}
}

func TestAMachineWithoutADriverHasNoGPU(t *testing.T) {
	for _, r := range []nvml.Return{nvml.ERROR_LIBRARY_NOT_FOUND, nvml.ERROR_DRIVER_NOT_LOADED} {
		if n, err := openNVIDIA(onlyInit(r)); n != nil || !errors.Is(err, ErrNoNVIDIA) {
			t.Errorf("openNVIDIA with %v = %v, %v; want no driver", r, n, err)
		}
	}
}

func TestADriverThatFailsIsUnavailable(t *testing.T) {
	_, err := openNVIDIA(onlyInit(nvml.ERROR_UNKNOWN))
	if !errors.Is(err, abi.Unavailable) || !errors.Is(err, nvmlReturn(nvml.ERROR_UNKNOWN)) || errors.Is(err, ErrNoNVIDIA) {
		t.Errorf("openNVIDIA = %v; want Unavailable and NVML's reason", err)
	}
}

func TestACardIsSampledThroughGoNVML(t *testing.T) {
	instance := &mock.Device{
		GetUUIDFunc:       func() (string, nvml.Return) { return "MIG-1", nvml.SUCCESS },
		GetNameFunc:       func() (string, nvml.Return) { return "A100 MIG 1g.5gb", nvml.SUCCESS },
		GetMemoryInfoFunc: func() (nvml.Memory, nvml.Return) { return nvml.Memory{Total: 5 << 30}, nvml.SUCCESS },
	}
	card := &mock.Device{
		GetUUIDFunc:              func() (string, nvml.Return) { return "GPU-1", nvml.SUCCESS },
		GetNameFunc:              func() (string, nvml.Return) { return "A100", nvml.SUCCESS },
		GetMemoryInfoFunc:        func() (nvml.Memory, nvml.Return) { return nvml.Memory{Total: 40 << 30, Used: 7}, nvml.SUCCESS },
		GetMigModeFunc:           func() (int, int, nvml.Return) { return nvml.DEVICE_MIG_ENABLE, nvml.DEVICE_MIG_ENABLE, nvml.SUCCESS },
		GetMaxMigDeviceCountFunc: func() (int, nvml.Return) { return 2, nvml.SUCCESS },
		GetMigDeviceHandleByIndexFunc: func(i int) (nvml.Device, nvml.Return) {
			if i == 0 {
				return nil, nvml.ERROR_NOT_FOUND
			}
			return instance, nvml.SUCCESS
		},
		GetUtilizationRatesFunc:       func() (nvml.Utilization, nvml.Return) { return nvml.Utilization{Gpu: 3, Memory: 9}, nvml.SUCCESS },
		GetPowerUsageFunc:             func() (uint32, nvml.Return) { return 60000, nvml.SUCCESS },
		GetTotalEnergyConsumptionFunc: func() (uint64, nvml.Return) { return 0, nvml.ERROR_NOT_SUPPORTED },
		GetTotalEccErrorsFunc:         func(nvml.MemoryErrorType, nvml.EccCounterType) (uint64, nvml.Return) { return 1, nvml.SUCCESS },
		GetComputeRunningProcessesFunc: func() ([]nvml.ProcessInfo, nvml.Return) {
			return []nvml.ProcessInfo{{Pid: 5, UsedGpuMemory: 6}}, nvml.SUCCESS
		},
		GetGraphicsRunningProcessesFunc: func() ([]nvml.ProcessInfo, nvml.Return) {
			return []nvml.ProcessInfo{{Pid: 8, UsedGpuMemory: ^uint64(0)}}, nvml.SUCCESS
		},
	}
	n, err := openNVIDIA(goManagement{&mock.Interface{
		InitFunc: func() nvml.Return { return nvml.SUCCESS }, ShutdownFunc: func() nvml.Return { return nvml.SUCCESS },
		SystemGetDriverVersionFunc: func() (string, nvml.Return) { return "550", nvml.SUCCESS },
		DeviceGetCountFunc:         func() (int, nvml.Return) { return 1, nvml.SUCCESS },
		DeviceGetHandleByIndexFunc: func(int) (nvml.Device, nvml.Return) { return card, nvml.SUCCESS },
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if c := n.Cards(); len(c) != 2 || !c[0].Divided || c[1].Parent != "GPU-1" || c[1].ID != "MIG-1" {
		t.Errorf("cards %+v", c)
	}
	s, err := n.Sample("GPU-1")
	if d := cmp.Diff(Sample{Used: 7, Busy: 3, Power: 60000, Energy: -1, ECC: 1}, s, cmpopts.IgnoreFields(Sample{}, "At")); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	list, err := n.Processes("GPU-1")
	if d := cmp.Diff([]Process{{PID: 5, Memory: 6}, {PID: 8, Graphics: true}}, list); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
}
