// Package engine opens tensor sessions on this machine's engines: one session,
// with its quota, accounting and errors, over any backend that runs a plan.
package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cloister-ai/cloister/abi"
)

// An Engine opens sessions over one backend. It is safe for concurrent use.
type Engine struct {
	name  string
	open  func() backend
	close func() error
}

var _ abi.Engine = (*Engine)(nil)

// engines makes each engine there is.
var engines = map[string]func() *Engine{
	"cpu": func() *Engine {
		return &Engine{open: func() backend { return cpuBackend{} }, close: func() error { return nil }}
	},
	"gorgonia": func() *Engine {
		p := new(pool)
		return &Engine{open: func() backend { return &gorgoniaBackend{pool: p} }, close: p.close}
	},
}

// Names lists the engines that New knows, in order.
func Names() []string { return slices.Sorted(maps.Keys(engines)) }

// New returns the engine of that name; another name is Invalid. The engine is an
// [io.Closer]: one that holds processes ends them with Close. A program that uses
// "gorgonia" calls [driver.Main] first in main.
func New(name string) (abi.Engine, error) {
	make, ok := engines[name]
	if !ok {
		return nil, fmt.Errorf("engine: %q is not one of %s: %w", name, strings.Join(Names(), ", "), abi.Invalid)
	}
	e := make()
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
