package actors

import (
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// past is what the stored events tell about an interview: enough to go on at the
// same question after a restart.
type past struct {
	begun   bool
	ended   interview.EndReason // ""; not yet
	numbers turn.Resume
	history []providers.Message
	plan    json.RawMessage // nil when the plan has not moved
	open    *openReply      // a reply that started and has no end
	loose   []interview.SegmentFinal
	spent   spent  // what it has cost
	owed    string // the last answer, when no question was heard since
}

// openReply is a reply that was cut by the end of the process.
type openReply struct {
	no     interview.ReplyNo
	turn   interview.TurnNo
	text   string
	played time.Duration
	words  int // that were heard
}

// restore reads stored events, oldest first. Events of unknown kinds, and
// payloads it can't read, are passed over: an older program's record must still
// open.
func restore(events []interview.Event) past {
	r := newRestorer()
	for _, e := range events {
		r.add(e)
	}
	return r.past()
}

// restorer reads stored events one by one.
type restorer struct {
	p         past
	committed map[interview.SegmentNo]bool
	segments  []interview.SegmentFinal
}

func newRestorer() *restorer { return &restorer{committed: map[interview.SegmentNo]bool{}} }

// past is what the events so far tell.
func (r *restorer) past() past {
	p := r.p
	for _, s := range r.segments {
		if !r.committed[s.Segment] {
			p.loose = append(p.loose, s)
		}
	}
	return p
}

// add reads one more event.
func (r *restorer) add(e interview.Event) {
	p := &r.p
	switch e.Kind {
	case interview.KindStarted:
		p.begun = true
	case interview.KindEnded:
		p.ended = interview.EndFailed // unreadable, and over all the same
		if e, ok := read[interview.Ended](e); ok {
			p.ended = e.Reason
		}
	case interview.KindConnected:
		if c, ok := read[interview.Connection](e); ok {
			p.numbers.Conn = max(p.numbers.Conn, c.Conn)
		}
	case interview.KindSegmentFinal:
		if s, ok := read[interview.SegmentFinal](e); ok {
			p.numbers.Segment = max(p.numbers.Segment, s.Segment)
			r.segments = append(r.segments, s)
		}
	case interview.KindTurnCommitted:
		if t, ok := read[interview.TurnCommitted](e); ok {
			p.numbers.Turn = max(p.numbers.Turn, t.Turn)
			p.history = append(p.history, providers.Message{Role: interview.RoleUser, Text: t.Text})
			for _, s := range t.Segments {
				r.committed[s] = true
			}
			if !t.Aside {
				p.owed = t.Text
			}
		}
	case interview.KindReplyStarted:
		if r, ok := read[interview.ReplyStarted](e); ok {
			p.numbers.Reply = max(p.numbers.Reply, r.Reply)
			p.open = &openReply{no: r.Reply, turn: r.Turn, text: r.Text}
		}
	case interview.KindReplyWritten:
		if r, ok := read[interview.ReplyWritten](e); ok && p.open != nil && p.open.no == r.Reply {
			p.open.text = r.Text
		}
	case interview.KindReplyEnded:
		if r, ok := read[interview.ReplyEnded](e); ok {
			p.numbers.Reply = max(p.numbers.Reply, r.Reply)
			if r.Heard != "" {
				p.history = append(p.history, providers.Message{Role: interview.RoleAssistant, Text: r.Heard})
			}
			if p.open != nil && p.open.no == r.Reply {
				p.open = nil
			}
		}
	case interview.KindPlanMoved:
		if m, ok := read[interview.PlanMoved](e); ok {
			p.plan, p.owed = m.State, ""
		}
	case interview.KindTalkTime:
		if t, ok := read[interview.TalkTime](e); ok {
			p.numbers.Used = max(p.numbers.Used, t.Used)
			p.spent.tokens, p.spent.characters = max(p.spent.tokens, t.Tokens), max(p.spent.characters, t.Characters)
			if p.open != nil && p.open.no == t.Reply {
				p.open.played, p.open.words = max(p.open.played, t.Played), max(p.open.words, t.Words)
			}
		}
	case interview.KindConnectionLost, interview.KindPaused, interview.KindResumed, interview.KindWhispered,
		interview.KindTakenOver, interview.KindHandedBack, interview.KindDegraded, interview.KindTurnMeasured, interview.KindBudgetSpent,
		interview.KindTurnBegan, interview.KindTurnInputs, interview.KindQuarantined:
	}
}

// clockOf is how far the interview's clock had come. It goes on from there in the
// next life; the time between the two is not in it.
func clockOf(events []interview.Event) time.Duration {
	var clock time.Duration
	for _, e := range events {
		clock = max(clock, e.Clock)
	}
	return clock
}

func read[P any](e interview.Event) (P, bool) {
	var p P
	err := json.Unmarshal(e.Payload, &p)
	return p, err == nil
}

// closeOpenReply brings the record of an earlier life in order.
func (a *interviewActor) closeOpenReply(p *past) {
	for _, e := range p.close() {
		switch e := e.(type) {
		case turn.CommitTurn:
			a.commitTurn(e)
		case turn.CommitReply:
			a.commitReply(e)
		}
	}
}

// close is how the record of an earlier life is brought in order: words of the
// candidate that never became a turn become one, and a reply that never ended is
// closed at what was last known to have been heard. Words that a reply was about to
// answer are the turn it answers; others may be half an answer, which nobody owes a
// reply.
func (p *past) close() (lines []turn.Effect) {
	if len(p.loose) > 0 {
		answered := p.open != nil && p.open.turn > p.numbers.Turn
		p.numbers.Turn++
		t := turn.CommitTurn{Turn: p.numbers.Turn, Aside: !answered}
		for i, s := range p.loose {
			if i > 0 {
				t.Text += " "
			}
			t.Text += s.Text
			t.Segments = append(t.Segments, s.Segment)
		}
		if answered {
			p.owed = t.Text
		}
		lines = append(lines, t)
	}
	if o := p.open; o != nil {
		lines = append(lines, turn.CommitReply{Reply: o.no, Turn: o.turn, Heard: firstWords(o.text, o.words), Interrupted: true, Played: o.played})
	}
	return lines
}

// firstWords is the beginning of a text with so many words.
func firstWords(text string, n int) string {
	from := 0
	for range n {
		rest := strings.TrimLeftFunc(text[from:], unicode.IsSpace)
		from = len(text) - len(rest)
		if end := strings.IndexFunc(rest, unicode.IsSpace); end >= 0 {
			from += end
		} else {
			from = len(text)
		}
	}
	return text[:from]
}
