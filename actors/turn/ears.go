package turn

import (
	"slices"
	"strings"
	"time"

	"github.com/vantahire/vantahire/interview"
)

func (x *step) speechStarted(from time.Duration) {
	if x.paused || !x.here || !x.begun {
		return
	}
	x.voice, x.from, x.finish = true, from, false
	x.stop(TimerEndOfTurn)
	x.stop(TimerNudge)
	x.nudges = 0
	r := x.say
	switch {
	case r == nil || r.cut || r.frozen:
	case r.sounding:
		x.overlap()
	case r.cause == AskAnswer: // not a word of it was heard: the candidate goes on
		x.asked = false
		x.cut(CancelSuperseded, nil)
	}
}

// overlap opens the question whether the candidate interrupts: the voice is
// lowered at once and held when the speech goes on.
func (x *step) overlap() {
	if !x.say.ducked {
		x.edit(func(r *speech) { r.ducked = true })
		x.do(Duck{x.say.no})
	}
	if !x.say.held {
		x.set(TimerHold, x.from+x.cfg.HoldAfter)
	}
	x.set(TimerDecide, x.from+x.cfg.DecideAfter)
}

func (x *step) speechEnded(to time.Duration) {
	if !x.voice {
		return
	}
	x.voice, x.to = false, to
	if !x.deaf && !x.typing {
		x.owed = true
		x.do(Finalize{})
		x.set(TimerFinal, to+x.cfg.FinalWait)
	}
	if x.overlapping() {
		x.stop(TimerHold)
		x.set(TimerDecide, min(x.timers[TimerDecide], to+x.cfg.ReleaseSilence))
	}
	x.arm()
	x.rest()
}

// overlapping reports whether a barge-in is undecided.
func (x *step) overlapping() bool {
	return x.say != nil && !x.say.cut && x.say.sounding && x.say.ducked
}

func (x *step) partial(text string) {
	if x.overlapping() && interrupts(text) {
		x.interrupt()
	}
}

func (x *step) final(e Final) {
	if !x.voice {
		x.owed = false
		x.stop(TimerFinal)
	}
	if e.Text == "" {
		x.quiet()
		x.arm()
		x.rest()
		return
	}
	g := segment{e.Segment, e.Text}
	switch {
	case x.overlapping() && interrupts(e.Text):
		x.interrupt()
		x.join(g)
	case x.overlapping(), x.say != nil && x.say.sounding && !x.say.cut && e.From < x.from:
		x.aside(g)
		x.quiet()
	case x.say != nil && x.say.cause == AskAnswer && !x.say.cut && !x.say.sounding:
		x.join(g)
		if substantial(e.Text) {
			x.asked = false
			x.cut(CancelSuperseded, nil)
		}
	default:
		x.join(g)
	}
	x.arm()
}

// join adds a segment to the open turn.
func (x *step) join(g segment) {
	if len(x.open) == 0 {
		x.turnNo++
	}
	x.nudges = 0
	x.stop(TimerNudge)
	x.addSegment(g)
}

// aside makes words that change nothing a line of their own.
func (x *step) aside(g segment) {
	if len(x.open) > 0 {
		x.addSegment(g)
		return
	}
	x.turnNo++
	x.do(CommitTurn{Turn: x.turnNo, Text: g.text, Segments: []interview.SegmentNo{g.no}, Aside: true})
}

// interrupt confirms a barge-in.
func (x *step) interrupt() { x.cut(CancelBargeIn, nil) }

// quiet lets a reply go on that was not interrupted after all.
func (x *step) quiet() {
	if !x.overlapping() || x.voice {
		return
	}
	x.stopBarge()
	held, no := x.say.held, x.say.no
	x.edit(func(r *speech) { r.held, r.ducked = false, false })
	if held {
		x.do(Release{no})
	} else {
		x.do(Restore{no})
	}
}

// arm decides whether the turn has ended, or when it will have.
func (x *step) arm() {
	if len(x.open) == 0 || x.asked || x.voice || x.owed || x.behind || !x.here || x.paused || x.operator || !x.begun || x.say != nil {
		return
	}
	at := x.to + x.pauseAfter(x.PendingText())
	if x.finish || x.typing || at <= x.now {
		x.want(AskAnswer, "", CancelSuperseded)
		return
	}
	x.set(TimerEndOfTurn, at)
}

func (x *step) pauseAfter(text string) time.Duration {
	wait := x.cfg.EndUnsure
	switch Judge(text) {
	case SoundsComplete:
		wait = x.cfg.EndComplete
	case SoundsDangling:
		wait = x.cfg.EndDangling
	case SoundsUnsure:
	}
	if x.patient {
		wait = time.Duration(float64(wait) * x.cfg.PatientFactor)
	}
	return wait
}

func (x *step) finishSpeaking() {
	x.finish = true
	if x.owed {
		x.set(TimerFinal, x.now+x.cfg.FinalWait)
	}
	x.arm()
}

func (x *step) typed(e Typed) {
	if x.paused {
		x.pause(false)
	}
	x.join(segment{e.Segment, e.Text})
	if x.operator {
		x.commit(false)
		return
	}
	x.to = x.now
	x.finish = true
	if x.say != nil {
		x.asked = false
		x.cut(CancelButton, nil)
		return
	}
	if !x.owed && !x.voice {
		x.asked = false
		x.want(AskAnswer, "", CancelButton)
	}
}

func (x *step) button(cause AskCause) {
	if x.paused || x.operator || !x.begun {
		return
	}
	x.commit(true)
	x.nudges = 0
	x.want(cause, "", CancelButton)
}

var stopWords = []string{"stop", "wait", "hold on", "excuse me", "sorry", "no no", "hang on", "pardon", "one moment", "just a moment", "let me"}

var backchannels = wordSet(`mhm mm mmm hmm hm uh huh uhhuh um er ah oh yeah yes yep ok okay right sure i see good great nice cool aha the a and`)

// interrupts reports words that mean to take the floor.
func interrupts(text string) bool {
	text = strings.ToLower(strings.Trim(text, " .,!?"))
	padded := " " + text + " "
	if slices.ContainsFunc(stopWords, func(w string) bool { return strings.Contains(padded, " "+w+" ") }) {
		return true
	}
	return contentWords(text) >= 2
}

func substantial(text string) bool { return contentWords(strings.ToLower(text)) >= 1 }

func contentWords(text string) int {
	n := 0
	for w := range strings.FieldsSeq(text) {
		if w = strings.Trim(w, ".,!?"); w != "" && !backchannels[w] {
			n++
		}
	}
	return n
}
