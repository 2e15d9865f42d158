package contracts_test

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"
	"testing"
	"time"

	gabi "github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm/runtime"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market/bindings/assets"
	"github.com/cloister-ai/cloister/market/bindings/credits"
	"github.com/cloister-ai/cloister/market/bindings/faucet"
	"github.com/cloister-ai/cloister/market/bindings/market"
	"github.com/cloister-ai/cloister/market/bindings/payroll"
	"github.com/cloister-ai/cloister/market/chain"
	"github.com/cloister-ai/cloister/market/contracts"
)

const (
	chainID = 20771
	window  = 600 // seconds, of refundWindow and of refundDelay
	day     = 24 * 3600
)

var (
	token  = credits.NewCredits()
	goods  = assets.NewAssets()
	shop   = market.NewMarket()
	payees = payroll.NewPayroll()
	tap    = faucet.NewFaucet()

	at = contracts.Predeployed()

	operator = person(1)
	seller   = person(2)
	buyer    = person(3)
	stranger = person(4)
	partner  = person(5)
)

// A party is a key and its address.
type party struct {
	key *ecdsa.PrivateKey
	common.Address
}

func person(n int64) party {
	k, err := crypto.ToECDSA(common.BigToHash(big.NewInt(n)).Bytes())
	if err != nil {
		panic(err)
	}
	return party{k, crypto.PubkeyToAddress(k.PublicKey)}
}

// An evm is the genesis of an embedded chain on which calls are made one after
// another, at a time the test sets.
type evm struct {
	state *state.StateDB
	time  uint64
	block int64
	gas   uint64 // used by the last call
}

func newEVM(t failer) *evm {
	t.Helper()
	p := contracts.Params{
		Operator: abi.Address(operator.Address), CapCredits: 10_000,
		RefundWindow: window * time.Second, RefundDelay: window * time.Second,
	}
	alloc, err := chain.Alloc(chainID, p)
	if err != nil {
		t.Fatalf("Alloc = %v", err)
	}
	st, err := state.New(types.EmptyRootHash, state.NewDatabaseForTesting())
	if err != nil {
		t.Fatalf("state: %v", err)
	}
	for who, a := range alloc {
		st.SetCode(who, a.Code, tracing.CodeChangeUnspecified)
		st.SetNonce(who, a.Nonce, tracing.NonceChangeUnspecified)
		if a.Balance != nil {
			st.SetBalance(who, uint256.MustFromBig(a.Balance), tracing.BalanceChangeUnspecified)
		}
		for slot, v := range a.Storage {
			st.SetState(who, slot, v)
		}
	}
	return &evm{state: st, time: 1_700_000_000, block: 1}
}

// failer is what testing.TB and rapid.T share.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// A refusal is what a contract reverted with.
type refusal struct{ cause any }

func (r refusal) Error() string { return fmt.Sprintf("%T%+v", r.cause, r.cause) }

// name is the refusal's error without the contract's name in front: "*market.MarketBadTtl".
func name(err error) string {
	if r, ok := errors.AsType[refusal](err); ok {
		return fmt.Sprintf("%T", r.cause)[1:]
	}
	return fmt.Sprint(err)
}

// call runs one transaction. A refused one changes nothing.
func (e *evm) call(from common.Address, to abi.Address, data []byte) ([]byte, error) {
	cfg := &runtime.Config{
		ChainConfig: chain.Rules(chainID), Origin: from, State: e.state, Time: e.time, BlockNumber: big.NewInt(e.block),
		GasLimit: 16_000_000, BaseFee: new(big.Int), Random: &common.Hash{},
	}
	out, left, err := runtime.Call(common.Address(to), data, cfg)
	e.gas = cfg.GasLimit - left
	e.state.Finalise(cfg.ChainConfig.Rules(cfg.BlockNumber, true, e.time))
	e.block++
	if err == nil {
		return out, nil
	}
	for _, unpack := range []func([]byte) (any, error){
		shop.UnpackError, goods.UnpackError, payees.UnpackError, token.UnpackError, tap.UnpackError,
	} {
		if len(out) >= 4 {
			if cause, no := unpack(out); no == nil {
				return nil, refusal{cause}
			}
		}
	}
	return nil, fmt.Errorf("%w: %x", err, out)
}

func (e *evm) root() common.Hash {
	return e.state.IntermediateRoot(chain.Rules(chainID).Rules(big.NewInt(e.block), true, e.time))
}

// do runs a transaction that must succeed.
func (e *evm) do(t failer, from common.Address, to abi.Address, data []byte) []byte {
	t.Helper()
	out, err := e.call(from, to, data)
	if err != nil {
		t.Fatalf("call refused: %v", err)
	}
	return out
}

// view reads a value of a contract.
func view[T any](t failer, e *evm, to abi.Address, data []byte, unpack func([]byte) (T, error)) T {
	t.Helper()
	v, err := unpack(e.do(t, common.Address{}, to, data))
	if err != nil {
		t.Fatalf("unpack: %v", err)
	}
	return v
}

func (e *evm) balance(t failer, who common.Address) uint64 {
	t.Helper()
	return view(t, e, at.Credits, token.PackBalanceOf(who), token.UnpackBalanceOf).Uint64()
}

func (e *evm) owed(t failer, who common.Address) uint64 {
	t.Helper()
	return view(t, e, at.Payroll, payees.PackOwed(who), payees.UnpackOwed).Uint64()
}

func (e *evm) receipt(t failer, id [32]byte) market.MarketReceipt {
	t.Helper()
	return view(t, e, at.Market, shop.PackPurchase(id), shop.UnpackPurchase).R
}

// fund gives somebody the faucet's grant and lets the market take it.
func (e *evm) fund(t failer, who party) {
	t.Helper()
	e.do(t, operator.Address, at.Faucet, tap.PackGrant(who.Address))
	e.do(t, who.Address, at.Credits, token.PackApprove(common.Address(at.Market), big.NewInt(1e18)))
}

// list puts something on sale and returns its token id.
func (e *evm) list(t failer, owner party, ref byte, price int64, split [32]byte) *big.Int {
	t.Helper()
	out := e.do(t, owner.Address, at.Assets, goods.PackList([32]byte{ref}, 1, [32]byte{ref, 1}, [32]byte{}, big.NewInt(price), split, new(big.Int), ""))
	return new(big.Int).SetBytes(out)
}

// buy buys one unit of one asset and returns the receipt.
func (e *evm) buy(t failer, who party, ref byte, asset *big.Int) [32]byte {
	t.Helper()
	e.do(t, who.Address, at.Market, bundle(ref, asset))
	return receiptID(who, ref, 0)
}

func bundle(ref byte, ids ...*big.Int) []byte {
	units := make([]uint64, len(ids))
	for i := range units {
		units[i] = 1
	}
	return shop.PackBuyBundle([32]byte{ref}, ids, units, day, big.NewInt(1e15))
}

// receiptID is what receiptFor computes on chain.
func receiptID(who party, ref byte, index int64) [32]byte {
	return crypto.Keccak256Hash(common.LeftPadBytes(who.Bytes(), 32), common.RightPadBytes([]byte{ref}, 32), common.BigToHash(big.NewInt(index)).Bytes())
}

// signJob returns a request for receipts and its signature, in the contract's
// own digest.
func (e *evm) signJob(t failer, who party, receipts ...[32]byte) (market.MarketJobRequest, []byte) {
	t.Helper()
	job := market.MarketJobRequest{Id: [32]byte{7}, Receipts: receipts}
	digest := view(t, e, at.Market, shop.PackJobDigest(job), shop.UnpackJobDigest)
	sig, err := crypto.Sign(digest[:], who.key)
	if err != nil {
		t.Fatalf("sign: %v", err)
	}
	sig[64] += 27
	return job, sig
}

// abis are the contracts' interfaces by name.
func abis() map[string]gabi.ABI {
	return map[string]gabi.ABI{
		"Credits": token.GetABI(), "Assets": goods.GetABI(), "Market": shop.GetABI(), "Payroll": payees.GetABI(), "Faucet": tap.GetABI(),
	}
}

func TestReceiptIDsAreWhatTheContractSays(t *testing.T) {
	e := newEVM(t)
	got := view(t, e, at.Market, shop.PackReceiptFor(buyer.Address, [32]byte{9}, big.NewInt(3)), shop.UnpackReceiptFor)
	if want := receiptID(buyer, 9, 3); got != want {
		t.Errorf("receiptFor = %x, want %x", got, want)
	}
}
