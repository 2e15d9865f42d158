package market

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market/bindings/credits"
	"github.com/cloister-ai/cloister/market/bindings/market"
)

// What the Market contract bounds.
const (
	MaxBundle = 8                    // assets in one order
	MaxTTL    = 366 * 24 * time.Hour // life of a receipt
)

// An Order is a purchase of the use of assets, all or nothing.
type Order struct {
	Ref     abi.Digest    // names the intent; required; one ref buys once
	Items   []Item        // one to MaxBundle
	TTL     time.Duration // life of the receipts, in whole seconds; default 24 hours
	MaxPaid uint64        // most to pay, in smallest units; zero: what the assets cost now
}

// An Item is one line of an order.
type Item struct {
	Asset abi.Digest
	Units uint64 // jobs; zero: one
}

// A Bundle is what an order bought: one receipt an item, in the same order.
type Bundle struct {
	Receipts []Receipt
	Paid     uint64 // in smallest units
}

// IDs returns the ids of the receipts, as a request names them.
func (b Bundle) IDs() []abi.Digest {
	ids := make([]abi.Digest, len(b.Receipts))
	for i, r := range b.Receipts {
		ids[i] = r.ID
	}
	return ids
}

// Quote says what items cost now, in smallest units.
func (c *Client) Quote(ctx context.Context, items []Item) (uint64, error) {
	total := new(big.Int)
	for _, it := range items {
		a, err := c.Asset(ctx, it.Asset)
		if err != nil {
			return 0, err
		}
		if a.Delisted {
			return 0, fmt.Errorf("market: asset %s is not for sale: %w", it.Asset.Short(), abi.Denied)
		}
		cost := new(big.Int).SetUint64(a.Price)
		total.Add(total, cost.Mul(cost, new(big.Int).SetUint64(max(it.Units, 1))))
	}
	if !total.IsUint64() {
		return 0, fmt.Errorf("market: the order costs %v units, more than can be paid: %w", total, abi.Invalid)
	}
	return total.Uint64(), nil
}

// Buy buys what o names in one transaction; the payment stays in escrow until
// it is settled or refunded. An order under the same ref that went through
// already is returned with Tx.Again set; another order under that ref is
// Invalid.
func (c *Client) Buy(ctx context.Context, o Order) (Bundle, Tx, error) {
	if c.key == nil {
		return Bundle{}, Tx{}, errNoKey
	}
	if err := o.complete(); err != nil {
		return Bundle{}, Tx{}, err
	}
	b, tx, err := c.bought(ctx, o)
	if err != nil || len(b.Receipts) > 0 {
		return b, tx, err
	}
	if o.MaxPaid == 0 {
		if o.MaxPaid, err = c.Quote(ctx, o.Items); err != nil {
			return Bundle{}, Tx{}, err
		}
	}
	r, err := c.order(ctx, o)
	if reverted[market.MarketAlreadyBought](err) { // by another process with the same key, just now
		return c.bought(ctx, o)
	}
	if err != nil {
		return Bundle{}, Tx{}, err
	}
	if tx, err = c.settled(ctx, r); err != nil {
		return Bundle{}, tx, err
	}
	b, _, err = c.bought(ctx, o)
	return b, tx, err
}

// complete fills in defaults and refuses what no chain need be asked about.
func (o *Order) complete() error {
	if o.Ref.IsZero() {
		return fmt.Errorf("market: an order needs a ref: %w", abi.Invalid)
	}
	if n := len(o.Items); n == 0 || n > MaxBundle {
		return fmt.Errorf("market: order of %d items, want one to %d: %w", n, MaxBundle, abi.Invalid)
	}
	if o.TTL == 0 {
		o.TTL = 24 * time.Hour
	}
	if o.TTL < time.Second || o.TTL > MaxTTL || o.TTL%time.Second != 0 {
		return fmt.Errorf("market: order for %v, want whole seconds, at most %v: %w", o.TTL, MaxTTL, abi.Invalid)
	}
	items := make([]Item, len(o.Items))
	for i, it := range o.Items {
		items[i] = Item{Asset: it.Asset, Units: max(it.Units, 1)}
	}
	o.Items = items
	return nil
}

// bought returns what the order's ref bought; no receipts when nothing yet.
func (c *Client) bought(ctx context.Context, o Order) (Bundle, Tx, error) {
	receipts, err := c.bundleAt(ctx, c.key.address, o.Ref, nil)
	if err != nil || len(receipts) == 0 {
		return Bundle{}, Tx{}, err
	}
	b := Bundle{Receipts: receipts}
	same := len(receipts) == len(o.Items)
	for i, r := range receipts {
		b.Paid += r.Paid
		same = same && r.Asset == o.Items[i].Asset && r.Units == o.Items[i].Units
	}
	if !same {
		return Bundle{}, Tx{}, fmt.Errorf("market: ref %s bought something else before: %w", o.Ref.Short(), abi.Invalid)
	}
	block := receipts[0].Block
	tx := c.found(ctx, c.at.Market, block, []common.Hash{c.eventID(market.MarketPurchased{}.ContractEventName())}, []common.Hash{common.Hash(receipts[0].ID)})
	return b, tx, c.safe(ctx, block)
}

// order sends the purchase. A permit that another process with the same key used
// up meanwhile shows as a missing allowance, and is signed again.
func (c *Client) order(ctx context.Context, o Order) (*types.Receipt, error) {
	ids, units := make([]*big.Int, len(o.Items)), make([]uint64, len(o.Items))
	for i, it := range o.Items {
		ids[i], units[i] = new(big.Int).SetBytes(it.Asset[:]), it.Units
	}
	ttl, most := uint64(o.TTL/time.Second), new(big.Int).SetUint64(o.MaxPaid)
	for try := 1; ; try++ {
		r, err := c.writeBuilt(ctx, c.at.Market, func(ctx context.Context) ([]byte, error) {
			permit, err := c.permit(ctx, most)
			if err != nil {
				return nil, err
			}
			return c.market.PackBuyBundleWithPermit(o.Ref, ids, units, ttl, most, permit), nil
		})
		if try == sendTries || !reverted[credits.CreditsERC20InsufficientAllowance](err) {
			return r, err
		}
		if err := pause(ctx, time.Duration(try)*20*time.Millisecond); err != nil {
			return nil, fmt.Errorf("market: buy: %w", err)
		}
	}
}

const permitType = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"

// permit signs an approval (ERC-2612) for the market to take up to most.
func (c *Client) permit(ctx context.Context, most *big.Int) (market.MarketPermit, error) {
	owner := common.Address(c.key.address)
	nonce, err := call(ctx, c.conn, c.at.Credits, c.credits.PackNonces(owner), nil, c.credits.UnpackNonces)
	if err != nil {
		return market.MarketPermit{}, err
	}
	domain, err := call(ctx, c.conn, c.at.Credits, c.credits.PackDOMAINSEPARATOR(), nil, c.credits.UnpackDOMAINSEPARATOR)
	if err != nil {
		return market.MarketPermit{}, err
	}
	head, err := c.eth.HeaderByNumber(ctx, nil)
	if err != nil {
		return market.MarketPermit{}, rpcError("ask for the head", err)
	}
	deadline := new(big.Int).SetUint64(head.Time + uint64(time.Hour/time.Second))
	inner := hash(typed(permitType), addressWord(c.key.address), addressWord(c.at.Market),
		common.BigToHash(most), common.BigToHash(nonce), common.BigToHash(deadline))
	sig, err := c.key.Sign(abi.Digest(crypto.Keccak256Hash([]byte("\x19\x01"), domain[:], inner[:])))
	if err != nil {
		return market.MarketPermit{}, err
	}
	return market.MarketPermit{Deadline: deadline, V: sig[64], R: [32]byte(sig[:32]), S: [32]byte(sig[32:64])}, nil
}

// Delegate lets key sign jobs with receipts of the client's until a time; it
// replaces the key before. The zero address takes the right back.
func (c *Client) Delegate(ctx context.Context, receipts []abi.Digest, key abi.Address, until time.Time) (Tx, error) {
	if c.key == nil {
		return Tx{}, errNoKey
	}
	limit := uint64(0)
	if !key.IsZero() {
		limit = uint64(max(until.Unix(), 0))
	}
	done := true
	for _, id := range receipts {
		r, err := c.Receipt(ctx, id)
		if err != nil {
			return Tx{}, err
		}
		done = done && r.Buyer == c.key.address && r.Delegate == key && r.Until == limit
	}
	if done && len(receipts) > 0 {
		return c.already(ctx)
	}
	r, err := c.write(ctx, c.at.Market, c.market.PackDelegate(words(receipts), common.Address(key), limit))
	if err != nil {
		return Tx{}, err
	}
	return c.settled(ctx, r)
}

func words(ids []abi.Digest) [][32]byte {
	w := make([][32]byte, len(ids))
	for i, id := range ids {
		w[i] = id
	}
	return w
}
