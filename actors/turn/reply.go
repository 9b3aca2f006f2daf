package turn

import (
	"time"

	"github.com/vantahire/vantahire/interview"
)

// replyPhase is how far the present reply is.
type replyPhase uint8

const (
	replyNone     replyPhase = iota
	replyAsked               // it is being made; nothing of it was heard
	replySounding            // its first frame has left
	replyCut                 // revoked: what was heard of it is yet to be told
)

// voiceState is what was last ordered of a reply's voice.
type voiceState uint8

const (
	voiceFull voiceState = iota
	voiceDucked
	voiceHeld
)

// reply is the present reply; there is one at most.
type reply struct {
	no      interview.ReplyNo
	phase   replyPhase
	cause   AskCause
	turn    interview.TurnNo // the turn it answers
	text    string           // what it was asked to answer or to say
	whisper string
	askedAt time.Duration
	since   time.Duration // when it set in
	from    time.Duration // when its present deadline began
	voice   voiceState
	sounded bool
	planned bool
	closing bool
	patient bool
	broken  bool // cut because it made no progress
}

// firm replies are wanted whatever the candidate says before they sound; others
// are dropped for new words.
func (r reply) firm() bool {
	switch r.cause {
	case AskOpening, AskSkip, AskWrapUp, AskOperator:
		return true
	case AskResume, AskAnswer, AskRepeat, AskNudge, AskApology:
		return false
	}
	return false
}

func (m *machine) isCurrent(no interview.ReplyNo) bool {
	return m.reply.phase != replyNone && m.reply.no == no
}

// ask starts a reply. It takes the open turn along, whatever its cause.
func (m *machine) ask(cause AskCause) {
	m.lastReply++
	r := reply{no: m.lastReply, phase: replyAsked, cause: cause, askedAt: m.now, from: m.now, whisper: m.desk.whisper}
	e := Ask{Reply: r.no, Cause: cause, Whisper: m.desk.whisper}
	m.desk.whisper = ""
	if t := &m.turn; t.no != 0 {
		t.asked, t.askedLen = len(t.segments), len(t.text)
		e.Turn, e.Text = t.no, t.text
		e.SpeechEnd = max(m.ears.end, t.heardTo)
		e.Spoke = max(0, e.SpeechEnd-t.from)
	}
	switch cause {
	case AskApology:
		e.Turn, e.Text = m.want.turn, m.want.text
	case AskOperator:
		e.Text, m.desk.lines = m.desk.lines, ""
	case AskNudge:
		m.nudges++
		e.Nth = m.nudges
	case AskWrapUp:
		r.closing = true
		m.closing()
	case AskAnswer:
		m.retries = 0
	case AskOpening, AskResume, AskRepeat, AskSkip:
	}
	if cause == m.want.cause || cause == AskWrapUp {
		m.want = wish{}
	}
	r.turn, r.text = e.Turn, e.Text
	m.reply, m.cut = r, false
	if m.turn.no != 0 {
		m.do(Processing{Turn: m.turn.no})
	}
	m.do(e)
}

// cancel revokes the present reply; what was heard of it comes with Stopped.
func (m *machine) cancel(cause CancelCause) {
	r := &m.reply
	if r.phase == replyAsked {
		m.desk.whisper = joinBounded(r.whisper, m.desk.whisper)
	}
	r.phase, r.from = replyCut, m.now
	m.overlap = overlap{}
	m.do(Cancel{Reply: r.no, Cause: cause})
}

func (m *machine) planned(ev Planned) {
	r := &m.reply
	if !m.isCurrent(ev.Reply) || r.phase == replyCut || r.planned {
		return
	}
	r.planned, r.patient = true, ev.Patient || ev.Wait
	if ev.Closing && !r.closing {
		r.closing = true
		m.closing()
	}
	if r.phase == replySounding {
		m.patient = r.patient
	}
}

// sounding takes the first frame: the turn it answers is settled, and what the
// candidate says from now on is over the reply.
func (m *machine) sounding() {
	r := &m.reply
	m.commitTurn(m.turn.no != r.turn)
	r.phase, r.since, r.from, r.sounded = replySounding, m.now, m.now, true
	if r.turn != 0 {
		m.answered = r.askedAt
	}
	if r.planned {
		m.patient = r.patient
	}
	if m.overlap.on && m.ears.speaking {
		m.overlap.by = m.overlap.from + m.rules.DecideAfter
	}
}

func (m *machine) spoken(ev Spoken) {
	if !m.isCurrent(ev.Reply) {
		return
	}
	if m.reply.phase == replyAsked {
		m.sounding()
	}
	m.closeReply(ev.Text, ev.Played, toItsEnd)
}

// closeHow is the way a reply came to its end.
type closeHow uint8

const (
	toItsEnd closeHow = iota
	cutOff
	brokenOff
)

// closeReply is the end of the present reply: what was heard is a line.
func (m *machine) closeReply(heard string, played time.Duration, how closeHow) {
	r := m.reply
	broken := how == brokenOff && r.phase != replyCut || r.broken && how != toItsEnd
	if !r.sounded && (heard != "" || broken) {
		m.commitAsked() // a frame of it got out before the cut; or nobody will answer it any more
	}
	if m.turn.aside {
		overlap := m.now - max(m.ears.end, m.released)
		if how == toItsEnd && !r.closing && overlap <= m.rules.AnswerOverlap && answers(m.turn.text) {
			m.turn.aside = false // "yes" into the last words of a question is its answer
		} else {
			m.settleAside()
		}
	}
	m.do(CommitReply{Reply: r.no, Turn: r.turn, Heard: heard, Interrupted: how != toItsEnd, Played: played})
	m.reply = reply{no: r.no}
	m.overlap = overlap{}
	m.quiet = m.now
	if m.ending != "" {
		return
	}
	switch {
	case broken:
		m.failed(r, heard)
	case how == toItsEnd && r.closing && !m.rules.Written:
		m.end(m.endAs)
	case how == toItsEnd, heard != "":
		m.failures = 0
	}
}

// failed finds out what becomes of a reply that could not be made.
func (m *machine) failed(r reply, heard string) {
	m.failures++
	m.desk.whisper = joinBounded(r.whisper, m.desk.whisper)
	switch {
	case m.rules.Written: // whoever wrote writes again; the opening is owed to everybody
		if r.cause == AskOpening && m.failures < m.rules.Failures {
			m.want = wish{cause: AskOpening}
		}
	case r.closing && (m.failures >= m.rules.Failures || m.closings > m.rules.ClosingRepeats):
		m.end(m.endAs)
	case m.failures >= m.rules.Failures:
		m.end(interview.EndProviders)
	case r.closing:
		m.want = wish{cause: AskWrapUp}
	case r.cause == AskOperator && heard == "":
		m.desk.lines = joinBounded(r.text, m.desk.lines)
	case r.cause == AskOperator, r.cause == AskNudge, m.want.cause != "":
	case m.retries >= m.rules.Retries:
	default:
		m.retries++
		m.want = wish{cause: AskApology, turn: r.turn, text: r.text}
		if heard == "" && (r.firm() || r.cause == AskResume) {
			m.want = wish{cause: r.cause}
		}
	}
}

// replyDue gives up a reply that makes no progress.
func (m *machine) replyDue() {
	at := m.replyBy()
	if at == 0 || m.now < at {
		return
	}
	if m.reply.phase == replyCut {
		m.closeReply("", 0, cutOff)
		return
	}
	m.reply.broken = true
	m.cancel(CancelFailed)
}

// replyBy is the present reply's deadline; 0 while it is kept back.
func (s *State) replyBy() time.Duration {
	switch s.reply.phase {
	case replyNone:
		return 0
	case replyCut:
		return s.reply.from + s.rules.StopWait
	case replyAsked:
		if s.kept() {
			return 0
		}
		return s.reply.from + s.rules.ReplyDeadline
	case replySounding:
		if s.kept() {
			return 0
		}
		return s.reply.from + s.rules.ReplyMax
	}
	return 0
}

// kept reports whether the present reply is held back now.
func (s *State) kept() bool {
	return !s.line.up || s.line.paused || s.overlap.on && s.overlap.hold
}
