package abi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// A Digest names content. Modules, inputs and outputs are all named by Digest,
// so a receipt never needs to carry the bytes themselves.
type Digest [sha256.Size]byte

const digestPrefix = "sha256:"

// Sum returns the Digest of b.
func Sum(b []byte) Digest { return sha256.Sum256(b) }

func (d Digest) String() string { return digestPrefix + hex.EncodeToString(d[:]) }

// IsZero reports whether d names nothing.
func (d Digest) IsZero() bool { return d == Digest{} }

// ParseDigest is the inverse of [Digest.String]. It accepts nothing else.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	h, ok := strings.CutPrefix(s, digestPrefix)
	if !ok || len(h) != 2*len(d) || strings.ToLower(h) != h {
		return Digest{}, fmt.Errorf("digest %q: %w", s, Invalid)
	}
	if _, err := hex.Decode(d[:], []byte(h)); err != nil {
		return Digest{}, fmt.Errorf("digest %q: %w", s, Invalid)
	}
	return d, nil
}

func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d *Digest) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDigest(string(b))
	return err
}

// Short returns the first eight hexadecimal digits, for tables and logs.
func (d Digest) Short() string { return hex.EncodeToString(d[:4]) }
