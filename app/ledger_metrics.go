package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vantahire/vantahire/actors/ledger"
	"github.com/vantahire/vantahire/store"
)

// register adds a metric that is read when it is asked for.
type register func(name, help string, value func() float64)

// registerLedger shows how the record of live interviews is kept.
func (a *App) registerLedger(r *prometheus.Registry, gauge, counter register) {
	stats := func(read func(ledger.Stats) float64) func() float64 {
		return func() float64 { return read(a.calls.StoreStats()) }
	}
	r.MustRegister(ledgerState{a})
	a.registerJournal(gauge, counter)
	gauge("vantahire_ledger_waiting", "Events that are not durable yet.", stats(func(s ledger.Stats) float64 { return float64(s.Waiting) }))
	counter("vantahire_ledger_written_total", "Events made durable.", stats(func(s ledger.Stats) float64 { return float64(s.Written) }))
	counter("vantahire_ledger_failures_total", "Batches that database or journal did not take.", stats(func(s ledger.Stats) float64 { return float64(s.Failures) }))
	counter("vantahire_ledger_refused_total", "Events refused for good.", stats(func(s ledger.Stats) float64 { return float64(s.Refused) }))
	counter("vantahire_ledger_spills_total", "Times the database was given up for a while.", stats(func(s ledger.Stats) float64 { return float64(s.Spills) }))
	counter("vantahire_ledger_spilled_total", "Events that went to the journal.", stats(func(s ledger.Stats) float64 { return float64(s.Spilled) }))
	counter("vantahire_ledger_drained_total", "Events that went from the journal to the database.", stats(func(s ledger.Stats) float64 { return float64(s.Drained) }))
	counter("vantahire_ledger_late_total", "Events kept as late: another process had taken the interview over.", stats(func(s ledger.Stats) float64 { return float64(s.Late) }))
	counter("vantahire_ledger_unheard_total", "Ownerships and claims that found no room to wait for the database.", stats(func(s ledger.Stats) float64 { return float64(s.Unheard) }))
}

// registerJournal shows what waits on this machine, and what the database's side
// did with events out of the ordinary.
func (a *App) registerJournal(gauge, counter register) {
	gauge("vantahire_journal_events", "Events that wait in the local journal.", func() float64 { return float64(a.journal.Len()) })
	gauge("vantahire_journal_bytes", "Size of the local journal.", func() float64 { return float64(a.journal.Stats().Bytes) })
	gauge("vantahire_journal_oldest_seconds", "Age of the oldest event in the local journal.", func() float64 {
		if oldest := a.journal.Stats().Oldest; !oldest.IsZero() {
			return time.Since(oldest).Seconds()
		}
		return 0
	})
	counter("vantahire_journal_damaged_total", "Records of the journal that can't be read.", func() float64 { return float64(a.journal.Stats().Damaged) })
	counts := func(read func(store.LedgerCounts) uint64) func() float64 {
		return func() float64 { return float64(read(a.ledger.Counts())) }
	}
	counter("vantahire_ledger_quarantined_total", "Events put into quarantine.", counts(func(c store.LedgerCounts) uint64 { return c.Quarantined }))
	counter("vantahire_ledger_lost_total", "Events that could be kept nowhere. Never, without a defect.", counts(func(c store.LedgerCounts) uint64 { return c.Lost }))
	counter("vantahire_ledger_late_dropped_total", "Late events of interviews that are no more.", counts(func(c store.LedgerCounts) uint64 { return c.LateDropped }))
	counter("vantahire_ledger_late_lines_total", "Lines of the transcript made of late events.", counts(func(c store.LedgerCounts) uint64 { return c.LateLines }))
	counter("vantahire_ledger_sealed_total", "Records sealed.", counts(func(c store.LedgerCounts) uint64 { return c.Seals }))
}

// ledgerState shows the writer's state, one of them 1, and for how long.
type ledgerState struct{ app *App }

var (
	stateDesc = prometheus.NewDesc("vantahire_ledger_state", "1 for how events are made durable now.", []string{"state"}, nil)
	sinceDesc = prometheus.NewDesc("vantahire_ledger_state_seconds", "How long that has been so; 0: since the start.", nil, nil)
)

// Describe names the metrics.
func (ledgerState) Describe(ch chan<- *prometheus.Desc) {
	ch <- stateDesc
	ch <- sinceDesc
}

// Collect reads them.
func (l ledgerState) Collect(ch chan<- prometheus.Metric) {
	now := l.app.calls.StoreStats()
	for _, s := range ledger.States() {
		value := 0.0
		if s == now.State {
			value = 1
		}
		ch <- prometheus.MustNewConstMetric(stateDesc, prometheus.GaugeValue, value, s.String())
	}
	lasted := 0.0
	if !now.Since.IsZero() {
		lasted = time.Since(now.Since).Seconds()
	}
	ch <- prometheus.MustNewConstMetric(sinceDesc, prometheus.GaugeValue, lasted)
}
