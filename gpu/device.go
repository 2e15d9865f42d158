// Package gpu knows which devices this machine has and who holds them.
package gpu

import (
	"errors"
	"fmt"
	"runtime"
)

// A Device is something an engine computes on.
type Device struct {
	ID     string // NVML's UUID, or "cpu"
	Model  string // as its maker calls it; empty if the machine does not say
	Cores  int    // of a CPU: how many this process may use; of a GPU 0
	Memory uint64 // bytes; 0 if the machine does not say
}

// IsCPU reports whether d is the processor.
func (d Device) IsCPU() bool { return d.ID == "cpu" }

func (d Device) String() string {
	s := fmt.Sprintf("%s (%s, %.1f GiB", d.ID, d.Model, float64(d.Memory)/(1<<30))
	if d.Cores > 0 {
		s += fmt.Sprintf(", %d cores", d.Cores)
	}
	return s + ")"
}

// Devices lists what computes: on Linux the NVIDIA GPUs, of a divided one its
// instances, and last, always, the processor. A machine without an NVIDIA driver has
// no GPUs; a driver that fails is an error beside the processor.
func Devices() ([]Device, error) {
	gpus, err := nvidia()
	return append(gpus, CPU()), err
}

// nvidia lists the NVIDIA devices that compute.
func nvidia() (ds []Device, err error) {
	n, err := OpenNVIDIA()
	if errors.Is(err, ErrNoNVIDIA) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, c := range n.Cards() {
		if !c.Divided {
			ds = append(ds, c.Device)
		}
	}
	return ds, n.Close()
}

// CPU is the processor.
func CPU() Device {
	model, memory := processor()
	return Device{ID: "cpu", Model: model, Cores: runtime.GOMAXPROCS(0), Memory: memory}
}
