package wire_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// A signer stands in for secp256k1, which only the market may import.
type signer byte

func (s signer) Address() abi.Address { return abi.Address{byte(s), 1} }

func (s signer) Sign(d abi.Digest) ([]byte, error) {
	a := s.Address()
	return append(a[:], mac(a, d)...), nil
}

func mac(a abi.Address, d abi.Digest) []byte {
	h := hmac.New(sha256.New, a[:])
	h.Write(d[:])
	return h.Sum(nil)
}

func recoverSigner(d abi.Digest, sig []byte) (abi.Address, error) {
	if len(sig) != 52 || !hmac.Equal(mac(abi.Address(sig[:20]), d), sig[20:]) {
		return abi.Address{}, fmt.Errorf("nobody signed: %w", abi.Denied)
	}
	return abi.Address(sig[:20]), nil
}

const measuredAt = 1_800_000_000

func aScore(of signer) wire.Score {
	return wire.Score{
		Version: wire.ScoreVersion, Host: of.Address(), Points: 123.5, Suite: wire.ScoreSuite, Engine: "cpu", Build: "v1.2.3",
		Path: "avx2", Processor: "A Processor", Threads: 8, Measured: measuredAt, Figures: abi.Sum([]byte("figures")),
	}
}

func TestAScoreIsItsHostsAlone(t *testing.T) {
	now := time.Unix(measuredAt, 0).Add(time.Hour)
	want := aScore(1)
	s, err := want.Sign(signer(1))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Verify(signer(1).Address(), now, recoverSigner); err != nil || got != want {
		t.Fatalf("Verify = %+v, %v; want %+v", got, err, want)
	}
	if _, err := want.Sign(signer(2)); !errors.Is(err, abi.Denied) {
		t.Errorf("somebody else signs it: %v, want %v", err, abi.Denied)
	}
	for _, c := range []struct {
		name, says string
		host       signer
		now        time.Time
		spoil      func(*wire.SignedScore)
	}{
		{"copied to another host", "host is " + signer(1).Address().String(), 2, now, func(*wire.SignedScore) {}},
		{"copied and signed again", "signature is of", 2, now, func(s *wire.SignedScore) { s.Signature, _ = signer(2).Sign(wire.ScoreDigest(s.Score)) }},
		{"changed", "signature", 1, now, func(s *wire.SignedScore) {
			more := want
			more.Points = 1000
			s.Score, _ = wire.Marshal(more)
		}},
		{"its signature for something else", "signature", 1, now, func(s *wire.SignedScore) { s.Signature, _ = signer(1).Sign(abi.Sum(s.Score)) }},
		{"unsigned", "signature", 1, now, func(s *wire.SignedScore) { s.Signature = nil }},
		{"two years old", "measured at 2027-01-15T08:00:00Z", 1, now.AddDate(2, 0, 0), func(*wire.SignedScore) {}},
		{"of the future", "measured at 2027-01-15T08:00:00Z", 1, now.Add(-2 * time.Hour), func(*wire.SignedScore) {}},
	} {
		bad := wire.SignedScore{Score: bytes.Clone(s.Score), Signature: bytes.Clone(s.Signature)}
		c.spoil(&bad)
		if _, err := bad.Verify(c.host.Address(), c.now, recoverSigner); !errors.Is(err, abi.Denied) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want %v that says %q", c.name, err, abi.Denied, c.says)
		}
	}
}

func TestAScoreIsRefusedByTheNameOfItsField(t *testing.T) {
	for says, spoil := range map[string]func(*wire.Score){
		"version 2, this build knows version 1": func(s *wire.Score) { s.Version = 2 },
		"suite 9, this build knows suite 1":     func(s *wire.Score) { s.Suite = 9 },
		"points 0":                              func(s *wire.Score) { s.Points = 0 },
		"points -3":                             func(s *wire.Score) { s.Points = -3 },
		"points NaN":                            func(s *wire.Score) { s.Points = math.NaN() },
		"points +Inf":                           func(s *wire.Score) { s.Points = math.Inf(1) },
		"points 1e+10":                          func(s *wire.Score) { s.Points = 1e10 },
		"threads 0":                             func(s *wire.Score) { s.Threads = 0 },
		"measured at 0":                         func(s *wire.Score) { s.Measured = 0 },
		"measured at 18446744073709551615":      func(s *wire.Score) { s.Measured = math.MaxUint64 },
		"engine of 200 bytes":                   func(s *wire.Score) { s.Engine = strings.Repeat("x", 200) },
		"build of 129 bytes":                    func(s *wire.Score) { s.Build = strings.Repeat("x", 129) },
		"path of 130 bytes":                     func(s *wire.Score) { s.Path = strings.Repeat("x", 130) },
		"processor of 140 bytes":                func(s *wire.Score) { s.Processor = strings.Repeat("x", 140) },
		"2097 bytes, at most 1024":              func(s *wire.Score) { s.Processor = strings.Repeat("x", 2000) },
	} {
		s := aScore(1)
		spoil(&s)
		if _, err := s.Sign(signer(1)); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v; want %v that says %q", err, abi.Invalid, says)
		}
	}
}

func TestAScoreIsOfTheMachineItWasMeasuredOn(t *testing.T) {
	s := aScore(1)
	if err := s.Measures(s); err != nil {
		t.Errorf("its own machine: %v", err)
	}
	for says, spoil := range map[string]func(*wire.Score){
		"engine cpu, here it is gorgonia":    func(s *wire.Score) { s.Engine = "gorgonia" },
		"build v1.2.3, here it is v1.2.4":    func(s *wire.Score) { s.Build = "v1.2.4" },
		"path avx2, here it is portable":     func(s *wire.Score) { s.Path = "portable" },
		"processor A Processor, here it is ": func(s *wire.Score) { s.Processor = "" },
		"threads 8, here it is 2":            func(s *wire.Score) { s.Threads = 2 },
	} {
		here := s
		spoil(&here)
		if err := s.Measures(here); !errors.Is(err, abi.Denied) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v; want %v that says %q", err, abi.Denied, says)
		}
	}
}

// A host of before there were scores says what it always said, to the byte.
func TestACardWithoutAScoreIsTheCardOfBefore(t *testing.T) {
	type before struct {
		Name    string      `cbor:"1,keyasint"`
		Address abi.Address `cbor:"2,keyasint"`
		Key     []byte      `cbor:"3,keyasint"`
		Engine  string      `cbor:"4,keyasint"`
	}
	old, err := wire.Marshal(before{"a", abi.Address{1}, []byte{2}, "cpu"})
	if err != nil {
		t.Fatal(err)
	}
	now, err := wire.Marshal(wire.Host{Name: "a", Address: abi.Address{1}, Key: []byte{2}, Engine: "cpu"})
	if err != nil || !bytes.Equal(old, now) {
		t.Errorf("%x, %v; it was %x", now, err, old)
	}
	var h wire.Host
	if err := wire.Unmarshal(old, &h); err != nil || h.Score != nil {
		t.Errorf("an old card reads as %+v, %v", h, err)
	}
}

// FuzzParseScore: whatever parses must encode back to the same bytes and be
// within bounds, and nothing may panic.
func FuzzParseScore(f *testing.F) {
	b, err := wire.Marshal(aScore(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{0xa0})
	f.Add(bytes.Replace(b, []byte("avx2"), []byte{0xff, 0xfe, 0xfd, 0xfc}, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := wire.ParseScore(b)
		if err != nil {
			if !errors.Is(err, abi.Invalid) {
				t.Errorf("ParseScore: %v, want %v", err, abi.Invalid)
			}
			return
		}
		if again, _ := wire.Marshal(s); !bytes.Equal(b, again) {
			t.Errorf("parsed %x, encoded %x", b, again)
		}
		if !(s.Points > 0) || math.IsInf(s.Points, 0) || s.Threads == 0 {
			t.Errorf("parsed %+v", s)
		}
		signed := wire.SignedScore{Score: b}
		if _, err := signed.Verify(s.Host, time.Unix(measuredAt, 0), recoverSigner); !errors.Is(err, abi.Denied) {
			t.Errorf("nobody signed it: %v, want %v", err, abi.Denied)
		}
	})
}
