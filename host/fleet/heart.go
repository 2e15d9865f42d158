package fleet

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cloister-ai/cloister/abi"
)

// progressEvery bounds how often progress is sent.
const progressEvery = 200 * time.Millisecond

// A heart renews the lease of one running job and carries its progress.
type heart struct {
	w       *worker
	job     abi.Digest
	attempt uint32
	poke    chan struct{}
	moved   chan struct{}

	mu          sync.Mutex
	done, total uint64
	note        string
}

func newHeart(w *worker, job abi.Digest, attempt uint32) *heart {
	h := &heart{w: w, job: job, attempt: attempt, poke: make(chan struct{}, 1), moved: make(chan struct{}, 1)}
	h.poke <- struct{}{} // the first beat says that the job arrived
	w.mu.Lock()
	w.pokes[job] = h.poke
	w.mu.Unlock()
	return h
}

// progress notes how far the job is; the next beat carries it.
func (h *heart) progress(done, total uint64, note string) {
	h.mu.Lock()
	h.done, h.total, h.note = done, total, text(note)
	if len(h.note) > 256 {
		h.note = text(h.note[:250])
	}
	h.mu.Unlock()
	select {
	case h.moved <- struct{}{}:
	default: // one is due already
	}
}

// run beats until ctx is done, and cancels the job when the broker says that
// it is no longer this host's.
func (h *heart) run(ctx context.Context, cancel context.CancelCauseFunc, log *slog.Logger) {
	defer func() {
		h.w.mu.Lock()
		delete(h.w.pokes, h.job)
		h.w.mu.Unlock()
	}()
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-h.poke:
		case <-h.moved:
		}
		h.mu.Lock()
		q := renewRequest{h.job, h.attempt, h.done, h.total, h.note}
		h.mu.Unlock()
		_, err := call[empty](ctx, h.w.c, opRenew, q, callFor)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, abi.Denied), errors.Is(err, abi.NotFound):
			cancel(err)
			return
		case err != nil:
			log.Info("lease not renewed", slog.Any("err", err)) // there is time for two more
		}
		sleep(ctx, progressEvery)
	}
}
