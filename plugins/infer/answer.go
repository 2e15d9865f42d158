//go:build wasip1

package main

import (
	"encoding/binary"
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/guest"
	"github.com/cloister-ai/cloister/abi/recipe"
)

// An answer is about one record. Label, Score and Top are of the first output,
// where its card says how it is read; of a sound in windows they are the best of
// any window, and Windows or Scores has them all.
type answer struct {
	Label   string           `json:"label,omitempty"`
	Score   float64          `json:"score,omitempty"`
	Top     []recipe.Guess   `json:"top,omitempty"`
	Windows [][]recipe.Guess `json:"windows,omitempty"`
	Scores  []float64        `json:"scores,omitempty"`        // instead of Windows, where there is one score in each
	Every   float64          `json:"every_seconds,omitempty"` // from one window to the next
	Outputs []summary        `json:"outputs"`
}

// A summary is what an output looks like.
type summary struct {
	Name  string  `json:"name"`
	DType string  `json:"dtype"`
	Shape []int64 `json:"shape"`
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
	Mean  float64 `json:"mean"`
}

func (m *model) answer(out []output) (answer, error) {
	var a answer
	for _, o := range out {
		a.Outputs = append(a.Outputs, o.summary())
	}
	first := out[0]
	if first.windows > 1 {
		a.Every = m.every()
	}
	if m.labels == nil && m.reading == (recipe.Reading{}) || first.DType != abi.Float32 {
		return a, nil
	}
	scores := floats(first.Data)
	n := len(scores) / first.windows
	for w := range first.windows {
		top, err := m.reading.Guesses(scores[w*n:(w+1)*n], m.labels)
		if err != nil {
			return a, guest.Within("output "+first.name, err)
		}
		switch {
		case first.windows > 1 && n == 1 && !m.reading.Drops(): // an hour has many windows
			a.Scores = append(a.Scores, math.Round(top[0].Score*1000)/1000)
		case first.windows > 1:
			a.Windows = append(a.Windows, top)
		}
		if len(top) > 0 && (len(a.Top) == 0 || top[0].Score > a.Top[0].Score) {
			a.Top = top
		}
	}
	if len(a.Top) > 0 {
		a.Label, a.Score = a.Top[0].Label, a.Top[0].Score
	}
	return a, nil
}

// every is how far windows of sound are apart.
func (m *model) every() float64 {
	for _, in := range m.inputs {
		if e := in.recipe.Every(); e > 0 {
			return e
		}
	}
	return 0
}

// summary goes over the numbers of an output; those that are not finite are
// left out.
func (o output) summary() summary {
	s := summary{Name: o.name, DType: o.DType.String(), Shape: o.Shape}
	sum, n := 0.0, 0
	size := int(o.DType.Size())
	for b := o.Data; len(b) >= size; b = b[size:] {
		v := number(o.DType, b)
		if v-v != 0 {
			continue
		}
		if n == 0 {
			s.Min, s.Max = v, v
		}
		s.Min, s.Max = min(s.Min, v), max(s.Max, v)
		sum += v
		n++
	}
	s.Mean = sum / float64(max(n, 1))
	return s
}

// number reads the first element of b.
func number(dt abi.DType, b []byte) float64 {
	le := binary.LittleEndian
	switch dt {
	case abi.Float32:
		return float64(math.Float32frombits(le.Uint32(b)))
	case abi.Float64:
		return math.Float64frombits(le.Uint64(b))
	case abi.Int8:
		return float64(int8(b[0]))
	case abi.Int32:
		return float64(int32(le.Uint32(b)))
	case abi.Int64:
		return float64(int64(le.Uint64(b)))
	case abi.Uint8, abi.Bool:
		return float64(b[0])
	}
	return math.NaN() // float16, which no engine puts out
}

func floats(b []byte) []float32 {
	x := make([]float32, len(b)/4)
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return x
}
