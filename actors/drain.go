package actors

import (
	"context"
	"fmt"
	"time"

	"github.com/vantahire/vantahire/actors/ledger"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
)

// Drain admits no new interview from now on. Those that are live go on, and stay
// open to their candidates.
func (i *Interviews) Drain() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	for _, live := range i.calls {
		if live.text { // it is no candidate's wait: the next message finds another process
			live.drained = true
			select {
			case <-live.ready:
				live.ref.Tell(drain{})
			default: // admit tells it
			}
		}
	}
}

// Idle is closed once no interview is live. Before Drain another one may begin
// right after.
func (i *Interviews) Idle() <-chan struct{} {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.calls) == 0 {
		idle := make(chan struct{})
		close(idle)
		return idle
	}
	if i.idle == nil {
		i.idle = make(chan struct{})
	}
	return i.idle
}

// IsLive reports whether an interview is live in this process.
func (i *Interviews) IsLive(id interview.ID) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.calls[id] != nil
}

// Close admits no new interview, ends those that are live so that they can be
// resumed, waits for them and then for the ledger, all within ctx. What is only in
// the journal by then is replayed at the next start.
func (i *Interviews) Close(ctx context.Context) error {
	i.Drain()
	idle := i.Idle()
	for _, id := range i.Live() {
		_ = i.End(id, interview.EndShutdown)
	}
	select {
	case <-idle:
	case <-ctx.Done():
		return fmt.Errorf("%d interviews did not end: %w", len(i.Live()), context.Cause(ctx))
	}
	return i.flush(ctx)
}

// emptyWithin bounds how long a stop waits for the journal to run dry: a database
// that is away may stay so.
const emptyWithin = 5 * time.Second

// flush waits until every event handed over is durable, and for a while until all of
// them are in the database, where other processes find them.
func (i *Interviews) flush(ctx context.Context) error {
	const look = 5 * time.Millisecond
	tick := time.NewTicker(look)
	defer tick.Stop()
	patience := time.Now().Add(emptyWithin)
	for {
		s := i.stats.Snapshot()
		if i.store.Depth() == 0 && s.Waiting == 0 && (s.State == ledger.Direct || time.Now().After(patience)) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d events are not durable: %w", s.Waiting, context.Cause(ctx))
		}
	}
}

// Conclude brings an interview to its end that is in progress and whose candidate
// did not come back after a restart: what is open in its record is closed, and the
// end is stored. It does not wait. One that is live here is left alone.
func (i *Interviews) Conclude(info Info) error {
	if i.IsLive(info.ID) {
		return nil
	}
	live, err := i.admit(info)
	if err != nil {
		return err
	}
	<-live.ready // the spawn it waits for does no I/O
	if live.err != nil {
		return live.err
	}
	live.ref.Tell(conclude{})
	return nil
}

// writerFailed ends all calls: nothing that is said in them could be kept.
func (i *Interviews) writerFailed(f engine.Failure) {
	i.deps.Log.Error("ALARM the writer of the ledger failed: no interview can be held until a restart", "error", f.Err, "stack", string(f.Stack))
	i.Drain()
	i.mu.Lock()
	i.broken = true
	i.mu.Unlock()
	for _, id := range i.Live() {
		_ = i.End(id, interview.EndFailed)
	}
}

// Broken reports whether the ledger's writer has failed: only a restart helps.
func (i *Interviews) Broken() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.broken
}
