package sandbox

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// A metric adds up over records, in the host, and is read once as a number.
type metric struct {
	kind    uint32
	sum     float64
	records int64
	seen    map[string]map[int]bool // split → records that count already
}

// Kinds of metric. Append only.
const (
	metricAccuracy = 1 // share of rows whose largest score is the label's
	metricMean     = 2 // mean over records
)

// maxMetrics bounds the metrics of a job over open data.
const maxMetrics = 1024

// metricNew(kind) → a metric.
func metricNew(_ context.Context, in *instance, a []uint32) (uint32, error) {
	if a[0] != metricAccuracy && a[0] != metricMean {
		return 0, fmt.Errorf("metric kind %d is unknown: %w", a[0], abi.Invalid)
	}
	return in.handles.add(&metric{kind: a[0], seen: map[string]map[int]bool{}})
}

func (in *instance) metric(h uint32) (*metric, error) { return find[*metric](&in.handles, h, "metric") }

// metricAdd(m, scores, labels) → the records added.
func metricAdd(_ context.Context, in *instance, a []uint32) (uint32, error) {
	m, err := in.metric(a[0])
	if err != nil {
		return 0, err
	}
	scores, err := in.tensor(a[1])
	if err != nil {
		return 0, fmt.Errorf("scores: %w", err)
	}
	labels, err := in.tensor(a[2])
	if err != nil {
		return 0, fmt.Errorf("labels: %w", err)
	}
	width, err := m.shapes(scores, labels)
	if err != nil {
		return 0, err
	}
	rows, err := m.admit(scores, labels)
	if err != nil {
		return 0, err
	}
	s, y, err := elements(scores, labels)
	if err != nil {
		return 0, fatal{err}
	}
	n := min(int64(len(y)), rows)
	switch m.kind {
	case metricAccuracy:
		for i := range n {
			if y[i] >= 0 && argmax(s[i*width:(i+1)*width]) == y[i] {
				m.sum++
			}
		}
	case metricMean:
		m.sum += mean(s, width, n) * float64(n)
	}
	m.records += n
	return uint32(n), nil
}

// shapes wants labels int64 [n] and scores float32: [n, …] for an accuracy, for
// a mean that or one number. It returns the elements of one row.
func (m *metric) shapes(scores, labels *tensor) (int64, error) {
	ls, ss := labels.Shape(), scores.Shape()
	if labels.DType() != abi.Int64 || len(ls) != 1 || ls[0] < 1 {
		return 0, fmt.Errorf("labels must be int64 [n], tensor %d is %v %v: %w", labels.index, labels.DType(), ls, abi.Invalid)
	}
	n, err := abi.Elements(ss)
	if err != nil {
		return 0, err
	}
	switch {
	case scores.DType() != abi.Float32 || n == 0 || n > maxBatch:
	case m.kind == metricAccuracy && len(ss) == 2 && ss[0] == ls[0]:
		return ss[1], nil
	case m.kind == metricMean && n == 1:
		return 1, nil
	case m.kind == metricMean && len(ss) > 0 && ss[0] == ls[0]:
		return n / ls[0], nil
	}
	return 0, fmt.Errorf("scores must be float32, a row for each of %d labels, tensor %d is %v %v: %w", ls[0], scores.index, scores.DType(), ss, abi.Invalid)
}

// admit says how many rows count. Over private values labels must be the
// labels of a batch, scores computed from the same batch, and each record
// counts once: that is what makes the policy's smallest number of records mean
// something.
func (m *metric) admit(scores, labels *tensor) (int64, error) {
	if scores.label == public && labels.label == public {
		if labels.batch != nil && labels.labels {
			return int64(len(labels.batch.rows)), nil
		}
		return labels.Shape()[0], nil
	}
	b := labels.batch
	if b == nil || !labels.labels {
		return 0, fmt.Errorf("tensor %d does not hold the labels of a batch: %w", labels.index, abi.Denied)
	}
	if scores.label != public && scores.batch != b {
		return 0, fmt.Errorf("tensor %d was not computed from the batch of tensor %d: %w", scores.index, labels.index, abi.Denied)
	}
	seen := m.seen[b.split]
	if seen == nil {
		seen = map[int]bool{}
		m.seen[b.split] = seen
	}
	for _, r := range b.rows {
		if seen[r] {
			return 0, fmt.Errorf("a record of the batch counts in this metric already: %w", abi.Denied)
		}
	}
	for _, r := range b.rows {
		seen[r] = true
	}
	return int64(len(b.rows)), nil
}

// elements reads both tensors.
func elements(scores, labels *tensor) ([]float32, []int64, error) {
	n, err := abi.Elements(scores.Shape())
	if err != nil {
		return nil, nil, err
	}
	s, y := make([]float32, n), make([]int64, labels.Shape()[0])
	b := make([]byte, max(4*len(s), 8*len(y)))
	if err := scores.Read(0, b[:4*len(s)]); err != nil {
		return nil, nil, err
	}
	for i := range s {
		s[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	if err := labels.Read(0, b[:8*len(y)]); err != nil {
		return nil, nil, err
	}
	for i := range y {
		y[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return s, y, nil
}

// argmax returns the index of the largest element, the first of equals.
func argmax(s []float32) int64 {
	best := 0
	for i, f := range s {
		if f > s[best] {
			best = i
		}
	}
	return int64(best)
}

// mean is over the first n rows; one number stands for all rows.
func mean(s []float32, width, n int64) float64 {
	if int64(len(s)) > 1 {
		s = s[:n*width]
	}
	sum := 0.0
	for _, f := range s {
		sum += float64(f)
	}
	return sum / float64(max(len(s), 1))
}

// metricRead(m, name, len, ptr) → the records behind it; writes the metric as
// an f64 and releases it. It can be read once.
func metricRead(_ context.Context, in *instance, a []uint32) (uint32, error) {
	m, err := in.metric(a[0])
	if err != nil {
		return 0, err
	}
	name, err := in.text("name", a[1], a[2], maxName)
	if err != nil {
		return 0, err
	}
	dst, err := in.read(a[3], 8)
	if err != nil {
		return 0, err
	}
	most := uint32(maxMetrics)
	if in.data.Kind != wire.Open {
		most = in.data.Metrics
		if m.records < int64(in.data.MinRecords) {
			return 0, fmt.Errorf("metric %q over %d records, the data's policy asks for %d: %w", name, m.records, in.data.MinRecords, abi.Denied)
		}
	}
	if m.records == 0 {
		return 0, fmt.Errorf("metric %q has no records: %w", name, abi.Invalid)
	}
	if n := uint64(len(in.metrics)) + 1; n > uint64(most) {
		return 0, fmt.Errorf("metric %q is number %d, the data's policy allows %d: %w", name, n, most, abi.Denied)
	}
	value := round(m.sum / float64(m.records))
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return 0, fatal{fmt.Errorf("metric %q is not a finite number: %w", name, abi.Guest)}
	}
	in.handles.drop(a[0]) // another read would be another look
	in.metrics = append(in.metrics, wire.Metric{Name: name, Value: value, Records: m.records})
	binary.LittleEndian.PutUint64(dst, math.Float64bits(value))
	return uint32(min(m.records, math.MaxInt32)), nil
}
