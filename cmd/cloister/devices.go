package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/cloister-ai/cloister/gpu"
	"github.com/cloister-ai/cloister/gpu/cuda"

	"github.com/dustin/go-humanize"
)

type devicesCmd struct{}

// A device is one that this machine has, how it is now, and whether the CUDA
// engine can use it.
type device struct {
	gpu.Device
	Parent  string      `json:",omitempty"` // of an instance, the card
	Divided bool        `json:",omitempty"` // its instances compute, it does not
	Driver  string      `json:",omitempty"`
	Now     *gpu.Sample `json:",omitempty"`
	CUDA    string      `json:",omitempty"` // "12.4 on 9.0", or why not
	Usable  bool        // by an engine
}

// Run lists this machine's devices.
func (devicesCmd) Run(t *terminal) error {
	list, err := cards()
	if err != nil {
		return err
	}
	list, reason := withCUDA(list)
	list = append(list, device{Device: gpu.CPU(), Usable: true})
	err = t.table(list, "DEVICE MODEL CORES MEMORY BUSY POWER CUDA", func(w io.Writer) {
		for _, d := range list {
			busy, power := "", ""
			if d.Now != nil && d.Now.Busy >= 0 {
				busy = fmt.Sprintf("%d%%", d.Now.Busy)
			}
			if d.Now != nil && d.Now.Power >= 0 {
				power = fmt.Sprintf("%.0f W", float64(d.Now.Power)/1000)
			}
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", d.ID, d.Model, d.Cores, humanize.IBytes(d.Memory), busy, power, d.CUDA)
		}
	})
	if reason != nil {
		// No error: without CUDA a machine computes all the same.
		fmt.Fprintln(screen{t.err}, reason)
		if hint := ownHint(reason); hint != "" {
			fmt.Fprintln(screen{t.err}, "hint:", hint)
		}
	}
	return err
}

// cards lists what NVML knows.
func cards() (list []device, err error) {
	n, err := gpu.OpenNVIDIA()
	if errors.Is(err, gpu.ErrNoNVIDIA) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	for _, c := range n.Cards() {
		s, err := n.Sample(c.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, device{Device: c.Device, Parent: c.Parent, Divided: c.Divided, Driver: n.Driver(), Now: &s})
	}
	return list, nil
}

// withCUDA says of each card whether CUDA can use it, and adds what only CUDA
// knows. The error is why there is no CUDA at all, or else why the first device
// that cannot be used cannot.
func withCUDA(list []device) ([]device, error) {
	found, reason := cuda.Devices(cuda.Config{})
	byID := make(map[string]cuda.Found)
	for _, f := range found {
		byID[f.UUID] = f
	}
	for i := range list {
		d := &list[i]
		f, ok := byID[d.ID]
		delete(byID, d.ID)
		switch {
		case ok:
			d.take(f)
		case d.Divided:
			d.CUDA = "its instances compute"
		case reason == nil:
			d.CUDA = "not shown to this process"
		}
	}
	for _, f := range found {
		if _, alone := byID[f.UUID]; alone {
			d := device{Device: gpu.Device{ID: f.UUID, Model: f.Name, Memory: uint64(f.Memory)}}
			d.take(f)
			list = append(list, d)
		}
		if reason == nil {
			reason = f.Err
		}
	}
	return list, reason
}

// take takes what CUDA says of d.
func (d *device) take(f cuda.Found) {
	d.CUDA, d.Usable = fmt.Sprintf("%s on %d.%d", cuda.Version(f.Driver), f.Major, f.Minor), f.Err == nil
	if r, ok := errors.AsType[*cuda.Reason](f.Err); ok {
		d.CUDA = r.Error()
	} else if f.Err != nil {
		d.CUDA = oneLine(f.Err.Error(), 60)
	}
}
