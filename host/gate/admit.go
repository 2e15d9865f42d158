// Package gate decides: what may run (Admit) and what may leave (Release).
// Decisions are pure functions of their arguments, so every refusal can be
// replayed from a log. The package does no I/O and reads no clock.
package gate

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// Policy is what a node's operator allows. The zero Policy serves no slot and
// so admits nothing.
type Policy struct {
	Slot abi.Digest   // the slot this node serves
	Apps []abi.Digest // modules that may run here; empty: any that a receipt pays for
	Max  wire.Limits  // upper bounds; a zero field means the default
}

// Facts is what was found out about a job before deciding on it. Everything in
// it was read from somewhere the job's sender does not control.
type Facts struct {
	Now       time.Time
	Host      abi.Address                  // this node; zero while it is open which host will run the job
	Signer    abi.Address                  // who signed the request
	Purchases map[abi.Digest]wire.Purchase // the request's receipts that exist, by id, as the chain's durable state says
	Data      wire.Policy                  // of the dataset asked for
	Model     wire.Policy                  // of the model asked for
}

// maxAhead bounds how far in the future a deadline may lie, so that a signed
// request does not stay good for ever.
const maxAhead = 24 * time.Hour

// Admit grants job its limits or says everything that is wrong with it. Each
// of app, dataset, model and slot must be paid for by a purchase that the
// signer made or was delegated, that has not expired and was not refunded.
// Errors: Invalid for a malformed request, else Denied.
func Admit(p Policy, f Facts, r wire.Request) (Grant, error) {
	if err := wellFormed(r); err != nil {
		return Grant{}, err
	}
	var errs []error
	deny := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("gate: "+format+": %w", append(args, abi.Denied)...))
	}
	now := uint64(f.Now.Unix())
	if r.Deadline < now {
		deny("job %v: its deadline passed %v ago", r.ID.Short(), time.Duration(now-r.Deadline)*time.Second)
	}
	if r.Deadline > now+uint64(maxAhead/time.Second) {
		deny("job %v: its deadline is more than %v ahead", r.ID.Short(), maxAhead)
	}
	if r.Slot != p.Slot || p.Slot.IsZero() {
		deny("job %v is for slot %v, this node serves %v", r.ID.Short(), r.Slot.Short(), p.Slot.Short())
	}
	if len(p.Apps) > 0 && !slices.Contains(p.Apps, r.App) {
		deny("app %v is not on this node's list", r.App.Short())
	}
	for _, need := range []struct {
		kind    wire.AssetKind
		content abi.Digest
	}{{wire.App, r.App}, {wire.Dataset, r.Data}, {wire.Model, r.Model}, {wire.Slot, r.Slot}} {
		if need.content.IsZero() {
			continue
		}
		if _, err := Pays(f, r, need.kind, need.content); err != nil {
			errs = append(errs, err)
			continue // its policy came with no purchase
		}
		switch need.kind {
		case wire.Dataset:
			errs = append(errs, allows(f.Data, need.kind, r.Data, r.App, f.Host))
		case wire.Model:
			errs = append(errs, allows(f.Model, need.kind, r.Model, r.App, f.Host))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return Grant{}, err
	}
	g := Grant{limits: bound(r.Limits, p.Max), data: f.Data, model: f.Model}
	if most := f.Data.OutputBytes; most < g.limits.Output && (most != 0 || f.Data.Kind == wire.Reviewed) {
		g.limits.Output = most
	}
	return g, nil
}

// Local grants a run on the owner's own machine, over the owner's own inputs:
// no receipt is asked for, every other rule holds. The model's policy is
// whatever the owner bought it under; limits are clamped to most.
func Local(asked, most wire.Limits, model wire.Policy) Grant {
	return Grant{limits: bound(asked, most), model: model}
}

// MaxReceipts bounds the purchases one request may name.
const MaxReceipts = 16

// wellFormed refuses requests that could not be right under any facts.
func wellFormed(r wire.Request) error {
	var errs []error
	for _, field := range []struct {
		name string
		d    abi.Digest
	}{{"id", r.ID}, {"app", r.App}, {"slot", r.Slot}, {"body", r.Body}} {
		if field.d.IsZero() {
			errs = append(errs, fmt.Errorf("gate: request has no %s: %w", field.name, abi.Invalid))
		}
	}
	if n := len(r.Receipts); n > MaxReceipts {
		errs = append(errs, fmt.Errorf("gate: request names %d receipts, at most %d: %w", n, MaxReceipts, abi.Invalid))
	}
	if r.Limits.Wall < 0 || r.Limits.Wall%time.Millisecond != 0 {
		errs = append(errs, fmt.Errorf("gate: wall limit %v is not whole milliseconds: %w", r.Limits.Wall, abi.Invalid))
	}
	return errors.Join(errs...)
}

// Pays returns the first of r's receipts that pays for content. When none does
// it says why for the nearest miss, so the sender knows what to buy or to sign
// with: Denied.
func Pays(f Facts, r wire.Request, kind wire.AssetKind, content abi.Digest) (abi.Digest, error) {
	now := uint64(f.Now.Unix())
	why := fmt.Errorf("gate: no receipt pays for %v %v: %w", kind, content.Short(), abi.Denied)
	for _, id := range r.Receipts {
		p, ok := f.Purchases[id]
		if !ok || p.Kind != kind || p.Content != content {
			continue
		}
		delegated := p.Delegate == f.Signer && !p.Delegate.IsZero() && p.Until >= now
		switch {
		case p.Refunded:
			why = fmt.Errorf("gate: receipt %v for %v %v was refunded: %w", id.Short(), kind, content.Short(), abi.Denied)
		case p.Buyer != f.Signer && !delegated:
			why = fmt.Errorf("gate: receipt %v for %v %v belongs to %v, %v signed the job: %w", id.Short(), kind, content.Short(), p.Buyer, f.Signer, abi.Denied)
		case p.Expiry < now:
			why = fmt.Errorf("gate: receipt %v for %v %v expired %v ago: %w", id.Short(), kind, content.Short(), time.Duration(now-p.Expiry)*time.Second, abi.Denied)
		case p.Units == 0:
			why = fmt.Errorf("gate: receipt %v for %v %v paid for no units: %w", id.Short(), kind, content.Short(), abi.Denied)
		default:
			return id, nil
		}
	}
	return abi.Digest{}, why
}

// allows asks an asset's policy about an app and a host.
func allows(p wire.Policy, kind wire.AssetKind, asset, app abi.Digest, host abi.Address) error {
	switch p.Kind {
	case wire.Open:
	case wire.Reviewed:
		if !slices.Contains(p.Apps, app) {
			return fmt.Errorf("gate: the policy of %v %v does not list app %v: %w", kind, asset.Short(), app.Short(), abi.Denied)
		}
	default:
		return fmt.Errorf("gate: the policy of %v %v is of kind %q, which this node does not enforce: %w", kind, asset.Short(), p.Kind, abi.Denied)
	}
	switch {
	case len(p.Hosts) == 0 && p.Kind != wire.Open:
		return fmt.Errorf("gate: the policy of %v %v lists no host, so none may hold it: %w", kind, asset.Short(), abi.Denied)
	case len(p.Hosts) > 0 && !host.IsZero() && !slices.Contains(p.Hosts, host):
		return fmt.Errorf("gate: the policy of %v %v does not list host %v: %w", kind, asset.Short(), host, abi.Denied)
	}
	return nil
}
