// Package contracts says where the contracts stand on a chain and what code creates them.
package contracts

import (
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market/bindings/assets"
	"github.com/cloister-ai/cloister/market/bindings/credits"
	"github.com/cloister-ai/cloister/market/bindings/faucet"
	"github.com/cloister-ai/cloister/market/bindings/market"
	"github.com/cloister-ai/cloister/market/bindings/payroll"
)

// Addresses is where the contracts of one deployment stand.
type Addresses struct {
	Credits abi.Address `json:"credits"`
	Payroll abi.Address `json:"payroll"`
	Assets  abi.Address `json:"assets"`
	Market  abi.Address `json:"market"`
	Faucet  abi.Address `json:"faucet"` // zero: this chain has none
}

// Predeployed returns where the contracts stand on every embedded chain.
func Predeployed() Addresses {
	at := func(n byte) abi.Address { return abi.Address{0: 0xc1, 1: 0x01, 2: 0x5e, 19: n} }
	return Addresses{Credits: at(1), Payroll: at(2), Assets: at(3), Market: at(4), Faucet: at(5)}
}

// Params fixes what the contracts can never change afterwards. A zero field
// means its default.
type Params struct {
	Operator     abi.Address   `json:"operator"`      // may pause purchases, name minters and use the faucet; required
	CapCredits   uint64        `json:"cap_credits"`   // most whole credits that will ever exist; default 1,000,000,000
	GrantCredits uint64        `json:"grant_credits"` // whole credits the faucet gives once an address; default 1,000
	GrantCoins   uint64        `json:"grant_coins"`   // whole coins for gas, likewise; default 10
	RefundWindow time.Duration `json:"refund_window"` // how long a buyer may give a receipt back; whole seconds; default 10 minutes
	RefundDelay  time.Duration `json:"refund_delay"`  // how long a host may still show a job after that; whole seconds; default 10 minutes
}

// WithDefaults returns p with its zero fields filled in.
func (p Params) WithDefaults() Params {
	if p.CapCredits == 0 {
		p.CapCredits = 1_000_000_000
	}
	if p.GrantCredits == 0 {
		p.GrantCredits = 1_000
	}
	if p.GrantCoins == 0 {
		p.GrantCoins = 10
	}
	if p.RefundWindow == 0 {
		p.RefundWindow = 10 * time.Minute
	}
	if p.RefundDelay == 0 {
		p.RefundDelay = 10 * time.Minute
	}
	return p
}

// Check refuses parameters that cannot be carried exactly: Invalid.
func (p Params) Check() error {
	if p.Operator.IsZero() {
		return fmt.Errorf("contracts: no operator: %w", abi.Invalid)
	}
	if most := uint64(math.MaxUint64 / Credit); p.CapCredits > most || p.GrantCredits > most {
		return fmt.Errorf("contracts: cap of %d and grant of %d credits, at most %d: %w", p.CapCredits, p.GrantCredits, most, abi.Invalid)
	}
	for _, d := range []time.Duration{p.RefundWindow, p.RefundDelay} {
		if d < 0 || d%time.Second != 0 || d > maxRefund {
			return fmt.Errorf("contracts: refund window %v and delay %v, want whole seconds up to %v: %w", p.RefundWindow, p.RefundDelay, maxRefund, abi.Invalid)
		}
	}
	return nil
}

const maxRefund = 366 * 24 * time.Hour

// Credit is one whole credit in the token's smallest unit.
const Credit = 1_000_000

// Coins returns n whole coins in wei.
func Coins(n uint64) *big.Int {
	return new(big.Int).Mul(new(big.Int).SetUint64(n), big.NewInt(1e18))
}

// A Creation is one contract to be created: run Code at Address.
type Creation struct {
	Name    string
	Address abi.Address
	Code    []byte // creation code and constructor arguments
}

// Creations returns the contracts in the order they must be created, so that
// they stand at the addresses of at. No faucet is made where at names none.
func Creations(at Addresses, p Params) []Creation {
	p = p.WithDefaults()
	operator := common.Address(p.Operator)
	token, payees, goods := common.Address(at.Credits), common.Address(at.Payroll), common.Address(at.Assets)
	units := func(whole uint64) *big.Int {
		return new(big.Int).Mul(new(big.Int).SetUint64(whole), big.NewInt(Credit))
	}
	seconds := func(d time.Duration) uint64 { return uint64(d / time.Second) }
	minter := common.Address(at.Faucet)
	if at.Faucet.IsZero() {
		minter = operator
	}
	code := func(bin string, args []byte) []byte { return append(common.FromHex(bin), args...) }
	list := []Creation{
		{"Credits", at.Credits, code(credits.CreditsMetaData.Bin, credits.NewCredits().PackConstructor(operator, minter, units(p.CapCredits)))},
		{"Payroll", at.Payroll, code(payroll.PayrollMetaData.Bin, payroll.NewPayroll().PackConstructor(token))},
		{"Assets", at.Assets, code(assets.AssetsMetaData.Bin, assets.NewAssets().PackConstructor(payees))},
		{"Market", at.Market, code(market.MarketMetaData.Bin,
			market.NewMarket().PackConstructor(operator, token, goods, payees, seconds(p.RefundWindow), seconds(p.RefundDelay)))},
	}
	if !at.Faucet.IsZero() {
		list = append(list, Creation{"Faucet", at.Faucet, code(faucet.FaucetMetaData.Bin,
			faucet.NewFaucet().PackConstructor(operator, token, units(p.GrantCredits), Coins(p.GrantCoins)))})
	}
	return list
}
