// Command gpucheck checks the CUDA engine on a card and times it there, next to
// PyTorch where that is installed. It needs a driver and nothing else, and ends
// within nine minutes with a table.
//
// Every part is a process of its own with a deadline, so that what fails or hangs
// takes nothing else along: numbers first, and no times where one is wrong.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cloister-ai/cloister/gpu/driver"
	"github.com/cloister-ai/cloister/gpu/engine/cuda"
	"github.com/cloister-ai/cloister/internal/ptxvm"
)

// A config is what the parts are told.
type config struct {
	small       bool   // sizes that an interpreter can do
	interpreted bool   // there is no card: PTX runs in a machine written in Go
	anyway      bool   // goes on after what must not fail
	models      string // folder of models in the ONNX test layout; may be empty
	out         string // folder for what is written
	records     string // file that the parts append to
	match, skip string // which tests a part runs
}

func main() {
	// The device process of the engine is this binary again: without a name it is
	// the machine that stands in for a card.
	driver.Main(map[string]func() (driver.Device, error){
		"cuda": cuda.OpenDevice,
		"":     func() (driver.Device, error) { return cuda.NewDevice(ptxvm.NewDriver(ptxvm.Config{})), nil },
	})
	var c config
	flag.BoolVar(&c.small, "small", false, "small sizes; without a card, a rehearsal on interpreted PTX whose times mean nothing")
	flag.BoolVar(&c.interpreted, "interpreted", false, "interpret the PTX, even where a card is; with -small")
	flag.BoolVar(&c.anyway, "anyway", false, "go on after numbers that are wrong, to learn more from one run")
	flag.StringVar(&c.models, "models", beside("models"), "`folder` of models in the ONNX test layout")
	flag.StringVar(&c.out, "o", beside("out"), "`folder` for results; of report, the Markdown file")
	flag.StringVar(&c.records, "records", "", "`file` that a part appends its records to")
	flag.StringVar(&c.match, "match", "", "which tests a part runs")
	flag.StringVar(&c.skip, "skip", "", "which tests it leaves out")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "usage: gpucheck [flags] [run | report results.json | %s]\n", strings.Join(partNames(), " | "))
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := c.command(ctx, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "gpucheck:", err)
		os.Exit(exitStatus(err))
	}
}

// beside is a path in the folder that the binary is in.
func beside(name string) string {
	self, err := os.Executable()
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(self), name)
}

func (c *config) command(ctx context.Context, args []string) error {
	name := "run"
	if len(args) > 0 {
		name = args[0]
	}
	switch {
	case name == "run":
		return c.all(ctx)
	case name == "report" && len(args) == 2:
		return report(args[1], c.out)
	}
	part, ok := parts[name]
	if !ok {
		flag.Usage()
		os.Exit(2)
	}
	log, err := openLog(c.records)
	if err != nil {
		return err
	}
	return part(ctx, c, log)
}
