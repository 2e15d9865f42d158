package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/semaphore"
)

// A Runner runs one job. attempt goes into its receipt. progress may be called
// at any rate, from one goroutine at a time. An error that has a method
// Refused() bool which says true means that no app code ran: the buyer keeps
// the unit. An Unavailable error sends the job to another host.
type Runner interface {
	Run(ctx context.Context, job wire.Job, attempt uint32, progress func(done, total uint64, note string)) (wire.Result, error)
}

// HostConfig says who a host is and what it offers.
type HostConfig struct {
	Card   wire.Host           // required: what rosters say of it
	Signer wire.Signer         // required: the key of Card.Address
	Slots  int                 // jobs run side by side; zero means one
	Cached func() []abi.Digest // contents that need not be fetched, asked before every lease; nil: none
	Drain  time.Duration       // how long jobs may go on after ctx is done; zero means 30 s
	Log    *slog.Logger
}

// A worker is a host at work.
type worker struct {
	c   *Conn
	cfg HostConfig
	r   Runner
	log *slog.Logger

	jobs  sync.WaitGroup
	mu    sync.Mutex
	pokes map[abi.Digest]chan struct{} // of running jobs: renew now
}

// Serve joins the fleet and runs jobs until ctx is done. It then takes no more,
// lets those that run finish for as long as Drain, stops the rest so that
// another host may have them, and returns. It outlives the loss of its
// connection. Errors: Denied and Invalid when the broker will not have it,
// Unavailable when the connection was closed for good.
func Serve(ctx context.Context, c *Conn, cfg HostConfig, r Runner) error {
	if cfg.Signer == nil || cfg.Card.Address != cfg.Signer.Address() {
		return fmt.Errorf("fleet: host %q needs the signer of address %v: %w", cfg.Card.Name, cfg.Card.Address, abi.Invalid)
	}
	cfg.Slots, cfg.Drain = max(cfg.Slots, 1), cmp.Or(cfg.Drain, 30*time.Second)
	w := &worker{c: c, cfg: cfg, r: r, log: cmp.Or(cfg.Log, slog.New(slog.DiscardHandler)), pokes: map[abi.Digest]chan struct{}{}}
	told, err := c.nc.Subscribe(subjectOf(opTell, c.id), func(*nats.Msg) { w.poke() })
	if err != nil {
		return fmt.Errorf("fleet: %w: %w", abi.Unavailable, err)
	}
	defer told.Unsubscribe() //nolint:errcheck // or the connection is closed: as good

	// Jobs outlive ctx by the time they may drain.
	running, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	err = w.work(ctx, running)
	bye, done := context.WithTimeout(running, 2*time.Second)
	_, _ = call[leaseReply](bye, c, opLease, leaseRequest{Leave: true}, callFor) // or the broker finds out
	done()
	drained := time.AfterFunc(cfg.Drain, func() {
		stop(fmt.Errorf("fleet: host %q stops: %w", cfg.Card.Name, abi.Unavailable))
	})
	defer drained.Stop()
	w.jobs.Wait()
	return err
}

// work leases jobs, as many as there are slots, and runs them.
func (w *worker) work(ctx, running context.Context) error {
	session := abi.Digest{}
	code := newCode()
	copy(session[:], code[:])
	if err := w.join(ctx, session); err != nil {
		return stopped(ctx, err)
	}
	slots := semaphore.NewWeighted(int64(w.cfg.Slots))
	for {
		if slots.Acquire(ctx, 1) != nil {
			return nil
		}
		got, err := w.lease(ctx)
		switch {
		case ctx.Err() != nil && got.Job == nil:
			return nil
		case errors.Is(err, abi.NotFound): // the broker forgot us
			if err := w.join(ctx, session); err != nil {
				return stopped(ctx, err)
			}
		case err != nil && !errors.Is(err, abi.Unavailable), err != nil && w.c.nc.IsClosed():
			return err
		case err != nil:
			w.log.Info("no lease", slog.Any("err", err))
			sleep(ctx, time.Second)
		}
		if got.Job == nil {
			slots.Release(1)
			continue
		}
		w.jobs.Go(func() {
			defer slots.Release(1)
			w.run(running, *got.Job, got.Attempt)
		})
	}
}

// stopped is err unless it is only that ctx is done.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func (w *worker) join(ctx context.Context, session abi.Digest) error {
	card, err := wire.Marshal(w.cfg.Card)
	if err != nil {
		return bad("host card: %w", err)
	}
	sig, err := w.cfg.Signer.Sign(cardDigest(card, w.c.id))
	if err != nil {
		return fmt.Errorf("fleet: host card: %w", err)
	}
	_, err = persist[empty](ctx, w.c, opJoin, joinRequest{card, sig, session}, callFor, 0)
	return err
}

func (w *worker) lease(ctx context.Context) (leaseReply, error) {
	q := leaseRequest{Wait: pollFor}
	if w.cfg.Cached != nil {
		q.Cached = w.cfg.Cached()
		q.Cached = q.Cached[:min(len(q.Cached), maxCached)]
	}
	return call[leaseReply](ctx, w.c, opLease, q, pollFor+callFor)
}

// poke has every running job renew at once.
func (w *worker) poke() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.pokes {
		select {
		case p <- struct{}{}:
		default: // it is about to anyway
		}
	}
}

// run runs one job, renews its lease meanwhile, and commits what came of it.
func (w *worker) run(ctx context.Context, job wire.Job, attempt uint32) {
	log := w.log.With(slog.Any("job", job), slog.Uint64("attempt", uint64(attempt)))
	jobCtx, cancel := context.WithCancelCause(ctx)
	beat := newHeart(w, job.Request.ID, attempt)
	done := make(chan struct{})
	go func() {
		defer close(done)
		beat.run(jobCtx, cancel, log)
	}()
	res, err := w.r.Run(jobCtx, job, attempt, beat.progress)
	stopping := ctx.Err() != nil
	lost := jobCtx.Err() != nil && !stopping
	cancel(nil)
	<-done
	if lost {
		log.Info("job taken away", slog.Any("why", context.Cause(jobCtx)))
		return // nobody waits for it here
	}
	w.commit(ctx, job.Request.ID, attempt, res, err, stopping, log)
}

// commit delivers until the broker has it or will not.
func (w *worker) commit(ctx context.Context, id abi.Digest, attempt uint32, res wire.Result, err error, stopping bool, log *slog.Logger) {
	q := commitRequest{Job: id, Attempt: attempt}
	if err == nil {
		q.Result = &res
		err = checkResult(res)
	}
	if err != nil {
		if q.Kind = abi.KindOf(err); q.Kind == abi.Other {
			q.Kind = abi.Internal
		}
		refused, ok := errors.AsType[interface {
			error
			Refused() bool
		}](err)
		q.Result, q.Error, q.Refused, q.Yielded = nil, text(err.Error()), ok && refused.Refused(), stopping
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	if _, err := persist[empty](ctx, w.c, opCommit, q, callFor, 0); err != nil {
		log.Warn("result not taken", slog.Any("err", err))
	}
}
