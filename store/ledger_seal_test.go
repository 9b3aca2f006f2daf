package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/interview/record"
	"github.com/vantahire/vantahire/store"
)

var recordKey = []byte("a key of thirty-two bytes, or so")

func (c *call) over(reason interview.EndReason) interview.Event {
	return c.event(interview.KindEnded, interview.Ended{Reason: reason, Used: time.Minute})
}

func (c *call) record() record.Record {
	c.t.Helper()
	r, err := c.ledger.Record(context.Background(), c.id)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func TestACompleteRecordIsSealedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.open(t, store.LedgerOptions{RecordKey: recordKey})
	c := startCall(t, b, l)
	c.commit(c.says(`"Ada" 🦊 <b>`), c.event(interview.KindPlanMoved, json.RawMessage(`{"state":{"b":1.50,"a":[1e3,-0.0,null]}}`)))
	if err := l.Seal(t.Context(), c.id); !errors.Is(err, store.ErrNotOver) {
		t.Errorf("a running interview: %v, want ErrNotOver", err)
	}
	c.commit(c.over(interview.EndFinished))
	for range 2 {
		if err := l.Seal(t.Context(), c.id); err != nil {
			t.Fatal(err)
		}
	}
	r := c.record()
	if r.Seal == nil {
		t.Fatal("there is no seal")
	}
	if err := r.Seal.Check(recordKey, c.id, r.Events); err != nil || r.Seal.Events != 3 || r.Seal.LastSeq != 3 || time.Since(r.Seal.At) > time.Minute {
		t.Errorf("the seal %+v: %v", r.Seal, err)
	}
	if err := r.Seal.Check(recordKey, c.id, r.Events[1:]); !errors.Is(err, record.ErrBroken) {
		t.Errorf("without its first event: %v", err)
	}
	if n := l.Counts(); n.Seals != 1 {
		t.Errorf("%d seals were counted", n.Seals)
	}
}

func TestOnlyAnEndForGoodIsSealed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.open(t, store.LedgerOptions{RecordKey: recordKey})
	for _, reason := range append(interview.EndReasons(), "a reason of a later version") {
		c := startCall(t, b, l)
		c.commit(c.says("x"), c.over(reason))
		err := l.Seal(t.Context(), c.id)
		if reason.Final() != (err == nil) || err != nil && !errors.Is(err, store.ErrNotOver) {
			t.Errorf("%s: %v", reason, err)
		}
		if sealed := c.record().Seal != nil; sealed != reason.Final() {
			t.Errorf("%s: sealed %t", reason, sealed)
		}
	}
	resumed := startCall(t, b, l)
	resumed.commit(resumed.over(interview.EndFinished), resumed.says("after the end"))
	if err := l.Seal(t.Context(), resumed.id); !errors.Is(err, store.ErrNotOver) {
		t.Errorf("an end that is not the last event: %v", err)
	}
	for what, id := range map[string]interview.ID{"no such interview": nobodysID, "one that was never live": b.interview(t)} {
		if err := l.Seal(t.Context(), id); !errors.Is(err, hiring.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := l.Seal(t.Context(), "a\x00"); !errors.As(err, new(*hiring.TextError)) {
		t.Errorf("an impossible id: %v", err)
	}
}

func TestASealedRecordTakesNothingMore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.open(t, store.LedgerOptions{RecordKey: recordKey})
	c := startCall(t, b, l)
	events := []interview.Event{c.says("one"), c.over(interview.EndCandidate)}
	c.commit(events...)
	if err := l.Seal(t.Context(), c.id); err != nil {
		t.Fatal(err)
	}
	c.commit(events...) // they are there: no error
	changed, bad := events[0], c.says("x")
	changed.Payload, bad.Payload = []byte(`{"turn":1,"text":"changed"}`), []byte("nonsense")
	claim, err := l.Claim(t.Context(), c.id, "another process")
	if err != nil || len(claim.Events) != 2 || claim.LastSeq != 2 {
		t.Fatalf("a claim to read it: %+v, %v", claim, err)
	}
	next := &call{t: t, ledger: l, id: c.id, fence: claim.Fence, seq: claim.LastSeq}
	changed.Fence, bad.Fence = next.fence, next.fence
	for what, e := range map[string]interview.Event{
		"an event of the old fence": c.says("old"), "one more": next.says("more"), "a changed one": changed, "one for quarantine": bad,
	} {
		err := l.Commit(t.Context(), []interview.Event{e})
		if !errors.As(err, new(*interview.StaleFenceError)) || errors.As(err, new(*store.RefusedError)) {
			t.Errorf("%s: %v, want it stale", what, err)
		}
	}
	r := c.record()
	if err := r.Seal.Check(recordKey, c.id, r.Events); err != nil || len(r.Quarantined) != 0 {
		t.Errorf("%v, %d in quarantine", err, len(r.Quarantined))
	}
	next.late(next.hears(1, "late")) // is kept all the same
	if r := c.record(); len(r.Late) != 1 || len(r.Lines) != 2 {
		t.Errorf("%d late events, %d lines", len(r.Late), len(r.Lines))
	}
}

// A commit that waits for the seal's lock must see the seal.
func TestNoCommitSlipsPastASeal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.open(t, store.LedgerOptions{RecordKey: recordKey}), b.ledger(t)
	for range 30 {
		c := startCall(t, b, two)
		c.commit(c.says("x"), c.over(interview.EndFinished))
		after := c.says("after the end")
		var committed, sealed error
		var wg sync.WaitGroup
		wg.Go(func() { committed = two.Commit(t.Context(), []interview.Event{after}) })
		wg.Go(func() { sealed = one.Seal(t.Context(), c.id) })
		wg.Wait()
		switch {
		case committed == nil && errors.Is(sealed, store.ErrNotOver):
		case sealed == nil && errors.As(committed, new(*interview.StaleFenceError)):
			r := c.record()
			if err := r.Seal.Check(recordKey, c.id, r.Events); err != nil || len(r.Events) != 2 {
				t.Errorf("sealed with %d events: %v", len(r.Events), err)
			}
		default:
			t.Errorf("commit answers %v, seal %v", committed, sealed)
		}
	}
}

// The same for certain: the seal's transaction holds the row while the commit
// begins.
func TestACommitThatWaitedForTheSealIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.ledger(t)
	c := startCall(t, b, l)
	c.commit(c.over(interview.EndFinished))
	tx, err := b.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), "UPDATE interview_owner SET sealed = true WHERE interview = $1", c.id); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- l.Commit(context.Background(), []interview.Event{c.says("x")}) }()
	until(t, "a commit that waits for the lock", func() bool {
		return scan[int](t, b, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0
	})
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.As(err, new(*interview.StaleFenceError)) {
		t.Errorf("answers %v", err)
	}
}

func TestRecordsWithoutASealAreFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	keyless, l := b.ledger(t), b.open(t, store.LedgerOptions{RecordKey: recordKey})
	var complete []*call
	for range 3 {
		c := startCall(t, b, l)
		c.commit(c.says("x"), c.over(interview.EndFinished))
		complete = append(complete, c)
	}
	running, resumable, resumed := startCall(t, b, l), startCall(t, b, l), startCall(t, b, l)
	running.commit(running.says("x"))
	resumable.commit(resumable.over(interview.EndShutdown))
	resumed.commit(resumed.over(interview.EndFinished), resumed.says("after the end"))
	if n, err := keyless.SealOverdue(t.Context()); n != 0 || err != nil {
		t.Errorf("without a key: %d, %v", n, err)
	}
	if err := keyless.Seal(t.Context(), complete[0].id); err != nil || complete[0].record().Seal != nil {
		t.Errorf("without a key: %v", err)
	}
	for _, want := range []int{3, 0} {
		if n, err := l.SealOverdue(t.Context()); n != want || err != nil {
			t.Errorf("sealed %d, %v; want %d", n, err, want)
		}
	}
	for _, c := range complete {
		if r := c.record(); r.Seal == nil || r.Seal.Check(recordKey, c.id, r.Events) != nil {
			t.Errorf("interview %s is not sealed", c.id)
		}
	}
	// One at whose row nobody comes does not keep the others from it.
	held, free := startCall(t, b, l), startCall(t, b, l)
	held.commit(held.over(interview.EndFinished))
	free.commit(free.over(interview.EndFinished))
	b.hold(t, "SELECT FROM interview_owner WHERE interview = $1 FOR UPDATE", held.id)
	if n, err := l.SealOverdue(t.Context()); n != 1 || err == nil {
		t.Errorf("sealed %d, %v; want the free one and an error", n, err)
	}
}

func TestTheRecordIsAppendOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := startCall(t, b, b.ledger(t))
	c.commit(c.says("x"))
	for _, sql := range []string{
		`UPDATE interview_events SET payload = '{}' WHERE interview = $1`,
		`DELETE FROM interview_events WHERE interview = $1`,
	} {
		_, err := b.pool.Exec(t.Context(), sql, c.id)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || !strings.Contains(pg.Message, "append-only") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	if n := len(b.kinds(t, c.id)); n != 1 {
		t.Errorf("%d events are left", n)
	}
	b.exec(t, `DELETE FROM "Interview" WHERE id = $1`, c.id)
	if n := len(b.kinds(t, c.id)); n != 0 {
		t.Errorf("%d events outlive their interview", n)
	}
}

func TestARecordHoldsAllThatIsKnown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.open(t, store.LedgerOptions{RecordKey: recordKey})
	c := startCall(t, b, l)
	bad := c.says("x")
	bad.Payload = []byte(`{"text":"Tell-tale\u0000"}`)
	first := []interview.Event{c.begins(1, "Hello."), c.ends(1, "Hello.")}
	if err := l.Commit(t.Context(), append([]interview.Event{bad}, first...)); !errors.As(err, new(*store.RefusedError)) {
		t.Fatal(err)
	}
	next := c.overtake()
	c.late(c.hears(1, "Hi."))
	last := []interview.Event{next.says("Go on."), next.over(interview.EndFinished)}
	next.commit(last...)
	b.exec(t, `INSERT INTO "InterviewMessage" ("interviewId", role, content, "createdAt") VALUES ($1, 'system', 'typed', now() + interval '1 hour')`, c.id)
	if err := l.Seal(t.Context(), c.id); err != nil {
		t.Fatal(err)
	}
	r := c.record()
	if diff := cmp.Diff(normal(t, append(first, last...)), normal(t, r.Events[1:])); diff != "" || r.Events[0].Kind != interview.KindQuarantined {
		t.Errorf("events:\n%s", diff)
	}
	if len(r.Late) != 1 || r.Late[0].Seq != 4 || r.Late[0].Fence != c.fence || string(r.Late[0].Payload) == "" || r.Late[0].Interview != c.id {
		t.Errorf("late: %+v", r.Late)
	}
	for i := range r.Lines {
		r.Lines[i].At = time.Time{}
	}
	lines := []record.Line{
		{Seq: 3, Role: interview.RoleAssistant, Content: "Hello.", Source: "voice", Turn: 2, Reply: 1},
		{Role: interview.RoleUser, Content: "Hi.", Source: record.SourceLate},
		{Seq: 4, Role: interview.RoleUser, Content: "Go on.", Source: "voice", Turn: 1},
		{Role: interview.RoleSystem, Content: "typed"},
	}
	if diff := cmp.Diff(lines, r.Lines); diff != "" {
		t.Errorf("lines:\n%s", diff)
	}
	if len(r.Quarantined) != 1 || r.Quarantined[0].Seq != 1 || r.Quarantined[0].Fence != c.fence || r.Quarantined[0].Kind != interview.KindTurnCommitted ||
		r.Quarantined[0].Reason == "" || strings.Contains(r.Quarantined[0].Reason, "Tell-tale") {
		t.Errorf("quarantined: %+v", r.Quarantined)
	}
	if r.Seal == nil || r.Seal.Check(recordKey, c.id, r.Events) != nil || r.Seal.KeyID != record.KeyID(recordKey) {
		t.Errorf("seal: %+v", r.Seal)
	}
	// An interview that was never live has an empty record.
	if r, err := l.Record(t.Context(), b.interview(t)); err != nil || len(r.Events)+len(r.Lines) != 0 || r.Seal != nil {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := l.Record(t.Context(), nobodysID); !errors.Is(err, hiring.ErrNotFound) {
		t.Errorf("no such interview: %v", err)
	}
	if _, err := l.Record(t.Context(), "a\x00"); !errors.As(err, new(*hiring.TextError)) {
		t.Errorf("an impossible id: %v", err)
	}
}
