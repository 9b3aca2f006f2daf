package turn

import (
	"time"

	"github.com/vantahire/vantahire/interview"
)

// endAtOnce is the wait for last words where somebody else has ended the access:
// contract section 6 wants the call closed within a second.
const endAtOnce = 200 * time.Millisecond

// endBacklog is how long the end waits for recognition that is behind: what was
// said before "end" belongs to the interview.
const endBacklog = 5 * time.Second

// end decides the end. It comes when the last words of either side are known, a
// moment later at most.
func (m *machine) end(reason interview.EndReason) {
	if m.ending != "" {
		return
	}
	m.ending, m.endBy = reason, m.now+m.rules.EndWait
	if m.ears.behind && reason == interview.EndCandidate {
		m.endBy = m.now + endBacklog
	}
	if reason == interview.EndRevoked || reason == interview.EndElsewhere {
		m.endBy = m.now + min(m.rules.EndWait, endAtOnce)
	}
	m.want = wish{}
	if m.reply.phase == replyAsked || m.reply.phase == replySounding {
		m.cancel(CancelEnd)
	}
	m.breakOff()
}

// finish carries the end out once nothing is owed any more.
func (m *machine) finish() {
	if m.now < m.endBy && (m.reply.phase != replyNone || m.ears.owed || m.ears.behind) {
		return
	}
	if m.reply.phase != replyNone {
		m.closeReply("", 0, cutOff)
	}
	m.commitTurn(m.turn.aside)
	m.over = true
}

// outerLimits are those that nothing in the conversation moves.
func (m *machine) outerLimits() {
	reason := interview.EndGone
	if !m.begun {
		reason = interview.EndNeverStarted
	}
	switch {
	case m.now >= m.hardCap():
		m.end(interview.EndHardCap)
	case !m.line.up && m.now >= m.graceDue():
		m.end(reason)
	case m.line.up && m.line.paused && m.now >= m.graceDue():
		m.end(interview.EndIdle)
	case m.closeBy > 0 && m.present() && m.now >= m.closeBy:
		m.end(m.endAs)
	}
}

func (s *State) hardCap() time.Duration { return s.born + s.rules.HardCap }

// graceDue is when waiting for an absent candidate, or one on a break, ends.
func (s *State) graceDue() time.Duration {
	switch {
	case !s.line.up:
		return s.line.down + max(0, min(s.rules.GraceEach, s.rules.GraceTotal-s.line.gone))
	case s.line.paused:
		return s.line.since + s.rules.PauseLimit
	}
	return 0
}

// talkLimit notes that the interview's time is used up. A reply that nobody has
// heard gives way to the closing words; who speaks, and who was being asked, may
// finish.
func (m *machine) talkLimit() {
	if m.timeUp || m.closings > 0 || m.clock.at(m.now) < m.rules.TimeLimit {
		return
	}
	m.timeUp, m.limitAt = true, m.now
	if m.reply.phase == replyAsked && !m.desk.taken && m.reply.cause != AskOperator && !m.rules.Written {
		m.cancel(CancelSuperseded)
	}
}

// budgetSpent closes the interview as the time limit does, but lets a reply that
// was asked for be heard: it is paid already.
func (m *machine) budgetSpent() {
	m.broke = true
	if !m.timeUp && m.closings == 0 {
		m.timeUp, m.limitAt = true, m.now
	}
}

// overtime reports that even who is speaking has to be closed now.
func (m *machine) overtime() bool {
	return m.timeUp && m.closings == 0 && !m.rules.Written && m.clock.at(m.now) >= m.rules.TimeLimit+m.rules.Overtime
}

// wrapUp asks for the closing words, or ends when they were said often enough.
func (m *machine) wrapUp() {
	if m.closings > m.rules.ClosingRepeats && !m.rules.Written {
		m.end(m.endAs)
		return
	}
	m.ask(AskWrapUp)
}

// closing notes that closing words are on their way.
func (m *machine) closing() {
	m.closings++
	if m.endAs != "" || m.rules.Written {
		return
	}
	m.endAs, m.closeBy = interview.EndFinished, m.now+m.rules.ClosingMax
	switch {
	case m.broke:
		m.endAs = interview.EndBudget
	case m.timeUp:
		m.endAs = interview.EndTimeLimit
	}
}
