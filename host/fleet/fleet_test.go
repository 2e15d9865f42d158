package fleet_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/fleet"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A key signs for an address. It stands in for secp256k1, which only the
// market may import: a signature names its signer and cannot be moved to
// another digest or address.
type key byte

func (k key) Address() abi.Address { return abi.Address{byte(k), 0xad} }

func (k key) Sign(d abi.Digest) ([]byte, error) {
	a := k.Address()
	return append(a[:], mac(a, d)...), nil
}

func mac(a abi.Address, d abi.Digest) []byte {
	h := hmac.New(sha256.New, []byte("test"))
	h.Write(a[:])
	h.Write(d[:])
	return h.Sum(nil)
}

func recoverKey(d abi.Digest, sig []byte) (abi.Address, error) {
	var a abi.Address
	if len(sig) != 52 || !hmac.Equal(mac(abi.Address(sig[:20]), d), sig[20:]) {
		return a, fmt.Errorf("signature is not of %v: %w", d.Short(), abi.Denied)
	}
	return abi.Address(sig[:20]), nil
}

const (
	buyer key = iota + 1
	owner
	hostA
	hostB
	stranger
)

var slot = abi.Sum([]byte("slot"))

// card is what host k says of itself.
func card(k key) wire.Host {
	return wire.Host{Name: fmt.Sprintf("host%d", k), Address: k.Address(), Key: []byte{byte(k), 1, 2, 3}, Engine: "cpu"}
}

// job returns a job sealed to the hosts, paid by a receipt named receipt.
func job(name, receipt string, hosts ...key) wire.Job {
	body := []byte("sealed body of " + name)
	j := wire.Job{
		Request: wire.Request{
			ID: abi.Sum([]byte(name)), App: abi.Sum([]byte("app")), Slot: slot, Body: abi.Sum(body),
			Receipts: []abi.Digest{abi.Sum([]byte(receipt))}, Deadline: uint64(time.Now().Add(time.Hour).Unix()),
		},
		Body: body,
	}
	for _, h := range hosts {
		j.Keys = append(j.Keys, wire.SealedKey{Recipient: abi.Sum(card(h).Key)})
	}
	return j
}

// admit takes every job whose receipt is named; each pays for units jobs.
func admit(units uint64) func(context.Context, wire.Job) ([]wire.Purchase, error) {
	return func(_ context.Context, j wire.Job) ([]wire.Purchase, error) {
		var paid []wire.Purchase
		for _, r := range j.Request.Receipts {
			paid = append(paid, wire.Purchase{ID: r, Buyer: buyer.Address(), Units: units})
		}
		if len(paid) == 0 {
			return nil, fmt.Errorf("nobody paid: %w", abi.Denied)
		}
		return paid, nil
	}
}

// result is what host k says came of attempt of j.
func result(j wire.Job, k key, attempt uint32, output string) wire.Result {
	q := j.Request
	text, err := wire.Receipt{
		Job: q.ID, App: q.App, Data: q.Data, Model: q.Model, Slot: q.Slot, Body: q.Body, Host: k.Address(), Attempt: attempt,
	}.Bytes()
	if err != nil {
		panic(err)
	}
	sig, _ := k.Sign(abi.Sum(text))
	return wire.Result{Output: []byte(output), Receipt: wire.SignedReceipt{Receipt: text, Signature: sig}}
}

// background runs serve until the test ends, and fails it when serve does.
func background(t testing.TB, serve func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serve(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("serve: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// A world is an owner's process: a bus and a broker.
type world struct {
	t      testing.TB
	dir    string
	server *fleet.Server
	broker *fleet.Broker
	conn   *fleet.Conn
	stop   func()
}

func newWorld(t testing.TB, dir string, units uint64) *world {
	t.Helper()
	s, err := fleet.StartServer(t.Context(), fleet.ServerConfig{Dir: filepath.Join(dir, "bus")})
	if err != nil {
		t.Fatal(err)
	}
	b, err := fleet.OpenBroker(fleet.BrokerConfig{Dir: filepath.Join(dir, "broker"), Admit: admit(units), Recover: recoverKey, Signer: owner})
	if err != nil {
		s.Close()
		t.Fatal(err)
	}
	c, err := s.Conn("owner")
	if err != nil {
		t.Fatal(err)
	}
	stop := background(t, func(ctx context.Context) error { return b.Serve(ctx, c) })
	w := &world{t, dir, s, b, c, nil}
	var once sync.Once
	w.stop = func() {
		once.Do(func() {
			stop()
			c.Close()
			if err := b.Close(); err != nil {
				t.Errorf("close broker: %v", err)
			}
			s.Close()
		})
	}
	t.Cleanup(w.stop)
	return w
}

// dial joins as role with the standing token.
func (w *world) dial(role fleet.Role) *fleet.Conn {
	w.t.Helper()
	tok, err := w.server.Token(role)
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := fleet.Dial(w.t.Context(), tok, fleet.DialConfig{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return c
}

func (w *world) client() fleet.Client { return fleet.NewClient(w.dial(fleet.RoleClient)) }

// A runner is a host's node.
type runner func(ctx context.Context, j wire.Job, attempt uint32, progress func(done, total uint64, note string)) (wire.Result, error)

func (f runner) Run(ctx context.Context, j wire.Job, attempt uint32, progress func(uint64, uint64, string)) (wire.Result, error) {
	return f(ctx, j, attempt, progress)
}

// host runs a host until the test ends or stop is called.
func (w *world) host(k key, slots int, r runner) (stop func()) {
	c := w.dial(fleet.RoleHost)
	return background(w.t, func(ctx context.Context) error {
		return fleet.Serve(ctx, c, fleet.HostConfig{Card: card(k), Signer: k, Slots: slots, Drain: 5 * time.Second}, r)
	})
}

func echo(k key) runner {
	return func(_ context.Context, j wire.Job, attempt uint32, _ func(uint64, uint64, string)) (wire.Result, error) {
		return result(j, k, attempt, "from "+card(k).Name), nil
	}
}

func TestAJobGoesRoundAndComesBack(t *testing.T) {
	w := newWorld(t, t.TempDir(), 10)
	w.host(hostA, 1, func(_ context.Context, j wire.Job, attempt uint32, progress func(uint64, uint64, string)) (wire.Result, error) {
		progress(1, 2, "half")
		return result(j, hostA, attempt, string(j.Body)), nil
	})
	c, j := w.client(), job("j", "r", hostA)
	s, err := c.Submit(t.Context(), j)
	if err != nil || s.State == 0 {
		t.Fatalf("Submit = %+v, %v", s, err)
	}
	res, err := c.Wait(t.Context(), j.Request.ID)
	if err != nil || !bytes.Equal(res.Output, j.Body) {
		t.Fatalf("Wait = %q, %v; want %q", res.Output, err, j.Body)
	}
	s, err = c.Status(t.Context(), j.Request.ID)
	if err != nil || s.State != fleet.Done || s.Host != "host3" || s.Address != hostA.Address() || s.Attempt != 1 {
		t.Errorf("Status = %+v, %v", s, err)
	}
}

func TestTwoHostsShareJobs(t *testing.T) {
	w := newWorld(t, t.TempDir(), 10)
	var mu sync.Mutex
	ran := map[key]int{}
	both := make(chan struct{})
	meet := func(k key) runner {
		return func(ctx context.Context, j wire.Job, attempt uint32, p func(uint64, uint64, string)) (wire.Result, error) {
			mu.Lock()
			if ran[k]++; ran[k] == 1 && len(ran) == 2 {
				close(both)
			}
			mu.Unlock()
			select {
			case <-both: // each has one, or this never ends
			case <-ctx.Done():
			}
			return echo(k)(ctx, j, attempt, p)
		}
	}
	w.host(hostA, 1, meet(hostA))
	w.host(hostB, 1, meet(hostB))
	c := w.client()
	var ids []abi.Digest
	for i := range 8 {
		j := job(fmt.Sprint("j", i), "r", hostA, hostB)
		if _, err := c.Submit(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, j.Request.ID)
	}
	for _, id := range ids {
		if _, err := c.Wait(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	if ran[hostA]+ran[hostB] != 8 || ran[hostA] == 0 || ran[hostB] == 0 {
		t.Errorf("jobs ran %v; want 8, some on each", ran)
	}
}

func TestAJobGoesOnlyToHostsItIsSealedTo(t *testing.T) {
	w := newWorld(t, t.TempDir(), 10)
	w.host(hostA, 4, echo(hostA))
	w.host(hostB, 4, echo(hostB))
	c := w.client()
	for i := range 6 {
		j := job(fmt.Sprint("j", i), "r", hostB)
		if _, err := c.Submit(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		if res, err := c.Wait(t.Context(), j.Request.ID); err != nil || string(res.Output) != "from host4" {
			t.Errorf("Wait = %q, %v; want it from host4", res.Output, err)
		}
	}
}

type refused struct{ error }

func (refused) Refused() bool   { return true }
func (r refused) Unwrap() error { return r.error }

func TestErrorsKeepTheirKindAndText(t *testing.T) {
	w := newWorld(t, t.TempDir(), 10)
	w.host(hostA, 1, func(context.Context, wire.Job, uint32, func(uint64, uint64, string)) (wire.Result, error) {
		return wire.Result{}, fmt.Errorf("sandbox: wall limit 1s: %w", abi.Exhausted)
	})
	c, j := w.client(), job("j", "r", hostA)
	if _, err := c.Submit(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Wait(t.Context(), j.Request.ID); !errors.Is(err, abi.Exhausted) || err.Error() != "sandbox: wall limit 1s: exhausted" {
		t.Errorf("Wait = %v (%v)", err, abi.KindOf(err))
	}
	unpaid := job("unpaid", "r", hostA)
	unpaid.Request.Receipts = nil
	if _, err := c.Submit(t.Context(), unpaid); !errors.Is(err, abi.Denied) || err.Error() != "nobody paid: denied" {
		t.Errorf("Submit = %v", err)
	}
	if _, err := c.Wait(t.Context(), abi.Sum([]byte("nothing"))); !errors.Is(err, abi.NotFound) {
		t.Errorf("Wait for a job nobody submitted = %v", err)
	}
}

func TestAHostsRefusalGivesTheUnitBack(t *testing.T) {
	w := newWorld(t, t.TempDir(), 1)
	first := true
	w.host(hostA, 1, func(ctx context.Context, j wire.Job, attempt uint32, p func(uint64, uint64, string)) (wire.Result, error) {
		if first {
			first = false
			return wire.Result{}, fmt.Errorf("host: %w", refused{fmt.Errorf("gate: no: %w", abi.Denied)})
		}
		return echo(hostA)(ctx, j, attempt, p)
	})
	c := w.client()
	a, b := job("a", "r", hostA), job("b", "r", hostA)
	if _, err := c.Submit(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Wait(t.Context(), a.Request.ID); !errors.Is(err, abi.Denied) {
		t.Fatalf("Wait = %v", err)
	}
	if _, err := c.Submit(t.Context(), b); err != nil {
		t.Fatalf("the unit was not given back: %v", err)
	}
	if _, err := c.Wait(t.Context(), b.Request.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Submit(t.Context(), job("c", "r", hostA)); !errors.Is(err, abi.Denied) {
		t.Errorf("a second use of one unit: %v, want %v", err, abi.Denied)
	}
}

func TestProgressReachesWhoWaits(t *testing.T) {
	w := newWorld(t, t.TempDir(), 10)
	seen, see := make(chan struct{}), sync.Once{}
	w.host(hostA, 1, func(ctx context.Context, j wire.Job, attempt uint32, progress func(uint64, uint64, string)) (wire.Result, error) {
		progress(3, 10, "epoch 1")
		select {
		case <-seen: // only progress ends it
		case <-ctx.Done():
		}
		return result(j, hostA, attempt, ""), nil
	})
	c, j := w.client(), job("j", "r", hostA)
	if _, err := c.Submit(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	_, err := c.Follow(t.Context(), j.Request.ID, func(s fleet.Status) {
		if s.Done == 3 && s.Total == 10 && s.Note == "epoch 1" {
			see.Do(func() { close(seen) })
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestCancellingStopsARunningJob(t *testing.T) {
	w := newWorld(t, t.TempDir(), 10)
	running, cause := make(chan struct{}), make(chan error, 1)
	w.host(hostA, 1, func(ctx context.Context, _ wire.Job, _ uint32, _ func(uint64, uint64, string)) (wire.Result, error) {
		close(running)
		<-ctx.Done()
		cause <- context.Cause(ctx)
		return wire.Result{}, context.Cause(ctx)
	})
	c, j := w.client(), job("j", "r", hostA)
	if _, err := c.Submit(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	<-running
	if err := c.Cancel(t.Context(), j.Request.ID, stranger); !errors.Is(err, abi.Denied) {
		t.Errorf("a stranger's Cancel = %v, want %v", err, abi.Denied)
	}
	if err := c.Cancel(t.Context(), j.Request.ID, buyer); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Wait(t.Context(), j.Request.ID); !errors.Is(err, fleet.ErrCancelled) {
		t.Errorf("Wait = %v, want %v", err, fleet.ErrCancelled)
	}
	if err := <-cause; !errors.Is(err, abi.Denied) || err.Error() != fleet.ErrCancelled.Error() {
		t.Errorf("the runner's cause = %v", err)
	}
	if err := c.Cancel(t.Context(), j.Request.ID, buyer); err != nil {
		t.Errorf("cancelling again = %v", err)
	}
}

func TestAStoppingHostFinishesOrHandsOver(t *testing.T) {
	w := newWorld(t, t.TempDir(), 10)
	running, finish := make(chan struct{}), make(chan struct{})
	stopA := w.host(hostA, 1, func(_ context.Context, j wire.Job, attempt uint32, _ func(uint64, uint64, string)) (wire.Result, error) {
		close(running)
		<-finish
		return result(j, hostA, attempt, "finished"), nil
	})
	c, j := w.client(), job("j", "r", hostA, hostB)
	if _, err := c.Submit(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	<-running
	stopped := make(chan struct{})
	go func() { stopA(); close(stopped) }()
	close(finish)
	<-stopped
	if hosts, err := w.broker.Hosts(t.Context()); err != nil || len(hosts) != 0 {
		t.Errorf("a host that stopped is still there: %v, %v", hosts, err)
	}
	if res, err := c.Wait(t.Context(), j.Request.ID); err != nil || string(res.Output) != "finished" {
		t.Errorf("Wait = %q, %v", res.Output, err)
	}

	// A host that may not drain gives its job to another at once.
	conn := w.dial(fleet.RoleHost)
	running = make(chan struct{})
	stopB := background(t, func(ctx context.Context) error {
		return fleet.Serve(ctx, conn, fleet.HostConfig{Card: card(hostB), Signer: hostB, Drain: time.Nanosecond}, runner(
			func(ctx context.Context, _ wire.Job, _ uint32, _ func(uint64, uint64, string)) (wire.Result, error) {
				close(running)
				<-ctx.Done()
				return wire.Result{}, context.Cause(ctx)
			}))
	})
	j = job("j2", "r", hostA, hostB)
	if _, err := c.Submit(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	<-running
	stopB()
	w.host(hostA, 1, echo(hostA))
	if res, err := c.Wait(t.Context(), j.Request.ID); err != nil || string(res.Output) != "from host3" {
		t.Errorf("Wait = %q, %v; want it from host3", res.Output, err)
	}
}

func TestAClientListsItsOwnJobs(t *testing.T) {
	w := newWorld(t, t.TempDir(), 100)
	c, other := w.client(), w.client()
	for i := range 5 {
		if _, err := c.Submit(t.Context(), job(fmt.Sprint("j", i), "r", hostA)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := other.Submit(t.Context(), job("other", "r", hostA)); err != nil {
		t.Fatal(err)
	}
	var got []abi.Digest
	pages := 0
	for before := uint64(0); ; pages++ {
		page, next, err := c.Jobs(t.Context(), before, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range page {
			got = append(got, s.Request.ID)
		}
		if next == 0 {
			break
		}
		before = next
	}
	if len(got) != 5 || got[0] != abi.Sum([]byte("j4")) || got[4] != abi.Sum([]byte("j0")) || pages < 2 {
		t.Errorf("listed %v on %d pages; want j4 to j0", got, pages+1)
	}
	if all, _, err := w.broker.Jobs(t.Context(), "", 0, 0); err != nil || len(all) != 6 {
		t.Errorf("the owner lists %d, %v; want 6", len(all), err)
	}
}

func TestTheRosterIsSignedByTheSlotsOwner(t *testing.T) {
	w := newWorld(t, t.TempDir(), 10)
	c := w.client()
	if _, err := c.Roster(t.Context(), slot); !errors.Is(err, abi.Unavailable) {
		t.Errorf("Roster without hosts = %v, want %v", err, abi.Unavailable)
	}
	w.host(hostA, 1, echo(hostA))
	w.host(hostB, 1, echo(hostB))
	var r wire.Roster
	var signed wire.SignedRoster
	for len(r.Hosts) < 2 { // they are joining
		var err error
		if signed, err = c.Roster(t.Context(), slot); err != nil {
			continue
		}
		var who abi.Address
		if r, who, err = fleet.OpenRoster(signed, slot, time.Now(), recoverKey); err != nil || who != owner.Address() {
			t.Fatalf("OpenRoster = %v, %v; want it signed by %v", who, err, owner.Address())
		}
	}
	if r.Hosts[0].Name != "host3" || r.Hosts[1].Name != "host4" || !bytes.Equal(r.Hosts[1].Key, card(hostB).Key) {
		t.Errorf("roster %+v", r)
	}
	for name, bad := range map[string]func() error{
		"another slot": func() error {
			_, _, err := fleet.OpenRoster(signed, abi.Digest{1}, time.Now(), recoverKey)
			return err
		},
		"later": func() error {
			_, _, err := fleet.OpenRoster(signed, slot, time.Now().Add(time.Hour), recoverKey)
			return err
		},
		"changed": func() error {
			s := signed
			s.Roster = append(bytes.Clone(s.Roster[:len(s.Roster)-1]), s.Roster[len(s.Roster)-1]^1)
			_, _, err := fleet.OpenRoster(s, slot, time.Now(), recoverKey)
			return err
		},
		"malformed": func() error {
			_, _, err := fleet.OpenRoster(wire.SignedRoster{Roster: []byte("x")}, slot, time.Now(), recoverKey)
			return err
		},
	} {
		if err := bad(); !errors.Is(err, abi.Denied) && !errors.Is(err, abi.Invalid) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
}

func TestKeysAreReleasedOverTheBus(t *testing.T) {
	w := newWorld(t, t.TempDir(), 10)
	seller, err := w.server.Conn("seller")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(seller.Close)
	ready := make(chan struct{})
	background(t, func(ctx context.Context) error {
		close(ready)
		return fleet.ServeKeys(ctx, seller, func(_ context.Context, q wire.KeyRequest) (wire.SealedKey, error) {
			if q.Host != hostA.Address() {
				return wire.SealedKey{}, fmt.Errorf("host %v is not in the roster: %w", q.Host, abi.Denied)
			}
			return wire.SealedKey{Recipient: q.Content, Ciphertext: []byte("sealed")}, nil
		})
	})
	<-ready
	c, content := w.dial(fleet.RoleHost), abi.Sum([]byte("data"))
	k, err := c.RequestKey(t.Context(), wire.KeyRequest{Content: content, Host: hostA.Address()})
	if err != nil || string(k.Ciphertext) != "sealed" || k.Recipient != content {
		t.Errorf("RequestKey = %+v, %v", k, err)
	}
	if _, err := c.RequestKey(t.Context(), wire.KeyRequest{Content: content, Host: hostB.Address()}); !errors.Is(err, abi.Denied) {
		t.Errorf("RequestKey = %v, want %v", err, abi.Denied)
	}
}

// The owner's process ends and starts again while a client waits and a host
// works: the job is done once, and both go on as if nothing had been.
func TestTheBusMayRestartUnderAJob(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, dir, 1)
	running, finish := make(chan struct{}, 1), make(chan struct{})
	w.host(hostA, 1, func(_ context.Context, j wire.Job, attempt uint32, _ func(uint64, uint64, string)) (wire.Result, error) {
		running <- struct{}{}
		<-finish
		return result(j, hostA, attempt, fmt.Sprint("attempt ", attempt)), nil
	})
	c, j := w.client(), job("j", "r", hostA)
	if _, err := c.Submit(t.Context(), j); err != nil {
		t.Fatal(err)
	}
	<-running
	got := make(chan error, 1)
	go func() {
		res, err := c.Wait(t.Context(), j.Request.ID)
		if err == nil && string(res.Output) != "attempt 1" {
			err = fmt.Errorf("output %q", res.Output)
		}
		got <- err
	}()
	addr := w.server.Addr()
	w.stop()
	w = newWorld(t, dir, 1)
	if w.server.Addr() != addr {
		t.Fatalf("the server came back on %s, it was on %s", w.server.Addr(), addr)
	}
	close(finish)
	if err := <-got; err != nil {
		t.Error(err)
	}
}
