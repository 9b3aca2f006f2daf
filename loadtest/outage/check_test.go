package outage

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/interview/record"
)

// talk is a small call with its record: two segments in one turn, one in the next,
// two replies.
func talk(t *testing.T) (call Call, rec record.Record) {
	t.Helper()
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	call = Call{
		Interview: "i",
		Said:      []Said{{Text: "I build things and sell them", Began: at, Complete: true}, {Text: "yes often", Began: at.Add(time.Minute), Complete: true}},
		Told: []Told{
			{At: at, Reply: 1, Text: "Hello and welcome to this conversation. What do you do?", Heard: 4 * time.Second},
			{At: at, Segment: 1, Text: "I build things"},
			{At: at, Segment: 2, Text: "and sell them."},
			{At: at, Reply: 2, Text: "Thank you. Do you travel?", Heard: 4 * time.Second},
			{At: at, Segment: 3, Text: "Yes, often."},
		},
		Absences: []Absence{{Lost: at.Add(2 * time.Minute), Resumed: true}},
		Ended:    true,
	}
	rec = record.Record{Interview: "i"}
	add := func(kind interview.EventKind, payload any) {
		raw, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		e := interview.Event{Interview: "i", Seq: interview.Seq(len(rec.Events) + 1), Fence: 1, Kind: kind, At: at, Payload: raw}
		rec.Events = append(rec.Events, e)
		if line, is, err := record.LineOf(e); err != nil {
			t.Fatal(err)
		} else if is {
			rec.Lines = append(rec.Lines, line)
		}
	}
	defer func() { // behind everything, so that the numbers below stay
		add(interview.KindReplyWritten, interview.ReplyWritten{Reply: 1})
		add(interview.KindReplyWritten, interview.ReplyWritten{Reply: 2})
	}()
	add(interview.KindReplyEnded, interview.ReplyEnded{Reply: 1, Heard: "Hello and welcome to this conversation. What do you do?"})
	add(interview.KindSegmentFinal, interview.SegmentFinal{Segment: 1, Text: "I build things"})
	add(interview.KindSegmentFinal, interview.SegmentFinal{Segment: 2, Text: "and sell them."})
	add(interview.KindTurnCommitted, interview.TurnCommitted{Turn: 1, Text: "I build things and sell them.", Segments: []interview.SegmentNo{1, 2}})
	add(interview.KindReplyEnded, interview.ReplyEnded{Reply: 2, Turn: 1, Heard: "Thank you. Do you", Interrupted: true})
	add(interview.KindSegmentFinal, interview.SegmentFinal{Segment: 3, Text: "Yes, often."})
	add(interview.KindTurnCommitted, interview.TurnCommitted{Turn: 2, Text: "Yes, often.", Segments: []interview.SegmentNo{3}})
	return call, rec
}

func TestTheCheckFindsNothingInAGoodCall(t *testing.T) {
	t.Parallel()
	f := Check(talk(t))
	if len(f.Problems) > 0 || f.Acknowledged != 5 || f.Lost+f.Doubled+f.Swapped+f.Changed != 0 || f.Utterances != 2 || f.Unheard != 0 {
		t.Errorf("%s\n%v", f, f.Problems)
	}
}

func TestTheCheckFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	drop := func(rec *record.Record, seq interview.Seq) {
		rec.Events = slices.DeleteFunc(rec.Events, func(e interview.Event) bool { return e.Seq == seq })
		rec.Lines = slices.DeleteFunc(rec.Lines, func(l record.Line) bool { return l.Seq == seq })
	}
	for name, tc := range map[string]struct {
		spoil func(*Call, *record.Record)
		count func(Finding) int
	}{
		"a segment that is lost":              {func(_ *Call, r *record.Record) { drop(r, 6) }, func(f Finding) int { return f.Lost }},
		"a segment that never became a line":  {func(_ *Call, r *record.Record) { drop(r, 7) }, func(f Finding) int { return f.Lost }},
		"a reply that is lost":                {func(_ *Call, r *record.Record) { drop(r, 5) }, func(f Finding) int { return f.Lost }},
		"a segment that is stored twice":      {func(_ *Call, r *record.Record) { r.Events = append(r.Events, r.Events[5]) }, func(f Finding) int { return f.Doubled }},
		"a segment that is in two lines":      {func(_ *Call, r *record.Record) { r.Events = append(r.Events, r.Events[6]) }, func(f Finding) int { return f.Doubled }},
		"a reply that is two lines":           {func(_ *Call, r *record.Record) { r.Lines = append(r.Lines, r.Lines[2]) }, func(f Finding) int { return f.Doubled }},
		"a reply that is in no event":         {func(_ *Call, r *record.Record) { drop(r, 8) }, func(f Finding) int { return f.Lost }},
		"a candidate who is not let in again": {func(c *Call, _ *record.Record) { c.Refused = true }, func(f Finding) int { return len(f.Problems) }},
		"lines out of order": {func(_ *Call, r *record.Record) {
			r.Lines[1], r.Lines[2] = r.Lines[2], r.Lines[1]
		}, func(f Finding) int { return f.Swapped }},
		"turns out of order": {func(_ *Call, r *record.Record) {
			r.Events[3], r.Events[6] = r.Events[6], r.Events[3]
		}, func(f Finding) int { return f.Swapped }},
		"a line that is changed":       {func(_ *Call, r *record.Record) { r.Lines[0].Content = "Hello." }, func(f Finding) int { return f.Changed }},
		"a segment that was different": {func(c *Call, _ *record.Record) { c.Told[4].Text = "No, never." }, func(f Finding) int { return f.Changed }},
		"an utterance nobody heard": {func(c *Call, _ *record.Record) {
			c.Said = append(c.Said, Said{Text: "hello is anybody there", Complete: true})
		}, func(f Finding) int { return f.Unheard }},
		"a call that begins anew": {func(c *Call, _ *record.Record) { c.Absences[0].Resumed = false }, func(f Finding) int { return len(f.Problems) }},
		"a second greeting": {func(_ *Call, r *record.Record) {
			again := r.Lines[0]
			again.Reply = 9
			r.Lines = append(r.Lines, again)
		}, func(f Finding) int { return len(f.Problems) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call, rec := talk(t)
			tc.spoil(&call, &rec)
			if f := Check(call, rec); tc.count(f) == 0 {
				t.Errorf("it finds %s\n%v", f, f.Problems)
			}
		})
	}
}
