package record

import (
	"slices"
	"strings"
	"unicode"

	"github.com/vantahire/vantahire/interview"
)

// threads is what the events so far have begun.
type threads struct {
	*Report

	segments map[interview.SegmentNo]segment
	turns    map[interview.TurnNo]interview.Seq
	replies  map[interview.ReplyNo]*spokenReply
	began    map[interview.Fence]bool
	lost     map[interview.EventKind]bool // kinds with events in quarantine: what refers to them is no problem
}

type segment struct {
	seq  interview.Seq
	text string
	turn interview.Seq // the event that made it part of a line; 0: none
}

type spokenReply struct {
	first, written string
	started, ended interview.Seq
}

// references checks that nothing refers to what is not there, that nothing is used
// twice, and that lines are made of what was recognised and generated.
func (r *Report) references(events []interview.Event) {
	t := threads{
		Report: r, segments: map[interview.SegmentNo]segment{}, turns: map[interview.TurnNo]interview.Seq{},
		replies: map[interview.ReplyNo]*spokenReply{}, began: map[interview.Fence]bool{}, lost: map[interview.EventKind]bool{},
	}
	for _, e := range events {
		t.take(e)
	}
	t.left(events)
}

func (t *threads) take(e interview.Event) {
	var err error
	switch e.Kind {
	case interview.KindQuarantined:
		if q, err := payload[interview.Quarantined](e); err == nil {
			t.lost[q.Kind] = true
		}
	case interview.KindSegmentFinal:
		var s interview.SegmentFinal
		if s, err = payload[interview.SegmentFinal](e); err == nil {
			t.segment(e.Seq, s)
		}
	case interview.KindTurnCommitted:
		var c interview.TurnCommitted
		if c, err = payload[interview.TurnCommitted](e); err == nil {
			t.turn(e.Seq, c)
		}
	case interview.KindReplyStarted:
		var s interview.ReplyStarted
		if s, err = payload[interview.ReplyStarted](e); err == nil {
			t.started(e.Seq, s)
		}
	case interview.KindReplyWritten:
		var w interview.ReplyWritten
		if w, err = payload[interview.ReplyWritten](e); err == nil {
			t.written(e.Seq, w)
		}
	case interview.KindReplyEnded:
		var x interview.ReplyEnded
		if x, err = payload[interview.ReplyEnded](e); err == nil {
			t.ended(e.Seq, x)
		}
	case interview.KindTurnBegan:
		if t.began[e.Fence] {
			t.problem("event %d: the turn machine begins a second time in one life", e.Seq)
		}
		t.began[e.Fence] = true
	case interview.KindTurnInputs:
		if !t.began[e.Fence] && !t.lost[interview.KindTurnBegan] {
			t.problem("event %d has inputs of a turn machine that has not begun", e.Seq)
		}
	case interview.KindEnded:
		_, err = payload[interview.Ended](e)
	case interview.KindStarted, interview.KindConnected, interview.KindConnectionLost, interview.KindPlanMoved, interview.KindTalkTime,
		interview.KindPaused, interview.KindResumed, interview.KindWhispered, interview.KindTakenOver, interview.KindHandedBack,
		interview.KindDegraded, interview.KindTurnMeasured, interview.KindBudgetSpent:
	default:
		t.note("event %d is of a kind this program does not know", e.Seq)
	}
	if err != nil {
		t.problem("%v", err)
	}
}

func (t *threads) segment(seq interview.Seq, s interview.SegmentFinal) {
	if other, twice := t.segments[s.Segment]; twice {
		t.problem("event %d has segment %d, which event %d has already", seq, s.Segment, other.seq)
		return
	}
	t.segments[s.Segment] = segment{seq: seq, text: s.Text}
}

func (t *threads) turn(seq interview.Seq, c interview.TurnCommitted) {
	if other, twice := t.turns[c.Turn]; twice {
		t.problem("event %d commits turn %d, which event %d has committed", seq, c.Turn, other)
	}
	t.turns[c.Turn] = seq
	whole := true
	var texts []string
	for _, no := range c.Segments {
		s, known := t.segments[no]
		switch {
		case !known && t.lost[interview.KindSegmentFinal]:
			whole = false
			continue
		case !known:
			t.problem("event %d commits segment %d, which is not there", seq, no)
			whole = false
			continue
		case s.turn != 0:
			t.problem("event %d commits segment %d, which event %d has committed", seq, no, s.turn)
		}
		s.turn = seq
		t.segments[no] = s
		texts = append(texts, s.text)
	}
	if whole && c.Text != strings.Join(texts, " ") {
		t.problem("event %d: the candidate's line is not what its segments say", seq)
	}
}

func (t *threads) started(seq interview.Seq, s interview.ReplyStarted) {
	if other := t.replies[s.Reply]; other != nil {
		t.problem("event %d starts reply %d, which was there before", seq, s.Reply)
		return
	}
	t.replies[s.Reply] = &spokenReply{started: seq, first: s.Text}
}

func (t *threads) written(seq interview.Seq, w interview.ReplyWritten) {
	r := t.replies[w.Reply]
	switch {
	case r == nil && t.lost[interview.KindReplyStarted]:
	case r == nil:
		t.problem("event %d has the text of reply %d, which has not started", seq, w.Reply)
	case r.written != "":
		t.problem("event %d has the text of reply %d, which is there already", seq, w.Reply)
	default:
		r.written = w.Text
		if !strings.HasPrefix(w.Text, r.first) {
			t.problem("event %d: the text of reply %d does not begin as it started", seq, w.Reply)
		}
	}
}

func (t *threads) ended(seq interview.Seq, x interview.ReplyEnded) {
	r := t.replies[x.Reply]
	if r == nil {
		if x.Heard != "" && !t.lost[interview.KindReplyStarted] {
			t.problem("event %d ends reply %d, which has not started and was heard", seq, x.Reply)
		}
		r = &spokenReply{} // it was asked for and never came to a sentence
		t.replies[x.Reply] = r
		r.ended = seq
		return
	}
	if r.ended != 0 {
		t.problem("event %d ends reply %d, which event %d has ended", seq, x.Reply, r.ended)
	}
	r.ended = seq
	switch {
	case t.lost[interview.KindReplyWritten] || r.started == 0:
	case r.written != "" && !strings.HasPrefix(r.written, x.Heard),
		r.written == "" && !strings.HasPrefix(r.first, x.Heard) && !strings.HasPrefix(x.Heard, r.first):
		t.problem("event %d: what was heard of reply %d is not what it said", seq, x.Reply)
	}
}

// left tells what is still open at the record's end.
func (t *threads) left(events []interview.Event) {
	if len(events) == 0 {
		return
	}
	say := t.note
	if t.Ended != "" { // every word has become a line by then
		say = t.problem
	}
	for _, no := range sortedKeys(t.segments) {
		if s := t.segments[no]; s.turn == 0 && hasWords(s.text) && !t.lost[interview.KindTurnCommitted] {
			say("segment %d of event %d is in no line", no, s.seq)
		}
	}
	for _, no := range sortedKeys(t.replies) {
		if r := t.replies[no]; r.ended == 0 && !t.lost[interview.KindReplyEnded] {
			say("reply %d of event %d has no end", no, r.started)
		}
	}
}

// hasWords reports a text that is more than punctuation, which no turn is made of.
func hasWords(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

func sortedKeys[K ~uint32, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
