package actors

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// memoryLedger is a ledger in memory, with switches for its faults.
type memoryLedger struct {
	mu     sync.Mutex
	events map[interview.ID][]interview.Event
	fences map[interview.ID]interview.Fence
	delay  time.Duration // of each commit
	broken error         // commits fail with it
	poison interview.EventKind
	other  bool // another process owns everything
}

// poisoned says which events are in quarantine.
type poisoned map[interview.Seq]bool

func (p poisoned) Error() string { return "events are poisoned" }

func (p poisoned) Refusal(_ interview.ID, seq interview.Seq) error {
	if p[seq] {
		return errFake
	}
	return nil
}

func newMemoryLedger() *memoryLedger {
	return &memoryLedger{events: map[interview.ID][]interview.Event{}, fences: map[interview.ID]interview.Fence{}}
}

func (l *memoryLedger) Claim(_ context.Context, id interview.ID, _ string) (interview.Claim, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.other {
		return interview.Claim{}, &interview.OwnedElsewhereError{Interview: id, RetryAfter: time.Second}
	}
	l.fences[id]++
	events := append([]interview.Event(nil), l.events[id]...)
	claim := interview.Claim{Fence: l.fences[id], Events: events}
	if n := len(events); n > 0 {
		claim.LastSeq = events[n-1].Seq
	}
	return claim, nil
}

func (l *memoryLedger) Commit(ctx context.Context, batch []interview.Event) error {
	l.mu.Lock()
	delay, broken := l.delay, l.broken
	l.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return ctx.Err()
	}
	if broken != nil {
		return broken
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	stale := &interview.StaleFenceError{}
	refused := poisoned{}
	for _, e := range batch {
		if e.Kind == l.poison {
			refused[e.Seq] = true
			e.Payload, _ = json.Marshal(interview.Quarantined{Kind: e.Kind, Reason: "poisoned"})
			e.Kind = interview.KindQuarantined
		}
		if e.Fence != l.fences[e.Interview] {
			stale.Interviews = append(stale.Interviews, e.Interview)
			continue
		}
		l.events[e.Interview] = append(l.events[e.Interview], e)
	}
	if len(stale.Interviews) > 0 {
		return stale
	}
	if len(refused) > 0 {
		return refused
	}
	return nil
}

func (l *memoryLedger) Release(context.Context, interview.ID, interview.Fence) error { return nil }

func (l *memoryLedger) Elsewhere(_ context.Context, id interview.ID, _ string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.other {
		return &interview.OwnedElsewhereError{Interview: id, RetryAfter: time.Second}
	}
	return nil
}

func (l *memoryLedger) AppendLate(context.Context, []interview.Event) error { return nil }

func (l *memoryLedger) SettleLate(context.Context, []interview.ID) error { return nil }

func (l *memoryLedger) set(delay time.Duration, broken error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay, l.broken = delay, broken
}

// lines is the transcript the events make, one "role: text" a line; interrupted
// lines end in "--".
func (l *memoryLedger) lines(t *testing.T, id interview.ID) []string {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var lines []string
	for i, e := range l.events[id] {
		if e.Seq != interview.Seq(i+1) {
			t.Errorf("event %d has seq %d", i+1, e.Seq)
		}
		switch e.Kind {
		case interview.KindTurnCommitted:
			lines = append(lines, "user: "+payload[interview.TurnCommitted](t, e).Text)
		case interview.KindReplyEnded:
			if r := payload[interview.ReplyEnded](t, e); r.Heard != "" {
				line := "assistant: " + r.Heard
				if r.Interrupted {
					line += "--"
				}
				lines = append(lines, line)
			}
		default:
		}
	}
	return lines
}

func (l *memoryLedger) kinds(id interview.ID) []interview.EventKind {
	l.mu.Lock()
	defer l.mu.Unlock()
	var kinds []interview.EventKind
	for _, e := range l.events[id] {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}
