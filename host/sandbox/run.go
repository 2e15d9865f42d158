package sandbox

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/gate"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/sys"
)

// Env is everything one run can see. What is nil or empty, it cannot.
type Env struct {
	Input   []byte
	Params  map[string]string
	Seed    abi.Digest       // all randomness of the run
	Session abi.Session      // stays the caller's to close
	Data    Dataset          // nil: the job has no dataset
	Models  map[string]Model // by the name the app opens them under

	// Progress and Log are told, on the goroutine of Run, what the app says
	// about itself: printable text of one line. nil: nobody is.
	Progress func(done, total uint64, note string)
	Log      func(level int, text string)
}

// A Dataset hands out records to the host's side of an instance, never to the
// app.
type Dataset interface {
	// Schema is what anybody may know of the data.
	Schema() abi.Schema
	// Rows writes the records of split that index names into x, one after the
	// other, and their labels into y.
	Rows(split string, index []int, x []float32, y []int64) error
}

// A Model is a model the job was admitted for.
type Model struct {
	ONNX []byte
	Card []byte // JSON, public
	Open bool   // its weights are the app's to read; else it only answers
}

// Output is what a run made.
type Output struct {
	Bytes   []byte
	Models  []Saved
	Metrics []wire.Metric
	Wall    time.Duration
	Usage   abi.Usage
	Log     []byte // what the app logged, up to the limit
}

// Saved is a model the app saved.
type Saved struct {
	Name    string
	ONNX    []byte
	Private bool // private records went into its weights
}

// Run gives app a fresh instance, calls cloister_run, and destroys the
// instance, whatever happened. On an error the Output has only Wall, Usage and
// Log in it.
//
// Errors: Exhausted when a limit was used up (the text names it), Guest when
// the app trapped or exited, the Kind the app returned with its own text after
// "app:", the context's cause when ctx ended, Internal for our own bugs.
func (r *Runtime) Run(ctx context.Context, g gate.Grant, app *App, env Env) (Output, error) {
	limits := g.Limits()
	if limits.Wall <= 0 {
		return Output{}, fmt.Errorf("sandbox: run of %v has no grant: %w", app.digest.Short(), abi.Denied)
	}
	if app.minPages > limits.Memory {
		return Output{}, fmt.Errorf("sandbox: app starts with %d pages of memory, %d granted: %w", app.minPages, limits.Memory, abi.Exhausted)
	}
	if len(env.Input) > math.MaxInt32 {
		return Output{}, fmt.Errorf("sandbox: input of %d bytes, at most %d: %w", len(env.Input), math.MaxInt32, abi.Invalid)
	}
	in := newInstance(g, env)
	defer in.wipe()
	memory := &guestMemory{limit: uint64(limits.Memory) * pageSize}

	start := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, limits.Wall, fmt.Errorf("wall limit %v: %w", limits.Wall, abi.Exhausted))
	defer cancel()
	status, err := r.call(withInstance(ctx, in), app, memory)
	in.log.flush()

	out := Output{Wall: time.Since(start), Log: in.log.kept}
	if env.Session != nil {
		out.Usage = env.Session.Usage()
	}
	if err != nil {
		return out, in.failure(ctx, memory, err)
	}
	if err := in.verdict(status); err != nil {
		return out, err
	}
	out.Bytes, out.Models, out.Metrics = in.output, in.models, in.metrics
	return out, nil
}

// call runs app from its first to its last instruction.
func (r *Runtime) call(ctx context.Context, app *App, memory *guestMemory) (status int32, err error) {
	mc := wazero.NewModuleConfig().WithName("").WithStartFunctions(abi.ExportInitialize)
	m, err := r.rt.InstantiateModule(experimental.WithMemoryAllocator(ctx, memory), app.mod, mc)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, m.Close(context.WithoutCancel(ctx))) }()
	res, err := m.ExportedFunction(abi.ExportRun).Call(ctx)
	if err != nil {
		return 0, err
	}
	return int32(uint32(res[0])), nil
}

// failure says whose fault it was that the guest did not come back: ours, the
// clock's, a limit's or its own.
func (in *instance) failure(ctx context.Context, memory *guestMemory, err error) error {
	switch {
	case in.stopped != nil:
		return fmt.Errorf("sandbox: %w", in.stopped)
	case ctx.Err() != nil:
		return fmt.Errorf("sandbox: stopped: %w", context.Cause(ctx))
	case memory.refused:
		return fmt.Errorf("sandbox: memory limit of %d pages (%d MiB)%s: %w", in.limits.Memory, in.limits.Memory/16, in.log.said(), abi.Exhausted)
	}
	if exit, ok := errors.AsType[*sys.ExitError](err); ok {
		return fmt.Errorf("sandbox: app exited with %d%s: %w", exit.ExitCode(), in.log.said(), abi.Guest)
	}
	what, _, _ := strings.Cut(err.Error(), "\n")
	what = strings.TrimPrefix(what, "wasm error: ")
	return fmt.Errorf("sandbox: app trapped: %s%s: %w", printable(what, 256), in.log.said(), abi.Guest)
}

// verdict turns what cloister_run returned into an error. An app may blame the
// request, a gate or a limit; anything else is its own failure.
func (in *instance) verdict(status int32) error {
	if status >= 0 {
		return nil
	}
	kind := abi.Guest
	if status >= -math.MaxUint8 {
		switch k := abi.Kind(-status); k {
		case abi.Invalid, abi.Denied, abi.NotFound, abi.Exhausted:
			kind = k
		}
	}
	text := in.log.lastError
	if text == "" {
		text = in.refusal
	}
	if text == "" {
		text = fmt.Sprintf("returned %d", status)
	}
	return fmt.Errorf("sandbox: app: %s: %w", strings.TrimSuffix(text, ": "+kind.Error()), kind)
}
