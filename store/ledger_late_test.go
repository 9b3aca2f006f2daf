package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/store"
)

func (c *call) hears(segment interview.SegmentNo, text string) interview.Event {
	return c.event(interview.KindSegmentFinal, interview.SegmentFinal{Segment: segment, Text: text})
}

func (c *call) begins(reply interview.ReplyNo, text string) interview.Event {
	return c.event(interview.KindReplyStarted, interview.ReplyStarted{Reply: reply, Turn: 2, Text: text})
}

func (c *call) writes(reply interview.ReplyNo, text string) interview.Event {
	return c.event(interview.KindReplyWritten, interview.ReplyWritten{Reply: reply, Text: text})
}

func (c *call) ends(reply interview.ReplyNo, heard string) interview.Event {
	return c.event(interview.KindReplyEnded, interview.ReplyEnded{Reply: reply, Turn: 2, Heard: heard})
}

// overtake gives the call to another process, so that its events are late.
func (c *call) overtake() *call {
	c.t.Helper()
	claim, err := c.ledger.Claim(context.Background(), c.id, "the new owner")
	if err != nil {
		c.t.Fatal(err)
	}
	return &call{t: c.t, ledger: c.ledger, id: c.id, fence: claim.Fence, seq: claim.LastSeq}
}

// late keeps events twice: the second time changes nothing.
func (c *call) late(events ...interview.Event) {
	c.t.Helper()
	for range 2 {
		if err := c.ledger.AppendLate(context.Background(), events); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *call) settle() {
	c.t.Helper()
	for range 2 {
		if err := c.ledger.SettleLate(context.Background(), []interview.ID{c.id, nobodysID, "a\x00"}); err != nil {
			c.t.Fatal(err)
		}
	}
}

func TestLateEventsBecomeLinesOnceIfNobodyElseMadeThem(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.ledger(t)
	for name, tc := range map[string]struct {
		stored func(*call) []interview.Event // under the old fence, before it was overtaken
		late   func(*call) []interview.Event
		lines  []string // after AppendLate
		closed []string // that SettleLate adds
	}{
		"what the candidate said": {
			late: func(c *call) []interview.Event {
				return []interview.Event{c.hears(1, "I worked"), c.hears(2, "for years.")}
			},
			lines: []string{"user: I worked", "user: for years."},
		},
		"a turn whose words are lines already": {
			stored: func(c *call) []interview.Event { return []interview.Event{c.hears(1, "I worked")} },
			late: func(c *call) []interview.Event {
				return []interview.Event{c.hears(2, "for years."), c.says("I worked for years.")}
			},
			lines: []string{"user: for years."}, // the new owner has made a line of the first words
		},
		"a segment of silence": {late: func(c *call) []interview.Event { return []interview.Event{c.hears(1, "")} }},
		"a whole reply": {
			late: func(c *call) []interview.Event {
				return []interview.Event{c.begins(3, "Well."), c.writes(3, "Well. Good."), c.ends(3, "Well. Good.")}
			},
			lines: []string{"assistant: Well. Good."},
		},
		"the end of a reply that its new owner has made no line of": {
			stored: func(c *call) []interview.Event { return []interview.Event{c.begins(3, "Well.")} },
			late: func(c *call) []interview.Event {
				return []interview.Event{c.writes(3, "Well. Good."), c.ends(3, "Well.")}
			},
			lines: []string{"assistant: Well."},
		},
		"the end of another reply than the closed one": {
			stored: func(c *call) []interview.Event { return []interview.Event{c.begins(3, "Well.")} },
			late:   func(c *call) []interview.Event { return []interview.Event{c.begins(4, "Yes."), c.ends(4, "Yes.")} },
			lines:  []string{"assistant: Yes."},
		},
		"a reply of which nothing was heard": {
			late: func(c *call) []interview.Event { return []interview.Event{c.begins(3, "Well."), c.ends(3, "")} },
		},
		"a reply without an end": {
			late:   func(c *call) []interview.Event { return []interview.Event{c.begins(3, "Well.")} },
			closed: []string{"assistant: Well."},
		},
		"a reply without an end whose text was written": {
			late: func(c *call) []interview.Event {
				return []interview.Event{c.begins(3, "Well."), c.writes(3, "Well. Good."), c.writes(3, "Well. Good. Go on.")}
			},
			closed: []string{"assistant: Well. Good. Go on."},
		},
		"a reply without an end and without a word": {
			late: func(c *call) []interview.Event { return []interview.Event{c.begins(3, "")} },
		},
		"two replies, one without an end": {
			late: func(c *call) []interview.Event {
				return []interview.Event{c.begins(3, "Well."), c.ends(3, "Well."), c.begins(4, "Yes.")}
			},
			lines: []string{"assistant: Well."}, closed: []string{"assistant: Yes."},
		},
		"events that were stored after all": {
			stored: func(c *call) []interview.Event { return []interview.Event{c.hears(1, "Hi."), c.ends(3, "Hello.")} },
			late: func(c *call) []interview.Event {
				c.seq = 0
				events := []interview.Event{c.hears(1, "Hi."), c.ends(3, "Hello.")}
				return events
			},
			lines: []string{"assistant: Hello."},
		},
		"an end of the interview": {
			late: func(c *call) []interview.Event {
				return []interview.Event{c.event(interview.KindEnded, interview.Ended{Reason: interview.EndFinished})}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startCall(t, b, l)
			var stored []interview.Event
			if tc.stored != nil {
				stored = tc.stored(c)
				c.commit(stored...)
			}
			c.overtake()
			late := tc.late(c)
			for i := range late { // what is stored already has the same time
				for _, s := range stored {
					if s.Seq == late[i].Seq {
						late[i] = s
					}
				}
			}
			c.late(late...)
			if diff := cmp.Diff(tc.lines, b.lines(t, c.id), emptyIsNil); diff != "" {
				t.Error(diff)
			}
			c.settle()
			if diff := cmp.Diff(append(slices.Clone(tc.lines), tc.closed...), b.lines(t, c.id), emptyIsNil); diff != "" {
				t.Errorf("settled:\n%s", diff)
			}
			c.late(late...)
			c.settle()
			if n := len(b.lines(t, c.id)); n != len(tc.lines)+len(tc.closed) {
				t.Errorf("%d lines when all is repeated", n)
			}
			want := len(late)
			for _, e := range late {
				if slices.ContainsFunc(stored, func(s interview.Event) bool { return s.Seq == e.Seq }) {
					want--
				}
			}
			if n := scan[int](t, b, "SELECT count(*) FROM interview_late WHERE interview = $1", c.id); n != want {
				t.Errorf("%d late events are kept, want %d", n, want)
			}
			if n := scan[int](t, b, "SELECT count(*) FROM interview_end WHERE interview = $1", c.id); n != 0 {
				t.Error("a late end ended the interview")
			}
			claim, err := l.Claim(t.Context(), c.id, "x")
			if err != nil || len(claim.Events) != len(stored) {
				t.Errorf("a claim returns %d events, %v; want the %d of the record", len(claim.Events), err, len(stored))
			}
		})
	}
}

var emptyIsNil = cmp.Transformer("empty", func(s []string) string { return strings.Join(s, "\n") })

func TestLateLinesSayWhereTheyComeFrom(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.ledger(t)
	c := startCall(t, b, l)
	c.overtake()
	hi, hello, open := c.hears(1, "Hi."), c.ends(3, "Hello."), c.begins(4, "Well.")
	c.late(hi, hello, open)
	c.settle()
	got, err := b.interviews.Messages(t.Context(), c.id)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i].ID = ""
	}
	slices.SortFunc(got, func(a, b hiring.Message) int { return strings.Compare(a.Content, b.Content) })
	line := func(e interview.Event, role interview.Role, text string) hiring.Message {
		return hiring.Message{InterviewID: c.id, Role: role, Content: text, CreatedAt: e.At, Source: ptr("late")}
	}
	want := []hiring.Message{line(hello, interview.RoleAssistant, "Hello."), line(hi, interview.RoleUser, "Hi."), line(open, interview.RoleAssistant, "Well.")}
	want[0].Turn, want[0].Reply, want[0].Interrupted = ptr(interview.TurnNo(2)), ptr(interview.ReplyNo(3)), ptr(false)
	want[2].Turn, want[2].Reply, want[2].Interrupted = ptr(interview.TurnNo(2)), ptr(interview.ReplyNo(4)), ptr(true)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := l.Counts(); n != (store.LedgerCounts{Late: 3, LateLines: 3}) {
		t.Errorf("counted %+v", n)
	}
}

// The end of a reply that was settled as cut off comes in another journal.
func TestAReplyIsSettledOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := startCall(t, b, b.ledger(t))
	c.overtake()
	c.late(c.begins(3, "Well."))
	c.settle()
	c.late(c.ends(3, "Well. Good."), c.hears(9, "Yes."))
	c.settle()
	if diff := cmp.Diff([]string{"assistant: Well.", "user: Yes."}, b.lines(t, c.id)); diff != "" {
		t.Error(diff)
	}
}

func TestAReplyOfAnotherFenceIsAnotherReply(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := startCall(t, b, b.ledger(t))
	next := c.overtake()
	next.commit(next.begins(3, "Where were we?"), next.ends(3, "Where were we?"), next.begins(4, "Ah."), next.ends(4, "Ah."))
	c.late(c.begins(3, "Well."), c.ends(3, "Well."), c.begins(4, "Hm."))
	c.settle()
	got := b.lines(t, c.id)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"assistant: Ah.", "assistant: Hm.", "assistant: Well.", "assistant: Where were we?"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLateEventsOfADeletedInterviewAreDropped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var log logged
	l := b.open(t, store.LedgerOptions{Log: log.logger()})
	gone, there := startCall(t, b, l), startCall(t, b, l)
	there.overtake()
	b.exec(t, `DELETE FROM "Interview" WHERE id = $1`, gone.id)
	bad := gone.hears(2, "x")
	bad.Payload = []byte("nonsense")
	events := []interview.Event{gone.hears(1, "Bye."), bad, there.hears(1, "Hi.")}
	if err := l.AppendLate(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"user: Hi."}, b.lines(t, there.id)); diff != "" {
		t.Error(diff)
	}
	if n := l.Counts(); n != (store.LedgerCounts{Late: 1, LateLines: 1, LateDropped: 2}) {
		t.Errorf("counted %+v", n)
	}
	b.exec(t, `DELETE FROM "Interview" WHERE id = $1`, there.id)
	if n := scan[int](t, b, "SELECT count(*) FROM interview_late"); n != 0 {
		t.Errorf("%d late events outlive their interview", n)
	}
	if err := l.AppendLate(t.Context(), nil); err != nil {
		t.Errorf("nothing at all: %v", err)
	}
}

func TestLateEventsThatCantBeStoredGoToQuarantine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.exec(t, `ALTER TABLE interview_late ADD CONSTRAINT taboo CHECK (payload->>'text' IS DISTINCT FROM 'poison')`)
	var log logged
	l := b.open(t, store.LedgerOptions{Log: log.logger()})
	c := startCall(t, b, l)
	c.overtake()
	spoil := func(e interview.Event, payload string) interview.Event {
		e.Payload = []byte(payload)
		return e
	}
	good := c.hears(1, "Hi.")
	bad := []interview.Event{
		spoil(c.hears(2, ""), `{"text":"Tell-tale\u0000"}`), spoil(c.hears(3, ""), `{"text":["Tell-tale"]}`),
		spoil(c.begins(4, ""), `{"reply":"Tell-tale"}`), spoil(c.writes(4, ""), `{"reply":-1}`), spoil(c.ends(4, ""), `[]`),
		c.hears(5, "poison"), spoil(c.event(interview.KindEnded, nil), `{"reason":{}}`),
	}
	c.late(append(append(slices.Clone(bad), good), spoil(good, `{"text":"Tell-tale of the same name"}`))...)
	if diff := cmp.Diff([]string{"user: Hi."}, b.lines(t, c.id)); diff != "" {
		t.Error(diff)
	}
	kept := b.quarantine(t, c.id)
	if len(kept) != len(bad)+1 {
		t.Fatalf("%d events in quarantine, want %d: %v", len(kept), len(bad)+1, kept)
	}
	for i, e := range bad {
		if kept[i+1].Payload != string(e.Payload) {
			t.Errorf("seq %d: %s, want %s", e.Seq, kept[i+1].Payload, e.Payload)
		}
	}
	if n := l.Counts(); n != (store.LedgerCounts{Late: 1, LateLines: 1, Quarantined: uint64(len(bad) + 1)}) {
		t.Errorf("counted %+v", n)
	}
	if heard := log.String(); strings.Contains(heard, "Tell-tale") || strings.Contains(heard, "poison") || !strings.Contains(heard, "level=ERROR") {
		t.Errorf("logged: %s", heard)
	}
}

// Another journal brings a different event under a name that is taken: it is kept.
func TestALateEventThatDiffersFromTheKeptOneIsKeptAsWell(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := startCall(t, b, b.ledger(t))
	c.overtake()
	first := c.hears(1, "first")
	other := first
	other.Payload = []byte(`{"text":"other"}`)
	c.late(first)
	c.late(other)
	if got := b.quarantine(t, c.id); len(got) != 1 || got[0].Payload != string(other.Payload) {
		t.Errorf("in quarantine: %v", got)
	}
	if diff := cmp.Diff([]string{"user: first"}, b.lines(t, c.id)); diff != "" {
		t.Error(diff)
	}
}

func TestAnEventWhoseSeqIsTakenIsKeptAsALateOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var log logged
	l := b.open(t, store.LedgerOptions{Log: log.logger()})
	c := startCall(t, b, l)
	stored := c.hears(1, "stored before")
	c.commit(stored)
	twin := c.hears(2, "twice in the batch")
	twinsTwin := twin
	twinsTwin.Payload = []byte(`{"segment":3,"text":"its twin"}`)
	other := stored
	other.Payload = []byte(`{"segment":4,"text":"another"}`)
	batch := []interview.Event{other, twin, twinsTwin, c.says("after")}
	for range 2 { // again: nothing changes
		refused := refusal(t, l.Commit(t.Context(), batch))
		if len(refused.Events) != 2 || !errors.Is(refused.Refusal(c.id, 1), store.ErrSeqTaken) || !errors.Is(refused.Refusal(c.id, 2), store.ErrSeqTaken) {
			t.Fatalf("refused: %v", refused.Events)
		}
	}
	lines := b.lines(t, c.id)
	slices.Sort(lines)
	if diff := cmp.Diff([]string{"user: after", "user: another", "user: its twin"}, lines); diff != "" {
		t.Error(diff)
	}
	if n := scan[int](t, b, "SELECT count(*) FROM interview_late WHERE interview = $1 AND fence = $2 AND seq IN (1, 2)", c.id, c.fence); n != 2 {
		t.Errorf("%d late events, want 2", n)
	}
	if heard := log.String(); !strings.Contains(heard, "ALARM") || strings.Contains(heard, "another\"") {
		t.Errorf("logged: %s", heard)
	}
}

// Two writers of one process can meet in a batch of its journal.
func TestTwoFencesInOneBatchAreTwoWriters(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := startCall(t, b, b.ledger(t))
	next := c.overtake()
	old, fresh := c.says("old"), next.hears(1, "new") // which makes no line
	err := c.ledger.Commit(t.Context(), []interview.Event{old, fresh})
	if !errors.As(err, new(*interview.StaleFenceError)) || errors.As(err, new(*store.RefusedError)) {
		t.Errorf("answers %v, want that one fence is stale", err)
	}
	if got := b.lines(t, c.id); len(got) != 0 {
		t.Errorf("the old fence's event made a line: %q", got)
	}
	if got := scan[interview.Fence](t, b, "SELECT fence FROM interview_events WHERE interview = $1", c.id); got != next.fence {
		t.Errorf("the event of fence %d is stored", got)
	}
}

func TestLateEventsNobodyWaitsForAreAnError(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := startCall(t, b, b.ledger(t))
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	<-ctx.Done()
	if err := c.ledger.AppendLate(ctx, []interview.Event{c.hears(1, "x")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("append: %v", err)
	}
	if err := c.ledger.SettleLate(ctx, []interview.ID{c.id}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("settle: %v", err)
	}
}
