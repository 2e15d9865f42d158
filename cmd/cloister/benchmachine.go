package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/gpu/engine"
	"github.com/cloister-ai/cloister/gpu/score"
	"github.com/cloister-ai/cloister/market"
)

type benchCmd struct {
	Engine  string        `help:"Tensor engine: cpu or gorgonia." default:"cpu" enum:"cpu,gorgonia"`
	Threads int           `help:"Processor threads; zero: all." default:"0"`
	For     time.Duration `help:"How long to measure each shape." default:"300ms"`
	As      string        `help:"Who signs the score." default:"host"`
	Plot    string        `help:"Draw the figures into this PNG file too." type:"path" placeholder:"FILE.png"`
	Verify  string        `help:"Measure nothing: say who signed the score in this file, as --json prints it." type:"path" placeholder:"FILE"`
}

// A signedScore is a score as it travels.
type signedScore struct {
	Card      score.Card  `json:"card"`
	Address   abi.Address `json:"address"`   // of the machine's owner
	Signature []byte      `json:"signature"` // of Address, over scoreDigest
}

// Run measures this machine, or verifies what another measured.
func (c benchCmd) Run(ctx context.Context, t *terminal, state stateDir) error {
	if c.Verify != "" {
		return c.verify(t)
	}
	if c.Threads < 0 || c.For <= 0 {
		return fmt.Errorf("bench: %d threads for %v: %w", c.Threads, c.For, abi.Invalid)
	}
	if err := state.open(); err != nil {
		return err
	}
	owner, err := state.party(c.As)
	if err != nil {
		return err
	}
	card, err := c.measure(ctx, t)
	if err != nil {
		return err
	}
	s, err := signScore(card, owner.key)
	if err != nil {
		return err
	}
	if c.Plot != "" {
		if err := plotScore(card, c.Plot); err != nil {
			return err
		}
	}
	return s.print(t)
}

func (c benchCmd) measure(ctx context.Context, t *terminal) (card score.Card, err error) {
	if c.Threads > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(c.Threads))
	}
	eng, err := engine.New(c.Engine)
	if err != nil {
		return score.Card{}, err
	}
	defer func() { err = errors.Join(err, closeEngine(eng)) }()
	b := t.bar("shapes")
	defer b.done()
	measured := uint64(0)
	return score.Measure(ctx, eng, c.For, func(f score.Figure) {
		measured++
		b.set(measured, score.Shapes(), f.What)
	})
}

func (s signedScore) print(t *terminal) error {
	err := t.table(s, "KIND SHAPE RUNS MEDIAN-MS BEST-MS RATE POINTS", func(w io.Writer) {
		for _, f := range s.Card.Figures {
			fmt.Fprintf(w, "%s\t%s\t%d\t%.3f\t%.3f\t%.2f %s\t%.0f\n",
				oneLine(string(f.Kind), 12), oneLine(f.What, 40), f.Runs, f.Median, f.Best, f.Rate, oneLine(f.Unit, 12), f.Points())
		}
	})
	if err != nil || t.json {
		return err
	}
	_, err = fmt.Fprintf(screen{t.out}, "score %.1f: threads %d, %s, engine %s, suite %d, signed by %v\n",
		s.Card.Score, s.Card.Threads, oneLine(s.Card.Processor, 60), oneLine(s.Card.Engine, 20), s.Card.Suite, s.Address)
	return err
}

// scoreDigest is what the owner of a machine signs: the card in canonical CBOR.
func scoreDigest(c score.Card) (abi.Digest, error) {
	b, err := wire.Marshal(c)
	if err != nil {
		return abi.Digest{}, fmt.Errorf("score: %w: %w", abi.Internal, err)
	}
	return abi.Sum(append([]byte("cloister-score-v1|"), b...)), nil
}

func signScore(c score.Card, by wire.Signer) (signedScore, error) {
	d, err := scoreDigest(c)
	if err != nil {
		return signedScore{}, err
	}
	sig, err := by.Sign(d)
	if err != nil {
		return signedScore{}, err
	}
	return signedScore{c, by.Address(), sig}, nil
}

// check is Denied unless the address signed the card, and the card's score is
// that of its figures.
func (s signedScore) check(recover wire.Recover) error {
	d, err := scoreDigest(s.Card)
	if err != nil {
		return err
	}
	by, err := recover(d, s.Signature)
	if err != nil {
		return fmt.Errorf("score: %w", err)
	}
	if by != s.Address {
		return fmt.Errorf("score: not signed by %v: %w", s.Address, abi.Denied)
	}
	if want := score.Of(s.Card.Figures); s.Card.Score != want {
		return fmt.Errorf("score: %v, and its figures make %v: %w", s.Card.Score, want, abi.Denied)
	}
	if s.Card.Suite != score.Suite {
		return fmt.Errorf("score: of suite %d, this build knows suite %d: %w", s.Card.Suite, score.Suite, abi.Denied)
	}
	return nil
}

// maxScore bounds the file of a score.
const maxScore = 1 << 20

func (c benchCmd) verify(t *terminal) (err error) {
	f, err := os.Open(c.Verify)
	if err != nil {
		return fmt.Errorf("score: %w: %w", abi.NotFound, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var s signedScore
	d := json.NewDecoder(io.LimitReader(f, maxScore))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return fmt.Errorf("score: %s: %w: %w", c.Verify, abi.Invalid, err)
	}
	if err := s.check(market.Recover); err != nil {
		return err
	}
	return s.print(t)
}
