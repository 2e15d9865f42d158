package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/host"
	"github.com/cloister-ai/cloister/host/fleet"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/ledger"
	"github.com/cloister-ai/cloister/host/sandbox"
	"github.com/cloister-ai/cloister/host/store"
	"github.com/cloister-ai/cloister/host/vault"
	"github.com/cloister-ai/cloister/market"
)

// blobs are a store that nobody else has.
type blobs struct{ *store.Store }

func (s blobs) Open(_ context.Context, d abi.Digest) (*os.File, error)     { return s.Store.Open(d) }
func (s blobs) Put(_ context.Context, p []byte) (abi.Digest, error)        { return s.PutBytes(p) }
func (blobs) Key(context.Context, wire.KeyRequest) (wire.SealedKey, error) { panic("no key is needed") }

// A paid job of the echo app, from its signature to its opened answer, through
// the bus, the durable broker, a host with its gate, sandbox and ledger, and
// back; and the same app called in the sandbox alone.
func BenchmarkSubmit(b *testing.B) {
	wasm := build(b, "echo")
	input := []byte("hello")
	rt, app := load(b, wasm)
	submit := newNode(b, rt, wasm)
	duel(b, 1, func() {
		if got := submit(input); !bytes.Equal(got, input) {
			b.Fatalf("answer %q", got)
		}
	}, func() {
		out, err := rt.Run(b.Context(), gate.Local(wire.Limits{}, wire.Limits{}, wire.Policy{}), app, sandbox.Env{Input: input})
		if err != nil || !bytes.Equal(out.Bytes, input) {
			b.Fatalf("Run = %q, %v", out.Bytes, err)
		}
	})
}

// build compiles one of the apps we ship.
func build(b *testing.B, app string) []byte {
	b.Helper()
	path := filepath.Join(b.TempDir(), app+".wasm")
	cmd := exec.Command("go", "build", "-trimpath", "-buildmode=c-shared", "-ldflags", "-s -w", "-o", path, "github.com/cloister-ai/cloister/plugins/"+app)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("build %s: %v\n%s", app, err, out)
	}
	wasm, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	return wasm
}

// newNode serves an app that a buyer has paid for, and returns how the buyer
// has it run.
func newNode(b *testing.B, rt *sandbox.Runtime, wasm []byte) func(input []byte) []byte {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	ctx, dir := b.Context(), b.TempDir()
	slot := digest("slot")
	s := newShop(b, abi.Sum(wasm), slot, 1_000_000)
	domain := s.buyer.Domain()
	signer := func(j wire.Job) (abi.Address, error) { return market.RecoverRequest(domain, j.Request, j.Signature) }
	disk, err := store.Open(store.Config{Dir: filepath.Join(dir, "blobs")})
	must(err)
	local := blobs{disk}
	_, err = disk.PutBytes(wasm)
	must(err)
	machine, err := market.NewKey()
	must(err)
	id, err := vault.OpenIdentity(filepath.Join(dir, "identity"))
	must(err)
	me, err := vault.OpenIdentity(filepath.Join(dir, "me"))
	must(err)

	bus, err := fleet.StartServer(ctx, fleet.ServerConfig{Dir: filepath.Join(dir, "bus")})
	must(err)
	b.Cleanup(bus.Close)
	broker, err := fleet.OpenBroker(fleet.BrokerConfig{
		Dir: filepath.Join(dir, "broker"), Recover: market.Recover, Signer: machine,
		Admit: func(ctx context.Context, j wire.Job) ([]wire.Purchase, error) {
			f, err := host.Facts(ctx, s.index, local, j.Request)
			if err != nil {
				return nil, err
			}
			f.Now = time.Now()
			if f.Signer, err = signer(j); err != nil {
				return nil, err
			}
			if _, err := gate.Admit(gate.Policy{Slot: slot}, f, j.Request); err != nil {
				return nil, err
			}
			var pays []wire.Purchase
			for _, id := range j.Request.Receipts {
				pays = append(pays, f.Purchases[id])
			}
			return pays, nil
		},
	})
	must(err)
	b.Cleanup(func() { must(broker.Close()) })
	boss, err := bus.Conn("owner")
	must(err)
	b.Cleanup(boss.Close)
	serve(b, func(ctx context.Context) error { return broker.Serve(ctx, boss) })

	eng, err := engine.New("cpu")
	must(err)
	book, err := ledger.Open(filepath.Join(dir, "receipts"), machine, market.Recover)
	must(err)
	b.Cleanup(func() { must(book.Close()) })
	node, err := host.New(host.Config{
		Address: machine.Address(), Identity: id, Policy: gate.Policy{Slot: slot}, Signer: signer, Purchases: s.index,
		Store: local, Keys: local, Engine: eng, Sandbox: rt, Ledger: book,
	})
	must(err)
	dial := func(role fleet.Role) *fleet.Conn {
		token, err := bus.Token(role)
		must(err)
		c, err := fleet.Dial(ctx, token, fleet.DialConfig{})
		must(err)
		b.Cleanup(c.Close)
		return c
	}
	card := wire.Host{Name: "a", Address: machine.Address(), Key: id.Public(), Engine: eng.Name()}
	there := dial(fleet.RoleHost)
	serve(b, func(ctx context.Context) error {
		return fleet.Serve(ctx, there, fleet.HostConfig{Card: card, Signer: machine}, node)
	})
	client := fleet.NewClient(dial(fleet.RoleClient))
	for { // until the host has joined
		if _, err := client.Roster(ctx, slot); err == nil {
			break
		} else if !errors.Is(err, abi.Unavailable) {
			b.Fatal(err)
		}
	}

	n := byte(0)
	return func(input []byte) []byte {
		n++
		body, keys, err := vault.SealBody(wire.Body{Input: input, Seed: abi.Digest{n}, Reply: me.Public()}, []wire.Host{card})
		must(err)
		j := wire.Job{
			Request: wire.Request{
				ID: abi.Sum(body), App: s.app.Content, Slot: slot, Body: abi.Sum(body), Receipts: s.bundle.IDs(),
				Deadline: uint64(time.Now().Add(time.Hour).Unix()),
			},
			Body: body, Keys: keys,
		}
		j.Signature, err = market.SignRequest(domain, j.Request, s.buyer.Key())
		must(err)
		_, err = client.Submit(ctx, j)
		must(err)
		res, err := client.Wait(ctx, j.Request.ID)
		must(err)
		out, err := vault.OpenOutput(me, j.Request.ID, res)
		must(err)
		return out
	}
}
