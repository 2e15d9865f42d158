package market

import (
	"context"
	"errors"
	"math/big"

	"github.com/ethereum/go-ethereum/common"

	"github.com/cloister-ai/cloister/abi"
)

var errEnough = errors.New("there is enough")

// Mint makes credits, on a chain without a faucet, so that to has at least units
// at hand, in smallest units: to repeat it after a crash mints no more than was
// missing. The client's key has the minter's role, which Deploy gives to the
// operator; for any other key it is Denied.
func (c *Client) Mint(ctx context.Context, to abi.Address, units uint64) (Tx, error) {
	r, err := c.writeBuilt(ctx, c.at.Credits, func(ctx context.Context) ([]byte, error) {
		b, err := c.Balance(ctx, to)
		if err != nil {
			return nil, err
		}
		if b.Credits >= units {
			return nil, errEnough
		}
		return c.credits.PackMint(common.Address(to), new(big.Int).SetUint64(units-b.Credits)), nil
	})
	if errors.Is(err, errEnough) {
		return c.already(ctx)
	}
	if err != nil {
		return Tx{}, err
	}
	return c.settled(ctx, r)
}
