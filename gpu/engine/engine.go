// Package engine opens tensor sessions on this machine's engines: one session,
// with its quota, accounting and errors, over any backend that runs a plan.
package engine

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/driver"
)

// An Engine opens sessions over one backend. It is safe for concurrent use.
type Engine struct {
	name  string
	open  func() backend
	close func() error
}

var _ abi.Engine = (*Engine)(nil)

// external begins the names of engines that are a driver's executable.
const external = "driver:"

// Names lists the engines that New knows, in order, beside "driver:PATH".
func Names() []string {
	names := append(slices.Collect(maps.Keys(builtIn)), "cpu")
	slices.Sort(names)
	return names
}

// New returns the engine of that name; another name is Invalid. "driver:PATH" is the
// device that the driver at PATH serves. A driver that does not start, or has no
// device, is Unavailable, and the error says why. The engine is an [io.Closer]: one
// that holds processes ends them with Close. A program calls [Main] first in main.
func New(name string) (abi.Engine, error) {
	e, err := open(name)
	if err != nil {
		return nil, err
	}
	return e, nil
}

func open(name string) (e *Engine, err error) {
	path, isPath := strings.CutPrefix(name, external)
	d, isBuiltIn := builtIn[name]
	switch {
	case name == "cpu":
		e = &Engine{open: func() backend { return cpuBackend{} }, close: func() error { return nil }}
	case isPath && path != "":
		name = external + filepath.Base(path) // what receipts say
		e, err = remoteEngine(context.Background(), driverEntry{cfg: driver.Config{Path: path}})
	case isBuiltIn:
		d.cfg.BuiltIn = name
		e, err = remoteEngine(context.Background(), d)
	default:
		err = fmt.Errorf("engine: %q is not one of %s, %sPATH: %w", name, strings.Join(Names(), ", "), external, abi.Invalid)
	}
	if err != nil {
		return nil, err
	}
	e.name = name
	return e, nil
}

// Name is the name the engine was made by.
func (e *Engine) Name() string { return e.name }

// Open returns a session bounded by q.
func (e *Engine) Open(ctx context.Context, q abi.Quota) (abi.Session, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("engine: open: %w", context.Cause(ctx))
	}
	return &session{backend: e.open(), quota: q, programs: make(map[*program]bool)}, nil
}

// Close ends what the engine holds beside its sessions. Sessions that are open
// fail from then on.
func (e *Engine) Close() error { return e.close() }
