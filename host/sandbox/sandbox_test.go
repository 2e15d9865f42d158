package sandbox_test

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/sandbox"
)

// newRuntime returns a Runtime that ends with the test.
func newRuntime(t testing.TB) *sandbox.Runtime {
	t.Helper()
	rt, err := sandbox.New(t.Context(), sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return rt
}

// load is Load of a module that must be good.
func load(t testing.TB, rt *sandbox.Runtime, wasm []byte) *sandbox.App {
	t.Helper()
	a, err := rt.Load(t.Context(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// granted is what the gate grants a job with these limits and policies.
func granted(t testing.TB, limits wire.Limits, data, model wire.Policy) gate.Grant {
	t.Helper()
	appID, slot, body := abi.Sum([]byte("app")), abi.Sum([]byte("slot")), abi.Sum([]byte("body"))
	now, who := time.Unix(1_800_000_000, 0), abi.Address{1}
	facts := gate.Facts{Now: now, Signer: who, Data: data, Model: model, Purchases: map[abi.Digest]wire.Purchase{}}
	req := wire.Request{ID: abi.Sum([]byte("job")), App: appID, Slot: slot, Body: body, Deadline: uint64(now.Unix()) + 60, Limits: limits}
	buy := func(kind wire.AssetKind, content abi.Digest) {
		id := abi.Sum([]byte{byte(kind)})
		req.Receipts = append(req.Receipts, id)
		facts.Purchases[id] = wire.Purchase{ID: id, Buyer: who, Kind: kind, Content: content, Units: 1, Expiry: uint64(now.Unix()) + 60}
	}
	buy(wire.App, appID)
	buy(wire.Slot, slot)
	if data.Kind != "" {
		req.Data = abi.Sum([]byte("data"))
		facts.Data.Apps, facts.Data.Hosts = append(facts.Data.Apps, appID), []abi.Address{{2}}
		buy(wire.Dataset, req.Data)
	}
	if model.Kind != "" {
		req.Model = abi.Sum([]byte("model"))
		facts.Model.Apps, facts.Model.Hosts = append(facts.Model.Apps, appID), []abi.Address{{2}}
		buy(wire.Model, req.Model)
	}
	g, err := gate.Admit(gate.Policy{Slot: slot, Max: wire.Limits{Wall: time.Minute}}, facts, req)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// local is a grant of the given limits and nothing else.
func local(limits wire.Limits) gate.Grant {
	return gate.Local(limits, wire.Limits{}, wire.Policy{})
}

// play runs a script and returns its results, one a call, and the output that
// it wrote before them.
func play(t testing.TB, rt *sandbox.Runtime, g gate.Grant, env sandbox.Env, s *script) ([]int32, sandbox.Output, error) {
	t.Helper()
	n := len(s.ops)
	s.do("output_write", driverResults, 4*n)
	env.Input = s.encode()
	out, err := rt.Run(t.Context(), g, load(t, rt, driver()), env)
	if err != nil {
		return nil, out, err
	}
	tail := out.Bytes[len(out.Bytes)-4*n:]
	results := make([]int32, n)
	for i := range results {
		results[i] = int32(binary.LittleEndian.Uint32(tail[4*i:]))
	}
	out.Bytes = out.Bytes[:len(out.Bytes)-4*n]
	return results, out, nil
}
