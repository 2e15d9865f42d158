package fleet_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
)

// Jobs made durable, 64 buyers at a time.
func BenchmarkSubmit(b *testing.B) {
	br := newBench(b, b.TempDir(), 1<<40)
	defer br.stop()
	var n atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			if _, err := br.Submit(context.Background(), "c", job(fmt.Sprint("j", i), fmt.Sprint("r", i), hostA)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// One job over the bus: submitted, leased, run, committed, waited for.
func BenchmarkRoundTrip(b *testing.B) {
	w := newWorld(b, b.TempDir(), 1<<40)
	w.host(hostA, 1, echo(hostA))
	c := w.client()
	for i := 0; b.Loop(); i++ {
		j := job(fmt.Sprint("j", i), fmt.Sprint("r", i), hostA)
		if _, err := c.Submit(b.Context(), j); err != nil {
			b.Fatal(err)
		}
		if _, err := c.Wait(b.Context(), j.Request.ID); err != nil {
			b.Fatal(err)
		}
	}
}
