package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"github.com/cloister-ai/cloister/abi"
)

// SealModel returns the container of a model, to be stored under the digest
// that comes with it. Equal arguments give equal bytes.
func SealModel(key Key, card Card, policy abi.Digest, model []byte) ([]byte, abi.Digest, error) {
	commit := key.commitment()
	commit.Write(model)
	h := Header{
		Kind: KindModel, Card: &card, Policy: policy, Size: uint64(len(model)),
		Commit: abi.Digest(commit.Sum(nil)),
	}
	file := make(memory, 0, len(model)+(len(model)/chunkBytes+1)*tagBytes+16<<10)
	if err := seal(&file, key, h, func(p []byte, off int64) error {
		copy(p, model[off:])
		return nil
	}); err != nil {
		return nil, abi.Digest{}, err
	}
	return file, abi.Sum(file), nil
}

// commitment returns the keyed hash a header's Commit is made with.
func (k Key) commitment() hash.Hash {
	sub := k.derive(nil, "commit", 32)
	defer clear(sub)
	return hmac.New(sha256.New, sub)
}

// seal writes the container of the plaintext that read fills in, one chunk at
// a time and in order. h needs Kind, Schema or Card, Policy, Size, Commit and
// what a dataset has; the rest is set here.
func seal(dst io.WriterAt, key Key, h Header, read func(p []byte, off int64) error) error {
	if key.IsZero() {
		return fmt.Errorf("vault: sealing needs a key: %w", abi.Invalid)
	}
	h.Chunk = chunkBytes
	copy(h.Check[:], key.derive(nil, "check", len(h.Check)))
	head, err := h.bytes()
	if err != nil {
		return err
	}
	h, err = parseHeader(head[prelude:]) // sets ID, and what we write we can read
	if err != nil {
		return err
	}
	var (
		s     = newSealer(key, h)
		tree  merkle
		plain = make([]byte, chunkBytes)
		ct    = make([]byte, 0, chunkBytes+tagBytes)
		at    = int64(len(head))
	)
	defer clear(plain)
	for i := range s.count {
		off := i * chunkBytes
		p := plain[:min(chunkBytes, h.Size-off)]
		if err := read(p, int64(off)); err != nil {
			return err
		}
		ct = s.seal(ct[:0], p, i)
		tree.leaf(ct)
		if _, err := dst.WriteAt(ct, at); err != nil {
			return fmt.Errorf("vault: %w: %w", abi.Internal, err)
		}
		at += int64(len(ct))
	}
	h.Root = tree.root()
	if head, err = h.bytes(); err != nil { // as long as before: a root has one length
		return err
	}
	if _, err := dst.WriteAt(head, 0); err != nil {
		return fmt.Errorf("vault: %w: %w", abi.Internal, err)
	}
	return nil
}

// memory is a file in memory.
type memory []byte

func (m *memory) WriteAt(b []byte, off int64) (int, error) {
	if end := int(off) + len(b); end > len(*m) {
		*m = append(*m, make([]byte, end-len(*m))...)
	}
	return copy((*m)[off:], b), nil
}
