package vault

import (
	"bytes"
	"crypto/hpke"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// An Identity is what keys are sealed to: an HPKE key pair of the hybrid KEM
// MLKEM768X25519, which stays closed unless both halves are broken. It is safe
// for concurrent use.
type Identity struct {
	key hpke.PrivateKey
	pub []byte
}

const identityLine = "cloister-identity-v1 MLKEM768X25519 plain\n"

// NewIdentity returns a new identity that lives in memory.
func NewIdentity() (*Identity, error) {
	k, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("vault: identity: %w: %w", abi.Internal, err)
	}
	return &Identity{k, k.PublicKey().Bytes()}, nil
}

// OpenIdentity returns the identity kept at path, and makes one there, durably
// and readable by its owner alone, if there is none. Errors: Denied for a file
// others may read, Invalid for one that is no identity.
func OpenIdentity(path string) (*Identity, error) {
	id, err := loadIdentity(path)
	if !errors.Is(err, abi.NotFound) {
		return id, err
	}
	if id, err = NewIdentity(); err != nil {
		return nil, err
	}
	secret, err := id.key.Bytes()
	if err != nil {
		return nil, fmt.Errorf("vault: identity: %w: %w", abi.Internal, err)
	}
	defer clear(secret)
	b := hex.AppendEncode([]byte(identityLine), secret)
	defer clear(b)
	if err := writeSecret(path, append(b, '\n')); err != nil {
		if errors.Is(err, abi.Invalid) { // somebody made it first
			return loadIdentity(path)
		}
		return nil, err
	}
	return id, nil
}

func loadIdentity(path string) (*Identity, error) {
	b, err := readSecret(path)
	if err != nil {
		return nil, err
	}
	defer clear(b)
	text, ok := bytes.CutPrefix(b, []byte(identityLine))
	if !ok {
		return nil, fmt.Errorf("vault: %s is no identity this version reads: %w", path, abi.Invalid)
	}
	text = bytes.TrimSuffix(text, []byte("\n"))
	secret := make([]byte, hex.DecodedLen(len(text)))
	defer clear(secret)
	if _, err := hex.Decode(secret, text); err != nil {
		return nil, fmt.Errorf("vault: %s: %w: %w", path, abi.Invalid, err)
	}
	k, err := hpke.MLKEM768X25519().NewPrivateKey(secret)
	if err != nil {
		return nil, fmt.Errorf("vault: %s: %w: %w", path, abi.Invalid, err)
	}
	return &Identity{k, k.PublicKey().Bytes()}, nil
}

// Public is the key others seal to. The caller does not change it.
func (id *Identity) Public() []byte { return id.pub }

// Recipient is the digest of Public, by which a [wire.SealedKey] finds its
// reader.
func (id *Identity) Recipient() abi.Digest { return abi.Sum(id.pub) }

// String hides the secret half.
func (id *Identity) String() string { return "identity " + id.Recipient().Short() }

// SealKey seals key to a public key for one purpose: info must be repeated to
// open it. Errors: Invalid for a public key that is none.
func SealKey(public []byte, key Key, info string) (wire.SealedKey, error) {
	pk, err := hpke.MLKEM768X25519().NewPublicKey(public)
	if err != nil {
		return wire.SealedKey{}, fmt.Errorf("vault: seal to a key of %d bytes: %w: %w", len(public), abi.Invalid, err)
	}
	enc, s, err := hpke.NewSender(pk, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(info))
	if err != nil {
		return wire.SealedKey{}, fmt.Errorf("vault: seal: %w: %w", abi.Internal, err)
	}
	ct, err := s.Seal(nil, key[:])
	if err != nil {
		return wire.SealedKey{}, fmt.Errorf("vault: seal: %w: %w", abi.Internal, err)
	}
	return wire.SealedKey{Recipient: abi.Sum(public), Enc: enc, Ciphertext: ct}, nil
}

// OpenKey opens a key sealed to id for the purpose info names. Errors: Denied
// for one sealed to somebody else or for another purpose.
func (id *Identity) OpenKey(k wire.SealedKey, info string) (Key, error) {
	purpose, _, _ := strings.Cut(info, "|")
	if k.Recipient != id.Recipient() {
		return Key{}, fmt.Errorf("vault: key (%s) is sealed to %v, this is %v: %w", purpose, k.Recipient.Short(), id.Recipient().Short(), abi.Denied)
	}
	r, err := hpke.NewRecipient(k.Enc, id.key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(info))
	if err != nil {
		return Key{}, fmt.Errorf("vault: key (%s): %w: %w", purpose, abi.Denied, err)
	}
	b, err := r.Open(nil, k.Ciphertext)
	if err != nil {
		return Key{}, fmt.Errorf("vault: key (%s) does not open: it was sealed for another purpose, or changed: %w", purpose, abi.Denied)
	}
	defer clear(b)
	var key Key
	if len(b) != len(key) {
		return Key{}, fmt.Errorf("vault: key (%s) of %d bytes: %w", purpose, len(b), abi.Invalid)
	}
	return Key(b), nil
}

// KeyInfo is the purpose a file key is released for: one content, one job, one
// receipt, one host.
func KeyInfo(content, job, receipt abi.Digest, host abi.Address) string {
	return fmt.Sprintf("cloister-key-v1|%v|%v|%v|%v", content, job, receipt, host)
}

// BodyInfo is the purpose of a body key: the sealed bytes it opens.
func BodyInfo(sealed abi.Digest) string { return fmt.Sprintf("cloister-body-v1|%v", sealed) }

// OutputInfo is the purpose of an output key: the job, and the sealed bytes.
func OutputInfo(job, sealed abi.Digest) string {
	return fmt.Sprintf("cloister-output-v1|%v|%v", job, sealed)
}

// ModelInfo is the purpose of a trained model's key: the job, and the
// container's content id.
func ModelInfo(job, content abi.Digest) string {
	return fmt.Sprintf("cloister-model-v1|%v|%v", job, content)
}
