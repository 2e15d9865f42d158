package main

import (
	"slices"
	"testing"
	"time"
)

// duel runs ours and a peer in turn, n times at a go, and reports the median
// time of one run of each: on a shared machine ratios hold where times do not.
func duel(b *testing.B, n int, ours, peer func()) {
	b.Helper()
	var us, them []time.Duration
	for b.Loop() {
		us, them = append(us, clock(n, ours)), append(them, clock(n, peer))
	}
	b.ReportMetric(median(us)/float64(n), unitOurs)
	b.ReportMetric(median(them)/float64(n), unitPeer)
}

// clock is how long n runs of f take.
func clock(n int, f func()) time.Duration {
	start := time.Now()
	for range n {
		f()
	}
	return time.Since(start)
}

// median is the one in the middle, in nanoseconds.
func median(d []time.Duration) float64 {
	slices.Sort(d)
	return float64(d[len(d)/2])
}
