package cpu

import (
	"context"
	"errors"
	"testing"

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
