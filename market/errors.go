package market

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market/bindings/assets"
	"github.com/cloister-ai/cloister/market/bindings/credits"
	"github.com/cloister-ai/cloister/market/bindings/faucet"
	"github.com/cloister-ai/cloister/market/bindings/market"
	"github.com/cloister-ai/cloister/market/bindings/payroll"
)

// A revert is a refusal by a contract: what it said, and the Kind of that.
type revert struct {
	cause any // a generated error type; nil when the contract said nothing we know
	text  string
	kind  abi.Kind
}

func (r *revert) Error() string { return fmt.Sprintf("market: %s: %v", r.text, r.kind) }
func (r *revert) Unwrap() error { return r.kind }

// reverted reports whether err is a refusal of type E by a contract.
func reverted[E any](err error) bool {
	r, ok := errors.AsType[*revert](err)
	if !ok {
		return false
	}
	_, ok = r.cause.(*E)
	return ok
}

// rpcError classes what a chain answered: a contract's refusal by what it says,
// everything else as Unavailable.
func rpcError(doing string, err error) error {
	if data, ok := revertData(err); ok {
		return decodeRevert(data)
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("market: %s: %w: %w", doing, abi.Unavailable, err)
	case strings.Contains(err.Error(), "insufficient funds"):
		return fmt.Errorf("market: %s: no coin left to pay for gas: %w: %w", doing, abi.Exhausted, err)
	case errors.Is(err, ethereum.NotFound):
		return fmt.Errorf("market: %s: %w: %w", doing, abi.NotFound, err)
	}
	return fmt.Errorf("market: %s: %w: %w", doing, abi.Unavailable, err)
}

// revertData returns what a contract said when it refused.
func revertData(err error) ([]byte, bool) {
	data, ok := errors.AsType[rpc.DataError](err)
	if !ok {
		return nil, false
	}
	text, ok := data.ErrorData().(string)
	if !ok {
		return nil, false
	}
	b, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	return b, err == nil
}

// decodeRevert turns a contract's custom error into one that says what to do.
func decodeRevert(data []byte) error {
	cause := unpackError(data)
	text, kind := explain(cause)
	if text == "" {
		text = fmt.Sprintf("the contract refused with %#x", data[:min(len(data), 64)])
	}
	return &revert{cause: cause, text: text, kind: kind}
}

func unpackError(data []byte) any {
	if len(data) < 4 {
		return nil
	}
	for _, unpack := range []func([]byte) (any, error){
		market.NewMarket().UnpackError, assets.NewAssets().UnpackError, payroll.NewPayroll().UnpackError,
		credits.NewCredits().UnpackError, faucet.NewFaucet().UnpackError,
	} {
		if e, err := unpack(data); err == nil {
			return e
		}
	}
	return nil
}

func explain(cause any) (string, abi.Kind) {
	switch e := cause.(type) {
	case *market.MarketAlreadyBought:
		return fmt.Sprintf("bought already, the first receipt is %s", short(e.Receipt)), abi.Denied
	case *market.MarketPriceMoved:
		return fmt.Sprintf("price of asset %s is now %s, %s left of what may be paid", shortID(e.Asset), amount(e.Price), amount(e.Left)), abi.Denied
	case *market.MarketNotForSale:
		return fmt.Sprintf("asset %s is not for sale", shortID(e.Asset)), abi.Denied
	case *market.MarketNoUnits:
		return fmt.Sprintf("no units of asset %s asked for", shortID(e.Asset)), abi.Invalid
	case *market.MarketBadBundle:
		return fmt.Sprintf("bundle of %v assets and %v units, want one to %d of each", e.Assets, e.Units, MaxBundle), abi.Invalid
	case *market.MarketBadBatch:
		return fmt.Sprintf("batch of %v receipts, want one to %d", e.Receipts, MaxReceipts), abi.Invalid
	case *market.MarketBadTtl:
		return fmt.Sprintf("receipts for %d seconds, want one to %d", e.Ttl, int64(MaxTTL/time.Second)), abi.Invalid
	case *market.MarketUnknownReceipt:
		return fmt.Sprintf("receipt %s", short(e.Receipt)), abi.NotFound
	case *market.MarketNotBuyer:
		return fmt.Sprintf("receipt %s was not bought by %v", short(e.Receipt), abi.Address(e.Caller)), abi.Denied
	case *market.MarketNotRefundable:
		return fmt.Sprintf("receipt %s is %v", short(e.Receipt), State(e.State)), abi.Denied
	case *market.MarketRefundWindowClosed:
		return fmt.Sprintf("receipt %s could be given back until %v", short(e.Receipt), unix(e.Until).UTC()), abi.Denied
	case *market.MarketBadSignature:
		return "the job's signature is none", abi.Denied
	case *market.MarketEnforcedPause:
		return "purchases are paused by the operator", abi.Unavailable
	case *market.MarketExpectedPause:
		return "purchases are not paused", abi.Denied
	case *market.MarketOwnableUnauthorizedAccount:
		return fmt.Sprintf("%v is not the operator", abi.Address(e.Account)), abi.Denied

	case *assets.AssetsAlreadyListed:
		return fmt.Sprintf("listed already, as asset %s", shortID(e.Id)), abi.Denied
	case *assets.AssetsDuplicateContent:
		return fmt.Sprintf("the same content is listed already, as asset %s", shortID(e.Id)), abi.Denied
	case *assets.AssetsBadKind:
		return fmt.Sprintf("asset kind %d", e.Kind), abi.Invalid
	case *assets.AssetsNoContent:
		return "an asset needs a content id", abi.Invalid
	case *assets.AssetsBadRoyalty:
		return fmt.Sprintf("royalty of %v basis points, at most 1000", e.Bps), abi.Invalid
	case *assets.AssetsBadSplit:
		return fmt.Sprintf("split %s is not written down yet", short(e.Split)), abi.NotFound
	case *assets.AssetsBadUri:
		return fmt.Sprintf("URI of %v bytes, at most 2048", e.Length), abi.Invalid
	case *assets.AssetsNotOwner:
		return fmt.Sprintf("asset %s is not owned by %v", shortID(e.Id), abi.Address(e.Caller)), abi.Denied
	case *assets.AssetsERC721NonexistentToken:
		return fmt.Sprintf("asset %s", shortID(e.TokenId)), abi.NotFound

	case *payroll.PayrollBadSplit:
		return fmt.Sprintf("split of %v shares that add up to %v basis points: want one to %d shares, each above zero, 10000 in all", e.Payees, e.Sum, MaxPayees), abi.Invalid
	case *payroll.PayrollUnknownSplit:
		return fmt.Sprintf("split %s", short(e.Key)), abi.NotFound
	case *payroll.PayrollNothingOwed:
		return fmt.Sprintf("%v is owed nothing", abi.Address(e.To)), abi.NotFound

	case *credits.CreditsERC20InsufficientBalance:
		return fmt.Sprintf("%v has %s, %s needed", abi.Address(e.Sender), amount(e.Balance), amount(e.Needed)), abi.Exhausted
	case *credits.CreditsERC20InsufficientAllowance:
		return fmt.Sprintf("%v may take %s, %s needed", abi.Address(e.Spender), amount(e.Allowance), amount(e.Needed)), abi.Denied
	case *credits.CreditsERC20ExceededCap:
		return fmt.Sprintf("supply would be %s, the cap is %s", amount(e.IncreasedSupply), amount(e.Cap)), abi.Exhausted
	case *credits.CreditsAccessControlUnauthorizedAccount:
		return fmt.Sprintf("%v may not mint", abi.Address(e.Account)), abi.Denied

	case *faucet.FaucetNotOperator:
		return fmt.Sprintf("%v is not the operator", abi.Address(e.Caller)), abi.Denied
	case *faucet.FaucetAlreadyGranted:
		return fmt.Sprintf("%v had its grant", abi.Address(e.To)), abi.Denied
	}
	if cause != nil {
		return fmt.Sprintf("the contract refused: %T", cause), abi.Denied
	}
	return "", abi.Denied
}

func short(id [32]byte) string { return abi.Digest(id).Short() }

func shortID(id *big.Int) string { return short(common.BigToHash(id)) }

func unix(seconds uint64) time.Time { return time.Unix(int64(seconds), 0) }
