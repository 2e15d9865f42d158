package fleet

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"

	"golang.org/x/sync/errgroup"
)

// Serve runs the broker and answers hosts and clients over c, a connection of
// the server's owner, until ctx is done.
func (b *Broker) Serve(ctx context.Context, c *Conn) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return b.run(ctx, func(host string) {
			if err := c.nc.Publish(subjectOf(opTell, host), nil); err != nil {
				b.cfg.Log.Info("host not told", slog.String("host", host), slog.Any("err", err)) // it renews in a while
			}
		})
	})
	g.Go(func() error { return serve(ctx, c, b.cfg.Log, b.endpoints) })
	return g.Wait()
}

func (b *Broker) endpoints(e *endpoints) error {
	for _, err := range []error{
		answer(e, opSubmit, func(ctx context.Context, who string, q submitRequest) (any, error) {
			s, err := b.Submit(ctx, who, q.Job)
			return waitReply{Status: s}, err
		}),
		answer(e, opWait, func(ctx context.Context, _ string, q waitRequest) (any, error) {
			s, res, err := b.Wait(ctx, q.Job, q.Seen, q.Wait) // whoever knows the id may: it is random, and the result is sealed
			return waitReply{s, res}, err
		}),
		answer(e, opCancel, func(ctx context.Context, _ string, q cancelRequest) (any, error) {
			return empty{}, b.Cancel(ctx, q.Job, q.Signature)
		}),
		answer(e, opJobs, func(ctx context.Context, who string, q listRequest) (any, error) {
			jobs, next, err := b.Jobs(ctx, who, q.Before, int(q.Limit))
			return listReply{jobs, next}, err
		}),
		answer(e, opRoster, func(ctx context.Context, _ string, q rosterRequest) (any, error) {
			r, err := b.Roster(ctx, q.Slot, q.Scores)
			return rosterReply{r}, err
		}),
		answer(e, opJoin, func(ctx context.Context, who string, q joinRequest) (any, error) {
			return empty{}, b.join(ctx, who, q)
		}),
		answer(e, opLease, func(ctx context.Context, who string, q leaseRequest) (any, error) {
			return b.lease(ctx, who, q)
		}),
		answer(e, opRenew, func(ctx context.Context, who string, q renewRequest) (any, error) {
			return empty{}, b.do(ctx, func(d *desk) error { return d.renew(who, q) })
		}),
		answer(e, opCommit, func(ctx context.Context, who string, q commitRequest) (any, error) {
			return empty{}, b.commit(ctx, who, q)
		}),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// commit checks that a result's receipt is of this attempt and of the host
// that has it, then lets the desk decide.
func (b *Broker) commit(ctx context.Context, who string, q commitRequest) error {
	var receipt wire.Receipt
	if q.Result != nil {
		var r *record
		err := b.do(ctx, func(d *desk) (err error) {
			r, err = d.record(q.Job)
			return err
		})
		if err != nil {
			return err
		}
		if receipt, err = b.vouched(r, q); err != nil {
			return err
		}
	}
	return b.do(ctx, func(d *desk) error {
		began, ours := d.lent[q.Job]
		_, err := d.commit(who, q)
		if err == nil && q.Result != nil && ours {
			b.learn(d, receipt, d.now.Sub(began))
		}
		return err
	})
}

// learn notes how long a job took its host.
func (b *Broker) learn(d *desk, r wire.Receipt, took time.Duration) {
	for _, h := range d.paces.took(like{r.App, r.Data, r.Model}, r.Host, took, r.FLOPs, d.now) {
		b.cfg.Log.Warn("host delivers far less than its score", slog.String("host", h.String()),
			slog.Float64("claims", d.paces.claims[h]), slog.Float64("delivers", d.paces.believed(h)))
	}
}

// vouched returns a result's receipt, after checking it against the job.
func (b *Broker) vouched(r *record, q commitRequest) (wire.Receipt, error) {
	got, err := q.Result.Receipt.Verify(b.cfg.Recover)
	if err != nil {
		return got, fmt.Errorf("fleet: job %v: %w", q.Job.Short(), err)
	}
	job := r.Status.Request
	want := wire.Receipt{Job: job.ID, App: job.App, Data: job.Data, Model: job.Model, Slot: job.Slot, Body: job.Body, Attempt: q.Attempt}
	have := wire.Receipt{Job: got.Job, App: got.App, Data: got.Data, Model: got.Model, Slot: got.Slot, Body: got.Body, Attempt: got.Attempt}
	if !sameRun(want, have) {
		return got, fmt.Errorf("fleet: job %v: its receipt is of another run: job %v, attempt %d, want attempt %d: %w", q.Job.Short(), got.Job.Short(), got.Attempt, q.Attempt, abi.Denied)
	}
	if r.Status.Attempt == q.Attempt && got.Host != r.Status.Address {
		return got, fmt.Errorf("fleet: job %v: host %v signed its receipt, %v has the job: %w", q.Job.Short(), got.Host, r.Status.Address, abi.Denied)
	}
	return got, nil
}

func sameRun(a, b wire.Receipt) bool {
	return a.Job == b.Job && a.App == b.App && a.Data == b.Data && a.Model == b.Model && a.Slot == b.Slot && a.Body == b.Body && a.Attempt == b.Attempt
}
