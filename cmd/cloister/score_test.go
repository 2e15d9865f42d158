package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/score"
	"github.com/cloister-ai/cloister/market"
)

// A kept score is used while it is of this machine, and measured anew when it
// is not any more; one that is not this host's own is refused.
func TestAHostJoinsWithTheScoreOfThisMachine(t *testing.T) {
	state := stateDir(t.TempDir())
	me, err := state.party(owner)
	if err != nil {
		t.Fatal(err)
	}
	eng, err := engine.New("cpu")
	if err != nil {
		t.Fatal(err)
	}
	h := hosting{hostConfig: hostConfig{Score: true}, state: state, party: me, log: slog.New(slog.DiscardHandler)}
	joins := func() (wire.Score, error) {
		s, err := h.score(t.Context(), eng)
		if err != nil {
			return wire.Score{}, err
		}
		return s.Verify(me.key.Address(), time.Now(), market.Recover)
	}
	first, err := joins()
	if err != nil || first.Measures(machine(score.Here(eng))) != nil {
		t.Fatalf("measured %+v, %v", first, err)
	}
	if again, err := joins(); err != nil || again != first {
		t.Errorf("the second time %+v, %v; want the first", again, err)
	}
	good, err := readScoreFile(state.scoreFile())
	if err != nil {
		t.Fatal(err)
	}
	keep := func(change func(*scoreFile), by wire.Signer) {
		t.Helper()
		f := good
		f.Figures = append([]score.Figure(nil), good.Figures...)
		change(&f)
		if by != nil {
			f.Score.Host = by.Address()
			s, err := f.Score.Sign(by)
			if err != nil {
				t.Fatal(err)
			}
			f.Signature = s.Signature
		}
		if err := state.keepScore(f); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(*scoreFile){
		"build":     func(f *scoreFile) { f.Score.Build = "another" },
		"path":      func(f *scoreFile) { f.Score.Path = "another" },
		"processor": func(f *scoreFile) { f.Score.Processor = "another" },
		"threads":   func(f *scoreFile) { f.Score.Threads = 1000 },
		"engine":    func(f *scoreFile) { f.Score.Engine = "another" },
		"measured":  func(f *scoreFile) { f.Score.Measured -= 31 * 24 * 3600 },
	} {
		keep(change, me.key)
		stale, err := readScoreFile(state.scoreFile())
		if err != nil {
			t.Fatal(err)
		}
		if err := stale.fresh(machine(score.Here(eng))); !errors.Is(err, abi.Denied) || !strings.Contains(err.Error(), "score: "+name) {
			t.Errorf("stale %s: %v; want %v that names it", name, err, abi.Denied)
		}
		if s, err := joins(); err != nil || s.Measures(machine(score.Here(eng))) != nil || s.Measured < first.Measured {
			t.Errorf("with a stale %s it joins with %+v, %v", name, s, err)
		}
	}

	thief, err := stateDir(t.TempDir()).party(owner)
	if err != nil {
		t.Fatal(err)
	}
	for says, spoil := range map[string]func(){
		"score: signature": func() { keep(func(f *scoreFile) { f.Score.Points *= 10 }, nil) },
		"score: points": func() {
			keep(func(f *scoreFile) { f.Score.Points *= 10 }, me.key) // signed, and not what the figures make
		},
		"score: figures": func() { keep(func(f *scoreFile) { f.Figures[0].Runs++ }, nil) },
		"score: host is": func() { keep(func(*scoreFile) {}, thief.key) },
		"unknown field":  func() { write(t, state.scoreFile(), `{"dear": "all"}`) },
		"score.json: ":   func() { write(t, state.scoreFile(), "") },
		"more than one":  func() { write(t, state.scoreFile(), "{}{}") },
	} {
		spoil()
		if s, err := joins(); err == nil || !strings.Contains(err.Error(), says) || !errors.Is(err, abi.Denied) && !errors.Is(err, abi.Invalid) {
			t.Errorf("%s: it joins with %+v, %v", says, s, err)
		}
	}
	h.Score = false
	if s, err := h.score(t.Context(), eng); s != nil || err != nil {
		t.Errorf("asked for no score: %v, %v", s, err)
	}

	// What is not ours is not measured on the way.
	h.Score = true
	if err := os.Remove(state.scoreFile()); err != nil {
		t.Fatal(err)
	}
	if s, err := h.score(t.Context(), otherEngine{eng}); s != nil || err != nil {
		t.Errorf("another engine: %v, %v", s, err)
	}
}

// otherEngine is an engine under another name.
type otherEngine struct{ abi.Engine }

func (otherEngine) Name() string { return "other" }

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// FuzzScoreFile: a file is somebody else's until its score is checked.
func FuzzScoreFile(f *testing.F) {
	key, err := market.CreateKey(f.TempDir() + "/key")
	if err != nil {
		f.Fatal(err)
	}
	card := score.Card{Machine: score.Machine{Engine: "cpu", Path: "avx2", Threads: 2}}
	for _, k := range []score.Kind{score.GEMM, score.Conv, score.RNN, score.Memory, score.AllReduce} {
		card.Figures = append(card.Figures, score.Figure{Kind: k, What: "a shape", Runs: 1, Median: 2, Best: 1, Rate: 7})
	}
	card.Score = score.Of(card.Figures)
	good, err := signScore(card, key)
	if err != nil {
		f.Fatal(err)
	}
	b, err := json.Marshal(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"score": {"points": 1e400}}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parseScoreFile(b)
		if err != nil {
			if !errors.Is(err, abi.Invalid) {
				t.Errorf("%v, want %v", err, abi.Invalid)
			}
			return
		}
		if got.check(key.Address()) == nil && got.Score != good.Score {
			t.Errorf("believed %+v, signed was %+v", got.Score, good.Score)
		}
	})
}

// A minimum names whom a body is sealed to: no host below it, and none whose
// score is another's.
func TestAMinimumSealsToNoHostBelow(t *testing.T) {
	roster := wire.Roster{Slot: abi.Sum([]byte("slot"))}
	var stolen *wire.SignedScore
	for _, h := range []struct {
		name   string
		points float64 // zero: none
		steals bool
	}{{"slow", 20, false}, {"fast", 200, false}, {"none", 0, false}, {"thief", 0, true}} {
		key, err := market.CreateKey(filepath.Join(t.TempDir(), "key"))
		if err != nil {
			t.Fatal(err)
		}
		host := wire.Host{Name: h.name, Address: key.Address(), Engine: "cpu"}
		if h.points > 0 {
			s, err := wire.Score{
				Version: wire.ScoreVersion, Suite: wire.ScoreSuite, Host: key.Address(), Points: h.points, Engine: "cpu",
				Threads: 1, Measured: uint64(time.Now().Unix()),
			}.Sign(key)
			if err != nil {
				t.Fatal(err)
			}
			host.Score, stolen = &s, &s
		}
		if h.steals {
			host.Score = stolen
		}
		roster.Hosts = append(roster.Hosts, host)
	}
	log := slog.New(slog.DiscardHandler)
	for _, c := range []struct {
		least float64
		want  string
	}{{0, "slow fast none thief"}, {0.1, "slow fast"}, {20, "slow fast"}, {20.1, "fast"}, {200, "fast"}} {
		hosts, err := worthy(roster, c.least, log)
		var names []string
		for _, h := range hosts {
			names = append(names, h.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != c.want {
			t.Errorf("min score %v: %q, %v; want %q", c.least, got, err, c.want)
		}
	}
	if _, err := worthy(roster, 201, log); !errors.Is(err, abi.Unavailable) || !strings.Contains(err.Error(), `the best is "fast" with 200.0`) {
		t.Errorf("min score 201: %v; want %v that names the best", err, abi.Unavailable)
	}
}
