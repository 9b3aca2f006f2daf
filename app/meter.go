package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/fallback"
)

// meter counts what live interviews do in Prometheus' terms.
type meter struct {
	stages    *prometheus.HistogramVec
	spent     *prometheus.CounterVec
	wasted    *prometheus.CounterVec
	degraded  *prometheus.CounterVec
	apologies prometheus.Counter
	durable   prometheus.Histogram
}

// stageBuckets reach from the engine's own milliseconds to a provider that is
// nearly given up.
var stageBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .15, .2, .3, .4, .5, .65, .8, 1, 1.5, 2, 3, 5, 10}

func newMeter() *meter {
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"stage"})
	}
	return &meter{
		stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vantahire_turn_stage_seconds", Help: "Where the time from the end of an answer to the next question went; total is the sum.", Buckets: stageBuckets,
		}, []string{"stage"}),
		spent:    counter("vantahire_provider_spent_total", "Tokens of language models (llm) and characters of voices (tts) that were asked for."),
		wasted:   counter("vantahire_provider_wasted_total", "Of these, what nobody heard: cut, or too late."),
		degraded: counter("vantahire_degraded_total", "Times an interview went on without a stage."),
		durable: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "vantahire_ledger_durable_seconds", Help: "From the handing over of an event until it is durable, in the database or the journal.",
			Buckets: []float64{.001, .002, .003, .005, .0075, .01, .015, .02, .03, .05, .075, .1, .2, .5, 1, 2, 5},
		}),
		apologies: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "vantahire_apologies_total", Help: "Times a candidate was asked for a moment because an answer took too long.",
		}),
	}
}

// register makes the counters visible, those that can occur with a zero.
func (m *meter) register(r *prometheus.Registry) {
	r.MustRegister(m.stages, m.spent, m.wasted, m.degraded, m.apologies, m.durable)
	for _, stage := range []providers.Stage{providers.StageLLM, providers.StageTTS} {
		m.spent.WithLabelValues(string(stage))
		m.wasted.WithLabelValues(string(stage))
	}
	for _, stage := range []providers.Stage{providers.StageSTT, providers.StageTTS} {
		m.degraded.WithLabelValues(string(stage))
	}
}

// Turn observes the stages of an answered turn.
func (m *meter) Turn(stages voiceproto.Stages) {
	for stage, ms := range stages {
		m.stages.WithLabelValues(string(stage)).Observe(ms * float64(time.Millisecond) / float64(time.Second))
	}
}

// Spent counts what was asked of a paid provider.
func (m *meter) Spent(stage providers.Stage, n int) {
	m.spent.WithLabelValues(string(stage)).Add(float64(n))
}

// Wasted counts what of that nobody heard.
func (m *meter) Wasted(stage providers.Stage, n int) {
	m.wasted.WithLabelValues(string(stage)).Add(float64(n))
}

// Apology counts a candidate who was asked for a moment.
func (m *meter) Apology() { m.apologies.Inc() }

// Durable observes how long an event took to be durable.
func (m *meter) Durable(took time.Duration) { m.durable.Observe(took.Seconds()) }

// Degraded counts an interview that goes on without a stage.
func (m *meter) Degraded(stage providers.Stage) { m.degraded.WithLabelValues(string(stage)).Inc() }

// circuitCollector shows how every provider stands.
type circuitCollector struct{ circuits *fallback.Circuits }

var (
	circuitOpen   = prometheus.NewDesc("vantahire_provider_resting", "1 while a provider is left alone after failures.", []string{"stage", "provider"}, nil)
	circuitFailed = prometheus.NewDesc("vantahire_provider_failures_total", "Requests to a provider that failed.", []string{"stage", "provider"}, nil)
)

// Describe names the metrics.
func (circuitCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- circuitOpen
	ch <- circuitFailed
}

// Collect reads them.
func (c circuitCollector) Collect(ch chan<- prometheus.Metric) {
	for _, s := range c.circuits.Stats() {
		resting := 0.0
		if s.State != fallback.Closed {
			resting = 1
		}
		ch <- prometheus.MustNewConstMetric(circuitOpen, prometheus.GaugeValue, resting, string(s.Stage), s.Provider)
		ch <- prometheus.MustNewConstMetric(circuitFailed, prometheus.CounterValue, float64(s.Failed), string(s.Stage), s.Provider)
	}
}
