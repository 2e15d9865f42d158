package fleet

import (
	"context"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"

	"github.com/nats-io/nats.go"
)

// What hosts do over the bus, without the bus: for tests in virtual time.

func (b *Broker) Join(ctx context.Context, who string, card wire.Host, s wire.Signer, session abi.Digest) error {
	text, err := wire.Marshal(card)
	if err != nil {
		return err
	}
	sig, err := s.Sign(cardDigest(text, who))
	if err != nil {
		return err
	}
	return b.join(ctx, who, joinRequest{text, sig, session})
}

func (b *Broker) Lease(ctx context.Context, who string, wait time.Duration, cached ...abi.Digest) (*wire.Job, uint32, error) {
	a, err := b.lease(ctx, who, leaseRequest{Cached: cached, Wait: wait})
	return a.Job, a.Attempt, err
}

func (b *Broker) Renew(ctx context.Context, who string, job abi.Digest, attempt uint32, done, total uint64) error {
	return b.do(ctx, func(d *desk) error { return d.renew(who, renewRequest{job, attempt, done, total, ""}) })
}

func (b *Broker) Commit(ctx context.Context, who string, job abi.Digest, attempt uint32, res *wire.Result, kind abi.Kind, text string, refused, yielded bool) error {
	return b.commit(ctx, who, commitRequest{job, attempt, res, kind, text, refused, yielded})
}

// SubmitAll takes jobs in one transaction: the broker decides when it has them all.
func (b *Broker) SubmitAll(ctx context.Context, jobs ...wire.Job) error {
	return b.do(ctx, func(d *desk) error {
		for _, j := range jobs {
			sum, err := j.Digest()
			if err != nil {
				return err
			}
			if _, err := d.accept("client", j, sum, nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// Idle is how many hosts wait for work.
func (b *Broker) Idle(ctx context.Context) (n int, err error) {
	err = b.do(ctx, func(d *desk) error {
		n = len(d.idle)
		return nil
	})
	return n, err
}

// Paced is how many kinds of job are remembered, and the most hosts of one.
func (b *Broker) Paced(ctx context.Context) (kinds, hosts int) {
	_ = b.do(ctx, func(d *desk) error { // a stopped broker remembers nothing
		kinds = len(d.paces.kinds)
		for _, k := range d.paces.kinds {
			hosts = max(hosts, len(k.hosts))
		}
		return nil
	})
	return kinds, hosts
}

// ParseCard is parseCard.
func ParseCard(b []byte) (wire.Host, error) { return parseCard(b) }

// RunTelling is Run; tell hears which hosts are told to renew.
func (b *Broker) RunTelling(ctx context.Context, tell func(host string)) error {
	return b.run(ctx, tell)
}

// Raw returns the connection below, to misuse it.
func (c *Conn) Raw() *nats.Conn { return c.nc }

// Decoders is every message decoder, by name.
var Decoders = map[string]func([]byte) error{
	"submit": try[submitRequest], "wait": try[waitRequest], "waited": try[waitReply], "cancel": try[cancelRequest],
	"list": try[listRequest], "listed": try[listReply], "roster": try[rosterRequest], "rostered": try[rosterReply],
	"join": try[joinRequest], "lease": try[leaseRequest], "leased": try[leaseReply], "renew": try[renewRequest],
	"commit": try[commitRequest], "key": try[keyRequest], "keyed": try[keyReply],
	"get": try[getRequest], "got": try[getReply], "put": try[putRequest], "putted": try[putReply], "empty": try[empty],
}

func try[T any, P interface {
	*T
	message
}](b []byte) error {
	_, err := decode[T, P](b)
	return err
}

// Seeds is one good message of each kind, by the same names.
func Seeds() map[string][]byte {
	job := wire.Job{Request: wire.Request{ID: abi.Sum(nil), Body: abi.Sum([]byte("b"))}, Body: []byte("b"), Keys: []wire.SealedKey{{}}}
	out := map[string][]byte{}
	for name, m := range map[string]any{
		"submit": submitRequest{job}, "wait": waitRequest{}, "waited": waitReply{Result: &wire.Result{}}, "cancel": cancelRequest{},
		"list": listRequest{}, "listed": listReply{Jobs: []Status{{State: Failed}}}, "roster": rosterRequest{}, "rostered": rosterReply{},
		"join": joinRequest{}, "lease": leaseRequest{Cached: []abi.Digest{{}}}, "leased": leaseReply{Job: &job}, "renew": renewRequest{},
		"commit": commitRequest{Result: &wire.Result{}}, "key": keyRequest{}, "keyed": keyReply{},
		"get": getRequest{}, "got": getReply{}, "put": putRequest{}, "putted": putReply{}, "empty": empty{},
	} {
		b, err := wire.Marshal(m)
		if err != nil {
			panic(err)
		}
		out[name] = b
	}
	return out
}
