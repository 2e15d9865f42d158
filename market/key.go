package market

import (
	"crypto/ecdsa"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// A Key is a secp256k1 key: it pays, owns, and signs jobs and receipts. It is
// safe for concurrent use. Nothing prints its secret.
type Key struct {
	secret  *ecdsa.PrivateKey
	address abi.Address
}

var _ wire.Signer = (*Key)(nil)

// NewKey returns a new random key that is in no file.
func NewKey() (*Key, error) {
	k, err := crypto.GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("market: new key: %w: %w", abi.Internal, err)
	}
	return keyOf(k), nil
}

// CreateKey makes a new key and writes it to a new file that only its owner can
// read, whole or not at all. A file that is there already is never overwritten:
// Invalid.
func CreateKey(file string) (*Key, error) {
	k, err := NewKey()
	if err != nil {
		return nil, err
	}
	err = writeKey(file, k)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("market: key file %s is there already: %w", file, abi.Invalid)
	}
	if err != nil {
		return nil, fmt.Errorf("market: key file: %w: %w", abi.Unavailable, err)
	}
	return k, nil
}

// writeKey puts k under file in one step: a crash leaves no half of a key, and a
// link, unlike a rename, replaces nothing. The key is on disk when it returns.
func writeKey(file string, k *Key) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".key-*") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := fmt.Fprintf(f, "%x\n", crypto.FromECDSA(k.secret)); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Link(f.Name(), file); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// LoadKey reads a key that CreateKey wrote. Errors: NotFound without the file,
// Denied when others may read it, Invalid when it holds something else.
func LoadKey(file string) (*Key, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("market: key file %s: %w", file, abi.NotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("market: key file: %w: %w", abi.Denied, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("market: key file: %w: %w", abi.Unavailable, err)
	}
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("market: key file %s has mode %v, others may read it: %w", file, mode, abi.Denied)
	}
	b, err := io.ReadAll(io.LimitReader(f, 2*keyBytes+2))
	if err != nil {
		return nil, fmt.Errorf("market: key file: %w: %w", abi.Unavailable, err)
	}
	k, err := ParseKey(b)
	if err != nil {
		return nil, fmt.Errorf("market: key file %s: %w", file, err)
	}
	return k, nil
}

const keyBytes = 32

// ParseKey reads what a key file holds: 64 hexadecimal digits and at most one
// newline. Its errors do not repeat the input.
func ParseKey(b []byte) (*Key, error) {
	if n := len(b); n == 2*keyBytes+1 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	if len(b) != 2*keyBytes {
		return nil, fmt.Errorf("key of %d characters, want %d: %w", len(b), 2*keyBytes, abi.Invalid)
	}
	var raw [keyBytes]byte
	if _, err := hex.Decode(raw[:], b); err != nil {
		return nil, fmt.Errorf("key is not hexadecimal: %w", abi.Invalid)
	}
	k, err := crypto.ToECDSA(raw[:])
	if err != nil {
		return nil, fmt.Errorf("key is out of range: %w", abi.Invalid)
	}
	return keyOf(k), nil
}

func keyOf(k *ecdsa.PrivateKey) *Key {
	return &Key{secret: k, address: abi.Address(crypto.PubkeyToAddress(k.PublicKey))}
}

// Address names the key's owner on chain.
func (k *Key) Address() abi.Address { return k.address }

// String and LogValue say which key this is.
func (k *Key) String() string { return k.address.String() }

// LogValue says which key this is.
func (k *Key) LogValue() slog.Value { return slog.StringValue(k.address.String()) }

// Format keeps every verb, %#v included, away from the secret.
func (k *Key) Format(s fmt.State, _ rune) { io.WriteString(s, k.address.String()) }

// Sign signs a digest: 65 bytes, r ‖ s ‖ v, s in the lower half and v 27 or 28.
// The same digest gives the same signature.
func (k *Key) Sign(digest abi.Digest) ([]byte, error) {
	sig, err := crypto.Sign(digest[:], k.secret)
	if err != nil {
		return nil, fmt.Errorf("market: sign: %w: %w", abi.Internal, err)
	}
	sig[64] += 27
	return sig, nil
}
