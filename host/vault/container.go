package vault

import (
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"sync"

	"github.com/cloister-ai/cloister/abi"
)

// cached bounds the opened chunks a Container keeps: 64 MiB.
const cached = 1024

// A Container reads one sealed file at random, checking every chunk it opens.
// It is safe for concurrent use. Close wipes the plaintext it holds.
type Container struct {
	r    io.ReaderAt
	h    Header
	seal sealer
	body int64 // where the chunks begin

	mu     sync.Mutex
	chunks map[uint64][]byte // opened; nil once closed
}

// OpenFile opens the container at path. Errors: NotFound, and those of [Open].
func OpenFile(path string, key Key) (*Container, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("vault: %w: %w", abi.NotFound, err)
	}
	fi, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("vault: %w: %w", abi.Internal, err)
	}
	c, err := Open(f, fi.Size(), key)
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Open reads the container of size bytes in r. Errors: Invalid for a file that
// is not one, is damaged or of another version; Denied for the wrong key. A
// reader that is an [io.Closer] is closed by Close.
func Open(r io.ReaderAt, size int64, key Key) (*Container, error) {
	h, body, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(key.derive(nil, "check", len(h.Check)), h.Check[:]) != 1 {
		return nil, fmt.Errorf("vault: container %v: the key is another container's: %w", h.ID.Short(), abi.Denied)
	}
	return &Container{r: r, h: h, seal: newSealer(key, h), body: body, chunks: map[uint64][]byte{}}, nil
}

// Header is the public part of the container.
func (c *Container) Header() Header { return c.h }

// Size is the number of plaintext bytes.
func (c *Container) Size() int64 { return int64(c.h.Size) }

// ReadAt copies plaintext from off, as [io.ReaderAt]. Errors: io.EOF at the
// end, Invalid naming the chunk that is damaged.
func (c *Container) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("vault: read at %d: %w", off, abi.Invalid)
	}
	n := 0
	for n < len(p) {
		at := uint64(off) + uint64(n)
		if at >= c.h.Size {
			return n, io.EOF
		}
		k, err := c.copyChunk(p[n:], at/chunkBytes, at%chunkBytes)
		if err != nil {
			return n, err
		}
		n += k
	}
	return n, nil
}

// Bytes returns the whole plaintext, which is then the caller's to wipe.
// Errors: Exhausted over 2 GiB, Invalid for damage.
func (c *Container) Bytes() ([]byte, error) {
	if c.h.Size > math.MaxInt32 {
		return nil, fmt.Errorf("vault: %d bytes are too many to hold: %w", c.h.Size, abi.Exhausted)
	}
	b := make([]byte, c.h.Size)
	if _, err := c.ReadAt(b, 0); err != nil {
		return nil, err
	}
	return b, nil
}

// Verify reads the whole file and checks it against its Merkle root. Errors:
// Invalid, or the context's cause.
func (c *Container) Verify(ctx context.Context) error {
	var tree merkle
	buf := make([]byte, chunkBytes+tagBytes)
	for i := range c.seal.count {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		ct, err := c.ciphertext(buf, i)
		if err != nil {
			return err
		}
		tree.leaf(ct)
	}
	if root := tree.root(); root != c.h.Root {
		return fmt.Errorf("vault: container %v: its chunks have root %v, its header says %v: %w", c.h.ID.Short(), root.Short(), c.h.Root.Short(), abi.Invalid)
	}
	return nil
}

// Close wipes opened plaintext and closes the file below. Reads fail after it.
func (c *Container) Close() error {
	c.mu.Lock()
	for _, b := range c.chunks {
		clear(b)
	}
	c.chunks = nil
	c.mu.Unlock()
	if f, ok := c.r.(io.Closer); ok {
		return f.Close()
	}
	return nil
}

// copyChunk copies from byte off of chunk i.
func (c *Container) copyChunk(p []byte, i, off uint64) (int, error) {
	c.mu.Lock()
	if c.chunks == nil {
		c.mu.Unlock()
		return 0, fmt.Errorf("vault: container %v is closed: %w", c.h.ID.Short(), abi.Invalid)
	}
	if b, ok := c.chunks[i]; ok {
		n := copy(p, b[off:]) // under the lock: eviction wipes
		c.mu.Unlock()
		return n, nil
	}
	c.mu.Unlock()

	ct, err := c.ciphertext(make([]byte, chunkBytes+tagBytes), i)
	if err != nil {
		return 0, err
	}
	b, err := c.seal.open(ct[:0], ct, i)
	if err != nil {
		return 0, fmt.Errorf("vault: container %v: chunk %d of %d is damaged or not from here: %w", c.h.ID.Short(), i, c.seal.count, abi.Invalid)
	}
	n := copy(p, b[off:])
	c.keep(i, b)
	return n, nil
}

func (c *Container) keep(i uint64, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.chunks[i]; ok || c.chunks == nil {
		clear(b)
		return
	}
	if len(c.chunks) >= cached {
		for j, old := range c.chunks { // any one will do
			clear(old)
			delete(c.chunks, j)
			break
		}
	}
	c.chunks[i] = b
}

// ciphertext reads chunk i into buf.
func (c *Container) ciphertext(buf []byte, i uint64) ([]byte, error) {
	n := min(chunkBytes, c.h.Size-i*chunkBytes) + tagBytes
	if _, err := c.r.ReadAt(buf[:n], c.body+int64(i*(chunkBytes+tagBytes))); err != nil {
		return nil, fmt.Errorf("vault: container %v: chunk %d of %d: %w: %w", c.h.ID.Short(), i, c.seal.count, abi.Invalid, err)
	}
	return buf[:n], nil
}

// A sealer seals and opens the chunks of one container.
type sealer struct {
	gcm   cipher.AEAD
	id    abi.Digest
	count uint64
	size  uint64
}

func newSealer(key Key, h Header) sealer {
	k := key.derive(h.ID[:], "chunks", 32)
	defer clear(k)
	return sealer{newGCM(k), h.ID, h.chunks(), h.Size}
}

func (s sealer) nonce(i uint64) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 4, 12), i)
}

func (s sealer) aad(i uint64) []byte {
	b := make([]byte, 0, len(magic)+sha256.Size+24)
	b = append(b, magic...)
	b = append(b, s.id[:]...)
	b = binary.LittleEndian.AppendUint64(b, i)
	b = binary.LittleEndian.AppendUint64(b, s.count)
	return binary.LittleEndian.AppendUint64(b, s.size)
}

func (s sealer) seal(dst, plain []byte, i uint64) []byte {
	return s.gcm.Seal(dst, s.nonce(i), plain, s.aad(i))
}

func (s sealer) open(dst, ct []byte, i uint64) ([]byte, error) {
	return s.gcm.Open(dst, s.nonce(i), ct, s.aad(i))
}
