// Package ledger is one host's own record of what it ran and what left: an
// append-only file of signed receipts, each naming the one before.
package ledger

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// A Ledger appends receipts to one file. It is safe for concurrent use; one
// process at a time opens a file.
type Ledger struct {
	signer wire.Signer

	mu   sync.Mutex
	file *os.File
	size int64      // bytes of whole entries
	last abi.Digest // of the newest receipt
}

// An entry is a header of three big-endian uint32 and the payload, a
// [wire.SignedReceipt] in canonical CBOR. The header is the payload's length,
// the same with every bit turned, so that a damaged length is not taken for a
// torn end, and the payload's CRC-32C.
const headerBytes = 12

// maxEntry bounds one receipt; a longer length is a damaged file.
const maxEntry = 1 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Open reads the ledger at path, creating it when there is none. An entry that
// was only half written when the process died was never acknowledged, and is
// cut off; damage before the end is Internal and names the offset. recover
// checks every signature on the way.
func Open(path string, signer wire.Signer, recover wire.Recover) (*Ledger, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("ledger: %w: %w", abi.Unavailable, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w: %w", abi.Unavailable, err)
	}
	l := &Ledger{signer: signer, file: f}
	l.size, err = scan(f, func(s wire.SignedReceipt) error {
		r, err := s.Verify(recover)
		if err != nil {
			return err
		}
		if r.Prev != l.last {
			return fmt.Errorf("receipt of job %v follows %v, the file has %v before it: %w", r.Job.Short(), r.Prev.Short(), l.last.Short(), abi.Internal)
		}
		l.last = abi.Sum(s.Receipt)
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("ledger: %s: %w", path, err), f.Close())
	}
	if err := f.Truncate(l.size); err != nil {
		return nil, errors.Join(fmt.Errorf("ledger: %s: %w: %w", path, abi.Unavailable, err), f.Close())
	}
	return l, nil
}

// Close closes the file.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}

// Append links r to the newest receipt, signs it and returns once it is on disk.
func (l *Ledger) Append(_ context.Context, r wire.Receipt) (wire.SignedReceipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Prev, r.Host = l.last, l.signer.Address()
	b, err := r.Bytes()
	if err != nil {
		return wire.SignedReceipt{}, fmt.Errorf("ledger: %w: %w", abi.Internal, err)
	}
	sig, err := l.signer.Sign(abi.Sum(b))
	if err != nil {
		return wire.SignedReceipt{}, fmt.Errorf("ledger: sign: %w", err)
	}
	s := wire.SignedReceipt{Receipt: b, Signature: sig}
	payload, err := wire.Marshal(s)
	if err != nil {
		return wire.SignedReceipt{}, fmt.Errorf("ledger: %w: %w", abi.Internal, err)
	}
	entry := make([]byte, headerBytes, headerBytes+len(payload))
	binary.BigEndian.PutUint32(entry, uint32(len(payload)))
	binary.BigEndian.PutUint32(entry[4:], ^uint32(len(payload)))
	binary.BigEndian.PutUint32(entry[8:], crc32.Checksum(payload, castagnoli))
	entry = append(entry, payload...)
	// What an append that failed left behind, on a full disk say, goes first: a
	// shorter entry would not cover it.
	if err := l.file.Truncate(l.size); err != nil {
		return wire.SignedReceipt{}, fmt.Errorf("ledger: %w: %w", abi.Unavailable, err)
	}
	if _, err := l.file.WriteAt(entry, l.size); err != nil {
		return wire.SignedReceipt{}, fmt.Errorf("ledger: %w: %w", abi.Unavailable, err)
	}
	if err := l.file.Sync(); err != nil {
		return wire.SignedReceipt{}, fmt.Errorf("ledger: %w: %w", abi.Unavailable, err)
	}
	l.size += int64(len(entry))
	l.last = abi.Sum(b)
	return s, nil
}

// All calls fn with every receipt, oldest first, until it returns an error.
func (l *Ledger) All(fn func(wire.SignedReceipt) error) error {
	l.mu.Lock()
	size := l.size
	l.mu.Unlock()
	_, err := scan(io.NewSectionReader(l.file, 0, size), fn)
	return err
}

// Read calls fn with every receipt of the ledger at path, oldest first, after
// checking its signature, also while another process appends to it. A path
// without a file holds none.
func Read(path string, recover wire.Recover, fn func(wire.Receipt, wire.SignedReceipt) error) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ledger: %w: %w", abi.Unavailable, err)
	}
	defer f.Close()
	_, err = scan(f, func(s wire.SignedReceipt) error {
		r, err := s.Verify(recover)
		if err != nil {
			return err
		}
		return fn(r, s)
	})
	if err != nil {
		return fmt.Errorf("ledger: %s: %w", path, err)
	}
	return nil
}

// scan calls fn with every whole entry of r and returns where they end. A torn
// last entry is not an error; a damaged one with more behind it is.
func scan(r io.Reader, fn func(wire.SignedReceipt) error) (end int64, err error) {
	br := bufio.NewReader(r)
	for {
		var header [headerBytes]byte
		if _, err := io.ReadFull(br, header[:]); err != nil {
			return end, torn(err)
		}
		n := binary.BigEndian.Uint32(header[:])
		if header == [headerBytes]byte{} && onlyZeros(br) {
			return end, nil // the file grew, the bytes never came
		}
		if binary.BigEndian.Uint32(header[4:]) != ^n {
			return end, fmt.Errorf("entry at byte %d has a damaged length: %w", end, abi.Internal)
		}
		if n > maxEntry {
			return end, fmt.Errorf("entry at byte %d claims %d bytes, at most %d: %w", end, n, maxEntry, abi.Internal)
		}
		payload := make([]byte, n)
		if _, err := io.ReadFull(br, payload); err != nil {
			return end, torn(err)
		}
		if crc32.Checksum(payload, castagnoli) != binary.BigEndian.Uint32(header[8:]) {
			if _, err := br.Peek(1); errors.Is(err, io.EOF) {
				return end, nil // written in part: the length reached the disk, the bytes did not
			}
			return end, fmt.Errorf("entry at byte %d is damaged: %w", end, abi.Internal)
		}
		var s wire.SignedReceipt
		if err := wire.Unmarshal(payload, &s); err != nil {
			return end, fmt.Errorf("entry at byte %d: %w", end, err)
		}
		if err := fn(s); err != nil {
			return end, err
		}
		end += headerBytes + int64(n)
	}
}

// onlyZeros reads r to its end and reports whether it held nothing else.
func onlyZeros(r io.ByteReader) bool {
	for {
		switch b, err := r.ReadByte(); {
		case err != nil:
			return errors.Is(err, io.EOF)
		case b != 0:
			return false
		}
	}
}

// torn turns the end of the file, wherever it fell, into a clean stop.
func torn(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return fmt.Errorf("%w: %w", abi.Unavailable, err)
}
