package abi

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// An Address names a party on chain: the last 20 bytes of the Keccak-256 of its
// secp256k1 public key.
type Address [20]byte

func (a Address) String() string { return "0x" + hex.EncodeToString(a[:]) }

// IsZero reports whether a names nobody.
func (a Address) IsZero() bool { return a == Address{} }

// ParseAddress accepts 0x and 40 hexadecimal digits in any case; the ERC-55
// checksum is not verified.
func ParseAddress(s string) (Address, error) {
	var a Address
	h, ok := strings.CutPrefix(s, "0x")
	if !ok || len(h) != 2*len(a) {
		return Address{}, fmt.Errorf("address %q: %w", s, Invalid)
	}
	if _, err := hex.Decode(a[:], []byte(h)); err != nil {
		return Address{}, fmt.Errorf("address %q: %w", s, Invalid)
	}
	return a, nil
}

func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

func (a *Address) UnmarshalText(b []byte) (err error) {
	*a, err = ParseAddress(string(b))
	return err
}
