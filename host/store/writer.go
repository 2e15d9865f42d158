package store

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"os"
	"path/filepath"

	"github.com/cloister-ai/cloister/abi"
)

// A Writer takes the bytes of one blob in pieces. One goroutine uses it, and
// calls Commit or Abort.
type Writer struct {
	s    *Store
	f    *os.File // nil once committed or aborted
	hash hash.Hash
	size int64
}

// Create returns a Writer for a new blob.
func (s *Store) Create() (*Writer, error) {
	f, err := os.CreateTemp(filepath.Join(s.dir, partial), "put-*")
	if err != nil {
		return nil, fmt.Errorf("store: %w: %w", abi.Internal, err)
	}
	return &Writer{s: s, f: f, hash: sha256.New()}, nil
}

// Write appends b. Errors: Exhausted over the store's MaxBlob, Internal when
// the file system refuses.
func (w *Writer) Write(b []byte) (int, error) {
	if w.f == nil {
		return 0, fmt.Errorf("store: write to a finished blob: %w", abi.Invalid)
	}
	if int64(len(b)) > w.s.max-w.size {
		return 0, fmt.Errorf("store: blob is over %d bytes: %w", w.s.max, abi.Exhausted)
	}
	n, err := w.f.Write(b)
	w.hash.Write(b[:n])
	w.size += int64(n)
	if err != nil {
		return n, fmt.Errorf("store: %w: %w", abi.Internal, err)
	}
	return n, nil
}

// Size is the number of bytes written so far.
func (w *Writer) Size() int64 { return w.size }

// Commit keeps the blob, durably, and returns its name. Unless want is zero
// the bytes must have that name, else they are dropped: Invalid.
func (w *Writer) Commit(want abi.Digest) (abi.Digest, error) {
	if w.f == nil {
		return abi.Digest{}, fmt.Errorf("store: commit of a finished blob: %w", abi.Invalid)
	}
	defer w.Abort()
	d := abi.Digest(w.hash.Sum(nil))
	if !want.IsZero() && d != want {
		return abi.Digest{}, fmt.Errorf("store: wanted blob %v, the bytes are %v: %w", want, d, abi.Invalid)
	}
	path := w.s.Path(d)
	if err := w.place(path); err != nil {
		return abi.Digest{}, fmt.Errorf("store: %w: %w", abi.Internal, err)
	}
	return d, nil
}

func (w *Writer) place(path string) error {
	if err := w.f.Sync(); err != nil {
		return err
	}
	tmp := w.f.Name()
	if err := w.f.Close(); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	w.f = nil
	if err := syncDir(dir); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir)) // dir itself may be new
}

// Abort drops what was written. After Commit it does nothing.
func (w *Writer) Abort() {
	if w.f == nil {
		return
	}
	_ = w.f.Close()           // twice after a failed place: harmless
	_ = os.Remove(w.f.Name()) // or the next Open sweeps it
	w.f = nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
