package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"

	"github.com/nats-io/nats.go"
)

// kindHeader carries an error's Kind; the message is then the error's text.
const kindHeader = "Cloister-Kind"

// busy stands there instead of a Kind when a call was not even looked at.
const busy = "busy"

// remoteError is an error of another process: its text is shown as it was
// written there, its Kind is tested here.
type remoteError struct {
	kind abi.Kind
	text string
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.kind }

// errLost means the question or its answer was lost on the way: asking again
// may help, and every question may be asked again.
var errLost = fmt.Errorf("no answer: %w", abi.Unavailable)

// call asks once and waits at most wait for the answer.
func call[A any, P interface {
	*A
	message
}](ctx context.Context, c *Conn, op string, q any, wait time.Duration) (A, error) {
	var none A
	b, err := wire.Marshal(q)
	if err != nil {
		return none, bad("%s: %w", op, err)
	}
	if len(b) > maxMessage {
		return none, bad("%s: message of %d bytes, at most %d", op, len(b), maxMessage)
	}
	ctx, hangUp := c.calling(ctx)
	defer hangUp()
	ctx, cancel := context.WithTimeoutCause(ctx, wait, fmt.Errorf("fleet: %s: nothing in %v: %w", op, wait, errLost))
	defer cancel()
	msg, err := c.nc.RequestMsgWithContext(ctx, &nats.Msg{Subject: subjectOf(op, c.id), Data: b})
	switch {
	case err != nil && ctx.Err() != nil:
		return none, context.Cause(ctx)
	case errors.Is(err, nats.ErrConnectionClosed):
		return none, fmt.Errorf("fleet: %s: %w: %w", op, abi.Unavailable, err)
	case err != nil:
		return none, fmt.Errorf("fleet: %s: %w: %w", op, errLost, err)
	}
	if code := msg.Header.Get(kindHeader); code == busy {
		return none, fmt.Errorf("fleet: %s: too many calls at once: %w", op, errLost)
	} else if code != "" {
		n, err := strconv.ParseUint(code, 10, 8)
		if err != nil {
			return none, fmt.Errorf("fleet: %s: error of kind %q: %w", op, code, abi.Internal)
		}
		return none, &remoteError{abi.Kind(n), text(string(msg.Data))}
	}
	return decode[A, P](msg.Data)
}

// persist asks until there is an answer, ctx ends or patience does; zero
// patience never does.
func persist[A any, P interface {
	*A
	message
}](ctx context.Context, c *Conn, op string, q any, wait, patience time.Duration) (A, error) {
	began := time.Now()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		a, err := call[A, P](ctx, c, op, q, wait)
		if !errors.Is(err, errLost) || patience > 0 && time.Since(began) > patience {
			return a, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return a, context.Cause(ctx)
		}
	}
}

// text makes s fit to be shown and sent.
func text(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText-3], "") + "..."
	}
	return s
}

// endpoints answer calls until their context ends.
type endpoints struct {
	ctx  context.Context // of every answer; ends with serve
	c    *Conn
	log  *slog.Logger
	subs []*nats.Subscription

	mu      sync.Mutex
	closed  bool
	calls   map[string]int // answers being made, by who asked
	answers sync.WaitGroup
}

// maxCalls bounds the answers made for one connection at a time.
const maxCalls = 256

// serve runs the endpoints that add adds until ctx is done, then waits for the
// answers being made.
func serve(ctx context.Context, c *Conn, log *slog.Logger, add func(*endpoints) error) error {
	inner, stop := context.WithCancel(ctx)
	e := &endpoints{ctx: inner, c: c, log: log, calls: map[string]int{}}
	defer func() {
		for _, s := range e.subs {
			_ = s.Unsubscribe() // or the connection is closed: as good
		}
		stop()
		e.mu.Lock()
		e.closed = true
		e.mu.Unlock()
		e.answers.Wait()
	}()
	if err := add(e); err != nil {
		return err
	}
	if err := c.nc.Flush(); err != nil {
		return fmt.Errorf("fleet: %w: %w", abi.Unavailable, err)
	}
	<-ctx.Done()
	return nil
}

// answer makes f answer op.
func answer[Q any, P interface {
	*Q
	message
}](e *endpoints, op string, f func(ctx context.Context, who string, q Q) (any, error)) error {
	sub, err := e.c.nc.Subscribe(subjectOf(op, "*"), func(msg *nats.Msg) {
		who := whoAsked(msg.Subject)
		if !strings.HasPrefix(msg.Reply, inboxOf(who)+".") {
			return // an answer would go to somebody who did not ask
		}
		if !e.begin(who) {
			e.brush(msg.Reply)
			return
		}
		go func() {
			defer e.end(who)
			var a any
			q, err := decode[Q, P](msg.Data)
			if err == nil {
				a, err = f(e.ctx, who, q)
			}
			if err != nil && e.ctx.Err() != nil {
				e.brush(msg.Reply) // the error may only be that we are stopping
				return
			}
			e.respond(msg.Reply, a, err)
		}()
	})
	if err != nil {
		return fmt.Errorf("fleet: %s: %w: %w", op, abi.Unavailable, err)
	}
	e.subs = append(e.subs, sub)
	return nil
}

func (e *endpoints) begin(who string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || e.calls[who] >= maxCalls {
		return false
	}
	e.calls[who]++
	e.answers.Add(1)
	return true
}

func (e *endpoints) end(who string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.calls[who]--; e.calls[who] == 0 {
		delete(e.calls, who)
	}
	e.answers.Done()
}

// brush says: ask again.
func (e *endpoints) brush(to string) {
	e.send(&nats.Msg{Subject: to, Header: nats.Header{kindHeader: {busy}}})
}

// respond sends an answer, or an error's Kind and text.
func (e *endpoints) respond(to string, a any, err error) {
	reply := &nats.Msg{Subject: to, Header: nats.Header{}}
	if err == nil {
		reply.Data, err = wire.Marshal(a)
	}
	if err == nil && len(reply.Data) > maxMessage {
		err = fmt.Errorf("fleet: answer of %d bytes, at most %d: %w", len(reply.Data), maxMessage, abi.Exhausted)
	}
	if err != nil {
		kind := abi.KindOf(err)
		if kind == abi.Other {
			kind = abi.Internal
		}
		reply.Header.Set(kindHeader, strconv.Itoa(int(kind)))
		reply.Data = []byte(text(err.Error()))
	}
	e.send(reply)
}

func (e *endpoints) send(reply *nats.Msg) {
	if err := e.c.nc.PublishMsg(reply); err != nil {
		e.log.Info("answer lost", slog.Any("err", err)) // whoever asked asks again
	}
}
