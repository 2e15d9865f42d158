package fleet

import (
	"slices"
	"time"

	"github.com/cloister-ai/cloister/abi"
)

// The bounds of what is remembered of jobs that ended.
const (
	maxLikes    = 64 // kinds of job
	maxPaced    = 64 // hosts of one kind
	latestTimes = 8  // of a host with a kind
	enoughTimes = 3  // fewer say nothing
	leastTime   = time.Second
	farMore     = 4 // as many times what it delivers is far more
)

// A like is what jobs that take a host about as long have in common.
type like struct{ app, data, model abi.Digest }

// paces is how long hosts took for what kind of job, by the broker's own clock
// from lease to commit: what a host claims to be worth is held against it. It
// is forgotten with the process. The zero value is ready to use.
type paces struct {
	claims map[abi.Address]float64 // of hosts that joined, with a score
	trusts map[abi.Address]float64 // what a claim is believed to be, where less
	kinds  map[like]*pace
}

// A pace is how long hosts took for one kind of job.
type pace struct {
	seen  time.Time
	flops uint64 // of the last job, by its receipt
	hosts map[abi.Address]*laps
}

// laps are the latest times of one host with one kind of job.
type laps struct {
	seen   time.Time
	times  []time.Duration
	median time.Duration // zero until there are enough
}

// claim notes what a host says it is worth; zero: nothing.
func (p *paces) claim(who abi.Address, points float64) {
	if p.claims == nil {
		p.claims, p.trusts = map[abi.Address]float64{}, map[abi.Address]float64{}
	}
	delete(p.claims, who)
	if points > 0 {
		p.claims[who] = points
	}
	p.judge(who)
}

// believed is what a host is taken to be worth: what it claims, unless that is
// far more than it delivers.
func (p *paces) believed(who abi.Address) float64 {
	if t, ok := p.trusts[who]; ok {
		return t
	}
	return p.claims[who]
}

// doubted reports whether a host's claim is not believed.
func (p *paces) doubted(who abi.Address) bool {
	_, ok := p.trusts[who]
	return ok
}

// weight is how heavy a job is: the operations of the last one of its kind. What
// is not known is taken to be light.
func (p *paces) weight(l like) uint64 {
	if k, ok := p.kinds[l]; ok {
		return k.flops
	}
	return 0
}

// took notes that a job was done, and returns whose claims are doubted from now
// on.
func (p *paces) took(l like, who abi.Address, d time.Duration, flops uint64, now time.Time) (doubted []abi.Address) {
	if p.kinds == nil {
		p.kinds = map[like]*pace{}
	}
	k := p.kinds[l]
	if k == nil {
		forgetOldest(p.kinds, maxLikes, func(k *pace) time.Time { return k.seen })
		k = &pace{hosts: map[abi.Address]*laps{}}
		p.kinds[l] = k
	}
	k.seen, k.flops = now, flops
	h := k.hosts[who]
	if h == nil {
		forgetOldest(k.hosts, maxPaced, func(h *laps) time.Time { return h.seen })
		h = new(laps)
		k.hosts[who] = h
	}
	h.seen = now
	h.times = append(h.times, d)
	h.times = h.times[max(0, len(h.times)-latestTimes):]
	if len(h.times) >= enoughTimes {
		h.median = middle(h.times)
	}
	for peer := range k.hosts { // each is evidence about the others
		before := p.doubted(peer)
		if p.judge(peer); p.doubted(peer) && !before {
			doubted = append(doubted, peer)
		}
	}
	return doubted
}

// judge holds a host's claim against what its times are worth by the claims of
// others: of one who takes twice as long as a host of 100 points, 50. Of all
// those numbers, one for each other host and kind of job, the middle one counts, the
// larger of two. Jobs that take it less than a second are left out: of those
// the way there and back is too large a part.
func (p *paces) judge(who abi.Address) {
	delete(p.trusts, who)
	claim, ok := p.claims[who]
	if !ok {
		return
	}
	var worth []float64
	for _, k := range p.kinds {
		own := k.hosts[who]
		if own == nil || own.median < leastTime {
			continue
		}
		for other, l := range k.hosts {
			if points, ok := p.claims[other]; ok && other != who && l.median > 0 {
				worth = append(worth, points*l.median.Seconds()/own.median.Seconds())
			}
		}
	}
	if len(worth) == 0 {
		return
	}
	if delivers := middle(worth); claim > farMore*delivers {
		p.trusts[who] = delivers
	}
}

// middle is the median, the larger of two.
func middle[N time.Duration | float64](all []N) N {
	s := slices.Sorted(slices.Values(all))
	return s[len(s)/2]
}

// forgetOldest makes room for one more below most.
func forgetOldest[K comparable, V any](m map[K]V, most int, seen func(V) time.Time) {
	if len(m) < most {
		return
	}
	var oldest K
	first := true
	for k, v := range m {
		if first || seen(v).Before(seen(m[oldest])) {
			oldest, first = k, false
		}
	}
	delete(m, oldest)
}
