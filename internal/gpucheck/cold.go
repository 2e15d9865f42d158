package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cloister-ai/cloister/gpu/cuda"
	device "github.com/cloister-ai/cloister/gpu/engine/cuda"
)

// cold times what comes before a first result, in this process, which is new: the
// driver, the text of the kernels, and the driver's compiler or its cache. It is
// run twice with one folder for that cache.
func cold(_ context.Context, c *config, log *recorder) error {
	cache := filepath.Join(c.texts(), "cache")
	found, err := os.ReadDir(cache)
	again := err == nil && len(found) > 0
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	how := ", nothing cached"
	if again {
		how = ", cached by the driver"
	}
	lap := time.Now()
	note := func(what string) error {
		t := median([]float64{time.Since(lap).Seconds() * 1e3})
		t.Case, t.By = what+how, byUs
		fmt.Printf("%-60s %10.1f ms\n", t.Case, t.MS)
		lap = time.Now()
		return log.time(t)
	}
	d, err := c.card(cache)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := note("start: open the card"); err != nil {
		return err
	}
	for _, s := range c.specs() {
		if s.Kind != kindLeNet {
			continue
		}
		x, err := compile(s)
		if err != nil {
			return err
		}
		if err := note("start: write the kernels of a LeNet step"); err != nil {
			return err
		}
		err = d.Enter(func() error {
			l, err := device.Load(d, x.program, x.opt)
			if err != nil {
				return err
			}
			if err := d.Sync(cuda.Compute); err != nil {
				return err
			}
			return l.Close()
		})
		if err != nil {
			return err
		}
		if err := note("start: load the kernels of a LeNet step"); err != nil {
			return err
		}
		if c.interpreted { // it has no cache: what stands in for one marks the second run
			return os.WriteFile(filepath.Join(cache, "none"), nil, 0o644)
		}
	}
	return nil
}
