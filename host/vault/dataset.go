package vault

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cloister-ai/cloister/abi"
)

// labelBytes is the label at the end of a record: little-endian.
const labelBytes = 2

// A Dataset reads the records of a container. It is safe for concurrent use.
type Dataset struct {
	c      *Container
	splits map[string]span
}

// A span is where a split lies, in records.
type span struct{ first, n int64 }

// NewDataset reads c as a dataset, or is Invalid. Closing the Dataset closes c.
func NewDataset(c *Container) (*Dataset, error) {
	h := c.Header()
	if h.Kind != KindDataset {
		return nil, fmt.Errorf("vault: container %v holds a %s, not a dataset: %w", h.ID.Short(), h.Kind, abi.Invalid)
	}
	d := &Dataset{c, map[string]span{}}
	var first int64
	for _, s := range h.Schema.Splits {
		d.splits[s.Name] = span{first, s.Records}
		first += s.Records
	}
	return d, nil
}

// OpenDataset opens the dataset container at path. Errors: those of [OpenFile]
// and [NewDataset].
func OpenDataset(path string, key Key) (*Dataset, error) {
	c, err := OpenFile(path, key)
	if err != nil {
		return nil, err
	}
	d, err := NewDataset(c)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return d, nil
}

// Schema is what anybody may know about the dataset. The caller does not
// change it.
func (d *Dataset) Schema() abi.Schema { return *d.c.h.Schema }

// Header is the public part of the container.
func (d *Dataset) Header() Header { return d.c.Header() }

// Records is the number of records in split, or zero without one of that name.
func (d *Dataset) Records(split string) int { return int(d.splits[split].n) }

// Rows copies the records index of split: their elements to x, record after
// record, and their labels to y. Errors: NotFound for the split; Invalid for
// an index out of range, for len(x) not len(index) times the elements of a
// record or len(y) not len(index), and for a damaged file.
func (d *Dataset) Rows(split string, index []int, x []float32, y []int64) error {
	s, ok := d.splits[split]
	if !ok {
		return fmt.Errorf("vault: dataset %q has no split %q: %w", d.c.h.Schema.Name, split, abi.NotFound)
	}
	size := int64(d.c.h.Record)
	n := int((size - labelBytes) / d.c.h.Store.Size())
	if len(x) != n*len(index) || len(y) != len(index) {
		return fmt.Errorf("vault: %d records of %d elements do not fit %d elements and %d labels: %w", len(index), n, len(x), len(y), abi.Invalid)
	}
	rec := make([]byte, size)
	defer clear(rec)
	for i, at := range index {
		if at < 0 || int64(at) >= s.n {
			return fmt.Errorf("vault: record %d of split %q, which has %d: %w", at, split, s.n, abi.Invalid)
		}
		if _, err := d.c.ReadAt(rec, (s.first+int64(at))*size); err != nil {
			return err
		}
		y[i] = int64(binary.LittleEndian.Uint16(rec[size-labelBytes:]))
		if y[i] >= int64(len(d.c.h.Schema.Classes)) {
			return fmt.Errorf("vault: record %d of split %q has label %d of %d: %w", at, split, y[i], len(d.c.h.Schema.Classes), abi.Invalid)
		}
		decode(x[i*n:(i+1)*n], rec, d.c.h)
	}
	return nil
}

// decode turns stored elements into what programs compute on.
func decode(x []float32, rec []byte, h Header) {
	if h.Store == abi.Uint8 {
		scale := float32(h.Scale)
		for i := range x {
			x[i] = float32(rec[i]) / scale
		}
		return
	}
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(rec[4*i:]))
	}
}

// Close wipes what was read and closes the container.
func (d *Dataset) Close() error { return d.c.Close() }
