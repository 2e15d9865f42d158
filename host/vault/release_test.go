package vault_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/vault"
)

// A sale is a key request that is granted; each test spoils one thing.
type sale struct {
	req   wire.KeyRequest
	facts vault.Facts
}

// sign is a signature with real behaviour and no curve: a keyed hash and who
// made it.
func sign(who abi.Address, key []byte) []byte {
	d := wire.HostKeyDigest(key)
	mac := abi.Sum(append(who[:], d[:]...))
	return append(mac[:], who[:]...)
}

func signer(d abi.Digest, sig []byte) (abi.Address, error) {
	if len(sig) != 52 {
		return abi.Address{}, abi.Denied
	}
	who := abi.Address(sig[32:])
	if mac := abi.Sum(append(who[:], d[:]...)); string(mac[:]) != string(sig[:32]) {
		return abi.Address{}, abi.Denied
	}
	return who, nil
}

func sold(t *testing.T, host *vault.Identity) sale {
	t.Helper()
	id := func(s string) abi.Digest { return abi.Sum([]byte(s)) }
	buyer, owner, machine := abi.Address{1}, abi.Address{2}, abi.Address{3}
	now := time.Unix(1_800_000_000, 0)
	policy := wire.Policy{Kind: wire.Reviewed, Apps: []abi.Digest{id("app")}, Hosts: []abi.Address{machine}}
	sum, err := policy.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return sale{
		wire.KeyRequest{
			Job: wire.Request{
				ID: id("job"), App: id("app"), Data: id("data"), Slot: id("slot"),
				Receipts: []abi.Digest{id("slot receipt"), id("receipt")}, Deadline: uint64(now.Unix()) + 60,
			},
			Content: id("data"), Receipt: id("receipt"), Host: machine, Proof: sign(machine, host.Public()),
		},
		vault.Facts{
			Now: now, Signer: buyer, Policy: policy, RosterBy: owner, SlotOwner: owner, Key: vault.Key{1, 2, 3}, Recover: signer,
			Purchase: wire.Purchase{
				ID: id("receipt"), Buyer: buyer, Kind: wire.Dataset, Content: id("data"), Policy: sum,
				Units: 1, Expiry: uint64(now.Unix()) + 3600,
			},
			Roster: wire.Roster{
				Slot: id("slot"), Expires: uint64(now.Unix()) + 100,
				Hosts: []wire.Host{{Address: abi.Address{9}}, {Address: machine, Key: host.Public()}},
			},
		},
	}
}

func TestAKeyIsReleasedToTheHostOfAPaidJob(t *testing.T) {
	host := identity(t)
	s := sold(t, host)
	sealed, err := vault.Release(s.req, s.facts)
	if err != nil {
		t.Fatal(err)
	}
	info := vault.KeyInfo(s.req.Content, s.req.Job.ID, s.req.Receipt, s.req.Host)
	if key, err := host.OpenKey(sealed, info); err != nil || key != s.facts.Key {
		t.Errorf("OpenKey = %v", err)
	}
}

func TestKeysAreNotReleased(t *testing.T) {
	past := uint64(1_800_000_000 - 5)
	for _, tt := range []struct {
		name  string
		spoil func(*sale)
		kind  abi.Kind
		text  string
	}{
		{"for no content", func(s *sale) { s.req.Content = abi.Digest{} }, abi.Invalid, "names no content"},
		{"for content the job does not use", func(s *sale) { s.req.Content = abi.Sum([]byte("else")) }, abi.Invalid, "neither a dataset nor a model"},
		{"without a receipt", func(s *sale) { s.facts.Purchase = wire.Purchase{} }, abi.Denied, "is not one the job names"},
		{"for a receipt the job does not name", func(s *sale) { s.req.Job.Receipts = s.req.Job.Receipts[:1] }, abi.Denied, "is not one the job names"},
		{"for a receipt of other content", func(s *sale) { s.facts.Purchase.Content = abi.Digest{} }, abi.Denied, "is for dataset"},
		{"for a receipt of another kind", func(s *sale) { s.facts.Purchase.Kind = wire.App }, abi.Denied, "is for app"},
		{"for a refunded receipt", func(s *sale) { s.facts.Purchase.Refunded = true }, abi.Denied, "was refunded"},
		{"for an expired receipt", func(s *sale) { s.facts.Purchase.Expiry = past }, abi.Denied, "expired 5s ago"},
		{"for no units", func(s *sale) { s.facts.Purchase.Units = 0 }, abi.Denied, "no units"},
		{"for a job another key signed", func(s *sale) { s.facts.Signer = abi.Address{7} }, abi.Denied, "belongs to"},
		{"for a job nobody signed", func(s *sale) { s.facts.Signer = abi.Address{} }, abi.Denied, "belongs to"},
		{"for a delegation that ended", func(s *sale) {
			s.facts.Signer, s.facts.Purchase.Delegate, s.facts.Purchase.Until = abi.Address{7}, abi.Address{7}, past
		}, abi.Denied, "belongs to"},
		{"for a job past its deadline", func(s *sale) { s.req.Job.Deadline = past }, abi.Denied, "deadline"},
		{"under another policy than was sold", func(s *sale) { s.facts.Policy.MinRecords = 1 }, abi.Denied, "not the one the receipt was sold under"},
		{"for an app the policy does not list", func(s *sale) { s.req.Job.App = abi.Sum([]byte("evil")) }, abi.Denied, "does not list app"},
		{"for a policy nobody knows", func(s *sale) { s.facts.Policy.Kind = "dp" }, abi.Denied, "does not enforce"},
		{"for a host the policy does not list", func(s *sale) { s.facts.Policy.Hosts = []abi.Address{{9}} }, abi.Denied, "does not list host"},
		{"for a reviewed policy that lists no host", func(s *sale) {
			s.facts.Policy.Hosts = nil
			s.facts.Purchase.Policy, _ = s.facts.Policy.Digest()
		}, abi.Denied, "does not list host"},
		{"to a key that the host did not sign", func(s *sale) { s.req.Proof = nil }, abi.Denied, "did not sign the key"},
		{"to a key of the slot's owner under the name of a host", func(s *sale) {
			s.facts.Roster.Hosts[1].Key = []byte("the owner's own")
			s.req.Proof = sign(s.facts.SlotOwner, s.facts.Roster.Hosts[1].Key)
		}, abi.Denied, "did not sign the key"},
		{"to a host outside the roster", func(s *sale) { s.req.Host = abi.Address{8} }, abi.Denied, "not in the roster"},
		{"to nobody", func(s *sale) { s.req.Host = abi.Address{}; s.facts.Roster.Hosts[0].Address = abi.Address{} }, abi.Denied, "not in the roster"},
		{"for a roster of another slot", func(s *sale) { s.facts.Roster.Slot = abi.Digest{1} }, abi.Denied, "the roster is of slot"},
		{"for a roster somebody else signed", func(s *sale) { s.facts.RosterBy = abi.Address{9} }, abi.Denied, "signed the roster"},
		{"for a roster of nobody's slot", func(s *sale) { s.facts.RosterBy, s.facts.SlotOwner = abi.Address{}, abi.Address{} }, abi.Denied, "signed the roster"},
		{"for an expired roster", func(s *sale) { s.facts.Roster.Expires = past }, abi.Denied, "the roster expired"},
		{"that are not here", func(s *sale) { s.facts.Key = vault.Key{} }, abi.NotFound, "is not here"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := sold(t, identity(t))
			tt.spoil(&s)
			k, err := vault.Release(s.req, s.facts)
			if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("Release = %v; want %v and %q", err, tt.kind, tt.text)
			}
			if k.Ciphertext != nil {
				t.Error("a refusal came with a key")
			}
		})
	}
}

func TestASessionKeyActsForTheBuyer(t *testing.T) {
	s := sold(t, identity(t))
	s.facts.Signer = abi.Address{7}
	s.facts.Purchase.Delegate, s.facts.Purchase.Until = abi.Address{7}, uint64(s.facts.Now.Unix())
	if _, err := vault.Release(s.req, s.facts); err != nil {
		t.Error(err)
	}
}
