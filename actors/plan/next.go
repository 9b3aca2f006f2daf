package plan

import (
	"strings"
	"time"
	"unicode/utf8"
)

// What bounds a conversation that does not get anywhere.
const (
	maxReplies  = 10 // to one question, everything included
	maxRepeats  = 3  // of one question
	maxSilences = 3  // in a row at one question; the third moves on
	maxSilent   = 2  // questions in a row that met only silence; then nobody is there
)

// maxOperator bounds a recruiter's line, in bytes.
const maxOperator = 600

// Next decides what the interviewer says to in, and where the plan stands then.
// It never changes s; equal arguments give equal results. A plan that Validate
// refuses is followed as far as it goes. It takes well under a millisecond.
func Next(p Plan, s State, in Input, c Clock) (State, Directive) {
	m := move{p: &p, s: fit(p, s), c: c}
	d := m.take(in)
	if d.Question.ID != "" {
		d.Patient = patient(d.Question)
		d.Last = !m.more()
	}
	return m.s, d
}

// move is one call of Next at work on its own copy of the state.
type move struct {
	p *Plan
	s State
	c Clock
}

func (m *move) take(in Input) Directive {
	switch in := in.(type) {
	case TimeUp:
		return m.close(ReasonTimeUp)
	case Finish:
		if m.more() || m.current() >= 0 {
			return m.close(ReasonTimeUp)
		}
		return m.close(ReasonDone)
	case TimeLow:
		m.s.TimeLow = true
		return Directive{Reason: ReasonNoted}
	case Whispered:
		return m.whispered(in.Text)
	case OperatorSaid:
		return m.relay(in.Text)
	}
	if m.s.Closed {
		return m.close(ReasonDone)
	}
	at := m.current()
	if at < 0 {
		if m.s.Asked() == 0 {
			return m.greet()
		}
		return m.leave(at, StatusAnswered, ReasonAnswered)
	}
	switch in := in.(type) {
	case Answered:
		return m.answered(at, in.Text)
	case RepeatAsked:
		return m.repeat(at)
	case SkipAsked:
		return m.leave(at, StatusSkipped, ReasonSkipped)
	case Silence:
		return m.silence(at)
	case ReplyFailed:
		if !m.spend(at) {
			return m.leave(at, StatusSilent, ReasonSilent)
		}
		return m.resume(at, ReasonApology)
	case Opened, Continue:
		return m.resume(at, ReasonReturned)
	}
	return Directive{Reason: ReasonNoted}
}

// current is the open question's index, or -1.
func (m *move) current() int {
	for i, g := range m.s.Questions {
		if g.Status == StatusOpen {
			return i
		}
	}
	return -1
}

// more reports whether a question is still to be asked.
func (m *move) more() bool {
	for _, g := range m.s.Questions {
		if g.Status == StatusUnasked {
			return true
		}
	}
	return false
}

// spend counts one more reply to a question; false when it had its share.
func (m *move) spend(at int) bool {
	g := &m.s.Questions[at]
	if g.Replies >= maxReplies {
		return false
	}
	g.Replies++
	return true
}

func (m *move) greet() Directive {
	m.s.Greeted = true
	next := m.pick()
	if next < 0 && len(m.p.Questions) > 0 {
		// There is hardly any time, but whoever comes is asked something.
		next = 0
	}
	if next < 0 {
		d := m.close(ReasonDone)
		d.Greeting = m.p.Greeting
		return d
	}
	m.s.Hurried = false // nothing was announced that could now be cut short
	return Directive{Act: ActGreet, Question: m.put(next), Greeting: m.p.Greeting}
}

// put opens a question.
func (m *move) put(at int) Question {
	m.s.Questions[at] = Progress{ID: m.p.Questions[at].ID, Status: StatusOpen, Since: m.c.Used, Replies: 1}
	m.s.Aside, m.s.EndAsked = false, false
	return m.p.Questions[at]
}

// again builds a reply about the open question.
func (m *move) again(at int, act Act, reason Reason) Directive {
	q := m.p.Questions[at]
	return Directive{Act: act, Question: q, Again: true, Reason: reason, Previous: q.Text}
}

func (m *move) resume(at int, reason Reason) Directive {
	m.s.EndAsked, m.s.Aside = false, false
	m.s.Questions[at].Silences = 0
	return m.again(at, ActResume, reason)
}

func (m *move) repeat(at int) Directive {
	g := &m.s.Questions[at]
	if g.Repeats >= maxRepeats || !m.spend(at) {
		return m.leave(at, StatusUnknown, ReasonUnknown)
	}
	g.Repeats++
	m.s.EndAsked = false
	d := m.again(at, ActRepeat, ReasonNone)
	d.Nth = g.Repeats
	return d
}

func (m *move) silence(at int) Directive {
	if m.s.EndAsked {
		// A doubt about the end is a reason to go on.
		return m.resume(at, ReasonGoOn)
	}
	g := &m.s.Questions[at]
	g.Silences++
	if g.Silences >= maxSilences || !m.spend(at) {
		m.s.Silent++
		if m.s.Silent >= maxSilent {
			m.s.Questions[at].Status = StatusSilent
			return m.close(ReasonAbsent)
		}
		return m.leave(at, StatusSilent, ReasonSilent)
	}
	d := m.again(at, ActNudge, ReasonSilent)
	d.Nth = g.Silences
	if g.Silences == 1 {
		d.Question, d.Again = Question{}, false
	}
	return d
}

// leave closes the open question and puts the next one, or closes.
func (m *move) leave(at int, status Status, reason Reason) Directive {
	d := Directive{Act: ActAsk, Reason: reason}
	if at >= 0 {
		m.s.Questions[at].Status = status
		d.Previous = m.p.Questions[at].Text
	}
	if reason != ReasonSilent {
		m.s.Silent = 0
	}
	hurried := m.s.Hurried
	next := m.pick()
	if next < 0 {
		why := ReasonDone
		for _, g := range m.s.Questions {
			if g.Status == StatusDropped {
				why = ReasonTimeUp
			}
		}
		c := m.close(why)
		c.Left, c.Previous = reason, d.Previous
		return c
	}
	d.Question = m.put(next)
	d.Hurry = m.s.Hurried && !hurried
	d.Whisper, m.s.Whisper = m.s.Whisper, ""
	return d
}

func (m *move) close(reason Reason) Directive {
	d := Directive{
		Act: ActClose, Reason: reason, Farewell: m.p.Closing, NextSteps: m.p.NextSteps,
		Again: m.s.Closed, Closing: true,
	}
	for i := range m.s.Questions {
		switch g := &m.s.Questions[i]; g.Status {
		case StatusOpen:
			g.Status = StatusLeft
			d.Previous = m.p.Questions[i].Text
		case StatusUnasked:
			g.Status = StatusDropped
		case StatusAnswered, StatusUnknown, StatusDeclined, StatusSkipped, StatusUnfit, StatusSilent, StatusDropped, StatusLeft:
		}
	}
	m.s.Closed, m.s.EndAsked, m.s.Aside = true, false, false
	return d
}

// relay says a recruiter's words. If they ask something, the next answer is
// theirs; otherwise it is still the answer to the open question.
func (m *move) relay(text string) Directive {
	text = oneLine(text)
	if text == "" {
		return Directive{Reason: ReasonNoted}
	}
	if _, found := Protected(text); found {
		return Directive{Reason: ReasonProtected}
	}
	m.s.Aside = strings.Contains(text, "?") && !m.s.Closed
	d := Directive{Act: ActRelay, Say: text, Closing: m.s.Closed}
	if at := m.current(); at >= 0 {
		d.Previous = m.p.Questions[at].Text
	}
	return d
}

func (m *move) whispered(text string) Directive {
	text = oneLine(text)
	if _, found := Protected(text); found {
		return Directive{Reason: ReasonProtected}
	}
	m.s.Whisper = text
	return Directive{Reason: ReasonNoted}
}

// oneLine is text as it may be spoken: valid, on one line, bounded.
func oneLine(text string) string {
	text = strings.ToValidUTF8(text, "")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unprintable(r) || r == ' ' }), " ")
	if len(text) > maxOperator {
		text = text[:maxOperator]
		for !utf8.ValidString(text) {
			text = text[:len(text)-1]
		}
	}
	return text
}

// Times that the plan keeps free, measured with local speech at about 150 words
// a minute.
const (
	closeTime  = 20 * time.Second // thanks, next steps and goodbye: about 45 words
	answerTime = 20 * time.Second // a question and the shortest answer worth asking for
	minSlot    = 20 * time.Second
	maxSlot    = 90 * time.Second
)

// slot is the time a question needs to be worth putting: half its budget,
// because half a good answer is worth more than none.
func slot(q Question) time.Duration { return min(max(q.Budget/2, minSlot), maxSlot) }

// owed is the time that the musts still unasked behind question at need.
func (m *move) owed(at int) time.Duration {
	total := time.Duration(0)
	for i := at + 1; i < len(m.p.Questions); i++ {
		if m.p.Questions[i].Must && m.s.Questions[i].Status == StatusUnasked {
			total += slot(m.p.Questions[i])
		}
	}
	return total
}

// pick is the next question there is time for, or -1. Questions passed over for
// want of time are dropped for good: the order never turns back.
func (m *move) pick() int {
	left := m.c.Left - closeTime
	for i, q := range m.p.Questions {
		if m.s.Questions[i].Status != StatusUnasked {
			continue
		}
		if q.Must && left >= answerTime || !q.Must && !m.s.TimeLow && left >= slot(q)+m.owed(i) {
			return i
		}
		m.s.Questions[i].Status = StatusDropped
		m.s.Hurried = true
	}
	return -1
}

// roomToDig reports whether one more exchange about the open question fits:
// within its budget and without costing a must.
func (m *move) roomToDig(at int) bool {
	spent := m.c.Used - m.s.Questions[at].Since
	return !m.s.TimeLow && spent < m.p.Questions[at].Budget && m.c.Left-closeTime-answerTime >= m.owed(at)
}

var thoughtful = compileAll(`
	how would|do|did you
	why
	what would you
`)

// patient reports whether a question invites thinking.
func patient(q Question) bool {
	words := split(q.Text)
	return kindOf(words) == kindExample || anyMatch(thoughtful, tokens(words))
}
