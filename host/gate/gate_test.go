package gate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/gate"

	"pgregory.net/rapid"
)

var (
	now   = time.Unix(1_800_000_000, 0)
	buyer = abi.Address{1}
	host  = abi.Address{2}
	app   = abi.Sum([]byte("app"))
	data  = abi.Sum([]byte("data"))
	model = abi.Sum([]byte("model"))
	slot  = abi.Sum([]byte("slot"))
)

// A scene is a job that is admitted; each test spoils one thing.
type scene struct {
	policy gate.Policy
	facts  gate.Facts
	req    wire.Request
}

func paidFor() scene {
	s := scene{
		policy: gate.Policy{Slot: slot},
		facts: gate.Facts{
			Now: now, Host: host, Signer: buyer, Purchases: map[abi.Digest]wire.Purchase{},
			Data:  wire.Policy{Kind: wire.Reviewed, Apps: []abi.Digest{app}, Hosts: []abi.Address{host}, MinRecords: 50, Metrics: 2, ModelBytes: 100, OutputBytes: 1000},
			Model: wire.Policy{Kind: wire.Open},
		},
		req: wire.Request{
			ID: abi.Sum([]byte("job")), App: app, Data: data, Model: model, Slot: slot,
			Body: abi.Sum([]byte("body")), Deadline: uint64(now.Unix()) + 60,
		},
	}
	for kind, content := range map[wire.AssetKind]abi.Digest{wire.App: app, wire.Dataset: data, wire.Model: model, wire.Slot: slot} {
		id := receiptOf(kind)
		s.req.Receipts = append(s.req.Receipts, id)
		s.facts.Purchases[id] = wire.Purchase{
			ID: id, Buyer: buyer, Kind: kind, Content: content, Units: 1, Expiry: uint64(now.Unix()) + 3600,
		}
	}
	return s
}

func receiptOf(k wire.AssetKind) abi.Digest { return abi.Sum([]byte{byte(k)}) }

func (s scene) change(kind wire.AssetKind, f func(*wire.Purchase)) {
	p := s.facts.Purchases[receiptOf(kind)]
	f(&p)
	s.facts.Purchases[receiptOf(kind)] = p
}

func TestAdmitGrantsWhatWasPaidFor(t *testing.T) {
	s := paidFor()
	s.req.Limits = wire.Limits{Wall: time.Second, Output: 1 << 30}
	g, err := gate.Admit(s.policy, s.facts, s.req)
	if err != nil {
		t.Fatal(err)
	}
	if l := g.Limits(); l.Wall != time.Second || l.Output != 1000 || l.Memory == 0 || l.Tensor == 0 || l.Handle == 0 || l.Log == 0 {
		t.Errorf("limits = %+v; want a wall of 1s, the data policy's 1000 bytes of output and no zero", l)
	}
}

func TestAdmitRefuses(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(*scene)
		kind  abi.Kind
		text  string
	}{
		{"a job nobody paid for", func(s *scene) { s.req.Receipts = nil }, abi.Denied, "no receipt pays for dataset"},
		{"a receipt the chain does not have", func(s *scene) { delete(s.facts.Purchases, receiptOf(wire.App)) }, abi.Denied, "no receipt pays for app"},
		{"a receipt for other content", func(s *scene) {
			s.change(wire.Model, func(p *wire.Purchase) { p.Content = app })
		}, abi.Denied, "no receipt pays for model"},
		{"a receipt of another kind", func(s *scene) {
			s.change(wire.Slot, func(p *wire.Purchase) { p.Kind = wire.App })
		}, abi.Denied, "no receipt pays for slot"},
		{"the wrong key", func(s *scene) { s.facts.Signer = abi.Address{9} }, abi.Denied, "belongs to 0x01"},
		{"an expired receipt", func(s *scene) {
			s.change(wire.Dataset, func(p *wire.Purchase) { p.Expiry = uint64(now.Unix()) - 5 })
		}, abi.Denied, "expired 5s ago"},
		{"a refunded receipt", func(s *scene) {
			s.change(wire.Slot, func(p *wire.Purchase) { p.Refunded = true })
		}, abi.Denied, "was refunded"},
		{"a receipt of no units", func(s *scene) {
			s.change(wire.Slot, func(p *wire.Purchase) { p.Units = 0 })
		}, abi.Denied, "paid for no units"},
		{"a delegation that ended", func(s *scene) {
			for _, k := range []wire.AssetKind{wire.App, wire.Dataset, wire.Model, wire.Slot} {
				s.change(k, func(p *wire.Purchase) { p.Delegate, p.Until = abi.Address{9}, uint64(now.Unix())-1 })
			}
			s.facts.Signer = abi.Address{9}
		}, abi.Denied, "belongs to"},
		{"a passed deadline", func(s *scene) { s.req.Deadline = uint64(now.Unix()) - 1 }, abi.Denied, "deadline passed"},
		{"a deadline for ever", func(s *scene) { s.req.Deadline = ^uint64(0) }, abi.Denied, "ahead"},
		{"another slot", func(s *scene) { s.policy.Slot = app }, abi.Denied, "this node serves"},
		{"an app the operator does not list", func(s *scene) { s.policy.Apps = []abi.Digest{data} }, abi.Denied, "not on this node's list"},
		{"an app the data's policy does not list", func(s *scene) { s.facts.Data.Apps = nil }, abi.Denied, "does not list app"},
		{"a host the data's policy does not list", func(s *scene) { s.facts.Data.Hosts = []abi.Address{buyer} }, abi.Denied, "does not list host"},
		{"a reviewed policy that lists no host", func(s *scene) { s.facts.Host, s.facts.Data.Hosts = abi.Address{}, nil }, abi.Denied, "lists no host"},
		{"a policy nobody knows", func(s *scene) { s.facts.Data.Kind = "dp" }, abi.Denied, "does not enforce"},
		{"a missing policy", func(s *scene) { s.facts.Model = wire.Policy{} }, abi.Denied, "does not enforce"},
		{"a request without a body", func(s *scene) { s.req.Body = abi.Digest{} }, abi.Invalid, "no body"},
		{"too many receipts", func(s *scene) { s.req.Receipts = make([]abi.Digest, 17) }, abi.Invalid, "17 receipts"},
		{"a limit nobody can sign", func(s *scene) { s.req.Limits.Wall = time.Microsecond }, abi.Invalid, "whole milliseconds"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := paidFor()
			tt.spoil(&s)
			g, err := gate.Admit(s.policy, s.facts, s.req)
			if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("Admit = %v; want %v and %q", err, tt.kind, tt.text)
			}
			if g.Limits() != (wire.Limits{}) {
				t.Errorf("a refusal granted %+v", g.Limits())
			}
		})
	}
}

func TestAReviewedPolicyThatNamesNoOutputAllowsNone(t *testing.T) {
	s := paidFor()
	s.facts.Data.OutputBytes = 0
	g, err := gate.Admit(s.policy, s.facts, s.req)
	if err != nil || g.Limits().Output != 0 {
		t.Errorf("Admit grants %d bytes of output, %v; want none", g.Limits().Output, err)
	}
	if _, err := gate.Release(g, gate.Leaving{Output: []byte("x")}); !errors.Is(err, abi.Denied) {
		t.Errorf("Release = %v, want %v", err, abi.Denied)
	}
}

func TestADelegatedKeyMayActForTheBuyer(t *testing.T) {
	s := paidFor()
	session := abi.Address{9}
	for _, k := range []wire.AssetKind{wire.App, wire.Dataset, wire.Model, wire.Slot} {
		s.change(k, func(p *wire.Purchase) { p.Delegate, p.Until = session, uint64(now.Unix())+1 })
	}
	s.facts.Signer = session
	if _, err := gate.Admit(s.policy, s.facts, s.req); err != nil {
		t.Error(err)
	}
}

func TestWhichHostIsAskedOnceItIsKnown(t *testing.T) {
	s := paidFor()
	s.facts.Data.Hosts = []abi.Address{host}
	for _, tt := range []struct {
		host abi.Address
		want error
	}{{abi.Address{}, nil}, {host, nil}, {buyer, abi.Denied}} {
		s.facts.Host = tt.host
		if _, err := gate.Admit(s.policy, s.facts, s.req); !errors.Is(err, tt.want) {
			t.Errorf("host %v: %v, want %v", tt.host, err, tt.want)
		}
	}
}

func TestAdmitReportsEveryReason(t *testing.T) {
	s := paidFor()
	s.req.Deadline = 1
	s.facts.Data.Apps = nil
	_, err := gate.Admit(s.policy, s.facts, s.req)
	if err == nil || !strings.Contains(err.Error(), "deadline passed") || !strings.Contains(err.Error(), "does not list app") {
		t.Errorf("Admit = %v; want both reasons", err)
	}
}

func TestNoGrantExceedsThePolicy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u32 := rapid.Uint32()
		limits := func(name string) wire.Limits {
			return wire.Limits{
				Wall:   time.Duration(rapid.Int64Range(0, 1e6).Draw(t, name+" wall")) * time.Millisecond,
				Memory: u32.Draw(t, name+" memory"), Output: u32.Draw(t, name+" output"), Log: u32.Draw(t, name+" log"),
				Handle: u32.Draw(t, name+" handle"), Tensor: rapid.Uint64().Draw(t, name+" tensor"),
			}
		}
		s := paidFor()
		s.policy.Max, s.req.Limits = limits("most"), limits("asked")
		g, err := gate.Admit(s.policy, s.facts, s.req)
		if err != nil {
			t.Fatal(err)
		}
		got, most := g.Limits(), s.policy.Max
		over := most.Wall != 0 && got.Wall > most.Wall || most.Memory != 0 && got.Memory > most.Memory ||
			most.Output != 0 && got.Output > most.Output || most.Log != 0 && got.Log > most.Log ||
			most.Handle != 0 && got.Handle > most.Handle || most.Tensor != 0 && got.Tensor > most.Tensor
		unset := got.Wall == 0 || got.Memory == 0 || got.Output == 0 || got.Log == 0 || got.Handle == 0 || got.Tensor == 0
		if over || unset {
			t.Fatalf("granted %+v of %+v", got, most)
		}
	})
}

func TestReleaseIsAllOrNothing(t *testing.T) {
	s := paidFor()
	g, err := gate.Admit(s.policy, s.facts, s.req)
	if err != nil {
		t.Fatal(err)
	}
	good := gate.Leaving{
		Output:  make([]byte, 1000),
		Metrics: []wire.Metric{{Name: "accuracy", Value: .97, Records: 50}},
		Models:  []gate.Model{{Name: "model", ONNX: make([]byte, 100), Private: true}},
	}
	if _, err := gate.Release(g, good); err != nil {
		t.Fatalf("Release refused what the policy allows: %v", err)
	}
	for _, tt := range []struct {
		name  string
		spoil func(*gate.Leaving)
		text  string
	}{
		{"output over the grant", func(l *gate.Leaving) { l.Output = make([]byte, 1001) }, "output of 1001 bytes, 1000 granted"},
		{"too many metrics", func(l *gate.Leaving) { l.Metrics = append(l.Metrics, l.Metrics[0], l.Metrics[0]) }, "3 metrics"},
		{"a metric over few records", func(l *gate.Leaving) { l.Metrics[0].Records = 49 }, "over 49 records"},
		{"models over the cap in sum", func(l *gate.Leaving) {
			l.Models = append(l.Models, gate.Model{Name: "more", ONNX: []byte{1}, Private: true})
		}, "101 bytes of trained models"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := gate.Leaving{Output: good.Output, Metrics: append([]wire.Metric{}, good.Metrics...), Models: append([]gate.Model{}, good.Models...)}
			tt.spoil(&l)
			got, err := gate.Release(g, l)
			if !errors.Is(err, abi.Denied) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("Release = %v; want %v and %q", err, abi.Denied, tt.text)
			}
			if got.Output != nil || got.Metrics != nil || got.Models != nil {
				t.Errorf("a refusal let %+v out", got)
			}
		})
	}
}

func TestTheZeroGrantLetsNothingLeave(t *testing.T) {
	if _, err := gate.Release(gate.Grant{}, gate.Leaving{Output: []byte{1}}); !errors.Is(err, abi.Denied) {
		t.Errorf("Release = %v, want %v", err, abi.Denied)
	}
}
