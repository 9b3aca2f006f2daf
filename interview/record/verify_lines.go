package record

import (
	"strings"

	"github.com/vantahire/vantahire/interview"
)

// lines compares the transcript with what the events say.
func (r *Report) lines(rec Record) {
	stored := map[interview.Seq]Line{}
	var before interview.Seq
	for _, l := range rec.Lines {
		switch {
		case l.Source == SourceLate:
			continue
		case l.Seq == 0:
			r.OtherLines++
			continue
		}
		r.Lines++
		if _, twice := stored[l.Seq]; twice {
			r.problem("the line of event %d is there twice", l.Seq)
		} else if l.Seq < before {
			r.problem("the line of event %d comes behind that of event %d", l.Seq, before)
		}
		stored[l.Seq], before = l, max(before, l.Seq)
	}
	for _, e := range rec.Events {
		want, is, err := LineOf(e)
		if err != nil || !is { // unreadable ones are told of elsewhere
			continue
		}
		got, there := stored[e.Seq]
		delete(stored, e.Seq)
		switch {
		case !there:
			r.problem("the line of event %d is missing", e.Seq)
		case !sameLine(got, want):
			r.problem("the line of event %d is not what the event says", e.Seq)
		}
	}
	for _, l := range rec.Lines {
		if _, left := stored[l.Seq]; left && l.Source != SourceLate && l.Seq != 0 {
			r.problem("there is a line of event %d, which makes none", l.Seq)
			delete(stored, l.Seq)
		}
	}
	if r.OtherLines > 0 {
		r.note("%d lines of the transcript come from no event", r.OtherLines)
	}
}

func sameLine(a, b Line) bool {
	return a.Role == b.Role && a.Content == b.Content && a.Turn == b.Turn && a.Reply == b.Reply && a.Interrupted == b.Interrupted &&
		a.At.UnixMilli() == b.At.UnixMilli()
}

// late tells of events of overtaken owners, and checks that the lines made of them
// are what they say.
func (r *Report) late(rec Record) {
	for _, e := range rec.Late {
		if e.Interview != rec.Interview {
			r.problem("late event %d of fence %d is one of another interview", e.Seq, e.Fence)
		}
		if _, err := document(e.Payload); err != nil {
			r.problem("late event %d of fence %d: %v", e.Seq, e.Fence, err)
		}
	}
	if len(rec.Late) > 0 {
		r.note("%d events of overtaken owners came too late for their place in the record", len(rec.Late))
	}
	said, spoken := lateTexts(rec.Late)
	for _, l := range rec.Lines {
		if l.Source != SourceLate {
			continue
		}
		r.LateLines++
		ok := false
		switch l.Role {
		case interview.RoleUser:
			ok = said[l.Content] > 0
			said[l.Content]--
		case interview.RoleAssistant:
			for _, text := range spoken[l.Reply] {
				ok = ok || strings.HasPrefix(text, l.Content)
			}
		case interview.RoleSystem:
		}
		if !ok {
			r.problem("a late line (%s, %s) is of no late event", l.Role, l.At.UTC().Format("15:04:05.000"))
		}
	}
	missing := 0
	for _, n := range said {
		missing += max(0, n)
	}
	if missing > 0 {
		r.problem("%d late segments are in no line", missing)
	}
	if r.LateLines > 0 {
		r.note("%d lines of the transcript come from late events", r.LateLines)
	}
}

// lateTexts are what late lines are made of: each late segment makes one, as its
// turn may hold others that are in the record; a late reply makes one of what was
// heard of it, or of its whole text when no late event tells.
func lateTexts(events []interview.Event) (said map[string]int, spoken map[interview.ReplyNo][]string) {
	const most = 8 // events of one reply; there are three
	said, spoken = map[string]int{}, map[interview.ReplyNo][]string{}
	speak := func(no interview.ReplyNo, text string, err error) {
		if err == nil && text != "" && len(spoken[no]) < most {
			spoken[no] = append(spoken[no], text)
		}
	}
	for _, e := range events {
		switch e.Kind {
		case interview.KindSegmentFinal:
			if s, err := payload[interview.SegmentFinal](e); err == nil && s.Text != "" {
				said[s.Text]++
			}
		case interview.KindReplyStarted:
			s, err := payload[interview.ReplyStarted](e)
			speak(s.Reply, s.Text, err)
		case interview.KindReplyWritten:
			w, err := payload[interview.ReplyWritten](e)
			speak(w.Reply, w.Text, err)
		case interview.KindReplyEnded:
			x, err := payload[interview.ReplyEnded](e)
			speak(x.Reply, x.Heard, err)
		default:
		}
	}
	return said, spoken
}
