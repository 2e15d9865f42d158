package vault

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/picture"
)

const (
	maxTable   = 16 << 30 // bytes of a table, unpacked
	maxColumns = 1 << 20
)

// A table is a CSV file of numbers with a label in its last column, plain or
// gzip. Its first line may name the columns, or be scikit-learn's
// "rows,features,class,class,…".
type table struct {
	path     string
	size     int64 // of the file
	progress func(done, total int64)
	asked    string // Input from the configuration

	in      picture.Input
	store   abi.DType
	classes []string
	index   map[string]int // of the label as canonical text
}

func openTable(cfg PackConfig, size int64) (*table, error) {
	if size == 0 {
		return nil, fmt.Errorf("vault: pack: %s has zero bytes: %w", cfg.Source, abi.Invalid)
	}
	return &table{path: cfg.Source, size: size, progress: cfg.Progress, asked: cfg.Input}, nil
}

// records reads the table twice: to learn what is in it, and to emit it.
func (t *table) records(ctx context.Context, emit func([]byte, int) error) error {
	var seen survey
	if err := t.rows(ctx, 0, seen.row); err != nil {
		return err
	}
	if err := t.settle(seen); err != nil {
		return fmt.Errorf("vault: pack: %s: %w", t.path, err)
	}
	rec := make([]byte, int64(t.in.Elements())*t.store.Size())
	defer clear(rec)
	return t.rows(ctx, t.size, func(r row) error {
		if r.header {
			return nil
		}
		label, ok := t.index[r.label]
		if !ok || len(r.x) != t.in.Elements() {
			return fmt.Errorf("the file changed while it was read: %w", abi.Invalid)
		}
		for i, v := range r.x {
			if t.store == abi.Uint8 {
				rec[i] = byte(v)
			} else {
				binary.LittleEndian.PutUint32(rec[4*i:], math.Float32bits(v))
			}
		}
		return emit(rec, label)
	})
}

func (t *table) describe() (picture.Input, abi.DType, []string) { return t.in, t.store, t.classes }

func (t *table) skipped() []error { return nil }

// settle decides from what was seen how records are stored.
func (t *table) settle(s survey) error {
	if s.rows == 0 {
		return fmt.Errorf("no rows: %w", abi.Invalid)
	}
	if len(s.labels) < 2 {
		return fmt.Errorf("the last column holds %d labels, want at least 2: %w", len(s.labels), abi.Invalid)
	}
	t.index = map[string]int{}
	for label := range s.labels {
		t.classes = append(t.classes, label)
	}
	numbers := sortLabels(t.classes)
	for i, label := range t.classes {
		t.index[label] = i
	}
	if n := len(t.classes); numbers && len(s.names) == n && t.classes[0] == "0" && t.classes[n-1] == strconv.Itoa(n-1) {
		t.classes = s.names
	}
	in, err := picture.Parse(cmp.Or(t.asked, s.guess()))
	if err != nil {
		return err
	}
	if in.Elements() != s.columns {
		return fmt.Errorf("%d columns before the label, input %v has %d elements: %w", s.columns, in, in.Elements(), abi.Invalid)
	}
	t.in, t.store = in, abi.Float32
	if in.Channels > 0 {
		t.store = abi.Uint8
		if !s.whole || s.least < 0 || s.most > float32(in.Scale) {
			return fmt.Errorf("numbers from %v to %v are not whole and from 0 to %d, as input %v asks: %w", s.least, s.most, in.Scale, in, abi.Invalid)
		}
	}
	return nil
}

// sortLabels sorts whole numbers by value, anything else as text, and reports
// whether all were numbers.
func sortLabels(labels []string) bool {
	value := func(s string) (int, bool) {
		n, err := strconv.Atoi(s)
		return n, err == nil && n >= 0
	}
	numbers := !slices.ContainsFunc(labels, func(s string) bool { _, ok := value(s); return !ok })
	slices.SortFunc(labels, func(a, b string) int {
		if numbers {
			x, _ := value(a)
			y, _ := value(b)
			return cmp.Compare(x, y)
		}
		return cmp.Compare(a, b)
	})
	return numbers
}

// A survey is what one reading of a table learns.
type survey struct {
	rows, columns int
	least, most   float32
	whole         bool // every number is
	labels        map[string]bool
	names         []string // of classes, from the first line
}

func (s *survey) row(r row) error {
	if r.header {
		s.names = r.names
		return nil
	}
	if s.rows == 0 {
		s.columns, s.whole, s.labels = len(r.x), true, map[string]bool{}
		s.least, s.most = r.x[0], r.x[0]
	}
	if len(r.x) != s.columns {
		return fmt.Errorf("%d columns, the first row has %d: %w", len(r.x)+1, s.columns+1, abi.Invalid)
	}
	for _, v := range r.x {
		s.least, s.most = min(s.least, v), max(s.most, v)
		s.whole = s.whole && v == float32(math.Trunc(float64(v)))
	}
	if s.labels[r.label] = true; len(s.labels) > maxClasses {
		return fmt.Errorf("more than %d different labels: the last column must be the label: %w", maxClasses, abi.Invalid)
	}
	s.rows++
	return nil
}

// guess recognises square images of bytes, and the UCI digits' 8×8 of 0 to 16.
func (s survey) guess() string {
	side := int(math.Sqrt(float64(s.columns)) + .5)
	switch {
	case side*side != s.columns || side < 8 || side > picture.MaxSide || !s.whole || s.least < 0 || s.most > 255:
		return picture.Input{Values: s.columns}.String()
	case side == 8 && s.most <= 16:
		return "gray8x8/16"
	}
	return picture.Input{Channels: 1, Width: side, Height: side, Scale: 255}.String()
}

// A row is one line of a table.
type row struct {
	x      []float32 // good until the next row
	label  string    // canonical
	header bool      // not data: names, and nothing else, may be set
	names  []string
}

// rows calls f with every line. done is where progress begins.
func (t *table) rows(ctx context.Context, done int64, f func(row) error) error {
	file, err := os.Open(t.path)
	if err != nil {
		return fmt.Errorf("vault: pack: %w: %w", abi.NotFound, err)
	}
	defer file.Close()
	in := &counter{r: file}
	text, err := unpack(in)
	if err != nil {
		return fmt.Errorf("vault: pack: %s: %w", t.path, err)
	}
	limited := &io.LimitedReader{R: text, N: maxTable}
	lines := csv.NewReader(limited)
	lines.FieldsPerRecord, lines.ReuseRecord, lines.TrimLeadingSpace = -1, true, true
	var x []float32
	for first := true; ; first = false {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			if limited.N <= 0 {
				return fmt.Errorf("vault: pack: %s has more than %d bytes: %w", t.path, int64(maxTable), abi.Invalid)
			}
			break
		}
		if err != nil {
			return fmt.Errorf("vault: pack: %s: %w: %w", t.path, abi.Invalid, err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		line, _ := lines.FieldPos(0)
		r, err := parseRow(fields, x, first)
		if err == nil {
			x = r.x
			err = f(r)
		}
		if err != nil {
			return fmt.Errorf("vault: pack: %s line %d: %w", t.path, line, err)
		}
		if t.progress != nil {
			t.progress(done+min(in.n, t.size), 2*t.size)
		}
	}
	if t.progress != nil {
		t.progress(done+t.size, 2*t.size)
	}
	return nil
}

func parseRow(fields []string, x []float32, first bool) (row, error) {
	n := len(fields) - 1
	if n < 1 || n > maxColumns {
		return row{}, fmt.Errorf("%d columns, want numbers and a label: %w", len(fields), abi.Invalid)
	}
	if names, ok := sklearnHeader(fields); first && ok {
		return row{header: true, names: names}, nil
	}
	x = x[:0]
	for i, s := range fields[:n] {
		v, err := strconv.ParseFloat(strings.TrimSpace(s), 32)
		if err != nil && first {
			return row{header: true}, nil // names of columns
		}
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return row{}, fmt.Errorf("column %d: %q is no finite number: %w", i+1, s, abi.Invalid)
		}
		x = append(x, float32(v))
	}
	label := strings.TrimSpace(fields[n])
	if label == "" {
		return row{}, fmt.Errorf("the label, column %d, is empty: %w", n+1, abi.Invalid)
	}
	return row{x: x, label: canonical(label)}, nil
}

// canonical makes one label of 3, 3.0 and 3e0.
func canonical(label string) string {
	if v, err := strconv.ParseFloat(label, 64); err == nil && v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return strconv.FormatInt(int64(v), 10)
	}
	return strings.Clone(label)
}

// sklearnHeader recognises "150,4,setosa,versicolor,virginica".
func sklearnHeader(fields []string) ([]string, bool) {
	if len(fields) < 4 {
		return nil, false
	}
	for i, s := range fields {
		_, err := strconv.ParseFloat(s, 64)
		if (err == nil) != (i < 2) {
			return nil, false
		}
	}
	return cloneAll(fields[2:]), true
}

func cloneAll(s []string) []string {
	out := make([]string, len(s))
	for i := range s {
		out[i] = strings.Clone(s[i])
	}
	return out
}

// unpack undoes gzip where the first bytes say so.
func unpack(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	if head, _ := b.Peek(2); !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w: %w", abi.Invalid, err)
	}
	return z, nil
}

// A counter counts what was read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
