package turn

import (
	"maps"
	"slices"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// Next is the whole machine: what becomes of a conversation by one event. It is
// total: an event that is stale or makes no sense changes nothing.
func Next(s State, now time.Duration, ev Event) (State, []Effect) {
	if s.ended {
		return s, nil
	}
	x := &step{State: s, now: now}
	x.take(ev)
	if !x.ended {
		x.show()
	}
	return x.State, x.out
}

func (x *step) take(ev Event) {
	switch e := ev.(type) {
	case Begin:
		x.begin(e)
	case ConnectionUp:
		x.connected(e)
	case ConnectionDown:
		if e.Conn == x.conn && x.here {
			x.away()
		}
	case SpeechStarted:
		x.speechStarted(e.From)
	case SpeechEnded:
		x.speechEnded(e.To)
	case Partial:
		x.partial(e.Text)
	case Final:
		x.final(e)
	case Backlog:
		x.behind = e.Behind
		x.arm()
	case Typed:
		x.typed(e)
	case FinishSpeaking:
		x.finishSpeaking()
	case RepeatAsked:
		x.button(AskRepeat)
	case SkipAsked:
		x.button(AskSkip)
	case PauseAsked:
		x.pause(true)
	case ResumeAsked:
		x.pause(false)
	case EndAsked:
		x.close(interview.EndCandidate)
	case Planned:
		if x.current(e.Reply) {
			x.edit(func(r *speech) { r.closing, r.wait = e.Closing, e.Wait })
			x.patient = e.Patient || e.Wait
		}
	case Sounding:
		x.sounding(e.Reply)
	case Spoken:
		x.spoken(e)
	case Stopped:
		x.stopped(e)
	case Failed:
		x.failed(e)
	case StageChanged:
		if e.Stage == providers.StageSTT {
			x.deaf = !e.Up
			if x.deaf {
				x.owed, x.behind = false, false
			}
			x.arm()
		}
	case Fired:
		x.fired(e)
	case Whispered:
	case TakenOver:
		x.operator = true
		x.stop(TimerEndOfTurn)
		x.cut(CancelTakeover, nil)
	case OperatorSaid:
		if x.operator {
			x.want(AskOperator, e.Text, CancelTakeover)
		}
	case HandedBack:
		if x.operator {
			x.operator = false
			if len(x.open) > 0 {
				x.arm()
			} else {
				x.want(AskResume, "", CancelTakeover)
			}
		}
	case Terminated:
		x.close(e.Reason)
	}
}

func (x *step) begin(e Begin) {
	if x.begun {
		return
	}
	x.begun, x.beganAt = true, x.now
	x.set(TimerHardCap, x.now+x.cfg.HardCap)
	x.clock(x.here)
	cause := AskOpening
	if e.Resumed {
		cause = AskResume
	}
	x.want(cause, "", CancelSuperseded)
}

// current reports whether reply is the present one and not cut.
func (x *step) current(reply interview.ReplyNo) bool {
	return x.say != nil && x.say.no == reply && !x.say.cut
}

// want asks for a reply, after the present one is out of the way.
func (x *step) want(cause AskCause, text string, why CancelCause) {
	if !x.begun {
		return
	}
	if x.say != nil {
		x.cut(why, &wish{cause, text})
		return
	}
	x.ask(cause, text)
}

func (x *step) ask(cause AskCause, text string) {
	x.replyNo++
	var turn interview.TurnNo
	if cause == AskAnswer || cause == AskApology && len(x.open) > 0 {
		turn = x.turnNo
		x.asked = true
		text = x.PendingText()
	}
	e := Ask{Reply: x.replyNo, Turn: turn, Cause: cause, Text: text}
	if cause == AskNudge {
		e.Nth = x.nudges
	}
	x.say = &speech{no: x.replyNo, turn: turn, cause: cause}
	x.then, x.finish = nil, false
	x.stop(TimerEndOfTurn)
	x.stop(TimerNudge)
	if cause == AskAnswer {
		x.do(Processing{turn})
	}
	x.do(e)
	x.set(TimerReply, x.now+x.cfg.ReplyDeadline)
}

// cut revokes the present reply; next is asked for once it has reported.
func (x *step) cut(why CancelCause, next *wish) {
	if x.say == nil {
		return
	}
	if next != nil {
		x.then = next
	}
	if x.say.cut {
		return
	}
	x.edit(func(r *speech) { r.cut = true })
	x.stopBarge()
	x.stop(TimerReply)
	x.do(Cancel{x.say.no, why})
}

func (x *step) stopBarge() {
	x.stop(TimerHold)
	x.stop(TimerDecide)
}

func (x *step) sounding(reply interview.ReplyNo) {
	if !x.current(reply) || x.say.sounding {
		return
	}
	x.edit(func(r *speech) { r.sounding = true })
	x.stop(TimerReply)
	x.failures = 0
	if x.say.turn != 0 {
		x.commit(false)
	}
	if x.voice {
		x.overlap()
	}
}

// commit makes the open turn a line.
func (x *step) commit(aside bool) {
	if len(x.open) == 0 {
		return
	}
	e := CommitTurn{Turn: x.turnNo, Text: x.PendingText(), Aside: aside}
	for _, g := range x.open {
		e.Segments = append(e.Segments, g.no)
	}
	x.open, x.asked, x.retries = nil, false, 0
	x.do(e)
}

func (x *step) spoken(e Spoken) {
	if !x.current(e.Reply) {
		return
	}
	r := *x.say
	x.stopBarge()
	x.stop(TimerReply)
	if r.turn != 0 && !r.sounding {
		x.commit(false)
	}
	x.do(CommitReply{Reply: r.no, Turn: r.turn, Heard: e.Text, Played: e.Played})
	x.say, x.failures = nil, 0
	x.after(r)
}

// after goes on when a reply is over.
func (x *step) after(r speech) {
	if r.closing {
		reason := interview.EndFinished
		if x.wrap {
			reason = interview.EndTimeLimit
		}
		if len(x.open) == 0 && !x.voice && !x.owed {
			x.close(reason)
			return
		}
		if x.wraps++; x.wraps > 2 {
			x.close(reason)
			return
		}
	}
	if next := x.then; next != nil {
		x.then = nil
		x.ask(next.cause, next.text)
		return
	}
	if x.wrap && !r.closing && len(x.open) == 0 && !x.voice {
		x.ask(AskWrapUp, "")
		return
	}
	x.arm()
	x.rest()
}

// rest waits for the candidate, and nudges when nothing comes.
func (x *step) rest() {
	if x.say != nil || x.voice || !x.here || x.paused || x.operator || len(x.open) > 0 || !x.begun {
		return
	}
	wait := x.cfg.NudgeAfter
	if x.patient {
		wait = x.cfg.NudgePatient
	}
	x.set(TimerNudge, x.now+wait)
}

func (x *step) stopped(e Stopped) {
	if x.say == nil || x.say.no != e.Reply || !x.say.cut {
		return
	}
	r := *x.say
	x.say = nil
	x.do(CommitReply{Reply: r.no, Turn: r.turn, Heard: e.Heard, Interrupted: true, Played: e.Played})
	x.after(r)
}

func (x *step) failed(e Failed) {
	if !x.current(e.Reply) {
		return
	}
	r := *x.say
	x.stopBarge()
	x.stop(TimerReply)
	x.say = nil
	x.do(CommitReply{Reply: r.no, Turn: r.turn, Heard: e.Heard, Interrupted: true, Played: e.Played})
	x.failures++
	switch {
	case x.failures >= 3:
		x.close(interview.EndProviders)
	case x.retries < 2:
		x.retries++
		x.asked = false
		x.ask(AskApology, "")
	default:
		x.commit(false)
		x.rest()
	}
}

// close ends the conversation; nothing that was said is left out.
func (x *step) close(reason interview.EndReason) {
	if x.say != nil && !x.say.cut {
		x.cut(CancelEnd, nil)
	}
	x.commit(true)
	if x.say != nil {
		x.do(CommitReply{Reply: x.say.no, Turn: x.say.turn, Interrupted: true})
		x.say = nil
	}
	x.clock(false)
	for _, id := range slices.Sorted(maps.Keys(x.timers)) {
		x.do(StopTimer{id})
	}
	x.timers = nil
	x.ended = true
	x.do(Show{AgentEnded, x.User()})
	x.do(End{reason})
}
