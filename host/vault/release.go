package vault

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// Facts is what was found out about a key request before deciding on it, all
// of it from where the sender has no say: the chain, and signatures.
type Facts struct {
	Now       time.Time
	Signer    abi.Address   // who signed the job
	Purchase  wire.Purchase // the receipt the request names, as the chain's durable state says
	Policy    wire.Policy   // the one Purchase.Policy is the digest of
	Roster    wire.Roster   // as the request carries it
	RosterBy  abi.Address   // who signed the roster
	SlotOwner abi.Address   // who owns the job's slot
	Recover   wire.Recover  // who signed what
	Key       Key           // file key of the content
}

// Release is the seller's decision on a key request: the file key, sealed to
// the host for this one job, or everything that is wrong with the request. It
// is a pure function but for the randomness of sealing. Errors: Invalid for a
// malformed request, else Denied.
func Release(q wire.KeyRequest, f Facts) (wire.SealedKey, error) {
	r, now := q.Job, uint64(f.Now.Unix())
	var errs []error
	deny := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("vault: key of %v: "+format+": %w", append(append([]any{q.Content.Short()}, args...), abi.Denied)...))
	}
	var kind wire.AssetKind
	switch q.Content {
	case abi.Digest{}:
		return wire.SealedKey{}, fmt.Errorf("vault: key request names no content: %w", abi.Invalid)
	case r.Data:
		kind = wire.Dataset
	case r.Model:
		kind = wire.Model
	default:
		return wire.SealedKey{}, fmt.Errorf("vault: key of %v: job %v uses neither a dataset nor a model of that name: %w", q.Content.Short(), r.ID.Short(), abi.Invalid)
	}
	if r.Deadline < now {
		deny("the deadline of job %v passed %v ago", r.ID.Short(), ago(now, r.Deadline))
	}
	errs = append(errs, paid(q, f, kind, now))
	if got, err := f.Policy.Digest(); err != nil || got != f.Purchase.Policy {
		deny("the policy at hand is not the one the receipt was sold under")
	}
	switch f.Policy.Kind {
	case wire.Open:
	case wire.Reviewed:
		if !slices.Contains(f.Policy.Apps, r.App) {
			deny("its policy does not list app %v", r.App.Short())
		}
	default:
		deny("its policy is of kind %q, which this service does not enforce", f.Policy.Kind)
	}
	// Anybody may list a slot and sign its roster, so a roster says who asks, and
	// only the policy says who is trusted with the plaintext.
	if (f.Policy.Kind != wire.Open || len(f.Policy.Hosts) > 0) && !slices.Contains(f.Policy.Hosts, q.Host) {
		deny("its policy does not list host %v", q.Host)
	}
	host, err := rostered(q, f, now)
	if err := errors.Join(append(errs, err)...); err != nil {
		return wire.SealedKey{}, err
	}
	if f.Key.IsZero() {
		return wire.SealedKey{}, fmt.Errorf("vault: key of %v is not here: %w", q.Content.Short(), abi.NotFound)
	}
	return SealKey(host.Key, f.Key, KeyInfo(q.Content, r.ID, q.Receipt, q.Host))
}

// paid checks that the receipt pays for the content and is the signer's.
func paid(q wire.KeyRequest, f Facts, kind wire.AssetKind, now uint64) error {
	p := f.Purchase
	deny := func(format string, args ...any) error {
		return fmt.Errorf("vault: key of %v: receipt %v "+format+": %w", append(append([]any{q.Content.Short(), q.Receipt.Short()}, args...), abi.Denied)...)
	}
	delegated := !p.Delegate.IsZero() && p.Delegate == f.Signer && p.Until >= now
	switch {
	case p.ID.IsZero() || p.ID != q.Receipt || !slices.Contains(q.Job.Receipts, q.Receipt):
		return deny("is not one the job names and the chain has")
	case p.Kind != kind || p.Content != q.Content:
		return deny("is for %v %v", p.Kind, p.Content.Short())
	case p.Refunded:
		return deny("was refunded")
	case p.Expiry < now:
		return deny("expired %v ago", ago(now, p.Expiry))
	case p.Units == 0:
		return deny("paid for no units")
	case f.Signer.IsZero() || p.Buyer != f.Signer && !delegated:
		return deny("belongs to %v, %v signed the job", p.Buyer, f.Signer)
	}
	return nil
}

// rostered finds the host in the roster of the job's slot.
func rostered(q wire.KeyRequest, f Facts, now uint64) (wire.Host, error) {
	deny := func(format string, args ...any) (wire.Host, error) {
		return wire.Host{}, fmt.Errorf("vault: key of %v: "+format+": %w", append(append([]any{q.Content.Short()}, args...), abi.Denied)...)
	}
	switch {
	case f.Roster.Slot != q.Job.Slot || q.Job.Slot.IsZero():
		return deny("the roster is of slot %v, the job of %v", f.Roster.Slot.Short(), q.Job.Slot.Short())
	case f.SlotOwner.IsZero() || f.RosterBy != f.SlotOwner:
		return deny("%v signed the roster of slot %v, which %v owns", f.RosterBy, q.Job.Slot.Short(), f.SlotOwner)
	case f.Roster.Expires < now:
		return deny("the roster expired %v ago", ago(now, f.Roster.Expires))
	}
	for _, h := range f.Roster.Hosts {
		if h.Address != q.Host || q.Host.IsZero() {
			continue
		}
		// The roster is its signer's word. That the key is the host's, only the
		// host can say: anybody may sign a roster of a slot of his own.
		if who, err := f.Recover(wire.HostKeyDigest(h.Key), q.Proof); err != nil || who != q.Host {
			return deny("host %v did not sign the key that the roster of slot %v gives it", q.Host, q.Job.Slot.Short())
		}
		return h, nil
	}
	return deny("host %v is not in the roster of slot %v", q.Host, q.Job.Slot.Short())
}

func ago(now, then uint64) time.Duration { return time.Duration(now-then) * time.Second }
