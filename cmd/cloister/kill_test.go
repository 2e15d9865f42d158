package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// kills is how often the story is cut off. Few in the ordinary tests; make kill
// does it often.
var kills = flag.Int("kills", 2, "how often TestTheStorySurvivesKill kills the process")

// told is what a finished story leaves behind, without what differs between
// two keys.
type told struct {
	Balances map[string][3]uint64 // at hand, owed, in escrow, by party
	Bought   []string             // party, kind, units, paid and state of each receipt
	Ended    map[string]int       // jobs by state
	Assets   int
}

func tell(t *testing.T, state string) told {
	t.Helper()
	got := told{Balances: map[string][3]uint64{}, Ended: map[string]int{}}
	var balances []struct {
		Party                   string
		Credits, Owed, Escrowed uint64
	}
	query(t, state, &balances, "balance")
	for _, b := range balances {
		got.Balances[b.Party] = [3]uint64{b.Credits, b.Owed, b.Escrowed}
	}
	var receipts struct {
		Bought []struct {
			Party       string `json:"party"`
			Kind        int
			Units, Paid uint64
			State       string
		} `json:"bought"`
	}
	query(t, state, &receipts, "receipts")
	for _, r := range receipts.Bought {
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		got.Bought = append(got.Bought, string(b))
	}
	var jobs []struct {
		State string `json:"state"`
	}
	query(t, state, &jobs, "jobs")
	for _, j := range jobs {
		got.Ended[j.State]++
	}
	var assets []any
	query(t, state, &assets, "assets")
	got.Assets = len(assets)
	return got
}

// query runs a command that prints JSON.
func query(t *testing.T, state string, into any, args ...string) {
	t.Helper()
	out, err := cloisterCommand(state, args...).Output()
	if err != nil {
		t.Fatalf("cloister %v: %v", args, err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatalf("cloister %v printed %q: %v", args, out, err)
	}
}

// cloisterCommand is the program as TestMain built it.
func cloisterCommand(state string, args ...string) *exec.Cmd {
	cmd := exec.Command("cloister", append([]string{"--state", state, "--json"}, args...)...)
	cmd.Stderr = os.Stderr
	return cmd
}

func demo(state string) *exec.Cmd {
	cmd := cloisterCommand(state, "demo", "--apps", appsDir, "--data", filepath.FromSlash("../../examples/digits/digits.csv.gz"))
	cmd.Stderr = nil
	return cmd
}

// TestTheStorySurvivesKill kills the process at random moments of the story and
// plays it again each time. What is left in the end is what a story leaves that
// nobody disturbed: nothing paid twice, nothing lost.
func TestTheStorySurvivesKill(t *testing.T) {
	dir := t.TempDir()
	calm := filepath.Join(dir, "calm")
	start := time.Now()
	if out, err := demo(calm).CombinedOutput(); err != nil {
		t.Fatalf("undisturbed: %v\n%s", err, out)
	}
	whole := time.Since(start)
	want := tell(t, calm)
	if len(want.Bought) == 0 || want.Ended["done"] == 0 {
		t.Fatalf("an undisturbed story left %+v", want)
	}

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, the undisturbed story took %v", seed, whole)
	rnd := rand.New(rand.NewPCG(seed, 0))
	state := filepath.Join(dir, "disturbed")
	cut := 0
	for cut < *kills {
		moment := time.Duration(rnd.Int64N(int64(whole)))
		cmd := demo(state)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(moment, func() { cmd.Process.Kill() })
		err := cmd.Wait()
		if timer.Stop() {
			if err != nil {
				t.Fatalf("after %d kills the story failed by itself: %v\n%s", cut, err, out.String())
			}
			if err := os.RemoveAll(state); err != nil { // it reached its end: disturb a new one
				t.Fatal(err)
			}
			continue
		}
		cut++
		t.Logf("kill %d after %v, in act %q", cut, moment.Round(time.Millisecond), lastAct(out.String()))
	}
	if out, err := demo(state).CombinedOutput(); err != nil {
		t.Fatalf("after %d kills: %v\n%s", cut, err, out)
	}
	if d := cmp.Diff(want, tell(t, state)); d != "" {
		t.Errorf("after %d kills the story left something else (-undisturbed +killed):\n%s", cut, d)
	}
}

// lastAct is the title of the act that out ends in.
func lastAct(out string) (act string) {
	for line := range strings.Lines(out) {
		if len(line) > 4 && line[0] == ' ' && line[1] != ' ' || len(line) > 4 && strings.HasPrefix(line, "1") {
			act = strings.TrimSpace(line)
		}
	}
	return act
}
