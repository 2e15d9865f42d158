package market

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/market/bindings/market"
)

// A State says where the money of a receipt is. The numbers are the contract's.
type State uint8

// The states of a receipt.
const (
	Held      State = iota + 1 // in escrow
	Refunding                  // in escrow, on its way back; the receipt buys nothing
	Refunded                   // back with the buyer
	Settled                    // with the sellers
)

var states = [...]string{"unknown", "held", "being refunded", "refunded", "settled"}

func (s State) String() string {
	if int(s) < len(states) {
		return states[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// MarshalText writes s as a word.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Receipt is a purchase together with where its money is.
type Receipt struct {
	wire.Purchase
	State       State
	Seller      abi.Address // owner of the asset at purchase
	Split       abi.Digest  // who is paid, fixed at purchase; zero: Seller
	RefundUntil time.Time   // end of the refund window
	RefundDue   time.Time   // when a requested refund is due; zero: none was requested
}

// Receipt reads one receipt as it is now: NotFound when there is none.
func (c *Client) Receipt(ctx context.Context, id abi.Digest) (Receipt, error) {
	return c.receiptAt(ctx, id, nil)
}

func (c *conn) receiptAt(ctx context.Context, id abi.Digest, block *big.Int) (Receipt, error) {
	p, err := call(ctx, c, c.at.Market, c.market.PackPurchase(id), block, c.market.UnpackPurchase)
	if err != nil {
		return Receipt{}, err
	}
	return receiptOf(id, p)
}

func receiptOf(id abi.Digest, p market.PurchaseOutput) (Receipt, error) {
	r := p.R
	if r.State == 0 {
		return Receipt{}, fmt.Errorf("market: receipt %s: %w", id.Short(), abi.NotFound)
	}
	if !r.Paid.IsUint64() {
		return Receipt{}, fmt.Errorf("market: receipt %s paid %v units: %w", id.Short(), r.Paid, abi.Invalid)
	}
	out := Receipt{
		Purchase: wire.Purchase{
			ID: id, Buyer: abi.Address(r.Buyer), Delegate: abi.Address(r.Delegate), Until: r.Until,
			Asset: abi.Digest(common.BigToHash(r.Asset)), Kind: wire.AssetKind(p.Kind), Content: p.Content, Policy: p.Policy,
			Units: r.Units, Paid: r.Paid.Uint64(), Expiry: r.Expiry,
			Refunded: State(r.State) == Refunding || State(r.State) == Refunded,
			Block:    r.BoughtAt,
		},
		State: State(r.State), Seller: abi.Address(r.Seller), Split: r.Split, RefundUntil: unix(r.RefundUntil),
	}
	if r.RefundAt != 0 {
		out.RefundDue = unix(r.RefundAt)
	}
	return out, nil
}

// Purchases reads every receipt that buyer ever got, oldest first, as of one
// block.
func (c *Client) Purchases(ctx context.Context, buyer abi.Address) ([]Receipt, error) {
	head, err := c.SafeHead(ctx)
	if err != nil {
		return nil, err
	}
	block := new(big.Int).SetUint64(head)
	who := common.Address(buyer)
	count, err := call(ctx, c.conn, c.at.Market, c.market.PackBundles(who), block, c.market.UnpackBundles)
	if err != nil {
		return nil, err
	}
	var list []Receipt
	for i := range count.Uint64() {
		ref, err := call(ctx, c.conn, c.at.Market, c.market.PackBundleAt(who, new(big.Int).SetUint64(i)), block, c.market.UnpackBundleAt)
		if err != nil {
			return nil, err
		}
		receipts, err := c.bundleAt(ctx, buyer, ref, block)
		if err != nil {
			return nil, err
		}
		list = append(list, receipts...)
	}
	return list, nil
}

// bundleAt reads the receipts of one bundle; none when it was never bought.
func (c *conn) bundleAt(ctx context.Context, buyer abi.Address, ref abi.Digest, block *big.Int) ([]Receipt, error) {
	ids, err := call(ctx, c, c.at.Market, c.market.PackBundle(common.Address(buyer), ref), block, c.market.UnpackBundle)
	if err != nil {
		return nil, err
	}
	list := make([]Receipt, 0, len(ids))
	for _, id := range ids {
		r, err := c.receiptAt(ctx, id, block)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// Sales reads the receipts that were bought for an asset, oldest first. Which
// ones there are it learns from events, so a chain that has dropped old events
// answers with fewer; what each says is read from state.
func (c *Client) Sales(ctx context.Context, asset abi.Digest) ([]Receipt, error) {
	head, err := c.SafeHead(ctx)
	if err != nil {
		return nil, err
	}
	a, err := c.Asset(ctx, asset)
	if err != nil {
		return nil, err
	}
	topic := c.eventID(market.MarketPurchased{}.ContractEventName())
	var list []Receipt
	for from := a.Block; from <= head; from += logRange {
		logs, err := c.logs(ctx, c.at.Market, from, min(from+logRange-1, head), []common.Hash{topic}, nil, nil, []common.Hash{common.Hash(asset)})
		if err != nil {
			return nil, err
		}
		for _, l := range logs {
			r, err := c.receiptAt(ctx, abi.Digest(l.Topics[1]), new(big.Int).SetUint64(head))
			if err != nil {
				return nil, err
			}
			list = append(list, r)
		}
	}
	return list, nil
}

// logRange is how many blocks one question for events spans; public nodes
// refuse more.
const logRange = 5_000

func (c *conn) eventID(name string) common.Hash {
	contract := c.market.GetABI()
	return contract.Events[name].ID
}
