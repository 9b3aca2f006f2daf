package app

import (
	"context"
	"time"

	"github.com/vantahire/vantahire/actors/ledger"
)

const (
	// probeEvery is how often the database is asked whether it is there: calls may
	// come at any moment, and none of them may be what finds out.
	probeEvery = time.Second
	// probeTimeout bounds one question. A database that takes longer can't open an
	// interview in time either.
	probeTimeout = 2 * time.Second
)

// ready says why no new interview should come here. It reads what others have
// noted, and never waits.
func (a *App) ready() (reasons []string) {
	if a.stopping.Load() {
		reasons = append(reasons, "stopping")
	}
	if a.calls.Broken() {
		reasons = append(reasons, "ledger broken")
	}
	switch state := a.calls.StoreStats().State; state {
	case ledger.Spilling, ledger.Draining, ledger.Holding: // a claim would have to wait
		reasons = append(reasons, "ledger "+state.String())
	case ledger.Direct:
	}
	if a.databaseAway.Load() {
		reasons = append(reasons, "database")
	}
	return reasons
}

// probeDatabase notes whether the database answers, until ctx ends.
func (a *App) probeDatabase(ctx context.Context) {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		within, cancel := context.WithTimeout(ctx, probeTimeout)
		err := a.pool.Ping(within)
		cancel()
		if ctx.Err() != nil {
			return
		}
		switch away := err != nil; {
		case away && !a.databaseAway.Swap(true):
			a.log.Error("ALARM the database does not answer: no new interviews", "error", err)
		case !away && a.databaseAway.Swap(false):
			a.log.Warn("the database answers again")
		}
	}
}
