package chain

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market/contracts"
)

// A disk that refuses stops the chain; the block that it refused is never called
// durable.
func TestAFlushThatFailsStopsTheChain(t *testing.T) {
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(t.Context(), Config{
		Dir: t.TempDir(), Params: contracts.Params{Operator: abi.Address(crypto.PubkeyToAddress(key.PublicKey))},
		flushed: func() error { return errors.New("no space left on device") },
	})
	if err != nil {
		t.Fatal(err)
	}
	id := new(big.Int).SetUint64(c.ID())
	tx, err := types.SignNewTx(key, types.LatestSignerForChainID(id), &types.DynamicFeeTx{
		ChainID: id, GasTipCap: big.NewInt(1), GasFeeCap: big.NewInt(2e9), Gas: 21_000, To: &common.Address{19: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Client().SendTransaction(t.Context(), tx); err != nil {
		t.Fatal(err)
	}
	if err := c.WaitDurable(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("WaitDurable = %v; want the disk's error", err)
	}
	<-c.Done()
	if got := c.DurableHead(); got != 0 {
		t.Errorf("DurableHead = %d, want 0", got)
	}
	if err := c.Err(); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("Err = %v; want the disk's error", err)
	}
	if err := c.Close(); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("Close = %v; want the disk's error", err)
	}
}

func FuzzBlockLogRecord(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 5})
	f.Add([]byte{255, 255, 255, 255, 0, 0, 0, 0, 5})
	f.Fuzz(func(t *testing.T, b []byte) {
		payload, err := readRecord(strings.NewReader(string(b)), int64(len(b)))
		if err == nil && len(payload)+8 > len(b) {
			t.Errorf("record of %d bytes out of %d", len(payload), len(b))
		}
	})
}
