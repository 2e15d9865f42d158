//go:build linux && (amd64 || arm64) && !(cgo && nvml)

package gpu

import (
	"testing"

	"github.com/cloister-ai/cloister/gpu/cuda/fake"
)

func TestWhatComputesOnADividedCardIsItsInstances(t *testing.T) {
	lib := fake.Management(t)
	ds, err := Devices()
	if err != nil || len(ds) != 5 {
		t.Fatalf("Devices = %v, %v", ds, err)
	}
	for i, id := range []string{"GPU-1111", "MIG-aaaa", "MIG-bbbb", "GPU-3333", "cpu"} {
		if ds[i].ID != id {
			t.Errorf("device %d is %v, want %s", i, ds[i], id)
		}
	}
	if lib.Open() != 0 {
		t.Error("NVML is left open")
	}
}
