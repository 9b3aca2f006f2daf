package outage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/interview/record"
)

// heardSurely is how much of a reply must have been played for the server to know
// that some of it was: it stores that every second, and a word takes a moment.
const heardSurely = 2500 * time.Millisecond

// Finding is what a check has found out about one interview, or the sum of many.
type Finding struct {
	Acknowledged int // lines that the candidate was told
	Lost         int
	Doubled      int
	Swapped      int // lines out of order
	Changed      int // lines that are stored differently
	Dropped      int // replies that were told, are in the events, and were dropped before they were heard: no lines
	Utterances   int // said to their end
	Unheard      int // of these, without an acknowledged word: the unacknowledged loss
	MostUnheard  int // of one interview and absence
	Problems     []string
}

// Add adds another finding.
func (f *Finding) Add(g Finding) {
	f.Acknowledged, f.Lost, f.Doubled = f.Acknowledged+g.Acknowledged, f.Lost+g.Lost, f.Doubled+g.Doubled
	f.Swapped, f.Changed, f.Dropped = f.Swapped+g.Swapped, f.Changed+g.Changed, f.Dropped+g.Dropped
	f.Utterances, f.Unheard, f.MostUnheard = f.Utterances+g.Utterances, f.Unheard+g.Unheard, max(f.MostUnheard, g.MostUnheard)
	f.Problems = append(f.Problems, g.Problems...)
}

// String sums up.
func (f Finding) String() string {
	return fmt.Sprintf("%d lines acknowledged, %d lost, %d doubled, %d out of order, %d changed; %d replies dropped unheard; %d utterances, %d of them never acknowledged, at most %d for a call and an outage",
		f.Acknowledged, f.Lost, f.Doubled, f.Swapped, f.Changed, f.Dropped, f.Utterances, f.Unheard, f.MostUnheard)
}

func (f *Finding) problem(format string, args ...any) {
	f.Problems = append(f.Problems, fmt.Sprintf(format, args...))
}

// Check compares what a candidate was told with what is stored.
func Check(call Call, rec record.Record) Finding {
	var f Finding
	f.candidate(call, rec)
	f.interviewer(call, rec)
	f.unheard(call)
	f.lines(rec.Lines)
	f.absences(call, rec.Lines)
	for i := range f.Problems {
		f.Problems[i] = string(call.Interview) + ": " + f.Problems[i]
	}
	return f
}

// candidate: every segment that was told is stored with the same words and stands in
// one line, in order; one at the very end may still wait for its line.
func (f *Finding) candidate(call Call, rec record.Record) {
	stored := map[interview.SegmentNo]string{}
	inLine := map[interview.SegmentNo]int{}
	var last, newest interview.SegmentNo
	for _, e := range rec.Events {
		switch e.Kind {
		case interview.KindSegmentFinal:
			var s interview.SegmentFinal
			if err := json.Unmarshal(e.Payload, &s); err != nil {
				f.problem("event %d: %v", e.Seq, err)
			}
			if _, twice := stored[s.Segment]; twice {
				f.Doubled++
				f.problem("segment %d is stored twice", s.Segment)
			}
			stored[s.Segment] = plain(s.Text)
		case interview.KindTurnCommitted:
			var t interview.TurnCommitted
			if err := json.Unmarshal(e.Payload, &t); err != nil {
				f.problem("event %d: %v", e.Seq, err)
			}
			var words []string
			missing := false
			for _, s := range t.Segments {
				_, known := stored[s]
				missing = missing || !known // in quarantine
				if s <= last {
					f.Swapped++
					f.problem("segment %d is in a line behind segment %d", s, last)
				}
				last, newest = s, max(newest, s)
				inLine[s]++
				words = append(words, stored[s])
			}
			if joined := strings.Join(strings.Fields(strings.Join(words, " ")), " "); joined != plain(t.Text) && !missing {
				f.Changed++
				f.problem("event %d has %q, its segments %q", e.Seq, t.Text, joined)
			}
		default:
		}
	}
	seen := map[interview.SegmentNo]string{}
	for _, t := range call.Told {
		if t.Segment == 0 {
			continue
		}
		text := plain(t.Text)
		if before, again := seen[t.Segment]; again {
			if before != text {
				f.Changed++
				f.problem("segment %d was told as %q and as %q", t.Segment, before, text)
			}
			continue
		}
		seen[t.Segment] = text
		f.Acknowledged++
		now, there := stored[t.Segment]
		switch {
		case !there, inLine[t.Segment] == 0 && (t.Segment < newest || call.Ended):
			f.Lost++
			f.problem("segment %d is lost: %q", t.Segment, t.Text)
		case inLine[t.Segment] > 1:
			f.Doubled++
			f.problem("segment %d is in %d lines", t.Segment, inLine[t.Segment])
		case now != text:
			f.Changed++
			f.problem("segment %d was told as %q and is stored as %q", t.Segment, text, now)
		}
	}
}

// interviewer: every reply that was told and heard is one line, whole or an
// interrupted beginning of it.
func (f *Finding) interviewer(call Call, rec record.Record) {
	lines, written := rec.Lines, map[interview.ReplyNo]bool{}
	for _, e := range append(rec.Events[:len(rec.Events):len(rec.Events)], rec.Late...) {
		if e.Kind == interview.KindReplyWritten {
			var w interview.ReplyWritten
			if err := json.Unmarshal(e.Payload, &w); err == nil {
				written[w.Reply] = true
			}
		}
	}
	count := map[interview.ReplyNo]int{}
	for _, l := range lines {
		if l.Role == interview.RoleAssistant {
			count[l.Reply]++
		}
	}
	for _, t := range call.Told {
		if t.Reply == 0 {
			continue
		}
		if !written[t.Reply] {
			f.Acknowledged++
			f.Lost++
			f.problem("reply %d is in no event: %q", t.Reply, t.Text)
			continue
		}
		at := slices.IndexFunc(lines, func(l record.Line) bool { return l.Role == interview.RoleAssistant && l.Reply == t.Reply })
		if at < 0 {
			if t.Heard >= heardSurely {
				f.Acknowledged++
				f.Lost++
				f.problem("reply %d was heard for %s and is lost: %q", t.Reply, t.Heard.Round(time.Millisecond), t.Text)
			} else {
				f.Dropped++
			}
			continue
		}
		f.Acknowledged++
		whole, text := plain(t.Text), plain(lines[at].Content)
		switch {
		case count[t.Reply] > 1:
			f.Doubled++
			f.problem("reply %d is %d lines", t.Reply, count[t.Reply])
		case text != whole && (!lines[at].Interrupted || !strings.HasPrefix(whole, text)):
			f.Changed++
			f.problem("reply %d was told as %q and is stored as %q", t.Reply, t.Text, lines[at].Content)
		}
	}
}

// unheard counts the utterances of which nothing was acknowledged, and the most
// between two connections.
func (f *Finding) unheard(call Call) {
	var told strings.Builder
	for _, t := range call.Told {
		if t.Segment != 0 {
			told.WriteString(" " + plain(t.Text))
		}
	}
	told.WriteString(" ")
	run := map[int]int{}
	for i, s := range call.Said {
		if !s.Complete || i == len(call.Said)-1 && !call.Ended {
			continue // the last one may still be on its way
		}
		f.Utterances++
		if strings.Contains(told.String(), " "+plain(s.Text)+" ") {
			continue
		}
		f.Unheard++
		between := 0
		for _, a := range call.Absences {
			if a.Lost.Before(s.Began) {
				between++
			}
		}
		run[between]++
		f.MostUnheard = max(f.MostUnheard, run[between])
	}
}

// lines: none of the candidate's is there twice, and they stand in order.
func (f *Finding) lines(lines []record.Line) {
	texts := map[string]bool{}
	for i, l := range lines {
		if i > 0 && l.Seq != 0 && l.Seq <= lines[i-1].Seq {
			f.Swapped++
			f.problem("line %d has seq %d after %d", i+1, l.Seq, lines[i-1].Seq)
		}
		if text := plain(l.Content); l.Role == interview.RoleUser {
			if texts[text] && strings.Contains(text, "answer") {
				f.Doubled++
				f.problem("line %d is there twice: %q", i+1, l.Content)
			}
			texts[text] = true
		}
	}
}

// absences: whoever comes back goes on where they were.
func (f *Finding) absences(call Call, lines []record.Line) {
	greetings := 0
	for _, l := range lines {
		if strings.Contains(plain(l.Content), greeting) {
			greetings++
		}
	}
	if greetings > 1 {
		f.problem("the candidate was greeted %d times", greetings)
	}
	if call.Refused {
		f.problem("the candidate was not let in again")
	}
	if len(lines) == 0 {
		return
	}
	for _, a := range call.Absences {
		if !a.Resumed && len(call.Told) > 0 && call.Told[0].At.Before(a.Lost) {
			f.problem("the call was not resumed after %s", a.Lost.Format(time.TimeOnly))
		}
	}
}

// greeting begins every interview of a Candidate, and nothing else does.
const greeting = "welcome to this conversation"
