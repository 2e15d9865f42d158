package sandbox

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// A dataset is the job's, as one instance sees it.
type dataset struct {
	Dataset
	schema abi.Schema
	json   []byte
	order  order // the last one asked for
	x      []float32
	y      []int64
	bytes  []byte
}

// An order is a permutation of a split's records.
type order struct {
	split string
	seed  uint32
	rows  []int
}

// A batch is a set of records that tensors stand for.
type batch struct {
	split string
	rows  []int // row i of the tensors is record rows[i]
}

// maxBatch bounds the elements of one batch, since the host holds it once more.
const maxBatch = 16 << 20

// dataOpen(name, len) → the job's dataset, by its name or as "data".
func dataOpen(_ context.Context, in *instance, a []uint32) (uint32, error) {
	name, err := in.text("name", a[0], a[1], maxName)
	if err != nil {
		return 0, err
	}
	if in.env.Data == nil {
		return 0, fmt.Errorf("no dataset %q: the job was admitted for none: %w", name, abi.NotFound)
	}
	schema := in.env.Data.Schema()
	if name != "" && name != "data" && name != schema.Name {
		return 0, fmt.Errorf("no dataset %q: the job was admitted for %q: %w", name, schema.Name, abi.NotFound)
	}
	b, err := json.Marshal(schema)
	if err != nil {
		return 0, fmt.Errorf("schema: %w: %w", abi.Internal, err)
	}
	return in.handles.add(&dataset{Dataset: in.env.Data, schema: schema, json: b})
}

func (in *instance) dataset(h uint32) (*dataset, error) {
	return find[*dataset](&in.handles, h, "dataset")
}

// dataSchema(d, ptr, cap) → the length of the schema as JSON.
func dataSchema(_ context.Context, in *instance, a []uint32) (uint32, error) {
	d, err := in.dataset(a[0])
	if err != nil {
		return 0, err
	}
	return in.give(d.json, a[1], a[2])
}

// dataBatch(d, split, split_len, first, count, seed, x, y) → the records
// written. Row i of x and y becomes record first+i of the split in the order of
// seed; rows past the end become zeros with the label -1.
func dataBatch(_ context.Context, in *instance, a []uint32) (uint32, error) {
	d, err := in.dataset(a[0])
	if err != nil {
		return 0, err
	}
	split, err := in.text("split", a[1], a[2], maxName)
	if err != nil {
		return 0, err
	}
	first, count := a[3], a[4]
	x, err := in.tensor(a[6])
	if err != nil {
		return 0, fmt.Errorf("x: %w", err)
	}
	y, err := in.tensor(a[7])
	if err != nil {
		return 0, fmt.Errorf("y: %w", err)
	}
	size, err := d.fits(count, x, y)
	if err != nil {
		return 0, err
	}
	all, err := d.rows(split, a[5], in.env.Seed)
	if err != nil {
		return 0, err
	}
	if int64(first) > int64(len(all)) {
		return 0, fmt.Errorf("record %d of split %q, which has %d: %w", first, split, len(all), abi.Invalid)
	}
	rows := all[first:min(int64(first)+int64(count), int64(len(all)))]
	if err := d.fill(split, rows, size, x, y); err != nil {
		return 0, fatal{err}
	}
	b := &batch{split: split, rows: slices.Clone(rows)}
	x.batch, x.labels = b, false
	y.batch, y.labels = b, true
	if in.data.Kind != wire.Open {
		x.label, y.label = private, private
	}
	return uint32(len(rows)), nil
}

// fits wants x and y to be the tensors for count records, and returns the
// elements of one record.
func (d *dataset) fits(count uint32, x, y *tensor) (int64, error) {
	if count == 0 {
		return 0, fmt.Errorf("a batch of no records: %w", abi.Invalid)
	}
	want := append([]int64{int64(count)}, d.schema.Shape...)
	if p := (abi.Port{DType: abi.Float32, Shape: want}); !x.is(p) {
		return 0, fmt.Errorf("x must be %v %v, tensor %d is %v %v: %w", p.DType, p.Shape, x.index, x.DType(), x.Shape(), abi.Invalid)
	}
	if p := (abi.Port{DType: abi.Int64, Shape: want[:1]}); !y.is(p) {
		return 0, fmt.Errorf("y must be %v %v, tensor %d is %v %v: %w", p.DType, p.Shape, y.index, y.DType(), y.Shape(), abi.Invalid)
	}
	n, err := abi.Elements(want)
	if err != nil {
		return 0, err
	}
	if n > maxBatch {
		return 0, fmt.Errorf("a batch of %d elements, at most %d: %w", n, maxBatch, abi.Invalid)
	}
	return n / int64(count), nil
}

// maxRecords bounds the records of a split that can be put in order.
const maxRecords = 1 << 27

// rows returns the records of split in the order that the job's seed and this
// one select; zero is the stored order.
func (d *dataset) rows(split string, seed uint32, job abi.Digest) ([]int, error) {
	if d.order.split == split && d.order.seed == seed && d.order.rows != nil {
		return d.order.rows, nil
	}
	i := slices.IndexFunc(d.schema.Splits, func(s abi.Split) bool { return s.Name == split })
	if i < 0 {
		return nil, fmt.Errorf("dataset %q has no split %q: %w", d.schema.Name, split, abi.NotFound)
	}
	n := d.schema.Splits[i].Records
	if n < 0 || n > maxRecords {
		return nil, fmt.Errorf("split %q has %d records, at most %d: %w", split, n, maxRecords, abi.Invalid)
	}
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	if seed != 0 {
		shuffle(rows, stream(job, "order "+strconv.FormatUint(uint64(seed), 10)+" "+split))
	}
	d.order = order{split, seed, rows}
	return rows, nil
}

// shuffle is Fisher and Yates's, written out so that no library's change of
// mind changes what a job computes.
func shuffle(rows []int, r *rand.ChaCha8) {
	for i := len(rows) - 1; i > 0; i-- {
		j := int(r.Uint64() % uint64(i+1))
		rows[i], rows[j] = rows[j], rows[i]
	}
}

// fill writes the records into x and y. Its errors may depend on records, so
// the app does not survive them.
func (d *dataset) fill(split string, rows []int, size int64, x, y *tensor) error {
	count := y.Shape()[0]
	d.x = resize(d.x, int(count*size))
	d.y = resize(d.y, int(count))
	n := int64(len(rows))
	clear(d.x[n*size:])
	for i := n; i < count; i++ {
		d.y[i] = -1
	}
	if err := d.Rows(split, rows, d.x[:n*size], d.y[:n]); err != nil {
		return fmt.Errorf("records: %w", err)
	}
	d.bytes = resize(d.bytes, 4*len(d.x))
	for i, f := range d.x {
		binary.LittleEndian.PutUint32(d.bytes[4*i:], math.Float32bits(f))
	}
	if err := x.Write(0, d.bytes); err != nil {
		return err
	}
	d.bytes = resize(d.bytes, 8*len(d.y))
	for i, c := range d.y {
		binary.LittleEndian.PutUint64(d.bytes[8*i:], uint64(c))
	}
	return y.Write(0, d.bytes)
}

// resize returns a slice of n elements, s where it is large enough.
func resize[T any](s []T, n int) []T {
	if n > cap(s) {
		return make([]T, n)
	}
	return s[:n]
}
