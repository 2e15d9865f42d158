// Package store keeps blobs in a folder under the digest of their bytes, so
// that what is read is what was named, or an error.
package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/cloister-ai/cloister/abi"
)

// Config says where blobs are kept.
type Config struct {
	Dir     string // required; made if it is not there
	MaxBlob int64  // bytes one blob may have; zero means 4 GiB
}

// A Store is a folder of blobs. It is safe for concurrent use, also by several
// processes, and a blob is there whole or not at all, whatever kills the
// process or the machine.
type Store struct {
	dir string
	max int64
}

const (
	blobs   = "sha256" // dir/sha256/ab/ab12…
	partial = "tmp"    // dir/tmp/put-…: being written, or left over from a kill
	maxBlob = 4 << 30
	// abandoned is when a partial file has no writer any more.
	abandoned = 24 * time.Hour
)

// Open returns the store in cfg.Dir. Errors: Invalid without a folder,
// Internal when the file system refuses.
func Open(cfg Config) (*Store, error) {
	if cfg.Dir == "" || cfg.MaxBlob < 0 {
		return nil, fmt.Errorf("store: folder %q, blobs up to %d bytes: %w", cfg.Dir, cfg.MaxBlob, abi.Invalid)
	}
	s := &Store{dir: cfg.Dir, max: cfg.MaxBlob}
	if s.max == 0 {
		s.max = maxBlob
	}
	for _, sub := range []string{blobs, partial} {
		if err := os.MkdirAll(filepath.Join(s.dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("store: %w: %w", abi.Internal, err)
		}
	}
	s.sweep()
	return s, nil
}

// sweep removes what a killed process left half written. What cannot be
// removed now is harmless and is tried again next time.
func (s *Store) sweep() {
	left, _ := os.ReadDir(filepath.Join(s.dir, partial))
	for _, e := range left {
		if fi, err := e.Info(); err == nil && time.Since(fi.ModTime()) > abandoned {
			_ = os.Remove(filepath.Join(s.dir, partial, e.Name()))
		}
	}
}

// Put keeps the bytes of r and returns their name and number. Errors:
// Exhausted for more than MaxBlob bytes, the reader's own, Internal when the
// file system refuses. Putting what is there already repairs it.
func (s *Store) Put(r io.Reader) (abi.Digest, int64, error) {
	w, err := s.Create()
	if err != nil {
		return abi.Digest{}, 0, err
	}
	defer w.Abort()
	if _, err := io.Copy(w, r); err != nil {
		return abi.Digest{}, 0, err
	}
	d, err := w.Commit(abi.Digest{})
	return d, w.Size(), err
}

// PutBytes keeps b and returns its name.
func (s *Store) PutBytes(b []byte) (abi.Digest, error) {
	d, _, err := s.Put(bytes.NewReader(b))
	return d, err
}

// Get returns the blob named d after checking every byte. Errors: NotFound,
// Exhausted for a blob that cannot be held in memory, Internal naming the file
// when it is corrupt.
func (s *Store) Get(d abi.Digest) ([]byte, error) {
	f, err := s.Open(d)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("store: %w: %w", abi.Internal, err)
	}
	if fi.Size() > math.MaxInt32 {
		return nil, fmt.Errorf("store: blob %v of %d bytes is for Open, not Get: %w", d.Short(), fi.Size(), abi.Exhausted)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("store: %w: %w", abi.Internal, err)
	}
	if got := abi.Sum(b); got != d {
		return nil, fmt.Errorf("store: %s is corrupt, its bytes are %v; remove it and fetch it again: %w", f.Name(), got.Short(), abi.Internal)
	}
	return b, nil
}

// Open returns the blob named d for reading, unchecked: for formats that check
// themselves as they are read. The caller closes it.
func (s *Store) Open(d abi.Digest) (*os.File, error) {
	f, err := os.Open(s.Path(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("store: no blob %v: %w", d, abi.NotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w: %w", abi.Internal, err)
	}
	return f, nil
}

// Has reports whether a blob named d is here. Its bytes are not checked.
func (s *Store) Has(d abi.Digest) bool {
	fi, err := os.Stat(s.Path(d))
	return err == nil && fi.Mode().IsRegular()
}

// Size returns the bytes of the blob named d, or NotFound.
func (s *Store) Size(d abi.Digest) (int64, error) {
	fi, err := os.Stat(s.Path(d))
	if err != nil {
		return 0, fmt.Errorf("store: no blob %v: %w", d, abi.NotFound)
	}
	return fi.Size(), nil
}

// Remove forgets the blob named d. Removing what is not here does nothing.
func (s *Store) Remove(d abi.Digest) error {
	if err := os.Remove(s.Path(d)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store: %w: %w", abi.Internal, err)
	}
	return nil
}

// Path is where the blob named d is, or would be.
func (s *Store) Path(d abi.Digest) string {
	name := d.String()[len(blobs)+1:]
	return filepath.Join(s.dir, blobs, name[:2], name)
}

// MaxBlob is the most bytes one blob may have.
func (s *Store) MaxBlob() int64 { return s.max }

// An Entry is one blob of a listing.
type Entry struct {
	Digest abi.Digest
	Bytes  int64
}

// List returns every blob in order of name. Files that are not blobs are left
// out.
func (s *Store) List() ([]Entry, error) {
	var list []Entry
	root := filepath.Join(s.dir, blobs)
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed while we looked
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		d, err := abi.ParseDigest(blobs + ":" + e.Name())
		if err != nil || path != s.Path(d) {
			return nil
		}
		if fi, err := e.Info(); err == nil {
			list = append(list, Entry{d, fi.Size()})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("store: %w: %w", abi.Internal, err)
	}
	return list, nil
}
