package market_test

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/signer/core/apitypes"
	"pgregory.net/rapid"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/market"
	"github.com/cloister-ai/cloister/market/contracts"
)

var domain = market.Domain{ChainID: 20771, Market: contracts.Predeployed().Market}

func drawRequest(t *rapid.T) wire.Request {
	digest := rapid.Custom(func(t *rapid.T) abi.Digest { return abi.Sum([]byte{rapid.Byte().Draw(t, "content")}) })
	return wire.Request{
		ID: digest.Draw(t, "id"), App: digest.Draw(t, "app"), Data: digest.Draw(t, "data"), Model: digest.Draw(t, "model"),
		Slot: digest.Draw(t, "slot"), Body: digest.Draw(t, "body"),
		Receipts: rapid.SliceOfN(digest, 0, market.MaxReceipts).Draw(t, "receipts"),
		Deadline: rapid.Uint64().Draw(t, "deadline"),
		Limits: wire.Limits{
			Wall:   time.Duration(rapid.Int64Range(0, 1<<40).Draw(t, "wall")) * time.Millisecond,
			Memory: rapid.Uint32().Draw(t, "memory"), Output: rapid.Uint32().Draw(t, "output"), Log: rapid.Uint32().Draw(t, "log"),
			Handle: rapid.Uint32().Draw(t, "handle"), Tensor: rapid.Uint64().Draw(t, "tensor"),
		},
	}
}

// What a wallet would show and sign for r.
func typedData(r wire.Request) apitypes.TypedData {
	hex := func(d abi.Digest) string { return hexutil.Encode(d[:]) }
	field := func(name, kind string) apitypes.Type { return apitypes.Type{Name: name, Type: kind} }
	receipts := make([]any, len(r.Receipts))
	for i, id := range r.Receipts {
		receipts[i] = hex(id)
	}
	return apitypes.TypedData{
		PrimaryType: "JobRequest",
		Types: apitypes.Types{
			"EIP712Domain": {field("name", "string"), field("version", "string"), field("chainId", "uint256"), field("verifyingContract", "address")},
			"JobRequest": {
				field("id", "bytes32"), field("app", "bytes32"), field("data", "bytes32"), field("model", "bytes32"), field("slot", "bytes32"),
				field("body", "bytes32"), field("receipts", "bytes32[]"), field("deadline", "uint64"), field("limits", "Limits"),
			},
			"Limits": {
				field("wall", "uint64"), field("memoryPages", "uint32"), field("output", "uint32"), field("log", "uint32"),
				field("handles", "uint32"), field("tensor", "uint64"),
			},
		},
		Domain: apitypes.TypedDataDomain{
			Name: "Cloister", Version: "1", ChainId: (*math.HexOrDecimal256)(new(big.Int).SetUint64(domain.ChainID)), VerifyingContract: domain.Market.String(),
		},
		Message: apitypes.TypedDataMessage{
			"id": hex(r.ID), "app": hex(r.App), "data": hex(r.Data), "model": hex(r.Model), "slot": hex(r.Slot), "body": hex(r.Body),
			"receipts": receipts, "deadline": fmt.Sprint(r.Deadline),
			"limits": map[string]any{
				"wall": fmt.Sprint(r.Limits.Wall.Milliseconds()), "memoryPages": fmt.Sprint(r.Limits.Memory), "output": fmt.Sprint(r.Limits.Output),
				"log": fmt.Sprint(r.Limits.Log), "handles": fmt.Sprint(r.Limits.Handle), "tensor": fmt.Sprint(r.Limits.Tensor),
			},
		},
	}
}

func TestARequestIsSignedAsWalletsSignIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		want, _, err := apitypes.TypedDataAndHash(typedData(r))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := market.RequestDigest(domain, r); err != nil || got != abi.Digest(want) {
			t.Fatalf("RequestDigest = %x, %v; want %x", got, err, want)
		}
	})
}

func TestNoFieldOfARequestCanChangeAfterSigning(t *testing.T) {
	k := newKey(t)
	r := wire.Request{ID: digest("id"), App: digest("app"), Receipts: []abi.Digest{digest("a"), digest("b")}, Deadline: 5}
	sig, err := market.SignRequest(domain, r, k)
	if err != nil {
		t.Fatal(err)
	}
	if who, err := market.RecoverRequest(domain, r, sig); err != nil || who != k.Address() {
		t.Fatalf("RecoverRequest = %v, %v; want %v", who, err, k.Address())
	}
	other := digest("other")
	for field, change := range map[string]func(*market.Domain, *wire.Request){
		"chain id":      func(d *market.Domain, _ *wire.Request) { d.ChainID++ },
		"market":        func(d *market.Domain, _ *wire.Request) { d.Market[0]++ },
		"id":            func(_ *market.Domain, r *wire.Request) { r.ID = other },
		"app":           func(_ *market.Domain, r *wire.Request) { r.App = other },
		"data":          func(_ *market.Domain, r *wire.Request) { r.Data = other },
		"model":         func(_ *market.Domain, r *wire.Request) { r.Model = other },
		"slot":          func(_ *market.Domain, r *wire.Request) { r.Slot = other },
		"body":          func(_ *market.Domain, r *wire.Request) { r.Body = other },
		"receipt":       func(_ *market.Domain, r *wire.Request) { r.Receipts = []abi.Digest{digest("a"), other} },
		"receipt order": func(_ *market.Domain, r *wire.Request) { r.Receipts = []abi.Digest{digest("b"), digest("a")} },
		"receipt count": func(_ *market.Domain, r *wire.Request) { r.Receipts = r.Receipts[:1] },
		"deadline":      func(_ *market.Domain, r *wire.Request) { r.Deadline++ },
		"wall":          func(_ *market.Domain, r *wire.Request) { r.Limits.Wall = time.Millisecond },
		"memory":        func(_ *market.Domain, r *wire.Request) { r.Limits.Memory++ },
		"output":        func(_ *market.Domain, r *wire.Request) { r.Limits.Output++ },
		"log":           func(_ *market.Domain, r *wire.Request) { r.Limits.Log++ },
		"handle":        func(_ *market.Domain, r *wire.Request) { r.Limits.Handle++ },
		"tensor":        func(_ *market.Domain, r *wire.Request) { r.Limits.Tensor++ },
	} {
		d, changed := domain, r
		change(&d, &changed)
		if who, err := market.RecoverRequest(d, changed, sig); err == nil && who == k.Address() {
			t.Errorf("another %s still has the buyer's signature", field)
		}
	}
}

func TestARequestThatTheStructCannotCarryIsInvalid(t *testing.T) {
	for what, r := range map[string]wire.Request{
		"part of a millisecond": {Limits: wire.Limits{Wall: 1500 * time.Microsecond}},
		"negative time":         {Limits: wire.Limits{Wall: -time.Second}},
		"too many receipts":     {Receipts: make([]abi.Digest, market.MaxReceipts+1)},
	} {
		if _, err := market.SignRequest(domain, r, newKey(t)); abi.KindOf(err) != abi.Invalid {
			t.Errorf("%s: SignRequest = %v; want invalid", what, err)
		}
		if _, err := market.RecoverRequest(domain, r, make([]byte, 65)); abi.KindOf(err) != abi.Invalid {
			t.Errorf("%s: RecoverRequest = %v; want invalid", what, err)
		}
	}
}
