package market

import (
	"context"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market/bindings/faucet"
	"github.com/cloister-ai/cloister/market/bindings/payroll"
)

// MaxPayees is how many payees a split may have.
const MaxPayees = 16

// A Share is one payee's part of an income.
type Share struct {
	To  abi.Address // zero: whoever owns the asset at the time of purchase
	Bps uint16      // basis points; the shares of a split add up to 10000
}

// SplitKey is the name of a split: it follows from the shares alone.
func SplitKey(shares []Share) abi.Digest {
	n := uint64(len(shares))
	w := [][32]byte{number(2 * 32), number((3 + n) * 32), number(n)} // where the two arrays start; then each with its length
	for _, s := range shares {
		w = append(w, addressWord(s.To))
	}
	w = append(w, number(n))
	for _, s := range shares {
		w = append(w, number(uint64(s.Bps)))
	}
	return hash(w...)
}

// SetSplit writes a split down, so that assets can be listed with it. It can
// never be changed. What rounding leaves of a payment goes to the last share.
func (c *Client) SetSplit(ctx context.Context, shares []Share) (abi.Digest, Tx, error) {
	key := SplitKey(shares)
	if got, err := c.Split(ctx, key); err == nil && len(got) > 0 {
		tx, err := c.already(ctx)
		return key, tx, err
	} else if err != nil && abi.KindOf(err) != abi.NotFound {
		return abi.Digest{}, Tx{}, err
	}
	to, bps := make([]common.Address, len(shares)), make([]uint16, len(shares))
	for i, s := range shares {
		to[i], bps[i] = common.Address(s.To), s.Bps
	}
	r, err := c.write(ctx, c.at.Payroll, c.payroll.PackSetSplit(to, bps))
	if err != nil {
		return abi.Digest{}, Tx{}, err
	}
	tx, err := c.settled(ctx, r)
	return key, tx, err
}

// Split reads a split: NotFound when nobody wrote it down.
func (c *Client) Split(ctx context.Context, key abi.Digest) ([]Share, error) {
	got, err := call(ctx, c.conn, c.at.Payroll, c.payroll.PackSplit(key), nil, c.payroll.UnpackSplit)
	if err != nil {
		return nil, err
	}
	if len(got.To) == 0 || len(got.To) != len(got.Bps) {
		return nil, fmt.Errorf("market: split %s: %w", key.Short(), abi.NotFound)
	}
	shares := make([]Share, len(got.To))
	for i := range shares {
		shares[i] = Share{abi.Address(got.To[i]), got.Bps[i]}
	}
	return shares, nil
}

// Release sends payee all that it is owed and says how much that was: zero, with
// Tx.Again, when it is owed nothing. Anybody may call it.
func (c *Client) Release(ctx context.Context, payee abi.Address) (uint64, Tx, error) {
	owed, err := call(ctx, c.conn, c.at.Payroll, c.payroll.PackOwed(common.Address(payee)), nil, c.payroll.UnpackOwed)
	if err != nil {
		return 0, Tx{}, err
	}
	if owed.Sign() == 0 {
		tx, err := c.already(ctx)
		return 0, tx, err
	}
	r, err := c.write(ctx, c.at.Payroll, c.payroll.PackRelease(common.Address(payee)))
	if reverted[payroll.PayrollNothingOwed](err) { // somebody was faster
		tx, err := c.already(ctx)
		return 0, tx, err
	}
	if err != nil {
		return 0, Tx{}, err
	}
	var paid uint64
	for _, l := range r.Logs {
		if e, err := c.payroll.UnpackReleasedEvent(l); err == nil {
			paid += e.Amount.Uint64()
		}
	}
	tx, err := c.settled(ctx, r)
	return paid, tx, err
}

// Fund gives a newcomer on an embedded chain credits and coin for gas, once an
// address. The client's key is the operator's.
func (c *Client) Fund(ctx context.Context, to abi.Address) (Tx, error) {
	if c.at.Faucet.IsZero() {
		return Tx{}, fmt.Errorf("market: this chain has no faucet: %w", abi.NotFound)
	}
	granted, err := call(ctx, c.conn, c.at.Faucet, c.faucet.PackGranted(common.Address(to)), nil, c.faucet.UnpackGranted)
	if err != nil {
		return Tx{}, err
	}
	if granted {
		return c.already(ctx)
	}
	r, err := c.write(ctx, c.at.Faucet, c.faucet.PackGrant(common.Address(to)))
	if reverted[faucet.FaucetAlreadyGranted](err) {
		return c.already(ctx)
	}
	if err != nil {
		return Tx{}, err
	}
	return c.settled(ctx, r)
}

// A Balance is what somebody has, in smallest units of credits.
type Balance struct {
	Credits  uint64   // at hand
	Owed     uint64   // to be had by Release
	Escrowed uint64   // paid for receipts and neither settled nor refunded
	Wei      *big.Int // coin for gas
}

// Balance reads what who has, as of one block.
func (c *Client) Balance(ctx context.Context, who abi.Address) (Balance, error) {
	head, err := c.SafeHead(ctx)
	if err != nil {
		return Balance{}, err
	}
	block, owner := new(big.Int).SetUint64(head), common.Address(who)
	held, err := call(ctx, c.conn, c.at.Credits, c.credits.PackBalanceOf(owner), block, c.credits.UnpackBalanceOf)
	if err != nil {
		return Balance{}, err
	}
	owed, err := call(ctx, c.conn, c.at.Payroll, c.payroll.PackOwed(owner), block, c.payroll.UnpackOwed)
	if err != nil {
		return Balance{}, err
	}
	escrowed, err := call(ctx, c.conn, c.at.Market, c.market.PackEscrowOf(owner), block, c.market.UnpackEscrowOf)
	if err != nil {
		return Balance{}, err
	}
	wei, err := c.eth.BalanceAt(ctx, owner, block)
	if err != nil {
		return Balance{}, rpcError("read a balance", err)
	}
	return Balance{Credits: held.Uint64(), Owed: owed.Uint64(), Escrowed: escrowed.Uint64(), Wei: wei}, nil
}
