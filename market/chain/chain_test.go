package chain_test

import (
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market/chain"
	"github.com/cloister-ai/cloister/market/contracts"
)

func TestAChainOpensAgain(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		t0 := time.Now()
		c, err := chain.Open(t.Context(), chain.Config{Dir: dir, Params: contracts.Params{Operator: abi.Address{1}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Log(c.URL(), c.DurableHead(), time.Since(t0))
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
