package wire

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/cloister-ai/cloister/abi"
)

// Limits bounds one run. A zero field means the node's default.
type Limits struct {
	Wall   time.Duration `cbor:"1,keyasint,omitempty" json:"wall"`   // whole milliseconds
	Memory uint32        `cbor:"2,keyasint,omitempty" json:"memory"` // guest linear memory, in 64 KiB pages
	Output uint32        `cbor:"3,keyasint,omitempty" json:"output"` // bytes the guest may write
	Log    uint32        `cbor:"4,keyasint,omitempty" json:"log"`    // bytes the guest may log
	Handle uint32        `cbor:"5,keyasint,omitempty" json:"handle"` // handles alive at once
	Tensor uint64        `cbor:"6,keyasint,omitempty" json:"tensor"` // tensor bytes alive at once
}

// A Request is the part of a job that the paying key signs, as the EIP-712
// struct JobRequest. It names content, never carries it.
type Request struct {
	ID       abi.Digest   `cbor:"1,keyasint" json:"id"` // random; the job's name and its nonce
	App      abi.Digest   `cbor:"2,keyasint" json:"app"`
	Data     abi.Digest   `cbor:"3,keyasint" json:"data"`  // zero: none
	Model    abi.Digest   `cbor:"4,keyasint" json:"model"` // zero: none
	Slot     abi.Digest   `cbor:"5,keyasint" json:"slot"`
	Body     abi.Digest   `cbor:"6,keyasint" json:"body"`     // of the sealed body
	Receipts []abi.Digest `cbor:"7,keyasint" json:"receipts"` // purchases that pay for the four above
	Deadline uint64       `cbor:"8,keyasint" json:"deadline"` // Unix seconds after which nobody may start it
	Limits   Limits       `cbor:"9,keyasint" json:"limits"`
}

// A Job asks a host to run one app. Only hosts that Keys names can read Body.
type Job struct {
	Request   Request     `cbor:"1,keyasint" json:"request"`
	Signature []byte      `cbor:"2,keyasint" json:"signature"` // over the EIP-712 digest of Request
	Body      []byte      `cbor:"3,keyasint" json:"body"`      // a sealed [Body]
	Keys      []SealedKey `cbor:"4,keyasint" json:"keys"`      // the body's key, once per admitted host

	// MinScore is the least score of a host that may have the job; zero: any. It
	// is for the broker, which tells no host. What holds a broker to it is that
	// Keys names no host below it.
	MinScore float64 `cbor:"5,keyasint,omitempty" json:"min_score,omitempty"`
}

// LogValue says which job this is and never what is in it.
func (j Job) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", j.Request.ID.Short()), slog.String("app", j.Request.App.Short()))
}

// Digest names the whole job, signature and sealed body included: two jobs with
// one ID but different digests are a forgery or a bug.
func (j Job) Digest() (abi.Digest, error) {
	b, err := Marshal(j)
	if err != nil {
		return abi.Digest{}, fmt.Errorf("job %v: %w: %w", j.Request.ID.Short(), abi.Invalid, err)
	}
	return abi.Sum(b), nil
}

// A Body is what only the admitted hosts read.
type Body struct {
	Input  []byte            `cbor:"1,keyasint" json:"input"`
	Params map[string]string `cbor:"2,keyasint" json:"params"` // the app's own settings
	Seed   abi.Digest        `cbor:"3,keyasint" json:"seed"`   // all randomness of the run
	Reply  []byte            `cbor:"4,keyasint" json:"reply"`  // HPKE public key the output is sealed to
}

// A SealedKey is a 32-byte file or body key under HPKE, for one recipient and
// one purpose: the info string it was bound to must be repeated to open it.
type SealedKey struct {
	Recipient  abi.Digest `cbor:"1,keyasint" json:"recipient"` // digest of the recipient's public key
	Enc        []byte     `cbor:"2,keyasint" json:"enc"`
	Ciphertext []byte     `cbor:"3,keyasint" json:"ciphertext"`
}

// A Host is one machine behind a slot: who signs its receipts and which key
// bodies and dataset keys are sealed to.
type Host struct {
	Name    string      `cbor:"1,keyasint" json:"name"`
	Address abi.Address `cbor:"2,keyasint" json:"address"`
	Key     []byte      `cbor:"3,keyasint" json:"key"` // HPKE public key
	Engine  string      `cbor:"4,keyasint" json:"engine"`

	// Score is what the host claims to be worth; nil: it claims nothing, as hosts
	// did before there were scores.
	Score *SignedScore `cbor:"5,keyasint,omitempty" json:"score,omitempty"`
}

// A Roster is the slot owner's signed list of the hosts that serve a slot.
type Roster struct {
	Slot    abi.Digest `cbor:"1,keyasint" json:"slot"`
	Hosts   []Host     `cbor:"2,keyasint" json:"hosts"`
	Expires uint64     `cbor:"3,keyasint" json:"expires"` // Unix seconds
}

// A SignedRoster is a Roster as it travels.
type SignedRoster struct {
	Roster    []byte `cbor:"1,keyasint" json:"roster"`    // canonical [Roster]
	Signature []byte `cbor:"2,keyasint" json:"signature"` // of the slot asset's owner, over the digest of Roster
}
