package fleet

import (
	"fmt"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// State is where a job is.
type State uint8

// The states of a job. Pending and Leased pass, the others stay.
const (
	Pending State = iota + 1 // waits for a host
	Leased                   // a host has it
	Done
	Failed
	Cancelled
)

var states = [...]string{"", "pending", "leased", "done", "failed", "cancelled"}

func (s State) String() string {
	if s > 0 && int(s) < len(states) {
		return states[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// MarshalText writes the state's word.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is the inverse of MarshalText; another word is Invalid.
func (s *State) UnmarshalText(b []byte) error {
	for is := Pending; is <= Cancelled; is++ {
		if is.String() == string(b) {
			*s = is
			return nil
		}
	}
	return fmt.Errorf("fleet: no state is called %q: %w", b, abi.Invalid)
}

// Ended reports whether the state stays.
func (s State) Ended() bool { return s >= Done }

// Status is what a broker tells about a job.
type Status struct {
	Request   wire.Request `cbor:"1,keyasint" json:"request"`
	State     State        `cbor:"2,keyasint" json:"state"`
	Attempt   uint32       `cbor:"3,keyasint" json:"attempt"`   // leases given so far
	Host      string       `cbor:"4,keyasint" json:"host"`      // name of the last host that had it
	Address   abi.Address  `cbor:"5,keyasint" json:"address"`   // of that host
	Submitted uint64       `cbor:"6,keyasint" json:"submitted"` // Unix milliseconds
	Changed   uint64       `cbor:"7,keyasint" json:"changed"`   // Unix milliseconds, of the state
	Done      uint64       `cbor:"8,keyasint" json:"done"`      // of Total, in the app's own units
	Total     uint64       `cbor:"9,keyasint" json:"total"`
	Note      string       `cbor:"10,keyasint" json:"note"`
	Kind      abi.Kind     `cbor:"11,keyasint" json:"kind"`  // of the error, when Failed
	Error     string       `cbor:"12,keyasint" json:"error"` // when Failed
	Version   uint64       `cbor:"13,keyasint" json:"version"`
}

// ErrCancelled is what a job's Wait returns after somebody who pays for it
// cancelled it.
var ErrCancelled = fmt.Errorf("fleet: the job was cancelled: %w", abi.Denied)

// Err is why a job ended without a result, or nil.
func (s Status) Err() error {
	switch s.State {
	case Failed:
		return &remoteError{s.Kind, s.Error}
	case Cancelled:
		return ErrCancelled
	}
	return nil
}

// A record is a job as the broker keeps it: one row of the bucket "jobs".
type record struct {
	Seq        uint64        `cbor:"1,keyasint"` // order of arrival
	Digest     abi.Digest    `cbor:"2,keyasint"` // of the whole job
	From       string        `cbor:"3,keyasint"` // connection that submitted it
	Payers     []abi.Address `cbor:"4,keyasint"` // who may cancel it
	Recipients []abi.Digest  `cbor:"5,keyasint"` // keys its body is sealed to
	HostID     string        `cbor:"6,keyasint"` // connection that had it last
	Fence      uint32        `cbor:"7,keyasint"` // attempts below are stale
	Losses     uint32        `cbor:"8,keyasint"` // leases that ended badly
	Refusals   uint32        `cbor:"9,keyasint"` // leases that ended before app code ran
	Status     Status        `cbor:"10,keyasint"`
	Receipts   []abi.Digest  `cbor:"11,keyasint"` // purchases a unit of which is reserved
	MinScore   float64       `cbor:"12,keyasint,omitempty"`
}

func (r *record) id() abi.Digest { return r.Status.Request.ID }

// current reports whether attempt of host may still change the job.
func (r *record) current(host string, attempt uint32) bool {
	return !r.Status.State.Ended() && r.HostID == host && r.Status.Attempt == attempt && attempt >= r.Fence && attempt > 0
}

// untouched reports whether no app code ever ran for the job.
func (r *record) untouched() bool { return r.Refusals == r.Status.Attempt }

// to returns a copy of r in another state.
func (r *record) to(s State, now time.Time) *record {
	next := *r
	next.Status.State = s
	next.Status.Changed = uint64(now.UnixMilli())
	next.Status.Version++
	return &next
}

// failed returns a copy of r that ended with err.
func (r *record) failed(kind abi.Kind, why string, now time.Time) *record {
	next := r.to(Failed, now)
	next.Status.Kind, next.Status.Error = kind, text(why)
	return next
}
