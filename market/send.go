package market

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/cloister-ai/cloister/abi"
)

const (
	sendTries   = 8               // attempts to get a transaction into the pool
	resendAfter = 3 * time.Second // how long one may be missing before it is sent again

	silence = 30 * time.Second // how long a chain may fail to answer before a wait is given up
)

// errNoKey is what a client without a key answers to a write.
var errNoKey = fmt.Errorf("market: this client has no key and only reads: %w", abi.Denied)

// write sends one transaction to a contract and waits until it is in a block.
// Call settled afterwards: the block is not durable yet.
func (c *Client) write(ctx context.Context, to abi.Address, data []byte) (*types.Receipt, error) {
	return c.writeBuilt(ctx, to, func(context.Context) ([]byte, error) { return data, nil })
}

// writeBuilt is write for data that depends on what the same key wrote before:
// build runs when it is this write's turn.
func (c *Client) writeBuilt(ctx context.Context, to abi.Address, build func(context.Context) ([]byte, error)) (*types.Receipt, error) {
	if c.key == nil {
		return nil, errNoKey
	}
	release, err := c.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	data, err := build(ctx)
	if err != nil {
		return nil, err
	}
	target := common.Address(to)
	return c.transact(ctx, &target, data)
}

// transact sends one transaction of the key whose turn it is; no target creates
// a contract.
func (c *Client) transact(ctx context.Context, to *common.Address, data []byte) (*types.Receipt, error) {
	msg := ethereum.CallMsg{From: common.Address(c.key.address), To: to, Data: data}
	tx, err := c.send(ctx, msg)
	if err != nil {
		return nil, err
	}
	r, err := c.mined(ctx, tx)
	if err != nil {
		return nil, err
	}
	if r.Status != types.ReceiptStatusSuccessful {
		// The estimate went through and the transaction did not: somebody was
		// faster. The same call on the new state says what is wrong.
		if _, err := c.eth.CallContract(ctx, msg, r.BlockNumber); err != nil {
			return nil, rpcError("transaction "+tx.Hash().Hex(), err)
		}
		return nil, fmt.Errorf("market: transaction %v reverted: %w", tx.Hash(), abi.Unavailable)
	}
	return r, nil
}

// turn waits until no other write of the same key is under way.
func (c *Client) turn(ctx context.Context) (release func(), err error) {
	c.mu.Lock()
	busy := c.senders[c.key.address]
	if busy == nil {
		busy = make(chan struct{}, 1)
		c.senders[c.key.address] = busy
	}
	c.mu.Unlock()
	select {
	case busy <- struct{}{}:
		return func() { <-busy }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("market: wait for the write before: %w: %w", abi.Unavailable, context.Cause(ctx))
	}
}

// send signs msg and gets it into the pool.
func (c *Client) send(ctx context.Context, msg ethereum.CallMsg) (*types.Transaction, error) {
	var last error
	for try := range sendTries {
		if try > 0 {
			if err := pause(ctx, time.Duration(try)*20*time.Millisecond); err != nil {
				return nil, err
			}
		}
		tx, err := c.sign(ctx, msg)
		if err != nil {
			return nil, err
		}
		err = c.eth.SendTransaction(ctx, tx)
		switch {
		case err == nil, mentions(err, "already known"):
			return tx, nil
		case mentions(err, "nonce too low", "nonce too high", "underpriced", "txpool is full", "gapped", "in-flight"):
			last = err // another program uses the key, or the base fee rose: sign again
		default:
			if _, _, lookup := c.eth.TransactionByHash(ctx, tx.Hash()); lookup == nil {
				return tx, nil // the answer got lost, the transaction did not
			}
			return nil, rpcError("send a transaction", err)
		}
	}
	return nil, rpcError(fmt.Sprintf("send a transaction, %d times", sendTries), last)
}

func (c *Client) sign(ctx context.Context, msg ethereum.CallMsg) (*types.Transaction, error) {
	gas, err := c.eth.EstimateGas(ctx, msg)
	if err != nil {
		return nil, rpcError("estimate gas", err)
	}
	nonce, err := c.eth.PendingNonceAt(ctx, msg.From)
	if err != nil {
		return nil, rpcError("ask for a nonce", err)
	}
	tip, err := c.eth.SuggestGasTipCap(ctx)
	if err != nil {
		return nil, rpcError("ask for the tip", err)
	}
	head, err := c.eth.HeaderByNumber(ctx, nil)
	if err != nil {
		return nil, rpcError("ask for the head", err)
	}
	fee := new(big.Int).Set(tip)
	if head.BaseFee != nil {
		fee.Add(fee, new(big.Int).Lsh(head.BaseFee, 1))
	}
	id := new(big.Int).SetUint64(c.chainID)
	tx, err := types.SignNewTx(c.key.secret, types.LatestSignerForChainID(id), &types.DynamicFeeTx{
		ChainID: id, Nonce: nonce, GasTipCap: tip, GasFeeCap: fee,
		Gas: gas + gas/4, // state may move a little before the block
		To:  msg.To, Data: msg.Data,
	})
	if err != nil {
		return nil, fmt.Errorf("market: sign a transaction: %w: %w", abi.Internal, err)
	}
	return tx, nil
}

// mined waits until tx is in a block. A pool forgets when its node restarts, so
// a transaction that is missing for long is sent again, the same bytes.
func (c *Client) mined(ctx context.Context, tx *types.Transaction) (*types.Receipt, error) {
	wait, slowest := 2*time.Millisecond, time.Second
	if c.node != nil {
		slowest = 100 * time.Millisecond
	}
	again, answered := time.Now().Add(resendAfter), time.Now()
	for {
		r, err := c.eth.TransactionReceipt(ctx, tx.Hash())
		if err == nil {
			return r, nil
		}
		if errors.Is(err, ethereum.NotFound) || mentions(err, "indexing is in progress") {
			answered = time.Now()
		} else if errors.Is(err, rpc.ErrClientQuit) || time.Since(answered) > silence {
			return nil, rpcError("wait for transaction "+tx.Hash().Hex(), err)
		}
		if ctx.Err() == nil && time.Now().After(again) {
			again = time.Now().Add(resendAfter)
			if _, _, err := c.eth.TransactionByHash(ctx, tx.Hash()); errors.Is(err, ethereum.NotFound) {
				err := c.eth.SendTransaction(ctx, tx)
				c.log.LogAttrs(ctx, slog.LevelWarn, "transaction sent again", slog.String("tx", tx.Hash().Hex()), slog.Any("err", err))
				if mentions(err, "nonce too low") {
					return nil, fmt.Errorf("market: transaction %v was replaced by another: %w", tx.Hash(), abi.Unavailable)
				}
			}
		}
		if err := pause(ctx, wait); err != nil {
			return nil, fmt.Errorf("market: wait for transaction %v: %w", tx.Hash(), err)
		}
		wait = min(wait+wait/2, slowest)
	}
}

// settled waits until r is durable, or confirmed, and says how the write went.
func (c *Client) settled(ctx context.Context, r *types.Receipt) (Tx, error) {
	tx := Tx{Hash: Hash(r.TxHash), Gas: r.GasUsed, Block: r.BlockNumber.Uint64()}
	return tx, c.safe(ctx, tx.Block)
}

// safe waits until block may be acted on.
func (c *conn) safe(ctx context.Context, block uint64) error {
	if c.node != nil {
		return c.node.WaitDurable(ctx, block)
	}
	for {
		head, err := c.SafeHead(ctx)
		if err != nil {
			return err
		}
		if head >= block {
			return nil
		}
		if err := pause(ctx, time.Second); err != nil {
			return fmt.Errorf("market: wait for %d blocks on top of %d: %w", c.depth, block, err)
		}
	}
}

// pause waits for d or for the end of ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", abi.Unavailable, context.Cause(ctx))
	}
}

// mentions reports whether a chain's error says one of texts. Over JSON-RPC an
// error is nothing but its text.
func mentions(err error, texts ...string) bool {
	if err == nil {
		return false
	}
	for _, t := range texts {
		if strings.Contains(err.Error(), t) {
			return true
		}
	}
	return false
}
