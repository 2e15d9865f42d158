package cpu

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryTaskRunsOnceOnAnyNumberOfWorkers(t *testing.T) {
	for _, workers := range []int{1, 2, 7} {
		counts := make([]int, 100)
		sum := 0
		stages := []stage{
			{0, func(_, _ int) { t.Error("a stage without tasks ran") }},
			{100, func(worker, task int) {
				if worker < 0 || worker >= workers {
					t.Errorf("worker %d of %d", worker, workers)
				}
				counts[task]++
			}},
			{1, func(_, _ int) {
				for _, c := range counts {
					sum += c
				}
			}},
		}
		if err := runStages(context.Background(), workers, stages); err != nil {
			t.Fatal(err)
		}
		for task, c := range counts {
			if c != 1 {
				t.Errorf("with %d workers task %d ran %d times", workers, task, c)
			}
		}
		if sum != 100 {
			t.Errorf("the next stage saw %d tasks done, want 100", sum)
		}
	}
}

func TestACancelStopsBetweenTasks(t *testing.T) {
	cause := errors.New("enough")
	for _, workers := range []int{1, 3} {
		ctx, cancel := context.WithCancelCause(context.Background())
		stopped := make(chan struct{})
		context.AfterFunc(ctx, func() { close(stopped) })
		err := runStages(ctx, workers, []stage{
			{1, func(_, _ int) { cancel(cause); <-stopped }},
			{1 << 40, func(_, _ int) {}}, // would take hours
		})
		if !errors.Is(err, cause) {
			t.Errorf("runStages = %v, want the cause", err)
		}
	}
}

// TestRunsSideBySideShareTheProcessors counts goroutines at work: each run's own,
// and one fewer than processors to help them all.
func TestRunsSideBySideShareTheProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	const runs = 5
	var at, most atomic.Int64
	stages := make([]stage, 50)
	for i := range stages {
		stages[i] = stage{40, func(_, _ int) {
			n := at.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			runtime.Gosched()
			at.Add(-1)
		}}
	}
	var all sync.WaitGroup
	for range runs {
		all.Go(func() {
			if err := runStages(context.Background(), 4, stages); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := most.Load(); n > runs+3 || n < 2 {
		t.Errorf("%d goroutines at work at once, want 2 to %d", n, runs+3)
	}
	if n := hands.Load(); n != 0 {
		t.Errorf("%d hands are not given back", n)
	}
}

// TestShortStagesStayWhereTheyAre hires for a long stage only, and shares nothing
// that is shorter than sharing is worth, also with hands that are there.
func TestShortStagesStayWhereTheyAre(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	var others atomic.Int64
	s := stage{1000, func(worker, _ int) {
		if worker != 0 {
			others.Add(1)
		}
	}}
	g := gang{ctx: context.Background(), members: 3}
	defer g.end()
	run := func(nanos float64) {
		if err := g.do(&s, nanos); err != nil {
			t.Fatal(err)
		}
	}
	run(worthSharing - 1)
	run(worthWaking - 1)
	if len(g.crew) != 0 || others.Load() != 0 {
		t.Errorf("%d hands hired, %d tasks done by others, for stages that are not worth it", len(g.crew), others.Load())
	}
	run(worthWaking)
	if len(g.crew) == 0 {
		t.Error("nobody was hired for a stage that is worth it")
	}
	before := others.Load()
	for range 100 {
		run(worthSharing - 1)
	}
	if others.Load() != before {
		t.Error("a short stage was shared")
	}
}

// TestAGangKeepsStep runs many short stages: each must see all of the one before.
func TestAGangKeepsStep(t *testing.T) {
	const tasks, steps = 8, 5000
	var done [2][tasks]int // by the stages before, and by the current one
	stages := make([]stage, steps)
	for i := range stages {
		stages[i] = stage{tasks, func(_, task int) {
			for _, d := range done[i%2] {
				if d != i {
					t.Errorf("stage %d saw a task at %d", i, d)
				}
			}
			done[(i+1)%2][task] = i + 1
		}}
	}
	if err := runStages(context.Background(), 4, stages); err != nil {
		t.Fatal(err)
	}
	for task, d := range done[steps%2] {
		if d != steps {
			t.Errorf("task %d ended at %d", task, d)
		}
	}
}

// Runs that are over as soon as they begin: a member that comes when the last stage
// is done must still hear that the run has ended.
func TestShortRunsEnd(t *testing.T) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		var sink atomic.Int64
		for i := range 20_000 {
			work := func(_, _ int) {
				for k := range int64(i % 1024) {
					sink.Store(k)
				}
			}
			_ = runStages(context.Background(), 2, []stage{{2, work}})
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("a run does not end")
	}
}
