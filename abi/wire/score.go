package wire

import (
	"bytes"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/cloister-ai/cloister/abi"
)

// ScoreVersion is the form of scores that this build writes and reads.
const ScoreVersion = 1

// ScoreSuite numbers the list of shapes that machines are measured by. Scores of
// two suites do not compare.
const ScoreSuite = 1

// The bounds of a score.
const (
	maxScoreBytes = 1 << 10
	maxPoints     = 1e9
	maxScoreText  = 128
	maxMeasured   = 1 << 40              // a date far off, in Unix seconds
	scoreFor      = 366 * 24 * time.Hour // an older one says too little of the machine there is now
	scoreSkew     = 10 * time.Minute     // how far the clocks of two machines may be apart
)

// A Score is what a host says that its machine is worth, and on what that was
// measured. The host's key signs it and its address is in it, so that it is of
// no use to another host. That it is true, no signature says.
type Score struct {
	Version   uint32      `cbor:"1,keyasint" json:"version"`
	Host      abi.Address `cbor:"2,keyasint" json:"host"`   // whose machine it is, and who signs
	Points    float64     `cbor:"3,keyasint" json:"points"` // 100 at par
	Suite     uint32      `cbor:"4,keyasint" json:"suite"`
	Engine    string      `cbor:"5,keyasint" json:"engine"`
	Build     string      `cbor:"6,keyasint" json:"build"`     // version of the program that measured
	Path      string      `cbor:"7,keyasint" json:"path"`      // family of instructions that the kernels took
	Processor string      `cbor:"8,keyasint" json:"processor"` // empty if the machine does not say
	Threads   uint32      `cbor:"9,keyasint" json:"threads"`
	Measured  uint64      `cbor:"10,keyasint" json:"measured"` // Unix seconds
	Figures   abi.Digest  `cbor:"11,keyasint" json:"figures"`  // of what was measured, shape by shape
}

// A SignedScore is a Score as it is kept and travels.
type SignedScore struct {
	Score     []byte `cbor:"1,keyasint" json:"score"`     // canonical [Score]
	Signature []byte `cbor:"2,keyasint" json:"signature"` // of Score.Host, over [ScoreDigest] of Score
}

// ScoreDigest is what a host signs to claim score, the bytes of one.
func ScoreDigest(score []byte) abi.Digest {
	return abi.Sum(append([]byte("cloister-host-score-v1|"), score...))
}

// Sign returns s as a claim of by. Errors: Invalid for a score that
// [ParseScore] would refuse, Denied when its host is somebody else.
func (s Score) Sign(by Signer) (SignedScore, error) {
	b, err := Marshal(s)
	if err != nil {
		return SignedScore{}, fmt.Errorf("score: %w: %w", abi.Internal, err)
	}
	if _, err := ParseScore(b); err != nil {
		return SignedScore{}, err
	}
	if s.Host != by.Address() {
		return SignedScore{}, fmt.Errorf("score: host is %v, %v signs it: %w", s.Host, by.Address(), abi.Denied)
	}
	sig, err := by.Sign(ScoreDigest(b))
	if err != nil {
		return SignedScore{}, fmt.Errorf("score: %w", err)
	}
	return SignedScore{b, sig}, nil
}

// ParseScore accepts exactly the encodings of scores that this build can
// compare. Anything else is Invalid, by the name of its field.
func ParseScore(b []byte) (Score, error) {
	bad := func(format string, args ...any) (Score, error) {
		return Score{}, fmt.Errorf("score: "+format+": %w", append(args, abi.Invalid)...)
	}
	if len(b) > maxScoreBytes {
		return bad("%d bytes, at most %d", len(b), maxScoreBytes)
	}
	var s Score
	if err := Unmarshal(b, &s); err != nil {
		return Score{}, fmt.Errorf("score: %w", err)
	}
	if again, err := Marshal(s); err != nil || !bytes.Equal(b, again) {
		return bad("not canonical")
	}
	switch {
	case s.Version != ScoreVersion:
		return bad("version %d, this build knows version %d", s.Version, ScoreVersion)
	case s.Suite != ScoreSuite:
		return bad("suite %d, this build knows suite %d", s.Suite, ScoreSuite)
	case !(s.Points > 0) || s.Points > maxPoints: // the first is for what is no number, too
		return bad("points %v, want more than 0 and at most %g", s.Points, maxPoints)
	case s.Threads == 0:
		return bad("threads 0")
	case s.Measured == 0 || s.Measured > maxMeasured:
		return bad("measured at %d", s.Measured)
	}
	for _, t := range []struct{ field, text string }{{"engine", s.Engine}, {"build", s.Build}, {"path", s.Path}, {"processor", s.Processor}} {
		if len(t.text) > maxScoreText || !utf8.ValidString(t.text) {
			return bad("%s of %d bytes, want at most %d of UTF-8", t.field, len(t.text), maxScoreText)
		}
	}
	return s, nil
}

// Verify returns the score in s when host claims it and it is neither of the
// future nor more than a year old. Errors: those of [ParseScore], Denied for
// everything else, each field by name.
func (s SignedScore) Verify(host abi.Address, now time.Time, recover Recover) (Score, error) {
	c, err := ParseScore(s.Score)
	if err != nil {
		return Score{}, err
	}
	who, err := recover(ScoreDigest(s.Score), s.Signature)
	if err != nil {
		return Score{}, fmt.Errorf("score: signature: %w", err)
	}
	if who != c.Host {
		return Score{}, fmt.Errorf("score: signature is of %v, host is %v: %w", who, c.Host, abi.Denied)
	}
	var errs []error
	if c.Host != host {
		errs = append(errs, fmt.Errorf("score: host is %v, this is %v: %w", c.Host, host, abi.Denied))
	}
	at := time.Unix(int64(c.Measured), 0)
	if at.After(now.Add(scoreSkew)) || at.Before(now.Add(-scoreFor)) {
		errs = append(errs, fmt.Errorf("score: measured at %v, it is %v: %w", at.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339), abi.Denied))
	}
	if err := errors.Join(errs...); err != nil {
		return Score{}, err
	}
	return c, nil
}

// Measures says whether s was measured on what is here: the same engine, build,
// path, processor and threads. Otherwise Denied, every field that differs by
// name.
func (s Score) Measures(here Score) error {
	var errs []error
	for _, f := range []struct {
		field      string
		said, want any
	}{
		{"engine", s.Engine, here.Engine}, {"build", s.Build, here.Build}, {"path", s.Path, here.Path},
		{"processor", s.Processor, here.Processor}, {"threads", s.Threads, here.Threads},
	} {
		if f.said != f.want {
			errs = append(errs, fmt.Errorf("score: %s %v, here it is %v: %w", f.field, f.said, f.want, abi.Denied))
		}
	}
	return errors.Join(errs...)
}
