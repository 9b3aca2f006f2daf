package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// drainTimeout bounds one part of the journal on its way to the database: a
// database that has just started again is slow.
const drainTimeout = 10 * time.Second

// drained is what became of a part of the journal.
type drained struct {
	events int
	late   int
	stale  []interview.ID // overtaken interviews
}

// drain brings the oldest events of the journal to the database and lets go of
// them. It blocks for up to drainTimeout. Nothing there is no error.
func drain(ctx context.Context, l Ledger, j Journal) (drained, error) {
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	var d drained
	batch, err := j.Read(batchSize)
	if err != nil {
		return d, fmt.Errorf("read the journal: %w", err)
	}
	if len(batch) == 0 {
		return d, nil
	}
	err = l.Commit(ctx, batch)
	var stale *interview.StaleFenceError
	if errors.As(err, &stale) {
		d.stale = stale.Interviews
		var late []interview.Event
		for _, e := range batch {
			if slices.Contains(stale.Interviews, e.Interview) {
				late = append(late, e)
			}
		}
		if err := l.AppendLate(ctx, late); err != nil {
			return d, fmt.Errorf("keep %d late events: %w", len(late), err)
		}
		d.late = len(late)
	} else if err != nil && !errors.As(err, new(RefusedEvents)) {
		return d, fmt.Errorf("bring %d events of the journal to the database: %w", len(batch), err)
	}
	if err := j.Release(len(batch)); err != nil {
		return d, fmt.Errorf("let go of %d events of the journal: %w", len(batch), err)
	}
	d.events = len(batch)
	return d, nil
}

// settle makes lines of what overtaken interviews left open.
func settle(ctx context.Context, l Ledger, ids []interview.ID) error {
	if len(ids) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	return l.SettleLate(ctx, ids)
}

// Replayed is what Replay brought to the database.
type Replayed struct {
	Events int
	Late   int
}

// Replay brings all that a journal holds to the database and returns when it is
// there. What the database does not take is tried again until ctx ends; nothing is
// lost by that. It must have returned before anybody can claim an interview.
func Replay(ctx context.Context, l Ledger, j Journal, log *slog.Logger) (Replayed, error) {
	var (
		all   Replayed
		stale []interview.ID
	)
	for failures := 0; ; {
		d, err := drain(ctx, l, j)
		stale = append(stale, d.stale...)
		if err == nil && d.events == 0 && j.Len() == 0 {
			slices.Sort(stale)
			err = settle(ctx, l, slices.Compact(stale))
			if err == nil {
				return all, nil
			}
		}
		if err == nil {
			all.Events, all.Late, failures = all.Events+d.events, all.Late+d.late, 0
			continue
		}
		wait := backoff(failures)
		failures++
		log.Warn("the journal can't be replayed yet", "left", j.Len(), "wait", wait, "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return all, fmt.Errorf("replay the journal, %d events left: %w", j.Len(), err)
		}
	}
}

// backoffs are the waits before the database or the journal is tried again; the
// last repeats.
var backoffs = []time.Duration{100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second}

func backoff(failures int) time.Duration { return backoffs[min(failures, len(backoffs)-1)] }
