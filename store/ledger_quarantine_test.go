package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/store"
)

// kinds are the kinds of an interview's events by seq; a gap is an error.
func (b *bundle) kinds(t testing.TB, id interview.ID) []interview.EventKind {
	t.Helper()
	rows, err := b.pool.Query(context.Background(), "SELECT seq, kind FROM interview_events WHERE interview = $1 ORDER BY seq", id)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var kinds []interview.EventKind
	for rows.Next() {
		var seq int
		var kind interview.EventKind
		if err := rows.Scan(&seq, &kind); err != nil {
			t.Fatal(err)
		}
		if kinds = append(kinds, kind); seq != len(kinds) {
			t.Errorf("seq %d stands at place %d", seq, len(kinds))
		}
	}
	return kinds
}

// aside is an event in quarantine.
type aside struct {
	Seq     interview.Seq
	Kind    string
	At      *time.Time
	Payload string
}

func (b *bundle) quarantine(t testing.TB, id interview.ID) []aside {
	t.Helper()
	rows, err := b.pool.Query(context.Background(), "SELECT seq, kind, at, payload FROM interview_quarantine WHERE interview = $1 ORDER BY fence, seq", id)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []aside
	for rows.Next() {
		var a aside
		var raw []byte
		if err := rows.Scan(&a.Seq, &a.Kind, &a.At, &raw); err != nil {
			t.Fatal(err)
		}
		a.Payload = string(raw)
		all = append(all, a)
	}
	return all
}

func refusal(t testing.TB, err error) *store.RefusedError {
	t.Helper()
	var refused *store.RefusedError
	if !errors.As(err, &refused) || errors.As(err, new(*interview.StaleFenceError)) {
		t.Fatalf("commit answers %v, want refused events and nothing else", err)
	}
	return refused
}

func TestAnEventThatCanNeverBeStoredIsKeptInQuarantine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const content = "Tell-tale"
	for name, tc := range map[string]struct {
		spoil func(*interview.Event)
		is    error // nil: *hiring.TextError
		kind  string
	}{
		"a NUL in the text":       {func(e *interview.Event) { e.Payload = []byte(`{"turn":1,"text":"Tell-tale\u0000b"}`) }, nil, "turn_committed"},
		"a NUL itself":            {func(e *interview.Event) { e.Payload = []byte("{\"text\":\"Tell-tale\x00\"}") }, nil, "turn_committed"},
		"bytes that are no UTF-8": {func(e *interview.Event) { e.Payload = []byte("{\"text\":\"Tell-tale\xff\"}") }, nil, "turn_committed"},
		"half a surrogate pair":   {func(e *interview.Event) { e.Payload = []byte(`{"text":"Tell-tale\ud83e"}`) }, nil, "turn_committed"},
		"no JSON":                 {func(e *interview.Event) { e.Payload = []byte(`{Tell-tale`) }, nil, "turn_committed"},
		"no payload":              {func(e *interview.Event) { e.Payload = nil }, nil, "turn_committed"},
		"another kind's payload":  {func(e *interview.Event) { e.Payload = []byte(`{"turn":"Tell-tale"}`) }, store.ErrBadEvent, "turn_committed"},
		"a negative turn":         {func(e *interview.Event) { e.Payload = []byte(`{"turn":-7777777,"text":"Tell-tale"}`) }, store.ErrBadEvent, "turn_committed"},
		"an end without a reason": {func(e *interview.Event) { e.Kind, e.Payload = interview.KindEnded, []byte(`{"reason":1}`) }, store.ErrBadEvent, "ended"},
		"no kind":                 {func(e *interview.Event) { e.Kind = "" }, store.ErrBadEvent, ""},
		"a kind with a NUL":       {func(e *interview.Event) { e.Kind = "a\x00b\xff" }, nil, "a\uFFFDb\uFFFD"},
		"no time":                 {func(e *interview.Event) { e.At = time.Time{} }, store.ErrBadEvent, "turn_committed"},
		"a time after all times":  {func(e *interview.Event) { e.At = time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC) }, store.ErrBadEvent, "turn_committed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logged
			l := b.open(t, store.LedgerOptions{Log: log.logger()})
			c, other := startCall(t, b, l), startCall(t, b, l)
			c.commit(c.says("stored before"))
			good, bad, after, beside := c.says("good"), c.says(content), c.says("after"), other.says("beside")
			tc.spoil(&bad)
			for range 3 { // a batch that is sent again changes nothing
				err := l.Commit(t.Context(), []interview.Event{good, bad, after, beside, bad})
				refused := refusal(t, err)
				if len(refused.Events) != 1 || refused.Refusal(bad.Interview, bad.Seq) == nil || refused.Refusal(after.Interview, after.Seq) != nil {
					t.Fatalf("refused: %v, want the one event", refused.Events)
				}
				if tc.is != nil && !errors.Is(err, tc.is) || tc.is == nil && !errors.As(err, new(*hiring.TextError)) {
					t.Errorf("%v is not %v", err, tc.is)
				}
			}
			if diff := cmp.Diff([]string{"user: stored before", "user: good", "user: after"}, b.lines(t, c.id)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"user: beside"}, b.lines(t, other.id)); diff != "" {
				t.Error(diff)
			}
			said := interview.KindTurnCommitted
			if diff := cmp.Diff([]interview.EventKind{said, said, interview.KindQuarantined, said}, b.kinds(t, c.id)); diff != "" {
				t.Errorf("the record:\n%s", diff)
			}
			kept := aside{Seq: bad.Seq, Kind: tc.kind, Payload: string(bad.Payload)}
			if year := bad.At.Year(); 1970 <= year && year <= 9999 {
				kept.At = &bad.At
			}
			if diff := cmp.Diff([]aside{kept}, b.quarantine(t, c.id)); diff != "" {
				t.Errorf("in quarantine:\n%s", diff)
			}
			if n := l.Counts(); n != (store.LedgerCounts{Quarantined: 1}) {
				t.Errorf("counted %+v", n)
			}
			raw := scan[string](t, b, "SELECT payload::text FROM interview_events WHERE interview = $1 AND seq = $2", c.id, bad.Seq)
			var place interview.Quarantined
			if err := json.Unmarshal([]byte(raw), &place); err != nil || string(place.Kind) != tc.kind || place.Reason == "" {
				t.Errorf("the placeholder says %s, %v", raw, err)
			}
			heard := log.String()
			if strings.Count(heard, "ALARM") != 1 || !strings.Contains(heard, "level=ERROR") || !strings.Contains(heard, string(c.id)) {
				t.Errorf("logged: %s, want one alarm", heard)
			}
			if told := heard + raw; strings.Contains(told, content) || strings.Contains(told, "7777777") {
				t.Errorf("content is told: %s", told)
			}
		})
	}
}

func TestAnEventWithoutANameCanOnlyBeRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, tc := range map[string]struct {
		spoil func(*interview.Event)
		is    error
	}{
		"seq 0":                   {func(e *interview.Event) { e.Seq = 0 }, store.ErrBadEvent},
		"an interview with a NUL": {func(e *interview.Event) { e.Interview = "a\x00" }, nil},
		"no interview":            {func(e *interview.Event) { e.Interview = "" }, store.ErrBadEvent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logged
			l := b.open(t, store.LedgerOptions{Log: log.logger()})
			c := startCall(t, b, l)
			good, bad := c.says("good"), c.says("Tell-tale")
			tc.spoil(&bad)
			err := l.Commit(t.Context(), []interview.Event{bad, good})
			if refused := refusal(t, err); len(refused.Events) != 1 || refused.Refusal(bad.Interview, bad.Seq) == nil {
				t.Errorf("refused: %v", refused.Events)
			}
			if tc.is != nil && !errors.Is(err, tc.is) || tc.is == nil && !errors.As(err, new(*hiring.TextError)) {
				t.Errorf("%v is not %v", err, tc.is)
			}
			if diff := cmp.Diff([]string{"user: good"}, b.lines(t, c.id)); diff != "" {
				t.Error(diff)
			}
			if err := l.AppendLate(t.Context(), []interview.Event{bad}); err != nil {
				t.Errorf("as a late event: %v", err)
			}
			if n := l.Counts(); n != (store.LedgerCounts{Lost: 2}) {
				t.Errorf("counted %+v", n)
			}
			if heard := log.String(); strings.Count(heard, "ALARM") != 2 || strings.Contains(heard, "Tell-tale") {
				t.Errorf("logged: %s", heard)
			}
		})
	}
}

// What nobody foresees: the database refuses one row of a batch.
func TestOneEventTheDatabaseRefusesIsFoundAmongMany(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rule        string
		placeholder bool
	}{
		"by its content":       {`ALTER TABLE interview_events ADD CONSTRAINT taboo CHECK (payload->>'text' IS DISTINCT FROM 'poison')`, true},
		"by its line":          {`ALTER TABLE "InterviewMessage" ADD CONSTRAINT taboo CHECK (content <> 'poison')`, true},
		"also its placeholder": {`ALTER TABLE interview_events ADD CONSTRAINT taboo CHECK (clock_ns <> 77)`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.exec(t, tc.rule)
			var log logged
			l := b.open(t, store.LedgerOptions{Log: log.logger()})
			var calls []*call
			var batch []interview.Event
			for range 100 {
				calls = append(calls, startCall(t, b, l))
			}
			for _, text := range []string{"one", "two"} {
				for _, c := range calls {
					batch = append(batch, c.says(text))
				}
			}
			ill := calls[61]
			poison := &batch[61]
			poison.Payload, poison.Clock = []byte(`{"turn":1,"text":"poison"}`), 77
			for range 2 { // again: nothing changes, and it is named again
				err := l.Commit(t.Context(), batch)
				refused := refusal(t, err)
				if len(refused.Events) != 1 || refused.Refusal(ill.id, 1) == nil || !errors.Is(err, store.ErrDatabaseRefuses) {
					t.Fatalf("refused: %v", refused.Events)
				}
				if !strings.Contains(err.Error(), "taboo") || !strings.Contains(err.Error(), "23514") {
					t.Errorf("%v does not say which rule", err)
				}
			}
			for _, c := range calls {
				want := []string{"user: one", "user: two"}
				if c == ill {
					want = want[1:]
				}
				if diff := cmp.Diff(want, b.lines(t, c.id)); diff != "" {
					t.Errorf("interview %s:\n%s", c.id, diff)
				}
			}
			if got := b.quarantine(t, ill.id); len(got) != 1 || got[0].Seq != 1 || got[0].Payload != string(poison.Payload) {
				t.Errorf("in quarantine: %v", got)
			}
			if tc.placeholder {
				if diff := cmp.Diff([]interview.EventKind{interview.KindQuarantined, interview.KindTurnCommitted}, b.kinds(t, ill.id)); diff != "" {
					t.Error(diff)
				}
			}
			if n := scan[int](t, b, "SELECT count(*) FROM interview_quarantine"); n != 1 {
				t.Errorf("%d events in quarantine", n)
			}
			if n := l.Counts(); n != (store.LedgerCounts{Quarantined: 1}) {
				t.Errorf("counted %+v", n)
			}
			if heard := log.String(); strings.Count(heard, "ALARM") != 1 || strings.Contains(heard, "poison") {
				t.Errorf("logged: %s", heard)
			}
			b.exec(t, `ALTER TABLE interview_events DROP CONSTRAINT IF EXISTS taboo`)
			b.exec(t, `ALTER TABLE "InterviewMessage" DROP CONSTRAINT IF EXISTS taboo`)
			if !tc.placeholder {
				return // its place is free now
			}
			// A repeated batch does not bring it back once the rule is gone.
			if err := l.Commit(t.Context(), batch); !errors.Is(err, store.ErrDatabaseRefuses) {
				t.Errorf("later: %v", err)
			}
			if n := scan[int](t, b, "SELECT count(*) FROM interview_late"); n != 0 {
				t.Errorf("%d late events", n)
			}
		})
	}
}

// A whole batch may be refused: it takes hundreds of statements, more than one
// commit is given time for. Each repetition comes further.
func TestABatchOfRefusedEventsIsDealtWithStepByStep(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.exec(t, `ALTER TABLE interview_events ADD CONSTRAINT taboo CHECK (kind <> 'turn_committed')`)
	l := b.ledger(t)
	c := startCall(t, b, l)
	var batch []interview.Event
	for n := range 40 {
		batch = append(batch, c.says(fmt.Sprint(n)))
	}
	until(t, "the end of the batch", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		return errors.As(l.Commit(ctx, batch), new(*store.RefusedError))
	})
	if n := len(b.quarantine(t, c.id)); n != len(batch) || len(b.kinds(t, c.id)) != len(batch) {
		t.Errorf("%d in quarantine, want %d", n, len(batch))
	}
}

func TestWhatMayGoAwayIsNoRefusal(t *testing.T) {
	t.Parallel()
	for code, refuses := range map[string]bool{
		"22021": true, "22P05": true, "23505": true, "23514": true, "54000": true,
		"40001": false, "40P01": false, "53100": false, "53300": false, "57P01": false, "57014": false, "25006": false,
		"08006": false, "55P03": false, "42P01": false, "XX000": false, "": false,
	} {
		err := fmt.Errorf("commit: %w", &pgconn.PgError{Code: code, Message: "Tell-tale", Detail: "Tell-tale", ConstraintName: "rule"})
		why := store.DataRefusal(err)
		if (why != nil) != refuses {
			t.Errorf("%q: %v", code, why)
		}
		if why != nil && (!errors.Is(why, store.ErrDatabaseRefuses) || strings.Contains(why.Error(), "Tell-tale")) {
			t.Errorf("%q: %v", code, why)
		}
	}
	if why := store.DataRefusal(context.Canceled); why != nil {
		t.Error(why)
	}
}

func TestADeletedInterviewHarmsNoOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.ledger(t)
	var calls []*call
	var batch []interview.Event
	for range 100 {
		c := startCall(t, b, l)
		calls, batch = append(calls, c), append(batch, c.says("x"))
	}
	gone := calls[50]
	b.exec(t, `DELETE FROM "Interview" WHERE id = $1`, gone.id)
	err := l.Commit(t.Context(), batch)
	var stale *interview.StaleFenceError
	if !errors.As(err, &stale) || errors.As(err, new(*store.RefusedError)) || len(stale.Interviews) != 1 || stale.Interviews[0] != gone.id {
		t.Fatalf("answers %v, want the deleted one as stale", err)
	}
	if n := scan[int](t, b, `SELECT count(*) FROM "InterviewMessage"`); n != 99 {
		t.Errorf("%d lines, want 99", n)
	}
}

// A deletion and a commit take the same locks: they must not wait for each other.
func TestInterviewsCanBeDeletedWhileEventsAreStored(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.ledger(t)
	var calls []*call
	for range 60 {
		calls = append(calls, startCall(t, b, l))
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for _, c := range calls {
			if _, err := b.pool.Exec(t.Context(), `DELETE FROM "Interview" WHERE id = $1`, c.id); err != nil {
				t.Errorf("delete: %v", err)
			}
		}
	})
	for range 40 {
		var batch []interview.Event
		for _, c := range calls {
			batch = append(batch, c.says("x"))
		}
		if err := l.Commit(t.Context(), batch); err != nil && !errors.As(err, new(*interview.StaleFenceError)) {
			t.Errorf("commit: %v", err)
		}
	}
	wg.Wait()
}

func TestWithAnInterviewItsQuarantineGoes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := startCall(t, b, b.ledger(t))
	bad := c.says("x")
	bad.Payload = []byte("nonsense")
	if refused := refusal(t, c.ledger.Commit(t.Context(), []interview.Event{c.says("y"), bad})); len(refused.Events) != 1 {
		t.Errorf("refused: %v", refused.Events)
	}
	b.exec(t, `DELETE FROM "Interview" WHERE id = $1`, c.id)
	if n := scan[int](t, b, "SELECT (SELECT count(*) FROM interview_quarantine) + (SELECT count(*) FROM interview_events)"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}
