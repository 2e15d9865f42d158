package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/gpu/score"
	"github.com/cloister-ai/cloister/market"
)

// A scoreFile is a score as cloister bench prints and keeps it: what the host
// signed, and the figures that it follows from.
type scoreFile struct {
	Score     wire.Score     `json:"score"`
	Figures   []score.Figure `json:"figures"`
	Signature []byte         `json:"signature"` // of Score.Host
}

const (
	maxScoreFile = 1 << 20             // bytes
	scoreLife    = 30 * 24 * time.Hour // an older score is measured anew
	startTime    = time.Nanosecond     // for each shape when a host starts: twice, then, and half a second in all
)

// machine is what a score must say that is measured here.
func machine(m score.Machine) wire.Score {
	most := func(s string) string { return strings.ToValidUTF8(s[:min(len(s), 128)], "") }
	return wire.Score{
		Version: wire.ScoreVersion, Suite: wire.ScoreSuite,
		Engine: most(m.Engine), Build: most(version()), Path: most(m.Path), Processor: most(m.Processor), Threads: m.Threads,
	}
}

// figuresDigest is how a score names its figures.
func figuresDigest(figures []score.Figure) (abi.Digest, error) {
	b, err := wire.Marshal(figures)
	if err != nil {
		return abi.Digest{}, fmt.Errorf("score: figures: %w: %w", abi.Internal, err)
	}
	return abi.Sum(b), nil
}

// signScore makes a card a claim of by's.
func signScore(c score.Card, by wire.Signer) (f scoreFile, err error) {
	f.Score, f.Figures = machine(c.Machine), c.Figures
	f.Score.Host, f.Score.Points, f.Score.Measured = by.Address(), c.Score, uint64(time.Now().Unix())
	if f.Score.Figures, err = figuresDigest(c.Figures); err != nil {
		return f, err
	}
	signed, err := f.Score.Sign(by)
	f.Signature = signed.Signature
	return f, err
}

// signed is the score as a host's card carries it.
func (f scoreFile) signed() (wire.SignedScore, error) {
	b, err := wire.Marshal(f.Score)
	if err != nil {
		return wire.SignedScore{}, fmt.Errorf("score: %w: %w", abi.Internal, err)
	}
	return wire.SignedScore{Score: b, Signature: f.Signature}, nil
}

// check is Denied unless host signed the score, and it is that of its figures.
func (f scoreFile) check(host abi.Address) error {
	s, err := f.signed()
	if err != nil {
		return err
	}
	if _, err := s.Verify(host, time.Now(), market.Recover); err != nil {
		return err
	}
	d, err := figuresDigest(f.Figures)
	if err != nil {
		return err
	}
	if d != f.Score.Figures {
		return fmt.Errorf("score: figures are %v, it names %v: %w", d.Short(), f.Score.Figures.Short(), abi.Denied)
	}
	if points := score.Of(f.Figures); points != f.Score.Points {
		return fmt.Errorf("score: points %v, its figures make %v: %w", f.Score.Points, points, abi.Denied)
	}
	return nil
}

// parseScoreFile reads one score, as JSON.
func parseScoreFile(b []byte) (f scoreFile, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return f, fmt.Errorf("%w: %w", abi.Invalid, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return f, fmt.Errorf("more than one score: %w", abi.Invalid)
	}
	return f, nil
}

func readScoreFile(path string) (scoreFile, error) {
	in, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return scoreFile{}, fmt.Errorf("score: %w: %w", abi.NotFound, err)
	}
	if err != nil {
		return scoreFile{}, fmt.Errorf("score: %w: %w", abi.Unavailable, err)
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(in, maxScoreFile))
	if err != nil {
		return scoreFile{}, fmt.Errorf("score: %w: %w", abi.Unavailable, err)
	}
	f, err := parseScoreFile(b)
	if err != nil {
		return scoreFile{}, fmt.Errorf("score: %s: %w", path, err)
	}
	return f, nil
}

// scoreFile is where the score of this machine is kept.
func (s stateDir) scoreFile() string { return s.path("score.json") }

func (s stateDir) keepScore(f scoreFile) error {
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("score: %w: %w", abi.Internal, err)
	}
	return writeFile(s.scoreFile(), append(b, '\n'))
}

// score is what this host joins with: the score that is kept, when it is of this
// machine as it is now, else one measured anew in about half a second. One
// that somebody else signed, or changed, is refused. An engine of others is not
// measured on the way: it may take a minute.
func (h hosting) score(ctx context.Context, eng abi.Engine) (*wire.SignedScore, error) {
	if !h.Score {
		return nil, nil
	}
	me := h.party.key.Address()
	kept, err := readScoreFile(h.state.scoreFile())
	if err == nil {
		err = kept.check(me)
	}
	if err != nil && !errors.Is(err, abi.NotFound) {
		return nil, withHint(fmt.Errorf("%s: %w", h.state.scoreFile(), err), "measure anew with: cloister bench, or remove the file")
	}
	if err == nil {
		err = kept.fresh(machine(score.Here(eng)))
	}
	if err != nil {
		if eng.Name() != "cpu" {
			h.log.Warn("this host has no score; cloister bench measures one", slog.String("engine", eng.Name()), slog.Any("why", err))
			return nil, nil
		}
		h.log.Info("measuring this machine", slog.Any("why", err))
		card, err := score.Measure(ctx, eng, startTime, func(score.Figure) {})
		if err != nil {
			return nil, err
		}
		if kept, err = signScore(card, h.party.key); err != nil {
			return nil, err
		}
		if err := h.state.keepScore(kept); err != nil {
			return nil, err
		}
	}
	s, err := kept.signed()
	return &s, err
}

// fresh is Denied unless f was measured here, and lately.
func (f scoreFile) fresh(here wire.Score) error {
	if age := time.Since(time.Unix(int64(f.Score.Measured), 0)); age > scoreLife {
		return fmt.Errorf("score: measured %v ago, at most %v: %w", age.Round(time.Hour), scoreLife, abi.Denied)
	}
	return f.Score.Measures(here)
}
