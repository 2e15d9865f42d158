package cpu

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// runStages runs the stages one after the other, each divided among up to the
// given number of goroutines, which end before it returns.
func runStages(ctx context.Context, workers int, stages []stage) error {
	return timeStages(ctx, workers, stages, nil)
}

// timeStages runs the stages, and adds to took what each takes, unless that is nil.
func timeStages(ctx context.Context, workers int, stages []stage, took []time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	g := gang{members: workers - 1}
	defer context.AfterFunc(ctx, func() { g.stop.Store(true) })()
	defer g.end()
	var begun time.Time
	for i := range stages {
		if took != nil {
			begun = time.Now()
		}
		g.do(&stages[i])
		if took != nil {
			took[i] += time.Since(begun)
		}
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
	crew    []*sleeper
	orders  atomic.Int64 // stages begun
	stage   *stage       // the current one; nil ends the run
	next    atomic.Int64
	busy    atomic.Int64 // members still in the current stage
	lead    sleeper
	stop    atomic.Bool
	alive   sync.WaitGroup
}

func (g *gang) do(s *stage) {
	helpers := min(g.members, s.tasks-1)
	if helpers > len(g.crew) {
		g.hire(helpers)
	}
	if helpers <= 0 || len(g.crew) == 0 {
		for t := 0; t < s.tasks && !g.stop.Load(); t++ {
			s.run(0, t)
		}
		return
	}
	g.order(s)
	g.take(0, s)
	g.lead.wait(func() bool { return g.busy.Load() == 0 })
}

// order hands s to the crew.
func (g *gang) order(s *stage) {
	g.stage = s
	g.next.Store(0)
	g.busy.Store(int64(len(g.crew)))
	g.orders.Add(1)
	for _, m := range g.crew {
		m.rouse()
	}
}

// hire brings the crew up to n members, or as many as there are hands free.
func (g *gang) hire(n int) {
	for limit := int64(runtime.GOMAXPROCS(0)) - 1; len(g.crew) < n; {
		if hands.Add(1) > limit {
			hands.Add(-1)
			return
		}
		m := new(sleeper)
		g.crew = append(g.crew, m)
		worker, seen := len(g.crew), g.orders.Load()
		g.alive.Go(func() {
			defer hands.Add(-1)
			for {
				m.wait(func() bool { return g.orders.Load() != seen })
				seen++
				s := g.stage
				if s == nil {
					return
				}
				g.take(worker, s)
				if g.busy.Add(-1) == 0 {
					g.lead.rouse()
				}
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
	if len(g.crew) > 0 {
		g.order(nil)
		g.alive.Wait()
	}
}

// A sleeper waits for what another goroutine does: first awake, because stages are
// short and waking takes long, then asleep.
type sleeper struct {
	asleep atomic.Bool
	bell   atomic.Pointer[chan struct{}]
}

// patience is how often a condition is looked at before sleeping: some microseconds.
const patience = 1 << 13

// wait returns when done is true. Whoever makes it true calls rouse after; a late
// call may wake who waits for the next thing already, so done is what counts.
func (w *sleeper) wait(done func() bool) {
	for {
		for range patience {
			if done() {
				return
			}
		}
		bell := make(chan struct{})
		w.bell.Store(&bell)
		w.asleep.Store(true)
		if done() && w.asleep.CompareAndSwap(true, false) {
			return
		}
		<-bell
	}
}

// rouse wakes the sleeper if it sleeps.
func (w *sleeper) rouse() {
	if w.asleep.CompareAndSwap(true, false) {
		close(*w.bell.Load())
	}
}
