package gate

import (
	"errors"
	"fmt"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// Leaving is everything a finished run wants to let out of the sandbox.
type Leaving struct {
	Output  []byte
	Metrics []wire.Metric
	Models  []Model
}

// A Model is a trained model that wants to leave.
type Model struct {
	Name    string
	ONNX    []byte
	Private bool // computed from private data
}

// Release returns what may leave: all of l or, with every reason, nothing. It
// asks the policies once more, in code that shares nothing with the sandbox's
// own checks.
func Release(g Grant, l Leaving) (Leaving, error) {
	var errs []error
	if n, most := len(l.Output), g.limits.Output; uint64(n) > uint64(most) {
		errs = append(errs, fmt.Errorf("gate: output of %d bytes, %d granted: %w", n, most, abi.Denied))
	}
	if n, most := len(l.Metrics), g.data.Metrics; g.data.Kind != wire.Open && uint64(n) > uint64(most) {
		errs = append(errs, fmt.Errorf("gate: %d metrics, the data's policy allows %d: %w", n, most, abi.Denied))
	}
	for _, m := range l.Metrics {
		if least := int64(g.data.MinRecords); g.data.Kind != wire.Open && m.Records < least {
			errs = append(errs, fmt.Errorf("gate: metric %q over %d records, the data's policy asks for %d: %w", m.Name, m.Records, least, abi.Denied))
		}
	}
	var bytes uint64
	for _, m := range l.Models {
		if m.Private {
			bytes += uint64(len(m.ONNX))
		}
	}
	if most := g.data.ModelBytes; bytes > most && g.data.Kind != wire.Open {
		errs = append(errs, fmt.Errorf("gate: %d bytes of trained models, the data's policy allows %d: %w", bytes, most, abi.Denied))
	}
	if err := errors.Join(errs...); err != nil {
		return Leaving{}, err
	}
	return l, nil
}
