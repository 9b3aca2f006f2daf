package turn

import "strings"

// finishSpeaking is the candidate's "I'm done": the turn passes as soon as it is
// settled.
func (m *machine) finishSpeaking() {
	if m.reply.phase == replySounding && !m.overlap.on {
		return
	}
	m.breakOff()
	if m.ears.partial != "" && !m.ears.owed {
		m.settle(m.now)
	}
	m.turn.done = m.turn.no != 0 || m.ears.owed
}

// typed takes a written turn.
func (m *machine) typed(ev Typed) {
	if ev.Segment <= m.lastSegment || strings.TrimSpace(ev.Text) == "" {
		return
	}
	m.lastSegment = ev.Segment
	m.nudges, m.quiet = 0, m.now
	switch {
	case m.reply.phase == replySounding:
		if !m.overlap.on {
			m.settleAside()
		}
		m.turn.aside = false
		m.cancel(CancelButton)
	case m.reply.phase == replyAsked && !m.reply.firm():
		m.cancel(CancelSuperseded)
	}
	m.cut = false
	m.breakOff()
	m.join(ev.Segment, ev.Text, m.now, m.now)
	m.turn.done = true
}

// button asks for a repetition or leaves the question. While an answer is in the
// making there is nothing to repeat or to leave: the next thing said comes anyway.
func (m *machine) button(cause AskCause) {
	switch {
	case !m.begun, m.desk.taken, m.timeUp, m.closings > 0, m.want.cause == AskOpening:
		return
	case m.reply.phase == replyAsked && m.reply.cause != AskNudge:
		return
	case m.reply.phase == replyAsked, m.reply.phase == replySounding:
		m.cancel(CancelButton)
	}
	m.nudges, m.cut = 0, false
	m.quiet = m.now
	m.want = wish{cause: cause}
	m.breakOff()
}

// takenOver gives the floor to the recruiter: what was being said is cut.
func (m *machine) takenOver() {
	if m.desk.taken {
		return
	}
	m.desk.taken = true
	if m.reply.phase == replyAsked && m.reply.cause == AskOpening {
		m.want = wish{cause: AskOpening} // the candidate has yet to be greeted
	} else if m.want.cause != AskOpening {
		m.want = wish{}
	}
	if m.reply.phase == replyAsked || m.reply.phase == replySounding {
		m.cancel(CancelTakeover)
	}
}

// handedBack lets the interviewer go on: with the answer to what the candidate
// said last, else with the question.
func (m *machine) handedBack() {
	if !m.desk.taken {
		return
	}
	m.desk.taken = false
	m.quiet, m.nudges = m.now, 0
	if m.want.cause == "" && m.turn.no == 0 {
		m.want = wish{cause: AskResume}
	}
}
