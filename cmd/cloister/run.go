package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/host"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/sandbox"
	"github.com/cloister-ai/cloister/host/store"
	"github.com/cloister-ai/cloister/host/vault"
)

type runCmd struct {
	App    string            `arg:"" help:"A wasm file, or the content id of an app in the store."`
	Model  string            `help:"Content id of a model that was fetched."`
	As     string            `help:"Whose keyring opens the model." default:"user"`
	Input  []string          `help:"Files the app is given; - for standard input." type:"path"`
	Output string            `help:"Where the output goes; default: standard output." type:"path"`
	Param  map[string]string `help:"Settings of the app: --param epochs=3"`
	Engine string            `help:"Tensor engine: cpu, gorgonia, or driver:PATH for a device of others." default:"cpu"`
	Wall   time.Duration     `help:"Most time it may take." default:"2m"`
	Memory uint32            `help:"Most guest memory, in 64 KiB pages." default:"4096"`
	Bytes  uint32            `help:"Most bytes of output." default:"1048576" name:"output-bytes"`
	Tensor uint64            `help:"Most tensor bytes." default:"2147483648"`
	Seed   string            `help:"Names the randomness: the same seed gives the same bytes." default:"0"`
}

// Run runs an app in this process: the same sandbox and gate as on a rented
// slot, no network, no chain, no receipt.
func (c runCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) (err error) {
	wasm, err := c.module(state)
	if err != nil {
		return err
	}
	input, err := readInput(c.Input, t.in)
	if err != nil {
		return err
	}
	models := map[string]sandbox.Model{}
	if c.Model != "" {
		if models["model"], err = c.model(state, homePolicy); err != nil {
			return err
		}
	}
	out, err := c.execute(ctx, log, t, state, wasm, input, models)
	if err != nil {
		return err
	}
	return writeOutput(c.Output, t.out, out)
}

// homePolicy is what everything on the own machine is under: nothing but what
// its licence lets the buyer hold is ever taken home.
var homePolicy = wire.Policy{Kind: wire.Open}

// execute runs the module in the sandbox and returns what may leave it.
func (c runCmd) execute(ctx context.Context, log *slog.Logger, t *terminal, state stateDir, wasm, input []byte, models map[string]sandbox.Model) (_ []byte, err error) {
	sb, err := sandbox.New(ctx, sandbox.Config{CacheDir: cacheDir(state), Log: log})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, sb.Close(context.WithoutCancel(ctx))) }()
	app, err := sb.Load(ctx, wasm)
	if err != nil {
		return nil, err
	}
	eng, err := engine.New(c.Engine)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeEngine(eng)) }()

	most := wire.Limits{Wall: c.Wall, Memory: c.Memory, Output: c.Bytes, Tensor: c.Tensor}
	grant := gate.Local(wire.Limits{}, most, homePolicy)
	session, err := eng.Open(ctx, abi.Quota{TensorBytes: grant.Limits().Tensor})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	bar := t.bar("running")
	out, err := sb.Run(ctx, grant, app, sandbox.Env{
		Input: input, Params: c.Param, Seed: abi.Sum([]byte(c.Seed)), Models: models, Session: session, Progress: bar.set,
	})
	bar.done()
	if err != nil {
		return nil, err
	}
	leaving, err := gate.Release(grant, gate.Leaving{Output: out.Bytes})
	if err != nil {
		return nil, err
	}
	return leaving.Output, nil
}

// module reads the app: a file, or a blob of the store.
func (c runCmd) module(state stateDir) ([]byte, error) {
	if d, err := abi.ParseDigest(c.App); err == nil {
		blobs, err := store.Open(store.Config{Dir: state.path("blobs")})
		if err != nil {
			return nil, err
		}
		return blobs.Get(d)
	}
	b, err := os.ReadFile(c.App)
	if errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(c.App, "/.") {
		return nil, withHint(fmt.Errorf("app %s: %w", c.App, abi.NotFound), "name a .wasm file, or a content id as cloister assets prints it")
	}
	if err != nil {
		return nil, fmt.Errorf("app: %w: %w", abi.NotFound, err)
	}
	return b, nil
}

// model opens a model with the key in the party's keyring.
func (c runCmd) model(state stateDir, p wire.Policy) (m sandbox.Model, err error) {
	d, err := abi.ParseDigest(c.Model)
	if err != nil {
		return m, err
	}
	who, err := state.party(c.As)
	if err != nil {
		return m, err
	}
	key, err := who.keys.Get(d)
	if errors.Is(err, abi.NotFound) {
		return m, withHint(fmt.Errorf("%s has no key of model %v: %w", c.As, d.Short(), err), "buy it, then: cloister model fetch %v", d)
	}
	if err != nil {
		return m, err
	}
	defer key.Wipe()
	blobs, err := store.Open(store.Config{Dir: state.path("blobs")})
	if err != nil {
		return m, err
	}
	box, err := vault.OpenFile(blobs.Path(d), key)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	return host.Model(box, p)
}

// cacheDir keeps compiled modules beside the state, when there is one.
func cacheDir(state stateDir) string {
	if _, err := os.Stat(state.path("version")); err != nil {
		return ""
	}
	return state.path("cache")
}
