package wire

import "github.com/cloister-ai/cloister/abi"

// A KeyRequest is a host's question to a seller: the file key of one content
// of one job. The answer is a [SealedKey] only that host opens, so the request
// needs no signature of the host.
type KeyRequest struct {
	Job       Request      `cbor:"1,keyasint"`
	Signature []byte       `cbor:"2,keyasint"` // of the buyer, over the EIP-712 digest of Job
	Content   abi.Digest   `cbor:"3,keyasint"` // the job's Data or Model
	Receipt   abi.Digest   `cbor:"4,keyasint"` // the purchase that pays for Content
	Host      abi.Address  `cbor:"5,keyasint"` // who asks
	Roster    SignedRoster `cbor:"6,keyasint"` // that has Host and its key
}
