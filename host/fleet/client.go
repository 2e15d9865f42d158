package fleet

import (
	"context"
	"fmt"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// A Client submits jobs and follows them. It is safe for concurrent use. Its
// calls outlive the loss of the connection: they are asked again until ctx is
// done, the short ones for at most 30 s, then Unavailable.
type Client struct{ c *Conn }

// NewClient returns the client's end of c.
func NewClient(c *Conn) Client { return Client{c} }

// Submit hands a job in and returns what became of it, the first time or any
// later. Errors: those of [Broker.Submit].
func (c Client) Submit(ctx context.Context, job wire.Job) (Status, error) {
	q := submitRequest{job}
	if err := q.check(); err != nil {
		return Status{}, err
	}
	a, err := persist[waitReply](ctx, c.c, opSubmit, q, patienceFor, patienceFor)
	return a.Status, err
}

// Wait returns a job's result when there is one, however long that takes, or
// the error it ended with: [ErrCancelled], or the host's own, its Kind kept.
// NotFound for a job nobody submitted.
func (c Client) Wait(ctx context.Context, job abi.Digest) (wire.Result, error) {
	return c.Follow(ctx, job, func(Status) {})
}

// Follow is Wait, and calls f with every change it sees on the way.
func (c Client) Follow(ctx context.Context, job abi.Digest, f func(Status)) (wire.Result, error) {
	for seen := uint64(0); ; {
		a, err := persist[waitReply](ctx, c.c, opWait, waitRequest{job, seen, pollFor}, pollFor+callFor, 0)
		if err != nil {
			return wire.Result{}, err
		}
		if a.Status.Version != seen {
			f(a.Status)
		}
		seen = a.Status.Version
		switch {
		case !a.Status.State.Ended():
		case a.Status.Err() != nil:
			return wire.Result{}, a.Status.Err()
		case a.Result == nil:
			return wire.Result{}, fmt.Errorf("fleet: job %v is done without a result: %w", job.Short(), abi.Internal)
		default:
			return *a.Result, nil
		}
	}
}

// Status returns where a job is now, or NotFound.
func (c Client) Status(ctx context.Context, job abi.Digest) (Status, error) {
	a, err := persist[waitReply](ctx, c.c, opWait, waitRequest{Job: job}, callFor, patienceFor)
	return a.Status, err
}

// Cancel stops a job. payer is a key that bought one of its receipts, or its
// delegate. Errors: those of [Broker.Cancel].
func (c Client) Cancel(ctx context.Context, job abi.Digest, payer wire.Signer) error {
	sig, err := payer.Sign(CancelDigest(job))
	if err != nil {
		return fmt.Errorf("fleet: cancel: %w", err)
	}
	_, err = persist[empty](ctx, c.c, opCancel, cancelRequest{job, sig}, callFor, patienceFor)
	return err
}

// Jobs lists the jobs that this connection's identity submitted, as
// [Broker.Jobs] does.
func (c Client) Jobs(ctx context.Context, before uint64, limit int) ([]Status, uint64, error) {
	a, err := persist[listReply](ctx, c.c, opJobs, listRequest{before, uint32(min(max(limit, 0), maxPage))}, callFor, patienceFor)
	return a.Jobs, a.Next, err
}

// Roster returns the signed list of the hosts that serve slot; [OpenRoster]
// checks it, and [Score] the scores in it. Unavailable when no host is there.
func (c Client) Roster(ctx context.Context, slot abi.Digest) (wire.SignedRoster, error) {
	return c.c.roster(ctx, slot, true)
}

// Roster is [Client.Roster] for a host, which shows it to sellers: without scores.
func (c *Conn) Roster(ctx context.Context, slot abi.Digest) (wire.SignedRoster, error) {
	return c.roster(ctx, slot, false)
}

func (c *Conn) roster(ctx context.Context, slot abi.Digest, scores bool) (wire.SignedRoster, error) {
	a, err := persist[rosterReply](ctx, c, opRoster, rosterRequest{slot, scores}, callFor, patienceFor)
	return a.Roster, err
}
