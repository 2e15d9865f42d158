package market

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// A Domain is where a signed request counts: one Market contract on one chain.
type Domain struct {
	ChainID uint64
	Market  abi.Address
}

// The EIP-712 types of a job request; Market.sol has the same.
const (
	domainType = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
	limitsType = "Limits(uint64 wall,uint32 memoryPages,uint32 output,uint32 log,uint32 handles,uint64 tensor)"
	jobType    = "JobRequest(bytes32 id,bytes32 app,bytes32 data,bytes32 model,bytes32 slot,bytes32 body," +
		"bytes32[] receipts,uint64 deadline,Limits limits)" + limitsType

	domainName    = "Cloister"
	domainVersion = "1"
)

// MaxReceipts is how many receipts one request may name: what the contract
// settles in one call.
const MaxReceipts = 32

// RequestDigest returns what the paying key signs for r: the digest of the
// EIP-712 struct JobRequest. The wall limit counts in whole milliseconds; a
// request that the struct cannot carry exactly is Invalid.
func RequestDigest(d Domain, r wire.Request) (abi.Digest, error) {
	if r.Limits.Wall < 0 || r.Limits.Wall%time.Millisecond != 0 {
		return abi.Digest{}, fmt.Errorf("market: job %v: wall limit %v is not whole milliseconds: %w", r.ID.Short(), r.Limits.Wall, abi.Invalid)
	}
	if n := len(r.Receipts); n > MaxReceipts {
		return abi.Digest{}, fmt.Errorf("market: job %v names %d receipts, at most %d: %w", r.ID.Short(), n, MaxReceipts, abi.Invalid)
	}
	receipts := make([]byte, 0, 32*len(r.Receipts))
	for _, id := range r.Receipts {
		receipts = append(receipts, id[:]...)
	}
	l := r.Limits
	limits := hash(typed(limitsType),
		number(uint64(l.Wall/time.Millisecond)), number(uint64(l.Memory)), number(uint64(l.Output)),
		number(uint64(l.Log)), number(uint64(l.Handle)), number(l.Tensor))
	job := hash(typed(jobType),
		r.ID, r.App, r.Data, r.Model, r.Slot, r.Body, crypto.Keccak256Hash(receipts), number(r.Deadline), limits)
	domain := d.separator()
	return abi.Digest(crypto.Keccak256Hash([]byte("\x19\x01"), domain[:], job[:])), nil
}

func (d Domain) separator() [32]byte {
	var contract [32]byte
	copy(contract[12:], d.Market[:])
	return hash(typed(domainType), typed(domainName), typed(domainVersion), number(d.ChainID), contract)
}

// SignRequest signs r with s for d.
func SignRequest(d Domain, r wire.Request, s wire.Signer) ([]byte, error) {
	digest, err := RequestDigest(d, r)
	if err != nil {
		return nil, err
	}
	return s.Sign(digest)
}

// RecoverRequest returns who signed r for d: Denied for a signature that is
// none, Invalid for a request that cannot be signed.
func RecoverRequest(d Domain, r wire.Request, signature []byte) (abi.Address, error) {
	digest, err := RequestDigest(d, r)
	if err != nil {
		return abi.Address{}, err
	}
	return Recover(digest, signature)
}

func typed(s string) [32]byte { return crypto.Keccak256Hash([]byte(s)) }

func number(n uint64) (w [32]byte) {
	binary.BigEndian.PutUint64(w[24:], n)
	return w
}

// hash is the Keccak-256 of its words, one after the other.
func hash(words ...[32]byte) [32]byte {
	b := make([]byte, 0, 32*len(words))
	for _, w := range words {
		b = append(b, w[:]...)
	}
	return crypto.Keccak256Hash(b)
}
