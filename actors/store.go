package actors

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
)

const (
	// ledgerBatch is how many events one transaction takes at most: group commit
	// gains little beyond it (measured: 100 rows reach half the rate of bulk copy).
	ledgerBatch = 256
	// ledgerQueue bounds the events that wait for the database. At about 300 bytes
	// each they stay under 20 MiB; a call makes fewer than 3 a second, so 100
	// calls fill it only after minutes without a database. When it is full the
	// interview whose event is refused ends instead of losing lines silently.
	ledgerQueue = 65536
	// ledgerTimeout bounds one commit; after it the batch is tried again.
	ledgerTimeout = 10 * time.Second
)

// ledgerBackoff is the wait before a failed batch is tried again; the last value
// repeats. Events are never dropped.
var ledgerBackoff = []time.Duration{50 * time.Millisecond, 200 * time.Millisecond, time.Second, 2 * time.Second}

// errLedgerFull indicates that the database has been away for so long that no
// further event can be kept in memory.
var errLedgerFull = errors.New("too many events wait for the database")

// storeMsg is what the store actor can receive.
type storeMsg interface{ storeMsg() }

type (
	// appendEvent hands over one event; written is told once it is durable, or
	// refused for good.
	appendEvent struct {
		event   interview.Event
		written func(error) // never blocks; called from the store actor
	}
	// batchDone reports on the batch under way.
	batchDone struct {
		err error
	}
	// retryBatch tries the failed batch again.
	retryBatch struct{}
)

func (appendEvent) storeMsg() {}
func (batchDone) storeMsg()   {}
func (retryBatch) storeMsg()  {}

// StoreStats count what the store actor did.
type StoreStats struct {
	Written  uint64
	Batches  uint64
	Failures uint64 // batches that had to be tried again
	Refused  uint64 // events refused for good: stale fence or full queue
	Waiting  int
}

// storeActor makes events durable by group commit: one batch is under way at a
// time, in an owned goroutine; what comes meanwhile is the next one.
type storeActor struct {
	ledger   Ledger
	log      *slog.Logger
	waiting  []appendEvent
	underway []appendEvent
	failures int // of the batch under way
	stats    *storeCounters
}

func newStoreActor(ledger Ledger, log *slog.Logger, stats *storeCounters) *storeActor {
	return &storeActor{ledger: ledger, log: log, stats: stats}
}

// Receive collects, starts and settles batches.
func (a *storeActor) Receive(c *engine.Ctx[storeMsg], msg storeMsg) {
	switch m := msg.(type) {
	case appendEvent:
		if len(a.waiting) >= ledgerQueue {
			a.stats.refused.Add(1)
			m.written(errLedgerFull)
			return
		}
		a.waiting = append(a.waiting, m)
		a.stats.waiting.Store(int64(len(a.waiting) + len(a.underway)))
		if len(a.underway) == 0 {
			a.startBatch(c)
		}
	case batchDone:
		a.settle(c, m.err)
	case retryBatch:
		a.commit(c)
	}
}

func (a *storeActor) startBatch(c *engine.Ctx[storeMsg]) {
	n := min(len(a.waiting), ledgerBatch)
	a.underway = append([]appendEvent(nil), a.waiting[:n]...)
	a.waiting = append(a.waiting[:0], a.waiting[n:]...)
	a.failures = 0
	a.commit(c)
}

func (a *storeActor) commit(c *engine.Ctx[storeMsg]) {
	batch := make([]interview.Event, len(a.underway))
	for i, e := range a.underway {
		batch[i] = e.event
	}
	c.Go("commit", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, ledgerTimeout)
		defer cancel()
		return a.ledger.Commit(ctx, batch)
	}, func(err error) storeMsg { return batchDone{err} })
}

// settle tells the writers, or arranges another try.
func (a *storeActor) settle(c *engine.Ctx[storeMsg], err error) {
	var (
		stale   *interview.StaleFenceError
		refusal RefusedEvents
	)
	// Both may be joined in one error; the events neither names are stored.
	named := errors.As(err, &stale)
	named = errors.As(err, &refusal) || named
	switch {
	case err == nil, named:
		refused := map[interview.ID]bool{}
		if stale != nil {
			for _, id := range stale.Interviews {
				refused[id] = true
			}
		}
		for _, e := range a.underway {
			if refused[e.event.Interview] {
				a.stats.refused.Add(1)
				e.written(&interview.StaleFenceError{Interviews: []interview.ID{e.event.Interview}})
				continue
			}
			if refusal != nil {
				if reason := refusal.Refusal(e.event.Interview, e.event.Seq); reason != nil {
					a.stats.refused.Add(1)
					a.log.Error("event can never be stored", "interview", e.event.Interview, "seq", e.event.Seq, "error", reason)
					e.written(reason)
					continue
				}
			}
			a.stats.written.Add(1)
			e.written(nil)
		}
		a.stats.batches.Add(1)
		a.underway = nil
		a.stats.waiting.Store(int64(len(a.waiting)))
		if len(a.waiting) > 0 {
			a.startBatch(c)
		}
	default:
		wait := ledgerBackoff[min(a.failures, len(ledgerBackoff)-1)]
		a.failures++
		a.stats.failures.Add(1)
		a.log.Warn("ledger commit failed, trying again", "events", len(a.underway), "failures", a.failures, "wait", wait, "error", err)
		c.After(wait, retryBatch{})
	}
}
