package fleet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

func seqOf(key []byte) uint64 { return binary.BigEndian.Uint64(key) }

// known reports a job that is here already, and refuses another under its id.
func (d *desk) known(id, sum abi.Digest) (Status, bool, error) {
	r, err := d.record(id)
	if errors.Is(err, abi.NotFound) {
		return Status{}, false, nil
	}
	if err != nil {
		return Status{}, false, err
	}
	if r.Digest != sum {
		return Status{}, false, fmt.Errorf("fleet: job %v is taken: another job was submitted under this id: %w", id.Short(), abi.Denied)
	}
	return r.Status, true, nil
}

// accept reserves a unit of every purchase and queues the job.
func (d *desk) accept(from string, job wire.Job, sum abi.Digest, paid []wire.Purchase) (Status, error) {
	id := job.Request.ID
	if len(d.queue) >= maxPending {
		return Status{}, fmt.Errorf("fleet: %d jobs wait already: %w", maxPending, abi.Exhausted)
	}
	r := &record{
		Seq: d.seq + 1, Digest: sum, From: from, MinScore: job.MinScore,
		Status: Status{Request: job.Request, State: Pending, Submitted: uint64(d.now.UnixMilli()), Changed: uint64(d.now.UnixMilli()), Version: 1},
	}
	for _, k := range job.Keys {
		r.Recipients = append(r.Recipients, k.Recipient)
	}
	if err := d.reachable(r); err != nil {
		return Status{}, err
	}
	var errs []error
	for _, p := range paid {
		r.Payers = append(r.Payers, p.Buyer)
		if !p.Delegate.IsZero() {
			r.Payers = append(r.Payers, p.Delegate)
		}
		if slices.Contains(r.Receipts, p.ID) {
			continue
		}
		r.Receipts = append(r.Receipts, p.ID)
		used, err := d.uses(p.ID, p.Units)
		if err != nil {
			return Status{}, err
		}
		if uint64(len(used)) >= p.Units {
			errs = append(errs, fmt.Errorf("fleet: receipt %v: all %d units are used: %w", p.ID.Short(), p.Units, abi.Denied))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return Status{}, err
	}
	for _, receipt := range r.Receipts {
		if err := d.putBytes(bucketUses, useKey(receipt, id), []byte{}); err != nil {
			return Status{}, err
		}
	}
	if err := d.put(bucketBodies, id[:], job); err != nil {
		return Status{}, err
	}
	if err := d.putBytes(bucketOrder, seqKey(r.Seq), id[:]); err != nil {
		return Status{}, err
	}
	d.seq = r.Seq
	return r.Status, d.save(r)
}

// reachable is Denied when every host that could open a job is below the score
// that it asks for. A job none of whose hosts has joined waits for them.
func (d *desk) reachable(r *record) error {
	if r.MinScore == 0 {
		return nil
	}
	known, most := "", 0.0
	for _, h := range d.hosts {
		if !slices.Contains(r.Recipients, h.key) {
			continue
		}
		points := d.paces.believed(h.card.Address)
		if points >= r.MinScore {
			return nil
		}
		if known == "" || points > most || points == most && h.card.Name < known {
			known, most = h.card.Name, points
		}
	}
	if known == "" {
		return nil
	}
	return fmt.Errorf("fleet: job %v: no host%s can open it, the best is %q with %.1f: %w", r.id().Short(), atLeast(r.MinScore), known, most, abi.Denied)
}

// atLeast says in words what a job asks of a host's score.
func atLeast(min float64) string {
	if min == 0 {
		return ""
	}
	return fmt.Sprintf(" of min score %.1f", min)
}

// giveBack returns the units of a job that no host ran.
func (d *desk) giveBack(r *record) error {
	id := r.id()
	for _, receipt := range r.Receipts {
		if err := d.remove(bucketUses, useKey(receipt, id)); err != nil {
			return err
		}
	}
	return nil
}

// finish ends a job and, when no host ran it, gives its units back.
func (d *desk) finish(r *record) error {
	if r.Status.State != Done && r.untouched() {
		if err := d.giveBack(r); err != nil {
			return err
		}
	}
	return d.save(r)
}

func (d *desk) cancel(id abi.Digest, who abi.Address) error {
	r, err := d.record(id)
	if err != nil {
		return err
	}
	if !slices.Contains(r.Payers, who) || who.IsZero() {
		return fmt.Errorf("fleet: job %v: %v does not pay for it: %w", id.Short(), who, abi.Denied)
	}
	switch {
	case r.Status.State == Cancelled:
		return nil
	case r.Status.State.Ended():
		return fmt.Errorf("fleet: job %v is %v already: %w", id.Short(), r.Status.State, abi.Invalid)
	case r.Status.State == Leased:
		d.tells = append(d.tells, r.HostID)
	}
	return d.finish(r.to(Cancelled, d.now))
}

// scanned bounds the jobs one page looks at for those of one connection.
const scanned = 10_000

func (d *desk) list(from string, before uint64, limit int) ([]Status, uint64, error) {
	if limit == 0 {
		limit = maxPage
	}
	order, err := d.bucket(bucketOrder)
	if err != nil {
		return nil, 0, err
	}
	c := order.Cursor()
	k, v := c.Last()
	if before != 0 {
		if at, _ := c.Seek(seqKey(before)); at == nil {
			k, v = c.Last()
		} else {
			k, v = c.Prev()
		}
	}
	var page []Status
	for n := 0; k != nil; k, v = c.Prev() {
		if len(page) == limit || n == scanned {
			return page, seqOf(k) + 1, nil
		}
		n++
		r, err := d.record(abi.Digest(v))
		if err != nil {
			return nil, 0, err
		}
		if from == "" || from == r.From {
			page = append(page, r.Status)
		}
	}
	return page, 0, nil
}
