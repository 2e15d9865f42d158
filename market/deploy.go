package market

import (
	"context"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethclient"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market/contracts"
)

// Deploy creates the contracts, without a faucet, on the chain at url and
// returns where they stand; the operator mints credits instead. c.Key pays for
// gas. It is done once by hand: called twice, it makes two markets.
func Deploy(ctx context.Context, url string, c Config, p contracts.Params) (contracts.Addresses, error) {
	var none contracts.Addresses
	if c.Key == nil {
		return none, errNoKey
	}
	if err := p.Check(); err != nil {
		return none, fmt.Errorf("market: deploy: %w", err)
	}
	eth, err := ethclient.DialContext(ctx, url)
	if err != nil {
		return none, fmt.Errorf("market: connect to %s: %w: %w", url, abi.Unavailable, err)
	}
	defer eth.Close()
	client, err := newClient(ctx, eth, nil, c)
	if err != nil {
		return none, err
	}
	release, err := client.turn(ctx)
	if err != nil {
		return none, err
	}
	defer release()
	nonce, err := eth.PendingNonceAt(ctx, common.Address(c.Key.address))
	if err != nil {
		return none, rpcError("ask for a nonce", err)
	}
	next := func() abi.Address { // where the next contract of this key will stand
		nonce++
		return abi.Address(crypto.CreateAddress(common.Address(c.Key.address), nonce-1))
	}
	at := contracts.Addresses{Credits: next(), Payroll: next(), Assets: next(), Market: next()}
	var last *big.Int
	for _, create := range contracts.Creations(at, p) {
		r, err := client.transact(ctx, nil, create.Code)
		if err != nil {
			return none, fmt.Errorf("market: create %s: %w", create.Name, err)
		}
		if got := abi.Address(r.ContractAddress); got != create.Address {
			return none, fmt.Errorf("market: create %s: it stands at %v, not at %v, because the key wrote something else meanwhile: %w",
				create.Name, got, create.Address, abi.Unavailable)
		}
		last = r.BlockNumber
	}
	return at, client.safe(ctx, last.Uint64())
}
