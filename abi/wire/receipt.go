package wire

import (
	"bytes"
	"fmt"
	"time"

	"github.com/cloister-ai/cloister/abi"
)

// A Release is one thing that left a host.
type Release struct {
	Kind   string     `cbor:"1,keyasint" json:"kind"` // "output", "metric" or "model"
	Name   string     `cbor:"2,keyasint" json:"name"` // which metric or model
	Bytes  uint64     `cbor:"3,keyasint" json:"bytes"`
	Digest abi.Digest `cbor:"4,keyasint" json:"digest"` // of the bytes as they left: sealed, or the public metric
}

// A Receipt states what one host ran, on what, and everything that left. It
// carries digests only, and only of sealed or public bytes, so it can be shown
// to anybody.
type Receipt struct {
	Job      abi.Digest    `cbor:"1,keyasint" json:"job"`
	App      abi.Digest    `cbor:"2,keyasint" json:"app"`
	Data     abi.Digest    `cbor:"3,keyasint" json:"data"`
	Model    abi.Digest    `cbor:"4,keyasint" json:"model"`
	Slot     abi.Digest    `cbor:"5,keyasint" json:"slot"`
	Body     abi.Digest    `cbor:"6,keyasint" json:"body"`
	Releases []Release     `cbor:"7,keyasint" json:"releases"`
	Engine   string        `cbor:"8,keyasint" json:"engine"`
	FLOPs    uint64        `cbor:"9,keyasint" json:"flops"`
	Wall     time.Duration `cbor:"10,keyasint" json:"wall"`
	Ended    uint64        `cbor:"11,keyasint" json:"ended"` // Unix seconds
	Host     abi.Address   `cbor:"12,keyasint" json:"host"`
	Attempt  uint32        `cbor:"13,keyasint" json:"attempt"` // which lease of the job this was
	Prev     abi.Digest    `cbor:"14,keyasint" json:"prev"`    // digest of this host's receipt before
}

// Bytes returns the one encoding of r, the bytes that are hashed and signed.
func (r Receipt) Bytes() ([]byte, error) { return Marshal(r) }

// ParseReceipt accepts exactly what [Receipt.Bytes] produces. Any other
// encoding of the same receipt is Invalid, or one signature would cover two.
func ParseReceipt(b []byte) (Receipt, error) {
	var r Receipt
	if err := Unmarshal(b, &r); err != nil {
		return Receipt{}, err
	}
	if again, err := r.Bytes(); err != nil || !bytes.Equal(b, again) {
		return Receipt{}, fmt.Errorf("receipt of job %v is not canonical: %w", r.Job.Short(), abi.Invalid)
	}
	return r, nil
}

// A SignedReceipt is a Receipt as it is kept and travels.
type SignedReceipt struct {
	Receipt   []byte `cbor:"1,keyasint" json:"receipt"`   // canonical [Receipt]
	Signature []byte `cbor:"2,keyasint" json:"signature"` // of Receipt.Host, over the digest of Receipt
}

// Verify returns the receipt in s when its host signed it, else Invalid or Denied.
func (s SignedReceipt) Verify(recover Recover) (Receipt, error) {
	r, err := ParseReceipt(s.Receipt)
	if err != nil {
		return Receipt{}, err
	}
	who, err := recover(abi.Sum(s.Receipt), s.Signature)
	if err != nil {
		return Receipt{}, fmt.Errorf("receipt of job %v: %w", r.Job.Short(), err)
	}
	if who != r.Host {
		return Receipt{}, fmt.Errorf("receipt of job %v names host %v, %v signed it: %w", r.Job.Short(), r.Host, who, abi.Denied)
	}
	return r, nil
}

// A Metric is a number over many records that the data's policy let out.
type Metric struct {
	Name    string  `cbor:"1,keyasint" json:"name"`
	Value   float64 `cbor:"2,keyasint" json:"value"` // rounded to three decimals
	Records int64   `cbor:"3,keyasint" json:"records"`
}

// A TrainedModel is a model that a job made. Its bytes stay sealed in the
// host's store under Content; Key opens them for the buyer of the job.
type TrainedModel struct {
	Name    string     `cbor:"1,keyasint" json:"name"`
	Content abi.Digest `cbor:"2,keyasint" json:"content"` // content id of the sealed file
	Bytes   uint64     `cbor:"3,keyasint" json:"bytes"`   // of the plaintext
	Key     SealedKey  `cbor:"4,keyasint" json:"key"`
}

// A Result is what the client of a job gets back.
type Result struct {
	Output  []byte         `cbor:"1,keyasint" json:"output"` // sealed to the body's reply key
	Key     SealedKey      `cbor:"2,keyasint" json:"key"`    // the output's key, sealed to the same
	Metrics []Metric       `cbor:"3,keyasint" json:"metrics"`
	Models  []TrainedModel `cbor:"4,keyasint" json:"models"`
	Receipt SignedReceipt  `cbor:"5,keyasint" json:"receipt"`
}
