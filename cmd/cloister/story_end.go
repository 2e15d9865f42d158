package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/market"

	"github.com/dustin/go-humanize"
)

// askAtHome runs the app in a process of its own that opens no connection: the
// model's key was fetched once, when it was bought.
func (s *story) askAtHome(ctx context.Context) error {
	if err := s.user.fetch(ctx, s.model, s.asking); err != nil {
		return err
	}
	photo := s.intake.photos[0]
	args := []string{"run", s.modules["classify"].String(), "--model", s.model.Content.String(), "--as", user, "--input", photo}
	s.say("    $ cloister %s", strings.Join([]string{"run", "classify", "--model", s.model.Content.Short(), "--input", photo}, " "))
	self, err := exec.LookPath(os.Args[0])
	if err != nil {
		return fmt.Errorf("own binary: %w: %w", abi.Internal, err)
	}
	cmd := exec.CommandContext(ctx, self, append(args, "--state", string(s.site.state))...)
	cmd.Stderr = s.t.err
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("run at home: %w: %w", abi.Guest, err)
	}
	s.say("    %s", strings.TrimSpace(string(out)))
	return nil
}

// A refusal is a job that must not run, and the error that says why.
type refusal struct {
	what string
	by   *actor
	errand
	kind abi.Kind
	name string // a job that is admitted and fails later is signed once, under this name
}

// refusals tries what must not work. A refusal that does not come is an error.
func (s *story) refusals(ctx context.Context) error {
	classify := errand{app: s.modules["classify"], model: s.model.Content}
	bad, tx, err := s.developer.publishBytes(ctx, callsHome, 0, description{Name: "calls-home", Text: "Imports a socket."})
	if err != nil {
		return err
	}
	s.tx("a module that imports a socket, listed as "+bad.Content.Short(), tx)
	receipts, err := s.buy(ctx, s.user, "refusals", 30*24*time.Hour,
		market.Item{Asset: bad.ID}, market.Item{Asset: s.app["echo"].ID}, market.Item{Asset: s.slot.ID, Units: 2})
	if err != nil {
		return err
	}
	if err := s.untilExpired(ctx, s.expiring); err != nil {
		return err
	}
	with := func(e errand, receipts []abi.Digest) errand { e.receipts = receipts; return e }
	var unexpected error
	for _, r := range []refusal{
		{"a job nobody paid for", s.user, with(classify, nil), abi.Denied, ""},
		{"receipts that are used up", s.user, with(classify, s.asking), abi.Denied, ""},
		{"another party's receipts", s.developer, with(classify, s.asking), abi.Denied, ""},
		{"receipts that expired", s.user, errand{app: s.modules["echo"], receipts: s.expiring}, abi.Denied, ""},
		{"the dataset under an app its policy does not list", s.developer, errand{app: s.modules["classify"], data: s.dataset.Content, receipts: s.training}, abi.Denied, ""},
		{"a module with a forbidden import", s.user, errand{app: bad.Content, receipts: receipts}, abi.Denied, "calls-home"},
		{"more output than was granted", s.user, errand{app: s.modules["echo"], receipts: receipts, input: make([]byte, 9000), limits: wire.Limits{Output: 4096}}, abi.Exhausted, "flood"},
	} {
		err := s.try(ctx, r)
		if !errors.Is(err, r.kind) {
			unexpected = errors.Join(unexpected, fmt.Errorf("%s: got %v, want it %w: %w", r.what, err, r.kind, abi.Internal))
			continue
		}
		s.say("    %s", r.what)
		for reason := range strings.Lines(err.Error()) {
			s.say("        %s", strings.TrimSpace(reason))
		}
	}
	return unexpected
}

// try sends what must be refused and returns the refusal.
func (s *story) try(ctx context.Context, r refusal) error {
	var o order
	var err error
	if r.name != "" {
		o, err = r.by.signOnce(ctx, r.name, r.errand)
	} else {
		o, err = r.by.sign(ctx, r.errand)
	}
	if err != nil {
		return err
	}
	if _, err := s.site.bus.Submit(ctx, o.Job); err != nil {
		return err
	}
	_, err = r.by.wait(ctx, o)
	if r.name != "" {
		s.ended = append(s.ended, o.Job)
	}
	return err
}

// untilExpired waits until a host's clock is past the receipts' expiry. Block
// time may run some seconds ahead of it.
func (s *story) untilExpired(ctx context.Context, ids []abi.Digest) error {
	r, err := s.user.market.Receipt(ctx, ids[0])
	if err != nil {
		return err
	}
	select {
	case <-time.After(time.Until(time.Unix(int64(r.Expiry)+1, 0))):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// settle shows the chain every job that ran, so that its receipts are paid out,
// and sends everybody what they are owed.
func (s *story) settle(ctx context.Context) error {
	for _, job := range s.ended {
		done, tx, err := s.owner.market.SettleJob(ctx, job.Request, job.Signature)
		if err != nil {
			return err
		}
		var sum uint64
		for _, p := range done.Payments {
			sum += p.Amount
		}
		if len(done.Payments) == 0 {
			continue // its receipts were paid out with another job's
		}
		s.tx(fmt.Sprintf("job %s: %s to the sellers of %d receipts", job.Request.ID.Short(), market.FormatCredits(sum), len(done.Payments)), tx)
	}
	for _, a := range []*actor{s.seller, s.developer, s.owner} {
		amount, tx, err := a.market.Release(ctx, a.key.Address())
		if err != nil {
			return err
		}
		s.tx(fmt.Sprintf("%s is paid %s", a.name, market.FormatCredits(amount)), tx)
	}
	return nil
}

// summary is what the story ends in.
func (s *story) summary(ctx context.Context, took time.Duration) error {
	s.say("")
	s.say("The receipts")
	if err := s.site.receipts(ctx, &terminal{out: s.t.out}, ""); err != nil {
		return err
	}
	s.say("")
	s.say("Who has what")
	var failed error
	s.table(func(w io.Writer) {
		fmt.Fprintf(w, "    party\tat hand\tearned or spent\tin escrow\n")
		for _, a := range []*actor{s.seller, s.developer, s.owner, s.user} {
			b, err := s.site.market.Balance(ctx, a.key.Address())
			if err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			change := int64(b.Credits+b.Owed) - int64(grantCredits*market.Credit)
			sign := "+"
			if change < 0 {
				sign, change = "-", -change
			}
			fmt.Fprintf(w, "    %s\t%s\t%s%s\t%s\n", a.name, market.FormatCredits(b.Credits), sign, market.FormatCredits(uint64(change)), market.FormatCredits(b.Escrowed))
		}
	})
	if failed != nil {
		return failed
	}
	s.say("")
	s.say("%d transactions, %s gas, in %v. The folder %s keeps all of it:", s.sent, humanize.Comma(int64(s.gas)), took.Round(100*time.Millisecond), s.site.state)
	for _, cmd := range []string{"jobs", "receipts", "assets", "balance"} {
		s.say("    cloister %s --state %s", cmd, s.site.state)
	}
	return nil
}

// callsHome is a module that imports a socket:
//
//	(module (import "env" "socket_open" (func)) (memory (export "memory") 1 1)
//	  (func (export "cloister_run") (result i32) i32.const 0))
var callsHome = []byte("\x00asm\x01\x00\x00\x00" +
	"\x01\x08\x02\x60\x00\x00\x60\x00\x01\x7f" +
	"\x02\x13\x01\x03env\x0bsocket_open\x00\x00" +
	"\x03\x02\x01\x01" +
	"\x05\x04\x01\x01\x01\x01" +
	"\x07\x19\x02\x06memory\x02\x00\x0ccloister_run\x00\x01" +
	"\x0a\x06\x01\x04\x00\x41\x00\x0b")
