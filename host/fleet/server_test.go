package fleet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/host/fleet"

	"github.com/nats-io/nats.go"
)

func startServer(t testing.TB, dir, addr string) *fleet.Server {
	t.Helper()
	s, err := fleet.StartServer(t.Context(), fleet.ServerConfig{Dir: dir, Addr: addr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func token(t testing.TB, s *fleet.Server, role fleet.Role) fleet.Token {
	t.Helper()
	tok, err := s.Token(role)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestATakenPortIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_, err = fleet.StartServer(t.Context(), fleet.ServerConfig{Dir: t.TempDir(), Addr: l.Addr().String()})
	if !errors.Is(err, abi.Unavailable) || !strings.Contains(err.Error(), "port "+port) {
		t.Errorf("StartServer = %v; want %v naming port %s", err, abi.Unavailable, port)
	}
	for _, addr := range []string{"nonsense", "127.0.0.1:x", "127.0.0.1:70000"} {
		if _, err := fleet.StartServer(t.Context(), fleet.ServerConfig{Dir: t.TempDir(), Addr: addr}); !errors.Is(err, abi.Invalid) {
			t.Errorf("address %q: %v, want %v", addr, err, abi.Invalid)
		}
	}
}

func TestATokenReadsAsItWrites(t *testing.T) {
	s := startServer(t, t.TempDir(), "")
	for _, role := range []fleet.Role{fleet.RoleHost, fleet.RoleClient} {
		tok := token(t, s, role)
		got, err := fleet.ParseToken(tok.String())
		if err != nil || got != tok {
			t.Errorf("ParseToken(%v) = %v, %v", tok, got, err)
		}
		if log := fmt.Sprint(tok.LogValue()); strings.Contains(log, tok.String()[60:80]) {
			t.Errorf("the log shows the code: %s", log)
		}
	}
	good := token(t, s, fleet.RoleHost).String()
	for _, bad := range []string{
		"", "cloister1", good[1:], good[:40], strings.Replace(good, ".host.", ".owner.", 1),
		strings.Replace(good, "@", "", 1), good + "0000", strings.Replace(good, "127.0.0.1", "a b", 1), good + "/x",
		strings.Replace(good, "cloister1.", "cloister2.", 1),
	} {
		if tok, err := fleet.ParseToken(bad); !errors.Is(err, abi.Invalid) {
			t.Errorf("ParseToken(%q) = %v, %v; want %v", bad, tok, err, abi.Invalid)
		}
	}
}

func TestStrangersAreRefused(t *testing.T) {
	s := startServer(t, t.TempDir(), "")
	good := token(t, s, fleet.RoleClient)
	if c, err := fleet.Dial(t.Context(), good, fleet.DialConfig{}); err != nil {
		t.Fatal(err)
	} else {
		c.Close()
	}
	wrongCode, wrongPin, nobody := good, good, good
	wrongCode.Code[3] ^= 1
	wrongPin.Pin[3] ^= 1
	nobody.Addr = "127.0.0.1:1"
	for name, tt := range map[string]struct {
		tok  fleet.Token
		kind abi.Kind
	}{"a wrong code": {wrongCode, abi.Denied}, "another server": {wrongPin, abi.Denied}, "nobody there": {nobody, abi.Unavailable}} {
		c, err := fleet.Dial(t.Context(), tt.tok, fleet.DialConfig{})
		if !errors.Is(err, tt.kind) {
			t.Errorf("%s: Dial = %v, want %v", name, err, tt.kind)
		}
		if err == nil {
			c.Close()
		}
	}
	// Without TLS there is not even a banner, and without a key no way in.
	raw, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if err := raw.SetDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, _ := raw.Read(make([]byte, 10)); n > 0 {
		t.Error("the server spoke before the handshake")
	}
	if nc, err := nats.Connect("nats://"+s.Addr(), nats.Timeout(200*time.Millisecond)); err == nil {
		nc.Close()
		t.Error("a plain connection was let in")
	}
	for _, name := range []string{"", "Owner", "a.b", "a*", strings.Repeat("x", 40)} {
		if _, err := s.Conn(name); !errors.Is(err, abi.Invalid) {
			t.Errorf("Conn(%q) = %v, want %v", name, err, abi.Invalid)
		}
	}
}

func TestAnInviteIsGoodOnceAndForThatMachine(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, dir, "")
	inv, err := s.Invite(fleet.RoleHost)
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "id")
	me, err := fleet.OpenIdentity(key)
	if err != nil {
		t.Fatal(err)
	}
	join := func(s *fleet.Server, id fleet.Identity) error {
		tok := inv
		tok.Addr = s.Addr()
		c, err := fleet.Dial(t.Context(), tok, fleet.DialConfig{Identity: id})
		if err == nil {
			c.Close()
		}
		return err
	}
	if err := join(s, me); err != nil {
		t.Fatalf("the invited machine: %v", err)
	}
	if err := join(s, fleet.Identity{}); !errors.Is(err, abi.Denied) {
		t.Errorf("a second machine: %v, want %v", err, abi.Denied)
	}
	s.Close()
	s = startServer(t, dir, "")
	again, err := fleet.OpenIdentity(key)
	if err != nil || again.ID() != me.ID() {
		t.Fatalf("the identity changed: %v", err)
	}
	if err := join(s, again); err != nil {
		t.Errorf("the same machine after a restart: %v", err)
	}
	if err := s.Revoke(me.ID()); err != nil {
		t.Fatal(err)
	}
	if err := join(s, again); !errors.Is(err, abi.Denied) {
		t.Errorf("a revoked machine: %v, want %v", err, abi.Denied)
	}
	if err := s.Rotate(fleet.RoleHost); err != nil {
		t.Fatal(err)
	}
	if inv.Code = token(t, s, fleet.RoleHost).Code; join(s, again) != nil {
		t.Error("the new standing token is no good")
	}
	if err := s.Rotate(fleet.RoleHost); err != nil {
		t.Fatal(err)
	}
	if err := join(s, again); !errors.Is(err, abi.Denied) {
		t.Errorf("the standing token before: %v, want %v", err, abi.Denied)
	}
	if err := s.Revoke("nobody"); !errors.Is(err, abi.NotFound) {
		t.Errorf("Revoke = %v, want %v", err, abi.NotFound)
	}
}

// What a role may not do, the server refuses, whatever the broker would say.
func TestRolesMayOnlyWhatTheyMust(t *testing.T) {
	w := newWorld(t, t.TempDir(), 10)
	host, other, client := w.dial(fleet.RoleHost), w.dial(fleet.RoleHost), w.dial(fleet.RoleClient)
	const p = "cloister.v1."
	for _, c := range []struct {
		name string
		c    *fleet.Conn
		pub  []string
	}{
		{"host", host, []string{"submit." + host.ID(), "cancel." + host.ID(), "lease." + other.ID(), "commit." + other.ID(), "tell." + other.ID(), "lease.owner", "jobs." + host.ID()}},
		{"client", client, []string{"lease." + client.ID(), "join." + client.ID(), "commit." + client.ID(), "renew." + client.ID(), "key." + host.ID(), "blob.put." + client.ID(), "tell." + host.ID(), "submit." + host.ID(), "submit.owner"}},
	} {
		for _, op := range c.pub {
			if !violates(t, c.c, func(nc *nats.Conn) error { return nc.Publish(p+op, nil) }) {
				t.Errorf("a %s may publish %s", c.name, op)
			}
		}
		for _, subj := range []string{
			">", "_INBOX.>", "_INBOX_" + other.ID() + ".>", "_INBOX_owner.>", p + ">", p + "*.*", p + "submit.*", p + "key.*", p + "tell." + other.ID(),
			"$SYS.>", "$JS.API.>",
		} {
			if !violates(t, c.c, func(nc *nats.Conn) error { _, err := nc.SubscribeSync(subj); return err }) {
				t.Errorf("a %s may listen to %s", c.name, subj)
			}
		}
		for _, subj := range []string{"$SYS.REQ.SERVER.PING", "$JS.API.INFO", "_INBOX_" + other.ID() + ".x"} {
			if !violates(t, c.c, func(nc *nats.Conn) error { return nc.Publish(subj, nil) }) {
				t.Errorf("a %s may publish %s", c.name, subj)
			}
		}
	}
}

// violates reports whether the server refused what f did.
func violates(t *testing.T, c *fleet.Conn, f func(*nats.Conn) error) bool {
	t.Helper()
	refused := make(chan error, 16)
	nc := c.Raw()
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err })
	if err := f(nc); err != nil {
		return true
	}
	if err := nc.Flush(); err != nil { // the refusal comes before the pong
		t.Fatal(err)
	}
	// The handler runs in its own goroutine after the pong was read.
	for range 50 {
		if err := nc.LastError(); err != nil && errors.Is(err, nats.ErrPermissionViolation) {
			select {
			case <-refused:
				return true
			case <-time.After(10 * time.Millisecond):
			}
			continue
		}
		return false
	}
	return false
}

// An answer goes only to the inbox of whoever asked.
func TestNobodyIsMadeToHearAnAnswer(t *testing.T) {
	w := newWorld(t, t.TempDir(), 10)
	client, victim := w.dial(fleet.RoleClient), w.dial(fleet.RoleClient)
	heard, err := victim.Raw().SubscribeSync("_INBOX_" + victim.ID() + ".>")
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Raw().Flush(); err != nil {
		t.Fatal(err)
	}
	subj := "cloister.v1.jobs." + client.ID()
	if err := client.Raw().PublishRequest(subj, "_INBOX_"+victim.ID()+".x", nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := fleet.NewClient(client).Jobs(t.Context(), 0, 1); err != nil { // answered after it
		t.Fatal(err)
	}
	if err := victim.Raw().Flush(); err != nil {
		t.Fatal(err)
	}
	if n, _, err := heard.Pending(); n != 0 || err != nil {
		t.Errorf("the victim heard %d answers, %v", n, err)
	}
}

func TestMalformedMessagesAreAnsweredInvalid(t *testing.T) {
	w := newWorld(t, t.TempDir(), 10)
	c := w.dial(fleet.RoleClient)
	for _, op := range []string{"submit", "wait", "cancel", "jobs", "roster"} {
		for _, b := range [][]byte{nil, []byte("x"), {0xa1, 0x01}, {0xbf, 0xff}, bytes.Repeat([]byte{0x81}, 1000), {0xa1, 0x18, 0x63, 0x00}} {
			msg, err := c.Raw().Request("cloister.v1."+op+"."+c.ID(), b, 5*time.Second)
			if err != nil {
				t.Fatalf("%s of %x: %v", op, b, err)
			}
			if kind := msg.Header.Get("Cloister-Kind"); kind != "1" {
				t.Errorf("%s of %x: kind %q, %q; want 1, invalid", op, b, kind, msg.Data)
			}
		}
	}
	for name, spoil := range map[string]func() error{
		"body": func() error {
			j := job("j", "r", hostA)
			j.Body = []byte("another")
			_, err := fleet.NewClient(c).Submit(t.Context(), j)
			return err
		},
		"keys": func() error {
			_, err := fleet.NewClient(c).Submit(t.Context(), job("j", "r"))
			return err
		},
		"receipts": func() error {
			j := job("j", "r", hostA)
			j.Request.Receipts = make([]abi.Digest, 17)
			_, err := fleet.NewClient(c).Submit(t.Context(), j)
			return err
		},
		"size": func() error {
			j := job("j", "r", hostA)
			j.Body = make([]byte, 3<<20)
			j.Request.Body = abi.Sum(j.Body)
			_, err := fleet.NewClient(c).Submit(t.Context(), j)
			return err
		},
	} {
		if err := spoil(); !errors.Is(err, abi.Invalid) {
			t.Errorf("%s: %v, want %v", name, err, abi.Invalid)
		}
	}
}

func TestServeRefusesACardItCannotSign(t *testing.T) {
	w := newWorld(t, t.TempDir(), 10)
	c := w.dial(fleet.RoleHost)
	err := fleet.Serve(t.Context(), c, fleet.HostConfig{Card: card(hostA), Signer: hostB}, echo(hostA))
	if !errors.Is(err, abi.Invalid) {
		t.Errorf("Serve = %v, want %v", err, abi.Invalid)
	}
	nameless := card(hostA)
	nameless.Name = ""
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := fleet.Serve(ctx, c, fleet.HostConfig{Card: nameless, Signer: hostA}, echo(hostA)); !errors.Is(err, abi.Invalid) {
		t.Errorf("Serve = %v, want %v", err, abi.Invalid)
	}
}

func TestFoldersOfAnotherVersionAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	s := startServer(t, dir, "")
	s.Close()
	path := filepath.Join(dir, "members.json")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"newer": bytes.Replace(b, []byte(`"version": 1`), []byte(`"version": 2`), 1), "cut": b[:10]} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := fleet.StartServer(t.Context(), fleet.ServerConfig{Dir: dir}); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), "members.json") {
			t.Errorf("%s: %v, want %v naming the file", name, err, abi.Invalid)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(fleet.Token{Role: fleet.RoleHost, Addr: "127.0.0.1:4222"}.String())
	f.Add(fleet.Token{Role: fleet.RoleClient, Addr: "[::1]:1"}.String())
	f.Add("cloister1.host.@:")
	f.Fuzz(func(t *testing.T, s string) {
		tok, err := fleet.ParseToken(s)
		if err != nil && !errors.Is(err, abi.Invalid) {
			t.Errorf("ParseToken(%q) = %v", s, err)
		}
		if err == nil && tok.String() != s {
			t.Errorf("ParseToken(%q) writes %q", s, tok.String())
		}
	})
}

func FuzzMessages(f *testing.F) {
	for name, b := range fleet.Seeds() {
		if err := fleet.Decoders[name](b); err != nil {
			f.Fatalf("%s: %v", name, err)
		}
		f.Add(name, b)
	}
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		dec, ok := fleet.Decoders[name]
		if !ok {
			return
		}
		if err := dec(b); err != nil && !errors.Is(err, abi.Invalid) {
			t.Errorf("%s of %x: %v", name, b, err)
		}
	})
}
