// Package sandbox runs one wasm app against one tensor session, and decides
// what the app may see of it. It is the only package that imports wazero.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/cloister-ai/cloister/abi"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Config is what a Runtime needs. The zero Config works.
type Config struct {
	// CacheDir keeps compiled modules between processes; empty: no cache. It
	// holds native code, so nobody else may write there.
	CacheDir string
	// Log is told of host calls that panicked; nil: nobody is.
	Log *slog.Logger
}

// A Runtime compiles and runs apps. It is safe for concurrent use; Close must
// come after every Run has returned.
type Runtime struct {
	rt    wazero.Runtime
	cache wazero.CompilationCache // nil: none
	log   *slog.Logger

	mu   sync.Mutex
	apps map[abi.Digest]func() (*App, error) // compiled at most once each
}

// An App is a checked, metered and compiled module, ready to run any number of
// times on the Runtime that loaded it. It is safe for concurrent use.
type App struct {
	digest   abi.Digest
	minPages uint32
	mod      wazero.CompiledModule
}

// Digest returns the name of the module as it was given to Load.
func (a *App) Digest() abi.Digest { return a.digest }

// New returns a Runtime. Errors: Unavailable on a processor wazero has no
// compiler for, and when the cache folder cannot be used.
func New(ctx context.Context, cfg Config) (*Runtime, error) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		// The interpreter has open bounds bugs: it is not for strangers' code.
		return nil, fmt.Errorf("sandbox: no compiler for %s, amd64 and arm64 have one: %w", runtime.GOARCH, abi.Unavailable)
	}
	r := &Runtime{log: cfg.Log, apps: map[abi.Digest]func() (*App, error){}}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	rc := wazero.NewRuntimeConfigCompiler().WithCoreFeatures(api.CoreFeaturesV2)
	if cfg.CacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(cfg.CacheDir)
		if err != nil {
			return nil, fmt.Errorf("sandbox: compile cache %s: %w: %w", cfg.CacheDir, abi.Unavailable, err)
		}
		r.cache = cache
		rc = rc.WithCompilationCache(cache)
	}
	r.rt = wazero.NewRuntimeWithConfig(ctx, rc)
	if err := r.exportImports(ctx); err != nil {
		return nil, errors.Join(err, r.Close(ctx))
	}
	return r, nil
}

// Close frees everything the Runtime holds.
func (r *Runtime) Close(ctx context.Context) error {
	err := r.rt.Close(ctx)
	if r.cache != nil {
		err = errors.Join(err, r.cache.Close(ctx))
	}
	return err
}

// Load checks and compiles wasm, once per content; later calls return the same
// App. It belongs outside a job's clock: a compilation that began goes on to its
// end. Errors are those of Check, and ctx's when it ended before.
func (r *Runtime) Load(ctx context.Context, wasm []byte) (*App, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("sandbox: load: %w", context.Cause(ctx))
	}
	d := abi.Sum(wasm)
	r.mu.Lock()
	load, ok := r.apps[d]
	if !ok {
		load = sync.OnceValues(func() (*App, error) { return r.compile(d, wasm) })
		r.apps[d] = load
	}
	r.mu.Unlock()

	app, err := load() // outside the lock: compiling one app must not hold up another
	if err != nil {
		r.mu.Lock()
		delete(r.apps, d) // junk is not worth remembering
		r.mu.Unlock()
	}
	return app, err
}

func (r *Runtime) compile(d abi.Digest, wasm []byte) (*App, error) {
	m, err := check(wasm)
	if err != nil {
		return nil, err
	}
	b, err := metered(m)
	if err != nil {
		return nil, err
	}
	mod, err := r.compileMetered(b)
	if err != nil {
		return nil, fmt.Errorf("sandbox: module %v does not compile: %w", d.Short(), err)
	}
	return &App{digest: d, minPages: m.minPages, mod: mod}, nil
}

// compileMetered hands b to wazero. A compiler that panics on a stranger's
// module costs that module, not the process.
func (r *Runtime) compileMetered(b []byte) (_ wazero.CompiledModule, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.LogAttrs(context.Background(), slog.LevelError, "compiler panicked", slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("compiler panicked: %w", abi.Internal)
		}
	}()
	mod, err := r.rt.CompileModule(context.Background(), b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", printable(err.Error(), 256), abi.Invalid)
	}
	return mod, nil
}
