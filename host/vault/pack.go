package vault

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/picture"
	"github.com/cloister-ai/cloister/abi/wire"
)

// PackConfig says what to pack and how.
type PackConfig struct {
	Source string // required: a folder of label/photo.jpg, or a CSV file, gzip or not
	Out    string // required: the container; must not exist

	Name    string  // of the dataset; zero means the source's
	Input   string  // [picture.Input] of the records; zero means rgb32x32/255 for photos and, for tables, what their numbers look like
	Test    float64 // part of every class that goes to the split "test"; zero means 0.2, negative none
	Seed    uint64  // of the split and the order
	Licence string  // for the schema
	Origin  string  // for the schema: where the records come from

	Policy wire.Policy // its digest goes into the header; zero: none
	Key    Key         // zero means a new one
	Keys   *Keyring    // keeps the key, before Out exists; nil: only the result has it

	MaxPixels int64 // of one photo; zero means 50 million
	Skip      bool  // leave out photos that cannot be read, and say so, instead of failing

	// Progress, when set, is called with the steps that are done and those there
	// are: photos, or bytes of the table, which is read twice. Never from two
	// goroutines at once.
	Progress func(done, total int64)
}

// Packed is what Pack made.
type Packed struct {
	Content abi.Digest // of the file at Out
	Bytes   int64      // of the file at Out
	Header  Header
	Key     Key
	Skipped []error // photos left out, and why
}

// Schema is the public description of the dataset.
func (p Packed) Schema() abi.Schema { return *p.Header.Schema }

// A source yields labelled records in an order that depends on nothing but the
// source, one call of emit a record. emit copies.
type source interface {
	records(ctx context.Context, emit func(rec []byte, label int) error) error
	// describe is asked after records: how elements are stored and the classes.
	describe() (in picture.Input, store abi.DType, classes []string)
	// skipped says what was left out.
	skipped() []error
}

// Pack seals a dataset from photos or a table, splits it, and puts it at Out,
// whole or not at all; no plaintext touches the disk. The same source, key and
// settings give the same file. Errors: Invalid naming the file, line or label
// that is wrong; NotFound for the source; Internal when the file system
// refuses; the context's cause.
func Pack(ctx context.Context, cfg PackConfig) (Packed, error) {
	if cfg.Source == "" || cfg.Out == "" || cfg.Test >= 1 || math.IsNaN(cfg.Test) {
		return Packed{}, fmt.Errorf("vault: pack %q to %q with a test part of %v: %w", cfg.Source, cfg.Out, cfg.Test, abi.Invalid)
	}
	if _, err := os.Lstat(cfg.Out); err == nil {
		return Packed{}, fmt.Errorf("vault: pack: %s exists, remove it or choose another name: %w", cfg.Out, abi.Invalid)
	}
	src, err := openSource(cfg)
	if err != nil {
		return Packed{}, err
	}
	key := cfg.Key
	if key.IsZero() {
		key = NewKey()
	}
	sweep(filepath.Dir(cfg.Out))
	sp, err := newSpool(filepath.Dir(cfg.Out))
	if err != nil {
		return Packed{}, err
	}
	defer sp.close()

	commit := key.commitment()
	labels, err := fill(ctx, src, sp, commit)
	if err != nil {
		return Packed{}, err
	}
	h, order, err := plan(cfg, src, labels)
	if err != nil {
		return Packed{}, err
	}
	fmt.Fprintf(commit, "%d %v %s", cfg.Seed, cfg.Test, h.Schema.Input)
	h.Commit = abi.Digest(commit.Sum(nil))
	return write(ctx, cfg, key, h, func(i int64) ([]byte, error) {
		rec, err := sp.record(order[i])
		if err != nil {
			return nil, err
		}
		return binary.LittleEndian.AppendUint16(slices.Clone(rec), labels[order[i]]), nil
	}, src.skipped())
}

func openSource(cfg PackConfig) (source, error) {
	fi, err := os.Stat(cfg.Source)
	if err != nil {
		return nil, fmt.Errorf("vault: pack: %w: %w", abi.NotFound, err)
	}
	if fi.IsDir() {
		return openPhotos(cfg)
	}
	return openTable(cfg, fi.Size())
}

// fill spools every record of src and returns the labels.
func fill(ctx context.Context, src source, sp *spool, commit hash.Hash) ([]uint16, error) {
	var labels []uint16
	err := src.records(ctx, func(rec []byte, label int) error {
		commit.Write(binary.LittleEndian.AppendUint16(nil, uint16(label)))
		commit.Write(rec)
		labels = append(labels, uint16(label))
		return sp.append(rec)
	})
	if err != nil {
		return nil, err
	}
	return labels, sp.flush()
}

// plan lays out the container: its header, and which record stands where.
func plan(cfg PackConfig, src source, labels []uint16) (Header, []int, error) {
	in, store, classes := src.describe()
	train, test := split(labels, len(classes), cfg.Test, cfg.Seed)
	schema := abi.Schema{
		Name: cmp.Or(cfg.Name, sourceName(cfg.Source)), Task: "classification",
		Shape: in.Shape(), DType: abi.Float32, Classes: classes,
		Splits: []abi.Split{{Name: "train", Records: int64(len(train))}},
		Unit:   "record", Input: in.String(), Licence: cfg.Licence, Source: cfg.Origin,
	}
	if len(test) > 0 {
		schema.Splits = append(schema.Splits, abi.Split{Name: "test", Records: int64(len(test))})
	}
	h := Header{
		Kind: KindDataset, Schema: &schema, Chunk: chunkBytes,
		Record: uint32(int64(in.Elements())*store.Size() + labelBytes), Store: store, Scale: uint32(in.Scale),
	}
	h.Size = uint64(h.Record) * uint64(len(labels))
	if !isZero(cfg.Policy) {
		d, err := cfg.Policy.Digest()
		if err != nil {
			return Header{}, nil, err
		}
		h.Policy = d
	}
	return h, append(train, test...), h.check()
}

func isZero(p wire.Policy) bool {
	return p.Kind == "" && p.Apps == nil && p.Hosts == nil && p.MinRecords == 0 && p.Metrics == 0 && p.ModelBytes == 0 && p.OutputBytes == 0
}

func sourceName(path string) string {
	name := filepath.Base(filepath.Clean(path))
	name = strings.TrimSuffix(name, ".gz")
	return strings.TrimSuffix(name, ".csv")
}

// split draws part of every class for the test and mixes both sides. Every
// class of two records or more is on both.
func split(labels []uint16, classes int, part float64, seed uint64) (train, test []int) {
	if part == 0 {
		part = 0.2
	}
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte("cloister split v1 "), seed))
	rng := rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:])))
	mix := func(s []int) { rng.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] }) }
	byClass := make([][]int, classes)
	for i, l := range labels {
		byClass[l] = append(byClass[l], i)
	}
	for _, of := range byClass {
		mix(of)
		n := 0
		if part > 0 && len(of) > 1 {
			n = min(max(1, int(float64(len(of))*part+.5)), len(of)-1)
		}
		test = append(test, of[:n]...)
		train = append(train, of[n:]...)
	}
	mix(train)
	mix(test)
	return train, test
}

// partials is how a file that is being packed is named until it is whole.
const partials = ".cloister-pack-*"

// sweep removes what packing that was killed left behind a day ago or more.
func sweep(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, partials))
	for _, path := range left {
		if fi, err := os.Lstat(path); err == nil && time.Since(fi.ModTime()) > 24*time.Hour {
			_ = os.Remove(path) // the next one tries again
		}
	}
}

// write seals the records that record returns into Out.
func write(ctx context.Context, cfg PackConfig, key Key, h Header, record func(int64) ([]byte, error), skipped []error) (Packed, error) {
	fail := func(err error) (Packed, error) {
		return Packed{}, fmt.Errorf("vault: pack: %w: %w", abi.Internal, err)
	}
	f, err := os.CreateTemp(filepath.Dir(cfg.Out), partials)
	if err != nil {
		return fail(err)
	}
	defer os.Remove(f.Name()) // gone already when all went well
	defer f.Close()
	if err := seal(f, key, h, stream(ctx, int64(h.Record), record)); err != nil {
		return Packed{}, err
	}
	if err := f.Sync(); err != nil {
		return fail(err)
	}
	sum := sha256.New()
	n, err := io.Copy(sum, io.NewSectionReader(f, 0, math.MaxInt64))
	if err != nil {
		return fail(err)
	}
	p := Packed{Content: abi.Digest(sum.Sum(nil)), Bytes: n, Key: key, Skipped: skipped}
	if p.Header, err = ReadHeader(f, n); err != nil {
		return Packed{}, err
	}
	if cfg.Keys != nil { // first: a container nobody can open is worse than a key to nothing
		if err := cfg.Keys.Put(p.Content, key); err != nil {
			return Packed{}, err
		}
	}
	if err := os.Rename(f.Name(), cfg.Out); err != nil {
		return fail(err)
	}
	if err := syncDir(filepath.Dir(cfg.Out)); err != nil {
		return fail(err)
	}
	return p, nil
}

// stream reads records one after the other as bytes.
func stream(ctx context.Context, size int64, record func(int64) ([]byte, error)) func([]byte, int64) error {
	var buf bytes.Buffer
	next := int64(0)
	return func(p []byte, off int64) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for buf.Len() < len(p) {
			rec, err := record(next)
			if err != nil {
				return err
			}
			if int64(len(rec)) != size {
				return fmt.Errorf("vault: pack: record %d has %d bytes, not %d: %w", next, len(rec), size, abi.Internal)
			}
			next++
			buf.Write(rec)
			clear(rec)
		}
		_, err := buf.Read(p)
		return err
	}
}
