package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host"
	"github.com/cloister-ai/cloister/host/fleet"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/store"
	"github.com/cloister-ai/cloister/host/vault"
	"github.com/cloister-ai/cloister/market"
)

// signer says who signed a job for this site's market.
func signer(d market.Domain) func(wire.Job) (abi.Address, error) {
	return func(job wire.Job) (abi.Address, error) { return market.RecoverRequest(d, job.Request, job.Signature) }
}

// localBlobs are the blobs of a store, and no others.
type localBlobs struct{ *store.Store }

func (l localBlobs) Open(_ context.Context, d abi.Digest) (*os.File, error) { return l.Store.Open(d) }

// admit is the broker's question: may job run at all, and what pays for it? The
// host asks again.
func (s *site) admit(ctx context.Context, job wire.Job) ([]wire.Purchase, error) {
	who, err := signer(s.market.Domain())(job)
	if err != nil {
		return nil, err
	}
	f, err := host.Facts(ctx, s.index, localBlobs{s.store}, job.Request)
	if err != nil {
		return nil, err
	}
	f.Now, f.Signer = time.Now(), who
	if _, err := gate.Admit(gate.Policy{Slot: s.slot}, f, job.Request); err != nil {
		return nil, err
	}
	var pays []wire.Purchase
	for _, need := range []struct {
		kind    wire.AssetKind
		content abi.Digest
	}{
		{wire.App, job.Request.App}, {wire.Dataset, job.Request.Data}, {wire.Model, job.Request.Model}, {wire.Slot, job.Request.Slot},
	} {
		if need.content.IsZero() {
			continue
		}
		id, err := gate.Pays(f, job.Request, need.kind, need.content)
		if err != nil {
			return nil, err
		}
		pays = append(pays, f.Purchases[id])
	}
	return pays, nil
}

// ownMachine is the slot that everybody owns: the machine at home. It stands on
// no chain and costs nothing.
func ownMachine(who abi.Address) abi.Digest {
	return abi.Sum(append([]byte("cloister own machine v1 "), who[:]...))
}

// A keyService answers, for every party of a state folder, who may have the key
// of a dataset or model of theirs.
type keyService struct{ site *site }

func (k *keyService) release(ctx context.Context, q wire.KeyRequest) (wire.SealedKey, error) {
	f, err := k.facts(ctx, q)
	if err != nil {
		return wire.SealedKey{}, err
	}
	defer f.Key.Wipe()
	sealed, err := vault.Release(q, f)
	if err != nil || f.Policy.Kind == wire.Open { // an open licence is not counted: its holder has the plaintext
		return sealed, err
	}
	// A broker counts the units of its slot; only the seller sees all slots.
	if err := k.site.uses.Take(q.Receipt, q.Job.ID, f.Purchase.Units); err != nil {
		return wire.SealedKey{}, err
	}
	return sealed, nil
}

// facts finds out what vault.Release decides on.
func (k *keyService) facts(ctx context.Context, q wire.KeyRequest) (f vault.Facts, err error) {
	f.Now, f.Recover = time.Now(), market.Recover
	if f.Signer, err = market.RecoverRequest(k.site.market.Domain(), q.Job, q.Signature); err != nil {
		return f, err
	}
	if f.Purchase, err = k.site.index.Purchase(ctx, q.Receipt); err != nil {
		return f, err
	}
	if f.Policy, err = host.Policy(ctx, localBlobs{k.site.store}, f.Purchase.Policy); err != nil {
		return f, fmt.Errorf("policy of %v: %w", q.Content.Short(), err)
	}
	if f.Roster, f.RosterBy, err = fleet.OpenRoster(q.Roster, q.Job.Slot, f.Now, market.Recover); err != nil {
		return f, err
	}
	if q.Job.Slot == ownMachine(f.Signer) {
		// At home nobody else watches: only a licence to hold the plaintext will do.
		if f.Policy.Kind != wire.Open {
			return f, fmt.Errorf("the policy of %v is %q: it may be used on a slot, not taken home: %w", q.Content.Short(), f.Policy.Kind, abi.Denied)
		}
		f.SlotOwner = f.Signer
	} else if f.SlotOwner, err = k.site.owners.of(ctx, q.Job.Slot); err != nil {
		return f, err
	}
	f.Key, err = k.key(f.Purchase)
	return f, err
}

// key takes the file key from the keyring of the party here that listed what
// was bought. Who else has the key has not offered it: a stranger may list
// content that is not his, under a policy of his own, and buy it from himself.
func (k *keyService) key(bought wire.Purchase) (vault.Key, error) {
	all, err := k.site.state.parties()
	if err != nil {
		return vault.Key{}, err
	}
	for _, p := range all {
		if market.ListingID(p.key.Address(), bought.Kind, bought.Content) == bought.Asset {
			return p.keys.Get(bought.Content)
		}
	}
	return vault.Key{}, fmt.Errorf("nobody here offers %v %v as asset %v: %w", bought.Kind, bought.Content.Short(), bought.Asset.Short(), abi.Denied)
}

// fetch gets the key of a model that the actor bought under an open licence, so
// that it runs on the actor's own machine from then on.
func (a *actor) fetch(ctx context.Context, model market.Asset, receipts []abi.Digest) error {
	if a.keys.Has(model.Content) {
		return nil
	}
	me := a.key.Address()
	home := wire.Roster{
		Slot: ownMachine(me), Expires: uint64(time.Now().Add(time.Minute).Unix()),
		Hosts: []wire.Host{{Name: "home", Address: me, Key: a.id.Public()}},
	}
	q := wire.KeyRequest{
		Job: wire.Request{
			ID: random(), Model: model.Content, Slot: home.Slot, Receipts: receipts,
			Deadline: uint64(time.Now().Add(time.Minute).Unix()),
		},
		Content: model.Content, Host: me,
	}
	var err error
	if q.Receipt, err = a.receiptOf(ctx, model, receipts); err != nil {
		return err
	}
	if q.Signature, err = market.SignRequest(a.market.Domain(), q.Job, a.key); err != nil {
		return err
	}
	if q.Roster.Roster, err = wire.Marshal(home); err != nil {
		return err
	}
	if q.Roster.Signature, err = a.key.Sign(abi.Sum(q.Roster.Roster)); err != nil {
		return err
	}
	if q.Proof, err = a.key.Sign(wire.HostKeyDigest(a.id.Public())); err != nil {
		return err
	}
	sealed, err := a.site.askKey(ctx, q)
	if err != nil {
		return err
	}
	key, err := a.id.OpenKey(sealed, vault.KeyInfo(model.Content, q.Job.ID, q.Receipt, me))
	if err != nil {
		return err
	}
	defer key.Wipe()
	return a.keys.Put(model.Content, key)
}

// receiptOf finds the one of receipts that bought asset.
func (a *actor) receiptOf(ctx context.Context, asset market.Asset, receipts []abi.Digest) (abi.Digest, error) {
	for _, id := range receipts {
		r, err := a.market.Receipt(ctx, id)
		if err != nil {
			return abi.Digest{}, err
		}
		if r.Asset == asset.ID {
			return id, nil
		}
	}
	return abi.Digest{}, fmt.Errorf("no receipt of %s is for %v %v: %w", a.name, asset.Kind, asset.Content.Short(), abi.Denied)
}

// askKey asks the key service: in this process, or over the bus.
func (s *site) askKey(ctx context.Context, q wire.KeyRequest) (wire.SealedKey, error) {
	if s.broker != nil {
		return (&keyService{s}).release(ctx, q)
	}
	return s.conn.RequestKey(ctx, q)
}

// classifyInput joins photos into what the classify app takes.
func classifyInput(paths []string) ([]byte, error) {
	var files [][]byte
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", abi.NotFound, err)
		}
		files = append(files, b)
	}
	return abi.JoinFiles(files...), nil
}
