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

// cardDigest is what a host signs to join: its card, for this one connection.
func cardDigest(card []byte, id string) abi.Digest {
	return abi.Sum(slices.Concat([]byte("cloister-host-v1|"+id+"|"), card))
}

// parseCard accepts the one encoding of a card that a host may have.
func parseCard(b []byte) (card wire.Host, err error) {
	if err := wire.Unmarshal(b, &card); err != nil {
		return card, fmt.Errorf("fleet: host card: %w", err)
	}
	if again, err := wire.Marshal(card); err != nil || !bytes.Equal(again, b) {
		return card, bad("host card is not canonical")
	}
	switch {
	case checkText(card.Name, 64) != nil || card.Name == "":
		return card, bad("host name of %d bytes, want 1 to 64 of UTF-8", len(card.Name))
	case checkText(card.Engine, 64) != nil:
		return card, bad("engine name of %d bytes", len(card.Engine))
	case len(card.Key) == 0 || len(card.Key) > 4<<10:
		return card, bad("host %q has a key of %d bytes", card.Name, len(card.Key))
	}
	return card, nil
}

// Score returns what a card claims, or a score of no points when it claims
// nothing. Errors: those of [wire.SignedScore.Verify], and Denied for a score
// of another engine than the card's.
func Score(card wire.Host, now time.Time, recover wire.Recover) (wire.Score, error) {
	if card.Score == nil {
		return wire.Score{}, nil
	}
	s, err := card.Score.Verify(card.Address, now, recover)
	if err == nil && s.Engine != card.Engine {
		err = fmt.Errorf("score: engine %q, the host's is %q: %w", s.Engine, card.Engine, abi.Denied)
	}
	if err != nil {
		return wire.Score{}, fmt.Errorf("fleet: host %q: %w", card.Name, err)
	}
	return s, nil
}

// join takes a host's card, after checking that its address signed it, and the
// score in it.
func (b *Broker) join(ctx context.Context, who string, q joinRequest) error {
	card, err := parseCard(q.Card)
	if err != nil {
		return err
	}
	signer, err := b.cfg.Recover(cardDigest(q.Card, who), q.Signature)
	if err != nil {
		return fmt.Errorf("fleet: host %q: %w", card.Name, err)
	}
	if signer != card.Address || signer.IsZero() {
		return fmt.Errorf("fleet: host %q has address %v, %v signed its card: %w", card.Name, card.Address, signer, abi.Denied)
	}
	score, err := Score(card, time.Now(), b.cfg.Recover)
	if err != nil {
		return err
	}
	return b.do(ctx, func(d *desk) error {
		if err := d.join(who, card, q.Session); err != nil {
			return err
		}
		d.paces.claim(card.Address, score.Points)
		return nil
	})
}

// join files a host. One that began anew, or comes back over another
// connection, has lost the jobs it had.
func (d *desk) join(who string, card wire.Host, session abi.Digest) error {
	var gone []string
	for id, h := range d.hosts {
		if id == who && h.session != session || id != who && h.card.Address == card.Address {
			gone = append(gone, id)
		}
	}
	if _, ok := d.hosts[who]; !ok && len(d.hosts)-len(gone) >= maxHosts {
		for id, h := range d.hosts {
			if d.now.Sub(h.seen) > presentFor {
				gone = append(gone, id)
			}
		}
		if len(d.hosts)-len(gone) >= maxHosts {
			return fmt.Errorf("fleet: %d hosts have joined already: %w", maxHosts, abi.Exhausted)
		}
	}
	for _, id := range gone {
		if err := d.lose(id); err != nil {
			return err
		}
	}
	d.hosts[who] = &host{card, abi.Sum(card.Key), session, d.now}
	return d.put(bucketHosts, []byte(who), hostRow{card, session})
}

// lose forgets a host and queues the jobs it had.
func (d *desk) lose(id string) error {
	for job := range d.until {
		r := d.live[job]
		if r.HostID != id {
			continue
		}
		if err := d.requeue(r, false, fmt.Sprintf("host %q began anew: unavailable", r.Status.Host)); err != nil {
			return err
		}
	}
	d.dismiss(id)
	d.paces.claim(d.hosts[id].card.Address, 0)
	delete(d.hosts, id)
	return d.remove(bucketHosts, []byte(id))
}

// present returns the hosts that were heard of lately, in order of address.
func (d *desk) present() []wire.Host {
	var hosts []wire.Host
	for _, h := range d.hosts {
		if d.now.Sub(h.seen) <= presentFor {
			hosts = append(hosts, h.card)
		}
	}
	slices.SortFunc(hosts, func(a, b wire.Host) int { return cmp.Compare(a.Address.String(), b.Address.String()) })
	return hosts
}
