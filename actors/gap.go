package actors

import (
	"time"

	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
)

const (
	// gapPatience is how long a candidate waits for an answer in silence, from the
	// end of their own words, before being asked for a moment: at two seconds
	// people begin to wonder whether the line is dead.
	gapPatience = 2 * time.Second
	// gapLeast is what the model has at least, however late the turn was decided.
	gapLeast = time.Second
)

// gapAfter is how long from now on a reply may be silent.
func gapAfter(now, speechEnd time.Duration) time.Duration {
	if speechEnd == 0 {
		return gapPatience
	}
	return max(gapLeast, speechEnd+gapPatience-now)
}

// apologies are what is said then. They take turns, so that a slow hour does not
// sound like a machine that is stuck.
var apologies = [...]string{
	"One moment, please.",
	"Sorry, this takes a little longer than usual.",
	"Please bear with me for a moment.",
}

// gapDue says that a reply has been silent for gapPatience.
type gapDue struct{ reply interview.ReplyNo }

func (gapDue) interviewMsg() {}

// onGap asks the candidate for a moment. The words become the first sentence of
// the reply that is on its way, so that they are in the transcript as far as they
// were heard, and a barge-in stops them like any other.
func (a *interviewActor) onGap(c *engine.Ctx[interviewMsg], r *reply) {
	if r.sentences > 0 || r.written || !r.voice || a.conn == nil {
		return
	}
	a.log.Info("asking for a moment", "reply", r.no)
	a.deps.Meter.Apology()
	text := apologies[a.gaps%len(apologies)]
	a.gaps++
	r.apologised = true
	a.onSentence(c, r, text+" ")
}
