package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vantahire/vantahire/media"
)

// newTickerLateness is the histogram of how late this process's own 20 ms ticker
// runs. It is the period of audio frames: what disturbs this ticker disturbs
// speech.
func newTickerLateness() prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "vantahire_ticker_lateness_seconds",
		Help:    "How late a 20 ms ticker of the server runs.",
		Buckets: []float64{.0001, .00025, .0005, .001, .002, .003, .005, .0075, .01, .015, .02, .03, .05, .1, .25, .5, 1},
	})
}

// watchTicker observes the ticker until ctx ends.
func watchTicker(ctx context.Context, lateness prometheus.Observer) {
	media.WatchTicker(ctx, media.FrameDur, func(late time.Duration) { lateness.Observe(late.Seconds()) })
}

// registerGauges shows how many calls are live and what the ledger does.
func (a *App) registerGauges(r *prometheus.Registry) {
	gauge := func(name, help string, value func() float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	counter := func(name, help string, value func() float64) {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
	}
	gauge("vantahire_calls_live", "Live interviews.", func() float64 { return float64(len(a.calls.Live())) })
	a.registerLedger(r, gauge, counter)
	counter("vantahire_live_events_dropped_total", "Live events dropped because a follower was slow.", func() float64 { return float64(a.bus.Dropped()) })
	gauge("vantahire_key_log_waiting", "Requests by API keys that are not in their log yet.", func() float64 { return float64(a.keyLogs.Waiting()) })
	counter("vantahire_key_log_dropped_total", "Requests by API keys that are missing in their log.", func() float64 { return float64(a.keyLogs.Dropped()) })
	if a.jobs != nil {
		counter("vantahire_jobs_done_total", "Jobs that were done.", func() float64 { return float64(a.jobs.Done()) })
		counter("vantahire_jobs_failed_total", "Runs of jobs that failed; they are tried again.", func() float64 { return float64(a.jobs.Failed()) })
	}
	r.MustRegister(circuitCollector{a.circuits})
	counter("vantahire_model_requests_lost_total", "Requests to language models whose answer was not used.", func() float64 { return float64(a.losses.Load()) })
	counter("vantahire_actor_dead_letters_total", "Messages to actors that had ended.", func() float64 { return float64(a.engine.Stats().DeadLetters) })
	counter("vantahire_actor_panics_total", "Panics that were contained.", func() float64 { return float64(a.engine.Stats().Panics) })
}
