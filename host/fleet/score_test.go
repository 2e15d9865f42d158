package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/fleet"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

const hostC key = stranger + 1

// scored is host k's card with a claim of so many points.
func scored(t testing.TB, k key, points float64) wire.Host {
	t.Helper()
	c := card(k)
	s, err := wire.Score{
		Version: wire.ScoreVersion, Host: k.Address(), Points: points, Suite: wire.ScoreSuite, Engine: c.Engine,
		Threads: 1, Measured: uint64(time.Now().Unix()),
	}.Sign(k)
	if err != nil {
		t.Fatal(err)
	}
	c.Score = &s
	return c
}

// joinWith has k join with a score, or without one for no points.
func (b *bench) joinWith(k key, points float64) {
	b.t.Helper()
	if points == 0 {
		b.join(k)
		return
	}
	if err := b.Join(context.Background(), id(k), scored(b.t, k, points), k, abi.Sum([]byte{byte(k)})); err != nil {
		b.t.Fatal(err)
	}
}

// run submits a job of app, which only k can open, and has k take so long over it.
func (b *bench) run(n int, app string, k key, took time.Duration, flops uint64) {
	b.t.Helper()
	j := job(fmt.Sprint(app, k, n), fmt.Sprint("r", app, k, n), k)
	j.Request.App = abi.Sum([]byte(app))
	b.submit(j)
	attempt := b.lease(k, j.Request.ID)
	for left := took; left > 0; left -= 10 * time.Second {
		if err := b.Renew(context.Background(), id(k), j.Request.ID, attempt, 0, 0); err != nil {
			b.t.Fatal(err)
		}
		time.Sleep(min(left, 10*time.Second))
	}
	res := counted(j, k, attempt, flops)
	if err := b.Commit(context.Background(), id(k), j.Request.ID, attempt, &res, 0, "", false, false); err != nil {
		b.t.Fatal(err)
	}
}

// counted is a result whose receipt has operations.
func counted(j wire.Job, k key, attempt uint32, flops uint64) wire.Result {
	q := j.Request
	text, err := wire.Receipt{
		Job: q.ID, App: q.App, Data: q.Data, Model: q.Model, Slot: q.Slot, Body: q.Body, Host: k.Address(), Attempt: attempt, FLOPs: flops,
	}.Bytes()
	if err != nil {
		panic(err)
	}
	sig, _ := k.Sign(abi.Sum(text))
	return wire.Result{Receipt: wire.SignedReceipt{Receipt: text, Signature: sig}}
}

// A poll is a host's long poll and what it got.
type poll struct {
	k   key
	got chan *wire.Job
}

// wait has hosts wait for work, in that order.
func (b *bench) wait(hosts ...key) (polls []poll) {
	for _, k := range hosts {
		p := poll{k, make(chan *wire.Job, 1)}
		go func() {
			j, _, _ := b.Lease(context.Background(), id(k), 2*time.Second) // nil: none, which the test sees
			p.got <- j
		}()
		synctest.Wait()
		polls = append(polls, p)
	}
	return polls
}

// gave says which job each host got, by the hosts' numbers.
func gave(polls []poll) map[key]abi.Digest {
	got := map[key]abi.Digest{}
	for _, p := range polls {
		if j := <-p.got; j != nil {
			got[p.k] = j.Request.ID
		}
	}
	return got
}

func TestTheFastestIdleHostGetsTheJob(t *testing.T) {
	for _, c := range []struct {
		name    string
		a, b, c float64
		want    key
	}{
		{"the best score", 50, 200, 100, hostB},
		{"a score before none", 0, 0, 1, hostC},
		{"of equals who waited longest", 70, 70, 70, hostA},
		{"without scores who waited longest", 0, 0, 0, hostA},
	} {
		virtual(t, func(t *testing.T, b *bench) {
			b.joinWith(hostA, c.a)
			b.joinWith(hostB, c.b)
			b.joinWith(hostC, c.c)
			polls := b.wait(hostA, hostB, hostC)
			j := b.submit(job("j", "r", hostA, hostB, hostC))
			if got := gave(polls); len(got) != 1 || got[c.want] != j {
				t.Errorf("%s: %v has the job, want %v", c.name, got, c.want)
			}
		})
	}
}

func TestTheHeavierJobGoesToTheFasterHost(t *testing.T) {
	virtual(t, func(t *testing.T, b *bench) {
		b.joinWith(hostA, 50)
		b.joinWith(hostB, 200)
		b.run(0, "light", hostA, time.Millisecond, 1e6)
		b.run(0, "heavy", hostA, time.Millisecond, 1e12)
		polls := b.wait(hostA, hostB)
		// In one transaction, so that the broker sees both: a job of each kind.
		light, heavy := job("l", "rl", hostA, hostB), job("h", "rh", hostA, hostB)
		light.Request.App, heavy.Request.App = abi.Sum([]byte("light")), abi.Sum([]byte("heavy"))
		if err := b.SubmitAll(t.Context(), light, heavy); err != nil {
			t.Fatal(err)
		}
		if got := gave(polls); got[hostA] != light.Request.ID || got[hostB] != heavy.Request.ID {
			t.Errorf("the fast host has %v, want the heavy job, %v", got[hostB].Short(), heavy.Request.ID.Short())
		}
	})
}

// Weight decides who gets a job, and never whether: with one host idle, or two
// and three jobs, the oldest are given as ever.
func TestWeightPassesNoJobOver(t *testing.T) {
	virtual(t, func(t *testing.T, b *bench) {
		b.joinWith(hostA, 50)
		b.joinWith(hostB, 200)
		b.run(0, "light", hostA, time.Millisecond, 1e6)
		b.run(0, "heavy", hostA, time.Millisecond, 1e12)
		send := func(name string, apps ...string) (jobs []wire.Job) {
			for i, app := range apps {
				j := job(fmt.Sprint(name, i), name, hostA, hostB)
				j.Request.App = abi.Sum([]byte(app))
				jobs = append(jobs, j)
			}
			if err := b.SubmitAll(t.Context(), jobs...); err != nil {
				t.Fatal(err)
			}
			return jobs
		}
		jobs := send("one", "light", "heavy")
		for _, j := range jobs {
			if err := b.finish(hostB, j, b.lease(hostB, j.Request.ID)); err != nil {
				t.Fatal(err)
			}
		}
		polls := b.wait(hostA, hostB)
		jobs = send("two", "light", "light", "heavy")
		if got := gave(polls); got[hostB] != jobs[0].Request.ID || got[hostA] != jobs[1].Request.ID {
			t.Errorf("given are %v, want the two oldest, %v and %v", got, jobs[0].Request.ID.Short(), jobs[1].Request.ID.Short())
		}
	})
}

// What is remembered of jobs and hosts is bounded, however many there are.
func TestPacesAreBounded(t *testing.T) {
	virtual(t, func(t *testing.T, b *bench) {
		b.joinWith(hostA, 50)
		for i := range 80 {
			b.run(i, fmt.Sprint("app", i), hostA, time.Second, 1)
		}
		if kinds, _ := b.Paced(t.Context()); kinds != 64 {
			t.Errorf("%d kinds of job are remembered, want 64", kinds)
		}
		for i := range 80 {
			b.joinWith(100+key(i), 50)
			b.run(i, "app79", 100+key(i), time.Second, 1)
		}
		if _, hosts := b.Paced(t.Context()); hosts != 64 {
			t.Errorf("%d hosts of a kind are remembered, want 64", hosts)
		}
	})
}

func TestAJobIsNeverLeasedBelowItsMinimum(t *testing.T) {
	virtual(t, func(t *testing.T, b *bench) {
		b.joinWith(hostA, 50)
		b.joinWith(hostB, 200)
		b.joinWith(hostC, 0)
		hard := job("hard", "r", hostA, hostB, hostC)
		hard.MinScore = 100
		b.submit(hard)
		for _, k := range []key{hostA, hostC} {
			if j, _, err := b.Lease(t.Context(), id(k), time.Second); j != nil || err != nil {
				t.Errorf("%s got %v, %v: it is below", card(k).Name, j, err)
			}
		}
		// What is below takes what comes after it.
		easy := b.submit(job("easy", "r", hostA, hostB))
		b.lease(hostA, easy)
		j, _, err := b.Lease(t.Context(), id(hostB), 0)
		if err != nil || j == nil || j.Request.ID != hard.Request.ID {
			t.Fatalf("the host that is above got %v, %v", j, err)
		}
		if j.MinScore != 0 {
			t.Errorf("the host was told the least score, %v: hosts of before refuse that", j.MinScore)
		}

		// Nobody is above: the sender is told.
		hard = job("harder", "r", hostA, hostB)
		hard.MinScore = 250
		_, err = b.Submit(t.Context(), "client", hard)
		if !errors.Is(err, abi.Denied) || !strings.Contains(err.Error(), `no host of min score 250.0 can open it, the best is "host4" with 200.0`) {
			t.Errorf("Submit = %v, want %v that names the best", err, abi.Denied)
		}
		if uses, err := b.Uses(t.Context(), hard.Request.Receipts[0]); err != nil || len(uses) != 2 {
			t.Errorf("a job that was refused uses a unit: %d, %v", len(uses), err)
		}

		// Or at the deadline, when its hosts never came.
		late := job("late", "r", stranger)
		late.MinScore = 10
		b.submit(late)
		time.Sleep(time.Hour + 5*time.Second)
		if s := b.state(late.Request.ID); s.State != fleet.Failed || !strings.Contains(s.Error, "no host of min score 10.0 started it before its deadline") {
			t.Errorf("after its deadline: %v %q", s.State, s.Error)
		}
	})
}

func TestWhoClaimsFarMoreThanItDeliversLosesItsPreference(t *testing.T) {
	type took struct {
		k key
		d time.Duration
	}
	for _, c := range []struct {
		name   string
		claims map[key]float64
		took   []took
		best   key // who gets the next job of another kind, all having waited
		above  map[key]bool
	}{
		{"new: believed", map[key]float64{hostA: 100, hostB: 10_000}, nil, hostB, map[key]bool{hostB: true}},
		{"a liar: no faster than one of a hundredth", map[key]float64{hostA: 100, hostB: 10_000},
			[]took{{hostA, 10 * time.Second}, {hostB, 12 * time.Second}}, hostA, nil},
		{"honest", map[key]float64{hostA: 100, hostB: 1000},
			[]took{{hostA, 20 * time.Second}, {hostB, 2 * time.Second}}, hostB, map[key]bool{hostB: true}},
		{"half of what it claims is no lie", map[key]float64{hostA: 100, hostB: 1000},
			[]took{{hostA, 20 * time.Second}, {hostB, 4 * time.Second}}, hostB, map[key]bool{hostB: true}},
		{"too short to tell", map[key]float64{hostA: 100, hostB: 10_000},
			[]took{{hostA, 300 * time.Millisecond}, {hostB, 300 * time.Millisecond}}, hostB, map[key]bool{hostB: true}},
		{"one who claims too little convicts nobody, when there is another", map[key]float64{hostA: 1, hostB: 1000, hostC: 990},
			[]took{{hostA, 10 * time.Second}, {hostB, 10 * time.Second}, {hostC, 10 * time.Second}}, hostB, map[key]bool{hostB: true, hostC: true}},
	} {
		virtual(t, func(t *testing.T, b *bench) {
			var all []key
			for _, k := range []key{hostA, hostB, hostC} {
				if p, ok := c.claims[k]; ok {
					b.joinWith(k, p)
					all = append(all, k)
				}
			}
			for i := range 3 {
				for _, l := range c.took {
					b.run(i, "app", l.k, l.d, 1e9)
				}
			}
			polls := b.wait(all...)
			j := job("next", "next", all...)
			j.Request.App = abi.Sum([]byte("another app"))
			b.submit(j)
			if got := gave(polls); got[c.best] != j.Request.ID {
				t.Errorf("%s: the job went to %v, want %v", c.name, got, c.best)
			}
			for _, k := range all {
				hard := job(fmt.Sprint("hard", k), "hard", k)
				hard.MinScore = 500
				if _, err := b.Submit(t.Context(), "client", hard); (err == nil) != c.above[k] {
					t.Errorf("%s: host %v for a job of 500 points: %v", c.name, k, err)
				}
			}
			r := openRoster(t, b, true)
			for _, h := range r.Hosts {
				want := c.claims[hostOf(h)] < 500 || c.above[hostOf(h)]
				if (h.Score != nil) != want {
					t.Errorf("%s: %s has a score in the roster: %v, want %v", c.name, h.Name, h.Score != nil, want)
				}
			}
		})
	}
}

func hostOf(h wire.Host) key { return key(h.Address[0]) }

func openRoster(t testing.TB, b *bench, scores bool) wire.Roster {
	t.Helper()
	s, err := b.Roster(t.Context(), slot, scores)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := fleet.OpenRoster(s, slot, time.Now(), recoverKey)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A liar that measured again and claims less is believed again, and one that
// comes back with its old claim is not.
func TestEvidenceOutlivesAConnection(t *testing.T) {
	virtual(t, func(t *testing.T, b *bench) {
		b.joinWith(hostA, 100)
		b.joinWith(hostB, 10_000)
		for i := range 3 {
			b.run(i, "app", hostA, 10*time.Second, 0)
			b.run(i, "app", hostB, 10*time.Second, 0)
		}
		believed := func(when string, want bool) {
			t.Helper()
			for _, h := range openRoster(t, b, true).Hosts {
				if hostOf(h) == hostB && (h.Score != nil) != want {
					t.Errorf("%s: its score is in the roster: %v, want %v", when, h.Score != nil, want)
				}
			}
		}
		believed("caught", false)
		if err := b.Join(t.Context(), "another connection", scored(t, hostB, 10_000), hostB, abi.Sum([]byte("anew"))); err != nil {
			t.Fatal(err)
		}
		believed("back with the same claim", false)
		b.joinWith(hostB, 120)
		believed("back with an honest one", true)
	})
}

func TestAScoreThatIsNotTheHostsOwnIsRefused(t *testing.T) {
	b := newBench(t, t.TempDir(), 100)
	defer b.stop()
	for _, c := range []struct {
		name, says string
		kind       abi.Kind
		spoil      func(*wire.Host)
	}{
		{"another host's", "host is", abi.Denied, func(h *wire.Host) { h.Score = scored(t, hostB, 100).Score }},
		{"changed", "signature", abi.Denied, func(h *wire.Host) { h.Score.Signature[30] ^= 1 }},
		{"no score", "score", abi.Invalid, func(h *wire.Host) { h.Score = &wire.SignedScore{} }},
		{"of another engine", `engine "cpu", the host's is "gorgonia"`, abi.Denied, func(h *wire.Host) { h.Engine = "gorgonia" }},
		{"stale", "measured at", abi.Denied, func(h *wire.Host) {
			s, err := wire.ParseScore(h.Score.Score)
			if err != nil {
				t.Fatal(err)
			}
			s.Measured -= 400 * 24 * 3600
			signed, err := s.Sign(hostA)
			if err != nil {
				t.Fatal(err)
			}
			h.Score = &signed
		}},
	} {
		h := scored(t, hostA, 100)
		c.spoil(&h)
		err := b.Join(t.Context(), "c", h, hostA, abi.Digest{})
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "score") {
			t.Errorf("%s: %v; want %v that says %q", c.name, err, c.kind, c.says)
		}
	}
	if hosts, err := b.Hosts(t.Context()); err != nil || len(hosts) != 0 {
		t.Errorf("%d hosts, %v; want none", len(hosts), err)
	}
}

func TestARosterHasScoresForWhoReadsThem(t *testing.T) {
	b := newBench(t, t.TempDir(), 100)
	defer b.stop()
	b.joinWith(hostA, 100)
	b.join(hostB)
	for _, scores := range []bool{false, true} {
		for _, h := range openRoster(t, b, scores).Hosts {
			if want := scores && hostOf(h) == hostA; (h.Score != nil) != want {
				t.Errorf("asked for scores: %v: %s has one: %v", scores, h.Name, h.Score != nil)
			}
		}
	}
}

func TestScoresSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, dir, 100)
	b.joinWith(hostA, 100)
	hard := job("hard", "r", hostA)
	hard.MinScore = 90
	b.submit(hard)
	b.stop()
	b = newBench(t, dir, 100)
	defer b.stop()
	b.lease(hostA, hard.Request.ID)
}

// A book of before there were scores is read, and is one of now from then on.
func TestABookOfTheVersionBeforeIsRead(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t, dir, 100)
	b.join(hostA)
	j := job("j", "r", hostA)
	b.submit(j)
	b.stop()
	version := func(set []byte) (was byte) {
		db, err := bbolt.Open(filepath.Join(dir, "broker.db"), 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bbolt.Tx) error {
			was = tx.Bucket([]byte("meta")).Get([]byte("version"))[0]
			if set == nil {
				return nil
			}
			return tx.Bucket([]byte("meta")).Put([]byte("version"), set)
		})
		if err = errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		return was
	}
	now := version([]byte{1})
	b = newBench(t, dir, 100)
	b.lease(hostA, j.Request.ID)
	b.stop()
	if got := version(nil); got != now {
		t.Errorf("the book is of version %d, want %d", got, now)
	}
}

// Whatever is claimed, sent and taken: no job is leased below its minimum, none
// that waited long is passed over for a younger one, and when hosts that may
// have every job go on asking, every job is done.
func TestPreferenceStarvesNobody(t *testing.T) {
	dir := t.TempDir()
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, filepath.Join(dir, fmt.Sprint(run)), 1000)
			defer b.stop()
			points := map[key]float64{hostA: 1000}
			for _, k := range []key{hostB, hostC} {
				points[k] = rapid.SampledFrom([]float64{0, 10, 100}).Draw(rt, "points")
			}
			for k, p := range points {
				b.joinWith(k, p)
			}
			type sent struct {
				wire.Job
				at time.Time
			}
			var waiting []sent
			check := func(k key, j *wire.Job) {
				at := slices.IndexFunc(waiting, func(s sent) bool { return s.Request.ID == j.Request.ID })
				if at < 0 {
					rt.Fatalf("job %v was given twice", j.Request.ID.Short())
				}
				if least := waiting[at].MinScore; points[k] < least {
					rt.Fatalf("a host of %v has a job of min score %v", points[k], least)
				}
				for _, older := range waiting[:at] {
					if time.Since(older.at) > time.Minute+2*time.Second && points[k] >= older.MinScore {
						rt.Fatalf("a job that waited %v was passed over", time.Since(older.at))
					}
				}
				waiting = slices.Delete(waiting, at, at+1)
			}
			take := func(wait time.Duration, hosts ...key) {
				type taken struct {
					k key
					j *wire.Job
					n uint32
				}
				got := make(chan taken, len(hosts))
				for _, k := range hosts {
					go func() {
						j, n, _ := b.Lease(context.Background(), id(k), wait) // no job when there is an error
						got <- taken{k, j, n}
					}()
					synctest.Wait()
				}
				var all []taken
				for range hosts {
					if l := <-got; l.j != nil {
						all = append(all, l)
					}
				}
				for _, l := range all {
					check(l.k, l.j)
					time.Sleep(time.Duration(rapid.IntRange(0, 1).Draw(rt, "took")) * time.Second)
					res := counted(*l.j, l.k, l.n, rapid.Uint64Range(0, 1000).Draw(rt, "flops"))
					if err := b.Commit(context.Background(), id(l.k), l.j.Request.ID, l.n, &res, 0, "", false, false); err != nil {
						rt.Fatal(err)
					}
				}
			}
			for i := range rapid.IntRange(1, 25).Draw(rt, "steps") {
				switch rapid.IntRange(0, 3).Draw(rt, "step") {
				case 0, 1:
					j := job(fmt.Sprint("j", i), "r", hostA, hostB, hostC)
					j.Request.App = abi.Sum([]byte{byte(rapid.IntRange(0, 2).Draw(rt, "app"))})
					j.MinScore = rapid.SampledFrom([]float64{0, 0, 50, 500}).Draw(rt, "min")
					b.submit(j)
					waiting = append(waiting, sent{j, time.Now()})
				case 2:
					take(0, rapid.SliceOfNDistinct(rapid.SampledFrom([]key{hostA, hostB, hostC}), 1, 3, func(k key) key { return k }).Draw(rt, "idle")...)
				case 3:
					time.Sleep(time.Duration(rapid.IntRange(1, 40).Draw(rt, "seconds")) * time.Second)
				}
			}
			for n := len(waiting); len(waiting) > 0; n-- { // hostA may have each of them
				if n == 0 {
					rt.Fatalf("%d jobs wait and a host that may have them got none", len(waiting))
				}
				take(0, hostA)
			}
		})
	})
}

// Two hosts over the bus: the faster one is given what there is.
func TestAFleetUsesScores(t *testing.T) {
	w := newWorld(t, t.TempDir(), 100)
	free := map[key]chan struct{}{hostA: make(chan struct{}), hostB: make(chan struct{})}
	for k, points := range map[key]float64{hostA: 50, hostB: 200} {
		c := w.dial(fleet.RoleHost)
		cfg := fleet.HostConfig{Card: scored(t, k, points), Signer: k, Drain: 5 * time.Second}
		background(t, func(ctx context.Context) error {
			return fleet.Serve(ctx, c, cfg, runner(func(ctx context.Context, j wire.Job, attempt uint32, _ func(uint64, uint64, string)) (wire.Result, error) {
				select {
				case <-free[k]:
				case <-ctx.Done():
				}
				return result(j, k, attempt, card(k).Name), nil
			}))
		})
	}
	c := w.client()
	for n := 0; n < 2; { // both wait for work
		if hosts, err := w.broker.Idle(t.Context()); err != nil {
			t.Fatal(err)
		} else if n = hosts; n < 2 {
			time.Sleep(5 * time.Millisecond)
		}
	}
	submit := func(name string, least float64) wire.Job {
		j := job(name, "r", hostA, hostB)
		j.MinScore = least
		if _, err := c.Submit(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		return j
	}
	first := submit("first", 0)
	second := submit("second", 0) // the fast host is busy
	hard := submit("hard", 100)   // waits for it
	close(free[hostA])
	if res, err := c.Wait(t.Context(), second.Request.ID); err != nil || string(res.Output) != card(hostA).Name {
		t.Errorf("the second job: %q, %v; want the slow host", res.Output, err)
	}
	if s, err := c.Status(t.Context(), hard.Request.ID); err != nil || s.State != fleet.Pending {
		t.Errorf("the slow host is free, and a job that is not for it is %v, %v", s.State, err)
	}
	close(free[hostB])
	for _, j := range []wire.Job{first, hard} {
		if res, err := c.Wait(t.Context(), j.Request.ID); err != nil || string(res.Output) != card(hostB).Name {
			t.Errorf("job %v: %q, %v; want the fast host", j.Request.ID.Short(), res.Output, err)
		}
	}
	signed, err := c.Roster(t.Context(), slot)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := fleet.OpenRoster(signed, slot, time.Now(), recoverKey)
	if err != nil || len(r.Hosts) != 2 {
		t.Fatal(r.Hosts, err)
	}
	for _, h := range r.Hosts {
		s, err := fleet.Score(h, time.Now(), recoverKey)
		if want := map[key]float64{hostA: 50, hostB: 200}[hostOf(h)]; err != nil || s.Points != want {
			t.Errorf("%s: %v points, %v; want %v", h.Name, s.Points, err, want)
		}
	}
}

// FuzzCard: a card that parses is the one encoding of itself, and nothing may
// panic, not in its score either.
func FuzzCard(f *testing.F) {
	for _, h := range []wire.Host{card(hostA), scored(f, hostA, 100), {}} {
		b, err := wire.Marshal(h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := fleet.ParseCard(b)
		if err != nil {
			if !errors.Is(err, abi.Invalid) {
				t.Errorf("%v, want %v", err, abi.Invalid)
			}
			return
		}
		if again, err := wire.Marshal(h); err != nil || string(again) != string(b) {
			t.Errorf("parsed %x, encoded %x, %v", b, again, err)
		}
		if _, err := fleet.Score(h, time.Now(), recoverKey); err != nil && !errors.Is(err, abi.Denied) && !errors.Is(err, abi.Invalid) {
			t.Error(err)
		}
	})
}
