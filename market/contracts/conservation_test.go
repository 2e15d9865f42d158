package contracts_test

import (
	"encoding/binary"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"
)

// A ledger is what the contracts' books must say, kept by a few lines that have
// nothing in common with them but the rules.
type ledger struct {
	*evm
	people   []party
	assets   []*goodsItem
	receipts []*saleItem
	owed     map[common.Address]uint64
	granted  uint64
	paused   bool
	refs     uint64
}

type goodsItem struct {
	id       *big.Int
	owner    party
	price    uint64
	delisted bool
	to       []common.Address // empty: the owner
	bps      []uint16
}

type saleItem struct {
	id       [32]byte
	buyer    party
	seller   common.Address
	paid     uint64
	state    uint8
	until    uint64 // end of the refund window
	due      uint64
	to       []common.Address
	bps      []uint16
	sessions map[common.Address]bool
}

func (l *ledger) ref() [32]byte {
	l.refs++
	return [32]byte(binary.BigEndian.AppendUint64(make([]byte, 24), l.refs))
}

// pay divides a settled purchase as Payroll must.
func (l *ledger) pay(s *saleItem) {
	s.state = settled
	if len(s.to) == 0 {
		l.owed[s.seller] += s.paid
		return
	}
	left := s.paid
	for i, to := range s.to {
		share := s.paid * uint64(s.bps[i]) / 10_000
		if i == len(s.to)-1 {
			share = left
		}
		left -= share
		if to == (common.Address{}) {
			to = s.seller
		}
		l.owed[to] += share
	}
}

// Whatever the parties do, in whatever order: no credit appears or disappears,
// escrow covers exactly what is held, Payroll covers exactly what it owes, and
// both say of each receipt and payee what the ledger says.
func TestNoCreditAppearsOrDisappears(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &ledger{evm: newEVM(t), people: []party{seller, buyer, stranger, partner}, owed: make(map[common.Address]uint64)}
		for _, p := range l.people {
			l.fund(t, p)
			l.granted += 1000 * 1e6
		}
		anyone := rapid.SampledFrom(l.people)
		asset := func(t *rapid.T) *goodsItem {
			if len(l.assets) == 0 {
				t.Skip("no assets yet")
			}
			return rapid.SampledFrom(l.assets).Draw(t, "asset")
		}
		receipt := func(t *rapid.T) *saleItem {
			if len(l.receipts) == 0 {
				t.Skip("no receipts yet")
			}
			return rapid.SampledFrom(l.receipts).Draw(t, "receipt")
		}
		t.Repeat(map[string]func(*rapid.T){
			"list": func(t *rapid.T) {
				g := &goodsItem{owner: anyone.Draw(t, "owner"), price: rapid.Uint64Range(0, 50_000).Draw(t, "price")}
				var key [32]byte
				if n := rapid.IntRange(0, 4).Draw(t, "payees"); n > 0 {
					left := 10_000
					for i := range n {
						bps := left
						if i < n-1 {
							bps = rapid.IntRange(1, left-(n-1-i)).Draw(t, "bps")
						}
						left -= bps
						to := anyone.Draw(t, "payee").Address
						if rapid.Bool().Draw(t, "owner's share") {
							to = common.Address{}
						}
						g.to, g.bps = append(g.to, to), append(g.bps, uint16(bps))
					}
					key = [32]byte(l.do(t, g.owner.Address, at.Payroll, payees.PackSetSplit(g.to, g.bps)))
				}
				ref := l.ref()
				out := l.do(t, g.owner.Address, at.Assets, goods.PackList(ref, 2, ref, [32]byte{}, new(big.Int).SetUint64(g.price), key, new(big.Int), ""))
				g.id = new(big.Int).SetBytes(out)
				l.assets = append(l.assets, g)
			},
			"reprice": func(t *rapid.T) {
				g := asset(t)
				g.price = rapid.Uint64Range(0, 50_000).Draw(t, "price")
				l.do(t, g.owner.Address, at.Assets, goods.PackSetPrice(g.id, new(big.Int).SetUint64(g.price)))
			},
			"delist": func(t *rapid.T) {
				g := asset(t)
				g.delisted = rapid.Bool().Draw(t, "delisted")
				l.do(t, g.owner.Address, at.Assets, goods.PackSetDelisted(g.id, g.delisted))
			},
			"sell the token": func(t *rapid.T) {
				g, to := asset(t), anyone.Draw(t, "to")
				l.do(t, g.owner.Address, at.Assets, goods.PackTransferFrom(g.owner.Address, to.Address, g.id))
				g.owner = to
			},
			"buy": func(t *rapid.T) { l.buy(t, anyone.Draw(t, "buyer"), asset) },
			"delegate": func(t *rapid.T) {
				s, key := receipt(t), anyone.Draw(t, "key").Address
				l.do(t, s.buyer.Address, at.Market, shop.PackDelegate([][32]byte{s.id}, key, 1))
				s.sessions[key] = true
			},
			"refund": func(t *rapid.T) {
				s := receipt(t)
				_, err := l.call(s.buyer.Address, at.Market, shop.PackRefund(s.id))
				if ok := s.state == held && l.time <= s.until; ok != (err == nil) {
					t.Fatalf("refund of a receipt in state %d, window open %v: %v", s.state, l.time <= s.until, err)
				}
				if err == nil {
					s.state, s.due = refunding, l.time+window
				}
			},
			"settle": func(t *rapid.T) {
				by := anyone.Draw(t, "by")
				batch := rapid.SliceOfN(rapid.Custom(receipt), 1, 5).Draw(t, "batch")
				ids := [][32]byte{{0xff}}
				for _, s := range batch {
					ids = append(ids, s.id)
					switch {
					case s.state == held && (l.time > s.until || by == s.buyer):
						l.pay(s)
					case s.state == refunding && l.time >= s.due:
						s.state = refunded
					}
				}
				l.do(t, by.Address, at.Market, shop.PackSettle(ids))
			},
			"settle a job": func(t *rapid.T) {
				signer := anyone.Draw(t, "signer")
				batch := rapid.SliceOfN(rapid.Custom(receipt), 1, 5).Draw(t, "batch")
				var ids [][32]byte
				for _, s := range batch {
					ids = append(ids, s.id)
					due := s.state == refunding && l.time >= s.due
					if (s.state == held || s.state == refunding && !due) && (signer == s.buyer || s.sessions[signer.Address]) {
						l.pay(s)
					}
				}
				job, sig := l.signJob(t, signer, ids...)
				l.do(t, anyone.Draw(t, "by").Address, at.Market, shop.PackSettleJob(job, sig))
			},
			"release": func(t *rapid.T) {
				to := anyone.Draw(t, "to")
				_, err := l.call(anyone.Draw(t, "by").Address, at.Payroll, payees.PackRelease(to.Address))
				if (l.owed[to.Address] > 0) != (err == nil) {
					t.Fatalf("release of %d: %v", l.owed[to.Address], err)
				}
				l.owed[to.Address] = 0
			},
			"give to the contracts": func(t *rapid.T) {
				who, to := anyone.Draw(t, "who"), rapid.SampledFrom([]common.Address{common.Address(at.Market), common.Address(at.Payroll)}).Draw(t, "to")
				l.do(t, who.Address, at.Credits, token.PackTransfer(to, big.NewInt(3)))
			},
			"pause": func(t *rapid.T) {
				l.paused = !l.paused
				data := shop.PackUnpause()
				if l.paused {
					data = shop.PackPause()
				}
				l.do(t, operator.Address, at.Market, data)
			},
			"wait": func(t *rapid.T) { l.time += rapid.Uint64Range(1, 2*window).Draw(t, "seconds") },
			"":     l.check,
		})
	})
}

func (l *ledger) buy(t *rapid.T, who party, asset func(*rapid.T) *goodsItem) {
	items := rapid.SliceOfN(rapid.Custom(asset), 1, 4).Draw(t, "items")
	ref, most := l.ref(), rapid.Uint64Range(0, 300_000).Draw(t, "most")
	var ids []*big.Int
	var units []uint64
	total, ok := uint64(0), !l.paused
	for _, g := range items {
		n := rapid.Uint64Range(1, 3).Draw(t, "units")
		ids, units = append(ids, g.id), append(units, n)
		total += g.price * n
		ok = ok && !g.delisted
	}
	ok = ok && total <= most && total <= l.balance(t, who.Address)
	out, err := l.call(who.Address, at.Market, shop.PackBuyBundle(ref, ids, units, day, new(big.Int).SetUint64(most)))
	if ok != (err == nil) {
		t.Fatalf("bundle for %d of %d: %v; want success %v", total, most, err, ok)
	}
	if err != nil {
		return
	}
	receipts, err := shop.UnpackBuyBundle(out)
	if err != nil {
		t.Fatalf("unpack: %v", err)
	}
	for i, g := range items {
		l.receipts = append(l.receipts, &saleItem{
			id: receipts[i], buyer: who, seller: g.owner.Address, paid: g.price * units[i], state: held, until: l.time + window,
			to: g.to, bps: g.bps, sessions: make(map[common.Address]bool),
		})
	}
}

func (l *ledger) check(t *rapid.T) {
	escrow, escrowOf := uint64(0), make(map[common.Address]uint64)
	for _, s := range l.receipts {
		r := l.receipt(t, s.id)
		if r.State != s.state || r.Paid.Uint64() != s.paid || r.Seller != s.seller {
			t.Fatalf("receipt %x = state %d, paid %v to %v; want %d, %d, %v", s.id[:4], r.State, r.Paid, r.Seller, s.state, s.paid, s.seller)
		}
		if s.state == held || s.state == refunding {
			escrow += s.paid
			escrowOf[s.buyer.Address] += s.paid
		}
	}
	if got := view(t, l.evm, at.Market, shop.PackTotalEscrow(), shop.UnpackTotalEscrow).Uint64(); got != escrow {
		t.Fatalf("totalEscrow = %d, want %d", got, escrow)
	}
	if got := l.balance(t, common.Address(at.Market)); got < escrow {
		t.Fatalf("Market has %d and holds %d for others", got, escrow)
	}
	owed := uint64(0)
	sum := l.balance(t, common.Address(at.Market)) + l.balance(t, common.Address(at.Payroll))
	for _, p := range l.people {
		owed += l.owed[p.Address]
		sum += l.balance(t, p.Address)
		if got := l.evm.owed(t, p.Address); got != l.owed[p.Address] {
			t.Fatalf("%v is owed %d, want %d", p.Address, got, l.owed[p.Address])
		}
		if got := view(t, l.evm, at.Market, shop.PackEscrowOf(p.Address), shop.UnpackEscrowOf).Uint64(); got != escrowOf[p.Address] {
			t.Fatalf("escrowOf %v = %d, want %d", p.Address, got, escrowOf[p.Address])
		}
	}
	if got := view(t, l.evm, at.Payroll, payees.PackTotalOwed(), payees.UnpackTotalOwed).Uint64(); got != owed {
		t.Fatalf("totalOwed = %d, want %d", got, owed)
	}
	if got := l.balance(t, common.Address(at.Payroll)); got < owed {
		t.Fatalf("Payroll has %d and owes %d", got, owed)
	}
	supply := view(t, l.evm, at.Credits, token.PackTotalSupply(), token.UnpackTotalSupply).Uint64()
	if sum != l.granted || supply != l.granted {
		t.Fatalf("balances add up to %d, supply is %d, want %d", sum, supply, l.granted)
	}
}
