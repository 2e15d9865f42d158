package wire

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// An AssetKind says what an asset is. The numbers are the contract's: append only.
type AssetKind uint8

// The kinds of asset that are traded.
const (
	Dataset AssetKind = iota + 1
	App
	Model
	Slot
)

var assetKinds = [...]string{"", "dataset", "app", "model", "slot"}

func (k AssetKind) String() string {
	if k > 0 && int(k) < len(assetKinds) {
		return assetKinds[k]
	}
	return fmt.Sprintf("asset kind %d", uint8(k))
}

// A Purchase is one receipt of the Market contract, as its state says, at a
// block that is durable. It is a fact, not a claim: whoever hands one over read
// it from the chain.
type Purchase struct {
	ID       abi.Digest  `json:"id"`       // the contract's receipt id
	Buyer    abi.Address `json:"buyer"`    // the key that paid
	Delegate abi.Address `json:"delegate"` // session key that may act for the buyer; zero: none
	Until    uint64      `json:"until"`    // Unix seconds the delegation ends
	Asset    abi.Digest  `json:"asset"`    // token id of the asset
	Kind     AssetKind   `json:"kind"`
	Content  abi.Digest  `json:"content"` // content id of the asset
	Policy   abi.Digest  `json:"policy"`  // digest of the asset's [Policy]; zero: none
	Units    uint64      `json:"units"`   // jobs paid for
	Paid     uint64      `json:"paid"`    // in the Credits token's smallest unit (6 decimals)
	Expiry   uint64      `json:"expiry"`  // Unix seconds after which it buys nothing
	Refunded bool        `json:"refunded"`
	Block    uint64      `json:"block"`
}

// A Policy is what an asset's owner lets others do with it. Its digest stands
// on chain; the zero Policy lets nothing leave.
type Policy struct {
	Kind        PolicyKind    `cbor:"1,keyasint" json:"kind"`
	Apps        []abi.Digest  `cbor:"2,keyasint" json:"apps"`         // reviewed: the modules that may compute on it
	Hosts       []abi.Address `cbor:"3,keyasint" json:"hosts"`        // hosts that may hold the key; empty: none when reviewed, any when open
	MinRecords  uint32        `cbor:"4,keyasint" json:"min_records"`  // fewest records behind one released metric
	Metrics     uint32        `cbor:"5,keyasint" json:"metrics"`      // metrics one job may release
	ModelBytes  uint64        `cbor:"6,keyasint" json:"model_bytes"`  // bytes of trained models one job may release
	OutputBytes uint32        `cbor:"7,keyasint" json:"output_bytes"` // bytes of output one job may release
}

// A PolicyKind names a family of rules. A kind a node does not know is refused.
type PolicyKind string

// The kinds this version enforces.
const (
	Open     PolicyKind = "open"     // a licence: the buyer may hold the plaintext
	Reviewed PolicyKind = "reviewed" // approved modules only, byte and metric caps; trust in the module, not proof
)

// Digest returns the name a policy has on chain.
func (p Policy) Digest() (abi.Digest, error) {
	b, err := Marshal(p)
	if err != nil {
		return abi.Digest{}, fmt.Errorf("policy: %w: %w", abi.Invalid, err)
	}
	return abi.Sum(b), nil
}

// A Signer signs 32-byte digests with one secp256k1 key. Signatures are 65
// bytes, r ‖ s ‖ v with v 27 or 28.
type Signer interface {
	Address() abi.Address
	Sign(digest abi.Digest) ([]byte, error)
}

// A Recover returns who signed digest, or Denied.
type Recover func(digest abi.Digest, signature []byte) (abi.Address, error)
