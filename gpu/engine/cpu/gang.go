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
	g := gang{ctx: ctx, members: workers - 1}
	defer g.end()
	for i := range stages {
		if err := g.do(&stages[i], worthWaking); err != nil {
			return err
		}
	}
	return nil
}

// What a stage takes on one goroutine, in nanoseconds, for it to be handed to those
// that are awake, or to wake others for it. An order that is taken at once costs less
// than a microsecond; a sleeper is there after thirty.
const (
	worthSharing = 4_000
	worthWaking  = 40_000
)

// hands is how many goroutines help with a stage just now, in all runs together.
var hands atomic.Int64

// A gang is the goroutines of one run. They are hired for a stage that is worth it,
// while the process has fewer at work than processors, so that jobs side by side
// share what there is; and they stay until the run ends. A stage is open to whoever
// is awake: they take tasks by number until none is left.
type gang struct {
	ctx     context.Context
	members int // at most so many
	crew    []*sleeper
	orders  atomic.Int64          // stages begun
	stage   atomic.Pointer[stage] // the open one
	next    atomic.Int64
	busy    atomic.Int64 // members that may be in the open stage
	ended   atomic.Bool
	lead    sleeper
	alive   sync.WaitGroup
}

// do runs a stage that takes about so many nanoseconds, or returns the cause of the
// context's end.
func (g *gang) do(s *stage, nanos float64) error {
	helpers := min(g.members, s.tasks-1)
	if nanos >= worthWaking && helpers > len(g.crew) {
		g.hire(helpers)
	}
	if helpers <= 0 || len(g.crew) == 0 || nanos < worthSharing {
		for t := 0; t < s.tasks && g.ctx.Err() == nil; t++ {
			s.run(0, t)
		}
	} else {
		g.next.Store(0)
		g.stage.Store(s)
		g.orders.Add(1)
		if nanos >= worthWaking {
			g.rouse()
		}
		g.take(0, s)
		g.stage.Store(nil) // whoever comes now finds nothing
		g.lead.wait(func() bool { return g.busy.Load() == 0 })
	}
	if g.ctx.Err() != nil {
		return context.Cause(g.ctx)
	}
	return nil
}

func (g *gang) rouse() {
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
		if len(g.crew) == cap(g.crew) {
			g.crew = append(g.crew, new(sleeper))
		} else if g.crew = g.crew[:len(g.crew)+1]; g.crew[len(g.crew)-1] == nil {
			g.crew[len(g.crew)-1] = new(sleeper)
		}
		m := g.crew[len(g.crew)-1]
		worker, seen := len(g.crew), g.orders.Load()
		g.alive.Go(func() {
			defer hands.Add(-1)
			for {
				m.wait(func() bool { return g.orders.Load() != seen })
				seen = g.orders.Load() // before looking whether it ends: the end is an order too
				if g.ended.Load() {
					return
				}
				g.busy.Add(1) // before looking: a stage is closed, and then waited for
				if s := g.stage.Load(); s != nil {
					g.take(worker, s)
				}
				if g.busy.Add(-1) == 0 {
					g.lead.rouse()
				}
			}
		})
	}
}

func (g *gang) take(worker int, s *stage) {
	for g.ctx.Err() == nil {
		t := int(g.next.Add(1)) - 1
		if t >= s.tasks {
			return
		}
		s.run(worker, t)
	}
}

// end sends the crew home; the gang may be used for another run.
func (g *gang) end() {
	if len(g.crew) > 0 {
		g.ended.Store(true)
		g.orders.Add(1)
		g.rouse()
		g.alive.Wait()
		g.ended.Store(false)
		g.crew = g.crew[:0]
	}
	g.ctx = nil
}

// A sleeper waits for what another goroutine does: first awake, because stages are
// short and waking takes long, then asleep.
type sleeper struct {
	asleep atomic.Bool
	bell   atomic.Pointer[chan struct{}]
}

// patience is how often a condition is looked at before sleeping: some tens of
// microseconds, about what a sleeper takes to wake.
const patience = 1 << 15

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
