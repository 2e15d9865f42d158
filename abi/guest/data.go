//go:build wasip1

package guest

import (
	"encoding/json"
	"strconv"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
)

// Data is the job's dataset.
type Data struct {
	abi.Schema
	h uint32
}

// OpenData opens the job's dataset: by its name, or whichever it is as "data".
func OpenData(name string) (*Data, error) {
	p, n := text(name)
	h, err := result(dataOpen(p, n))
	if err != nil {
		return nil, err
	}
	d := &Data{h: h}
	b := whole(func(ptr unsafe.Pointer, room uint32) int32 { return dataSchema(h, ptr, room) })
	if err := json.Unmarshal([]byte(b), &d.Schema); err != nil {
		return nil, Fail(abi.Invalid, "schema: ", err.Error())
	}
	return d, nil
}

// Records returns the declared number of records of a split.
func (d *Data) Records(split string) (int, error) {
	for _, s := range d.Splits {
		if s.Name == split {
			return int(s.Records), nil
		}
	}
	return 0, Fail(abi.NotFound, "dataset ", strconv.Quote(d.Name), " has no split ", strconv.Quote(split))
}

// NewBatch returns tensors for batches of count records: x float32 [count, …]
// and y int64 [count].
func (d *Data) NewBatch(count int) (x, y Tensor, err error) {
	if x, err = NewTensor(abi.Float32, append([]int64{int64(count)}, d.Shape...)...); err != nil {
		return
	}
	y, err = NewTensor(abi.Int64, int64(count))
	return
}

// Batch has the host fill x and y with records first to first+count of a split,
// in the order that order selects (0: as stored), and returns how many there
// were; rows past the end are zeros with the label -1. From then on x and y
// are private, unless the data's policy is open.
func (d *Data) Batch(split string, first, count int, order uint32, x, y Tensor) (int, error) {
	p, n := text(split)
	got, err := result(dataBatch(d.h, p, n, uint32(first), uint32(count), order, x.h, y.h))
	return int(got), err
}

// A Metric adds up over records in the host.
type Metric struct{ h uint32 }

// Accuracy returns a metric: the share of rows whose largest score is the
// label's.
func Accuracy() (Metric, error) {
	h, err := result(metricNew(1))
	return Metric{h}, err
}

// Mean returns a metric: the mean over records of a loss or another number.
func Mean() (Metric, error) {
	h, err := result(metricNew(2))
	return Metric{h}, err
}

// Add counts the records behind scores and labels.
func (m Metric) Add(scores, labels Tensor) error { return only(metricAdd(m.h, scores.h, labels.h)) }

// Read releases the metric under a name: a number of three decimals and the
// records behind it. It is one of the two ways out for what was computed from
// private data, and works once.
func (m Metric) Read(name string) (value float64, records int, err error) {
	p, n := text(name)
	got, err := result(metricRead(m.h, p, n, unsafe.Pointer(&value)))
	return value, int(got), err
}

// OpenModel returns the graph of a model the job was admitted for. One whose
// policy is not open answers, and that is all.
func OpenModel(name string) (*Graph, error) {
	p, n := text(name)
	h, err := result(modelOpen(p, n))
	return &Graph{h, err}, err
}

// ModelCard returns what the model's owner says about it, as JSON.
func ModelCard(name string) ([]byte, error) {
	p, n := text(name)
	if err := only(modelCard(p, n, nil, 0)); err != nil {
		return nil, err
	}
	return []byte(whole(func(ptr unsafe.Pointer, room uint32) int32 { return modelCard(p, n, ptr, room) })), nil
}
