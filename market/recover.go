package market

import (
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

var _ wire.Recover = Recover

// Recover returns who signed digest. It accepts one form of each signature, 65
// bytes with s in the lower half and v 27 or 28; everything else is Denied.
func Recover(digest abi.Digest, signature []byte) (abi.Address, error) {
	if len(signature) != crypto.SignatureLength {
		return abi.Address{}, fmt.Errorf("market: signature of %d bytes, want %d: %w", len(signature), crypto.SignatureLength, abi.Denied)
	}
	v := signature[64]
	if v != 27 && v != 28 {
		return abi.Address{}, fmt.Errorf("market: signature has v %d, want 27 or 28: %w", v, abi.Denied)
	}
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:64])
	if !crypto.ValidateSignatureValues(v-27, r, s, true) {
		return abi.Address{}, fmt.Errorf("market: signature is out of range: %w", abi.Denied)
	}
	compact := [crypto.SignatureLength]byte(signature)
	compact[64] = v - 27
	pub, err := crypto.SigToPub(digest[:], compact[:])
	if err != nil {
		return abi.Address{}, fmt.Errorf("market: signature fits no key: %w", abi.Denied)
	}
	return abi.Address(crypto.PubkeyToAddress(*pub)), nil
}
