package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/cloister-ai/cloister/market"
	"github.com/cloister-ai/cloister/market/contracts"
)

type deployCmd struct {
	RPC string `help:"JSON-RPC URL of the chain." required:"" name:"rpc" placeholder:"URL"`
	As  string `help:"Who pays the gas, and operates the contracts after." default:"operator"`
	Out string `help:"Where the addresses go, for --contracts; default: standard output." type:"path"`
}

// Run deploys the contracts and prints where they stand.
func (c deployCmd) Run(ctx context.Context, t *terminal, state stateDir) error {
	if err := state.open(); err != nil {
		return err
	}
	p, err := state.party(c.As)
	if err != nil {
		return err
	}
	at, err := market.Deploy(ctx, c.RPC, market.Config{Key: p.key}, contracts.Params{Operator: p.key.Address()})
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(at, "", "  ")
	if err != nil {
		return fmt.Errorf("addresses: %w", err)
	}
	return writeOutput(c.Out, t.out, append(b, '\n'))
}
