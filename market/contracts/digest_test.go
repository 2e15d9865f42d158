package contracts_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	client "github.com/cloister-ai/cloister/market"
	"github.com/cloister-ai/cloister/market/bindings/market"
)

// The contract and the host must mean the same job by the same signature.
func TestContractAndHostDigestAJobAlike(t *testing.T) {
	e := newEVM(t)
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.Custom(func(t *rapid.T) [32]byte { return abi.Sum(rapid.SliceOfN(rapid.Byte(), 1, 1).Draw(t, "word")) })
		job := market.MarketJobRequest{
			Id: word.Draw(t, "id"), App: word.Draw(t, "app"), Data: word.Draw(t, "data"), Model: word.Draw(t, "model"),
			Slot: word.Draw(t, "slot"), Body: word.Draw(t, "body"), Receipts: rapid.SliceOfN(word, 0, 32).Draw(t, "receipts"),
			Deadline: rapid.Uint64().Draw(t, "deadline"),
			Limits: market.MarketLimits{
				Wall: rapid.Uint64Range(0, 1<<40).Draw(t, "wall"), MemoryPages: rapid.Uint32().Draw(t, "memory"),
				Output: rapid.Uint32().Draw(t, "output"), Log: rapid.Uint32().Draw(t, "log"),
				Handles: rapid.Uint32().Draw(t, "handles"), Tensor: rapid.Uint64().Draw(t, "tensor"),
			},
		}
		l := job.Limits
		request := wire.Request{
			ID: job.Id, App: job.App, Data: job.Data, Model: job.Model, Slot: job.Slot, Body: job.Body, Deadline: job.Deadline,
			Limits: wire.Limits{
				Wall: time.Duration(l.Wall) * time.Millisecond, Memory: l.MemoryPages, Output: l.Output, Log: l.Log, Handle: l.Handles, Tensor: l.Tensor,
			},
		}
		for _, id := range job.Receipts {
			request.Receipts = append(request.Receipts, id)
		}
		want, err := client.RequestDigest(client.Domain{ChainID: chainID, Market: at.Market}, request)
		if err != nil {
			t.Fatal(err)
		}
		if got := view(t, e, at.Market, shop.PackJobDigest(job), shop.UnpackJobDigest); got != [32]byte(want) {
			t.Fatalf("jobDigest = %x, the host computes %x", got, want)
		}
	})
}
