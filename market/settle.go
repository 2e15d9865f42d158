package market

import (
	"context"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/core/types"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/market/bindings/market"
)

// A Payment is money that left escrow for one receipt.
type Payment struct {
	Receipt abi.Digest
	State   State       // Settled or Refunded
	To      abi.Address // the seller at purchase, or the buyer
	Split   abi.Digest  // how the seller's part is divided; zero: not at all
	Amount  uint64      // in smallest units
	Job     abi.Digest  // the job that proved use; zero: none did
}

// A Skip is a receipt that a settlement passed over, and why.
type Skip struct {
	Receipt abi.Digest
	Reason  string
}

// A Settlement is what one call did.
type Settlement struct {
	Payments []Payment
	Skipped  []Skip
}

var reasons = [...]string{
	"there is no such receipt", "nothing is due yet", "settled or refunded before",
	"the job is not signed by the buyer or a key of the buyer's", "its refund is due",
}

// Settle does what is due for each of at most MaxReceipts receipts: pays the
// sellers when the refund window passed, or the buyer when a refund is due. The
// buyer may settle before the window ends. Anybody may call it, again and again.
func (c *Client) Settle(ctx context.Context, receipts []abi.Digest) (Settlement, Tx, error) {
	if s, tx, err := c.finished(ctx, receipts); err != nil || tx.Again {
		return s, tx, err
	}
	return c.settlement(ctx, c.market.PackSettle(words(receipts)))
}

// SettleJob pays the sellers of every receipt that r names, refund window or
// not: the signature proves that the buyer used them. Anybody may call it.
func (c *Client) SettleJob(ctx context.Context, r wire.Request, signature []byte) (Settlement, Tx, error) {
	if _, err := RecoverRequest(c.Domain(), r, signature); err != nil {
		return Settlement{}, Tx{}, err
	}
	if s, tx, err := c.finished(ctx, r.Receipts); err != nil || tx.Again {
		return s, tx, err
	}
	l := r.Limits
	job := market.MarketJobRequest{
		Id: r.ID, App: r.App, Data: r.Data, Model: r.Model, Slot: r.Slot, Body: r.Body,
		Receipts: words(r.Receipts), Deadline: r.Deadline,
		Limits: market.MarketLimits{
			Wall: uint64(l.Wall / time.Millisecond), MemoryPages: l.Memory, Output: l.Output,
			Log: l.Log, Handles: l.Handle, Tensor: l.Tensor,
		},
	}
	return c.settlement(ctx, c.market.PackSettleJob(job, signature))
}

// finished reports, with Tx.Again, that no receipt has anything left to settle.
func (c *Client) finished(ctx context.Context, receipts []abi.Digest) (Settlement, Tx, error) {
	if n := len(receipts); n == 0 || n > MaxReceipts {
		return Settlement{}, Tx{}, fmt.Errorf("market: batch of %d receipts, want one to %d: %w", n, MaxReceipts, abi.Invalid)
	}
	var s Settlement
	for _, id := range receipts {
		r, err := c.Receipt(ctx, id)
		if abi.KindOf(err) == abi.NotFound {
			s.Skipped = append(s.Skipped, Skip{id, reasons[0]})
			continue
		}
		if err != nil {
			return Settlement{}, Tx{}, err
		}
		if r.State == Held || r.State == Refunding {
			return Settlement{}, Tx{}, nil
		}
		s.Skipped = append(s.Skipped, Skip{id, reasons[2]})
	}
	tx, err := c.already(ctx)
	return s, tx, err
}

func (c *Client) settlement(ctx context.Context, data []byte) (Settlement, Tx, error) {
	r, err := c.write(ctx, c.at.Market, data)
	if err != nil {
		return Settlement{}, Tx{}, err
	}
	s := c.readSettlement(r.Logs)
	tx, err := c.settled(ctx, r)
	return s, tx, err
}

func (c *conn) readSettlement(logs []*types.Log) Settlement {
	var s Settlement
	for _, l := range logs {
		if abi.Address(l.Address) != c.at.Market {
			continue
		}
		if e, err := c.market.UnpackSettledEvent(l); err == nil {
			s.Payments = append(s.Payments, Payment{
				Receipt: e.Receipt, State: Settled, To: abi.Address(e.Seller), Split: e.Split, Amount: e.Amount.Uint64(), Job: e.Job,
			})
		}
		if e, err := c.market.UnpackRefundedEvent(l); err == nil {
			s.Payments = append(s.Payments, Payment{
				Receipt: e.Receipt, State: Refunded, To: abi.Address(e.Buyer), Amount: e.Amount.Uint64(),
			})
		}
		if e, err := c.market.UnpackSkippedEvent(l); err == nil {
			reason := fmt.Sprintf("reason %d", e.Reason)
			if int(e.Reason) < len(reasons) {
				reason = reasons[e.Reason]
			}
			s.Skipped = append(s.Skipped, Skip{e.Receipt, reason})
		}
	}
	return s
}

// Refund gives a receipt of the client's back: it buys nothing from then on, and
// the money is due after the refund delay (Receipt.RefundDue), unless somebody
// shows a job that was signed with it. Called again once it is due, Refund
// fetches the money. The receipt says how far it is.
func (c *Client) Refund(ctx context.Context, id abi.Digest) (Receipt, Tx, error) {
	r, err := c.Receipt(ctx, id)
	if err != nil {
		return Receipt{}, Tx{}, err
	}
	head, err := c.eth.HeaderByNumber(ctx, nil)
	if err != nil {
		return Receipt{}, Tx{}, rpcError("ask for the head", err)
	}
	now := unix(max(head.Time, uint64(time.Now().Unix())))
	var tx Tx
	switch {
	case r.Buyer == c.Address() && (r.State == Refunded || r.State == Refunding && now.Before(r.RefundDue)):
		tx, err = c.already(ctx)
	case r.State == Refunding:
		_, tx, err = c.settlement(ctx, c.market.PackSettle(words([]abi.Digest{id})))
	default: // the contract says what is wrong, if anything
		var done *types.Receipt
		if done, err = c.write(ctx, c.at.Market, c.market.PackRefund(id)); err == nil {
			tx, err = c.settled(ctx, done)
		}
	}
	if err != nil {
		return Receipt{}, tx, err
	}
	r, err = c.Receipt(ctx, id)
	return r, tx, err
}

// Pause stops purchases; refunds, settlements and payments go on. Only the
// operator may.
func (c *Client) Pause(ctx context.Context) (Tx, error) {
	return c.setPaused(ctx, true, c.market.PackPause())
}

// Unpause lets purchases go on.
func (c *Client) Unpause(ctx context.Context) (Tx, error) {
	return c.setPaused(ctx, false, c.market.PackUnpause())
}

func (c *Client) setPaused(ctx context.Context, want bool, data []byte) (Tx, error) {
	paused, err := call(ctx, c.conn, c.at.Market, c.market.PackPaused(), nil, c.market.UnpackPaused)
	if err != nil {
		return Tx{}, err
	}
	if paused == want {
		return c.already(ctx)
	}
	r, err := c.write(ctx, c.at.Market, data)
	if err != nil {
		return Tx{}, err
	}
	return c.settled(ctx, r)
}
