//go:build linux && cgo && nvml

package gpu

import (
	"errors"
	"fmt"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/cloister-ai/cloister/abi"
)

// nvidia lists the machine's NVIDIA devices.
func nvidia() ([]Device, error) { return list(nvml.New()) }

// list takes the library as an interface, so that a test can hand it NVIDIA's own
// mock server instead of a machine with a card.
func list(lib nvml.Interface) (ds []Device, err error) {
	switch r := lib.Init(); {
	case errors.Is(r, nvml.ERROR_LIBRARY_NOT_FOUND), errors.Is(r, nvml.ERROR_DRIVER_NOT_LOADED):
		return nil, nil // a machine without a card
	case r != nvml.SUCCESS:
		return nil, failed("init", r)
	}
	defer func() {
		if r := lib.Shutdown(); r != nvml.SUCCESS && err == nil {
			err = failed("shutdown", r)
		}
	}()
	n, r := lib.DeviceGetCount()
	if r != nvml.SUCCESS {
		return nil, failed("count", r)
	}
	for i := range n {
		h, r := lib.DeviceGetHandleByIndex(i)
		if r != nvml.SUCCESS {
			return nil, failed(fmt.Sprintf("device %d", i), r)
		}
		d, err := describe(h)
		if err != nil {
			return nil, err
		}
		ds = append(ds, d)
	}
	return ds, nil
}

func describe(h nvml.Device) (d Device, err error) {
	var r nvml.Return
	if d.ID, r = h.GetUUID(); r != nvml.SUCCESS {
		return d, failed("uuid", r)
	}
	if d.Model, r = h.GetName(); r != nvml.SUCCESS {
		return d, failed("name of "+d.ID, r)
	}
	m, r := h.GetMemoryInfo()
	if r != nvml.SUCCESS {
		return d, failed("memory of "+d.ID, r)
	}
	d.Memory = m.Total
	return d, nil
}

func failed(what string, r nvml.Return) error {
	return fmt.Errorf("gpu: nvml: %s: %w: %w", what, abi.Unavailable, r)
}
