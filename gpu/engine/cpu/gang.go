package cpu

import (
	"context"
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

// A gang is the goroutines of one run. They start with the first stage that has
// more than one task and take tasks by number until none is left.
type gang struct {
	members int
	orders  chan *stage
	next    atomic.Int64
	stop    atomic.Bool
	busy    sync.WaitGroup // members still in the current stage
	alive   sync.WaitGroup
}

func (g *gang) do(s *stage) {
	if s.tasks <= 1 || g.members == 0 {
		for t := 0; t < s.tasks && !g.stop.Load(); t++ {
			s.run(0, t)
		}
		return
	}
	if g.orders == nil {
		g.orders = make(chan *stage)
		for i := range g.members {
			g.alive.Go(func() {
				for s := range g.orders {
					g.take(i+1, s)
					g.busy.Done()
				}
			})
		}
	}
	g.next.Store(0)
	helpers := min(g.members, s.tasks-1)
	g.busy.Add(helpers)
	for range helpers {
		g.orders <- s
	}
	g.take(0, s)
	g.busy.Wait()
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
