package turn

import (
	"time"

	"github.com/vantahire/vantahire/interview"
)

func (x *step) connected(e ConnectionUp) {
	if x.here { // another device takes over
		x.away()
	}
	x.conn, x.here, x.typing = e.Conn, true, e.Typing
	x.stop(TimerGrace)
	if !x.begun {
		return
	}
	gone := x.now - x.goneAt
	x.goneTotal += gone
	x.do(NoteBack{e.Conn, gone})
	x.goOn()
}

func (x *step) away() {
	x.here = false
	x.goneAt = x.now
	if !x.begun {
		return
	}
	x.do(NoteGone{x.conn})
	if x.voice {
		x.speechEnded(x.now)
	}
	x.freeze()
	x.set(TimerGrace, x.now+max(0, min(x.cfg.GraceEach, x.cfg.GraceTotal-x.goneTotal)))
}

// freeze stops clock and voice where they are.
func (x *step) freeze() {
	x.clock(false)
	x.stop(TimerEndOfTurn)
	x.stop(TimerNudge)
	x.stopBarge()
	if r := x.say; r != nil && !r.cut && !r.frozen {
		x.edit(func(r *speech) { r.frozen = true })
		x.do(Hold{r.no})
	}
}

// goOn undoes freeze when nothing else stands against it.
func (x *step) goOn() {
	if !x.here || x.paused {
		return
	}
	x.clock(true)
	if r := x.say; r != nil && r.frozen && !r.cut {
		x.edit(func(r *speech) { r.frozen, r.held, r.ducked = false, false, false })
		x.do(Release{r.no})
	}
	x.to = x.now // a fresh pause before a waiting turn is answered
	x.arm()
	x.rest()
}

func (x *step) pause(on bool) {
	if on == x.paused || !x.begun {
		return
	}
	x.paused = on
	x.do(NotePaused{on})
	if on {
		if x.voice {
			x.speechEnded(x.now)
		}
		x.freeze()
		return
	}
	x.goOn()
}

func (x *step) fired(e Fired) {
	if at, set := x.timers[e.Timer]; !set || at != e.At {
		return
	}
	timers := make(map[TimerID]time.Duration, len(x.timers))
	for k, v := range x.timers {
		if k != e.Timer {
			timers[k] = v
		}
	}
	x.timers = timers
	switch e.Timer {
	case TimerEndOfTurn:
		x.arm()
	case TimerFinal:
		x.owed = false
		x.quiet()
		x.arm()
		x.rest()
	case TimerHold:
		if x.overlapping() && x.voice && !x.say.held {
			x.edit(func(r *speech) { r.held = true })
			x.do(Hold{x.say.no})
		}
	case TimerDecide:
		x.decide()
	case TimerNudge:
		x.nudge()
	case TimerGrace:
		x.close(interview.EndGone)
	case TimerLimit:
		x.timeUp()
	case TimerHardCap:
		x.close(interview.EndHardCap)
	case TimerReply:
		if x.say != nil && !x.say.sounding && !x.say.cut && !x.say.frozen {
			x.asked = false
			x.failures++
			if x.failures >= 3 {
				x.close(interview.EndProviders)
				return
			}
			x.cut(CancelFailed, &wish{AskApology, ""})
		}
	case TimerClosing:
	}
}

// decide ends an undecided barge-in.
func (x *step) decide() {
	if !x.overlapping() {
		return
	}
	if x.voice {
		x.interrupt()
		return
	}
	x.quiet()
}

func (x *step) nudge() {
	if x.say != nil || x.voice || !x.here || x.paused || x.operator {
		return
	}
	if x.nudges >= x.cfg.Nudges {
		x.close(interview.EndIdle)
		return
	}
	x.nudges++
	x.ask(AskNudge, "")
}

// timeUp leads to the closing words; who is talking may finish.
func (x *step) timeUp() {
	switch {
	case x.wrap && x.voice: // overtime is over
		x.commit(true)
		x.want(AskWrapUp, "", CancelEnd)
	case x.voice || len(x.open) > 0:
		x.wrap = true
		x.set(TimerLimit, x.now+x.cfg.Overtime)
	case x.say != nil:
		x.wrap = true // after says it
	default:
		x.wrap = true
		x.ask(AskWrapUp, "")
	}
}
