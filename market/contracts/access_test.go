package contracts_test

import (
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/cloister-ai/cloister/abi"
)

// Every function that changes state stands here: with "" when anybody may call
// it (what it then does to whom is in the other tests), else with the error a
// stranger gets. A function that is missing fails the test.
func TestPrivilegedFunctionsRefuseStrangers(t *testing.T) {
	e := newEVM(t)
	e.fund(t, buyer)
	asset := e.list(t, seller, 1, 5, [32]byte{})
	receipt := e.buy(t, buyer, 1, asset)
	sold := [32]byte{}
	asset.FillBytes(sold[:])
	role := view(t, e, at.Credits, token.PackMINTER(), token.UnpackMINTER)
	who := stranger.Address

	type entry struct {
		to   abi.Address
		data []byte
		want string // error type; "": open
	}
	open := entry{}
	table := map[string]map[string]entry{
		"Credits": {
			"approve": open, "transfer": open, "transferFrom": {at.Credits, token.PackTransferFrom(buyer.Address, who, big.NewInt(1)), "credits.CreditsERC20InsufficientAllowance"},
			"permit": open, "transferWithAuthorization": open, "receiveWithAuthorization": open, "cancelAuthorization": open,
			"mint":         {at.Credits, token.PackMint(who, big.NewInt(1)), "credits.CreditsAccessControlUnauthorizedAccount"},
			"grantRole":    {at.Credits, token.PackGrantRole(role, who), "credits.CreditsAccessControlUnauthorizedAccount"},
			"revokeRole":   {at.Credits, token.PackRevokeRole(role, common.Address(at.Faucet)), "credits.CreditsAccessControlUnauthorizedAccount"},
			"renounceRole": {at.Credits, token.PackRenounceRole(role, common.Address(at.Faucet)), "credits.CreditsAccessControlBadConfirmation"},
		},
		"Payroll": {"setSplit": open, "pay": open, "release": open},
		"Assets": {
			"list": open, "setApprovalForAll": open,
			"setPrice":          {at.Assets, goods.PackSetPrice(asset, big.NewInt(1)), "assets.AssetsNotOwner"},
			"setDelisted":       {at.Assets, goods.PackSetDelisted(asset, true), "assets.AssetsNotOwner"},
			"approve":           {at.Assets, goods.PackApprove(who, asset), "assets.AssetsERC721InvalidApprover"},
			"transferFrom":      {at.Assets, goods.PackTransferFrom(seller.Address, who, asset), "assets.AssetsERC721InsufficientApproval"},
			"safeTransferFrom":  {at.Assets, goods.PackSafeTransferFrom(seller.Address, who, asset), "assets.AssetsERC721InsufficientApproval"},
			"safeTransferFrom0": {at.Assets, goods.PackSafeTransferFrom0(seller.Address, who, asset, nil), "assets.AssetsERC721InsufficientApproval"},
		},
		"Market": {
			"buyBundle": open, "buyBundleWithPermit": open, "settle": open, "settleJob": open,
			"delegate":          {at.Market, shop.PackDelegate([][32]byte{receipt}, who, 1), "market.MarketNotBuyer"},
			"refund":            {at.Market, shop.PackRefund(receipt), "market.MarketNotBuyer"},
			"pause":             {at.Market, shop.PackPause(), "market.MarketOwnableUnauthorizedAccount"},
			"unpause":           {at.Market, shop.PackUnpause(), "market.MarketOwnableUnauthorizedAccount"},
			"transferOwnership": {at.Market, shop.PackTransferOwnership(who), "market.MarketOwnableUnauthorizedAccount"},
			"acceptOwnership":   {at.Market, shop.PackAcceptOwnership(), "market.MarketOwnableUnauthorizedAccount"},
			"renounceOwnership": {at.Market, shop.PackRenounceOwnership(), "market.MarketOwnableUnauthorizedAccount"},
		},
		"Faucet": {"grant": {at.Faucet, tap.PackGrant(who), "faucet.FaucetNotOperator"}},
	}
	for contract, spec := range abis() {
		for name, m := range spec.Methods {
			if _, ok := table[contract][name]; !ok && !m.IsConstant() {
				t.Errorf("%s.%s is in no list: who may call it?", contract, m.Sig)
			}
		}
	}
	for contract, functions := range table {
		spec := abis()[contract]
		for function, f := range functions {
			if _, ok := spec.Methods[function]; !ok {
				t.Errorf("%s.%s is listed and does not exist", contract, function)
			}
			if f.want == "" {
				continue
			}
			before := e.root()
			if _, err := e.call(who, f.to, f.data); name(err) != f.want {
				t.Errorf("%s.%s by a stranger = %v, want %s", contract, function, err, f.want)
			}
			if e.root() != before {
				t.Errorf("%s.%s was refused and changed something", contract, function)
			}
		}
	}
}
