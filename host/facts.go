package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/gate"
)

// facts finds out what the gate decides on. What is not there is left out: that
// is for the gate to judge.
func (n *Node) facts(ctx context.Context, job wire.Job) (gate.Facts, error) {
	if got := abi.Sum(job.Body); got != job.Request.Body {
		return gate.Facts{}, fmt.Errorf("host: body is %v, the request signed %v: %w", got.Short(), job.Request.Body.Short(), abi.Denied)
	}
	who, err := n.cfg.Signer(job)
	if err != nil {
		return gate.Facts{}, fmt.Errorf("host: signature of job %v: %w", job.Request.ID.Short(), err)
	}
	f, err := Facts(ctx, n.cfg.Purchases, n.cfg.Store, job.Request)
	f.Now, f.Host, f.Signer = time.Now(), n.cfg.Address, who
	return f, err
}

// Facts reads the purchases that r names and the policies they were made
// under. Now, Host and Signer are the caller's to fill in.
func Facts(ctx context.Context, purchases Purchases, blobs Blobs, r wire.Request) (gate.Facts, error) {
	f := gate.Facts{Purchases: map[abi.Digest]wire.Purchase{}}
	for _, id := range r.Receipts[:min(len(r.Receipts), gate.MaxReceipts)] {
		p, err := purchases.Purchase(ctx, id)
		if errors.Is(err, abi.NotFound) {
			continue
		}
		if err != nil {
			return gate.Facts{}, fmt.Errorf("host: receipt %v: %w", id.Short(), err)
		}
		f.Purchases[id] = p
		var into *wire.Policy
		switch {
		case p.Kind == wire.Dataset && p.Content == r.Data:
			into = &f.Data
		case p.Kind == wire.Model && p.Content == r.Model:
			into = &f.Model
		default:
			continue
		}
		if *into, err = Policy(ctx, blobs, p.Policy); err != nil {
			return gate.Facts{}, fmt.Errorf("host: policy of %v %v: %w", p.Kind, p.Content.Short(), err)
		}
	}
	return f, nil
}

// Policy reads the policy whose digest stands on chain. Errors: Invalid for a
// blob that is not the one encoding of a policy, and those of Open.
func Policy(ctx context.Context, from Blobs, d abi.Digest) (wire.Policy, error) {
	b, err := read(ctx, from, d, maxPolicy)
	if err != nil {
		return wire.Policy{}, err
	}
	var p wire.Policy
	if err := wire.Unmarshal(b, &p); err != nil {
		return wire.Policy{}, err
	}
	if again, err := p.Digest(); err != nil || again != d {
		return wire.Policy{}, fmt.Errorf("host: policy %v is not canonical: %w", d.Short(), abi.Invalid)
	}
	return p, nil
}

// Anybody may list an asset and say that any blob is its module or its policy:
// these are the most bytes that are read to find out.
const (
	maxModule = 16 << 20
	maxPolicy = 1 << 20
)

// read returns the blob named d after checking every byte, or refuses one of
// more than most bytes before it reads any.
func read(ctx context.Context, from Blobs, d abi.Digest, most int64) ([]byte, error) {
	f, err := from.Open(ctx, d)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fmt.Errorf("host: blob %v: %w: %w", d.Short(), abi.Unavailable, err)
	}
	if int64(len(b)) > most {
		return nil, fmt.Errorf("host: blob %v has more than %d bytes: %w", d.Short(), most, abi.Invalid)
	}
	if got := abi.Sum(b); got != d {
		return nil, fmt.Errorf("host: blob %v is corrupt, its bytes are %v: %w", d.Short(), got.Short(), abi.Internal)
	}
	return b, nil
}
