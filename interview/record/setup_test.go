package record

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

const testID interview.ID = "00000000-0000-4000-8000-000000000001"

var testKey = []byte("a key of thirty-two bytes, or so")

// step is an event of a story: its fence, kind and payload.
type step struct {
	fence   interview.Fence
	kind    interview.EventKind
	payload any
}

// whole is a record in order: two owners, two lines of the candidate, three of the
// interviewer, ended and sealed.
func whole(t testing.TB) Record {
	t.Helper()
	return tell(t,
		step{1, interview.KindStarted, interview.Started{Mode: interview.ModeVoice}},
		step{1, interview.KindConnected, interview.Connection{Conn: 1}},
		step{1, interview.KindTurnBegan, interview.TurnBegan{Config: json.RawMessage("{}"), Numbers: json.RawMessage("{}")}},
		step{1, interview.KindReplyStarted, interview.ReplyStarted{Reply: 1, Text: "Hello."}},
		step{1, interview.KindReplyWritten, interview.ReplyWritten{Reply: 1, Text: "Hello. What do you do?"}},
		step{1, interview.KindTurnInputs, interview.TurnInputs{Inputs: []json.RawMessage{}}},
		step{1, interview.KindReplyEnded, interview.ReplyEnded{Reply: 1, Heard: "Hello. What do you do?"}},
		step{1, interview.KindSegmentFinal, interview.SegmentFinal{Segment: 1, Text: "I write"}},
		step{1, interview.KindSegmentFinal, interview.SegmentFinal{Segment: 2, Text: "programs."}},
		step{1, interview.KindSegmentFinal, interview.SegmentFinal{Segment: 3, Text: "..."}},
		step{1, interview.KindTurnCommitted, interview.TurnCommitted{Turn: 1, Text: "I write programs.", Segments: []interview.SegmentNo{1, 2}}},
		step{1, interview.KindReplyStarted, interview.ReplyStarted{Reply: 2, Turn: 1, Text: "I see, go on please."}},
		step{2, interview.KindReplyEnded, interview.ReplyEnded{Reply: 2, Turn: 1, Heard: "I see,", Interrupted: true}},
		step{2, interview.KindTurnBegan, interview.TurnBegan{Config: json.RawMessage("{}"), Numbers: json.RawMessage("{}"), Resumed: true}},
		step{2, interview.KindSegmentFinal, interview.SegmentFinal{Segment: 4, Text: "Bye."}},
		step{2, interview.KindTurnCommitted, interview.TurnCommitted{Turn: 2, Text: "Bye.", Segments: []interview.SegmentNo{4}}},
		step{2, interview.KindReplyEnded, interview.ReplyEnded{Reply: 3}},
		step{2, interview.KindEnded, interview.Ended{Reason: interview.EndCandidate}},
	)
}

func tell(t testing.TB, steps ...step) Record {
	t.Helper()
	r := Record{Interview: testID}
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for i, s := range steps {
		e, err := interview.NewEvent(testID, interview.Seq(i+1), s.fence, s.kind, at.Add(time.Duration(i)*time.Second), time.Duration(i)*time.Second, s.payload)
		if err != nil {
			t.Fatal(err)
		}
		r.Events = append(r.Events, e)
		if l, is, err := LineOf(e); err != nil {
			t.Fatal(err)
		} else if is {
			l.Source = "voice"
			r.Lines = append(r.Lines, l)
		}
	}
	reseal(t, &r)
	return r
}

func reseal(t testing.TB, r *Record) {
	t.Helper()
	seal, err := Compute(testKey, r.Interview, r.Events)
	if err != nil {
		t.Fatal(err)
	}
	seal.At = time.Date(2026, 5, 4, 13, 0, 0, 0, time.UTC)
	r.Seal = &seal
}
