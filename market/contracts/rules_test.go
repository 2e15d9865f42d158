package contracts_test

import (
	"bytes"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/google/go-cmp/cmp"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market/bindings/market"
	"github.com/cloister-ai/cloister/market/bindings/payroll"
)

// The states of a receipt, as Market.sol numbers them.
const (
	none uint8 = iota
	held
	refunding
	refunded
	settled
)

// A scene is a market with one asset of seller's (price 5), one receipt of
// buyer's for it, and a fresh buyer's allowance.
type scene struct {
	*evm
	asset   *big.Int
	receipt [32]byte
}

func newScene(t failer) scene {
	t.Helper()
	e := newEVM(t)
	e.fund(t, buyer)
	asset := e.list(t, seller, 1, 5, [32]byte{})
	return scene{e, asset, e.buy(t, buyer, 1, asset)}
}

func TestContractsRefuseWhatTheyMust(t *testing.T) {
	big1 := big.NewInt(1)
	word := func(b byte) [32]byte { return [32]byte{b} }
	listing := func(ref, kind, content byte, price int64, split [32]byte, royalty int64, uri string) []byte {
		return goods.PackList(word(ref), kind, word(content), word(0), big.NewInt(price), split, big.NewInt(royalty), uri)
	}
	split := func(n int, bps uint16) []byte {
		to, share := make([]common.Address, n), make([]uint16, n)
		for i := range share {
			to[i], share[i] = partner.Address, bps
		}
		return payees.PackSetSplit(to, share)
	}
	buy := func(ref byte, ids []*big.Int, units []uint64, ttl uint64, most int64) []byte {
		return shop.PackBuyBundle(word(ref), ids, units, ttl, big.NewInt(most))
	}
	many := func(n int) [][32]byte { return make([][32]byte, n) }

	for _, c := range []struct {
		what string
		from party
		to   abi.Address
		data func(s scene) []byte
		want string
	}{
		{"listing under a used ref", seller, at.Assets, func(scene) []byte { return listing(1, 1, 9, 5, word(0), 0, "") }, "assets.AssetsAlreadyListed"},
		{"listing content that is listed", stranger, at.Assets, func(scene) []byte {
			return goods.PackList(word(2), 1, [32]byte{1, 1}, word(0), big1, word(0), new(big.Int), "")
		}, "assets.AssetsDuplicateContent"},
		{"listing kind 0", seller, at.Assets, func(scene) []byte { return listing(2, 0, 9, 5, word(0), 0, "") }, "assets.AssetsBadKind"},
		{"listing kind 5", seller, at.Assets, func(scene) []byte { return listing(2, 5, 9, 5, word(0), 0, "") }, "assets.AssetsBadKind"},
		{"listing nothing", seller, at.Assets, func(scene) []byte { return listing(2, 1, 0, 5, word(0), 0, "") }, "assets.AssetsNoContent"},
		{"a royalty over ten percent", seller, at.Assets, func(scene) []byte { return listing(2, 1, 9, 5, word(0), 1001, "") }, "assets.AssetsBadRoyalty"},
		{"a split nobody wrote down", seller, at.Assets, func(scene) []byte { return listing(2, 1, 9, 5, word(3), 0, "") }, "assets.AssetsBadSplit"},
		{"a URI without end", seller, at.Assets, func(scene) []byte { return listing(2, 1, 9, 5, word(0), 0, strings.Repeat("x", 2049)) }, "assets.AssetsBadUri"},
		{"reading the URI of nothing", seller, at.Assets, func(scene) []byte { return goods.PackTokenURI(big1) }, "assets.AssetsERC721NonexistentToken"},

		{"a split among nobody", seller, at.Payroll, func(scene) []byte { return split(0, 0) }, "payroll.PayrollBadSplit"},
		{"a split among seventeen", seller, at.Payroll, func(scene) []byte { return split(17, 588) }, "payroll.PayrollBadSplit"},
		{"a split of less than all", seller, at.Payroll, func(scene) []byte { return split(3, 3333) }, "payroll.PayrollBadSplit"},
		{"a split of more than all", seller, at.Payroll, func(scene) []byte { return split(2, 5001) }, "payroll.PayrollBadSplit"},
		{"a split with an empty share", seller, at.Payroll, func(scene) []byte {
			return payees.PackSetSplit([]common.Address{partner.Address, seller.Address}, []uint16{10000, 0})
		}, "payroll.PayrollBadSplit"},
		{"a split with a missing share", seller, at.Payroll, func(scene) []byte {
			return payees.PackSetSplit([]common.Address{partner.Address, seller.Address}, []uint16{10000})
		}, "payroll.PayrollBadSplit"},
		{"paying an unknown split", buyer, at.Payroll, func(scene) []byte { return payees.PackPay(word(3), seller.Address, big1) }, "payroll.PayrollUnknownSplit"},
		{"paying nobody", buyer, at.Payroll, func(scene) []byte { return payees.PackPay(word(0), common.Address{}, big1) }, "payroll.PayrollNoOwner"},
		{"paying without allowance", buyer, at.Payroll, func(scene) []byte { return payees.PackPay(word(0), seller.Address, big1) }, "credits.CreditsERC20InsufficientAllowance"},
		{"releasing nothing", buyer, at.Payroll, func(scene) []byte { return payees.PackRelease(stranger.Address) }, "payroll.PayrollNothingOwed"},

		{"buying under a used ref", buyer, at.Market, func(s scene) []byte { return bundle(1, s.asset) }, "market.MarketAlreadyBought"},
		{"buying nothing", buyer, at.Market, func(scene) []byte { return bundle(2) }, "market.MarketBadBundle"},
		{"buying nine", buyer, at.Market, func(s scene) []byte {
			return bundle(2, s.asset, s.asset, s.asset, s.asset, s.asset, s.asset, s.asset, s.asset, s.asset)
		}, "market.MarketBadBundle"},
		{"units for another number of assets", buyer, at.Market, func(s scene) []byte { return buy(2, []*big.Int{s.asset}, []uint64{1, 1}, day, 99) }, "market.MarketBadBundle"},
		{"buying no units", buyer, at.Market, func(s scene) []byte { return buy(2, []*big.Int{s.asset}, []uint64{0}, day, 99) }, "market.MarketNoUnits"},
		{"buying for no time", buyer, at.Market, func(s scene) []byte { return buy(2, []*big.Int{s.asset}, []uint64{1}, 0, 99) }, "market.MarketBadTtl"},
		{"buying for over a year", buyer, at.Market, func(s scene) []byte { return buy(2, []*big.Int{s.asset}, []uint64{1}, 366*day+1, 99) }, "market.MarketBadTtl"},
		{"buying what is not there", buyer, at.Market, func(scene) []byte { return bundle(2, big1) }, "market.MarketNotForSale"},
		{"buying what is off sale", buyer, at.Market, func(s scene) []byte {
			s.do(t, seller.Address, at.Assets, goods.PackSetDelisted(s.asset, true))
			return bundle(2, s.asset)
		}, "market.MarketNotForSale"},
		{"paying more than agreed", buyer, at.Market, func(s scene) []byte {
			s.do(t, seller.Address, at.Assets, goods.PackSetPrice(s.asset, big.NewInt(6)))
			return buy(2, []*big.Int{s.asset}, []uint64{1}, day, 5)
		}, "market.MarketPriceMoved"},
		{"paying more than agreed for the second item", buyer, at.Market, func(s scene) []byte {
			return buy(2, []*big.Int{s.asset, s.asset}, []uint64{1, 1}, day, 9)
		}, "market.MarketPriceMoved"},
		{"a price that overflows", buyer, at.Market, func(s scene) []byte {
			most := new(big.Int).Sub(new(big.Int).Lsh(big1, 96), big1)
			s.do(t, seller.Address, at.Assets, goods.PackSetPrice(s.asset, most))
			return shop.PackBuyBundle(word(2), []*big.Int{s.asset}, []uint64{1<<64 - 1}, day, most)
		}, "market.MarketPriceMoved"},
		{"buying with empty pockets", stranger, at.Market, func(s scene) []byte {
			s.do(t, stranger.Address, at.Credits, token.PackApprove(common.Address(at.Market), big.NewInt(99)))
			return bundle(2, s.asset)
		}, "credits.CreditsERC20InsufficientBalance"},
		{"buying without allowance", partner, at.Market, func(s scene) []byte { return bundle(2, s.asset) }, "credits.CreditsERC20InsufficientAllowance"},

		{"delegating an unknown receipt", buyer, at.Market, func(scene) []byte { return shop.PackDelegate([][32]byte{word(3)}, stranger.Address, 1) }, "market.MarketUnknownReceipt"},
		{"delegating none", buyer, at.Market, func(scene) []byte { return shop.PackDelegate(nil, stranger.Address, 1) }, "market.MarketBadBatch"},
		{"refunding an unknown receipt", buyer, at.Market, func(scene) []byte { return shop.PackRefund(word(3)) }, "market.MarketUnknownReceipt"},
		{"refunding twice", buyer, at.Market, func(s scene) []byte {
			s.do(t, buyer.Address, at.Market, shop.PackRefund(s.receipt))
			return shop.PackRefund(s.receipt)
		}, "market.MarketNotRefundable"},
		{"refunding what is settled", buyer, at.Market, func(s scene) []byte {
			s.do(t, buyer.Address, at.Market, shop.PackSettle([][32]byte{s.receipt}))
			return shop.PackRefund(s.receipt)
		}, "market.MarketNotRefundable"},
		{"refunding late", buyer, at.Market, func(s scene) []byte {
			s.time += window + 1
			return shop.PackRefund(s.receipt)
		}, "market.MarketRefundWindowClosed"},
		{"settling none", buyer, at.Market, func(scene) []byte { return shop.PackSettle(nil) }, "market.MarketBadBatch"},
		{"settling thirty-three", buyer, at.Market, func(scene) []byte { return shop.PackSettle(many(33)) }, "market.MarketBadBatch"},
		{"a job without receipts", buyer, at.Market, func(s scene) []byte {
			job, sig := s.signJob(t, buyer)
			return shop.PackSettleJob(job, sig)
		}, "market.MarketBadBatch"},
		{"a job with a short signature", buyer, at.Market, func(s scene) []byte {
			job, sig := s.signJob(t, buyer, s.receipt)
			return shop.PackSettleJob(job, sig[:64])
		}, "market.MarketBadSignature"},
		{"a job with a malleable signature", buyer, at.Market, func(s scene) []byte {
			job, sig := s.signJob(t, buyer, s.receipt)
			return shop.PackSettleJob(job, malleate(sig))
		}, "market.MarketBadSignature"},

		{"a second grant", operator, at.Faucet, func(scene) []byte { return tap.PackGrant(buyer.Address) }, "faucet.FaucetAlreadyGranted"},
		{"minting over the cap", operator, at.Credits, func(s scene) []byte {
			role := view(t, s.evm, at.Credits, token.PackMINTER(), token.UnpackMINTER)
			s.do(t, operator.Address, at.Credits, token.PackGrantRole(role, operator.Address))
			return token.PackMint(operator.Address, big.NewInt(9_000*1e6+1))
		}, "credits.CreditsERC20ExceededCap"},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := newScene(t)
			if c.from == partner { // who has credits and approved nothing
				s.do(t, operator.Address, at.Faucet, tap.PackGrant(partner.Address))
			}
			data := c.data(s)
			before := s.root()
			if _, err := s.call(c.from.Address, c.to, data); name(err) != c.want {
				t.Errorf("refusal = %v, want %s", err, c.want)
			}
			if s.root() != before {
				t.Error("a refused call changed something")
			}
		})
	}
}

// malleate returns the other signature of the same digest by the same key.
func malleate(sig []byte) []byte {
	other := bytes.Clone(sig)
	s := new(big.Int).SetBytes(sig[32:64])
	s.Sub(crypto.S256().Params().N, s).FillBytes(other[32:64])
	other[64] = 27 + 28 - sig[64]
	return other
}

func TestARefundedReceiptPaysTheBuyerBackAfterTheDelay(t *testing.T) {
	s := newScene(t)
	before := s.balance(t, buyer.Address)
	s.do(t, buyer.Address, at.Market, shop.PackRefund(s.receipt))
	s.settle(t, stranger, s.receipt, refunding) // too early: passed over
	s.time += window - 1
	s.settle(t, stranger, s.receipt, refunding)
	s.time++
	s.settle(t, stranger, s.receipt, refunded)
	s.settle(t, stranger, s.receipt, refunded) // again: passed over
	if got := s.balance(t, buyer.Address); got != before+5 {
		t.Errorf("buyer has %d, want %d", got, before+5)
	}
	if got := s.owed(t, seller.Address); got != 0 {
		t.Errorf("seller is owed %d of a refunded receipt", got)
	}
}

// settle settles a receipt and checks the state it is in then.
func (s scene) settle(t *testing.T, by party, id [32]byte, want uint8) {
	t.Helper()
	s.do(t, by.Address, at.Market, shop.PackSettle([][32]byte{id}))
	if got := s.stateOf(t, id); got != want {
		t.Errorf("after settle by %v at %d: state %d, want %d", by.Address, s.time, got, want)
	}
}

func (s scene) stateOf(t *testing.T, id [32]byte) uint8 { return s.evm.receipt(t, id).State }

func TestAProvenJobWinsOverARefundUntilItIsDue(t *testing.T) {
	for _, c := range []struct {
		what  string
		prove func(t *testing.T, s scene) (market.MarketJobRequest, []byte)
		wait  uint64
		want  uint8
	}{
		{"signed by the buyer, in time", func(t *testing.T, s scene) (market.MarketJobRequest, []byte) {
			return s.signJob(t, buyer, s.receipt)
		}, window - 1, settled},
		{"signed by the buyer, too late", func(t *testing.T, s scene) (market.MarketJobRequest, []byte) {
			return s.signJob(t, buyer, s.receipt)
		}, window, refunding},
		{"signed by a session key, revoked since", func(t *testing.T, s scene) (market.MarketJobRequest, []byte) {
			s.do(t, buyer.Address, at.Market, shop.PackDelegate([][32]byte{s.receipt}, partner.Address, s.time+1))
			s.do(t, buyer.Address, at.Market, shop.PackDelegate([][32]byte{s.receipt}, common.Address{}, 0))
			return s.signJob(t, partner, s.receipt)
		}, 0, settled},
		{"signed by somebody else", func(t *testing.T, s scene) (market.MarketJobRequest, []byte) {
			return s.signJob(t, stranger, s.receipt)
		}, 0, refunding},
		{"signed for another receipt", func(t *testing.T, s scene) (market.MarketJobRequest, []byte) {
			job, sig := s.signJob(t, buyer, [32]byte{8})
			job.Receipts = [][32]byte{s.receipt}
			return job, sig
		}, 0, refunding},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := newScene(t)
			job, sig := c.prove(t, s)
			s.do(t, buyer.Address, at.Market, shop.PackRefund(s.receipt))
			s.time += c.wait
			s.do(t, stranger.Address, at.Market, shop.PackSettleJob(job, sig))
			if got := s.stateOf(t, s.receipt); got != c.want {
				t.Errorf("state %d, want %d", got, c.want)
			}
			want := uint64(0)
			if c.want == settled {
				want = 5
			}
			if got := s.owed(t, seller.Address); got != want {
				t.Errorf("seller is owed %d, want %d", got, want)
			}
		})
	}
}

func TestSettlementComesByTheWindowOrTheBuyer(t *testing.T) {
	s := newScene(t)
	s.settle(t, seller, s.receipt, held) // a seller cannot take an unused purchase early
	s.time += window
	s.settle(t, seller, s.receipt, held)
	s.time++
	s.settle(t, stranger, s.receipt, settled) // but anybody settles after the window

	early := s.buy(t, buyer, 2, s.asset)
	s.settle(t, buyer, early, settled) // the buyer waives it
	if got := s.owed(t, seller.Address); got != 10 {
		t.Errorf("seller is owed %d, want 10", got)
	}
}

func TestABadEntryNeverBlocksABatch(t *testing.T) {
	s := newScene(t)
	done, again := s.buy(t, buyer, 2, s.asset), s.buy(t, buyer, 3, s.asset)
	s.settle(t, buyer, done, settled)
	mine := s.buy(t, buyer, 4, s.asset)
	s.fund(t, stranger)
	theirs := s.buy(t, stranger, 1, s.asset)
	s.do(t, stranger.Address, at.Market, shop.PackRefund(theirs))
	s.do(t, buyer.Address, at.Market, shop.PackSettle([][32]byte{{9}, done, theirs, s.receipt, s.receipt, again}))
	for id, want := range map[[32]byte]uint8{{9}: none, done: settled, theirs: refunding, s.receipt: settled, again: settled, mine: held} {
		if got := s.stateOf(t, id); got != want {
			t.Errorf("receipt %x is in state %d, want %d", id[:4], got, want)
		}
	}
	job, sig := s.signJob(t, buyer, [32]byte{9}, done, theirs, mine)
	s.do(t, stranger.Address, at.Market, shop.PackSettleJob(job, sig))
	if a, b := s.stateOf(t, theirs), s.stateOf(t, mine); a != refunding || b != settled {
		t.Errorf("a job of the buyer's left states %d and %d, want %d and %d", a, b, refunding, settled)
	}
	if got := s.owed(t, seller.Address); got != 20 {
		t.Errorf("seller is owed %d, want 20", got)
	}
}

func TestAPauseStopsEntryAndNeverExit(t *testing.T) {
	s := newScene(t)
	back, used := s.buy(t, buyer, 2, s.asset), s.buy(t, buyer, 3, s.asset)
	job, sig := s.signJob(t, buyer, used)
	s.do(t, operator.Address, at.Market, shop.PackPause())

	if _, err := s.call(buyer.Address, at.Market, bundle(4, s.asset)); name(err) != "market.MarketEnforcedPause" {
		t.Errorf("buyBundle while paused = %v", err)
	}
	permit := shop.PackBuyBundleWithPermit([32]byte{4}, []*big.Int{s.asset}, []uint64{1}, day, big.NewInt(5), market.MarketPermit{Deadline: new(big.Int)})
	if _, err := s.call(buyer.Address, at.Market, permit); name(err) != "market.MarketEnforcedPause" {
		t.Errorf("buyBundleWithPermit while paused = %v", err)
	}
	s.do(t, buyer.Address, at.Market, shop.PackDelegate([][32]byte{back}, partner.Address, 1))
	s.do(t, buyer.Address, at.Market, shop.PackRefund(back))
	s.do(t, stranger.Address, at.Market, shop.PackSettleJob(job, sig))
	s.time += window + 1
	s.settle(t, stranger, back, refunded)
	s.settle(t, stranger, s.receipt, settled)
	s.do(t, stranger.Address, at.Payroll, payees.PackRelease(seller.Address))
	if got := s.balance(t, seller.Address); got != 10 {
		t.Errorf("seller got %d out of a paused market, want 10", got)
	}
	s.do(t, operator.Address, at.Market, shop.PackUnpause())
	s.buy(t, buyer, 4, s.asset)
}

func TestTheOwnersShareFollowsTheTokenAndTheOthersStay(t *testing.T) {
	s := newScene(t)
	s.do(t, seller.Address, at.Payroll, payees.PackSetSplit([]common.Address{{}, partner.Address}, []uint16{6000, 4000}))
	key := splitKey([]common.Address{{}, partner.Address}, []uint16{6000, 4000})
	asset := s.list(t, seller, 2, 10, key)
	before := s.buy(t, buyer, 2, asset)
	s.do(t, seller.Address, at.Assets, goods.PackTransferFrom(seller.Address, stranger.Address, asset))
	after := s.buy(t, buyer, 3, asset)
	s.do(t, buyer.Address, at.Market, shop.PackSettle([][32]byte{before, after}))
	for who, want := range map[party]uint64{seller: 6, stranger: 6, partner: 8} {
		if got := s.owed(t, who.Address); got != want {
			t.Errorf("%v is owed %d, want %d", who.Address, got, want)
		}
	}
	if _, err := s.call(seller.Address, at.Assets, goods.PackSetPrice(asset, new(big.Int))); name(err) != "assets.AssetsNotOwner" {
		t.Errorf("the owner before still sets the price: %v", err)
	}
}

// splitKey is what setSplit computes on chain.
func splitKey(to []common.Address, bps []uint16) [32]byte {
	packed := payees.PackSetSplit(to, bps)
	return crypto.Keccak256Hash(packed[4:])
}

func TestDustGoesToTheLastPayee(t *testing.T) {
	e := newEVM(t)
	e.fund(t, buyer)
	to := []common.Address{seller.Address, partner.Address, stranger.Address}
	e.do(t, seller.Address, at.Payroll, payees.PackSetSplit(to, []uint16{3333, 3333, 3334}))
	e.do(t, buyer.Address, at.Credits, token.PackApprove(common.Address(at.Payroll), big.NewInt(100)))
	e.do(t, buyer.Address, at.Payroll, payees.PackPay(splitKey(to, []uint16{3333, 3333, 3334}), buyer.Address, big.NewInt(100)))
	for who, want := range map[party]uint64{seller: 33, partner: 33, stranger: 34, buyer: 0} {
		if got := e.owed(t, who.Address); got != want {
			t.Errorf("%v is owed %d, want %d", who.Address, got, want)
		}
	}
}

func TestASplitIsWrittenOnceAndNamesItsContent(t *testing.T) {
	e := newEVM(t)
	to, bps := []common.Address{seller.Address, {}}, []uint16{1, 9999}
	for range 2 {
		out := e.do(t, stranger.Address, at.Payroll, payees.PackSetSplit(to, bps))
		if want := splitKey(to, bps); [32]byte(out) != want {
			t.Errorf("setSplit = %x, want %x", out, want)
		}
	}
	got := view(t, e, at.Payroll, payees.PackSplit(splitKey(to, bps)), payees.UnpackSplit)
	if diff := cmp.Diff(payroll.SplitOutput{To: to, Bps: bps}, got); diff != "" {
		t.Errorf("split (-want +got):\n%s", diff)
	}
}

func TestAPurchaseIsFixedAtPurchase(t *testing.T) {
	s := newScene(t)
	before := view(t, s.evm, at.Market, shop.PackPurchase(s.receipt), shop.UnpackPurchase)
	s.do(t, seller.Address, at.Assets, goods.PackSetPrice(s.asset, big.NewInt(1e9)))
	s.do(t, seller.Address, at.Assets, goods.PackSetDelisted(s.asset, true))
	s.do(t, seller.Address, at.Assets, goods.PackTransferFrom(seller.Address, stranger.Address, s.asset))
	after := view(t, s.evm, at.Market, shop.PackPurchase(s.receipt), shop.UnpackPurchase)
	bigs := cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })
	if diff := cmp.Diff(before, after, bigs); diff != "" {
		t.Errorf("receipt changed with its asset (-before +after):\n%s", diff)
	}
	r := before.R
	if r.Buyer != buyer.Address || r.Seller != seller.Address || r.Expiry != s.time+day || r.Units != 1 || before.Content != [32]byte{1, 1} || before.Kind != 1 {
		t.Errorf("purchase = %+v", before)
	}
}

func TestAPermitPaysAndAForeignOneDoesNot(t *testing.T) {
	s := newScene(t)
	s.do(t, buyer.Address, at.Credits, token.PackApprove(common.Address(at.Market), new(big.Int)))
	domain := view(t, s.evm, at.Credits, token.PackDOMAINSEPARATOR(), token.UnpackDOMAINSEPARATOR)
	sign := func(by party, value int64) market.MarketPermit {
		inner := crypto.Keccak256(
			crypto.Keccak256([]byte("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)")),
			common.LeftPadBytes(buyer.Bytes(), 32), common.LeftPadBytes(at.Market[:], 32), common.BigToHash(big.NewInt(value)).Bytes(),
			common.Hash{}.Bytes(), common.BigToHash(new(big.Int).SetUint64(s.time)).Bytes())
		sig, err := crypto.Sign(crypto.Keccak256([]byte("\x19\x01"), domain[:], inner), by.key)
		if err != nil {
			t.Fatal(err)
		}
		return market.MarketPermit{Deadline: new(big.Int).SetUint64(s.time), V: sig[64] + 27, R: [32]byte(sig[:32]), S: [32]byte(sig[32:64])}
	}
	buy := func(p market.MarketPermit) []byte {
		return shop.PackBuyBundleWithPermit([32]byte{2}, []*big.Int{s.asset}, []uint64{1}, day, big.NewInt(5), p)
	}
	for what, p := range map[string]market.MarketPermit{"signed by another": sign(stranger, 5), "for another amount": sign(buyer, 6)} {
		if _, err := s.call(buyer.Address, at.Market, buy(p)); name(err) != "credits.CreditsERC20InsufficientAllowance" {
			t.Errorf("permit %s: %v", what, err)
		}
	}
	good := sign(buyer, 5)
	// Somebody saw the permit and sent it first: the purchase goes through all the same.
	s.do(t, stranger.Address, at.Credits, token.PackPermit(buyer.Address, common.Address(at.Market), big.NewInt(5), good.Deadline, good.V, good.R, good.S))
	s.do(t, buyer.Address, at.Market, buy(good))
}

func TestASignedTransferMovesOnceAndOnlyAsSigned(t *testing.T) {
	e := newEVM(t)
	e.fund(t, buyer)
	domain := view(t, e, at.Credits, token.PackDOMAINSEPARATOR(), token.UnpackDOMAINSEPARATOR)
	nonce := [32]byte{5}
	inner := crypto.Keccak256(
		crypto.Keccak256([]byte("TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)")),
		common.LeftPadBytes(buyer.Bytes(), 32), common.LeftPadBytes(seller.Bytes(), 32), common.BigToHash(big.NewInt(7)).Bytes(),
		common.Hash{}.Bytes(), common.BigToHash(big.NewInt(int64(e.time)+9)).Bytes(), nonce[:])
	sig, err := crypto.Sign(crypto.Keccak256([]byte("\x19\x01"), domain[:], inner), buyer.key)
	if err != nil {
		t.Fatal(err)
	}
	send := func(value int64) []byte {
		return token.PackTransferWithAuthorization(buyer.Address, seller.Address, big.NewInt(value), new(big.Int),
			big.NewInt(int64(e.time)+9), nonce, sig[64]+27, [32]byte(sig[:32]), [32]byte(sig[32:64]))
	}
	if _, err := e.call(stranger.Address, at.Credits, send(8)); name(err) != "credits.CreditsERC3009InvalidSignature" {
		t.Errorf("another amount: %v", err)
	}
	e.do(t, stranger.Address, at.Credits, send(7))
	if got := e.balance(t, seller.Address); got != 7 {
		t.Errorf("seller got %d, want 7", got)
	}
	if _, err := e.call(stranger.Address, at.Credits, send(7)); name(err) != "credits.CreditsERC3009UsedAuthorization" {
		t.Errorf("the same transfer again: %v", err)
	}
}

func TestTheTokensDescribeThemselves(t *testing.T) {
	s := newScene(t)
	e := s.evm
	if got := view(t, e, at.Credits, token.PackSymbol(), token.UnpackSymbol); got != "CLC" {
		t.Errorf("symbol = %q", got)
	}
	if got := view(t, e, at.Credits, token.PackDecimals(), token.UnpackDecimals); got != 6 {
		t.Errorf("decimals = %d", got)
	}
	// ERC-165, ERC-721, ERC-2981, ERC-4906
	for _, id := range [][4]byte{{0x01, 0xff, 0xc9, 0xa7}, {0x80, 0xac, 0x58, 0xcd}, {0x2a, 0x55, 0x20, 0x5a}, {0x49, 0x06, 0x49, 0x06}} {
		if !view(t, e, at.Assets, goods.PackSupportsInterface(id), goods.UnpackSupportsInterface) {
			t.Errorf("Assets does not support interface %x", id)
		}
	}
	out := e.do(t, seller.Address, at.Assets, goods.PackList([32]byte{2}, 3, [32]byte{2}, [32]byte{}, big.NewInt(1), [32]byte{}, big.NewInt(1000), "card.json"))
	id := new(big.Int).SetBytes(out)
	royalty := view(t, e, at.Assets, goods.PackRoyaltyInfo(id, big.NewInt(50)), goods.UnpackRoyaltyInfo)
	if royalty.Receiver != seller.Address || royalty.Amount.Int64() != 5 {
		t.Errorf("royaltyInfo of 50 = %+v, want 5 for the seller", royalty)
	}
	if got := view(t, e, at.Assets, goods.PackTokenURI(id), goods.UnpackTokenURI); got != "card.json" {
		t.Errorf("tokenURI = %q", got)
	}
}
