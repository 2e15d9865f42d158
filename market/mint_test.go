package market_test

import (
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market"
	"github.com/cloister-ai/cloister/market/contracts"
)

func TestTheOperatorOfADeployedMarketMintsWhatIsMissing(t *testing.T) {
	w := newWorld(t, contracts.Params{})
	ctx := t.Context()
	at, err := market.Deploy(ctx, w.chain.URL(), market.Config{Key: w.operator.Key()}, contracts.Params{Operator: w.host.Address()})
	if err != nil {
		t.Fatal(err)
	}
	far, err := market.Dial(ctx, w.chain.URL(), market.Config{Key: w.host.Key(), Addresses: at})
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	for _, step := range []struct {
		what        string
		units, want uint64
		again       bool
	}{
		{"at first", 5 * market.Credit, 5 * market.Credit, false},
		{"again", 5 * market.Credit, 5 * market.Credit, true},
		{"more", 7 * market.Credit, 7 * market.Credit, false},
		{"less", market.Credit, 7 * market.Credit, true},
	} {
		tx, err := far.Mint(ctx, w.me.Address(), step.units)
		if err != nil || tx.Again != step.again {
			t.Fatalf("%s: %+v, %v", step.what, tx, err)
		}
		if b, err := far.Balance(ctx, w.me.Address()); err != nil || b.Credits != step.want {
			t.Errorf("%s: %d credits, %v; want %d", step.what, b.Credits, err, step.want)
		}
	}
	if _, err := far.As(w.me.Key()).Mint(ctx, w.me.Address(), 100*market.Credit); abi.KindOf(err) != abi.Denied {
		t.Errorf("Mint by somebody else = %v; want denied", err)
	}
}
