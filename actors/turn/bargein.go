package turn

import "time"

// overlap is the candidate's voice over a reply until it is clear what it means.
// The voice of a sounding reply is lowered at once and held when the speech goes
// on; one that is not heard yet is kept back. Then it is cut, or goes on from the
// very sample where it stopped.
type overlap struct {
	on       bool
	from     time.Duration // true onset
	hold     bool
	by       time.Duration // decided at the latest; 0 while nothing hurries
	extended bool          // only backchannels so far: given a second term
}

// overlapBegins takes speech that set in while a reply is under way.
func (m *machine) overlapBegins(from time.Duration) {
	switch m.reply.phase {
	case replyAsked:
		m.overlap = overlap{on: true, from: from, hold: true}
	case replySounding:
		if !m.overlap.on {
			m.settleAside()
		}
		m.overlap = overlap{on: true, from: from, hold: m.overlap.on && m.overlap.hold, by: from + m.rules.DecideAfter}
	case replyNone, replyCut:
	}
}

// overlapSilent takes the end of such speech: if nothing is recognised in it, the
// reply goes on.
func (m *machine) overlapSilent(end time.Duration) {
	if m.overlap.on {
		m.overlap.by = end + m.rules.ReleaseSilence
	}
}

// overlapWords judges words said over a reply.
func (m *machine) overlapWords(text string, settled bool) {
	g := m.rules.gist(text, settled)
	switch {
	case m.reply.phase == replySounding:
		need := m.rules.BargeWords
		if settled {
			need = 1
		}
		if g.stop || g.content >= need {
			m.interrupt()
			return
		}
	case m.reply.phase == replyAsked && settled && g.real > 0 && !m.reply.firm():
		m.cancel(CancelSuperseded) // the candidate goes on: the reply was to half a turn
		return
	}
	if settled && m.overlap.on && m.silent() {
		m.releaseOverlap()
	}
}

// interrupt confirms a barge-in.
func (m *machine) interrupt() {
	m.turn.aside = false
	m.cut = m.turn.no == 0
	m.cancel(CancelBargeIn)
}

// releaseOverlap lets the reply go on.
func (m *machine) releaseOverlap() {
	m.overlap = overlap{}
	m.released = m.now
}

// overlapDue holds and decides in time.
func (m *machine) overlapDue() {
	o := &m.overlap
	if !o.on {
		return
	}
	if at := m.holdDue(); at > 0 && m.now >= at {
		o.hold = true
	}
	if at := m.overlapBy(); at == 0 || m.now < at {
		return
	}
	switch {
	case !m.ears.speaking:
		m.releaseOverlap()
	case m.ears.partial != "" && !o.extended && m.rules.gist(m.ears.partial, false).real == 0:
		o.extended, o.by = true, m.now+m.rules.DecideAfter
	default:
		m.interrupt()
	}
}

// holdDue is when the lowered voice is held; 0 when it is not going to be.
func (s *State) holdDue() time.Duration {
	if !s.overlap.on || s.overlap.hold || !s.ears.speaking || s.reply.phase != replySounding {
		return 0
	}
	return s.overlap.from + s.rules.HoldAfter
}

// overlapBy is when the overlap is decided at the latest. A reply that nobody has
// heard waits for as long as the candidate speaks, and so does one whose words
// nobody recognises: being silent costs nothing then.
func (s *State) overlapBy() time.Duration {
	if !s.overlap.on || s.ears.speaking && (s.reply.phase != replySounding || s.line.deaf()) {
		return 0
	}
	return s.overlap.by
}
