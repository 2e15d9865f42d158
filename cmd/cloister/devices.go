package main

import (
	"fmt"
	"io"

	"github.com/cloister-ai/cloister/gpu"

	"github.com/dustin/go-humanize"
)

type devicesCmd struct{}

// Run lists this machine's devices.
func (devicesCmd) Run(t *terminal) error {
	ds, err := gpu.Devices()
	if err != nil {
		return err
	}
	return t.table(ds, "DEVICE MODEL CORES MEMORY", func(w io.Writer) {
		for _, d := range ds {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", d.ID, d.Model, d.Cores, humanize.IBytes(d.Memory))
		}
	})
}
