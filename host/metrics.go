package host

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	jobs *prometheus.CounterVec
	wall prometheus.Histogram
}

// newMetrics registers with reg, or with nobody when reg is nil.
func newMetrics(reg prometheus.Registerer) metrics {
	m := metrics{
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cloister_jobs_total", Help: "Jobs finished, by kind of ending.",
		}, []string{"kind"}),
		wall: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "cloister_job_wall_seconds", Help: "Time from request to receipt.",
			Buckets: prometheus.ExponentialBuckets(.01, 2, 16),
		}),
	}
	if reg != nil {
		reg.MustRegister(m.jobs, m.wall)
	}
	return m
}
