package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// Roster signs the list of the hosts that are there, as serving slot, for ten
// minutes. Whether the signer owns the slot is for the reader to check. At most
// 64 hosts are listed, with scores only those that the broker believes and only when asked
// for, because who came before there were scores cannot read them. Errors: Unavailable
// when no host is there or the broker has no signer.
func (b *Broker) Roster(ctx context.Context, slot abi.Digest, scores bool) (wire.SignedRoster, error) {
	if b.cfg.Signer == nil {
		return wire.SignedRoster{}, fmt.Errorf("fleet: this broker signs no rosters: %w", abi.Unavailable)
	}
	var hosts []wire.Host
	err := b.do(ctx, func(d *desk) error {
		hosts = d.present()
		for i, h := range hosts {
			if !scores || d.paces.doubted(h.Address) {
				hosts[i].Score = nil
			}
		}
		return nil
	})
	if err != nil {
		return wire.SignedRoster{}, err
	}
	if len(hosts) == 0 {
		return wire.SignedRoster{}, fmt.Errorf("fleet: no host serves slot %v now: %w", slot.Short(), abi.Unavailable)
	}
	r := wire.Roster{Slot: slot, Hosts: hosts[:min(len(hosts), maxKeys)], Expires: uint64(time.Now().Add(rosterFor).Unix())}
	text, err := wire.Marshal(r)
	if err != nil {
		return wire.SignedRoster{}, fmt.Errorf("fleet: roster: %w: %w", abi.Internal, err)
	}
	sig, err := b.cfg.Signer.Sign(abi.Sum(text))
	if err != nil {
		return wire.SignedRoster{}, fmt.Errorf("fleet: roster: %w", err)
	}
	return wire.SignedRoster{Roster: text, Signature: sig}, nil
}

// OpenRoster checks a roster and returns it with who signed it, which the
// caller compares with the owner of the slot. Errors: Invalid for a malformed
// roster or another slot's, Denied for one that expired or nobody signed.
func OpenRoster(s wire.SignedRoster, slot abi.Digest, now time.Time, recover wire.Recover) (wire.Roster, abi.Address, error) {
	var r wire.Roster
	if err := wire.Unmarshal(s.Roster, &r); err != nil {
		return wire.Roster{}, abi.Address{}, fmt.Errorf("fleet: roster: %w", err)
	}
	if again, err := wire.Marshal(r); err != nil || string(again) != string(s.Roster) {
		return wire.Roster{}, abi.Address{}, bad("roster is not canonical")
	}
	if r.Slot != slot {
		return wire.Roster{}, abi.Address{}, bad("roster is of slot %v, wanted %v", r.Slot.Short(), slot.Short())
	}
	if r.Expires < uint64(now.Unix()) {
		return wire.Roster{}, abi.Address{}, fmt.Errorf("fleet: roster of slot %v expired at %v: %w", slot.Short(), time.Unix(int64(r.Expires), 0).UTC(), abi.Denied)
	}
	who, err := recover(abi.Sum(s.Roster), s.Signature)
	if err != nil {
		return wire.Roster{}, abi.Address{}, fmt.Errorf("fleet: roster of slot %v: %w", slot.Short(), err)
	}
	return r, who, nil
}
