package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/cloister-ai/cloister/abi"

	"github.com/tetratelabs/wazero/api"
)

// A call is one host function. It returns what the guest gets, or an error: the
// guest then gets the negated Kind, and the text through error_text.
type call func(ctx context.Context, in *instance, a []uint32) (uint32, error)

// imports is the whole cloister_v1 surface: read it to know what an app can do.
// Parameters are all i32, and so is the result. abi/README.md specifies each.
var imports = []struct {
	name   string
	params int
	fn     call
}{
	// The job: input in, output and words about itself out. All of it is the
	// app's own, and the app holds no private value.
	{"input_len", 0, inputLen},
	{"input_read", 3, inputRead},
	{"output_write", 2, outputWrite},
	{"log", 3, logLine},
	{"param", 4, param},
	{"progress", 4, progress},
	{"error_text", 2, errorText},
	{"random", 2, random},

	// Tensors: handles. tensor_read is the one door by which values come back,
	// and it is shut for what is private.
	{"tensor_new", 3, tensorNew},
	{"tensor_write", 4, tensorWrite},
	{"tensor_read", 4, tensorRead},
	{"tensor_shape", 3, tensorShape},
	{"tensor_dtype", 1, tensorDType},
	{"tensor_free", 1, tensorFree},

	// Graphs: built by the app, checked by the engine as they grow. Shapes are
	// public, values are not in them, except as parameters and constants.
	{"graph_new", 1, graphNew},
	{"graph_input", 6, graphInput},
	{"graph_param", 4, graphParam},
	{"graph_constant", 2, graphConstant},
	{"graph_node", 9, graphNode},
	{"graph_output", 4, graphOutput},
	{"graph_gradient", 5, graphGradient},
	{"graph_shape", 4, graphShape},
	{"graph_load_onnx", 2, graphLoadONNX},
	{"graph_inline", 6, graphInline},
	{"graph_freeze", 3, graphFreeze},

	// Programs: compiled graphs. What comes out is as private as what went in.
	{"program_compile", 1, programCompile},
	{"program_cost", 2, programCost},
	{"program_ports", 2, programPorts},
	{"program_port", 5, programPort},
	{"program_run", 5, programRun},
	{"program_free", 1, programFree},

	// Data: the host fills tensors, the app gets handles.
	{"data_open", 2, dataOpen},
	{"data_schema", 3, dataSchema},
	{"data_batch", 8, dataBatch},

	// Training: steps in the host.
	{"train_new", 3, trainNew},
	{"train_step", 5, trainStep},
	{"train_rate", 2, trainRate},

	// The two doors from private to public, both counted by the data's policy.
	{"metric_new", 1, metricNew},
	{"metric_add", 3, metricAdd},
	{"metric_read", 4, metricRead},
	{"model_save", 3, modelSave},

	// Models the job was admitted for.
	{"model_open", 2, modelOpen},
	{"model_card", 4, modelCard},
}

// importTypes is the signature of every function an app may import, by
// "module.name".
var importTypes = allImportTypes()

func allImportTypes() map[string]funcType {
	types := map[string]funcType{}
	for _, im := range imports {
		types[abi.ImportModule+"."+im.name] = funcType{i32s(im.params), i32s(1)}
	}
	for _, im := range wasiImports {
		types[wasiModule+"."+im.name] = funcType{im.params, im.results}
	}
	return types
}

func i32s(n int) []byte { return slices.Repeat([]byte{api.ValueTypeI32}, n) }

// exportImports makes the host modules that every instance links against.
func (r *Runtime) exportImports(ctx context.Context) error {
	v1 := r.rt.NewHostModuleBuilder(abi.ImportModule)
	for _, im := range imports {
		v1.NewFunctionBuilder().WithGoModuleFunction(r.adapt(im.name, im.params, im.fn), i32s(im.params), i32s(1)).Export(im.name)
	}
	p1 := r.rt.NewHostModuleBuilder(wasiModule)
	for _, im := range wasiImports {
		p1.NewFunctionBuilder().WithGoModuleFunction(r.adaptWASI(im.name, im.fn), im.params, im.results).Export(im.name)
	}
	meter := r.rt.NewHostModuleBuilder(meterModule)
	meter.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(tick), nil, nil).Export(meterTick)
	for _, b := range []struct {
		name    string
		builder interface {
			Instantiate(context.Context) (api.Module, error)
		}
	}{{abi.ImportModule, v1}, {wasiModule, p1}, {meterModule, meter}} {
		if _, err := b.builder.Instantiate(ctx); err != nil {
			return fmt.Errorf("sandbox: export %s: %w: %w", b.name, abi.Internal, err)
		}
	}
	return nil
}

// adapt turns a call into a wazero function: the one place where host errors
// become the guest's numbers or its end.
func (r *Runtime) adapt(name string, params int, fn call) api.GoModuleFunc {
	return func(ctx context.Context, m api.Module, stack []uint64) {
		in := ctx.Value(instanceKey{}).(*instance)
		var args [maxArgs]uint32
		for i := range params {
			args[i] = uint32(stack[i]) // the upper half of a slot is dirt
		}
		v, err := r.guard(ctx, in, name, m, func() (uint32, error) { return fn(ctx, in, args[:params]) })
		if err == nil && v > math.MaxInt32 {
			err = fmt.Errorf("result %d is no i32: %w", v, abi.Internal)
		}
		if err == nil {
			stack[0] = uint64(v)
			return
		}
		errno := abi.Errno(err)
		if _, last := errors.AsType[fatal](err); last || errno == abi.Errno(abi.Internal) {
			in.stop(fmt.Errorf("%s: %w", name, err))
		}
		text := strings.TrimSuffix(err.Error(), ": "+abi.KindOf(err).Error())
		in.refusal = printable(name+": "+text, maxText)
		stack[0] = uint64(uint32(errno))
	}
}

// maxArgs is the most parameters an import has, maxText the longest refusal.
const (
	maxArgs = 9
	maxText = 1024
)

// guard runs one host call for a guest whose time is not up, and turns a panic
// in it into an Internal error: the instance goes, the process stays.
func (r *Runtime) guard(ctx context.Context, in *instance, name string, m api.Module, fn func() (uint32, error)) (v uint32, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.LogAttrs(ctx, slog.LevelError, "host call panicked", slog.String("import", name), slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("host call panicked: %w", abi.Internal) // p may hold values, it stays here
		}
		if cause := context.Cause(ctx); cause != nil {
			err = fatal{fmt.Errorf("stopped: %w", cause)}
		}
	}()
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	in.mem = m.Memory()
	return fn()
}

// fatal is an error the guest does not survive.
type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

// stop ends the guest. A panic is wazero's way to do that; it comes back as an
// error from Call, and failure finds the reason in stopped.
func (in *instance) stop(why error) {
	in.stopped = why
	panic(why)
}

// tick is where the meter hands control to the host.
func tick(ctx context.Context, _ api.Module, _ []uint64) {
	if ctx.Err() != nil {
		in := ctx.Value(instanceKey{}).(*instance)
		in.stop(fmt.Errorf("stopped: %w", context.Cause(ctx)))
	}
}
