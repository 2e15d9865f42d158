package host_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/host"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/ledger"
	"github.com/cloister-ai/cloister/host/sandbox"
	"github.com/cloister-ai/cloister/host/store"
	"github.com/cloister-ai/cloister/host/vault"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What nobody but the parties to a job may ever read. The number is exact in a
// float32.
const (
	canary       = "the canary in the input: 8f14e45fceea167a"
	canaryRecord = 31415926
)

var (
	buyer, seller, owner, machine = abi.Address{1}, abi.Address{2}, abi.Address{3}, abi.Address{4}
	slot                          = abi.Sum([]byte("slot"))
)

// A pen signs for an address with a keyed hash: a changed byte is noticed.
type pen struct{ who abi.Address }

func (p pen) Address() abi.Address { return p.who }

func (p pen) Sign(d abi.Digest) ([]byte, error) {
	h := sha256.Sum256(append(p.who[:], d[:]...))
	return append(h[:], p.who[:]...), nil
}

func signed(d abi.Digest, sig []byte) (abi.Address, error) {
	if len(sig) != 52 {
		return abi.Address{}, abi.Denied
	}
	who := abi.Address(sig[32:])
	if want, _ := (pen{who}).Sign(d); !bytes.Equal(want, sig) {
		return abi.Address{}, fmt.Errorf("signature of nobody: %w", abi.Denied)
	}
	return who, nil
}

// purchases are the chain.
type purchases map[abi.Digest]wire.Purchase

func (p purchases) Purchase(_ context.Context, id abi.Digest) (wire.Purchase, error) {
	if r, ok := p[id]; ok {
		return r, nil
	}
	return wire.Purchase{}, fmt.Errorf("receipt %v: %w", id.Short(), abi.NotFound)
}

// blobs are a store of the host's own, and nobody to fetch from.
type blobs struct{ *store.Store }

func (b blobs) Open(_ context.Context, d abi.Digest) (*os.File, error) { return b.Store.Open(d) }

func (b blobs) Put(_ context.Context, p []byte) (abi.Digest, error) { return b.PutBytes(p) }

type keys func(context.Context, wire.KeyRequest) (wire.SealedKey, error)

func (k keys) Key(ctx context.Context, q wire.KeyRequest) (wire.SealedKey, error) { return k(ctx, q) }

// book is a ledger, or the error it ends in.
type book struct {
	*ledger.Ledger
	err error
}

func (b book) Append(ctx context.Context, r wire.Receipt) (wire.SignedReceipt, error) {
	if b.err != nil {
		return wire.SignedReceipt{}, b.err
	}
	return b.Ledger.Append(ctx, r)
}

// A scene is a node, and a paid job for it; each test spoils one thing.
type scene struct {
	cfg    host.Config
	state  string
	log    *bytes.Buffer
	chain  purchases
	book   *book
	client *vault.Identity
	app    guest
	policy wire.Policy // of the dataset
	req    wire.Request
	input  string
	asked  int // keys of the dataset asked for
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{state: t.TempDir(), log: new(bytes.Buffer), chain: purchases{}, input: canary}
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b, err := store.Open(store.Config{Dir: filepath.Join(s.state, "blobs")})
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(filepath.Join(s.state, "receipts"), pen{machine}, signed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s.book = &book{Ledger: l}
	sb, err := sandbox.New(t.Context(), sandbox.Config{CacheDir: filepath.Join(s.state, "cache"), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sb.Close(context.Background()) })
	eng, err := engine.New("cpu")
	if err != nil {
		t.Fatal(err)
	}
	id, err := vault.OpenIdentity(filepath.Join(s.state, "identity"))
	if err != nil {
		t.Fatal(err)
	}
	if s.client, err = vault.NewIdentity(); err != nil {
		t.Fatal(err)
	}
	s.cfg = host.Config{
		Address: machine, Identity: id, Policy: gate.Policy{Slot: slot},
		Signer: func(j wire.Job) (abi.Address, error) { return signed(requestDigest(j.Request), j.Signature) },
		Keys: keys(func(context.Context, wire.KeyRequest) (wire.SealedKey, error) {
			s.asked++
			return wire.SealedKey{}, fmt.Errorf("nobody sells here: %w", abi.Denied)
		}),
		Purchases: s.chain, Store: blobs{b}, Engine: eng, Sandbox: sb, Ledger: s.book, Log: log,
	}
	s.req = wire.Request{ID: abi.Sum([]byte("job")), Slot: slot, Deadline: uint64(time.Now().Add(time.Hour).Unix())}
	return s
}

func requestDigest(r wire.Request) abi.Digest {
	b, err := wire.Marshal(r)
	if err != nil {
		panic(err)
	}
	return abi.Sum(b)
}

// sell packs a dataset full of the canary and has its seller answer for its key.
func (s *scene) sell(t *testing.T, app abi.Digest) {
	t.Helper()
	dir := t.TempDir() // the seller's: no part of the host's state
	var table strings.Builder
	for i := range 20 {
		fmt.Fprintf(&table, "%d,%[1]d,%[1]d,%[1]d,%d\n", canaryRecord, i%2)
	}
	if err := os.WriteFile(filepath.Join(dir, "records.csv"), []byte(table.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s.policy = wire.Policy{Kind: wire.Reviewed, Apps: []abi.Digest{app}, Hosts: []abi.Address{machine}, OutputBytes: 1000}
	key, out := vault.NewKey(), filepath.Join(dir, "sealed")
	if _, err := vault.Pack(t.Context(), vault.PackConfig{Source: filepath.Join(dir, "records.csv"), Out: out, Policy: s.policy, Key: key}); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if s.req.Data, _, err = s.cfg.Store.(blobs).Store.Put(f); err != nil {
		t.Fatal(err)
	}
	doc, err := wire.Marshal(s.policy)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.cfg.Store.Put(t.Context(), doc); err != nil {
		t.Fatal(err)
	}
	s.cfg.Keys = keys(func(_ context.Context, q wire.KeyRequest) (wire.SealedKey, error) {
		s.asked++
		proof, err := pen{machine}.Sign(wire.HostKeyDigest(s.cfg.Identity.Public()))
		if err != nil {
			return wire.SealedKey{}, err
		}
		q.Proof = proof
		return vault.Release(q, vault.Facts{
			Now: time.Now(), Signer: buyer, Purchase: s.chain[q.Receipt], Policy: s.policy, Key: key,
			Roster:   wire.Roster{Slot: slot, Expires: math.MaxInt64, Hosts: []wire.Host{{Address: machine, Key: s.cfg.Identity.Public()}}},
			RosterBy: owner, SlotOwner: owner, Recover: signed,
		})
	})
}

// job publishes the app, pays for everything and signs.
func (s *scene) job(t *testing.T) wire.Job {
	t.Helper()
	wasm := s.app.wasm()
	var err error
	if s.req.App, err = s.cfg.Store.Put(t.Context(), wasm); err != nil {
		t.Fatal(err)
	}
	if s.app.dataset {
		s.sell(t, s.req.App)
	}
	for kind, content := range map[wire.AssetKind]abi.Digest{wire.App: s.req.App, wire.Dataset: s.req.Data, wire.Slot: slot} {
		if content.IsZero() {
			continue
		}
		p := wire.Purchase{ID: abi.Sum([]byte{byte(kind)}), Buyer: buyer, Kind: kind, Content: content, Units: 1, Expiry: math.MaxInt64}
		if kind == wire.Dataset {
			if p.Policy, err = s.policy.Digest(); err != nil {
				t.Fatal(err)
			}
		}
		s.chain[p.ID] = p
		s.req.Receipts = append(s.req.Receipts, p.ID)
	}
	job := wire.Job{}
	job.Body, job.Keys = s.seal(t, s.input)
	s.req.Body = abi.Sum(job.Body)
	job.Request = s.req
	if job.Signature, err = (pen{buyer}).Sign(requestDigest(s.req)); err != nil {
		t.Fatal(err)
	}
	return job
}

func (s *scene) seal(t *testing.T, input string) ([]byte, []wire.SealedKey) {
	t.Helper()
	body, keys, err := vault.SealBody(wire.Body{Input: []byte(input), Reply: s.client.Public()}, []wire.Host{{Address: machine, Key: s.cfg.Identity.Public()}})
	if err != nil {
		t.Fatal(err)
	}
	return body, keys
}

func (s *scene) run(t *testing.T, job wire.Job) (wire.Result, error) {
	t.Helper()
	n, err := host.New(s.cfg)
	if err != nil {
		t.Fatal(err)
	}
	return n.Run(t.Context(), job, 3, nil)
}

// receipts are what the host's ledger has.
func (s *scene) receipts(t *testing.T) (all []wire.Receipt) {
	t.Helper()
	if err := s.book.All(func(r wire.SignedReceipt) error {
		got, err := r.Verify(signed)
		all = append(all, got)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// refusal fails unless err says that no app code ran, and nothing left.
func (s *scene) refusal(t *testing.T, res wire.Result, err error, kind abi.Kind, text string) {
	t.Helper()
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), text) {
		t.Errorf("Run = %v; want %v and %q", err, kind, text)
	}
	r, ok := errors.AsType[interface {
		error
		Refused() bool
	}](err)
	if !ok || !r.Refused() {
		t.Errorf("%v does not say that no app code ran", err)
	}
	if d := cmp.Diff(wire.Result{}, res); d != "" {
		t.Errorf("a refusal came with a result:\n%s", d)
	}
	if got := s.receipts(t); len(got) != 0 {
		t.Errorf("a refusal has receipts: %+v", got)
	}
}

func TestAPaidJobEndsInAReceipt(t *testing.T) {
	for _, dataset := range []bool{false, true} {
		s := newScene(t)
		s.app.dataset = dataset
		job := s.job(t)
		res, err := s.run(t, job)
		if err != nil {
			t.Fatal(err)
		}
		if out, err := vault.OpenOutput(s.client, job.Request.ID, res); err != nil || string(out) != canary {
			t.Errorf("output = %q, %v; want %q", out, err, canary)
		}
		got, err := res.Receipt.Verify(signed)
		if err != nil {
			t.Fatal(err)
		}
		want := wire.Receipt{
			Job: s.req.ID, App: s.req.App, Data: s.req.Data, Slot: slot, Body: s.req.Body, Engine: "cpu", Host: machine, Attempt: 3,
			Releases: []wire.Release{{Kind: "output", Bytes: uint64(len(canary)), Digest: abi.Sum(res.Output)}},
			Wall:     got.Wall, Ended: got.Ended, FLOPs: got.FLOPs,
		}
		if d := cmp.Diff(want, got); d != "" || got.Wall <= 0 || got.Ended == 0 {
			t.Errorf("receipt (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]wire.Receipt{got}, s.receipts(t)); d != "" {
			t.Errorf("the ledger has another receipt (-got +ledger):\n%s", d)
		}
		if want := map[bool]int{true: 1}[dataset]; s.asked != want {
			t.Errorf("%d keys were asked for, want %d", s.asked, want)
		}
	}
}

func TestNothingLeavesWithoutAReceipt(t *testing.T) {
	s := newScene(t)
	s.book.err = fmt.Errorf("disk full: %w", abi.Unavailable)
	res, err := s.run(t, s.job(t))
	if !errors.Is(err, abi.Unavailable) || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("Run = %v, want the ledger's error", err)
	}
	if d := cmp.Diff(wire.Result{}, res); d != "" {
		t.Errorf("something left:\n%s", d)
	}
}

func TestNothingLeavesAJobThatFailed(t *testing.T) {
	s := newScene(t)
	s.app.fails = true
	res, err := s.run(t, s.job(t))
	if !errors.Is(err, abi.Guest) {
		t.Errorf("Run = %v, want %v", err, abi.Guest)
	}
	if _, ok := errors.AsType[interface {
		error
		Refused() bool
	}](err); ok {
		t.Error("a job whose app ran counts as refused: it would cost nothing")
	}
	if d := cmp.Diff(wire.Result{}, res); d != "" || len(s.receipts(t)) != 0 {
		t.Errorf("something left:\n%s", d)
	}
}

func TestJobsAreRefusedBeforeTheirAppRuns(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(*testing.T, *scene, *wire.Job)
		kind  abi.Kind
		text  string
		asked int // keys asked for
	}{
		{"its body was swapped for another sealed to this host", func(t *testing.T, s *scene, j *wire.Job) {
			j.Body, j.Keys = s.seal(t, "something else")
		}, abi.Denied, "the request signed", 0},
		{"its request was changed after it was signed", func(_ *testing.T, _ *scene, j *wire.Job) { j.Request.Limits.Wall = time.Second }, abi.Denied, "signature", 0},
		{"somebody else signed it", func(_ *testing.T, _ *scene, j *wire.Job) {
			j.Signature, _ = pen{seller}.Sign(requestDigest(j.Request))
		}, abi.Denied, "belongs to", 0},
		{"the chain does not have its receipts", func(_ *testing.T, s *scene, _ *wire.Job) { clear(s.chain) }, abi.Denied, "no receipt pays for", 0},
		{"it was refunded", func(_ *testing.T, s *scene, _ *wire.Job) {
			for id, p := range s.chain {
				p.Refunded = true
				s.chain[id] = p
			}
		}, abi.Denied, "was refunded", 0},
		{"its body is sealed to another host", func(t *testing.T, s *scene, _ *wire.Job) {
			var err error
			if s.cfg.Identity, err = vault.NewIdentity(); err != nil {
				t.Fatal(err)
			}
		}, abi.Denied, "not sealed to this host", 0},
		{"the key of its dataset is not released", func(_ *testing.T, s *scene, _ *wire.Job) {
			s.cfg.Keys = keys(func(context.Context, wire.KeyRequest) (wire.SealedKey, error) {
				s.asked++
				return wire.SealedKey{}, fmt.Errorf("not to you: %w", abi.Denied)
			})
		}, abi.Denied, "not to you", 1},
		{"the key it got is for another job", func(_ *testing.T, s *scene, _ *wire.Job) {
			s.cfg.Keys = keys(func(_ context.Context, q wire.KeyRequest) (wire.SealedKey, error) {
				s.asked++
				return vault.SealKey(s.cfg.Identity.Public(), vault.NewKey(), vault.KeyInfo(q.Content, abi.Sum([]byte("another")), q.Receipt, q.Host))
			})
		}, abi.Denied, "key of dataset", 1},
		{"the key it got opens something else", func(_ *testing.T, s *scene, _ *wire.Job) {
			s.cfg.Keys = keys(func(_ context.Context, q wire.KeyRequest) (wire.SealedKey, error) {
				s.asked++
				return vault.SealKey(s.cfg.Identity.Public(), vault.NewKey(), vault.KeyInfo(q.Content, q.Job.ID, q.Receipt, q.Host))
			})
		}, abi.Denied, "another container's", 1},
		{"the policy on chain lists another app", func(t *testing.T, s *scene, _ *wire.Job) {
			s.sellUnder(t, wire.Policy{Kind: wire.Reviewed, Apps: []abi.Digest{slot}, Hosts: []abi.Address{machine}})
		}, abi.Denied, "does not list app", 0},
		{"the policy on chain lists another host", func(t *testing.T, s *scene, _ *wire.Job) {
			s.sellUnder(t, wire.Policy{Kind: wire.Reviewed, Apps: s.policy.Apps, Hosts: []abi.Address{owner}})
		}, abi.Denied, "does not list host", 0},
		{"the policy on chain is of a kind nobody enforces", func(t *testing.T, s *scene, _ *wire.Job) {
			s.sellUnder(t, wire.Policy{Kind: "dp", Apps: s.policy.Apps, Hosts: []abi.Address{machine}})
		}, abi.Denied, "does not enforce", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(t)
			s.app.dataset = true
			job := s.job(t)
			tt.spoil(t, s, &job)
			res, err := s.run(t, job)
			s.refusal(t, res, err, tt.kind, tt.text)
			if s.asked != tt.asked {
				t.Errorf("%d keys were asked for, want %d", s.asked, tt.asked)
			}
		})
	}
}

// sellUnder has the chain say that the dataset was sold under p.
func (s *scene) sellUnder(t *testing.T, p wire.Policy) {
	t.Helper()
	doc, err := wire.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	s.sellUnderBytes(t, doc)
}

func (s *scene) sellUnderBytes(t *testing.T, doc []byte) {
	t.Helper()
	d, err := s.cfg.Store.Put(t.Context(), doc)
	if err != nil {
		t.Fatal(err)
	}
	id := abi.Sum([]byte{byte(wire.Dataset)})
	bought := s.chain[id]
	bought.Policy = d
	s.chain[id] = bought
}

// Anybody may list an asset whose policy or module is any blob there is.
func TestWhatIsNoPolicyOrModuleIsNotReadAsOne(t *testing.T) {
	s := newScene(t)
	s.app.dataset = true
	job := s.job(t)
	doc, err := wire.Marshal(s.policy)
	if err != nil {
		t.Fatal(err)
	}
	if doc[0] != 0xa7 {
		t.Fatalf("a policy begins with %#x, not with a map of 7", doc[0])
	}
	long := append([]byte{0xb8, 7}, doc[1:]...) // the same map, its length in a byte of its own
	for name, b := range map[string][]byte{"another encoding of the policy": long, "more than a policy may have": make([]byte, 1<<20+1), "nonsense": []byte("policy")} {
		t.Run(name, func(t *testing.T) {
			s.sellUnderBytes(t, b)
			res, err := s.run(t, job)
			s.refusal(t, res, err, abi.Invalid, "policy of dataset")
		})
	}
	t.Run("a module of more bytes than any", func(t *testing.T) {
		s := newScene(t)
		job := s.job(t)
		if job.Request.App, err = s.cfg.Store.Put(t.Context(), make([]byte, 16<<20+1)); err != nil {
			t.Fatal(err)
		}
		id := abi.Sum([]byte{byte(wire.App)})
		bought := s.chain[id]
		bought.Content = job.Request.App
		s.chain[id] = bought
		if job.Signature, err = (pen{buyer}).Sign(requestDigest(job.Request)); err != nil {
			t.Fatal(err)
		}
		res, err := s.run(t, job)
		s.refusal(t, res, err, abi.Invalid, "has more than 16777216 bytes")
	})
}

func TestTheOutputIsForTheReplyKeyAlone(t *testing.T) {
	s := newScene(t)
	job := s.job(t)
	res, err := s.run(t, job)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := vault.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for who, id := range map[string]*vault.Identity{"a stranger": stranger, "the host": s.cfg.Identity} {
		if out, err := vault.OpenOutput(id, job.Request.ID, res); !errors.Is(err, abi.Denied) || out != nil {
			t.Errorf("%s opens the output: %q, %v", who, out, err)
		}
	}
	if out, err := vault.OpenOutput(s.client, abi.Sum([]byte("another job")), res); !errors.Is(err, abi.Denied) || out != nil {
		t.Errorf("the output opens as another job's: %q, %v", out, err)
	}
}

func TestSecretsStayOutOfLogsReceiptsErrorsAndFiles(t *testing.T) {
	record := binary.LittleEndian.AppendUint32(nil, math.Float32bits(canaryRecord))
	needles := map[string][]byte{
		"the input": []byte(canary), "a record as text": fmt.Append(nil, canaryRecord), "a record as stored": append(record, record...),
	}
	search := func(t *testing.T, where string, b []byte) {
		t.Helper()
		for what, needle := range needles {
			if bytes.Contains(b, needle) {
				t.Errorf("%s has %s", where, what)
			}
		}
	}
	for name, spoil := range map[string]func(*testing.T, *scene) wire.Job{
		"a job that ends well":   func(t *testing.T, s *scene) wire.Job { return s.job(t) },
		"a job whose app fails":  func(t *testing.T, s *scene) wire.Job { s.app.fails = true; return s.job(t) },
		"a job with no receipt":  func(t *testing.T, s *scene) wire.Job { j := s.job(t); s.book.err = abi.Unavailable; return j },
		"a job with a swap body": func(t *testing.T, s *scene) wire.Job { j := s.job(t); j.Body = append(j.Body, 0); return j },
		"a job over its limits": func(t *testing.T, s *scene) wire.Job {
			s.req.Limits.Output = 8
			return s.job(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.app.dataset = true
			job := spoil(t, s)
			res, err := s.run(t, job)
			if err == nil {
				out, err := vault.OpenOutput(s.client, job.Request.ID, res)
				if err != nil || !bytes.Contains(out, needles["the input"]) {
					t.Fatalf("the canary did not go through: %q, %v", out, err)
				}
			} else if !s.app.fails { // what an app says of its own failure is for who sent the job
				search(t, "the error", []byte(err.Error()))
			}
			if !strings.Contains(s.log.String(), "job done") {
				t.Errorf("the log has no line of the job: %s", s.log)
			}
			if ran := err == nil || s.app.fails; ran && !strings.Contains(s.log.String(), "app log") {
				t.Errorf("the app said nothing, so this test says little: %s", s.log)
			}
			search(t, "the log", s.log.Bytes())
			sent, merr := wire.Marshal(res)
			if merr != nil {
				t.Fatal(merr)
			}
			search(t, "the result", sent)
			search(t, "the receipt", res.Receipt.Receipt)
			files := 0
			err = filepath.WalkDir(s.state, func(path string, e fs.DirEntry, err error) error {
				if err != nil || !e.Type().IsRegular() {
					return err
				}
				files++
				b, err := os.ReadFile(path)
				search(t, path, b)
				return err
			})
			if err != nil || files < 4 {
				t.Errorf("searched %d files: %v", files, err)
			}
		})
	}
}
