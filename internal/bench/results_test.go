package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFiguresComeFromWhatGoTestPrints(t *testing.T) {
	var got results
	if err := got.read(`goos: linux
cpu: A Processor @ 2.00GHz
BenchmarkA/128-2         	     100	  1000 ns/op	        50.5 GF/s	         2.020 ×peer
BenchmarkB-16   	       5	  7 ns/op	   2500 ours-ns	    1250000 peer-ns
BenchmarkStep-2 	       5	  7 ns/op	   4.0 ms/step	    3.0 ×peer
PASS
`); err != nil {
		t.Fatal(err)
	}
	if got.cpu != "A Processor @ 2.00GHz" {
		t.Errorf("cpu = %q", got.cpu)
	}
	for _, c := range []struct {
		row
		want [3]string
	}{
		{row{bench: "A/128", unit: "GF/s", ratio: "×peer"}, [3]string{"50.5 GF/s", "25.0 GF/s", "2.02 ×"}},
		{row{bench: "Step", unit: "ms/step", ratio: "×peer"}, [3]string{"4.00 ms", "12.0 ms", "3.00 ×"}},
		{row{bench: "B"}, [3]string{"2.50 µs", "1.25 ms", "500 ×"}},
		{row{bench: "B", bytes: 1 << 20}, [3]string{"400000 MiB/s", "800 MiB/s", "500 ×"}},
	} {
		ours, peer, times, err := c.figures(got)
		if d := cmp.Diff(c.want, [3]string{ours, peer, times}); d != "" || err != nil {
			t.Errorf("%s: %v\n%s", c.bench, err, d)
		}
	}
	if _, _, _, err := (row{bench: "C"}).figures(got); err == nil {
		t.Error("a benchmark that did not run has figures")
	}
	if err := got.read("BenchmarkA-2 1 x ns/op\n"); err == nil {
		t.Error("a figure that is no number was read")
	}
}

func TestEachPackageIsRunOnceForAllItsRows(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages() {
		if seen[p.path] {
			t.Errorf("%s is run twice", p.path)
		}
		seen[p.path] = true
	}
	if len(seen) != 3 {
		t.Errorf("packages = %v", packages())
	}
}
