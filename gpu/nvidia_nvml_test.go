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
)

func TestADGXHasEightDevices(t *testing.T) {
	ds, err := list(dgxa100.New())
	if err != nil || len(ds) != 8 {
		t.Fatalf("list = %v, %v; want 8 devices", ds, err)
	}
	seen := map[string]bool{}
	for _, d := range ds {
		if !strings.HasPrefix(d.ID, "GPU-") || seen[d.ID] || !strings.Contains(d.Model, "A100") || d.Memory < 40<<30 || d.IsCPU() {
			t.Errorf("device %+v; want an A100 with an identity of its own", d)
		}
		seen[d.ID] = true
	}
}

func TestAMachineWithoutADriverHasNoGPU(t *testing.T) {
	for _, r := range []nvml.Return{nvml.ERROR_LIBRARY_NOT_FOUND, nvml.ERROR_DRIVER_NOT_LOADED} {
		ds, err := list(&mock.Interface{InitFunc: func() nvml.Return { return r }})
		if err != nil || len(ds) != 0 {
			t.Errorf("list with %v = %v, %v; want nothing", r, ds, err)
		}
	}
}

func TestADriverThatFailsIsUnavailable(t *testing.T) {
	_, err := list(&mock.Interface{InitFunc: func() nvml.Return { return nvml.ERROR_UNKNOWN }})
	if !errors.Is(err, abi.Unavailable) || !errors.Is(err, nvml.ERROR_UNKNOWN) {
		t.Errorf("list = %v; want Unavailable and NVML's reason", err)
	}
}
