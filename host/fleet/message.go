package fleet

import (
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// Every message is one of the structs below, in the module's one encoding.
// check refuses what no honest sender sends; after it, lengths are bounded.
type message interface{ check() error }

// decode reads one message of type T, or is Invalid.
func decode[T any, P interface {
	*T
	message
}](b []byte) (T, error) {
	var m T
	if len(b) > maxMessage {
		return m, bad("message of %d bytes", len(b))
	}
	if err := wire.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("fleet: %w", err)
	}
	return m, P(&m).check()
}

func bad(format string, args ...any) error {
	return fmt.Errorf("fleet: "+format+": %w", append(args, abi.Invalid)...)
}

type submitRequest struct {
	Job wire.Job `cbor:"1,keyasint"`
}

func (m *submitRequest) check() error {
	j, r := m.Job, m.Job.Request
	switch {
	case r.ID.IsZero():
		return bad("job without an id")
	case len(j.Body) > maxBody:
		return bad("job %v: body of %d bytes, at most %d", r.ID.Short(), len(j.Body), maxBody)
	case abi.Sum(j.Body) != r.Body:
		return bad("job %v: its body is %v, the request names %v", r.ID.Short(), abi.Sum(j.Body).Short(), r.Body.Short())
	case len(j.Signature) > 128:
		return bad("job %v: signature of %d bytes", r.ID.Short(), len(j.Signature))
	case len(r.Receipts) > maxReceipts:
		return bad("job %v: %d receipts, at most %d", r.ID.Short(), len(r.Receipts), maxReceipts)
	case !(j.MinScore >= 0) || math.IsInf(j.MinScore, 0): // the first is for what is no number, too
		return bad("job %v: min score %v", r.ID.Short(), j.MinScore)
	case len(j.Keys) == 0 || len(j.Keys) > maxKeys:
		return bad("job %v: sealed to %d hosts, want 1 to %d", r.ID.Short(), len(j.Keys), maxKeys)
	}
	for _, k := range j.Keys {
		if err := checkKey(k); err != nil {
			return err
		}
	}
	return nil
}

func checkKey(k wire.SealedKey) error {
	if len(k.Enc) > 4<<10 || len(k.Ciphertext) > 256 {
		return bad("sealed key of %d and %d bytes", len(k.Enc), len(k.Ciphertext))
	}
	return nil
}

type waitRequest struct {
	Job  abi.Digest    `cbor:"1,keyasint"`
	Seen uint64        `cbor:"2,keyasint"` // version the caller has
	Wait time.Duration `cbor:"3,keyasint"` // how long to wait for another
}

func (m *waitRequest) check() error { return checkWait(m.Wait) }

func checkWait(d time.Duration) error {
	if d < 0 || d > pollFor {
		return bad("wait of %v, at most %v", d, pollFor)
	}
	return nil
}

type waitReply struct {
	Status Status       `cbor:"1,keyasint"`
	Result *wire.Result `cbor:"2,keyasint,omitempty"` // of a job that is done
}

func (m *waitReply) check() error {
	if m.Result != nil {
		return checkResult(*m.Result)
	}
	return nil
}

func checkResult(r wire.Result) error {
	switch {
	case len(r.Output) > maxOutput:
		return bad("output of %d bytes, at most %d", len(r.Output), maxOutput)
	case len(r.Models) > maxModels, len(r.Metrics) > maxMetrics:
		return bad("%d models and %d metrics, at most %d and %d", len(r.Models), len(r.Metrics), maxModels, maxMetrics)
	case len(r.Receipt.Receipt) > 64<<10, len(r.Receipt.Signature) > 128:
		return bad("receipt of %d bytes, signature of %d", len(r.Receipt.Receipt), len(r.Receipt.Signature))
	}
	for _, m := range r.Models {
		if err := checkKey(m.Key); err != nil {
			return err
		}
		if err := checkText(m.Name, 256); err != nil {
			return err
		}
	}
	for _, m := range r.Metrics {
		if err := checkText(m.Name, 256); err != nil {
			return err
		}
	}
	return checkKey(r.Key)
}

func checkText(s string, most int) error {
	if len(s) > most || !utf8.ValidString(s) {
		return bad("text of %d bytes, at most %d of UTF-8", len(s), most)
	}
	return nil
}

type cancelRequest struct {
	Job       abi.Digest `cbor:"1,keyasint"`
	Signature []byte     `cbor:"2,keyasint"` // of a payer, over CancelDigest
}

func (m *cancelRequest) check() error {
	if len(m.Signature) > 128 {
		return bad("signature of %d bytes", len(m.Signature))
	}
	return nil
}

type listRequest struct {
	Before uint64 `cbor:"1,keyasint"` // zero: from the newest
	Limit  uint32 `cbor:"2,keyasint"`
}

func (m *listRequest) check() error {
	if m.Limit > maxPage {
		return bad("page of %d jobs, at most %d", m.Limit, maxPage)
	}
	return nil
}

type listReply struct {
	Jobs []Status `cbor:"1,keyasint"`
	Next uint64   `cbor:"2,keyasint"` // zero: there are no older ones
}

func (m *listReply) check() error {
	if len(m.Jobs) > maxPage {
		return bad("page of %d jobs", len(m.Jobs))
	}
	return nil
}

type rosterRequest struct {
	Slot   abi.Digest `cbor:"1,keyasint"`
	Scores bool       `cbor:"2,keyasint,omitempty"` // the asker reads rosters with scores
}

func (m *rosterRequest) check() error { return nil }

type rosterReply struct {
	Roster wire.SignedRoster `cbor:"1,keyasint"`
}

func (m *rosterReply) check() error { return nil }

type joinRequest struct {
	Card      []byte     `cbor:"1,keyasint"` // canonical wire.Host
	Signature []byte     `cbor:"2,keyasint"` // of the card's address, over cardDigest
	Session   abi.Digest `cbor:"3,keyasint"` // random; another one means the host began anew
}

func (m *joinRequest) check() error {
	if len(m.Card) > 8<<10 || len(m.Signature) > 128 {
		return bad("card of %d bytes, signature of %d", len(m.Card), len(m.Signature))
	}
	return nil
}

type leaseRequest struct {
	Cached []abi.Digest  `cbor:"1,keyasint"` // contents the host need not fetch
	Wait   time.Duration `cbor:"2,keyasint"`
	Leave  bool          `cbor:"3,keyasint"` // no job, thanks: the host stops
}

func (m *leaseRequest) check() error {
	if len(m.Cached) > maxCached {
		return bad("%d cached contents, at most %d", len(m.Cached), maxCached)
	}
	return checkWait(m.Wait)
}

type leaseReply struct {
	Job     *wire.Job `cbor:"1,keyasint,omitempty"` // nil: nothing to do
	Attempt uint32    `cbor:"2,keyasint"`
}

func (m *leaseReply) check() error {
	if m.Job != nil {
		return (&submitRequest{*m.Job}).check()
	}
	return nil
}

type renewRequest struct {
	Job     abi.Digest `cbor:"1,keyasint"`
	Attempt uint32     `cbor:"2,keyasint"`
	Done    uint64     `cbor:"3,keyasint"`
	Total   uint64     `cbor:"4,keyasint"`
	Note    string     `cbor:"5,keyasint"`
}

func (m *renewRequest) check() error { return checkText(m.Note, 256) }

type commitRequest struct {
	Job     abi.Digest   `cbor:"1,keyasint"`
	Attempt uint32       `cbor:"2,keyasint"`
	Result  *wire.Result `cbor:"3,keyasint,omitempty"` // nil: it failed
	Kind    abi.Kind     `cbor:"4,keyasint"`
	Error   string       `cbor:"5,keyasint"`
	Refused bool         `cbor:"6,keyasint"` // no app code ran
	Yielded bool         `cbor:"7,keyasint"` // the host stops; nothing is wrong with the job
}

func (m *commitRequest) check() error {
	if m.Result != nil {
		return checkResult(*m.Result)
	}
	return checkText(m.Error, maxText)
}

type keyRequest struct {
	Request wire.KeyRequest `cbor:"1,keyasint"`
}

func (m *keyRequest) check() error {
	r := m.Request
	if len(r.Job.Receipts) > maxReceipts || len(r.Signature) > 128 || len(r.Roster.Signature) > 128 {
		return bad("key request with %d receipts, signatures of %d and %d bytes", len(r.Job.Receipts), len(r.Signature), len(r.Roster.Signature))
	}
	return nil
}

type keyReply struct {
	Key wire.SealedKey `cbor:"1,keyasint"`
}

func (m *keyReply) check() error { return checkKey(m.Key) }

type getRequest struct {
	Blob   abi.Digest `cbor:"1,keyasint"`
	Offset uint64     `cbor:"2,keyasint"`
}

func (m *getRequest) check() error { return nil }

type getReply struct {
	Total uint64 `cbor:"1,keyasint"`
	Piece []byte `cbor:"2,keyasint"`
}

func (m *getReply) check() error { return checkPiece(m.Piece) }

func checkPiece(b []byte) error {
	if len(b) > pieceBytes {
		return bad("piece of %d bytes, at most %d", len(b), pieceBytes)
	}
	return nil
}

type putRequest struct {
	Blob   abi.Digest `cbor:"1,keyasint"`
	Total  uint64     `cbor:"2,keyasint"`
	Offset uint64     `cbor:"3,keyasint"`
	Piece  []byte     `cbor:"4,keyasint"`
}

func (m *putRequest) check() error { return checkPiece(m.Piece) }

type putReply struct {
	Next uint64 `cbor:"1,keyasint"` // offset of the piece wanted next
	Kept bool   `cbor:"2,keyasint"` // the blob is whole, checked and stored
}

func (m *putReply) check() error { return nil }

type empty struct{}

func (m *empty) check() error { return nil }
