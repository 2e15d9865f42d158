// Package check runs models in the ONNX test layout against an engine: a folder
// with model.onnx and folders test_data_set_K of input_N.pb and output_N.pb.
package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/onnx"
)

// A Result says how one test ended.
type Result struct {
	Name   string  `json:"name"` // folder of the model, and of the data set
	Status Status  `json:"status"`
	Reason string  `json:"reason,omitempty"` // unless it passed
	MaxAbs float64 `json:"max_abs"`          // largest difference of an element
	MaxRel float64 `json:"max_rel"`          // the same over the size of the element wanted
	MS     float64 `json:"ms"`               // of the run, in milliseconds
}

// Status is how a test ended.
type Status string

// Pass, Fail and Refused are the ways for a test to end: a refused model was not
// accepted in the first place, and nothing was computed.
const (
	Pass    Status = "pass"
	Fail    Status = "fail"
	Refused Status = "refused"
)

// A Tolerance bounds |got − want| by Abs + Rel·|want| + Scale·max|want|, the last
// over the whole output. Integers and booleans are equal or wrong.
type Tolerance struct{ Rel, Abs, Scale float64 }

// official is the tolerance of the ONNX backend tests. A network adds up products
// of weights whose sum may be near zero while they are not, in any order: it is
// held to what a float32 can mean beside its largest result.
var (
	official = Tolerance{Rel: 1e-3, Abs: 1e-7}
	network  = Tolerance{Rel: 1e-3, Abs: 1e-7, Scale: 1e-5}
)

// weights is how many elements of initialisers make a network of a model.
const weights = 1000

// Find returns the folders with a model.onnx in and below dirs, in order.
// Errors: NotFound for a folder that is not there, or when there is no model in
// any of them.
func Find(dirs ...string) ([]string, error) {
	var found []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && e.Name() == "model.onnx" {
				found = append(found, filepath.Dir(path))
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("check: %w: %w", abi.NotFound, err)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("check: no model.onnx in or below %s: %w", strings.Join(dirs, ", "), abi.NotFound)
	}
	return slices.Compact(found), nil
}

// Run tests the model in dir with each of its data sets, in order, and calls
// each with what came of it. A file TOLERANCE beside the model, two numbers
// "REL ABS", replaces 1e-3 and 1e-7, and what a model with 1000 weights or more has
// besides: 1e-5 of the largest element of an output. Errors: what keeps the tests from being
// run at all; the context's cause.
func Run(ctx context.Context, e abi.Engine, dir string, each func(Result)) error {
	sets, err := filepath.Glob(filepath.Join(dir, "test_data_set_*"))
	if err != nil {
		return fmt.Errorf("check: %w: %w", abi.Invalid, err)
	}
	slices.SortFunc(sets, func(a, b string) int { return number(a) - number(b) })
	if len(sets) == 0 {
		return fmt.Errorf("check: %s has no test_data_set_*: %w", dir, abi.Invalid)
	}
	model, err := os.ReadFile(filepath.Join(dir, "model.onnx"))
	if err != nil {
		return fmt.Errorf("check: %w: %w", abi.NotFound, err)
	}
	within, err := tolerance(dir, model)
	if err != nil {
		return err
	}
	for _, set := range sets {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		session, err := e.Open(ctx, abi.Quota{})
		if err != nil {
			return err
		}
		t := tested{session: session, within: within}
		r := Result{Name: filepath.Join(filepath.Base(dir), filepath.Base(set)), Status: Pass}
		if err := t.load(ctx, model, set); err != nil {
			r.Status, r.Reason = Refused, err.Error()
		} else if err := t.set(ctx, set, &r); err != nil {
			r.Status, r.Reason = Fail, err.Error()
		}
		if err := session.Close(); err != nil {
			return err
		}
		each(r)
	}
	return nil
}

// number is the K of test_data_set_K.
func number(set string) int {
	n, err := strconv.Atoi(set[strings.LastIndexByte(set, '_')+1:])
	if err != nil {
		return math.MaxInt
	}
	return n
}

func tolerance(dir string, model []byte) (Tolerance, error) {
	b, err := os.ReadFile(filepath.Join(dir, "TOLERANCE"))
	if errors.Is(err, fs.ErrNotExist) {
		if info, err := onnx.Inspect(model); err == nil && info.Elements >= weights {
			return network, nil
		}
		return official, nil
	}
	if err != nil {
		return Tolerance{}, fmt.Errorf("check: %w: %w", abi.Unavailable, err)
	}
	var t Tolerance
	if _, err := fmt.Sscan(string(b), &t.Rel, &t.Abs); err != nil || !(t.Rel >= 0) || !(t.Abs >= 0) {
		return Tolerance{}, fmt.Errorf("check: %s: TOLERANCE is %q, want two numbers REL ABS: %w", dir, b, abi.Invalid)
	}
	return t, nil
}

// tested is a model under test, loaded for one data set.
type tested struct {
	session abi.Session
	program abi.Program
	files   map[string]int // which input file an input is
	within  Tolerance
}

// load reads the model for the inputs of a data set: their shapes are those of
// the model where it leaves them open, and their elements where it must know them.
func (t *tested) load(ctx context.Context, model []byte, dir string) error {
	info, err := onnx.Inspect(model)
	if err != nil {
		return err
	}
	t.files = map[string]int{}
	data := map[string]onnx.Tensor{}
	var bind []abi.Binding
	for i, in := range info.Inputs {
		switch {
		case in.Elem == 0:
			return fmt.Errorf("input %q is no tensor: sequences and optional values are not supported: %w", in.Name, abi.Invalid)
		case in.DType == 0:
			return fmt.Errorf("input %q: element type %v is not supported: %w", in.Name, elemName(in.Elem), abi.Invalid)
		}
		x, err := read(dir, "input", i)
		if err != nil {
			return err
		}
		t.files[in.Name], data[in.Name] = i, x
		b := abi.Binding{Name: in.Name}
		if in.Shape == nil || slices.Contains(in.Shape, -1) {
			b.Shape = x.Shape
		}
		bind = append(bind, b)
	}
	for {
		g, err := t.session.ParseONNX(ctx, model, bind...)
		if err == nil {
			t.program, err = t.session.Compile(ctx, g)
			return err
		}
		more := false
		if open, ok := errors.AsType[*abi.Unbound](err); ok {
			for i := range bind {
				if b := &bind[i]; b.Data == nil && slices.Contains(open.Inputs, b.Name) {
					b.Data, more = append([]byte{}, data[b.Name].Data...), true
				}
			}
		}
		if !more {
			return err
		}
	}
}

// elemName is what ONNX calls an element type that there is not here.
func elemName(elem int64) string {
	names := map[int64]string{4: "uint16", 5: "int16", 8: "string", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16"}
	if name := names[elem]; name != "" {
		return name
	}
	return fmt.Sprintf("number %d", elem)
}

// set runs one data set. It fills in r as far as it comes.
func (t *tested) set(ctx context.Context, dir string, r *Result) error {
	var in []abi.Tensor
	defer func() { free(in) }()
	for _, port := range t.program.Inputs() {
		i := t.files[port.Name]
		x, err := read(dir, "input", i)
		if err != nil {
			return err
		}
		if x.DType != port.DType || !slices.Equal(x.Shape, port.Shape) {
			return fmt.Errorf("input %d is %v%v, the model takes %v%v: %w", i, x.DType, x.Shape, port.DType, port.Shape, abi.Invalid)
		}
		tensor, err := t.session.NewTensor(x.DType, x.Shape)
		if err != nil {
			return err
		}
		in = append(in, tensor)
		if err := tensor.Write(0, x.Data); err != nil {
			return err
		}
	}
	start := time.Now()
	out, err := t.program.Run(ctx, in)
	r.MS = float64(time.Since(start).Microseconds()) / 1000
	if err != nil {
		return err
	}
	defer free(out)
	var wrong error
	for i, got := range out {
		want, err := read(dir, "output", i)
		if err != nil {
			return err
		}
		if got.DType() != want.DType || !slices.Equal(got.Shape(), want.Shape) {
			return fmt.Errorf("output %d is %v%v, want %v%v: %w", i, got.DType(), got.Shape(), want.DType, want.Shape, abi.Invalid)
		}
		b := make([]byte, len(want.Data))
		if err := got.Read(0, b); err != nil {
			return err
		}
		if err := t.within.compare(want.DType, b, want.Data, r); err != nil && wrong == nil {
			wrong = fmt.Errorf("output %d: %w", i, err)
		}
	}
	return wrong
}

func free(ts []abi.Tensor) {
	for _, t := range ts {
		t.Free()
	}
}

// read reads the tensor that stands in dir as kind_i.pb.
func read(dir, kind string, i int) (onnx.Tensor, error) {
	path := filepath.Join(dir, fmt.Sprintf("%s_%d.pb", kind, i))
	b, err := os.ReadFile(path)
	if err != nil {
		return onnx.Tensor{}, fmt.Errorf("%w: %w", abi.NotFound, err)
	}
	t, err := onnx.ParseTensor(b)
	if err != nil {
		return t, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return t, nil
}
