package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/onnx"

	ort "github.com/yalue/onnxruntime_go"
)

// newONNXRuntime makes ONNX Runtime a candidate, with its threads asleep when
// they have nothing to do: spinning ones would take from whoever has the turn.
func newONNXRuntime(_ context.Context, s spec) (*worker, error) {
	ort.SetSharedLibraryPath(s.Library)
	if err := ort.InitializeEnvironment(); err != nil {
		return nil, err
	}
	opt, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	defer opt.Destroy()
	err = errors.Join(
		opt.SetIntraOpNumThreads(s.Threads), opt.SetInterOpNumThreads(1),
		opt.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"))
	if err != nil {
		return nil, err
	}
	inputs, outputs, err := ort.GetInputOutputInfoWithOptions(s.Model, opt)
	if err != nil {
		return nil, err
	}
	session, err := ort.NewDynamicAdvancedSession(s.Model, names(inputs), names(outputs), opt)
	if err != nil {
		return nil, err
	}
	given, err := modelInputs(s.Model, len(inputs))
	if err != nil {
		return nil, err
	}
	var in []ort.Value
	for _, x := range given {
		v, err := ortValue(x)
		if err != nil {
			return nil, err
		}
		in = append(in, v)
	}
	out := make([]ort.Value, len(outputs)) // made by the first run, reused by the others
	return &worker{
		version: "ONNX Runtime " + ort.GetVersion(),
		step:    func() error { return session.Run(in, out) },
		result: func() (v []float64, err error) {
			for _, t := range out {
				if v, err = ortNumbers(v, t); err != nil {
					return nil, err
				}
			}
			return v, nil
		},
		close: func() error { return errors.Join(session.Destroy(), ort.DestroyEnvironment()) },
	}, nil
}

func names(infos []ort.InputOutputInfo) (all []string) {
	for _, x := range infos {
		all = append(all, x.Name)
	}
	return all
}

func ortValue(x onnx.Tensor) (ort.Value, error) {
	if len(x.Shape) == 0 {
		v, err := numbers(nil, x.DType, x.Data)
		if err != nil {
			return nil, err
		}
		switch x.DType {
		case abi.Int64:
			return ort.NewScalar(int64(v[0]))
		case abi.Float32:
			return ort.NewScalar(float32(v[0]))
		}
		return nil, fmt.Errorf("a scalar of type %v: %w", x.DType, abi.Invalid)
	}
	return ort.NewCustomDataTensor(ort.Shape(x.Shape), x.Data, ort.TensorElementDataType(x.DType))
}

func ortNumbers(v []float64, t ort.Value) ([]float64, error) {
	switch t := t.(type) {
	case *ort.Tensor[float32]:
		return appendAll(v, t.GetData()), nil
	case *ort.Tensor[int64]:
		return appendAll(v, t.GetData()), nil
	case *ort.Tensor[int32]:
		return appendAll(v, t.GetData()), nil
	case *ort.Tensor[uint8]:
		return appendAll(v, t.GetData()), nil
	case *ort.Tensor[int8]:
		return appendAll(v, t.GetData()), nil
	case *ort.Scalar[float32]:
		return append(v, float64(t.GetData())), nil
	}
	return nil, fmt.Errorf("results in a %T are not compared: %w", t, abi.Invalid)
}

func appendAll[T float32 | int64 | int32 | uint8 | int8](v []float64, from []T) []float64 {
	for _, x := range from {
		v = append(v, float64(x))
	}
	return v
}

// inputFile is the i-th input of the first data set beside a model.
func inputFile(model string, i int) string {
	return filepath.Join(filepath.Dir(model), "test_data_set_0", fmt.Sprintf("input_%d.pb", i))
}
