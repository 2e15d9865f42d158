package gpu_test

import (
	"math"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/gpu"
)

func TestAMeterReadsTheCardsCounterOrItsPower(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(s float64, power, energy, ecc int64) gpu.Sample {
		return gpu.Sample{At: start.Add(time.Duration(s * float64(time.Second))), Power: power, Energy: energy, ECC: ecc}
	}
	for _, c := range []struct {
		name    string
		samples []gpu.Sample
		want    gpu.Spent
	}{
		{"nothing", nil, gpu.Spent{Joules: -1, ECC: -1}},
		{"one sample", []gpu.Sample{at(0, 100, 5, 0)}, gpu.Spent{Joules: -1, ECC: -1}},
		{"a counter", []gpu.Sample{at(0, 1, 5000, 1), at(2, 1, 12000, 3)}, gpu.Spent{Wall: 2 * time.Second, Joules: 7, ECC: 2}},
		{"power", []gpu.Sample{at(0, 100000, -1, -1), at(1, 300000, -1, -1), at(3, 300000, -1, -1)}, gpu.Spent{Wall: 3 * time.Second, Joules: 200 + 600, ECC: -1}},
		{"a counter that began anew", []gpu.Sample{at(0, 100000, 9000, 4), at(1, 100000, 10, 0)}, gpu.Spent{Wall: time.Second, Joules: 100, ECC: -1}},
		{"power with a hole", []gpu.Sample{at(0, 100000, -1, 0), at(1, -1, -1, 0), at(2, 100000, -1, 0)}, gpu.Spent{Wall: 2 * time.Second, Joules: -1}},
		{"neither", []gpu.Sample{at(0, -1, -1, -1), at(1, -1, -1, -1)}, gpu.Spent{Wall: time.Second, Joules: -1, ECC: -1}},
	} {
		var m gpu.Meter
		for _, s := range c.samples {
			m.Add(s)
		}
		got := m.Spent()
		if got.Wall != c.want.Wall || math.Abs(got.Joules-c.want.Joules) > 1e-9 || got.ECC != c.want.ECC {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestAWatchSeesTheOwner(t *testing.T) {
	w := gpu.Watch{Ours: func(pid int) bool { return pid == 10 }, Busy: 20, Drawing: 1 << 30}
	ours, theirs := gpu.Process{PID: 10, Memory: 1 << 33}, gpu.Process{PID: 11}
	desktop, game := gpu.Process{PID: 12, Memory: 1 << 26, Graphics: true}, gpu.Process{PID: 13, Memory: 1 << 31, Graphics: true}
	for _, c := range []struct {
		name    string
		w       gpu.Watch
		busy    int64
		list    []gpu.Process
		running bool
		sees    bool
	}{
		{"an idle card", w, 0, nil, false, false},
		{"a desktop", w, 5, []gpu.Process{desktop}, false, false},
		{"our job", w, 100, []gpu.Process{desktop, ours}, true, false},
		{"their job", w, 0, []gpu.Process{theirs}, false, true},
		{"their job beside ours", w, 100, []gpu.Process{ours, theirs}, true, true},
		{"a game", w, 0, []gpu.Process{desktop, game}, false, true},
		{"a game beside our job", w, 100, []gpu.Process{ours, game}, true, true},
		{"busy with what we do not see", w, 20, nil, false, true},
		{"a little busy", w, 19, nil, false, false},
		{"a card that does not say", w, -1, nil, false, false},
		{"the zero watch, and a process", gpu.Watch{}, 0, []gpu.Process{ours}, true, true},
		{"the zero watch, and a game", gpu.Watch{}, 100, []gpu.Process{game}, false, false},
	} {
		if got := c.w.Sees(gpu.Sample{Busy: c.busy}, c.list, c.running); (got != "") != c.sees {
			t.Errorf("%s: Sees = %q", c.name, got)
		}
	}
}
