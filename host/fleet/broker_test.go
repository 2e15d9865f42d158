package fleet_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/fleet"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

// A bench is a broker without a bus.
type bench struct {
	*fleet.Broker
	t    testing.TB
	stop func()
	told chan string // hosts told to renew
}

func newBench(t testing.TB, dir string, units uint64) *bench {
	t.Helper()
	b, err := fleet.OpenBroker(fleet.BrokerConfig{Dir: dir, Admit: admit(units), Recover: recoverKey, Signer: owner})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done, told := make(chan struct{}), make(chan string, 1000)
	go func() {
		defer close(done)
		_ = b.RunTelling(ctx, func(host string) { told <- host }) // it returns nil
	}()
	var once sync.Once
	stop := func() {
		once.Do(func() {
			cancel()
			<-done
			if err := b.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	return &bench{b, t, stop, told}
}

func (b *bench) join(k key) {
	b.t.Helper()
	if err := b.Join(context.Background(), id(k), card(k), k, abi.Sum([]byte{byte(k)})); err != nil {
		b.t.Fatal(err)
	}
}

func id(k key) string { return fmt.Sprint("conn", k) }

func (b *bench) submit(j wire.Job) abi.Digest {
	b.t.Helper()
	if _, err := b.Submit(context.Background(), "client", j); err != nil {
		b.t.Fatal(err)
	}
	return j.Request.ID
}

// lease has k take a job, which there must be, and returns its attempt.
func (b *bench) lease(k key, want abi.Digest) uint32 {
	b.t.Helper()
	j, attempt, err := b.Lease(context.Background(), id(k), 0)
	if err != nil || j == nil || j.Request.ID != want {
		b.t.Fatalf("Lease = %v, %d, %v; want job %v", j, attempt, err, want.Short())
	}
	return attempt
}

func (b *bench) state(job abi.Digest) fleet.Status {
	b.t.Helper()
	s, _, err := b.Wait(context.Background(), job, 0, 0)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *bench) finish(k key, j wire.Job, attempt uint32) error {
	res := result(j, k, attempt, card(k).Name)
	return b.Commit(context.Background(), id(k), j.Request.ID, attempt, &res, 0, "", false, false)
}

// virtual runs a test in virtual time with a bench of its own.
func virtual(t *testing.T, f func(t *testing.T, b *bench)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, dir, 100)
		defer b.stop()
		f(t, b)
	})
}

func TestALeaseLapsesAndItsCommitIsRefused(t *testing.T) {
	virtual(t, func(t *testing.T, b *bench) {
		b.join(hostA)
		b.join(hostB)
		j := job("j", "r", hostA, hostB)
		b.submit(j)
		first := b.lease(hostA, j.Request.ID)
		if err := b.Renew(t.Context(), id(hostA), j.Request.ID, first, 0, 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(28 * time.Second)
		if s := b.state(j.Request.ID); s.State != fleet.Leased {
			t.Fatalf("after 28s of silence the job is %v", s.State)
		}
		time.Sleep(4 * time.Second)
		if s := b.state(j.Request.ID); s.State != fleet.Pending {
			t.Fatalf("after 32s of silence the job is %v", s.State)
		}
		if err := b.finish(hostA, j, first); !errors.Is(err, abi.Denied) {
			t.Errorf("a commit after the lease lapsed = %v, want %v", err, abi.Denied)
		}
		second := b.lease(hostB, j.Request.ID)
		if second <= first {
			t.Errorf("attempt %d follows attempt %d", second, first)
		}
		if err := b.finish(hostA, j, first); !errors.Is(err, abi.Denied) {
			t.Errorf("a stale commit = %v, want %v", err, abi.Denied)
		}
		if err := b.Renew(t.Context(), id(hostA), j.Request.ID, first, 0, 0); !errors.Is(err, abi.Denied) {
			t.Errorf("a stale renewal = %v, want %v", err, abi.Denied)
		}
		if err := b.finish(hostA, j, second); !errors.Is(err, abi.Denied) {
			t.Errorf("another host's commit = %v, want %v", err, abi.Denied)
		}
		if err := b.Commit(t.Context(), id(hostA), j.Request.ID, second, nil, abi.Guest, "it fails", false, false); !errors.Is(err, abi.Denied) {
			t.Errorf("another host's failure = %v, want %v", err, abi.Denied)
		}
		if err := b.Renew(t.Context(), id(hostA), j.Request.ID, second, 0, 0); !errors.Is(err, abi.Denied) {
			t.Errorf("another host's renewal = %v, want %v", err, abi.Denied)
		}
		if got := <-b.told; got != id(hostA) {
			t.Errorf("%s was told that its lease lapsed, want %s", got, id(hostA))
		}
		if err := b.finish(hostB, j, second); err != nil {
			t.Fatal(err)
		}
		if err := b.finish(hostB, j, second); err != nil {
			t.Errorf("the same commit again = %v, want nil: the answer may have been lost", err)
		}
		if s := b.state(j.Request.ID); s.State != fleet.Done || s.Host != "host4" {
			t.Errorf("status %+v", s)
		}
	})
}

func TestRenewingKeepsALease(t *testing.T) {
	virtual(t, func(t *testing.T, b *bench) {
		b.join(hostA)
		j := job("j", "r", hostA)
		b.submit(j)
		attempt := b.lease(hostA, j.Request.ID)
		for i := range 20 {
			if err := b.Renew(t.Context(), id(hostA), j.Request.ID, attempt, uint64(i), 20); err != nil {
				t.Fatal(err)
			}
			time.Sleep(25 * time.Second)
		}
		if s := b.state(j.Request.ID); s.State != fleet.Leased || s.Done != 19 {
			t.Errorf("status %+v", s)
		}
		if err := b.finish(hostA, j, attempt); err != nil {
			t.Error(err)
		}
	})
}

func TestAJobIsGivenUpAfterThreeHostsFailedIt(t *testing.T) {
	virtual(t, func(t *testing.T, b *bench) {
		b.join(hostA)
		j := job("j", "r", hostA)
		b.submit(j)
		for i := range 3 {
			attempt := b.lease(hostA, j.Request.ID)
			if i == 1 {
				time.Sleep(40 * time.Second)
				continue
			}
			err := b.Commit(t.Context(), id(hostA), j.Request.ID, attempt, nil, abi.Unavailable, "gpu lost: unavailable", false, false)
			if err != nil {
				t.Fatal(err)
			}
		}
		s := b.state(j.Request.ID)
		if s.State != fleet.Failed || s.Kind != abi.Unavailable || !strings.Contains(s.Error, "given up after 3 attempts, the last: gpu lost") {
			t.Errorf("status %+v", s)
		}
		if jobs, err := b.Uses(t.Context(), j.Request.Receipts[0]); err != nil || len(jobs) != 1 {
			t.Errorf("hosts ran it, yet the receipt has %d uses, %v", len(jobs), err)
		}
	})
}

func TestALeaseThatNeverArrivedLapsesSoon(t *testing.T) {
	virtual(t, func(t *testing.T, b *bench) {
		b.join(hostA)
		j := job("j", "r", hostA)
		b.submit(j)
		first := b.lease(hostA, j.Request.ID)
		time.Sleep(7 * time.Second)
		if second := b.lease(hostA, j.Request.ID); second <= first {
			t.Errorf("attempt %d follows attempt %d", second, first)
		}
	})
}

func TestYieldingIsNotHeldAgainstAJob(t *testing.T) {
	virtual(t, func(t *testing.T, b *bench) {
		b.join(hostA)
		j := job("j", "r", hostA)
		b.submit(j)
		for range 10 {
			attempt := b.lease(hostA, j.Request.ID)
			if err := b.Commit(t.Context(), id(hostA), j.Request.ID, attempt, nil, abi.Unavailable, "the owner is back", false, true); err != nil {
				t.Fatal(err)
			}
		}
		if s := b.state(j.Request.ID); s.State != fleet.Pending || s.Attempt != 10 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestAJobPastItsDeadlineEndsUnstartedAndUnpaid(t *testing.T) {
	virtual(t, func(t *testing.T, b *bench) {
		j := job("j", "r", hostA)
		b.submit(j)
		time.Sleep(time.Hour + 3*time.Second)
		s := b.state(j.Request.ID)
		if s.State != fleet.Failed || s.Kind != abi.Exhausted || !strings.Contains(s.Error, "deadline") {
			t.Errorf("status %+v", s)
		}
		if jobs, err := b.Uses(t.Context(), j.Request.Receipts[0]); err != nil || len(jobs) != 0 {
			t.Errorf("the receipt still has %d uses, %v", len(jobs), err)
		}
	})
}

func TestAHostThatBeginsAnewLosesItsJobsAtOnce(t *testing.T) {
	virtual(t, func(t *testing.T, b *bench) {
		b.join(hostA)
		b.join(hostB)
		j := job("j", "r", hostA, hostB)
		b.submit(j)
		first := b.lease(hostA, j.Request.ID)
		b.join(hostA) // the same session: a reconnect
		if s := b.state(j.Request.ID); s.State != fleet.Leased {
			t.Fatalf("a reconnect lost the job: %v", s.State)
		}
		if err := b.Join(t.Context(), id(hostA), card(hostA), hostA, abi.Sum([]byte("another"))); err != nil {
			t.Fatal(err)
		}
		b.lease(hostB, j.Request.ID)
		if err := b.finish(hostA, j, first); !errors.Is(err, abi.Denied) {
			t.Errorf("commit of the session before = %v, want %v", err, abi.Denied)
		}
	})
}

func TestAnIdleHostGetsWorkWithItsData(t *testing.T) {
	virtual(t, func(t *testing.T, b *bench) {
		b.join(hostA)
		b.join(hostB)
		far, near := job("far", "r", hostA, hostB), job("near", "r", hostA, hostB)
		far.Request.Data, near.Request.Data = abi.Sum([]byte("far data")), abi.Sum([]byte("near data"))
		b.submit(far)
		b.submit(near)
		take := func(k key, cached abi.Digest) string {
			j, attempt, err := b.Lease(context.Background(), id(k), 0, cached)
			if err != nil || j == nil {
				t.Fatalf("Lease = %v, %v", j, err)
			}
			if err := b.finish(k, *j, attempt); err != nil {
				t.Fatal(err)
			}
			return map[abi.Digest]string{far.Request.ID: "far", near.Request.ID: "near"}[j.Request.ID]
		}
		if got := take(hostA, near.Request.Data); got != "near" {
			t.Errorf("the host that has the data got job %q", got)
		}
		if got := take(hostB, near.Request.Data); got != "far" {
			t.Errorf("the other host got job %q", got)
		}

		// Long polls: the job goes to whom its data is, not to who waited longer.
		got := make(chan key, 2)
		for _, h := range []struct {
			k      key
			cached abi.Digest
		}{{hostA, abi.Digest{1}}, {hostB, near.Request.Data}} {
			go func() {
				j, attempt, err := b.Lease(context.Background(), id(h.k), 10*time.Second, h.cached)
				if err == nil && j != nil && b.finish(h.k, *j, attempt) == nil {
					got <- h.k
				}
			}()
			synctest.Wait()
		}
		again := job("again", "r", hostA, hostB)
		again.Request.Data = near.Request.Data
		b.submit(again)
		if k := <-got; k != hostB {
			t.Errorf("the job went to %v, its data is at %v", card(k).Name, card(hostB).Name)
		}

		// But no job waits for ever for a better place.
		time.Sleep(15 * time.Second) // the other poll ends
		old := job("old", "r", hostA)
		old.Request.Data = far.Request.Data
		b.submit(old)
		time.Sleep(2 * time.Minute)
		late := job("late", "r", hostA)
		late.Request.Data = near.Request.Data
		b.submit(late)
		if j, _, err := b.Lease(context.Background(), id(hostA), 0, near.Request.Data); err != nil || j == nil || j.Request.ID != old.Request.ID {
			t.Errorf("a job that waited two minutes was passed over: %v, %v", j, err)
		}
	})
}

func TestALongPollEndsEmptyAndANewerOneTakesItsPlace(t *testing.T) {
	virtual(t, func(t *testing.T, b *bench) {
		if _, _, err := b.Lease(t.Context(), id(hostA), 0); !errors.Is(err, abi.NotFound) {
			t.Errorf("a host that did not join: %v, want %v", err, abi.NotFound)
		}
		b.join(hostA)
		began := time.Now()
		if j, _, err := b.Lease(t.Context(), id(hostA), 20*time.Second); j != nil || err != nil || time.Since(began) != 20*time.Second {
			t.Errorf("Lease = %v, %v after %v", j, err, time.Since(began))
		}
		first := make(chan *wire.Job, 1)
		go func() {
			j, _, _ := b.Lease(context.Background(), id(hostA), 20*time.Second)
			first <- j
		}()
		synctest.Wait()
		go func() {
			time.Sleep(time.Second)
			b.submit(job("j", "r", hostA))
		}()
		if j, _, err := b.Lease(t.Context(), id(hostA), 20*time.Second); j == nil || err != nil {
			t.Errorf("the newer poll got %v, %v", j, err)
		}
		if j := <-first; j != nil {
			t.Error("the older poll got the job as well")
		}

		// A caller that went away gives its job back.
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		b.submit(job("j2", "r", hostA))
		if j, _, _ := b.Lease(ctx, id(hostA), time.Second); j != nil {
			t.Error("a cancelled poll got a job")
		}
		b.lease(hostA, abi.Sum([]byte("j2")))
	})
}

func TestWaitSeesChangesAndNothingElse(t *testing.T) {
	virtual(t, func(t *testing.T, b *bench) {
		b.join(hostA)
		j := job("j", "r", hostA)
		b.submit(j)
		s := b.state(j.Request.ID)
		began := time.Now()
		if again, _, err := b.Wait(t.Context(), j.Request.ID, s.Version, 5*time.Second); err != nil || again.Version != s.Version || time.Since(began) != 5*time.Second {
			t.Errorf("nothing changed, yet Wait = %+v, %v after %v", again, err, time.Since(began))
		}
		go func() {
			time.Sleep(time.Second)
			_, _, _ = b.Lease(context.Background(), id(hostA), 0) // seen below
		}()
		began = time.Now()
		if s, _, err := b.Wait(t.Context(), j.Request.ID, s.Version, 5*time.Second); err != nil || s.State != fleet.Leased || time.Since(began) > 2*time.Second {
			t.Errorf("Wait = %+v, %v after %v", s, err, time.Since(began))
		}
		if _, _, err := b.Wait(t.Context(), abi.Sum([]byte("none")), 0, 0); !errors.Is(err, abi.NotFound) {
			t.Errorf("Wait for no job = %v, want %v", err, abi.NotFound)
		}
	})
}

func TestReceiptsPayForTheirUnitsAndNoMore(t *testing.T) {
	b := newBench(t, t.TempDir(), 3)
	defer b.stop()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var taken []wire.Job
	for i := range 20 {
		wg.Go(func() {
			j := job(fmt.Sprint("j", i), "r", hostA)
			_, err := b.Submit(context.Background(), "client", j)
			switch {
			case err == nil:
				mu.Lock()
				taken = append(taken, j)
				mu.Unlock()
			case !errors.Is(err, abi.Denied) || !strings.Contains(err.Error(), "receipt "+abi.Sum([]byte("r")).Short()+": all 3 units are used"):
				t.Errorf("Submit = %v", err)
			}
		})
	}
	wg.Wait()
	if len(taken) != 3 {
		t.Fatalf("%d jobs were taken for 3 units", len(taken))
	}
	// A replay changes nothing and uses nothing.
	if s, err := b.Submit(t.Context(), "client", taken[0]); err != nil || s.State != fleet.Pending {
		t.Errorf("the same job again = %+v, %v", s, err)
	}
	forged := taken[0]
	forged.Signature = []byte("another")
	if _, err := b.Submit(t.Context(), "client", forged); !errors.Is(err, abi.Denied) || !strings.Contains(err.Error(), "is taken") {
		t.Errorf("another job under its id = %v, want %v", err, abi.Denied)
	}
	// Cancelling a job no host had gives its unit back, to one other.
	sig, _ := buyer.Sign(fleet.CancelDigest(taken[0].Request.ID))
	if err := b.Cancel(t.Context(), taken[0].Request.ID, sig); err != nil {
		t.Fatal(err)
	}
	b.submit(job("more", "r", hostA))
	if _, err := b.Submit(t.Context(), "client", job("too many", "r", hostA)); !errors.Is(err, abi.Denied) {
		t.Errorf("Submit = %v, want %v", err, abi.Denied)
	}
	if s, err := b.Submit(t.Context(), "client", taken[0]); err != nil || s.State != fleet.Cancelled {
		t.Errorf("a cancelled job again = %v, %v", s.State, err)
	}
	if jobs, err := b.Uses(t.Context(), abi.Sum([]byte("r"))); err != nil || len(jobs) != 3 {
		t.Errorf("%d uses, %v; want 3", len(jobs), err)
	}
}

func TestCancellingARunningJobKeepsTheUnit(t *testing.T) {
	b := newBench(t, t.TempDir(), 1)
	defer b.stop()
	b.join(hostA)
	j := job("j", "r", hostA)
	b.submit(j)
	attempt := b.lease(hostA, j.Request.ID)
	sig, _ := buyer.Sign(fleet.CancelDigest(j.Request.ID))
	if err := b.Cancel(t.Context(), j.Request.ID, sig); err != nil {
		t.Fatal(err)
	}
	if got := <-b.told; got != id(hostA) {
		t.Errorf("%s was told, want %s", got, id(hostA))
	}
	if err := b.finish(hostA, j, attempt); !errors.Is(err, fleet.ErrCancelled) {
		t.Errorf("commit after cancel = %v, want %v", err, fleet.ErrCancelled)
	}
	if jobs, err := b.Uses(t.Context(), j.Request.Receipts[0]); err != nil || len(jobs) != 1 {
		t.Errorf("%d uses, %v; want 1", len(jobs), err)
	}
	other, _ := buyer.Sign(fleet.CancelDigest(abi.Sum([]byte("another"))))
	if err := b.Cancel(t.Context(), j.Request.ID, other); !errors.Is(err, abi.Denied) {
		t.Errorf("a signature for another job = %v, want %v", err, abi.Denied)
	}
}

func TestAResultNeedsAReceiptOfItsOwnRun(t *testing.T) {
	b := newBench(t, t.TempDir(), 100)
	defer b.stop()
	b.join(hostA)
	j := job("j", "r", hostA)
	b.submit(j)
	attempt := b.lease(hostA, j.Request.ID)
	other := job("other", "r", hostA)
	for name, res := range map[string]wire.Result{
		"none":            {Output: []byte("x")},
		"another job's":   result(other, hostA, attempt, "x"),
		"another host's":  result(j, hostB, attempt, "x"),
		"another attempt": result(j, hostA, attempt+1, "x"),
		"forged": func() wire.Result {
			r := result(j, hostA, attempt, "x")
			r.Receipt.Signature[30] ^= 1
			return r
		}(),
	} {
		err := b.Commit(t.Context(), id(hostA), j.Request.ID, attempt, &res, 0, "", false, false)
		if !errors.Is(err, abi.Denied) && !errors.Is(err, abi.Invalid) {
			t.Errorf("receipt: %s: Commit = %v, want a refusal", name, err)
		}
	}
	if s := b.state(j.Request.ID); s.State != fleet.Leased {
		t.Errorf("the job is %v", s.State)
	}
}

func TestJoiningNeedsACardSignedForThisConnection(t *testing.T) {
	b := newBench(t, t.TempDir(), 100)
	defer b.stop()
	if err := b.Join(t.Context(), "c", card(hostA), hostB, abi.Digest{}); !errors.Is(err, abi.Denied) {
		t.Errorf("a card somebody else signed: %v, want %v", err, abi.Denied)
	}
	for name, spoil := range map[string]func(*wire.Host){
		"no name":  func(h *wire.Host) { h.Name = "" },
		"no key":   func(h *wire.Host) { h.Key = nil },
		"big key":  func(h *wire.Host) { h.Key = make([]byte, 5000) },
		"bad name": func(h *wire.Host) { h.Name = strings.Repeat("x", 65) },
	} {
		c := card(hostA)
		spoil(&c)
		if err := b.Join(t.Context(), "c", c, hostA, abi.Digest{}); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s: %v, want %v", name, err, abi.Invalid)
		}
	}
	// The same machine over another connection replaces itself.
	b.join(hostA)
	if err := b.Join(t.Context(), "elsewhere", card(hostA), hostA, abi.Digest{}); err != nil {
		t.Fatal(err)
	}
	if hosts, err := b.Hosts(t.Context()); err != nil || len(hosts) != 1 {
		t.Errorf("%d hosts, %v; want 1", len(hosts), err)
	}
}

func TestARestartForgetsNothing(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, dir, 3)
	b.join(hostA)
	done, leased, waiting := job("done", "r", hostA), job("leased", "r", hostA), job("waiting", "r", hostA)
	b.submit(done)
	if err := b.finish(hostA, done, b.lease(hostA, done.Request.ID)); err != nil {
		t.Fatal(err)
	}
	b.submit(leased)
	attempt := b.lease(hostA, leased.Request.ID)
	b.submit(waiting)
	b.stop()

	b = newBench(t, dir, 3)
	if s, res, err := b.Wait(t.Context(), done.Request.ID, 0, 0); err != nil || s.State != fleet.Done || string(res.Output) != "host3" {
		t.Errorf("the job that was done: %v, %v", s.State, err)
	}
	for _, j := range []wire.Job{leased, waiting} {
		if s := b.state(j.Request.ID); s.State != fleet.Pending {
			t.Errorf("a job that was not done is %v", s.State)
		}
	}
	if _, err := b.Submit(t.Context(), "client", job("more", "r", hostA)); !errors.Is(err, abi.Denied) {
		t.Errorf("units came back: %v", err)
	}
	// The host is still known, and what it did meanwhile is taken …
	if err := b.finish(hostA, leased, attempt); err != nil {
		t.Errorf("commit over a restart = %v", err)
	}
	b.stop()

	// … unless another lease was given since.
	b = newBench(t, dir, 3)
	defer b.stop()
	first := b.lease(hostA, waiting.Request.ID)
	b.stop()
	b = newBench(t, dir, 3)
	defer b.stop()
	second := b.lease(hostA, waiting.Request.ID)
	if second <= first {
		t.Errorf("attempt %d follows attempt %d", second, first)
	}
	if err := b.finish(hostA, waiting, first); !errors.Is(err, abi.Denied) {
		t.Errorf("the older attempt = %v, want %v", err, abi.Denied)
	}
	if err := b.finish(hostA, waiting, second); err != nil {
		t.Error(err)
	}
}

func TestRestartsAreNotHeldAgainstAJob(t *testing.T) {
	dir := t.TempDir()
	j := job("j", "r", hostA)
	for i := range 8 {
		b := newBench(t, dir, 1)
		if i == 0 {
			b.join(hostA)
			b.submit(j)
		}
		b.lease(hostA, j.Request.ID)
		b.stop()
	}
	b := newBench(t, dir, 1)
	defer b.stop()
	if err := b.finish(hostA, j, b.lease(hostA, j.Request.ID)); err != nil {
		t.Error(err)
	}
}

func TestABrokersFileIsLockedAndVersioned(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, dir, 1)
	defer b.stop()
	cfg := fleet.BrokerConfig{Dir: dir, Admit: admit(1), Recover: recoverKey}
	if _, err := fleet.OpenBroker(cfg); !errors.Is(err, abi.Unavailable) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second broker: %v, want %v", err, abi.Unavailable)
	}
	if _, err := fleet.OpenBroker(fleet.BrokerConfig{Dir: dir}); !errors.Is(err, abi.Invalid) {
		t.Errorf("a broker that admits nothing: %v, want %v", err, abi.Invalid)
	}
	junk := t.TempDir()
	if err := os.WriteFile(filepath.Join(junk, "broker.db"), make([]byte, 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg.Dir = junk
	if _, err := fleet.OpenBroker(cfg); !errors.Is(err, abi.Internal) || !strings.Contains(err.Error(), "broker.db") {
		t.Errorf("a file that is no book: %v, want %v", err, abi.Internal)
	}
}

func TestABookOfANewerVersionIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	newBench(t, dir, 1).stop()
	db, err := bbolt.Open(filepath.Join(dir, "broker.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("version"), []byte{9}) })
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = fleet.OpenBroker(fleet.BrokerConfig{Dir: dir, Admit: admit(1), Recover: recoverKey})
	if !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), "version [9]") {
		t.Errorf("OpenBroker = %v, want %v", err, abi.Invalid)
	}
}

func TestAStoppedBrokerSaysSo(t *testing.T) {
	b := newBench(t, t.TempDir(), 1)
	b.stop()
	if _, err := b.Submit(t.Context(), "c", job("j", "r", hostA)); !errors.Is(err, abi.Unavailable) {
		t.Errorf("Submit = %v, want %v", err, abi.Unavailable)
	}
}

// A child process submits, leases and commits as fast as it can and says what
// it was told was durable; it is killed, and all of that must still be so.
func TestKillLosesNothingThatWasPromised(t *testing.T) {
	if dir := os.Getenv("FLEET_TEST_CHILD"); dir != "" {
		child(t, dir)
	}
	dir := t.TempDir()
	for round := range 3 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKillLosesNothingThatWasPromised$")
		cmd.Env = append(os.Environ(), "FLEET_TEST_CHILD="+dir, fmt.Sprint("FLEET_TEST_ROUND=", round))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		promised := map[string]fleet.State{}
		lines := bufio.NewScanner(out)
		for n := 0; n < 30+17*round && lines.Scan(); n++ {
			word, name, ok := strings.Cut(lines.Text(), " ")
			if !ok {
				t.Fatalf("child: %s", lines.Text())
			}
			promised[name] = map[string]fleet.State{"submitted": fleet.Pending, "done": fleet.Done}[word]
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		b := newBench(t, dir, 1)
		for name, want := range promised {
			s, res, err := b.Wait(t.Context(), abi.Sum([]byte(name)), 0, 0)
			if err != nil || s.State != want && s.State != fleet.Done {
				t.Errorf("round %d: job %s is %v, %v; it was %v", round, name, s.State, err, want)
			}
			if s.State == fleet.Done && string(res.Output) != card(hostA).Name {
				t.Errorf("round %d: job %s has output %q", round, name, res.Output)
			}
			if _, err := b.Submit(t.Context(), "c", job("again "+name, name, hostA)); !errors.Is(err, abi.Denied) {
				t.Errorf("round %d: the unit of job %s came back: %v", round, name, err)
			}
		}
		b.stop()
	}
}

func child(t *testing.T, dir string) {
	b := newBench(t, dir, 1)
	b.join(hostA)
	for i := 0; ; i++ {
		name := fmt.Sprint("job", os.Getenv("FLEET_TEST_ROUND"), ".", i)
		j := job(name, name, hostA)
		b.submit(j)
		fmt.Println("submitted", name)
		got, attempt, err := b.Lease(t.Context(), id(hostA), 0)
		if err != nil || got == nil {
			t.Fatal("no lease", err)
		}
		if err := b.finish(hostA, *got, attempt); err != nil {
			t.Fatal(err)
		}
		if got.Request.ID == j.Request.ID {
			fmt.Println("done", name)
		}
	}
}

// Whatever hosts, buyers and the clock do, no job is done twice, no receipt is
// overspent, and every job ends or waits.
func TestTheBooksAddUp(t *testing.T) {
	dir := t.TempDir()
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		synctest.Test(t, func(t *testing.T) {
			const units = 4
			b := newBench(t, filepath.Join(dir, fmt.Sprint(run)), units)
			defer b.stop()
			type lease struct {
				k       key
				j       wire.Job
				attempt uint32
			}
			var held []lease
			jobs, done := map[abi.Digest]wire.Job{}, map[abi.Digest]uint32{}
			b.join(hostA)
			b.join(hostB)
			for range rapid.IntRange(1, 30).Draw(rt, "steps") {
				switch rapid.IntRange(0, 5).Draw(rt, "step") {
				case 0:
					j := job(fmt.Sprint("j", rapid.IntRange(0, 9).Draw(rt, "job")), fmt.Sprint("r", rapid.IntRange(0, 1).Draw(rt, "receipt")), hostA, hostB)
					if _, err := b.Submit(t.Context(), "c", j); err == nil {
						if _, ok := jobs[j.Request.ID]; !ok {
							jobs[j.Request.ID] = j
						}
					}
				case 1:
					k := rapid.SampledFrom([]key{hostA, hostB}).Draw(rt, "host")
					if j, attempt, err := b.Lease(t.Context(), id(k), 0); err != nil {
						rt.Fatal(err)
					} else if j != nil {
						held = append(held, lease{k, *j, attempt})
					}
				case 2, 3:
					if len(held) == 0 {
						continue
					}
					l := rapid.SampledFrom(held).Draw(rt, "lease")
					if rapid.Bool().Draw(rt, "fails") {
						kind := rapid.SampledFrom([]abi.Kind{abi.Unavailable, abi.Guest}).Draw(rt, "kind")
						_ = b.Commit(t.Context(), id(l.k), l.j.Request.ID, l.attempt, nil, kind, "no", rapid.Bool().Draw(rt, "refused"), rapid.Bool().Draw(rt, "yielded"))
						continue
					}
					if b.finish(l.k, l.j, l.attempt) == nil {
						if was, ok := done[l.j.Request.ID]; ok && was != l.attempt {
							rt.Fatalf("job done by attempts %d and %d", was, l.attempt)
						}
						done[l.j.Request.ID] = l.attempt
					}
				case 4:
					time.Sleep(time.Duration(rapid.IntRange(1, 40).Draw(rt, "seconds")) * time.Second)
				case 5:
					for id := range jobs {
						sig, _ := buyer.Sign(fleet.CancelDigest(id))
						_ = b.Cancel(t.Context(), id, sig)
						break
					}
				}
			}
			for id := range jobs {
				if s := b.state(id); (s.State == fleet.Done) != (done[id] != 0) {
					rt.Fatalf("job %v is %v, hosts were told %v", id.Short(), s.State, done[id])
				}
			}
			for _, r := range []string{"r0", "r1"} {
				used, err := b.Uses(t.Context(), abi.Sum([]byte(r)))
				if err != nil || len(used) > units {
					rt.Fatalf("receipt %s pays for %d jobs, %v", r, len(used), err)
				}
			}
		})
	})
}

func TestManyJobsShareFewWrites(t *testing.T) {
	b := newBench(t, t.TempDir(), 1000)
	defer b.stop()
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			var n [8]byte
			binary.LittleEndian.PutUint64(n[:], uint64(i))
			if _, err := b.Submit(context.Background(), "c", job(string(n[:]), "r", hostA)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all := 0
	for before := uint64(0); ; {
		page, next, err := b.Jobs(t.Context(), "", before, 64)
		if err != nil {
			t.Fatal(err)
		}
		all += len(page)
		if before = next; next == 0 {
			break
		}
	}
	if all != 200 {
		t.Errorf("%d jobs listed, want 200", all)
	}
}
