package vault

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// A Header is what anybody may know about a container.
type Header struct {
	Kind   Kind        `cbor:"1,keyasint" json:"kind"`
	Schema *abi.Schema `cbor:"2,keyasint,omitempty" json:"schema,omitempty"` // datasets
	Card   *Card       `cbor:"3,keyasint,omitempty" json:"card,omitempty"`   // models
	Policy abi.Digest  `cbor:"4,keyasint" json:"policy"`                     // digest of the [wire.Policy]; zero: none
	Chunk  uint32      `cbor:"5,keyasint" json:"chunk"`                      // plaintext bytes in a chunk
	Size   uint64      `cbor:"6,keyasint" json:"size"`                       // plaintext bytes in all
	Record uint32      `cbor:"7,keyasint,omitempty" json:"record,omitempty"` // bytes of one record
	Store  abi.DType   `cbor:"8,keyasint,omitempty" json:"store,omitempty"`  // element type of a record as stored
	Scale  uint32      `cbor:"9,keyasint,omitempty" json:"scale,omitempty"`  // a uint8 element v reads as v/Scale
	Check  [16]byte    `cbor:"10,keyasint" json:"-"`                         // tells a wrong key from a damaged file
	Commit abi.Digest  `cbor:"11,keyasint" json:"-"`                         // keyed hash of the plaintext's origin

	Root abi.Digest `cbor:"-" json:"root"` // Merkle root over the ciphertext chunks
	ID   abi.Digest `cbor:"-" json:"-"`    // digest of everything above but Root
}

// Kind says what a container holds.
type Kind string

// The kinds of container.
const (
	KindDataset Kind = "dataset"
	KindModel   Kind = "model"
)

const (
	magic      = "CLOISTER"
	version    = 1
	prelude    = 16 // bytes before the header
	maxHeader  = 1 << 20
	chunkBytes = 64 << 10
	tagBytes   = 16
	maxSize    = 1 << 44
	maxClasses = 1 << 12
	maxRecord  = 1 << 28
)

// envelope is the header as it stands in the file: see FORMAT.md for why Meta
// is a byte string.
type envelope struct {
	Meta []byte     `cbor:"1,keyasint"`
	Root abi.Digest `cbor:"2,keyasint"`
}

// bytes returns the prelude and the header.
func (h Header) bytes() ([]byte, error) {
	meta, err := wire.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("vault: header: %w: %w", abi.Invalid, err)
	}
	e, err := wire.Marshal(envelope{meta, h.Root})
	if err != nil || len(e) > maxHeader {
		return nil, fmt.Errorf("vault: header of %d bytes, at most %d: %w", len(e), maxHeader, abi.Invalid)
	}
	b := append([]byte(magic), 0, 0, 0, 0, 0, 0, 0, 0)
	binary.LittleEndian.PutUint16(b[8:], version)
	binary.LittleEndian.PutUint32(b[12:], uint32(len(e)))
	return append(b, e...), nil
}

// ReadHeader reads the public part of a container of size bytes and checks
// that size is what the header implies. Errors: Invalid, saying what is wrong.
func ReadHeader(r io.ReaderAt, size int64) (Header, error) {
	h, _, err := readHeader(r, size)
	return h, err
}

// readHeader also returns where the chunks begin.
func readHeader(r io.ReaderAt, size int64) (Header, int64, error) {
	refuse := func(format string, args ...any) (Header, int64, error) {
		return Header{}, 0, fmt.Errorf("vault: container: "+format+": %w", append(args, abi.Invalid)...)
	}
	var pre [prelude]byte
	if size < prelude {
		return refuse("%d bytes are too few for one", size)
	}
	if _, err := r.ReadAt(pre[:], 0); err != nil {
		return refuse("%w", err)
	}
	if string(pre[:8]) != magic {
		return refuse("the file does not begin with %q, it is something else", magic)
	}
	if v := binary.LittleEndian.Uint16(pre[8:]); v != version {
		return refuse("version %d, this build reads version %d; a newer cloister may read it", v, version)
	}
	n := binary.LittleEndian.Uint32(pre[12:])
	if pre[10] != 0 || pre[11] != 0 || n > maxHeader {
		return refuse("header of %d bytes, at most %d", n, maxHeader)
	}
	if size < prelude+int64(n) {
		return refuse("truncated: %d bytes do not hold the header of %d", size, n)
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, prelude); err != nil {
		return refuse("%w", err)
	}
	h, err := parseHeader(b)
	if err != nil {
		return Header{}, 0, err
	}
	body := prelude + int64(n)
	if want := body + int64(h.Size+h.chunks()*tagBytes); size != want {
		return refuse("truncated or extended: %d bytes, its header says %d", size, want)
	}
	return h, body, nil
}

// parseHeader accepts exactly what bytes produces, without the prelude.
func parseHeader(b []byte) (Header, error) {
	var e envelope
	var h Header
	if err := wire.Unmarshal(b, &e); err != nil {
		return Header{}, fmt.Errorf("vault: container header: %w", err)
	}
	if err := wire.Unmarshal(e.Meta, &h); err != nil {
		return Header{}, fmt.Errorf("vault: container header: %w", err)
	}
	h.Root, h.ID = e.Root, abi.Sum(e.Meta)
	if again, err := h.bytes(); err != nil || !bytes.Equal(again[prelude:], b) {
		return Header{}, fmt.Errorf("vault: container header is not canonical: %w", abi.Invalid)
	}
	if err := h.check(); err != nil {
		return Header{}, err
	}
	return h, nil
}

// chunks is the number of chunks.
func (h Header) chunks() uint64 { return (h.Size + uint64(h.Chunk) - 1) / uint64(h.Chunk) }

// check refuses headers that no container can have.
func (h Header) check() error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("vault: container header: "+format+": %w", append(args, abi.Invalid)...)
	}
	if h.Chunk != chunkBytes || h.Size == 0 || h.Size > maxSize {
		return refuse("%d bytes in chunks of %d", h.Size, h.Chunk)
	}
	switch h.Kind {
	case KindModel:
		if h.Card == nil || h.Schema != nil || h.Record != 0 || h.Store != 0 || h.Scale != 0 {
			return refuse("a model has a card and nothing of a dataset")
		}
		if err := h.Card.check(); err != nil {
			return refuse("card: %w", err)
		}
		return nil
	case KindDataset:
	default:
		return refuse("kind %q", h.Kind)
	}
	if h.Schema == nil || h.Card != nil {
		return refuse("a dataset has a schema and no card")
	}
	n, err := abi.Elements(h.Schema.Shape)
	if err != nil {
		return refuse("schema: %w", err)
	}
	if n == 0 || n > maxRecord {
		return refuse("record of shape %v", h.Schema.Shape)
	}
	if h.Store != abi.Uint8 && h.Store != abi.Float32 || (h.Scale == 0) == (h.Store == abi.Uint8) {
		return refuse("elements stored as %v with scale %d", h.Store, h.Scale)
	}
	if want := n*h.Store.Size() + labelBytes; int64(h.Record) != want {
		return refuse("records of %d bytes, shape %v of %v makes %d", h.Record, h.Schema.Shape, h.Store, want)
	}
	if k := len(h.Schema.Classes); k < 2 || k > maxClasses {
		return refuse("%d classes, want 2 to %d", k, maxClasses)
	}
	var records uint64
	for i, s := range h.Schema.Splits {
		if s.Records < 0 || s.Records > maxSize {
			return refuse("split %q of %d records", s.Name, s.Records)
		}
		if slices.ContainsFunc(h.Schema.Splits[:i], func(o abi.Split) bool { return o.Name == s.Name }) {
			return refuse("two splits %q", s.Name)
		}
		if records += uint64(s.Records); records > maxSize {
			return refuse("%d records", records)
		}
	}
	if records > maxSize/uint64(h.Record) || records*uint64(h.Record) != h.Size {
		return refuse("%d records of %d bytes are not %d bytes", records, h.Record, h.Size)
	}
	return nil
}
