package turn

import (
	"strings"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// machine is one step of a conversation: a copy of the state that is worked on,
// and the effects so far.
type machine struct {
	State

	out []Effect
}

func (m *machine) do(e Effect) { m.out = append(m.out, e) }

// Next takes a conversation past one event: what it is then, and what has to be
// done, in order. It is total: an event that is stale or makes no sense has no
// effect. A now before an earlier one counts as that one. s is not changed.
//
// An event first changes what is known; then everything that is due by now is
// decided; then voice, timers and shown states follow from the new state. Timers
// only make sure that somebody looks again, so a late one delays and never
// changes a decision.
func Next(s State, now time.Duration, ev Event) (State, []Effect) {
	if s.Ended() {
		return s, nil
	}
	m := machine{State: s}
	m.now = max(m.now, now)
	if !m.seen {
		m.seen, m.born, m.line.down = true, m.now, m.now
	}
	if f, isTimer := ev.(Fired); isTimer && !m.ran(f) {
		return s, nil
	}
	if m.ending == "" {
		m.take(ev)
	} else {
		m.takeLast(ev)
	}
	m.clock.run(m.present(), m.now)
	m.decide()
	m.clock.run(m.present(), m.now)
	m.follow()
	if m.over {
		m.do(End{m.ending})
	}
	return m.State, m.out
}

// ran takes a timer that ran out; false when it is not the one that was set.
func (m *machine) ran(f Fired) bool {
	i := timerIndex(f.Timer)
	if i < 0 || m.timers[i] == 0 || m.timers[i] != f.At {
		return false
	}
	m.timers[i] = 0
	m.now = max(m.now, f.At) // a clock that is a little behind its own timer
	return true
}

func (m *machine) take(ev Event) {
	switch ev := ev.(type) {
	case Begin:
		m.begin(ev.Resumed)
	case ConnectionUp:
		m.connected(ev)
	case ConnectionDown:
		if m.line.up && ev.Conn == m.line.conn {
			m.leave()
		}
	case SpeechStarted:
		m.speechStarted(ev.From)
	case SpeechEnded:
		m.speechEnded(ev.To)
	case Partial:
		m.partial(ev)
	case Final:
		m.final(ev)
	case Backlog:
		m.backlog(ev.Behind)
	case Typed:
		m.typed(ev)
	case FinishSpeaking:
		m.finishSpeaking()
	case RepeatAsked:
		m.button(AskRepeat)
	case SkipAsked:
		m.button(AskSkip)
	case PauseAsked:
		m.pause()
	case ResumeAsked:
		m.resume()
	case EndAsked:
		m.end(interview.EndCandidate)
	case Planned:
		m.planned(ev)
	case Sounding:
		if m.isCurrent(ev.Reply) && m.reply.phase == replyAsked {
			m.sounding()
		}
	case Spoken:
		m.spoken(ev)
	case Stopped:
		if m.isCurrent(ev.Reply) {
			m.closeReply(ev.Heard, ev.Played, cutOff)
		}
	case Failed:
		if m.isCurrent(ev.Reply) {
			m.closeReply(ev.Heard, ev.Played, brokenOff)
		}
	case StageChanged:
		m.stageChanged(ev)
	case Whispered:
		m.desk.whisper = joinBounded(m.desk.whisper, ev.Text)
	case TakenOver:
		m.takenOver()
	case OperatorSaid:
		m.desk.lines = joinBounded(m.desk.lines, ev.Text)
	case HandedBack:
		m.handedBack()
	case Terminated:
		m.end(ev.Reason)
	case BudgetSpent:
		m.budgetSpent()
	case Fired:
		// that it fired is all: what is due is decided next
	}
}

// takeLast takes what still counts once the end was decided: the last words of
// either side.
func (m *machine) takeLast(ev Event) {
	switch ev := ev.(type) {
	case Final:
		m.final(ev)
	case Typed:
		m.typed(ev)
	case Spoken:
		m.spoken(ev)
	case Stopped:
		if m.isCurrent(ev.Reply) {
			m.closeReply(ev.Heard, ev.Played, cutOff)
		}
	case Failed:
		if m.isCurrent(ev.Reply) {
			m.closeReply(ev.Heard, ev.Played, cutOff)
		}
	case StageChanged:
		m.stageChanged(ev)
	case Backlog:
		m.backlog(ev.Behind)
	case ConnectionUp, ConnectionDown, Begin, SpeechStarted, SpeechEnded, Partial, FinishSpeaking, RepeatAsked, SkipAsked,
		PauseAsked, ResumeAsked, EndAsked, Planned, Sounding, Whispered, TakenOver, OperatorSaid, HandedBack, Terminated, BudgetSpent, Fired:
	}
}

func (m *machine) begin(resumed bool) {
	if m.begun {
		return
	}
	m.begun = true
	m.quiet = m.now
	m.want = wish{cause: AskOpening}
	switch {
	case resumed && m.rules.Written:
		m.want = wish{}
	case resumed:
		m.want = wish{cause: AskResume}
	}
}

func (m *machine) stageChanged(ev StageChanged) {
	if ev.Stage != providers.StageSTT {
		return
	}
	m.line.noVoice = !ev.Up
	if ev.Up {
		m.line.typing = false
		return
	}
	m.ears.owed, m.ears.behind, m.ears.partial = false, false, ""
}

// decide does everything that is due by now.
func (m *machine) decide() {
	if m.ending == "" {
		m.outerLimits()
	}
	m.recognitionDue()
	if m.present() {
		m.overlapDue()
	}
	m.replyDue()
	if m.present() {
		m.talkLimit()
		m.move()
	}
	if m.ending != "" {
		m.finish()
	}
}

// move finds what is to be said next when nobody speaks: first what somebody
// asked for, then the answer to the candidate's turn, last a nudge.
func (m *machine) move() {
	switch {
	case m.reply.phase != replyNone:
	case m.overtime() && !m.desk.taken:
		m.wrapUp()
	case !m.silent():
	case m.desk.lines != "":
		m.ask(AskOperator)
	case m.desk.taken:
		if m.turn.no != 0 && m.now >= m.turnDue() {
			m.commitTurn(false)
		}
	case m.want.cause != "" && m.timeUp:
		m.wrapUp()
	case m.want.cause == AskApology && m.turn.no != 0:
		m.want = wish{} // the candidate went on: answer that
		m.move()
	case m.want.cause != "":
		m.ask(m.want.cause)
	case m.turn.no != 0:
		switch {
		case m.now < m.turnDue():
		case m.timeUp || m.closings > 0 && !m.rules.Written:
			m.wrapUp()
		default:
			m.ask(AskAnswer)
		}
	case m.rules.Written:
	case m.ears.behind, m.now < m.nudgeDue(): // what was said may be on its way
	case m.timeUp || m.closings > 0:
		m.wrapUp()
	case m.cut:
		m.ask(AskRepeat)
	case m.nudges >= m.rules.Nudges:
		m.end(interview.EndIdle)
	default:
		m.ask(AskNudge)
	}
}

// turnDue is when the open turn passes.
func (s *State) turnDue() time.Duration {
	if s.turn.done {
		return 0
	}
	silence := max(s.ears.end, s.turn.heardTo)
	pause := s.rules.pause(s.turn.ending, s.patient)
	if s.line.fresh > 0 && s.line.fresh >= silence {
		return s.line.fresh + max(pause, s.rules.EndReturned)
	}
	return silence + pause
}

// nudgeDue is when the candidate is spoken to who says nothing.
func (s *State) nudgeDue() time.Duration {
	wait := s.rules.NudgeAfter
	if s.patient {
		wait = s.rules.NudgePatient
	}
	switch {
	case s.cut, s.closings > 0:
		wait = s.rules.CutAgain
	case s.timeUp && s.quiet <= s.limitAt:
		return 0 // nobody was asked anything since
	}
	return s.quiet + wait
}

// maxDesk bounds what a recruiter's pending words may add up to.
const maxDesk = 4000

// joinBounded appends a line, as far as it fits.
func joinBounded(text, more string) string {
	switch {
	case more == "" || len(text)+1+len(more) > maxDesk && text != "":
		return text
	case text == "":
		return strings.ToValidUTF8(more[:min(len(more), maxDesk)], "")
	}
	return text + " " + more
}
