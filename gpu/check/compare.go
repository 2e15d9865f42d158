package check

import (
	"bytes"
	"fmt"
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
)

// compare holds two tensors of one type and length against each other and keeps
// the largest differences in r. Its error names the first element that is off.
func (t Tolerance) compare(dt abi.DType, got, want []byte, r *Result) error {
	var wrong error
	size, exact := int(dt.Size()), true
	switch dt {
	case abi.Float32, abi.Float64, abi.Float16:
		exact = false
	case abi.Int64, abi.Int32, abi.Int8, abi.Uint8, abi.Bool:
	default:
		return fmt.Errorf("elements of type %v are not compared: %w", dt, abi.Invalid)
	}
	if t.Scale > 0 && !exact {
		top := 0.0
		for at := 0; at < len(want); at += size {
			if w := math.Abs(graph.Number(dt, want[at:])); w <= math.MaxFloat32 {
				top = max(top, w)
			}
		}
		t.Abs += t.Scale * top
	}
	for i := 0; i*size < len(want); i++ {
		g, w := graph.Number(dt, got[i*size:]), graph.Number(dt, want[i*size:])
		if bytes.Equal(got[i*size:(i+1)*size], want[i*size:(i+1)*size]) || !exact && (g == w || math.IsNaN(g) && math.IsNaN(w)) {
			continue
		}
		abs := math.Abs(g - w)
		rel := abs / math.Abs(w)
		if !math.IsNaN(abs) {
			r.MaxAbs = max(r.MaxAbs, abs)
		}
		if !math.IsNaN(rel) && !math.IsInf(rel, 0) {
			r.MaxRel = max(r.MaxRel, rel)
		}
		if wrong == nil && (exact || math.IsInf(w, 0) || !(abs <= t.Abs+t.Rel*math.Abs(w))) {
			wrong = fmt.Errorf("element %d is %v, want %v", i, g, w)
		}
	}
	return wrong
}
