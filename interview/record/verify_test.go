package record

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

func TestAWholeRecordIsGood(t *testing.T) {
	t.Parallel()
	report := Verify(whole(t), testKey)
	if !report.Good() || len(report.Notes) > 0 {
		t.Errorf("problems %q, notes %q", report.Problems, report.Notes)
	}
	if report.Events != 18 || report.Lives != 2 || report.Lines != 4 || report.Ended != interview.EndCandidate || report.Seal != SealValid {
		t.Errorf("%+v", report)
	}
	if report := Verify(Record{Interview: testID}, nil); !report.Good() || report.Seal != SealMissing {
		t.Errorf("an interview that has not begun: %+v", report)
	}
}

// set changes the payload of the event at index i.
func set(i int, payload any) func(*Record) {
	return func(r *Record) {
		raw, err := json.Marshal(payload)
		if err != nil {
			panic(err)
		}
		r.Events[i].Payload = raw
	}
}

// derive makes the transcript what the events say, so that only the events differ.
func derive(r *Record) {
	r.Lines = nil
	for _, e := range r.Events {
		if l, is, err := LineOf(e); err == nil && is {
			r.Lines = append(r.Lines, l)
		}
	}
}

func TestWhatIsWrongInARecordIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(r *Record)
		want   string
	}{
		"an event is missing":       {func(r *Record) { r.Events = slices.Delete(r.Events, 8, 9) }, "event 9 is missing"},
		"several are missing":       {func(r *Record) { r.Events = slices.Delete(r.Events, 8, 10) }, "events 9 to 10 are missing"},
		"the first is missing":      {func(r *Record) { r.Events = r.Events[1:] }, "event 1 is missing"},
		"an event is there twice":   {func(r *Record) { r.Events = slices.Insert(r.Events, 3, r.Events[2]) }, "event 3 is there twice"},
		"two events change places":  {func(r *Record) { r.Events[1], r.Events[2] = r.Events[2], r.Events[1] }, "event 2 comes behind event 3"},
		"an overtaken owner wrote":  {func(r *Record) { r.Events[14].Fence = 1 }, "event 15 has fence 1 behind fence 2"},
		"another interview's event": {func(r *Record) { r.Events[4].Interview = "x" }, "event 5 is one of another interview"},
		"the clock runs backwards":  {func(r *Record) { r.Events[4].Clock = 0 }, "the clock runs backwards at event 5"},
		"the clock begins anew":     {func(r *Record) { r.Events[12].Clock, r.Events[13].Clock = 0, 0 }, "the clock begins anew at event 14"},
		"something follows the end": {func(r *Record) {
			r.Events[16], r.Events[17] = r.Events[17], r.Events[16]
			r.Events[16].Seq, r.Events[17].Seq = 17, 18
		}, "event 18 follows the end, which is event 17"},
		"a payload is no document":     {func(r *Record) { r.Events[5].Payload = json.RawMessage("{") }, "event 6: payload has no canonical form"},
		"a payload of another kind":    {func(r *Record) { r.Events[3].Payload = json.RawMessage(`{"reply":"x"}`) }, "payload of event 4 is not that of reply_started"},
		"a segment is there twice":     {set(8, interview.SegmentFinal{Segment: 1, Text: "programs."}), "event 9 has segment 1, which event 8 has already"},
		"a turn without its segment":   {set(10, interview.TurnCommitted{Turn: 1, Text: "I write programs.", Segments: []interview.SegmentNo{1, 9}}), "event 11 commits segment 9, which is not there"},
		"a segment in two turns":       {set(15, interview.TurnCommitted{Turn: 2, Text: "I write Bye.", Segments: []interview.SegmentNo{1, 4}}), "event 16 commits segment 1, which event 11 has committed"},
		"a turn twice":                 {set(15, interview.TurnCommitted{Turn: 1, Text: "Bye.", Segments: []interview.SegmentNo{4}}), "event 16 commits turn 1, which event 11 has committed"},
		"a segment in no turn":         {set(15, interview.TurnCommitted{Turn: 2}), "segment 4 of event 15 is in no line"},
		"a line that nobody said":      {set(15, interview.TurnCommitted{Turn: 2, Text: "Bye bye.", Segments: []interview.SegmentNo{4}}), "event 16: the candidate's line is not what its segments say"},
		"a reply twice":                {set(11, interview.ReplyStarted{Reply: 1, Text: "I see, go on please."}), "event 12 starts reply 1, which was there before"},
		"a text of no reply":           {set(4, interview.ReplyWritten{Reply: 9, Text: "Hello."}), "event 5 has the text of reply 9, which has not started"},
		"a text that begins elsewhere": {set(4, interview.ReplyWritten{Reply: 1, Text: "Bye."}), "event 5: the text of reply 1 does not begin as it started"},
		"an end without a start":       {set(12, interview.ReplyEnded{Reply: 9, Heard: "I see,"}), "event 13 ends reply 9, which has not started and was heard"},
		"a reply that ends twice":      {set(12, interview.ReplyEnded{Reply: 1, Heard: "Hello."}), "event 13 ends reply 1, which event 7 has ended"},
		"a reply without an end":       {set(12, interview.ReplyEnded{Reply: 9}), "reply 2 of event 12 has no end"},
		"words that were not said":     {set(6, interview.ReplyEnded{Reply: 1, Heard: "Hello. How old are you?"}), "event 7: what was heard of reply 1 is not what it said"},
		"words beyond what was known":  {set(12, interview.ReplyEnded{Reply: 2, Turn: 1, Heard: "I saw,"}), "event 13: what was heard of reply 2 is not what it said"},
		"a machine that begins twice":  {func(r *Record) { r.Events[13].Fence, r.Events[12].Fence = 1, 1 }, "event 14: the turn machine begins a second time in one life"},
		"inputs of no machine":         {func(r *Record) { r.Events[2].Kind = interview.KindDegraded }, "event 6 has inputs of a turn machine that has not begun"},
		"a quarantine that is empty":   {func(r *Record) { r.Events[5].Kind = interview.KindQuarantined }, "event 6, , is said to be in quarantine and is not there"},
		"a line is missing":            {func(r *Record) { r.Lines = r.Lines[1:] }, "the line of event 7 is missing"},
		"a line is there twice":        {func(r *Record) { r.Lines = append(r.Lines, r.Lines[3]) }, "the line of event 16 is there twice"},
		"a line has changed":           {func(r *Record) { r.Lines[1].Content = "x" }, "the line of event 11 is not what the event says"},
		"a line has another speaker":   {func(r *Record) { r.Lines[1].Role = interview.RoleAssistant }, "the line of event 11 is not what the event says"},
		"a line that was interrupted":  {func(r *Record) { r.Lines[2].Interrupted = false }, "the line of event 13 is not what the event says"},
		"a line of another time":       {func(r *Record) { r.Lines[1].At = r.Lines[1].At.Add(time.Millisecond) }, "the line of event 11 is not what the event says"},
		"a line of nothing":            {func(r *Record) { r.Lines = append(r.Lines, Line{Seq: 17, Source: "voice"}) }, "there is a line of event 17, which makes none"},
		"lines out of order":           {func(r *Record) { r.Lines[0], r.Lines[1] = r.Lines[1], r.Lines[0] }, "the line of event 7 comes behind that of event 11"},
		"a late line of nothing": {func(r *Record) {
			r.Lines = append(r.Lines, Line{Source: SourceLate, Role: interview.RoleUser, Content: "x"})
		}, "a late line (user, 00:00:00.000) is of no late event"},
		"a late segment without a line": {func(r *Record) { r.Late = []interview.Event{r.Events[7]} }, "1 late segments are in no line"},
		"a late event of another":       {func(r *Record) { r.Late = []interview.Event{r.Events[1]}; r.Late[0].Interview = "x" }, "late event 2 of fence 1 is one of another interview"},
		"a late event that is broken":   {func(r *Record) { r.Late = []interview.Event{r.Events[1]}; r.Late[0].Payload = nil }, "late event 2 of fence 1: payload has no canonical form"},
		"no seal":                       {func(r *Record) { r.Seal = nil }, "the record is complete and not sealed"},
		"another seal":                  {func(r *Record) { r.Seal.MAC[0] ^= 1 }, "the events are not those that were sealed"},
		"another key":                   {func(r *Record) { r.Seal.KeyID = "00000000" }, "the seal was made with key 00000000"},
	} {
		r := whole(t)
		c.change(&r)
		report := Verify(r, testKey)
		if !slices.ContainsFunc(report.Problems, func(p string) bool { return strings.HasPrefix(p, c.want) }) {
			t.Errorf("%s: %q, want %q", name, report.Problems, c.want)
		}
		// A change that is sealed is found as well, unless the seal itself was it.
		if c.want[:3] == "the" && strings.Contains(c.want, "seal") {
			continue
		}
		reseal := r
		if seal, err := Compute(testKey, r.Interview, r.Events); err == nil {
			reseal.Seal = &seal
			if Verify(reseal, testKey).Good() {
				t.Errorf("%s: only the seal tells", name)
			}
		}
		for _, p := range report.Problems {
			if strings.Contains(p, "programs") || strings.Contains(p, "What do you do") {
				t.Errorf("%s: the report quotes the record: %s", name, p)
			}
		}
	}
}

func TestWhatAReaderShouldKnowIsNoProblem(t *testing.T) {
	t.Parallel()
	quarantine := func(i int) func(*Record) {
		return func(r *Record) {
			e := &r.Events[i]
			r.Quarantined = append(r.Quarantined, Quarantined{Seq: e.Seq, Fence: e.Fence, Kind: e.Kind, Reason: "it has a NUL"})
			e.Payload = json.RawMessage(fmt.Sprintf(`{"kind":%q,"reason":"it has a NUL"}`, e.Kind))
			e.Kind = interview.KindQuarantined
			derive(r)
		}
	}
	for name, c := range map[string]struct {
		change func(r *Record)
		note   string
	}{
		"the interview goes on":     {func(r *Record) { r.Events, r.Seal = r.Events[:17], nil; derive(r) }, "the interview is not over"},
		"a turn is open":            {func(r *Record) { r.Events, r.Seal = r.Events[:9], nil; derive(r) }, "segment 1 of event 8 is in no line"},
		"a reply is open":           {func(r *Record) { r.Events, r.Seal = r.Events[:12], nil; derive(r) }, "reply 2 of event 12 has no end"},
		"a kind of a later program": {func(r *Record) { r.Events[0].Kind = "sneezed" }, "event 1 is of a kind this program does not know"},
		"a segment in quarantine":   {quarantine(7), "event 8, segment_final, could not be stored and is in quarantine: it has a NUL"},
		"a turn in quarantine":      {quarantine(10), "event 11, turn_committed, could not be stored"},
		"a reply's start":           {quarantine(3), "event 4, reply_started, could not be stored"},
		"a reply's text":            {quarantine(4), "event 5, reply_written, could not be stored"},
		"a reply's end":             {quarantine(12), "event 13, reply_ended, could not be stored"},
		"the machine's beginning":   {quarantine(2), "event 3, turn_began, could not be stored"},
		"one without a place":       {func(r *Record) { r.Quarantined = []Quarantined{{Seq: 3, Fence: 9, Kind: "k", Reason: "x"}} }, "an event of fence 9, k, is in quarantine without a place"},
		"lines of another source":   {func(r *Record) { r.Lines = append(r.Lines, Line{Content: "typed elsewhere"}) }, "1 lines of the transcript come from no event"},
		"late words": {func(r *Record) {
			r.Late = []interview.Event{r.Events[7]}
			r.Lines = append(r.Lines, Line{Source: SourceLate, Role: interview.RoleUser, Content: "I write"})
		}, "1 lines of the transcript come from late events"},
		"a late reply that was heard": {func(r *Record) {
			r.Late = r.Events[3:5]
			r.Lines = append(r.Lines, Line{Source: SourceLate, Role: interview.RoleAssistant, Reply: 1, Content: "Hello. What"})
		}, "2 events of overtaken owners came too late"},
	} {
		r := whole(t)
		c.change(&r)
		if r.Seal != nil {
			reseal(t, &r)
		}
		report := Verify(r, testKey)
		if !report.Good() {
			t.Errorf("%s: %q", name, report.Problems)
		}
		if !slices.ContainsFunc(report.Notes, func(n string) bool { return strings.HasPrefix(n, c.note) }) {
			t.Errorf("%s: notes %q, want %q", name, report.Notes, c.note)
		}
	}
	if report := Verify(whole(t), nil); !report.Good() || report.Seal != SealUnchecked {
		t.Errorf("without a key: %+v", report)
	}
	unsealed := whole(t)
	unsealed.Seal = nil
	if report := Verify(unsealed, nil); !report.Good() || report.Seal != SealMissing || len(report.Notes) != 1 {
		t.Errorf("without a key and a seal: %+v", report)
	}
}

func TestAReportOfARuinIsBounded(t *testing.T) {
	t.Parallel()
	r := Record{Interview: testID}
	for i := range 5000 {
		r.Events = append(r.Events, interview.Event{Interview: "x", Seq: interview.Seq(i * 2), Kind: "k"})
	}
	report := Verify(r, testKey)
	if n := len(report.Problems); n != mostFindings+1 || !strings.HasPrefix(report.Problems[n-1], "and ") || len(report.Notes) > mostFindings {
		t.Errorf("%d problems, %d notes", n, len(report.Notes))
	}
}
