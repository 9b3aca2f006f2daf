package turn

import (
	"slices"
	"strings"
	"time"

	"github.com/vantahire/vantahire/interview"
)

const (
	// onsetLag is the farthest a reported onset may lie back; what is older comes
	// from a stalled detector and must not decide an interruption by its length.
	onsetLag = 500 * time.Millisecond
	// settleSlack is how far before the end of speech a final may end and still
	// settle it: recognisers end at the last phone, the detector at the last breath.
	settleSlack = 400 * time.Millisecond
)

func (m *machine) speechStarted(from time.Duration) {
	if !m.line.up || m.line.paused || m.ears.speaking {
		return
	}
	from = min(max(from, m.now-onsetLag, 0), m.now)
	m.ears.speaking, m.ears.from, m.ears.wordAt = true, from, m.now
	m.turn.done = false
	m.overlapBegins(from)
}

func (m *machine) speechEnded(to time.Duration) {
	if m.ears.speaking {
		m.silence(min(max(to, m.ears.from), m.now))
	}
}

// silence ends the present speech at its true end and asks recognition to settle
// it.
func (m *machine) silence(end time.Duration) {
	m.ears.speaking, m.ears.end = false, end
	m.quiet = m.now
	m.settle(end)
	m.overlapSilent(end)
}

// settle makes recognition owe a final of what was said until end.
func (m *machine) settle(end time.Duration) {
	if m.line.deaf() {
		return
	}
	m.ears.owed, m.ears.asked = true, 1
	m.ears.finalBy = max(end+m.rules.FinalWait, m.now+m.rules.FinalRetry)
	m.do(Finalize{})
}

func (m *machine) partial(ev Partial) {
	if !m.line.up || m.line.paused || ev.Text == "" || ev.Text == m.ears.partial {
		return
	}
	m.ears.partial, m.ears.wordAt = ev.Text, m.now
	if !m.ears.speaking && !m.ears.owed && !m.line.deaf() {
		// Words the detector has not heard: their end is where recognition is.
		if ev.From >= m.ears.end {
			m.ears.end = min(max(ev.To, m.ears.end), m.now)
		}
		m.ears.owed, m.ears.asked, m.ears.finalBy = true, 0, m.now+m.rules.FinalWait
	}
	if m.overOf(ev.From, ev.To) {
		m.overlapWords(ev.Text, false)
	}
}

func (m *machine) final(ev Final) {
	m.ears.partial, m.ears.wordAt = "", m.now
	if !m.ears.speaking && (ev.To == 0 || ev.To+settleSlack >= m.ears.end) {
		m.ears.owed = false
	}
	over := m.overOf(ev.From, ev.To)
	words := ev.Text != "" && len(tokens(ev.Text)) > 0
	if words {
		if ev.Segment <= m.lastSegment {
			return // each counts once
		}
		m.lastSegment = ev.Segment
		m.nudges, m.cut = 0, false
		m.quiet = m.now
		if m.late(ev, over) {
			m.aside(ev.Segment, ev.Text)
			return
		}
		m.join(ev.Segment, ev.Text, ev.From, ev.To)
		m.turn.aside = m.turn.aside || over && m.reply.phase == replySounding && len(m.turn.segments) == 1
	}
	if over {
		m.overlapWords(ev.Text, true)
		return
	}
	if words && m.reply.phase == replyAsked && !m.reply.firm() && m.rules.gist(ev.Text, true).real > 0 {
		m.cancel(CancelSuperseded) // it amends the turn that is being answered
	}
}

// overOf reports whether words said from..to belong to the candidate's voice over
// a reply: to the speech that is being judged, or to speech during the reply that
// the detector missed.
func (m *machine) overOf(from, to time.Duration) bool {
	switch {
	case m.overlap.on:
		return to == 0 || to > m.overlap.from
	case m.reply.phase == replySounding:
		return from >= m.reply.since
	}
	return false
}

// late reports words that belong to a turn whose reply has been heard already.
func (m *machine) late(ev Final, over bool) bool {
	if over || m.turn.no != 0 && !m.turn.aside {
		return false
	}
	if m.reply.phase == replySounding {
		return m.reply.turn != 0
	}
	return ev.To > 0 && ev.To <= m.answered
}

// maxTurn bounds a turn, in bytes: a quarter of an hour of talk. Somebody who goes
// on beyond it is not cut off; the turn is.
const maxTurn = 20_000

// join adds words to the open turn, or opens one.
func (m *machine) join(no interview.SegmentNo, text string, from, to time.Duration) {
	if m.turn.no != 0 && len(m.turn.text)+len(text) > maxTurn {
		m.commitTurn(true) // it is a line, and what follows is answered
	}
	if m.turn.no == 0 {
		m.lastTurn++
		m.turn = openTurn{no: m.lastTurn, from: min(from, m.now), done: m.turn.done}
	}
	t := &m.turn
	if t.text != "" {
		t.text += " "
	}
	t.text += strings.TrimSpace(text)
	t.segments = append(slices.Clip(t.segments), no)
	t.ending = CompletenessOf(t.text)
	if from >= m.ears.end && !m.ears.speaking {
		t.heardTo = min(to, m.now)
	}
}

// aside makes words a line of their own that nobody owes a reply.
func (m *machine) aside(no interview.SegmentNo, text string) {
	m.settleAside()
	m.lastTurn++
	m.do(CommitTurn{Turn: m.lastTurn, Text: strings.TrimSpace(text), Segments: []interview.SegmentNo{no}, Aside: true})
}

// settleAside makes a line of words that did not stop the reply they fell into.
func (m *machine) settleAside() {
	if m.turn.no != 0 && m.turn.aside {
		m.commitTurn(true)
	}
}

// commitTurn makes the open turn a line: it can't change any more.
func (m *machine) commitTurn(aside bool) {
	if m.turn.no == 0 {
		return
	}
	m.do(CommitTurn{Turn: m.turn.no, Text: m.turn.text, Segments: m.turn.segments, Aside: aside})
	m.turn = openTurn{}
}

// commitAsked makes a line of what the present reply was asked to answer; what
// was said since opens a turn of its own.
func (m *machine) commitAsked() {
	t := m.turn
	if t.no == 0 || t.no != m.reply.turn || t.asked >= len(t.segments) {
		m.commitTurn(t.no != m.reply.turn)
		return
	}
	m.do(CommitTurn{Turn: t.no, Text: t.text[:t.askedLen], Segments: slices.Clip(t.segments[:t.asked])})
	m.lastTurn++
	rest := strings.TrimSpace(t.text[t.askedLen:])
	m.turn = openTurn{
		no: m.lastTurn, text: rest, segments: slices.Clone(t.segments[t.asked:]), ending: CompletenessOf(rest),
		from: m.ears.from, heardTo: t.heardTo, done: t.done,
	}
}

func (m *machine) backlog(behind bool) {
	switch {
	case m.line.deaf():
	case behind && !m.ears.behind:
		m.ears.behind, m.ears.behindBy = true, m.now+m.rules.BacklogWait
	case !behind && m.ears.behind:
		m.ears.behind = false
		if m.ears.owed && !m.ears.speaking { // a new stream knows nothing of the old request
			m.settle(m.now)
		}
	}
}

// recognitionDue deals with finals that do not come and with a detector that
// does not let go.
func (m *machine) recognitionDue() {
	e := &m.ears
	if e.behind && m.now >= e.behindBy {
		e.behind = false
	}
	if at := m.stuckDue(); at > 0 && m.now >= at {
		m.silence(e.wordAt)
	}
	if !e.owed || e.speaking || e.behind || m.now < e.finalBy {
		return
	}
	if e.asked < 2 && m.ending == "" && !m.turn.done {
		e.asked = 2
		e.finalBy = m.now + m.rules.FinalRetry
		m.do(Finalize{})
		return
	}
	e.owed = false
}

// stuckDue is when speech counts as over that yields no words any more; 0 when
// nothing of the kind goes on.
func (s *State) stuckDue() time.Duration {
	if !s.ears.speaking || s.ears.behind || s.line.deaf() || s.turn.no == 0 && s.ears.partial == "" {
		return 0
	}
	return s.ears.wordAt + s.rules.StuckAfter
}
