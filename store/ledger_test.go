package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/store"
)

// call is a claimed interview that numbers its events.
type call struct {
	t      testing.TB
	ledger *store.Ledger
	id     interview.ID
	fence  interview.Fence
	seq    interview.Seq
}

func startCall(t testing.TB, b *bundle, l *store.Ledger) *call {
	t.Helper()
	id := b.interview(t)
	claim, err := l.Claim(context.Background(), id, "this process")
	if err != nil {
		t.Fatal(err)
	}
	return &call{t: t, ledger: l, id: id, fence: claim.Fence, seq: claim.LastSeq}
}

// event is the call's next event. No two have the same time.
func (c *call) event(kind interview.EventKind, payload any) interview.Event {
	c.t.Helper()
	c.seq++
	e, err := interview.NewEvent(c.id, c.seq, c.fence, kind, time.Now().Add(time.Duration(c.seq)*time.Millisecond), time.Duration(c.seq)*time.Second, payload)
	if err != nil {
		c.t.Fatal(err)
	}
	return e
}

func (c *call) says(text string) interview.Event {
	return c.event(interview.KindTurnCommitted, interview.TurnCommitted{Turn: 1, Text: text, Segments: []interview.SegmentNo{1}})
}

func (c *call) commit(events ...interview.Event) {
	c.t.Helper()
	if err := c.ledger.Commit(context.Background(), events); err != nil {
		c.t.Fatal(err)
	}
}

// lines are what the transcript says, in order.
func (b *bundle) lines(t testing.TB, id interview.ID) []string {
	t.Helper()
	messages, err := b.interviews.Messages(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{}
	for _, m := range messages {
		texts = append(texts, string(m.Role)+": "+m.Content)
	}
	return texts
}

func TestEventsBecomeTheLinesOfTheTranscript(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := startCall(t, b, b.ledger(t))
	events := []interview.Event{
		c.event(interview.KindStarted, interview.Started{Mode: interview.ModeVoice, JobRole: "Engineer"}),
		c.event(interview.KindReplyStarted, interview.ReplyStarted{Reply: 1, Text: "Hello."}),
		c.event(interview.KindReplyEnded, interview.ReplyEnded{Reply: 1, Heard: "Hello."}),
		c.event(interview.KindSegmentFinal, interview.SegmentFinal{Segment: 1, Text: "Hi"}),
		c.event(interview.KindTurnCommitted, interview.TurnCommitted{Turn: 1, Text: `Hi, I'm "Ada" 🦊 \ %s; DROP TABLE`}),
		c.event(interview.KindReplyEnded, interview.ReplyEnded{Reply: 2, Turn: 1, Interrupted: true}), // nothing was heard
		c.event(interview.KindTurnCommitted, interview.TurnCommitted{Turn: 2}),                        // nothing was said
		c.event(interview.KindReplyEnded, interview.ReplyEnded{Reply: 3, Turn: 2, Heard: "Tell me", Interrupted: true}),
	}
	for range 2 { // a batch that is sent again changes nothing
		c.commit(events...)
	}
	got, err := b.interviews.Messages(t.Context(), c.id)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i].ID == "" {
			t.Errorf("line %d has no id", i)
		}
		got[i].ID = ""
	}
	line := func(seq interview.Seq, role interview.Role, text string) hiring.Message {
		return hiring.Message{InterviewID: c.id, Role: role, Content: text, CreatedAt: events[seq-1].At, Seq: &seq, Source: ptr("voice")}
	}
	hello, hi, cut := line(3, interview.RoleAssistant, "Hello."), line(5, interview.RoleUser, `Hi, I'm "Ada" 🦊 \ %s; DROP TABLE`), line(8, interview.RoleAssistant, "Tell me")
	hello.Reply, hello.Interrupted = ptr(interview.ReplyNo(1)), ptr(false)
	hi.Turn = ptr(interview.TurnNo(1))
	cut.Turn, cut.Reply, cut.Interrupted = ptr(interview.TurnNo(2)), ptr(interview.ReplyNo(3)), ptr(true)
	if diff := cmp.Diff([]hiring.Message{hello, hi, cut}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAClaimReturnsWhatIsStored(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.ledger(t)
	c := startCall(t, b, l)
	if c.fence != 1 || c.seq != 0 {
		t.Errorf("the first claim: fence %d, last seq %d", c.fence, c.seq)
	}
	events := []interview.Event{
		c.event(interview.KindStarted, interview.Started{Mode: interview.ModeVoice, TimeLimit: 30 * time.Minute}),
		c.says("one"),
		c.event(interview.KindTalkTime, interview.TalkTime{Used: 5 * time.Second}),
	}
	c.commit(events[2], events[0], events[1]) // in any order
	claim, err := l.Claim(t.Context(), c.id, "another process")
	if err != nil {
		t.Fatal(err)
	}
	if claim.Fence != 2 || claim.LastSeq != 3 {
		t.Errorf("the second claim: fence %d, last seq %d; want 2 and 3", claim.Fence, claim.LastSeq)
	}
	if diff := cmp.Diff(normal(t, events), normal(t, claim.Events)); diff != "" {
		t.Error(diff)
	}
	for what, id := range map[string]interview.ID{"no such interview": nobodysID, "an empty id": ""} {
		if _, err := l.Claim(t.Context(), id, "x"); !errors.Is(err, hiring.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", what, err)
		}
	}
	for what, text := range unfit {
		if _, err := l.Claim(t.Context(), interview.ID(text), "x"); !errors.As(err, new(*hiring.TextError)) {
			t.Errorf("an id with %s: %v", what, err)
		}
	}
}

// normal makes payloads comparable: jsonb keeps the value, not the spelling.
func normal(t testing.TB, events []interview.Event) []interview.Event {
	t.Helper()
	events = slices.Clone(events)
	for i := range events {
		var v any
		if err := json.Unmarshal(events[i].Payload, &v); err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		events[i].Payload = raw
	}
	return events
}

func TestAStaleFenceIsRefusedWhileOthersAreStored(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.ledger(t)
	lost, released, gone, mine := startCall(t, b, l), startCall(t, b, l), startCall(t, b, l), startCall(t, b, l)
	if _, err := l.Claim(t.Context(), lost.id, "another process"); err != nil {
		t.Fatal(err)
	}
	if err := l.Release(t.Context(), released.id, released.fence); err != nil {
		t.Fatal(err)
	}
	if _, err := b.pool.Exec(t.Context(), `DELETE FROM "Interview" WHERE id = $1`, gone.id); err != nil {
		t.Fatal(err)
	}
	err := l.Commit(t.Context(), []interview.Event{lost.says("a"), lost.says("b"), gone.says("c"), mine.says("d")})
	var stale *interview.StaleFenceError
	if !errors.As(err, &stale) {
		t.Fatalf("commit answers %v, want a stale fence", err)
	}
	want := []interview.ID{lost.id, gone.id}
	slices.Sort(want)
	if diff := cmp.Diff(want, stale.Interviews); diff != "" {
		t.Errorf("refused:\n%s", diff)
	}
	if got := b.lines(t, lost.id); len(got) != 0 {
		t.Errorf("the old owner wrote %q", got)
	}
	if diff := cmp.Diff([]string{"user: d"}, b.lines(t, mine.id)); diff != "" {
		t.Error(diff)
	}
}

// Whoever claims an interview knows everything that was or will ever be
// acknowledged to the owner before.
func TestNoCommitSlipsPastAClaim(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.ledger(t)
	c := startCall(t, b, l)
	acknowledged := make(chan interview.Seq, 1)
	go func() {
		var last interview.Seq
		for {
			e := c.says("x")
			if err := l.Commit(context.Background(), []interview.Event{e}); err != nil {
				if !errors.As(err, new(*interview.StaleFenceError)) {
					t.Error(err)
				}
				acknowledged <- last
				return
			}
			last = e.Seq
		}
	}()
	var claim interview.Claim
	for claim.LastSeq < 20 { // claims that come too early take the call away at once
		var err error
		if len(acknowledged) > 0 {
			break
		}
		var last int64
		if err = b.pool.QueryRow(t.Context(), "SELECT last_seq FROM interview_owner WHERE interview = $1", c.id).Scan(&last); err != nil {
			t.Fatal(err)
		}
		if last < 20 {
			continue
		}
		if claim, err = l.Claim(t.Context(), c.id, "another process"); err != nil {
			t.Fatal(err)
		}
	}
	if last := <-acknowledged; claim.LastSeq != last || len(claim.Events) != int(last) {
		t.Errorf("the claim knows %d events up to %d; up to %d were acknowledged", len(claim.Events), claim.LastSeq, last)
	}
	if n := scan[interview.Seq](t, b, "SELECT max(seq) FROM interview_events WHERE interview = $1", c.id); n != claim.LastSeq {
		t.Errorf("%d is stored, the claim knew %d", n, claim.LastSeq)
	}
}

func TestStaleAndRefusedAreToldTogether(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.ledger(t)
	lost, mine := startCall(t, b, l), startCall(t, b, l)
	if _, err := l.Claim(t.Context(), lost.id, "another process"); err != nil {
		t.Fatal(err)
	}
	bad := mine.says("bad")
	bad.Payload = []byte("nonsense")
	err := l.Commit(t.Context(), []interview.Event{lost.says("x"), bad})
	if !errors.As(err, new(*interview.StaleFenceError)) || !errors.As(err, new(*store.RefusedError)) {
		t.Errorf("commit answers %v, want both", err)
	}
}

func TestABatchMayHoldAnEventTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := startCall(t, b, b.ledger(t))
	e := c.says("once")
	c.commit(e, e)
	if diff := cmp.Diff([]string{"user: once"}, b.lines(t, c.id)); diff != "" {
		t.Error(diff)
	}
	c.commit() // nothing at all
}

func TestWhyAnInterviewEndedIsKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := startCall(t, b, b.ledger(t))
	reason := func() string {
		return scan[string](t, b, "SELECT reason FROM interview_end WHERE interview = $1", c.id)
	}
	c.commit(
		c.event(interview.KindEnded, interview.Ended{Reason: interview.EndShutdown, Used: time.Minute}),
		c.event(interview.KindEnded, interview.Ended{Reason: interview.EndGone, Used: time.Minute}),
	)
	if got := reason(); got != string(interview.EndGone) {
		t.Errorf("it ended by %s, want the last of the batch", got)
	}
	early := c.event(interview.KindEnded, interview.Ended{Reason: interview.EndIdle})
	c.commit(c.event(interview.KindEnded, interview.Ended{Reason: interview.EndFinished}))
	c.commit(early)
	if got := reason(); got != string(interview.EndFinished) {
		t.Errorf("it ended by %s, want the one of the highest seq", got)
	}
}

func TestEndedInterviewsThatNobodyCompletedAreFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ledger, rows := b.ledger(t), b.interviews
	for reason, found := range map[interview.EndReason]bool{interview.EndFinished: true, interview.EndFailed: false} {
		c := startCall(t, b, ledger)
		c.commit(c.event(interview.KindEnded, interview.Ended{Reason: reason}))
		overdue := func() bool {
			t.Helper()
			ends, err := rows.Overdue(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return slices.ContainsFunc(ends, func(o hiring.OverdueEnd) bool { return o.Interview == c.id && o.Reason == reason && !o.At.IsZero() })
		}
		move := func(to interview.Status, from ...interview.Status) {
			t.Helper()
			if _, err := rows.SetStatus(t.Context(), c.id, from, to, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if overdue() {
			t.Errorf("%s: an interview that has not begun is found", reason)
		}
		move(interview.StatusInProgress, interview.StatusPending)
		if overdue() != found {
			t.Errorf("%s: found %t", reason, !found)
		}
		move(interview.StatusCompleted, interview.StatusInProgress)
		if overdue() {
			t.Errorf("%s: a completed interview is found", reason)
		}
	}
}

func TestOwnershipIsGivenBackOnlyByItsOwner(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.ledger(t)
	c := startCall(t, b, l)
	for range 2 {
		if err := l.Release(t.Context(), c.id, c.fence); err != nil {
			t.Errorf("release: %v", err)
		}
	}
	if owner := scan[*string](t, b, "SELECT owner FROM interview_owner WHERE interview = $1", c.id); owner != nil {
		t.Errorf("after the release the owner is %s", *owner)
	}
	claim, err := l.Claim(t.Context(), c.id, "another process")
	if err != nil || claim.Fence != c.fence+1 {
		t.Fatalf("claimed with fence %d, %v; a fence only rises", claim.Fence, err)
	}
	for what, err := range map[string]error{
		"an old fence":         l.Release(t.Context(), c.id, c.fence),
		"an unknown interview": l.Release(t.Context(), nobodysID, 1),
		"an impossible id":     l.Release(t.Context(), "a\x00", 1),
	} {
		if !errors.As(err, new(*interview.StaleFenceError)) {
			t.Errorf("%s: %v, want a stale fence", what, err)
		}
	}
	if owner := scan[*string](t, b, "SELECT owner FROM interview_owner WHERE interview = $1", c.id); owner == nil || *owner != "another process" {
		t.Errorf("the owner is %v", owner)
	}
}

func TestManyWritersLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.ledger(t)
	const calls, each = 8, 25
	var wg sync.WaitGroup
	var all [calls]*call
	for i := range all {
		all[i] = startCall(t, b, l)
		wg.Go(func() {
			for n := range each {
				e := all[i].says(fmt.Sprint(n))
				for range 1 + n%2 { // every second one is sent twice
					if err := l.Commit(t.Context(), []interview.Event{e}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	var want []string
	for n := range each {
		want = append(want, fmt.Sprintf("user: %d", n))
	}
	for _, c := range all {
		if diff := cmp.Diff(want, b.lines(t, c.id)); diff != "" {
			t.Error(diff)
		}
	}
}

// A batch whose answer was lost is sent again and may have been stored.
func TestACommitThatWasCutOffCanBeRepeated(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.ledger(t)
	c := startCall(t, b, l)
	var batch []interview.Event
	for i := range 200 {
		batch = append(batch, c.says(fmt.Sprint(i)))
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { // the database throws the ledger out again and again
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				_, _ = b.pool.Exec(context.Background(), `
					SELECT pg_terminate_backend(pid) FROM pg_stat_activity
					WHERE application_name = 'vantahire-ledger' AND datname = current_database()`)
			}
		}
	})
	failed := 0
	for ; failed < 5; failed++ {
		if err := l.Commit(t.Context(), batch); err == nil {
			break
		}
	}
	close(stop)
	wg.Wait()
	var err error
	for range 5 { // connections that were thrown out meanwhile are noticed now
		if err = l.Commit(t.Context(), batch); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if n := len(b.lines(t, c.id)); n != len(batch) {
		t.Errorf("%d lines after %d failures, want %d", n, failed, len(batch))
	}
}

func TestACommitNobodyWaitsForIsAnError(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.ledger(t)
	c := startCall(t, b, l)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := c.says("x")
	if err := l.Commit(ctx, []interview.Event{e}); !errors.Is(err, context.Canceled) {
		t.Errorf("answers %v", err)
	}
	if _, err := l.Claim(ctx, c.id, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("a claim answers %v", err)
	}
	c.commit(e)
}

// Whatever payload passes the checks, the database keeps: an event must never
// fail a batch of others.
func FuzzCommit(f *testing.F) {
	for _, s := range []string{
		`{"turn":1,"text":"Hello"}`, `{"heard":"\ud83e\udd8a"}`, `{"text":"\u0000"}`, `{"turn":4294967296}`, `[]`, `"x"`, `1e308`,
		`{"reason":"finished","used":9223372036854775807}`, `{"a":1,"a":2}`, "{\"text\":\"\x7f\u2028\"}", `{"TEXT":"case"}`,
	} {
		f.Add(s, "turn_committed")
		f.Add(s, "reply_ended")
		f.Add(s, "ended")
	}
	b := setup(f)
	l := b.ledger(f)
	c := startCall(f, b, l)
	f.Fuzz(func(t *testing.T, payload, kind string) {
		c.seq++
		e := interview.Event{Interview: c.id, Seq: c.seq, Fence: c.fence, Kind: interview.EventKind(kind), At: now(), Payload: []byte(payload)}
		if err := l.Commit(t.Context(), []interview.Event{e}); err != nil && !errors.As(err, new(*store.RefusedError)) {
			t.Errorf("%s %q fails its batch: %v", kind, payload, err)
		}
	})
}
