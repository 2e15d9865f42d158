package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"

	"go.etcd.io/bbolt"
)

// BrokerConfig says what a broker asks before it takes a job.
type BrokerConfig struct {
	Dir string // required: holds broker.db; made if it is not there

	// Admit returns the purchases that pay for a job, or why it may not run.
	// The broker reserves a unit of each. Required.
	Admit func(context.Context, wire.Job) ([]wire.Purchase, error)

	Recover wire.Recover // required: who signed cards, receipts and cancellations
	Signer  wire.Signer  // the slot owner's, for rosters; nil: none are given
	Log     *slog.Logger
}

// A Broker takes jobs, leases them to hosts and keeps their results: once each,
// durably, through any crash of its own or of a host. It is safe for concurrent
// use; its methods need Run or Serve to be running.
//
// Everything it decides, one goroutine decides, and everything decided since
// its last look is written in one transaction: many callers share one fsync.
type Broker struct {
	cfg  BrokerConfig
	db   *bbolt.DB
	ops  chan *op
	done chan struct{} // Run ended
	desk *desk         // of Run's goroutine
}

// An op is a question to Run's goroutine.
type op struct {
	do   func(*desk) error // checks all before it changes anything
	err  error
	done chan struct{}
}

// batchOps bounds the questions that share one transaction.
const batchOps = 256

// OpenBroker opens the broker's file. Jobs that were leased when it was closed,
// or killed, wait for a host again. Errors: Unavailable when another process
// has the file, Invalid for one of another version.
func OpenBroker(cfg BrokerConfig) (*Broker, error) {
	if cfg.Dir == "" || cfg.Admit == nil || cfg.Recover == nil {
		return nil, fmt.Errorf("fleet: broker needs Dir, Admit and Recover: %w", abi.Invalid)
	}
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("fleet: %w: %w", abi.Internal, err)
	}
	db, err := openBook(filepath.Join(cfg.Dir, "broker.db"))
	if err != nil {
		return nil, err
	}
	b := &Broker{cfg: cfg, db: db, ops: make(chan *op), done: make(chan struct{}), desk: newDesk(db)}
	if err := b.desk.load(time.Now(), true); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return b, nil
}

// Close closes the broker's file, after Run has returned.
func (b *Broker) Close() error { return b.db.Close() }

// Run decides until ctx is done. It is called once. Serve calls it too: use
// one or the other.
func (b *Broker) Run(ctx context.Context) error {
	return b.run(ctx, func(string) {})
}

// run also calls tell with every host that should renew at once.
func (b *Broker) run(ctx context.Context, tell func(host string)) error {
	defer close(b.done)
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-sweep.C:
			b.decide(nil, tell)
		case first := <-b.ops:
			batch := []*op{first}
			for more := true; more && len(batch) < batchOps; {
				select {
				case next := <-b.ops:
					batch = append(batch, next)
				default:
					more = false
				}
			}
			b.decide(batch, tell)
		}
	}
}

// decide runs a batch in one transaction and answers after it is durable.
func (b *Broker) decide(batch []*op, tell func(string)) {
	d := b.desk
	d.now = time.Now()
	var err error
	for _, o := range batch {
		o.err = o.do(d)
	}
	if err = d.lapse(); err == nil {
		err = d.match()
	}
	if err == nil {
		err = d.page.end()
	}
	if err != nil {
		b.cfg.Log.Error("broker could not write", slog.Any("err", err))
		d.page.drop()
		for _, o := range batch {
			o.err = cmp.Or(o.err, err)
		}
		d.forget(err)
		if err := d.load(d.now, false); err != nil {
			b.cfg.Log.Error("broker could not read", slog.Any("err", err))
		}
	}
	for _, o := range batch {
		close(o.done)
	}
	for _, host := range d.announce() {
		tell(host)
	}
}

// do has Run's goroutine run f and waits for what it decided.
func (b *Broker) do(ctx context.Context, f func(*desk) error) error {
	o := &op{do: f, done: make(chan struct{})}
	select {
	case b.ops <- o:
		<-o.done // soon: f does not wait
		return o.err
	case <-b.done:
		return fmt.Errorf("fleet: the broker has stopped: %w", abi.Unavailable)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Submit takes a job of a connection. The same job again returns what became
// of it; another job under the same id is Denied, as is one for which a receipt
// has no unit left. Otherwise Admit's errors, Exhausted when too many wait.
func (b *Broker) Submit(ctx context.Context, from string, job wire.Job) (Status, error) {
	if err := (&submitRequest{job}).check(); err != nil {
		return Status{}, err
	}
	sum, err := job.Digest()
	if err != nil {
		return Status{}, err
	}
	var status Status
	known := false
	look := func(d *desk) (err error) {
		status, known, err = d.known(job.Request.ID, sum)
		return err
	}
	if err := b.do(ctx, look); err != nil || known {
		return status, err
	}
	paid, err := b.cfg.Admit(ctx, job)
	if err != nil {
		return Status{}, err
	}
	return status, b.do(ctx, func(d *desk) error {
		if err := look(d); err != nil || known {
			return err
		}
		status, err = d.accept(from, job, sum, paid)
		return err
	})
}

// Wait returns what became of a job: at once when its version is another than
// seen or it has ended, else when it changes or wait is over. The result is nil
// unless the job is done. Errors: NotFound.
func (b *Broker) Wait(ctx context.Context, id abi.Digest, seen uint64, wait time.Duration) (Status, *wire.Result, error) {
	over := time.NewTimer(wait)
	defer over.Stop()
	changed := make(chan struct{}, 1)
	defer func() {
		_ = b.do(context.WithoutCancel(ctx), func(d *desk) error { d.unwatch(id, changed); return nil }) // a stopped broker has no watchers
	}()
	for {
		var r *record
		var res *wire.Result
		err := b.do(ctx, func(d *desk) (err error) {
			if r, err = d.record(id); err != nil {
				return err
			}
			if r.Status.State == Done {
				res = new(wire.Result)
				_, err = d.get(bucketResults, id[:], res)
			} else if r.Status.Version == seen {
				d.watch(id, changed)
			}
			return err
		})
		if err != nil {
			return Status{}, nil, err
		}
		if r.Status.Version != seen || r.Status.State.Ended() {
			return r.Status, res, nil
		}
		select {
		case <-changed:
		case <-over.C:
			return r.Status, nil, nil
		case <-ctx.Done():
			return Status{}, nil, context.Cause(ctx)
		}
	}
}

// Cancel stops a job for somebody who pays for it: signature is over
// [CancelDigest]. A job no host ever had gives its units back. Errors: Denied
// for anybody else, NotFound, Invalid when it has ended otherwise.
func (b *Broker) Cancel(ctx context.Context, id abi.Digest, signature []byte) error {
	who, err := b.cfg.Recover(CancelDigest(id), signature)
	if err != nil {
		return err
	}
	return b.do(ctx, func(d *desk) error { return d.cancel(id, who) })
}

// CancelDigest is what a payer signs to cancel a job.
func CancelDigest(job abi.Digest) abi.Digest {
	return abi.Sum(append([]byte("cloister-cancel-v1|"), job[:]...))
}

// Jobs lists jobs from the newest on, at most limit and 200 (zero: 200), those of one
// connection or, for "", all. before is zero or what the page before returned
// as next; next is zero on the last page.
func (b *Broker) Jobs(ctx context.Context, from string, before uint64, limit int) (jobs []Status, next uint64, err error) {
	err = b.do(ctx, func(d *desk) (err error) {
		jobs, next, err = d.list(from, before, min(max(limit, 0), maxPage))
		return err
	})
	return jobs, next, err
}

// Uses returns the jobs that a receipt's units were reserved for.
func (b *Broker) Uses(ctx context.Context, receipt abi.Digest) (jobs []abi.Digest, err error) {
	err = b.do(ctx, func(d *desk) (err error) {
		jobs, err = d.uses(receipt, 1<<20)
		return err
	})
	return jobs, err
}

// Hosts returns the cards of the hosts that are there.
func (b *Broker) Hosts(ctx context.Context) (hosts []wire.Host, err error) {
	err = b.do(ctx, func(d *desk) error {
		hosts = d.present()
		return nil
	})
	return hosts, err
}
