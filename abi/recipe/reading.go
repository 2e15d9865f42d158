package recipe

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cloister-ai/cloister/abi"
)

// A Reading says how the first output of a model is read: its text is steps
// between bars,
//
//	softmax | top 5
//	sigmoid | threshold 0.5
//
// of softmax and sigmoid, which make probabilities of scores, top N, which
// keeps the N largest, and threshold P, which keeps those of P and more. The
// zero Reading leaves scores as they are and keeps the largest.
type Reading struct {
	softmax, sigmoid bool
	top              int     // zero: one
	threshold        float64 // used if keep
	keep             bool
}

// maxTop bounds the labels of one answer.
const maxTop = 10_000

// ParseReading reads a reading; no text at all is the zero one. Errors: Invalid,
// naming the step.
func ParseReading(text string) (Reading, error) {
	var r Reading
	if strings.TrimSpace(text) == "" {
		return r, nil
	}
	seen := map[string]bool{}
	for _, part := range strings.Split(text, "|") {
		word, arg, _ := strings.Cut(strings.TrimSpace(part), " ")
		if seen[word] {
			return r, fmt.Errorf("reading: two steps %s: %w", clip(word), abi.Invalid)
		}
		seen[word] = true
		ok := true
		switch word {
		case "softmax":
			r.softmax, ok = true, arg == "" && !r.sigmoid
		case "sigmoid":
			r.sigmoid, ok = true, arg == "" && !r.softmax
		case "top":
			n, err := strconv.Atoi(arg)
			r.top, ok = n, err == nil && n >= 1 && n <= maxTop
		case "threshold":
			p, err := strconv.ParseFloat(arg, 64)
			r.threshold, r.keep, ok = p, true, err == nil && p-p == 0
		default:
			ok = false
		}
		if !ok {
			return r, fmt.Errorf("reading: step %q is not softmax, sigmoid, top N up to %d or threshold P: %w", clip(strings.TrimSpace(part)), maxTop, abi.Invalid)
		}
	}
	return r, nil
}

func (r Reading) String() string {
	var parts []string
	if r.softmax {
		parts = append(parts, "softmax")
	}
	if r.sigmoid {
		parts = append(parts, "sigmoid")
	}
	if r.top > 0 {
		parts = append(parts, "top "+strconv.Itoa(r.top))
	}
	if r.keep {
		parts = append(parts, "threshold "+strconv.FormatFloat(r.threshold, 'g', -1, 64))
	}
	return strings.Join(parts, " | ")
}

// Top returns r with another number of labels.
func (r Reading) Top(n int) Reading {
	r.top = min(max(n, 1), maxTop)
	return r
}

// Scored is the reading of scores that are probabilities already.
func (r Reading) Scored() Reading {
	r.softmax, r.sigmoid = false, false
	return r
}

// Drops reports whether labels below a threshold are left out.
func (r Reading) Drops() bool { return r.keep }

// A Guess is one label and its score.
type Guess struct {
	Label string  `json:"label"`
	Index int     `json:"index"`
	Score float64 `json:"score"` // rounded to six decimals
}

// Guesses reads the scores of one record, best first, equal ones in the labels'
// order. A score without a label is labelled with its index. Errors: Invalid for
// no scores, for one that is not finite, and for more labels than scores.
func (r Reading) Guesses(scores []float32, labels []string) ([]Guess, error) {
	if len(scores) == 0 || len(labels) > len(scores) {
		return nil, fmt.Errorf("%d scores for %d labels: %w", len(scores), len(labels), abi.Invalid)
	}
	p := make([]float64, len(scores))
	largest := math.Inf(-1)
	for i, s := range scores {
		if s-s != 0 {
			return nil, fmt.Errorf("score %d is %v: %w", i, s, abi.Invalid)
		}
		p[i] = float64(s)
		largest = max(largest, p[i])
	}
	sum := 0.0
	for i := range p {
		switch {
		case r.softmax:
			p[i] = math.Exp(p[i] - largest)
			sum += p[i]
		case r.sigmoid:
			p[i] = 1 / (1 + math.Exp(-p[i]))
		}
	}
	all := make([]Guess, len(p))
	for i := range p {
		if r.softmax {
			p[i] /= sum
		}
		all[i] = Guess{strconv.Itoa(i), i, math.Round(p[i]*1e6) / 1e6}
		if i < len(labels) {
			all[i].Label = labels[i]
		}
	}
	slices.SortStableFunc(all, func(a, b Guess) int {
		switch {
		case p[a.Index] > p[b.Index]:
			return -1
		case p[a.Index] < p[b.Index]:
			return 1
		}
		return 0
	})
	n := r.top
	if n == 0 {
		n = 1
		if r.keep {
			n = len(all)
		}
	}
	all = all[:min(n, len(all))]
	if r.keep {
		all = slices.DeleteFunc(all, func(g Guess) bool { return p[g.Index] < r.threshold })
	}
	return all, nil
}
