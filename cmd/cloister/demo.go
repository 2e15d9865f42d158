package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/host/fleet"
	"github.com/cloister-ai/cloister/market/contracts"
)

// grantCredits is what the embedded chain's faucet gives a newcomer.
var grantCredits = contracts.Params{}.WithDefaults().GrantCredits

type demoCmd struct {
	Apps string `help:"Folder of built apps (make apps)." default:"bin/apps" type:"path"`
	Data string `help:"Folder of labelled photos, DIR/LABEL/*.jpg, or the digits." default:"examples/digits/digits.csv.gz" type:"path"`
	hostConfig
}

// Run plays the story at a node of its own, with a second host in a process of
// its own, and takes both down.
func (c demoCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) (err error) {
	start := time.Now()
	if err := state.open(); err != nil {
		return err
	}
	unlock, err := state.lock()
	if err != nil {
		return err
	}
	defer unlock()
	s, err := bring(ctx, state, siteConfig{}, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	story := &story{t: t, site: s, apps: c.Apps, data: c.Data}

	ended := errors.New("the story has ended")
	ctx, end := context.WithCancelCause(ctx)
	defer end(ended)
	err = s.run(ctx, c.hostConfig, func(ctx context.Context) error {
		alive, stop, err := s.secondHost(ctx, c.hostConfig)
		if err != nil {
			return err
		}
		defer stop()
		if err := s.present(alive, 2); err != nil {
			return err
		}
		if err := story.play(ctx); err != nil {
			return err
		}
		if err := story.summary(ctx, time.Since(start)); err != nil {
			return err
		}
		end(ended)
		return nil
	})
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, ended) {
		return nil
	}
	return err
}

// secondHost starts cloister serve in a process of its own, which ends when
// this one does: it watches its standard input. The context it returns ends
// with that process; stop ends it and waits until it has.
func (s *site) secondHost(ctx context.Context, h hostConfig) (alive context.Context, stop func(), err error) {
	token, err := s.server.Token(fleet.RoleHost)
	if err != nil {
		return nil, nil, err
	}
	self, err := exec.LookPath(os.Args[0])
	if err != nil {
		return nil, nil, fmt.Errorf("own binary: %w: %w", abi.Internal, err)
	}
	cmd := exec.CommandContext(ctx, self, "serve", "--join", token.String(), "--rpc", s.rpc, "--slot", s.slot.String(),
		"--name", "b", "--engine", h.Engine, "--until-eof", "--state", s.state.path("second"))
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, fmt.Errorf("second host: %w: %w", abi.Internal, err)
	}
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return in.Close() }
	cmd.WaitDelay = 2 * graceful
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("second host: %w: %w", abi.Unavailable, err)
	}
	alive, died := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := cmd.Wait() // its own words are on its standard error
		died(fmt.Errorf("second host ended: %v: %w", err, abi.Unavailable))
	}()
	return alive, func() { in.Close(); <-done }, nil
}
