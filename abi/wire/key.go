package wire

import "github.com/cloister-ai/cloister/abi"

// A KeyRequest is a host's question to a seller: the file key of one content
// of one job. The answer is a [SealedKey] only that host opens: Proof says that
// the key it is sealed to is the host's own, whatever a roster says.
type KeyRequest struct {
	Job       Request      `cbor:"1,keyasint"`
	Signature []byte       `cbor:"2,keyasint"` // of the buyer, over the EIP-712 digest of Job
	Content   abi.Digest   `cbor:"3,keyasint"` // the job's Data or Model
	Receipt   abi.Digest   `cbor:"4,keyasint"` // the purchase that pays for Content
	Host      abi.Address  `cbor:"5,keyasint"` // who asks
	Roster    SignedRoster `cbor:"6,keyasint"` // that has Host and its key
	Proof     []byte       `cbor:"7,keyasint"` // of Host, over [HostKeyDigest] of its key
}

// HostKeyDigest is what a host signs to say that key, an HPKE public key, is its
// own.
func HostKeyDigest(key []byte) abi.Digest {
	return abi.Sum(append([]byte("cloister-host-key-v1|"), key...))
}
