package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// tickerPeriod is the period of audio frames: what disturbs this ticker disturbs
// speech.
const tickerPeriod = 20 * time.Millisecond

// newTickerLateness is the histogram of how late this process's own 20 ms ticker
// runs: the figure that says whether speech can be paced on this machine.
func newTickerLateness() prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "vantahire_ticker_lateness_seconds",
		Help:    "How late a 20 ms ticker of the server runs.",
		Buckets: []float64{.0001, .00025, .0005, .001, .002, .003, .005, .0075, .01, .015, .02, .03, .05, .1, .25, .5, 1},
	})
}

// watchTicker observes the ticker until ctx ends. Deadlines are absolute, so one
// late tick does not hide the next.
func watchTicker(ctx context.Context, lateness prometheus.Observer) {
	due := time.Now().Add(tickerPeriod)
	timer := time.NewTimer(tickerPeriod)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		now := time.Now()
		late := now.Sub(due)
		lateness.Observe(late.Seconds())
		for due = due.Add(tickerPeriod); due.Before(now); due = due.Add(tickerPeriod) {
			lateness.Observe(now.Sub(due).Seconds()) // a tick that was missed altogether
		}
		timer.Reset(time.Until(due))
	}
}
