package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"

	"go.etcd.io/bbolt"
)

// A desk is all a broker knows. One goroutine owns it: nothing here locks or
// waits. Methods that return an error have changed nothing, unless the book
// itself failed, after which everything is read again.
type desk struct {
	page
	now   time.Time
	swept time.Time
	seq   uint64
	live  map[abi.Digest]*record // jobs that have not ended
	queue []*record              // those of them that are pending, oldest first
	until map[abi.Digest]time.Time
	hosts map[string]*host
	idle  []*idler // hosts that wait for work, longest first
	eyes  map[abi.Digest][]chan struct{}
	lent  map[abi.Digest]time.Time // leases that this process gave: when
	paces paces

	// To be announced once what was decided is durable.
	moved []abi.Digest
	tells []string
	given []gift
}

// A host is a machine that joined.
type host struct {
	card    wire.Host
	key     abi.Digest // digest of the card's HPKE key: who bodies are sealed to
	session abi.Digest
	seen    time.Time
}

// hostRow is a host as the book keeps it.
type hostRow struct {
	Card    wire.Host  `cbor:"1,keyasint"`
	Session abi.Digest `cbor:"2,keyasint"`
}

// An idler is a host's long poll.
type idler struct {
	id     string
	cached map[abi.Digest]bool
	got    chan gift // one, or closed when another poll took its place
}

// A gift is a lease on its way to a host.
type gift struct {
	to      *idler
	job     []byte // encoded
	id      abi.Digest
	attempt uint32
	err     error
}

func newDesk(db *bbolt.DB) *desk { return &desk{page: page{db: db}} }

// load reads what has not ended. After a restart leases are void, though
// whoever had one may still renew or commit until another host has it.
func (d *desk) load(now time.Time, restart bool) error {
	defer d.page.drop()
	d.now = now
	d.live, d.until, d.hosts = map[abi.Digest]*record{}, map[abi.Digest]time.Time{}, map[string]*host{}
	d.lent = map[abi.Digest]time.Time{}
	d.paces.claims, d.paces.trusts = nil, nil // what hosts took stays
	d.queue = nil
	if d.eyes == nil {
		d.eyes = map[abi.Digest][]chan struct{}{}
	}
	bodies, err := d.bucket(bucketBodies)
	if err != nil {
		return err
	}
	var ids []abi.Digest
	if err := bodies.ForEach(func(k, _ []byte) error { ids = append(ids, abi.Digest(k)); return nil }); err != nil {
		return fmt.Errorf("fleet: book: %w: %w", abi.Internal, err)
	}
	for _, id := range ids {
		r := new(record)
		ok, err := d.get(bucketJobs, id[:], r)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("fleet: book: job %v has a body and no record: %w", id.Short(), abi.Internal)
		}
		if restart && r.Status.State == Leased {
			r = r.to(Pending, now)
		}
		if err := d.save(r); err != nil {
			return err
		}
	}
	order, err := d.bucket(bucketOrder)
	if err != nil {
		return err
	}
	if k, _ := order.Cursor().Last(); k != nil {
		d.seq = seqOf(k)
	}
	if err := d.loadHosts(); err != nil {
		return err
	}
	d.moved = nil
	return d.page.end()
}

func (d *desk) loadHosts() error {
	rows, err := d.bucket(bucketHosts)
	if err != nil {
		return err
	}
	return rows.ForEach(func(k, b []byte) error {
		var row hostRow
		if err := wire.Unmarshal(b, &row); err != nil {
			return fmt.Errorf("fleet: book: host %s: %w: %w", k, abi.Internal, err)
		}
		d.hosts[string(k)] = &host{row.Card, abi.Sum(row.Card.Key), row.Session, d.now}
		if s := row.Card.Score; s != nil { // verified when the host joined
			if claim, err := wire.ParseScore(s.Score); err == nil { // or of a form that is no longer known
				d.paces.claim(row.Card.Address, claim.Points)
			}
		}
		return nil
	})
}

// forget tells idle hosts that a failed write took their lease back.
func (d *desk) forget(err error) {
	for _, g := range d.given {
		g.to.got <- gift{err: fmt.Errorf("fleet: %w: %w", abi.Unavailable, err)}
	}
	d.given, d.tells, d.moved = nil, nil, nil
}

// announce hands out what became durable and returns the hosts to be told.
func (d *desk) announce() []string {
	for _, g := range d.given {
		g.to.got <- g
	}
	for _, id := range d.moved {
		for _, eye := range d.eyes[id] {
			select {
			case eye <- struct{}{}:
			default: // it has not looked since the last time
			}
		}
		delete(d.eyes, id)
	}
	tells := d.tells
	d.given, d.tells, d.moved = nil, nil, nil
	return tells
}

// save writes r and files it where its state belongs.
func (d *desk) save(r *record) error {
	id := r.id()
	if err := d.put(bucketJobs, id[:], r); err != nil {
		return err
	}
	if r.Status.State.Ended() {
		if err := d.remove(bucketBodies, id[:]); err != nil {
			return err
		}
	}
	d.file(r)
	return nil
}

// file keeps r in memory as its state asks.
func (d *desk) file(r *record) {
	id := r.id()
	at, pending := slices.BinarySearchFunc(d.queue, r.Seq, func(q *record, seq uint64) int { return cmp.Compare(q.Seq, seq) })
	switch {
	case pending && r.Status.State == Pending:
		d.queue[at] = r
	case pending:
		d.queue = slices.Delete(d.queue, at, at+1)
	case r.Status.State == Pending:
		d.queue = slices.Insert(d.queue, at, r)
	}
	d.live[id] = r
	if r.Status.State != Leased {
		delete(d.until, id)
		delete(d.lent, id)
	} else if _, ok := d.until[id]; !ok {
		d.until[id] = d.now.Add(leaseFor)
	}
	if r.Status.State.Ended() {
		delete(d.live, id)
	}
	d.moved = append(d.moved, id)
}

// record returns a job, ended or not, or NotFound.
func (d *desk) record(id abi.Digest) (*record, error) {
	if r, ok := d.live[id]; ok {
		return r, nil
	}
	r := new(record)
	ok, err := d.get(bucketJobs, id[:], r)
	if err == nil && !ok {
		err = fmt.Errorf("fleet: no job %v: %w", id.Short(), abi.NotFound)
	}
	return r, err
}

func (d *desk) watch(id abi.Digest, eye chan struct{}) { d.eyes[id] = append(d.eyes[id], eye) }

func (d *desk) unwatch(id abi.Digest, eye chan struct{}) {
	eyes := slices.DeleteFunc(d.eyes[id], func(e chan struct{}) bool { return e == eye })
	if d.eyes[id] = eyes; len(eyes) == 0 {
		delete(d.eyes, id)
	}
}
