package fleet

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// lease waits for a job for a host that joined. It returns nil when there is
// none within wait. One host has one poll: a second ends the first.
func (b *Broker) lease(ctx context.Context, who string, q leaseRequest) (leaseReply, error) {
	if q.Leave {
		return leaseReply{}, b.do(ctx, func(d *desk) error { d.absent(who); return nil })
	}
	w := &idler{id: who, cached: map[abi.Digest]bool{}, got: make(chan gift, 1)}
	for _, c := range q.Cached {
		w.cached[c] = true
	}
	if err := b.do(ctx, func(d *desk) error { return d.poll(w) }); err != nil {
		return leaseReply{}, err
	}
	over := time.NewTimer(q.Wait)
	defer over.Stop()
	var g gift
	select {
	case g = <-w.got:
	case <-over.C:
	case <-ctx.Done():
	}
	if g.to == nil && g.err == nil { // leave, unless a job came meanwhile
		err := b.do(context.WithoutCancel(ctx), func(d *desk) error { d.leave(w); return nil })
		if err != nil {
			return leaseReply{}, err
		}
		select {
		case g = <-w.got:
		default:
		}
	}
	if g.err != nil || g.to == nil {
		return leaseReply{}, g.err
	}
	if ctx.Err() != nil { // nobody is there to take it
		return leaseReply{}, b.do(context.WithoutCancel(ctx), func(d *desk) error {
			_, err := d.commit(who, commitRequest{Job: g.id, Attempt: g.attempt, Yielded: true, Refused: true})
			return err
		})
	}
	job := new(wire.Job)
	if err := wire.Unmarshal(g.job, job); err != nil {
		return leaseReply{}, fmt.Errorf("fleet: book: job %v: %w: %w", g.id.Short(), abi.Internal, err)
	}
	job.MinScore = 0 // the broker's affair, and hosts of before do not know it
	return leaseReply{job, g.attempt}, nil
}

// poll queues a host for work.
func (d *desk) poll(w *idler) error {
	h, ok := d.hosts[w.id]
	if !ok {
		return errNotJoined(w.id)
	}
	h.seen = d.now
	d.dismiss(w.id)
	d.idle = append(d.idle, w)
	return nil
}

func errNotJoined(id string) error {
	return fmt.Errorf("fleet: host %s has not joined: %w", id, abi.NotFound)
}

// dismiss ends the poll of a host, if it has one.
func (d *desk) dismiss(id string) {
	d.idle = slices.DeleteFunc(d.idle, func(w *idler) bool {
		if w.id == id {
			close(w.got)
		}
		return w.id == id
	})
}

// heard notes that a host is there, unless it said that it stops.
func (d *desk) heard(id string) {
	if h, ok := d.hosts[id]; ok && !h.seen.IsZero() {
		h.seen = d.now
	}
}

// absent notes that a host stops: no job, and no roster, has it.
func (d *desk) absent(id string) {
	d.dismiss(id)
	if h, ok := d.hosts[id]; ok {
		h.seen = time.Time{}
	}
}

func (d *desk) leave(w *idler) {
	d.idle = slices.DeleteFunc(d.idle, func(o *idler) bool { return o == w })
}

// match gives pending jobs to idle hosts, as long as one may have another.
func (d *desk) match() error {
	for len(d.idle) > 0 && len(d.queue) > 0 {
		w, r := d.pair()
		if r == nil {
			return nil
		}
		if err := d.give(w, r); err != nil {
			return err
		}
		d.leave(w)
	}
	return nil
}

// pair is the next job to give and the host to give it to: the fastest idle one,
// of equals who waited longest, unless another has the job's content.
func (d *desk) pair() (*idler, *record) {
	ranked := slices.Clone(d.idle)
	slices.SortStableFunc(ranked, func(a, b *idler) int { return cmp.Compare(d.points(b), d.points(a)) })
	for _, w := range ranked {
		r := d.choose(w)
		if r == nil {
			continue
		}
		if !w.has(r) {
			if near := slices.IndexFunc(ranked, func(o *idler) bool { return o.has(r) && d.fits(o, r) }); near >= 0 {
				w = ranked[near]
			}
		}
		return w, r
	}
	return nil, nil
}

// choose is the job for w, or nil: the oldest it may have, when that one has
// waited long; else the oldest of those whose content it has; else the heaviest
// of the oldest, as many of them as hosts are idle. Those would all be given now
// in any case, so weight decides who gets a job and never whether.
func (d *desk) choose(w *idler) *record {
	var best *record
	weight, fit := uint64(0), 0
	for _, r := range d.queue {
		if !d.fits(w, r) {
			continue
		}
		if fit++; fit == 1 && d.now.Sub(time.UnixMilli(int64(r.Status.Submitted))) > localityFor {
			return r // it has waited long enough for a better place
		}
		if w.has(r) {
			return r
		}
		if fit > len(d.idle) {
			if len(w.cached) == 0 {
				break
			}
			continue
		}
		q := r.Status.Request
		if heavy := d.paces.weight(like{q.App, q.Data, q.Model}); best == nil || heavy > weight {
			best, weight = r, heavy
		}
	}
	return best
}

// has reports whether the host need not fetch what the job works on.
func (w *idler) has(r *record) bool {
	q := r.Status.Request
	return w.cached[q.Data] && !q.Data.IsZero() || w.cached[q.Model] && !q.Model.IsZero()
}

// opens reports whether the job's body is sealed to the host.
func (d *desk) opens(w *idler, r *record) bool {
	h, ok := d.hosts[w.id]
	return ok && slices.Contains(r.Recipients, h.key)
}

// fits reports whether the host may have the job.
func (d *desk) fits(w *idler, r *record) bool {
	return d.opens(w, r) && (r.MinScore == 0 || d.points(w) >= r.MinScore)
}

// points is what the host is believed to be worth.
func (d *desk) points(w *idler) float64 {
	h, ok := d.hosts[w.id]
	if !ok {
		return 0
	}
	return d.paces.believed(h.card.Address)
}

// give leases r to w.
func (d *desk) give(w *idler, r *record) error {
	id := r.id()
	bodies, err := d.bucket(bucketBodies)
	if err != nil {
		return err
	}
	job := bytes.Clone(bodies.Get(id[:]))
	next := r.to(Leased, d.now)
	next.Status.Attempt++
	next.Fence = next.Status.Attempt
	next.HostID = w.id
	next.Status.Host, next.Status.Address = d.hosts[w.id].card.Name, d.hosts[w.id].card.Address
	next.Status.Done, next.Status.Total, next.Status.Note = 0, 0, ""
	if err := d.save(next); err != nil {
		return err
	}
	d.until[id], d.lent[id] = d.now.Add(confirmFor), d.now
	d.given = append(d.given, gift{to: w, job: job, id: id, attempt: next.Status.Attempt})
	return nil
}

// renew keeps a lease for a while longer and notes how far the job is.
func (d *desk) renew(who string, q renewRequest) error {
	d.heard(who)
	r, err := d.holds(who, q.Job, q.Attempt)
	if err != nil {
		return err
	}
	if r.Status.State == Pending { // leased before a restart, and nobody has it since
		r = r.to(Leased, d.now)
		if err := d.save(r); err != nil {
			return err
		}
	}
	d.until[q.Job] = d.now.Add(leaseFor)
	if s := r.Status; q.Done != s.Done || q.Total != s.Total || q.Note != s.Note {
		next := *r
		next.Status.Done, next.Status.Total, next.Status.Note = q.Done, q.Total, q.Note
		next.Status.Version++
		d.file(&next) // not written: progress may be lost
	}
	return nil
}

// holds returns a job that attempt of host may change, or says why it may not.
func (d *desk) holds(who string, id abi.Digest, attempt uint32) (*record, error) {
	r, err := d.record(id)
	if err != nil {
		return nil, err
	}
	switch {
	case r.current(who, attempt):
		return r, nil
	case r.Status.State == Cancelled:
		return nil, ErrCancelled
	case r.Status.State.Ended():
		return nil, fmt.Errorf("fleet: job %v is %v already: %w", id.Short(), r.Status.State, abi.Denied)
	}
	return nil, fmt.Errorf("fleet: job %v: attempt %d is stale, its lease lapsed: %w", id.Short(), attempt, abi.Denied)
}

// commit ends an attempt: with a result, once; with an error that another host
// may not meet, by queueing the job again; with any other error, for good. It
// reports whether the very same attempt had committed its result before.
func (d *desk) commit(who string, q commitRequest) (again bool, err error) {
	r, err := d.holds(who, q.Job, q.Attempt)
	if err != nil {
		if old, e := d.record(q.Job); e == nil && q.Result != nil && old.Status.State == Done && old.HostID == who && old.Status.Attempt == q.Attempt {
			return true, nil // the answer was lost
		}
		return false, err
	}
	d.heard(who)
	if q.Result != nil {
		if err := d.put(bucketResults, q.Job[:], q.Result); err != nil {
			return false, err
		}
		return false, d.finish(r.to(Done, d.now))
	}
	if q.Refused {
		next := *r
		next.Refusals++
		r = &next
	}
	if q.Yielded || q.Kind.Retryable() {
		return false, d.requeue(r, q.Yielded, q.Error)
	}
	return false, d.finish(r.failed(q.Kind, q.Error, d.now))
}

// requeue takes a job from its host and lets it wait again, unless that has
// happened too often.
func (d *desk) requeue(r *record, blameless bool, why string) error {
	next := r.to(Pending, d.now)
	next.Fence = r.Status.Attempt + 1
	if !blameless {
		next.Losses++
	}
	if next.Losses >= maxLosses {
		return d.finish(next.failed(abi.Unavailable, fmt.Sprintf("fleet: job %v: given up after %d attempts, the last: %s", r.id().Short(), r.Status.Attempt, why), d.now))
	}
	return d.save(next)
}

// lapse takes jobs from hosts that fell silent, and ends those that waited
// past their deadline.
func (d *desk) lapse() error {
	if d.now.Sub(d.swept) < sweepEvery/2 {
		return nil
	}
	d.swept = d.now
	for id, until := range d.until {
		if d.now.Before(until) {
			continue
		}
		r := d.live[id]
		d.tells = append(d.tells, r.HostID) // it may be late rather than gone
		if err := d.requeue(r, false, fmt.Sprintf("host %q fell silent: unavailable", r.Status.Host)); err != nil {
			return err
		}
	}
	now := uint64(d.now.Unix())
	for _, r := range slices.Clone(d.queue) {
		if r.Status.Request.Deadline >= now {
			continue
		}
		late := r.failed(abi.Exhausted, fmt.Sprintf("fleet: job %v: no host%s started it before its deadline, %v: exhausted",
			r.id().Short(), atLeast(r.MinScore), time.Unix(int64(r.Status.Request.Deadline), 0).UTC().Format(time.RFC3339)), d.now)
		if err := d.finish(late); err != nil {
			return err
		}
	}
	return nil
}
