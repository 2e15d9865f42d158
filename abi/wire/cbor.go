package wire

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"

	"github.com/fxamacker/cbor/v2"
)

// One encoder and one decoder for the whole module: deterministic out
// (RFC 8949 §4.2.1), strict and bounded in.
var (
	enc = must(cbor.CoreDetEncOptions().EncMode())
	dec = must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxNestedLevels:   8,
		MaxArrayElements:  1 << 16,
		MaxMapPairs:       1 << 10,
	}.DecMode())
)

func must[M any](m M, err error) M {
	if err != nil {
		panic(err) // options above are constants; reachable only by editing them
	}
	return m
}

// Marshal encodes v deterministically: equal values give equal bytes.
func Marshal(v any) ([]byte, error) { return enc.Marshal(v) }

// Unmarshal decodes exactly one value from b into v.
func Unmarshal(b []byte, v any) error {
	if err := dec.Unmarshal(b, v); err != nil {
		return fmt.Errorf("decode %T: %w: %w", v, abi.Invalid, err)
	}
	return nil
}
