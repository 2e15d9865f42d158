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

// An Engine is a backend with a name. It is safe for concurrent use.
type Engine struct {
	name    string
	backend backend
}

var _ abi.Engine = (*Engine)(nil)

// backends makes each backend there is.
func backends() map[string]func() backend {
	return map[string]func() backend{
		"cpu": func() backend { return cpuBackend{} },
	}
}

// Names lists the engines that New knows, in order.
func Names() []string { return slices.Sorted(maps.Keys(backends())) }

// New returns the engine of that name; another name is Invalid. The engine is an
// [io.Closer]: one that holds a process ends it with Close.
func New(name string) (abi.Engine, error) {
	b, ok := backends()[name]
	if !ok {
		return nil, fmt.Errorf("engine: %q is not one of %s: %w", name, strings.Join(Names(), ", "), abi.Invalid)
	}
	return &Engine{name, b()}, nil
}

// Name is the name the engine was made by.
func (e *Engine) Name() string { return e.name }

// Open returns a session bounded by q.
func (e *Engine) Open(ctx context.Context, q abi.Quota) (abi.Session, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("engine: open: %w", context.Cause(ctx))
	}
	return &session{backend: e.backend, quota: q, programs: make(map[*program]bool)}, nil
}

// Close ends what the engine holds beside its sessions. Sessions that are open
// fail from then on.
func (e *Engine) Close() error { return e.backend.close() }
