package vault

import (
	"fmt"
	"os"

	"github.com/cloister-ai/cloister/abi"
)

// A spool holds records between the pass that reads a source and the one that
// seals them in their final order. It is sealed under a key of its own that
// exists only in memory, in a file that has no name any more, so a kill leaves
// nothing behind.
type spool struct {
	f     *os.File
	seal  sealer
	size  int    // bytes of a record; zero until the first
	per   int    // records in a block
	n     int    // records spooled
	block []byte // the block being filled or, after flush, the one last read
	at    int    // which block that is; -1: none
	buf   []byte
}

func newSpool(dir string) (*spool, error) {
	f, err := os.CreateTemp(dir, partials)
	if err != nil {
		return nil, fmt.Errorf("vault: pack: %w: %w", abi.Internal, err)
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("vault: pack: %w: %w", abi.Internal, err)
	}
	key := NewKey()
	defer key.Wipe()
	return &spool{f: f, seal: sealer{gcm: newGCM(key[:])}, at: -1}, nil
}

// append adds a record as long as the first.
func (s *spool) append(rec []byte) error {
	if s.size == 0 {
		s.size, s.per = len(rec), max(1, chunkBytes/len(rec))
	}
	if len(rec) != s.size {
		return fmt.Errorf("vault: pack: record %d has %d bytes, those before %d: %w", s.n, len(rec), s.size, abi.Internal)
	}
	s.block = append(s.block, rec...)
	if s.n++; s.n%s.per == 0 {
		return s.flush()
	}
	return nil
}

// flush seals the block being filled. Nothing may be appended to a block that
// was flushed before it was full.
func (s *spool) flush() error {
	if len(s.block) == 0 {
		return nil
	}
	i := (s.n - 1) / s.per
	s.buf = s.seal.seal(s.buf[:0], s.block, uint64(i))
	clear(s.block)
	s.block = s.block[:0]
	if _, err := s.f.WriteAt(s.buf, s.offset(i)); err != nil {
		return fmt.Errorf("vault: pack: %w: %w", abi.Internal, err)
	}
	return nil
}

func (s *spool) offset(block int) int64 { return int64(block) * int64(s.per*s.size+tagBytes) }

// record returns record i, good until the next call.
func (s *spool) record(i int) ([]byte, error) {
	b := i / s.per
	if s.at != b {
		n := min(s.per, s.n-b*s.per)*s.size + tagBytes
		s.buf = append(s.buf[:0], make([]byte, n)...)
		if _, err := s.f.ReadAt(s.buf, s.offset(b)); err != nil {
			return nil, fmt.Errorf("vault: pack: %w: %w", abi.Internal, err)
		}
		var err error
		if s.block, err = s.seal.open(s.block[:0], s.buf, uint64(b)); err != nil {
			return nil, fmt.Errorf("vault: pack: spool block %d: %w: %w", b, abi.Internal, err)
		}
		s.at = b
	}
	off := (i - b*s.per) * s.size
	return s.block[off : off+s.size], nil
}

func (s *spool) close() {
	clear(s.block)
	_ = s.f.Close() // it has no name and no reader
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
