package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// A Key opens one container. It never shows itself in logs or errors.
type Key [32]byte

// NewKey returns a random key.
func NewKey() Key {
	var k Key
	rand.Read(k[:]) // never fails: crypto/rand ends the process first
	return k
}

// IsZero reports whether k is no key.
func (k Key) IsZero() bool { return k == Key{} }

// Wipe forgets the key. Copies made before are the caller's to wipe.
func (k *Key) Wipe() { clear(k[:]) }

// String hides the key.
func (k Key) String() string { return "key(hidden)" }

// GoString hides the key.
func (k Key) GoString() string { return k.String() }

// MarshalText refuses, so that no encoder writes a key by accident.
func (k Key) MarshalText() ([]byte, error) {
	return nil, fmt.Errorf("vault: a key is not text: %w", abi.Denied)
}

// MarshalCBOR refuses, as MarshalText does.
func (k Key) MarshalCBOR() ([]byte, error) { return k.MarshalText() }

// derive returns n bytes that only k's holder knows, for one purpose.
func (k Key) derive(salt []byte, purpose string, n int) []byte {
	b, err := hkdf.Key(sha256.New, k[:], salt, "cloister container v1 "+purpose, n)
	if err != nil {
		panic(err) // lengths are constants far below HKDF's bound
	}
	return b
}

// newGCM returns AES-256-GCM under a 32-byte key.
func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the length is always 32
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the right block size
	}
	return gcm
}
