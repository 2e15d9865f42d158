// Package host is one node: it takes a job through admission, the sandbox,
// release and the ledger. Run is the whole story; the rest is detail.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/sandbox"
	"github.com/cloister-ai/cloister/host/vault"

	"github.com/prometheus/client_golang/prometheus"
)

// Store keeps blobs by content id. What is not here is fetched from whoever has
// it.
type Store interface {
	Blobs
	// Put keeps b here and with the slot's owner.
	Put(ctx context.Context, b []byte) (abi.Digest, error)
}

// Blobs opens a blob for reading, unchecked: who reads it checks it.
type Blobs interface {
	Open(ctx context.Context, d abi.Digest) (*os.File, error)
}

// Purchases reads receipts as the chain's durable state has them. A receipt
// that is not there, or not durable yet, is NotFound.
type Purchases interface {
	Purchase(ctx context.Context, id abi.Digest) (wire.Purchase, error)
}

// Keys asks the owner of a dataset or model for its file key, sealed to this
// host and bound to this job. The roster in req is for Key to fill in.
type Keys interface {
	Key(ctx context.Context, req wire.KeyRequest) (wire.SealedKey, error)
}

// Ledger keeps what this host ran. Append fills in the host and the receipt
// before, signs, and returns once the receipt is durable.
type Ledger interface {
	Append(ctx context.Context, r wire.Receipt) (wire.SignedReceipt, error)
}

// Config is everything a Node needs. Fields down to Ledger are required; the
// zero value of every other field is a working default.
type Config struct {
	Address  abi.Address     // who signs this node's receipts
	Identity *vault.Identity // opens bodies and file keys
	Policy   gate.Policy

	Signer    func(wire.Job) (abi.Address, error) // who signed a request
	Purchases Purchases
	Store     Store
	Keys      Keys
	Engine    abi.Engine
	Sandbox   *sandbox.Runtime
	Ledger    Ledger

	FLOPs   uint64                // most floating-point operations a job may use; zero: no bound
	Log     *slog.Logger          // default: discard
	Metrics prometheus.Registerer // default: not exported
}

// A Node runs jobs. It is safe for concurrent use.
type Node struct {
	cfg Config
	met metrics
}

// New checks cfg and returns a Node.
func New(cfg Config) (*Node, error) {
	switch {
	case cfg.Address.IsZero() || cfg.Identity == nil:
		return nil, fmt.Errorf("host: Address and Identity are required: %w", abi.Invalid)
	case cfg.Signer == nil || cfg.Purchases == nil || cfg.Store == nil || cfg.Keys == nil:
		return nil, fmt.Errorf("host: Signer, Purchases, Store and Keys are required: %w", abi.Invalid)
	case cfg.Engine == nil || cfg.Sandbox == nil || cfg.Ledger == nil:
		return nil, fmt.Errorf("host: Engine, Sandbox and Ledger are required: %w", abi.Invalid)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Node{cfg: cfg, met: newMetrics(cfg.Metrics)}, nil
}

// Run takes one job from request to receipt; attempt says which lease of the
// job this is. Nothing leaves the node unless the receipt for it is durable.
func (n *Node) Run(ctx context.Context, job wire.Job, attempt uint32, progress func(done, total uint64, note string)) (res wire.Result, err error) {
	start := time.Now()
	defer func() { n.done(ctx, job, time.Since(start), err) }()

	facts, err := n.facts(ctx, job) // who signed, what was paid, what policies say
	if err != nil {
		return wire.Result{}, refused{err}
	}
	grant, err := gate.Admit(n.cfg.Policy, facts, job.Request) // may it run?
	if err != nil {
		return wire.Result{}, refused{err}
	}
	app, err := n.load(ctx, job.Request.App) // fetch, check, compile once
	if err != nil {
		return wire.Result{}, refused{err}
	}
	in, err := n.open(ctx, job, facts) // body, dataset, model
	if err != nil {
		return wire.Result{}, refused{err}
	}
	defer in.wipe()
	session, err := n.cfg.Engine.Open(ctx, abi.Quota{TensorBytes: grant.Limits().Tensor, FLOPs: n.cfg.FLOPs})
	if err != nil {
		return wire.Result{}, refused{fmt.Errorf("engine %s: %w", n.cfg.Engine.Name(), err)}
	}
	defer func() { err = errors.Join(err, session.Close()) }()

	out, err := n.execute(ctx, grant, app, in, session, progress) // guest ⇄ ABI ⇄ session
	if err != nil {
		return wire.Result{}, said{err}
	}
	leaving, err := gate.Release(grant, wants(out)) // may it leave?
	if err != nil {
		return wire.Result{}, err
	}
	res, releases, err := n.seal(ctx, job, in, leaving) // to the client's key, and into the store
	if err != nil {
		return wire.Result{}, err
	}
	res.Receipt, err = n.cfg.Ledger.Append(ctx, wire.Receipt{ // nothing leaves without a receipt
		Job: job.Request.ID, App: job.Request.App, Data: job.Request.Data, Model: job.Request.Model, Slot: job.Request.Slot,
		Body: job.Request.Body, Releases: releases, Engine: n.cfg.Engine.Name(), FLOPs: session.Usage().FLOPs,
		Wall: out.Wall, Ended: uint64(time.Now().Unix()), Attempt: attempt,
	})
	if err != nil {
		return wire.Result{}, fmt.Errorf("ledger: %w", err)
	}
	return res, nil
}

// refused marks an error that came before any of the app's code ran: the buyer
// keeps the unit.
type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

// Refused reports that no app code ran.
func (refused) Refused() bool { return true }

// said marks an error that may have words of the app in it: those are for who
// sent the job, and may repeat its input.
type said struct{ error }

func (s said) Unwrap() error { return s.error }

// load fetches and compiles before the job's clock starts: a cold cache is the
// node's cost, not the guest's.
func (n *Node) load(ctx context.Context, d abi.Digest) (*sandbox.App, error) {
	wasm, err := read(ctx, n.cfg.Store, d, maxModule)
	if err != nil {
		return nil, fmt.Errorf("app %v: %w", d.Short(), err)
	}
	return n.cfg.Sandbox.Load(ctx, wasm)
}

// execute runs app under the grant.
func (n *Node) execute(ctx context.Context, g gate.Grant, app *sandbox.App, in *inputs, s abi.Session, progress func(done, total uint64, note string)) (sandbox.Output, error) {
	env := sandbox.Env{
		Input: in.body.Input, Params: in.body.Params, Seed: in.body.Seed, Session: s, Models: in.models, Progress: progress,
		Log: func(level int, text string) { // the text may repeat the input, which is not the host's to write down
			n.cfg.Log.LogAttrs(ctx, slog.LevelDebug, "app log", slog.Int("level", level), slog.Int("bytes", len(text)))
		},
	}
	if in.data != nil {
		env.Data = in.data
	}
	return n.cfg.Sandbox.Run(ctx, g, app, env)
}

// wants lists what a finished run wants to let out.
func wants(out sandbox.Output) gate.Leaving {
	l := gate.Leaving{Output: out.Bytes, Metrics: out.Metrics}
	for _, m := range out.Models {
		l.Models = append(l.Models, gate.Model{Name: m.Name, ONNX: m.ONNX, Private: m.Private})
	}
	return l
}

// done is the one place a job is logged and counted.
func (n *Node) done(ctx context.Context, job wire.Job, wall time.Duration, err error) {
	kind, level := "ok", slog.LevelInfo
	if err != nil {
		kind = abi.KindOf(err).Error()
	}
	if k := abi.KindOf(err); k == abi.Internal || k == abi.Other && err != nil {
		level = slog.LevelError // ours to act on; the rest is the job's own end
	}
	why := slog.Any("err", err)
	if _, ok := errors.AsType[said](err); ok {
		why = slog.String("err", "the app's own, told to its sender")
	}
	n.met.jobs.WithLabelValues(kind).Inc()
	n.met.wall.Observe(wall.Seconds())
	n.cfg.Log.LogAttrs(ctx, level, "job done",
		slog.Any("job", job), slog.String("kind", kind), slog.Duration("wall", wall), why)
}
