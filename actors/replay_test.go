package actors

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/interview"
)

func TestWhatAReplayMakesOfADamagedRecord(t *testing.T) {
	t.Parallel()
	index := func(events []interview.Event, kind interview.EventKind, nth int) int {
		for i, e := range events {
			if e.Kind == kind {
				if nth--; nth == 0 {
					return i
				}
			}
		}
		t.Fatalf("no %s", kind)
		return 0
	}
	quarantine := func(kind interview.EventKind, nth int) func([]interview.Event) []interview.Event {
		return func(events []interview.Event) []interview.Event {
			i := index(events, kind, nth)
			events[i].Kind, events[i].Payload = interview.KindQuarantined, marshal(t, interview.Quarantined{Kind: kind, Reason: "poisoned"})
			return events
		}
	}
	replace := func(kind interview.EventKind, nth int, payload string) func([]interview.Event) []interview.Event {
		return func(events []interview.Event) []interview.Event {
			events[index(events, kind, nth)].Payload = json.RawMessage(payload)
			return events
		}
	}
	for name, c := range map[string]struct {
		file    string
		change  func([]interview.Event) []interview.Event
		skipped string // by the first life
		what    string // differs
		err     error
	}{
		"a line in quarantine counts as the one that is due": {"talk", quarantine(interview.KindTurnCommitted, 1), "", "", nil},
		"a line in quarantine that is not due": {"talk", func(e []interview.Event) []interview.Event {
			return quarantine(interview.KindReplyEnded, 1)(slices.Delete(e, index(e, interview.KindTurnInputs, 1), index(e, interview.KindReplyEnded, 1)))
		}, "", "does not make", nil},
		"inputs in quarantine":                    {"talk", quarantine(interview.KindTurnInputs, 2), "inputs of the turn machine, is in quarantine", "", nil},
		"a beginning in quarantine":               {"talk", quarantine(interview.KindTurnBegan, 1), "beginning, is in quarantine", "", ErrNotReplayable},
		"a rule of a later program":               {"talk", replace(interview.KindTurnBegan, 1, `{"config":{"Sneeze":1},"numbers":{}}`), "can't be read by this program", "", ErrNotReplayable},
		"an input of a later program":             {"talk", replace(interview.KindTurnInputs, 1, `{"inputs":[{"t":"sneeze"}]}`), "", "unknown type", nil},
		"inputs that are none":                    {"talk", replace(interview.KindTurnInputs, 1, `{"inputs":7}`), "", "inputs that can't be read", nil},
		"a decision that is none":                 {"talk", replace(interview.KindTurnCommitted, 1, `[]`), "", "a decision that can't be read", nil},
		"a line that was made of the life before": {"killed_in_reply", replace(interview.KindReplyEnded, 2, `{"reply":2,"turn":1,"heard":"One","interrupted":true,"played":1}`), "", "something else", nil},
		"a line of the life before that is missing": {"killed_in_turn", func(e []interview.Event) []interview.Event {
			i := slices.IndexFunc(e, func(e interview.Event) bool { return e.Kind == interview.KindTurnCommitted && e.Fence == 2 })
			return slices.Delete(e, i, i+1)
		}, "", "", nil},
		"another end":              {"talk", replace(interview.KindEnded, 1, `{"reason":"idle","used":0}`), "", "something else", nil},
		"an end of nothing":        {"talk", func(e []interview.Event) []interview.Event { n := len(e) - 1; e[n].Fence = 2; return e[n:] }, "", "something else", nil},
		"an order that is none":    {"talk", func(e []interview.Event) []interview.Event { e[3].Seq = 1; return e }, "", "", ErrNotReplayable},
		"events of two interviews": {"talk", func(e []interview.Event) []interview.Event { e[3].Interview = "x"; return e }, "", "", ErrNotReplayable},
		"nothing":                  {"talk", func([]interview.Event) []interview.Event { return nil }, "", "", ErrNotReplayable},
		"a decision that was not stored in time": {"talk", func(e []interview.Event) []interview.Event {
			i := index(e, interview.KindReplyEnded, 2)
			return slices.Delete(e, i, i+1)
		}, "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := Replay(c.change(readRecord(t, recordFile(c.file)).Events))
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if c.skipped != "" && !strings.Contains(report.Lives[0].Skipped, c.skipped) {
				t.Errorf("skipped: %q", report.Lives[0].Skipped)
			}
			d := report.Difference
			switch {
			case strings.Contains(name, "missing") || strings.Contains(name, "in time"):
				if d == nil {
					t.Error("nothing differs")
				}
			case c.what == "" && d != nil:
				t.Errorf("event %d: %s", d.Seq, d.What)
			case c.what != "" && (d == nil || !strings.Contains(d.What, c.what)):
				t.Errorf("differs: %+v", d)
			}
		})
	}
}

func TestARecordOfTooManyLivesIsRefused(t *testing.T) {
	t.Parallel()
	var events []interview.Event
	for i := range maxLives + 1 {
		events = append(events, interview.Event{Seq: interview.Seq(i + 1), Fence: interview.Fence(i + 1), Kind: interview.KindTalkTime, Payload: json.RawMessage("{}")})
	}
	if _, err := Replay(events); !errors.Is(err, ErrNotReplayable) {
		t.Errorf("error %v", err)
	}
}

func TestADecisionIsDescribedWithoutWhatWasSaid(t *testing.T) {
	t.Parallel()
	d := Decision{Kind: interview.KindTurnCommitted, Turn: 3, Text: "Grüße", Segments: []interview.SegmentNo{4}, Aside: true}
	if got := d.Describe(false); got != "turn_committed turn 3 segments [4] aside 5 characters" {
		t.Error(got)
	}
	if got := d.Describe(true); got != `turn_committed turn 3 segments [4] aside "Grüße"` {
		t.Error(got)
	}
	d = Decision{Kind: interview.KindEnded, Reason: interview.EndIdle, Used: time.Second}
	if got := d.Describe(false); got != "ended idle used 1s" {
		t.Error(got)
	}
}

func TestTheInterviewsClockGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.wait(10 * time.Second)
		s.kill(Config{})
		s.wait(time.Minute) // nobody is there
		before := s.ledger.events[s.id][len(s.ledger.events[s.id])-1]
		s.connect(false)
		s.untilQuiet()
		after := s.ledger.events[s.id]
		last := after[len(after)-1]
		if last.Fence != 2 || last.Clock < before.Clock || last.Clock > before.Clock+30*time.Second {
			t.Errorf("the clock was at %s and is at %s", before.Clock, last.Clock)
		}
	})
}

func TestNothingIsStoredBehindTheEnd(t *testing.T) {
	t.Parallel()
	a := &interviewActor{seq: 7, endSeq: 7, stored: map[interview.Seq]func(){}} // no writer: handing on would panic
	a.record(interview.KindDegraded, interview.Degraded{Stage: "tts"}, func() { t.Error("it is called durable") })
	if a.seq != 7 || len(a.stored) != 0 {
		t.Errorf("seq %d, %d events wait", a.seq, len(a.stored))
	}
}

// TestALongTalkWithoutADecisionIsStoredInPieces bounds what a crash can lose of the
// inputs, and what a document holds.
func TestALongTalkWithoutADecisionIsStoredInPieces(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		text := "and then"
		for range 300 {
			text += " and then something else"
			s.ear.last(t).hears(text)
			s.wait(20 * time.Millisecond)
		}
		s.end()
		inputs, most := 0, 0
		for _, e := range s.ledger.events[s.id] {
			if e.Kind == interview.KindTurnInputs {
				n := len(payload[interview.TurnInputs](t, e).Inputs)
				inputs, most = inputs+n, max(most, n)
				if len(e.Payload) > 64<<10 {
					t.Errorf("an event has %d bytes", len(e.Payload))
				}
			}
		}
		if inputs < 300 || most > traceInputs {
			t.Errorf("%d inputs, at most %d in one event", inputs, most)
		}
	})
}

// BenchmarkTrace is a turn machine's input on its way into the trace: a hypothesis
// that grows by a word.
func BenchmarkTrace(b *testing.B) {
	a := &interviewActor{turn: turn.New(turn.Config{}, turn.Resume{})}
	a.endSeq = 1 // nothing is handed on
	texts := []string{"I", "I have", "I have worked", "I have worked with", "I have worked with queues"}
	b.ReportAllocs()
	for b.Loop() {
		for i, text := range texts {
			at := time.Duration(i) * time.Second
			a.traceInput(at, turn.Partial{Text: text, From: at, To: at})
		}
		a.storeTrace()
	}
}
