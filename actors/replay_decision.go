package actors

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/interview"
)

// Decision is a stored event that the turn machine decided on, or one that its
// effects say must be stored.
type Decision struct {
	Kind        interview.EventKind
	Turn        interview.TurnNo
	Reply       interview.ReplyNo
	Text        string // the line
	Segments    []interview.SegmentNo
	Aside       bool
	Interrupted bool
	Played      time.Duration
	Reason      interview.EndReason
	Used        time.Duration
}

func (d Decision) equal(e Decision) bool {
	return slices.Equal(d.Segments, e.Segments) && d.Kind == e.Kind && d.Turn == e.Turn && d.Reply == e.Reply && d.Text == e.Text && d.Aside == e.Aside &&
		d.Interrupted == e.Interrupted && d.Played == e.Played && d.Reason == e.Reason && d.Used == e.Used
}

// Describe says what the decision is. Its text is in it only if show is set; else
// its length.
func (d Decision) Describe(show bool) string {
	var b strings.Builder
	b.WriteString(string(d.Kind))
	add := func(set bool, format string, args ...any) {
		if set {
			fmt.Fprintf(&b, " "+format, args...)
		}
	}
	add(d.Turn != 0, "turn %d", d.Turn)
	add(d.Reply != 0, "reply %d", d.Reply)
	add(len(d.Segments) > 0, "segments %v", d.Segments)
	add(d.Aside, "aside")
	add(d.Interrupted, "interrupted")
	add(d.Played != 0, "played %s", d.Played)
	add(d.Reason != "", "%s", d.Reason)
	add(d.Used != 0, "used %s", d.Used)
	if line := d.Kind == interview.KindTurnCommitted || d.Kind == interview.KindReplyEnded; line && show {
		add(true, "%q", d.Text)
	} else if line {
		add(true, "%d characters", utf8.RuneCountInString(d.Text))
	}
	return b.String()
}

// decisionOf is what an effect is stored as, cleaned as the interview actor does;
// false for one that is not stored. s is the conversation after it.
func decisionOf(effect turn.Effect, s turn.State) (Decision, bool) {
	switch e := effect.(type) {
	case turn.CommitTurn:
		text := cleanText(e.Text)
		return Decision{Kind: interview.KindTurnCommitted, Turn: e.Turn, Text: text, Segments: e.Segments, Aside: e.Aside}, text != ""
	case turn.CommitReply:
		return Decision{
			Kind: interview.KindReplyEnded, Turn: e.Turn, Reply: e.Reply, Text: cleanText(e.Heard), Interrupted: e.Interrupted, Played: e.Played,
		}, true
	case turn.NotePaused:
		if e.Paused {
			return Decision{Kind: interview.KindPaused}, true
		}
		return Decision{Kind: interview.KindResumed}, true
	case turn.End:
		// One that is not final leaves the record open: nothing is stored of it.
		return Decision{Kind: interview.KindEnded, Reason: e.Reason, Used: s.Used(0)}, e.Reason.Final()
	}
	return Decision{}, false
}

// storedDecision reads a stored event; false when its payload is not that of its
// kind.
func storedDecision(e interview.Event) (Decision, bool) {
	d := Decision{Kind: e.Kind}
	ok := true
	switch e.Kind {
	case interview.KindTurnCommitted:
		var t interview.TurnCommitted
		t, ok = read[interview.TurnCommitted](e)
		d.Turn, d.Text, d.Segments, d.Aside = t.Turn, t.Text, t.Segments, t.Aside
	case interview.KindReplyEnded:
		var r interview.ReplyEnded
		r, ok = read[interview.ReplyEnded](e)
		d.Turn, d.Reply, d.Text, d.Interrupted, d.Played = r.Turn, r.Reply, r.Heard, r.Interrupted, r.Played
	case interview.KindEnded:
		var x interview.Ended
		x, ok = read[interview.Ended](e)
		d.Reason, d.Used = x.Reason, x.Used
	default:
	}
	return d, ok
}
