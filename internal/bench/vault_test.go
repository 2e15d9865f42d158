package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/host/vault"
)

const sealedBytes = 16 << 20

// A model sealed into the container format, and as one AES-GCM message.
func BenchmarkSeal(b *testing.B) {
	model, key := make([]byte, sealedBytes), vault.NewKey()
	gcm := newGCM(b)
	nonce, out := make([]byte, gcm.NonceSize()), make([]byte, 0, sealedBytes+gcm.Overhead())
	duel(b, 1, func() {
		if _, _, err := vault.SealModel(key, vault.Card{Name: "m"}, abi.Digest{}, model); err != nil {
			b.Fatal(err)
		}
	}, func() { gcm.Seal(out, nonce, model, nil) })
}

// A model opened out of the container format, and out of one AES-GCM message.
func BenchmarkOpen(b *testing.B) {
	model, key := make([]byte, sealedBytes), vault.NewKey()
	file, _, err := vault.SealModel(key, vault.Card{Name: "m"}, abi.Digest{}, model)
	if err != nil {
		b.Fatal(err)
	}
	gcm := newGCM(b)
	nonce, out := make([]byte, gcm.NonceSize()), make([]byte, 0, sealedBytes)
	message := gcm.Seal(nil, nonce, model, nil)
	duel(b, 1, func() {
		c, err := vault.Open(bytes.NewReader(file), int64(len(file)), key)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Bytes(); err != nil {
			b.Fatal(err)
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}, func() {
		if _, err := gcm.Open(out, nonce, message, nil); err != nil {
			b.Fatal(err)
		}
	})
}

func newGCM(b *testing.B) cipher.AEAD {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	return gcm
}
