package wire_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func digest(t *rapid.T, name string) abi.Digest {
	return abi.Digest(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, name))
}

func TestAReceiptHasOneEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := wire.Receipt{
			Job: digest(t, "job"), App: digest(t, "app"), Prev: digest(t, "prev"),
			Wall:   time.Duration(rapid.Int64().Draw(t, "wall")),
			Engine: rapid.StringMatching(`[a-z]{0,8}`).Draw(t, "engine"),
			FLOPs:  rapid.Uint64().Draw(t, "flops"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "releases") {
			want.Releases = append(want.Releases, wire.Release{Kind: "metric", Name: "accuracy", Digest: digest(t, "release")})
		}
		b, err := want.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		got, err := wire.ParseReceipt(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("receipt changed on the way (-want +got):\n%s", d)
		}
	})
}

func TestAReceiptOfSomebodyElseIsDenied(t *testing.T) {
	b, err := wire.Receipt{Host: abi.Address{1}}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	s := wire.SignedReceipt{Receipt: b}
	signed := func(by abi.Address) wire.Recover {
		return func(abi.Digest, []byte) (abi.Address, error) { return by, nil }
	}
	if _, err := s.Verify(signed(abi.Address{1})); err != nil {
		t.Errorf("its own host: %v", err)
	}
	if _, err := s.Verify(signed(abi.Address{2})); !errors.Is(err, abi.Denied) {
		t.Errorf("another host: %v, want %v", err, abi.Denied)
	}
}

func TestPoliciesAreNamedByTheirContent(t *testing.T) {
	a := wire.Policy{Kind: wire.Reviewed, Metrics: 1}
	b := a
	b.Metrics = 2
	da, err := a.Digest()
	if err != nil {
		t.Fatal(err)
	}
	db, err := b.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := a.Digest(); da == db || again != da {
		t.Errorf("digests %v, %v, %v", da, db, again)
	}
}

// FuzzParseReceipt: whatever parses must encode back to the same bytes, and
// nothing may panic.
func FuzzParseReceipt(f *testing.F) {
	b, err := wire.Receipt{Job: abi.Sum([]byte("j1")), Releases: []wire.Release{{Kind: "output"}}}.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := wire.ParseReceipt(b)
		if err != nil {
			if !errors.Is(err, abi.Invalid) {
				t.Errorf("ParseReceipt: %v, want %v", err, abi.Invalid)
			}
			return
		}
		if again, _ := r.Bytes(); !bytes.Equal(b, again) {
			t.Errorf("parsed %x, encoded %x", b, again)
		}
	})
}

// FuzzJob: a job that decodes must name itself the same way after a round trip.
func FuzzJob(f *testing.F) {
	b, err := wire.Marshal(wire.Job{Request: wire.Request{ID: abi.Sum(nil), Receipts: []abi.Digest{{1}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var j wire.Job
		if wire.Unmarshal(b, &j) != nil {
			return
		}
		first, err := j.Digest()
		if err != nil {
			t.Fatal(err)
		}
		again, err := wire.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		var k wire.Job
		if err := wire.Unmarshal(again, &k); err != nil {
			t.Fatal(err)
		}
		if second, _ := k.Digest(); first != second {
			t.Errorf("%v, then %v", first, second)
		}
	})
}
