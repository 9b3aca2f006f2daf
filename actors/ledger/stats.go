package ledger

import (
	"sync/atomic"
	"time"
)

// State is how the writer makes events durable.
type State int32

// The states of the package documentation.
const (
	Direct State = iota
	Spilling
	Draining
	Holding
)

// States lists all of them.
func States() []State { return []State{Direct, Spilling, Draining, Holding} }

// String is its name in logs and metrics.
func (s State) String() string {
	switch s {
	case Direct:
		return "direct"
	case Spilling:
		return "spilling"
	case Draining:
		return "draining"
	case Holding:
		return "holding"
	}
	return "unknown"
}

// Stats count what a writer did.
type Stats struct {
	State    State
	Since    time.Time // of the state
	Written  uint64    // events made durable, in the database or the journal
	Batches  uint64
	Failures uint64 // batches the database did not take, or the journal
	Refused  uint64 // events refused for good: overtaken, in quarantine, or no room
	Spilled  uint64 // events that went to the journal
	Drained  uint64 // events that went from there to the database
	Late     uint64 // of these, events of overtaken interviews
	Spills   uint64 // times the database was given up for a while
	Unheard  uint64 // ownerships and claims that found no room to wait
	Waiting  int    // events that are not durable yet
}

// Counters are written by the writer and read by whoever asks. The zero value is
// ready.
type Counters struct {
	state, waiting                                                               atomic.Int64
	since                                                                        atomic.Int64 // UnixNano
	written, batches, failures, refused, spilled, drained, late, spills, unheard atomic.Uint64
}

// Snapshot reads them.
func (c *Counters) Snapshot() Stats {
	s := Stats{
		State: State(c.state.Load()), Written: c.written.Load(), Batches: c.batches.Load(), Failures: c.failures.Load(),
		Refused: c.refused.Load(), Spilled: c.spilled.Load(), Drained: c.drained.Load(), Late: c.late.Load(), Spills: c.spills.Load(), Unheard: c.unheard.Load(),
		Waiting: int(c.waiting.Load()),
	}
	if at := c.since.Load(); at != 0 {
		s.Since = time.Unix(0, at)
	}
	return s
}
