package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
)

// sample is a run with made-up times.
func sample() *result {
	at := func(name, by string, ms float64) timed {
		return timed{Case: name, By: by, MS: ms, Low: ms, High: ms, Runs: 1, Bytes: 1e9, FLOPs: 1e12}
	}
	mlp := "MLP 784-512-512-10 step, batch 128"
	return &result{
		Date:   "2026-01-02 03:04 UTC",
		Facts:  []fact{{"card", "a card of tests"}},
		Checks: []verdict{{Name: "numbers", Status: passed}},
		Times: []timed{
			at("copy on the card", byUs, 1), at("softmax", byUs, 1.1), at("layer norm", byUs, 1.3), at("softmax", byCompiled, 1.21),
			at(mlp, byUs, 2), at(mlp, byGraph, 1.9), at("MLP 784-4096-4096-10 step, batch 1024", byUs, 2),
			at("product bf16 4096", byLt, 2), at("product bf16 4096", byEager, 1),
			{Case: "LeNet step, batch 64", By: byUs, Note: "it did not fit"},
		},
	}
}

func TestTheTableComparesWithTheGoals(t *testing.T) {
	want := map[string]string{ // by case: of copy, × eager, × compiled, × graph, goal
		"copy on the card":                      "100 %||||",
		"softmax":                               "91 %||1.10||0.85 of copy: met",
		"layer norm":                            "77 %||||0.85 of copy: missed",
		"MLP 784-512-512-10 step, batch 128":    "|||0.95|0.91 of torch graph: met",
		"MLP 784-4096-4096-10 step, batch 1024": "||||0.91 of torch graph: not compared",
		"product bf16 4096":                     "|0.50|||0.97 of torch eager: missed",
		"LeNet step, batch 64":                  "||||it did not fit",
	}
	rows := sample().rows()
	if len(rows) != len(want) {
		t.Errorf("%d rows, want %d", len(rows), len(want))
	}
	for _, r := range rows {
		if got := strings.Join(append(append([]string{r.share}, r.times[:]...), r.goal), "|"); got != want[r.name] {
			t.Errorf("%s: %q, want %q", r.name, got, want[r.name])
		}
	}
}

func TestAReportIsOfARunWhoseNumbersWereRight(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "page.md")
	write := func(change func(*result)) string {
		r := sample()
		change(r)
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "results.json")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for what, change := range map[string]func(*result){
		"a rehearsal":   func(r *result) { r.Rehearse = true },
		"wrong numbers": func(r *result) { r.Checks[0].Status = failed },
		"no numbers":    func(r *result) { r.Checks = nil },
	} {
		if err := report(write(change), page); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s: report = %v, want Invalid", what, err)
		}
	}
	if err := report(write(func(*result) {}), page); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"a card of tests, 2026-01-02", "| softmax | cloister | 1.1 |", "| numbers | passed |"} {
		if !strings.Contains(string(b), s) {
			t.Errorf("the page lacks %q:\n%s", s, b)
		}
	}
}

func TestRecordsSurviveTheirWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records")
	log, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(log.fact("a", "b"), log.time(timed{Case: "c", By: byUs, MS: 1})); err != nil {
		t.Fatal(err)
	}
	if _, err := log.f.WriteString(`{"time":{"case":"cut sh`); err != nil {
		t.Fatal(err)
	}
	var r result
	if err := r.gather(path); err != nil || len(r.Facts) != 1 || len(r.Times) != 1 || r.find("c", byUs) == nil || r.find("c", byLt) != nil {
		t.Errorf("gather = %+v, %v; want a fact and a time", r, err)
	}
}

func TestAStepThatMustNotFailEndsEverything(t *testing.T) {
	c := &config{small: true, interpreted: true, records: filepath.Join(t.TempDir(), "records")}
	r := &runner{c: c, out: io.Discard}
	fail, hang := []string{"sh", "-c", "exit 1"}, []string{"sleep", "60"}
	for _, test := range []struct {
		step
		want status
		ends bool
	}{
		{step{"fails", time.Minute, false, [][]string{fail}}, failed, false},
		{step{"must not", time.Minute, true, [][]string{{"true"}, fail}}, failed, true},
		{step{"hangs", 50 * time.Millisecond, false, [][]string{hang}}, failed, false},
		{step{"absent", time.Minute, true, nil}, notRun, false},
		{step{"says so", time.Minute, true, [][]string{{"sh", "-c", fmt.Sprint("exit ", notHereStatus)}}}, notRun, false},
		{step{"works", time.Minute, true, [][]string{{"true"}, {"true"}}}, passed, false},
	} {
		err := r.run(context.Background(), test.step)
		if got := r.checks[len(r.checks)-1].Status; got != test.want || (err != nil) != test.ends {
			t.Errorf("%s: %s, %v; want %s, an error: %v", test.name, got, err, test.want, test.ends)
		}
	}
}

// Every operator of the suite is in one shard, so that none is left out.
func TestEveryOperatorIsInOneShard(t *testing.T) {
	shards := (&config{}).shards()
	for letter := byte('A'); letter <= 'Z'; letter++ {
		for _, suite := range []string{"Operators", "EveryOperatorIsReadAsItIsWritten"} {
			n := 0
			for _, s := range shards {
				if part, ok := strings.CutPrefix(s[2], "^Conformance$/^"+suite+"$/"); ok && s[1] == "-match" && matches(t, part, string(letter)+"dd") {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s of %c are in %d shards", suite, letter, n)
			}
		}
	}
	if !slices.ContainsFunc(shards, func(s []string) bool { return s[1] == "-skip" }) {
		t.Error("nothing runs the rest")
	}
}

func matches(t *testing.T, pattern, s string) bool {
	t.Helper()
	ok, err := regexp.MatchString(pattern, s)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}
