package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/fleet"
	"github.com/cloister-ai/cloister/host/vault"
	"github.com/cloister-ai/cloister/market"
)

// An actor is a party at a site: what one person can do there.
type actor struct {
	*party
	site   *site
	market *market.Client // signs with the party's key
}

// as returns the actor of that name, making its keys the first time.
func (s *site) as(name string) (*actor, error) {
	p, err := s.state.party(name)
	if err != nil {
		return nil, err
	}
	return &actor{party: p, site: s, market: s.market.As(p.key)}, nil
}

// A description is the public page of an asset: what its URI names.
type description struct {
	Name    string      `json:"name"`
	Text    string      `json:"text,omitempty"`
	Licence string      `json:"licence,omitempty"`
	Schema  *abi.Schema `json:"schema,omitempty"` // datasets
	Card    *vault.Card `json:"card,omitempty"`   // models
	Bytes   int64       `json:"bytes,omitempty"`
}

// uriScheme begins the URI of a description that is a blob of ours.
const uriScheme = "cloister:"

// offer is something an actor wants to sell.
type offer struct {
	kind    wire.AssetKind
	content abi.Digest
	policy  *wire.Policy // nil: none
	price   uint64
	shares  []market.Share // nil: all to the seller
	about   description
}

// list puts o on sale, once however often it is called.
func (a *actor) list(ctx context.Context, o offer) (market.Asset, market.Tx, error) {
	l := market.Listing{Kind: o.kind, Content: o.content, Price: o.price}
	if o.policy != nil {
		b, err := wire.Marshal(*o.policy)
		if err != nil {
			return market.Asset{}, market.Tx{}, fmt.Errorf("policy: %w: %w", abi.Invalid, err)
		}
		if l.Policy, err = a.site.store.PutBytes(b); err != nil {
			return market.Asset{}, market.Tx{}, err
		}
	}
	about, err := json.Marshal(o.about)
	if err != nil {
		return market.Asset{}, market.Tx{}, fmt.Errorf("description: %w: %w", abi.Invalid, err)
	}
	page, err := a.site.store.PutBytes(about)
	if err != nil {
		return market.Asset{}, market.Tx{}, err
	}
	l.URI = uriScheme + page.String()
	if len(o.shares) > 0 {
		if l.Split, _, err = a.market.SetSplit(ctx, o.shares); err != nil {
			return market.Asset{}, market.Tx{}, err
		}
	}
	return a.market.List(ctx, l)
}

// publish puts a module on sale.
func (a *actor) publish(ctx context.Context, path string, price uint64, about description) (market.Asset, market.Tx, error) {
	wasm, err := os.ReadFile(path)
	if err != nil {
		return market.Asset{}, market.Tx{}, fmt.Errorf("%w: %w", abi.NotFound, err)
	}
	return a.publishBytes(ctx, wasm, price, about)
}

func (a *actor) publishBytes(ctx context.Context, wasm []byte, price uint64, about description) (market.Asset, market.Tx, error) {
	content, err := a.site.store.PutBytes(wasm)
	if err != nil {
		return market.Asset{}, market.Tx{}, err
	}
	about.Bytes = int64(len(wasm))
	return a.list(ctx, offer{kind: wire.App, content: content, price: price, about: about})
}

// An errand is a job before anybody signed it.
type errand struct {
	app, data, model abi.Digest
	receipts         []abi.Digest
	input            []byte
	params           map[string]string
	limits           wire.Limits
	seed             abi.Digest // of all randomness of the run; zero: a new one
	minScore         float64    // of a host that may have it; zero: any
}

// jobLife is how long a signed job may wait before somebody starts it.
const jobLife = 12 * time.Hour

// An order is a signed job, and who may answer it: the hosts it is sealed to.
type order struct {
	Job   wire.Job      `cbor:"1,keyasint"`
	Hosts []abi.Address `cbor:"2,keyasint"`
}

// sign makes e a job for the site's slot: sealed to the hosts in the roster, or
// those of its least score, and signed with the actor's key.
func (a *actor) sign(ctx context.Context, e errand) (o order, err error) {
	roster, err := a.site.roster(ctx)
	if err != nil {
		return o, err
	}
	hosts, err := worthy(roster, e.minScore, a.site.log)
	if err != nil {
		return o, err
	}
	body := wire.Body{Input: e.input, Params: e.params, Seed: e.seed, Reply: a.id.Public()}
	if body.Seed.IsZero() {
		body.Seed = random()
	}
	sealed, keys, err := vault.SealBody(body, hosts)
	if err != nil {
		return o, err
	}
	for _, h := range hosts {
		o.Hosts = append(o.Hosts, h.Address)
	}
	o.Job = wire.Job{
		Request: wire.Request{
			ID: random(), App: e.app, Data: e.data, Model: e.model, Slot: roster.Slot, Body: abi.Sum(sealed),
			Receipts: e.receipts, Deadline: uint64(time.Now().Add(jobLife).Unix()), Limits: e.limits,
		},
		Body: sealed, Keys: keys, MinScore: e.minScore,
	}
	o.Job.Signature, err = market.SignRequest(a.market.Domain(), o.Job.Request, a.key)
	return o, err
}

// signOnce is sign, remembered: the job is on disk under name before anybody
// sees it, so that a second call after a crash sends the same bytes.
func (a *actor) signOnce(ctx context.Context, name string, e errand) (o order, err error) {
	path := a.site.state.path("story", "jobs", name)
	b, err := os.ReadFile(path)
	if err == nil {
		if err := wire.Unmarshal(b, &o); err != nil {
			return o, fmt.Errorf("%s: %w", path, err)
		}
		return o, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return o, fmt.Errorf("%w: %w", abi.Unavailable, err)
	}
	if o, err = a.sign(ctx, e); err != nil {
		return o, err
	}
	if b, err = wire.Marshal(o); err != nil {
		return o, fmt.Errorf("job: %w: %w", abi.Internal, err)
	}
	return o, writeFile(path, b)
}

// An answer is a result, opened.
type answer struct {
	output  []byte
	result  wire.Result
	receipt wire.Receipt
}

// wait returns what became of o, opened with the actor's identity, after
// checking that a host it was sealed to signed its receipt and that the receipt
// lists exactly what arrived.
func (a *actor) wait(ctx context.Context, o order) (answer, error) {
	return a.follow(ctx, o, func(fleet.Status) {})
}

// follow is wait, and calls f with every change on the way.
func (a *actor) follow(ctx context.Context, o order, f func(fleet.Status)) (answer, error) {
	id := o.Job.Request.ID
	res, err := a.site.bus.Follow(ctx, id, f)
	if err != nil {
		return answer{}, err
	}
	receipt, err := res.Receipt.Verify(market.Recover)
	if err != nil {
		return answer{}, err
	}
	if err := o.matches(receipt, res); err != nil {
		return answer{}, err
	}
	out, err := vault.OpenOutput(a.id, id, res)
	if err != nil {
		return answer{}, err
	}
	for _, m := range res.Models {
		key, err := vault.OpenTrained(a.id, id, m)
		if err != nil {
			return answer{}, err
		}
		if err := a.keys.Put(m.Content, key); err != nil {
			return answer{}, err
		}
	}
	return answer{out, res, receipt}, nil
}

// matches holds a receipt against the job that was sent and the result it came
// with. Anybody can sign a receipt and seal an output: only the hosts that the
// slot's owner named are believed, and only in what they signed.
func (o order) matches(r wire.Receipt, res wire.Result) error {
	q := o.Job.Request
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("the receipt of job %v "+format+": %w", append(append([]any{q.ID.Short()}, args...), abi.Denied)...)
	}
	if r.Job != q.ID || r.App != q.App || r.Data != q.Data || r.Model != q.Model || r.Slot != q.Slot || r.Body != q.Body {
		return refuse("is for another job, %v", r.Job.Short())
	}
	if !slices.Contains(o.Hosts, r.Host) {
		return refuse("is of host %v, which the job was not sealed to", r.Host)
	}
	arrived := []wire.Release{{Kind: "output", Digest: abi.Sum(res.Output)}}
	for _, m := range res.Metrics {
		b, err := wire.Marshal(m)
		if err != nil {
			return fmt.Errorf("metric %q: %w: %w", m.Name, abi.Invalid, err)
		}
		arrived = append(arrived, wire.Release{Kind: "metric", Name: m.Name, Digest: abi.Sum(b)})
	}
	for _, m := range res.Models {
		arrived = append(arrived, wire.Release{Kind: "model", Name: m.Name, Digest: m.Content})
	}
	if len(r.Releases) != len(arrived) {
		return refuse("lists %d releases, %d arrived", len(r.Releases), len(arrived))
	}
	for i, got := range arrived {
		if said := r.Releases[i]; said.Kind != got.Kind || said.Name != got.Name || said.Digest != got.Digest {
			return refuse("lists %s %q as %v, what arrived is %s %q, %v", said.Kind, said.Name, said.Digest.Short(), got.Kind, got.Name, got.Digest.Short())
		}
	}
	return nil
}

// random returns 32 random bytes.
func random() (d abi.Digest) {
	rand.Read(d[:]) // never fails: crypto/rand ends the process first
	return d
}
