package store

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// ledgerConnections is one for each lane of a Ledger, the batch that is under way,
	// and claims and whatever else there is, and a spare one for each: a connection
	// that a timeout has broken keeps its place for some seconds. So a hundred claims
	// after a restart keep no event from being stored. The heartbeat has one of its
	// own (pulse).
	ledgerConnections = 4

	// A process that is stopped (SIGSTOP, a debugger, a paused machine) inside a
	// transaction keeps its locks. The server ends its session after idleLimit and
	// nobody waits for a lock for longer than lockLimit; milliseconds.
	idleLimit = "5000"
	lockLimit = "3000"
)

// LedgerOptions are what a Ledger may have besides the database.
type LedgerOptions struct {
	Log *slog.Logger // nil: nothing is logged
	// Instance is the id of the local journal this process holds the lock of. It is
	// the same after a restart, and whoever has it knows that the process that had it
	// before is dead. "": there is none.
	Instance string
	// RecordKey seals completed records. nil: nothing is sealed.
	RecordKey []byte
}

// Ledger is the durable record of live interviews: append-only events, each
// interview written by one owner at a time, with the transcript's lines derived
// in the same transaction. It has its own connections.
type Ledger struct {
	pool     *pgxpool.Pool
	log      *slog.Logger
	instance string
	key      []byte

	batches, claims lane
	pulse           *pulse
	counts          counts
}

// OpenLedger connects to the database and takes back what earlier processes of
// this instance held. Close it.
func OpenLedger(ctx context.Context, url string, o LedgerOptions) (*Ledger, error) {
	if err := checkTexts(field{"instance", o.Instance}); err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	config, err := poolConfig(url, "vantahire-ledger")
	if err != nil {
		return nil, err
	}
	config.MaxConns = ledgerConnections
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = idleLimit
	config.ConnConfig.RuntimeParams["lock_timeout"] = lockLimit
	// Whatever a role or database is set to: a commit that is answered is on the disk.
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	pool, err := open(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	l := &Ledger{
		pool: pool, log: o.Log, instance: o.Instance, key: o.RecordKey,
		batches: make(lane, 1), claims: make(lane, 1), pulse: newPulse(config.ConnConfig),
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if _, err := pool.Exec(ctx, forgetProcesses, o.Instance, forgetAfter); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open the ledger: forget dead processes: %w", err)
	}
	return l, nil
}

// Close waits for calls under way and closes the connections.
func (l *Ledger) Close() {
	l.pulse.close()
	l.pool.Close()
}

// LedgerCounts are totals since OpenLedger.
type LedgerCounts struct {
	Quarantined uint64 // events put into quarantine
	Lost        uint64 // events that could be kept nowhere: without a usable interview or seq
	Late        uint64 // late events kept
	LateDropped uint64 // late events of interviews that are no more
	LateLines   uint64 // lines of the transcript made of late events
	Seals       uint64 // records sealed
}

type counts struct {
	quarantined, lost, late, lateDropped, lateLines, seals atomic.Uint64
}

// Counts returns them.
func (l *Ledger) Counts() LedgerCounts {
	return LedgerCounts{
		Quarantined: l.counts.quarantined.Load(), Lost: l.counts.lost.Load(), Late: l.counts.late.Load(),
		LateDropped: l.counts.lateDropped.Load(), LateLines: l.counts.lateLines.Load(), Seals: l.counts.seals.Load(),
	}
}

// lane lets one caller at a time to a connection: the others wait in it and not
// for a connection that another lane is to have.
type lane chan struct{}

// enter waits until the lane is free or ctx ends. Leave it.
func (l lane) enter(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l lane) leave() { <-l }
