package cpu

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// runStages runs the stages one after the other, each divided among up to the
// given number of goroutines, which end before it returns.
func runStages(ctx context.Context, workers int, stages []stage) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	g := gang{members: workers - 1}
	defer context.AfterFunc(ctx, func() { g.stop.Store(true) })()
	defer g.end()
	for i := range stages {
		g.do(&stages[i])
		if g.stop.Load() {
			return context.Cause(ctx)
		}
	}
	return nil
}

// hands is how many goroutines help with a stage just now, in all runs together.
var hands atomic.Int64

// A gang is the goroutines of one run. They are hired for a stage with more than
// one task, while the process has fewer at work than processors, so that jobs side
// by side share what there is; and they stay until the run ends. They take tasks by
// number until none is left.
type gang struct {
	members int // at most so many
	hired   int
	orders  chan *stage
	next    atomic.Int64
	stop    atomic.Bool
	busy    sync.WaitGroup // members still in the current stage
	alive   sync.WaitGroup
}

func (g *gang) do(s *stage) {
	helpers := min(g.members, s.tasks-1)
	if helpers > g.hired {
		g.hire(helpers)
	}
	if helpers = min(helpers, g.hired); helpers <= 0 {
		for t := 0; t < s.tasks && !g.stop.Load(); t++ {
			s.run(0, t)
		}
		return
	}
	g.next.Store(0)
	g.busy.Add(helpers)
	for range helpers {
		g.orders <- s
	}
	g.take(0, s)
	g.busy.Wait()
}

// hire brings the gang up to n members, or as many as there are hands free.
func (g *gang) hire(n int) {
	if g.orders == nil {
		g.orders = make(chan *stage, g.members)
	}
	for limit := int64(runtime.GOMAXPROCS(0)) - 1; g.hired < n; {
		if hands.Add(1) > limit {
			hands.Add(-1)
			return
		}
		g.hired++
		worker := g.hired
		g.alive.Go(func() {
			defer hands.Add(-1)
			for s := range g.orders {
				g.take(worker, s)
				g.busy.Done()
			}
		})
	}
}

func (g *gang) take(worker int, s *stage) {
	for !g.stop.Load() {
		t := int(g.next.Add(1)) - 1
		if t >= s.tasks {
			return
		}
		s.run(worker, t)
	}
}

func (g *gang) end() {
	if g.orders != nil {
		close(g.orders)
		g.alive.Wait()
	}
}
