package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/fleet"
	"github.com/cloister-ai/cloister/market"

	"github.com/dustin/go-humanize"
)

type hostsCmd struct {
	MinScore float64 `help:"Only hosts of at least this score." placeholder:"POINTS" name:"min-score"`
	Sort     string  `help:"score: the best first. name: by name." default:"score" enum:"score,name"`
}

// A hostView is a host of the roster as a person reads it.
type hostView struct {
	Name    string      `json:"name"`
	Address abi.Address `json:"address"`
	Engine  string      `json:"engine"`
	Score   *wire.Score `json:"score"` // nil: it claims none, or the slot's owner believes none
}

// points is what the host is worth to who asks for a least score.
func (h hostView) points() float64 {
	if h.Score == nil {
		return 0
	}
	return h.Score.Points
}

// Run lists the hosts of the slot of the node that runs here.
func (c hostsCmd) Run(ctx context.Context, log *slog.Logger, t *terminal, state stateDir) error {
	if err := checkMinScore(c.MinScore); err != nil {
		return err
	}
	return withSite(ctx, log, state, func(ctx context.Context, s *site) error {
		if s.broker != nil {
			return fmt.Errorf("no node runs in %s, so no host is there: %w", state, abi.Unavailable)
		}
		roster, err := s.roster(ctx)
		if err != nil {
			return err
		}
		view := []hostView{}
		for _, h := range viewHosts(roster, log) {
			if h.points() >= c.MinScore {
				view = append(view, h)
			}
		}
		slices.SortStableFunc(view, func(a, b hostView) int {
			if c.Sort == "score" && a.points() != b.points() {
				return cmp.Compare(b.points(), a.points())
			}
			return cmp.Compare(a.Name, b.Name)
		})
		return t.table(view, "HOST SCORE THREADS PATH PROCESSOR ENGINE MEASURED ADDRESS", func(w io.Writer) {
			for _, h := range view {
				fmt.Fprintf(w, "%s\t%s\t%s\t%v\n", oneLine(h.Name, maxName), scoreColumns(h.Score), oneLine(h.Engine, 20), h.tail())
			}
		})
	})
}

// scoreColumns are SCORE, THREADS, PATH and PROCESSOR.
func scoreColumns(s *wire.Score) string {
	if s == nil {
		return "-\t-\t-\t-"
	}
	return fmt.Sprintf("%.1f\t%d\t%s\t%s", s.Points, s.Threads, oneLine(s.Path, 20), oneLine(s.Processor, 40))
}

// tail is the columns MEASURED and ADDRESS.
func (h hostView) tail() string {
	measured := "-"
	if h.Score != nil {
		measured = humanize.Time(time.Unix(int64(h.Score.Measured), 0))
	}
	return fmt.Sprintf("%s\t%v", measured, h.Address)
}

// viewHosts reads the scores of a roster's hosts. A host whose score is not its own is
// one without.
func viewHosts(r wire.Roster, log *slog.Logger) (all []hostView) {
	for _, h := range r.Hosts {
		v := hostView{Name: h.Name, Address: h.Address, Engine: h.Engine}
		s, err := fleet.Score(h, time.Now(), market.Recover)
		switch {
		case err != nil:
			log.Warn("score not believed", slog.Any("err", err))
		case s.Points > 0:
			v.Score = &s
		}
		all = append(all, v)
	}
	return all
}

// worthy returns the hosts of a roster with at least the given score, all when
// it is zero. Unavailable, naming the best there is, when there are none.
func worthy(r wire.Roster, least float64, log *slog.Logger) ([]wire.Host, error) {
	if least == 0 {
		return r.Hosts, nil
	}
	var fit []wire.Host
	var best hostView
	for i, v := range viewHosts(r, log) {
		if v.points() >= least {
			fit = append(fit, r.Hosts[i])
		}
		if i == 0 || v.points() > best.points() {
			best = v
		}
	}
	if len(fit) == 0 {
		err := fmt.Errorf("min score %.1f: no host of slot %v has it, the best is %q with %.1f: %w", least, r.Slot.Short(), best.Name, best.points(), abi.Unavailable)
		return nil, withHint(err, "see what there is: cloister hosts")
	}
	return fit, nil
}

func checkMinScore(least float64) error {
	if !(least >= 0) || math.IsInf(least, 0) {
		return fmt.Errorf("min score %v: %w", least, abi.Invalid)
	}
	return nil
}
